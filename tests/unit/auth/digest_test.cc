#include "timed/auth/digest.h"

#include <gtest/gtest.h>

namespace timed::auth {
namespace {

TEST(RefIdOf, ipv4_is_the_address_itself) {
  EXPECT_EQ(ref_id_of(*IpAddress::parse("192.0.2.1")).value, 0xc0000201u);
}

TEST(RefIdOf, ipv6_is_the_beginning_of_its_md5) {
  EXPECT_EQ(ref_id_of(IpAddress::loopback(Family::Inet6)).value, 0xcf404dc8u);
  EXPECT_EQ(ref_id_of(*IpAddress::parse("::")).value, 0x4ae71336u);  // md5 of 16 zero octets
  EXPECT_EQ(ref_id_of(*IpAddress::parse("2001:db8::1")).value, 0x39ab9b37u);
}

TEST(RefIdOf, no_address_is_zero) {
  EXPECT_EQ(ref_id_of(IpAddress()).value, 0u);
}

}  // namespace
}  // namespace timed::auth
