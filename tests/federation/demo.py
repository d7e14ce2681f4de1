#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""./run demo-federation: one server with one policy, and users of three organisations, each proved
in another way: who gets in as whom, and which rule says so.

The page is on standard output, the progress on standard error. Exit status: 0 if all logins went as
the page says, also if it leaves users out because this machine lacks what they need; 1 if a login
went otherwise or something did not start; 77 if the machine can show nothing, with the reason.
"""

import dataclasses
import glob
import json
import os
import pathlib
import re
import signal
import sys

sys.dont_write_bytecode = True  # beside the sources
sys.path.insert(0, str(pathlib.Path(__file__).parent))
import eap
import lab
import pkinit
import samba_dc
from samba_dc import GLOBAL, UNIVERSAL, group, service, user

POLICY = lab.SOURCE / "examples/demo/federation.toml"
SID = "S-1-5-21-1004336348-1177238915-682003330-1105"  # of mail-users, in the policy
EAP = "1.3.6.1.5.5.15.1.1.17"
OBJECTS = (user("carol"), user("dave"), group("sales", GLOBAL, "carol"),
           group("mail-users", UNIVERSAL, "sales"), service("srv-imap", "imap/localhost"))


@dataclasses.dataclass(frozen=True)
class Login:
    """A login, and what must come of it: by which rule, and which user the application sees."""
    who: str
    said: str  # by the user's organisation
    mechanism: str
    realm: str
    rule: str  # a part of the deciding rule
    is_admitted: bool = True
    acts_as: str = ""

    @property
    def authid(self):
        return self.who if self.realm == lab.REALM else f"{self.who}@{self.realm}"

    @property
    def result(self):
        if not self.is_admitted:
            return "REFUSED"
        return f"{self.authid}, acts as {self.acts_as}" if self.acts_as else self.authid


UNIVERSITY = "university.example"
LOGINS = (
    Login("alice", "password", "GS2-KRB5", lab.REALM, "assurance=password"),
    Login("alice", "password", "GS2-KRB5", lab.REALM, "assurance=pkinit", False, "archive"),
    Login("bob", "certificate", "GS2-KRB5", lab.REALM, "assurance=pkinit"),
    Login("bob", "certificate", "GS2-KRB5", lab.REALM, "assurance=pkinit", True, "archive"),
    Login("carol", "is in the group", "GSS-SPNEGO", samba_dc.REALM, "groups="),
    Login("dave", "is not in it", "GSS-SPNEGO", samba_dc.REALM, "groups=", False),
    Login("robin", "SAML: is staff", "EAP-AES128", UNIVERSITY, "affiliation="),
    Login("kim", "SAML: nothing", "EAP-AES128", UNIVERSITY, "affiliation=", False),
)


def say(text):
    print("==> " + text, file=sys.stderr, flush=True)


def left_out():
    """{user: why this machine cannot show the user}"""
    reasons = {}
    if not glob.glob("/usr/lib*/*/krb5/plugins/preauth/pkinit.so"):
        reasons["bob"] = "not installed: krb5-pkinit"
    if reason := samba_dc.why_not():
        reasons |= dict.fromkeys(("carol", "dave"), reason)
    if missing := eap.why_not():
        reasons |= dict.fromkeys(("robin", "kim"), "neither unpacked nor installed: " + missing)
    return reasons


class Stage(eap.WithRadius, lab.ServerTest):
    """All that runs, in a folder of its own; no test. It serves until doClassCleanups()."""

    @classmethod
    def start(cls, absent):
        """Starts all that the users need who are not in `absent`."""
        cls.setUpClass()
        cls.known = {"KRB5_CONFIG": os.environ["KRB5_CONFIG"]}  # to the server, and users of REALM
        cls.clients = {}  # by user: the environment, and arguments
        cls.keytab, cls.sid, cls.env = cls.path("imap.keytab"), SID, {}
        cls.set_up_kerberos(absent)
        if "carol" not in absent:
            say("starting a domain controller of Active Directory (Samba; up to a minute)")
            cls.set_up_domain()
        if "robin" not in absent:
            say("starting a RADIUS server (FreeRADIUS)")
            cls.set_up_radius()
            cls.set_up_eap()
        say("starting the server")
        cls.set_up_server()

    @classmethod
    def set_up_kerberos(cls, absent):
        cls.clients["alice"] = ({"KRB5CCNAME": cls.realm.kinit("alice")} | cls.known, ())
        if "bob" not in absent:
            cls.realm.add_user("bob")
            ccache = cls.realm.kinit("bob", *pkinit.options(cls, "bob"))
            cls.clients["bob"] = ({"KRB5CCNAME": ccache} | cls.known, ())
        cls.realm.kadmin(f"ktadd -norandkey -k {cls.keytab} imap/localhost")

    @classmethod
    def set_up_domain(cls):
        domain = samba_dc.Domain(OBJECTS)
        cls.addClassCleanup(domain.stop)
        cls.sid = domain.sids["mail-users"]
        domain.tool("domain", "exportkeytab", cls.keytab, "--principal=imap/localhost")
        for name in ("carol", "dave"):
            cls.clients[name] = ({"KRB5CCNAME": domain.kinit(name),
                                  "KRB5_CONFIG": os.environ["KRB5_CONFIG"]}, ())

    @classmethod
    def set_up_eap(cls):
        cls.env["HOME"] = cls.folder  # in a home directory the mechanism looks for an identity
        password = cls.write("password", eap.PASSWORD + "\n")
        for name in ("robin", "kim"):
            words = ("--authname", f"{name}@{UNIVERSITY}", "--password-file", password)
            cls.clients[name] = (cls.env | {"KRB5CCNAME": "FILE:/nonexistent"} | cls.known, words)

    @classmethod
    def set_up_server(cls):
        cls.policy = cls.write("federation.toml", POLICY.read_text().replace(SID, cls.sid))
        options = {"mech_list": "GS2-KRB5 GSS-SPNEGO EAP-AES128", "keytab": cls.keytab,
                   "gssloop_policy": cls.policy}
        if cls.env:
            options["gssloop_allow_unbound"] = "EAP-AES128"
        cls.write("sasl/gssloop-demo.conf",
                  "".join(f"{name}: {value}\n" for name, value in options.items()))
        cls.server_environment = cls.server_env(**cls.env, **cls.known,
                                                SASL_CONF_PATH=cls.path("sasl"))
        port = cls.path("port")
        # The application lets every user act as every other, so that the policy alone decides.
        cls.server = cls.serve(
            lambda _: [lab.BUILD / "examples/demo/server", "--port-file", port,
                       "--allow-any-authzid"],
            "server.log", env=cls.server_environment, ready=lambda _: port.exists())
        cls.port = port.read_text().strip()

    @classmethod
    def log_in(cls, login):
        """What client and server said."""
        env, words = cls.clients[login.who]
        before = len(cls.server.log())
        act = ("--authzid", login.acts_as) if login.acts_as else ()
        done = lab.run([lab.BUILD / "examples/demo/client", "localhost", cls.port, "--mechanism",
                        login.mechanism, *words, *act],
                       cls.client_env(**env))
        if done.status < 2:
            cls.server.wait_for_log("security layer: |told the client: |GAVE UP", before)
        return done.output + cls.server.log()[before:]

    @classmethod
    def without_attributes(cls, login):
        """Which rules would be true of the same user if nothing were said about the user."""
        mechanism = EAP if login.mechanism.startswith("EAP") else "krb5"
        act = ["--authzid", login.acts_as] if login.acts_as else []
        done = lab.run([lab.GSSLOOP, "policy", "explain", "--json", "-s", "imap", "-p", cls.policy,
                        "--as", f"{login.who}@{login.realm}", "-m", mechanism, *act],
                       cls.server_environment)
        found = json.loads(done.output)
        return {f"{it['line']}:{it['column']}" for it in found["rules"] + found["authorize"]
                if it["truth"] == "true"}


def deciding_rule(login, said):
    """The place LINE:COLUMN of the rule that decided, by the server's log. A user is admitted by
    the last rule that is true only because of what is said about the user."""
    findings = re.findall(r"policy: \w+ at \S+:(\d+:\d+) is (\w+)", said)
    if "server  LOGGED IN" not in said:
        return next((place for place, truth in findings if truth != "true"), "")
    bare = Stage.without_attributes(login)
    owed = [place for place, truth in findings if truth == "true" and place not in bare]
    return owed[-1] if owed else ""


def rule_at(place):
    """The line of the policy, from there on."""
    line, column = map(int, place.split(":"))
    return Stage.policy.read_text().splitlines()[line - 1][column - 1:]


def outcome(login, said):
    """As whom the server's application saw the user; REFUSED if it did not."""
    found = re.search(r"(?s)server    authid  (\S+) .*?server    authzid (\S+) ", said)
    if not found:
        return "REFUSED" if "server  REFUSED" in said else "no answer"
    authid, authzid = found.groups()
    return authid if authid == authzid else f"{authid}, acts as {authzid}"


