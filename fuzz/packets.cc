// SPDX-License-Identifier: BSD-2-Clause
#include <algorithm>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "fuzz/input.h"
#include "fuzz/kerberos_pair.h"
#include "fuzz/targets.h"
#include "gssloop/io/frame.h"
#include "plugin/layer/security_layer.h"
#include "tools/trial/protected_channel.h"

namespace gssloop::fuzz {
namespace {

// So many steps of one script, however long the input is.
constexpr int kMaxSteps = 64;

void append(Bytes* to, ByteView octets) { to->insert(to->end(), octets.begin(), octets.end()); }

// One of the packets that were made so far, which may have been delivered before.
const Bytes* any(const std::vector<Bytes>& packets, Input* in) {
  return packets.empty() ? nullptr : &packets[in->below(packets.size())];
}

// What an attacker makes of packets: the stream that arrives.
class Attacker {
 public:
  explicit Attacker(std::size_t prefix_len) : prefix_len_(prefix_len) {}

  void on_packet(ByteView packet) {
    packets_.push_back(to_bytes(packet));
    append(&honest_, packet);
  }
  void on_foreign_packet(ByteView packet) { foreign_.push_back(to_bytes(packet)); }

  // act appends to the stream what one step of the script says.
  void act(Input* in) {
    const auto choice = in->below(8);
    if (choice < 2) return deliver_next();
    const Bytes* one = any(choice == 6 ? foreign_ : packets_, in);
    if (choice == 7 || one == nullptr) return append(&stream_, in->octets());
    Bytes packet = *one;
    if (choice == 3) packet[in->octet() % packet.size()] ^= static_cast<std::uint8_t>(in->octet());
    if (choice == 4) packet.resize(in->octet() % packet.size());
    if (choice == 5) packet = joined(packet, *any(packets_, in));
    append(&stream_, packet);
  }

  // The next octets that arrive, cut as the script says.
  Bytes arrive(Input* in) {
    const std::size_t len = std::min<std::size_t>(in->octet() * std::size_t{4}, stream_.size());
    Bytes octets(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(len));
    stream_.erase(stream_.begin(), stream_.begin() + static_cast<std::ptrdiff_t>(len));
    append(&arrived_, octets);
    return octets;
  }
  Bytes arrive_all() {
    append(&arrived_, stream_);
    return std::exchange(stream_, {});
  }

  // Whether all that arrived is what was sent, in its order: no failure is allowed then.
  bool was_honest() const {
    return arrived_.size() <= honest_.size() &&
           std::equal(arrived_.begin(), arrived_.end(), honest_.begin());
  }
  // How many packets arrived whole.
  std::size_t num_whole() const {
    std::size_t len = 0, num = 0;
    for (const Bytes& packet : packets_) {
      if ((len += packet.size()) > arrived_.size()) break;
      ++num;
    }
    return num;
  }

 private:
  void deliver_next() {
    if (num_delivered_ < packets_.size()) append(&stream_, packets_[num_delivered_++]);
  }
  // Two tokens behind one length.
  Bytes joined(Bytes first, const Bytes& second) const {
    append(&first, ByteView(second).subspan(prefix_len_));
    to_network_order(static_cast<std::uint32_t>(first.size() - prefix_len_),
                     std::span(first).subspan(prefix_len_ - 4, 4));
    return first;
  }

  const std::size_t prefix_len_;
  std::vector<Bytes> packets_, foreign_;
  std::size_t num_delivered_ = 0;
  Bytes stream_, honest_, arrived_;
};

// Each message differs from all others of its script.
std::string message(std::size_t number, std::size_t len) {
  std::string text = std::to_string(number) + ":";
  text.resize(std::max(len, text.size()), static_cast<char>('a' + number % 26));
  return text;
}

struct Direction {
  loop::EstablishedContext* sender;
  loop::EstablishedContext* receiver;
};
Direction direction(bool is_to_acceptor) {
  KerberosPair& pair = kerberos_pair();
  return is_to_acceptor ? Direction{&pair.initiator, &pair.acceptor}
                        : Direction{&pair.acceptor, &pair.initiator};
}

// LayerScript is one stream of packets between two security layers.
class LayerScript {
 public:
  explicit LayerScript(Input* in) : in_(*in) {
    const std::uint8_t choice = in_.octet();
    const auto [sender, receiver] = direction((choice & 1) != 0);
    layer_ = (choice & 2) != 0 ? plugin::Layer::kConfidentiality : plugin::Layer::kIntegrity;
    sender_context_ = sender;
    sender_ = make(sender);
    receiver_ = make(receiver);
  }

  void run() {
    for (int i = 0; i < kMaxSteps && !in_.is_empty(); ++i) step();
    decode(attacker_.arrive_all());
    if (!attacker_.was_honest() || has_gap_) return;
    require(!is_closed_, "undamaged packets close nothing");
    std::string expected;
    for (std::size_t i = 0; i < attacker_.num_whole(); ++i) expected += sent_[i];
    require(received_ == expected, "all that arrived whole comes out");
  }

 private:
  static constexpr std::uint32_t kMaxLen = 2048;

  std::unique_ptr<plugin::SecurityLayer> make(loop::EstablishedContext* context) const {
    auto made = plugin::SecurityLayer::make(
        context, {.layer = layer_, .ssf = 1, .max_send_len = kMaxLen, .max_receive_len = kMaxLen});
    require(static_cast<bool>(made), "the layer can be made");
    return *std::move(made);
  }

