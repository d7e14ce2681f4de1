// SPDX-License-Identifier: BSD-2-Clause
#include <sasl/sasl.h>

#include <stdexcept>

#include "bench/logins.h"
#include "bench/sasl_calls.h"

namespace gssloop::bench {
namespace {

constexpr char kPeer[] = "alice";

// Throws unless the server got a value of each property that it requested.
void check_properties(const testing::SaslServer& server) {
  for (const auto& [name, values] : server.properties()) {
    if (values.empty()) throw std::runtime_error("the server got no value of " + name);
  }
}

class SaslLogins final : public Logins {
 public:
  explicit SaslLogins(const SaslSettings& settings) : mechanism_(settings.mechanism) {
    client_.log.level = server_.log.level = kLogLevel;
    if (!settings.authname.empty()) client_.authname = testing::says(settings.authname);
    server_.requested = settings.requested;
  }

  void login() override {
    testing::SaslClient client(client_);
    testing::SaslServer server(server_);
    checked_login(&client, &server, mechanism_);
    if (server.authid() != kPeer) throw std::runtime_error("the server saw another user");
    check_properties(server);
  }

 private:
  const Library library_;
  const std::string mechanism_;
  testing::ClientSetup client_;
  testing::ServerSetup server_;
};

class SaslServers final : public Logins {
 public:
  explicit SaslServers(const SaslSettings& settings) : mechanism_(settings.mechanism) {
    client_.log.level = server_.log.level = kLogLevel;
    if (!settings.authname.empty()) client_.authname = testing::says(settings.authname);
    server_.requested = settings.requested;
  }

  void prepare(unsigned num_logins) override {
    messages_.make(num_logins, [this] {
      testing::SaslClient client(client_);
      const testing::Turn turn = client.start(mechanism_);
      if (!turn.out) throw std::runtime_error("the client has no message: " + client.error());
      return *turn.out;
    });
  }

  void login() override {
    testing::SaslServer server(server_);
    if (server.start(mechanism_, messages_.take()).code < SASL_OK) {
      throw std::runtime_error("server: " + server.error());
    }
    check_properties(server);
  }

 private:
  const Library library_;
  const std::string mechanism_;
  testing::ClientSetup client_;
  testing::ServerSetup server_;
  FirstMessages messages_;
};

}  // namespace

std::vector<std::string> attribute_properties() {
  std::vector<std::string> names;
  for (const std::string& attribute : kAttributes) names.push_back("*" + attribute);
  return names;
}

std::unique_ptr<Logins> sasl_servers(const SaslSettings& settings) {
  return std::make_unique<SaslServers>(settings);
}

std::unique_ptr<Logins> sasl_logins(const SaslSettings& settings) {
  return std::make_unique<SaslLogins>(settings);
}

}  // namespace gssloop::bench
