#include "timed/server/server.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <string>
#include <vector>

#include "tests/allocations/allocations.h"
#include "tests/unit/server/fakes.h"
#include "tests/unit/server/nts_clients.h"
#include "timed/base/bytes.h"
#include "timed/base/log.h"

namespace timed::server {
namespace {

using test::allocations_so_far;

using ntp::Mode;

std::vector<AccessRule> allow(const std::vector<Subnet>& subnets) {
  AccessRule rule;
  rule.allow = true;
  rule.subnets = subnets;
  return {rule};
}
const Subnet kAllV4 = *Subnet::make(IpAddress::any(Family::Inet4), 0);
const Subnet kAllV6 = *Subnet::make(IpAddress::any(Family::Inet6), 0);

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    log::set_sink([this](log::Severity, std::string_view text) { lines.emplace_back(text); });
  }
  ~ServerTest() override { log::set_sink({}); }

  Server make(std::vector<Subnet> allowed, ServerOptions options = {}) {
    return Server(std::move(options), limits, allow(allowed), network, clock, host);
  }

  // A request whose origin is our receive stamp of the answer before; answers with what is answered, and takes its
  // receive stamp for the next.
  ntp::Header ask_interleaved(ntp::NtpTimestamp& origin) {
    auto request = make_request(4, Mode::Client);
    auto asked = ntp::PacketView::parse(request.bytes()).header();
    asked.origin = origin;
    asked.receive = {77};
    ntp::write_header(asked, std::span(request.data).first<ntp::kHeaderSize>());
    network.v4.incoming.push_back(request);
    network.socket_v4->turn();
    const auto answered = ntp::PacketView::parse(network.v4.sent.back().bytes()).header();
    origin = answered.receive;
    return answered;
  }

  ServiceLimits limits;
  FakeNetwork network;
  FakeClock clock;
  FakeHost host;
  std::vector<std::string> lines;
};

TEST_F(ServerTest, opens_a_socket_for_each_family_that_is_allowed) {
  auto both = make({kAllV4, kAllV6});
  EXPECT_FALSE(both.is_open());
  ASSERT_TRUE(both.open().ok());
  EXPECT_TRUE(both.is_open());
  ASSERT_EQ(network.asked.size(), 2u);
  EXPECT_EQ(network.asked[0].local, (Endpoint{IpAddress::any(Family::Inet4), 123, 0}));
  EXPECT_EQ(network.asked[1].local, (Endpoint{IpAddress::any(Family::Inet6), 123, 0}));
  EXPECT_EQ(network.asked[0].priority, env::SocketPriority::Server);
  both.close();
  EXPECT_FALSE(both.is_open());
}

TEST_F(ServerTest, opens_nothing_where_nobody_is_allowed) {
  auto nobody = make({});
  ASSERT_TRUE(nobody.open().ok());
  EXPECT_FALSE(nobody.is_open());
  EXPECT_TRUE(network.asked.empty());
  auto v6_only = make({kAllV6});
  ASSERT_TRUE(v6_only.open().ok());
  ASSERT_EQ(network.asked.size(), 1u);
  EXPECT_TRUE(network.asked[0].local.address.is_v6());
}

TEST_F(ServerTest, sockets_follow_new_rules_while_it_is_open) {
  auto server = make({});
  server.set_rules(allow({kAllV4}));
  EXPECT_TRUE(network.asked.empty()) << "not open yet";
  ASSERT_TRUE(server.open().ok());
  ASSERT_EQ(network.asked.size(), 1u);
  server.set_rules(allow({kAllV4, kAllV6}));
  ASSERT_EQ(network.asked.size(), 2u) << "the socket that is open stays";
  EXPECT_TRUE(network.asked[1].local.address.is_v6());
  server.set_rules(allow({kAllV6}));
  EXPECT_TRUE(server.is_open());
  EXPECT_FALSE(server.allows(*IpAddress::parse("192.0.2.1")));
  EXPECT_TRUE(server.allows(*IpAddress::parse("2001:db8::1")));
  server.set_rules({});
  EXPECT_FALSE(server.is_open());
  server.set_rules(allow({kAllV4}));
  EXPECT_TRUE(server.is_open());
  EXPECT_EQ(network.asked.size(), 3u);
  server.close();
  server.set_rules(allow({kAllV4, kAllV6}));
  EXPECT_FALSE(server.is_open());
}

