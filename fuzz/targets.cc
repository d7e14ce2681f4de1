// SPDX-License-Identifier: BSD-2-Clause
#include "fuzz/targets.h"

#include <cstdio>
#include <cstdlib>

#include "fuzz/kerberos_pair.h"
#include "tests/mech/loader.h"

namespace gssloop::fuzz {
namespace {

constexpr Target kTargets[] = {
    {"gs2_message", gs2_message, false, "plugin/mech/gs2_header.cc",
     "a header is read that is not written back to the same octets, or an authzid has a NUL"},
    {"initial_token", initial_token, false, "lib/gssloop/gss/initial_token.cc",
     "a header is stripped that restoring does not bring back"},
    {"frames", frames, false, "lib/gssloop/io/frame.cc",
     "a frame is over the limit, or the reader does not move on"},
    {"layer_message", layer_message, false, "plugin/layer/layer_terms.cc",
     "a choice is accepted that is not exactly one offered layer"},
    {"pac_logon_info", pac_logon_info, false,
     "lib/gssloop/authz/pac/pac_groups.cc lib/gssloop/authz/pac/pac_parts.cc",
     "a group is no SID, is there twice, or there are more than the buffer has room for"},
    {"pac_client_info", pac_client_info, false, "lib/gssloop/authz/pac/pac.cc",
     "a name is not written back to the same octets"},
    {"pac_upn", pac_upn, false, "lib/gssloop/authz/pac/pac.cc",
     "a name is given that is not in the buffer, or octets are two kinds of buffer at once"},
    {"pac_requestor", pac_requestor, false, "lib/gssloop/authz/pac/pac.cc",
     "a SID is not written back to the same octets"},
    {"policy", policy, false,
     "lib/gssloop/authz/expression.cc lib/gssloop/authz/policy_file.cc "
     "lib/gssloop/authz/policy_check.cc lib/gssloop/authz/toml_check.cc "
     "lib/gssloop/authz/policy_advice.cc lib/gssloop/authz/aliases.cc",
     "a policy with an error is used, an error has no place, toml++ gets a text that could end it, "
     "or an unknown attribute decides a rule"},
    {"policy_folder", policy_folder, false,
     "lib/gssloop/authz/policy_file.cc lib/gssloop/authz/policy_check.cc",
     "a policy is made from a part of its files"},
    {"options", options, false, "plugin/sasl/options.cc plugin/sasl/sasl_utils.cc",
     "a wrong option is ignored, a limit is 0, or an error does not name its option"},
    {"ccache_store", ccache_store, false, "plugin/sasl/ccache_store.cc",
     "two users get one ccache, or a user's name changes the folder"},
    {"kdc_answer", kdc_answer, false, "tools/kerberos/kdc_request.cc", "a failure has no reason"},
    {"dns_answer", dns_answer, false, "tools/kerberos/kdc_exchange.cc",
     "an address is empty or has a port that is none"},
    {"layer_stream", layer_stream, true, "plugin/layer/security_layer.cc",
     "data comes out that the peer did not send, in another order, twice, or after a failure; or "
     "undamaged data does not come out"},
    {"channel", channel, true,
     "tools/trial/protected_channel.cc lib/gssloop/io/frame.cc lib/gssloop/io/channel.cc",
     "a message comes out that the peer did not send at this place"},
    {"server", server, true,
     "plugin/exchange/server_exchange.cc plugin/exchange/server_login.cc plugin/mech/gs2_server.cc "
     "plugin/exchange/exchange.cc lib/gssloop/loop/negotiation.cc lib/gssloop/loop/decide.cc",
     "a login is admitted without COMPLETE, a required flag or a verified header, under another "
     "name than the mechanism's, or a refused one reaches the application"},
    {"client", client, true,
     "plugin/exchange/client_exchange.cc plugin/mech/gs2_client.cc "
     "lib/gssloop/loop/negotiation.cc",
     "a login succeeds without COMPLETE or mutual authentication, or goes on after a failure"},
    {"c_interface", c_interface, true,
     "lib/gssloop/capi/attributes.cc lib/gssloop/capi/common.cc lib/gssloop/capi/context.cc "
     "lib/gssloop/capi/negotiation.cc lib/gssloop/capi/options.cc",
     "a call returns another code than its own, success without a result, or failure with one"},
};

}  // namespace

std::span<const Target> targets() { return kTargets; }

void list() {
  for (const Target& target : kTargets) {
    std::printf("%s %s %s\n", target.name, target.is_slow ? "slow" : "fast", target.code);
  }
}

void prepare() {
  testing::scripted().reset();
  unsetenv("USER");
  unsetenv("USERNAME");
  prepare_kerberos();
}

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "fuzz target: not so: %s\n", what);
  std::abort();
}

}  // namespace gssloop::fuzz
