// SPDX-License-Identifier: BSD-2-Clause

// Fails the Nth GSS-API call of the library, for every N, in everything that the library does. Each
// thing done must come out as it does without the fault, or fail: a wrong result is neither. What
// the scripted mechanism handed out must be given back, after each failure.

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "gssloop/gss/attributes.h"
#include "gssloop/gss/interposer.h"
#include "gssloop/gss/mechanisms.h"
#include "tests/fault/faults.h"
#include "tests/spec/exchange.h"

namespace gssloop::testing {
namespace {

using gss::Protection;
using loop::EstablishedContext;

// What was done, and what came out: kFailed, or a text that is the same each time.
using Results = std::map<std::string, std::string>;
const std::string kFailed = "failed";

template <class T>
std::string done_or_failed(const T& result) {
  return result ? "done" : kFailed;
}

Script script_of_everything() {
  Script script;
  script.initiator = {go_on("hello"), complete("last")};
  script.acceptor = {go_on("one"), complete()};
  script.credentials.delegated = NameSpec{"alice@EXAMPLE.COM"};
  for (const char* name : {"a", "b"}) {
    Attribute attribute;
    attribute.name = name;
    for (const char* text : {"1", "2", "3"}) attribute.values.emplace_back().value = text;
    script.attributes.push_back(attribute);
  }
  // So that falling back is not seen as a wrong result.
  script.names.display_ext = {GSS_S_COMPLETE, 0};
  script.names.display_ext_text = "alice@EXAMPLE.COM";
  script.names.localname = "alice";
  script.per_message.has_iov = true;
  script.inquiry.sasl_ssf = {std::string("\0\0\1\0", 4)};
  script.minor_texts[7] = {"one text", "another"};
  return script;
}

std::string text_of(const gssloop::Attribute& attribute) {
  std::string text = attribute.is_complete ? "complete" : "incomplete";
  if (attribute.authenticated() == nullptr) return text + ", asserted";
  for (const auto& value : *attribute.authenticated()) text += " " + std::string(value.text());
  return text;
}

void use_attributes(gss_name_t name, const std::string& whose, Results* results) {
  const auto info = gss::inquire(name);
  (*results)[whose + " inquired"] =
      info ? std::to_string(info->attributes.size()) + (info->is_mn ? " MN" : "") : kFailed;
  const auto attributes = gss::get_all(name);
  (*results)[whose + " read"] = done_or_failed(attributes);
  if (!attributes) return;
  for (const auto& it : attributes->readable) (*results)[whose + " " + it.name] = text_of(it);
  for (const auto& it : attributes->unreadable) (*results)[whose + " " + it.name] = kFailed;
}

void use_name(gss_name_t name, Results* results) {
  const auto shown = gss::display(name);
  (*results)["display"] = shown ? shown->text : kFailed;
  const auto shown_as = gss::display_as(name, gss::NameForm::kUser);
  (*results)["display_as"] = shown_as ? *shown_as : kFailed;
  const auto local = gss::local_name(name, scripted_mech());
  (*results)["local name"] = local ? *local : kFailed;
  use_attributes(name, "source", results);
  // Fails by itself, so that a text is asked for.
  const auto unknown = gss::get(name, "no source has it");
  (*results)["unknown attribute"] =
      !unknown && unknown.error().routine_error() == GSS_S_UNAVAILABLE ? "unavailable" : kFailed;
  (*results)["canonical"] = done_or_failed(gss::canonicalize(name, scripted_mech()));
  const auto copy = gss::duplicate(name);
  (*results)["duplicate"] = done_or_failed(copy);
  const auto token = gss::export_composite(name);
  (*results)["export"] = token ? std::to_string(token->size()) : kFailed;
  if (token) {
    const auto imported = gss::import_trusted_composite(*token);
    (*results)["import"] = done_or_failed(imported);
    if (imported) use_attributes(imported->get(), "imported", results);
  }
  if (!copy) return;
  const Bytes value = to_bytes(as_bytes("new"));
  (*results)["add"] =
      gss::add_values(copy->get(), "c", false, {value}).is_complete() ? "done" : kFailed;
  (*results)["replace"] =
      gss::replace_values(copy->get(), "a", false, {value, value}).is_complete() ? "done" : kFailed;
  (*results)["remove"] =
      gss::remove(copy->get(), "b") == gss::Deletion::kDeleted ? "done" : kFailed;
}

// Not through wrap and unwrap, which other mechanisms' messages go through.
bool use_messages_in_place(EstablishedContext& from, EstablishedContext& to, Results* results) {
  for (const Protection protection : {Protection::kIntegrity, Protection::kConfidentiality}) {
    const std::string which = protection == Protection::kIntegrity ? "integrity" : "encryption";
    const ByteView parts[] = {as_bytes("mes"), as_bytes("sage")};
    Bytes buffer = to_bytes(as_bytes("before"));
    const auto len = from.wrap_into(protection, parts, 4, &buffer);
    (*results)["wrap_into " + which] = len ? std::to_string(*len) : kFailed;
    EXPECT_EQ(as_text(ByteView(buffer).first(4)), "befo");
    if (!len) {
      EXPECT_EQ(to_string(buffer).find("sage"), std::string::npos);
      return false;
    }
    const auto message = to.unwrap_in_place(protection, std::span(buffer).subspan(4, *len));
    (*results)["unwrap_in_place " + which] = message ? to_string(*message) : kFailed;
    if (!message) return false;
  }
  return true;
}

void use_messages(EstablishedContext& from, EstablishedContext& to, Results* results) {
  if (!use_messages_in_place(from, to, results)) return;
  for (const Protection protection : {Protection::kIntegrity, Protection::kConfidentiality}) {
    const std::string which = protection == Protection::kIntegrity ? "integrity" : "encryption";
    const auto token = from.wrap(protection, as_bytes("message"));
    (*results)["wrap " + which] = done_or_failed(token);
    if (!token) return;
    const auto message = to.unwrap(protection, token->view());
    (*results)["unwrap " + which] = message ? to_string(message->view()) : kFailed;
    if (!message) return;  // the numbers of the messages after it are out of step
  }
  const auto mic = from.get_mic(as_bytes("message"));
  (*results)["get_mic"] = done_or_failed(mic);
  if (mic) {
    (*results)["verify_mic"] =
        to.verify_mic(as_bytes("message"), mic->view()).is_complete() ? "done" : kFailed;
  }
  const auto limit = from.wrap_size_limit(Protection::kIntegrity, 1000);
  (*results)["wrap_size_limit"] = limit ? std::to_string(*limit) : kFailed;
}

void use_context(EstablishedContext& context, const std::string& whose, Results* results) {
  (*results)[whose + " flags"] = to_string(context.flags());
  (*results)[whose + " source name"] = done_or_failed(context.source_name());
  (*results)[whose + " target name"] = done_or_failed(context.target_name());
  const auto ssf = context.confidentiality_ssf();
  (*results)[whose + " strength"] = ssf && *ssf ? std::to_string(**ssf) : kFailed;
  const loop::Row& row = context.on_token(as_bytes("extra"));
  (*results)[whose + " extra token"] = row.fault == Fault::kNone ? "kept" : kFailed;
  EXPECT_EQ(context.is_usable(), row.fault == Fault::kNone);
}

void use_registry(Results* results) {
  const auto registry = gss::MechanismRegistry::indicate();
  (*results)["registry"] = done_or_failed(registry);
  if (!registry) return;
  const gss::Mechanism* const mech = registry->find(scripted_mech());
  if (mech == nullptr) {
    (*results)["mechanism"] = kFailed;
    return;
  }
  const bool is_eligible = mech->is_concrete && mech->authenticates_initiator &&
                           mech->authenticates_target && mech->binds_channels && mech->is_framed &&
                           !mech->sasl_name.empty();
  (*results)["declared"] = gss::declared_attributes(scripted_mech()).empty() ? kFailed : "some";
  (*results)["mechanism"] = is_eligible && !mech->is_negotiation ? "eligible" : kFailed;
}

void use_credential(gss_cred_id_t credential, Results* results) {
  auto copy = gss::duplicate(credential);
  (*results)["credential copied"] = done_or_failed(copy);
  const auto done = [](const gss::Status& status) {
    return status.is_complete() ? "done" : kFailed;
  };
  (*results)["credential usable"] = done(gss::check_usable(credential, scripted_mech()));
  const auto name = gss::credential_name(credential);
  (*results)["credential named"] = done_or_failed(name);
  (*results)["credential held here"] = gss::is_held_here(credential) ? kFailed : "not known";
  (*results)["credential stored"] = done(gss::store(credential, "FILE:/somewhere"));
  if (!copy) return;
  (*results)["protection suppressed"] = done(gss::suppress_default_protection(&*copy));
  (*results)["negotiation restricted"] = done(gss::restrict_negotiation(&*copy, scripted_mech()));
}

void negotiate(const gss::Credential& initiating, const gss::Credential& accepting,
               gss::Name target, Results* results) {
  gss::InitiatorInput input;
  input.credential = initiating.get();
  input.target = std::move(target);
  input.mech = scripted_mech();
  input.request = Flag::kMutual | Flag::kConf | Flag::kInteg;
  input.bindings.emplace(to_bytes(as_bytes("bindings")));
  gss::AcceptorInput accepted;
  accepted.credential = accepting.get();
  accepted.bindings = input.bindings;
  loop::Initiator initiator(std::move(input), Flag::kMutual);
  loop::Acceptor acceptor(std::move(accepted), Flag::kMutual | Flag::kChannelBound);
  Talk said = talk(initiator, acceptor);
  (*results)["initiator"] = done_or_failed(said.initiator);
  (*results)["acceptor"] = done_or_failed(said.acceptor);
  EXPECT_FALSE(said.failure && said.initiator && said.acceptor);
  if (!said.initiator || !said.acceptor) return;
  (*results)["delegated"] = said.acceptor->delegated() != nullptr ? "done" : kFailed;
  use_name(said.acceptor->source(), results);
  use_messages(*said.initiator, *said.acceptor, results);
  use_context(*said.initiator, "initiator", results);
  use_context(*said.acceptor, "acceptor", results);
}

// Everything that the library does, once.
Results run_everything() {
  scripted().play(script_of_everything());
  Results results;
  use_registry(&results);
  // After a failure the interposer may be there.
  results["interposer"] = gss::is_behind_gss_proxy() ? kFailed : "none";
  auto target = gss::import_name(kService, gss::NameForm::kHostbasedService);
  results["target"] = done_or_failed(target);
  auto user = gss::import_name("alice", gss::NameForm::kUser);
  results["user"] = done_or_failed(user);
  if (!target || !user) return results;
  const auto by_password =
      gss::acquire_with_password(user->get(), scripted_mech(), Secret(as_bytes("password")));
  results["password"] = done_or_failed(by_password);
  const auto by_keytab = gss::acquire_acceptor(GSS_C_NO_NAME, scripted_mech(), "FILE:/keytab");
  results["keytab"] = done_or_failed(by_keytab);
  const auto initiating = gss::acquire_initiator(GSS_C_NO_NAME, scripted_mech());
  results["initiating credential"] = done_or_failed(initiating);
  const auto accepting = gss::acquire_acceptor(GSS_C_NO_NAME, scripted_mech(), "");
  results["accepting credential"] = done_or_failed(accepting);
  if (!initiating || !accepting) return results;
  use_credential(initiating->get(), &results);
  results["credential inquired"] = done_or_failed(gss::remaining_lifetime(initiating->get()));
  negotiate(*initiating, *accepting, *std::move(target), &results);
  return results;
}

// Calls whose failure need not cost anything: a text is shorter, a second way is taken, a mechanism
// counts as one without the attribute, the context is asked in place of the status, a credential is
// not known to be in this process.
const std::set<std::string> kForgivable = {
    "gss_display_mech_attr",     "gss_display_status",         "gss_display_name_ext",
    "gss_process_context_token", "gss_inquire_attrs_for_mech", "gss_inquire_saslname_for_mech",
    "gss_inquire_cred_by_oid"};

// With these statuses, a call says what need not be a failure.
const std::set<std::pair<std::string, OM_uint32>> kAnswers = {
    // It was to be continued anyway.
    {"gss_init_sec_context", GSS_S_CONTINUE_NEEDED},
    {"gss_accept_sec_context", GSS_S_CONTINUE_NEEDED},
    // The mechanism does not have it, or the name has no such attribute.
    {"gss_inquire_names_for_mech", GSS_S_BAD_MECH},
    {"gss_inquire_name", GSS_S_UNAVAILABLE},
    {"gss_get_name_attribute", GSS_S_UNAVAILABLE},
    {"gss_delete_name_attribute", GSS_S_UNAVAILABLE},
    {"gss_wrap_iov_length", GSS_S_UNAVAILABLE},
    {"gss_unwrap_iov", GSS_S_UNAVAILABLE},
    // Success is all the result.
    {"gss_delete_name_attribute", GSS_S_COMPLETE},
    {"gss_set_cred_option", GSS_S_COMPLETE},
    {"gss_set_name_attribute", GSS_S_COMPLETE},
    {"gss_set_neg_mechs", GSS_S_COMPLETE},
    {"gss_verify_mic", GSS_S_COMPLETE},
    // Nothing is a result, too: no attributes, an unknown target, an empty message, no lifetime, a
    // limit of 0.
    {"gss_inquire_context", GSS_S_COMPLETE},
    {"gss_inquire_cred", GSS_S_COMPLETE},
    {"gss_inquire_name", GSS_S_COMPLETE},
    {"gss_unwrap", GSS_S_COMPLETE},
    {"gss_unwrap_iov", GSS_S_COMPLETE},
    {"gss_wrap_size_limit", GSS_S_COMPLETE},
};
bool is_answer() { return kAnswers.count({faults().struck(), faults().major()}) == 1; }

// What such an answer makes of a result: no attributes, an empty message, a limit of 0.
bool is_nothing(const std::string& result) { return result.empty() || result == "0"; }

void expect_same_or_failed(const Results& results, const Results& baseline) {
  bool has_failed = false;
  for (const auto& [what, result] : baseline) {
    const auto found = results.find(what);
    if (found == results.end()) {
      has_failed = true;  // ended before it
      continue;
    }
    if (found->second == result) continue;
    EXPECT_TRUE(found->second == kFailed || (is_answer() && is_nothing(found->second)))
        << what << ": " << found->second;
    has_failed = true;
  }
  for (const auto& [what, result] : results) EXPECT_EQ(baseline.count(what), 1U) << what;
  const std::string& struck = faults().struck();
  EXPECT_TRUE(has_failed || kForgivable.count(struck) == 1 || is_answer())
      << "no error for " << struck;
  if (is_answer()) return;
  EXPECT_FALSE(struck == "gss_init_sec_context" && results.at("initiator") == "done");
  EXPECT_FALSE(struck == "gss_accept_sec_context" && results.at("acceptor") == "done");
}

// Fails call after call until there is none left, and demands that each function was struck.
void fail_each_call(OM_uint32 major, Way way, const Results& baseline,
                    const std::set<std::string>& functions) {
  std::set<std::string> struck;
  for (unsigned number = 1;; ++number) {
    faults().arm(number, major, way);
    const Results results = run_everything();
    const std::string function = faults().struck();
    if (function.empty()) break;
    struck.insert(function);
    SCOPED_TRACE(function + ", call " + std::to_string(number) + ", major " +
                 std::to_string(major) + (way == Way::kAfterwards ? ", afterwards" : ""));
    expect_same_or_failed(results, baseline);
    EXPECT_EQ(scripted().live(), Live{});
    EXPECT_EQ(scripted().record().stale_handles, 0U);
    if (::testing::Test::HasFailure()) return;
  }
  std::vector<std::string> missed;
  std::ranges::set_difference(functions, struck, std::back_inserter(missed));
  EXPECT_EQ(missed, std::vector<std::string>());
}

// Every gss_* function that gssloop/gss calls, by its sources, but for those that release: so that
// a call which is new there is missed here.
std::set<std::string> calls_in_sources() {
  const char* const root = std::getenv("GSSLOOP_SRCDIR");
  if (root == nullptr) return {"GSSLOOP_SRCDIR is not set"};
  static const std::regex kCall("\\b(gss_[a-z_]+)\\(");
  std::set<std::string> calls;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(root) / "lib/gssloop/gss")) {
    std::ostringstream out;
    out << std::ifstream(entry.path()).rdbuf();
    const std::string text = out.str();
    for (std::sregex_iterator it(text.begin(), text.end(), kCall), end; it != end; ++it) {
      const std::string call = (*it)[1];
      if (call.rfind("gss_release_", 0) != 0 && call != "gss_delete_sec_context") {
        calls.insert(call);
      }
    }
  }
  return calls;
}

