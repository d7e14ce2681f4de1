// SPDX-License-Identifier: BSD-2-Clause
#include "tools/json.h"

#include <algorithm>
#include <nlohmann/json.hpp>

namespace gssloop::tools {
namespace {

// nlohmann's type that keeps the order of members.
using Nlohmann = nlohmann::ordered_json;

constexpr int kMaxDepth = 100;

template <class T>
const T& checked(const Json::Value& value) {
  const T* held = std::get_if<T>(&value);
  if (held == nullptr) throw JsonMismatch();
  return *held;
}

Nlohmann to_nlohmann(const Json& json) {
  const auto convert = [](const auto& value) -> Nlohmann {
    using T = std::decay_t<decltype(value)>;
    if constexpr (std::is_same_v<T, std::monostate>) {
      return nullptr;
    } else if constexpr (std::is_same_v<T, Json::Array>) {
      Nlohmann array = Nlohmann::array();
      for (const Json& element : value) array.push_back(to_nlohmann(element));
      return array;
    } else if constexpr (std::is_same_v<T, Json::Object>) {
      Nlohmann object = Nlohmann::object();
      for (const Json::Member& member : value) object[member.name] = to_nlohmann(member.value);
      return object;
    } else {
      return value;
    }
  };
  return std::visit(convert, json.value());
}

Json from_nlohmann(const Nlohmann& value) {
  if (value.is_boolean()) return value.get<bool>();
  if (value.is_number_unsigned()) return value.get<std::uint64_t>();
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (value.is_number()) return value.get<double>();
  if (value.is_string()) return value.get<std::string>();
  if (value.is_array()) {
    Json::Array array;
    for (const Nlohmann& element : value) array.push_back(from_nlohmann(element));
    return array;
  }
  if (value.is_object()) {
    Json::Object object;
    for (const auto& [name, member] : value.items())
      object.push_back({name, from_nlohmann(member)});
    return object;
  }
  return {};
}

}  // namespace

Json::Json() noexcept = default;
Json::Json(const Json& other) = default;
Json::Json(Json&& other) noexcept = default;
Json& Json::operator=(const Json& other) = default;
Json& Json::operator=(Json&& other) noexcept = default;
Json::~Json() = default;

Json::Json(double value) : value_(value) {}
Json::Json(const char* text) : value_(std::string(text)) {}
Json::Json(std::string_view text) : value_(std::string(text)) {}
Json::Json(std::string text) : value_(std::move(text)) {}
Json::Json(Array elements) : value_(std::move(elements)) {}
Json::Json(Object members) : value_(std::move(members)) {}
Json::Json(std::initializer_list<Member> members) : value_(Object(members)) {}
Json::Json(const std::vector<std::string>& texts) : value_(Array(texts.begin(), texts.end())) {}

Json Json::array() { return Array(); }

const Json& Json::at(std::string_view name) const {
  const auto found = std::ranges::find(members(), name, &Member::name);
  if (found == members().end()) throw JsonMismatch();
  return found->value;
}

const Json& Json::at(std::size_t index) const {
  if (index >= elements().size()) throw JsonMismatch();
  return elements()[index];
}

const std::string& Json::text() const { return checked<std::string>(value_); }
bool Json::boolean() const { return checked<bool>(value_); }
const Json::Array& Json::elements() const { return checked<Array>(value_); }
const Json::Object& Json::members() const { return checked<Object>(value_); }

std::vector<std::string> Json::texts() const {
  std::vector<std::string> texts;
  for (const Json& element : elements()) texts.push_back(element.text());
  return texts;
}

Json& Json::operator[](std::string_view name) {
  if (!std::holds_alternative<Object>(value_)) value_ = Object();
  Object& members = std::get<Object>(value_);
  const auto found = std::ranges::find(members, name, &Member::name);
  if (found != members.end()) return found->value;
  return members.emplace_back(Member{std::string(name), {}}).value;
}

Json& Json::operator[](std::size_t index) { return std::get<Array>(value_).at(index); }

void Json::push_back(Json element) {
  if (!std::holds_alternative<Array>(value_)) value_ = Array();
  std::get<Array>(value_).push_back(std::move(element));
}

std::string Json::dump(int indent) const {
  return to_nlohmann(*this).dump(indent, ' ', true, Nlohmann::error_handler_t::replace);
}

std::optional<Json> parse_json(std::string_view text) {
  bool is_too_deep = false;
  const auto keep = [&](int depth, Nlohmann::parse_event_t, const Nlohmann&) {
    is_too_deep |= depth > kMaxDepth;
    return !is_too_deep;
  };
  const Nlohmann parsed = Nlohmann::parse(text, keep, false);
  if (parsed.is_discarded() || is_too_deep) return std::nullopt;
  return from_nlohmann(parsed);
}

}  // namespace gssloop::tools
