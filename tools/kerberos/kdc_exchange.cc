// SPDX-License-Identifier: BSD-2-Clause
#include "tools/kerberos/kdc_exchange.h"

#include <arpa/nameser.h>
#include <fcntl.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <resolv.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <tuple>

namespace gssloop::tools {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kMaxAnswerLen = 65536;

// Socket never blocks: its functions poll until the deadline.
class Socket {
 public:
  Socket(const addrinfo& address, int type, Clock::time_point deadline)
      : fd_(socket(address.ai_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
        deadline_(deadline) {}
  ~Socket() {
    if (fd_ >= 0) close(fd_);
  }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  // Each returns 0 or an errno.
  int connect_to(const addrinfo& address) const {
    if (fd_ < 0) return errno;
    if (connect(fd_, address.ai_addr, address.ai_addrlen) == 0) return 0;
    if (errno != EINPROGRESS) return errno;
    if (const int error = wait(POLLOUT)) return error;
    int error = 0;
    socklen_t len = sizeof error;
    return getsockopt(fd_, SOL_SOCKET, SO_ERROR, &error, &len) == 0 ? error : errno;
  }
  int send_all(ByteView octets) const {
    while (!octets.empty()) {
      if (const int error = wait(POLLOUT)) return error;
      const ssize_t num = send(fd_, octets.data(), octets.size(), MSG_NOSIGNAL);
      if (num < 0 && errno != EAGAIN && errno != EINTR) return errno;
      if (num > 0) octets = octets.subspan(static_cast<std::size_t>(num));
    }
    return 0;
  }
  // receive reads once, at most octets->size() octets, and shortens `octets` to them.
  int receive(Bytes* octets) const {
    for (;;) {
      if (const int error = wait(POLLIN)) return error;
      const ssize_t num = recv(fd_, octets->data(), octets->size(), 0);
      if (num < 0 && (errno == EAGAIN || errno == EINTR)) continue;
      if (num < 0) return errno;
      octets->resize(static_cast<std::size_t>(num));
      return num == 0 ? ECONNRESET : 0;
    }
  }

 private:
  int wait(short events) const {
    for (;;) {
      const auto left =
          std::chrono::duration_cast<std::chrono::milliseconds>(deadline_ - Clock::now()).count();
      if (left <= 0) return ETIMEDOUT;
      pollfd watched{fd_, events, 0};
      const int num = poll(&watched, 1, static_cast<int>(left));
      if (num > 0) return 0;
      if (num < 0 && errno != EINTR) return errno;
    }
  }

  const int fd_;
  const Clock::time_point deadline_;
};

// receive_exactly adds `len` octets of a stream.
int receive_exactly(const Socket& socket, std::size_t len, Bytes* octets) {
  const std::size_t end = octets->size() + len;
  while (octets->size() < end) {
    Bytes piece(end - octets->size());
    if (const int error = socket.receive(&piece)) return error;
    octets->insert(octets->end(), piece.begin(), piece.end());
  }
  return 0;
}

// RFC 4120 section 7.2.2: each message has a length of 4 octets in front.
int ask_by_tcp(const addrinfo& address, ByteView request, Clock::time_point deadline,
               Bytes* answer) {
  const Socket socket(address, SOCK_STREAM, deadline);
  if (const int error = socket.connect_to(address)) return error;
  Bytes framed;
  for (const int shift : {24, 16, 8, 0}) {
    framed.push_back(static_cast<std::uint8_t>(request.size() >> shift));
  }
  framed.insert(framed.end(), request.begin(), request.end());
  if (const int error = socket.send_all(framed)) return error;
  Bytes head;
  if (const int error = receive_exactly(socket, 4, &head)) return error;
  const std::size_t len = from_network_order(head);
  if (len > kMaxAnswerLen) return EMSGSIZE;
  return receive_exactly(socket, len, answer);
}

int ask_by_udp(const addrinfo& address, ByteView request, Clock::time_point deadline,
               Bytes* answer) {
  const Socket socket(address, SOCK_DGRAM, deadline);
  if (const int error = socket.connect_to(address)) return error;
  if (const int error = socket.send_all(request)) return error;
  answer->resize(kMaxAnswerLen);
  return socket.receive(answer);
}

std::string text_of(int error) {
  return error == ETIMEDOUT ? "no answer in time" : std::string(strerror(error));
}

// query asks the DNS. The result is empty if there is no such record, or no answer.
Bytes query(const std::string& name, int type) {
  struct __res_state state {};
  if (res_ninit(&state) != 0) return {};
  state.retrans = 1;  // second
  state.retry = 1;
  Bytes answer(kMaxAnswerLen);
  const int len = res_nquery(&state, name.c_str(), ns_c_in, type, answer.data(),
                             static_cast<int>(answer.size()));
  res_nclose(&state);
  answer.resize(len <= 0 ? 0 : std::min(answer.size(), static_cast<std::size_t>(len)));
  return answer;
}

struct FreeAddresses {
  void operator()(addrinfo* list) const noexcept { freeaddrinfo(list); }
};

}  // namespace

std::string KdcAddress::text() const {
  const bool is_ipv6 = host.find(':') != std::string::npos;
  return (is_ipv6 ? "[" + host + "]" : host) + ":" + port;
}

std::optional<KdcAddress> parse_kdc_address(std::string_view text) {
  if (text.find('/') != text.npos) return std::nullopt;
  KdcAddress address;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == text.npos) return std::nullopt;
    address.host = text.substr(1, end - 1);
    port = text.substr(end + 1);
  } else {
    address.host = text.substr(0, text.find(':'));
    port = text.substr(address.host.size());
  }
  if (address.host.empty() || address.host.find_first_of("[]") != std::string::npos) {
    return std::nullopt;
  }
  if (port.empty()) return address;
  if (!port.starts_with(':')) return std::nullopt;
  port.remove_prefix(1);
  std::uint16_t number = 0;
  const char* const end = port.data() + port.size();
  const auto [stop, error] = std::from_chars(port.data(), end, number);
  if (error != std::errc() || stop != end || number == 0) return std::nullopt;
  address.port = std::to_string(number);
  return address;
}

