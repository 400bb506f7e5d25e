#include "timed/base/subnet_text.h"

#include <gtest/gtest.h>

namespace timed {
namespace {

std::string subnet(std::string_view text) {
  const auto parsed = parse_subnet(text);
  if (const auto* good = std::get_if<Subnet>(&parsed)) return good->to_string();
  if (const auto* bad = std::get_if<BadPrefixLength>(&parsed)) return "bad " + bad->subnet;
  return std::get<NotASubnet>(parsed).may_be_host_name ? "host" : "nothing";
}

TEST(ParseSubnet, Addresses) {
  EXPECT_EQ(subnet("1.2.3.4"), "1.2.3.4/32");
  EXPECT_EQ(subnet("1.2.3.4/24"), "1.2.3.0/24");
  EXPECT_EQ(subnet("1.2.3.4/0"), "0.0.0.0/0");
  EXPECT_EQ(subnet("2001:db8::1"), "2001:db8::1/128");
  EXPECT_EQ(subnet("2001:db8::1/32"), "2001:db8::/32");
  EXPECT_EQ(subnet("::/0"), "::/0");
}

TEST(ParseSubnet, OneToThreeNumbers) {
  EXPECT_EQ(subnet("10"), "10.0.0.0/8");
  EXPECT_EQ(subnet("192.168"), "192.168.0.0/16");
  EXPECT_EQ(subnet("192.168.1"), "192.168.1.0/24");
  EXPECT_EQ(subnet("010"), "10.0.0.0/8");
  EXPECT_EQ(subnet("0/0"), "0.0.0.0/0");
  EXPECT_EQ(subnet("10.1/12"), "10.0.0.0/12");
  EXPECT_EQ(subnet("10/32"), "10.0.0.0/32");
}

TEST(ParseSubnet, PrefixLengthsThatCannotBe) {
  EXPECT_EQ(subnet("1.2.3.0/40"), "bad 1.2.3.0/40");
  EXPECT_EQ(subnet("10/33"), "bad 10.0.0.0/33");
  EXPECT_EQ(subnet("::1/129"), "bad ::1/129");
  EXPECT_EQ(subnet("10/99999999999999999999"), "bad 10.0.0.0/99999999999999999999");
}

TEST(ParseSubnet, NumbersMayHaveAPlus) {
  EXPECT_EQ(subnet("10/+8"), "10.0.0.0/8");
  EXPECT_EQ(subnet("+10.+2"), "10.2.0.0/16");
  EXPECT_EQ(subnet("::1/+64"), "::/64");
}

TEST(ParseSubnet, WhatIsNone) {
  for (const char* text :
       {"1.2.3.", "1.2.300", "256", "1..2",      ".1",          "10/8x", "10/-1", "10/++8", "10/", "/8",
        "1/2/3",  "-1",      "++1", "1.2.3.4.5", "2001:db8:::", ":",     "",      "a.b/24", "a@b", "\xc3\xa4"}) {
    EXPECT_EQ(subnet(text), "nothing") << text;
  }
  for (const char* text : {"ntp.example.com", "localhost", "a1", "0x10", "my_host-2"})
    EXPECT_EQ(subnet(text), "host") << text;
}

}  // namespace
}  // namespace timed
