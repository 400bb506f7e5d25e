#include <gtest/gtest.h>

#include <optional>

#include "tests/unit/sources/exchange_fixture.h"
#include "timed/sources/exchange.h"

namespace timed::sources {
namespace {

// A server that received a request at that time of its clock and of its monotonic one.
struct Seen {
  ntp::NtpTimestamp receive;
  std::optional<ntp::MonoRoot> field;
};

Seen seen(double clock_s, double mono_s, std::uint32_t epoch = 7) {
  ntp::MonoRoot field;
  field.receive = ntp::NtpTimestamp::from(test_time(mono_s));
  field.epoch = epoch;
  return {ntp::NtpTimestamp::from(test_time(clock_s)), field};
}

Duration moved(const Seen& before, const Seen& after) {
  ServerPhase phase;
  phase.keep(before.field, Duration::zero());
  return phase.moved(after.field, after.receive, before.receive);
}

TEST(ServerPhase, IsWhatTheClockGainedOnTheMonotonicOne) {
  EXPECT_NEAR(moved(seen(0, 0), seen(64, 64)).to_seconds(), 0.0, 1e-9);
  EXPECT_NEAR(moved(seen(0, 0), seen(64.25, 64)).to_seconds(), 0.25, 1e-9) << "set forward";
  EXPECT_NEAR(moved(seen(0, 0), seen(56, 64)).to_seconds(), -8.0, 1e-9);
}

TEST(ServerPhase, NobodyKnowsItWithoutTwoStampsOfOneEpoch) {
  EXPECT_EQ(moved(seen(0, 0, 7), seen(65, 64, 8)), Duration::zero()) << "another monotonic clock";
  EXPECT_EQ(moved(Seen{seen(0, 0).receive, {}}, seen(65, 64)), Duration::zero());
  EXPECT_EQ(moved(seen(0, 0), Seen{seen(65, 64).receive, {}}), Duration::zero());
  Seen unknown = seen(65, 64);
  unknown.field->receive = {};
  EXPECT_EQ(moved(seen(0, 0), unknown), Duration::zero());
  EXPECT_EQ(moved(seen(0, 0), seen(100, 64)), Duration::zero()) << "no correction of a running clock is so large";
}

TEST(ServerPhase, GivesTheSumOnceAndOnlyOneThatCanBe) {
  ServerPhase phase;
  const auto field = seen(0, 0).field;
  phase.keep(field, Duration::seconds(3));
  phase.keep(field, Duration::seconds(-1));
  EXPECT_EQ(phase.take(), Duration::seconds(2));
  EXPECT_EQ(phase.take(), Duration::zero());
  phase.keep(field, Duration::seconds(10));
  phase.keep(field, Duration::seconds(10));
  EXPECT_EQ(phase.take(), Duration::zero()) << "all samples would move by what nobody corrects";
  phase.keep(field, Duration::seconds(3));
  phase.keep(std::nullopt, Duration::zero());
  EXPECT_EQ(phase.take(), Duration::zero()) << "what came between is not known";
}

}  // namespace
}  // namespace timed::sources
