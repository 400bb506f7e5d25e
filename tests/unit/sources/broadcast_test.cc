#include "timed/sources/broadcast.h"

#include <gtest/gtest.h>

#include "tests/unit/fake_timers.h"
#include "tests/unit/server/fakes.h"
#include "timed/base/log.h"

namespace timed::sources {
namespace {

using server::FakeTraffic;
using server::FakeUdpSocket;

class BroadcastTest : public testing::Test {
 protected:
  void start(const std::vector<BroadcastLine>& lines) {
    BroadcastCallbacks callbacks;
    callbacks.server_socket = [this](Family family) {
      return family == Family::Inet4 && has_socket ? &socket : nullptr;
    };
    callbacks.own_state = [this] { return own; };
    broadcasts.emplace(lines, BroadcastSeams{timers, clock, host}, std::move(callbacks));
    broadcasts->start();
  }
  // To the end of the next so many seconds, with each timer at its time.
  void advance(double seconds) {
    const MonoTime end = timers.mono + Duration::seconds(seconds);
    while (!timers.queue.empty() && timers.queue.begin()->first.first <= end) {
      const auto [key, fn] = *timers.queue.begin();
      timers.queue.erase(timers.queue.begin());
      timers.mono = key.first;
      fn();
    }
    timers.mono = end;
  }
  ntp::Header header(std::size_t index) { return ntp::PacketView::parse(traffic.sent.at(index).bytes()).header(); }

  FakeTimers timers;
  server::FakeClock clock;
  server::FakeHost host;
  FakeTraffic traffic;
  FakeUdpSocket socket{traffic, Endpoint{IpAddress::any(Family::Inet4), 123, 0}};
  bool has_socket = true;
  discipline::OwnState own;
  std::optional<Broadcasts> broadcasts;
};

BroadcastLine line(int interval, const char* address, std::uint16_t port = 123) {
  return {interval, {*IpAddress::parse(address), port, 0}};
}

TEST_F(BroadcastTest, SaysWhatAServerWouldSayAndNothingOfAnExchange) {
  traffic.sent.reserve(4);
  own.leap = ntp::Leap::Insert;
  own.stratum = 3;
  own.ref_id = {0xc0000201};
  own.root_delay = Duration::seconds(0.25);
  own.root_dispersion = Duration::seconds(0.5);
  own.reference_time = LocalTime::from_seconds(1'799'999'000);
  own.local_minus_raw = Duration::seconds(2);
  start({line(12, "192.0.2.255", 1123)});
  advance(13);
  ASSERT_EQ(traffic.sent_count, 1u);
  EXPECT_EQ(traffic.sent[0].peer, line(0, "192.0.2.255", 1123).to);
  EXPECT_EQ(traffic.sent[0].size, ntp::kHeaderSize);
  const ntp::Header sent = header(0);
  EXPECT_EQ(sent.mode, ntp::Mode::Broadcast);
  EXPECT_EQ(sent.version, 4);
  EXPECT_EQ(sent.leap, ntp::Leap::Insert);
  EXPECT_EQ(sent.stratum, 3);
  EXPECT_EQ(sent.poll, 4);  // log2 of 12 is nearer to 4 than to 3
  EXPECT_EQ(sent.precision, -20);
  EXPECT_EQ(sent.root_delay, ntp::NtpShort::from(own.root_delay));
  EXPECT_EQ(sent.root_dispersion, ntp::NtpShort::from(own.root_dispersion));
  EXPECT_EQ(sent.ref_id, own.ref_id);
  EXPECT_EQ(sent.reference, ntp::NtpTimestamp::from(own.reference_time));
  EXPECT_TRUE(sent.origin.is_zero());
  EXPECT_TRUE(sent.receive.is_zero());
  const auto local = ntp::NtpTimestamp::from(LocalTime::from_seconds(1'800'000'002));
  EXPECT_NEAR(sent.transmit.minus(local).to_seconds(), 0.0, 1e-6);
}

TEST_F(BroadcastTest, TellsSmoothedTimeAndHidesItsLeapSecond) {
  traffic.sent.reserve(4);
  own.leap = ntp::Leap::Insert;
  own.hide_leap = true;
  own.ref_id = {0xc0000201};
  own.reference_time = LocalTime::from_seconds(1'799'999'000);
  own.smoothing.offset = Duration::seconds(-0.5);
  start({line(1, "192.0.2.255")});
  advance(1.5);
  ASSERT_EQ(traffic.sent_count, 1u);
  EXPECT_EQ(header(0).leap, ntp::Leap::Normal);
  // As chronyd's: only answers say where smoothed time comes from.
  EXPECT_EQ(header(0).ref_id, own.ref_id);
  EXPECT_EQ(header(0).reference, ntp::NtpTimestamp::from(own.reference_time));
  const auto served = ntp::NtpTimestamp::from(LocalTime::from_seconds(1'799'999'999, 500'000'000));
  EXPECT_NEAR(header(0).transmit.minus(served).to_seconds(), 0.0, 1e-6);
}

TEST_F(BroadcastTest, EachLineKeepsItsInterval) {
  traffic.sent.reserve(400);
  start({line(2, "192.0.2.255"), line(30, "198.51.100.255")});
  advance(1.99);
  EXPECT_EQ(traffic.sent_count, 0u);  // not before the first interval is over
  advance(600 - 1.99);
  const auto to_second = std::count_if(traffic.sent.begin(), traffic.sent.end(), [](const env::Datagram& d) {
    return d.peer.address == *IpAddress::parse("198.51.100.255");
  });
  // Each interval is stretched by up to 2 %; some wait for one of the other line.
  EXPECT_GE(to_second, 19);
  EXPECT_LE(to_second, 20);
  EXPECT_GE(traffic.sent_count - static_cast<std::size_t>(to_second), 285u);
  EXPECT_LE(traffic.sent_count - static_cast<std::size_t>(to_second), 300u);
}

TEST_F(BroadcastTest, TellsOnceThatNothingLeavesAndGoesOn) {
  traffic.sent.reserve(10);
  std::vector<std::string> told;
  log::set_sink([&told](log::Severity, std::string_view text) { told.emplace_back(text); });
  traffic.refuses = [](const env::Datagram&) { return true; };
  start({line(1, "192.0.2.255")});
  advance(5);
  EXPECT_EQ(told, std::vector<std::string>{"Could not broadcast to 192.0.2.255:123 : refused"});
  traffic.refuses = nullptr;
  advance(2);
  EXPECT_GE(traffic.sent_count, 1u);
  has_socket = false;
  advance(3);
  EXPECT_EQ(told.size(), 2u);
  EXPECT_EQ(told.back(), "Could not broadcast to 192.0.2.255:123 : No NTP socket is open");
  log::set_sink({});
}

TEST_F(BroadcastTest, SendsNothingMoreOnceStopped) {
  start({line(1, "192.0.2.255")});
  broadcasts->stop();
  EXPECT_TRUE(timers.queue.empty());
}

TEST_F(BroadcastTest, NeedsTheSocketOfItsFamilyOnly) {
  const std::vector<BroadcastLine> lines{line(1, "ff02::101")};
  EXPECT_TRUE(need_server_socket(lines, Family::Inet6));
  EXPECT_FALSE(need_server_socket(lines, Family::Inet4));
}

}  // namespace
}  // namespace timed::sources
