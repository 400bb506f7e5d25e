// Where keys are established: the connections of one loop, so many at a time and each for two seconds at most, whoever
// is at the other end and whatever he sends.  The main loop has one, or workers have one each; a desk cannot tell.
#ifndef TIMED_NTS_KE_DESK_H_
#define TIMED_NTS_KE_DESK_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "timed/auth/aead.h"
#include "timed/auth/cookie_keys.h"
#include "timed/auth/cookies.h"
#include "timed/base/random.h"
#include "timed/env/host.h"
#include "timed/env/stream.h"
#include "timed/nts/credentials.h"

namespace timed::nts {

// What has become of a connection.
enum class KeOutcome : std::uint8_t {
  Served,       // keys were established
  Denied,       // nobody with that address is served
  TooOften,     // its rate is limited
  NoRoom,       // all places were taken, or there was no descriptor
  NoKeys,       // we have no certificate or no keys of cookies
  TimedOut,     // it took longer than two seconds
  Ended,        // the client has closed it before it had asked
  NotKe,        // the client does not speak NTS-KE
  TlsFailed,    // TLS has failed otherwise: other versions, garbage, a client that refuses our certificate
  BadRequest,   // records that are none, or too much of them
  NoAgreement,  // no protocol or no cipher in common
  Failed,       // by our own fault
};
inline constexpr std::size_t kKeOutcomes = 12;

// How often each has happened.
struct KeTotals {
  std::array<std::uint64_t, kKeOutcomes> of{};
  std::uint64_t at(KeOutcome outcome) const { return of[static_cast<std::size_t>(outcome)]; }
};

struct KeDeskOptions {
  std::vector<auth::AeadId> aeads;  // enabled ones
  std::uint16_t ntp_port = 123;     // that clients are told where it is another one
  std::string ntp_server;           // that clients are told where not empty
  std::size_t places = 0;           // connections at a time
  bool shares_loop = false;         // with the serving of NTP, which must not wait
};

class KeDesk {
 public:
  static constexpr std::size_t kMostPlaces = 16384;
  // A connection has so long.
  static constexpr Duration kPatience = Duration::seconds(2);
  // TLS in one turn of a shared loop: a few signatures of RSA; what is left comes in the next turn.
  static constexpr Duration kTurnBudget = Duration::millis(2);

  explicit KeDesk(KeDeskOptions options);
  // On its loop, or when that has ended.
  ~KeDesk();
  KeDesk(const KeDesk&) = delete;
  KeDesk& operator=(const KeDesk&) = delete;

  // ---- on the main loop ----
  // A place for the connection, which begin() is to be called with on the desk's own loop.  Empty where all are taken;
  // the connection is closed then.
  std::optional<std::size_t> reserve(std::unique_ptr<env::StreamSocket> stream);
  std::size_t taken() const { return taken_.load(std::memory_order_relaxed); }

  // ---- on any thread ----
  KeTotals totals() const;
  void count(KeOutcome outcome) { counts_[static_cast<std::size_t>(outcome)].fetch_add(1, std::memory_order_relaxed); }

  // ---- on its own loop ----
  // The seams outlive it.  Before everything below.
  void start(const env::Env& env);
  // From now on.  Connections that have begun go on with what they have begun with.
  void use_pairs(const std::vector<ServerPair>& pairs);
  void use_keys(const auth::CookieKeys& keys);
  void begin(std::size_t place);
  void begin_turn() { spent_ = Duration::zero(); }
  // Closes all connections, for good.
  void stop();

 private:
  struct Credentials;
  struct Session;
  struct Place {
    std::atomic<bool> taken{false};
    std::unique_ptr<env::StreamSocket> stream;
    std::unique_ptr<Session> session;
    std::optional<env::Timer> deadline;
  };

  void on_event(std::size_t place);
  void read(Place& place);
  void answer(Session& session);
  std::size_t write_answer(Session& session, std::span<std::byte> into);
  std::size_t write_keys(Session& session, const struct Agreement& agreement, std::span<std::byte> into);
  bool flush(Place& place);
  void settle(std::size_t place);
  void finish(std::size_t place, KeOutcome outcome);
  void drop_unused();

  const KeDeskOptions options_;
  std::array<std::atomic<std::uint64_t>, kKeOutcomes> counts_{};
  std::atomic<std::size_t> taken_{0};
  std::vector<std::unique_ptr<Place>> places_;

  const env::Env* env_ = nullptr;
  std::vector<std::unique_ptr<Credentials>> credentials_;  // the last one is in use
  auth::Cookies cookies_;
  bool has_keys_ = false;
  std::optional<EntropyPool> random_;
  Duration spent_;  // on TLS, in this turn
};

}  // namespace timed::nts

#endif  // TIMED_NTS_KE_DESK_H_
