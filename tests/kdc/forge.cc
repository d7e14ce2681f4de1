// SPDX-License-Identifier: BSD-2-Clause
#include "tests/kdc/forge.h"

#include <cstdlib>

#include "tests/kdc/der.h"
#include "tests/kdc/forge_pac.h"
#include "tests/kdc/krb5_handles.h"

// libkrb5 exports these two for the KDC, without a public declaration.
extern "C" krb5_error_code krb5_encrypt_tkt_part(krb5_context, const krb5_keyblock*, krb5_ticket*);
extern "C" krb5_error_code encode_krb5_ticket(const krb5_ticket*, krb5_data**);

namespace gssloop::testing {
namespace {

constexpr krb5_keyusage kCammacKeyUsage = 64;       // RFC 7751 3
constexpr krb5_authdatatype kAdCammac = 96;         // RFC 7751
constexpr krb5_authdatatype kAdAuthIndicator = 97;  // RFC 8129
constexpr krb5_cksumtype kCksumGss = 0x8003;        // RFC 4121 4.1.1
constexpr krb5_octet kTransitedCompressed = 1;      // RFC 4120 3.3.3.2

krb5_data as_data(const std::string& text) {
  return {KV5M_DATA, static_cast<unsigned>(text.size()), const_cast<char*>(text.data())};
}

krb5_authdata as_authdata(krb5_authdatatype type, const std::string& content) {
  return {KV5M_AUTHDATA, type, static_cast<unsigned>(content.size()),
          reinterpret_cast<krb5_octet*>(const_cast<char*>(content.data()))};
}

class Key {
 public:
  explicit Key(krb5_context context) : context_(context) {}
  ~Key() { krb5_free_keyblock_contents(context_, &block); }
  Key(const Key&) = delete;
  Key& operator=(const Key&) = delete;

  void randomize(const Krb5Context& context, krb5_enctype enctype) {
    context.check(krb5_c_make_random_key(context, enctype, &block), "random key");
  }

  krb5_keyblock block{};

 private:
  krb5_context context_;
};

// Authorization data of one element, in the encoding of RFC 4120 5.2.6.
std::string contained(const Krb5Context& context, krb5_authdatatype type,
                      const std::string& content) {
  krb5_authdata element = as_authdata(type, content);
  krb5_authdata* list[] = {&element, nullptr};
  krb5_authdata** container = nullptr;
  context.check(
      krb5_encode_authdata_container(context, KRB5_AUTHDATA_IF_RELEVANT, list, &container),
      "authorization data");
  const std::string encoded(reinterpret_cast<char*>(container[0]->contents), container[0]->length);
  krb5_free_authdata(context, container);
  return encoded;
}

class Forger {
 public:
  Forger(const RealmFiles& realm, const ForgedTicket& ticket)
      : realm_(realm),
        ticket_(ticket),
        context_(realm.krb5_conf),
        client_(context_),
        service_(context_),
        service_key_(context_),
        other_key_(context_),
        session_key_(context_) {}

  std::vector<std::string> forge_into(const std::string& ccache) {
    make_principals();
    load_keys();
    make_times();
    store(ccache, encrypted_ticket());
    return std::move(pacs_);
  }

 private:
  void make_principals() {
    make_principal(ticket_.client.components, client_.out());
    context_.check(krb5_parse_name(context_, ticket_.service.c_str(), service_.out()),
                   "service " + ticket_.service);
  }

  void make_principal(const std::vector<std::string>& components, krb5_principal* made) {
    krb5_principal_data client{};
    std::vector<krb5_data> parts;
    for (const std::string& component : components) parts.push_back(as_data(component));
    client.magic = KV5M_PRINCIPAL;
    client.realm = as_data(ticket_.client.realm);
    client.data = parts.data();
    client.length = static_cast<krb5_int32>(parts.size());
    client.type = ticket_.client.name_type;
    context_.check(krb5_copy_principal(context_, &client, made), "client name");
  }

