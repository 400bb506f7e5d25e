// How often to ask: often enough that the clock is looked at before its wander shows, and no more often, as each packet
// costs somebody something.
//
// The rule is chronyd's: each sample moves a score, which is the way from one power of two to the next.  Where n
// samples tell of the present, and `polltarget` (8) are wanted, it moves by (n/8 - 1)/8, downwards twice as fast.  The
// regression's n is the number of samples that lie on one line.  The estimator's is a span of time, that in which noise
// hides the wander, over the present interval, and so the interval comes to rest at an eighth of the span.  It then
// lies between the powers of two: a wandering clock is off by the power 1.5 of the time since it was looked at, so that
// intervals that are equal beat as many short and long ones.
//
// Intervals grow slowly and shrink at once, as the costs are unequal: one that is too short costs a packet, one that is
// too long lets the error of a frequency that has stepped grow with the time, and its square, summed over the interval,
// with the cube of it.  A sample that was predicted worse than its distance allows takes the poll back by as many
// powers of two as it was off; one that contradicts what the estimator believed, by four of them; and one that is in
// doubt brings a second look, once, which says nothing on the interval unless it finds something.
//
// What is asked of a server is bounded by others: `minpoll`, `maxpoll`, a server that says that it is asked too often,
// and a peer, which knows powers of two alone.
#include "timed/sources/poll_schedule.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "timed/discipline/estimator.h"
#include "timed/ntp/types.h"

