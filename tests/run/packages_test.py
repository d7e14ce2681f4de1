#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""./run on a machine that is in use: what it installs, unpacks or leaves out beside the packages
that are there. apt and dpkg are this machine's, with a root and an archive of small packages in a
folder of the test's."""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from tree import DONE, MISSING, SOURCE, Tree, not_as_root, write_program

PROGRAMS = ("apt-get", "dpkg-query", "dpkg-deb")
ALL = ("check", "check-servers", "check-federation")  # whose tests need packages
archive = None  # the folder with the packages
HEIMDALS, MITS = "libsasl2-modules-gssapi-heimdal", "libsasl2-modules-gssapi-mit"
# As in Debian: the relations that exclude each other's packages, and what comes with a package.
RELATIONS = {
    "cyrus-imapd": "Provides: imap-server\nConflicts: imap-server\nDepends: cyrus-common",
    "courier-imap": "Provides: imap-server\nConflicts: imap-server",
    "dovecot-imapd": "Provides: imap-server\nDepends: dovecot-core",
    "dovecot-gssapi": "Depends: dovecot-core",
    "dovecot-core": "Depends: libstemmer0d",
    "libstemmer0d": "",
    "libvirt-daemon-system": "Depends: polkitd",
    "polkitd": "",
    "freeradius": "Depends: freeradius-config",
    "freeradius-config": "",
    "sssd-kcm": "Depends: sssd-common",
    "sssd-common": "",
    "samba": "",
    "samba-ad-dc": "Depends: samba",
    "samba-ad-provision": "Depends: samba",
    "krb5-kdc-ldap": "Depends: krb5-kdc",
    "exim4-daemon-light": "Provides: mail-transport-agent\nConflicts: mail-transport-agent",
    "postfix": "Provides: mail-transport-agent\nConflicts: mail-transport-agent",
    HEIMDALS: f"Conflicts: {MITS}",
    MITS: f"Conflicts: {HEIMDALS}",
    "heimdal-kdc": "Depends: heimdal-clients\nConflicts: krb5-kdc, krb5-admin-server",
    "heimdal-clients": "",
    "krb5-user": "Conflicts: heimdal-clients",
    "heimdal-dev": "Conflicts: libkrb5-dev",
    # Debian has no such package.
    "other-ldap-server": "Conflicts: slapd",
}
CONFIGURATION = """Dir "{root}";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Bin::dpkg "/usr/bin/dpkg";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::Log "{root}/var/log";
APT::Sandbox::User "";
APT::Architecture "{architecture}";
APT::Architectures {{ "{architecture}"; }};
DPkg::Path "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
DPkg::Options {{ "--root={root}"; "--force-not-root"; "--log={root}/dpkg.log"; }};
"""


def names_of(*sets):
    text = "; ".join(f"packages_of {name}" for name in sets)
    done = subprocess.run(
        ["bash", "-c", f". scripts/packages.sh; {text}; printf '%s\\n' "
         '"${check_unpacked[@]}" "${servers_unpacked[@]}" "${servers_configuration[@]}" '
         '"${federation_unpacked[@]}" "${federation_alone[@]}"'], cwd=SOURCE, capture_output=True,
        text=True, check=True)
    return set(done.stdout.split())


def make_package(name, relations):
    """Puts a package with one file into the archive; returns its part of the index."""
    folder = archive / "made"
    (folder / "DEBIAN").mkdir(parents=True)
    (folder / "usr/share/seen").mkdir(parents=True)
    (folder / "usr/share/seen" / name).write_text(name, encoding="utf-8")
    control = f"Package: {name}\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\n"
    control += relations + "\n" if relations else ""
    control += "Description: x\n"
    sum_of_name = hashlib.md5(name.encode(), usedforsecurity=False).hexdigest()
    (folder / "DEBIAN/md5sums").write_text(f"{sum_of_name}  usr/share/seen/{name}\n")
    (folder / "DEBIAN/control").write_text(control, encoding="utf-8")
    file = archive / f"{name}.deb"
    subprocess.run(["dpkg-deb", "-Znone", "--root-owner-group", "-b", folder, file],
                   stdout=subprocess.DEVNULL, check=True)
    shutil.rmtree(folder)
    octets = file.read_bytes()
    return (control + f"Filename: ./{name}.deb\nSize: {len(octets)}\n"
            f"SHA256: {hashlib.sha256(octets).hexdigest()}\n")


