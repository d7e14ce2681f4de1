// SPDX-License-Identifier: BSD-2-Clause

// Fails the Nth system call of `gssloop accept`, of `gssloop initiate`, and of a transfer through a
// pipe, for every N. A fault that passes changes nothing. After another one the command says what
// failed; the file is the old one or the whole new one, nothing else is left, and the initiator is
// told that its data is stored only if it is.

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "gssloop/io/fd_transport.h"
#include "tests/fault/injected.h"
#include "tests/fault/system_faults.h"
#include "tests/live/live_test.h"
#include "tests/support/growth.h"
#include "tests/support/shared_memory.h"

// The command's main(), which has this name in this program.
int gssloop_main(int argc, char** argv);

namespace gssloop::testing {
namespace {

namespace fs = std::filesystem;

// What a child reports beside its exit status, in memory that it shares with the test.
struct Report {
  bool has_failed, is_passing, has_lost_descriptor;
  char call[64];
};

struct Fault {
  bool is_of_acceptor = false;
  unsigned number = 0, way = 0;
};

struct Ending {
  int status = -1;  // of the exit
  std::string said;
};

class SystemCalls : public LiveTest {
 protected:
  void SetUp() override {
    LiveTest::SetUp();
    if (IsSkipped()) return;
    disable_replay_cache();
    folder_ = realm().path("folder");
    fs::create_directories(folder_);
    data_.assign(100'000, 'x');
    std::ofstream(realm().path("data")) << data_;
  }

  struct Child {
    pid_t pid = -1;
    int said = -1;  // its standard error
  };

  // Runs the command in a child. `max_file_len`: its files can have so many octets.
  Child run(std::vector<std::string> words, const Fault* fault, rlim_t max_file_len) {
    int fds[2];
    EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
    std::fflush(stdout);
    const Child child{fork(), fds[0]};
    if (child.pid == 0) {
      dup2(fds[1], STDERR_FILENO);
      dup2(::open("/dev/null", O_RDWR | O_CLOEXEC), STDOUT_FILENO);
      signal(SIGXFSZ, SIG_IGN);
      const rlimit limit{max_file_len, max_file_len};
      setrlimit(RLIMIT_FSIZE, &limit);
      run_in_child(std::move(words), fault);
    }
    ::close(fds[1]);
    return child;
  }

  [[noreturn]] void run_in_child(std::vector<std::string> words, const Fault* fault) {
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const long before = num_descriptors();
    if (fault != nullptr) fail_system_call(fault->number, fault->way);
    const int status = gssloop_main(static_cast<int>(words.size()), arguments.data());
    report_->has_failed |= *failed_system_call() != '\0';
    report_->is_passing |= was_passing_fault();
    if (*failed_system_call() != '\0') std::strncpy(report_->call, failed_system_call(), 63);
    fail_system_call(0, 0);
    report_->has_lost_descriptor |= num_descriptors() > before;
    _exit(status);
  }

  static void connect_and_leave(int port) {
    const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    ::close(fd);
  }

  static std::string read_to(int fd, const char* until) {
    std::string text;
    char octet = 0;
    while (text.find(until) == text.npos && ::read(fd, &octet, 1) == 1) text += octet;
    return text;
  }

  static Ending end_of(const Child& child, std::string said) {
    char octet = 0;
    while (::read(child.said, &octet, 1) == 1) said += octet;
    ::close(child.said);
    int status = 0;
    EXPECT_EQ(waitpid(child.pid, &status, 0), child.pid);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status) << " " << said;
    return {WEXITSTATUS(status), said};
  }

  static void expect_clean(const Ending& ending) {
    EXPECT_TRUE(ending.status == 0 || ending.status == 1 || ending.status == 3) << ending.said;
    EXPECT_TRUE(ending.status == 0 || ending.said.find("gssloop: ") != std::string::npos)
        << ending.status << " " << ending.said;
  }

  // One transfer. Returns whether both commands succeeded.
  bool transfer(const Fault& fault, rlim_t max_file_len = RLIM_INFINITY) {
    std::ofstream(folder_ / "file") << "old";
    *report_ = {};
    const Fault* const none = nullptr;
    const Child acceptor =
        run({"gssloop", "accept", "--timeout", "5", "--output", (folder_ / "file").string()},
            fault.is_of_acceptor ? &fault : none, max_file_len);
    // "listening on 127.0.0.1 port 4711"
    std::string said = read_to(acceptor.said, "\n");
    const auto port = said.rfind("port ");
    Ending initiated{3, "gssloop: not run"};
    if (said.starts_with("listening") && port != said.npos) {
      const std::string number = said.substr(port + 5, said.size() - port - 6);
      const Child initiator = run({"gssloop", "initiate", "--timeout", "5", "127.0.0.1", number,
                                   "imap@localhost", "--send", realm().path("data")},
                                  fault.is_of_acceptor ? none : &fault, RLIM_INFINITY);
      initiated = end_of(initiator, {});
      // The acceptor may still wait for a connection.
      if (initiated.status != 0) connect_and_leave(std::stoi(number));
    }
    const Ending accepted = end_of(acceptor, said);
    return judge(accepted, initiated);
  }

