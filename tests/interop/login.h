// SPDX-License-Identifier: BSD-2-Clause
#ifndef GSSLOOP_TESTS_INTEROP_LOGIN_H_
#define GSSLOOP_TESTS_INTEROP_LOGIN_H_

#include <memory>
#include <string>
#include <vector>

#include "tests/kdc/realm.h"
#include "tests/support/child.h"

namespace gssloop::testing {

// Whose implementation a process uses. Two modules of the same mechanism name cannot be told apart
// in one process, so each process has a module folder of its own.
enum class Peer {
  kOurs,     // our module alone: no user database, no other mechanism
  kStock,    // Cyrus SASL's gs2 and gssapiv2 modules, and a user database that knows each user
  kHeimdal,  // the same gssapiv2 module as Debian builds it on Heimdal
  kMixed,    // our module in a folder with all of Cyrus SASL's
  kGnu,      // GNU SASL
  kForger,   // the demo's forger (a client only)
};
const char* name_of(Peer peer);

// One process's part in a login: the options of sasl_peer, gsasl_peer or the forger.
struct Side {
  Peer peer = Peer::kOurs;
  std::vector<std::string> arguments = {};
  std::string ccache = {};  // a client's, if not the realm's default
};

// How a login ended, as the two processes tell it.
struct Outcome {
  int client_status = -1;
  int server_status = -1;
  std::string client;  // what they wrote
  std::string server;

  bool is_login() const { return client_status == 0 && server_status == 0; }
  // Both sides noticed by themselves, and neither crashed, hung or thinks that it logged in.
  bool is_refusal() const { return client_status == 1 && server_status == 1; }
  // The name after the last "authid" or "authzid" that the server wrote; "" if there is none.
  std::string authid() const;
  std::string authzid() const;
  // For the message of a failed expectation.
  std::string text() const;
};

// Lab holds what all the tests share: a realm with alice, her ticket, and the module folders.
class Lab {
 public:
  static constexpr char kUser[] = "alice";

  // get makes the one lab of this process at the first call. Throws RealmError.
  static Lab& get();
  // close removes it; the next get makes another.
  static void close();

  // missing says why `peer` cannot take part on this machine; "" if it can.
  static std::string missing(Peer peer);

  const Realm& realm() const { return realm_; }

  // log_in runs a server for one connection and a client against it.
  Outcome log_in(const Side& server, const Side& client);

  // replay does the same, but an eavesdropper gets the client's first message to the server before
  // the client does. Both statuses are those of the client's own connection.
  Outcome replay(const Side& server, const Side& client);

  // A server for `num_connections`, and the port that it listens on.
  struct Server {
    std::unique_ptr<Child> process;
    int port = 0;
  };
  Server start_server(const Side& server, int num_connections);
  std::unique_ptr<Child> start_client(const Side& client, int port);

  // finish waits for both to end.
  Outcome finish(Server* server, Child* client) const;

  // What programs of other people need: a server that writes its port to `port_file`, the
  // environment of a side, and new files.
  Server start_server(const std::vector<std::string>& argv, const std::vector<std::string>& env,
                      const std::string& port_file);
  std::vector<std::string> environment(const Side& side) const;
  // The module folder of a peer.
  std::string folder(Peer peer) const;
  std::string next_file(const std::string& name);

 private:
  Lab();

  void make_folders();

  Realm realm_;
  int num_files_ = 0;
};

// program is the path of a program of this build, source_file that of a file of the source tree.
std::string program(const std::string& path);
std::string source_file(const std::string& path);
// program_of is the program of a peer's side.
std::string program_of(Peer peer);

// What a server answers in the end to one hand-made first message.
struct Verdict {
  bool is_let_in = false;
  bool is_refused = false;  // by the server, in words
  std::string text;         // what it told the peer
};

// send_raw plays a client that sends `message` as it is and answers challenges with nothing.
Verdict send_raw(int port, const std::string& mechanism, const std::string& message);

}  // namespace gssloop::testing

#endif  // GSSLOOP_TESTS_INTEROP_LOGIN_H_
