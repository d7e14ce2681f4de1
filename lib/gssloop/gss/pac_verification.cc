// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/pac_verification.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <memory>
#include <span>
#include <utility>

#include "gssloop/gss/memory_keytab.h"
#include "gssloop/gss/names.h"
#include "gssloop/gss/open_keytab.h"

namespace gssloop::gss {
namespace {

constexpr std::string_view kWholePac = "urn:mspac:";
constexpr std::size_t kMaxPacLen = std::size_t{1} << 20;  // octets, as of other attributes

// The names that MIT krb5 gives to buffers. It names others by their type: "urn:mspac:18".
constexpr struct {
  std::string_view name;
  std::uint32_t type;
} kNamedBuffers[] = {
    {"logon-info", KRB5_PAC_LOGON_INFO},           {"credentials-info", KRB5_PAC_CREDENTIALS_INFO},
    {"server-checksum", KRB5_PAC_SERVER_CHECKSUM}, {"privsvr-checksum", KRB5_PAC_PRIVSVR_CHECKSUM},
    {"client-info", KRB5_PAC_CLIENT_INFO},         {"delegation-info", KRB5_PAC_DELEGATION_INFO},
    {"upn-dns-info", KRB5_PAC_UPN_DNS_INFO},
};

Status unverified(OM_uint32 major, std::string why) {
  return Status::of_check("the PAC is not verified", major, std::move(why));
}

// GSS_S_FAILURE: the PAC may be right or wrong. GSS_S_BAD_SIG: it is wrong. Neither is
// GSS_S_UNAVAILABLE, which says that there may be none.
Status unknown(std::string why) { return unverified(GSS_S_FAILURE, std::move(why)); }
Status wrong(std::string why) { return unverified(GSS_S_BAD_SIG, std::move(why)); }

std::optional<std::uint32_t> type_of(std::string_view attribute) {
  const std::string_view name = attribute.substr(kWholePac.size());
  const auto* named =
      std::ranges::find_if(kNamedBuffers, [&](const auto& it) { return it.name == name; });
  if (named != std::end(kNamedBuffers)) return named->type;
  std::uint32_t type = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), type);
  if (error != std::errc() || end != name.data() + name.size()) return std::nullopt;
  // One number, one name.
  if (std::to_string(type) != name) return std::nullopt;
  return type;
}

// The octets of "urn:mspac:", which the mechanism says are authenticated. That alone is no reason
// to use them.
Result<VerifiedPac> read_whole(gss_name_t source) {
  BufferView name(kWholePac);
  int is_authenticated = 0, is_complete = 0, more = -1;
  Buffer value, display_value;
  OM_uint32 minor = 0;
  const OM_uint32 major =
      gss_get_name_attribute(&minor, source, name.desc(), &is_authenticated, &is_complete,
                             value.out(), display_value.out(), &more);
  if (major != GSS_S_COMPLETE) return Status("gss_get_name_attribute", major, minor, Oid::krb5());
  if (more != 0) return wrong("the ticket has more than one");
  if (is_authenticated == 0) return wrong("the mechanism says that the client asserts it");
  if (value.view().size() > kMaxPacLen) return wrong("it is too long");
  VerifiedPac pac;
  pac.whole = to_bytes(value.view());
  pac.is_complete = is_complete != 0;
  return pac;
}

class Verifier {
 public:
  Verifier(const PacEvidence& evidence, OpenKeytab* keytab)
      : evidence_(evidence),
        keytab_(*keytab),
        context_(keytab->context()),
        client_(context_),
        service_(context_),
        pac_(context_) {}

  // Fills the buffers of `pac`.
  Status verify(VerifiedPac* pac) {
    if (context_.error() != 0) return unknown(context_.text(context_.error()));
    if (Status status = read_client(); !status.is_complete()) return status;
    if (const auto code =
            krb5_pac_parse(context_, pac->whole.data(), pac->whole.size(), pac_.out())) {
      return code == ENOMEM ? unknown(context_.text(code))
                            : wrong("it is malformed: " + context_.text(code));
    }
    krb5_cksumtype type = 0;
    if (Status status = read_signature_type(&type); !status.is_complete()) return status;
    const KeytabKeys& keys = keytab_.keys();
    if (!is_signed_by_known_service(keys, type)) {
      if (Status status = read_service(); !status.is_complete()) return status;
      if (Status status = try_keys(keys, type); !status.is_complete()) return status;
      keytab_.remember_service(service_.get());
    }
    return read_buffers(pac);
  }