def heading(text):
    print(f"\n\033[1m{text}\033[0m\n" if sys.stdout.isatty() else f"\n{text}\n")


def show_policy():
    heading("The policy of the server (examples/demo/federation.toml; the SID is this domain's)")
    for number, line in enumerate(Stage.policy.read_text().rstrip("\n").splitlines(), 1):
        print(f"{number:2}  {line}".rstrip())


INTRODUCTION = """\
  alice and bob have tickets of an MIT KDC, carol and dave of Active Directory. robin and kim have
  passwords, which a RADIUS server checks. With `as archive` a user asks to act as another one.
"""
CONCLUSION = """
All as expected: {} logins to one server process. A user is refused by the first rule that is not
true, and gets in by the last rule that would not be true if nothing were said of the user."""
ROW = "  {:<17}  {:<16}  {:<10}  {:<24}  {}"


def show_logins(rows, reasons):
    heading("Who gets in as whom, and which rule says so")
    print(INTRODUCTION)
    print(ROW.format("user", "said of the user", "mechanism", "gets in as", "rule at"))
    for login, place, result in rows:
        who = login.who + (f", as {login.acts_as}" if login.acts_as else "")
        print(ROW.format(who, login.said, login.mechanism, result, f"{POLICY.name}:{place}"))
    for reason in dict.fromkeys(reasons.values()):
        names = [name for name in reasons if reasons[name] == reason]
        print(f"  {' and '.join(names)} left out; {reason}")