TEST_F(ServerTest, new_rules_hold_for_the_next_request) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  network.v4.incoming = {make_request(4, Mode::Client)};
  network.socket_v4->turn();
  EXPECT_EQ(server.verdicts().of(Verdict::Answer), 1u);
  server.set_rules(allow({*Subnet::make(*IpAddress::parse("10.0.0.0"), 8)}));
  network.v4.incoming.push_back(make_request(4, Mode::Client));
  network.socket_v4->turn();
  EXPECT_EQ(server.verdicts().of(Verdict::Denied), 1u);
}

TEST_F(ServerTest, packets_of_mode_6_are_answered_by_whoever_shares_the_sockets) {
  auto server = make({kAllV4});
  SocketSharing sharing;
  int asked = 0;
  sharing.answer_control = [&](const env::Datagram&) {
    ++asked;
    return std::vector<std::vector<std::byte>>(asked == 1 ? 2 : 0, std::vector<std::byte>(12, std::byte{0x96}));
  };
  server.share(std::move(sharing));
  ASSERT_TRUE(server.open().ok());
  network.v4.incoming = {make_request(4, Mode::Client)};
  network.v4.sent.reserve(8);
  env::Datagram control = make_request(2, Mode::Control);
  control.size = 12;
  for (int i = 0; i < 2; ++i) network.v4.incoming.push_back(control);
  network.socket_v4->turn();
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(network.v4.sent.size(), 3u);
  EXPECT_EQ(server.verdicts().of(Verdict::Answer), 1u);
  EXPECT_EQ(server.verdicts().total(), 2u) << "what gets no answer is counted as other garbage";
  EXPECT_EQ(std::count_if(network.v4.sent.begin(), network.v4.sent.end(),
                          [](const env::Datagram& d) { return d.size == 12 && d.data[11] == std::byte{0x96}; }),
            2);
}

TEST_F(ServerTest, served_counts_tell_what_was_sent) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  network.v4.incoming = {make_request(4, Mode::Client), make_request(4, Mode::Client), make_request(4, Mode::Server)};
  network.v4.incoming[0].stamp.source = env::StampSource::Kernel;
  network.v4.incoming[1].stamp.source = env::StampSource::Daemon;
  network.v4.incoming[2].stamp.source = env::StampSource::Kernel;
  network.socket_v4->turn();
  EXPECT_EQ(server.served().sent, 2u);
  EXPECT_EQ(server.served().kernel_received, 1u);
  EXPECT_EQ(server.served().daemon_received, 1u);
  EXPECT_EQ(server.served().authenticated, 0u);
}

TEST_F(ServerTest, port_0_means_never) {
  ServerOptions options;
  options.port = 0;
  auto server = make({kAllV4, kAllV6}, options);
  ASSERT_TRUE(server.open().ok());
  EXPECT_FALSE(server.is_open());
  EXPECT_TRUE(network.asked.empty());
}

TEST_F(ServerTest, options_reach_the_socket) {
  ServerOptions options;
  options.port = 11123;
  options.bind_addresses = {*IpAddress::parse("192.0.2.9")};
  options.device = "eth7";
  options.dscp = 46;
  options.use_v6 = false;
  auto server = make({kAllV4, kAllV6}, options);
  ASSERT_TRUE(server.open().ok());
  ASSERT_EQ(network.asked.size(), 1u);
  EXPECT_EQ(network.asked[0].local.to_string(), "192.0.2.9:11123");
  EXPECT_EQ(network.asked[0].device, "eth7");
  EXPECT_EQ(network.asked[0].dscp, 46);
  EXPECT_FALSE(network.asked[0].remote.has_value());
}

