// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/negotiation_token.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "gssloop/gss/initial_token.h"

namespace gssloop::gss {
namespace {

const std::string kKrb5 = "\x06\x09\x2a\x86\x48\x86\xf7\x12\x01\x02\x02";
const std::string kNtlm = "\x06\x0a\x2b\x06\x01\x04\x01\x82\x37\x02\x02\x0a";

std::string der(char tag, const std::string& contents) {
  return std::string({tag, static_cast<char>(contents.size())}) + contents;
}

std::string init(const std::string& mech_types, const std::string& rest = "") {
  const std::string token = der('\xa0', der('\x30', der('\xa0', der('\x30', mech_types)) + rest));
  const Bytes framed = restore_initial_header(as_bytes(token), Oid::spnego());
  return {framed.begin(), framed.end()};
}

std::string response(const std::string& fields) { return der('\xa1', der('\x30', fields)); }

// The dotted OIDs, each with a blank behind; "-" for a token that cannot be read.
std::string mechanisms(const std::string& token) {
  const auto found = negotiable_mechanisms(as_bytes(token));
  if (!found) return "-";
  std::string text;
  for (const Oid& oid : *found) text += oid.dotted() + " ";
  return text;
}

TEST(NegotiationToken, NamesAreThoseOfTheToken) {
  const std::string krb5 = "1.2.840.113554.1.2.2 ", ntlm = "1.3.6.1.4.1.311.2.2.10 ";
  const std::string state("\xa0\x03\x0a\x01\x01", 5), more = der('\xa2', der('\x04', "token"));
  const struct {
    std::string token, names;
  } rows[] = {
      {init(kKrb5), krb5},
      {init(kKrb5 + kNtlm, more), krb5 + ntlm},
      {init(kNtlm + kKrb5), ntlm + krb5},
      {init(""), ""},
      {response(state + der('\xa1', kNtlm) + more), ntlm},
      {response(der('\xa1', kKrb5)), krb5},
      {response(state + more), ""},
      {response(""), ""},
      // Neither, cut short, too long, or not in DER.
      {"", "-"},
      {std::string("NTLMSSP\0\1\0\0\0", 12), "-"},
      {init(kKrb5).substr(0, 20), "-"},
      {init(kKrb5) + "x", "-"},
      {init("\x04\x01x"), "-"},
      {init(std::string("\x06\0", 2)), "-"},
      {init(kKrb5.substr(0, 8)), "-"},
      {response(der('\xa1', kKrb5)) + "x", "-"},
      {response(state + der('\xa1', "\x06\x7f")), "-"},
      {der('\xa1', der('\x30', "") + "x"), "-"},
      {der('\xa0', der('\x30', der('\xa0', der('\x30', kNtlm)))), "-"},
  };
  for (const auto& row : rows) {
    EXPECT_EQ(mechanisms(row.token), row.names) << printable(as_bytes(row.token));
  }
}

// Octets of any value never make it read outside of the token (with the sanitizers).
TEST(NegotiationToken, EachChangedOctetIsReadSafely) {
  for (const std::string& whole : {init(kKrb5 + kNtlm), response(der('\xa1', kNtlm))}) {
    for (std::size_t i = 0; i < whole.size(); ++i) {
      for (int value = 0; value < 256; ++value) {
        std::string token = whole;
        token[i] = static_cast<char>(value);
        mechanisms(token);
      }
      mechanisms(whole.substr(0, i));
    }
  }
}

TEST(NegotiationToken, KerberosHasThreeNames) {
  for (const char* dotted : {"1.2.840.113554.1.2.2", "1.2.840.48018.1.2.2", "1.3.5.1.5.2"}) {
    EXPECT_TRUE(names_kerberos(*Oid::from_dotted(dotted))) << dotted;
  }
  for (const char* dotted : {"1.3.6.1.5.2.5", "1.3.6.1.5.5.2", "1.3.6.1.4.1.311.2.2.10"}) {
    EXPECT_FALSE(names_kerberos(*Oid::from_dotted(dotted))) << dotted;
  }
  EXPECT_FALSE(names_kerberos(Oid()));
}

}  // namespace
}  // namespace gssloop::gss