 private:
  // read_client and read_service: what the PAC must agree with, of the ticket, as the context knows
  // it.
  Status read_client() {
    OM_uint32 minor = 0;
    const OM_uint32 major =
        gsskrb5_extract_authtime_from_sec_context(&minor, evidence_.context.get(), &authtime_);
    if (major != GSS_S_COMPLETE) {
      return unknown(Status("gsskrb5_extract_authtime_from_sec_context", major, minor).text());
    }
    if (!evidence_.displayed.empty()) return parse(std::string(evidence_.displayed), &client_);
    return parse_displayed(evidence_.source, &client_);
  }
  Status read_service() {
    auto target = inquire_target_name(evidence_.context);
    if (!target) return unknown(target.error().text());
    return parse_displayed(target->get(), &service_);
  }

  Status parse_displayed(gss_name_t name, Krb5Principal* principal) {
    const auto displayed = display(name);
    if (!displayed) return unknown(displayed.error().text());
    return parse(displayed->text, principal);
  }
  Status parse(const std::string& name, Krb5Principal* principal) {
    const krb5_error_code code = krb5_parse_name(context_, name.c_str(), principal->out());
    if (code != 0) return unknown(context_.text(code));
    return {};
  }

  krb5_error_code read_buffer(std::uint32_t type, Bytes* octets) {
    krb5_data data{};
    if (const auto code = krb5_pac_get_buffer(context_, pac_.get(), type, &data)) return code;
    const auto release = [this](krb5_data* read) { krb5_free_data_contents(context_, read); };
    const std::unique_ptr<krb5_data, decltype(release)> owner(&data, release);
    octets->assign(data.data, data.data + data.length);
    return 0;
  }

  Status read_signature_type(krb5_cksumtype* type) {
    Bytes signature;
    const auto code = read_buffer(KRB5_PAC_SERVER_CHECKSUM, &signature);
    if (code == ENOMEM) return unknown(context_.text(code));
    // [MS-PAC] 2.8: 4 octets, little-endian order.
    if (code != 0 || signature.size() < 4) return wrong("it has no server signature");
    std::uint32_t number = 0;
    for (int i = 3; i >= 0; --i) number = number << 8 | signature[static_cast<std::size_t>(i)];
    *type = static_cast<krb5_cksumtype>(number);
    return {};
  }

  bool fits(krb5_enctype key_type, krb5_cksumtype signature_type) {
    unsigned count = 0;
    krb5_cksumtype* types = nullptr;
    if (krb5_c_keyed_checksum_types(context_, key_type, &count, &types) != 0) return false;
    const bool is_there =
        std::ranges::find(std::span(types, count), signature_type) != std::span(types, count).end();
    krb5_free_cksumtypes(context_, types);
    return is_there;
  }

  // A key of the keytab decrypted the ticket. If all its keys are of one service, the ticket is of
  // this service; else it probably is of the service of the last ticket. The name of the ticket's
  // service need not be asked of the context then, which takes as long as all the rest.
  bool is_signed_by_known_service(const KeytabKeys& keys, krb5_cksumtype type) {
    krb5_const_principal service = keys.only_principal();
    if (service == nullptr) service = keytab_.service();
    return service != nullptr &&
           std::ranges::any_of(keys.entries(), [&](const krb5_keytab_entry& entry) {
             return krb5_principal_compare(context_, entry.principal, service) != 0 &&
                    fits(entry.key.enctype, type) && verify_with(entry) == 0;
           });
  }

  Status try_keys(const KeytabKeys& keys, krb5_cksumtype type) {
    for (const krb5_keytab_entry& entry : keys.entries()) {
      if (try_entry(entry, type)) return {};
    }
    if (num_keys_tried_ > 0) return wrong(why_wrong_);
    if (keys.code() != KRB5_KT_END) {
      return unknown(keytab_text() + " cannot be read: " + context_.text(keys.code()));
    }
    return unknown(keytab_text() + " has no key of " + service_text() +
                   " of the type of its signature, " + std::to_string(type));
  }

