#include "tests/sim/swarm_checks.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "timed/base/text.h"

namespace timed::sim {
namespace {

constexpr double kMaxLines = 400.0;
constexpr double kLinesByPoll = 0.02;
// Addresses for NTP and commands in both families, and what a test asks with.
constexpr std::size_t kServingSockets = 6;
// What a slew of a minute is uncertain by: its number in the report has 25 bits, its pace is that of an oscillator.
constexpr double kSlewGrain = 1e-6;
// The least that a burst, one at the start or one that is ordered, has beside the polls.
constexpr double kRequestsOfABurst = 12.0;
// Served time that is smoothed: at most so fast against the clock (smoothtime 400), and that against true time.
constexpr Frequency kSmoothedRate = Frequency::ppm(400);
constexpr Frequency kClockRate = Frequency::ppm(600);

// What the claim is made of, and the frequency beside that which would be right.
std::string claim_of(const control::TrackingReply& tracking, Node& node) {
  return format(" stratum %d of %08x delay %.6f dispersion %.6f frequency %.3f of %.3f skew %.3f last offset %.6f",
                static_cast<int>(tracking.stratum), static_cast<unsigned>(tracking.ref_id.value),
                tracking.root_delay.to_seconds(), tracking.root_dispersion.to_seconds(), tracking.frequency_ppm,
                -node.clock().bare_frequency_error().to_ppm(), tracking.skew_ppm, tracking.last_offset.to_seconds());
}

}  // namespace

void SwarmChecks::check_all(Duration span) {
  for (SwarmClient& client : world_.clients) {
    check(client, span);
    client.settled += span;
  }
}

// Steps are those that are allowed at a start, after a jump, and by order; one more in a night with a leap second.
void SwarmChecks::check_steps(SwarmClient& client) {
  const std::size_t steps = client.node->clock().steps().size();
  const int allowed = (client.may_step ? 3 * client.beginnings : 0) + client.draw.resume_steps * client.far_jumps +
                      client.orders + (world_.leap ? 1 : 0);
  world_.require(steps <= static_cast<std::size_t>(allowed), *client.node, "steps", static_cast<double>(steps));
}

// A burst of the option has no more requests than polls at minpoll would be in the same time.
void SwarmChecks::check_polls(SwarmClient& client) {
  const double replaced = static_cast<double>(client.node->log().count(" replaced with "));
  for (const std::string& server : world_.upstream) {
    const int asked = watch_.asked(client.address, server);
    // A clock that is slewed by a twelfth polls sooner by as much.
    const double polls = client.awake.to_seconds() / std::ldexp(1.0, client.min_poll) * 1.12;
    const double bursts = client.beginnings + client.bursts + replaced;
    world_.require(asked <= polls + kRequestsOfABurst * bursts, *client.node, "requests", asked);
  }
}

void SwarmChecks::check(SwarmClient& client, Duration span) {
  Node& node = *client.node;
  check_steps(client);
  check_polls(client);
  if (!client.history->fault().empty()) world_.broke(&node, node.name() + ": " + client.history->fault());
  // The selection may change often where sources are asked often.
  const double polls = client.awake.to_seconds() / std::ldexp(1.0, client.min_poll);
  const auto lines = static_cast<double>(node.log().lines().size());
  world_.require(lines <= kMaxLines + polls * kLinesByPoll, node, "lines", lines);
  // Its clock was set, or that of somebody whose time it takes, who says what he has without a source.
  const bool may_exit = client.draw.may_exit && (client.set_by_others > 0 || world_.some_are_local);
  world_.require(!node.exit_status() || may_exit, node, "ended of its own accord", 0.0);
  if (!node.running()) return;
  const std::size_t sockets = node.machine().sockets().open_sockets();
  world_.require(sockets <= client.sources + kServingSockets, node, "open sockets", static_cast<double>(sockets));
  const Frequency driven = abs(node.frequency_error() - node.clock().bare_frequency_error());
  world_.require(driven <= Frequency::ppm(1000 + client.max_slew_ppm + 200), node, "driven too far, ppm",
                 driven.to_ppm());
  const auto tracking = node.ask<control::TrackingReply>(control::TrackingRequest{});
  if (!tracking) {
    world_.broke(&node, node.name() + ": no answer to tracking");
    return;
  }
  const Duration left = node.clock_error() - world_.right() + tracking->correction;
  if (client.draw.smooths) check_smoothing(client, left, span);
  // What it serves of its own is no claim.
  if (tracking->stratum == 0 || (client.serves_local && tracking->ref_id == ntp::kLocalRefId)) return;
  client.was_synchronised_in_calm = true;
  ++world_.outcome.checks;
  if (!world_.in_leap_window()) check_claim(client, *tracking, left);
}

void SwarmChecks::check_claim(SwarmClient& client, const control::TrackingReply& tracking, Duration left) {
  const bool follows_others = world_.strata_lie ? !client.direct : tracking.stratum > 2;
  const Duration inherited = follows_others ? world_.worst_served : Duration::zero();
  const Duration claim = tracking.root_delay * 0.5 + tracking.root_dispersion;
  const Duration bound = claim * tolerance(client) + crooked_line(client) + inherited + world_.moved +
                         abs(tracking.correction) * kSlewGrain;
  if (abs(left) <= bound) return;
  world_.broke(client.node,
               client.node->name() +
                   format(": further off than it says, %.9f s (%.9f)", bound.to_seconds(), left.to_seconds()) +
                   claim_of(tracking, *client.node) + world_.sources_of(client));
}

// Whatever the clock is corrected by, served time goes on, but for a step, a leap, and a clock that was set by others.
void SwarmChecks::check_smoothing(SwarmClient& client, Duration left, Duration span) {
  const auto smoothing = client.node->ask<control::SmoothingReply>(control::SmoothingRequest{});
  if (!smoothing || !smoothing->active) {
    client.served_error.reset();
    return;
  }
  const Duration served = left + smoothing->offset;
  const std::size_t steps_before = std::exchange(client.steps_then, client.node->clock().steps().size());
  if (client.served_error && steps_before == client.steps_then) {
    const Duration gained = served - *client.served_error;
    const Duration most = span * (kSmoothedRate + kClockRate) + Duration::millis(1);
    world_.require(abs(gained) <= most, *client.node, "smoothed time has jumped", gained.to_seconds());
  }
  client.served_error = served;
}

void SwarmChecks::check_end() {
  for (SwarmClient& client : world_.clients) {
    const auto tracking = client.node->ask<control::TrackingReply>(control::TrackingRequest{});
    const bool knows =
        tracking && tracking->stratum != 0 && !(client.serves_local && tracking->ref_id == ntp::kLocalRefId);
    // The local reference stands in where the selected source is too far, which filters make it for hours.
    if (knows || (client.serves_local && world_.has_source(client))) continue;
    if ((client.draw.fallback && client.was_synchronised_in_calm)) continue;
    world_.broke(client.node, client.node->name() + ": not synchronised in calm," + world_.sources_of(client));
  }
}

}  // namespace timed::sim