  void load_keys() {
    const std::string name = ticket_.keytab.empty() ? realm_.keytab : ticket_.keytab;
    Krb5Keytab keytab(context_);
    krb5_keytab_entry entry{};
    context_.check(krb5_kt_resolve(context_, name.c_str(), keytab.out()), "keytab " + name);
    context_.check(krb5_kt_get_entry(context_, keytab.get(), service_.get(), ticket_.kvno,
                                     ticket_.enctype, &entry),
                   "key of " + ticket_.service + " in " + name);
    kvno_ = entry.vno;
    const krb5_error_code code =
        krb5_copy_keyblock_contents(context_, &entry.key, &service_key_.block);
    krb5_free_keytab_entry_contents(context_, &entry);
    context_.check(code, "key of " + ticket_.service);
    other_key_.randomize(context_, service_key_.block.enctype);
    session_key_.randomize(context_, service_key_.block.enctype);
  }

  void make_times() {
    krb5_timestamp now = 0;
    context_.check(krb5_timeofday(context_, &now), "clock");
    times_.authtime = now + static_cast<krb5_timestamp>(ticket_.start.count());
    times_.starttime = times_.authtime;
    times_.endtime = now + static_cast<krb5_timestamp>(ticket_.end.count());
  }

  const krb5_keyblock* signing_key(Signature signature) const {
    return signature == Signature::kGood ? &service_key_.block : &other_key_.block;
  }

  // One PAC in its containers.
  std::string pac(Signature signature, const std::string& logon_info) {
    const PacVariation& variation = ticket_.pac_variation;
    Krb5Principal other(context_);
    PacContent content{.client = client_.get(),
                       .authtime = times_.authtime +
                                   static_cast<krb5_timestamp>(variation.authtime_offset.count()),
                       .buffers = ticket_.pac_buffers,
                       .server_key = signing_key(signature),
                       .kdc_key = &other_key_.block};
    if (!variation.client.empty()) {
      make_principal(variation.client, other.out());
      content.client = other.get();
    }
    if (!logon_info.empty()) content.buffers[KRB5_PAC_LOGON_INFO] = logon_info;
    std::string octets = signed_pac(context_, content);
    if (!variation.rodc_identifier.empty()) {
      octets = with_rodc_identifier(context_, octets, content, variation.rodc_identifier);
    }
    if (!variation.second_logon_info.empty()) {
      octets = with_second_buffer(context_, octets, content, KRB5_PAC_LOGON_INFO,
                                  variation.second_logon_info);
    }
    pacs_.push_back(octets);
    krb5_authdatatype type = KRB5_AUTHDATA_WIN2K_PAC;
    for (int i = 0; i < variation.num_containers; ++i) {
      octets = contained(context_, type, octets);
      type = KRB5_AUTHDATA_IF_RELEVANT;
    }
    return octets;
  }

  std::vector<std::string> pacs() {
    std::vector<std::string> all;
    if (ticket_.pac) all.push_back(pac(*ticket_.pac, ticket_.logon_info));
    for (const FurtherPac& it : ticket_.further_pacs) {
      all.push_back(pac(it.signature, it.logon_info));
    }
    return all;
  }

  std::string indicators() {
    std::string strings;
    for (const std::string& value : *ticket_.indicators) strings += der(kDerUtf8String, value);
    const std::string elements = contained(context_, kAdAuthIndicator, der(kDerSequence, strings));
    return ticket_.indicators_signature == Signature::kMissing ? elements : cammac(elements);
  }

  // AD-CAMMAC of RFC 7751 3, with a service verifier alone.
  std::string cammac(const std::string& elements) {
    std::string fields = der_explicit(0, elements);
    if (ticket_.indicators_signature != Signature::kNoVerifier) {
      fields += der_explicit(2, verifier(elements));
    }
    return contained(context_, kAdCammac, der(kDerSequence, fields));
  }

  // Verifier-MAC: kvno [1], enctype [2], mac [3].
  std::string verifier(const std::string& elements) {
    const krb5_keyblock* key = signing_key(ticket_.indicators_signature);
    const krb5_data input = as_data(elements);
    krb5_checksum sum{};
    context_.check(krb5_c_make_checksum(context_, 0, key, kCammacKeyUsage, &input, &sum), "CAMMAC");
    const std::string octets(reinterpret_cast<char*>(sum.contents), sum.length);
    const std::string mac = der(kDerSequence, der_explicit(0, der_integer(sum.checksum_type)) +
                                                  der_explicit(1, der(kDerOctetString, octets)));
    krb5_free_checksum_contents(context_, &sum);
    return der(kDerSequence, der_explicit(1, der_integer(static_cast<std::int32_t>(kvno_))) +
                                 der_explicit(2, der_integer(key->enctype)) + der_explicit(3, mac));
  }

