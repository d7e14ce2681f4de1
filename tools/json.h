// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TOOLS_JSON_H_
#define GSSLOOP_TOOLS_JSON_H_

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace gssloop::tools {

// JsonMismatch says that a value is missing, or of another kind than the caller asked for.
// read_json catches it.
class JsonMismatch : public std::exception {
 public:
  const char* what() const noexcept override {
    return "a JSON value is missing or of another kind";
  }
};

// Json is a JSON value. The members of an object keep their order. json.cc alone includes
// nlohmann/json.hpp, which takes three seconds to compile.
class Json {
 public:
  struct Member;
  using Array = std::vector<Json>;
  using Object = std::vector<Member>;
  using Value = std::variant<std::monostate, bool, std::int64_t, std::uint64_t, double, std::string,
                             Array, Object>;

  // The default is null. {{"name", 1}, {"other", "text"}} makes an object.
  Json() noexcept;
  // Not inline: a header that makes and frees variants everywhere takes long to compile.
  Json(const Json& other);
  Json(Json&& other) noexcept;
  Json& operator=(const Json& other);
  Json& operator=(Json&& other) noexcept;
  ~Json();

  template <std::integral T>
  Json(T value) : value_(held(value)) {}
  Json(double value);
  Json(const char* text);
  Json(std::string_view text);
  Json(std::string text);
  Json(const std::vector<std::string>& texts);
  Json(Array elements);
  Json(Object members);
  Json(std::initializer_list<Member> members);
  static Json array();

  const Value& value() const noexcept { return value_; }
  bool is_null() const noexcept { return std::holds_alternative<std::monostate>(value_); }

  // at borrows a member of an object or an element of an array. text, boolean, elements, texts (of
  // an array of texts) and members return the value. Each throws a JsonMismatch if the value is
  // missing or of another kind.
  const Json& at(std::string_view name) const;
  const Json& at(std::size_t index) const;
  const std::string& text() const;
  bool boolean() const;
  const Array& elements() const;
  std::vector<std::string> texts() const;
  const Object& members() const;

  // operator[] returns the member of that name, and adds it to the object if there is none. With
  // an index it returns an element of an array, which must exist. push_back adds an element to an
  // array. A value of another kind becomes an empty object or array before.
  Json& operator[](std::string_view name);
  Json& operator[](std::size_t index);
  void push_back(Json element);

  // dump writes the value in ASCII, in one line or with an indent. It replaces octets that are not
  // UTF-8 by U+FFFD.
  std::string dump(int indent = -1) const;

 private:
  template <class T>
  static auto held(T value) {
    if constexpr (std::is_same_v<T, bool>) {
      return value;
    } else if constexpr (std::is_signed_v<T>) {
      return std::int64_t{value};
    } else {
      return std::uint64_t{value};
    }
  }

  Value value_;
};

struct Json::Member {
  std::string name;
  Json value;
};

// parse_json reads a whole text. It fails for a text that is not JSON, and for more than 100 levels
// of arrays and objects in one another.
std::optional<Json> parse_json(std::string_view text);

// read_json parses a text and returns the result of `read`. It returns nullopt if the text is not
// JSON, or if `read` throws a JsonMismatch.
template <class Read>
auto read_json(std::string_view text, const Read& read)
    -> std::optional<decltype(read(std::declval<const Json&>()))> {
  const auto json = parse_json(text);
  if (!json) return std::nullopt;
  try {
    return read(*json);
  } catch (const JsonMismatch&) {
    return std::nullopt;
  }
}

}  // namespace gssloop::tools

#endif  // GSSLOOP_TOOLS_JSON_H_
