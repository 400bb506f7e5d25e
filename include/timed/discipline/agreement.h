// Where the intervals of most sources overlap (Marzullo's algorithm, RFC 5905 section 11.2.1, with trusted sources).
// Each source claims that reference - local lies in its interval.
#ifndef TIMED_DISCIPLINE_AGREEMENT_H_
#define TIMED_DISCIPLINE_AGREEMENT_H_

#include <span>

#include "timed/base/units.h"

namespace timed::discipline {

struct Claim {
  Duration low, high;
  bool trusted = false;
};

struct Agreement {
  int sources = 0, trusted_sources = 0;
  // How many claims overlap at most where most trusted ones do, and how many trusted ones those are.
  int depth = 0, trusted_depth = 0;
  // Where that is.  Several regions that are equally deep give their hull.
  Duration low, high;
  // Where most trusted claims overlap.
  Duration trusted_low, trusted_high;

  // What decides: where any source is trusted, only trusted ones count.
  int agreeing() const { return trusted_sources > 0 ? trusted_depth : depth; }
  int among() const { return trusted_sources > 0 ? trusted_sources : sources; }
  bool is_majority() const { return agreeing() > among() / 2; }
  // The claim contains the region or lies in it.
  bool is_shared_by(const Claim& claim) const;
  // A claim that is not trusted must lie within the trusted region, where there is one.
  bool admits(const Claim& claim) const;
};

Agreement find_agreement(std::span<const Claim> claims);

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_AGREEMENT_H_