TEST_F(ServerTest, goes_on_with_one_family_and_says_why) {
  network.error_v4 = Error{"Address already in use", ErrorKind::AddressInUse};
  auto server = make({kAllV4, kAllV6});
  ASSERT_TRUE(server.open().ok());
  EXPECT_TRUE(server.is_open());
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "Could not open NTP socket on 0.0.0.0:123 : Address already in use");
}

TEST_F(ServerTest, fails_where_no_socket_could_be_opened) {
  network.error_v4 = Error{"Address already in use", ErrorKind::AddressInUse};
  network.error_v6 = Error{"Address family not supported", ErrorKind::Unsupported};
  auto server = make({kAllV4, kAllV6});
  const Status status = server.open();
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().message, "Could not open NTP sockets");
  EXPECT_EQ(lines.size(), 2u);
}

TEST_F(ServerTest, tries_again_silently_until_the_port_is_free) {
  network.error_v4 = Error{"Address already in use", ErrorKind::AddressInUse};
  network.error_v6 = Error{"Address family not supported", ErrorKind::Unsupported};
  auto server = make({kAllV4, kAllV6});
  ASSERT_FALSE(server.open().ok());
  EXPECT_TRUE(server.lacking().any());
  lines.clear();
  server.retry_addresses();
  server.set_rules(allow({kAllV4}));
  EXPECT_TRUE(server.lacking().any());
  EXPECT_TRUE(lines.empty());
  network.error_v4.reset();
  const std::size_t asked = network.asked.size();
  server.retry_addresses();
  EXPECT_EQ(network.asked.size(), asked + 1);
  EXPECT_EQ(lines, std::vector<std::string>{"Opened NTP socket on 0.0.0.0:123"});
  EXPECT_TRUE(server.is_open());
  EXPECT_FALSE(server.lacking().any());
}

TEST_F(ServerTest, lacks_no_address_that_nobody_wants_or_the_kernel_has_not) {
  network.error_v4 = Error{"Address already in use", ErrorKind::AddressInUse};
  network.error_v6 = Error{"Address family not supported", ErrorKind::Unsupported};
  auto server = make({kAllV4, kAllV6});
  ASSERT_FALSE(server.open().ok());
  server.set_rules(allow({kAllV6}));
  EXPECT_FALSE(server.lacking().any());
  server.set_rules(allow({kAllV4}));
  EXPECT_TRUE(server.lacking().any());
  server.close();
  EXPECT_FALSE(server.lacking().any());
}

TEST_F(ServerTest, tries_what_is_forbidden_only_where_the_operator_asks_for_it_anew) {
  network.error_v4 = Error{"Permission denied", ErrorKind::Permission};
  auto server = make({kAllV4});
  ASSERT_FALSE(server.open().ok());
  EXPECT_EQ(lines.size(), 1u);
  EXPECT_TRUE(server.lacking().any());
  EXPECT_FALSE(server.lacking().any_may_come());
  std::size_t asked = network.asked.size();
  server.retry_addresses();
  EXPECT_EQ(network.asked.size(), asked);
  server.set_rules(allow({kAllV4}));
  EXPECT_EQ(network.asked.size(), asked + 1);
  EXPECT_EQ(lines.size(), 1u) << "it was told";
  network.error_v4.reset();
  server.set_rules(allow({kAllV4}));
  EXPECT_TRUE(server.is_open());
  EXPECT_FALSE(server.lacking().any());
}

