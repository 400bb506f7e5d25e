// One NTP server or peer as we ask it: a state machine of events in and actions out.  Pure: time and randomness come
// from outside, sockets and timers are somebody else's.
//
// A packet that is not the valid answer to the request that is out changes counters and nothing else.
#ifndef TIMED_SOURCES_ASSOCIATION_H_
#define TIMED_SOURCES_ASSOCIATION_H_

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>

#include "timed/base/address.h"
#include "timed/base/check.h"
#include "timed/base/random.h"
#include "timed/discipline/estimator.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/timeline.h"
#include "timed/env/clock.h"
#include "timed/ntp/packet.h"
#include "timed/sources/authentication.h"
#include "timed/sources/delay_quantile.h"
#include "timed/sources/options.h"
#include "timed/sources/poll_schedule.h"
#include "timed/sources/reachability.h"
#include "timed/sources/response_check.h"
#include "timed/sources/response_report.h"
#include "timed/sources/verdict_counts.h"

namespace timed::sources {

// ---- what an association wants done ----

// Open a connected socket of its own in the place of an earlier one, send this, and answer with on_sent() or
// on_send_failed().
struct SendRequest {
  std::array<std::byte, ntp::kMaxPacket> data{};
  std::size_t size = 0;

  std::span<const std::byte> bytes() const { return std::span(data).first(size); }
};
// Call on_timer() after the delay, and not nearer to the timers of other associations than the separation.
// Replaces an earlier one.
struct ArmTimer {
  Duration delay;
  Duration separation;
};
// Add it to the statistics and answer with on_sample_taken().
struct TakeSample {
  discipline::Sample sample;
  // The server has moved its clock by this since the sample before, positive = forward: move earlier samples by it.
  Duration server_moved;
};
// A poll gave no sample: a filter of samples counts it.
struct SampleMissed {};
// No response is expected any more.
struct CloseSocket {};
// Polling ends: no timer, no socket.
struct StopPolling {};
// The server has asked to be asked less often, and will be.  For the operator.
struct RateKissObeyed {};
// Forget all samples: the server whose place we took has lost its time.
struct ForgetSamples {};

// Establish keys with the server, and answer with on_keys() or on_keys_failed().
struct NeedKeys {};

using Action = std::variant<SendRequest, ArmTimer, TakeSample, SampleMissed, CloseSocket, StopPolling, RateKissObeyed,
                            ForgetSamples, NeedKeys>;

class Actions {
 public:
  static constexpr std::size_t kMax = 5;

  void add(Action action) {
    TIMED_ASSERT(size_ < kMax);
    actions_[size_++] = action;
  }
  const Action* begin() const { return actions_.data(); }
  const Action* end() const { return actions_.data() + size_; }
  std::size_t size() const { return size_; }
  // The first action of a kind, or none.
  template <class T>
  const T* find() const {
    for (const Action& action : *this) {
      if (const T* found = std::get_if<T>(&action)) return found;
    }
    return nullptr;
  }

 private:
  std::array<Action, kMax> actions_{};
  std::size_t size_ = 0;
};

// ---- what it says of itself ----

struct AssociationCounters {
  std::uint32_t sent = 0;
  std::uint32_t received = 0;  // datagrams on our socket, whatever they were
  std::uint32_t valid = 0;
  std::uint32_t good = 0;
  std::uint32_t kernel_sent = 0;      // with a transmit stamp of the kernel
  std::uint32_t kernel_received = 0;  // with a receive stamp of the kernel
};

// How the statistics took a sample.
struct SampleOutcome {
  Duration prediction_error;  // |measured - predicted before it|
  Duration distance;          // peer dispersion + half the peer delay
  std::size_t samples = 0;    // that tell of the present: kept by the regression, or as the estimator says
  Duration min_delay;         // smallest round trip to the source
  discipline::Expectation expectation = discipline::Expectation::Met;
  bool by_estimator = false;  // has the estimator said how many samples tell of the present
};

struct Received {
  ResponseVerdict verdict;
  Actions actions;
  std::optional<ResponseReport> response;  // of a packet that could be one, good or not
};

class Association {
 public:
  // The socket of a request stays open this much longer than `maxdelay`.
  static constexpr Duration kResponseGrace = Duration::seconds(4);
  // Kernel transmit stamps this much later than our own reading are believed.
  static constexpr Duration kMaxTransmitDelay = Duration::seconds(1);

  // `random` outlives the association.  Without keys, one that needs a key sends nothing.
  Association(const SourceLine& line, EntropyPool& random, const AuthOptions& auth = {});

  // Those of the line from now on: how it polls and what it believes.  The poll itself follows with the next response.
  void take_options(const SourceLine& line);
  // Begins or ends polling.
  Actions go_online(const discipline::Now& now);
  Actions go_offline();
  // As an operator ends it: after a burst that runs.
  Actions end_polling();
  // Up to `total` requests that end after `good` good samples.
  Actions start_burst(int good, int total, const discipline::Now& now);

