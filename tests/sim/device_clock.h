// A machine whose clock follows a device beside it, as a pulse a second, and servers if there are any: what a reference
// clock will be to the selection and the discipline, without the daemon around them.  Samples, filter, estimator,
// sources, selection and reference are the daemon's own.
#ifndef TIMED_TESTS_SIM_DEVICE_CLOCK_H_
#define TIMED_TESTS_SIM_DEVICE_CLOCK_H_

#include <optional>
#include <string>
#include <vector>

#include "tests/sim/machine.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/sample_filter.h"
#include "timed/discipline/selection.h"
#include "timed/discipline/source_stats.h"
#include "timed/sources/source_set.h"

namespace timed::sim {

struct DeviceModel {
  Duration noise;                         // standard deviation of a pulse's offset, Gaussian
  Duration poll = Duration::seconds(16);  // chrony's usual one of reference clocks
  discipline::FilterOptions filter = {.capacity = 64, .combine_ratio = 0.6, .ages = true};
  std::vector<std::string> servers = {};  // addresses
};

class DeviceClock : public env::TurnTaker {
 public:
  DeviceClock(Shared& shared, const ClockModel& clock, const DeviceModel& model, discipline::EstimatorKind estimator);

  ~DeviceClock() override { machine_.loop().run_daemon(nullptr); }
  DeviceClock(const DeviceClock&) = delete;
  DeviceClock& operator=(const DeviceClock&) = delete;

  void start();
  SimClock& clock() { return machine_.clock(); }
  // Samples that the discipline was given of the device.
  std::size_t samples() const { return samples_; }
  // Of the last update of the clock.
  int combined_sources() const { return reference_.combined_sources(); }

 private:
  void begin_turn(Duration) override {}
  void end_turn() override;
  void on_hangup() override {}
  bool wants_exit() const override { return false; }
  void make_sources(discipline::EstimatorKind estimator);
  void take_pulse();
  void take_output();
  discipline::Candidate device(FreeTime now) const;
  void select();

  Machine machine_;
  const DeviceModel model_;
  Gaussian noise_;
  discipline::LocalClock local_;
  discipline::SampleFilter filter_;
  discipline::SourceStats stats_;
  discipline::Selector selector_;
  discipline::Reference reference_;
  std::optional<sources::SourceSet> servers_;
  bool selection_due_ = false;
  env::Timer pulse_;
  Duration since_output_;
  std::size_t samples_ = 0;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_DEVICE_CLOCK_H_
