#include "timed/nts/ke_record.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/auth/hex.h"
#include "timed/auth/nts_client.h"

namespace timed::nts {
namespace {

using auth::AeadId;
using auth::Bytes;
using auth::counted;
using auth::from_hex;
using auth::to_hex;
using Aeads = std::vector<AeadId>;

const Aeads kBoth = {AeadId::GcmSiv128, AeadId::SivCmac256};
const Aeads kSiv = {AeadId::SivCmac256};

// Records as they are written here: type and critical bit, and the body; the length is put between.
std::string record(const std::string& type, const std::string& body = "") {
  static const char* const kDigits = "0123456789abcdef";
  const std::size_t n = body.size() / 2;
  return type + kDigits[n >> 12] + kDigits[n >> 8 & 15] + kDigits[n >> 4 & 15] + kDigits[n & 15] + body;
}
const std::string kEnd = record("8000"), kNtp = record("8001", "0000"), kSivOnly = record("8004", "000f");

// ---- framing ----

TEST(RecordWalk, gives_each_record_and_stops_where_one_is_cut_off) {
  const Bytes message = from_hex(record("8001", "0000") + record("7fff") + record("0005", "aabbcc"));
  for (std::size_t size = 0; size <= message.size(); ++size) {
    RecordWalk walk{std::span(message).first(size)};
    std::vector<Record> records;
    while (const auto next = walk.next()) records.push_back(*next);
    EXPECT_EQ(records.size(), size < 6 ? 0u : size < 10 ? 1u : size < 17 ? 2u : 3u) << size;
    EXPECT_FALSE(walk.next());
  }
  RecordWalk walk(message);
  auto next = walk.next();
  EXPECT_TRUE(next->critical && next->type == 1 && to_hex(next->body) == "0000");
  next = walk.next();
  EXPECT_TRUE(!next->critical && next->type == 0x7fff && next->body.empty());
  next = walk.next();
  EXPECT_TRUE(!next->critical && next->type == 5 && to_hex(next->body) == "aabbcc");
}

TEST(MessageEnd, is_found_in_pieces_of_any_size) {
  const Bytes message = from_hex(kNtp + kSivOnly + record("0005", std::string(200, 'a')) + kEnd);
  for (std::size_t piece = 1; piece <= message.size(); ++piece) {
    MessageEnd end;
    for (std::size_t size = piece; size < message.size(); size += piece) {
      ASSERT_EQ(end.look(std::span(message).first(size)), MessageEnd::State::Partial) << size;
    }
    EXPECT_EQ(end.look(message), MessageEnd::State::Whole);
    EXPECT_EQ(end.look(message), MessageEnd::State::Whole) << "once more";
  }
}

TEST(MessageEnd, nothing_may_be_behind_it_and_it_must_come_in_time) {
  EXPECT_EQ(MessageEnd().look({}), MessageEnd::State::Partial);
  EXPECT_EQ(MessageEnd().look(from_hex(kNtp + kEnd + "00")), MessageEnd::State::Broken);
  EXPECT_EQ(MessageEnd().look(from_hex(kNtp + kEnd + kEnd)), MessageEnd::State::Broken);
  Bytes longest = from_hex(record("0005"));
  longest.resize(kMaxMessage - 4);
  longest[2] = std::byte{(kMaxMessage - 8) >> 8};
  longest[3] = std::byte{(kMaxMessage - 8) & 255};
  const Bytes end = from_hex(kEnd);
  longest.insert(longest.end(), end.begin(), end.end());
  EXPECT_EQ(longest.size(), kMaxMessage);
  EXPECT_EQ(MessageEnd().look(longest), MessageEnd::State::Whole);
  longest.push_back(std::byte{0});
  EXPECT_EQ(MessageEnd().look(longest), MessageEnd::State::Broken);
}

// ---- keys ----

TEST(ExporterContext, names_protocol_cipher_and_direction) {
  const auto hex = [](AeadId aead, bool compliant, Direction direction) {
    return to_hex(exporter_context(aead, compliant, direction));
  };
  EXPECT_EQ(hex(AeadId::SivCmac256, false, Direction::ClientToServer), "0000000f00");
  EXPECT_EQ(hex(AeadId::SivCmac256, true, Direction::ServerToClient), "0000000f01");
  EXPECT_EQ(hex(AeadId::GcmSiv128, true, Direction::ClientToServer), "0000001e00");
  EXPECT_EQ(hex(AeadId::GcmSiv128, false, Direction::ServerToClient), "0000000f01") << "as chrony has done it";
}

// ---- requests ----

std::string request(const Aeads& offered) {
  Bytes into(64);
  into.resize(write_request(offered, into));
  return to_hex(into);
}

TEST(KeRequest, is_that_of_chrony) {
  EXPECT_EQ(request(kBoth), "80010002000080040004001e000f0400000080000000");
  EXPECT_EQ(request(kSiv), "80010002000080040002000f80000000");
  Bytes small(21);
  EXPECT_EQ(write_request(kBoth, small), 0u);
  EXPECT_EQ(request(Aeads(9, AeadId::SivCmac256)), "800100020000" + record("8004", "000f000f000f000f") + "80000000");
}

std::string outcome(const std::string& hex, const Aeads& enabled = kBoth) {
  const auto result = negotiate(from_hex(hex), enabled);
  if (const auto* error = std::get_if<KeError>(&result)) return "error " + std::to_string(static_cast<int>(*error));
  const auto& agreement = std::get<Agreement>(result);
  if (!agreement.ntpv4) return "no protocol";
  if (!agreement.aead) return "no aead";
  return std::to_string(static_cast<int>(*agreement.aead)) + (agreement.compliant_exporter ? " compliant" : "");
}

TEST(Negotiate, takes_the_first_cipher_of_the_client_that_is_enabled) {
  EXPECT_EQ(outcome(request(kBoth)), "30 compliant");
  EXPECT_EQ(outcome(request(kBoth), kSiv), "15");
  EXPECT_EQ(outcome(request(kSiv)), "15");
  EXPECT_EQ(outcome(kNtp + record("8004", "0011000f001e") + kEnd), "15") << "17 is not ours";
  EXPECT_EQ(outcome(kNtp + record("0004", "001e") + kEnd), "30") << "and this record need not be critical";
  EXPECT_EQ(outcome(kNtp + record("8004", "00110010") + kEnd), "no aead");
  EXPECT_EQ(outcome(request(kBoth), {}), "no aead");
}

TEST(Negotiate, takes_ntpv4_among_other_protocols) {
  EXPECT_EQ(outcome(record("8001", "80010000") + kSivOnly + kEnd), "15");
  EXPECT_EQ(outcome(record("8001", "8001") + kSivOnly + kEnd), "no protocol");
  EXPECT_EQ(outcome(record("8001", "8001") + kEnd), "no protocol") << "then no cipher need be offered";
}

TEST(Negotiate, ignores_what_it_need_not_know) {
  const std::string rest = kNtp + kSivOnly + kEnd;
  EXPECT_EQ(outcome(record("4001", "0102") + rest), "15");
  EXPECT_EQ(outcome(record("8006", "6e7470") + record("8007", "007b") + rest), "15") << "wishes of the client";
  EXPECT_EQ(outcome(record("c001", "0102") + rest), "error 0");
}

TEST(Negotiate, refuses_requests_of_the_wrong_form) {
  for (const std::string& bad : {
           std::string(),
           kNtp + kSivOnly,
           kNtp + kEnd,
           kSivOnly + kEnd,
           kEnd,
           kNtp + kSivOnly + kEnd + kEnd,
           kNtp + kSivOnly + kEnd + "00",
           kNtp + kSivOnly + record("0000"),
           kNtp + kSivOnly + record("8000", "00"),
           kNtp + kNtp + kSivOnly + kEnd,
           kNtp + kSivOnly + kSivOnly + kEnd,
           record("0001", "0000") + kSivOnly + kEnd,
           record("8001") + kSivOnly + kEnd,
           record("8001", "000000") + kSivOnly + kEnd,
           kNtp + record("8004") + kEnd,
           kNtp + record("8004", "000f00") + kEnd,
           kNtp + kSivOnly + record("0400", "00") + kEnd,
           record("8002", "0001") + kNtp + kSivOnly + kEnd,
           record("8003", "0001") + kNtp + kSivOnly + kEnd,
           kNtp + kSivOnly + record("0005", "00112233") + kEnd,
       }) {
    EXPECT_EQ(outcome(bad), "error 1") << bad;
  }
}

// ---- responses ----

Bytes response(const Agreement& agreement, const KeOffer& offer = {}) {
  Bytes into(2048);
  into.resize(write_response(agreement, offer, into));
  return into;
}

TEST(KeResponse, is_that_of_chrony) {
  const std::vector<Bytes> cookies(8, counted(0, 100));
  KeOffer offer;
  offer.cookies = cookies;
  const Bytes plain = response({true, AeadId::SivCmac256, false}, offer);
  EXPECT_EQ(plain.size(), 848u);
  offer.ntp_port = 11123;
  const Bytes with_port = response({true, AeadId::SivCmac256, false}, offer);
  // The beginning as chronyd 4.3 sent it.
  EXPECT_EQ(to_hex(std::span(with_port).first(22)), "80010002000080040002000f800700022b7300050064");
  EXPECT_EQ(to_hex(std::span(with_port).last(4)), "80000000");
  offer.ntp_server = "ntp.example.net";
  const Bytes all = response({true, AeadId::GcmSiv128, true}, offer);
  EXPECT_EQ(to_hex(std::span(all).first(41)), "80010002000080040002001e04000000800700022b738006000f" +
                                                  to_hex(std::as_bytes(std::span(offer.ntp_server))));
  Bytes small(all.size() - 1);
  EXPECT_EQ(write_response({true, AeadId::GcmSiv128, true}, offer, small), 0u);
}

TEST(KeResponse, says_what_there_is_not_in_common) {
  EXPECT_EQ(to_hex(response({})), record("8001") + kEnd);
  EXPECT_EQ(to_hex(response({true, std::nullopt, false})), kNtp + record("8004") + kEnd);
  Bytes into(64);
  into.resize(write_error(KeError::BadRequest, into));
  EXPECT_EQ(to_hex(into), record("8002", "0001") + kEnd);
}

std::string read(const std::string& hex, const Aeads& offered = kBoth) {
  const auto result = read_response(from_hex(hex), offered);
  if (const auto* refusal = std::get_if<KeRefusal>(&result)) return describe(*refusal);
  const auto& got = std::get<KeResponse>(result);
  return std::to_string(static_cast<int>(got.aead)) + (got.compliant_exporter ? " compliant " : " ") + got.ntp_server +
         ":" + std::to_string(got.ntp_port) + " " + std::to_string(got.cookies.size());
}

const std::string kCookie = record("0005", std::string(200, 'a'));

TEST(ReadResponse, what_the_server_writes_the_client_reads) {
  std::vector<Bytes> cookies;
  for (unsigned i = 0; i < 8; ++i) cookies.push_back(counted(i, 64));
  const KeOffer offer{11123, "2001:db8::1", cookies};
  const auto result = read_response(response({true, AeadId::GcmSiv128, true}, offer), kBoth);
  ASSERT_TRUE(std::holds_alternative<KeResponse>(result));
  const auto& got = std::get<KeResponse>(result);
  EXPECT_EQ(got.aead, AeadId::GcmSiv128);
  EXPECT_TRUE(got.compliant_exporter);
  EXPECT_EQ(got.ntp_server, "2001:db8::1");
  EXPECT_EQ(got.ntp_port, 11123);
  EXPECT_EQ(got.cookies, cookies);
}

TEST(ReadResponse, takes_what_is_usual) {
  EXPECT_EQ(read(kNtp + kSivOnly + kCookie + kEnd), "15 :123 1");
  EXPECT_EQ(read(kNtp + record("0004", "001e") + kCookie + kEnd), "30 :123 1");
  EXPECT_EQ(read(kNtp + kSivOnly + record("0400") + kCookie + kEnd), "15 :123 1") << "it says nothing of this cipher";
  EXPECT_EQ(read(kNtp + kSivOnly + record("0006", "61") + record("0007", "0001") + kCookie + kEnd), "15 a:1 1");
  EXPECT_EQ(read(record("4abc", "00") + kNtp + kSivOnly + kCookie + kEnd), "15 :123 1");
}

// Zero and very long cookies have brought down clients.
TEST(ReadResponse, keeps_the_first_eight_cookies_that_can_be_sent) {
  std::string many;
  for (int i = 0; i < 40; ++i) many += kCookie;
  EXPECT_EQ(read(kNtp + kSivOnly + many + kEnd), "15 :123 8");
  EXPECT_EQ(read(kNtp + kSivOnly + record("0005") + kEnd), "no usable cookies");
  EXPECT_EQ(read(kNtp + kSivOnly + kEnd), "no usable cookies");
  EXPECT_EQ(read(kNtp + kSivOnly + record("0005", std::string(520, 'a')) + kEnd), "no usable cookies");
  EXPECT_EQ(read(kNtp + kSivOnly + record("0005", std::string(512, 'a')) + kEnd), "15 :123 1");
  EXPECT_EQ(read(kNtp + kSivOnly + record("0005", std::string(202, 'a')) + kEnd), "no usable cookies");
  EXPECT_EQ(read(kNtp + kSivOnly + record("0005", std::string(202, 'a')) + kCookie + kEnd), "15 :123 1");
}

TEST(ReadResponse, says_why_there_are_no_keys) {
  const std::string good = kNtp + kSivOnly + kCookie;
  EXPECT_EQ(read(record("8002", "0000") + kEnd), "server error 0 (unrecognized critical record)");
  EXPECT_EQ(read(record("8002", "0001") + kEnd), "server error 1 (bad request)");
  EXPECT_EQ(read(good + record("8002", "0002") + kEnd), "server error 2 (internal server error)");
  EXPECT_EQ(read(record("8002", "1234") + kEnd), "server error 4660");
  EXPECT_EQ(read(good + record("8003", "0007") + kEnd), "server warning 7");
  EXPECT_EQ(read(record("8001") + kEnd), "server does not support NTPv4");
  EXPECT_EQ(read(kNtp + record("8004") + kEnd), "no common AEAD algorithm");
  EXPECT_EQ(read(good + record("c001") + kEnd), "unrecognized critical record");
}

TEST(ReadResponse, refuses_responses_of_the_wrong_form) {
  const std::string good = kNtp + kSivOnly + kCookie;
  for (const std::string& bad : {
           std::string(),
           good,
           good + kEnd + "00",
           good + kEnd + kEnd,
           good + record("0000"),
           good + record("8000", "00"),
           kSivOnly + kCookie + kEnd,
           kNtp + kCookie + kEnd,
           kNtp + good + kEnd,
           kSivOnly + good + kEnd,
           record("0001", "0000") + kSivOnly + kCookie + kEnd,
           record("8001", "8001") + kSivOnly + kCookie + kEnd,
           record("8001", "00000000") + kSivOnly + kCookie + kEnd,
           kNtp + record("8004", "000f001e") + kCookie + kEnd,
           kNtp + record("8004", "0f") + kCookie + kEnd,
           kNtp + record("8004", "0011") + kCookie + kEnd,
           good + record("0400", "00") + kEnd,
           good + record("8007", "0000") + kEnd,
           good + record("8007", "00") + kEnd,
           good + record("8007", "007b") + record("8007", "007b") + kEnd,
           good + record("8006") + kEnd,
           good + record("8006", "6120") + kEnd,
           good + record("8006", "6100") + kEnd,
           good + record("8006", "61ff") + kEnd,
           good + record("8006", "61") + record("8006", "62") + kEnd,
       }) {
    EXPECT_EQ(read(bad), "malformed response") << bad;
  }
  const auto named = [&](std::size_t size) {
    std::string name;
    for (std::size_t i = 0; i < size; ++i) name += "61";
    return read(good + record("8006", name) + kEnd).size() == size + std::string("15 :123 1").size();
  };
  EXPECT_TRUE(named(257));
  EXPECT_FALSE(named(258));
}

TEST(ReadResponse, a_cipher_that_was_not_offered_is_refused) {
  EXPECT_EQ(read(kNtp + record("8004", "001e") + kCookie + kEnd, kSiv), "malformed response");
}

}  // namespace
}  // namespace timed::nts
