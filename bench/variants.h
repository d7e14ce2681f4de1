// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_VARIANTS_H_
#define GSSLOOP_BENCH_VARIANTS_H_

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "bench/logins.h"
#include "bench/setting.h"
#include "bench/worker.h"

namespace gssloop::bench {

// Variant is one way to log in that a benchmark measures.
struct Variant {
  const char* name;
  bool is_stock;  // with Cyrus SASL's modules
  std::function<std::unique_ptr<Logins>()> logins;
  const char* raw;     // the variant without SASL
  const char* beside;  // the variant with Cyrus SASL's module
  bool has_policy = false;

  // The variant that shows what libsasl costs.
  const char* nothing() const {
    return std::string_view(raw).starts_with("server") ? "server-nothing" : "nothing";
  }
};

// kVariantNotes explains the variants to a user.
extern const char kVariantNotes[];

// variants lists all of them, in the order of a table.
const std::vector<Variant>& variants();
// find_variant throws std::runtime_error if there is none of that name.
const Variant& find_variant(const std::string& name);

// start_worker starts a process of a variant and lets it log in some times. Null if it needs Cyrus
// SASL's modules, and they are not on this machine.
std::unique_ptr<Worker> start_worker(const Setting& setting, const Variant& variant,
                                     ReplayCache cache);
// serve_variant is that process.
int serve_variant(const std::string& name);

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_VARIANTS_H_
