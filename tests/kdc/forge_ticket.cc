// SPDX-License-Identifier: BSD-2-Clause
// forge_ticket makes a service ticket with the service's key. See kUsage.
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

#include "tests/kdc/forge.h"
#include "tests/support/arguments.h"
#include "tests/support/pac_buffers.h"

namespace gssloop::testing {
namespace {

constexpr char kUsage[] =
    R"(Usage: forge_ticket [OPTION...] CCACHE

Replaces CCACHE by one that holds a ticket for a service, made with the key of the service in the
default keytab, as a stolen keytab allows. No KDC takes part. Works inside of with_kdc.

)";
constexpr char kNotes[] = R"(
A SIGNATURE is good, bad (of another key), missing (indicators without a CAMMAC), or no-verifier (a
CAMMAC without a signature).
)";

struct Settings {
  std::string ccache;
  std::string client = "alice";
  std::string realm = "EXAMPLE.COM";
  std::string service = "imap/localhost";
  std::string pac, pac_client, logon_info;
  std::vector<std::string> groups;
  bool has_short_logon_info = false, has_other_authtime = false, has_second_logon_info = false;
  std::vector<std::string> indicators;
  std::string indicators_signature = "good";
};

CommandLine command_line(Settings* settings) {
  Settings& it = *settings;
  return {
      kUsage,
      {{"--client NAME", &it.client, "the client's name, one component (alice)"},
       {"--realm NAME", &it.realm, "the client's realm (EXAMPLE.COM)"},
       {"--service NAME", &it.service, "the service (imap/localhost)"},
       {"--pac SIGNATURE", &it.pac, "a PAC, with groups S-1-5-21-1-2-3-513 and those of --group"},
       {"--group RID", &it.groups, "a group of the PAC; may be repeated"},
       {"--pac-client NAME", &it.pac_client, "the PAC is for another client"},
       {"--pac-of-another-time", &it.has_other_authtime, "the PAC is for an older ticket"},
       {"--short-logon-info", &it.has_short_logon_info, "the PAC's groups are cut short"},
       {"--second-logon-info", &it.has_second_logon_info, "the PAC has the buffer twice"},
       {"--indicator TEXT", &it.indicators, "a value of auth-indicators; may be repeated"},
       {"--indicators SIGNATURE", &it.indicators_signature, "who signed them (good)"},
       {"CCACHE", &it.ccache}},
      kNotes};
}

Signature signature(const std::string& name) {
  const std::map<std::string, Signature> names = {{"good", Signature::kGood},
                                                  {"bad", Signature::kBad},
                                                  {"missing", Signature::kMissing},
                                                  {"no-verifier", Signature::kNoVerifier}};
  const auto found = names.find(name);
  if (found == names.end()) throw RealmError("unknown signature " + name);
  return found->second;
}

ForgedTicket ticket(const Settings& settings) {
  ForgedTicket made;
  made.client = {.components = {settings.client}, .realm = settings.realm};
  made.service = settings.service;
  if (!settings.indicators.empty()) made.indicators = settings.indicators;
  made.indicators_signature = signature(settings.indicators_signature);
  if (settings.pac.empty()) return made;
  made.pac = signature(settings.pac);
  PacLogonInfo info;
  for (const std::string& rid : settings.groups) {
    info.groups.push_back({static_cast<std::uint32_t>(std::stoul(rid))});
  }
  made.logon_info = logon_info(info).octets;
  if (settings.has_second_logon_info) made.pac_variation.second_logon_info = made.logon_info;
  if (settings.has_short_logon_info) made.logon_info.resize(made.logon_info.size() / 2);
  if (!settings.pac_client.empty()) made.pac_variation.client = {settings.pac_client};
  if (settings.has_other_authtime) made.pac_variation.authtime_offset = std::chrono::hours(-1);
  return made;
}

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr) throw RealmError(std::string(name) + " is not set");
  return value;
}

}  // namespace
}  // namespace gssloop::testing

int main(int argc, char** argv) {
  using namespace gssloop::testing;
  Settings settings;
  return run_program(argc, argv, command_line(&settings), [&] {
    forge_ticket(RealmFiles{variable("KRB5_CONFIG"), variable("KRB5_KTNAME")}, ticket(settings),
                 settings.ccache);
    return 0;
  });
}
