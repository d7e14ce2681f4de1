// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_LOOP_ESTABLISHED_CONTEXT_H_
#define GSSLOOP_LOOP_ESTABLISHED_CONTEXT_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "gssloop/base/attribute.h"
#include "gssloop/base/flags.h"
#include "gssloop/gss/attributes.h"
#include "gssloop/gss/context.h"
#include "gssloop/gss/handle.h"
#include "gssloop/gss/oid.h"
#include "gssloop/gss/per_message.h"
#include "gssloop/gss/status.h"
#include "gssloop/loop/decide.h"

namespace gssloop::loop {

// PeerName is the peer as its mechanism displays it.
struct PeerName {
  std::string text;  // octets from the mechanism: check before use; may be empty
  // By GSS_C_ANON_FLAG or by the type of the name (RFC 2743 section 4.5).
  bool is_anonymous = false;
};

// EstablishedContext is a security context that the loop completed and whose flags it checked (loop
// section 3). Only the loop makes one, so an unchecked context cannot be used: there are no
// per-message calls before completion, for which section 3.1 requires replay protection. Movable,
// not copyable. One thread at a time, except for reading names.
class EstablishedContext {
 public:
  // role is this side's role.
  Role role() const noexcept { return role_; }
  // flags are those of the last context call.
  Flags flags() const noexcept { return flags_; }
  // mech is the mechanism of the established context. Policies use this one.
  const gss::Oid& mech() const noexcept { return mech_; }

  // info reads the current properties of the context, for example the remaining lifetime.
  gss::Result<gss::ContextInfo> info() const { return gss::inquire_context(context_); }

  // confidentiality_ssf is the strength of the encryption in bits; nullopt: the mechanism does not
  // return it. Safe here: gss_inquire_context succeeded in the loop.
  gss::Result<std::optional<unsigned>> confidentiality_ssf() const {
    return gss::confidentiality_ssf(context_);
  }

  // source_name and target_name return the initiator's and the acceptor's name from the mechanism.
  // An anonymous initiator's name may be empty.
  gss::Result<gss::Name> source_name() const { return gss::inquire_source_name(context_); }
  gss::Result<gss::Name> target_name() const { return gss::inquire_target_name(context_); }
  // peer is the name of the other side: the initiator's on an acceptor, the acceptor's on an
  // initiator, which reads it from the context. An initiator that the mechanism keeps anonymous
  // need not have a name. Fails if the mechanism cannot display the name.
  gss::Result<PeerName> peer() const;
  // source is, on an acceptor, the initiator's name as the last leg gave it, with its attributes;
  // the empty handle on an initiator. Borrowed.
  gss_name_t source() const noexcept { return source_.get(); }
  // delegated is, on an acceptor, the initiator's credential; empty if none was delegated. Its name
  // is what the initiator says: see gss::credential_name.
  gss_cred_id_t delegated() const noexcept { return delegated_.get(); }

  // attributes reads the name attributes of source(), and verifies the PAC of a Kerberos ticket
  // once: see gssloop/gss/attributes.h. It borrows this context, which must not move meanwhile.
  // What the caller knows saves time (both borrowed): the name that peer() returned, and a copy of
  // the keytab, if the acceptor's credential was acquired with it.
  gss::SourceAttributes attributes(std::string_view displayed = {},
                                   const gss::MemoryKeytab* keys = nullptr) const {
    return gss::SourceAttributes({context_, source_.get(), mech_, pac_keytab_, displayed, keys});
  }
  // inquire_source, find_source_attribute, source_attribute and source_attributes read them in one
  // call each. Each call that reads a buffer of a PAC verifies the PAC.
  gss::Result<gss::NameInfo> inquire_source() const { return attributes().inquire(); }
  gss::Result<std::optional<Attribute>> find_source_attribute(std::string_view name) const {
    return attributes().find(name);
  }
  gss::Result<Attribute> source_attribute(std::string_view name) const {
    return attributes().get(name);
  }
  gss::Result<Attributes> source_attributes() const { return attributes().get_all(); }

  // wrap, wrap_into, unwrap, unwrap_in_place, get_mic, verify_mic and wrap_size_limit are the
  // per-message calls: see gssloop/gss/per_message.h.
  gss::Result<gss::Buffer> wrap(gss::Protection protection, ByteView message) {
    return gss::wrap(context_, protection, message);
  }
  gss::Result<std::size_t> wrap_into(gss::Protection protection, std::span<const ByteView> parts,
                                     std::size_t offset, Bytes* buffer) {
    return gss::wrap_into(context_, protection, parts, offset, buffer, &wrap_lengths_);
  }
  gss::Result<gss::Buffer> unwrap(gss::Protection expected, ByteView token) {
    return gss::unwrap(context_, expected, token);
  }
  gss::Result<std::span<std::uint8_t>> unwrap_in_place(gss::Protection expected,
                                                       std::span<std::uint8_t> token) {
    return gss::unwrap_in_place(context_, expected, token);
  }
  gss::Result<gss::Buffer> get_mic(ByteView message) { return gss::get_mic(context_, message); }
  gss::Status verify_mic(ByteView message, ByteView mic) {
    return gss::verify_mic(context_, message, mic);
  }
  gss::Result<OM_uint32> wrap_size_limit(gss::Protection protection, OM_uint32 max_token_len) {
    return gss::wrap_size_limit(context_, protection, max_token_len);
  }

  // on_token takes a context token that arrived after completion (loop section 3.2): it processes
  // the token, and checks again that the context has the required flags. Returns the row of the
  // decision. After any row with kFail the context is destroyed and must not be used.
  const Row& on_token(ByteView token);
  // delete_context deletes the context and its keys, without a token for the peer (RFC 2743 section
  // 2.2.3 makes it optional): a context that only authenticated takes memory. Afterwards only role,
  // flags, mech, source, delegated and is_usable may be called.
  void delete_context() noexcept { context_.reset(); }
  // is_usable is false after on_token failed, and after delete_context.
  bool is_usable() const noexcept { return static_cast<bool>(context_); }

 private:
  friend class Negotiation;
  EstablishedContext(Role role, gss::Context context, Flags flags, Flags required, gss::Oid mech,
                     gss::Name source, gss::Credential delegated,
                     std::optional<std::string> pac_keytab, std::size_t max_token_len)
      : role_(role),
        context_(std::move(context)),
        flags_(flags),
        required_(required),
        mech_(std::move(mech)),
        source_(std::move(source)),
        delegated_(std::move(delegated)),
        pac_keytab_(std::move(pac_keytab)),
        max_token_len_(max_token_len) {}

  Role role_;
  gss::Context context_;
  Flags flags_;
  Flags required_;
  gss::Oid mech_;
  gss::Name source_;
  gss::Credential delegated_;
  std::optional<std::string> pac_keytab_;
  std::size_t max_token_len_;  // octets, as in the negotiation
  gss::WrapLengths wrap_lengths_;
};

}  // namespace gssloop::loop

#endif  // GSSLOOP_LOOP_ESTABLISHED_CONTEXT_H_
