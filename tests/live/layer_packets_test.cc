// SPDX-License-Identifier: BSD-2-Clause
// What a security layer does with packets that are not exactly the peer's next one, with packets
// cut anywhere, and with lengths that promise too much.
#include <malloc.h>
#include <sys/uio.h>

#include <atomic>
#include <thread>

#include "tests/live/layer_session.h"
#include "tests/live/live_test.h"

namespace gssloop::testing {
namespace {

using namespace std::string_literals;

class LayerPacketsTest : public LiveTest, public ::testing::WithParamInterface<Case> {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    disable_replay_cache();
  }
};

// slapd encodes in one thread while another decodes. The packet that closes the layer fails both,
// at the same time; only the one that saw it may say so, since libsasl's error text has no lock.
TEST_P(LayerPacketsTest, OneThreadEncodesWhileTheOtherClosesTheLayer) {
  SPEC("R6");
  for (int i = 0; i < 20; ++i) {
    Session session(GetParam());
    const std::string good = session.packet("a message");
    std::string damaged = session.packet("another");
    damaged.back() = static_cast<char>(damaged.back() ^ 1);
    std::atomic<bool> has_begun = false;
    std::thread writer([&] {
      // libsasl clears its error text in no call of these, so the sentence stays.
      while (session.receiver().encode("an answer").code == SASL_OK) has_begun = true;
      has_begun = true;
    });
    EXPECT_EQ(session.receiver().decode(good).out, "a message");
    while (!has_begun) std::this_thread::yield();
    EXPECT_EQ(session.receiver().decode(damaged).code, SASL_BADMAC);
    writer.join();
    session.expect_told("a received packet is damaged");
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Each, LayerPacketsTest, ::testing::ValuesIn(all_cases()), case_name);

// Each takes packets 1 to 4, of which the first has been received, and says what is sent instead.
TEST_P(LayerPacketsTest, OnlyTheNextPacketIsTaken) {
  SPEC("R6");
  using Packets = std::vector<std::string>;
  const struct {
    const char* what;
    std::string (*send)(const Packets&);
  } rows[] = {
      {"replayed at once", [](const Packets& p) { return p[0]; }},
      {"left out", [](const Packets& p) { return p[2]; }},
      {"two left out", [](const Packets& p) { return p[3]; }},
      {"swapped", [](const Packets& p) { return p[2] + p[1]; }},
      {"replayed behind a good one", [](const Packets& p) { return p[1] + p[1]; }},
      {"an old one behind good ones", [](const Packets& p) { return p[1] + p[2] + p[0]; }},
      {"left out behind a good one", [](const Packets& p) { return p[1] + p[3]; }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    Session session(GetParam());
    Packets packets;
    for (const char* text : {"first", "second", "third", "fourth"}) {
      packets.push_back(session.packet(text));
    }
    EXPECT_EQ(session.receiver().decode(packets[0]).out, "first");
    session.expect_closed_by(row.send(packets), "a received packet is damaged");
  }
}

TEST_P(LayerPacketsTest, DamagedPacketsCloseTheLayer) {
  SPEC("R6");
  const struct {
    const char* what;
    std::string (*change)(const std::string& packet);
  } rows[] = {
      {"its last octet missing, the length corrected",
       [](const std::string& p) { return framed_packet(p.substr(4, p.size() - 5)); }},
      {"an octet more, the length corrected",
       [](const std::string& p) { return framed_packet(p.substr(4) + "x"); }},
      {"garbage behind it", [](const std::string& p) { return p + framed_packet("garbage"); }},
      {"garbage alone", [](const std::string&) { return framed_packet("garbage"); }},
      {"cleartext", [](const std::string&) { return framed_packet("A001 LOGOUT\r\n"); }},
      {"one octet", [](const std::string&) { return framed_packet("\x05"); }},
      {"zeroes",
       [](const std::string& p) { return framed_packet(std::string(p.size() - 4, '\0')); }},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.what);
    Session session(GetParam());
    session.expect_closed_by(row.change(session.packet("message")), "a received packet is damaged");
  }
}

TEST_P(LayerPacketsTest, PacketsOfOthersCloseTheLayer) {
  SPEC("R6");
  {
    SCOPED_TRACE("reflected");
    Session session(GetParam());
    const std::string own = session.receiver().encode("said by the receiver").out.value();
    session.expect_closed_by(own, "a received packet is damaged");
  }
  SCOPED_TRACE("of another session");
  Session session(GetParam()), other(GetParam());
  session.expect_closed_by(other.packet("elsewhere"), "a received packet is damaged");
}

TEST_P(LayerPacketsTest, LengthsThatPromiseTooMuchTakeNoMemory) {
  SPEC("R8 R6");
  constexpr unsigned kMax = 0xffffff;
  const struct {
    std::uint32_t len;
    const char* why;  // null: only longer than what comes
  } rows[] = {
      {0, "sent an empty packet"},
      {kMax + 100, "the limit is"},
      {0x7fffffff, "the limit is"},
      {0x80000000, "the limit is"},
      {0xfffffffc, "the limit is"},
      {0xffffffff, "the limit is"},
      {0x41303031, "the limit is"},  // cleartext
      {kMax, nullptr},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.len);
    Session session(GetParam(), kMax);
    const std::string start = framed_packet("", row.len);
    const auto held = [] { return mallinfo2().uordblks + mallinfo2().hblkhd; };
    const std::size_t before = held();
    if (row.why != nullptr) {
      session.expect_closed_by(start, row.why);
    } else {
      const Turn turn = session.receiver().decode(start + "x");
      EXPECT_EQ(turn.code, SASL_OK);
      EXPECT_EQ(turn.out, "");
    }
    EXPECT_LT(held(), before + 100000) << "memory grew with what a length promised";
  }
}

// A GSSAPI layer refuses a token one octet beyond the maximum by its length alone.
TEST_P(LayerPacketsTest, OneOctetMoreThanAgreedOn) {
  SPEC("R8");
  const unsigned overhead = GetParam().is_encrypted ? 60 : 28;
  const unsigned max_len = 4096 + (GetParam().mechanism == kSpnego ? overhead : 0);
  for (const unsigned more : {0U, 1U}) {
    Session session(GetParam(), 4096);
    if (more == 0) {
      EXPECT_EQ(session.receiver().decode(framed_packet("", max_len)).code, SASL_OK);
    } else {
      session.expect_closed_by(framed_packet("", max_len + 1), std::to_string(max_len + 1));
    }
  }
}

TEST_P(LayerPacketsTest, AnyFragmentationGivesTheSameData) {
  SPEC("R6 R8");
  Session session(GetParam());
  std::string stream, sent;
  const auto send = [&](const std::string& message) {
    stream += session.packet(message);
    sent += message;
  };
  const auto receive = [&](std::size_t step) {
    std::string got;
    for (std::size_t at = 0; at < stream.size(); at += step) {
      const Turn turn = session.receiver().decode(stream.substr(at, step));
      EXPECT_EQ(turn.code, SASL_OK) << session.receiver().error();
      got += turn.out.value_or("");
    }
    EXPECT_EQ(got, sent) << "in pieces of " << step;
    stream.clear();
    sent.clear();
  };
  for (std::size_t step = 1; step <= 400; step += step < 80 ? 1 : 37) {
    for (const std::string& message : {"one"s, "and another one"s, "x"s, "\0\xff"s}) send(message);
    receive(step);
  }
  // Each cut of two packets in two, and one cut in three.
  for (std::size_t cut = 1; cut < 150; ++cut) {
    send("first");
    send("second");
    receive(cut);
  }
  for (int i = 0; i < 100; ++i) send("many");
  receive(100000);
}

// sasl_encodev: what an application has in several pieces, empty ones among them.
TEST_P(LayerPacketsTest, PiecesOfAMessage) {
  SPEC("R8");
  Session session(GetParam(), 200);
  const std::vector<std::string> rows[] = {
      {"one"},
      {"two", " pieces"},
      {"", "", "x", ""},
      {std::string(100, 'a'), std::string(39, 'b'), std::string(1, 'c'), std::string(1, 'd')},
      {std::string(1000, 'e'), "f", std::string(1000, 'g')},
  };
  for (const auto& pieces : rows) {
    std::string whole;
    std::vector<iovec> vectors;
    for (const std::string& piece : pieces) {
      whole += piece;
      vectors.push_back({const_cast<char*>(piece.data()), piece.size()});
    }
    const char* out = nullptr;
    unsigned len = 0;
    ASSERT_EQ(sasl_encodev(session.sender().get(), vectors.data(),
                           static_cast<unsigned>(vectors.size()), &out, &len),
              SASL_OK);
    EXPECT_EQ(session.receiver().decode(std::string(out, len)).out, whole);
  }
}

TEST_P(LayerPacketsTest, TruncatedPacketsGiveNothing) {
  SPEC("R6");
  Session whole(GetParam());
  const std::string packet = whole.packet("a message");
  for (std::size_t len = 1; len < packet.size(); ++len) {
    Session session(GetParam());
    const std::string first = session.packet("a message"), second = session.packet("another");
    const Turn part = session.receiver().decode(first.substr(0, len));
    ASSERT_EQ(part.code, SASL_OK);
    ASSERT_EQ(part.out, "") << len;
    // Whatever comes instead of the rest is not data. (It may happen to be the same octet.)
    if ((first.substr(0, len) + second).starts_with(first)) continue;
    const Turn rest = session.receiver().decode(second);
    ASSERT_NE(rest.code, SASL_OK) << len;
    ASSERT_FALSE(rest.out);
    session.expect_closed();
  }
}

// Every octet of a packet, and in it one bit or all.
TEST_P(LayerPacketsTest, CorruptedPacketsGiveNothingElse) {
  SPEC("R6 R7");
  Session whole(GetParam());
  const std::size_t size = whole.packet("a message").size();
  for (std::size_t at = 0; at < size; ++at) {
    for (const int change : {1 << at % 8, 0x80, 0xff}) {
      SCOPED_TRACE(::testing::Message() << "octet " << at << " xor " << change);
      Session session(GetParam());
      std::string packet = session.packet("a message");
      packet[at] = static_cast<char>(packet[at] ^ change);
      std::string got;
      bool was_refused = false;
      // A longer length waits for more: it comes, and does not help.
      for (const std::string& stream :
           {packet, session.packet("the next"), session.packet(std::string(60000, 'n')),
            session.packet(std::string(60000, 'm'))}) {
        const Turn turn = session.receiver().decode(stream);
        was_refused = was_refused || turn.code != SASL_OK;
        if (turn.code == SASL_OK) got += turn.out.value_or("");
      }
      // RFC 4121 section 4.2.5: the count that tokens are rotated by is not protected, nor need it
      // be, and counts whole turns for nothing.
      if (!was_refused && got.starts_with("a message")) {
        ASSERT_TRUE(at == 4 + 6 || at == 4 + 7) << "a changed octet was passed over";
        continue;
      }
      ASSERT_TRUE(was_refused);
      ASSERT_EQ(got, "");
      session.expect_closed();
    }
  }
}

}  // namespace
}  // namespace gssloop::testing
