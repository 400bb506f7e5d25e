#include "timed/sources/response_check.h"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/unit/sources/exchange_fixture.h"
#include "timed/sources/authentication.h"

namespace timed::sources {
namespace {

constexpr ntp::NtpTimestamp kCookie{0x0123456789abcdefu};

class ResponseCheck : public testing::Test {
 protected:
  ResponseCheck() : timeline(test_time(-1000)), stats(discipline::StatsOptions{}, Duration::seconds(1e-7)) {
    exchange.cookie = kCookie;
    exchange.transmitted = placed(test_time(0));
    exchange.received = placed(test_time(0.010));
    header = server_header(kCookie, test_time(0.104), test_time(0.106));
  }

  CheckedResponse check() {
    const auto bytes = bytes_of(header);
    return check_response(ntp::PacketView::parse(bytes), exchange, options, context());
  }
  ResponseContext context() {
    return {timeline.view(), stats, own, local_ref_id, Duration::seconds(1e-7), Frequency::ppm(1)};
  }
  bool fails(PacketTest test) { return !check().tests.passed(test); }

  // Samples of delay 10 ms and offset 0.1 s, the last one second before the exchange.
  void fill_stats(int n, double jitter_s = 0.0) {
    for (int i = 0; i < n; ++i) {
      discipline::Sample s;
      s.when = FreeTime::from_nanos(test_time(-1.0 - 16.0 * (n - 1 - i)).nanos());
      s.offset = WideDuration(Duration::seconds(0.1 + (i % 2 == 0 ? jitter_s : -jitter_s)));
      s.measured = s.offset.to_duration();
      s.peer_delay = Duration::seconds(0.008);
      s.peer_dispersion = Duration::seconds(1e-6);
      stats.accumulate(s, timeline.view());
    }
  }

