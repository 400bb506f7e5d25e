// The requests of our own against the byte tables of docs/control-protocol.md.
#include "timed/control/own_reports.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/unit/control/exchanges.h"
#include "timed/control/control_server.h"

namespace timed::control {
namespace {

constexpr std::uint32_t kSequence = 0x4a80571b;

// Both directions, with zeros up to the length.
void check_request(const Request& request, std::string_view code, std::string_view body, std::size_t length) {
  std::string text = "06010000 ";
  text.append(code).append("0000 4a80571b 00000000 00000000").append(body);
  const Bytes bytes = from_hex(text, length);
  EXPECT_EQ(request_bytes(request, kSequence), bytes) << code;
  EXPECT_EQ(read_request(code_of(request), bytes), request) << code;
}

// `code`: of the reply; `asked`: of the request, where it is another.
Bytes check_reply(const Request& request, const ReplyBody& body, std::string_view code, std::string_view rest,
                  std::size_t length, std::string_view asked = "") {
  const RequestHeader header = header_of(request, kSequence);
  std::string text = "06020000 ";
  text.append(asked.empty() ? code : asked)
      .append(code)
      .append("0000 00000000 0000 4a80571b 00000000 00000000")
      .append(rest);
  const Bytes bytes = from_hex(text, length);
  EXPECT_EQ(reply_bytes(header, {ReplyStatus::Success, body}), bytes);
  EXPECT_EQ(receive_reply(bytes, header).body, std::optional<ReplyBody>(body));
  return bytes;
}

// `size` zeros in hexadecimal behind a text.
std::string padded(std::string_view text, std::size_t size) {
  std::string hex;
  constexpr char kDigits[] = "0123456789abcdef";
  for (const char c : text)
    hex.append({kDigits[static_cast<unsigned>(c) / 16], kDigits[static_cast<unsigned>(c) % 16]});
  return hex.append((size - text.size()) * 2, '0');
}

TEST(OwnRequests, AreAsLongAsTheirReplies) {
  check_request(DaemonStatusRequest{}, "4000", "", 420);
  check_request(ReloadChangeRequest{7}, "4001", "00000007", 456);
  check_request(ServerVerdictsRequest{}, "4002", "", 284);
  check_request(SourceVerdictsRequest{-1}, "4003", "ffffffff", 140);
  check_request(NtsServerRequest{}, "4004", "", 220);
  check_request(SourceEstimatorRequest{9}, "4005", "00000009", 168);
}

TEST(OwnRequests, StandBehindThoseOfChrony) {
  EXPECT_EQ(request_place(74), std::optional<std::size_t>(74));
  EXPECT_EQ(request_place(75), std::nullopt);
  EXPECT_EQ(request_place(0x3fff), std::nullopt);
  EXPECT_EQ(request_place(0x4000), std::optional<std::size_t>(75));
  EXPECT_EQ(request_place(0x4003), std::optional<std::size_t>(78));
  EXPECT_EQ(request_place(0x4004), std::optional<std::size_t>(79));
  EXPECT_EQ(request_place(0x4005), std::optional<std::size_t>(80));
  EXPECT_EQ(request_place(0x4006), std::nullopt);
  EXPECT_EQ(request_place(0xffff), std::nullopt);
  EXPECT_EQ(reply_length(0x3fff), 0u);
  EXPECT_EQ(reply_length(0x4006), 168u) << "a reply to 0x4005";
  EXPECT_EQ(reply_length(0x4007), 0u);
}

TEST(DaemonStatus, StandsOnTheWireAsItMust) {
  DaemonStatusReply r;
  r.version = "1.2";
  r.config_file = "/etc/t";
  r.started = {1795392466, 5};
  r.uptime_seconds = 1;
  r.steers = true;
  r.serves = true;
  r.own_steps = 2;
  r.other_steps = 3;
  r.sleeps = 4;
  r.standstills = 5;
  r.pauses = 6;
  r.longest_delay = Duration::seconds(0.5);
  r.since_incident = 7;
  r.since_reload = 8;
  r.kept = 9;
  r.added = 10;
  r.removed = 11;
  r.refused = 12;
  r.passed_over = 13;
  EXPECT_EQ(r.reload_changes(), 55u);
  check_reply(DaemonStatusRequest{}, r, "4000",
              padded("1.2", 64) + padded("/etc/t", 256) +
                  "00000000 6b0383d2 00000005 00000001 00000003 00000002 00000003 00000004 00000005 00000006 02800000"
                  "00000007 00000008 00000009 0000000a 0000000b 0000000c 0000000d",
              420);
}

TEST(DaemonStatus, SaysTheTwoFlagsApart) {
  for (const bool steers : {false, true}) {
    DaemonStatusReply r;
    r.steers = steers;
    r.serves = !steers;
    const RequestHeader header = header_of(DaemonStatusRequest{}, 1);
    const auto told = body_of<DaemonStatusReply>(receive_reply(reply_bytes(header, {ReplyStatus::Success, r}), header));
    EXPECT_EQ(told.steers, steers);
    EXPECT_EQ(told.serves, !steers);
  }
}

TEST(DaemonStatus, KeepsTheEndOfALongPathAndNothingThatSteersATerminal) {
  DaemonStatusReply r;
  r.version = "\x1b[2Jx y";
  r.config_file = "/" + std::string(300, 'a') + "/end";
  const RequestHeader header = header_of(DaemonStatusRequest{}, 1);
  const auto told = body_of<DaemonStatusReply>(receive_reply(reply_bytes(header, {ReplyStatus::Success, r}), header));
  EXPECT_EQ(told.version, "?[2Jx y");
  EXPECT_EQ(told.config_file, std::string(251, 'a') + "/end");
}

TEST(ReloadChange, StandsOnTheWireAsItMust) {
  ReloadChangeReply r;
  r.change = ReloadChangeReply::Change::Refused;
  r.kind = ReloadChangeReply::Kind::Pool;
  r.reason = ReplyStatus::SourceAlreadyKnown;
  r.name = "ntp.example";
  const Bytes bytes =
      check_reply(ReloadChangeRequest{}, r, "4001", "0003 0002 000b 0000 00000000" + padded("ntp.example", 256), 456);
  r = {};
  r.change = ReloadChangeReply::Change::PassedOver;
  r.line = 3;
  r.file = "/d/x.sources";
  check_reply(ReloadChangeRequest{}, r, "4001",
              "0004 0003 0000 0000 00000003" + padded("", 256) + padded("/d/x.sources", 160), 456);

  const RequestHeader header = header_of(ReloadChangeRequest{}, kSequence);
  for (const std::size_t at : {29u, 31u}) {  // a change and a kind that do not exist
    Bytes wrong = bytes;
    wrong[at] = std::byte{9};
    EXPECT_FALSE(receive_reply(wrong, header).body) << at;
  }
}

TEST(ServerVerdicts, AreThirtyTwoCounters) {
  ServerVerdictsReply r;
  r.answered = 1;
  r.kiss_of_death = 2;
  r.bad_length = 3;
  r.bad_version = 4;
  r.bad_extensions = 5;
  r.bad_source = 6;
  r.bad_mode = 7;
  r.denied = 8;
  r.bad_auth = 9;
  r.rate_limited = 10;
  r.to_sources = 11;
  r.ntpq = 12;
  r.lost_on_the_way = 13;
  r.unsent_no_room = 14;
  r.unsent_no_route = 15;
  r.unsent_forbidden = 16;
  r.unsent_other = 17;
  r.missing_stamps = 18;
  r.cmd_answered = 19;
  r.cmd_refused = 20;
  r.cmd_not_admitted = 21;
  r.cmd_wrong_size = 22;
  r.cmd_no_request = 23;
  r.cmd_rate_limited = 24;
  r.cmd_old_version = 25;
  r.cmd_bad_version = 26;
  r.cmd_unknown = 27;
  r.cmd_bad_length = 28;
  r.cmd_unauthorised = 29;
  r.cmd_too_long = 30;
  r.cmd_unsent = 31;
  r.too_late = 32;
  std::string body;
  for (unsigned char i = 1; i <= 32; ++i) body.append(14, '0').append(padded({reinterpret_cast<char*>(&i), 1}, 1));
  check_reply(ServerVerdictsRequest{}, r, "4002", body, 284);
}

TEST(SourceVerdicts, StandOnTheWireAsTheyMust) {
  SourceVerdictsReply r;
  r.address = IpAddress::v4(0x01020304);
  r.sent = 1;
  r.unsent = 2;
  r.received = 3;
  r.verdicts = {4, 5, 6, 7, 8, 9};
  r.failed = {10, 11, 12, 13, 14, 15, 16, 17, 18, 19};
  r.late = 20;
  r.kisses = 21;
  r.last_verdict = SourceVerdictsReply::Verdict::Rejected;
  r.last_failed = 0x208;
  r.since_last = 22;
  const Bytes bytes = check_reply(
      SourceVerdictsRequest{}, r, "4003",
      "01020304 00000000 00000000 00000000 00010000 00000001 00000002 00000003 00000004 00000005 00000006 00000007"
      "00000008 00000009 0000000a 0000000b 0000000c 0000000d 0000000e 0000000f 00000010 00000011 00000012 00000013"
      "00000014 00000015 0004 0208 00000016",
      140);
  const RequestHeader header = header_of(SourceVerdictsRequest{}, kSequence);
  Bytes none = bytes;
  none[132] = none[133] = std::byte{0xff};
  EXPECT_FALSE(body_of<SourceVerdictsReply>(receive_reply(none, header)).last_verdict);
  Bytes wrong = bytes;
  wrong[133] = std::byte{6};
  EXPECT_FALSE(receive_reply(wrong, header).body) << "there is no such verdict";
  wrong = bytes;
  wrong[134] = std::byte{4};
  EXPECT_FALSE(receive_reply(wrong, header).body) << "there are ten tests";
}

TEST(NtsServer, StandsOnTheWireAsItMust) {
  NtsServerReply r;
  r.origin = NtsServerReply::Origin::Derived;
  r.serves = true;
  r.key_age = 5;
  r.next_change = 6;
  r.keys = {{{0x11, 15}, {0x12, 30}, {0x13, 15}, {0x14, 30}}};
  r.connections = 7;
  std::uint64_t n = 0;
  for (std::uint64_t* count :
       {&r.answered, &r.without_room, &r.malformed, &r.unknown_key, &r.bad_cookie, &r.not_authentic, &r.ke_served,
        &r.ke_denied, &r.ke_too_often, &r.ke_no_room, &r.ke_no_keys, &r.ke_timed_out, &r.ke_ended, &r.ke_not_ke,
        &r.ke_tls_failed, &r.ke_bad_request, &r.ke_no_agreement, &r.ke_failed}) {
    *count = ++n;
  }
  std::string body =
      "0003 0001 00000005 00000006 00000011 0000000f 00000012 0000001e 00000013 0000000f 00000014 0000001e 00000007";
  for (unsigned char i = 1; i <= 18; ++i) body.append(14, '0').append(padded({reinterpret_cast<char*>(&i), 1}, 1));
  const Bytes bytes = check_reply(NtsServerRequest{}, r, "4004", body, 220);
  Bytes wrong = bytes;
  wrong[29] = std::byte{4};
  EXPECT_FALSE(receive_reply(wrong, header_of(NtsServerRequest{}, kSequence)).body) << "there is no such origin";
}

TEST(SourceEstimator, StandsOnTheWireAsItMust) {
  SourceEstimatorReply r;
  r.address = IpAddress::v4(0x01020304);
  r.bayes = true;
  r.basis = SourceEstimatorReply::Basis::Smoother;
  r.samples = 5;
  r.recent = 6;
  r.offset_sd = Duration::seconds(0.5);
  r.frequency_sd_ppm = 1.0;
  r.wander = 2.0;
  r.noise_sd = Duration::seconds(4.0);
  r.base_delay = Duration::seconds(8.0);
  r.asymmetry = -0.5;
  std::uint64_t n = 0;
  for (std::uint64_t* count : {&r.updates, &r.runs, &r.rounds, &r.rejected, &r.fallbacks, &r.route_moves, &r.refused,
                               &r.jumps, &r.held_back}) {
    *count = ++n;
  }
  std::string body =
      "01020304 00000000 00000000 00000000 00010000 0001 0003 00000005 00000006 02800000 04800000 06800000 08800000"
      "0a800000 01000000";
  for (unsigned char i = 1; i <= 9; ++i) body.append(14, '0').append(padded({reinterpret_cast<char*>(&i), 1}, 1));
  r.bank_use = SourceEstimatorReply::BankUse::NoRun;
  r.begun_anew = 10;
  const Bytes bytes =
      check_reply(SourceEstimatorRequest{}, r, "4006", body + "0003 0000 00000000 0000000a", 168, "4005");
  const RequestHeader header = header_of(SourceEstimatorRequest{}, kSequence);
  for (const std::size_t at : {49u, 51u, 157u}) {  // an estimator, a basis and a use of the bank that do not exist
    Bytes wrong = bytes;
    wrong[at] = std::byte{4};
    EXPECT_FALSE(receive_reply(wrong, header).body) << at;
  }
  // Who knows no more asks and is told as ever.
  SourceEstimatorReply old = r;
  old.old = true;
  old.bank_use = SourceEstimatorReply::BankUse::None;
  old.begun_anew = 0;
  check_reply(SourceEstimatorRequest{0, true}, old, "4005", body, 156);
}

TEST(SourceEstimator, IsAskedForByItsLengthInTheLayoutThatIsKnown) {
  const auto read = [](std::size_t size) {
    return std::get<SourceEstimatorRequest>(*read_request(RequestCode::SourceEstimator, raw_request(0x4005, size)));
  };
  EXPECT_TRUE(read(156).old);
  EXPECT_TRUE(read(167).old);
  EXPECT_FALSE(read(168).old);
  EXPECT_FALSE(read(860).old);
}

TEST(OwnRequests, AreNotOpenOverUdpAndNeedTheirLength) {
  int executed = 0;
  const Execute execute = [&](const Request&) {
    ++executed;
    return Reply{};
  };
  std::array<std::byte, kMaxReply> into;
  const Sender udp{Transport::Udp, open_requests(ControlOptions().open_reports)};
  const Sender told{Transport::Udp, open_requests({OpenReport::Reloadstatus})};
  const Sender unix{Transport::Unix, {}};
  for (const std::uint16_t code :
       std::initializer_list<std::uint16_t>{0x4000, 0x4001, 0x4002, 0x4003, 0x4004, 0x4005}) {
    const std::size_t length = least_request_length(*request_row(code));
    EXPECT_EQ(answer(raw_request(code, length), udp, execute, into).verdict, Verdict::Unauthorised) << code;
    EXPECT_EQ(answer(raw_request(code, length - 1), unix, execute, into).verdict, Verdict::BadLength) << code;
    EXPECT_EQ(answer(raw_request(code, length), unix, execute, into).verdict, Verdict::Answered) << code;
    EXPECT_EQ(answer(raw_request(code, length), told, execute, into).verdict,
              code <= 0x4001 ? Verdict::Answered : Verdict::Unauthorised)
        << code;
  }
  EXPECT_EQ(executed, 8);
  EXPECT_EQ(answer(raw_request(0x4006, kMaxRequest), unix, execute, into).verdict, Verdict::Unknown);
}

}  // namespace
}  // namespace timed::control
