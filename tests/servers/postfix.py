# SPDX-License-Identifier: BSD-2-Clause
"""A Postfix of the test's own, which believes to be installed as Debian installs it."""

import os
import pathlib
import smtplib

import lab

# libsasl's own folder of modules: what is seen there is what is installed.
SASL_FOLDER = lab.CLIENT_MODULES["stock"]
# What the package's postinst makes of its templates where there is a certificate, as it does with
# the package ssl-cert. /mnt holds what the test wrote.
POSTINST = """
cp /usr/share/postfix/main.cf.debian main.cf
cat /usr/share/postfix/main.cf.tls >> main.cf
cp /usr/share/postfix/master.cf.dist master.cf
postconf -e "smtpd_relay_restrictions=permit_mynetworks permit_sasl_authenticated \\
  defer_unauth_destination" myhostname=debian.example.org alias_maps=hash:/etc/aliases \\
  alias_database=hash:/etc/aliases 'mydestination=$myhostname, debian, localhost' relayhost= \\
  'mynetworks=127.0.0.0/8 [::ffff:127.0.0.0]/104 [::1]/128' mailbox_size_limit=0 \\
  recipient_delimiter=+ inet_interfaces=all inet_protocols=all
"""
# Where apt would remove another mail server for it, ./run only unpacks Postfix.
IS_UNPACKED = not pathlib.Path("/usr/lib/postfix/sbin/master").exists()
# Its users, whom the package makes when it is installed; the numbers are the namespace's own.
USERS = {"passwd": "postfix:x:951:951::/var/spool/postfix:/usr/sbin/nologin\n",
         "group": "postfix:x:951:\npostdrop:x:952:\n"}
# What makes it the test's: no port but the test's, and no mail to this machine's users.
TESTS_OWN = """
postconf -M -X smtp/inet
postconf -e inet_interfaces=127.0.0.1 mydestination= smtp_host_lookup=native \\
  maillog_file=/var/log/mail.log
"""
KRB5_CONF = "/etc/postfix/krb5.conf"
# Postfix' processes find the test's KDC.
ENVIRONMENT = ('postconf -e "import_environment = $(postconf -h import_environment) '
               f'KRB5_CONFIG={KRB5_CONF}"\n')
NO_TRANSPORT = "postconf -e mynetworks= default_transport=discard:\n"
# The folders that the package makes, and what its service does before it starts Postfix.
SET_UP = """set -e
cp -r /mnt/. /etc/postfix
chmod -R a+rX /etc/postfix
chown postfix /var/lib/postfix
chmod 1777 /var/tmp
cd /var/spool/postfix
queues="active bounce corrupt defer deferred flush hold incoming private saved trace"
mkdir $queues pid maildrop public dev etc lib usr
chmod 700 $queues
chown postfix $queues
chown postfix:postdrop maildrop public
chmod 730 maildrop
chmod 710 public
cd /etc/postfix
sh -ex set_up
# It copies /etc/hosts, too: without it smtpd would ask the DNS for each client. Since Debian 13 it
# needs Postfix' variables.
MAIL_CONFIG=/etc/postfix queue_directory=/var/spool/postfix command_directory=/usr/sbin \\
  config_directory=/etc/postfix daemon_directory=/usr/lib/postfix/sbin \\
  /usr/lib/postfix/configure-instance.sh
exec /usr/lib/postfix/sbin/master -d -c /etc/postfix
"""


class PostfixTest(lab.ServerTest):
    @classmethod
    def start(cls, name, files, module, set_up=""):
        """Postfix in a mount namespace of its own, with these files in /etc/postfix, where PORT
        stands for its port, with this SASL module, and after these commands, which find in the
        present folder what Debian's package leaves in /etc/postfix."""
        for folder in ("etc", "log"):
            cls.path(f"{name}/{folder}").mkdir(parents=True)
        files = files | {"set_up": POSTINST + TESTS_OWN + set_up,
                         "krb5.conf": pathlib.Path(os.environ["KRB5_CONFIG"]).read_text()}

        def prepare(ports):
            for file, text in files.items():
                path = cls.path(f"{name}/etc/{file}")
                path.parent.mkdir(exist_ok=True)
                octets = text if isinstance(text, bytes) else text.encode()
                path.write_bytes(octets.replace(b"PORT", str(ports[0]).encode()))

        users = {}
        if IS_UNPACKED:
            for file, lines in USERS.items():
                users[f"/etc/{file}"] = cls.write(
                    file, pathlib.Path(f"/etc/{file}").read_text() + lines)
        inside = lab.namespace(users | {
            "/etc/postfix": None, "/var/spool/postfix": None, "/var/lib/postfix": None,
            "/var/tmp": None, "/var/log": cls.path(f"{name}/log"), SASL_FOLDER: module,
            "/mnt": cls.path(f"{name}/etc")}, all_users=True,
            package="postfix" if IS_UNPACKED else None)
        return cls.serve(lambda ports: [*inside, "sh", "-c", SET_UP], f"{name}/log/mail.log",
                         prepare=prepare, env=lab.environment())

    @staticmethod
    def send(port, sender, recipient):
        """Hands a mail to the Postfix at this port, without a login; returns its name there."""
        with smtplib.SMTP("127.0.0.1", port, timeout=lab.PATIENCE) as smtp:
            smtp.ehlo()
            smtp.mail(sender)
            smtp.rcpt(recipient)
            code, answer = smtp.data("Subject: test\r\n\r\ntest\r\n")
        if code != 250:
            raise AssertionError(answer)
        return answer.decode().split()[-1]


class GuidedPostfix(PostfixTest):
    """Tests with servers as docs/postfix.md makes them. `guide` is that page, and `owned` has the
    commands that give the keytab, which is in path("smtp.keytab"), to Postfix; a certificate is in
    path("mail.pem") and path("mail.key")."""

    @classmethod
    def commands(cls, heading):
        """The administrator's commands under the heading, as lines of a script."""
        return [command.line for command in cls.guide.commands(heading)
                if command.is_root and not command.line.startswith("systemctl ")]

    @classmethod
    def make_server(cls, name, set_up="", options="", more="", module=lab.SERVER_MODULE, rules="",
                    policy=None):
        """A server as the guide makes it, after these commands, with these options of smtpd, `more`
        in smtpd.conf, and these rules at the end of its policy, or another policy."""
        files = {path: cls.guide.file(f"/etc/postfix/{path}", "The server")
                 for path in ("sasl/smtpd.conf", "policy.toml", "senders")}
        files["sasl/smtpd.conf"] += more
        files["policy.toml"] = policy or files["policy.toml"] + rules
        for path in ("smtp.keytab", "mail.pem", "mail.key"):
            files[path] = cls.path(path).read_bytes()
        set_up = "\n".join([*cls.commands("The server"), set_up])
        for old, new in (("submission/", "127.0.0.1:PORT/"), ("submission ", "127.0.0.1:PORT "),
                         (" - - smtpd'", f" - - smtpd{options}'")):
            assert old in set_up
            set_up = set_up.replace(old, new)
        return cls.start(name, files, module,
                         f"{cls.owned}{set_up}\n{ENVIRONMENT}{NO_TRANSPORT}")
