// The client's side of NTS in NTP packets: the keys and cookies of one association, its requests and what answers them
// (RFC 8915 section 5.7).
#ifndef TIMED_AUTH_NTS_CLIENT_H_
#define TIMED_AUTH_NTS_CLIENT_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "timed/auth/aead.h"
#include "timed/auth/cookies.h"
#include "timed/auth/nts_fields.h"
#include "timed/base/random.h"
#include "timed/ntp/packet.h"

namespace timed::auth {

enum class NtsReply : std::uint8_t {
  Refused,    // not to be believed: of another request, forged, or without a cookie
  Nak,        // what the server says that does not know our cookie; anybody on the way can say it
  Authentic,  // its cookies are kept
};

class NtsClient {
 public:
  static constexpr std::size_t kMaxCookie = 256;  // octets of one that a server may give

  // Empty where libcrypto has no AES or no memory.
  static std::optional<NtsClient> make(const SessionKeys& keys);

  // One that can be sent: not too short or too long, a multiple of four octets.
  static bool is_usable(std::span<const std::byte> cookie);
  // False for one that is not usable, or where all places are taken.
  bool add_cookie(std::span<const std::byte> cookie);
  std::size_t cookies() const { return count_; }
  std::size_t cookie_size() const { return count_ > 0 ? ring_[first_].size : 0; }  // octets of the next one
  // The next ones to be spent, from 0 on; the index is below cookies().
  std::span<const std::byte> cookie(std::size_t index) const;
  AeadId aead() const { return keys_.aead; }
  const SessionKeys& keys() const { return keys_; }
  // Others of the same cipher, with the same cookies.
  void use_keys(const SessionKeys& keys);

  // Puts the fields of a request behind the first `at` octets of a packet, which do not change any more: a new unique
  // identifier, the oldest cookie, room for as many new ones as there are places for, the authenticator.  Octets of
  // the packet then; 0 where no cookie is left or something failed.  Earlier requests are answered no longer.
  std::size_t write(std::span<std::byte> packet, std::size_t at, EntropyPool& random);
  // What a packet answers to the last request.  After one that is authentic there is nothing to answer.
  NtsReply check(const ntp::PacketView& response);

 private:
  struct Cookie {
    std::size_t size = 0;
    std::array<std::byte, kMaxCookie> octets{};
  };

  NtsClient(const SessionKeys& keys, Aead aead) : keys_(keys), aead_(std::move(aead)) {}
  bool is_for_last_request(const NtsFields& fields) const;
  bool take_cookies(std::span<const std::byte> text);

  SessionKeys keys_;
  Aead aead_;
  std::array<Cookie, kMaxCookies> ring_;
  std::size_t first_ = 0, count_ = 0;
  std::array<std::byte, kUniqueIdSize> unique_id_{};
  bool waits_ = false;  // for an answer to the request with this unique identifier
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_NTS_CLIENT_H_