TEST_F(ServerTest, answers_come_from_the_published_state) {
  auto server = make({kAllV4, kAllV6});
  ASSERT_TRUE(server.open().ok());
  network.v4.incoming = {make_request(4, Mode::Client)};
  network.v6.incoming = {make_request(3, Mode::SymmetricActive, Family::Inet6)};
  network.v4.sent.reserve(4);
  network.v6.sent.reserve(4);
  network.socket_v4->turn();
  ASSERT_EQ(network.v4.sent.size(), 1u);
  EXPECT_EQ(ntp::PacketView::parse(network.v4.sent[0].bytes()).header().leap, ntp::Leap::Unsynchronised);

  discipline::OwnState state;
  state.leap = ntp::Leap::Normal;
  state.stratum = 2;
  state.precision_log2 = -25;
  state.line_start = clock.time;
  state.local_minus_raw = Duration::seconds(5);
  server.publish(state);
  network.socket_v6->turn();
  ASSERT_EQ(network.v6.sent.size(), 1u);
  const auto& sent = network.v6.sent[0];
  const auto h = ntp::PacketView::parse(sent.bytes()).header();
  EXPECT_EQ(h.mode, Mode::SymmetricPassive);
  EXPECT_EQ(h.stratum, 2);
  EXPECT_EQ(h.version, 3);
  EXPECT_NEAR(h.transmit.minus(ntp::NtpTimestamp::from(clock.time)).to_seconds(), 5.0, 1e-7);
  EXPECT_NEAR(h.receive.minus(ntp::NtpTimestamp::from(clock.time)).to_seconds(), 4.5, 1e-7);
  EXPECT_EQ(sent.peer, network.v6.incoming[0].peer);
  EXPECT_EQ(sent.local, network.v6.incoming[0].local);
}

TEST_F(ServerTest, what_is_refused_is_left_out) {
  auto server = make({*Subnet::make(*IpAddress::parse("192.0.2.0"), 24)});
  ASSERT_TRUE(server.open().ok());
  for (int i = 0; i < 16; ++i) {
    auto request = make_request(4, i % 4 == 1 ? Mode::Server : Mode::Client);
    if (i % 4 == 2) request.peer.address = *IpAddress::parse("198.51.100.1");
    request.peer.port = static_cast<std::uint16_t>(1000 + i);
    network.v4.incoming.push_back(request);
  }
  network.v4.sent.reserve(16);
  network.socket_v4->turn();
  ASSERT_EQ(network.v4.sent.size(), 8u);
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(network.v4.sent[i].peer.port, 1000 + (i / 2) * 4 + (i % 2) * 3);
  EXPECT_EQ(server.verdicts().of(Verdict::Answer), 8u);
  EXPECT_EQ(server.verdicts().of(Verdict::BadMode), 4u);
  EXPECT_EQ(server.verdicts().of(Verdict::Denied), 4u);
  EXPECT_EQ(server.verdicts().total(), 16u);
}

// Whoever has time reads the clock for each answer; a full batch goes with two calls, and one in interleaved mode,
// where the kernel tells the time, with one.
TEST_F(ServerTest, AnswersGoTogetherWhereThereAreMany) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  const auto calls_for = [&](std::size_t requests, std::uint64_t origin) {
    env::Datagram request = make_request(4, Mode::Client);
    store_be(request.data.data() + 24, origin);
    network.v4.incoming.assign(requests, request);
    network.v4.next = network.v4.send_calls = 0;
    clock.reads = 0;
    network.socket_v4->turn();
    return network.v4.send_calls;
  };
  EXPECT_EQ(calls_for(1, 0), 1u);
  EXPECT_EQ(clock.reads, 1);
  EXPECT_EQ(calls_for(15, 0), 15u);
  EXPECT_EQ(clock.reads, 16);
  EXPECT_EQ(calls_for(16, 0), 2u);
  EXPECT_EQ(clock.reads, 3);
  EXPECT_EQ(calls_for(15, 1), 1u);
}

TEST_F(ServerTest, at_most_four_batches_a_turn) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  network.v4.incoming.assign(200, make_request(4, Mode::Client));
  network.socket_v4->turn();
  EXPECT_EQ(network.v4.sent_count, 64u);
  EXPECT_EQ(network.v4.receive_calls, 4u);
  network.socket_v4->turn();
  EXPECT_EQ(network.v4.sent_count, 128u);
  network.socket_v4->turn();
  network.socket_v4->turn();
  EXPECT_EQ(network.v4.sent_count, 200u);
  network.socket_v4->turn();
  EXPECT_EQ(network.v4.sent_count, 200u);
}

