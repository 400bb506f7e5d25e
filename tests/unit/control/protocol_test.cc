#include "timed/control/protocol.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/unit/control/exchanges.h"

namespace timed::control {
namespace {

TEST(WorkedExample, Tracking) {
  const auto r = check_exchange<TrackingReply>(from_hex("06010000 00210000 4357504d", 104),
                                               from_hex("06020000 00210005 00000000 00000000"
                                                        "4357504d 00000000 00000000 cf404dc8"
                                                        "00000000 00000000 00000000 00000001"
                                                        "00020000 00030000 00000000 6b0383d2"
                                                        "2214d379 df620cb5 cb10147b d09412d1"
                                                        "ec82a7d5 e2b768f0 f2df4c53 e282647c"
                                                        "d8f66f95 0681ec0e"),
                                               TrackingRequest{});
  EXPECT_EQ(r.ref_id.value, 0xcf404dc8u);
  EXPECT_EQ(r.address, SourceAddress(IpAddress::loopback(Family::Inet6)));
  EXPECT_EQ(r.stratum, 3);
  EXPECT_EQ(r.leap, 0);
  EXPECT_EQ(r.ref_time, (WireTime{1795392466, 571790201}));
  EXPECT_NEAR(r.correction.to_seconds(), -2.35364382e-06, 1e-14);
  EXPECT_NEAR(r.last_offset.to_seconds(), 3.49129547e-09, 1e-17);  // our sign
  EXPECT_NEAR(r.rms_offset.to_seconds(), 1.72380243e-08, 1e-16);
  EXPECT_NEAR(r.frequency_ppm, -0.000249205768, 1e-12);           // our sign
  EXPECT_NEAR(r.residual_frequency_ppm, -1.09320827e-05, 1e-13);  // our sign
  EXPECT_NEAR(r.skew_ppm, 0.00340725924, 1e-11);
  EXPECT_NEAR(r.root_delay.to_seconds(), 7.77199966e-06, 1e-14);
  EXPECT_NEAR(r.root_dispersion.to_seconds(), 4.59022573e-07, 1e-15);
  EXPECT_NEAR(r.update_interval.to_seconds(), 2.03003263, 1e-8);
}

TEST(WorkedExample, NSources) {
  const auto r = check_exchange<NSourcesReply>(from_hex("06010000 000e0000 03d6e90a", 32),
                                               from_hex("06020000 000e0002 00000000 00000000"
                                                        "03d6e90a 00000000 00000000 00000005"),
                                               NSourcesRequest{});
  EXPECT_EQ(r.count, 5u);
}

TEST(WorkedExample, Activity) {
  const auto r = check_exchange<ActivityReply>(from_hex("06010000 002c0000 3110b9c0", 48),
                                               from_hex("06020000 002c000c 00000000 00000000"
                                                        "3110b9c0 00000000 00000000 00000003"
                                                        "00000000 00000000 00000000 00000001"),
                                               ActivityRequest{});
  EXPECT_EQ(r, (ActivityReply{3, 0, 0, 0, 1}));
}

TEST(WorkedExample, UnauthorisedAccheck) {
  const auto header =
      read_request_header(from_hex("06010000 00190000 7185f898 00000000"
                                   "00000000 01020304 00000000 00000000"
                                   "00000000 00010000"));
  ASSERT_TRUE(header);
  const Bytes expected = from_hex("06020000 00190001 00020000 00000000 7185f898 00000000 00000000");
  EXPECT_EQ(reply_bytes(*header, Reply::failure(ReplyStatus::Unauthorised)), expected);
  const Received received = receive_reply(expected, *header);
  EXPECT_EQ(received.arrival, Arrival::Accept);
  EXPECT_EQ(received.status, ReplyStatus::Unauthorised);
  EXPECT_FALSE(received.body);
}

// CVE-2012-4503: replies carried what was in memory before.
TEST(Cve2012x4503, EveryByteOfAReplyIsWritten) {
  NtpDataReply old;
  old.old = true;
  SourceEstimatorReply old_estimator;
  old_estimator.old = true;
  const ReplyBody bodies[] = {std::monostate{},
                              NSourcesReply{},
                              SourceDataReply{},
                              TrackingReply{},
                              AuthDataReply{},
                              SelectDataReply{},
                              NtpDataReply{},
                              old,
                              SourcestatsReply{},
                              ActivityReply{},
                              NtpSourceNameReply{"ntp"},
                              DaemonStatusReply{},
                              ReloadChangeReply{},
                              ServerVerdictsReply{},
                              SourceVerdictsReply{},
                              NtsServerReply{},
                              SourceEstimatorReply{},
                              old_estimator};
  for (const ReplyBody& body : bodies) {
    std::array<Bytes, 2> written{Bytes(kMaxReply, std::byte{0x55}), Bytes(kMaxReply, std::byte{0xaa})};
    for (Bytes& bytes : written) bytes.resize(write_reply(bytes, {kVersion, 1, 0, 2}, {ReplyStatus::Success, body}));
    EXPECT_EQ(written[0], written[1]);
    EXPECT_EQ(written[0].size(), reply_length(static_cast<std::uint16_t>(code_of(body))));
  }
}

TEST(Request, OfVersion5HasNoPadding) {
  EXPECT_EQ(request_bytes(TrackingRequest{}, 1, 5).size(), 20u);
  EXPECT_EQ(request_bytes(SourceDataRequest{3}, 1, 5),
            from_hex("05010000 000f0000 00000001 00000000 00000000 00000003"));
  EXPECT_EQ(request_bytes(NtpSourceNameRequest{}, 1, 5).size(), 40u);
}

TEST(Request, ThatDoesNotFitIsNotWritten) {
  Bytes small(103);
  EXPECT_EQ(write_request(small, header_of(TrackingRequest{}, 1), TrackingRequest{}), 0u);
  EXPECT_EQ(write_reply(small, header_of(TrackingRequest{}, 1), {ReplyStatus::Success, TrackingReply{}}), 0u);
}

TEST(Catalogue, HasTheLengthOfEveryRequest) {
  constexpr std::array<std::size_t, kRequestCodes> kLengths = {
      0,  60, 60, 68, 44,  44, 28, 44,  44,  28, 0,  40, 0,  28, 32,  76,  28,  44, 44,  44, 44, 44, 44, 44, 44,
      40, 40, 0,  0,  40,  28, 28, 0,   104, 84, 56, 28, 28, 0,  0,   0,   416, 28, 28,  48, 44, 44, 44, 28, 28,
      28, 52, 28, 28, 196, 0,  36, 172, 0,   0,  0,  0,  28, 28, 372, 284, 28,  52, 520, 76, 28, 28, 52, 48, 48};
  for (std::uint16_t code = 0; code < kRequestCodes; ++code) {
    const RequestRow* row = request_row(code);
    ASSERT_NE(row, nullptr);
    EXPECT_EQ(static_cast<std::uint16_t>(row->code), code);
    EXPECT_EQ(row->access == Access::Retired, kLengths[code] == 0) << code;
    if (row->access == Access::Retired) continue;
    EXPECT_EQ(request_length(*row), kLengths[code]) << code;
    EXPECT_GE(request_length(*row), reply_length(static_cast<std::uint16_t>(row->reply))) << code;
    EXPECT_LE(least_request_length(*row), request_length(*row)) << code;
  }
  EXPECT_EQ(request_row(75), nullptr);
  EXPECT_EQ(request_row(65535), nullptr);
}

TEST(Catalogue, OpensNineRequestsOverUdp) {
  std::vector<int> open;
  for (std::uint16_t code = 0; code < kRequestCodes; ++code) {
    if (request_row(code)->access == Access::Open) open.push_back(code);
  }
  EXPECT_EQ(open, (std::vector<int>{14, 15, 33, 34, 35, 41, 44, 51, 65}));
}

TEST(Catalogue, HasALineForEveryStatus) {
  EXPECT_EQ(status_line(ReplyStatus::Success), "200 OK");
  EXPECT_EQ(status_line(ReplyStatus::Failed), "500 Failure");
  EXPECT_EQ(status_line(ReplyStatus::Unauthorised), "501 Not authorised");
  EXPECT_EQ(status_line(ReplyStatus::Invalid), "502 Invalid command");
  EXPECT_EQ(status_line(ReplyStatus::NoSuchSource), "503 No such source");
  EXPECT_EQ(status_line(ReplyStatus::InvalidTimestamp), "504 Duplicate or stale logon detected");
  EXPECT_EQ(status_line(ReplyStatus::NotEnabled), "505 Facility not enabled in daemon");
  EXPECT_EQ(status_line(ReplyStatus::BadSubnet), "507 Bad subnet");
  EXPECT_EQ(status_line(ReplyStatus::AccessAllowed), "208 Access allowed");
  EXPECT_EQ(status_line(ReplyStatus::AccessDenied), "209 Access denied");
  EXPECT_EQ(status_line(ReplyStatus::NoHostAccess), "510 No command access from this host");
  EXPECT_EQ(status_line(ReplyStatus::SourceAlreadyKnown), "511 Source already present");
  EXPECT_EQ(status_line(ReplyStatus::TooManySources), "512 Too many sources present");
  EXPECT_EQ(status_line(ReplyStatus::NoRtc), "513 RTC driver not running");
  EXPECT_EQ(status_line(ReplyStatus::BadRtcFile), "514 Can't write RTC parameters");
  EXPECT_EQ(status_line(ReplyStatus::Inactive), "519 Client logging is not active in the daemon");
  EXPECT_EQ(status_line(ReplyStatus::BadSample), "516 Sample index out of range");
  EXPECT_EQ(status_line(ReplyStatus::InvalidFamily), "515 Invalid address family");
  EXPECT_EQ(status_line(ReplyStatus::BadVersion), "517 Protocol version mismatch");
  EXPECT_EQ(status_line(ReplyStatus::BadLength), "518 Packet length mismatch");
  EXPECT_EQ(status_line(ReplyStatus::InvalidName), "521 Invalid name");
  for (const int code : {20, 22, 65535}) {
    EXPECT_EQ(status_line(static_cast<ReplyStatus>(code)), "520 Got unexpected error from daemon");
  }
}

class Waiting : public testing::Test {
 protected:
  Received receive(std::size_t at, std::uint8_t value) {
    Bytes bytes = good;
    bytes[at] = static_cast<std::byte>(value);
    return receive_reply(bytes, sent);
  }
  const RequestHeader sent = header_of(NSourcesRequest{}, 0x01020304);
  const Bytes good = reply_bytes(sent, {ReplyStatus::Success, NSourcesReply{3}});
};

TEST_F(Waiting, IgnoresWhatIsNoReplyToThis) {
  EXPECT_EQ(receive_reply(good, sent).arrival, Arrival::Accept);
  EXPECT_EQ(receive(1, 1).arrival, Arrival::Ignore);  // a request
  EXPECT_EQ(receive(2, 1).arrival, Arrival::Ignore);  // reserved
  EXPECT_EQ(receive(3, 1).arrival, Arrival::Ignore);
  EXPECT_EQ(receive(5, 15).arrival, Arrival::Ignore);  // to another command
  EXPECT_EQ(receive(19, 5).arrival, Arrival::Ignore);  // to an earlier transmission
  for (const std::uint8_t version : Octets{0, 3, 4, 5, 7, 255}) EXPECT_EQ(receive(0, version).arrival, Arrival::Ignore);
  for (std::size_t size = 0; size < kReplyHeader; ++size) {
    EXPECT_EQ(receive_reply(std::span(good).first(size), sent).arrival, Arrival::Ignore);
  }
}

TEST_F(Waiting, AsksAgainAfterAReplyCutShort) {
  for (std::size_t size = kReplyHeader; size < good.size(); ++size) {
    EXPECT_EQ(receive_reply(std::span(good).first(size), sent).arrival, Arrival::SendAgain);
  }
}

TEST_F(Waiting, IgnoresExtraBytes) {
  Bytes longer = good;
  longer.resize(500);
  EXPECT_EQ(body_of<NSourcesReply>(receive_reply(longer, sent)).count, 3u);
}

TEST_F(Waiting, FallsBackToVersion5Once) {
  Bytes bytes = reply_bytes(sent, Reply::failure(ReplyStatus::BadVersion));
  bytes[0] = std::byte{5};
  EXPECT_EQ(receive_reply(bytes, sent).arrival, Arrival::UseVersion5);
  RequestHeader old = sent;
  old.version = 5;
  EXPECT_EQ(receive_reply(bytes, old).arrival, Arrival::Accept);
  for (const std::uint8_t version : Octets{4, 6, 7}) {
    bytes[0] = static_cast<std::byte>(version);
    EXPECT_EQ(receive_reply(bytes, sent).arrival, Arrival::Accept) << int{version};
  }
  bytes[0] = std::byte{3};
  EXPECT_EQ(receive_reply(bytes, sent).arrival, Arrival::Ignore);
}

TEST_F(Waiting, AcceptsAReplyOfUnknownKindWithoutBody) {
  for (const std::uint8_t code : Octets{4, 15, 27, 200}) {
    Bytes bytes = good;
    bytes.resize(kMaxReply);
    bytes[7] = static_cast<std::byte>(code);
    const Received received = receive_reply(bytes, sent);
    EXPECT_EQ(received.arrival, Arrival::Accept);
    EXPECT_FALSE(received.body);
  }
}

TEST(ClockRequests, AreReadAsTheyWereWritten) {
  const std::vector<ClockRequest> requests = {
      MakestepRequest{},
      ModifyMakestepRequest{-1, Duration::seconds(0.5)},
      ModifyMaxupdateskewRequest{5},
      DfreqRequest{-2.5},
      DoffsetRequest{Duration::seconds(0.25)},
      SettimeRequest{{1795392466, 571790201}},
      ManualRequest{ManualRequest::kReset},
      ManualListRequest{},
      ManualDeleteRequest{-3},
      LocalRequest{true, 9, Duration::seconds(0.5), true, Duration::seconds(0.125), Duration::seconds(16),
                   Duration::seconds(300), false},
      LocalRequest{true, 9, Duration::seconds(0.5), true, {}, {}, {}, true},
      ReselectRequest{},
      ReselectDistanceRequest{Duration::seconds(0.001953125)},
      ResetSourcesRequest{},
      DumpRequest{},
      SmoothtimeRequest{SmoothtimeRequest::kActivate},
      SmoothtimeRequest{-7},
  };
  for (const ClockRequest& request : requests) {
    const Bytes bytes = request_bytes(request, 7);
    const auto code = code_of(request);
    EXPECT_EQ(bytes.size(), request_length(*request_row(static_cast<std::uint16_t>(code))));
    EXPECT_EQ(read_request(code, bytes), Request(request)) << static_cast<int>(code);
  }
}

// A request of chronyc 4.8: local stratum 9 distance 0.5 orphan.
TEST(WorkedExample, Local3) {
  const Bytes bytes = from_hex(
      "06010000 004a0000 11c9e9e1 00000000 00000000 00000001 00000009 02800000 00000001 "
      "00000000 00000000 14960000",
      48);
  const Request request = ClockRequest(LocalRequest{true, 9, Duration::seconds(0.5), true, Duration::zero(),
                                                    Duration::zero(), Duration::seconds(300), false});
  EXPECT_EQ(read_request(RequestCode::Local3, bytes), request);
  EXPECT_EQ(request_bytes(request, 0x11c9e9e1), bytes);
}

TEST(SmoothingMessages, StandOnTheWireAsTheyMust) {
  EXPECT_EQ(request_bytes(SmoothingRequest{}, 5), from_hex("06010000 00330000 00000005", 52));
  EXPECT_EQ(request_bytes(ClockRequest(SmoothtimeRequest{SmoothtimeRequest::kActivate}), 5),
            from_hex("06010000 00340000 00000005 00000000 00000000 00000001", 28));

  const RequestHeader header = header_of(SmoothingRequest{}, 5);
  const SmoothingReply reply{
      true, true, Duration::seconds(-0.75), 1.0, 0.25, Duration::seconds(2), Duration::seconds(300)};
  const Bytes bytes = reply_bytes(header, {ReplyStatus::Success, reply});
  EXPECT_EQ(bytes, from_hex("06020000 0033000d 00000000 00000000 00000005 00000000 00000000 "
                            "00000003 03400000 04800000 00800000 06800000 14960000"));
  EXPECT_EQ(body_of<SmoothingReply>(receive_reply(bytes, header)), reply);
  for (const bool active : {false, true}) {
    const SmoothingReply one{active, !active, {}, 0.0, 0.0, {}, {}};
    EXPECT_EQ(body_of<SmoothingReply>(receive_reply(reply_bytes(header, {ReplyStatus::Success, one}), header)), one);
  }
}

// On the wire both are of a clock that is fast.
TEST(ClockRequests, ChangesHaveTheOppositeSignOnTheWire) {
  Bytes skew = request_bytes(ClockRequest(ModifyMaxupdateskewRequest{1}), 1);
  skew[5] = std::byte{31};  // the code of dfreq; both carry one number
  EXPECT_EQ(request_bytes(ClockRequest(DfreqRequest{-1}), 1), skew);
  skew[5] = std::byte{71};
  EXPECT_EQ(request_bytes(ClockRequest(DoffsetRequest{Duration::seconds(-1)}), 1), skew);
}

TEST(ManualReplies, AreReadAsTheyWereWritten) {
  const RequestHeader settime = header_of(ClockRequest(SettimeRequest{}), 3);
  const ManualTimestampReply timestamp{Duration::seconds(1.5), 0.25, -100};
  const Bytes bytes = reply_bytes(settime, {ReplyStatus::Success, timestamp});
  EXPECT_EQ(bytes.size(), 40u);
  EXPECT_EQ(body_of<ManualTimestampReply>(receive_reply(bytes, settime)), timestamp);

  const RequestHeader list = header_of(ClockRequest(ManualListRequest{}), 4);
  ManualListReply entries;
  for (int i = 0; i < 16; ++i) {
    entries.entries.push_back(
        {{1795392466 + i, 5}, Duration::seconds(0.5 * i), Duration::seconds(-2), Duration::seconds(0.125)});
  }
  Bytes listed = reply_bytes(list, {ReplyStatus::Success, entries});
  EXPECT_EQ(listed.size(), 416u);
  EXPECT_EQ(body_of<ManualListReply>(receive_reply(listed, list)), entries);
  listed[31] = std::byte{17};
  EXPECT_FALSE(receive_reply(listed, list).body.has_value()) << "more than there is room for";
}

}  // namespace
}  // namespace timed::control
