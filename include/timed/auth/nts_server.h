// The server's side of NTS in NTP packets: opens requests and seals answers (RFC 8915 section 5.7).  On the serving
// path: nothing is allocated but by make() and use().
#ifndef TIMED_AUTH_NTS_SERVER_H_
#define TIMED_AUTH_NTS_SERVER_H_

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

enum class NtsVerdict : std::uint8_t {
  Plain,       // nothing of NTS
  Malformed,   // not to be answered
  UnknownKey,  // these three are to be refused: a header with stratum 0 and kNtsNak, and write_refusal()
  BadCookie,
  NotAuthentic,
  Authentic,
};

// What is kept between a request and its answer.  A few of them are kept and used again.
struct NtsAnswer {
  std::span<const std::byte> unique_id;  // in the request, which must outlive prepare()
  std::size_t request_size = 0;
  std::size_t cookies = 0;  // that the request has room for, at most kMaxCookies
  SessionKeys keys;
  // After prepare():
  std::array<std::byte, kMaxAeadNonce> nonce{};
  std::array<std::byte, kMaxCookies*(kFieldHead + Cookies::kMaxSize)> text{};  // the new cookies
  std::size_t text_size = 0;
};

// One for a thread.
class NtsServer {
 public:
  // Empty where libcrypto has no AES or no memory.
  static std::optional<NtsServer> make();
  // From now on these keys; false where libcrypto failed.
  bool use(const CookieKeys& keys) { return cookies_.use(keys); }

  NtsVerdict open(const ntp::PacketView& request, NtsAnswer& into);
  // Of an Authentic request: repeats its unique identifier behind the first `at` octets of the answer, and makes as
  // many cookies as it asked for and has room for.  Octets of the answer then, or 0 where not one cookie has room.
  // This comes before the transmit stamp.
  std::size_t prepare(NtsAnswer& answer, EntropyPool& random, std::span<std::byte> packet, std::size_t at);
  // Behind the first `at` octets, in which nothing changes any more: the authenticator.  The answer is then as long
  // as the request.  0 where libcrypto failed.
  std::size_t seal(const NtsAnswer& answer, std::span<std::byte> packet, std::size_t at);
  // Octets of a refusal, whose header is there.
  static std::size_t write_refusal(const NtsAnswer& answer, std::span<std::byte> packet);

 private:
  NtsServer(Aead siv, Aead gcm_siv) : siv_(std::move(siv)), gcm_siv_(std::move(gcm_siv)) {}
  Aead& of(AeadId id) { return id == AeadId::GcmSiv128 ? gcm_siv_ : siv_; }

  Cookies cookies_;
  Aead siv_, gcm_siv_;  // with the keys of a client for one message
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_NTS_SERVER_H_
