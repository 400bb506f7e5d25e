#include "timed/sources/association.h"

#include <gtest/gtest.h>

#include "tests/unit/sources/association_fixture.h"

namespace timed::sources {
namespace {

TEST_F(AssociationTest, FirstRequestComesAfterAFifthOfASecond) {
  const Actions actions = association.go_online(now());
  const auto* timer = actions.find<ArmTimer>();
  ASSERT_NE(timer, nullptr);
  EXPECT_GE(timer->delay, Duration::seconds(0.2));
  EXPECT_LT(timer->delay, Duration::seconds(0.2 * 1.02));
  EXPECT_GE(timer->separation, Duration::seconds(0.2));
}

TEST_F(AssociationTest, RequestsTellNothingButThePoll) {
  association.go_online(now());
  request();
  EXPECT_EQ(sent.mode, ntp::Mode::Client);
  EXPECT_EQ(sent.version, 4);
  EXPECT_EQ(sent.leap, ntp::Leap::Normal);
  EXPECT_EQ(sent.stratum, 0);
  EXPECT_EQ(sent.poll, 6);
  EXPECT_EQ(sent.precision, 32);
  EXPECT_EQ(sent.root_delay.bits | sent.root_dispersion.bits | sent.ref_id.value, 0u);
  EXPECT_TRUE(sent.reference.is_zero() && sent.origin.is_zero() && sent.receive.is_zero());
  EXPECT_FALSE(sent.transmit.is_zero());
  const auto first = sent.transmit;
  clock += 64;
  request();
  EXPECT_NE(sent.transmit, first);
}

TEST_F(AssociationTest, GoodResponseGivesASample) {
  association.go_online(now());
  const ArmTimer timer = request();
  EXPECT_GE(timer.delay, Duration::seconds(64));
  EXPECT_LE(timer.delay, Duration::seconds(64 * 1.02));
  const Received r = receive(answer());
  EXPECT_EQ(r.verdict, ResponseVerdict::Good);
  EXPECT_NE(r.actions.find<CloseSocket>(), nullptr);
  ASSERT_NE(r.actions.find<TakeSample>(), nullptr);
  EXPECT_NEAR(r.actions.find<TakeSample>()->sample.measured.to_seconds(), 0.0, 1e-9);
  EXPECT_EQ(association.reachability().bits, 1);
  EXPECT_EQ(association.stratum(), 2);
  EXPECT_EQ(association.counters().good, 1u);
  EXPECT_EQ(association.counters().kernel_received, 1u);
  ASSERT_TRUE(association.last_response().has_value());
  EXPECT_EQ(association.last_response()->tests.bits(), PacketTests::kGood);
}

TEST_F(AssociationTest, NextRequestIsTimedFromTheLastTransmission) {
  association.go_online(now());
  request();
  const Received r = receive(answer());
  clock += 1.0;
  SampleOutcome outcome;
  outcome.distance = r.actions.find<TakeSample>()->sample.peer_delay;
  outcome.samples = 1;
  const Actions actions = association.on_sample_taken(outcome, now());
  const auto* timer = actions.find<ArmTimer>();
  ASSERT_NE(timer, nullptr);
  EXPECT_GE(timer->delay, Duration::seconds(63));
  EXPECT_LE(timer->delay, Duration::seconds(63 * 1.02));
}

TEST_F(AssociationTest, UnansweredRequestsSlowThePolling) {
  association.go_online(now());
  exchange();
  const double score = association.poll_score();
  for (int i = 0; i < 3; ++i) {
    clock += 64;
    request();
  }
  EXPECT_DOUBLE_EQ(association.poll_score(), score + 0.5) << "the first of them is not late yet";
  EXPECT_EQ(association.reachability().bits, 4);
  EXPECT_EQ(association.reachability().size, 3);
  system_peer = true;
  clock += 64;
  request();
  EXPECT_DOUBLE_EQ(association.poll_score(), score + 0.6);
}

TEST_F(AssociationTest, FailedSendsLoseReachabilityButNotThePoll) {
  association.go_online(now());
  exchange();
  const double score = association.poll_score();
  const int poll = association.poll();
  for (int i = 0; i < 9; ++i) {
    clock += 64;
    ASSERT_NE(association.on_timer(request_context()).find<SendRequest>(), nullptr);
    ASSERT_NE(association.on_send_failed(now()).find<ArmTimer>(), nullptr);
  }
  EXPECT_EQ(association.reachability().bits, 0);
  EXPECT_EQ(association.reachability().unreachable_run, 1u);
  EXPECT_EQ(association.poll_score(), score);
  EXPECT_EQ(association.poll(), poll);
  EXPECT_EQ(association.counters().sent, 1u);
}

class AutoOfflineAssociation : public AssociationTest {
 protected:
  static SourceLine line() {
    SourceLine l = test_line();
    l.auto_offline = true;
    return l;
  }
  AutoOfflineAssociation() : AssociationTest(line()) {}
};

TEST_F(AutoOfflineAssociation, AFailedSendEndsThePolling) {
  association.go_online(now());
  exchange();
  clock += 64;
  ASSERT_NE(association.on_timer(request_context()).find<SendRequest>(), nullptr);
  const Actions actions = association.on_send_failed(now());
  EXPECT_NE(actions.find<StopPolling>(), nullptr);
  EXPECT_EQ(actions.find<ArmTimer>(), nullptr);
  EXPECT_EQ(association.mode(), PollMode::Offline);
}

class CopyingAssociation : public AssociationTest {
 protected:
  static SourceLine line() {
    SourceLine l = test_line();
    l.copy = true;
    return l;
  }
  CopyingAssociation() : AssociationTest(line()) {}
};

// Who copies a server has lost what it says of itself as soon as the server has.
TEST_F(CopyingAssociation, ItsSamplesAreOfItsServersStratum) {
  association.go_online(now());
  request();
  const Received r = receive(answer());
  ASSERT_NE(r.actions.find<TakeSample>(), nullptr);
  EXPECT_EQ(r.actions.find<TakeSample>()->sample.stratum, 1) << "so that we serve the server's 2";
}

TEST_F(CopyingAssociation, ForgetsTheSamplesOfAServerThatIsNotSynchronised) {
  association.go_online(now());
  exchange();
  EXPECT_EQ(association.stratum(), 1);
  ASSERT_TRUE(association.copied_ref_id());
  clock += 64;
  request();
  ntp::Header header = answer();
  header.leap = ntp::Leap::Unsynchronised;
  const Received r = receive(header);
  EXPECT_NE(r.actions.find<ForgetSamples>(), nullptr);
  EXPECT_FALSE(association.copied_ref_id());
}

TEST_F(AssociationTest, ResponseToARequestThatDidNotLeaveIsRefused) {
  association.go_online(now());
  const Actions actions = association.on_timer(request_context());
  sent = ntp::PacketView::parse(actions.find<SendRequest>()->bytes()).header();
  association.on_send_failed(now());
  EXPECT_EQ(receive(answer()).verdict, ResponseVerdict::NotExpected);
}

TEST_F(AssociationTest, OnlyOneResponsePerRequestCounts) {
  association.go_online(now());
  request();
  ASSERT_EQ(receive(answer()).verdict, ResponseVerdict::Good);
  const auto before = state_of(association);
  ntp::Header second = answer();
  second.transmit.bits += 1000;
  second.receive.bits += 1000;
  const Received r = receive(second);
  EXPECT_EQ(r.verdict, ResponseVerdict::NotExpected);
  EXPECT_EQ(r.actions.size(), 0u);
  EXPECT_EQ(state_of(association), before);
  EXPECT_EQ(association.counters().received, 2u);
}

// ---- hostile packets: counters, and nothing else ----

class HostilePacket : public AssociationTest {
 protected:
  void SetUp() override {
    association.go_online(now());
    exchange();
    replayed = bytes_of(answer());
    clock += 64;
    request();
  }
  void expect_ignored(const std::vector<std::byte>& bytes, ResponseVerdict verdict) {
    const auto before = state_of(association);
    const std::uint32_t received = association.counters().received;
    const Received r = receive(bytes);
    EXPECT_EQ(r.verdict, verdict);
    EXPECT_EQ(r.actions.size(), 0u);
    EXPECT_EQ(state_of(association), before);
    EXPECT_EQ(association.counters().received, received + 1);
    // The real answer still counts.
    EXPECT_EQ(receive(answer()).verdict, ResponseVerdict::Good);
  }
  std::vector<std::byte> replayed;
};

TEST_F(HostilePacket, Replayed) {
  expect_ignored(replayed, ResponseVerdict::NotExpected);
}

// The class of CVE-2015-1853: a packet that nobody asked for poisons the stamps that the next exchange is judged by.
TEST_F(HostilePacket, SpoofedCannotPoisonState) {
  ntp::Header forged = answer();
  forged.origin = ntp::NtpTimestamp{0xdeadbeefdeadbeef};
  expect_ignored(bytes_of(forged), ResponseVerdict::NotExpected);
}

TEST_F(HostilePacket, CopyOfOurStampsWithWrongOriginCannotMakeTheAnswerADuplicate) {
  ntp::Header forged = answer();
  forged.origin.bits ^= 1;
  expect_ignored(bytes_of(forged), ResponseVerdict::NotExpected);
}

TEST_F(HostilePacket, ZeroOrigin) {
  ntp::Header forged = answer();
  forged.origin = {};
  expect_ignored(bytes_of(forged), ResponseVerdict::NotExpected);
}

TEST_F(HostilePacket, SpoofedRateKiss) {
  ntp::Header forged = answer();
  forged.origin = ntp::NtpTimestamp{1};
  forged.leap = ntp::Leap::Unsynchronised;
  forged.stratum = 0;
  forged.ref_id = ntp::kRateRefId;
  expect_ignored(bytes_of(forged), ResponseVerdict::NotExpected);
}

TEST_F(HostilePacket, SpoofedDenyKiss) {
  ntp::Header forged = answer();
  forged.origin = ntp::NtpTimestamp{1};
  forged.leap = ntp::Leap::Unsynchronised;
  forged.stratum = 0;
  forged.ref_id = ntp::RefId::text("DENY");
  expect_ignored(bytes_of(forged), ResponseVerdict::NotExpected);
}

TEST_F(HostilePacket, WrongMode) {
  for (const int mode : {0, 1, 2, 3, 5, 6, 7}) {
    ntp::Header forged = answer();
    forged.mode = static_cast<ntp::Mode>(mode);
    const auto before = state_of(association);
    EXPECT_EQ(receive(forged).verdict, ResponseVerdict::WrongMode) << mode;
    EXPECT_EQ(state_of(association), before) << mode;
  }
}

TEST_F(HostilePacket, OurOwnRequestReflected) {
  expect_ignored(bytes_of(sent), ResponseVerdict::WrongMode);
}

TEST_F(HostilePacket, WrongVersion) {
  for (const int version : {0, 5, 6, 7}) {
    auto bytes = bytes_of(answer());
    bytes[0] = static_cast<std::byte>(version << 3 | 4);
    const auto before = state_of(association);
    EXPECT_EQ(receive(bytes).verdict, ResponseVerdict::Malformed) << version;
    EXPECT_EQ(state_of(association), before) << version;
  }
}

TEST_F(HostilePacket, TruncatedAndOversized) {
  const auto whole = bytes_of(answer());
  for (const std::size_t size : {0u, 1u, 4u, 44u, 47u, 49u, 50u, 1144u}) {
    auto bytes = whole;
    bytes.resize(size);
    const auto before = state_of(association);
    EXPECT_EQ(receive(bytes).verdict, ResponseVerdict::Malformed) << size;
    EXPECT_EQ(state_of(association), before) << size;
  }
}

TEST_F(HostilePacket, CryptoNak) {
  auto bytes = bytes_of(answer());
  bytes.resize(52);
  expect_ignored(bytes, ResponseVerdict::NotExpected);
}

TEST_F(HostilePacket, AnswerToTheRequestBefore) {
  const auto late = bytes_of(answer());
  clock += 64;
  request();
  expect_ignored(late, ResponseVerdict::NotExpected);
}

// ---- what a server may say ----

TEST_F(AssociationTest, RateKissDelaysOneRequest) {
  association.go_online(now());
  request();
  ntp::Header kiss = answer();
  kiss.leap = ntp::Leap::Unsynchronised;
  kiss.stratum = 0;
  kiss.ref_id = ntp::kRateRefId;
  const Received r = receive(kiss);
  EXPECT_EQ(r.verdict, ResponseVerdict::Unsynchronised);
  EXPECT_NE(r.actions.find<RateKissObeyed>(), nullptr);
  ASSERT_NE(r.actions.find<ArmTimer>(), nullptr);
  EXPECT_GE(r.actions.find<ArmTimer>()->delay, Duration::seconds(320));
  EXPECT_LE(r.actions.find<ArmTimer>()->delay, Duration::seconds(320 * 1.02));
  EXPECT_EQ(association.poll(), 6);
  clock += 320;
  EXPECT_LE(request().delay, Duration::seconds(64 * 1.02));
}

TEST_F(AssociationTest, DenyKissIsNoReasonToStop) {
  association.go_online(now());
  request();
  ntp::Header kiss = answer();
  kiss.leap = ntp::Leap::Unsynchronised;
  kiss.stratum = 0;
  kiss.ref_id = ntp::RefId::text("DENY");
  const Received r = receive(kiss);
  EXPECT_EQ(r.actions.find<RateKissObeyed>(), nullptr);
  EXPECT_LE(r.actions.find<ArmTimer>()->delay, Duration::seconds(64 * 1.02));
  EXPECT_TRUE(association.is_polling());
}

TEST_F(AssociationTest, UnsynchronisedServerIsValidButUnreachable) {
  association.go_online(now());
  exchange();
  clock += 64;
  request();
  ntp::Header header = answer();
  header.leap = ntp::Leap::Unsynchronised;
  const double score = association.poll_score();
  EXPECT_EQ(receive(header).verdict, ResponseVerdict::Unsynchronised);
  EXPECT_EQ(association.reachability().bits, 2);
  EXPECT_EQ(association.leap(), ntp::Leap::Normal) << "the last synchronised response stands";
  EXPECT_NEAR(association.poll_score(), score + 0.1, 1e-12);
  EXPECT_EQ(association.counters().valid, 2u);
  EXPECT_EQ(association.counters().good, 1u);
}

// What is announced then may be of before it or of after it.
TEST_F(AssociationTest, NearALeapSecondTheAnnouncementStaysAsItWas) {
  association.go_online(now());
  exchange();
  for (const bool near : {true, false}) {
    clock += 64;
    request();
    ntp::Header header = answer();
    header.leap = ntp::Leap::Insert;
    const auto bytes = bytes_of(header);
    ResponseContext here = context();
    here.near_leap_second = near;
    const Received r = association.on_response(placed(test_time(clock + 0.01)), ntp::PacketView::parse(bytes),
                                               IpAddress::v4(0xc0000264), here, now());
    EXPECT_EQ(r.verdict, ResponseVerdict::Good);
    EXPECT_EQ(association.leap(), near ? ntp::Leap::Normal : ntp::Leap::Insert);
  }
}

// Whoever waits for a turn of all sources must not take the new server's first for one that was.
TEST_F(AssociationTest, ANewServerIsKnownByNothingButItsTurns) {
  association.go_online(now());
  exchange();
  clock += 64;
  request();
  const unsigned long updates = association.reachability().updates;
  ASSERT_GT(updates, 0u);
  association.on_new_server(now());
  EXPECT_EQ(association.reachability().updates, updates);
  EXPECT_EQ(association.reachability().size, 0);
  EXPECT_EQ(association.stratum(), 0);
  EXPECT_EQ(association.counters().valid, 0u);
  EXPECT_EQ(receive(answer()).verdict, ResponseVerdict::NotExpected) << "of the one before";
}

TEST_F(AssociationTest, RejectedSamplesSlowThePolling) {
  association.go_online(now());
  own.serving = true;
  request();
  ntp::Header slow = server_header(sent.transmit, test_time(clock), test_time(clock + 5));
  EXPECT_EQ(receive(slow).verdict, ResponseVerdict::Rejected);
  EXPECT_NEAR(association.poll_score(), 0.02, 1e-12);
  clock += 64;
  request();
  ntp::Header loop = answer();
  loop.ref_id = {0xc0000264};
  const Received r = receive(loop);
  EXPECT_EQ(r.verdict, ResponseVerdict::Rejected);
  EXPECT_NE(r.actions.find<ArmTimer>(), nullptr);
  EXPECT_NEAR(association.poll_score(), 0.12, 1e-12);
  EXPECT_EQ(association.reachability().bits, 3) << "a server that answers is reachable";
}

TEST_F(AssociationTest, KernelStampReplacesOurOwn) {
  association.go_online(now());
  request();
  association.on_transmit_stamp(placed(test_time(clock + 0.002), Duration::zero(), env::StampSource::Kernel));
  const Received r = receive(answer());
  EXPECT_NEAR(r.actions.find<TakeSample>()->sample.peer_delay.to_seconds(), 0.006, 1e-9);
  EXPECT_EQ(association.counters().kernel_sent, 1u);
  EXPECT_EQ(association.last_response()->transmit_source, env::StampSource::Kernel);
}

TEST_F(AssociationTest, ImpossibleTransmitStampsAreIgnored) {
  association.go_online(now());
  association.on_transmit_stamp(placed(test_time(clock)));
  request();
  association.on_transmit_stamp(placed(test_time(clock - 0.001), Duration::zero(), env::StampSource::Kernel));
  association.on_transmit_stamp(placed(test_time(clock + 1.1), Duration::zero(), env::StampSource::Kernel));
  EXPECT_EQ(association.counters().kernel_sent, 0u);
  EXPECT_NEAR(receive(answer()).actions.find<TakeSample>()->sample.peer_delay.to_seconds(), 0.008, 1e-9);
}

TEST_F(AssociationTest, OfflineForgetsReachabilityAndTheRequest) {
  association.go_online(now());
  exchange();
  clock += 64;
  request();
  EXPECT_NE(association.go_offline().find<StopPolling>(), nullptr);
  EXPECT_EQ(association.reachability().bits, 0);
  EXPECT_EQ(association.reachability().size, 1);
  EXPECT_EQ(receive(answer()).verdict, ResponseVerdict::NotExpected);
  clock += 1;
  const Actions again = association.go_online(now());
  EXPECT_GE(again.find<ArmTimer>()->delay, Duration::seconds(63)) << "going on and off does not poll faster";
}

TEST_F(AssociationTest, UnknownStepForgetsTheExchangeButNotReachability) {
  association.go_online(now());
  exchange();
  clock += 64;
  request();
  const Actions actions = association.on_unknown_step(now());
  EXPECT_NE(actions.find<CloseSocket>(), nullptr);
  ASSERT_NE(actions.find<ArmTimer>(), nullptr);
  EXPECT_EQ(receive(answer()).verdict, ResponseVerdict::NotExpected);
  EXPECT_EQ(association.reachability().bits, 1);
  EXPECT_EQ(association.poll(), 6);
}

TEST_F(AssociationTest, AfterAnUnknownStepItAsksAsOftenAsAtFirst) {
  association.go_online(now());
  for (int i = 0; i < 100 && association.poll() < 8; ++i, clock += 64) {
    exchange();
    SampleOutcome many;
    many.distance = Duration::seconds(1);
    many.samples = 64;
    association.on_sample_taken(many, now());
  }
  ASSERT_EQ(association.poll(), 8);
  association.on_unknown_step(now());
  EXPECT_EQ(association.poll(), 6);
}

class PresendingAssociation : public AssociationTest {
 protected:
  static SourceLine line() {
    SourceLine l = test_line();
    l.poll.presend = 6;
    return l;
  }
  PresendingAssociation() : AssociationTest(line()) {}
};

TEST_F(PresendingAssociation, FirstOfTwoRequestsGivesNoSample) {
  association.go_online(now());
  EXPECT_LE(request().delay, Duration::seconds(2 * 1.02));
  const Received first = receive(answer());
  EXPECT_EQ(first.verdict, ResponseVerdict::Rejected);
  EXPECT_FALSE(association.last_response()->tests.passed(PacketTest::DelayLimit));
  EXPECT_LE(first.actions.find<ArmTimer>()->delay, Duration::seconds(2 * 1.02));
  clock += 2;
  EXPECT_GE(request().delay, Duration::seconds(64));
  EXPECT_EQ(receive(answer()).verdict, ResponseVerdict::Good);
}

class QuantileAssociation : public AssociationTest {
 protected:
  static SourceLine line() {
    SourceLine l = test_line();
    l.check.max_delay_quantile = 0.5;
    return l;
  }
  QuantileAssociation() : AssociationTest(line()) {}
  // 10 ms long, where those of before were 8.
  bool takes_a_longer_way() {
    clock += 64;
    request();
    return receive(server_header(sent.transmit, test_time(clock + 0.005), test_time(clock + 0.005))).verdict ==
           ResponseVerdict::Good;
  }
};

TEST_F(QuantileAssociation, DelaysOfBeforeItWasOfflineSayNothingOfTheWayNow) {
  association.go_online(now());
  EXPECT_TRUE(takes_a_longer_way()) << "there is nothing to measure it by";
  association.go_offline();
  association.go_online(now());
  for (int i = 0; i < 8; ++i) {
    clock += 64;
    exchange();
  }
  EXPECT_FALSE(takes_a_longer_way());
  association.go_offline();
  association.go_online(now());
  EXPECT_TRUE(takes_a_longer_way());
}

class BurstingAssociation : public AssociationTest {
 protected:
  static SourceLine line() {
    SourceLine l = test_line();
    l.poll.iburst = true;
    return l;
  }
  BurstingAssociation() : AssociationTest(line()) {}
};

TEST_F(BurstingAssociation, FourGoodResponsesEndTheBurst) {
  association.go_online(now());
  EXPECT_EQ(association.mode(), PollMode::BurstWasOnline);
  for (int i = 0; i < 4; ++i) {
    exchange();
    clock += 2;
  }
  EXPECT_EQ(association.mode(), PollMode::Online);
}

TEST_F(AssociationTest, BurstOfAnOfflineSourceEndsOffline) {
  const Actions begin = association.start_burst(1, 4, now());
  EXPECT_NE(begin.find<ArmTimer>(), nullptr);
  request();
  const Received r = receive(answer());
  EXPECT_NE(r.actions.find<TakeSample>(), nullptr);
  EXPECT_NE(r.actions.find<StopPolling>(), nullptr);
  EXPECT_EQ(association.mode(), PollMode::Offline);
  EXPECT_EQ(
      association.on_sample_taken({Duration::zero(), Duration::seconds(1), 1, Duration::seconds(1)}, now()).size(), 0u);
}

}  // namespace
}  // namespace timed::sources
