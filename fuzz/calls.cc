// SPDX-License-Identifier: BSD-2-Clause
#include <gssloop.h>

#include <string>

#include "fuzz/input.h"
#include "fuzz/targets.h"
#include "tests/mech/loader.h"
#include "tests/support/c_handles.h"

namespace gssloop::fuzz {
namespace {

using namespace gssloop::testing;

constexpr int kMaxCalls = 100;

// Side is what a program holds of one side. A call gets whatever is there, also nothing.
struct Side {
  CCredential credential;
  COptions options;
  CNegotiation negotiation;
  CStep step;
  CContext context;
  CAttributes attributes;
  CError error;
  CBuffer buffer;
  CText text;
};

// Program makes the calls that the input says, on two sides.
class Program {
 public:
  explicit Program(Input* in) : in_(*in) {}

  void run() {
    for (int i = 0; i < kMaxCalls && !in_.is_empty(); ++i) {
      const std::uint8_t choice = in_.octet();
      us_ = &sides_[choice >> 7];
      peer_ = &sides_[1 - (choice >> 7)];
      call(choice & 0x7f);
    }
  }

 private:
  void call(std::uint8_t which) {
    switch (which % 4) {
      case 0:
        return call_of_options(which / 4 % 8);
      case 1:
        return call_of_negotiation(which / 4 % 8);
      case 2:
        return call_of_context(which / 4 % 8);
      default:
        return call_of_step(which / 4 % 8);
    }
  }

  // Success comes with a result and without an error; a failure the other way round, with an error
  // from functions that give one (`may_fail`).
  void check(int code, const void* result, bool may_fail = true) {
    if (is_control) code = 4;
    require(code >= GSSLOOP_OK && code <= GSSLOOP_NO_MEMORY, "a call returns one of its codes");
    require(may_fail || code != GSSLOOP_FAILED, "such a call cannot fail");
    require((code == GSSLOOP_OK) == (result != nullptr), "success has a result, and only success");
    require((us_->error.get() != nullptr) == (may_fail && code != GSSLOOP_OK),
            "a failure has an error, and only a failure");
    check_error(us_->error.get());
  }
  void check(int code, bool may_fail = true) {
    check(code, code == GSSLOOP_OK ? this : nullptr, may_fail);
  }
  static void check_error(const gssloop_error* error) {
    if (error == nullptr) return;
    require(*gssloop_error_text(error) != '\0', "an error has a text");
    require(gssloop_error_advice(error) != nullptr, "and an advice, which may be empty");
    require(gssloop_error_fault(error) != GSSLOOP_FAULT_NONE, "and a fault");
  }

  void call_of_options(unsigned which) {
    gssloop_options* const options = us_->options.get();
    us_->error.out();
    int code = GSSLOOP_OK;
    switch (which) {
      case 0:
      case 1:
        code = gssloop_options_new(flags(), us_->options.out());
        return check(code, us_->options.get(), false);
      case 2:
        return check(gssloop_options_request(options, flags()), false);
      case 3:
        return check(gssloop_options_set_mech(options, mech().c_str()), false);
      case 4:
        return check(gssloop_options_set_lifetime(options, in_.octet()), false);
      case 5:
        return check(gssloop_options_set_limits(options, in_.octet(), in_.octet()), false);
      case 6: {
        const std::string data = in_.text();
        return check(gssloop_options_set_channel_bindings(options, data.data(), data.size()),
                     false);
      }
      default:
        return check(gssloop_options_set_credential(options, us_->credential.get()), false);
    }
  }

