// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_GSS_STATUS_H_
#define GSSLOOP_GSS_STATUS_H_

#include <string>

#include "gssloop/base/result.h"
#include "gssloop/gss/gssapi_c.h"
#include "gssloop/gss/oid.h"

namespace gssloop::gss {

// Status is the status of a GSS-API call, with every text of gss_display_status for it. The
// constructor reads the texts, because mechanisms keep them per thread and only until the next
// failure.
class [[nodiscard]] Status {
 public:
  // A call that returned GSS_S_COMPLETE.
  Status() = default;
  // `call` is the function's name, a literal. `mech` selects the minor status' texts.
  Status(const char* call, OM_uint32 major, OM_uint32 minor, const Oid& mech = {});
  // of_check is a check of this library that failed. `what` is the sentence to which `why` belongs,
  // a literal.
  static Status of_check(const char* what, OM_uint32 major, std::string why);
  // without_result is a call that returned GSS_S_COMPLETE, but nothing that the caller could use:
  // for the GSS-API, an empty handle is the default credential or an unknown name.
  static Status without_result(const char* call);

  // is_complete is equality with GSS_S_COMPLETE. Supplementary bits alone (DUPLICATE_TOKEN, ...)
  // are not complete, although GSS_ERROR() is false for them (loop section 4).
  bool is_complete() const noexcept { return major_ == GSS_S_COMPLETE; }

  // call is the function's name; major and minor are its status.
  const char* call() const noexcept { return call_; }
  OM_uint32 major() const noexcept { return major_; }
  OM_uint32 minor() const noexcept { return minor_; }
  // The three parts of the major status (RFC 2744 section 3.9.1). calling_error, routine_error,
  // supplementary: each with the value of its GSS_S_..., 0 if there is none.
  OM_uint32 calling_error() const noexcept { return GSS_CALLING_ERROR(major_); }
  OM_uint32 routine_error() const noexcept { return GSS_ROUTINE_ERROR(major_); }
  OM_uint32 supplementary() const noexcept { return GSS_SUPPLEMENTARY_INFO(major_); }

  // major_text and minor_text are all texts of gss_display_status, one after the other; empty if
  // the call was complete.
  const std::string& major_text() const noexcept { return major_text_; }
  const std::string& minor_text() const noexcept { return minor_text_; }
  // text is one line for a person: "gss_accept_sec_context: MAJOR (MINOR)". It leaves out a minor
  // text that says nothing, as "Success" does.
  std::string text() const;

 private:
  const char* call_ = "";
  OM_uint32 major_ = GSS_S_COMPLETE;
  OM_uint32 minor_ = 0;
  std::string major_text_;
  std::string minor_text_;
};

// Result of a call: its value, or its Status.
template <class T>
using Result = gssloop::Result<T, Status>;

}  // namespace gssloop::gss

#endif  // GSSLOOP_GSS_STATUS_H_
