#include "timed/base/lacking_addresses.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "timed/base/log.h"

namespace timed {
namespace {

const Error kTaken{"Could not bind : Address already in use", ErrorKind::AddressInUse};
const Error kForbidden{"Could not bind : Permission denied", ErrorKind::Permission};
const Error kNoFamily{"Address family not supported by protocol", ErrorKind::Unsupported};

class LackingAddressesTest : public ::testing::Test {
 protected:
  LackingAddressesTest() {
    log::set_sink([this](log::Severity severity, std::string_view m) { told.emplace_back(severity, m); });
  }
  ~LackingAddressesTest() override { log::set_sink({}); }

  std::size_t told_since() { return std::exchange(told, {}).size(); }

  const IpAddress v4 = IpAddress::any(Family::Inet4);
  const IpAddress v6 = IpAddress::any(Family::Inet6);
  std::vector<std::pair<log::Severity, std::string>> told;
  LackingAddresses lacking{"NTP socket", 123};
};

TEST_F(LackingAddressesTest, LacksNothingAtFirst) {
  EXPECT_FALSE(lacking.any());
  EXPECT_FALSE(lacking.any_may_come());
  lacking.opened(v4);
  EXPECT_TRUE(told.empty()) << "that a socket opens is no news";
}

TEST_F(LackingAddressesTest, ATakenPortIsToldOnceAndTriedUntilItIsFree) {
  lacking.refused(v4, kTaken);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].first, log::Severity::Error);
  EXPECT_EQ(told[0].second, "Could not open NTP socket on 0.0.0.0:123 : Address already in use");
  lacking.refused(v4, kTaken);
  lacking.refused(v4, {"No route", ErrorKind::NoAddress});
  EXPECT_EQ(told_since(), 1u);
  EXPECT_TRUE(lacking.any());
  EXPECT_EQ(lacking.those_that_may_come(), std::vector{v4});
  EXPECT_TRUE(lacking.may_come(v4));
  EXPECT_FALSE(lacking.may_come(v6));
  lacking.opened(v4);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0], std::pair(log::Severity::Info, std::string("Opened NTP socket on 0.0.0.0:123")));
  EXPECT_FALSE(lacking.any());
  lacking.opened(v4);
  EXPECT_EQ(told_since(), 1u);
}

TEST_F(LackingAddressesTest, AForbiddenOneIsMissedButNotTried) {
  lacking.refused(v4, kForbidden);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].first, log::Severity::Error);
  EXPECT_TRUE(lacking.any());
  EXPECT_FALSE(lacking.any_may_come());
  EXPECT_TRUE(lacking.those_that_may_come().empty());
  lacking.refused(v4, kForbidden);  // the operator has asked for it again
  EXPECT_EQ(told_since(), 1u);
  lacking.opened(v4);
  EXPECT_EQ(told_since(), 1u);
}

TEST_F(LackingAddressesTest, OneThatTurnsOutToBeForbiddenIsToldAgain) {
  lacking.refused(v4, kTaken);
  lacking.refused(v4, kForbidden);
  ASSERT_EQ(told.size(), 2u);
  EXPECT_EQ(told[1].second, "Could not open NTP socket on 0.0.0.0:123 : Permission denied");
  EXPECT_FALSE(lacking.any_may_come());
}

TEST_F(LackingAddressesTest, AFamilyThatTheKernelHasNotIsNoFault) {
  lacking.refused(v6, kNoFamily);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].first, log::Severity::Info);
  EXPECT_EQ(told[0].second, "Could not open NTP socket on [::]:123 : Address family not supported by protocol");
  EXPECT_FALSE(lacking.any());
  EXPECT_FALSE(lacking.any_may_come());
  lacking.refused(v6, kNoFamily);
  EXPECT_EQ(told_since(), 1u);
}

TEST_F(LackingAddressesTest, WhatIsWantedAnewIsToldAnew) {
  lacking.refused(v4, kTaken);
  lacking.refused(v6, kTaken);
  lacking.forget(v4);
  EXPECT_EQ(lacking.those_that_may_come(), std::vector{v6});
  lacking.refused(v4, kTaken);
  EXPECT_EQ(told_since(), 3u);
  lacking.clear();
  EXPECT_FALSE(lacking.any());
}

}  // namespace
}  // namespace timed
