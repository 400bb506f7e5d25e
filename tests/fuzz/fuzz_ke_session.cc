// TLS of key establishment, fed by anybody: a server that is told what no client says, a client that is told what no
// server says, and either in the midst of a handshake in which the other has gone mad.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/certificates/certificates.h"
#include "timed/base/check.h"
#include "timed/nts/ke_record.h"
#include "timed/nts/ke_session.h"

using namespace timed;

namespace {

struct World {
  World() {
    auto made = nts::ServerCredentials::make({authority.sign("ntp.example", {.names = {"ntp.example"}}).pair()});
    credentials = made.take();
    TIMED_ASSERT(trusted.add(authority.certificate(), "ca").ok());
  }
  test::Identity authority = test::Identity::authority();
  std::unique_ptr<nts::ServerCredentials> credentials;
  nts::TrustStore trusted;
};

std::vector<std::byte> take(nts::KeSession& session) {
  const auto output = session.output();
  std::vector<std::byte> octets(output.begin(), output.end());
  session.take_output(octets.size());
  return octets;
}

// In pieces of lengths that the octets give themselves.
void feed(nts::KeSession& session, std::span<const std::byte> octets) {
  while (!octets.empty()) {
    const std::size_t size = std::min(octets.size(), 1 + std::to_integer<std::size_t>(octets[0]) % 64);
    session.feed(octets.first(size));
    octets = octets.subspan(size);
  }
}

void check(nts::KeSession& session) {
  TIMED_ASSERT(session.received().size() <= nts::kMaxMessage + 1);
  TIMED_ASSERT((session.fault() == nts::TlsFault::None) == session.reason().empty());
  TIMED_ASSERT(!(session.established() && session.fault() != nts::TlsFault::None));
  TIMED_ASSERT(session.output().size() < 8192);
  const bool was_established = session.established();
  session.feed_end();
  TIMED_ASSERT(session.ended() && session.established() == was_established);
}

}  // namespace

// The first octet says how much is as it should be before the others come.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const World world;
  if (size == 0) return 0;
  const std::uint8_t turns = data[0] & 3;
  const bool to_server = (data[0] & 4) != 0;
  const auto octets = std::as_bytes(std::span(data, size)).subspan(1);
  nts::KeSession server(*world.credentials), client(world.trusted, {"ntp.example", std::nullopt});
  for (int i = 0; i < turns; ++i) {
    server.feed(take(client));
    client.feed(take(server));
  }
  auto& victim = to_server ? server : client;
  auto& other = to_server ? client : server;
  if ((data[0] & 8) != 0) {
    // What the other says, with one octet changed.
    std::vector<std::byte> said = take(other);
    if (!said.empty() && octets.size() >= 3) {
      const auto at = (std::to_integer<std::size_t>(octets[0]) << 8 | std::to_integer<std::size_t>(octets[1]));
      said[at % said.size()] ^= octets[2];
    }
    feed(victim, said);
  } else {
    feed(victim, octets);
  }
  check(victim);
  return 0;
}
