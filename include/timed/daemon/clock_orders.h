// What an operator may order of the clock while the daemon runs, with the messages that tell of it: the write side of
// the control commands.
#ifndef TIMED_DAEMON_CLOCK_ORDERS_H_
#define TIMED_DAEMON_CLOCK_ORDERS_H_

#include <functional>

#include "timed/control/clock_requests.h"
#include "timed/control/protocol.h"
#include "timed/daemon/jumps.h"
#include "timed/daemon/time_smoothing.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/manual_input.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/selection.h"

namespace timed::daemon {

class ClockOrders {
 public:
  struct Parts {
    discipline::LocalClock& clock;
    discipline::Reference& reference;
    discipline::Selector& selector;
    discipline::ManualInput& manual;
    discipline::LocalReferenceOptions& local;  // that selections go by
    Jumps& jumps;
    TimeSmoothing& smoothing;
  };
  struct Callbacks {
    std::function<void()> select;         // runs a selection
    std::function<void()> reset_sources;  // forgets all samples and the reachability of sources
    std::function<void()> lose_synchronisation;
    std::function<void()> dump;  // writes what is kept over a restart
    // An update of the reference that no source has asked for.
    std::function<void(const discipline::ReferenceInput&)> update_reference;
    std::function<void()> stepped;  // the kernel's clock was
    std::function<void()> changed;  // what is served no longer holds
  };
  ClockOrders(const Parts& parts, const Callbacks& callbacks) : parts_(parts), callbacks_(callbacks) {}

  control::Reply carry_out(const control::ClockRequest& request);

 private:
  control::Reply obey(const control::MakestepRequest& request);
  control::Reply obey(const control::ModifyMakestepRequest& request);
  control::Reply obey(const control::ModifyMaxupdateskewRequest& request);
  control::Reply obey(const control::DfreqRequest& request);
  control::Reply obey(const control::DoffsetRequest& request);
  control::Reply obey(const control::SettimeRequest& request);
  control::Reply obey(const control::ManualRequest& request);
  control::Reply obey(const control::ManualListRequest& request);
  control::Reply obey(const control::ManualDeleteRequest& request);
  control::Reply obey(const control::LocalRequest& request);
  control::Reply obey(const control::ReselectRequest& request);
  control::Reply obey(const control::ReselectDistanceRequest& request);
  control::Reply obey(const control::ResetSourcesRequest& request);
  control::Reply obey(const control::DumpRequest& request);
  control::Reply obey(const control::SmoothtimeRequest& request);
  void take_manual(const discipline::ManualInput::Estimate& estimate);

  Parts parts_;
  const Callbacks& callbacks_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_CLOCK_ORDERS_H_
