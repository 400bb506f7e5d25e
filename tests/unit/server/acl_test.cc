#include "timed/server/acl.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "timed/base/random.h"

namespace timed::server {
namespace {

Subnet subnet(const std::string& text) {
  const std::size_t slash = text.find('/');
  return *Subnet::make(*IpAddress::parse(text.substr(0, slash)), std::stoi(text.substr(slash + 1)));
}

AccessRule rule(bool allow, const std::string& text, bool all = false) {
  AccessRule r;
  r.allow = allow;
  r.all = all;
  if (text.empty()) {
    r.subnets = {subnet("0.0.0.0/0"), subnet("::/0")};
  } else {
    r.subnets = {subnet(text)};
  }
  return r;
}
AccessRule allow(const std::string& text = "", bool all = false) {
  return rule(true, text, all);
}
AccessRule deny(const std::string& text = "", bool all = false) {
  return rule(false, text, all);
}

// Asks both forms of the same rules; they must agree.
class Rules {
 public:
  Rules(std::initializer_list<AccessRule> rules) : list_(std::vector<AccessRule>(rules)), table_(list_.compile()) {}
  bool allows(const std::string& text) const {
    const IpAddress address = *IpAddress::parse(text);
    EXPECT_EQ(list_.allows(address), table_.allows(address)) << text;
    return table_.allows(address);
  }
  bool any(Family family) const { return table_.any_allowed(family); }

