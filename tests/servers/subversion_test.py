#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""svnserve and svn, set up as docs/subversion.md says."""

import pathlib
import re
import secrets
import shutil
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import indicators
import lab
from guide import Guide
from tap import Tap

SERVER = "svn.example.com"
PASSES = [(module, mechanism) for module in lab.CLIENT_MODULES for mechanism in ("GSSAPI", "GS2-KRB5")]
STOCK_GS2 = ("stock", "GS2-KRB5")


class Subversion(indicators.IndicatorsTest, lab.ServerTest):
    SERVER = "svnserve"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.guide = Guide("subversion.md", {
            "/etc/subversion": cls.path("etc"), "/srv/svn": cls.path("srv"),
            f"svn/{SERVER}": "svn/localhost"})
        cls.make_users()
        cls.use_rule("")
        cls.make_repository()
        # libsasl's configuration is read once, at the start, the repository's at each connection.
        cls.ports = {mechanisms: cls.start(mechanisms).port
                     for mechanisms in ("GSSAPI GS2-KRB5", "GSSAPI", "GS2-KRB5")}
        cls.guide.replacements[SERVER] = f"localhost:{cls.ports['GSSAPI GS2-KRB5']}"

    @classmethod
    def make_users(cls):
        cls.path("etc").mkdir()
        for command in cls.guide.commands("What you need"):
            assert lab.run(["sh", "-c", command.line])
        cls.realm.add_user("bob")
        cls.realm.add_user("carol")
        cls.tickets = {user: cls.realm.kinit(user) for user in ("alice", "bob", "carol")}

    @classmethod
    def make_repository(cls):
        shutil.rmtree(cls.path("srv/project"), ignore_errors=True)
        for command in cls.guide.commands("The server")[:-1]:
            assert lab.run(["sh", "-c", command.line])

    def setUp(self):
        self.make_repository()
        self.write("srv/project/conf/authz", self.guide.file("/srv/svn/project/conf/authz"))
        self.limit()

    @classmethod
    def start(cls, mechanisms):
        """svnserve as in the guide, but for the mechanisms."""
        sasl = "sasl2-" + mechanisms.replace(" ", "-")
        text = cls.guide.file("/etc/sasl2/svn.conf")
        cls.write(f"{sasl}/svn.conf", text.replace("GSSAPI GS2-KRB5", mechanisms))
        words = cls.guide.commands("The server")[-1].line.split()
        return cls.serve(
            lambda ports: [*words, "--foreground", "--listen-host", "127.0.0.1", "--listen-port",
                           ports[0]],
            f"{sasl}.log", env=cls.server_env(SASL_CONF_PATH=cls.path(sasl),
                                              **lab.logged_by_syslog(cls.path("syslog"))))

    @classmethod
    def use_rule(cls, more):
        text = cls.guide.file("/etc/subversion/policy.toml") + more
        cls.write("etc/policy.new", text).rename(cls.path("etc/policy.toml"))
        return text

    def list_as(self, user):
        self.syslog_start = len(self.syslog())
        return self.svn(f"svn ls svn://localhost:{self.ports['GSSAPI']}/project", user=user)

    def assertAdmits(self, user):
        self.assertDone(self.list_as(user))

    def assertRefuses(self, user, logged):
        self.assertRefused(self.list_as(user), "authorization failure: not authorized")
        self.assertRegex(self.syslog()[self.syslog_start:], logged)

    def syslog(self):
        file = self.path("syslog")
        return file.read_text() if file.exists() else ""

    def svn(self, line, module="gssloop", user="alice"):
        """Runs a line of the guide as the user, without what the user's home remembers."""
        home = self.path("home")
        env = self.client_env(module, self.tickets[user], HOME=home, LC_ALL="C.UTF-8")
        return lab.run(["sh", "-c", f"{line} --non-interactive --config-dir {home}"], env)

    def limit(self, **limits):
        """svnserve.conf of the guide, but for these."""
        text = self.guide.file("/srv/svn/project/conf/svnserve.conf")
        for option, value in limits.items():
            option = option.replace("_", "-")
            text = re.sub(rf"{option} = \d+", f"{option} = {value}", text)
        self.write("srv/project/conf/svnserve.conf", text)

    def last_author(self):
        done = lab.run(["svnlook", "author", self.path("srv/project")])
        return done.output.strip()

    def test_the_guide(self):
        kinit, *commands = self.guide.commands("The client")
        self.assertEqual(kinit.line, "kinit alice")
        for command in commands:
            with self.cell("svn", "gssloop", "GSSAPI", command.line.split()[1]):
                done = self.svn(command.line)
                self.assertTrue(command.matches(done.output), (command, done.output))

    def test_who_gets_in(self):
        by_bob, by_carol = self.guide.commands("Who gets in")
        for module, mechanism in PASSES:
            self.limit(min_encryption=0)
            url = f"svn://localhost:{self.ports[mechanism]}/project"
            # Cyrus SASL's gs2 module cannot do without a name, which it takes a ticket of.
            named = " --username {} --password none" if (module, mechanism) == STOCK_GS2 else ""
            for user, command in (("bob", by_bob), ("carol", by_carol)):
                with self.cell("svn", module, mechanism, f"{user} is refused"):
                    line = re.sub(r"svn://[^/]*/project", url, command.line)
                    done = self.svn(line + named.format(user), module, user)
                    self.assertGreater(done.status, 0)
                    self.assertTrue(command.matches(done.output), done.output)
        for line in self.guide.log_lines("Who gets in"):
            self.assertRegex(self.syslog(), line)
            with self.cell("svn", module, mechanism, "bob may read"):
                self.assertDone(self.svn(f"svn ls {url}" + named.format("bob"), module, "bob"))

    def test_the_doctor(self):
        command, = self.guide.commands("When it fails")
        line = command.line.replace("gssloop", f"{lab.BUILD}/tools/gssloop", 1)
        done = lab.run(["sh", "-c", line], self.server_env(
            SASL_CONF_PATH=self.path("sasl2-GSSAPI-GS2-KRB5")))
        self.assertTrue(command.matches(done.output), (command, done.output))

    def test_the_client_without_a_ticket(self):
        url = f"svn://localhost:{self.ports['GSSAPI']}/project"
        env = self.client_env("gssloop", "FILE:/nonexistent", HOME=self.path("home"))
        with self.cell("svn", "gssloop", "GSSAPI", "no ticket"):
            self.assertRefused(lab.run(["svn", "ls", "--non-interactive", url], env),
                               "Cannot negotiate authentication mechanism")

    def commit(self, module, port, text):
        """Commits a file of that text and fetches it again; returns what came back."""
        url = f"svn://localhost:{port}/project/{module}-{port}"
        file = self.write(f"to-commit.{module}", text)
        self.assertDone(self.svn(f"svn import -m 'Import' '{file}' {url}", module))
        self.assertEqual(self.last_author(), "alice")
        fetched = self.path("fetched")
        self.assertDone(self.svn(f"svn export --force {url} '{fetched}'", module))
        return fetched.read_text()

    def test_a_commit_through_a_layer(self):
        for module in lab.CLIENT_MODULES:
            for shown, limits, is_visible in (
                    ("commit of 4 MiB, encrypted", {}, False),
                    ("commit of 4 MiB, integrity", {"min_encryption": 1, "max_encryption": 1}, True),
                    ("commit of 4 MiB, no layer", {"min_encryption": 0, "max_encryption": 0}, True)):
                with self.cell("svn", module, "GSSAPI", shown):
                    self.limit(**limits)
                    tap = Tap(self.ports["GSSAPI"])
                    self.addCleanup(tap.close)
                    # Compressed it would not be seen in any layer.
                    text = secrets.token_hex(2 << 20) + "in plain sight"
                    self.assertEqual(self.commit(module, tap.port, text), text)
                    self.assertEqual(b"in plain sight" in tap.seen, is_visible)

    def test_gs2_has_no_layer(self):
        url = f"svn://localhost:{self.ports['GS2-KRB5']}/project"
        for module in lab.CLIENT_MODULES:
            with self.cell("svn", module, "GS2-KRB5", "refused where a layer is demanded"):
                self.assertRefused(self.svn(f"svn ls {url}", module),
                                   "Could not obtain the list of SASL mechanisms")


if __name__ == "__main__":
    lab.main(__file__, services=["svn/localhost"], options=["--defaults"],
             needs=["svnserve", "svn", "svnadmin", "krb5kdc", "kadmin.local", "kinit"])
