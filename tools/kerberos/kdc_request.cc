// SPDX-License-Identifier: BSD-2-Clause
#include "tools/kerberos/kdc_request.h"

#include "tools/kerberos/krb5_error.h"

namespace gssloop::tools {
namespace {

constexpr const char* kNobody = "gssloop-doctor";
// RFC 4120 section 5.10: the first octet tells messages apart.
constexpr std::uint8_t kAsRep = 0x6b;

krb5_data view(ByteView octets) {
  krb5_data data{};
  data.length = static_cast<unsigned>(octets.size());
  data.data = reinterpret_cast<char*>(const_cast<std::uint8_t*>(octets.data()));
  return data;
}

}  // namespace

Result<Bytes, Error> make_kdc_request(const std::string& realm) {
  const gss::Krb5Context context;
  if (context.error() != 0) return error_of(context);
  gss::Krb5Principal client(context);
  gss::Krb5InitCreds exchange(context);
  krb5_error_code code =
      krb5_build_principal(context, client.out(), static_cast<unsigned>(realm.size()),
                           realm.c_str(), kNobody, static_cast<char*>(nullptr));
  if (code == 0) {
    code =
        krb5_init_creds_init(context, client.get(), nullptr, nullptr, 0, nullptr, exchange.out());
  }
  if (code != 0) return error_of(context, code);
  krb5_data nothing{}, request{}, its_realm{};
  unsigned flags = 0;
  code = krb5_init_creds_step(context, exchange.get(), &nothing, &request, &its_realm, &flags);
  if (code != 0) return error_of(context, code);
  Bytes octets(request.data, request.data + request.length);
  krb5_free_data_contents(context, &request);
  krb5_free_data_contents(context, &its_realm);
  return octets;
}

Result<KdcAnswer, Error> read_kdc_answer(ByteView answer) {
  const gss::Krb5Context context;
  if (context.error() != 0) return error_of(context);
  if (!answer.empty() && answer[0] == kAsRep) return KdcAnswer{};
  gss::Krb5ErrorMessage error(context);
  const krb5_data octets = view(answer);
  if (krb5_rd_error(context, &octets, error.out()) != 0) {
    return Error{"its answer is not a Kerberos message"};
  }
  KdcAnswer result;
  result.serves_realm =
      static_cast<long>(error->error) != KRB5KDC_ERR_WRONG_REALM - ERROR_TABLE_BASE_krb5;
  result.time = static_cast<std::uint32_t>(error->stime);
  result.text = context.text(ERROR_TABLE_BASE_krb5 + static_cast<int>(error->error));
  return result;
}

}  // namespace gssloop::tools
