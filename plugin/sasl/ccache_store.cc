// SPDX-License-Identifier: BSD-2-Clause
#include "plugin/sasl/ccache_store.h"

#include <pwd.h>
#include <strings.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <optional>

#include "gssloop/base/bytes.h"

namespace gssloop::plugin {
namespace {

constexpr std::size_t kMaxLen = PATH_MAX - 1;  // without the terminating NUL

Error error_at(std::size_t index, const std::string& what) {
  return {"byte " + std::to_string(index + 1) + ": " + what};
}

// The part before the first colon, but for a colon that is part of a path.
std::string_view type_of(std::string_view text) {
  const std::size_t colon = text.find(':');
  return colon < text.find('/') ? text.substr(0, colon) : std::string_view();
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A name that becomes part of a path must not change the folder that the path names.
std::optional<Error> refuse_name(std::string_view name) {
  const auto refused = [&](const char* why) {
    return Error{"the user name " + in_quotes(name) + " cannot be part of a ccache name: it " +
                 why};
  };
  if (name.empty()) return refused("is empty");
  if (name.front() == '.') return refused("begins with a dot");
  if (name.find_first_of("/:") != name.npos) return refused("contains a slash or a colon");
  if (has_control_characters(as_bytes(name))) return refused("contains control characters");
  return std::nullopt;
}

// Account is an entry of this machine's list of users.
struct Account {
  uid_t uid;
  std::string name;
};

// find_account makes one look-up with getpwnam_r or getpwuid_r; nullopt: there is no such account,
// or the look-up failed. The buffer grows up to a limit, because some directories always return
// ERANGE.
template <class LookUp>
std::optional<Account> find_account(LookUp look_up) {
  constexpr std::size_t kMaxBufferLen = std::size_t{1} << 20;
  std::vector<char> buffer;
  for (std::size_t len = 1024; len <= kMaxBufferLen; len *= 2) {
    buffer.resize(len);
    passwd entry{};
    passwd* found = nullptr;
    const int error = look_up(&entry, buffer.data(), buffer.size(), &found);
    if (error == ERANGE || error == EINTR) continue;
    if (error != 0 || found == nullptr) return std::nullopt;
    return Account{found->pw_uid, found->pw_name};
  }
  return std::nullopt;
}

Result<std::string, Error> user_id(std::string_view authid) {
  const std::string name(authid);
  const auto account =
      find_account([&](passwd* entry, char* buffer, std::size_t len, passwd** found) {
        return getpwnam_r(name.c_str(), entry, buffer, len, found);
      });
  // Directories that ignore case give alice's account to the principal ALICE, who would overwrite
  // alice's tickets.
  if (!account || account->name != authid) {
    return Error{"this machine has no account " + in_quotes(authid) + ", so %u has no value"};
  }
  return std::to_string(account->uid);
}

Result<std::string, Error> process_user_name() {
  const uid_t uid = geteuid();
  auto account = find_account([&](passwd* entry, char* buffer, std::size_t len, passwd** found) {
    return getpwuid_r(uid, entry, buffer, len, found);
  });
  if (!account) {
    return Error{"the server's user (UID " + std::to_string(uid) +
                 ") has no name, so %E has no value"};
  }
  if (auto refused = refuse_name(account->name)) return *std::move(refused);
  return std::move(account->name);
}

}  // namespace

// Parser reads the text once, from left to right.
class CcacheStore::Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<CcacheStore, Error> parse() {
    if (auto error = check_text()) return *std::move(error);
    while (at_ < text_.size()) {
      if (auto error = text_[at_] == '%' ? take_percent() : take_literal(1)) {
        return *std::move(error);
      }
    }
    if (!tells_users_apart_) {
      // One user's tickets would replace another's, and a server that uses the ccache would act as
      // the wrong user. A collection has a ccache for each principal, but a program that uses the
      // collection may take any of them.
      return error_at(text_.size() - 1, "the ccache name is the same for every user; add %U or %u");
    }
    return std::move(store_);
  }

