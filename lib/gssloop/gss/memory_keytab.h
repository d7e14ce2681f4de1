// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_MEMORY_KEYTAB_H_
#define GSSLOOP_GSS_MEMORY_KEYTAB_H_

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace gssloop::gss {

class OpenKeytab;

// MemoryKeytab is a copy of a Kerberos keytab in the memory of this process (MIT krb5's type
// MEMORY). GSS_Accept_sec_context with a credential of a file opens, locks and reads the file each
// time; with a credential of such a copy it does not.
//
// The copy stays as it is when the original changes. A credential that is acquired from it keeps
// it; when this object and all these credentials are gone, libkrb5 wipes the keys. Several threads
// may use the name, and the credentials, at once; libkrb5 takes a mutex of the copy for each
// search.
class MemoryKeytab {
 public:
  // copy_of reads all keys of the keytab of that name. nullopt if libkrb5 cannot read it.
  static std::optional<MemoryKeytab> copy_of(const std::string& keytab);

  MemoryKeytab(MemoryKeytab&& other) noexcept;
  MemoryKeytab& operator=(MemoryKeytab&& other) noexcept;
  ~MemoryKeytab();

  // Lease is the use of libkrb5's objects of a copy, which one thread at a time may use. It must
  // end before the copy does.
  struct GiveBack {
    std::atomic<bool>* is_leased = nullptr;
    void operator()(OpenKeytab*) const noexcept { *is_leased = false; }
  };
  using Lease = std::unique_ptr<OpenKeytab, GiveBack>;
  // lease is null if another thread uses them.
  Lease lease() const;

  // name is what acquire_acceptor takes: "MEMORY:...". No other keytab of the process has it.
  const std::string& name() const noexcept { return name_; }

 private:
  struct Handles;
  MemoryKeytab(std::string name, std::unique_ptr<Handles> handles);

  std::string name_;
  std::unique_ptr<Handles> handles_;
};

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_MEMORY_KEYTAB_H_
