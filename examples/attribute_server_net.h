// SPDX-License-Identifier: BSD-2-Clause
//
// The part of attribute_server.c that has nothing to do with SASL: connections and messages. A real
// server has its own protocol instead of this file.
//
// A message is 4 bytes of length in network order, 1 byte of kind, and the body. The server lists
// its mechanisms (M). The client chooses one (S: its name, NUL, and either "1" and an initial
// response, or "0"). Challenges (C) and responses (R) follow. The last message is a success (Y: "1"
// and a last token, or "0") or a refusal (N: the reason).
//
// Functions return 1 for success. They return 0 if the peer closed the connection, was silent for
// too long, or does not follow this protocol.

#ifndef GSSLOOP_EXAMPLES_ATTRIBUTE_SERVER_NET_H_
#define GSSLOOP_EXAMPLES_ATTRIBUTE_SERVER_NET_H_

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum { kHeaderLen = 5, kMaxBodyLen = 65536, kPatienceSeconds = 20 };

// Bytes that the Token does not own. `data` is NULL if there is no token; an empty token has data.
typedef struct {
  const char* data;
  unsigned len;
} Token;

typedef struct {
  int fd;
  const char* mechanism;  // the client's choice; it and the token are in `body`
  Token token;            // the client's last one
  char body[kMaxBodyLen];
} Peer;

static inline int fail(const char* why) {
  fprintf(stderr, "attribute_server: %s\n", why);
  return 1;
}

static inline int send_all(const Peer* peer, const char* data, size_t len) {
  while (len > 0) {
    // If the peer has closed the connection, this call fails; the process gets no signal.
    const ssize_t num = send(peer->fd, data, len, MSG_NOSIGNAL);
    if (num <= 0) return 0;
    data += num;
    len -= (size_t)num;
  }
  return 1;
}

static inline int receive_all(const Peer* peer, char* data, size_t len) {
  while (len > 0) {
    const ssize_t num = recv(peer->fd, data, len, 0);
    if (num <= 0) return 0;
    data += num;
    len -= (size_t)num;
  }
  return 1;
}

// Sends a message whose body is `tag` and `token`, in one piece.
static inline int send_message(const Peer* peer, char kind, const char* tag, Token token) {
  char message[kHeaderLen + kMaxBodyLen];
  const size_t tag_len = strlen(tag);
  const size_t body_len = tag_len + token.len;
  if (body_len > kMaxBodyLen) return 0;
  for (int i = 0; i < 4; ++i) message[i] = (char)(body_len >> (24 - 8 * i) & 0xFF);
  message[4] = kind;
  memcpy(message + kHeaderLen, tag, tag_len);
  if (token.len > 0) memcpy(message + kHeaderLen + tag_len, token.data, token.len);
  return send_all(peer, message, kHeaderLen + body_len);
}

// Receives a message of this kind. Its body becomes the peer's token.
static inline int receive_message(Peer* peer, char kind) {
  unsigned char header[kHeaderLen];
  if (!receive_all(peer, (char*)header, kHeaderLen) || header[4] != (unsigned char)kind) return 0;
  const unsigned len =
      (unsigned)header[0] << 24 | (unsigned)header[1] << 16 | (unsigned)header[2] << 8 | header[3];
  if (len > kMaxBodyLen || !receive_all(peer, peer->body, len)) return 0;
  peer->token = (Token){peer->body, len};
  return 1;
}

static inline int send_mechanisms(const Peer* peer, const char* names) {
  return send_message(peer, 'M', names, (Token){NULL, 0});
}

// Receives the name of a mechanism, and the initial response if there is one.
static inline int receive_start(Peer* peer) {
  if (!receive_message(peer, 'S')) return 0;
  const char* end = peer->body + peer->token.len;
  const char* nul = memchr(peer->body, '\0', peer->token.len);
  if (nul == NULL || nul + 1 == end) return 0;
  peer->mechanism = peer->body;
  peer->token = nul[1] == '1' ? (Token){nul + 2, (unsigned)(end - nul - 2)} : (Token){NULL, 0};
  return 1;
}

static inline int send_challenge(const Peer* peer, Token token) {
  return send_message(peer, 'C', "", token);
}

static inline int receive_response(Peer* peer) { return receive_message(peer, 'R'); }

static inline int send_success(const Peer* peer, Token token) {
  return send_message(peer, 'Y', token.data != NULL ? "1" : "0", token);
}

// Tells the peer that it is refused, and why. The peer is not authenticated: send no secrets.
static inline void refuse(const Peer* peer, const char* why) {
  printf("refused: %s\n", why);
  send_message(peer, 'N', why, (Token){NULL, 0});
}

static inline void close_peer(Peer* peer) {
  close(peer->fd);
  free(peer);
}

// Takes ownership of `fd`. Returns NULL if there is no memory.
static inline Peer* open_peer(int fd) {
  static const struct timeval kPatience = {kPatienceSeconds, 0};
  Peer* peer = malloc(sizeof *peer);
  if (peer == NULL) {
    close(fd);
    return NULL;
  }
  *peer = (Peer){.fd = fd};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &kPatience, sizeof kPatience);
  setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &kPatience, sizeof kPatience);
  return peer;
}

// Listens on a free port of 127.0.0.1 and prints it. Returns -1 on failure.
static inline int listen_on_loopback(void) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  struct sockaddr* generic = (struct sockaddr*)&address;
  socklen_t len = sizeof address;
  const int listener = socket(AF_INET, SOCK_STREAM, 0);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (listener < 0 || bind(listener, generic, len) != 0 || listen(listener, SOMAXCONN) != 0 ||
      getsockname(listener, generic, &len) != 0) {
    return -1;
  }
  printf("port %u\n", (unsigned)ntohs(address.sin_port));
  return listener;
}

// Calls serve(peer, argv) for each connection; `serve` must close the peer. If it can accept no
// more connections, it prints the reason and returns.
static inline void serve_all(void (*serve)(Peer* peer, char** argv), char** argv) {
  setvbuf(stdout, NULL, _IOLBF, 0);
  const int listener = listen_on_loopback();
  while (listener >= 0) {
    const int fd = accept(listener, NULL, NULL);
    if (fd < 0 && errno != EINTR && errno != ECONNABORTED) break;
    Peer* peer = fd >= 0 ? open_peer(fd) : NULL;
    if (peer != NULL) serve(peer, argv);
  }
  fail(strerror(errno));
}

#endif  // GSSLOOP_EXAMPLES_ATTRIBUTE_SERVER_NET_H_
