// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/loop/established_context.h"

#include <utility>

#include "gssloop/gss/names.h"

namespace gssloop::loop {

gss::Result<PeerName> EstablishedContext::peer() const {
  // An acceptor has the name already.
  gss::Name asked;
  gss_name_t name = source_.get();
  const bool is_acceptor = role_ == Role::kAcceptor;
  if (!is_acceptor) {
    auto target = target_name();
    if (!target) return std::move(target).error();
    asked = *std::move(target);
    name = asked.get();
  }
  const bool is_anonymous = is_acceptor && flags_.has(Flag::kAnon);
  auto displayed = gss::display(name);
  if (displayed)
    return PeerName{std::move(displayed->text), is_anonymous || displayed->is_anonymous()};
  if (is_anonymous) return PeerName{{}, true};
  return std::move(displayed).error();
}

const Row& EstablishedContext::on_token(ByteView token) {
  Observation seen;
  seen.role = role_;
  seen.phase = context_ ? Phase::kEstablished : Phase::kOver;
  seen.event = Event::kTokenArrived;
  seen.is_over_limit = token.size() > max_token_len_;
  const Row* row = &decide(seen);
  if (row->actions.front() == Action::kProcessToken) {
    // section 3.2: the status of the call does not decide, because it can be the same for a
    // deletion token and a malformed one. Only the properties of the context after the call count.
    (void)gss::process_context_token(context_, token);
    const auto info = gss::inquire_context(context_);
    seen.event = Event::kTokenProcessed;
    seen.is_context_unknown = !info;
    seen.is_flag_missing = info && !info->flags.missing(required_).empty();
    if (info) flags_ = info->flags;
    row = &decide(seen);
  }
  if (row->has(Action::kDestroy)) context_.reset();
  return *row;
}

}  // namespace gssloop::loop