std::vector<KdcAddress> parse_srv(ByteView answer) {
  ns_msg message;
  if (ns_initparse(answer.data(), static_cast<int>(answer.size()), &message) != 0) return {};
  std::vector<std::tuple<unsigned, unsigned, KdcAddress>> found;
  for (int i = 0; i < ns_msg_count(message, ns_s_an); ++i) {
    ns_rr record;
    if (ns_parserr(&message, ns_s_an, i, &record) != 0) break;
    // RFC 2782: priority, weight, port, target.
    if (ns_rr_type(record) != ns_t_srv || ns_rr_rdlen(record) < 7) continue;
    const unsigned char* const data = ns_rr_rdata(record);
    char target[NS_MAXDNAME];
    if (dn_expand(ns_msg_base(message), ns_msg_end(message), data + 6, target, sizeof target) < 0) {
      continue;
    }
    // A target of "." says that there is no such service. Nothing listens at port 0.
    const unsigned port = ns_get16(data + 4);
    if (*target == '\0' || std::strcmp(target, ".") == 0 || port == 0) continue;
    found.emplace_back(ns_get16(data), ns_get16(data + 2),
                       KdcAddress{target, std::to_string(port)});
  }
  std::ranges::stable_sort(found, [](const auto& a, const auto& b) {
    const bool is_heavier = std::get<1>(a) > std::get<1>(b);
    return std::get<0>(a) != std::get<0>(b) ? std::get<0>(a) < std::get<0>(b) : is_heavier;
  });
  std::vector<KdcAddress> addresses;
  for (const auto& record : found) addresses.push_back(std::get<2>(record));
  return addresses;
}

std::vector<KdcAddress> find_kdcs(const std::string& realm) {
  std::vector<KdcAddress> addresses;
  for (const char* protocol : {"_tcp.", "_udp."}) {
    const Bytes answer = query("_kerberos." + std::string(protocol) + realm + ".", ns_t_srv);
    for (KdcAddress& address : parse_srv(answer)) {
      if (std::ranges::find(addresses, address) == addresses.end()) {
        addresses.push_back(std::move(address));
      }
    }
  }
  return addresses;
}

bool has_uri_records(const std::string& realm) {
  constexpr int kUri = 256;  // RFC 7553
  return !query("_kerberos." + realm + ".", kUri).empty();
}

Result<Bytes, Error> ask_kdc(const KdcAddress& address, ByteView request,
                             std::chrono::milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* list = nullptr;
  const int code = getaddrinfo(address.host.c_str(), address.port.c_str(), &hints, &list);
  if (code != 0) return Error{std::string("its name has no address: ") + gai_strerror(code)};
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(list);
  std::string texts;
  for (const auto& [ask, by] : {std::pair(&ask_by_tcp, "TCP"), std::pair(&ask_by_udp, "UDP")}) {
    const Clock::time_point deadline = Clock::now() + timeout;
    int error = 0;
    for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
      Bytes answer;
      error = ask(*one, request, deadline, &answer);
      if (error == 0) return answer;
    }
    texts += (texts.empty() ? "" : ", ") + std::string(by) + ": " + text_of(error);
  }
  return Error{texts};
}

}  // namespace gssloop::tools
