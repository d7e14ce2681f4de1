// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_KDC_REALM_CONFIG_H_
#define GSSLOOP_TESTS_KDC_REALM_CONFIG_H_

#include <string>

#include "tests/kdc/realm.h"

namespace gssloop::testing {

// make_krb5_conf and make_kdc_conf return the texts of the two files for a KDC at `port` whose
// files are in `dir`.
std::string make_krb5_conf(const RealmOptions& options, const std::string& dir, int port);
std::string make_kdc_conf(const RealmOptions& options, const std::string& dir, int port);

// make_certificate_conf returns an openssl.cnf: section `kdc` holds the extensions of the KDC's
// certificate (its own authority), section `user` those of a client named user@realm.
std::string make_certificate_conf(const std::string& realm, const std::string& user);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_KDC_REALM_CONFIG_H_
