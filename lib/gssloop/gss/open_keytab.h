// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_OPEN_KEYTAB_H_
#define GSSLOOP_GSS_OPEN_KEYTAB_H_

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "gssloop/gss/krb5_handle.h"

namespace gssloop::gss {

// KeytabKeys is the entries of a keytab, up to the first that cannot be read. Not installed.
class KeytabKeys {
 public:
  // KeytabKeys reads them. The context must outlive the object. The constructor that it calls makes
  // the object complete, so that the destructor frees the entries if there is no memory for more.
  KeytabKeys(krb5_context context, krb5_keytab keytab) : KeytabKeys(context, krb5_error_code{0}) {
    Search search{context, keytab};
    code_ = krb5_kt_start_seq_get(context, keytab, &search.cursor);
    search.is_open = code_ == 0;
    while (code_ == 0) {
      code_ = krb5_kt_next_entry(context, keytab, &entries_.emplace_back(), &search.cursor);
    }
    if (search.is_open) entries_.pop_back();  // there was none
  }
  // KeytabKeys without a keytab is empty, because of `code`.
  KeytabKeys(krb5_context context, krb5_error_code code) : context_(context), code_(code) {}
  ~KeytabKeys() {
    for (krb5_keytab_entry& entry : entries_) krb5_free_keytab_entry_contents(context_, &entry);
  }
  KeytabKeys(const KeytabKeys&) = delete;
  KeytabKeys& operator=(const KeytabKeys&) = delete;

  const std::vector<krb5_keytab_entry>& entries() const noexcept { return entries_; }
  // code is KRB5_KT_END if these are all entries.
  krb5_error_code code() const noexcept { return code_; }
  // only_principal is the one of all keys of the keytab; null: they are of several, or there is no
  // key.
  krb5_const_principal only_principal() const {
    if (code_ != KRB5_KT_END || entries_.empty()) return nullptr;
    krb5_const_principal first = entries_[0].principal;
    const auto is_of_first = [&](const krb5_keytab_entry& entry) {
      return krb5_principal_compare(context_, entry.principal, first) != 0;
    };
    return std::ranges::all_of(entries_, is_of_first) ? first : nullptr;
  }

 private:
  struct Search {
    krb5_context context;
    krb5_keytab keytab;
    krb5_kt_cursor cursor = nullptr;
    bool is_open = false;
    ~Search() {
      if (is_open) krb5_kt_end_seq_get(context, keytab, &cursor);
    }
  };

  krb5_context context_;
  krb5_error_code code_;
  std::vector<krb5_keytab_entry> entries_;
};

// OpenKeytab is a keytab, the context of libkrb5 in which it is open, and what was learnt of the
// credential that uses it. One thread at a time. Not installed.
class OpenKeytab {
 public:
  // Empty: the default keytab.
  explicit OpenKeytab(const std::string& name) : error_(context_.error()) {
    if (error_ != 0) return;
    error_ = name.empty() ? krb5_kt_default(context_, keytab_.out())
                          : krb5_kt_resolve(context_, name.c_str(), keytab_.out());
  }

  const Krb5Context& context() const noexcept { return context_; }
  krb5_keytab get() const noexcept { return keytab_.get(); }
  // error is libkrb5's, if it could not open the keytab; else 0.
  krb5_error_code error() const noexcept { return error_; }

  // keys reads the keys once. The keytab does not change while it is open here: it is one in
  // memory, or open for one verification.
  const KeytabKeys& keys() {
    if (error_ != 0) return keys_.emplace(context_, error_);
    if (!keys_ || keys_->code() != KRB5_KT_END) keys_.emplace(context_, keytab_.get());
    return *keys_;
  }
  // service is the principal of the last ticket of which remember_service was told: the credential
  // accepts tickets for it. Null: not known.
  krb5_const_principal service() const noexcept { return service_.get(); }
  void remember_service(krb5_const_principal service) {
    krb5_copy_principal(context_, service, service_.out());  // without memory it is not known
  }

 private:
  const Krb5Context context_;
  Krb5Keytab keytab_{context_};
  std::optional<KeytabKeys> keys_;
  Krb5Principal service_{context_};
  krb5_error_code error_;
};

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_OPEN_KEYTAB_H_
