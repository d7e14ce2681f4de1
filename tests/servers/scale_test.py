#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Fifty processes with four threads each, behind one port, with one keytab and one replay cache: what
docs/scale.md says about them, tried. Its commands are run as the page has them."""

import os
import pathlib
import re
import signal
import socket
import sys
import tempfile
import time

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import lab
import scale_fleet
from lab import BUILD, SOURCE
from scale_fleet import Crowd, Fleet, ProgramTest, play, record_session, record_start

PAGE = SOURCE / "docs/scale.md"
CROWD = ("--processes", "4", "--threads", "50")
HOST = "mail.example.com"
SERVICE = f"imap/{HOST}"
TWO = "two fleets, 2 x 4"
# The client's module, the mechanism, and what else: with a layer, there is something in it.
LAYER = ("--min-ssf", "256", "--max-ssf", "256", "--exchange", "1000")
PASSES = [("gssloop", "GS2-KRB5", ()), ("gssloop", "GSSAPI", LAYER)]
if scale_fleet.has_stock_gssapi():
    PASSES.append(("stock", "GSSAPI", LAYER))


def commands(name):
    """The block of the page that bears this name, in a comment before it."""
    found = re.findall(rf"<!-- run: {name} -->\n```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"),
                       re.MULTILINE | re.DOTALL)
    assert len(found) == 1, name
    return found[0]


class Scale(ProgramTest):
    SERVER = "fleet, 50 x 4"

    def setUp(self):
        super().setUp()
        # As without any setting: one cache for all processes of a user (dfl).
        self.cache_env = {"KRB5RCACHENAME": None, "KRB5RCACHEDIR": self.own}
        self.cache = self.own / f"krb5_{os.geteuid()}.rcache2"
        self.keytab = self.own / "keytab"
        self.realm.kadmin(f"ktadd -norandkey -k {self.keytab} {SERVICE} imap/localhost")
        # Of this test alone: others leave tickets for keys that are no more.
        os.environ["KRB5CCNAME"] = self.ticket("ccache")

    def fleet(self, *options, processes=50, threads=4, host=HOST, **env):
        return Fleet(self, processes, threads, "--host", host, "--max-ssf", "256", *options,
                     **{"KRB5_KTNAME": f"FILE:{self.keytab}", **self.cache_env, **env})

    def crowd(self, fleet, *options, host=HOST, **env):
        return Crowd(self, fleet, "--host", host, *options, **env)

    def visit(self, fleet, *options, **env):
        """One login; True if it succeeded."""
        crowd = self.crowd(fleet, "--processes", "1", "--threads", "1", "--logins", "1", *options,
                           **env)
        return crowd.end().status == 0

    def shell(self, name, **replaced):
        """Runs a block of the page, with this test's places in place of the page's."""
        text = commands(name)
        for old, new in {"/etc/imap.keytab": str(self.keytab), "/root": str(self.own)}.items():
            text = text.replace(old, new)
        env = lab.environment(PATH=f"{BUILD}/tools:{os.environ['PATH']}", **replaced)
        self.assertDone(lab.run(["bash", "-euo", "pipefail", "-c", text], env, cwd=self.own))


class Load(Scale):
    def test_thousands_of_logins(self):
        fleet = self.fleet()
        # Two hundred at once have two hundred threads: each process serves its four.
        self.assertEqual(play(fleet, [(b"S", b"")], 200), ["gone"] * 200)
        self.assertTrue(self.visit(fleet))
        kdc_log = self.realm.dir / "kdc.log"
        num_requests = kdc_log.read_text().count("TGS_REQ")
        total = 1 + sum(self.thousands(fleet, *one_pass) for one_pass in PASSES)
        # The KDC was not asked for anything: the ticket was there.
        self.assertEqual(kdc_log.read_text().count("TGS_REQ"), num_requests)
        report = fleet.end()
        self.assertEqual((report.status, len(report.logins)), (0, 50))
        self.assertEqual(report.refused, [4] * 50)
        self.assertEqual(sum(report.logins), total)
        self.assertGreater(min(report.logins), 0)
        print(f"  logins of a process: {min(report.logins)} to {max(report.logins)}", file=sys.stderr)
        self.assertEqual(fleet.log, "")
        self.assertTrue(self.cache.exists())

    def thousands(self, fleet, module, mechanism, options):
        """2500 logins; returns how many succeeded."""
        with self.cell("load", module, mechanism, "2500 logins of 200 clients, none failed"):
            crowd = self.crowd(fleet, *CROWD, "--logins", "2500", "--mechanism", mechanism, *options,
                               module=module)
            visits = crowd.end()
            print(f"\n  {mechanism}: {visits.per_second:.0f} logins/s, median {visits.median_ms:.0f} "
                  f"ms, 99% under {visits.p99_ms:.0f} ms", file=sys.stderr)
            self.assertEqual((visits.status, visits.failures, visits.logins), (0, 0, 2500), crowd.err)
        return visits.logins

    def num_records(self):
        """Records ever written to the replay cache: after a seed, 16 octets each, zero if unused."""
        octets = self.cache.read_bytes()[16:]
        records = [octets[i:i + 16] for i in range(0, len(octets), 16)]
        return sum(record != bytes(16) for record in records)

    def test_a_login_takes_a_record_of_the_replay_cache_until_it_is_too_old(self):
        skew_s = 5
        conf = self.own / "krb5.conf"
        conf.write_text(pathlib.Path(os.environ["KRB5_CONFIG"]).read_text().replace(
            "[libdefaults]\n", f"[libdefaults]\n  clockskew = {skew_s}\n", 1))
        fleet = self.fleet(processes=4, KRB5_CONFIG=conf)
        numbers, took_too_long = [], False
        for pause in (0, skew_s + 1):
            time.sleep(pause)
            began = time.monotonic()
            visits = self.crowd(fleet, "--logins", "2000", "--threads", "2").end()
            self.assertEqual(visits.failures, 0)
            took_too_long = took_too_long or time.monotonic() - began > skew_s
            numbers.append(self.num_records())
            size = self.cache.stat()
            print(f"\n  replay cache: {numbers[-1]} records in {size.st_size} octets, "
                  f"{size.st_blocks * 512} on disk", file=sys.stderr)
        if took_too_long:
            self.skipTest("this machine is too busy to log in 2000 times before a record is too old")
        self.assertEqual(numbers[0], 2000)
        self.assertLess(numbers[1], 3200)  # most of them in place of old ones

    def test_no_kdc_is_needed(self):
        ccache = self.ticket("alice")
        fleet = self.fleet(processes=2)
        self.assertTrue(self.visit(fleet, KRB5CCNAME=ccache))  # gets the service's ticket
        with socket.socket() as nobody:  # bound and not listening: this port refuses
            nobody.bind(("127.0.0.1", 0))
            conf = self.own / "krb5.conf"
            conf.write_text(re.sub(r"kdc = \S+", f"kdc = 127.0.0.1:{nobody.getsockname()[1]}",
                                   pathlib.Path(os.environ["KRB5_CONFIG"]).read_text()))
            alone = self.fleet(KRB5_CONFIG=conf)
            with self.cell("load", "gssloop", "GS2-KRB5", "400 logins while there is no KDC"):
                visits = self.crowd(alone, *CROWD, "--logins", "400", KRB5_CONFIG=conf,
                                    KRB5CCNAME=ccache).end()
                self.assertEqual((visits.logins, visits.failures), (400, 0))
            # There was no KDC indeed.
            fresh = self.ticket("fresh")
            self.assertFalse(self.visit(alone, KRB5_CONFIG=conf, KRB5CCNAME=fresh))

    def test_the_next_kdc_is_asked(self):
        with socket.socket() as nobody:
            nobody.bind(("127.0.0.1", 0))
            conf = self.own / "krb5.conf"
            conf.write_text(re.sub(r"( *kdc = )\S+\n",
                                   rf"\g<1>127.0.0.1:{nobody.getsockname()[1]}\n\g<0>",
                                   pathlib.Path(os.environ["KRB5_CONFIG"]).read_text()))
            second = self.ticket("second", KRB5_CONFIG=conf)
            self.assertTrue(self.visit(self.fleet(processes=1), KRB5_CONFIG=conf, KRB5CCNAME=second))


class Replays(Scale):
    NUM_COPIES = 60  # as the table says
    NUM_TOKENS = 5

    def fleet(self, *options, **settings):
        return super().fleet(*options, host="localhost", **settings)

    def start_of(self, mechanism, *options):
        return [(b"S", record_start(self, mechanism, *options))]

    def test_a_token_is_taken_once_whoever_gets_it(self):
        fleet = self.fleet()
        with self.cell("sasl_peer", "gssloop", "GS2-KRB5", "of 60 copies of a token one gets in"):
            for _ in range(self.NUM_TOKENS):
                ends = play(fleet, self.start_of("GS2-KRB5"), self.NUM_COPIES)
                self.assertEqual((ends.count("Y"), ends.count("N")), (1, self.NUM_COPIES - 1), ends)
        self.assertIn("Request is a replay", fleet.log)
        report = fleet.end()
        self.assertEqual(sum(report.logins), self.NUM_TOKENS)
        self.assertGreater(sum(number > 0 for number in report.refused), 10)

    def test_without_a_replay_cache_everybody_takes_it(self):
        # What the test above would see if the cache did nothing.
        fleet = self.fleet(KRB5RCACHENAME="none:")
        self.assertEqual(play(fleet, self.start_of("GS2-KRB5"), 10), ["Y"] * 10)

    def another_machine(self, *options):
        """A fleet with the same keys, and a replay cache of its own."""
        folder = tempfile.mkdtemp(dir=self.own)
        return self.fleet(*options, processes=2, KRB5RCACHEDIR=folder)

    def test_another_machine_takes_it_once_more(self):
        here, there = self.fleet(processes=2), self.another_machine()
        for mechanism in ("GS2-KRB5", "GSS-SPNEGO"):
            start = self.start_of(mechanism)
            self.assertEqual(play(here, start, 1) + play(there, start, 1), ["Y", "Y"], mechanism)

    def test_a_bound_token_is_of_no_use_on_another_channel(self):
        one, other = "tls-exporter=of one connection", "tls-exporter=of another one"
        here = self.fleet("--cbinding", one, processes=2)
        there = self.another_machine("--cbinding", other)
        with self.cell("sasl_peer", "gssloop", "GS2-KRB5-PLUS", "no copy of a bound login gets in",
                       TWO):
            start = self.start_of("GS2-KRB5-PLUS", "--cbinding", one)
            self.assertEqual(play(here, start, 1) + play(there, start, 1), ["Y", "N"])
        self.assertIn("Incorrect channel bindings", there.log)

    def test_a_binding_that_machines_share_does_not_tell_them_apart(self):
        binding = "tls-server-end-point=hash of the certificate that all have"
        here = self.fleet("--cbinding", binding, processes=2)
        there = self.another_machine("--cbinding", binding)
        start = self.start_of("GS2-KRB5-PLUS", "--cbinding", binding)
        self.assertEqual(play(here, start, 1) + play(there, start, 1), ["Y", "Y"])

    def test_a_gssapi_login_cannot_be_repeated(self):
        # Its last message is protected with a key that the server chose for this login.
        here, there = self.fleet(processes=2), self.another_machine()
        for shown, layer in (("no layer", ("--max-ssf", "0")),
                             ("with a layer", ("--max-ssf", "256", "--min-ssf", "256"))):
            with self.cell("sasl_peer", "gssloop", "GSSAPI", f"no copy of a login, {shown}", TWO):
                messages, status = record_session(self, here, "GSSAPI", *layer)
                self.assertEqual((status, len(messages)), (0, 3))
                self.assertEqual(play(there, messages, 1), ["N"])


class Site(Scale):
    """What the page tells administrators to do."""

    def test_a_new_key_before_the_kdc_issues_it(self):
        """All the while, people with old tickets log in, and with new ones as soon as there are."""
        fleet = self.fleet()
        old = self.ticket("old")
        self.assertTrue(self.visit(fleet, KRB5CCNAME=old))
        endless = ("--processes", "2", "--threads", "4", "--logins", "100000")
        crowds = [self.crowd(fleet, *endless, KRB5CCNAME=old)]
        self.shell("make-key")
        self.shell("distribute-key")
        self.shell("use-key")
        new = self.ticket("new")
        crowds.append(self.crowd(fleet, *endless, KRB5CCNAME=new))
        time.sleep(1)
        for shown, crowd in zip(("old", "new"), crowds):
            with self.cell("load", "gssloop", "GS2-KRB5", f"keys change under load, {shown} tickets"):
                visits = crowd.end(signal.SIGTERM)
                self.assertEqual((visits.status, visits.failures), (0, 0), crowd.err)
                self.assertGreater(visits.logins, 10)
        keys = lab.run(["klist", "-k", self.keytab]).output
        self.assertGreater(len(set(re.findall(r"^\s*(\d+) .*imap/", keys, re.MULTILINE))), 1)
        self.assertDone(lab.run(["klist", "-e", "-c", new]), re.escape(SERVICE))
        self.shell("retire-key")
        self.assertTrue(self.visit(fleet, KRB5CCNAME=new))
        self.assertFalse(self.visit(fleet, KRB5CCNAME=old))
        self.assertEqual(fleet.end().status, 0)

    def test_a_new_key_after_the_kdc_issues_it(self):
        """The other order: a client with a ticket from in between is refused until the keytab has the
        key."""
        fleet = self.fleet(processes=4)
        old = self.ticket("old")
        self.assertTrue(self.visit(fleet, KRB5CCNAME=old))
        self.realm.kadmin(f"cpw -randkey -keepold {SERVICE}")
        new = self.ticket("new")
        self.assertFalse(self.visit(fleet, KRB5CCNAME=new))
        self.assertIn("not found in keytab; keytab is likely out of date", fleet.log)
        self.shell("late-key")
        for ccache in (old, new):
            self.assertTrue(self.visit(fleet, KRB5CCNAME=ccache))
        self.assertEqual(fleet.end().status, 0)

    def test_behind_a_balancer(self):
        shown = re.search(r"<!-- balancer -->\s+```\s+service_principal: (\S+)\n",
                          PAGE.read_text(encoding="utf-8"))[1]
        for principal, is_offered in ((shown, True), (f"imap@{HOST}", True), ("*", True),
                                      (None, False)):
            options = [] if principal is None else ["--option", f"service_principal={principal}"]
            fleet = Fleet(self, 2, 2, "--host", "node7.example.com", *options,
                          KRB5_KTNAME=f"FILE:{self.keytab}", **self.cache_env)
            self.assertEqual(self.visit(fleet), is_offered, principal)

    def test_a_new_policy_holds_for_every_process(self):
        # In place of the one that lets each user in, whole, by its name.
        if not (BUILD / "tools/gssloop").exists():
            self.skipTest("the command gssloop is not built")
        policy = self.own / "policy.toml"
        policy.write_text("[all]\nrequire = []\n")
        fleet = self.fleet("--option", f"gssloop_policy={policy}")
        self.assertTrue(self.visit(fleet))
        (self.own / "policy.toml.new").write_text('[all]\nrequire = ["peer.realm=NOBODY"]\n')
        self.shell("policy")
        with self.cell("load", "gssloop", "GS2-KRB5", "a new policy refuses 400 logins"):
            visits = self.crowd(fleet, *CROWD, "--logins", "400").end()
            self.assertEqual((visits.logins, visits.failures), (0, 400))
        report = fleet.end()
        self.assertEqual(sum(report.logins), 1)
        self.assertGreater(sum(number > 0 for number in report.refused), 5)


if __name__ == "__main__":
    lab.main(__file__, services=[SERVICE, "imap/localhost"], needs=scale_fleet.NEEDS)
