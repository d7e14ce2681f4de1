// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/memory_keytab.h"

#include <atomic>
#include <cstdint>
#include <utility>

#include "gssloop/gss/krb5_handle.h"

namespace gssloop::gss {
namespace {

// Reads the entries of `from` into `to`. Returns libkrb5's error, 0 for success.
krb5_error_code copy_entries(krb5_context context, krb5_keytab from, krb5_keytab to) {
  krb5_kt_cursor cursor = nullptr;
  if (const auto code = krb5_kt_start_seq_get(context, from, &cursor)) return code;
  krb5_error_code code = 0;
  while (code == 0) {
    krb5_keytab_entry entry{};
    code = krb5_kt_next_entry(context, from, &entry, &cursor);
    if (code != 0) break;
    code = krb5_kt_add_entry(context, to, &entry);
    krb5_free_keytab_entry_contents(context, &entry);
  }
  const krb5_error_code end = krb5_kt_end_seq_get(context, from, &cursor);
  return code == KRB5_KT_END ? end : code;
}

std::string new_name() {
  static std::atomic<std::uint64_t> next = 0;
  return "MEMORY:gssloop/" + std::to_string(next++);
}

}  // namespace

struct MemoryKeytab::Handles {
  Krb5Context context;
  Krb5Keytab keytab{context};
};

MemoryKeytab::MemoryKeytab(std::string name, std::unique_ptr<Handles> handles)
    : name_(std::move(name)), handles_(std::move(handles)) {}
MemoryKeytab::MemoryKeytab(MemoryKeytab&& other) noexcept = default;
MemoryKeytab::~MemoryKeytab() = default;

std::optional<MemoryKeytab> MemoryKeytab::copy_of(const std::string& keytab) {
  auto handles = std::make_unique<Handles>();
  const Krb5Context& context = handles->context;
  Krb5Keytab from(context);
  std::string name = new_name();
  if (context.error() != 0 || krb5_kt_resolve(context, keytab.c_str(), from.out()) != 0 ||
      krb5_kt_resolve(context, name.c_str(), handles->keytab.out()) != 0 ||
      copy_entries(context, from.get(), handles->keytab.get()) != 0) {
    return std::nullopt;
  }
  return MemoryKeytab(std::move(name), std::move(handles));
}

}  // namespace gssloop::gss
