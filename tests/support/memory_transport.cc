// SPDX-License-Identifier: BSD-2-Clause
#include "tests/support/memory_transport.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>

namespace gssloop::test {
namespace {

using io::Deadline;
using io::IoResult;
using Kind = IoResult::Kind;

// Stream is one direction.
class Stream {
 public:
  explicit Stream(MemoryFaults faults) : faults_(faults) {}

  IoResult read(std::span<std::uint8_t> into, Deadline deadline) {
    if (into.empty()) return {};
    std::unique_lock lock(mutex_);
    const auto is_ready = [this] { return num_readable() > 0 || (is_closed_ && !is_stalled()); };
    if (!wait(lock, deadline, is_ready)) return {Kind::kTimedOut, 0, {}};
    const std::size_t len = std::min({into.size(), num_readable(), faults_.max_read_len});
    if (len == 0) return {Kind::kClosed, 0, {}};
    std::copy_n(octets_.begin(), len, into.begin());
    octets_.erase(octets_.begin(), octets_.begin() + static_cast<std::ptrdiff_t>(len));
    changed_.notify_all();
    return {Kind::kDone, len, {}};
  }

  IoResult write(ByteView octets, Deadline deadline) {
    std::unique_lock lock(mutex_);
    for (std::size_t i = 0; i < octets.size(); ++i) {
      const auto has_room = [this] { return is_closed_ || octets_.size() < faults_.capacity; };
      if (!wait(lock, deadline, has_room)) return {Kind::kTimedOut, i, {}};
      if (faults_.cut_at == num_written_) close_locked();
      if (is_closed_) return {Kind::kClosed, i, {}};
      put(octets[i]);
    }
    return {Kind::kDone, octets.size(), {}};
  }

  void close() {
    const std::lock_guard lock(mutex_);
    close_locked();
  }

 private:
  template <class Predicate>
  bool wait(std::unique_lock<std::mutex>& lock, Deadline deadline, Predicate predicate) {
    if (deadline != io::kNoDeadline) return changed_.wait_until(lock, deadline, predicate);
    changed_.wait(lock, predicate);
    return true;
  }

  void put(std::uint8_t octet) {
    const std::size_t position = num_written_++;
    if (faults_.drop_at == position) return;
    if (faults_.flip_bit && *faults_.flip_bit / 8 == position) {
      octet = static_cast<std::uint8_t>(octet ^ 1U << *faults_.flip_bit % 8);
    }
    // A stalled octet takes room all the same, as one in a full socket does.
    if (faults_.stall_at && position >= *faults_.stall_at) ++num_stalled_;
    octets_.push_back(octet);
    changed_.notify_all();
  }

  void close_locked() {
    is_closed_ = true;
    changed_.notify_all();
  }
  bool is_stalled() const { return faults_.stall_at && num_written_ >= *faults_.stall_at; }
  std::size_t num_readable() const { return octets_.size() - num_stalled_; }

  const MemoryFaults faults_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::uint8_t> octets_;
  std::size_t num_written_ = 0;
  std::size_t num_stalled_ = 0;
  bool is_closed_ = false;
};

class MemoryTransport final : public io::Transport {
 public:
  MemoryTransport(std::shared_ptr<Stream> in, std::shared_ptr<Stream> out)
      : in_(std::move(in)), out_(std::move(out)) {}
  ~MemoryTransport() override {
    in_->close();
    out_->close();
  }

  IoResult read_some(std::span<std::uint8_t> into, Deadline deadline) override {
    return in_->read(into, deadline);
  }
  IoResult write_all(ByteView octets, Deadline deadline) override {
    return out_->write(octets, deadline);
  }

 private:
  const std::shared_ptr<Stream> in_;
  const std::shared_ptr<Stream> out_;
};

}  // namespace

MemoryEnds memory_pair(MemoryFaults first_to_second, MemoryFaults second_to_first) {
  const auto there = std::make_shared<Stream>(first_to_second);
  const auto back = std::make_shared<Stream>(second_to_first);
  return {std::make_unique<MemoryTransport>(back, there),
          std::make_unique<MemoryTransport>(there, back)};
}

}  // namespace gssloop::test
