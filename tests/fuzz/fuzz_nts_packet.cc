// The fields of NTS, as a server and as a client read them, and cookies.  The first octet says who reads (bit 0) and
// whether cookie and authenticator are put right (bit 1), so that what is behind them is reached; the rest is the
// datagram.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <utility>
#include <vector>

#include "tests/fuzz/nts_fields_put_right.h"
#include "timed/auth/nts_client.h"
#include "timed/auth/nts_server.h"
#include "timed/base/check.h"

using namespace timed;
using auth::NtsVerdict;

namespace {

EntropyPool make_pool() {
  return EntropyPool([random = SeededRandom(1)](std::span<std::byte> out) mutable {
    for (auto& b : out) b = static_cast<std::byte>(random.next() >> 56);
  });
}

template <class T>
T must(std::optional<T> made) {
  TIMED_ASSERT(made.has_value());
  return std::move(*made);
}

// What lives as long as the program: making it anew for each input would be all that is measured.
struct World {
  EntropyPool random = make_pool();
  auth::CookieKeys keys = auth::CookieKeys::generate(auth::AeadId::SivCmac256, random);
  auth::Cookies cookies;
  auth::NtsServer server = must(auth::NtsServer::make());
  auth::Aead siv = must(auth::Aead::make(auth::AeadId::SivCmac256));
  auth::Aead gcm_siv = must(auth::Aead::make(auth::AeadId::GcmSiv128));
  auth::NtsAnswer answer;

  World() { TIMED_ASSERT(server.use(keys) && cookies.use(keys)); }
};

// A cookie of the right length becomes one of ours, and the authenticator is made for what is in the packet.
void put_right(World& world, std::span<std::byte> packet, auth::AeadId aead, bool response) {
  fuzz::put_right(packet, aead, response, world.cookies, aead == auth::AeadId::GcmSiv128 ? world.gcm_siv : world.siv,
                  world.random);
}

void serve(World& world, std::vector<std::byte> packet, bool right) {
  const bool is_short = packet.size() % 8 == 0;
  if (right) put_right(world, packet, is_short ? auth::AeadId::GcmSiv128 : auth::AeadId::SivCmac256, false);
  const auto view = ntp::PacketView::parse(packet);
  if (!view.ok()) return;
  const NtsVerdict verdict = world.server.open(view, world.answer);
  if (verdict == NtsVerdict::Plain || verdict == NtsVerdict::Malformed) return;
  std::array<std::byte, ntp::kMaxPacket> out{};
  out[0] = std::byte{4 << 3 | 4};
  if (verdict != NtsVerdict::Authentic) {
    const std::size_t refusal = auth::NtsServer::write_refusal(world.answer, out);
    TIMED_ASSERT(refusal > ntp::kHeaderSize && refusal < packet.size());
    TIMED_ASSERT(ntp::PacketView::parse(std::span(out).first(refusal)).ok());
    return;
  }
  TIMED_ASSERT(world.answer.cookies >= 1 && world.answer.cookies <= auth::kMaxCookies);
  const std::size_t at = world.server.prepare(world.answer, world.random, out, ntp::kHeaderSize);
  if (at == 0) return;
  const std::size_t size = world.server.seal(world.answer, out, at);
  TIMED_ASSERT(size == packet.size());
  auth::NtsFields fields;
  const auto response = ntp::PacketView::parse(std::span(out).first(size));
  TIMED_ASSERT(response.ok() && auth::read_nts_fields(response, fields) && fields.has_authenticator);
}

// The client has asked; the unique identifier in the answer is put right too.
void receive(World& world, std::vector<std::byte> packet, bool right) {
  const auth::AeadId aead = packet.size() % 8 == 0 ? auth::AeadId::GcmSiv128 : auth::AeadId::SivCmac256;
  auto client = must(auth::NtsClient::make(fuzz::session(aead)));
  TIMED_ASSERT(client.add_cookie(std::array<std::byte, 100>{}));
  std::array<std::byte, ntp::kMaxPacket> request{};
  request[0] = std::byte{4 << 3 | 3};
  const std::size_t asked = client.write(request, ntp::kHeaderSize, world.random);
  auth::NtsFields sent, fields;
  TIMED_ASSERT(auth::read_nts_fields(ntp::PacketView::parse(std::span(request).first(asked)), sent));
  TIMED_ASSERT(client.cookies() == 0);
  auto view = ntp::PacketView::parse(packet);
  if (!view.ok()) return;
  if (right && auth::read_nts_fields(view, fields) && fields.unique_id.size() == sent.unique_id.size()) {
    fuzz::put(packet, fields.unique_id, sent.unique_id);
    put_right(world, packet, aead, true);
    view = ntp::PacketView::parse(packet);
  }
  const auth::NtsReply reply = client.check(view);
  TIMED_ASSERT((client.cookies() > 0) == (reply == auth::NtsReply::Authentic));
  TIMED_ASSERT(client.cookies() <= auth::kMaxCookies && client.cookie_size() <= auth::NtsClient::kMaxCookie);
  TIMED_ASSERT(right || reply != auth::NtsReply::Authentic);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static World world;
  if (size == 0) return 0;
  const auto octets = std::as_bytes(std::span(data + 1, size - 1));
  const bool client = (data[0] & 1) != 0, right = (data[0] & 2) != 0;
  const std::vector<std::byte> packet(octets.begin(), octets.end());
  client ? receive(world, packet, right) : serve(world, packet, right);
  auth::SessionKeys keys;
  TIMED_ASSERT(world.cookies.open(octets, keys) != auth::CookieFault::None);
  return 0;
}
