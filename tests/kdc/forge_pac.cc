// SPDX-License-Identifier: BSD-2-Clause
#include "tests/kdc/forge_pac.h"

#include <cstdlib>
#include <utility>
#include <vector>

namespace gssloop::testing {
namespace {

constexpr krb5_keyusage kPacKeyUsage = 17;  // [MS-PAC] 2.8.1: KERB_NON_KERB_CKSUM_SALT
constexpr std::size_t kTypeLen = 4;         // of a signature, before its octets

krb5_data as_data(const std::string& text) {
  return {KV5M_DATA, static_cast<unsigned>(text.size()), const_cast<char*>(text.data())};
}

std::string le(std::uint64_t number, std::size_t len) {
  std::string octets;
  for (std::size_t i = 0; i < len; ++i) octets += static_cast<char>(number >> 8 * i & 0xFF);
  return octets;
}

using Buffers = std::vector<std::pair<std::uint32_t, std::string>>;

Buffers buffers_of(const Krb5Context& context, const std::string& octets) {
  Krb5Pac pac(context);
  std::size_t count = 0;
  std::uint32_t* types = nullptr;
  context.check(krb5_pac_parse(context, octets.data(), octets.size(), pac.out()), "PAC");
  context.check(krb5_pac_get_types(context, pac.get(), &count, &types), "PAC");
  Buffers buffers;
  for (std::size_t i = 0; i < count; ++i) {
    krb5_data buffer{};
    context.check(krb5_pac_get_buffer(context, pac.get(), types[i], &buffer), "PAC");
    buffers.emplace_back(types[i], std::string(buffer.data, buffer.length));
    krb5_free_data_contents(context, &buffer);
  }
  std::free(types);
  return buffers;
}

// PACTYPE, [MS-PAC] 2.3 and 2.4.
std::string encoded(const Buffers& buffers) {
  const std::size_t header_len = 8 + 16 * buffers.size();
  std::string header = le(buffers.size(), 4) + le(0, 4);
  std::string body;
  for (const auto& [type, octets] : buffers) {
    header += le(type, 4) + le(octets.size(), 4) + le(header_len + body.size(), 8);
    body += octets;
    body.resize((body.size() + 7) / 8 * 8, '\0');
  }
  return header + body;
}

std::string checksum(const Krb5Context& context, const krb5_keyblock* key,
                     const std::string& octets) {
  const krb5_data input = as_data(octets);
  krb5_checksum sum{};
  context.check(krb5_c_make_checksum(context, 0, key, kPacKeyUsage, &input, &sum), "PAC");
  const std::string result(reinterpret_cast<char*>(sum.contents), sum.length);
  krb5_free_checksum_contents(context, &sum);
  return result;
}

// The octets of a PAC with these buffers, signed again. `identifier` follows each signature.
std::string signed_again(const Krb5Context& context, Buffers buffers, const PacContent& content,
                         const std::string& identifier) {
  std::string* server = nullptr;
  std::string* kdc = nullptr;
  for (auto& [type, octets] : buffers) {
    if (type != KRB5_PAC_SERVER_CHECKSUM && type != KRB5_PAC_PRIVSVR_CHECKSUM) continue;
    (type == KRB5_PAC_SERVER_CHECKSUM ? server : kdc) = &octets;
    octets += identifier;
    octets.replace(kTypeLen, std::string::npos, octets.size() - kTypeLen, '\0');
  }
  const std::string signature = checksum(context, content.server_key, encoded(buffers));
  server->replace(kTypeLen, std::string::npos, signature + identifier);
  kdc->replace(kTypeLen, std::string::npos,
               checksum(context, content.kdc_key, signature) + identifier);
  return encoded(buffers);
}

}  // namespace

std::string signed_pac(const Krb5Context& context, const PacContent& content) {
  Krb5Pac pac(context);
  context.check(krb5_pac_init(context, pac.out()), "PAC");
  for (const auto& [type, octets] : content.buffers) {
    const krb5_data buffer = as_data(octets);
    context.check(krb5_pac_add_buffer(context, pac.get(), type, &buffer), "PAC");
  }
  krb5_data signed_octets{};
  context.check(krb5_pac_sign_ext(context, pac.get(), content.authtime, content.client,
                                  content.server_key, content.kdc_key, 0, &signed_octets),
                "PAC (is the client's name UTF-8?)");
  const std::string text(signed_octets.data, signed_octets.length);
  krb5_free_data_contents(context, &signed_octets);
  return text;
}

std::string with_rodc_identifier(const Krb5Context& context, const std::string& pac,
                                 const PacContent& content, const std::string& identifier) {
  return signed_again(context, buffers_of(context, pac), content, identifier);
}

std::string with_second_buffer(const Krb5Context& context, const std::string& pac,
                               const PacContent& content, std::uint32_t type,
                               const std::string& octets) {
  Buffers buffers = buffers_of(context, pac);
  buffers.emplace_back(type, octets);
  return signed_again(context, std::move(buffers), content, {});
}

}  // namespace gssloop::testing
