#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Where the module is installed by default, and the README's check that it is there."""

import ctypes
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
BUILD = pathlib.Path(os.environ.get("GSSLOOP_BUILDDIR", SOURCE)).absolute()
MODULE = pathlib.Path(os.environ.get("GSSLOOP_PLUGIN_DIR", BUILD / "plugin/.libs"),
                      "libgssloop_sasl.so")
STOCK = pathlib.Path(os.environ.get("GSSLOOP_STOCK_PLUGIN_DIR", "/usr/lib/x86_64-linux-gnu/sasl2"))
SASL_CB_LIST_END, SASL_CB_VERIFYFILE = 0, 4
SASL_VRFY_PLUGIN = 0


class Callback(ctypes.Structure):
    _fields_ = [("id", ctypes.c_ulong), ("proc", ctypes.c_void_p), ("context", ctypes.c_void_p)]


def sasl_folders():
    """The folders from which libsasl takes modules, as libsasl itself says: it asks for a permission
    for each file."""
    folders = set()

    @ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int)
    def verify(_context, file, kind):
        if kind == SASL_VRFY_PLUGIN:
            folders.add(os.path.dirname(os.fsdecode(file)))
        return 0

    callbacks = (Callback * 2)(Callback(SASL_CB_VERIFYFILE, ctypes.cast(verify, ctypes.c_void_p)),
                               Callback(SASL_CB_LIST_END))
    library = ctypes.CDLL("libsasl2.so.2")
    library.sasl_client_init(callbacks)
    library.sasl_client_done()
    return folders


