#include "timed/auth/saved_session.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/auth/hex.h"

namespace timed::auth {
namespace {

const std::string kText =
    "NNC0\n"
    "ntp.example.net\n"
    "1700000000.5\n"
    "192.0.2.7 4123\n"
    "3 30 101112131415161718191A1B1C1D1E1F 000102030405060708090A0B0C0D0E0F\n"
    "2021222324252627282930313233343536373839\n"
    "404142434445464748494A4B4C4D4E4F50515253\n";

std::string error_of(const std::string& text) {
  const auto read = read_saved_session(text);
  return read ? std::string() : read.error().message;
}
std::string changed(const std::string& from, const std::string& to) {
  std::string text = kText;
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, from.size(), to);
}

TEST(SavedSession, says_the_server_the_keys_and_the_cookies) {
  const auto read = read_saved_session(kText);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->name, "ntp.example.net");
  EXPECT_EQ(read->ntp, (Endpoint{IpAddress::v4(0xc0000207), 4123, 0}));
  const NtsSession& session = read->session;
  EXPECT_EQ(session.established, LocalTime::from_seconds(1'700'000'000, 500'000'000));
  EXPECT_EQ(session.number, 3u);
  EXPECT_EQ(session.keys.aead, AeadId::GcmSiv128);
  const Bytes c2s = counted(0, 16), s2c = counted(16, 16);
  EXPECT_TRUE(std::equal(c2s.begin(), c2s.end(), session.keys.c2s().begin()));
  EXPECT_TRUE(std::equal(s2c.begin(), s2c.end(), session.keys.s2c().begin())) << "S2C comes first";
  ASSERT_EQ(session.cookies.size(), 2u);
  EXPECT_EQ(session.cookies[1].front(), std::byte{0x40});
  EXPECT_EQ(session.cookies[1].size(), 20u);
}

TEST(SavedSession, is_written_as_it_was_read) {
  EXPECT_EQ(to_text(*read_saved_session(kText)), kText);
  SavedSession saved = *read_saved_session(kText);
  saved.ntp = Endpoint{*IpAddress::parse("2001:db8::1"), 123, 0};
  saved.session.keys.aead = AeadId::SivCmac256;
  const Bytes octets = counted(7, 64);
  std::copy(octets.begin(), octets.end(), saved.session.keys.octets.begin());
  const auto again = read_saved_session(to_text(saved));
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->ntp, saved.ntp);
  EXPECT_EQ(again->session.keys.octets, saved.session.keys.octets);
}

TEST(SavedSession, says_what_is_wrong_with_a_damaged_one) {
  EXPECT_EQ(error_of(""), "Unknown format in line 1");
  EXPECT_EQ(error_of(changed("NNC0", "NNC1")), "Unknown format in line 1");
  EXPECT_EQ(error_of(changed("ntp.example.net", "")), "Missing name in line 2");
  EXPECT_EQ(error_of(changed("ntp.example.net", std::string("ntp\0.net", 8))), "Invalid name in line 2");
  for (const char* time : {"x", "-1", "nan", "inf", "1e300", "1700000000.5x"}) {
    EXPECT_EQ(error_of(changed("1700000000.5", time)), "Invalid time in line 3") << time;
  }
  for (const char* address : {"192.0.2.7", "192.0.2.7 0", "192.0.2.7 65536", "0.0.0.0 123", "name 123"}) {
    EXPECT_EQ(error_of(changed("192.0.2.7 4123", address)), "Invalid address in line 4") << address;
  }
  for (const char* keys : {"3 30", "3 31", "x 30", "4294967296 30", "3 15"}) {
    if (std::string(keys) == "3 30") continue;
    EXPECT_EQ(error_of(changed("3 30", keys)), "Invalid keys in line 5") << keys;
  }
  EXPECT_EQ(error_of(changed("1E1F ", "1E1 ")), "Invalid keys in line 5");
  for (const char* cookie : {"5051525", "50", "505152535455", "5051525G", "50515253 50515253"}) {
    EXPECT_EQ(error_of(changed("50515253", cookie)), "Invalid cookie in line 7") << cookie;
  }
  EXPECT_EQ(error_of(kText.substr(0, kText.find("2021"))), "Missing cookie in line 5");
  std::string many = kText;
  for (int i = 0; i < 7; ++i) many += "2021222324252627282930313233343536373839\n";
  EXPECT_EQ(error_of(many), "Invalid cookie in line 13") << "more than a client keeps";
}

}  // namespace
}  // namespace timed::auth
