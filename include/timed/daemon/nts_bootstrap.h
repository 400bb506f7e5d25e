// `ntsbootstrap`: how a machine whose clock is certainly wrong finds the time with NTS alone.  Certificates cannot be
// checked without the time, and the time cannot be believed without certificates.  docs/nts.md has the threat model.
//
//   Off          the clock is believed; certificates are checked by it
//   Provisional  dates of certificates are not looked at, but for those that are over by any bound; nothing sets the
//                clock.  When a majority of the authenticated sources agrees on an offset, everything that was learnt
//                from them is forgotten, and
//   Checking     keys are established anew, with certificates checked by the clock as it would be.  When again a
//                majority agrees, on the same time, the clock is set and is believed.
//
// Pure.
#ifndef TIMED_DAEMON_NTS_BOOTSTRAP_H_
#define TIMED_DAEMON_NTS_BOOTSTRAP_H_

#include <cstddef>
#include <cstdint>
#include <optional>

#include "timed/base/units.h"
#include "timed/daemon/key_establishment.h"

namespace timed::daemon {

// What a selection that would update the clock says.
struct SourcesAgreement {
  std::size_t authenticated = 0;  // names that are authenticated and expected to answer
  std::size_t agreeing = 0;       // of these, in the selection
  Duration offset;                // reference - local
};

class NtsBootstrap {
 public:
  enum class Stage : std::uint8_t { Off, Provisional, Checking };
  enum class Verdict : std::uint8_t {
    Update,   // the clock may be updated
    Wait,     // nothing is to be done
    Recheck,  // all NTS begins anew, by certificates that are valid at the time that was found
    Refuse,   // the same, because what was found before does not hold
    Confirm,  // the clock may be updated, and set at once
  };

  // Confirmation must come within this time.
  static constexpr Duration kCheckingTime = Duration::seconds(600);
  // Two findings of the same time differ by no more, whatever the oscillator does in that time.
  static constexpr Duration kSameTime = Duration::seconds(10);

  // Before `earliest` no clock can be right.
  void begin(LocalTime now, LocalTime earliest);
  bool active() const { return stage_ != Stage::Off; }
  Stage stage() const { return stage_; }

  CertificateTimes times(LocalTime now) const;
  Verdict judge(const SourcesAgreement& agreement, LocalTime now, MonoTime mono);
  // What was found is not confirmed in time: true, once, where all begins anew.
  bool give_up(MonoTime now);
  // Somebody has set the clock to `now`: what was found before means nothing.  Believed where it can be right.
  void on_clock_set(LocalTime now);

 private:
  Stage stage_ = Stage::Off;
  LocalTime earliest_;
  Duration found_;  // reference - local, as provisional sources say; of Checking
  MonoTime until_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_NTS_BOOTSTRAP_H_