  discipline::Timeline timeline;
  discipline::SourceStats stats;
  Exchange exchange;
  CheckOptions options;
  OwnView own;
  ntp::RefId local_ref_id{0xc0000201};
  ntp::Header header;
};

TEST_F(ResponseCheck, ComputesTheSample) {
  const CheckedResponse r = check();
  EXPECT_TRUE(r.tests.good()) << std::hex << r.tests.bits();
  ASSERT_TRUE(r.sample.has_value());
  const discipline::Sample& s = *r.sample;
  EXPECT_EQ(s.when.nanos(), test_time(0.005).nanos());
  EXPECT_NEAR(s.measured.to_seconds(), 0.1, 1e-9);
  EXPECT_NEAR(s.offset.to_duration().to_seconds(), 0.1, 1e-9);
  EXPECT_NEAR(s.peer_delay.to_seconds(), 0.008, 1e-9);
  // 10 ms at 2000 ppm, above the precision of both clocks together.
  EXPECT_NEAR(s.peer_dispersion.to_seconds(), 1e-7 + std::ldexp(1.0, -23) + 0.010 * 2e-3, 1e-12);
  EXPECT_NEAR(s.root_delay.to_seconds(), 0.258, 1e-9);
  EXPECT_NEAR(s.root_dispersion.to_seconds(), 0.125 + s.peer_dispersion.to_seconds(), 1e-12);
  EXPECT_NEAR(r.response_time.to_seconds(), 0.002, 1e-9);
  EXPECT_EQ(s.stratum, 2);
}

TEST_F(ResponseCheck, OffsetOfAServerAheadIsPositive) {
  options.offset = Duration::seconds(0.5);
  EXPECT_NEAR(check().sample->measured.to_seconds(), 0.6, 1e-9) << "the configured offset is added";
}

TEST_F(ResponseCheck, StampErrorsGoIntoTheDispersion) {
  exchange.received.error = Duration::seconds(3e-3);
  EXPECT_NEAR(check().sample->peer_dispersion.to_seconds(), 3e-3 + 0.010 * 2e-3, 1e-12);
  exchange.transmitted->error = Duration::seconds(5e-3);
  EXPECT_NEAR(check().sample->peer_dispersion.to_seconds(), 5e-3 + 0.010 * 2e-3, 1e-12) << "the larger of the two";
  exchange.transmitted->error = exchange.received.error = Duration::seconds(1e-9);
  EXPECT_NEAR(check().sample->peer_dispersion.to_seconds(), 1e-7 + std::ldexp(1.0, -23) + 0.010 * 2e-3, 1e-12)
      << "no less than the precision";
}

TEST_F(ResponseCheck, DelayIsNeverBelowThePrecision) {
  header = server_header(kCookie, test_time(0.1), test_time(0.11));
  EXPECT_NEAR(check().sample->peer_delay.to_seconds(), 1e-7 + std::ldexp(1.0, -23), 1e-15);
}

TEST_F(ResponseCheck, SampleDoesNotDependOnHowTheClockIsSteered) {
  const discipline::Sample before = *check().sample;
  timeline.set_frequencies(test_time(-500), {Frequency::ppm(80), Frequency::ppm(50), {}}, Duration::zero(),
                           Duration::zero());
  timeline.shift_local(test_time(-400), Duration::seconds(0.03));
  const discipline::Sample after = *check().sample;
  EXPECT_EQ(after.when, before.when);
  EXPECT_NEAR((after.offset - before.offset).to_duration().to_seconds(), 0.0, 1e-6);
  const Duration expected = timeline.view().local_offset(after.when, after.offset);
  EXPECT_NEAR((after.measured - expected).to_seconds(), 0.0, 1e-12);
  EXPECT_GT(abs(after.measured - before.measured), Duration::seconds(0.03));
}

TEST_F(ResponseCheck, ErasAreFoundByNearness) {
  // The seconds of an NTP stamp wrap in February 2036: request before, response after.
  const RawTime wrap = RawTime::from_seconds(2'085'978'496);
  exchange.transmitted = placed(wrap - Duration::seconds(0.005));
  exchange.received = placed(wrap + Duration::seconds(0.005));
  header = server_header(kCookie, wrap - Duration::seconds(0.001), wrap + Duration::seconds(0.001));
  const CheckedResponse r = check();
  EXPECT_TRUE(r.tests.good());
  EXPECT_NEAR(r.sample->measured.to_seconds(), 0.0, 1e-9);
  EXPECT_NEAR(r.sample->peer_delay.to_seconds(), 0.008, 1e-9);
}

TEST_F(ResponseCheck, ClocksDecadesApartGiveExactOffsets) {
  exchange.transmitted = placed(RawTime::from_seconds(0));
  exchange.received = placed(RawTime::from_seconds(0) + Duration::seconds(0.01));
  header = server_header(kCookie, test_time(0.004), test_time(0.006));
  const CheckedResponse r = check();
  EXPECT_TRUE(r.tests.good()) << std::hex << r.tests.bits();
  EXPECT_EQ(r.sample->offset.whole_nanos(), kTestEpoch_s * 1'000'000'000);
}

TEST_F(ResponseCheck, Test1DuplicateOfTheLastResponse) {
  exchange.last.receive = header.receive;
  EXPECT_FALSE(fails(PacketTest::NotDuplicate)) << "one new stamp is enough";
  exchange.last.transmit = header.transmit;
  EXPECT_TRUE(fails(PacketTest::NotDuplicate));
  EXPECT_FALSE(check().sample.has_value());
}

TEST_F(ResponseCheck, Test2OriginIsNotOurCookie) {
  header.origin.bits ^= 1;
  EXPECT_TRUE(fails(PacketTest::OriginMatches));
  EXPECT_FALSE(check().tests.valid());
}

TEST_F(ResponseCheck, NothingMatchesWhereNoRequestIsOut) {
  exchange.cookie = {};
  header.origin = {};
  EXPECT_TRUE(fails(PacketTest::OriginMatches));
  EXPECT_TRUE(fails(PacketTest::TimesKnown));
}

TEST_F(ResponseCheck, SecondResponseFailsTests2And3) {
  exchange.answered = true;
  EXPECT_TRUE(fails(PacketTest::OriginMatches));
  EXPECT_TRUE(fails(PacketTest::TimesKnown));
}

TEST_F(ResponseCheck, Test3ZeroStamps) {
  header.receive = {};
  EXPECT_TRUE(fails(PacketTest::TimesKnown));
  header = server_header(kCookie, test_time(0.104), test_time(0.106));
  header.transmit = {};
  EXPECT_TRUE(fails(PacketTest::TimesKnown));
}

TEST_F(ResponseCheck, Test5WhatIsNotAuthentic) {
  ResponseContext said = context();
  said.authentic = false;
  const auto bytes = bytes_of(header);
  const auto checked = check_response(ntp::PacketView::parse(bytes), exchange, options, said);
  EXPECT_FALSE(checked.tests.passed(PacketTest::Authentic));
  EXPECT_FALSE(checked.tests.valid());
}

TEST_F(ResponseCheck, Test5ClaimsOfAuthenticationAreNotOurs) {
  Authentication none = NoAuth{};
  for (const std::size_t mac : {std::size_t{20}, std::size_t{24}, std::size_t{4}}) {
    auto bytes = bytes_of(header);
    bytes.resize(ntp::kHeaderSize + mac);
    if (mac > 4) bytes[ntp::kHeaderSize + 3] = std::byte{1};
    const auto packet = ntp::PacketView::parse(bytes);
    ASSERT_TRUE(packet.ok()) << mac;
    EXPECT_FALSE(is_authentic(none, packet)) << mac;
  }
}

TEST_F(ResponseCheck, Test6UnsynchronisedServers) {
  header.leap = ntp::Leap::Unsynchronised;
  EXPECT_TRUE(fails(PacketTest::Synchronised));
  EXPECT_TRUE(check().tests.valid());
  header.leap = ntp::Leap::Normal;
  for (const int stratum : {0, 16, 255}) {
    header.stratum = static_cast<ntp::Stratum>(stratum);
    EXPECT_TRUE(fails(PacketTest::Synchronised)) << stratum;
  }
  header.stratum = 15;
  EXPECT_FALSE(fails(PacketTest::Synchronised));
}

TEST_F(ResponseCheck, Test7RootDistance) {
  header.root_delay = ntp::NtpShort::from(Duration::seconds(16));
  header.root_dispersion = ntp::NtpShort::from(Duration::seconds(8));
  EXPECT_TRUE(fails(PacketTest::RootDistance));
  header.root_dispersion = ntp::NtpShort::from(Duration::seconds(7.9));
  EXPECT_FALSE(fails(PacketTest::RootDistance));
}

TEST_F(ResponseCheck, TestAOfDelayPrecisionResponseTimeAndSanity) {
  options.max_delay = Duration::seconds(0.005);
  EXPECT_TRUE(fails(PacketTest::DelayLimit));
  options.max_delay = Duration::seconds(0.01);
  EXPECT_FALSE(fails(PacketTest::DelayLimit));
  header.precision = 0;
  EXPECT_TRUE(fails(PacketTest::DelayLimit));
  header.precision = -23;
  exchange.presending = true;
  EXPECT_TRUE(fails(PacketTest::DelayLimit));
  exchange.presending = false;
  options.max_delay = Duration::seconds(100);
  header = server_header(kCookie, test_time(0), test_time(4.1));
  EXPECT_TRUE(fails(PacketTest::DelayLimit)) << "the server kept the request for more than 4 s";
  header = server_header(kCookie, test_time(0), test_time(3.9));
  EXPECT_FALSE(fails(PacketTest::DelayLimit));
  options.offset = Duration::seconds(NAN);
  EXPECT_TRUE(fails(PacketTest::DelayLimit));
}

// What the stamps may be off by is no delay.
TEST_F(ResponseCheck, TestAGivesTheDelayItsDispersion) {
  options.max_delay = Duration::seconds(0.0075);
  EXPECT_TRUE(fails(PacketTest::DelayLimit));
  exchange.transmitted = placed(test_time(0), Duration::millis(1));
  EXPECT_FALSE(fails(PacketTest::DelayLimit));
}

TEST_F(ResponseCheck, TestBDelayRatio) {
  fill_stats(6);
  options.max_delay_ratio = 1.01;
  options.max_delay_dev_ratio = 1e6;
  EXPECT_FALSE(fails(PacketTest::DelayRatio));
  exchange.received = placed(test_time(0.05));
  EXPECT_TRUE(fails(PacketTest::DelayRatio));
  options.max_delay_ratio = 0.99;  // below 1 is off
  EXPECT_FALSE(fails(PacketTest::DelayRatio));
}

// Since the last sample the clock may have run off by so much.
TEST_F(ResponseCheck, TestBAllowsForTheTimeSinceTheLastSample) {
  fill_stats(6, 1e-3);
  options.max_delay_ratio = 1.0;
  options.max_delay_dev_ratio = 1e6;
  const double uncertainty_s = 1.005 * (stats.skew().to_ratio() + 1e-6);
  exchange.received = placed(test_time(0.010 + 0.9 * uncertainty_s));
  EXPECT_FALSE(fails(PacketTest::DelayRatio));
  exchange.received = placed(test_time(0.010 + 1.1 * uncertainty_s));
  EXPECT_TRUE(fails(PacketTest::DelayRatio));
}

TEST_F(ResponseCheck, TestCLongerDelayWithoutAJumpOfTheClock) {
  fill_stats(6, 1e-6);
  EXPECT_FALSE(fails(PacketTest::DelayDeviation));
  // 40 ms more on the way back: the offset moves by just the 20 ms that this explains.
  exchange.received = placed(test_time(0.05));
  EXPECT_TRUE(fails(PacketTest::DelayDeviation));
  // The same delay and an offset that it cannot explain.
  header = server_header(kCookie, test_time(5.104), test_time(5.106));
  EXPECT_FALSE(fails(PacketTest::DelayDeviation));
}

TEST_F(ResponseCheck, TestCByAQuantileOfTheDelays) {
  options.max_delay_quantile = 0.5;
  EXPECT_FALSE(fails(PacketTest::DelayDeviation)) << "none was seen yet";
  ResponseContext seen = context();
  const auto passes = [&](double limit_s) {
    seen.quantile_limit = Duration::seconds(limit_s);
    const auto bytes = bytes_of(header);
    return check_response(ntp::PacketView::parse(bytes), exchange, options, seen)
        .tests.passed(PacketTest::DelayDeviation);
  };
  EXPECT_TRUE(passes(0.0081));
  EXPECT_FALSE(passes(0.0079));
  fill_stats(6, 1e-6);
  EXPECT_FALSE(passes(0.0079)) << "with samples too: it replaces the test by deviation";
  EXPECT_TRUE(passes(0.0081));
}

TEST_F(ResponseCheck, TestsBAndCNeedSixSamples) {
  fill_stats(5);
  options.max_delay_ratio = 1.0;
  exchange.received = placed(test_time(0.05));
  EXPECT_TRUE(check().tests.good());
}

TEST_F(ResponseCheck, TestDLoops) {
  header.ref_id = local_ref_id;
  EXPECT_FALSE(fails(PacketTest::NoLoop)) << "we do not serve";
  own.serving = true;
  EXPECT_TRUE(fails(PacketTest::NoLoop));
  header.stratum = 1;
  EXPECT_FALSE(fails(PacketTest::NoLoop)) << "at stratum 1 it is a name";
}

TEST_F(ResponseCheck, TestDOurOwnAnswer) {
  own = {true, header.stratum, header.ref_id, header.root_delay, header.reference, std::nullopt};
  EXPECT_TRUE(fails(PacketTest::NoLoop));
  own.root_delay.bits += 1;
  EXPECT_FALSE(fails(PacketTest::NoLoop));
  own.root_delay = header.root_delay;
  header.reference = own.reference = {};
  EXPECT_FALSE(fails(PacketTest::NoLoop)) << "an unknown reference time proves nothing";
}

TEST_F(ResponseCheck, RateKissNeedsAValidPacket) {
  header.leap = ntp::Leap::Unsynchronised;
  header.stratum = 0;
  header.ref_id = ntp::kRateRefId;
  EXPECT_TRUE(check().rate_kiss);
  EXPECT_FALSE(check().sample.has_value());
  header.origin.bits ^= 4;
  EXPECT_FALSE(check().rate_kiss);
  header.origin = kCookie;
  header.transmit = {};
  EXPECT_FALSE(check().rate_kiss);
  header = server_header(kCookie, test_time(0), test_time(0.001));
  header.ref_id = ntp::kRateRefId;
  EXPECT_FALSE(check().rate_kiss);
}

TEST_F(ResponseCheck, MinStratumRaisesTheStratum) {
  options.min_stratum = 5;
  EXPECT_EQ(check().sample->stratum, 5);
}

}  // namespace
}  // namespace timed::sources