def show():
    """Logs in all users, and prints the page. Returns the exit status."""
    reasons = left_out()
    rows, wrong = [], []
    try:
        Stage.start(reasons)
        for login in (it for it in LOGINS if it.who not in reasons):
            say(f"{login.who} logs in with {login.mechanism}" +
                (f" as {login.acts_as}" if login.acts_as else ""))
            said = Stage.log_in(login)
            place, result = deciding_rule(login, said), outcome(login, said)
            rows.append((login, place, result))
            if result != login.result or not place or login.rule not in rule_at(place):
                wrong.append(f"{said}=> NOT as expected: {login.who} {login.acts_as}")
    except AssertionError as error:
        print(f"demo-federation: {error}", file=sys.stderr)
        return 1
    finally:
        Stage.doClassCleanups()
    if wrong:
        print(*wrong, sep="\n")
        return 1
    show_policy()
    show_logins(rows, reasons)
    print(CONCLUSION.format(len(rows)))
    return 0


def main():
    signal.signal(signal.SIGINT, lab.end_at_once)
    reasons = left_out()
    if "carol" not in reasons:
        samba_dc.enter(__file__)
    if "GSSLOOP_REALM" not in os.environ:
        say("starting a KDC (MIT Kerberos)")
    pkinit_option = [] if "bob" in reasons else ["--pkinit"]
    lab.main(__file__, services=["imap/localhost"], needs=["krb5kdc", "kadmin.local", "openssl"],
             options=[*pkinit_option, "--indicator", "password"], run=show)


if __name__ == "__main__":
    main()
