// The requests of an operator against the byte tables of the protocol: sources, access, server, real-time clock.
#include <gtest/gtest.h>

#include <string>

#include "tests/unit/control/exchanges.h"

namespace timed::control {
namespace {

constexpr std::uint32_t kSequence = 0x4a80571b;

std::string hex2(unsigned value) {
  constexpr char kDigits[] = "0123456789abcdef";
  return {kDigits[value / 16], kDigits[value % 16]};
}

// Both directions, with zeros up to the length.
void check_request(const Request& request, unsigned code, std::string_view body, std::size_t length) {
  std::string text = "06010000 00";
  text.append(hex2(code)).append("0000 4a80571b 00000000 00000000").append(body);
  const Bytes bytes = from_hex(text, length);
  EXPECT_EQ(request_bytes(request, kSequence), bytes) << code;
  EXPECT_EQ(static_cast<unsigned>(code_of(request)), code);
  EXPECT_EQ(read_request(static_cast<RequestCode>(code), bytes), request) << code;
}

Bytes check_reply(const Request& request, const ReplyBody& body, std::string_view head, std::string_view rest) {
  const RequestHeader header = header_of(request, kSequence);
  std::string text(head);
  text.append("0000 00000000 0000 4a80571b 00000000 00000000").append(rest);
  const auto length = reply_length(static_cast<std::uint16_t>(code_of(body)));
  const Bytes bytes = from_hex(text, length);
  EXPECT_EQ(reply_bytes(header, {ReplyStatus::Success, body}), bytes);
  const Received received = receive_reply(bytes, header);
  EXPECT_EQ(received.arrival, Arrival::Accept);
  EXPECT_EQ(received.body, std::optional<ReplyBody>(body));
  return bytes;
}

constexpr std::string_view kV4 = "01020304 00000000 00000000 00000000 00010000";
constexpr std::string_view kV6 = "20010db8 00000000 00000000 00000001 00020000";
constexpr std::string_view kId = "00000007 00000000 00000000 00000000 00030000";
constexpr std::string_view kNone = "00000000 00000000 00000000 00000000 00000000";

const IpAddress kV4Address = IpAddress::v4(0x01020304);
const IpAddress kV6Address = *IpAddress::parse("2001:db8::1");

std::string with(std::string_view address, std::string_view rest) {
  return std::string(address).append(rest);
}

TEST(ModifySource, CarriesAWholeNumberOrAFraction) {
  using Field = ModifySourceRequest::Field;
  check_request(ModifySourceRequest{Field::MinPoll, kV4Address, -4}, 4, with(kV4, "fffffffc"), 44);
  check_request(ModifySourceRequest{Field::MaxPoll, kV6Address, 10}, 5, with(kV6, "0000000a"), 44);
  check_request(ModifySourceRequest{Field::MinStratum, SourceAddress::unresolved(7), 3}, 45, with(kId, "00000003"), 44);
  check_request(ModifySourceRequest{Field::PollTarget, kV4Address, 0x7fffffff}, 46, with(kV4, "7fffffff"), 44);
  check_request(ModifySourceRequest{Field::MaxDelay, kV4Address, 0.5}, 7, with(kV4, "02800000"), 44);
  check_request(ModifySourceRequest{Field::MaxDelayRatio, kV4Address, 2}, 8, with(kV4, "06800000"), 44);
  check_request(ModifySourceRequest{Field::MaxDelayDevRatio, kV4Address, 1.5}, 47, with(kV4, "04c00000"), 44);
}

// What chronyc 4.8 sends for `selectopts 1.2.3.4 +prefer -noselect`.
TEST(WorkedExample, Selectopts) {
  using Marks = ModifySelectoptsRequest;
  check_request(Marks{kV4Address, {}, Marks::kPrefer | Marks::kNoselect, Marks::kPrefer}, 72,
                with(kV4, "00000000 00000003 00000008"), 52);
}

TEST(ModifySelectopts, HasTwoNumberingsOnTheWire) {
  using Marks = ModifySelectoptsRequest;
  const struct {
    std::uint32_t mark;
    std::string_view wire;
  } kCases[] = {{Marks::kNoselect, "00000001 00000010"},
                {Marks::kPrefer, "00000002 00000008"},
                {Marks::kTrust, "00000004 00000020"},
                {Marks::kRequire, "00000008 00000040"}};
  for (const auto& c : kCases) {
    check_request(Marks{{}, ntp::RefId{0x47505300}, c.mark, c.mark}, 72, with(kNone, with("47505300", c.wire)), 52);
  }
}

TEST(ModifyOffset, KeepsItsSign) {
  check_request(ModifyOffsetRequest{kV4Address, {}, Duration::seconds(-0.5)}, 73, with(kV4, "00000000 01000000"), 48);
  check_request(ModifyOffsetRequest{{}, ntp::RefId{0x50505300}, Duration::seconds(1)}, 73,
                with(kNone, "50505300 04800000"), 48);
}

TEST(Access, HasACodeForEveryTableAndForm) {
  const struct {
    unsigned code;
    AccessTable table;
    bool allow, all;
  } kCases[] = {{17, AccessTable::Ntp, true, false},      {18, AccessTable::Ntp, true, true},
                {19, AccessTable::Ntp, false, false},     {20, AccessTable::Ntp, false, true},
                {21, AccessTable::Command, true, false},  {22, AccessTable::Command, true, true},
                {23, AccessTable::Command, false, false}, {24, AccessTable::Command, false, true}};
  for (const auto& c : kCases) {
    check_request(AccessRequest{c.table, c.allow, c.all, kV4Address, 24}, c.code, with(kV4, "00000018"), 44);
    check_request(AccessRequest{c.table, c.allow, c.all, kV6Address, -1}, c.code, with(kV6, "ffffffff"), 44);
    check_request(AccessRequest{c.table, c.allow, c.all, {}, 0}, c.code, kNone, 44);
  }
}

TEST(Access, IsCheckedForAnAddress) {
  check_request(AccheckRequest{AccessTable::Ntp, kV6Address}, 25, kV6, 40);
  check_request(AccheckRequest{AccessTable::Command, kV4Address}, 26, kV4, 40);
}

TEST(Service, RequestsWithoutABody) {
  check_request(WritertcRequest{}, 30, "", 28);
  check_request(RtcreportRequest{}, 35, "", 56);
  check_request(TrimrtcRequest{}, 36, "", 28);
  check_request(ShutdownRequest{}, 62, "", 28);
}

TEST(RtcReport, StandsOnTheWireAsItMust) {
  RtcReply reply;
  reply.ref_time = {1795392466, 5};
  reply.samples = 9;
  reply.runs = 3;
  reply.span_seconds = 600;
  reply.fast = Duration::seconds(-0.5);
  reply.gain_ppm = 2;
  check_reply(RtcreportRequest{}, reply, "06020000 0023 0007",
              "00000000 6b0383d2 00000005 0009 0003 00000258 01000000 06800000");
}

ServerStatsReply stats(StatsGeneration generation) {
  ServerStatsReply r;
  r.generation = generation;
  r.ntp_hits = 1;
  r.nke_hits = 2;
  r.cmd_hits = 3;
  r.ntp_drops = 4;
  r.nke_drops = 5;
  r.cmd_drops = 6;
  r.log_drops = 7;
  r.ntp_auth_hits = 8;
  if (generation == StatsGeneration::Second) return r;
  r.ntp_interleaved_hits = 9;
  r.ntp_timestamps = 10;
  r.ntp_span_seconds = 11;
  if (generation == StatsGeneration::Third) return r;
  r.ntp_daemon_rx = 12;
  r.ntp_daemon_tx = 13;
  r.ntp_kernel_rx = 14;
  r.ntp_kernel_tx = 15;
  r.ntp_hw_rx = 16;
  r.ntp_hw_tx = 17;
  return r;
}

TEST(ServerStats, AreToldAsTheClientKnowsThem) {
  const std::string eight = "00000001 00000002 00000003 00000004 00000005 00000006 00000007 00000008";
  check_reply(ServerStatsRequest{}, stats(StatsGeneration::Second), "06020000 0036 0016", eight);
  check_reply(ServerStatsRequest{}, stats(StatsGeneration::Third), "06020000 0036 0018",
              with(eight, "00000009 0000000a 0000000b"));
  std::string wide;
  for (unsigned i = 1; i <= 17; ++i) wide.append("00000000 000000").append(hex2(i));
  for (int i = 0; i < 8; ++i) wide.append("ffffffff");
  check_reply(ServerStatsRequest{}, stats(StatsGeneration::Fourth), "06020000 0036 0019", wide);
}

TEST(ServerStats, AreCutTo32BitsForOldClients) {
  ServerStatsReply big = stats(StatsGeneration::Third);
  big.ntp_hits = 0x1'0000'0005;
  const RequestHeader header = header_of(ServerStatsRequest{}, kSequence);
  const Bytes bytes = reply_bytes(header, {ReplyStatus::Success, big});
  EXPECT_EQ(body_of<ServerStatsReply>(receive_reply(bytes, header)).ntp_hits, 5u);
}

TEST(ServerStats, TheLengthOfTheRequestTellsWhichAreKnown) {
  check_request(ServerStatsRequest{StatsGeneration::Fourth}, 54, "", 196);
  const struct {
    std::size_t length;
    StatsGeneration generation;
  } kCases[] = {{60, StatsGeneration::Second}, {71, StatsGeneration::Second},  {72, StatsGeneration::Third},
                {195, StatsGeneration::Third}, {196, StatsGeneration::Fourth}, {860, StatsGeneration::Fourth}};
  for (const auto& c : kCases) {
    EXPECT_EQ(read_request(RequestCode::ServerStats, raw_request(54, c.length)),
              std::optional<Request>(ServerStatsRequest{c.generation}))
        << c.length;
  }
}

TEST(ClientAccesses, StandOnTheWireAsTheyMust) {
  check_request(ClientAccessesRequest{16, 8, 3, true}, 68, "00000010 00000008 00000003 00000001", 520);
  ClientAccessesReply reply;
  reply.table_size = 32;
  reply.next = 17;
  ClientAccessesReply::Client client;
  client.address = kV6Address;
  client.ntp_hits = 1;
  client.nke_hits = 2;
  client.cmd_hits = 3;
  client.ntp_drops = 4;
  client.nke_drops = 5;
  client.cmd_drops = 6;
  client.ntp_interval = -4;
  client.cmd_interval = 7;
  client.since_ntp = 60;
  reply.clients = {client};
  check_reply(
      ClientAccessesRequest{}, reply, "06020000 0044 0015",
      with("00000020 00000011 00000001",
           with(kV6, "00000001 00000002 00000003 00000004 00000005 00000006 fc7f077f 0000003c ffffffff ffffffff")));
}

TEST(ClientAccesses, AreAtMostEight) {
  const RequestHeader header = header_of(ClientAccessesRequest{}, kSequence);
  ClientAccessesReply reply;
  reply.clients.resize(9);
  Bytes bytes = reply_bytes(header, {ReplyStatus::Success, reply});
  ASSERT_EQ(bytes.size(), 520u);
  EXPECT_EQ(body_of<ClientAccessesReply>(receive_reply(bytes, header)).clients.size(), 8u);
  bytes[39] = std::byte{9};
  EXPECT_FALSE(receive_reply(bytes, header).body.has_value()) << "more than there is room for";
}

TEST(Request, OfEveryCodeInUseIsRead) {
  for (std::uint16_t code = 0; code < kRequestCodes; ++code) {
    const RequestRow* row = request_row(code);
    const auto request = read_request(row->code, raw_request(code, request_length(*row)));
    ASSERT_EQ(request.has_value(), row->access != Access::Retired) << code;
    if (!request) continue;
    EXPECT_EQ(code_of(*request), row->code);
    EXPECT_EQ(request_bytes(*request, 1).size(), request_length(*row)) << code;
  }
}

}  // namespace
}  // namespace timed::control