namespace timed::sources {
namespace {

// A sixteenth of the interval, until it is known what has happened: a frequency that has jumped is known after a few
// samples, and each second until then costs more than one later.
constexpr double kContradicted = -discipline::kSoonerAfterContradiction;
// An interval that the estimator has grows by a factor of two in `polltarget` samples at most.  In the first hours the
// error lies where it has grown too soon: without a limit it passes where it will rest, and a frequency that steps then
// goes unseen for as long.  With the seeds 1 to 30 the error after a step of the frequency is 0.46 times the
// regression's without the limit, 0.37 with it; that of the first hours 0.56 and 0.51.  Slower growth costs packets.
constexpr double kFastestGrowth = 1.0;
// A second look comes after an eighth of the interval, where that is long: what a clock that has jumped is off by grows
// with the cube of it, and a packet costs the same.  After a frequency step the error is 0.365 of the regression's,
// with a quarter and a sixteenth 0.365 and 0.361, with half and twice of the limit 0.360 and 0.363 (seeds 401 to 440,
// in which that is no difference); default and default, long are the same within 0.002.
constexpr double kSecondLook = 1.0 / 8.0;
constexpr Duration kWorthASecondLook = Duration::seconds(256);
// More than the whole range of polls: one change never needs to be larger.
constexpr double kLargestChange = 64.0;
constexpr double kMaxStretch = 0.02;
constexpr double kMinSeparation_s = 0.002;
constexpr double kMaxSeparation_s = 0.2;

}  // namespace

PollDelay stretched(Duration delay, int poll, double random) {
  const double factor = 1.0 + kMaxStretch * random;
  const double separation_s =
      std::max(kMinSeparation_s, std::min(ntp::poll_interval(poll).to_seconds() / 8.0, kMaxSeparation_s));
  return {std::max(delay, Duration::zero()) * factor, Duration::seconds(separation_s) * factor};
}

// By k equally good sources the offset is known better, and the time below which noise hides the wander is shorter by
// the cube root of k: for the same error each may be asked at intervals k^(2/3) times as long.  The square root is
// taken, as they are never equally good.
std::size_t shared_samples(std::size_t samples, int combined_sources) {
  return static_cast<std::size_t>(static_cast<double>(samples) * std::sqrt(std::max(combined_sources, 1)));
}

PollSchedule::PollSchedule(const PollOptions& options) : options_(options) {
  reset();
}

void PollSchedule::reset() {
  poll_ = std::max(options_.min_poll, 0);
  score_ = 0.0;
  between_powers_ = false;
  second_look_ = SecondLook::None;
  presends_left_ = 0;
  peer_poll_.reset();
}

void PollSchedule::go_online() {
  if (mode_ == PollMode::Online || mode_ == PollMode::BurstWasOnline) return;
  if (mode_ == PollMode::BurstWasOffline) {
    mode_ = PollMode::BurstWasOnline;
    return;
  }
  mode_ = PollMode::Online;
  if (options_.iburst) start_burst(kInitialBurstGood, kInitialBurstTotal);
}

void PollSchedule::go_offline() {
  mode_ = PollMode::Offline;
  second_look_ = SecondLook::None;
  presends_left_ = 0;
}

bool PollSchedule::go_offline_after_burst() {
  if (!in_burst()) return false;
  mode_ = PollMode::BurstWasOffline;
  return true;
}

void PollSchedule::start_burst(int good, int total) {
  if (in_burst()) return;
  mode_ = mode_ == PollMode::Offline ? PollMode::BurstWasOffline : PollMode::BurstWasOnline;
  burst_good_left_ = good;
  burst_total_left_ = total;
}

void PollSchedule::restart_burst(int good, int total) {
  if (!in_burst()) return start_burst(good, total);
  burst_good_left_ = good;
  burst_total_left_ = total;
}

bool PollSchedule::begin_transmission() {
  if (mode_ == PollMode::BurstWasOffline && burst_total_left_ <= 0) go_offline();
  if (mode_ == PollMode::Offline) return false;
  if (mode_ == PollMode::BurstWasOnline && burst_total_left_ <= 1) {
    // The last request of a burst begins the normal interval.
    mode_ = PollMode::Online;
  } else if (mode_ == PollMode::Online && options_.burst && poll_ > options_.min_poll) {
    start_burst(1, std::min(1 << std::min(poll_ - options_.min_poll, 8), kMaxBurstTotal));
  }
  return true;
}

void PollSchedule::end_transmission(bool sent, bool reachable, bool interleaved) {
  if (presends_left_ > 0) {
    --presends_left_;
  } else if (poll_ >= options_.presend && burst_total_left_ == 0) {
    presends_left_ = interleaved ? 2 : 1;
  }
  if (second_look_ == SecondLook::Wanted) second_look_ = SecondLook::Taken;
  // A burst that begins before the network is there does not wear off.
  const bool waits_for_network = mode_ == PollMode::BurstWasOnline && !sent && !reachable;
  if (in_burst() && !waits_for_network) --burst_total_left_;
}

void PollSchedule::on_good_response() {
  if (!in_burst()) return;
  --burst_good_left_;
  if (burst_good_left_ > 0) return;
  mode_ = mode_ == PollMode::BurstWasOnline ? PollMode::Online : PollMode::Offline;
}

Duration PollSchedule::on_rate_kiss() {
  burst_good_left_ = 0;
  second_look_ = SecondLook::None;
  return ntp::poll_interval(poll_) * 4.0;
}

void PollSchedule::adjust(double change, const Nearness& nearness) {
  if (std::isnan(change)) return;
  score_ += std::clamp(change, -kLargestChange, kLargestChange);
  if (score_ >= 1.0) {
    const double up = std::floor(score_);
    poll_ += static_cast<int>(up);
    score_ -= up;
  } else if (score_ < 0.0) {
    const double down = 1.0 + std::floor(-score_);
    poll_ -= static_cast<int>(down);
    score_ += down;
  }
  if (poll_ < options_.min_poll) {
    poll_ = options_.min_poll;
    score_ = 0.0;
  } else if (poll_ > options_.max_poll) {
    poll_ = options_.max_poll;
    score_ = 1.0;
  }
  // Polling faster than once a second is for local networks.
  if (poll_ < 0 && (!nearness.reachable || nearness.min_delay > kMaxSubsecondDelay)) poll_ = 0;
}

void PollSchedule::adjust_for_sample(const SampleAgreement& agreement, const Nearness& nearness) {
  between_powers_ = agreement.by_estimator;
  const bool is_second = std::exchange(second_look_, SecondLook::None) == SecondLook::Taken;
  const bool agrees = agreement.prediction_error <= agreement.distance;
  // One that finds nothing is no word on the interval.
  if (is_second && agrees && agreement.expectation != discipline::Expectation::Contradicted) return;
  if (wants_second_look(agreement) && !is_second) second_look_ = SecondLook::Wanted;
  adjust(adjustment_for(agreement), nearness);
}

bool PollSchedule::wants_second_look(const SampleAgreement& agreement) const {
  const bool in_doubt = agreement.expectation == discipline::Expectation::Doubtful;
  return in_doubt && agreement.by_estimator && !in_burst() && interval() >= kWorthASecondLook;
}

double PollSchedule::adjustment_for(const SampleAgreement& agreement) const {
  if (agreement.expectation == discipline::Expectation::Contradicted) return kContradicted;
  if (agreement.prediction_error > agreement.distance) {
    return -std::log2(agreement.prediction_error / agreement.distance);
  }
  const double target = options_.poll_target;
  const double change = (static_cast<double>(agreement.samples) / target - 1.0) / target;
  if (change < 0.0) return change * 2.0;
  return agreement.by_estimator ? std::min(change, kFastestGrowth / target) : change;
}

Duration PollSchedule::interval() const {
  if (presends_left_ > 0) return kPresendLead;
  const bool between = between_powers_ && poll_ < options_.max_poll;
  const Duration normal = ntp::poll_interval(poll()) * (between ? std::exp2(score_) : 1.0);
  if (in_burst()) return std::min(kMaxBurstInterval, normal / 4.0);
  if (second_look_ != SecondLook::Wanted) return normal;
  return std::max(normal * kSecondLook, std::min(normal, ntp::poll_interval(options_.min_poll)));
}

Duration PollSchedule::first_delay(std::optional<Duration> since_last) const {
  return since_last ? std::max(kFirstDelay, interval() - *since_last) : kFirstDelay;
}

}  // namespace timed::sources