 private:
  std::optional<Error> check_text() const {
    if (text_.empty()) {
      return error_at(0, "the value is empty; write FILE:/path/krb5cc_%U, for example");
    }
    if (text_.size() > kMaxLen) {
      return error_at(kMaxLen,
                      "the value is too long; the limit is " + std::to_string(kMaxLen) + " bytes");
    }
    for (std::size_t i = 0; i < text_.size(); ++i) {
      if (has_control_characters(as_bytes(text_.substr(i, 1)))) {
        return error_at(i, "control character; remove it");
      }
    }
    if (has_control_characters(as_bytes(text_))) {
      return error_at(0, "the value contains control characters; remove them");
    }
    // Otherwise a user's name would choose the type.
    if (const std::size_t i = type_of(text_).find('%'); i != text_.npos) {
      return error_at(i, "the ccache type contains a %; write the type in full, for example FILE:");
    }
    return std::nullopt;
  }

  std::optional<Error> take_literal(std::size_t len) {
    if (store_.parts_.empty() || store_.parts_.back().kind != Kind::kLiteral) {
      store_.parts_.push_back({Kind::kLiteral, {}});
    }
    const char c = text_[at_ + len - 1];
    store_.parts_.back().text += c;
    if (!is_digit(c)) last_variable_.reset();
    at_ += len;
    return std::nullopt;
  }

  std::optional<Error> take_percent() {
    const char c = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    switch (c) {
      case '%':
        return take_literal(2);
      case 'U':
        tells_users_apart_ = true;
        return take_variable(Kind::kUserName);
      case 'u':
        tells_users_apart_ = true;
        return take_variable(Kind::kUserId);
      case 'p':
        return take_variable(Kind::kProcessId);
      case 'E':
        return take_constant(Kind::kProcessUserName);
      case 'e':
        return take_constant(Kind::kProcessUserId);
      default:
        return error_at(at_,
                        "unknown substitution; the known ones are %U, %u, %E, %e and %p, and %% is "
                        "a percent sign");
    }
  }

  // Two substitutions that differ between logins need a separator: with %U%p, "bob1" in process 23
  // would get the tickets of "bob" in process 123.
  std::optional<Error> take_variable(Kind kind) {
    if (last_variable_ && *last_variable_ != kind) {
      return error_at(
          at_,
          "two substitutions are not separated; write a character other than a digit between them");
    }
    last_variable_ = kind;
    return take_constant(kind);
  }

  std::optional<Error> take_constant(Kind kind) {
    store_.parts_.push_back({kind, {}});
    at_ += 2;
    return std::nullopt;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  // The last of %U, %u and %p, if only digits follow it.
  std::optional<Kind> last_variable_;
  bool tells_users_apart_ = false;
  CcacheStore store_;
};

Result<CcacheStore, Error> CcacheStore::parse(std::string_view text) {
  return Parser(text).parse();
}

Result<std::string, Error> CcacheStore::expand(const Part& part, std::string_view authid) {
  switch (part.kind) {
    case Kind::kLiteral:
      return part.text;
    case Kind::kUserName:
      return std::string(authid);
    case Kind::kUserId:
      return user_id(authid);
    case Kind::kProcessUserName:
      return process_user_name();
    case Kind::kProcessUserId:
      return std::to_string(geteuid());
    case Kind::kProcessId:
      return std::to_string(getpid());
  }
  return Error{"unknown kind of part"};
}

Result<std::string, Error> CcacheStore::expand(std::string_view authid) const {
  if (auto refused = refuse_name(authid)) return *std::move(refused);
  std::string ccache;
  for (const Part& part : parts_) {
    const auto text = expand(part, authid);
    if (!text) return text.error();
    ccache += *text;
  }
  if (ccache.size() > kMaxLen) {
    return Error{"the ccache name would be " + std::to_string(ccache.size()) +
                 " bytes long; the limit is " + std::to_string(kMaxLen)};
  }
  return ccache;
}

}  // namespace gssloop::plugin