  std::string encrypted_ticket() {
    const std::vector<std::string> pac_data = pacs();
    const std::string indicator_data = ticket_.indicators ? indicators() : "";
    std::vector<krb5_authdata> pac_elements;
    for (const std::string& it : pac_data) {
      pac_elements.push_back(as_authdata(KRB5_AUTHDATA_IF_RELEVANT, it));
    }
    krb5_authdata indicator_element = as_authdata(KRB5_AUTHDATA_IF_RELEVANT, indicator_data);
    std::vector<krb5_authdata*> authdata;
    if (ticket_.indicators) authdata.push_back(&indicator_element);
    for (krb5_authdata& element : pac_elements) authdata.push_back(&element);
    authdata.push_back(nullptr);
    krb5_enc_tkt_part part{};
    part.flags = TKT_FLG_INITIAL | TKT_FLG_PRE_AUTH | TKT_FLG_TRANSIT_POLICY_CHECKED;
    part.session = &session_key_.block;
    part.client = client_.get();
    part.transited.tr_type = kTransitedCompressed;
    part.times = times_;
    if (authdata.size() > 1) part.authorization_data = authdata.data();
    krb5_ticket ticket{};
    ticket.server = service_.get();
    ticket.enc_part2 = &part;
    return sealed(&ticket);
  }

  std::string sealed(krb5_ticket* ticket) {
    context_.check(krb5_encrypt_tkt_part(context_, &service_key_.block, ticket), "ticket");
    ticket->enc_part.kvno = kvno_;
    Krb5Data encoded(context_);
    const krb5_error_code code = encode_krb5_ticket(ticket, encoded.out());
    krb5_free_data_contents(context_, &ticket->enc_part.ciphertext);
    context_.check(code, "ticket");
    return std::string(encoded->data, encoded->length);
  }

  void store(const std::string& name, const std::string& ticket) {
    krb5_creds creds{};
    creds.client = client_.get();
    creds.server = service_.get();
    creds.keyblock = session_key_.block;
    creds.times = times_;
    creds.ticket_flags = TKT_FLG_INITIAL | TKT_FLG_PRE_AUTH | TKT_FLG_TRANSIT_POLICY_CHECKED;
    creds.ticket = as_data(ticket);
    Krb5Ccache ccache(context_);
    context_.check(krb5_cc_resolve(context_, name.c_str(), ccache.out()), "ccache " + name);
    context_.check(krb5_cc_initialize(context_, ccache.get(), client_.get()), "ccache " + name);
    context_.check(krb5_cc_store_cred(context_, ccache.get(), &creds), "ccache " + name);
  }