class GssFault : public LoopSpec {
 protected:
  void TearDown() override {
    faults().arm(0, GSS_S_COMPLETE, Way::kInstead);
    LoopSpec::TearDown();
  }
};

TEST_F(GssFault, WithoutAFaultEverythingWorks) {
  SPEC("L41 N14");
  faults().arm(0, GSS_S_COMPLETE, Way::kInstead);
  for (const auto& [what, result] : run_everything()) {
    EXPECT_NE(result, kFailed) << what;
  }
  EXPECT_GT(faults().num_calls(), 70U);
}

TEST_F(GssFault, EachFailedCallFailsCleanlyAndLeavesNothing) {
  SPEC("L10 L24 L40 L41 N14");
  faults().arm(0, GSS_S_COMPLETE, Way::kInstead);
  const Results baseline = run_everything();
  const std::set<std::string> all = calls_in_sources();
  for (const OM_uint32 major : kStatuses) {
    for (const Way way : {Way::kInstead, Way::kAfterwards}) {
      fail_each_call(major, way, baseline, all);
      if (HasFailure()) return;
    }
  }
}

TEST_F(GssFault, ASuccessWithoutOutputsIsNoSuccess) {
  SPEC("L10 L41 N14");
  faults().arm(0, GSS_S_COMPLETE, Way::kInstead);
  const Results baseline = run_everything();
  fail_each_call(GSS_S_COMPLETE, Way::kInstead, baseline, calls_in_sources());
}

}  // namespace
}  // namespace gssloop::testing
