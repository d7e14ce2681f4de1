// SPDX-License-Identifier: BSD-2-Clause
#include "tests/interop/layer_cells.h"

namespace gssloop::testing {
namespace {

using Arguments = std::vector<std::string>;

constexpr char kGssapi[] = "GSSAPI";
constexpr char kSpnego[] = "GSS-SPNEGO";

enum class Role { kClient, kServer };

struct Wanted {
  const char* name;
  const char* test_name;
  int ssf;  // with AES-256
  Arguments window;
};
const Wanted kNone = {"none", "None", 0, {"--max-ssf", "0"}};
const Wanted kIntegrity = {"integrity", "Integrity", 1, {"--min-ssf", "1", "--max-ssf", "1"}};
// Built on Heimdal, Cyrus SASL calls every encryption 56.
const Wanted kConfidentiality = {
    "confidentiality", "Confidentiality", 256, {"--min-ssf", "56", "--max-ssf", "256"}};
const Wanted* const kLayers[] = {&kNone, &kIntegrity, &kConfidentiality};
const Arguments kAnyLayer = {"--max-ssf", "256"};

Arguments operator+(Arguments a, const Arguments& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// ---- What peers cannot do

struct Limit {
  Peer peer;
  Role role;
  const char* mechanism;
  const Wanted* layer;
  int ssf;
  const char* says;
  const char* note;
  std::optional<int> other_ssf = {};
};

constexpr char kCyrusTakesAll[] = "Cyrus' client takes encryption whatever its maximum";
constexpr char kHeimdalCannot[] = "Cyrus' server on Heimdal cannot name a SPNEGO initiator";
constexpr char kCannotName[] = "gss_canonicalize_name";
const Limit kLimits[] = {
    {Peer::kStock, Role::kClient, kSpnego, &kIntegrity, 256, "", kCyrusTakesAll},
    // Debian 13's takes no layer.
    {Peer::kHeimdal, Role::kClient, kSpnego, &kNone, 256, "", kCyrusTakesAll, 0},
    {Peer::kHeimdal, Role::kClient, kSpnego, &kIntegrity, 256, "", kCyrusTakesAll},
    {Peer::kHeimdal, Role::kServer, kSpnego, &kNone, kRefused, kCannotName, kHeimdalCannot},
    {Peer::kHeimdal, Role::kServer, kSpnego, &kIntegrity, kRefused, kCannotName, kHeimdalCannot},
    {Peer::kHeimdal, Role::kServer, kSpnego, &kConfidentiality, kRefused, kCannotName,
     kHeimdalCannot},
};

void apply_limits(Peer peer, Role role, const Wanted* layer, Cell* cell) {
  for (const Limit& limit : kLimits) {
    if (limit.peer != peer || limit.role != role || limit.layer != layer) continue;
    if (cell->mechanism != limit.mechanism) continue;
    cell->ssf = limit.ssf;
    cell->says = limit.says;
    cell->note = limit.note;
    cell->other_ssf = limit.other_ssf;
    // Ours had no part in that.
    if (limit.ssf == kRefused) cell->specs = "";
  }
}

// ---- The cells

// A test's name may hold letters and digits alone.
std::string word(const char* mechanism) { return mechanism == kGssapi ? "Gssapi" : "Spnego"; }

Arguments client_arguments(const char* mechanism) {
  return {"--mechanism", mechanism, "--exchange", kData};
}

Cell make_cell(Peer peer, Role role, const char* mechanism, const Wanted* layer) {
  const Peer client = role == Role::kClient ? peer : Peer::kOurs;
  const Peer server = role == Role::kServer ? peer : Peer::kOurs;
  Cell cell;
  cell.name = (role == Role::kClient ? "Client" : "Server") + word(mechanism) + layer->test_name;
  cell.specs = mechanism == kGssapi ? "R3 R8 R9" : "R9 R10";
  cell.peer = name_of(peer);
  cell.role = peer == Peer::kOurs ? "both" : role == Role::kClient ? "client" : "server";
  cell.client = {client, client_arguments(mechanism) + layer->window};
  cell.server = {server, kAnyLayer};
  cell.mechanism = mechanism;
  cell.layer = layer->name;
  cell.ssf = layer->ssf;
  apply_limits(peer, role, layer, &cell);
  return cell;
}

std::vector<Cell> cells_of(Peer peer) {
  std::vector<Cell> cells;
  for (const Role role : {Role::kClient, Role::kServer}) {
    if (peer == Peer::kOurs && role == Role::kServer) break;
    for (const char* mechanism : {kGssapi, kSpnego}) {
      for (const Wanted* layer : kLayers) {
        cells.push_back(make_cell(peer, role, mechanism, layer));
      }
    }
  }
  return cells;
}

// The server's window decides, and the client takes what is offered.
std::vector<Cell> server_decides(Peer peer, Role role) {
  std::vector<Cell> cells;
  for (const Wanted* layer : kLayers) {
    Cell cell = make_cell(peer, role, kGssapi, layer);
    cell.name += "ByServer";
    cell.client.arguments = client_arguments(kGssapi) + kAnyLayer;
    cell.server.arguments = layer->window;
    cell.layer += ", the server's wish";
    cells.push_back(cell);
  }
  return cells;
}

// Each side receives packets of its own size only.
std::vector<Cell> different_sizes(Peer peer, Role role) {
  std::vector<Cell> cells;
  for (const Wanted* layer : {&kIntegrity, &kConfidentiality}) {
    Cell cell = make_cell(peer, role, kGssapi, layer);
    cell.name += "DifferentSizes";
    cell.client.arguments = cell.client.arguments + Arguments{"--maxbuf", "1000"};
    cell.server.arguments =
        cell.server.arguments + Arguments{"--maxbuf", "70000", "--read-len", "777"};
    cell.layer += ", maxbuf 1000 and 70000";
    cells.push_back(cell);
  }
  return cells;
}

// Windows that do not meet.
std::vector<Cell> no_common_layer(Peer peer, Role role) {
  const Arguments encryption = kConfidentiality.window;
  std::vector<Cell> cells;
  for (const bool client_wants_more : {true, false}) {
    Cell cell = make_cell(peer, role, kGssapi, &kNone);
    cell.name += client_wants_more ? "ClientWantsMore" : "ServerWantsMore";
    cell.specs = "R9";
    const Arguments client = client_arguments(kGssapi);
    cell.client.arguments = client + (client_wants_more ? encryption : kIntegrity.window);
    cell.server.arguments = client_wants_more ? kIntegrity.window : encryption;
    cell.layer =
        client_wants_more ? "client encrypts, server does not" : "server encrypts, client does not";
    cell.ssf = kRefused;
    // Cyrus SASL's server then offers nothing at all, and goes on.
    const bool offers_nothing = !client_wants_more && role == Role::kServer;
    cell.says = offers_nothing ? "the server offers neither a security layer nor" : "too weak";
    cells.push_back(cell);
  }
  return cells;
}

// A layer beneath, such as TLS, that is strong enough by itself: none is added.
std::vector<Cell> layer_beneath(Peer peer, Role role) {
  const Arguments beneath = {"--min-ssf", "56", "--max-ssf", "256", "--external-ssf", "256"};
  Cell cell = make_cell(peer, role, kGssapi, &kNone);
  cell.name += "Beneath";
  cell.specs = "R9";
  cell.client.arguments = client_arguments(kGssapi) + beneath;
  cell.server.arguments = beneath;
  cell.layer = "none, TLS of 256 bits beneath";
  return {cell};
}

// The channel bindings of the application (R2), the same and others.
std::vector<Cell> channel_bindings(Peer peer, Role role) {
  std::vector<Cell> cells;
  for (const char* mechanism : {kGssapi, kSpnego}) {
    for (const char* data : {"tls-exporter=this channel", "tls-exporter=another"}) {
      const bool is_same = std::string(data) == "tls-exporter=this channel";
      Cell cell = make_cell(peer, role, mechanism, &kConfidentiality);
      cell.name += is_same ? "Bound" : "BoundElsewhere";
      // Not where the peer fails for a reason of its own.
      if (!is_same || cell.ssf != kRefused) cell.specs = "R2";
      cell.mechanism += "-PLUS";
      cell.client.arguments = client_arguments(cell.mechanism.c_str()) + kConfidentiality.window +
                              Arguments{"--cbinding", data};
      cell.server.arguments =
          cell.server.arguments + Arguments{"--cbinding", "tls-exporter=this channel"};
      cell.layer += is_same ? ", bound" : ", bound to another channel";
      if (!is_same) {
        cell.ssf = kRefused;
        cell.says = "channel bindings";
        cell.note = "";
      }
      cells.push_back(cell);
    }
  }
  return cells;
}

}  // namespace

std::vector<Cell> all_of(Peer peer) {
  std::vector<Cell> all = cells_of(peer);
  for (const Role role : {Role::kClient, Role::kServer}) {
    if (peer == Peer::kOurs && role == Role::kServer) break;
    for (const auto& make :
         {server_decides, different_sizes, no_common_layer, layer_beneath, channel_bindings}) {
      const std::vector<Cell> more = make(peer, role);
      all.insert(all.end(), more.begin(), more.end());
    }
  }
  return all;
}

std::vector<Cell> delegation() {
  std::vector<Cell> cells;
  for (const Peer peer : {Peer::kOurs, Peer::kStock}) {
    for (const Role role : {Role::kClient, Role::kServer}) {
      for (const char* mechanism : {kGssapi, kSpnego}) {
        if (peer == Peer::kOurs && role == Role::kServer) continue;
        Cell cell = make_cell(peer, role, mechanism, &kConfidentiality);
        cell.name += peer == Peer::kOurs ? "Own" : "Cyrus";
        cell.specs = "";
        cell.client.arguments = cell.client.arguments + Arguments{"--delegate"};
        cell.server.arguments = cell.server.arguments + Arguments{"--delegate"};
        cell.client.ccache = kForwardable;
        cell.says = "has the user's credentials, too";
        cell.layer += ", delegated ticket";
        cells.push_back(cell);
      }
    }
  }
  return cells;
}

std::vector<Cell> spnego_over_the_window() {
  std::vector<Cell> cells;
  for (const Peer peer : {Peer::kOurs, Peer::kStock}) {
    for (const Wanted* layer : {&kNone, &kIntegrity}) {
      Cell cell = make_cell(peer, Role::kClient, kSpnego, &kConfidentiality);
      cell.name = std::string(peer == Peer::kOurs ? "Own" : "Cyrus") + layer->test_name;
      cell.specs = "R9 R10";
      cell.server.arguments = layer->window;
      cell.layer = std::string("server takes at most ") + layer->name;
      cell.ssf = kRefused;
      cell.says = "max_ssf";
      cells.push_back(cell);
    }
  }
  return cells;
}

std::vector<Cell> mixed_cells() {
  std::vector<Cell> cells;
  for (const char* mechanism : {kGssapi, kSpnego}) {
    const Peer kPairs[][2] = {
        {Peer::kMixed, Peer::kMixed}, {Peer::kStock, Peer::kMixed}, {Peer::kMixed, Peer::kStock}};
    for (const auto& [client, server] : kPairs) {
      const Role role = server == Peer::kMixed ? Role::kServer : Role::kClient;
      Cell cell = make_cell(Peer::kMixed, role, mechanism, &kConfidentiality);
      if (client == server) cell.role = "both";
      cell.name = word(mechanism) + "As" + cell.role;
      cell.client = {client, client_arguments(mechanism) + kConfidentiality.window};
      cell.server = {server, kAnyLayer};
      cells.push_back(cell);
    }
  }
  return cells;
}

// GNU SASL's GSSAPI has no layers: its client always chooses none, its server offers nothing else.
std::vector<Cell> gnu_cells() {
  constexpr char kNoLayers[] = "GNU SASL 2.2 has no layers in GSSAPI";
  std::vector<Cell> cells;
  for (const Role role : {Role::kClient, Role::kServer}) {
    for (const Wanted* layer : kLayers) {
      Cell cell = make_cell(Peer::kGnu, role, kGssapi, layer);
      if (role == Role::kClient) {
        cell.client.arguments = client_arguments(kGssapi);
        cell.server.arguments = layer->window;
      } else {
        cell.server.arguments = {"--mechanism", kGssapi};
      }
      if (layer != &kNone) {
        cell.ssf = kRefused;
        cell.says = role == Role::kClient ? "client chose the security layer none" : "too weak";
        cell.note = kNoLayers;
      }
      cells.push_back(cell);
    }
  }
  return cells;
}

}  // namespace gssloop::testing