// One call to the kernel less for the usual turn, in which a few requests wait.
TEST_F(ServerTest, a_batch_that_is_not_full_is_the_last) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  network.v4.incoming.assign(3, make_request(4, Mode::Client));
  network.socket_v4->turn();
  EXPECT_EQ(network.v4.receive_calls, 1u);
  EXPECT_EQ(network.v4.sent_count, 3u);
}

// Sixteen answers leave one after the other with one call, and each says when it leaves itself, as soon as it has been
// seen how long that takes.
TEST_F(ServerTest, EachAnswerOfABatchSaysWhenItLeavesItself) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  discipline::OwnState state;
  state.precision_log2 = -30;
  server.publish(state);
  network.v4.incoming.assign(64, make_request(4, Mode::Client));
  Duration worst, hindrance;
  network.v4.refuses = [&](const env::Datagram& answer) {
    clock.time += Duration::micros(1.5);
    const auto says = ntp::PacketView::parse(answer.bytes()).header().transmit;
    worst = std::max(worst, abs(says.minus(ntp::NtpTimestamp::from(clock.time))));
    clock.time += Duration::micros(1.5) + hindrance;
    return false;
  };
  const auto turn = [&] {
    worst = Duration::zero();
    network.v4.next = 0;
    network.socket_v4->turn();
    return worst.to_nanos();
  };
  turn();
  EXPECT_LT(turn(), 300.0);
  // Somebody else had the processor: that says nothing of the next time.
  hindrance = Duration::millis(1);
  EXPECT_GT(turn(), 1e6);
  hindrance = Duration::zero();
  turn();
  EXPECT_LT(turn(), 3000.0);
  for (int i = 0; i < 10; ++i) turn();
  EXPECT_LT(turn(), 300.0 * 4);
}

TEST_F(ServerTest, a_refused_answer_is_counted_and_the_others_leave) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  for (int i = 0; i < 16; ++i) {
    auto request = make_request(4, Mode::Client);
    request.peer.port = static_cast<std::uint16_t>(1000 + i);
    network.v4.incoming.push_back(request);
  }
  network.v4.refuses = [](const env::Datagram& d) {
    return d.peer.port == 1000 || d.peer.port == 1007 || d.peer.port == 1015;
  };
  network.socket_v4->turn();
  EXPECT_EQ(network.v4.sent_count, 13u);
  EXPECT_EQ(server.unsent(), 3u);
  network.v4.refuses = [](const env::Datagram&) { return true; };
  network.v4.next = 0;
  network.socket_v4->turn();
  EXPECT_EQ(server.unsent(), 19u);
  EXPECT_EQ(network.v4.sent_count, 13u);
}

TEST_F(ServerTest, WhyAnAnswerDidNotLeaveIsCounted) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  const struct {
    ErrorKind kind;
    std::uint64_t ServedTotals::*count;
  } kCases[] = {{ErrorKind::NoRoom, &ServedTotals::no_room},
                {ErrorKind::NoAddress, &ServedTotals::no_route},
                {ErrorKind::Permission, &ServedTotals::forbidden},
                {ErrorKind::Invalid, &ServedTotals::other_reason}};
  std::uint64_t unsent = 0;
  network.v4.refuses = [](const env::Datagram&) { return true; };
  for (const auto& c : kCases) {
    network.v4.refusal = c.kind;
    network.v4.incoming.push_back(make_request(4, Mode::Client));
    network.socket_v4->turn();
    EXPECT_EQ(server.served().*c.count, 1u);
    EXPECT_EQ(server.unsent(), ++unsent);
  }
}

TEST_F(ServerTest, PacketsForOthersAreCountedApart) {
  auto server = make({kAllV4});
  SocketSharing sharing;
  sharing.take = [](const env::Datagram&) { return true; };
  sharing.answer_control = [](const env::Datagram&) { return std::vector<std::vector<std::byte>>(2); };
  server.share(std::move(sharing));
  ASSERT_TRUE(server.open().ok());
  network.v4.incoming = {make_request(4, Mode::SymmetricActive), make_request(2, Mode::Control),
                         make_request(4, Mode::Client)};
  network.socket_v4->turn();
  EXPECT_EQ(server.served().to_sources, 1u);
  EXPECT_EQ(server.served().control, 1u) << "a question, however many its answers";
  EXPECT_EQ(server.verdicts().total(), 1u);
}

