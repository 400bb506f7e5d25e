#include "timed/daemon/run_modes.h"

#include <algorithm>
#include <utility>

#include "timed/base/check.h"
#include "timed/base/log.h"

namespace timed::daemon {
namespace {

constexpr int kPolls = 7;
constexpr std::size_t kSamplesNeeded = 3;  // for a regression
constexpr int kFailed = 1;

RunModes::Mode mode_of(const config::RunOptions& options, bool has_initial) {
  if (options.purpose == config::RunOptions::Purpose::SetClock) return RunModes::Mode::SetOnce;
  if (options.purpose == config::RunOptions::Purpose::MeasureClock) return RunModes::Mode::MeasureOnce;
  return has_initial ? RunModes::Mode::InitialOffset : RunModes::Mode::Normal;
}

SourceProgress progress_of(const sources::SourceReport& report) {
  return {report.mode != sources::PollMode::Offline, report.reachability.size, report.stats.samples};
}

}  // namespace

bool is_hopeless(const std::vector<SourceProgress>& sources) {
  return std::none_of(sources.begin(), sources.end(), [](const SourceProgress& source) {
    return source.active && source.polls < kPolls &&
           static_cast<std::size_t>(kPolls - source.polls) + source.samples >= kSamplesNeeded;
  });
}

RunModes::RunModes(const config::RunOptions& options, std::optional<config::InitStepSlewOptions> initial,
                   env::Timers& timers, env::Host& host, Family family, RunActions actions)
    : options_(options),
      initial_(std::move(initial)),
      host_(host),
      family_(family),
      actions_(std::move(actions)),
      mode_(mode_of(options, initial_.has_value())),
      first_look_(timers, [] {}),
      settle_(timers, [this] { leave_initial_mode(); }),
      timeout_(timers, [this] { run_out(); }) {}

void RunModes::start() {
  if (options_.timeout) timeout_.arm_in(*options_.timeout);
  if (initial_) {
    look_up_next();
  } else {
    actions_.begin();
    begin_asking();
  }
}

void RunModes::begin_asking() {
  asking_ = true;
  if (!is_normal()) first_look_.arm_in(Duration::zero());
}

// One after the other, as written; of each only the first address counts, as in chrony.
void RunModes::look_up_next() {
  if (next_host_ == initial_->hosts.size()) {
    actions_.ask(std::exchange(lines_, {}));
    begin_asking();
    return;
  }
  host_.resolve(initial_->hosts[next_host_], family_,
                [this](const Result<std::vector<IpAddress>>& result) { take_address(result); });
}

void RunModes::take_address(const Result<std::vector<IpAddress>>& result) {
  if (result.ok() && !result->empty()) {
    sources::SourceLine line;
    line.name = result->front().to_string();
    line.poll.iburst = true;
    lines_.push_back(std::move(line));
  } else {
    log::warning("Could not resolve address of initstepslew server %s", initial_->hosts[next_host_].c_str());
  }
  ++next_host_;
  look_up_next();
}

void RunModes::note_offset(Duration offset) {
  TIMED_ASSERT(!is_normal());
  if (std::exchange(ended_, true)) return;
  const int status = correct(offset);
  actions_.stop_asking();
  if (mode_ == Mode::InitialOffset) {
    settle_.arm_in(kSettle);
  } else {
    actions_.exit(status);
  }
}

// A step that is refused does not change the status with -x, as in chrony; without the privilege for it chronyd would
// have ended earlier, with 1, and who sets another clock by this one (hwclock) must know.
int RunModes::correct(Duration offset) {
  const double seconds = offset.to_seconds();
  if (mode_ == Mode::MeasureOnce) {
    log::info("System clock wrong by %.6f seconds (ignored)", seconds);
    return 0;
  }
  const bool steps = mode_ == Mode::SetOnce || abs(offset) >= initial_->threshold;
  if (mode_ == Mode::SetOnce) {
    log::info("System clock wrong by %.6f seconds (step)", seconds);
  } else {
    log::info("System's initial offset : %.6f seconds %s of true (%s)", abs(offset).to_seconds(),
              offset > Duration::zero() ? "slow" : "fast", steps ? "step" : "slew");
  }
  if (!steps) {
    actions_.slew(offset);
  } else if (!actions_.step(offset)) {
    log::error("Could not step system clock");
    return actions_.steps_are_wanted ? kFailed : 0;
  }
  return 0;
}

void RunModes::note_lost() {
  TIMED_ASSERT(!is_normal());
  if (std::exchange(ended_, true)) return;
  actions_.stop_asking();
  if (mode_ == Mode::InitialOffset) {
    log::warning("No suitable source for initstepslew");
    leave_initial_mode();
  } else {
    log::warning("No suitable source for synchronisation");
    actions_.exit(kFailed);
  }
}

void RunModes::leave_initial_mode() {
  mode_ = Mode::Normal;
  actions_.begin();
}

// A name that has no address yet may bring a source: at boot the network is often late.  As chronyd does, for as long
// as it takes; -t is what limits it.
void RunModes::end_turn(const sources::SourceSet& sources, FreeTime now) {
  if (is_normal() || ended_ || !asking_ || !sources.all_names_tried() || sources.some_names_wait()) return;
  std::vector<SourceProgress> all;
  for (std::size_t i = 0; i < sources.size(); ++i) {
    if (const auto report = sources.report(i, now)) all.push_back(progress_of(*report));
  }
  if (is_hopeless(all)) note_lost();
}

void RunModes::run_out() {
  log::info("Timeout reached");
  actions_.exit(actions_.synchronised() ? 0 : kFailed);
}

}  // namespace timed::daemon
