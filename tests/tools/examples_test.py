#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The lines with `gssloop` in README.md, docs/loop.md and the manual pages, each run in a private
realm.

A server becomes this machine, a port one that is free, a file one of the test's own; what the shell
does around the command (sudo, pipes, redirection) is left out.
"""

import os
import pathlib
import re
import shlex
import sys
import unittest

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
from peers import InRealm, restart_in_realm, run

SOURCE = pathlib.Path(os.environ.get("GSSLOOP_SRCDIR", ".")).absolute()
MARKDOWN = ("README.md", "docs/loop.md")
PAGES = ("man/gssloop.1", "man/gssloop-policy.5", "man/gssloop-sasl.7")
POLICY = """[attributes.assurance]
from = [{ mechanism = "krb5", name = "auth-indicators" }]
[services.imap]
require = ["assurance=spake | assurance=otp"]
"""


def documented():
    """(where, words) of every line, the words without the program's name."""
    lines = [(page, line.strip()) for page in MARKDOWN
             for line in (SOURCE / page).read_text(encoding="utf-8").splitlines()
             if re.match(r"    (\$ )?gssloop ", line)]
    for page in PAGES:
        for line in (SOURCE / page).read_text().splitlines():
            shown = re.match(r"\.(?:Dl|Ql) (.*\bgssloop .*)", line)
            if shown:
                lines.append((page, shown[1].replace(r"\&", "").replace(r"\(en", "-")))
    for where, line in lines:
        command = re.search(r"(?:^|[$#] )(?:sudo -u \S+ )?gssloop (.*)", line)
        assert command, line
        words = shlex.split(re.split(r"\s+[|>#]|\s+,$", command[1])[0], comments=True)
        yield f"{where}: {line}", words


def shown_in_page(mark):
    """The display of gssloop-policy(5) after this comment."""
    page = (SOURCE / "man/gssloop-policy.5").read_text()
    return re.search(rf'^\.\\" {mark}\n\.Bd [^\n]*\n(.*?)^\.Ed', page, re.M | re.S)[1]


class Examples(InRealm):
    def test_what_the_cases_of_a_page_say(self):
        words = self.replaced(["policy", "test", "FILE"], "0")
        self.assertEqual(self.check("gssloop-policy(5)", [*words, "--strict"]).decode(),
                         shown_in_page("results first"))
        path = self.folder / "policy.toml"
        path.write_text(path.read_text().replace("otp", "password"))
        self.check("another policy", words, (1,))

    def replaced(self, words, port):
        (self.folder / "policy.toml").write_text(POLICY)
        (self.folder / "file").write_text("to be sent")
        here = {"server.example.com": "localhost", "4711": port, "::": "127.0.0.1",
                "imap@mail.example.com": "imap@localhost",
                **{name: self.path(name) for name in ("got", "received", "file", "policy.toml",
                                                      "FILE", "alice.json")}}
        (self.folder / "FILE").write_text(POLICY)
        words = [here.get(word, word) for word in words]
        if words[:2] == ["policy", "explain"]:
            words += [] if {"-s", "--service"} & {*words} else ["--service", "imap"]
            words += [] if {"-p", "--policy"} & {*words} else ["--policy", self.path("policy.toml")]
            words += ["--acceptor", "imap@localhost"]
        if words[:2] == ["policy", "test"]:
            (self.folder / "policy.toml").write_text(shown_in_page("policy first"))
            (self.folder / "policy.test.toml").write_text(shown_in_page("cases first"))
            words[2:] = [self.path("policy.test.toml")]
        if words[0] == "attributes":
            words.append("imap@localhost")
        return words

    def check(self, where, words, statuses=(0,)):
        done = run(*words, data=b"")
        self.assertIn(done.returncode, statuses, (where, words, done.stderr))
        return done.stdout

    def test_every_one(self):
        acceptor, num_run = None, 0
        for where, words in documented():
            num_run += 1
            if words[0] == "accept":
                acceptor = self.accept(*self.replaced(words[1:], "0"))
                continue
            if words[0] == "initiate":
                acceptor = acceptor or self.accept("0")
                self.check(where, self.replaced(words, acceptor.port))
                status, _, err = acceptor.end()
                self.assertEqual(status, 0, (where, err))
                acceptor = None
                continue
            # The doctor may find problems of this host.
            out = self.check(where, self.replaced(words, "0"), (0, 1) if words[0] == "doctor" else (0,))
            self.assertTrue(out, where)
            if words == ["attributes", "--json"]:
                (self.folder / "alice.json").write_bytes(out)
        self.assertGreater(num_run, 12)


if __name__ == "__main__":
    restart_in_realm(__file__, ["host/localhost", "imap/localhost"])
    unittest.main(verbosity=2)
