// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_BENCH_VARIANTS_H_
#define GSSLOOP_BENCH_VARIANTS_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bench/logins.h"
#include "bench/worker.h"
#include "tests/kdc/realm.h"

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
  const char* nothing() const { return raw == std::string("raw") ? "nothing" : "server-nothing"; }
};

// kVariantNotes explains the variants to a user.
extern const char kVariantNotes[];

// variants lists all of them, in the order of a table.
const std::vector<Variant>& variants();
// find_variant throws std::runtime_error if there is none of that name.
const Variant& find_variant(const std::string& name);

// serve_variant is the program's side of a Worker.
int serve_variant(const std::string& name);

// The kinds of replay cache: as Kerberos has it by default, or none.
enum class ReplayCache { kFile, kNone };
const char* to_string(ReplayCache kind);

// Setting is where the variants log in: a KDC of the benchmark's own, with imap/localhost in the
// default keytab, and a ticket of alice, of whom two indicators and a PAC say more. Everything
// throws.
class Setting {
 public:
  Setting();

  // start starts a process of a variant and lets it log in some times. Null if Cyrus SASL's modules
  // are not on this machine.
  std::unique_ptr<Worker> start(const Variant& variant, ReplayCache cache) const;

 private:
  std::string stock_folder() const;
  std::string conf_folder(const Variant& variant) const;

  testing::Realm realm_;
};

}  // namespace gssloop::bench

#endif  // GSSLOOP_BENCH_VARIANTS_H_
