#include "timed/sources/verdict_counts.h"

#include "tests/unit/sources/association_fixture.h"

namespace timed::sources {
namespace {

using Failed = std::array<std::uint32_t, VerdictCounts::kTests>;  // 1 2 3 5 6 7 A B C D

class VerdictCountsTest : public AssociationTest {
 protected:
  void SetUp() override {
    association.go_online(now());
    request();
  }
  const VerdictCounts& counts() const { return association.verdicts(); }
  std::uint32_t count(ResponseVerdict verdict) const { return counts().verdicts[static_cast<std::size_t>(verdict)]; }
  // Everything that was received stands under one verdict.
  void expect_whole() const {
    std::uint32_t sum = 0;
    for (const std::uint32_t n : counts().verdicts) sum += n;
    EXPECT_EQ(sum, association.counters().received);
  }
};

TEST_F(VerdictCountsTest, AGoodResponseFailsNothing) {
  receive(answer());
  EXPECT_EQ(count(ResponseVerdict::Good), 1u);
  EXPECT_EQ(counts().failed, Failed{});
  EXPECT_FALSE(counts().last_bad);
  expect_whole();
}

TEST_F(VerdictCountsTest, WhatIsNoResponseComesToNoTest) {
  receive(std::vector<std::byte>(7));
  EXPECT_EQ(counts().last_bad->verdict, ResponseVerdict::Malformed);
  receive(sent);
  EXPECT_EQ(count(ResponseVerdict::Malformed), 1u);
  EXPECT_EQ(count(ResponseVerdict::WrongMode), 1u);
  EXPECT_EQ(counts().failed, Failed{});
  EXPECT_EQ(counts().last_bad->verdict, ResponseVerdict::WrongMode);
  expect_whole();
}

TEST_F(VerdictCountsTest, EachTestThatFailedCounts) {
  ntp::Header forged = answer();
  forged.origin.bits ^= 1;
  receive(forged);
  EXPECT_EQ(counts().failed, (Failed{0, 1})) << "and none of A to D, which it did not come to";
  forged.stratum = 0;
  forged.root_dispersion = ntp::NtpShort::from(Duration::seconds(17));
  clock += 3;
  receive(forged);
  EXPECT_EQ(counts().failed, (Failed{0, 2, 0, 0, 1, 1}));
  EXPECT_EQ(counts().last_bad->verdict, ResponseVerdict::NotExpected);
  EXPECT_EQ(counts().last_bad->failed, 0x130);
  EXPECT_EQ(counts().last_bad->when, now().mono);
  expect_whole();
}

TEST_F(VerdictCountsTest, UnsynchronisedAndRejected) {
  ntp::Header far = answer();
  far.transmit = ntp::NtpTimestamp::from(test_time(clock + 5));  // it took five seconds
  receive(far);
  EXPECT_EQ(count(ResponseVerdict::Rejected), 1u);
  EXPECT_EQ(counts().failed, (Failed{0, 0, 0, 0, 0, 0, 1}));
  clock += 64;
  request();
  ntp::Header kiss = answer();
  kiss.leap = ntp::Leap::Unsynchronised;
  kiss.stratum = 0;
  kiss.ref_id = ntp::kRateRefId;
  receive(kiss);
  EXPECT_EQ(count(ResponseVerdict::Unsynchronised), 1u);
  EXPECT_EQ(counts().failed, (Failed{0, 0, 0, 0, 1, 0, 1}));
  EXPECT_EQ(counts().kisses, 1u);
  EXPECT_EQ(counts().last_bad->failed, 0x20);
  expect_whole();
}

TEST_F(VerdictCountsTest, ASecondAnswerIsLateAndNoTestSaysSo) {
  receive(answer());
  ntp::Header second = answer();
  second.transmit.bits += 1000;
  receive(second);
  EXPECT_EQ(counts().late, 1u);
  EXPECT_EQ(count(ResponseVerdict::NotExpected), 1u);
  EXPECT_EQ(counts().failed, Failed{});
  EXPECT_EQ(counts().last_bad->failed, 0);
  association.go_offline();
  receive(second);
  EXPECT_EQ(counts().late, 1u) << "nothing is asked any more";
  EXPECT_EQ(count(ResponseVerdict::NotExpected), 2u);
  expect_whole();
}

TEST_F(VerdictCountsTest, RequestsThatDidNotLeave) {
  association.on_send_failed(now());
  EXPECT_EQ(counts().unsent, 1u);
  association.on_new_server(now());
  EXPECT_EQ(counts().unsent, 0u) << "of another server";
}

}  // namespace
}  // namespace timed::sources