  void call_of_negotiation(unsigned which) {
    gssloop_negotiation* const negotiation = us_->negotiation.get();
    us_->error.out();
    int code = GSSLOOP_OK;
    switch (which) {
      case 0:
        code = gssloop_initiator_new("imap@host.example.com", GSSLOOP_NAME_SERVICE,
                                     us_->options.get(), us_->negotiation.out(), us_->error.out());
        return check(code, us_->negotiation.get());
      case 1:
        code = gssloop_acceptor_new(us_->options.get(), us_->negotiation.out(), us_->error.out());
        return check(code, us_->negotiation.get());
      case 2: {
        const std::string name = in_.text();
        code = gssloop_initiator_new(name.c_str(), in_.octet(), us_->options.get(),
                                     us_->negotiation.out(), us_->error.out());
        return check(code, us_->negotiation.get());
      }
      case 3:
        code = gssloop_negotiation_start(negotiation, us_->step.out());
        break;
      case 4: {
        const std::string token = in_.text();
        code =
            gssloop_negotiation_on_token(negotiation, token.data(), token.size(), us_->step.out());
        break;
      }
      case 5:
        code = gssloop_negotiation_give_up(negotiation, in_.octet(), "the input says so",
                                           us_->step.out());
        break;
      default: {
        // What the peer's last step sends.
        std::size_t len = 0;
        const void* const token = gssloop_step_token(peer_->step.get(), &len);
        code = gssloop_negotiation_on_token(negotiation, token, len, us_->step.out());
      }
    }
    check(code, us_->step.get(), false);
    check_step();
  }

  void check_step() const {
    const gssloop_step* const step = us_->step.get();
    if (step == nullptr) return;
    const auto actions = gssloop_step_actions(step);
    const auto ends =
        actions & (GSSLOOP_ACTION_AWAIT | GSSLOOP_ACTION_ESTABLISH | GSSLOOP_ACTION_FAIL);
    require(ends != 0 && (ends & (ends - 1)) == 0, "a step ends in exactly one way");
    require((ends == GSSLOOP_ACTION_FAIL) == (gssloop_step_error(step) != nullptr),
            "a failed step has an error, and only that");
    check_error(gssloop_step_error(step));
    std::size_t len = 0;
    const void* const token = gssloop_step_token(step, &len);
    require((token != nullptr) == ((actions & GSSLOOP_ACTION_SEND) != 0),
            "a step that sends has a token, and only that");
  }

  void call_of_step(unsigned which) {
    switch (which) {
      case 0:
      case 1: {
        us_->error.out();
        const bool can = (gssloop_step_actions(us_->step.get()) & GSSLOOP_ACTION_ESTABLISH) != 0;
        const int code = gssloop_step_take_context(us_->step.get(), us_->context.out());
        check(code, us_->context.get(), false);
        require(can || code != GSSLOOP_OK, "only a step that establishes has a context");
        return;
      }
      case 2:
        us_->step.out();
        return;
      case 3:
        us_->negotiation.out();
        return;
      case 4:
        us_->context.out();
        return;
      case 5:
        return read_attributes();
      case 6:
        return acquire();
      default:
        us_->options.out();
    }
  }

  void call_of_context(unsigned which) {
    gssloop_context* const context = us_->context.get();
    us_->error.out();
    const int protection = 1 + (in_.octet() & 1);
    const std::string message = in_.text();
    int code = GSSLOOP_OK;
    switch (which) {
      case 0:
        code = gssloop_wrap(context, protection, message.data(), message.size(), us_->buffer.out(),
                            us_->error.out());
        return check(code, us_->buffer.get().data);
      case 1: {
        const gssloop_buffer& token = peer_->buffer.get();
        code = gssloop_unwrap(context, protection, token.data, token.len, us_->buffer.out(),
                              us_->error.out());
        return check(code, us_->buffer.get().data);
      }
      case 2:
        code = gssloop_unwrap(context, protection, message.data(), message.size(),
                              us_->buffer.out(), us_->error.out());
        return check(code, us_->buffer.get().data);
      case 3:
        code = gssloop_get_mic(context, message.data(), message.size(), us_->buffer.out(),
                               us_->error.out());
        return check(code, us_->buffer.get().data);
      case 4: {
        const gssloop_buffer& mic = peer_->buffer.get();
        return check(gssloop_verify_mic(context, message.data(), message.size(), mic.data, mic.len,
                                        us_->error.out()));
      }
      case 5: {
        int is_anonymous = -1;
        code = gssloop_context_peer_name(context, us_->text.out(), &is_anonymous, us_->error.out());
        return check(code, us_->text.get());
      }
      case 6: {
        std::uint32_t limit = 0;
        return check(gssloop_wrap_size_limit(context, protection, 2048, &limit, us_->error.out()));
      }
      default:
        code = gssloop_context_on_token(context, message.data(), message.size(), us_->error.out());
        check(code);
        if (context == nullptr || code == GSSLOOP_OK || code == GSSLOOP_INVALID) return;
        require(gssloop_wrap(context, 1, "x", 1, us_->buffer.out(), us_->error.out()) != GSSLOOP_OK,
                "a context that is gone does nothing");
    }
  }

