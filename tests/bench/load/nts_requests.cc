#include "tests/bench/load/nts_requests.h"

#include <array>
#include <fstream>
#include <sstream>
#include <utility>

#include "timed/auth/cookie_keys.h"
#include "timed/auth/cookies.h"
#include "timed/auth/nts_client.h"

namespace timed::load {

std::vector<std::vector<std::byte>> make_nts_requests(const std::string& key_file, std::size_t count) {
  std::stringstream text;
  text << std::ifstream(key_file).rdbuf();
  const auto reading = auth::CookieKeys::read(text.str());
  auth::Cookies cookies;
  if (!reading || !cookies.use(reading->keys)) return {};
  EntropyPool random([seeded = SeededRandom(1)](std::span<std::byte> out) mutable {
    for (std::byte& b : out) b = static_cast<std::byte>(seeded.next() >> 56);
  });
  std::vector<std::vector<std::byte>> requests;
  for (std::size_t i = 0; i < count; ++i) {
    auth::SessionKeys keys;
    random.bytes(keys.octets);
    auto client = auth::NtsClient::make(keys);
    std::array<std::byte, auth::Cookies::kMaxSize> cookie;
    if (!client) return {};
    // A client that has all its cookies asks for one.
    for (std::size_t k = 0; k < auth::kMaxCookies; ++k) {
      const std::size_t size = cookies.seal(keys, random, cookie);
      if (!client->add_cookie(std::span(cookie).first(size))) return {};
    }
    std::vector<std::byte> request(ntp::kMaxPacket);
    ntp::Header header;
    header.transmit = {random.u64()};
    ntp::write_header(header, std::span(request).first<ntp::kHeaderSize>());
    request.resize(client->write(request, ntp::kHeaderSize, random));
    if (request.empty() || (i > 0 && request.size() != requests[0].size())) return {};
    requests.push_back(std::move(request));
  }
  return requests;
}

}  // namespace timed::load