TEST_F(ServerTest, StampsThatNeverCameAreCountedWhenTheirPlaceIsTaken) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  discipline::OwnState state;
  state.precision_log2 = -30;
  server.publish(state);
  network.v4.sent.reserve(600);
  ntp::NtpTimestamp origin{1};
  const auto ask = [&] { return ask_interleaved(origin); };
  const RawTime left = RawTime::from_seconds(1'800'000'000);
  for (int i = 0; i < 256; ++i) {
    ask();
    if (i == 9) network.v4.stamps.push_back({10, {left, Duration::zero(), env::StampSource::Kernel}});
  }
  EXPECT_EQ(server.served().no_stamp, 0u);
  for (int i = 0; i < 20; ++i) ask();
  EXPECT_EQ(server.served().no_stamp, 19u) << "all but the tenth";
  EXPECT_EQ(server.unsent(), 0u);
}

TEST_F(ServerTest, a_request_costs_no_allocation) {
  auto server = make({kAllV4, kAllV6});
  ASSERT_TRUE(server.open().ok());
  SeededRandom random(3);
  for (int i = 0; i < 2000; ++i) {
    auto request = make_request(static_cast<int>(random.below(8)), static_cast<Mode>(random.below(8)));
    if (random.below(2) == 0) request = make_request(4, Mode::Client);
    if (random.below(8) == 0) request.size = random.below(300);
    network.v4.incoming.push_back(request);
  }
  network.v6.incoming.assign(500, make_request(4, Mode::Client, Family::Inet6));
  const std::size_t before = allocations_so_far();
  while (network.v4.next < network.v4.incoming.size()) network.socket_v4->turn();
  while (network.v6.next < network.v6.incoming.size()) network.socket_v6->turn();
  EXPECT_EQ(allocations_so_far(), before);
  EXPECT_EQ(server.verdicts().total(), 2500u);
  EXPECT_EQ(network.v6.sent_count, 500u);
  // The counter does count.
  delete new int(1);
  EXPECT_EQ(allocations_so_far(), before + 1);
}

std::size_t resident_pages() {
  std::size_t all = 0, resident = 0;
  std::FILE* const file = std::fopen("/proc/self/statm", "r");
  if (file == nullptr || std::fscanf(file, "%zu %zu", &all, &resident) != 2) resident = 0;
  if (file != nullptr) std::fclose(file);
  return resident;
}

// An hour of requests whose senders are forged, with a log of clients, a limit of rates and stamps of interleaved mode:
// what is remembered of them is what there was room for at the start.
TEST_F(ServerTest, AnHourOfForgedSendersTakesNoMemory) {
  constexpr int kTurnsInSecond = 8;
  limits.of[0].enabled = true;
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  SeededRandom random(6);
  network.v4.incoming.assign(64, make_request(4, Mode::Client));
  const auto flood_for = [&](int seconds) {
    for (int turn = 0; turn < seconds * kTurnsInSecond; ++turn) {
      clock.time += Duration::seconds(1.0 / kTurnsInSecond);
      for (env::Datagram& request : network.v4.incoming) {
        request.peer.address.become_v4(static_cast<std::uint32_t>(random.next()));
        request.stamp.time = clock.time;
        store_be(request.data.data() + 24, random.next() | 1);  // of interleaved mode: they are noted
      }
      network.v4.next = 0;
      network.socket_v4->turn();
    }
  };
  flood_for(100);  // everything has been touched
  const std::size_t before = allocations_so_far(), pages = resident_pages();
  flood_for(3600);
  EXPECT_EQ(allocations_so_far(), before);
  EXPECT_GT(pages, 0u);
  // An octet for each would be 450 pages; the kernel counts a few dozen of them late.
  EXPECT_LE(resident_pages(), pages + 128);
  EXPECT_EQ(server.verdicts().of(Verdict::Answer), 3700u * 64 * kTurnsInSecond);
  EXPECT_EQ(server.client_log().stamps, ClientTable::records_in(ServerOptions().client_log_limit));
}