  const RealmFiles realm_;
  const ForgedTicket& ticket_;
  Krb5Context context_;
  Krb5Principal client_;
  Krb5Principal service_;
  Key service_key_;
  Key other_key_;  // of no principal: what it signs does not verify
  Key session_key_;
  std::vector<std::string> pacs_;
  krb5_kvno kvno_ = 0;
  krb5_ticket_times times_{};
};

// The checksum of RFC 4121 4.1.1: length of Bnd, Bnd, flags; numbers in little-endian order.
std::string gss_checksum(const ForgedApReq& request) {
  std::string text("\x10\0\0\0", 4);
  text.append(request.bindings.begin(), request.bindings.end());
  for (int shift = 0; shift < 32; shift += 8) {
    text += static_cast<char>((request.flags >> shift) & 0xff);
  }
  return text;
}

// From the cache if it is there, even if it has expired; else from the KDC.
void get_creds(const Krb5Context& context, const ForgedApReq& request, krb5_ccache ccache,
               krb5_creds* creds) {
  Krb5Principal client(context);
  Krb5Principal service(context);
  context.check(krb5_cc_get_principal(context, ccache, client.out()), "ccache");
  context.check(krb5_parse_name(context, request.service.c_str(), service.out()), request.service);
  krb5_creds wanted{};
  wanted.client = client.get();
  wanted.server = service.get();
  if (krb5_cc_retrieve_cred(context, ccache, 0, &wanted, creds) == 0) return;
  krb5_creds* got = nullptr;
  context.check(krb5_get_credentials(context, 0, ccache, &wanted, &got),
                "ticket for " + request.service);
  *creds = *got;
  std::free(got);  // the shell alone: the contents moved
}

std::string framed(const std::string& ap_req) {
  const gss_OID oid = gss_mech_krb5;
  const std::string mechanism(static_cast<char*>(oid->elements), oid->length);
  return der(kDerApplication0, der(0x06, mechanism) + std::string("\x01\x00", 2) + ap_req);
}

}  // namespace

std::vector<std::string> forge_ticket(const Realm& realm, const ForgedTicket& ticket,
                                      const std::string& ccache) {
  return forge_ticket(RealmFiles{realm.krb5_conf(), realm.default_keytab()}, ticket, ccache);
}

std::vector<std::string> forge_ticket(const RealmFiles& realm, const ForgedTicket& ticket,
                                      const std::string& ccache) {
  return Forger(realm, ticket).forge_into(ccache);
}

std::string forged_ap_req(const Realm& realm, const ForgedApReq& request) {
  const Krb5Context context(realm.krb5_conf());
  const std::string name = request.ccache.empty() ? realm.default_ccache() : request.ccache;
  Krb5Ccache ccache(context);
  Krb5AuthContext auth(context);
  krb5_creds creds{};
  context.check(krb5_cc_resolve(context, name.c_str(), ccache.out()), "ccache " + name);
  get_creds(context, request, ccache.get(), &creds);
  krb5_timestamp now = 0;
  krb5_timeofday(context, &now);
  const auto offset = static_cast<krb5_timestamp>(request.clock_offset.count());
  // Only libkrb5 in this process looks at these; the ticket has times of its own.
  creds.times.starttime = now + offset - 60;
  creds.times.endtime = now + offset + 60;
  krb5_set_real_time(context, now + offset, 0);
  const krb5_flags mutual = (request.flags & GSS_C_MUTUAL_FLAG) != 0 ? AP_OPTS_MUTUAL_REQUIRED : 0;
  krb5_auth_con_init(context, auth.out());
  krb5_auth_con_set_req_cksumtype(context, auth.get(), kCksumGss);
  const std::string checksum = gss_checksum(request);
  krb5_data input = as_data(checksum);
  krb5_data output{};
  krb5_auth_context raw = auth.get();
  const krb5_error_code code =
      krb5_mk_req_extended(context, &raw, mutual | AP_OPTS_USE_SUBKEY, &input, &creds, &output);
  krb5_free_cred_contents(context, &creds);
  context.check(code, "AP-REQ for " + request.service);
  const std::string token = framed(std::string(output.data, output.length));
  krb5_free_data_contents(context, &output);
  return token;
}

std::string initial_token(const std::string& host_based_service, OM_uint32 req_flags,
                          gss_channel_bindings_t bindings) {
  OM_uint32 minor = 0;
  gss_buffer_desc text = {host_based_service.size(), const_cast<char*>(host_based_service.data())};
  gss_name_t target = GSS_C_NO_NAME;
  gss_import_name(&minor, &text, GSS_C_NT_HOSTBASED_SERVICE, &target);
  gss_ctx_id_t context = GSS_C_NO_CONTEXT;
  gss_buffer_desc output = GSS_C_EMPTY_BUFFER;
  const OM_uint32 major =
      gss_init_sec_context(&minor, GSS_C_NO_CREDENTIAL, &context, target, gss_mech_krb5, req_flags,
                           0, bindings, GSS_C_NO_BUFFER, nullptr, &output, nullptr, nullptr);
  const OM_uint32 call_minor = minor;
  const std::string token(static_cast<char*>(output.value), output.length);
  gss_release_buffer(&minor, &output);
  gss_delete_sec_context(&minor, &context, GSS_C_NO_BUFFER);
  gss_release_name(&minor, &target);
  if (GSS_ERROR(major)) {
    throw RealmError("gss_init_sec_context for " + host_based_service + ": major " +
                     std::to_string(major) + ", minor " + std::to_string(call_minor));
  }
  return token;
}

}  // namespace gssloop::testing
