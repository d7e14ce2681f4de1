// SPDX-License-Identifier: BSD-2-Clause
#include "tests/live/pac_calls.h"

#include <dlfcn.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "gssloop/gss/gssapi_c.h"
#include "gssloop/gss/krb5_handle.h"

namespace gssloop::testing {
namespace {

constexpr std::string_view kWholePac = "urn:mspac:";

std::string& presented() {
  static std::string octets;
  return octets;
}

std::atomic<unsigned> num_verifications{0}, num_keytabs{0}, num_readings{0}, num_displays{0},
    num_services{0};
std::atomic<bool> fails_next_reading{false};

// The next definition after this program's.
template <class Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

// The octets of an attribute in the presented PAC.
std::string value_of(std::string_view attribute) {
  if (attribute == kWholePac) return presented();
  const std::string_view name = attribute.substr(kWholePac.size());
  const gss::Krb5Context context;
  gss::Krb5Pac pac(context);
  krb5_data buffer{};
  const auto type = name == "logon-info"    ? KRB5_PAC_LOGON_INFO
                    : name == "client-info" ? KRB5_PAC_CLIENT_INFO
                                            : std::atoi(std::string(name).c_str());
  if (krb5_pac_parse(context, presented().data(), presented().size(), pac.out()) != 0 ||
      krb5_pac_get_buffer(context, pac.get(), static_cast<krb5_ui_4>(type), &buffer) != 0) {
    return {};
  }
  const std::string octets(buffer.data, buffer.length);
  krb5_free_data_contents(context, &buffer);
  return octets;
}

}  // namespace

void present_pac(const std::string& octets) { presented() = octets; }

unsigned num_pac_verifications() { return num_verifications; }

void fail_next_reading() { fails_next_reading = true; }

CallsCounted calls_counted() { return {num_keytabs, num_readings, num_displays, num_services}; }

CallsCounted calls_since(const CallsCounted& before) {
  const CallsCounted now = calls_counted();
  return {now.keytabs - before.keytabs, now.readings - before.readings,
          now.displays - before.displays, now.services - before.services};
}

}  // namespace gssloop::testing

extern "C" OM_uint32 gss_get_name_attribute(OM_uint32* minor, gss_name_t name,
                                            gss_buffer_t attribute, int* authenticated,
                                            int* complete, gss_buffer_t value,
                                            gss_buffer_t display_value, int* more) {
  using namespace gssloop::testing;
  const std::string_view text(static_cast<const char*>(attribute->value), attribute->length);
  if (presented().empty() || !text.starts_with(kWholePac)) {
    return next<decltype(gss_get_name_attribute)>("gss_get_name_attribute")(
        minor, name, attribute, authenticated, complete, value, display_value, more);
  }
  const std::string octets = value_of(text);
  // gss_release_buffer frees it, with free().
  value->value = std::malloc(octets.size() + 1);
  std::memcpy(value->value, octets.c_str(), octets.size() + 1);
  value->length = octets.size();
  *minor = 0;
  *authenticated = *complete = 1;
  *more = 0;
  return GSS_S_COMPLETE;
}

extern "C" krb5_error_code krb5_pac_verify(krb5_context context, const krb5_pac pac,
                                           krb5_timestamp authtime, krb5_const_principal principal,
                                           const krb5_keyblock* server,
                                           const krb5_keyblock* privsvr) {
  ++gssloop::testing::num_verifications;
  return gssloop::testing::next<decltype(krb5_pac_verify)>("krb5_pac_verify")(
      context, pac, authtime, principal, server, privsvr);
}

extern "C" krb5_error_code krb5_kt_resolve(krb5_context context, const char* name,
                                           krb5_keytab* keytab) {
  ++gssloop::testing::num_keytabs;
  return gssloop::testing::next<decltype(krb5_kt_resolve)>("krb5_kt_resolve")(context, name,
                                                                              keytab);
}

extern "C" krb5_error_code krb5_kt_default(krb5_context context, krb5_keytab* keytab) {
  ++gssloop::testing::num_keytabs;
  return gssloop::testing::next<decltype(krb5_kt_default)>("krb5_kt_default")(context, keytab);
}

extern "C" krb5_error_code krb5_kt_start_seq_get(krb5_context context, krb5_keytab keytab,
                                                 krb5_kt_cursor* cursor) {
  ++gssloop::testing::num_readings;
  if (gssloop::testing::fails_next_reading.exchange(false)) return ENOMEM;
  return gssloop::testing::next<decltype(krb5_kt_start_seq_get)>("krb5_kt_start_seq_get")(
      context, keytab, cursor);
}

extern "C" OM_uint32 gss_display_name(OM_uint32* minor, gss_name_t name, gss_buffer_t text,
                                      gss_OID* type) {
  ++gssloop::testing::num_displays;
  return gssloop::testing::next<decltype(gss_display_name)>("gss_display_name")(minor, name, text,
                                                                                type);
}

extern "C" OM_uint32 gss_inquire_context(OM_uint32* minor, gss_ctx_id_t context, gss_name_t* source,
                                         gss_name_t* target, OM_uint32* lifetime, gss_OID* mech,
                                         OM_uint32* flags, int* is_local, int* is_open) {
  if (target != nullptr) ++gssloop::testing::num_services;
  return gssloop::testing::next<decltype(gss_inquire_context)>("gss_inquire_context")(
      minor, context, source, target, lifetime, mech, flags, is_local, is_open);
}
