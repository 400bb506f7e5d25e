// The NTP server's side of NTS as a test needs it: gives sessions away, answers requests, refuses them.
#ifndef TIMED_TESTS_UNIT_SOURCES_NTS_SERVER_FIXTURE_H_
#define TIMED_TESTS_UNIT_SOURCES_NTS_SERVER_FIXTURE_H_

#include <algorithm>
#include <span>
#include <utility>
#include <vector>

#include "tests/unit/sources/exchange_fixture.h"
#include "timed/auth/nts_server.h"
#include "timed/auth/nts_session.h"
#include "timed/base/random.h"

namespace timed::sources {

class NtsTestServer {
 public:
  explicit NtsTestServer(std::uint64_t seed = 1)
      : random_([noise = SeededRandom(seed)](std::span<std::byte> out) mutable {
          for (auto& b : out) b = static_cast<std::byte>(noise.next() >> 56);
        }),
        cookie_keys_(auth::CookieKeys::generate(auth::AeadId::SivCmac256, random_)),
        server_(std::move(*auth::NtsServer::make())) {
    server_.use(cookie_keys_);
  }

  // As a key establishment at that time would give it.
  auth::NtsSession session(LocalTime established, std::size_t cookies = auth::kMaxCookies,
                           auth::AeadId aead = auth::AeadId::SivCmac256) {
    auth::NtsSession session;
    session.keys.aead = aead;
    random_.bytes(session.keys.octets);
    session.established = established;
    auth::Cookies maker;
    maker.use(cookie_keys_);
    for (std::size_t i = 0; i < cookies; ++i) {
      std::vector<std::byte> cookie(auth::Cookies::kMaxSize);
      cookie.resize(maker.seal(session.keys, random_, cookie));
      session.cookies.push_back(std::move(cookie));
    }
    return session;
  }
  // All cookies so far are of no use any more.
  void forget_keys() {
    cookie_keys_ = auth::CookieKeys::generate(auth::AeadId::SivCmac256, random_);
    server_.use(cookie_keys_);
  }

  auth::NtsVerdict open(std::span<const std::byte> request) {
    request_.assign(request.begin(), request.end());
    return server_.open(ntp::PacketView::parse(request_), answer_);
  }
  // Room that the request has for cookies.
  std::size_t cookies_wanted() const { return answer_.cookies; }
  // The answer to what was opened, or a refusal of it.
  std::vector<std::byte> answer(const ntp::Header& header) {
    std::vector<std::byte> packet = bytes_of(header);
    packet.resize(ntp::kMaxPacket);
    const std::size_t at = server_.prepare(answer_, random_, packet, ntp::kHeaderSize);
    packet.resize(server_.seal(answer_, packet, at));
    return packet;
  }
  std::vector<std::byte> refusal(ntp::Header header) {
    header.stratum = 0;
    header.leap = ntp::Leap::Unsynchronised;
    header.ref_id = {auth::kNtsNak};
    std::vector<std::byte> packet = bytes_of(header);
    packet.resize(ntp::kMaxPacket);
    packet.resize(auth::NtsServer::write_refusal(answer_, packet));
    return packet;
  }

 private:
  EntropyPool random_;
  auth::CookieKeys cookie_keys_;
  auth::NtsServer server_;
  std::vector<std::byte> request_;
  auth::NtsAnswer answer_;
};

}  // namespace timed::sources

#endif  // TIMED_TESTS_UNIT_SOURCES_NTS_SERVER_FIXTURE_H_
