// SPDX-License-Identifier: BSD-2-Clause
//
// attribute_server SERVICE HOST INDICATOR
//
// A server that accepts users who logged in to Kerberos with INDICATOR, and refuses others. All of
// its SASL calls are in this file; docs/write-a-server.md explains it.

#include <sasl/prop.h>
#include <sasl/sasl.h>
#include <stdio.h>
#include <string.h>

#include "attribute_server_net.h"

// Static, since libsasl keeps the pointers. A star: of the authenticated user (the authid).
static const char* wanted[] = {"*auth-indicators", NULL};

// The KDC asserts what is in a property, and the module verified it.
static int has_indicator(sasl_conn_t* conn, const char* indicator) {
  struct propval found[2] = {{NULL, NULL, 0, 0}, {NULL, NULL, 0, 0}};
  if (prop_getnames(sasl_auxprop_getctx(conn), wanted, found) < 1) return 0;
  for (const char** value = found[0].values; value != NULL && *value != NULL; ++value) {
    if (strcmp(*value, indicator) == 0) return 1;
  }
  return 0;
}

// Sets what libsasl must know before a login: the allowed mechanisms and the wanted properties.
static int prepare(sasl_conn_t** conn, const char* service, const char* host) {
  sasl_security_properties_t security = {0};
  security.security_flags = SASL_SEC_NOPLAINTEXT | SASL_SEC_NOANONYMOUS;
  // SASL_SUCCESS_DATA: our protocol can carry the mechanism's last token along with the success.
  int result = sasl_server_new(service, host, NULL, NULL, NULL, NULL, SASL_SUCCESS_DATA, conn);
  if (result == SASL_OK) result = sasl_setprop(*conn, SASL_SEC_PROPS, &security);
  return result == SASL_OK ? sasl_auxprop_request(*conn, wanted) : result;
}

// The exchange of tokens. SASL_OK: the login is complete, and *out the mechanism's last token, if
// it has one. SASL_CONTINUE: the client left early. Any other value says why the login failed.
static int log_in(sasl_conn_t* conn, Peer* peer, Token* out) {
  const char* names = NULL;
  int result = sasl_listmech(conn, NULL, "", " ", "", &names, NULL, NULL);
  if (result != SASL_OK) return result;
  if (!send_mechanisms(peer, names) || !receive_start(peer)) return SASL_CONTINUE;
  result = sasl_server_start(conn, peer->mechanism, peer->token.data, peer->token.len, &out->data,
                             &out->len);
  while (result == SASL_CONTINUE && send_challenge(peer, *out) && receive_response(peer)) {
    *out = (Token){NULL, 0};  // libsasl does not set it if it has no token
    result = sasl_server_step(conn, peer->token.data, peer->token.len, &out->data, &out->len);
  }
  return result;
}

// One connection, from its first message to its end.
static void serve(Peer* peer, char** argv) {
  sasl_conn_t* conn = NULL;
  const void* user = NULL;
  Token last = {NULL, 0};
  int result = prepare(&conn, argv[1], argv[2]);
  if (result == SASL_OK) result = log_in(conn, peer, &last);
  if (result == SASL_CONTINUE) {
    printf("the client left\n");
  } else if (result != SASL_OK) {
    refuse(peer, conn != NULL ? sasl_errdetail(conn) : sasl_errstring(result, NULL, NULL));
  } else if (sasl_getprop(conn, SASL_USERNAME, &user) != SASL_OK || !has_indicator(conn, argv[3])) {
    refuse(peer, "not authorized");
  } else if (send_success(peer, last)) {
    printf("welcome, %s\n", (const char*)user);
  }
  sasl_dispose(&conn);
  close_peer(peer);
}

int main(int argc, char** argv) {
  if (argc != 4) return fail("usage: attribute_server SERVICE HOST INDICATOR");
  const int result = sasl_server_init(NULL, "attribute_server");
  if (result != SASL_OK) return fail(sasl_errstring(result, NULL, NULL));
  serve_all(serve, argv);
  sasl_done();
  return 1;
}