  Actions on_timer(const RequestContext& context);
  // The request left; `at` is our own reading of the clock just before.
  Actions on_sent(const discipline::PlacedStamp& at, const discipline::Now& now, bool is_system_peer);
  Actions on_send_failed(const discipline::Now& now);
  // When the request that is out really left.
  void on_transmit_stamp(const discipline::PlacedStamp& at);
  // A datagram on the socket of the request that is out; of a peer, on the one that all its packets come in on.
  Received on_response(const discipline::PlacedStamp& at, const ntp::PacketView& packet, const IpAddress& local_address,
                       const ResponseContext& context, const discipline::Now& now);
  Actions on_sample_taken(const SampleOutcome& outcome, const discipline::Now& now);
  // The sample waits in a filter, whose last one had this delay.
  Actions on_sample_kept(Duration delay, const discipline::Now& now);
  // It was no measurement, and says nothing of the interval either.
  Actions on_sample_refused(const discipline::Now& now);
  // Keys that were asked for; a poll that waits for them comes soon.
  Actions on_keys(const auth::NtsSession& session, const discipline::Now& now);
  void on_keys_failed(NtsFailure failure, const discipline::Now& now) {
    if (nts() != nullptr) nts()->on_failure(failure, now.mono);
  }
  // Those of NTS are of another server.
  void forget_keys() {
    if (nts() != nullptr) nts()->forget();
  }
  // Somebody else stepped the clock: stamps of an exchange under way mean nothing any more.
  Actions on_unknown_step(const discipline::Now& now);
  // Neither its keys nor anything that was learnt with them is believed any more: all begins anew, with a burst.
  Actions on_distrust(const discipline::Now& now);
  // Another server stands in the place of this one.  Polling begins anew only where this one answered: a network that
  // is down is not asked more often for it.
  Actions on_new_server(const discipline::Now& now);

  // How long the socket of a request stays open.
  Duration response_timeout() const { return check_.max_delay + kResponseGrace; }

  bool is_symmetric() const { return exchange_.rules.symmetric; }
  PollMode mode() const { return schedule_.mode(); }
  bool is_polling() const { return schedule_.is_polling(); }
  int poll() const { return schedule_.poll(); }
  double poll_score() const { return schedule_.score(); }
  const Reachability& reachability() const { return reachability_; }
  void forget_reachability() { reachability_.clear(); }
  // What an earlier daemon knew of the source.
  void restore(std::uint8_t reach, int reach_size, ntp::Stratum stratum, ntp::Leap leap) {
    reachability_.bits = reach;
    reachability_.size = reach_size;
    stratum_ = stratum;
    leap_ = leap;
  }
  // Of the last synchronised response; 0 and Unsynchronised before the first.  With `copy` as if we were the server.
  ntp::Stratum stratum() const { return stratum_; }
  ntp::Leap leap() const { return leap_; }
  // With `copy`: the reference of the server, to be shown as the source's.
  const std::optional<ntp::RefId>& copied_ref_id() const { return copied_ref_id_; }
  const Authentication& authentication() const { return authentication_; }
  const AssociationCounters& counters() const { return counters_; }
  const VerdictCounts& verdicts() const { return verdicts_; }
  const std::optional<ResponseReport>& last_response() const { return report_; }
  // Requests since the last valid response.
  unsigned unanswered() const { return unanswered_; }

 private:
  NtsAuth* nts() { return std::get_if<NtsAuth>(&authentication_); }
  void reset_exchange();
  std::uint8_t request_version() const;
  void drop_request();
  Actions after_no_transmission(const discipline::Now& now);
  Actions after_transmission(bool sent, const discipline::Now& now, bool is_system_peer);
  bool answers_us(ntp::Mode mode) const;
  void keep_response(const CheckedResponse& checked, const discipline::PlacedStamp& at, const ntp::Header& header,
                     bool near_leap_second);
  void keep_server(const CheckedResponse& checked, const ntp::Header& header, bool near_leap_second);
  discipline::Sample copied(discipline::Sample sample) const;
  Received judge(const CheckedResponse& checked, const Exchange& exchange, const ntp::Header& header,
                 const IpAddress& local_address, const ResponseContext& context, const discipline::Now& now);
  Received take_good(const CheckedResponse& checked);
  Received take_bad(const CheckedResponse& checked, const discipline::Now& now);
  std::optional<Duration> quantile_limit() const;
  void feed_quantile(const CheckedResponse& checked, Duration precision);
  Actions next_poll(const discipline::Now& now);
  Duration first_delay(const discipline::Now& now) const;
  ArmTimer timer_for_next(const discipline::Now& now, Duration extra);
  ArmTimer arm(Duration delay);
  Duration interval(Duration since_sent, bool after_sending) const;
  Nearness nearness() const { return {reachability_.reachable(), std::min(min_delay_, filtered_delay_)}; }

  CheckOptions check_;
  bool copy_;
  bool auto_offline_;
  std::optional<int> version_;
  Authentication authentication_;
  EntropyPool& random_;
  PollSchedule schedule_;
  Exchange exchange_;
  bool interleaved_ = false;  // the request that is out
  unsigned unanswered_ = 0;
  std::optional<MonoTime> last_sent_;
  Duration min_delay_ = Duration::infinity();
  Duration filtered_delay_ = Duration::infinity();  // of the last sample in the filter
  std::optional<DelayQuantile> delay_quantile_;     // made with the first response, when the precision is known
  Reachability reachability_;
  ntp::Stratum stratum_ = 0;
  ntp::Leap leap_ = ntp::Leap::Unsynchronised;
  std::optional<ntp::RefId> copied_ref_id_;
  ntp::Stratum own_stratum_ = 0;  // as served when it was last told
  AssociationCounters counters_;
  VerdictCounts verdicts_;
  std::optional<ResponseReport> report_;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_ASSOCIATION_H_
