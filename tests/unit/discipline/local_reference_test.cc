#include <gtest/gtest.h>

#include "tests/unit/discipline/reference_inputs.h"
#include "timed/discipline/reference.h"

namespace timed::discipline {
namespace {

class LocalReference : public ::testing::Test {
 protected:
  static Reference make(LocalReferenceOptions local) {
    local.enabled = true;
    ReferenceOptions options;
    options.local = local;
    Reference reference(options, -20, 1);
    reference.set_unsynchronised(at(0));
    return reference;
  }
};

TEST_F(LocalReference, SpeaksWhileNothingElseDoes) {
  Reference reference = make({.stratum = 8});
  const OwnState own = reference.own_state(at(1));
  EXPECT_TRUE(own.local_reference);
  EXPECT_EQ(own.stratum, 8);
  EXPECT_EQ(own.leap, ntp::Leap::Normal);
  EXPECT_EQ(own.ref_id, ntp::kLocalRefId);
  EXPECT_EQ(own.root_delay, Duration::zero());
  EXPECT_GE(at(1).local - own.reference_time, Duration::seconds(1));
  EXPECT_LE(at(1).local - own.reference_time, Duration::seconds(2));
}

// The local reference has no error that it could report; what was done to the clock last is reported all the same.
TEST_F(LocalReference, HasNoResidualFrequencyAndNoSkew) {
  Reference reference = make({.distance = Duration::seconds(0.5)});
  reference.update(input_at(0, 1e-3), at(0), {});
  const TrackingReport synchronised = reference.tracking(at(1));
  EXPECT_EQ(synchronised.source, SourceId{1});
  EXPECT_GT(synchronised.skew, Frequency::zero());
  const TrackingReport local = reference.tracking(at(1e6));
  EXPECT_EQ(local.ref_id, ntp::kLocalRefId);
  EXPECT_FALSE(local.source.has_value());
  EXPECT_EQ(local.skew, Frequency::zero());
  EXPECT_EQ(local.residual, Frequency::zero());
  EXPECT_EQ(local.last_offset, Duration::seconds(1e-3));
}

TEST_F(LocalReference, RenewsItsReferenceTimeEveryMinute) {
  Reference reference = make({});
  const LocalTime first = reference.own_state(at(1)).reference_time;
  EXPECT_EQ(reference.own_state(at(60)).reference_time, first);
  EXPECT_GT(reference.own_state(at(70)).reference_time, first);
}

TEST_F(LocalReference, GivesWayToSourcesUntilTheyAreTooFar) {
  Reference reference = make({.distance = Duration::seconds(0.1)});
  reference.update(input_at(0, 0), at(0), {});
  EXPECT_FALSE(reference.own_state(at(10)).local_reference);
  EXPECT_TRUE(reference.own_state(at(200'000)).local_reference);
}

TEST_F(LocalReference, WaitsAsToldAndInOrphanModeFiveMinutes) {
  Reference waits = make({.wait_unsynced = Duration::seconds(30)});
  EXPECT_FALSE(waits.own_state(at(29)).local_reference);
  EXPECT_TRUE(waits.own_state(at(31)).local_reference);
  Reference orphan = make({.orphan = true});
  EXPECT_FALSE(orphan.own_state(at(299)).local_reference);
  EXPECT_TRUE(orphan.own_state(at(301)).local_reference);
}

TEST_F(LocalReference, NeverBeginsBeforeItWasOnceNear) {
  Reference reference = make({.activate = Duration::seconds(0.02)});
  EXPECT_FALSE(reference.own_state(at(1)).local_reference);
  reference.update(input_at(2, 0), at(2), {});
  EXPECT_FALSE(reference.own_state(at(2)).local_reference);
  reference.set_unsynchronised(at(3));
  EXPECT_TRUE(reference.own_state(at(4)).local_reference);
}

}  // namespace
}  // namespace timed::discipline