class Configure(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        # configure refuses to work beside sources that are configured.
        cls.folder = pathlib.Path(tempfile.mkdtemp())
        cls.addClassCleanup(shutil.rmtree, cls.folder)
        script = (SOURCE / "configure.ac").read_text(encoding="utf-8")
        landmark = re.search(r"AC_CONFIG_SRCDIR\(\[(.*?)\]\)", script)[1]
        for file in ("configure", "configure.ac", "Makefile.in", "config.h.in", "build-aux",
                     "lib/gssloop.pc.in", "lib/gssloop-cxx.pc.in", landmark):
            to = cls.folder / file
            to.parent.mkdir(parents=True, exist_ok=True)
            copy = shutil.copytree if (SOURCE / file).is_dir() else shutil.copy
            copy(SOURCE / file, to)
        # The sources may be read-only, as `make distcheck` has them.
        subprocess.run(["chmod", "-R", "u+w", cls.folder], check=True)

    def configure(self, *arguments):
        """The folder that the summary names, and the warning after it."""
        env = {name: value for name, value in os.environ.items()
               if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS", "CONFIG_SITE")}
        done = subprocess.run(["./configure", "-C", "--disable-tools", *arguments], cwd=self.folder,
                              env=env, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=True)
        said = re.search(r"module goes to +(.*)", done.stdout)[1]
        makefile = (self.folder / "Makefile").read_text(encoding="utf-8")
        variables = dict(re.findall(r"^(\w+) = (.*)$", makefile, re.MULTILINE))
        folder = variables["plugindir"]
        while "$" in folder:
            folder = re.sub(r"\$\{(\w+)\}", lambda found: variables[found[1]], folder)
        self.assertEqual(said, folder)
        return folder, done.stderr

    def test_where_the_completion_goes(self):
        bash, zsh = "${datadir}/bash-completion/completions", "${datadir}/zsh/site-functions"
        for arguments, folders in (([], (bash, zsh)),
                                   (["--with-bash-completion-dir=/x/y",
                                     "--without-zsh-completion-dir"], ("/x/y", "")),
                                   (["--without-bash-completion-dir",
                                     "--with-zsh-completion-dir=/x/y"], ("", "/x/y"))):
            self.configure(*arguments)
            decided = dict(re.findall(r'^S\["(\w+)"\]="(.*)"$',
                                      (self.folder / "config.status").read_text(encoding="utf-8"),
                                      re.MULTILINE))
            for shell, folder in zip(("bash", "zsh"), folders):
                self.assertEqual((decided[f"{shell}completiondir"],
                                  decided[f"{shell.upper()}_COMPLETION_TRUE"]),
                                 (folder, "" if folder else "#"), arguments)

    def test_the_default_is_where_libsasl_looks(self):
        folders = sasl_folders()
        if not folders:
            self.skipTest("libsasl finds no module, so its folder is unknown")
        self.assertIn(self.configure()[0], folders)

    def test_another_prefix_or_libdir_gets_the_module(self):
        own = self.configure()[0]
        for arguments, expected in ((["--prefix=/usr/local"], own), (["--prefix=/usr"], own),
                                    (["--prefix=/opt/x"], "/opt/x/lib/sasl2"),
                                    (["--libdir=/opt/x"], "/opt/x/sasl2"),
                                    (["--with-plugindir=/opt/x"], "/opt/x"),
                                    (["--with-plugindir=${libdir}/y"], "/usr/local/lib/y")):
            folder, warning = self.configure(*arguments)
            self.assertEqual(folder, expected, arguments)
            if expected == own:
                self.assertNotIn("WARNING: libsasl", warning, arguments)
            else:
                self.assertIn(f"libsasl does not look for modules in {expected}", warning, arguments)


class ReadmesCheck(unittest.TestCase):
    """It tells the module from Cyrus SASL's own, which have mechanisms of the same names."""

    def setUp(self):
        if os.environ.get("GSSLOOP_SANITIZE_FLAGS", "").strip():
            self.skipTest("this build has sanitizers, and the machine's programs cannot load its module")
        if not (BUILD / "tools/gssloop").exists():
            self.skipTest("the command gssloop is not built")
        if not (STOCK / "libgs2.so").exists():
            self.skipTest("Cyrus SASL's own GS2 module is not installed (libsasl2-modules-gssapi-mit)")
        self.folder = pathlib.Path(tempfile.mkdtemp())
        self.addCleanup(shutil.rmtree, self.folder)
        for module in STOCK.glob("*.so"):
            if module.name != MODULE.name:
                (self.folder / module.name).symlink_to(module)
        # No KDC is asked.
        (self.folder / "krb5.conf").write_text(
            "[libdefaults]\n default_realm = NOWHERE.TEST\n dns_lookup_kdc = false\n",
            encoding="utf-8")

    def status(self, command):
        env = {**os.environ, "SASL_PATH": str(self.folder),
               "SASL_PLUGINDIR": str(self.folder), "LC_ALL": "C",
               "KRB5_CONFIG": str(self.folder / "krb5.conf"),
               "PATH": f"{BUILD / 'tools'}:{os.environ['PATH']}:/usr/sbin"}
        return subprocess.run(["bash", "-c", command], env=env, stdin=subprocess.DEVNULL,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              check=False).returncode

    def test_fails_without_the_module_and_succeeds_with_it(self):
        readme = (SOURCE / "README.md").read_text(encoding="utf-8")
        commands = re.findall(r"^    ((?:/\S+/)?(?:gssloop doctor|saslpluginviewer)[^\n#]*\|[^\n#]*)",
                              readme, re.MULTILINE)
        self.assertTrue(commands)
        if not shutil.which("saslpluginviewer", path="/usr/sbin:/usr/bin"):
            commands = [command for command in commands if "saslpluginviewer" not in command]
            if not commands:
                self.skipTest("saslpluginviewer is not installed (sasl2-bin)")
        for command in commands:
            self.assertNotEqual(self.status(command), 0, command)
        (self.folder / MODULE.name).symlink_to(MODULE)
        for command in commands:
            self.assertEqual(self.status(command), 0, command)


if __name__ == "__main__":
    unittest.main(verbosity=2)
