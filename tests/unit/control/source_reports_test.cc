#include "timed/control/source_reports.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/unit/control/exchanges.h"

namespace timed::control {
namespace {

TEST(WorkedExample, SourceDataOfAReferenceClockWithoutSamples) {
  const auto r = check_exchange<SourceDataReply>(from_hex("06010000 000f0000 7d4c28f6", 76),
                                                 from_hex("06020000 000f0003 00000000 00000000"
                                                          "7d4c28f6 00000000 00000000 54535430"
                                                          "00000000 00000000 00000000 00010000"
                                                          "00040000 00010002 00000000 ffffffff"
                                                          "00000000 00000000 00000000"),
                                                 SourceDataRequest{0});
  EXPECT_EQ(r.ref_id, ntp::RefId::text("TST0"));
  EXPECT_TRUE(r.address.is_unspecified());
  EXPECT_EQ(r.poll, 4);
  EXPECT_EQ(r.status, SourceStatus::NotSelectable);
  EXPECT_EQ(r.mode, SourceMode::RefClock);
  EXPECT_EQ(r.since_sample, kNever);
}

TEST(WorkedExample, SourceDataOfAServer) {
  const auto r = check_exchange<SourceDataReply>(from_hex("06010000 000f0000 789ea602 00000000 00000000 00000002", 76),
                                                 from_hex("06020000 000f0003 00000000 00000000"
                                                          "789ea602 00000000 00000000 00000000"
                                                          "00000000 00000000 00000001 00020000"
                                                          "00010002 00000000 000000ff 00000000"
                                                          "d887d40e d6fa0928 e0de02e6"),
                                                 SourceDataRequest{2});
  EXPECT_EQ(r.address, SourceAddress(IpAddress::loopback(Family::Inet6)));
  EXPECT_EQ(r.poll, 1);
  EXPECT_EQ(r.stratum, 2);
  EXPECT_EQ(r.status, SourceStatus::Selected);
  EXPECT_EQ(r.mode, SourceMode::Client);
  EXPECT_EQ(r.reachability, 255);
  EXPECT_EQ(r.since_sample, 0u);
  EXPECT_NEAR(r.measured.to_seconds(), -2.52999996e-07, 1e-15);  // our sign
  EXPECT_NEAR(r.adjusted.to_seconds(), -2.32863954e-07, 1e-15);
  EXPECT_NEAR(r.error.to_seconds(), 6.61645299e-06, 1e-14);
}

TEST(WorkedExample, NtpData) {
  const auto r = check_exchange<NtpDataReply>(from_hex("06010000 00390000 06cf112b 00000000 00000000"
                                                       "7f000001 00000000 00000000 00000000 00010000",
                                                       172),
                                              from_hex("06020000 0039001a 00000000 00000000"
                                                       "06cf112b 00000000 00000000 7f000001"
                                                       "00000000 00000000 00000000 00010000"
                                                       "7f000001 00000000 00000000 00000000"
                                                       "00010000 2b730004 040201e5 00000000"
                                                       "00000000 7f7f0101 00000000 6b03839c"
                                                       "13c8b9ed dd513f9f e2c095ee cea25ed5"
                                                       "e6d5dae0 00000000 03ff4b4b 0000007a"
                                                       "0000007a 0000007a 00000077 0000007a"
                                                       "0000007a 00000000 00000000 ffffffff"
                                                       "ffffffff ffffffff ffffffff"),
                                              NtpDataRequest{IpAddress::loopback(Family::Inet4)});
  EXPECT_EQ(r.remote, IpAddress::loopback(Family::Inet4));
  EXPECT_EQ(r.local, IpAddress::loopback(Family::Inet4));
  EXPECT_EQ(r.remote_port, 11123);
  EXPECT_EQ(r.version, 4);
  EXPECT_EQ(r.mode, 4);
  EXPECT_EQ(r.stratum, 2);
  EXPECT_EQ(r.poll, 1);
  EXPECT_EQ(r.precision, -27);
  EXPECT_EQ(r.ref_id.value, 0x7f7f0101u);
  EXPECT_EQ(r.ref_time, (WireTime{1795392412, 331921901}));
  EXPECT_NEAR(r.offset.to_seconds(), -1.30199999e-06, 1e-14) << "the sign of this one is not turned";
  EXPECT_NEAR(r.peer_delay.to_seconds(), 1.1479e-05, 1e-12);
  EXPECT_NEAR(r.peer_dispersion.to_seconds(), 9.45120338e-09, 1e-15);
  EXPECT_NEAR(r.response_time.to_seconds(), 5.09870006e-05, 1e-12);
  EXPECT_EQ(r.flags, 0x3ff);
  EXPECT_EQ(r.transmit_stamp, 'K');
  EXPECT_EQ(r.receive_stamp, 'K');
  EXPECT_EQ(r.sent, 122u);
  EXPECT_EQ(r.good, 119u);
  EXPECT_EQ(r.kernel_received, 122u);
}

TEST(Request, ForNtpDataTellsByItsLengthWhichReplyIsKnown) {
  const auto read = [](std::size_t size) {
    return std::get<NtpDataRequest>(*read_request(RequestCode::NtpData, raw_request(57, size)));
  };
  EXPECT_TRUE(read(152).old);
  EXPECT_TRUE(read(171).old);
  EXPECT_FALSE(read(172).old);
  EXPECT_FALSE(read(860).old);
}

TEST(Reply, OfNtpDataForAnOldClientIsShorter) {
  NtpDataReply r;
  r.old = true;
  r.remote = IpAddress::v4(0x0a000001);
  r.good = 7;
  const Bytes bytes = reply_bytes({kVersion, 57, 0, 2}, {ReplyStatus::Success, r});
  EXPECT_EQ(bytes.size(), 152u);
  EXPECT_EQ(bytes[7], std::byte{16});
  EXPECT_EQ(bytes[139], std::byte{7});
  for (std::size_t i = 140; i < 152; ++i) EXPECT_EQ(bytes[i], std::byte{0xff}) << i;
}

TEST(Reply, OfSourcestatsComesBackAsItWent) {
  SourcestatsReply r;
  r.ref_id.value = 0x7f000001;
  r.address = IpAddress::v4(0x7f000001);
  r.samples = 30;
  r.runs = 20;
  r.span_seconds = 12;
  r.std_dev = Duration::seconds(0.25);
  r.frequency_ppm = 0.5;
  r.skew_ppm = 2000.0;
  r.offset = Duration::seconds(0.5);
  r.offset_error = Duration::seconds(4.0);
  const RequestHeader header = header_of(SourcestatsRequest{}, 1);
  const Bytes bytes = reply_bytes(header, {ReplyStatus::Success, r});
  EXPECT_EQ(bytes, from_hex("06020000 00220006 00000000 00000000 00000001 00000000 00000000"
                            "7f000001 7f000001 00000000 00000000 00000000 00010000"
                            "0000001e 00000014 0000000c 00800000 01000000 18fa0000 01000000 08800000"));
  EXPECT_EQ(body_of<SourcestatsReply>(receive_reply(bytes, header)), r);
}

TEST(Reply, WithANameComesBackAsItWent) {
  const RequestHeader header = header_of(NtpSourceNameRequest{}, 7);
  const NtpSourceNameReply r{"ntp.example.com"};
  const Bytes bytes = reply_bytes(header, {ReplyStatus::Success, r});
  EXPECT_EQ(bytes.size(), 284u);
  EXPECT_EQ(body_of<NtpSourceNameReply>(receive_reply(bytes, header)), r);
}

TEST(Reply, CutsANameThatIsTooLongAndStillEndsIt) {
  const RequestHeader header = header_of(NtpSourceNameRequest{}, 7);
  const Bytes bytes = reply_bytes(header, {ReplyStatus::Success, NtpSourceNameReply{std::string(300, 'x')}});
  EXPECT_EQ(bytes.back(), std::byte{0});
  EXPECT_EQ(body_of<NtpSourceNameReply>(receive_reply(bytes, header)).name, std::string(255, 'x'));
}

TEST(Reply, WithABadNameHasNoBody) {
  const RequestHeader header = header_of(NtpSourceNameRequest{}, 7);
  Bytes bytes = reply_bytes(header, {ReplyStatus::Success, NtpSourceNameReply{"a"}});
  for (const std::byte bad : {std::byte{' '}, std::byte{0x1b}, std::byte{0x80}}) {
    bytes[28] = bad;
    EXPECT_FALSE(receive_reply(bytes, header).body);
  }
  std::fill(bytes.begin() + 28, bytes.end(), std::byte{'a'});
  EXPECT_FALSE(receive_reply(bytes, header).body);
}

// Of a source whose name is not known yet.
TEST(WorkedExample, SelectData) {
  const auto r = check_exchange<SelectDataReply>(from_hex("06010000 00450000 80f220d5 00000000 00000000 00000004", 76),
                                                 from_hex("06020000 00450017 00000000 00000000"
                                                          "80f220d5 00000000 00000000 00000000"
                                                          "00000001 00000000 00000000 00000000"
                                                          "00030000 4d000300 00000000 00000000"
                                                          "04800000 00000000 00000000"),
                                                 SelectDataRequest{4});
  SelectDataReply expected;
  expected.address = SourceAddress::unresolved(1);
  expected.state = 'M';
  EXPECT_EQ(r, expected);
}

// On the wire the limits are of a clock that is fast, so they change places.
TEST(Reply, OfSelectDataComesBackAsItWent) {
  SelectDataReply r;
  r.ref_id.value = 0x7f000001;
  r.address = IpAddress::v4(0x7f000001);
  r.state = '*';
  r.authenticated = true;
  r.leap = 1;
  r.configured = 0x2;
  r.effective = 0xe;
  r.since_sample = 5;
  r.score = 2.0;
  r.low = Duration::seconds(-0.25);
  r.high = Duration::seconds(0.5);
  const RequestHeader header = header_of(SelectDataRequest{}, 1);
  const Bytes bytes = reply_bytes(header, {ReplyStatus::Success, r});
  EXPECT_EQ(bytes, from_hex("06020000 00450017 00000000 00000000 00000001 00000000 00000000"
                            "7f000001 7f000001 00000000 00000000 00000000 00010000"
                            "2a010100 0002000e 00000005 06800000 01000000 00800000"));
  EXPECT_EQ(body_of<SelectDataReply>(receive_reply(bytes, header)), r);
}

TEST(Reply, WithAStateThatCannotBePrintedHasAnUnknownOne) {
  const RequestHeader header = header_of(SelectDataRequest{}, 1);
  Bytes bytes = reply_bytes(header, {ReplyStatus::Success, SelectDataReply{}});
  for (const std::uint8_t bad : Octets{0, 0x1b, ' ', 0x7f, 0x80, 0xff}) {
    bytes[kReplyHeader + 24] = static_cast<std::byte>(bad);
    EXPECT_EQ(body_of<SelectDataReply>(receive_reply(bytes, header)).state, '?');
  }
}

TEST(AuthData, StandsOnTheWireAsItMust) {
  const AuthDataRequest request{IpAddress::v4(0x01020304)};
  EXPECT_EQ(request_bytes(request, 5), from_hex("06010000 00430000 00000005 00000000 00000000"
                                                "01020304 00000000 00000000 00000000 00010000",
                                                52));
  EXPECT_EQ(read_request(RequestCode::AuthData, request_bytes(request, 5)), Request(request));

  const RequestHeader header = header_of(request, 5);
  const AuthDataReply reply{AuthMode::Symmetric, 13, 0x01020304, 128, 6, 7, 8, 100, 9};
  const Bytes bytes = reply_bytes(header, {ReplyStatus::Success, reply});
  EXPECT_EQ(bytes, from_hex("06020000 00430014 00000000 00000000 00000005 00000000 00000000"
                            "0001000d 01020304 00800006 00000007 00080064 00090000"));
  EXPECT_EQ(body_of<AuthDataReply>(receive_reply(bytes, header)), reply);
  const AuthDataReply none;
  EXPECT_EQ(body_of<AuthDataReply>(receive_reply(reply_bytes(header, {ReplyStatus::Success, none}), header)), none);
}

}  // namespace
}  // namespace timed::control
