#include "timed/discipline/effective_marks.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace timed::discipline {
namespace {

// One character a source: a authenticated, n not, R reference clock, x not authenticated and noselect, X authenticated
// and noselect.  The result: N noselect, T trusted and required, - as it was.
std::string marks(const std::string& sources, AuthSelectMode mode) {
  std::vector<Candidate> candidates;
  for (const char c : sources) {
    Candidate candidate;
    candidate.is_ntp = c != 'R';
    candidate.authenticated = c == 'a' || c == 'X';
    candidate.marks.noselect = c == 'x' || c == 'X';
    candidates.push_back(candidate);
  }
  apply_auth_mode(candidates, mode);
  std::string result;
  for (const Candidate& c : candidates) {
    EXPECT_EQ(c.marks.trust, c.marks.require);
    EXPECT_FALSE(c.marks.noselect && c.marks.trust);
    result += c.marks.noselect ? 'N' : c.marks.trust ? 'T' : '-';
  }
  return result;
}

TEST(EffectiveMarks, require_never_uses_sources_without_authentication) {
  EXPECT_EQ(marks("anR", AuthSelectMode::Require), "-N-");
  EXPECT_EQ(marks("nn", AuthSelectMode::Require), "NN");
}

TEST(EffectiveMarks, prefer_does_not_use_them_while_there_are_others) {
  EXPECT_EQ(marks("anR", AuthSelectMode::Prefer), "-N-");
  EXPECT_EQ(marks("nnR", AuthSelectMode::Prefer), "---");
  EXPECT_EQ(marks("nX", AuthSelectMode::Prefer), "-N") << "one that is not selected anyway does not count";
}

TEST(EffectiveMarks, mix_trusts_and_requires_the_others_where_there_are_both) {
  EXPECT_EQ(marks("anR", AuthSelectMode::Mix), "T-T");
  EXPECT_EQ(marks("aaR", AuthSelectMode::Mix), "---");
  EXPECT_EQ(marks("nnR", AuthSelectMode::Mix), "---");
  EXPECT_EQ(marks("axR", AuthSelectMode::Mix), "-N-");
  EXPECT_EQ(marks("nXR", AuthSelectMode::Mix), "-N-");
}

TEST(EffectiveMarks, ignore_changes_nothing) {
  EXPECT_EQ(marks("anxXR", AuthSelectMode::Ignore), "--NN-");
}

TEST(EffectiveMarks, configured_marks_stay) {
  std::vector<Candidate> one(1);
  one[0].marks.prefer = one[0].marks.trust = true;
  apply_auth_mode(one, AuthSelectMode::Mix);
  EXPECT_TRUE(one[0].marks.prefer && one[0].marks.trust && !one[0].marks.require);
}

}  // namespace
}  // namespace timed::discipline