 private:
  AccessList list_;
  AccessTable table_;
};

TEST(Acl, nobody_is_allowed_by_default) {
  const Rules rules{};
  EXPECT_FALSE(rules.allows("127.0.0.1"));
  EXPECT_FALSE(rules.allows("::1"));
  EXPECT_FALSE(rules.any(Family::Inet4));
  EXPECT_FALSE(rules.any(Family::Inet6));
  EXPECT_FALSE(AccessTable().allows(IpAddress()));
  EXPECT_FALSE(AccessList().allows(IpAddress()));
}

TEST(Acl, a_rule_without_subnet_means_both_families) {
  const Rules rules{allow()};
  EXPECT_TRUE(rules.allows("192.0.2.1"));
  EXPECT_TRUE(rules.allows("2001:db8::1"));
  EXPECT_TRUE(rules.any(Family::Inet4));
  EXPECT_TRUE(rules.any(Family::Inet6));
}

TEST(Acl, families_are_apart) {
  const Rules rules{allow("0.0.0.0/0")};
  EXPECT_TRUE(rules.any(Family::Inet4));
  EXPECT_FALSE(rules.any(Family::Inet6));
  EXPECT_FALSE(rules.allows("::1"));
  EXPECT_FALSE(rules.allows("::ffff:192.0.2.1"));
}

TEST(Acl, the_more_specific_rule_wins_whatever_the_order) {
  for (const bool deny_first : {false, true}) {
    const Rules rules =
        deny_first ? Rules{deny("10.1.0.0/16"), allow("10.0.0.0/8")} : Rules{allow("10.0.0.0/8"), deny("10.1.0.0/16")};
    EXPECT_TRUE(rules.allows("10.0.255.255"));
    EXPECT_FALSE(rules.allows("10.1.0.0"));
    EXPECT_FALSE(rules.allows("10.1.255.255"));
    EXPECT_TRUE(rules.allows("10.2.0.0"));
    EXPECT_FALSE(rules.allows("9.255.255.255"));
    EXPECT_FALSE(rules.allows("11.0.0.0"));
  }
}

TEST(Acl, all_discards_the_rules_below) {
  const Rules kept{deny("10.1.2.3/32"), allow("10.0.0.0/8")};
  EXPECT_FALSE(kept.allows("10.1.2.3"));
  const Rules gone{deny("10.1.2.3/32"), deny("192.0.2.0/24"), allow("10.0.0.0/8", true)};
  EXPECT_TRUE(gone.allows("10.1.2.3"));
  EXPECT_FALSE(gone.allows("192.0.2.1"));
  const Rules none{allow("10.0.0.0/8"), allow("2001:db8::/32"), deny("", true)};
  EXPECT_FALSE(none.any(Family::Inet4));
  EXPECT_FALSE(none.any(Family::Inet6));
}

TEST(Acl, all_on_an_odd_prefix_discards_below_its_own_nodes_only) {
  const Rules rules{allow("10.64.1.0/24"), allow("10.128.1.0/24"), deny("10.0.0.0/9", true)};
  EXPECT_FALSE(rules.allows("10.64.1.1"));
  EXPECT_TRUE(rules.allows("10.128.1.1"));
}

// CVE-2015-1821: a prefix length that is no multiple of four overran the array of branches in chrony 1.31 and
// before, and marked the wrong ones.
TEST(Acl, cve_2015_1821_odd_prefix_lengths) {
  for (int bits = 0; bits <= 32; ++bits) {
    const IpAddress base = IpAddress::v4(0xffffffff);
    AccessList list;
    AccessRule r;
    r.allow = true;
    r.subnets = {*Subnet::make(base, bits)};
    list.apply(r);
    const AccessTable table = list.compile();
    EXPECT_TRUE(table.allows(base));
    EXPECT_TRUE(table.allows(r.subnets[0].address()));
    if (bits == 0) continue;
    const IpAddress outside = IpAddress::v4(r.subnets[0].address().v4_value() - 1);
    EXPECT_FALSE(table.allows(outside)) << bits;
    EXPECT_FALSE(list.allows(outside)) << bits;
  }
  for (int bits = 1; bits <= 128; ++bits) {
    std::array<std::uint8_t, 16> ones{};
    ones.fill(0xff);
    AccessList list;
    AccessRule r;
    r.allow = true;
    r.subnets = {*Subnet::make(IpAddress::v6(ones), bits)};
    list.apply(r);
    const AccessTable table = list.compile();
    EXPECT_TRUE(table.allows(IpAddress::v6(ones)));
    ones[static_cast<std::size_t>((bits - 1) / 8)] ^= static_cast<std::uint8_t>(0x80 >> ((bits - 1) % 8));
    EXPECT_FALSE(table.allows(IpAddress::v6(ones))) << bits;
    EXPECT_FALSE(list.allows(IpAddress::v6(ones))) << bits;
  }
}

// As tried on chronyd.
TEST(Acl, within_one_nibble_the_later_rule_wins) {
  const Rules longer_first{deny("192.0.2.0/26"), allow("192.0.2.0/25")};
  EXPECT_TRUE(longer_first.allows("192.0.2.1"));
  const Rules whole_nibble{deny("192.0.2.0/28"), allow("192.0.2.0/25")};
  EXPECT_TRUE(whole_nibble.allows("192.0.2.1"));
  const Rules next_nibble{deny("192.0.2.0/29"), allow("192.0.2.0/25")};
  EXPECT_FALSE(next_nibble.allows("192.0.2.1"));
  EXPECT_TRUE(next_nibble.allows("192.0.2.8"));
  const Rules nibble_above{deny("192.0.2.0/25"), allow("192.0.2.0/24")};
  EXPECT_FALSE(nibble_above.allows("192.0.2.1"));
  EXPECT_TRUE(nibble_above.allows("192.0.2.129"));
}

TEST(Acl, changes_are_seen_by_the_next_compilation_only) {
  AccessList list;
  list.apply(allow("10.0.0.0/8"));
  const AccessTable before = list.compile();
  list.apply(deny("10.0.0.0/8"));
  EXPECT_TRUE(before.allows(*IpAddress::parse("10.0.0.1")));
  EXPECT_FALSE(list.compile().allows(*IpAddress::parse("10.0.0.1")));
}

TEST(Acl, neighbours_that_are_treated_alike_take_no_more_room_than_their_whole) {
  const auto room_of = [](std::vector<AccessRule> rules) { return AccessList(rules).compile().memory(); };
  EXPECT_EQ(room_of({allow("10.0.0.0/25"), allow("10.0.0.128/25")}), room_of({allow("10.0.0.0/24")}));
  EXPECT_EQ(room_of({allow(), deny("10.0.0.0/24"), allow("10.0.0.0/25"), allow("10.0.0.128/25")}), 0u);
}

TEST(Acl, all_discards_the_last_address_too) {
  AccessList list;
  list.apply(allow("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128"));
  list.apply(deny("::/0", true));
  EXPECT_FALSE(list.allows(*IpAddress::parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")));
}

TEST(Acl, what_is_discarded_is_gone) {
  AccessList list;
  for (int i = 0; i < 1000; ++i) {
    list.apply(allow("2001:db8::1/128"));
    list.apply(deny("::/0", true));
  }
  list.apply(allow("2001:db8::2/128"));
  EXPECT_FALSE(list.allows(*IpAddress::parse("2001:db8::1")));
  EXPECT_TRUE(list.allows(*IpAddress::parse("2001:db8::2")));
  EXPECT_FALSE(list.allows(*IpAddress::parse("2001:db8::3")));
}

IpAddress random_address(SeededRandom& random, Family family, int spread) {
  // Few distinct values in most nibbles, so that rules and addresses meet.
  std::array<std::uint8_t, 16> bytes{};
  for (auto& b : bytes) b = static_cast<std::uint8_t>(random.below(static_cast<std::uint64_t>(spread)) * 0x55);
  if (random.below(2) == 0) bytes[random.below(16)] = static_cast<std::uint8_t>(random.next());
  if (family == Family::Inet6) return IpAddress::v6(bytes);
  return IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
                       static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3]);
}

// The semantics once more, by brute force: marks as a list of nibble prefixes, the longest decides.
class Marks {
 public:
  void apply(const AccessRule& r) {
    for (const Subnet& s : r.subnets) {
      const int rounded = (s.bits() + 3) / 4 * 4;
      std::erase_if(marks_, [&](const Mark& m) {
        const bool inside = s.contains(m.subnet.address()) && m.subnet.bits() >= rounded;
        return inside && (m.subnet.bits() == rounded || r.all);
      });
      for (std::uint32_t i = 0; i < 1u << (rounded - s.bits()); ++i) marks_.push_back({part(s, rounded, i), r.allow});
    }
  }
  bool allows(const IpAddress& address) const {
    const Mark* best = nullptr;
    for (const Mark& m : marks_) {
      if (m.subnet.contains(address) && (best == nullptr || m.subnet.bits() > best->subnet.bits())) best = &m;
    }
    return best != nullptr && best->allow;
  }

