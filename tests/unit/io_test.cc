// SPDX-License-Identifier: BSD-2-Clause
//
// gssloop/io: frames and file descriptors.

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <limits>
#include <thread>

#include "gssloop/io/fd_transport.h"
#include "gssloop/io/frame.h"
#include "tests/support/frames.h"
#include "tests/support/spec.h"

using namespace std::chrono_literals;

namespace gssloop::io {
namespace {

using Kind = IoResult::Kind;

// ---- Frames ------------------------------------------------------------------------------------

struct FrameRow {
  FrameKind kind;
  Bytes body;
  Bytes octets;
};

const std::vector<FrameRow>& frame_rows() {
  using namespace std::string_view_literals;
  static const std::vector<FrameRow> kRows = {
      {FrameKind::kToken, {}, bytes("T\0\0\0\0"sv)},
      {FrameKind::kToken, bytes("abc"), bytes("T\0\0\0\3abc"sv)},
      {FrameKind::kFailure, {}, bytes("F\0\0\0\0"sv)},
      {FrameKind::kData, bytes("\0\xff"sv), bytes("D\0\0\0\2\0\xff"sv)},
      {FrameKind::kData, Bytes(0x0102, 7), bytes("D\0\0\1\2"sv) + Bytes(0x0102, 7)},
  };
  return kRows;
}

TEST(Frame, RoundTripsInEverySplitAndByteByByte) {
  SPEC("L12");
  for (const FrameRow& row : frame_rows()) {
    ASSERT_EQ(*encode_frame(row.kind, row.body), row.octets);
    for (std::size_t split = 0; split <= row.octets.size(); ++split) {
      FrameReader reader(1024);
      EXPECT_EQ(reader.feed(ByteView(row.octets).first(split)), split);
      EXPECT_EQ(reader.feed(ByteView(row.octets).subspan(split)), row.octets.size() - split);
      ASSERT_TRUE(reader.is_complete());
      EXPECT_EQ(reader.take(), (Frame{row.kind, row.body}));
      EXPECT_TRUE(reader.is_between_frames());
    }
    FrameReader reader(1024);
    for (const std::uint8_t& octet : row.octets) EXPECT_EQ(reader.feed({&octet, 1}), 1U);
    ASSERT_TRUE(reader.is_complete());
    EXPECT_EQ(reader.take(), (Frame{row.kind, row.body}));
  }
}

TEST(Frame, EveryTruncationWantsMore) {
  for (const FrameRow& row : frame_rows()) {
    for (std::size_t len = 0; len < row.octets.size(); ++len) {
      FrameReader reader(1024);
      EXPECT_EQ(reader.feed(ByteView(row.octets).first(len)), len);
      EXPECT_FALSE(reader.is_complete() || reader.is_refused());
      EXPECT_GT(reader.num_wanted(), 0U);
      EXPECT_LE(reader.num_wanted(), row.octets.size() - len);
    }
  }
}

TEST(Frame, TakesNothingOfTheNextFrame) {
  for (const FrameRow& row : frame_rows()) {
    const Bytes two = row.octets + token("next");
    FrameReader reader(1024);
    EXPECT_EQ(reader.feed(two), row.octets.size());
    EXPECT_EQ(reader.feed(two), 0U);
    EXPECT_EQ(reader.take().body, row.body);
    reader.feed(ByteView(two).subspan(row.octets.size()));
    EXPECT_EQ(reader.take().body, bytes("next"));
  }
}

TEST(Frame, RefusesUnknownKindsAtTheFirstOctet) {
  SPEC("L12");
  for (int kind = 0; kind < 256; ++kind) {
    const auto octet = static_cast<std::uint8_t>(kind);
    FrameReader reader(1024);
    EXPECT_EQ(reader.feed({&octet, 1}), 1U);
    EXPECT_EQ(reader.is_refused(), std::strchr("TFD", kind) == nullptr || kind == 0) << kind;
    if (reader.is_refused()) {
      EXPECT_EQ(reader.fault(), FrameFault::kUnknownKind);
      EXPECT_EQ(reader.num_wanted(), 0U);
      EXPECT_EQ(reader.feed(token("")), 0U);
    }
  }
}

TEST(Frame, RefusesWhatIsLongerThanItsKindAllows) {
  const struct {
    FrameKind kind;
    std::size_t len, max_len;
    bool is_refused;
  } rows[] = {
      {FrameKind::kToken, 8, 8, false}, {FrameKind::kToken, 9, 8, true},
      {FrameKind::kData, 8, 8, false},  {FrameKind::kData, 9, 8, true},
      {FrameKind::kToken, 0, 0, false}, {FrameKind::kToken, 256, 255, true},
  };
  for (const auto& row : rows) {
    FrameReader reader(row.max_len);
    reader.feed(*encode_frame(row.kind, Bytes(row.len)));
    EXPECT_EQ(reader.is_refused(), row.is_refused) << row.len;
    EXPECT_EQ(reader.is_complete(), !row.is_refused) << row.len;
  }
  // A notice is read by strangers: it has no text, whatever the limit.
  FrameReader reader(8);
  EXPECT_EQ(reader.feed(bytes(std::string_view("F\0\0\0\1x", 6))), kFrameHeaderLen);
  EXPECT_TRUE(reader.is_refused());
  EXPECT_EQ(reader.fault(), FrameFault::kTooLong);
  EXPECT_FALSE(encode_frame(FrameKind::kFailure, as_bytes("x")));
}

std::size_t address_space_len() {
  std::size_t num_pages = 0;
  std::ifstream("/proc/self/statm") >> num_pages;
  return num_pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

TEST(Frame, AnnouncedLengthsAllocateNothing) {
  const std::size_t before = address_space_len();
  const Bytes header = {'T', 0xFF, 0xFF, 0xFF, 0xFF};
  FrameReader refusing(256 * 1024), waiting(kMaxFrameBodyLen);
  refusing.feed(header);
  waiting.feed(header);
  EXPECT_TRUE(refusing.is_refused());
  EXPECT_EQ(refusing.fault(), FrameFault::kTooLong);
  EXPECT_EQ(waiting.num_wanted(), 0xFFFFFFFFU);
  EXPECT_LT(address_space_len(), before + (std::size_t{1} << 30));

  // On 32 bits, no body is that long.
  if (kMaxFrameBodyLen == std::numeric_limits<std::size_t>::max()) return;
  const std::size_t too_long = kMaxFrameBodyLen + 1;
  void* const pages =
      mmap(nullptr, too_long, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  ASSERT_NE(pages, MAP_FAILED);
  EXPECT_FALSE(encode_frame(FrameKind::kToken, {static_cast<std::uint8_t*>(pages), too_long}));
  munmap(pages, too_long);
}

// ---- File descriptors --------------------------------------------------------------------------

struct FdKind {
  const char* name;
  bool is_pipe;
  int flags;
};

class FdTransportTest : public ::testing::TestWithParam<FdKind> {
 protected:
  void SetUp() override {
    const int made = GetParam().is_pipe ? pipe(fds_) : socketpair(AF_UNIX, SOCK_STREAM, 0, fds_);
    ASSERT_EQ(made, 0);
    for (const int fd : fds_)
      ASSERT_EQ(fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | GetParam().flags), 0);
    reader_.emplace(fds_[0]);
    writer_.emplace(fds_[1]);
  }
  void TearDown() override {
    for (const int fd : fds_) close_fd(fd);
  }
  void close_fd(int fd) {
    for (int& mine : fds_) {
      if (mine == fd && fd >= 0) close(std::exchange(mine, -1));
    }
  }

  int fds_[2] = {-1, -1};  // read here, write there
  std::optional<FdTransport> reader_, writer_;
};

INSTANTIATE_TEST_SUITE_P(Kinds, FdTransportTest,
                         ::testing::Values(FdKind{"BlockingSocket", false, 0},
                                           FdKind{"NonblockingSocket", false, O_NONBLOCK},
                                           FdKind{"BlockingPipe", true, 0},
                                           FdKind{"NonblockingPipe", true, O_NONBLOCK}),
                         [](const auto& row) { return std::string(row.param.name); });

// Interrupts the program's calls every half millisecond.
class SignalStorm {
 public:
  SignalStorm() {
    struct sigaction count = {};
    count.sa_handler = [](int) { ++num_signals_; };  // no SA_RESTART
    sigaction(SIGALRM, &count, &old_action_);
    set_interval(500);
  }
  ~SignalStorm() {
    set_interval(0);
    sigaction(SIGALRM, &old_action_, nullptr);
  }
  int num_signals() const { return num_signals_; }

 private:
  static void set_interval(suseconds_t us) {
    const struct itimerval timer = {{0, us}, {0, us}};
    setitimer(ITIMER_REAL, &timer, nullptr);
  }
  static inline std::atomic<int> num_signals_ = 0;
  struct sigaction old_action_ = {};
};

TEST_P(FdTransportTest, CarriesOneMiBUnderSignals) {
  Bytes sent(1 << 20), got, part(3000);
  for (std::size_t i = 0; i < sent.size(); ++i) sent[i] = static_cast<std::uint8_t>(i * 31 >> 3);
  const SignalStorm storm;
  std::thread writing([&] {
    std::this_thread::sleep_for(10ms);  // the reader waits for the first octet
    EXPECT_TRUE(writer_->write_all(sent, kNoDeadline).is_done());
  });
  while (got.size() < sent.size()) {
    const IoResult result = reader_->read_some(part, kNoDeadline);
    if (!result.is_done()) break;
    got.insert(got.end(), part.begin(),
               part.begin() + static_cast<std::ptrdiff_t>(result.num_octets));
    if (got.size() % 7 == 0) std::this_thread::sleep_for(1ms);  // the writer waits, too
  }
  writing.join();
  EXPECT_TRUE(got == sent);
  EXPECT_GT(storm.num_signals(), 0);
}

TEST_P(FdTransportTest, TellsThatThePeerClosed) {
  Bytes part(16);
  ASSERT_TRUE(writer_->write_all(as_bytes("last"), kNoDeadline).is_done());
  close_fd(fds_[1]);
  EXPECT_EQ(reader_->read_some(part, kNoDeadline).num_octets, 4U);
  EXPECT_EQ(reader_->read_some(part, kNoDeadline).kind, Kind::kClosed);
}

TEST_P(FdTransportTest, SurvivesWritingToAClosedPeer) {
  close_fd(fds_[0]);  // SIGPIPE has its default action here, which ends the program
  EXPECT_EQ(writer_->write_all(as_bytes("lost"), kNoDeadline).kind, Kind::kClosed);
  sigset_t pending;
  sigpending(&pending);
  EXPECT_FALSE(sigismember(&pending, SIGPIPE));
}

TEST_P(FdTransportTest, StopsAtTheDeadlineWithAStalledPeer) {
  SPEC("L16 L30");
  // Signals neither prolong a wait nor cut it short; without them, nothing ends a call that blocks.
  for (const bool is_stormy : {false, true}) {
    std::optional<SignalStorm> storm;
    if (is_stormy) storm.emplace();
    Bytes part(16);
    Deadline deadline = Clock::now() + 20ms;
    EXPECT_EQ(reader_->read_some(part, deadline).kind, Kind::kTimedOut);
    EXPECT_GE(Clock::now(), deadline);
    deadline = Clock::now() + 20ms;
    const IoResult put = writer_->write_all(Bytes(1 << 22), deadline);
    EXPECT_EQ(put.kind, Kind::kTimedOut);
    EXPECT_GE(Clock::now(), deadline);
    EXPECT_GT(put.num_octets, 0U);
    EXPECT_EQ(drain(*reader_).size(), put.num_octets);
  }
}

TEST_P(FdTransportTest, LetsThroughWhatNeedsNoWaitingAfterTheDeadline) {
  Bytes part(16);
  EXPECT_TRUE(writer_->write_all(as_bytes("notice"), Deadline::min()).is_done());
  EXPECT_EQ(reader_->read_some(part, Deadline::min()).num_octets, 6U);
  EXPECT_EQ(reader_->read_some(part, Deadline::min()).kind, Kind::kTimedOut);
  EXPECT_TRUE(reader_->read_some({}, Deadline::min()).is_done());
}

TEST_P(FdTransportTest, LeavesTheDescriptorsAsTheyAre) {
  const int before = fcntl(fds_[1], F_GETFL);
  EXPECT_TRUE(writer_->write_all(as_bytes("x"), kNoDeadline).is_done());
  EXPECT_EQ(fcntl(fds_[1], F_GETFL), before);
}

TEST(FdTransport, KeepsAPipeSignalThatWasPendingBefore) {
  int fds[2];
  ASSERT_EQ(pipe(fds), 0);
  close(fds[0]);
  sigset_t signals, old_mask, pending;
  sigemptyset(&signals);
  sigaddset(&signals, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &signals, &old_mask);
  raise(SIGPIPE);
  EXPECT_EQ(FdTransport(fds[1]).write_all(as_bytes("x"), kNoDeadline).kind, Kind::kClosed);
  sigpending(&pending);
  ASSERT_TRUE(sigismember(&pending, SIGPIPE));
  int taken = 0;
  sigwait(&signals, &taken);
  pthread_sigmask(SIG_SETMASK, &old_mask, nullptr);
  close(fds[1]);
}

TEST(FdTransport, SaysWhatIsWrongWithADescriptor) {
  for (const int fd : {-1, 1 << 20}) {
    Bytes part(16);
    FdTransport transport(fd);
    EXPECT_EQ(transport.read_some(part, kNoDeadline).kind, Kind::kError);
    const IoResult put = transport.write_all(as_bytes("x"), kNoDeadline);
    EXPECT_EQ(put.kind, Kind::kError);
    EXPECT_NE(put.error.find("Bad file descriptor"), std::string::npos) << put.error;
  }
}

}  // namespace
}  // namespace gssloop::io
