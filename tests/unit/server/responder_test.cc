#include "timed/server/responder.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/server/fakes.h"
#include "timed/base/bytes.h"
#include "timed/ntp/extension.h"

namespace timed::server {
namespace {

using ntp::Mode;

AccessTable everybody() {
  AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0), *Subnet::make(IpAddress::any(Family::Inet6), 0)};
  return AccessList(std::vector<AccessRule>{rule}).compile();
}

discipline::OwnState synchronised() {
  discipline::OwnState state;
  state.leap = ntp::Leap::Insert;
  state.stratum = 3;
  state.precision_log2 = -24;
  state.ref_id = {0xc0000207};
  state.root_delay = Duration::millis(12);
  state.root_dispersion = Duration::millis(3);
  state.dispersion_rate = Frequency::ppm(20);
  state.dispersion_since = LocalTime::from_seconds(1'799'999'000);
  state.reference_time = LocalTime::from_seconds(1'799'998'000, 250'000'000);
  state.line_start = RawTime::from_seconds(1'799'999'000);
  state.local_minus_raw = Duration::millis(250);
  state.local_rate = Frequency::ppm(10);
  return state;
}

class ResponderTest : public ::testing::Test {
 protected:
  Verdict ask(const env::Datagram& request) {
    answer.size = 0;
    const Verdict verdict = responder.prepare(CommonAnswer(state, request.stamp.time), request, answer, departure);
    if (verdict == Verdict::Answer) finish_at(LocalTime::from_seconds(1'800'000'000, 750'000'001));
    return verdict;
  }
  // As if the clock read just this when the answer leaves.
  void finish_at(LocalTime local) {
    discipline::OwnState exact = state;
    exact.local_minus_raw = Duration::zero();
    exact.local_rate = Frequency::zero();
    responder.finish(Leaving(exact, RawTime::from_nanos(local.nanos())), answer, departure);
  }
  ntp::Header header() const {
    const auto view = ntp::PacketView::parse(answer.bytes());
    EXPECT_TRUE(view.ok());
    return view.header();
  }

  SeededRandom random{20260803};
  EntropyPool entropy{[this](std::span<std::byte> out) {
    for (auto& b : out) b = static_cast<std::byte>(random.next());
  }};
  AccessTable access = everybody();
  Responder responder{access, entropy};
  discipline::OwnState state = synchronised();
  env::Datagram answer;
  Departure departure;
};

// The whole table, of all versions.
TEST_F(ResponderTest, every_version_and_mode) {
  for (const Family family : {Family::Inet4, Family::Inet6}) {
    for (int version = 0; version < 8; ++version) {
      for (int mode = 0; mode < 8; ++mode) {
        for (const std::uint16_t port : {std::uint16_t{123}, std::uint16_t{124}}) {
          auto request = make_request(version, static_cast<Mode>(mode), family);
          request.peer.port = port;
          const Verdict verdict = ask(request);
          const bool good_version = version >= 1 && version <= 4;
          std::optional<Mode> expected;
          if (good_version && mode == 3) expected = Mode::Server;
          if (good_version && mode == 1) expected = Mode::SymmetricPassive;
          if (version == 1 && mode == 0 && port != 123) expected = Mode::Server;
          const std::string which = "version " + std::to_string(version) + " mode " + std::to_string(mode);
          if (expected) {
            ASSERT_EQ(verdict, Verdict::Answer) << which;
            EXPECT_EQ(header().mode, *expected) << which;
            EXPECT_EQ(header().version, version) << which;
            EXPECT_EQ(answer.peer, request.peer);
          } else {
            EXPECT_EQ(verdict, good_version ? Verdict::BadMode : Verdict::BadVersion) << which;
            EXPECT_EQ(answer.size, 0u);
          }
        }
      }
    }
  }
}

TEST_F(ResponderTest, fields_of_a_synchronised_server) {
  auto request = make_request(4, Mode::Client);
  request.peer.scope = 9;
  ASSERT_EQ(ask(request), Verdict::Answer);
  const ntp::Header h = header();
  EXPECT_EQ(h.leap, ntp::Leap::Insert);
  EXPECT_EQ(h.stratum, 3);
  EXPECT_EQ(h.poll, 6);
  EXPECT_EQ(h.precision, -24);
  EXPECT_EQ(h.ref_id.value, 0xc0000207u);
  EXPECT_EQ(h.origin.bits, 0x0123456789abcdefu);
  EXPECT_EQ(h.reference, ntp::NtpTimestamp::from(state.reference_time));
  EXPECT_EQ(h.root_delay, ntp::NtpShort::from(state.root_delay));
  EXPECT_NEAR(h.root_dispersion.to_duration().to_seconds(), 0.003 + 1000 * 20e-6, 2e-5);
  EXPECT_EQ(answer.local, request.local);
  EXPECT_EQ(answer.interface_index, request.interface_index);
  EXPECT_EQ(answer.peer.scope, 9u);
  EXPECT_FALSE(answer.want_stamp);
}

// It would say that the request came just now, and a client that believes it is wrong by half of the wait.
TEST_F(ResponderTest, what_has_waited_gets_no_answer) {
  auto request = make_request(4, Mode::Client);
  request.waited = true;
  EXPECT_EQ(ask(request), Verdict::TooLate);
  request.waited = false;
  EXPECT_EQ(ask(request), Verdict::Answer);
}

TEST_F(ResponderTest, stamps_are_on_the_local_scale_within_the_precision) {
  const double precision_s = std::ldexp(1.0, state.precision_log2);
  for (int i = 0; i < 1000; ++i) {
    const auto request = make_request(4, Mode::Client);
    ASSERT_EQ(ask(request), Verdict::Answer);
    const auto arrived = ntp::NtpTimestamp::from(state.to_local(request.stamp.time));
    EXPECT_LT(abs(header().receive.minus(arrived)).to_seconds(), precision_s);
    // 250 ms and 10 ppm over 999.5 s ahead of the clock as read.
    EXPECT_NEAR(header().receive.minus(ntp::NtpTimestamp::from(request.stamp.time)).to_seconds(), 0.259995, 1e-6);
    const auto sent = ntp::NtpTimestamp::from(LocalTime::from_seconds(1'800'000'000, 750'000'001));
    EXPECT_LT(abs(header().transmit.minus(sent)).to_seconds(), precision_s);
  }
}

TEST_F(ResponderTest, fuzz_covers_the_bits_below_the_precision) {
  std::uint64_t receive_or = 0, receive_and = ~0ull, transmit_or = 0, transmit_and = ~0ull;
  for (int i = 0; i < 2000; ++i) {
    ASSERT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
    receive_or |= header().receive.bits;
    receive_and &= header().receive.bits;
    transmit_or |= header().transmit.bits;
    transmit_and &= header().transmit.bits;
  }
  EXPECT_EQ(receive_or ^ receive_and, 0xfeu);  // 2^-24 s: the lowest eight bits, but the one that is fixed
  EXPECT_EQ(transmit_or ^ transmit_and, 0xfeu);
}

TEST_F(ResponderTest, lowest_bit_tells_receive_from_transmit_stamps) {
  for (int precision : {-32, -31, -30, -24, -10, 0}) {
    state.precision_log2 = static_cast<std::int8_t>(precision);
    for (int i = 0; i < 200; ++i) {
      ASSERT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
      EXPECT_EQ(header().receive.bits & 1, 1u);
      EXPECT_EQ(header().transmit.bits & 1, 0u);
    }
  }
}

// A client that guesses our stamp must not get it back as origin and receive or transmit stamp alike.
TEST_F(ResponderTest, stamps_of_one_answer_differ) {
  state.precision_log2 = -31;
  const auto received = ntp::NtpTimestamp::from(state.to_local(make_request(4, Mode::Client).stamp.time));
  const auto sent = ntp::NtpTimestamp::from(LocalTime::from_seconds(1'800'000'000, 750'000'001));
  for (const auto base : {received, sent}) {
    for (std::uint64_t low = 0; low < 8; ++low) {
      for (int i = 0; i < 50; ++i) {
        auto request = make_request(4, Mode::Client);
        store_be(request.data.data() + 40, base.bits ^ low);
        ASSERT_EQ(ask(request), Verdict::Answer);
        const auto h = header();
        EXPECT_NE(h.receive, h.origin);
        EXPECT_NE(h.transmit, h.origin);
        EXPECT_NE(h.transmit, h.receive);
      }
    }
  }
}

TEST_F(ResponderTest, a_transmit_stamp_is_never_zero) {
  constexpr std::int64_t kEra1 = 2'085'978'496;
  state.precision_log2 = -31;
  for (int i = 0; i < 200; ++i) {
    for (const std::uint64_t origin : {0u, 2u, 4u, 6u}) {
      auto request = make_request(4, Mode::Client);
      store_be(request.data.data() + 40, origin);
      ASSERT_EQ(responder.prepare(CommonAnswer(state, request.stamp.time), request, answer, departure),
                Verdict::Answer);
      finish_at(LocalTime::from_seconds(kEra1));
      EXPECT_FALSE(header().transmit.is_zero());
      EXPECT_NE(header().transmit, header().origin);
    }
  }
}

// A client is told smoothed time in all three stamps; a peer measures our clock as it is.
TEST_F(ResponderTest, smoothed_time_is_served_to_clients) {
  ASSERT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
  const ntp::Header plain = header();
  state.smoothing = {LocalTime::from_seconds(1'800'000'000), Duration::seconds(-0.4), Frequency::ppm(20), 1e-9};
  ASSERT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
  const ntp::Header smoothed = header();
  EXPECT_EQ(smoothed.ref_id, ntp::kSmoothedRefId);
  EXPECT_EQ(smoothed.leap, ntp::Leap::Insert);
  EXPECT_NEAR(smoothed.reference.minus(plain.reference).to_seconds(), -0.4, 1e-4);
  EXPECT_NEAR(smoothed.receive.minus(plain.receive).to_seconds(), -0.4, 1e-4);
  EXPECT_NEAR(smoothed.transmit.minus(plain.transmit).to_seconds(), -0.4, 1e-4);

  ASSERT_EQ(ask(make_request(4, Mode::SymmetricActive)), Verdict::Answer);
  EXPECT_EQ(header().ref_id, plain.ref_id);
  EXPECT_EQ(header().reference, plain.reference);
  EXPECT_NEAR(header().receive.minus(plain.receive).to_seconds(), 0.0, 1e-6);
  EXPECT_NEAR(header().transmit.minus(plain.transmit).to_seconds(), 0.0, 1e-6);
}

TEST_F(ResponderTest, an_offset_below_the_precision_is_not_called_smoothed) {
  state.smoothing = {LocalTime::from_seconds(1'800'000'000), Duration::nanos(50), {}, 0.0};
  ASSERT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
  EXPECT_NE(header().ref_id, ntp::kSmoothedRefId);
}

TEST_F(ResponderTest, a_smeared_leap_second_is_hidden_from_clients) {
  state.hide_leap = true;
  ASSERT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
  EXPECT_EQ(header().leap, ntp::Leap::Normal);
  ASSERT_EQ(ask(make_request(4, Mode::SymmetricActive)), Verdict::Answer);
  EXPECT_EQ(header().leap, ntp::Leap::Insert);
}

// Not synchronised stays so: hiding is for announcements only.
TEST_F(ResponderTest, not_synchronised_is_never_hidden) {
  state = discipline::OwnState();
  state.hide_leap = true;
  ASSERT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
  EXPECT_EQ(header().leap, ntp::Leap::Unsynchronised);
}

TEST_F(ResponderTest, not_synchronised) {
  state = discipline::OwnState();
  ASSERT_EQ(ask(make_request(3, Mode::Client)), Verdict::Answer);
  const ntp::Header h = header();
  EXPECT_EQ(h.leap, ntp::Leap::Unsynchronised);
  EXPECT_EQ(h.stratum, 0);
  EXPECT_EQ(h.root_delay.bits, 0x10000u);
  EXPECT_EQ(h.root_dispersion.bits, 0x10000u);
  EXPECT_EQ(h.ref_id.value, 0u);
  EXPECT_TRUE(h.reference.is_zero());
}

TEST_F(ResponderTest, stratum_16_is_sent_as_0) {
  for (const int stratum : {15, 16, 17, 255}) {
    state.stratum = static_cast<ntp::Stratum>(stratum);
    ASSERT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
    EXPECT_EQ(header().stratum, stratum < 16 ? stratum : 0);
  }
}

TEST_F(ResponderTest, poll_is_the_clients_own) {
  for (const int poll : {-128, -20, -19, -6, 0, 6, 17, 127}) {
    auto request = make_request(4, Mode::Client);
    request.data[2] = static_cast<std::byte>(poll);
    ASSERT_EQ(ask(request), Verdict::Answer);
    EXPECT_EQ(header().poll, std::max(poll, -19));
  }
}

TEST_F(ResponderTest, version_1_mode_0_only_from_a_clients_port) {
  auto request = make_request(1, Mode::Reserved);
  EXPECT_EQ(ask(request), Verdict::Answer);
  request.peer.port = 123;
  EXPECT_EQ(ask(request), Verdict::BadMode);
}

TEST_F(ResponderTest, every_length) {
  for (std::size_t size = 0; size <= env::kMaxDatagram + 200; ++size) {
    auto request = make_request(4, Mode::Client);
    request.size = size;
    const Verdict verdict = ask(request);
    if (size == 48) {
      EXPECT_EQ(verdict, Verdict::Answer);
    } else if (size < 48 || size > 1140 || size % 4 != 0) {
      EXPECT_EQ(verdict, Verdict::BadLength) << size;
    } else {
      EXPECT_NE(verdict, Verdict::Answer) << size;  // zeros are neither fields nor, in size, a good MAC
    }
  }
}

// A datagram longer than the buffer arrives as its first 1140 octets, which alone could pass for a packet.
TEST_F(ResponderTest, a_cut_datagram_is_refused) {
  auto request = make_request(3, Mode::Client);
  request.size = env::kMaxDatagram + 1;
  EXPECT_EQ(ask(request), Verdict::BadLength);
}

void add_field(env::Datagram& to, std::uint16_t type, std::size_t length) {
  store_be(to.data.data() + to.size, type);
  store_be(to.data.data() + to.size + 2, static_cast<std::uint16_t>(length));
  to.size += length;
}

TEST_F(ResponderTest, unknown_fields_are_ignored_and_not_echoed) {
  for (const int type : {0x010a, 0xf323, 0x0002, 0xffff, 0x0404 + 1}) {
    auto request = make_request(4, Mode::Client);
    add_field(request, 0x1234, 16);
    add_field(request, static_cast<std::uint16_t>(type), 400);
    ASSERT_EQ(ask(request), Verdict::Answer);
    EXPECT_EQ(answer.size, 48u);
  }
}

TEST_F(ResponderTest, fields_of_nts_want_authentication) {
  for (const int type : {0x0104, 0x0204, 0x0304, 0x0404}) {
    auto request = make_request(4, Mode::Client);
    add_field(request, 0x1234, 16);
    add_field(request, static_cast<std::uint16_t>(type), 36);
    EXPECT_EQ(ask(request), Verdict::BadAuth) << type;
  }
}

TEST_F(ResponderTest, macs_and_crypto_naks_are_not_answered) {
  for (int version = 1; version <= 4; ++version) {
    for (const std::size_t extra : {4u, 20u, 24u, 36u, 68u, 72u}) {
      auto request = make_request(version, Mode::Client);
      request.size += extra;
      const Verdict verdict = ask(request);
      const bool fits = version < 4 || extra <= 24;
      EXPECT_EQ(verdict, fits ? Verdict::BadAuth : Verdict::BadExtensions) << version << " " << extra;
    }
  }
}

TEST_F(ResponderTest, access_is_asked_before_the_mode) {
  access = AccessTable();
  EXPECT_EQ(ask(make_request(4, Mode::Client)), Verdict::Denied);
  EXPECT_EQ(ask(make_request(4, Mode::Server)), Verdict::Denied);
  EXPECT_EQ(ask(make_request(4, Mode::Client, Family::Inet6)), Verdict::Denied);
}

TEST_F(ResponderTest, port_0_cannot_be_answered) {
  auto request = make_request(4, Mode::Client);
  request.peer.port = 0;
  EXPECT_EQ(ask(request), Verdict::BadSource);
}

// CVE-2010-0292, CVE-2025-58066: two servers whose answers are taken for requests keep each other
// busy for ever after one spoofed packet.
TEST_F(ResponderTest, cve_class_server_never_replies_to_replies) {
  for (int version = 1; version <= 4; ++version) {
    for (const Mode mode : {Mode::Client, Mode::SymmetricActive, Mode::Reserved}) {
      if (ask(make_request(version, mode)) != Verdict::Answer) continue;
      env::Datagram echoed = answer;  // as if another server had sent it to us
      for (const std::uint16_t port : {std::uint16_t{123}, std::uint16_t{40000}}) {
        echoed.peer.port = port;
        EXPECT_EQ(ask(echoed), Verdict::BadMode);
      }
    }
  }
}

// CVE-2013-5211 and kin: nothing that leaves is longer than what came in, whatever came in.
TEST_F(ResponderTest, cve_class_no_amplification) {
  SeededRandom noise(5);
  int answered = 0;
  for (int i = 0; i < 30000; ++i) {
    env::Datagram request = make_request(static_cast<int>(1 + noise.below(4)), static_cast<Mode>(noise.below(8)));
    request.size = noise.below(4) == 0 ? 48 : noise.below(300);
    for (std::size_t at = noise.below(16) == 0 ? 0 : 48; at < request.size; ++at) {
      request.data[at] = static_cast<std::byte>(noise.below(3) == 0 ? noise.next() : 0);
    }
    if (noise.below(2) == 0) request.size = request.size / 4 * 4;
    if (ask(request) != Verdict::Answer) continue;
    ++answered;
    ASSERT_LE(answer.size, request.size);
    ASSERT_TRUE(header().mode == Mode::Server || header().mode == Mode::SymmetricPassive);
  }
  EXPECT_GT(answered, 100);
}

// Every pair of first octets with lengths of each kind, and every length up to an Ethernet frame's with every first
// octet.
TEST_F(ResponderTest, NoAnswerIsLongerWhateverTheFirstOctetsAndTheLength) {
  env::Datagram request = make_request(4, Mode::Client);
  const CommonAnswer common(state, request.stamp.time);
  std::size_t answered = 0;
  const auto check = [&](unsigned first, unsigned second, std::size_t size) {
    request.data[0] = static_cast<std::byte>(first);
    request.data[1] = static_cast<std::byte>(second);
    request.size = size;
    answer.size = env::kMaxDatagram;
    if (!is_answered(responder.prepare(common, request, answer, departure))) return;
    ++answered;
    const auto asked = ntp::mode_of(request.data[0]), said = ntp::mode_of(answer.data[0]);
    const bool right = said == (asked == Mode::SymmetricActive ? Mode::SymmetricPassive : Mode::Server);
    const bool is_request = asked == Mode::Client || asked == Mode::SymmetricActive || asked == Mode::Reserved;
    ASSERT_TRUE(answer.size <= size && right && is_request) << first << ' ' << second << ' ' << size;
  };
  for (unsigned octets = 0; octets < 65536; ++octets) {
    for (const std::size_t size :
         {std::size_t{0}, std::size_t{1}, std::size_t{12}, std::size_t{47}, std::size_t{48}, std::size_t{49},
          std::size_t{52}, std::size_t{68}, std::size_t{76}, std::size_t{1140}, std::size_t{1144}, std::size_t{1500}}) {
      check(octets >> 8, octets & 255, size);
    }
  }
  // Three modes of version 1 and two of the others, with any leap bits.
  EXPECT_GE(answered, std::size_t{256} * 4 * (3 + 3 * 2));
  for (unsigned first = 0; first < 256; ++first) {
    for (std::size_t size = 0; size <= 1500; ++size) check(first, 0, size);
  }
}

// The same datagram twice, or one with a spoofed source, is answered afresh: nothing is remembered of it.
TEST_F(ResponderTest, replays_change_nothing) {
  const auto request = make_request(4, Mode::SymmetricActive);
  ASSERT_EQ(ask(request), Verdict::Answer);
  const auto first = header();
  for (int i = 0; i < 100; ++i) {
    ASSERT_EQ(ask(request), Verdict::Answer);
    auto again = header();
    again.receive = first.receive;
    again.transmit = first.transmit;
    EXPECT_EQ(again, first);
  }
}

class LoggedResponderTest : public ResponderTest {
 protected:
  void keep_clients(const RateLimitOptions& limit = {}) {
    ServiceLimits limits;
    limits.of[0] = limit;
    log.emplace(ClientLog{ClientTable(64, limits, entropy), InterleaveMap(64)});
    responder.use_clients(&*log, limit.enabled ? static_cast<std::int8_t>(limit.interval) : Responder::kNoLeastPoll);
  }
  // A request of a client that is in interleaved mode with whoever had this stamp.
  env::Datagram interleaved_request(ntp::NtpTimestamp origin, int version = 4) {
    auto request = make_request(version, Mode::Client);
    auto asked = ntp::PacketView::parse(request.bytes()).header();
    asked.origin = origin;
    asked.receive = {random.next()};
    asked.transmit = {random.next()};
    ntp::write_header(asked, std::span(request.data).first<ntp::kHeaderSize>());
    return request;
  }

  std::optional<ClientLog> log;
};

TEST_F(LoggedResponderTest, TheThirdAnswerOfAClientInInterleavedModeIsTheFirst) {
  keep_clients();
  ASSERT_EQ(ask(interleaved_request({})), Verdict::Answer);
  EXPECT_FALSE(answer.want_stamp) << "who begins may be no such client";
  const auto first = header();
  auto request = interleaved_request(first.receive);
  ASSERT_EQ(ask(request), Verdict::Answer);
  const auto second = header();
  EXPECT_EQ(second.origin, ntp::PacketView::parse(request.bytes()).header().transmit) << "basic";
  EXPECT_TRUE(answer.want_stamp);
  const ntp::NtpTimestamp left{second.receive.bits + 12'345'678};
  log->stamps.correct(second.receive, {left, env::StampSource::Kernel});
  request = interleaved_request(second.receive);
  ASSERT_EQ(ask(request), Verdict::Answer);
  const auto third = header();
  EXPECT_EQ(third.origin, ntp::PacketView::parse(request.bytes()).header().receive);
  EXPECT_LE(std::abs(third.transmit.minus(left).to_seconds()), 1e-7) << "but for what lies below the precision";
  EXPECT_EQ(third.transmit.bits & 1, 0u);
  EXPECT_NE(third.receive, second.receive);
  ASSERT_EQ(ask(interleaved_request(second.receive)), Verdict::Answer);
  EXPECT_NE(header().transmit, third.transmit) << "once only: another may have seen the stamp";
}

TEST_F(LoggedResponderTest, OnlyRequestsThatCanBeInterleavedAre) {
  keep_clients();
  ASSERT_EQ(ask(interleaved_request({1})), Verdict::Answer);
  const auto known = header().receive;
  ASSERT_EQ(ask(interleaved_request(known, 3)), Verdict::Answer);
  EXPECT_FALSE(answer.want_stamp) << "version 3";
  ASSERT_EQ(ask(interleaved_request({known.bits & ~std::uint64_t{1}})), Verdict::Answer);
  EXPECT_FALSE(answer.want_stamp) << "one of our transmit stamps";
  auto same = interleaved_request(known);
  auto asked = ntp::PacketView::parse(same.bytes()).header();
  asked.receive = asked.transmit;
  ntp::write_header(asked, std::span(same.data).first<ntp::kHeaderSize>());
  ASSERT_EQ(ask(same), Verdict::Answer);
  EXPECT_FALSE(answer.want_stamp) << "its stamps are one";
  ASSERT_EQ(ask(interleaved_request({0x1234567800000001})), Verdict::Answer);
  EXPECT_NE(header().origin, ntp::NtpTimestamp{}) << "an unknown stamp gets a basic answer";
  EXPECT_EQ(log->stamps.size(), 2u);
}

TEST_F(LoggedResponderTest, WhoAsksTooOftenIsNotAnswered) {
  keep_clients({true, 6, 4, 4, 0});
  int answered = 0;
  for (int i = 0; i < 400; ++i) {
    const Verdict verdict = ask(make_request(4, Mode::Client));
    ASSERT_TRUE(verdict == Verdict::Answer || verdict == Verdict::RateLimited);
    answered += verdict == Verdict::Answer;
  }
  EXPECT_GE(answered, 4 + 10);
  EXPECT_LE(answered, 4 + 50) << "one in 16 leaks";
  auto other = make_request(4, Mode::Client);
  other.peer.address = IpAddress::v4(0x0a090909);
  ASSERT_EQ(ask(other), Verdict::Answer);
  EXPECT_EQ(header().poll, std::max<int>(ntp::PacketView::parse(other.bytes()).header().poll, 6));
}

TEST_F(LoggedResponderTest, OnlyThoseOfTheTableAreLimited) {
  keep_clients({true, 12, 1, 1, 0});
  AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(IpAddress::v4(0x0a090000), 16)};
  const AccessTable limited = AccessList(std::vector<AccessRule>{rule}).compile();
  responder.limit_only(&limited);
  auto one = make_request(4, Mode::Client), other = one;
  one.peer.address = IpAddress::v4(0x0a090909);
  other.peer.address = IpAddress::v4(0x0a0a0a0a);
  int dropped = 0;
  for (int i = 0; i < 100; ++i) {
    dropped += ask(one) == Verdict::RateLimited;
    ASSERT_EQ(ask(other), Verdict::Answer);
  }
  EXPECT_GT(dropped, 20);
}

TEST_F(LoggedResponderTest, AKissOfDeathSaysRateAndNothingOfTheClock) {
  keep_clients({true, 6, 1, 4, 1});
  int kisses = 0;
  for (int i = 0; i < 100; ++i) {
    if (ask(make_request(4, Mode::Client)) != Verdict::KissOfDeath) continue;
    finish_at(LocalTime::from_seconds(1'800'000'000, 750'000'001));
    ++kisses;
    EXPECT_EQ(header().leap, ntp::Leap::Unsynchronised);
    EXPECT_EQ(header().stratum, 0);
    EXPECT_EQ(header().ref_id, ntp::RefId{0x52415445});
    EXPECT_EQ(answer.size, ntp::kHeaderSize);
    EXPECT_FALSE(header().transmit.is_zero());
  }
  EXPECT_GT(kisses, 20);
}

TEST_F(LoggedResponderTest, WhoMayNotAskIsNotNoted) {
  access = AccessTable();
  keep_clients();
  EXPECT_EQ(ask(make_request(4, Mode::Client)), Verdict::Denied);
  for (std::size_t i = 0; i < log->clients.size(); ++i) EXPECT_FALSE(log->clients.report(i, 0));
}

TEST_F(ResponderTest, TheFieldOfAClockThatIsNeverMovedIsAnswered) {
  state.moved = Duration::seconds(2);
  auto request = make_request(4, Mode::Client);
  ntp::write_mono_root({}, std::span(request.data).subspan<ntp::kHeaderSize, ntp::kMonoRootSize>());
  request.size = ntp::kHeaderSize + ntp::kMonoRootSize;
  ASSERT_EQ(ask(request), Verdict::Answer);
  ASSERT_EQ(answer.size, request.size);
  const auto view = ntp::PacketView::parse(answer.bytes());
  ASSERT_TRUE(view.ok());
  const auto field = ntp::find_mono_root(view.extensions());
  ASSERT_TRUE(field);
  EXPECT_NEAR(field->root_delay.to_seconds(), 0.012, 1e-8);
  EXPECT_NEAR(view.header().receive.minus(field->receive).to_seconds(), 2.0, 1e-6);
  state.steps = 1;
  ASSERT_EQ(ask(request), Verdict::Answer);
  const auto later = ntp::find_mono_root(ntp::PacketView::parse(answer.bytes()).extensions());
  ASSERT_TRUE(later);
  EXPECT_NE(later->epoch, field->epoch);
  state.smoothing.offset = Duration::millis(1);
  ASSERT_EQ(ask(request), Verdict::Answer);
  EXPECT_TRUE(ntp::find_mono_root(ntp::PacketView::parse(answer.bytes()).extensions())->receive.is_zero());
}

}  // namespace
}  // namespace timed::server
