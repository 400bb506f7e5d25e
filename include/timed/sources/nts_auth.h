// NTS of one association: the keys and cookies it has, when it needs others, and how long it waits before it asks for
// them again (RFC 8915 section 5.7).  Who fetches them is somebody else.  Pure.
#ifndef TIMED_SOURCES_NTS_AUTH_H_
#define TIMED_SOURCES_NTS_AUTH_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "timed/auth/nts_client.h"
#include "timed/auth/nts_session.h"
#include "timed/base/random.h"
#include "timed/base/units.h"
#include "timed/discipline/timeline.h"
#include "timed/ntp/packet.h"

namespace timed::sources {

// How far a key establishment came that gave no keys: it decides when the next one may begin.
enum class NtsFailure : std::uint8_t {
  NotStarted,     // nothing was sent: no route, no trusted certificates
  NoConnection,   // no answer, or refused, before TLS has said anything
  NotEstablished  // the handshake or what came after it failed
};

// For the `authdata` report.
struct NtsReport {
  std::uint32_t establishments = 0;
  std::uint16_t attempts = 0;           // to establish keys since the last authentic response
  std::optional<Duration> established;  // how long ago
  bool nak = false;                     // the server has refused the last request
  std::optional<auth::AeadId> aead;     // empty without keys
  std::size_t cookies = 0;
  std::size_t cookie_size = 0;  // octets
};

class NtsAuth {
 public:
  // Log2 seconds until the next attempt after one that failed early, or got as far as TLS; doubled by each attempt.
  static constexpr int kRetryConnection = 4;
  static constexpr int kRetryEstablishment = 10;
  static constexpr int kRetryMost = 19;
  static constexpr Duration kRetryStart = Duration::seconds(2);

  // Keys are good for some requests, however often new ones are wanted.
  static constexpr Duration kLeastRefresh = Duration::seconds(60);

  // `refresh` is the longest use of keys.
  explicit NtsAuth(Duration refresh) : refresh_(std::max(refresh, kLeastRefresh)) {}

  // Before each request: draws the consequence of a refusal, of too old keys, or of no cookies left.  True where keys
  // are to be fetched now; take_keys() or on_failure() must follow.
  bool begin_request(MonoTime now);
  // Octets of the request that is then in the packet; empty where it cannot be authenticated.
  std::optional<std::size_t> write(std::span<std::byte> packet, std::size_t size, EntropyPool& random);
  // Of a packet that answers the last request, once; its cookies are kept.
  bool is_authentic(const ntp::PacketView& packet);

  // False where they are of no use: no cipher, or no cookie that can be sent.
  bool take_keys(const auth::NtsSession& session, const discipline::Now& now);
  void on_failure(NtsFailure failure, MonoTime now);
  // Another server has taken the place of this one, or the keys are not believed any more.  Fetches under way mean
  // nothing.
  void forget();

  // No session was ever in use with this server: what was saved of one is worth a look.
  bool is_new() const { return establishments_ == 0; }
  // The last request could not be written for want of keys.
  bool is_starved() const { return starved_; }
  // What a later daemon can go on with; empty without keys or cookies.
  std::optional<auth::NtsSession> session(const discipline::Now& now) const;
  NtsReport report(MonoTime now) const;

 private:
  void on_refused();
  bool is_old(MonoTime now) const { return established_ && now - *established_ >= refresh_; }

  Duration refresh_;
  std::unique_ptr<auth::NtsClient> client_;      // empty without keys
  std::optional<auth::SessionKeys> other_keys_;  // to be tried after a refusal
  bool refused_ = false;                         // since the last authentic response
  bool fetching_ = false;
  bool starved_ = false;
  unsigned attempts_ = 0;
  std::uint32_t establishments_ = 0;
  std::optional<MonoTime> established_;
  std::optional<MonoTime> next_attempt_;  // not before; empty = at once
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_NTS_AUTH_H_
