// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_HANDLE_H_
#define GSSLOOP_GSS_HANDLE_H_

#include <string.h>  // explicit_bzero

#include <utility>

#include "gssloop/base/bytes.h"
#include "gssloop/gss/gssapi_c.h"

namespace gssloop::gss {

// HandleTraits has the empty value of a GSS-API type, and the call that frees its objects.
template <class T>
struct HandleTraits;

// Handle owns one GSS-API object and frees it with the call that RFC 2744 names for its type. It is
// movable, not copyable; its empty value is the type's GSS_C_NO_* value. Any thread may free a
// handle; two threads must not use one at the same time unless the object's own type allows it.
template <class T>
class Handle {
 public:
  Handle() = default;
  // Handle takes over an object.
  explicit Handle(T handle) noexcept : handle_(handle) {}
  Handle(Handle&& other) noexcept : handle_(other.release()) {}
  Handle& operator=(Handle&& other) noexcept {
    if (this != &other) reset(other.release());
    return *this;
  }
  ~Handle() { reset(); }

  // operator bool is true if the handle owns an object.
  explicit operator bool() const noexcept { return handle_ != HandleTraits<T>::kEmpty; }
  // get borrows: the handle stays the owner.
  T get() const noexcept { return handle_; }
  // release gives the object away.
  T release() noexcept { return std::exchange(handle_, HandleTraits<T>::kEmpty); }
  // out frees the object, and returns the address for a call to fill.
  T* out() noexcept {
    reset();
    return &handle_;
  }
  // in_out returns the address for a call that reads and replaces the object itself (the
  // context_handle of the two context calls: one variable for the whole loop, loop section 2).
  T* in_out() noexcept { return &handle_; }
  // reset frees the object, and takes over another one, or none.
  void reset(T handle = HandleTraits<T>::kEmpty) noexcept {
    if (handle_ != HandleTraits<T>::kEmpty) HandleTraits<T>::free(&handle_);
    handle_ = handle;
  }

 private:
  T handle_ = HandleTraits<T>::kEmpty;
};

// One call frees an object of any GSS-API type. It takes the address, and a minor status that has
// no use.
template <class T, OM_uint32 (*kRelease)(OM_uint32*, T*)>
struct ReleasedBy {
  static constexpr T kEmpty = nullptr;  // every GSS_C_NO_* is
  // free frees the object, and writes kEmpty.
  static void free(T* h) noexcept {
    OM_uint32 ignored;
    kRelease(&ignored, h);
  }
};

// HandleTraits of types that need only this call.
template <>
struct HandleTraits<gss_name_t> : ReleasedBy<gss_name_t, gss_release_name> {};
template <>
struct HandleTraits<gss_cred_id_t> : ReleasedBy<gss_cred_id_t, gss_release_cred> {};
template <>
struct HandleTraits<gss_OID_set> : ReleasedBy<gss_OID_set, gss_release_oid_set> {};
template <>
struct HandleTraits<gss_buffer_set_t> : ReleasedBy<gss_buffer_set_t, gss_release_buffer_set> {};
// Contexts are freed without a deletion token.
template <>
struct HandleTraits<gss_ctx_id_t> {
  static constexpr gss_ctx_id_t kEmpty = GSS_C_NO_CONTEXT;  // as for the other types
  // free deletes the context on this side only.
  static void free(gss_ctx_id_t* h) noexcept {
    OM_uint32 ignored;
    // No output buffer, so no deletion token: loop section 3.2 does not recommend them.
    gss_delete_sec_context(&ignored, h, GSS_C_NO_BUFFER);
  }
};

using Name = Handle<gss_name_t>;             // empty: GSS_C_NO_NAME
using Credential = Handle<gss_cred_id_t>;    // empty: GSS_C_NO_CREDENTIAL, the default one
using Context = Handle<gss_ctx_id_t>;        // empty: GSS_C_NO_CONTEXT
using OidSet = Handle<gss_OID_set>;          // empty: GSS_C_NO_OID_SET
using BufferSet = Handle<gss_buffer_set_t>;  // empty: GSS_C_NO_BUFFER_SET

// Buffer owns octets that a GSS-API call allocated, and frees them with gss_release_buffer, which
// is only for such buffers (loop section 4.1, the sample's comments).
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept : desc_(std::exchange(other.desc_, {})) {}
  Buffer& operator=(Buffer&& other) noexcept {
    if (this != &other) {
      reset();
      desc_ = std::exchange(other.desc_, {});
    }
    return *this;
  }
  ~Buffer() { reset(); }

  // out frees the octets, and returns the descriptor for a call to fill.
  gss_buffer_t out() noexcept {
    reset();
    return &desc_;
  }
  // view borrows the octets until the next out; empty says that there are no octets.
  ByteView view() const noexcept {
    return {static_cast<const std::uint8_t*>(desc_.value), desc_.length};
  }
  // empty is true both for a token of no octets and for no token: the GSS-API does not distinguish
  // them.
  bool empty() const noexcept { return desc_.length == 0; }
  // wipe overwrites the octets. Use it for secrets, before they are freed.
  void wipe() noexcept {
    if (desc_.value != nullptr) explicit_bzero(desc_.value, desc_.length);
  }

 private:
  void reset() noexcept {
    if (desc_.value == nullptr) return;
    OM_uint32 ignored;
    gss_release_buffer(&ignored, &desc_);
    desc_ = {};
  }
  gss_buffer_desc desc_{};
};

// BufferView lends octets to a call; it never frees them. GSS-API descriptors are not const, but no
// call writes to an input buffer except gss_unwrap, which only gets octets that may be overwritten.
class BufferView {
 public:
  // BufferView borrows the octets; desc lends them as the calls want them.
  explicit BufferView(ByteView octets) noexcept
      : desc_{octets.size(), const_cast<std::uint8_t*>(octets.data())} {}
  explicit BufferView(std::string_view text) noexcept : BufferView(as_bytes(text)) {}
  gss_buffer_t desc() noexcept { return &desc_; }

 private:
  gss_buffer_desc desc_;
};

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_HANDLE_H_
