// SPDX-License-Identifier: BSD-2-Clause
// The methods of Realm that fill ticket caches, by libkrb5 in this process.
#include <filesystem>

#include "tests/kdc/krb5_handles.h"
#include "tests/kdc/realm.h"

namespace gssloop::testing {
namespace {

// A cache in a folder has a name of its own: "DIR:folder" becomes "DIR::folder/tkt-user".
std::string cache_name(const std::string& name, const std::string& user) {
  if (name.rfind("DIR:", 0) != 0 || name.rfind("DIR::", 0) == 0) return name;
  const std::string folder = name.substr(4);
  std::filesystem::create_directories(folder);
  std::filesystem::permissions(folder, std::filesystem::perms::owner_all);
  return "DIR::" + folder + "/tkt-" + user;
}

void set_options(const Krb5Context& context, const TicketRequest& request,
                 krb5_get_init_creds_opt* options) {
  krb5_get_init_creds_opt_set_forwardable(options, request.forwardable ? 1 : 0);
  if (request.anonymous) krb5_get_init_creds_opt_set_anonymous(options, 1);
  if (request.lifetime.count() > 0) {
    krb5_get_init_creds_opt_set_tkt_life(options,
                                         static_cast<krb5_deltat>(request.lifetime.count()));
  }
  if (request.request_pac) {
    context.check(krb5_get_init_creds_opt_set_pac_request(context, options, *request.request_pac),
                  "asking for or against a PAC");
  }
  if (!request.pkinit_identity.empty()) {
    context.check(krb5_get_init_creds_opt_set_pa(context, options, "X509_user_identity",
                                                 request.pkinit_identity.c_str()),
                  "PKINIT identity " + request.pkinit_identity);
  }
  if (!request.armor_ccache.empty()) {
    context.check(krb5_get_init_creds_opt_set_fast_ccache_name(context, options,
                                                               request.armor_ccache.c_str()),
                  "FAST armor " + request.armor_ccache);
  }
}

void make_client(const Krb5Context& context, const TicketRequest& request, const std::string& realm,
                 krb5_principal* client) {
  if (!request.anonymous) {
    context.check(krb5_parse_name(context, request.user.c_str(), client), request.user);
    return;
  }
  context.check(
      krb5_build_principal(context, client, static_cast<unsigned>(realm.size()), realm.c_str(),
                           KRB5_WELLKNOWN_NAMESTR, KRB5_ANONYMOUS_PRINCSTR, nullptr),
      "anonymous principal");
  (*client)->type = KRB5_NT_WELLKNOWN;
}

}  // namespace

void Realm::kinit(const TicketRequest& request) const {
  const Krb5Context context(krb5_conf());
  Krb5Principal client(context);
  make_client(context, request, name(), client.out());
  Krb5InitCredsOpt options(context);
  context.check(krb5_get_init_creds_opt_alloc(context, options.out()), "kinit");
  set_options(context, request, options.get());
  const std::string wanted =
      cache_name(request.ccache.empty() ? default_ccache() : request.ccache, request.user);
  Krb5Ccache ccache(context);
  context.check(krb5_cc_resolve(context, wanted.c_str(), ccache.out()), "ccache " + wanted);
  context.check(krb5_get_init_creds_opt_set_out_ccache(context, options.get(), ccache.get()),
                "ccache " + wanted);
  const char* password = request.password.empty() ? nullptr : request.password.c_str();
  krb5_creds creds{};
  const krb5_error_code code = krb5_get_init_creds_password(
      context, &creds, client.get(), password, nullptr, nullptr, 0, nullptr, options.get());
  krb5_free_cred_contents(context, &creds);
  context.check(code, "kinit " + (request.anonymous ? "-n" : request.user));
  if (wanted.rfind("DIR:", 0) == 0) {
    context.check(krb5_cc_switch(context, ccache.get()), "primary ccache " + wanted);
  }
}

void Realm::copy_with_clock_offset(const std::string& from, const std::string& to,
                                   std::chrono::seconds offset) const {
  const Krb5Context context(krb5_conf());
  Krb5Ccache source(context);
  Krb5Ccache target(context);
  Krb5Principal client(context);
  context.check(krb5_cc_resolve(context, from.c_str(), source.out()), "ccache " + from);
  context.check(krb5_cc_get_principal(context, source.get(), client.out()), "ccache " + from);
  // krb5_cc_initialize writes the context's offset into the head of a FILE cache, and a program
  // that opens the cache takes it over; so it must be set after the source was opened.
  krb5_timestamp now = 0;
  context.check(krb5_timeofday(context, &now), "clock");
  context.check(krb5_set_real_time(context, now + static_cast<krb5_timestamp>(offset.count()), 0),
                "clock");
  context.check(krb5_cc_resolve(context, to.c_str(), target.out()), "ccache " + to);
  context.check(krb5_cc_initialize(context, target.get(), client.get()), "ccache " + to);
  context.check(krb5_cc_copy_creds(context, source.get(), target.get()), "ccache " + to);
}

}  // namespace gssloop::testing
