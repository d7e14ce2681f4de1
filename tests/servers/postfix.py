# SPDX-License-Identifier: BSD-2-Clause
"""A Postfix of the test's own, which believes to be installed as Debian installs it."""

import os
import pathlib
import smtplib

import lab

# libsasl's own folder of modules: what is seen there is what is installed.
SASL_FOLDER = lab.CLIENT_MODULES["stock"]
# Master's services; what a test adds is in front of them.
MASTER = """cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
"""
# Debian's own main.cf, and what makes it the test's.
DEBIANS = pathlib.Path("/usr/share/postfix/main.cf.debian")
BASE = """
inet_interfaces = 127.0.0.1
mydestination =
smtp_host_lookup = native
maillog_file = /var/log/mail.log
"""
# What the package makes when it is installed. /mnt holds what the test wrote.
SET_UP = """set -e
cp -r /mnt/. /etc/postfix
chmod -R a+rX /etc/postfix
chown postfix /var/lib/postfix
chmod 1777 /var/tmp
cd /var/spool/postfix
queues="active bounce corrupt defer deferred flush hold incoming private saved trace"
mkdir $queues pid maildrop public dev etc lib usr
# Debian's script of the service copies these; without them an smtpd in a chroot asks the DNS for the
# name of each client.
for file in hosts host.conf nsswitch.conf resolv.conf services; do
  [ ! -e /etc/$file ] || cp -p /etc/$file etc/$file
done
chmod 700 $queues
chown postfix $queues
chown postfix:postdrop maildrop public
chmod 730 maildrop
chmod 710 public
sh -ex /etc/postfix/set_up
exec /usr/lib/postfix/sbin/master -d -c /etc/postfix
"""


class PostfixTest(lab.ServerTest):
    @classmethod
    def start(cls, name, files, module, set_up=""):
        """Postfix in a mount namespace of its own, with these files in /etc/postfix, where PORT
        stands for its port, with this SASL module, and after these commands."""
        for folder in ("etc", "log"):
            cls.path(f"{name}/{folder}").mkdir(parents=True)
        files = files | {"set_up": set_up, "main.cf": DEBIANS.read_text() + BASE + files["main.cf"],
                         "master.cf": files["master.cf"] + MASTER,
                         "krb5.conf": pathlib.Path(os.environ["KRB5_CONFIG"]).read_text()}

        def prepare(ports):
            for file, text in files.items():
                path = cls.path(f"{name}/etc/{file}")
                path.parent.mkdir(exist_ok=True)
                octets = text if isinstance(text, bytes) else text.encode()
                path.write_bytes(octets.replace(b"PORT", str(ports[0]).encode()))

        inside = lab.namespace({
            "/etc/postfix": None, "/var/spool/postfix": None, "/var/lib/postfix": None,
            "/var/tmp": None, "/var/log": cls.path(f"{name}/log"), SASL_FOLDER: module,
            "/mnt": cls.path(f"{name}/etc")}, all_users=True)
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