  krb5_error_code verify_with(const krb5_keytab_entry& entry) {
    return krb5_pac_verify(context_, pac_.get(), authtime_, client_.get(), &entry.key, nullptr);
  }

  // The return code decides, and nothing else.
  bool try_entry(const krb5_keytab_entry& entry, krb5_cksumtype type) {
    if (krb5_principal_compare(context_, entry.principal, service_.get()) == 0) return false;
    if (!fits(entry.key.enctype, type)) return false;
    ++num_keys_tried_;
    const krb5_error_code code = verify_with(entry);
    if (code == 0) return true;
    // A key that verifies the signature says more than a key that does not.
    if (code == KRB5KRB_AP_WRONG_PRINC) {
      why_wrong_ = "it is signed for another client or another authentication time";
    } else if (why_wrong_.empty()) {
      why_wrong_ = "no key of " + service_text() + " in " + keytab_text() +
                   " verifies its signature: " + context_.text(code);
    }
    return false;
  }

  // All or nothing: a buffer that is not here counts as one that the PAC does not have.
  Status read_buffers(VerifiedPac* pac) {
    std::size_t count = 0;
    std::uint32_t* listed = nullptr;
    if (const auto code = krb5_pac_get_types(context_, pac_.get(), &count, &listed)) {
      return unknown(context_.text(code));
    }
    const std::unique_ptr<std::uint32_t, decltype(&std::free)> owner(listed, std::free);
    const std::span types(listed, count);
    for (const std::uint32_t type : types) {
      if (std::ranges::count(types, type) > 1) {
        pac->repeated.insert(type);
        continue;
      }
      if (const auto code = read_buffer(type, &pac->buffers[type])) {
        return unknown(context_.text(code));
      }
    }
    return {};
  }

  std::string service_text() {
    Krb5PrincipalText text(context_);
    if (krb5_unparse_name(context_, service_.get(), text.out()) != 0) return "the service";
    return printable(as_bytes(text.get()));
  }
  std::string keytab_text() const {
    return evidence_.keytab->empty() ? "the default keytab" : "the keytab " + *evidence_.keytab;
  }

  const PacEvidence& evidence_;
  OpenKeytab& keytab_;
  const Krb5Context& context_;
  Krb5Principal client_;
  Krb5Principal service_;
  Krb5Pac pac_;
  krb5_timestamp authtime_ = 0;
  unsigned num_keys_tried_ = 0;
  std::string why_wrong_;
};

// With the open copy of the keytab, if there is one that no other thread uses.
Status verify_with_keys(const PacEvidence& evidence, VerifiedPac* pac) {
  if (evidence.keys != nullptr) {
    const MemoryKeytab::Lease open = evidence.keys->lease();
    if (open != nullptr) return Verifier(evidence, open.get()).verify(pac);
  }
  OpenKeytab keytab(evidence.keys != nullptr ? evidence.keys->name() : *evidence.keytab);
  return Verifier(evidence, &keytab).verify(pac);
}

}  // namespace

bool is_pac_attribute(std::string_view attribute) noexcept {
  return equals_ignoring_case(attribute.substr(0, kWholePac.size()), kWholePac);
}

bool VerifiedPac::is_repeated(std::string_view attribute) const {
  if (!attribute.starts_with(kWholePac)) return false;
  const auto type = type_of(attribute);
  return type && repeated.contains(*type);
}

const Bytes* VerifiedPac::find(std::string_view attribute) const {
  if (!attribute.starts_with(kWholePac)) return nullptr;
  if (attribute == kWholePac) return &whole;
  const auto type = type_of(attribute);
  const auto found = type ? buffers.find(*type) : buffers.end();
  return found == buffers.end() ? nullptr : &found->second;
}

Result<VerifiedPac> verify_pac(const PacEvidence& evidence) {
  if (!evidence.mech.is_kerberos()) return unknown("only Kerberos tickets have a PAC");
  auto pac = read_whole(evidence.source);
  if (!pac) return pac;
  if (!evidence.keytab) {
    return unknown("the keytab of the acceptor's credential is not known");
  }
  Status status = verify_with_keys(evidence, &*pac);
  if (!status.is_complete()) return status;
  return pac;
}

}  // namespace gssloop::gss
