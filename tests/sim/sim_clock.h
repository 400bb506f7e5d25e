// A machine's oscillator and the kernel clock that is built on it.
//
// The oscillator runs (1 + frequency error) times as fast as true time; the error walks randomly, one step a second.
// The kernel's correction multiplies that, in steps of the kernel's resolution.  Monotonic time is what comes out;
// the clock as read (raw time) is monotonic time plus an offset that only steps change.
//
// Sign: an "error" here is what an observer of the world sees, clock - truth, positive = fast.  It is the negative of
// the offset in the daemon.
#ifndef TIMED_TESTS_SIM_SIM_CLOCK_H_
#define TIMED_TESTS_SIM_SIM_CLOCK_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include "tests/sim/world.h"
#include "timed/env/clock.h"
#include "timed/env/kernel_sync.h"

namespace timed::sim {

// Normal deviates; the walk must not depend on who reads the clock, so it has a generator of its own.
class Gaussian {
 public:
  explicit Gaussian(SeededRandom random) : random_(random) {}
  double next();

 private:
  SeededRandom random_;
  double spare_ = 0.0;
  bool has_spare_ = false;
};

class Oscillator {
 public:
  Oscillator(TrueTime start, Frequency error, double wander, SeededRandom random);

  // Nothing is counted until then.
  void stand_until(TrueTime end);
  // Counts on to a time, not before the last one, at the present correction.
  void advance(TrueTime to);
  void set_correction(Frequency correction) { correction_ = correction; }
  Frequency correction() const { return correction_; }
  // Of the bare oscillator, positive = fast.
  Frequency error() const { return Frequency::ratio(error_); }
  // What is left of it: rate of the counter less that of true time.
  Frequency steered_error() const { return Frequency::ratio(excess()); }
  void disturb(Frequency change) { error_ += change.to_ratio(); }
  // Nanoseconds counted since the start, and the part below one.
  std::int64_t counted() const { return counted_; }
  // The first time at which that many will have been counted if the correction stays as it is, or the horizon if
  // that comes first.
  TrueTime when_counted(std::int64_t target, TrueTime horizon) const;

 private:
  double excess() const { return error_ + correction_.to_ratio() + error_ * correction_.to_ratio(); }
  void advance_within_step(std::int64_t to);
  std::int64_t step_end() const;
  void begin_step();

  std::int64_t at_;
  std::int64_t last_step_;
  double error_;
  const double wander_;
  bool stands_ = false;  // at_ may lie ahead
  Gaussian gaussian_;
  Frequency correction_;
  std::int64_t counted_ = 0;
  double rest_ = 0.0;  // nanoseconds, 0 <= rest < 1
};

struct ClockModel {
  Duration start_error{};                     // raw - true when the world begins for this machine
  Frequency frequency_error{};                // of the bare oscillator, positive = fast
  double wander = 0.0;                        // random walk of it, s/s per sqrt(s)
  Duration resolution = Duration::nanos(20);  // readings are rounded down to whole multiples
  Duration read_noise{};                      // a reading is up to this much late, uniformly
  bool may_steer = true;                      // false: as without CAP_SYS_TIME
  std::optional<int> tai_offset{};            // that the kernel knows at the start
  Frequency start_correction{};               // left in the kernel by whoever steered before
};

class SimClock : public env::SystemClock {
 public:
  SimClock(World& world, const ClockModel& model);

  RawTime now() override;
  Result<env::ClockState> start(bool steer) override;
  Result<Frequency> set_frequency(Frequency wanted) override;
  Status step(Duration offset) override;
  Status set_leap(env::LeapAction action, std::optional<int> tai_offset) override;
  Status set_sync_status(const env::SyncStatus& status) override;
  std::optional<Duration> suspended() override { return suspended_; }

  // ---- what the world sees ----
  MonoTime mono_now();
  // As the kernel stamps packets: without the noise of a reading.
  RawTime exact_now();
  Duration error();
  Frequency frequency_error();
  Frequency bare_frequency_error();
  // When monotonic time will be there, if nothing is changed; at most the horizon.
  TrueTime when_mono(MonoTime target, TrueTime horizon);
  // Somebody else sets the clock.
  void disturb(Duration offset) { offset_ns_ += units_internal::saturated_nanos(offset.to_seconds()); }
  // The machine sleeps: its counters stand until then, and the kernel adds the sleep to the clock, wrong by so much.
  void suspend(Duration span, Duration error);
  // Readings stay what they are, while monotonic time goes on; then they go on from there.
  void hold(bool held);
  // Somebody else adds this to the correction that the kernel makes.
  void disturb_frequency(Frequency change);
  // The oscillator itself changes: its temperature, its age.
  void disturb_oscillator(Frequency change);
  // Each owner has one function; an empty one takes it away.
  void on_rate_change(const void* owner, std::function<void()> fn);

  const std::vector<Duration>& steps() const { return steps_; }
  std::uint64_t frequency_changes() const { return frequency_changes_; }
  env::LeapAction leap() const { return leap_; }      // as last asked for
  int kernel_leaps() const { return kernel_leaps_; }  // seconds that the kernel itself has added to its clock
  std::optional<int> tai_offset() const { return tai_offset_; }
  const env::SyncStatus& sync_status() const { return sync_status_; }
  // What other programs read.  The kernel lets maxerror grow by 500 ppm, as every second adds to what is not known.
  env::KernelSync kernel_sync();
  // As the driver is told at its start: whether the kernel may take its clock for synchronised.
  void set_rtc_sync(bool rtc_sync) { rtc_sync_ = rtc_sync; }

 private:
  Status refuse(const char* what) const;
  void tell_rate_changed() const;
  RawTime unleapt_now() { return RawTime::from_nanos(mono_now().nanos() + offset_ns_); }

  World& world_;
  const ClockModel model_;
  bool may_steer_;
  SeededRandom random_;
  Oscillator oscillator_;
  std::int64_t offset_ns_;  // raw - monotonic
  std::optional<RawTime> held_;
  Duration suspended_;
  std::vector<std::pair<const void*, std::function<void()>>> rate_changed_;  // in the order in which they came
  std::vector<Duration> steps_;
  std::uint64_t frequency_changes_ = 0;
  env::LeapAction leap_ = env::LeapAction::None;
  std::int64_t leap_at_ns_ = 0;  // what the clock reads when the kernel does as it was asked; 0 = it has, or need not
  int kernel_leaps_ = 0;
  std::optional<int> tai_offset_;
  env::SyncStatus sync_status_;
  bool rtc_sync_ = false;
  MonoTime status_set_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SIM_CLOCK_H_