  void step() {
    switch (in_.below(6)) {
      case 0:
        return encode(message(sent_.size(), in_.octet()));
      case 1:
        return reflect();
      case 2:
        return wrap_otherwise();
      case 3:
        return decode(attacker_.arrive(&in_));
      default:
        return attacker_.act(&in_);
    }
  }

  void encode(const std::string& text) {
    const std::size_t half = text.size() / 2;
    const ByteView parts[] = {as_bytes(text).first(half), as_bytes(text).subspan(half)};
    const auto packet = sender_->encode(parts);
    require(static_cast<bool>(packet), "the sender encodes");
    attacker_.on_packet(*packet);
    sent_.push_back(text);
    all_sent_ += text;
  }

  // A packet of the receiver's own goes back to it.
  void reflect() {
    const std::string text = "reflected";
    const ByteView part = as_bytes(text);
    const auto packet = receiver_->encode({&part, 1});
    require(static_cast<bool>(packet) != is_closed_, "a closed layer does not encode");
    if (packet) attacker_.on_foreign_packet(*packet);
  }

  // A token of the same context and place, but with the other protection. Integrity alone must not
  // pass for confidentiality; more protection than was agreed may pass.
  void wrap_otherwise() {
    if (layer_ == plugin::Layer::kIntegrity) return;
    Bytes packet;
    const ByteView part = as_bytes("readable");
    const auto len =
        sender_context_->wrap_into(gss::Protection::kIntegrity, {&part, 1}, 4, &packet);
    require(static_cast<bool>(len), "the context wraps");
    to_network_order(static_cast<std::uint32_t>(*len), std::span(packet).first(4));
    attacker_.on_foreign_packet(ByteView(packet).first(4 + *len));
    has_gap_ = true;
  }

  void decode(const Bytes& stream) {
    const auto data = receiver_->decode(stream);
    if (is_closed_) {
      require(!data && data.error().sentence.empty(), "a closed layer stays closed");
      return;
    }
    if (!data) {
      require(!data.error().sentence.empty(), "a failure has a reason");
      require(!attacker_.was_honest() || has_gap_, "undamaged packets close nothing");
      is_closed_ = true;
      return;
    }
    received_ += as_text(*data);
    if (is_control && !received_.empty()) received_.back() = '!';
    require(all_sent_.starts_with(received_), "only what was sent comes out, in its order");
  }

  Input& in_;
  plugin::Layer layer_ = plugin::Layer::kIntegrity;
  loop::EstablishedContext* sender_context_ = nullptr;
  std::unique_ptr<plugin::SecurityLayer> sender_, receiver_;
  Attacker attacker_{4};
  std::vector<std::string> sent_;
  std::string all_sent_, received_;
  bool is_closed_ = false;
  bool has_gap_ = false;  // a token of the sender's was never delivered as a packet of its own
};

// What a sender wrote, or what a receiver reads until it ends.
class OctetTransport : public io::Transport {
 public:
  io::IoResult read_some(std::span<std::uint8_t> into, io::Deadline) override {
    const std::size_t len = std::min(into.size(), octets.size());
    if (len == 0 && !into.empty()) return {io::IoResult::Kind::kClosed, 0, {}};
    std::copy_n(octets.begin(), len, into.begin());
    octets.erase(octets.begin(), octets.begin() + static_cast<std::ptrdiff_t>(len));
    return {io::IoResult::Kind::kDone, len, {}};
  }
  io::IoResult write_all(ByteView written, io::Deadline) override {
    append(&octets, written);
    return {io::IoResult::Kind::kDone, written.size(), {}};
  }
  Bytes octets;
};

}  // namespace

void layer_stream(ByteView input) {
  Input in(input);
  LayerScript(&in).run();
}

void channel(ByteView input) {
  Input in(input);
  const std::uint8_t choice = in.octet();
  const auto [sender_context, receiver_context] = direction((choice & 1) != 0);
  const auto protection =
      (choice & 2) != 0 ? gss::Protection::kConfidentiality : gss::Protection::kIntegrity;
  OctetTransport out, into;
  tools::ProtectedChannel sender(sender_context, &out, protection, {});
  tools::ProtectedChannel receiver(receiver_context, &into, protection, {});
  Attacker attacker(io::kFrameHeaderLen);
  std::vector<std::string> sent;
  for (int i = 0; i < kMaxSteps && !in.is_empty(); ++i) {
    if (in.below(3) != 0) {
      attacker.act(&in);
      continue;
    }
    const std::string text = message(sent.size(), in.octet());
    const auto kind = sent.size() % 2 == 0 ? tools::MessageKind::kData : tools::MessageKind::kEnd;
    require(!sender.send(kind, as_bytes(text)), "the sender sends");
    sent.push_back(static_cast<char>(kind) + text);
    attacker.on_packet(std::exchange(out.octets, {}));
  }
  into.octets = attacker.arrive_all();
  std::size_t num_received = 0;
  for (;; ++num_received) {
    const auto message = receiver.receive();
    if (!message) break;
    std::string octets = static_cast<char>(message->kind) + to_string(message->content);
    if (is_control) octets += '!';
    require(num_received < sent.size() && octets == sent[num_received],
            "only the next message that was sent comes out");
  }
  require(!attacker.was_honest() || num_received == attacker.num_whole(),
          "all that arrived whole comes out");
}

}  // namespace gssloop::fuzz