def setUpModule():
    """Makes the archive, which has all packages that the commands name."""
    global archive
    if missing := [name for name in PROGRAMS if not shutil.which(name)]:
        raise unittest.SkipTest(f"this is not Debian: there is no {missing[0]}")
    archive = pathlib.Path(tempfile.mkdtemp())
    unittest.addModuleCleanup(shutil.rmtree, archive)
    index = [make_package(name, RELATIONS.get(name, ""))
             for name in sorted(names_of(*ALL) | set(RELATIONS))]
    (archive / "Packages").write_text("\n".join(index), encoding="utf-8")


class Machine(Tree):
    """A Debian of the test's, with that archive."""

    def setUp(self):
        super().setUp()
        for name in PROGRAMS:
            (self.folder / "bin" / name).unlink()
        self.root = self.folder / "root"
        for folder in ("etc/apt/apt.conf.d", "etc/apt/preferences.d", "var/lib/apt/lists/partial",
                       "var/cache/apt/archives/partial", "var/lib/dpkg/info", "var/lib/dpkg/updates",
                       "var/log/apt"):
            (self.root / folder).mkdir(parents=True)
        (self.root / "var/lib/dpkg/status").touch()
        (self.root / "etc/apt/sources.list").write_text(
            f"deb [trusted=yes] file:{archive} ./\n", encoding="utf-8")
        architecture = subprocess.run(["dpkg", "--print-architecture"], capture_output=True,
                                      text=True, check=True).stdout.strip()
        (self.folder / "apt.conf").write_text(CONFIGURATION.format(
            root=self.root, architecture=architecture), encoding="utf-8")
        self.env.update(APT_CONFIG=str(self.folder / "apt.conf"), LC_ALL="C.UTF-8",
                        DPKG_ADMINDIR=str(self.root / "var/lib/dpkg"), DPKG_ROOT=str(self.root))
        self.apt("update")

    def apt(self, *arguments):
        subprocess.run(["apt-get", "-q", "-y", *arguments], env=self.env, check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def installed(self):
        done = subprocess.run(["dpkg-query", "-W", "-f", "${db:Status-Status} ${Package}\n"],
                              env=self.env, capture_output=True, text=True, check=True)
        return {line.split()[1] for line in done.stdout.splitlines()
                if line.startswith("installed ")}

    def unpacked(self, package):
        """The packages whose files were unpacked for this one."""
        folder = self.tree / ".cache" / package / "usr/share/seen"
        return {file.name for file in folder.iterdir()} if folder.exists() else set()

    def deps(self, name, beside=(), status=DONE):
        """What ./run deps says where these packages are installed. None of them may go."""
        if beside:
            self.apt("install", *beside)
        there = self.installed()
        said = self.run_script("deps", name, status=status).stderr
        self.assertEqual(there - self.installed(), set(), said)
        return said


class Beside(Machine):
    def test_nothing(self):
        for name in ALL:
            self.deps(name)
        never = {"dovecot-imapd", "dovecot-gssapi", "cyrus-imapd", "logrotate",
                 "moonshot-gss-eap", "libvirt-daemon-system", HEIMDALS, "freeradius",
                 "gss-ntlmssp", "heimdal-kdc",
                 "samba-ad-dc", "samba-ad-provision", "sssd-kcm", "krb5-kdc-ldap"}
        self.assertEqual(names_of(*ALL) - self.installed(), never)
        self.assertEqual(self.unpacked("dovecot-imapd"),
                         {"dovecot-imapd", "dovecot-core", "libstemmer0d"})
        self.assertEqual(self.unpacked("cyrus-imapd"), {"cyrus-imapd"})
        self.assertEqual(self.unpacked("libvirt-daemon-system"), {"libvirt-daemon-system"})
        self.assertEqual(self.unpacked(HEIMDALS), {HEIMDALS})
        self.assertEqual(self.unpacked("freeradius"), {"freeradius", "freeradius-config"})
        self.assertEqual(self.unpacked("samba-ad-dc"), {"samba-ad-dc", "samba"})
        self.assertEqual(self.unpacked("samba-ad-provision"), {"samba-ad-provision"})
        self.assertEqual(self.unpacked("heimdal-kdc"), {"heimdal-kdc", "heimdal-clients"})
        self.assertEqual(self.unpacked("krb5-kdc-ldap"), {"krb5-kdc-ldap"})
        self.assertEqual(self.unpacked("sssd-kcm"), {"sssd-kcm", "sssd-common"})
        self.assertEqual("".join(map(self.deps, ALL)), "")

    def test_the_demo_of_the_federation(self):
        self.deps("demo-federation")
        self.assertIn("krb5-pkinit", self.installed())
        self.assertNotIn("slapd", self.installed())
        self.assertEqual({folder.name for folder in (self.tree / ".cache").iterdir()},
                         {"freeradius", "moonshot-gss-eap", "samba-ad-dc", "samba-ad-provision"})

    def test_a_package_whose_files_were_changed(self):
        self.deps("check-servers")
        self.assertFalse((self.tree / ".cache/slapd").exists())
        (self.root / "usr/share/seen/slapd").write_text("changed", encoding="utf-8")
        self.deps("check-servers")
        self.assertEqual(self.unpacked("slapd"), {"slapd"})

    def test_another_imap_server(self):
        for server in ("cyrus-imapd", "courier-imap"):
            with self.subTest(server=server):
                self.deps("check", [server])
                self.assertLessEqual({"gsasl", server}, self.installed())
                self.assertEqual(self.unpacked("dovecot-gssapi"),
                                 {"dovecot-gssapi", "dovecot-core", "libstemmer0d"})
                self.apt("remove", server)

    def test_dovecot_without_its_module(self):
        self.deps("check", ["dovecot-imapd"])
        self.deps("check-servers")
        self.assertEqual(self.unpacked("dovecot-imapd"), set())
        self.assertEqual(self.unpacked("dovecot-gssapi"), {"dovecot-gssapi"})
        self.assertEqual(self.unpacked("cyrus-imapd"), {"cyrus-imapd"})

    def test_another_mail_server(self):
        said = self.deps("check-servers", ["exim4-daemon-light"])
        self.assertIn("==> postfix is not installed: apt would remove exim4-daemon-light\n", said)
        self.assertIn("slapd", self.installed())
        self.assertEqual(self.unpacked("postfix"), {"postfix"})
        self.assertEqual(self.deps("check-servers"), "")

    def test_another_ldap_server_costs_the_tests_of_slapd(self):
        said = self.deps("check-servers", ["other-ldap-server"])
        self.assertIn("==> slapd is not installed: apt would remove other-ldap-server; the tests "
                      "that need it are skipped\n", said)
        self.assertIn("postfix", self.installed())
        self.assertFalse((self.tree / ".cache/slapd").exists())

    def test_a_package_that_is_held(self):
        self.apt("install", "exim4-daemon-light")
        subprocess.run(["apt-mark", "hold", "exim4-daemon-light"], env=self.env, check=True,
                       stdout=subprocess.DEVNULL)
        said = self.deps("check-servers")
        self.assertRegex(said, "==> postfix is not installed: apt cannot install it beside")
        self.assertIn("slapd", self.installed())

    def test_a_package_that_the_build_needs(self):
        said = self.deps("check", ["heimdal-dev"], status=MISSING)
        self.assertIn("run: 'deps' needs libkrb5-dev, which cannot be installed: apt would remove "
                      "heimdal-dev. ", said)
        self.assertIn("--on SUITE", said)
        self.assertEqual(self.installed(), {"heimdal-dev"})

    def test_a_user_who_cannot_install_gets_a_line_that_removes_nothing(self):
        write_program(self.folder / "bin/sudo", "#!/bin/sh\nexit 1\n")
        before = not_as_root(self)
        self.apt("install", "exim4-daemon-light", HEIMDALS)
        done = subprocess.run([*before, self.tree / "run", "deps", "check-servers"],
                              env=self.env, text=True, capture_output=True, check=False)
        self.assertEqual(done.returncode, MISSING, done.stderr)
        line = done.stderr.splitlines()[-1].split()
        self.assertEqual(line[:4], ["apt-get", "install", "--no-install-recommends", "--no-remove"])
        self.assertIn("slapd", line)
        self.assertEqual({"postfix", MITS} & set(line), set())
        self.apt(*line[1:])
        self.assertLessEqual({"exim4-daemon-light", HEIMDALS, "slapd"}, self.installed())


class StandIns(Machine):
    """Packages that all tests see as if they were installed."""

    def setUp(self):
        super().setUp()
        (self.folder / "probe/package/usr").mkdir(parents=True)
        tried = subprocess.run([SOURCE / "tests/support/with_unpacked.sh", self.folder / "probe",
                                "package", "--", "true"], capture_output=True, text=True,
                               check=False)
        if tried.returncode == 77:
            self.skipTest(tried.stderr.strip())
        self.assertEqual(tried.returncode, 0, tried.stderr)
        (self.tree / "tests/support").mkdir(exist_ok=True)
        shutil.copy(SOURCE / "tests/support/with_unpacked.sh", self.tree / "tests/support")

    def test_heimdal_instead_of_mit(self):
        said = self.deps("check", [HEIMDALS, "heimdal-kdc"])
        for package, other in ((MITS, HEIMDALS), ("krb5-kdc", "heimdal-kdc"),
                               ("krb5-admin-server", "heimdal-kdc"),
                               ("krb5-user", "heimdal-clients")):
            self.assertRegex(said, f"==> {package} is not installed: apt would remove .*{other}")
            self.assertIn(package, self.unpacked(package))
        self.assertEqual(self.deps("check"), "")
        done = self.run_script("shell", "ls", "/usr/share/seen")
        self.assertEqual(set(done.stdout.split()),
                         {MITS, "krb5-kdc", "krb5-admin-server", "krb5-user"})
        self.assertFalse(pathlib.Path("/usr/share/seen").exists())

    def test_the_demo_and_the_tests_see_them(self):
        for script in ("examples/demo/run-demo.sh", "tests/check_layers.sh"):
            write_program(self.tree / script, "#!/bin/sh\nexec ls /usr/share/seen\n")
        self.apt("install", "heimdal-kdc")
        for command in (["demo"], ["test", "check_layers"]):
            seen = self.run_script(*command).stdout
            self.assertEqual(set(seen.split()), {"krb5-kdc", "krb5-admin-server", "krb5-user"})

    def test_the_user_stays_the_same(self):
        inside = [self.tree / "tests/support/with_unpacked.sh", self.folder / "probe", "package",
                  "--"]
        for words in (["id", "-u"], ["id", "-g"], ["grep", "CapEff", "/proc/self/status"], ["pwd"]):
            outside = subprocess.run(words, capture_output=True, text=True, check=True).stdout
            done = subprocess.run([*inside, *words], capture_output=True, text=True, check=True)
            self.assertEqual(done.stdout, outside)
        self.assertEqual(subprocess.run([*inside, "sh", "-c", "exit 5"], check=False).returncode, 5)


if __name__ == "__main__":
    unittest.main(verbosity=2)
