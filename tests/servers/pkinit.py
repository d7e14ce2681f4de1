# SPDX-License-Identifier: BSD-2-Clause
"""Certificates with which users get tickets (PKINIT); the realm needs with_kdc --pkinit."""

import lab

# id-pkinit-san (RFC 4556 section 3.2.2): the principal of the certificate.
EXTENSION = """
basicConstraints = CA:FALSE
keyUsage = digitalSignature
extendedKeyUsage = 1.3.6.1.5.2.3.4
subjectAltName = otherName:1.3.6.1.5.2.2;SEQUENCE:name
[name]
realm = EXP:0,GeneralString:{realm}
name = EXP:1,SEQUENCE:principal
[principal]
type = EXP:0,INTEGER:1
parts = EXP:1,SEQUENCE:parts
[parts]
user = GeneralString:{user}
"""


def options(test, user):
    """The options of a kinit for the user, whose certificate is made in the test's folder. The
    KDC's certificate is the authority for users' as well."""
    conf = test.write("user.cnf", EXTENSION.format(realm=lab.REALM, user=user))
    kdc, key, request = test.realm.dir, test.path("user.key"), test.path("user.csr")
    for words in (["req", "-new", "-newkey", "rsa:2048", "-nodes", "-subj", f"/CN={user}",
                   "-keyout", key, "-out", request],
                  ["x509", "-req", "-in", request, "-CA", kdc / "kdc.pem", "-CAkey",
                   kdc / "kdc.key", "-CAcreateserial", "-days", "2", "-extfile", conf, "-out",
                   test.path("user.pem")]):
        done = lab.run(["openssl", *words])
        if not done:
            raise AssertionError(done.output)
    return ["-X", f"X509_user_identity=FILE:{test.path('user.pem')},{key}"]
