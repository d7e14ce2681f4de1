# SPDX-License-Identifier: BSD-2-Clause
"""Logins with EAP: Moonshot's mechanism on both sides, FreeRADIUS, and what docs/federation.md says
of both."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "support"))
import federation
import freeradius
import moonshot
import lab
import sasl_pair
from guide import Guide

MECHANISMS = tuple(sasl_name for sasl_name, _name, _oid in moonshot.MECHANISMS)
STAND_INS = lab.BUILD / "tests/federation/.libs/eap_stand_ins.so"
RADIUS = "urn:ietf:params:gss:radius-attribute "
SAML = "urn:ietf:params:gss:federated-saml-attribute " \
       "urn:oasis:names:tc:SAML:2.0:attrname-format:uri urn:oid:"
ASSERTION = "urn:ietf:params:gss:federated-saml-assertion"
USER_NAME, FILTER_ID, CLASS = RADIUS + "1", RADIUS + "11", RADIUS + "25"
EPPN, AFFILIATION = SAML + "1.3.6.1.4.1.5923.1.1.1.6", SAML + "1.3.6.1.4.1.5923.1.1.1.9"
PASSWORD = "secret"
FREERADIUS_ETC = "/etc/freeradius/3.0"


def why_not():
    """What the machine lacks for these tests; "" if nothing."""
    missing = []
    if moonshot.find_module() is None:
        missing.append("moonshot-gss-eap")
    if freeradius.find_root() is None:
        missing.append("freeradius, with a configuration that this user can read")
    return ", ".join(missing)


def shibboleth(folder):
    """The variables with which the libraries of Shibboleth, which read SAML for the mechanism, find
    their files where the package is only unpacked. They log to a file, not to standard output."""
    package = moonshot.PACKAGE
    if not package.exists():
        return {}
    catalogs = []
    for catalog in sorted((package / "usr/share/xml").glob("*/*catalog.xml")):
        text = catalog.read_text(encoding="utf-8")
        copy = folder / f"{catalog.parent.name}-{catalog.name}"
        copy.write_text(text.replace("/usr/share/xml", f"{package}/usr/share/xml"),
                        encoding="utf-8")
        catalogs.append(str(copy))
    logger = folder / "logger"
    logger.write_text(f"log4j.rootCategory=WARN, file\n"
                      f"log4j.appender.file=org.apache.log4j.FileAppender\n"
                      f"log4j.appender.file.fileName={folder}/shibboleth.log\n"
                      f"log4j.appender.file.layout=org.apache.log4j.BasicLayout\n",
                      encoding="utf-8")
    return {"SHIBSP_CFGDIR": package / "etc", "SHIBSP_SCHEMAS": ":".join(catalogs),
            "SHIBSP_LOGGING": logger}


def forget_inner_name(radius):
    """Undoes the setting by which the RADIUS server states the name from inside the tunnel."""
    setting = "\tupdate outer.session-state {\n\t       User-Name := &User-Name\n\t}\n"
    radius.change("sites-available/inner-tunnel", (setting, ""))


def hide_names(radius):
    """From its next start on the RADIUS server returns no name."""
    session = "\t\t&reply: += &session-state:\n\t}\n"
    radius.change("sites-available/default", (
        session, session + "\tupdate reply {\n\t\t&User-Name !* ANY\n\t}\n"))


class WithRadius:
    """What a class of tests adds that has a RADIUS server, set up as the guide says. A derived
    class changes configure_radius()."""

    @classmethod
    def set_up_radius(cls):
        """Starts the server. `env` is then what clients and servers need for EAP."""
        cls.federation = Guide("federation.md", {"192.0.2.10": "127.0.0.1",
                                                 "radius.example.com": "127.0.0.1"})
        cls.radius = freeradius.Radius(cls)
        cls.configure_radius()
        cls.start_radius()
        cls.env = {"LD_PRELOAD": STAND_INS, "GSSLOOP_EAP_CERTIFICATE": cls.radius.fingerprint,
                   "GSSLOOP_RADSEC_CONF": cls.radsec,
                   **moonshot.environment(moonshot.find_module(), cls.path("mech.conf")),
                   **shibboleth(cls.folder)}

    @classmethod
    def start_radius(cls):
        """Starts the RADIUS server, and tells the mechanism its port."""
        cls.radius.start()
        text = cls.federation.file("/etc/radsec.conf").replace("1812", str(cls.radius.port))
        cls.radsec = cls.write("radsec.conf", text)

    @classmethod
    def configure_radius(cls):
        """Does what the guide says about the RADIUS server's files."""
        cls.follow("The RADIUS server", cls.radius)

    @classmethod
    def follow(cls, heading, radius):
        """Does what the guide says under a heading about the files of a RADIUS server."""
        for file in sorted({block.path for block in cls.federation.blocks
                            if block.heading == heading and block.path}):
            here = radius.etc / pathlib.Path(file).relative_to(FREERADIUS_ETC)
            before = here.read_text(encoding="utf-8") if here.exists() else ""
            here.write_text(cls.federation.edited(file, before, heading), encoding="utf-8")
        argv, env = radius.command()
        for command in cls.federation.commands(heading):
            line = command.line.replace(FREERADIUS_ETC, str(radius.etc))
            done = lab.run(["sh", "-c", line.replace("freeradius -C", " ".join([*argv, "-C"]))],
                           env)
            assert done and command.matches(done.output), (command, done.output)


class EapTest(WithRadius, federation.FederationTest):
    """Tests with a RADIUS server, and with this module on both sides."""

    SOURCE = "FreeRADIUS"

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.set_up_radius()

    def pair(self, policy="", name="robin@university.example", password=PASSWORD, user=None,
             options=None, requested=(), client=None, server=None):
        """Both peers of a login, not begun. `name` and `password` are the application's, and `user`
        is as whom it wants to act."""
        on_server = {"gssloop_allow_unbound": " ".join(MECHANISMS), "log_level": 5}
        if policy:
            on_server["gssloop_policy"] = self.write("policy.toml", policy)
        # In a home directory the mechanism looks for an identity.
        env = self.env | {"KRB5CCNAME": "FILE:/nonexistent", "KRB5_KTNAME": "FILE:/nonexistent",
                          "HOME": self.folder}
        there = self.peer("server", options=on_server | (options or {}), env=env,
                          requested=list(requested), **(server or {}))
        answers = {"authname": name, "pass": password, "user": user}
        answers = {what: answer for what, answer in answers.items() if answer is not None}
        here = self.peer("client", answers=answers, env=env, **(client or {}))
        return here, there

    def log_in(self, mechanism="EAP-AES128", policy="", change=sasl_pair.unchanged,
               change_back=sasl_pair.unchanged, **more):
        """Logs in with EAP; returns the server's Peer when the login has ended, and whether it was
        admitted. The changes are those of sasl_pair.log_in."""
        here, there = self.pair(policy, **more)
        codes = sasl_pair.log_in(here, there, mechanism, change, change_back=change_back)
        self.client = here
        return there, codes[1] == federation.OK


def main(script, services=("imap/localhost",), needs=("openssl", "krb5kdc")):
    """Runs the tests of the calling module, as lab.main does."""
    if missing := why_not():
        lab.skip("neither unpacked nor installed: " + missing)
    lab.main(script, services=list(services), needs=list(needs))
