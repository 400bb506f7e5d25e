#include "timed/server/client_table.h"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "fakes.h"

namespace timed::server {
namespace {

constexpr Ticks kSecond = 16;

class ClientTableTest : public testing::Test {
 protected:
  ClientTable table(std::size_t records, ServiceLimits limits = {}) { return {records, limits, entropy_}; }
  static ServiceLimits limited(int interval, int burst, int leak = 4, int kod = 0) {
    ServiceLimits limits;
    limits.of[0] = {true, interval, burst, leak, kod};
    return limits;
  }
  static IpAddress address(std::uint32_t n) { return IpAddress::v4(0x0a000000 + n); }

  SeededRandom random_{7};
  EntropyPool entropy_{[this](std::span<std::byte> out) {
    for (std::byte& octet : out) octet = static_cast<std::byte>(random_.next() >> 56);
  }};
};

TEST_F(ClientTableTest, HasChronysNumberOfRecords) {
  EXPECT_EQ(ClientTable::records_in(524288), 4096u);
  EXPECT_EQ(ClientTable::records_in(0), 8u);
  EXPECT_EQ(ClientTable::records_in(~std::uint64_t{0}), std::size_t{1} << 24);
  EXPECT_EQ(table(4096).size(), 4096u);
  EXPECT_EQ(table(100).size(), 64u);
  EXPECT_EQ(table(0).size(), 8u);
}

TEST_F(ClientTableTest, CountsHitsOfEachService) {
  ClientTable t = table(64);
  const IpAddress v6 = IpAddress::loopback(Family::Inet6);
  for (Ticks now = 0; now < 5 * kSecond; now += kSecond) t.hit(address(1), Service::Ntp, now);
  t.hit(address(1), Service::Command, 3 * kSecond);
  const auto of_v6 = t.hit(v6, Service::NtsKe, 0);
  const auto index = t.find(address(1));
  ASSERT_TRUE(index);
  EXPECT_EQ(t.find(v6), of_v6);
  EXPECT_FALSE(t.find(address(2)));
  const auto report = t.report(*index, 10 * kSecond);
  ASSERT_TRUE(report);
  EXPECT_EQ(report->address, address(1));
  EXPECT_EQ(report->services[0].hits, 5u);
  EXPECT_EQ(report->services[0].interval, 0) << "a second";
  EXPECT_EQ(report->services[0].seconds_ago, 6u);
  EXPECT_EQ(report->services[1].hits, 0u);
  EXPECT_EQ(report->services[1].interval, 127);
  EXPECT_FALSE(report->services[1].seconds_ago);
  EXPECT_EQ(report->services[2].hits, 1u);
  EXPECT_EQ(report->services[2].seconds_ago, 7u);
  EXPECT_EQ(t.report(of_v6, 0)->address, v6);
  t.reset(*index);
  EXPECT_EQ(t.report(*index, 0)->services[0].hits, 0u);
  EXPECT_EQ(t.report(*index, 0)->services[0].interval, 0) << "its rate stays";
}

TEST_F(ClientTableTest, AnAddressOfEachFamilyIsAClientOfItsOwn) {
  ClientTable t = table(64);
  std::array<std::uint8_t, 16> octets{10, 0, 0, 1};
  t.hit(address(1), Service::Ntp, 0);
  t.hit(IpAddress::v6(octets), Service::Ntp, 0);
  EXPECT_NE(t.find(address(1)), t.find(IpAddress::v6(octets)));
}

TEST_F(ClientTableTest, WhoWasQuietForTheLongestIsForgotten) {
  ClientTable t = table(8);
  for (std::uint32_t n = 0; n < 8; ++n) t.hit(address(n), Service::Ntp, 100 + n);
  t.hit(address(0), Service::Command, 200);
  EXPECT_EQ(t.forgotten(), 0u);
  t.hit(address(8), Service::Ntp, 201);
  EXPECT_EQ(t.forgotten(), 1u);
  EXPECT_FALSE(t.find(address(1)));
  EXPECT_TRUE(t.find(address(0)));
  EXPECT_TRUE(t.find(address(8)));
}

TEST_F(ClientTableTest, OfThoseThatWereQuietEquallyLongHeWhoAskedLeast) {
  ClientTable t = table(8);
  for (std::uint32_t n = 0; n < 8; ++n) {
    for (std::uint32_t i = 0; i < (n == 5 ? 1u : 3u); ++i) t.hit(address(n), Service::Ntp, 100);
  }
  t.hit(address(8), Service::Ntp, 100);
  EXPECT_FALSE(t.find(address(5)));
}

TEST_F(ClientTableTest, ABurstIsAnsweredAndThenOneInAnInterval) {
  ClientTable t = table(64, limited(3, 8));
  int answered = 0;
  for (int i = 0; i < 8; ++i) {
    const auto client = t.hit(address(1), Service::Ntp, 0);
    answered += t.admit(client, Service::Ntp) == Admission::Answer;
  }
  EXPECT_EQ(answered, 8);
  // What leaks is one in 16; what is earned in 1000 s of a request a second 125.
  answered = 0;
  for (Ticks s = 1; s <= 1000; ++s) {
    answered += t.admit(t.hit(address(1), Service::Ntp, s * kSecond), Service::Ntp) == Admission::Answer;
  }
  EXPECT_GT(answered, 90);
  EXPECT_LT(answered, 220);
  const auto report = t.report(*t.find(address(1)), 1000 * kSecond);
  EXPECT_EQ(report->services[0].hits, 1008u);
  EXPECT_EQ(report->services[0].drops, 1000u - static_cast<std::uint32_t>(answered));
  EXPECT_EQ(report->limited_interval, 0);
}

TEST_F(ClientTableTest, SomethingLeaksAndEmptiesTheBucket) {
  for (const int leak : {1, 2, 4}) {
    ClientTable t = table(64, limited(12, 1, leak));
    int answered = 0;
    for (int i = 0; i < 3200; ++i) {
      answered += t.admit(t.hit(address(1), Service::Ntp, 0), Service::Ntp) == Admission::Answer;
    }
    const int wanted = 3200 >> leak;
    EXPECT_NEAR(answered, wanted, wanted / 4) << leak;
  }
}

TEST_F(ClientTableTest, WhoInsistsWhenNotAnsweredIsAnsweredMostly) {
  ClientTable t = table(64, limited(6, 1, 3));
  Ticks now = 0;
  int answered = 0, asked = 0;
  // Once in 64 s while it is answered, every 2 s while it is not.
  for (int i = 0; i < 4000; ++i) {
    const auto client = t.hit(address(1), Service::Ntp, now);
    const bool ok = t.admit(client, Service::Ntp) == Admission::Answer;
    now += ok ? 40 * kSecond : 2 * kSecond;
    ++asked;
    answered += ok;
  }
  EXPECT_GT(answered, asked * 7 / 10) << "7 of 8 where the leak is inverted";
}

TEST_F(ClientTableTest, KissesOfDeathAreAPartOfWhatIsNotAnswered) {
  ClientTable t = table(64, limited(12, 1, 4, 1));
  std::map<Admission, int> seen;
  for (int i = 0; i < 3200; ++i) ++seen[t.admit(t.hit(address(1), Service::Ntp, 0), Service::Ntp)];
  EXPECT_NEAR(seen[Admission::KissOfDeath], 1500, 150);
  EXPECT_NEAR(seen[Admission::Drop], 1500, 150);
  ClientTable none = table(64, limited(12, 1, 4, 0));
  for (int i = 0; i < 320; ++i) {
    EXPECT_NE(none.admit(none.hit(address(1), Service::Ntp, 0), Service::Ntp), Admission::KissOfDeath);
  }
}

TEST_F(ClientTableTest, ServicesAreLimitedEachForItself) {
  ClientTable t = table(64, limited(12, 1));
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(t.admit(t.hit(address(1), Service::Command, 0), Service::Command), Admission::Answer);
  }
  EXPECT_EQ(t.admit(t.hit(address(1), Service::Ntp, 0), Service::Ntp), Admission::Answer) << "its bucket is full";
}

TEST_F(ClientTableTest, DropsOfOthersAreNoted) {
  ClientTable t = table(64);
  t.note_drop(address(1), Service::Command);
  const auto client = t.hit(address(1), Service::Command, 0);
  t.note_drop(address(1), Service::Command);
  EXPECT_EQ(t.report(client, 0)->services[2].drops, 1u);
  EXPECT_EQ(t.report(client, 0)->services[0].drops, 0u);
}

TEST_F(ClientTableTest, ANewClientInAnOldRecordStartsFull) {
  ClientTable t = table(8, limited(12, 1));
  for (std::uint32_t n = 0; n < 9; ++n) {
    const auto client = t.hit(address(n), Service::Ntp, n);
    EXPECT_EQ(t.admit(client, Service::Ntp), Admission::Answer) << n;
  }
}

TEST_F(ClientTableTest, AClockThatStepsHarmsNothing) {
  ClientTable t = table(8, limited(3, 8));
  for (const Ticks now : {1000u, 10u, 4000000000u, 5u}) t.hit(address(1), Service::Ntp, now);
  const auto report = t.report(*t.find(address(1)), 0);
  EXPECT_EQ(report->services[0].seconds_ago, 0u) << "the last hit is ahead";
  EXPECT_EQ(report->services[0].hits, 4u);
}

TEST_F(ClientTableTest, ItsTimeIsInSixteenthsFromAnyMoment) {
  const ClientTable t = table(8);
  EXPECT_EQ(t.ticks(2'000'000'000) - t.ticks(0), 32u);
  EXPECT_EQ(t.ticks(62'500'000) - t.ticks(62'499'999), 1u);
}

// Addresses that nobody has: the table has the size that it had, and knows 4096 of them.
TEST_F(ClientTableTest, AFloodOfAddressesGrowsNothing) {
  ClientTable t = table(4096);
  const std::size_t before = t.size();
  SeededRandom random(1);
  for (Ticks i = 0; i < 200'000; ++i) t.hit(IpAddress::v4(static_cast<std::uint32_t>(random.next())), Service::Ntp, i);
  EXPECT_EQ(t.size(), before);
  EXPECT_GE(t.forgotten(), 195'800u) << "but for addresses that came twice";
}

// With each secret: two hundred neighbours in five hundred slots of eight never crowd one out.
TEST_F(ClientTableTest, NeighboursLeaveEachOtherTheirPlaces) {
  for (const bool v6 : {false, true}) {
    for (int secret = 0; secret < 500; ++secret) {
      ClientTable t = table(4096);
      for (std::uint8_t last = 0; last < 200; ++last) {
        std::array<std::uint8_t, 16> octets{0xfd, 0, 0, 0x99, 0, 0, 0, 1};
        octets[15] = last;
        t.hit(v6 ? IpAddress::v6(octets) : address(last), Service::Ntp, 0);
      }
      EXPECT_EQ(t.forgotten(), 0u) << (v6 ? "IPv6" : "IPv4") << ", secret " << secret;
    }
  }
}

TEST_F(ClientTableTest, AddressesInARowSpreadOverTheSlots) {
  ClientTable t = table(4096);
  for (std::uint32_t n = 0; n < 2048; ++n) t.hit(address(n), Service::Ntp, 0);
  EXPECT_LT(t.forgotten(), 60u) << "about 25 by chance where half of the table is used";
}

}  // namespace
}  // namespace timed::server
