// An association whose requests a test answers by hand.
#ifndef TIMED_TESTS_UNIT_SOURCES_ASSOCIATION_FIXTURE_H_
#define TIMED_TESTS_UNIT_SOURCES_ASSOCIATION_FIXTURE_H_

#include <gtest/gtest.h>

#include <tuple>
#include <vector>

#include "tests/unit/sources/exchange_fixture.h"
#include "timed/base/random.h"
#include "timed/sources/association.h"

namespace timed::sources {

inline SourceLine test_line() {
  SourceLine line;
  line.name = "192.0.2.1";
  return line;
}

// Everything of an association that a packet could bend.
inline auto state_of(const Association& a) {
  return std::tuple(a.mode(), a.poll(), a.poll_score(), a.reachability().bits, a.reachability().size,
                    a.reachability().updates, a.stratum(), a.leap(), a.unanswered(), a.counters().valid,
                    a.counters().good, a.counters().sent, a.last_response().has_value());
}

class AssociationTest : public testing::Test {
 protected:
  explicit AssociationTest(const SourceLine& line = test_line(), const AuthOptions& auth = {})
      : noise(42),
        random([this](std::span<std::byte> into) {
          for (std::byte& b : into) b = static_cast<std::byte>(noise.next());
        }),
        timeline(test_time(-1000)),
        stats(discipline::StatsOptions{}, Duration::seconds(1e-7)),
        association(line, random, auth) {}

  discipline::Now now() const {
    const RawTime raw = test_time(clock);
    return timeline.now(raw, MonoTime::from_nanos(0) + Duration::seconds(1e6 + clock));
  }
  ResponseContext context() const {
    return {timeline.view(), stats, own, {0xc0000264}, Duration::seconds(1e-7), Frequency::ppm(1)};
  }

  RequestContext request_context() const { return {timeline.view(), own_state, now()}; }

  // Sends the next request and reads its header.
  ArmTimer request() {
    const Actions actions = association.on_timer(request_context());
    const auto* sending = actions.find<SendRequest>();
    EXPECT_NE(sending, nullptr);
    if (sending == nullptr) return {};
    sent = ntp::PacketView::parse(sending->bytes()).header();
    const Actions after = association.on_sent(placed(test_time(clock)), now(), system_peer);
    EXPECT_NE(after.find<ArmTimer>(), nullptr);
    return *after.find<ArmTimer>();
  }
  ntp::Header answer() const {
    return server_header(sent.transmit, test_time(clock + 0.004), test_time(clock + 0.006));
  }
  Received receive(const std::vector<std::byte>& bytes) {
    const auto local = IpAddress::v4(0xc0000264);
    return association.on_response(placed(test_time(clock + 0.01), Duration::zero(), env::StampSource::Kernel),
                                   ntp::PacketView::parse(bytes), local, context(), now());
  }
  Received receive(const ntp::Header& header) { return receive(bytes_of(header)); }
  // One whole good exchange.
  void exchange() {
    request();
    const Received r = receive(answer());
    ASSERT_EQ(r.verdict, ResponseVerdict::Good);
    const auto* taken = r.actions.find<TakeSample>();
    ASSERT_NE(taken, nullptr);
    SampleOutcome outcome;
    outcome.distance = taken->sample.peer_dispersion + taken->sample.peer_delay * 0.5;
    outcome.samples = 8;
    outcome.min_delay = Duration::seconds(0.008);
    association.on_sample_taken(outcome, now());
  }

  SeededRandom noise;
  EntropyPool random;
  discipline::Timeline timeline;
  discipline::SourceStats stats;
  Association association;
  OwnView own;
  discipline::OwnState own_state;
  bool system_peer = false;
  double clock = 0.0;
  ntp::Header sent;
};

}  // namespace timed::sources

#endif  // TIMED_TESTS_UNIT_SOURCES_ASSOCIATION_FIXTURE_H_
