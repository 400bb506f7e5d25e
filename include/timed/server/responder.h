// One request in, one answer or a verdict out (RFC 5905 section 9.2): the hot path of serving, without sockets, clock,
// log or allocation.
#ifndef TIMED_SERVER_RESPONDER_H_
#define TIMED_SERVER_RESPONDER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "timed/auth/key_store.h"
#include "timed/auth/nts_server.h"
#include "timed/base/random.h"
#include "timed/base/units.h"
#include "timed/discipline/own_state.h"
#include "timed/env/network.h"
#include "timed/ntp/packet.h"
#include "timed/server/acl.h"
#include "timed/server/client_table.h"
#include "timed/server/common_answer.h"
#include "timed/server/interleave.h"

namespace timed::server {

// What became of a datagram.
enum class Verdict : std::uint8_t {
  Answer,         // an answer has been prepared
  BadLength,      // not 48 … 1140 octets in steps of 4, or cut on receiving
  BadVersion,     // not 1 … 4
  BadExtensions,  // the rest after the header is neither fields nor a MAC
  BadSource,      // from port 0, where nothing can be sent to
  Denied,         // by the access rules
  BadMode,        // not a request: an answer, a broadcast, control, private
  BadAuth,        // authentication that is not ours or is none: a key we have not, a wrong MAC, a crypto-NAK
  RateLimited,    // from somebody who asks too often
  KissOfDeath,    // the same, and the answer that has been prepared says so
  TooLate,        // it has waited so long that an answer could not say when it came
  NtsRefusal,     // of NTS with a cookie or a seal that is not ours: the answer tells the client to get new keys
};
inline constexpr std::size_t kVerdicts = 12;
constexpr bool is_answered(Verdict verdict) {
  return verdict == Verdict::Answer || verdict == Verdict::KissOfDeath || verdict == Verdict::NtsRefusal;
}

// What is known of clients: for rate limits, interleaved mode and reports.
struct ClientLog {
  ClientTable clients;
  InterleaveMap stamps;
};

// What requests of NTS are answered with, for one thread.
struct NtsService {
  auth::NtsServer server;
  // For answers between prepare() and finish(), in turn: never more than a batch of them.
  std::array<auth::NtsAnswer, env::kBatch> answers{};
  std::size_t next = 0;
};

// What an answer still needs when it leaves.
struct Departure {
  const auth::Key* key = nullptr;                          // that signs it
  auth::NtsAnswer* nts = nullptr;                          // with which it is to be sealed
  auth::NtsVerdict nts_verdict = auth::NtsVerdict::Plain;  // of the request
  // In interleaved mode: when the answer before it has left, as reported then.
  std::optional<InterleaveMap::Sent> transmit;
  ntp::NtpTimestamp receive;             // as it says when the request came
  ntp::Mode mode = ntp::Mode::Reserved;  // of the answer
  bool for_samba = false;                // whose the code is to make, the last 16 octets: not to be sent before
  bool save = false;                     // its stamps, for the next answer
};

// Counters by verdict.  One thread counts, any thread may read.
class VerdictCounts {
 public:
  void add(Verdict verdict) {
    auto& count = counts_[static_cast<std::size_t>(verdict)];
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  std::uint64_t of(Verdict verdict) const {
    return counts_[static_cast<std::size_t>(verdict)].load(std::memory_order_relaxed);
  }
  std::uint64_t total() const;

 private:
  std::array<std::atomic<std::uint64_t>, kVerdicts> counts_{};
};

class Responder {
 public:
  static constexpr std::int8_t kNoLeastPoll = -19;  // nobody's minimum: no rate limit is in force

  // Both must outlive the responder; entropy makes unpredictable what lies below the precision of the clock.
  Responder(const AccessTable& access, EntropyPool& entropy) : access_(&access), entropy_(entropy) {}

  // Who is answered from now on; outlives the responder, or its next table.
  void use_access(const AccessTable& access) { access_ = &access; }

  // Addresses that are answered only where they have authenticated themselves; outlives the responder.
  void demand_keys_of(const AccessTable& addresses) { needs_key_ = &addresses; }
  // The keys that requests are verified with and answers signed, which outlive the responder; none before.
  void use_keys(const auth::KeyStore& keys) { keys_ = &keys; }
  // Requests of NTS are answered with this, which outlives the responder or its next use; none, and before: they are
  // not answered.
  void use_nts(NtsService* service) { nts_ = service; }
  // Windows machines of a Samba domain are answered too (MS-SNTP).
  void leave_codes_to_samba() { has_samba_ = true; }

  // Where requests are noted from now on, and the lowest poll that is asked for (that of the rate limit).  None: nobody
  // is limited, and there is no interleaved mode.
  void use_clients(ClientLog* log, std::int8_t least_poll) {
    log_ = log;
    least_poll_ = least_poll;
  }
  // The rate of those alone whom the table allows is limited; it outlives the responder.  None, and before: of all.
  void limit_only(const AccessTable* limited) { limited_ = limited; }

  // Judges a received datagram.  Where it is_answered(), `answer` holds what to send but for its transmit stamp, is
  // never longer than the request and goes back where that came from.  Otherwise `answer` is as it was, but perhaps its
  // data.
  Verdict prepare(const CommonAnswer& common, const env::Datagram& request, env::Datagram& answer,
                  Departure& departure);
  // Puts in the transmit stamp and then the MAC, the last things to be done before sending.
  void finish(const Leaving& leaving, env::Datagram& answer, const Departure& departure);

 private:
  ntp::NtpTimestamp fuzzed(LocalTime t, int precision_log2);
  const auth::Key* key_of(const ntp::PacketView& request) const;
  Verdict open_nts(const ntp::PacketView& packet, Departure& departure);
  Verdict authenticate(const ntp::PacketView& packet, Departure& departure);
  Verdict judge(const env::Datagram& request, const ntp::PacketView& packet, Departure& departure);
  Verdict write_fields(const CommonAnswer& common, LocalTime arrived, Duration smoothing, const ntp::PacketView& packet,
                       Verdict verdict, env::Datagram& answer, Departure& departure);
  ntp::NtpTimestamp look_up_interleaved(const ntp::Header& request, Departure& departure);
  // All before the stamps of the exchange, but version and poll.  Answers by what the time is smoothed that is told.
  Duration write_head(const CommonAnswer& common, ntp::Mode mode, LocalTime arrived, std::byte* data);
  std::size_t write_mono_root(const discipline::OwnState& state, LocalTime arrived, Duration smoothing,
                              env::Datagram& answer);

  const AccessTable* access_;
  EntropyPool& entropy_;
  const auth::KeyStore* keys_ = nullptr;
  const AccessTable* needs_key_ = nullptr;
  const AccessTable* limited_ = nullptr;
  ClientLog* log_ = nullptr;
  NtsService* nts_ = nullptr;
  bool has_samba_ = false;
  std::optional<std::uint32_t> mono_epoch_;  // before the first step; nobody's other run has the same
  std::int8_t least_poll_ = kNoLeastPoll;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_RESPONDER_H_
