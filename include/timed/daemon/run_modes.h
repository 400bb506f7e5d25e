// What a run is for, and when it is over: to keep time, to set the clock once (-q), to measure it once (-Q), to set it
// from a few hosts before anything else (initstepslew), and all of that only for a while (-t).  Decides; what is
// decided is done by its owner.
//
// In every mode but the normal one sources are measured and selected as usual, but the first offset that the
// selection finds ends the mode, whatever is still to come.
#ifndef TIMED_DAEMON_RUN_MODES_H_
#define TIMED_DAEMON_RUN_MODES_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "timed/base/units.h"
#include "timed/config/config.h"
#include "timed/env/host.h"
#include "timed/env/timers.h"
#include "timed/sources/options.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

// How one source is getting on.
struct SourceProgress {
  bool active = false;  // being polled
  int polls = 0;        // bits ever shifted into the reachability register
  std::size_t samples = 0;
};
// Whether none of the sources can give an offset soon any more: with seven polls done, or too few of the seven left for
// three samples.
bool is_hopeless(const std::vector<SourceProgress>& sources);

// What the owner does.  Offsets are reference - local.
struct RunActions {
  // These are the sources from now on; poll them.
  std::function<void(const std::vector<sources::SourceLine>&)> ask;
  // Normal operation begins or, with -q and -Q, its sources are the ones that are asked.
  std::function<void()> begin;
  // False where the clock cannot be stepped.
  std::function<bool(Duration)> step;
  std::function<void(Duration)> slew;  // as fast as allowed
  std::function<void()> stop_asking;
  std::function<bool()> synchronised;  // has a time to give
  std::function<void(int)> exit;       // with this status, after the turn
  bool steps_are_wanted = true;        // otherwise (-x) a step that is refused is no failure
};

class RunModes {
 public:
  enum class Mode { Normal, InitialOffset, SetOnce, MeasureOnce };
  // Between the correction by initstepslew and normal operation.
  static constexpr Duration kSettle = Duration::seconds(2);

  // The seams outlive it; the host answers no look-up when it is gone.
  RunModes(const config::RunOptions& options, std::optional<config::InitStepSlewOptions> initial, env::Timers& timers,
           env::Host& host, Family family, RunActions actions);

  void start();
  // A set of sources of its own is asked first: there are none before `ask`.
  bool begins_with_own_sources() const { return initial_.has_value(); }
  bool is_normal() const { return mode_ == Mode::Normal; }
  // Never in the normal mode: the selection has an offset; what was measured is of no use any more.
  void note_offset(Duration offset);
  void note_lost();
  // At the end of each turn.
  void end_turn(const sources::SourceSet& sources, FreeTime now);

 private:
  void look_up_next();
  void take_address(const Result<std::vector<IpAddress>>& result);
  int correct(Duration offset);  // the status to exit with
  void leave_initial_mode();
  void begin_asking();
  void run_out();

  const config::RunOptions options_;
  const std::optional<config::InitStepSlewOptions> initial_;
  env::Host& host_;
  const Family family_;
  RunActions actions_;
  Mode mode_;
  std::size_t next_host_ = 0;
  std::vector<sources::SourceLine> lines_;
  bool asking_ = false;    // sources are polled
  bool ended_ = false;     // of a mode other than the normal one
  env::Timer first_look_;  // a turn, in which to see that there is no source at all
  env::Timer settle_;
  env::Timer timeout_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_RUN_MODES_H_