  bool judge(const Ending& accepted, const Ending& initiated) {
    expect_clean(accepted);
    expect_clean(initiated);
    EXPECT_FALSE(report_->has_lost_descriptor);
    std::ifstream file(folder_ / "file", std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(file), {}};
    EXPECT_TRUE(content == "old" || content == data_) << content.size();
    EXPECT_TRUE(content == data_ || (initiated.status != 0 && accepted.status != 0));
    const fs::directory_iterator all(folder_);
    EXPECT_EQ(std::distance(begin(all), end(all)), 1);
    const bool is_done = initiated.status == 0 && accepted.status == 0;
    EXPECT_TRUE(is_done || !report_->is_passing) << accepted.said << initiated.said;
    // Without these the file is not stored.
    for (const std::string_view call : {"mkostemp", "fsync", "rename"}) {
      EXPECT_FALSE(is_done && std::string_view(report_->call).starts_with(call)) << report_->call;
    }
    return is_done;
  }

  void fail_each_call(bool is_of_acceptor) {
    for (unsigned way = 0; way < kNumSystemWays; ++way) {
      unsigned number = 1;
      for (;; ++number) {
        const bool is_done = transfer({is_of_acceptor, number, way});
        if (!report_->has_failed && is_done) break;
        ASSERT_FALSE(HasFailure()) << "call " << number << ": " << report_->call;
        ASSERT_LT(number, 1000U);
      }
      EXPECT_GT(number, 20U);
    }
  }

  Report* const report_ = new_shared<Report>();
  fs::path folder_;
  std::string data_;
};

TEST_F(SystemCalls, EachFailedCallOfAcceptLeavesAWholeFile) {
  SPEC("L41");
  fail_each_call(true);
}

TEST_F(SystemCalls, EachFailedCallOfInitiateLeavesAWholeFile) {
  SPEC("L41");
  fail_each_call(false);
}

// As on a full disk: the file can have so many octets.
TEST_F(SystemCalls, AFullDiskLeavesTheOldFile) {
  SPEC("L41");
  for (const rlim_t max_len : {0, 1, 16'384, 99'999}) {
    EXPECT_FALSE(transfer({}, max_len));
    note_injected();
  }
  EXPECT_TRUE(transfer({}));
}

// One transfer through a pipe, in whose buffer there is room for the data. A call that failed is
// said, and how much had been written; no octet is lost, changed or written twice. Returns whether
// a call failed.
bool transfer_through_pipe(const std::string& data, unsigned number, unsigned way) {
  int fds[2];
  EXPECT_EQ(pipe2(fds, O_CLOEXEC), 0);
  io::FdTransport pipe(fds[0], fds[1]);
  sigset_t before, after;
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  fail_system_call(number, way);
  const io::Deadline deadline = io::Clock::now() + std::chrono::seconds(30);
  const io::IoResult written = pipe.write_all(as_bytes(data), deadline);
  std::string got;
  io::IoResult result = written;
  while (result.is_done() && got.size() < data.size()) {
    std::uint8_t octets[1000];
    result = pipe.read_some(octets, deadline);
    got.append(reinterpret_cast<const char*>(octets), result.num_octets);
  }
  const std::string failed = failed_system_call();
  EXPECT_EQ(result.is_done(), failed.empty() || was_passing_fault()) << failed;
  fail_system_call(0, 0);
  if (!result.is_done()) {
    const std::string call = failed.substr(0, failed.find(','));
    EXPECT_TRUE(result.error.starts_with(call + ": ")) << failed << ": " << result.error;
  }
  ::close(fds[1]);
  for (char octet = 0; ::read(fds[0], &octet, 1) == 1;) got += octet;
  EXPECT_EQ(got, data.substr(0, written.num_octets)) << failed;
  ::close(fds[0]);
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  EXPECT_EQ(sigismember(&after, SIGPIPE), sigismember(&before, SIGPIPE)) << failed;
  return !failed.empty();
}

TEST(PipeCalls, EachFailedCallIsSaidAndLosesNothing) {
  SPEC("L41");
  std::string data;
  while (data.size() < 3 * PIPE_BUF) data += std::to_string(data.size()) + ",";
  for (unsigned way = 0; way < kNumSystemWays; ++way) {
    unsigned number = 1;
    while (transfer_through_pipe(data, number, way)) {
      ASSERT_FALSE(HasFailure()) << "call " << number << ", way " << way;
      ASSERT_LT(++number, 1000U);
    }
    EXPECT_GT(number, 10U);
  }
}

}  // namespace
}  // namespace gssloop::testing