 private:
  struct Mark {
    Subnet subnet;
    bool allow;
  };
  static Subnet part(const Subnet& s, int rounded, std::uint32_t i) {
    std::array<std::uint8_t, 16> bytes{};
    std::copy(s.address().bytes().begin(), s.address().bytes().end(), bytes.begin());
    if (rounded > 0) {
      bytes[static_cast<std::size_t>((rounded - 1) / 8)] |= static_cast<std::uint8_t>(rounded % 8 == 0 ? i : i << 4);
    }
    const IpAddress address = s.address().is_v6() ? IpAddress::v6(bytes)
                                                  : IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 |
                                                                  static_cast<std::uint32_t>(bytes[1]) << 16 |
                                                                  static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3]);
    return *Subnet::make(address, rounded);
  }
  std::vector<Mark> marks_;
};

TEST(Acl, table_list_and_plain_marks_agree_on_random_rules) {
  for (std::uint64_t seed = 1; seed <= 120; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    SeededRandom random(seed);
    const int spread = 2 + static_cast<int>(seed % 3);
    AccessList list;
    Marks marks;
    std::vector<AccessRule> all;
    for (std::uint64_t i = 0; i < 1 + seed % 40; ++i) {
      const Family family = random.below(2) == 0 ? Family::Inet4 : Family::Inet6;
      const IpAddress address = random_address(random, family, spread);
      AccessRule r;
      r.allow = random.below(2) == 0;
      r.all = random.below(8) == 0;
      r.subnets = {
          *Subnet::make(address, static_cast<int>(random.below(static_cast<std::uint64_t>(address.width()) + 1)))};
      list.apply(r);
      marks.apply(r);
      all.push_back(r);
    }
    const AccessTable table = list.compile();
    // Many at once, and some after them.
    const std::span<const AccessRule> rules = all;
    AccessList together(rules.first(rules.size() * 2 / 3));
    for (const AccessRule& r : rules.subspan(rules.size() * 2 / 3)) together.apply(r);
    const AccessTable same = together.compile();
    EXPECT_EQ(same.memory(), table.memory());
    std::array<bool, 3> seen{};
    for (int i = 0; i < 400; ++i) {
      const Family family = i % 2 == 0 ? Family::Inet4 : Family::Inet6;
      const IpAddress address = random_address(random, family, spread);
      const bool expected = marks.allows(address);
      ASSERT_EQ(list.allows(address), expected) << address.to_string();
      ASSERT_EQ(table.allows(address), expected) << address.to_string();
      ASSERT_EQ(together.allows(address), expected) << address.to_string();
      ASSERT_EQ(same.allows(address), expected) << address.to_string();
      if (expected) seen[static_cast<std::size_t>(family)] = true;
    }
    for (const Family family : {Family::Inet4, Family::Inet6}) {
      if (seen[static_cast<std::size_t>(family)]) {
        EXPECT_TRUE(table.any_allowed(family));
      }
    }
  }
}

TEST(Acl, first_and_last_address_of_every_prefix_length) {
  SeededRandom random(99);
  for (const Family family : {Family::Inet4, Family::Inet6}) {
    const int width = family == Family::Inet4 ? 32 : 128;
    for (int bits = 0; bits <= width; ++bits) {
      AccessList list;
      AccessRule r;
      r.allow = true;
      r.subnets = {*Subnet::make(random_address(random, family, 3), bits)};
      list.apply(r);
      const AccessTable table = list.compile();
      for (int i = 0; i < 200; ++i) {
        // Differs from the prefix in one bit: inside beyond the prefix, outside within it.
        const int bit = static_cast<int>(random.below(static_cast<std::uint64_t>(width)));
        std::array<std::uint8_t, 16> bytes{};
        std::copy(r.subnets[0].address().bytes().begin(), r.subnets[0].address().bytes().end(), bytes.begin());
        bytes[static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(0x80 >> (bit % 8));
        const IpAddress address = family == Family::Inet6
                                      ? IpAddress::v6(bytes)
                                      : IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 |
                                                      static_cast<std::uint32_t>(bytes[1]) << 16 |
                                                      static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3]);
        ASSERT_EQ(table.allows(address), bit >= bits) << bits << " " << bit;
      }
    }
  }
}

}  // namespace
}  // namespace timed::server
