// When one association asks next: polling interval and its adaptation, bursts, the throw-away request before a poll.
// Pure.
#ifndef TIMED_SOURCES_POLL_SCHEDULE_H_
#define TIMED_SOURCES_POLL_SCHEDULE_H_

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "timed/base/units.h"
#include "timed/discipline/estimator.h"
#include "timed/sources/options.h"

namespace timed::sources {

// Whether an association polls, and where it returns to after a burst.
enum class PollMode : std::uint8_t { Offline, Online, BurstWasOffline, BurstWasOnline };

// What decides if polling more often than once a second is allowed.
struct Nearness {
  bool reachable = false;
  Duration min_delay = Duration::infinity();
};

// How well a new sample agreed with what was expected of it.
struct SampleAgreement {
  Duration prediction_error;  // |measured - predicted|
  Duration distance;          // peer dispersion + half the peer delay; above zero
  std::size_t samples = 0;    // that tell of the present, with the new one
  discipline::Expectation expectation = discipline::Expectation::Met;
  bool by_estimator = false;  // what tells of the present is its say, and a matter of time, not of how many there are
};

// A clock that several sources look at is looked at between the answers of each: the samples of one tell as much as so
// many, where it is combined with others (their number with its own; 0 and 1 are none).
std::size_t shared_samples(std::size_t samples, int combined_sources);

// Of a transmission timer: not before `delay`, and `separation` away from others of its class.
struct PollDelay {
  Duration delay;
  Duration separation;
};

// The delay with the separation that fits a poll (log2 seconds), both stretched alike by 0 to 2 %; `random` is uniform
// in [0, 1).
PollDelay stretched(Duration delay, int poll, double random);

class PollSchedule {
 public:
  static constexpr Duration kFirstDelay = Duration::seconds(0.2);
  static constexpr Duration kPresendLead = Duration::seconds(2);
  static constexpr Duration kMaxBurstInterval = Duration::seconds(2);
  static constexpr Duration kMaxSubsecondDelay = Duration::seconds(0.01);
  static constexpr int kInitialBurstGood = 4;
  static constexpr int kInitialBurstTotal = 8;
  static constexpr int kMaxBurstTotal = 4;  // of "burst"
  static constexpr double kUnanswered = 0.25;
  static constexpr double kUnansweredSystemPeer = 0.1;
  static constexpr double kNotGood = 0.1;
  static constexpr double kNotGoodNoLoop = 0.02;

  explicit PollSchedule(const PollOptions& options);
  // From now on; the poll is brought between its new limits with the next adjustment.
  void set_options(const PollOptions& options) { options_ = options; }

  // Log2 seconds; the shorter of the two where a peer has told its own.
  int poll() const { return peer_poll_ ? std::max(std::min(poll_, *peer_poll_), options_.min_poll) : poll_; }
  int own_poll() const { return poll_; }
  // The poll of a peer, while it is reachable.
  void set_peer_poll(std::optional<int> poll) { peer_poll_ = poll; }
  double score() const { return score_; }  // 0 … 1, towards the next poll
  PollMode mode() const { return mode_; }
  bool is_polling() const { return mode_ != PollMode::Offline; }
  bool in_burst() const { return mode_ == PollMode::BurstWasOffline || mode_ == PollMode::BurstWasOnline; }
  // The request that is out now is thrown away.
  bool is_presending() const { return presends_left_ > 0; }

  // Begins polling, with iburst's burst where it is wanted; nothing where it polls already.
  void go_online();
  void go_offline();
  // Lets a burst run to its end and then no more; false where none runs.
  bool go_offline_after_burst();
  // A burst of at most `total` requests that ends after `good` good samples; nothing while one runs.
  void start_burst(int good, int total);
  // The same, and one that runs begins anew.
  void restart_burst(int good, int total);
  // Everything as at the start, but the mode.
  void reset();

  // Before each request.  False: a burst of an offline source is over, nothing is to be sent.
  bool begin_transmission();
  // After it; `reachable` is that of the source.  In interleaved mode it takes two throw-away requests.
  void end_transmission(bool sent, bool reachable, bool interleaved = false);
  // A good response: ends a burst that has had its share.
  void on_good_response();
  // The server asked for less: the burst ends with the next good response.  Returns what is added to one delay.
  Duration on_rate_kiss();

  // The score moves by so much, and with it the poll.
  void adjust(double change, const Nearness& nearness);
  void adjust_for_sample(const SampleAgreement& agreement, const Nearness& nearness);
  // By how much a sample moves the score.
  double adjustment_for(const SampleAgreement& agreement) const;

  // From one transmission to the next.  Where the estimator says how many samples the present holds, it lies between
  // the powers of two, as far as the score does: a wandering clock is off by more than in proportion to the time since
  // it was looked at, so that equal intervals are better than as many short and long ones.
  Duration interval() const;
  // Until the first request; `since_last` is the time since an earlier one, if there was one.
  Duration first_delay(std::optional<Duration> since_last) const;

 private:
  // After a sample that is in doubt one more is asked for soon, where the next one would be long in coming.
  enum class SecondLook : std::uint8_t { None, Wanted, Taken };

  bool wants_second_look(const SampleAgreement& agreement) const;

  PollOptions options_;
  PollMode mode_ = PollMode::Offline;
  int poll_ = 0;
  double score_ = 0.0;
  bool between_powers_ = false;
  SecondLook second_look_ = SecondLook::None;
  int burst_good_left_ = 0;
  int burst_total_left_ = 0;
  int presends_left_ = 0;
  std::optional<int> peer_poll_;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_POLL_SCHEDULE_H_
