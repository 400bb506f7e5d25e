#include "timed/base/address.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>

#include "timed/base/random.h"

namespace timed {
namespace {

TEST(IpAddress, rfc_5952_text) {
  // Section 4 of the RFC and its examples: input, canonical form.
  for (const auto& [text, canonical] : std::initializer_list<std::pair<const char*, const char*>>{
           {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
           {"2001:0db8::0001", "2001:db8::1"},
           {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},  // one group alone is not shortened
           {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},           // the longest run
           {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},     // the first of equal ones
           {"2001:DB8::AbCd", "2001:db8::abcd"},
           {"0:0:0:0:0:0:0:0", "::"},
           {"0:0:0:0:0:0:0:1", "::1"},
           {"1:0:0:0:0:0:0:0", "1::"},
           {"0:1:2:3:4:5:6:7", "0:1:2:3:4:5:6:7"},
           {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
           {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
           {"::ffff:c000:0201", "::ffff:192.0.2.1"},
           {"64:ff9b::192.0.2.33", "64:ff9b::c000:221"},
           {"fe80::1", "fe80::1"},
           {"192.0.2.1", "192.0.2.1"},
           {"0.0.0.0", "0.0.0.0"},
           {"255.255.255.255", "255.255.255.255"}}) {
    const auto address = IpAddress::parse(text);
    ASSERT_TRUE(address.has_value()) << text;
    EXPECT_EQ(address->to_string(), canonical);
    EXPECT_EQ(IpAddress::parse(canonical), address);
  }
}

TEST(IpAddress, refuses_what_is_none) {
  for (const char* text : {"",
                           " ",
                           "1",
                           "1.2.3",
                           "1.2.3.4.5",
                           "1.2.3.256",
                           "01.2.3.4",
                           "1.2.3.4 ",
                           " 1.2.3.4",
                           "1..2.3",
                           ".1.2.3",
                           "1.2.3.",
                           "-1.2.3.4",
                           "+1.2.3.4",
                           "1.2.3.4x",
                           "0x1.2.3.4",
                           "1.2.3.0000",
                           ":",
                           ":::",
                           "1:",
                           ":1",
                           "1:2:3:4:5:6:7",
                           "1:2:3:4:5:6:7:8:9",
                           "1::2::3",
                           "1:2:3:4:5:6:7:8::",
                           "::1:2:3:4:5:6:7:8",
                           "12345::",
                           "g::",
                           "::1%eth0",
                           "[::1]",
                           "::1.2.3",
                           "::1.2.3.4.5",
                           "1.2.3.4::",
                           "::1.2.3.4:5",
                           "::+1",
                           "::-1",
                           "::0x1",
                           "1:2:3:4:5:6:7:1.2.3.4"}) {
    EXPECT_FALSE(IpAddress::parse(text).has_value()) << text;
  }
}

TEST(IpAddress, agrees_with_the_c_library_on_random_text) {
  constexpr std::string_view kAlphabet = "0123459af::::...";
  SeededRandom random(11);
  int valid = 0;
  for (int i = 0; i < 400000; ++i) {
    std::string text;
    const std::uint64_t length = 2 + random.below(14);
    for (std::uint64_t k = 0; k < length; ++k) text += kAlphabet[random.below(kAlphabet.size())];
    std::array<std::uint8_t, 16> bytes{};
    const bool v6 = text.find(':') != std::string::npos;
    const bool good = inet_pton(v6 ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) == 1;
    const auto address = IpAddress::parse(text);
    ASSERT_EQ(address.has_value(), good) << text;
    if (!good) continue;
    ++valid;
    ASSERT_TRUE(std::equal(address->bytes().begin(), address->bytes().end(), bytes.begin())) << text;
    ASSERT_EQ(IpAddress::parse(address->to_string()), address) << text;
  }
  EXPECT_GT(valid, 100);
}

TEST(IpAddress, random_addresses_print_and_parse) {
  SeededRandom random(12);
  for (int i = 0; i < 50000; ++i) {
    std::array<std::uint8_t, 16> bytes{};
    for (auto& b : bytes) b = random.below(3) == 0 ? static_cast<std::uint8_t>(random.next()) : std::uint8_t{0};
    const auto v6 = IpAddress::v6(bytes);
    ASSERT_EQ(IpAddress::parse(v6.to_string()), v6) << v6.to_string();
    const auto v4 = IpAddress::v4(static_cast<std::uint32_t>(random.next()));
    ASSERT_EQ(IpAddress::parse(v4.to_string()), v4);
  }
}

TEST(IpAddress, kinds) {
  EXPECT_TRUE(IpAddress::parse("127.0.0.1")->is_localhost());
  EXPECT_FALSE(IpAddress::parse("127.0.0.2")->is_localhost());
  EXPECT_TRUE(IpAddress::parse("::1")->is_localhost());
  EXPECT_TRUE(IpAddress::parse("0.0.0.0")->is_any());
  EXPECT_TRUE(IpAddress::parse("::")->is_any());
  EXPECT_FALSE(IpAddress().is_any());
  EXPECT_FALSE(IpAddress().is_localhost());
  EXPECT_TRUE(IpAddress::parse("fe80::1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("febf::1")->is_link_local());
  EXPECT_FALSE(IpAddress::parse("fec0::1")->is_link_local());
  EXPECT_TRUE(IpAddress::parse("169.254.1.1")->is_link_local());
  EXPECT_FALSE(IpAddress::parse("169.255.1.1")->is_link_local());
  EXPECT_EQ(IpAddress().to_string(), "[UNSPEC]");
  EXPECT_TRUE(IpAddress().bytes().empty());
}

TEST(IpAddress, order_and_hash) {
  EXPECT_LT(*IpAddress::parse("255.255.255.255"), *IpAddress::parse("::"));
  EXPECT_LT(*IpAddress::parse("9.0.0.0"), *IpAddress::parse("10.0.0.0"));
  EXPECT_NE(IpAddress::parse("0.0.0.0")->hash(), IpAddress::parse("::")->hash());
  std::set<std::size_t> hashes;
  for (std::uint32_t i = 0; i < 1000; ++i) hashes.insert(IpAddress::v4(0x0a000000 + i).hash());
  EXPECT_EQ(hashes.size(), 1000u);
}

TEST(Endpoint, text) {
  EXPECT_EQ((Endpoint{*IpAddress::parse("192.0.2.1"), 123, 0}.to_string()), "192.0.2.1:123");
  EXPECT_EQ((Endpoint{*IpAddress::parse("::1"), 65535, 0}.to_string()), "[::1]:65535");
}

TEST(Subnet, bits_beyond_the_prefix_are_dropped) {
  for (int bits = 0; bits <= 32; ++bits) {
    const auto subnet = Subnet::make(IpAddress::v4(0xffffffff), bits);
    ASSERT_TRUE(subnet.has_value());
    const std::uint32_t mask = bits == 0 ? 0 : ~std::uint32_t{0} << (32 - bits);
    EXPECT_EQ(subnet->address().v4_value(), mask);
    EXPECT_EQ(subnet->bits(), bits);
    EXPECT_TRUE(subnet->contains(IpAddress::v4(mask)));
    if (bits > 0) {
      EXPECT_FALSE(subnet->contains(IpAddress::v4(mask ^ (std::uint32_t{1} << (32 - bits)))));
    }
  }
  EXPECT_EQ(Subnet::make(*IpAddress::parse("2001:db8:ffff::1"), 37)->to_string(), "2001:db8:f800::/37");
}

TEST(Subnet, lengths_are_checked) {
  EXPECT_FALSE(Subnet::make(IpAddress::v4(0), 33).has_value());
  EXPECT_FALSE(Subnet::make(IpAddress::v4(0), -1).has_value());
  EXPECT_FALSE(Subnet::make(IpAddress::any(Family::Inet6), 129).has_value());
  EXPECT_FALSE(Subnet::make(IpAddress(), 0).has_value());
}

TEST(Subnet, families_never_mix) {
  const auto all_v4 = *Subnet::make(IpAddress::any(Family::Inet4), 0);
  EXPECT_TRUE(all_v4.contains(IpAddress::v4(1)));
  EXPECT_FALSE(all_v4.contains(IpAddress::loopback(Family::Inet6)));
  EXPECT_FALSE(all_v4.contains(IpAddress()));
}

}  // namespace
}  // namespace timed
