// SPDX-License-Identifier: BSD-2-Clause
//
// hello_c serve
// hello_c ask SERVICE@HOST PORT
//
// A server that greets one client by its authenticated name, and the client. It is written in C and
// includes no header of the library but gssloop.h. The server listens on a free port of 127.0.0.1
// and prints it. The environment names the server's key (KRB5_KTNAME) and the client's ticket
// (KRB5CCNAME). hello_cxx.cc is the same in C++; each program can talk to the other. Exit status: 0
// done, 1 failed.

#define _POSIX_C_SOURCE 200809L
#include <arpa/inet.h>
#include <gssloop.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

// The flags that both sides require: without one of them there is no context (RFC 7546 section 3).
#define REQUIRED                                                                           \
  (GSSLOOP_FLAG_MUTUAL | GSSLOOP_FLAG_REPLAY | GSSLOOP_FLAG_SEQUENCE | GSSLOOP_FLAG_CONF | \
   GSSLOOP_FLAG_INTEG)

enum { kPatienceMs = 30000, kMaxTokenLen = 4096 };

// failed prints the error of a call that failed, and frees it.
static int failed(int status, gssloop_error** error) {
  if (status == GSSLOOP_OK) return 0;
  fprintf(stderr, "hello_c: %s: %s\n", gssloop_fault_text(gssloop_error_fault(*error)),
          gssloop_error_text(*error));
  const char* advice = gssloop_error_advice(*error);
  if (advice[0] != '\0') fprintf(stderr, "hello_c: %s\n", advice);
  gssloop_error_free(error);
  return 1;
}

// Prints the attributes that were authenticated. If there are none, the server knows only the name
// of the peer. The server's own policy says what they mean.
static int print_attributes(const gssloop_context* context) {
  gssloop_attributes* attributes = NULL;
  gssloop_error* error = NULL;
  if (failed(gssloop_context_attributes(context, &attributes, &error), &error)) return 1;
  for (size_t i = 0; i < gssloop_attributes_num(attributes); ++i) {
    const gssloop_attribute* attribute = gssloop_attributes_at(attributes, i);
    printf("attribute %s: %lu authenticated values\n", gssloop_attribute_name(attribute, NULL),
           (unsigned long)gssloop_attribute_num_values(attribute));
  }
  gssloop_attributes_free(&attributes);
  return 0;
}

static int greet(gssloop_context* context, int fd) {
  gssloop_buffer request = {NULL, 0};
  gssloop_error* error = NULL;
  if (failed(gssloop_receive_fd(context, GSSLOOP_CONFIDENTIALITY, kMaxTokenLen, fd, kPatienceMs,
                                &request, &error),
             &error)) {
    return 1;
  }
  gssloop_buffer_free(&request);

  // Every client with a ticket gets this far: a real server decides here whether to serve this
  // name.
  char* name = NULL;
  int is_anonymous = 1;
  if (failed(gssloop_context_peer_name(context, &name, &is_anonymous, &error), &error)) return 1;
  char reply[256];
  snprintf(reply, sizeof reply, "hello, %s", is_anonymous ? "anonymous client" : name);
  printf("greeted %s\n", is_anonymous ? "an anonymous client" : name);
  gssloop_string_free(&name);
  if (failed(gssloop_send_fd(context, GSSLOOP_CONFIDENTIALITY, reply, strlen(reply), fd,
                             kPatienceMs, &error),
             &error)) {
    return 1;
  }
  return print_attributes(context);
}

static int ask(gssloop_context* context, int fd) {
  gssloop_buffer reply = {NULL, 0};
  gssloop_error* error = NULL;
  int is_bad =
      failed(gssloop_send_fd(context, GSSLOOP_CONFIDENTIALITY, "hello", 5, fd, kPatienceMs, &error),
             &error) ||
      failed(gssloop_receive_fd(context, GSSLOOP_CONFIDENTIALITY, kMaxTokenLen, fd, kPatienceMs,
                                &reply, &error),
             &error);
  if (!is_bad) printf("%s\n", (const char*)reply.data);
  gssloop_buffer_free(&reply);
  return is_bad;
}

// talk negotiates, as an initiator if there is a target, and exchanges the two messages.
static int talk(const char* target, int fd) {
  gssloop_options* options = NULL;
  gssloop_negotiation* negotiation = NULL;
  gssloop_context* context = NULL;
  gssloop_error* error = NULL;
  int status = gssloop_options_new(REQUIRED, &options);
  if (status == GSSLOOP_OK) {
    status = target != NULL ? gssloop_initiator_new(target, GSSLOOP_NAME_SERVICE, options,
                                                    &negotiation, &error)
                            : gssloop_acceptor_new(options, &negotiation, &error);
  }
  if (status == GSSLOOP_OK) {
    status = gssloop_negotiation_run_fd(negotiation, fd, fd, kPatienceMs, &context, &error);
  }
  int is_bad = failed(status, &error) || (target != NULL ? ask(context, fd) : greet(context, fd));
  gssloop_context_free(&context);
  gssloop_negotiation_free(&negotiation);
  gssloop_options_free(&options);
  return is_bad;
}

// Returns a connected socket: to `port`, or, without one, from the first client of a free port that
// it prints.
static int open_connection(unsigned port) {
  struct sockaddr_in address;
  socklen_t len = sizeof address;
  memset(&address, 0, sizeof address);
  address.sin_family = AF_INET;
  address.sin_port = htons((uint16_t)port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int fd = socket(AF_INET, SOCK_STREAM, 0);
  if (fd < 0) return -1;
  if (port != 0) return connect(fd, (struct sockaddr*)&address, len) == 0 ? fd : -1;
  if (bind(fd, (struct sockaddr*)&address, len) != 0 || listen(fd, 1) != 0 ||
      getsockname(fd, (struct sockaddr*)&address, &len) != 0) {
    return -1;
  }
  printf("%u\n", (unsigned)ntohs(address.sin_port));
  fflush(stdout);
  return accept(fd, NULL, NULL);
}

int main(int argc, char** argv) {
  const int serves = argc == 2 && strcmp(argv[1], "serve") == 0;
  if (!serves && (argc != 4 || strcmp(argv[1], "ask") != 0)) {
    fputs("usage: hello_c serve | hello_c ask SERVICE@HOST PORT\n", stderr);
    return 1;
  }
  const int fd = open_connection(serves ? 0 : (unsigned)strtoul(argv[3], NULL, 10));
  if (fd < 0) {
    perror("hello_c");
    return 1;
  }
  const int is_bad = talk(serves ? NULL : argv[2], fd);
  close(fd);
  return is_bad;
}