  void read_attributes() {
    us_->error.out();
    const int code =
        gssloop_context_attributes(us_->context.get(), us_->attributes.out(), us_->error.out());
    check(code, us_->attributes.get());
    const gssloop_attributes* const all = us_->attributes.get();
    for (std::size_t i = 0; i < gssloop_attributes_num(all); ++i) {
      const gssloop_attribute* const one = gssloop_attributes_at(all, i);
      const bool is_proven = gssloop_attribute_kind_of(one) == GSSLOOP_ATTRIBUTE_AUTHENTICATED;
      require(is_proven || gssloop_attribute_num_values(one) == 0,
              "only an authenticated attribute has values");
    }
    require(gssloop_attributes_at(all, gssloop_attributes_num(all)) == nullptr,
            "a list has an end");
  }

  void acquire() {
    us_->error.out();
    const int code =
        in_.below(2) == 0
            ? gssloop_credential_initiate(nullptr, GSSLOOP_NAME_USER, mech().c_str(),
                                          us_->credential.out(), us_->error.out())
            : gssloop_credential_accept("imap@host.example.com", nullptr, mech().c_str(),
                                        us_->credential.out(), us_->error.out());
    check(code, us_->credential.get());
  }

  std::uint32_t flags() { return in_.octet() | static_cast<std::uint32_t>(in_.octet()) << 8; }
  std::string mech() {
    const std::size_t which = in_.below(kNumMechs + 1);
    return which < kNumMechs ? kDottedOids[which] : in_.text();
  }

  Input& in_;
  Side sides_[2];
  Side* us_ = nullptr;
  Side* peer_ = nullptr;
};

}  // namespace

void c_interface(ByteView input) {
  Input in(input);
  Script script;
  const std::size_t num_legs = 1 + in.below(3);
  script.initiator.clear();
  script.acceptor.clear();
  for (std::size_t i = 0; i < num_legs; ++i) {
    script.initiator.push_back(i + 1 < num_legs ? go_on("i") : complete("i"));
    script.acceptor.push_back(i + 1 < num_legs ? go_on("a") : complete());
  }
  const std::uint8_t choice = in.octet();
  if ((choice & 1) != 0) script.acceptor.back().major = GSS_S_OLD_TOKEN;
  if ((choice & 2) != 0) {
    script.attributes.resize(1);
    script.attributes[0].name = in.text();
    script.attributes[0].values.resize(1);
    script.attributes[0].values[0].authenticated = (choice & 16) == 0;
  }
  if ((choice & 4) != 0) script.source = NameSpec{in.text(), GSS_C_NT_ANONYMOUS};
  if ((choice & 8) != 0) script.process_token.context_gone = true;
  scripted().play(std::move(script));
  // The module keeps the acceptors' credentials of other targets.
  const Live before = scripted().live();
  Program(&in).run();
  require(scripted().live() == before, "nothing remains of a program that freed what it held");
  require(scripted().record().stale_handles == 0, "no handle is used after its end");
}

}  // namespace gssloop::fuzz
