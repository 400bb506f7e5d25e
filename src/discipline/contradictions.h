// Samples that contradict what was believed of the clock, whatever their delay: its frequency has jumped, or its
// offset.
#ifndef TIMED_SRC_DISCIPLINE_CONTRADICTIONS_H_
#define TIMED_SRC_DISCIPLINE_CONTRADICTIONS_H_

#include <optional>

#include "model_average.h"
#include "timed/base/units.h"
#include "timed/discipline/estimator.h"
#include "timed/discipline/sample.h"

namespace timed::discipline {

// What a sample says against what was believed.
struct Contradiction {
  double error_s = 0.0;    // of the offset, against what was expected
  double excused_s = 0.0;  // by its delay
  double sd_s = 0.0;       // of the rest
  double elapsed_s = 0.0;

  double beyond_s() const;  // what is not excused
  double surprise() const { return beyond_s() / sd_s; }
  // Of an error so large where nothing has happened: of a delay that may lie on either way as likely, and the rest.
  double chance() const;
  bool is_offset_jump() const;
};

// `delays`: what the smoother says of them; without it they excuse nothing.
Contradiction contradiction_of(const Sample& sample, const Posterior& believed,
                               const std::optional<AverageAnswer>& delays);

// The variance that the frequency is to have gained between the two samples, as in Exchange; zero where no oscillator
// jumps so far.
double frequency_jump(const Contradiction& c);

// Finds jumps of the frequency: by one sample, or by two of which the first left some doubt.
class FrequencyJumpWatch {
 public:
  struct Verdict {
    double jump = 0.0;          // as frequency_jump(): before this sample
    double earlier_jump = 0.0;  // before the one that was in doubt
    bool in_doubt = false;      // one more sample would tell
  };
  // `c`: what the sample says against what was believed, which is what it was made of.
  Verdict check(const Sample& sample, const Contradiction& c, const Posterior& believed,
                const std::optional<AverageAnswer>& delays);
  // The reference was moved by so much.
  void shift(Duration offset);
  void reset() { doubt_.reset(); }

 private:
  struct Doubt {
    Posterior believed;  // before the sample that left it
    std::optional<AverageAnswer> delays;
    double error_s = 0.0;
  };

  double earlier_jump(const Sample& sample) const;

  std::optional<Doubt> doubt_;
};

// Of the offset, reference - free, with how well it is known.
struct OffsetJump {
  Duration offset;
  double sd_s = 0.0;
};

// Holds the samples back that would be jumps of the offset, until two agree on one.
class OffsetJumpWatch {
 public:
  struct Verdict {
    bool held_back = false;          // the sample is to wait for what the next one says
    std::optional<OffsetJump> jump;  // that has happened before the sample held back last
  };
  Verdict check(const Sample& sample, const Posterior& believed, const std::optional<AverageAnswer>& delays);
  // The reference was moved by so much.
  void shift(Duration offset);
  void reset() { *this = OffsetJumpWatch(); }

 private:
  std::optional<Sample> suspect_;  // that would be a jump, if the next one says so too
  int suspects_ = 0;               // in a row
};

}  // namespace timed::discipline

#endif  // TIMED_SRC_DISCIPLINE_CONTRADICTIONS_H_
