// SPDX-License-Identifier: BSD-2-Clause
#include "tests/kdc/gss_login.h"

namespace gssloop::testing {
namespace {

std::string take(gss_buffer_t buffer) {
  std::string text(static_cast<char*>(buffer->value), buffer->length);
  OM_uint32 minor = 0;
  gss_release_buffer(&minor, buffer);
  return text;
}

void read_values(gss_name_t name, const std::string& attribute, GssLogin* login) {
  gss_buffer_desc wanted = {attribute.size(), const_cast<char*>(attribute.c_str())};
  for (int more = -1; more != 0;) {
    gss_buffer_desc value = GSS_C_EMPTY_BUFFER;
    gss_buffer_desc display = GSS_C_EMPTY_BUFFER;
    int authenticated = 0;
    int complete = 0;
    OM_uint32 minor = 0;
    const OM_uint32 major = gss_get_name_attribute(&minor, name, &wanted, &authenticated, &complete,
                                                   &value, &display, &more);
    const std::string text = take(&value);
    take(&display);
    if (major != GSS_S_COMPLETE || authenticated == 0) {
      login->refused.push_back(attribute);
      return;
    }
    login->attributes[attribute].push_back(text);
  }
}

void read_peer(gss_name_t name, GssLogin* login) {
  OM_uint32 minor = 0;
  gss_buffer_desc display = GSS_C_EMPTY_BUFFER;
  gss_OID type = GSS_C_NO_OID;
  gss_display_name(&minor, name, &display, &type);
  login->peer = take(&display);
  login->is_anonymous_type = gss_oid_equal(type, GSS_C_NT_ANONYMOUS) != 0;
  gss_buffer_set_t set = GSS_C_NO_BUFFER_SET;
  gss_inquire_name(&minor, name, nullptr, nullptr, &set);
  for (size_t i = 0; set != GSS_C_NO_BUFFER_SET && i < set->count; ++i) {
    const gss_buffer_desc& element = set->elements[i];
    const std::string attribute(static_cast<char*>(element.value), element.length);
    login->attributes[attribute];
    read_values(name, attribute, login);
  }
  gss_release_buffer_set(&minor, &set);
}

}  // namespace

bool GssLogin::lists(const std::string& prefix) const {
  const auto found = attributes.lower_bound(prefix);
  return found != attributes.end() && found->first.compare(0, prefix.size(), prefix) == 0;
}

GssLogin accept_token(const std::string& token, gss_channel_bindings_t bindings) {
  GssLogin login;
  OM_uint32 minor = 0;
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_name_t peer = GSS_C_NO_NAME;
  gss_buffer_desc input = {token.size(), const_cast<char*>(token.data())};
  gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
  login.major =
      gss_accept_sec_context(&login.minor, &context, GSS_C_NO_CREDENTIAL, &input, bindings, &peer,
                             nullptr, &output, &login.flags, nullptr, nullptr);
  login.output_token = take(&output);
  if (peer != GSS_C_NO_NAME) read_peer(peer, &login);
  gss_release_name(&minor, &peer);
  gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  return login;
}

}  // namespace gssloop::testing
