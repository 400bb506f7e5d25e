// One request in, one answer or a verdict out (RFC 5905 section 9.2, spec wire.md 1.4): the hot path of serving,
// without sockets, clock, log or allocation.
#ifndef TIMED_SERVER_RESPONDER_H_
#define TIMED_SERVER_RESPONDER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "timed/auth/key_store.h"
#include "timed/base/random.h"
#include "timed/base/units.h"
#include "timed/discipline/own_state.h"
#include "timed/env/network.h"
#include "timed/ntp/packet.h"
#include "timed/server/acl.h"

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
};
inline constexpr std::size_t kVerdicts = 8;

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
  // Both must outlive the responder; entropy makes unpredictable what lies below the precision of the clock.
  Responder(const AccessTable& access, EntropyPool& entropy) : access_(access), entropy_(entropy) {}

  // Addresses that are answered only where they have authenticated themselves; outlives the responder.
  void demand_keys_of(const AccessTable& addresses) { needs_key_ = &addresses; }
  // The keys that requests are verified with and answers signed, which outlive the responder; none before.
  void use_keys(const auth::KeyStore& keys) { keys_ = &keys; }

  // Judges a received datagram.  Answer: `answer` holds what to send but for its transmit stamp, is never longer than
  // the request and goes back where that came from.  Otherwise `answer` is as it was, but perhaps its data.
  Verdict prepare(const discipline::OwnState& state, const env::Datagram& request, env::Datagram& answer);
  // Puts in the transmit stamp and then the MAC, the last things to be done before sending.
  void finish(const discipline::OwnState& state, env::Datagram& answer, RawTime now);

 private:
  ntp::NtpTimestamp fuzzed(LocalTime t, int precision_log2);
  const auth::Key* key_of(const ntp::PacketView& request) const;

  const AccessTable& access_;
  EntropyPool& entropy_;
  const auth::KeyStore* keys_ = nullptr;
  const AccessTable* needs_key_ = nullptr;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_RESPONDER_H_
