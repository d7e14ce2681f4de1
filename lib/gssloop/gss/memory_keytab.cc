// SPDX-License-Identifier: BSD-2-Clause
#include "gssloop/gss/memory_keytab.h"

#include <atomic>
#include <cstdint>
#include <utility>

#include "gssloop/gss/open_keytab.h"

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
  explicit Handles(const std::string& name) : keytab(name) {}
  OpenKeytab keytab;
  std::atomic<bool> is_leased = false;
};

MemoryKeytab::MemoryKeytab(std::string name, std::unique_ptr<Handles> handles)
    : name_(std::move(name)), handles_(std::move(handles)) {}
MemoryKeytab::MemoryKeytab(MemoryKeytab&& other) noexcept = default;
MemoryKeytab& MemoryKeytab::operator=(MemoryKeytab&& other) noexcept = default;
MemoryKeytab::~MemoryKeytab() = default;

std::optional<MemoryKeytab> MemoryKeytab::copy_of(const std::string& keytab) {
  std::string name = new_name();
  auto handles = std::make_unique<Handles>(name);
  const OpenKeytab from(keytab), &to = handles->keytab;
  if (from.error() != 0 || to.error() != 0 ||
      copy_entries(to.context(), from.get(), to.get()) != 0) {
    return std::nullopt;
  }
  return MemoryKeytab(std::move(name), std::move(handles));
}

MemoryKeytab::Lease MemoryKeytab::lease() const {
  std::atomic<bool>& is_leased = handles_->is_leased;
  return {is_leased.exchange(true) ? nullptr : &handles_->keytab, GiveBack{&is_leased}};
}

}  // namespace gssloop::gss