// A log line a packet lets anybody fill the disk (CVE-2010-0294 of chrony).
TEST_F(ServerTest, cve_class_nothing_is_logged_for_a_packet) {
  log::set_minimum(log::Severity::Debug);
  limits.of[0] = {true, 12, 1, 1, 1};
  auto server = make({*Subnet::make(*IpAddress::parse("192.0.2.0"), 24)});
  EntropyPool entropy = seeded_pool(4);
  server.use_cookie_keys(auth::CookieKeys::generate(auth::AeadId::SivCmac256, entropy));
  auto client = nts_client(auth::CookieKeys::generate(auth::AeadId::SivCmac256, entropy), auth::AeadId::SivCmac256, 1);
  auto with_cookie_of_others = make_request(4, Mode::Client);
  add_nts(with_cookie_of_others, client, entropy);
  ASSERT_TRUE(server.open().ok());
  SeededRandom random(4);
  for (int i = 0; i < 3000; ++i) {
    auto request = make_request(static_cast<int>(random.below(8)), static_cast<Mode>(random.below(8)));
    request.size = random.below(4) == 0 ? 48 : random.below(1400);
    if (random.below(10) == 0) request = with_cookie_of_others;
    if (random.below(3) == 0) request.peer.address = IpAddress::v4(static_cast<std::uint32_t>(random.next()));
    request.waited = i % 16 == 0;
    network.v4.incoming.push_back(request);
  }
  network.v4.refuses = [&](const env::Datagram&) { return random.below(3) == 0; };
  while (network.v4.next < network.v4.incoming.size()) network.socket_v4->turn();
  EXPECT_EQ(server.verdicts().total(), 3000u);
  for (std::size_t v = 0; v < kVerdicts; ++v) {
    const bool cannot_come = static_cast<Verdict>(v) == Verdict::BadSource;
    EXPECT_EQ(server.verdicts().of(static_cast<Verdict>(v)) > 0, !cannot_come) << v;
  }
  EXPECT_TRUE(lines.empty());
  log::set_minimum(log::Severity::Info);
}

// The kernel says later when an answer left; a correction of the clock in between does not come between its stamps.
TEST_F(ServerTest, TransmitStampsOfTheKernelGoIntoTheNextInterleavedAnswer) {
  auto server = make({kAllV4});
  ASSERT_TRUE(server.open().ok());
  discipline::OwnState state;
  state.precision_log2 = -30;
  server.publish(state);
  network.v4.sent.reserve(8);
  ntp::NtpTimestamp origin{1};
  const auto ask = [&] { return ask_interleaved(origin); };
  const auto first = ask();
  ASSERT_EQ(network.v4.last_stamp_id, 1u);
  const RawTime arrived = network.v4.incoming.back().stamp.time;
  network.v4.stamps.push_back({1, {arrived + Duration::millis(3), Duration::zero(), env::StampSource::Kernel}});
  state.local_minus_raw = Duration::seconds(0.5);
  server.publish(state);
  network.socket_v4->turn();
  const auto second = ask();
  EXPECT_EQ(second.origin, ntp::NtpTimestamp{77});
  EXPECT_NEAR(second.transmit.minus(first.receive).to_seconds(), 3e-3, 1e-6);
  EXPECT_EQ(server.served().interleaved, 1u);
  EXPECT_EQ(server.served().kernel_sent, 1u);
  server.forget_stamps();
  EXPECT_NE(ask().origin, ntp::NtpTimestamp{77});
}

TEST_F(ServerTest, NoLogOfClientsIsNone) {
  ServerOptions options;
  options.no_client_log = true;
  auto server = make({kAllV4}, options);
  ASSERT_TRUE(server.open().ok());
  EXPECT_FALSE(server.keeps_client_log());
  network.v4.incoming.push_back(make_request(4, Mode::Client));
  network.socket_v4->turn();
  EXPECT_EQ(network.v4.sent_count, 1u);
}

}  // namespace
}  // namespace timed::server
