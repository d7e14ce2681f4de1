#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The Debian packages: what is in them, how it is linked, and that it works where it is installed.

Builds them as ./run package does, from the tarball of `make dist`; or takes those in the folder
GSSLOOP_PACKAGES. They are installed below a folder, by dpkg, without being root.

Environment: GSSLOOP_PACKAGES, GSSLOOP_SRCDIR, GSSLOOP_BUILDDIR, GTEST_OUTPUT.
"""

import atexit
import gzip
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
HERE = pathlib.Path(__file__).absolute().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "support")]
import xml_report
from deb import Package, Root, run
from elf import Elf

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", HERE.parents[1])).absolute()
BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).absolute()
MODULE, LIBRARY, DEVELOPMENT, COMMAND = NAMES = (
    "libsasl2-modules-gssloop", "libgssloop0", "libgssloop-dev", "gssloop")
MISSING_PACKAGES = 3  # the status of ./run
AUTORECONF = re.compile(
    r"(build-aux/.*|m4/l[^/]*\.m4|configure|config\.h\.in|aclocal\.m4|Makefile\.in)$")
POLICY = "/etc/gssloop/policy.toml"

# Beside changelogs and copyright, and the headers, which are below usr/include. What ends in .gz is
# named without, since Debian compresses by size.
CONTENTS = {
    MODULE: """
        usr/lib/TRIPLET/sasl2/libgssloop_sasl.so
        usr/share/doc/libsasl2-modules-gssloop/README.Debian
        usr/share/doc/libsasl2-modules-gssloop/README.md
        usr/share/doc/libsasl2-modules-gssloop/SECURITY.md
        usr/share/doc/libsasl2-modules-gssloop/active-directory.md
        usr/share/doc/libsasl2-modules-gssloop/attributes.md
        usr/share/doc/libsasl2-modules-gssloop/cyrus-imap.md
        usr/share/doc/libsasl2-modules-gssloop/federation.md
        usr/share/doc/libsasl2-modules-gssloop/freeipa.md
        usr/share/doc/libsasl2-modules-gssloop/gss-proxy.md
        usr/share/doc/libsasl2-modules-gssloop/indicators.md
        usr/share/doc/libsasl2-modules-gssloop/keytabs.md
        usr/share/doc/libsasl2-modules-gssloop/libvirt.md
        usr/share/doc/libsasl2-modules-gssloop/limits.md
        usr/share/doc/libsasl2-modules-gssloop/migrate-from-stock.md
        usr/share/doc/libsasl2-modules-gssloop/openldap.md
        usr/share/doc/libsasl2-modules-gssloop/past-bugs.md
        usr/share/doc/libsasl2-modules-gssloop/performance.md
        usr/share/doc/libsasl2-modules-gssloop/postfix.md
        usr/share/doc/libsasl2-modules-gssloop/scale.md
        usr/share/doc/libsasl2-modules-gssloop/subversion.md
        usr/share/doc/libsasl2-modules-gssloop/threat-model.md
        usr/share/doc/libsasl2-modules-gssloop/troubleshooting.md
        usr/share/doc/libsasl2-modules-gssloop/write-a-server.md
        usr/share/doc/libsasl2-modules-gssloop/examples/policy.test.toml
        usr/share/doc/libsasl2-modules-gssloop/examples/policy.toml
        usr/share/man/man5/gssloop-policy.5
        usr/share/man/man7/gssloop-sasl.7""",
    LIBRARY: """
        usr/lib/TRIPLET/libgssloop.so.0
        usr/lib/TRIPLET/libgssloop.so.0.0.0""",
    DEVELOPMENT: """
        usr/lib/TRIPLET/libgssloop.so
        usr/lib/TRIPLET/pkgconfig/gssloop-cxx.pc
        usr/lib/TRIPLET/pkgconfig/gssloop.pc
        usr/share/doc/libgssloop-dev/architecture.md
        usr/share/doc/libgssloop-dev/examples/hello_c.c
        usr/share/doc/libgssloop-dev/examples/hello_cxx.cc
        usr/share/doc/libgssloop-dev/examples/loop_sample.cc
        usr/share/doc/libgssloop-dev/examples/policy_sample.cc
        usr/share/doc/libgssloop-dev/library.md
        usr/share/doc/libgssloop-dev/loop.md""",
    COMMAND: """
        usr/bin/gssloop
        usr/share/bash-completion/completions/gssloop.bash
        usr/share/zsh/vendor-completions/_gssloop
        usr/share/man/man1/gssloop.1""",
}

scratch = folder = None
packages = {}


def setUpModule():
    """Builds the packages, or finds them; they are the same for all tests."""
    global scratch, folder
    if os.environ.get("GSSLOOP_KRB5_FOLDER"):
        raise unittest.SkipTest("the packages are for Debian's krb5, and this tree is configured with "
                                f"the krb5 in {os.environ['GSSLOOP_KRB5_FOLDER']}")
    for program in ("dpkg-buildpackage", "dpkg-shlibdeps", "lintian"):
        if not shutil.which(program):
            raise unittest.SkipTest(f"{program} is not there (./run deps package)")
    scratch = pathlib.Path(tempfile.mkdtemp(prefix="gssloop-packages."))
    atexit.register(shutil.rmtree, scratch, ignore_errors=True)
    if os.environ.get("GSSLOOP_PACKAGES"):
        folder = pathlib.Path(os.environ["GSSLOOP_PACKAGES"]).absolute()
    else:
        folder = scratch / "built"
        done = subprocess.run([SOURCE / "run", "package", folder], stdin=subprocess.DEVNULL,
                              env={**os.environ, "TMPDIR": str(scratch)}, check=False)
        if done.returncode == MISSING_PACKAGES:
            raise unittest.SkipTest("packages are missing (./run deps package)")
        if done.returncode != 0:
            raise AssertionError("./run package failed; see above")
    for path in sorted(folder.glob("*.deb")):
        package = Package(path)
        assert package.name not in packages, f"{folder} has {package.name} twice"
        packages[package.name] = package
    for name in NAMES:
        assert name in packages, f"{folder} has no {name}"


def the_file(pattern):
    found = list(folder.glob(pattern))
    assert len(found) == 1, f"{folder} has {len(found)} files {pattern}"
    return found[0]


def extracted(name):
    """The files of a package in a folder of their own."""
    where = scratch / "extracted" / name
    if not where.exists():
        where.mkdir(parents=True)
        run("dpkg-deb", "-R", packages[name].path, where)
    return where


def elves():
    """(package, name, Elf) of all that is linked."""
    for name in NAMES:
        for file, member in packages[name].files.items():
            path = extracted(name) / file
            if member.isfile() and path.read_bytes()[:4] == b"\x7fELF":
                yield name, file, Elf(path)


def triplet():
    return run("dpkg-architecture", "-qDEB_HOST_MULTIARCH").strip()


def common_name(name):
    return name.removesuffix(".gz").replace(f"/{triplet()}/", "/TRIPLET/")


def place(name):
    """Where a file is, whatever the machine's folder for libraries is called. zsh has a folder for
    the completions of packages."""
    return common_name(name).replace("/TRIPLET/", "/").replace("/zsh/vendor-completions/",
                                                               "/zsh/site-functions/")


class Sources(unittest.TestCase):
    def test_versions_agree(self):
        version = re.search(r"AC_INIT\(\[gssloop\], \[(.*?)\]\)",
                            (SOURCE / "configure.ac").read_text(encoding="utf-8"))[1]
        for package in packages.values():
            self.assertEqual(package.fields["Version"].rpartition("-")[0], version, package.name)
        # A node of C++ symbols lasts for a minor release.
        major, minor = version.split(".")[:2]
        symbols = (SOURCE / "debian/libgssloop0.symbols").read_text(encoding="utf-8")
        self.assertRegex(symbols, rf"(?m)^\| .*, libgssloop0 \(<< {major}\.{int(minor) + 1}~\)$")

    def test_the_tarball_has_what_git_has(self):
        if not (SOURCE / ".git").exists():
            self.skipTest(f"{SOURCE} is no clone")
        # Also what is not committed yet, as `make dist` does.
        listed = run("git", "-c", "safe.directory=*", "-C", SOURCE, "ls-files", "-z", "--cached",
                     "--others", "--exclude-standard").split("\0")
        listed = {name for name in listed if name and (SOURCE / name).exists()}
        with tarfile.open(the_file("gssloop_*.orig.tar.gz")) as tar:
            files = {member.name.partition("/")[2]: member for member in tar if member.isfile()}
            # Only what git and continuous integration need stays behind.
            self.assertEqual(listed - set(files), {".ci/run", ".gitignore"})
            self.assertEqual([name for name in set(files) - listed if not AUTORECONF.match(name)],
                             [])
            for name in listed & set(files):
                self.assertEqual(tar.extractfile(files[name]).read(), (SOURCE / name).read_bytes(),
                                 name)

    def test_lintian_is_content(self):
        run("lintian", "--cfg", HERE / "lintian.cfg", "--fail-on", "error,warning",
            the_file("*.changes"))

    def test_every_override_says_why(self):
        for path in SOURCE.glob("debian/**/*lintian-overrides"):
            lines = path.read_text(encoding="utf-8").splitlines()
            for before, line in zip([""] + lines, lines):
                self.assertTrue(line.startswith("#") or before.startswith("# "), f"{path}: {line}")


class Contents(unittest.TestCase):
    def test_there_are_the_packages_and_their_symbols(self):
        with_code = {name for name, _, _ in elves()}
        self.assertEqual(with_code, {MODULE, LIBRARY, COMMAND})
        self.assertEqual(set(packages), set(NAMES) | {f"{name}-dbgsym" for name in with_code})

    def test_each_file_is_in_its_package(self):
        for name, expected in CONTENTS.items():
            with self.subTest(name):
                doc = f"usr/share/doc/{name}/"
                always = {doc + part for part in ("changelog", "changelog.Debian", "copyright")}
                found = {common_name(file) for file in packages[name].files}
                if name == DEVELOPMENT:
                    headers = {file for file in found if file.startswith("usr/include/")}
                    self.assertIn("usr/include/gssloop.h", headers)
                    found -= headers
                self.assertEqual(found, set(expected.split()) | always)

    def test_no_file_is_in_two_packages(self):
        owner = {}
        for package in packages.values():
            for file in package.files:
                self.assertNotIn(file, owner, f"in {owner.get(file)} and {package.name}")
                owner[file] = package.name

    def test_all_that_make_installs_is_there_and_the_same(self):
        if not (BUILD / "plugin/.libs/libgssloop_sasl.so").exists():
            self.skipTest(f"{BUILD} is not built")
        stage = scratch / "stage"
        env = {name: value for name, value in os.environ.items()
               if name not in ("MAKEFLAGS", "MFLAGS", "MAKELEVEL")}
        run("make", "-s", "-C", BUILD, "install", f"DESTDIR={stage}", env=env)
        prefix = re.search(r"^prefix = /(.*)$", (BUILD / "Makefile").read_text(encoding="utf-8"),
                           re.MULTILINE)[1]
        installed = {place(str(path.relative_to(stage)).replace(prefix, "usr", 1)): path
                     for path in stage.rglob("*") if not path.is_dir()}
        packaged = {place(file): (name, file)
                    for name in NAMES for file in packages[name].files}
        # Each package has those of the documents that belong to it.
        left = {name for name in set(installed) - set(packaged)
                if not name.endswith(".la") and "/share/doc/" not in name}
        self.assertEqual(left, set())
        added = {name for name in set(packaged) - set(installed) if "/share/doc/" not in name}
        self.assertEqual(added, set())
        for name in installed.keys() & packaged.keys():
            if name.startswith("usr/include/") or "/completions/" in name or "/zsh/" in name:
                owner, file = packaged[name]
                self.assertEqual(packages[owner].read(file), installed[name].read_bytes(), name)

    def test_nothing_is_a_configuration_file_or_runs_as_root(self):
        for package in packages.values():
            with self.subTest(package.name):
                self.assertLessEqual(set(package.control),
                                     {"md5sums", "shlibs", "symbols", "triggers"})
                for file, member in package.files.items():
                    self.assertTrue(file.startswith("usr/"), file)
                    # No link has rights of its own.
                    mode = 0 if member.issym() else member.mode & 0o7022
                    self.assertEqual((member.uid, member.gid, mode), (0, 0, 0), file)

    def test_pages_name_the_policy_where_it_is(self):
        for name, page in ((MODULE, "man5/gssloop-policy.5"), (MODULE, "man7/gssloop-sasl.7"),
                           (COMMAND, "man1/gssloop.1")):
            text = gzip.decompress(packages[name].read(f"usr/share/man/{page}.gz")).decode()
            self.assertIn(f"\n.It Pa {POLICY}\n", text, page)

    def test_packages_depend_on_what_they_need(self):
        for name, words in ((MODULE, ["libgssapi-krb5-2 (>= 1.1", "libsasl2-2 (>="]),
                            (LIBRARY, ["libgssapi-krb5-2 (>= 1.1"]),
                            (DEVELOPMENT, ["libgssloop0 (= ", "libkrb5-dev (>= 1.19)"]),
                            (COMMAND, ["libgssapi-krb5-2 (>= 1.1", "libsasl2-2 (>="])):
            for word in words:
                self.assertIn(word, packages[name].fields["Depends"], name)
            # It lies beside others' modules.
            for field in ("Conflicts", "Replaces", "Provides", "Breaks"):
                self.assertNotIn(field, packages[name].fields, name)


class Linking(unittest.TestCase):
    def test_everything_is_hardened(self):
        for name, file, elf in elves():
            with self.subTest(name):
                self.assertEqual(elf.weaknesses(), [], file)

    def test_the_module_shows_its_entry_points_alone(self):
        elf = Elf(extracted(MODULE) / f"usr/lib/{triplet()}/sasl2/libgssloop_sasl.so")
        self.assertEqual(sorted(elf.defined()), ["sasl_client_plug_init", "sasl_server_plug_init"])
        self.assertIn("NODELETE", elf.tags("FLAGS_1")[0])

    def test_the_library_has_its_name_and_its_two_nodes(self):
        elf = Elf(extracted(LIBRARY) / f"usr/lib/{triplet()}/libgssloop.so.0")
        self.assertEqual(elf.tags("SONAME"), ["libgssloop.so.0"])
        nodes = {symbol.rpartition("@")[2] for symbol in elf.defined()}
        self.assertEqual(nodes, {"GSSLOOP_0", "GSSLOOP_CXX_0"})

    def test_debug_symbols_belong_to_what_was_stripped(self):
        for name, file, elf in elves():
            build_id = elf.build_id()
            debug = f"usr/lib/debug/.build-id/{build_id[:2]}/{build_id[2:]}.debug"
            self.assertIn(debug, packages[f"{name}-dbgsym"].files, file)

    def test_nothing_knows_where_it_was_built(self):
        for name in packages:
            for path in extracted(name).rglob("*"):
                if path.is_file() and not path.is_symlink():
                    self.assertNotIn(b"gssloop-package.", path.read_bytes(), path)


class Installed(unittest.TestCase):
    """All packages in one folder."""

    @classmethod
    def setUpClass(cls):
        cls.root = Root(scratch / "root", NAMES)
        cls.root.dpkg("-i", *(packages[name].path for name in NAMES))
        cls.lib = cls.root.folder / f"usr/lib/{triplet()}"

    def test_dpkg_has_no_complaint(self):
        self.assertEqual(self.root.states(NAMES), dict.fromkeys(NAMES, "install ok installed"))
        self.assertEqual(self.root.dpkg("--audit", *NAMES), "")
        self.assertEqual(self.root.dpkg("--verify", *NAMES), "")

    def run_installed_test(self, name, *arguments, before=(), **environment):
        env = {**os.environ, "GSSLOOP_ROOT": str(self.root.folder), **environment}
        done = subprocess.run([*before, SOURCE / "debian/tests" / name, *arguments], env=env,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stderr, r"\nOK\b")

    def need_kdc(self):
        for program in ("krb5kdc", "kadmin.local", "kdb5_util", "kinit"):
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
                self.skipTest(f"{program} is not there (krb5-kdc, krb5-admin-server, krb5-user)")

    def test_logins_work(self):
        self.need_kdc()
        for program in ("sasl-sample-server", "saslpluginviewer"):
            if not shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin"):
                self.skipTest(f"{program} is not there (sasl2-bin)")
        self.run_installed_test("login")

    def test_programs_can_be_compiled_and_talk(self):
        self.need_kdc()
        self.run_installed_test("compile")

    def test_module_and_command_read_the_policy_of_etc(self):
        self.need_kdc()
        # In a mount namespace of its own the machine's /etc can be another one.
        namespace = [shutil.which("unshare") or "unshare", "-Urm"]
        if subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode != 0:
            self.skipTest("this user may not have a mount namespace")
        etc = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        # Debian 13 finds kinit there.
        shutil.copytree("/etc/alternatives", etc / "alternatives", symlinks=True)
        (etc / "gssloop").mkdir()
        (etc / "gssloop/policy.toml").write_text("[nonsense]\n", encoding="utf-8")
        other_etc = [*namespace, "sh", "-c", 'mount --bind "$1" /etc && shift && exec "$@"',
                     "sh", etc]
        self.run_installed_test("login", "Login.test_the_policy_of_etc_holds", before=other_etc,
                                GSSLOOP_ETC="1")

    def test_the_command_completes_its_words(self):
        script = self.root.folder / "usr/share/bash-completion/completions/gssloop.bash"
        said = run("bash", "-c", 'source "$1" && PATH=$2:$PATH && COMP_WORDS=(gssloop do) && '
                   'COMP_CWORD=1 && _gssloop && echo "${COMPREPLY[*]}"', "bash", script,
                   self.root.folder / "usr/bin")
        self.assertEqual(said, "doctor\n")


class Programs(unittest.TestCase):
    """What packages of others, made with libgssloop-dev, will depend on."""

    def dependency(self, compiler, source):
        library = extracted(LIBRARY)
        include = extracted(DEVELOPMENT) / "usr/include"
        lib = library / f"usr/lib/{triplet()}"
        where = pathlib.Path(tempfile.mkdtemp(dir=scratch))
        krb5 = run("pkg-config", "--cflags", "--libs", "mit-krb5-gssapi").split()
        run(*compiler, "-o", where / "program", SOURCE / "examples" / source, f"-I{include}",
            lib / "libgssloop.so.0", *krb5)
        (where / "debian").mkdir()
        (where / "debian/control").write_text(
            "Source: other\n\nPackage: other\nArchitecture: any\n", encoding="utf-8")
        said = run("dpkg-shlibdeps", "-O", f"-S{library}", f"-l{lib}", where / "program", cwd=where)
        return {word.strip() for word in said.partition("Depends=")[2].split(",")
                if "libgssloop" in word}

    def test_a_program_in_c_takes_every_later_library(self):
        self.assertEqual(self.dependency(["gcc", "-std=c99"], "hello_c.c"),
                         {"libgssloop0 (>= 0.1.0)"})

    def test_one_in_cxx_stays_with_its_minor_release(self):
        self.assertEqual(self.dependency(["g++", "-std=c++20"], "hello_cxx.cc"),
                         {"libgssloop0 (<< 0.2~)", "libgssloop0 (>= 0.1.0)"})


class Life(unittest.TestCase):
    """Installing and what comes after it, each in a folder of its own."""

    def setUp(self):
        self.root = Root(pathlib.Path(tempfile.mkdtemp(dir=scratch)) / "root", NAMES)

    def install(self, *names, **options):
        return self.root.dpkg("-i", *(packages[name].path for name in names), **options)

    def test_dependencies_are_looked_at(self):
        self.install(DEVELOPMENT, status=1)
        self.assertEqual(self.root.states(NAMES), {DEVELOPMENT: "install ok unpacked"})
        self.install(LIBRARY)
        self.root.dpkg("--configure", DEVELOPMENT)
        self.assertEqual(self.root.states(NAMES)[DEVELOPMENT], "install ok installed")

    def test_each_other_package_stands_alone(self):
        for name in (MODULE, LIBRARY, COMMAND):
            self.install(name)
            self.assertEqual(self.root.states(NAMES), {name: "install ok installed"})
            self.root.dpkg("--purge", name)

    def test_an_upgrade_over_itself_changes_nothing(self):
        self.install(*NAMES)
        before = self.root.files()
        self.assertIn("usr/bin/gssloop", before)
        self.install(*NAMES)
        self.assertEqual(self.root.files(), before)
        self.assertEqual(self.root.states(NAMES), dict.fromkeys(NAMES, "install ok installed"))

    def test_what_is_removed_leaves_nothing(self):
        for how in ("--remove", "--purge"):
            with self.subTest(how):
                self.install(*NAMES)
                self.root.dpkg(how, *NAMES)
                self.assertEqual(self.root.files(), {})
                left = [path for path in self.root.folder.rglob("*gssloop*")
                        if "var/lib/dpkg" not in str(path)]
                self.assertEqual(left, [])
                self.assertEqual(self.root.states(NAMES), {})

    def test_a_policy_of_the_administrators_stays(self):
        self.install(MODULE)
        policy = self.root.folder / POLICY.lstrip("/")
        policy.parent.mkdir(parents=True)
        policy.write_text("[all]\n", encoding="utf-8")
        self.root.dpkg("--purge", MODULE)
        self.assertEqual(policy.read_text(encoding="utf-8"), "[all]\n")


if __name__ == "__main__":
    # What ends the tests early lets them clean up.
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.default_int_handler)
    sys.exit(xml_report.run_tests())
