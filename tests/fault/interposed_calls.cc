// SPDX-License-Identifier: BSD-2-Clause

// One function for each call that gssloop/gss makes, but for those that release. The program has
// them, so its own code and the modules that it loads find them before those of the mechglue, which
// are the next ones of these names.

#include <dlfcn.h>

#include "tests/fault/faults.h"

namespace gssloop::testing {

Faults& faults() {
  static Faults the_faults;
  return the_faults;
}

}  // namespace gssloop::testing

using gssloop::testing::faults;

#define INTERPOSE(call, parameters, arguments)                                             \
  extern "C" OM_uint32 call parameters {                                                   \
    static const auto real = reinterpret_cast<decltype(&(call))>(dlsym(RTLD_NEXT, #call)); \
    return faults().pass(#call, minor, [&] { return real arguments; });                    \
  }

INTERPOSE(gss_accept_sec_context,
          (OM_uint32 * minor, gss_ctx_id_t* context, gss_cred_id_t credential, gss_buffer_t input,
           gss_channel_bindings_t bindings, gss_name_t* source, gss_OID* mech, gss_buffer_t output,
           OM_uint32* flags, OM_uint32* lifetime, gss_cred_id_t* delegated),
          (minor, context, credential, input, bindings, source, mech, output, flags, lifetime,
           delegated))
INTERPOSE(gss_acquire_cred,
          (OM_uint32 * minor, gss_name_t name, OM_uint32 time_req, gss_OID_set mechs,
           gss_cred_usage_t usage, gss_cred_id_t* credential, gss_OID_set* actual,
           OM_uint32* lifetime),
          (minor, name, time_req, mechs, usage, credential, actual, lifetime))
INTERPOSE(gss_acquire_cred_from,
          (OM_uint32 * minor, gss_name_t name, OM_uint32 time_req, gss_OID_set mechs,
           gss_cred_usage_t usage, gss_const_key_value_set_t store, gss_cred_id_t* credential,
           gss_OID_set* actual, OM_uint32* lifetime),
          (minor, name, time_req, mechs, usage, store, credential, actual, lifetime))
INTERPOSE(gss_acquire_cred_with_password,
          (OM_uint32 * minor, const gss_name_t name, const gss_buffer_t password,
           OM_uint32 time_req, const gss_OID_set mechs, gss_cred_usage_t usage,
           gss_cred_id_t* credential, gss_OID_set* actual, OM_uint32* lifetime),
          (minor, name, password, time_req, mechs, usage, credential, actual, lifetime))
INTERPOSE(gss_canonicalize_name,
          (OM_uint32 * minor, const gss_name_t name, const gss_OID mech, gss_name_t* canonical),
          (minor, name, mech, canonical))
INTERPOSE(gss_delete_name_attribute, (OM_uint32 * minor, gss_name_t name, gss_buffer_t attribute),
          (minor, name, attribute))
INTERPOSE(gss_display_name, (OM_uint32 * minor, gss_name_t name, gss_buffer_t text, gss_OID* type),
          (minor, name, text, type))
INTERPOSE(gss_display_name_ext,
          (OM_uint32 * minor, gss_name_t name, gss_OID form, gss_buffer_t text),
          (minor, name, form, text))
INTERPOSE(gss_display_status,
          (OM_uint32 * minor, OM_uint32 status, int type, gss_OID mech, OM_uint32* message_context,
           gss_buffer_t text),
          (minor, status, type, mech, message_context, text))
INTERPOSE(gss_duplicate_name, (OM_uint32 * minor, const gss_name_t name, gss_name_t* copy),
          (minor, name, copy))
INTERPOSE(gss_display_mech_attr,
          (OM_uint32 * minor, gss_const_OID attribute, gss_buffer_t name, gss_buffer_t short_text,
           gss_buffer_t long_text),
          (minor, attribute, name, short_text, long_text))
INTERPOSE(gss_export_cred, (OM_uint32 * minor, gss_cred_id_t credential, gss_buffer_t token),
          (minor, credential, token))
INTERPOSE(gss_export_name_composite, (OM_uint32 * minor, gss_name_t name, gss_buffer_t token),
          (minor, name, token))
INTERPOSE(gss_get_mic,
          (OM_uint32 * minor, gss_ctx_id_t context, gss_qop_t qop, gss_buffer_t message,
           gss_buffer_t token),
          (minor, context, qop, message, token))
INTERPOSE(gss_get_name_attribute,
          (OM_uint32 * minor, gss_name_t name, gss_buffer_t attribute, int* authenticated,
           int* complete, gss_buffer_t value, gss_buffer_t display, int* more),
          (minor, name, attribute, authenticated, complete, value, display, more))
INTERPOSE(gss_import_cred, (OM_uint32 * minor, gss_buffer_t token, gss_cred_id_t* credential),
          (minor, token, credential))
INTERPOSE(gss_import_name, (OM_uint32 * minor, gss_buffer_t text, gss_OID form, gss_name_t* name),
          (minor, text, form, name))
INTERPOSE(gss_indicate_mechs, (OM_uint32 * minor, gss_OID_set* mechs), (minor, mechs))
INTERPOSE(gss_init_sec_context,
          (OM_uint32 * minor, gss_cred_id_t credential, gss_ctx_id_t* context, gss_name_t target,
           gss_OID mech, OM_uint32 request, OM_uint32 time_req, gss_channel_bindings_t bindings,
           gss_buffer_t input, gss_OID* actual, gss_buffer_t output, OM_uint32* flags,
           OM_uint32* lifetime),
          (minor, credential, context, target, mech, request, time_req, bindings, input, actual,
           output, flags, lifetime))
INTERPOSE(gss_inquire_attrs_for_mech,
          (OM_uint32 * minor, gss_const_OID mech, gss_OID_set* attributes, gss_OID_set* known),
          (minor, mech, attributes, known))
INTERPOSE(gss_inquire_context,
          (OM_uint32 * minor, gss_ctx_id_t context, gss_name_t* source, gss_name_t* target,
           OM_uint32* lifetime, gss_OID* mech, OM_uint32* flags, int* is_local, int* is_open),
          (minor, context, source, target, lifetime, mech, flags, is_local, is_open))
INTERPOSE(gss_inquire_cred,
          (OM_uint32 * minor, gss_cred_id_t credential, gss_name_t* name, OM_uint32* lifetime,
           gss_cred_usage_t* usage, gss_OID_set* mechs),
          (minor, credential, name, lifetime, usage, mechs))
INTERPOSE(gss_inquire_cred_by_oid,
          (OM_uint32 * minor, const gss_cred_id_t credential, const gss_OID what,
           gss_buffer_set_t* data),
          (minor, credential, what, data))
INTERPOSE(gss_inquire_name,
          (OM_uint32 * minor, gss_name_t name, int* is_mn, gss_OID* mech,
           gss_buffer_set_t* attributes),
          (minor, name, is_mn, mech, attributes))
INTERPOSE(gss_inquire_names_for_mech, (OM_uint32 * minor, gss_OID mech, gss_OID_set* types),
          (minor, mech, types))
INTERPOSE(gss_inquire_saslname_for_mech,
          (OM_uint32 * minor, const gss_OID mech, gss_buffer_t sasl_name, gss_buffer_t name,
           gss_buffer_t description),
          (minor, mech, sasl_name, name, description))
INTERPOSE(gss_inquire_sec_context_by_oid,
          (OM_uint32 * minor, const gss_ctx_id_t context, const gss_OID what,
           gss_buffer_set_t* data),
          (minor, context, what, data))
INTERPOSE(gss_localname,
          (OM_uint32 * minor, const gss_name_t name, gss_const_OID mech, gss_buffer_t local),
          (minor, name, mech, local))
INTERPOSE(gss_process_context_token, (OM_uint32 * minor, gss_ctx_id_t context, gss_buffer_t token),
          (minor, context, token))
INTERPOSE(gss_set_cred_option,
          (OM_uint32 * minor, gss_cred_id_t* credential, const gss_OID option,
           const gss_buffer_t value),
          (minor, credential, option, value))
INTERPOSE(gss_set_name_attribute,
          (OM_uint32 * minor, gss_name_t name, int complete, gss_buffer_t attribute,
           gss_buffer_t value),
          (minor, name, complete, attribute, value))
INTERPOSE(gss_set_neg_mechs, (OM_uint32 * minor, gss_cred_id_t credential, const gss_OID_set mechs),
          (minor, credential, mechs))
INTERPOSE(gss_store_cred_into,
          (OM_uint32 * minor, gss_cred_id_t credential, gss_cred_usage_t usage, gss_OID mech,
           OM_uint32 overwrites, OM_uint32 becomes_default, gss_const_key_value_set_t store,
           gss_OID_set* stored, gss_cred_usage_t* usage_stored),
          (minor, credential, usage, mech, overwrites, becomes_default, store, stored,
           usage_stored))
INTERPOSE(gss_unwrap,
          (OM_uint32 * minor, gss_ctx_id_t context, gss_buffer_t input, gss_buffer_t output,
           int* conf_state, gss_qop_t* qop),
          (minor, context, input, output, conf_state, qop))
INTERPOSE(gss_unwrap_iov,
          (OM_uint32 * minor, gss_ctx_id_t context, int* conf_state, gss_qop_t* qop,
           gss_iov_buffer_desc* parts, int num_parts),
          (minor, context, conf_state, qop, parts, num_parts))
INTERPOSE(gss_verify_mic,
          (OM_uint32 * minor, gss_ctx_id_t context, gss_buffer_t message, gss_buffer_t token,
           gss_qop_t* qop),
          (minor, context, message, token, qop))
INTERPOSE(gss_wrap,
          (OM_uint32 * minor, gss_ctx_id_t context, int conf_req, gss_qop_t qop, gss_buffer_t input,
           int* conf_state, gss_buffer_t output),
          (minor, context, conf_req, qop, input, conf_state, output))
INTERPOSE(gss_wrap_iov,
          (OM_uint32 * minor, gss_ctx_id_t context, int conf_req, gss_qop_t qop, int* conf_state,
           gss_iov_buffer_desc* parts, int num_parts),
          (minor, context, conf_req, qop, conf_state, parts, num_parts))
INTERPOSE(gss_wrap_iov_length,
          (OM_uint32 * minor, gss_ctx_id_t context, int conf_req, gss_qop_t qop, int* conf_state,
           gss_iov_buffer_desc* parts, int num_parts),
          (minor, context, conf_req, qop, conf_state, parts, num_parts))
INTERPOSE(gss_wrap_size_limit,
          (OM_uint32 * minor, gss_ctx_id_t context, int conf_req, gss_qop_t qop,
           OM_uint32 max_output, OM_uint32* max_input),
          (minor, context, conf_req, qop, max_output, max_input))
// A function of MIT Kerberos that calls gss_inquire_sec_context_by_oid.
INTERPOSE(gsskrb5_extract_authtime_from_sec_context,
          (OM_uint32 * minor, gss_ctx_id_t context, krb5_timestamp* authtime),
          (minor, context, authtime))

#undef INTERPOSE
