#include "timed/client/arguments.h"

#include <gtest/gtest.h>

namespace timed::client {
namespace {

using control::AddSourceRequest;
using control::LocalRequest;
using control::SourceAddress;

std::string which(std::string_view text) {
  auto parsed = parse_which_sources(text, Family::Unspecified);
  if (!parsed) return parsed.error().message;
  std::string id = parsed->address.unresolved_id ? " #" + std::to_string(*parsed->address.unresolved_id) : "";
  return parsed->mask.ip.to_string() + " " + parsed->address.ip.to_string() + id;
}

Result<AddSourceRequest> added(std::string_view text) {
  return parse_add_source(split_words(text), Family::Unspecified);
}

Result<LocalRequest> local(std::string_view text) {
  return parse_local(split_words(text));
}

TEST(WhichSources, HaveAMask) {
  EXPECT_EQ(which(""), "[UNSPEC] [UNSPEC]");
  EXPECT_EQ(which("10.1.2.3"), "255.255.255.255 10.1.2.3");
  EXPECT_EQ(which("10.0.0.0/9"), "255.128.0.0 10.0.0.0");
  EXPECT_EQ(which("10.0.0.0/0"), "0.0.0.0 10.0.0.0");
  EXPECT_EQ(which("2001:db8::/33"), "ffff:ffff:8000:: 2001:db8::");
  EXPECT_EQ(which("255.0.0.0/10.0.0.0"), "255.0.0.0 10.0.0.0");
  EXPECT_EQ(which("10.0.0.0/33"), "255.255.255.255 10.0.0.0");
  EXPECT_EQ(which("ID#7"), "[UNSPEC] [UNSPEC] #7");
  EXPECT_EQ(which("ID#4294967295"), "[UNSPEC] [UNSPEC] #4294967295");
}

TEST(WhichSources, WhatIsNone) {
  EXPECT_EQ(which("/"), "Invalid syntax for mask/address");
  EXPECT_EQ(which("255.0.0.0/::1"), "Invalid syntax for mask/address");
  EXPECT_EQ(which("localhost/8"), "Invalid syntax for mask/address");
  EXPECT_EQ(which("10.0.0.1 x"), "Could not get address for hostname");
  EXPECT_EQ(which("ID#4294967296"), "Could not get address for hostname") << "not 0";
  EXPECT_EQ(which("ID#-1"), "Could not get address for hostname");
}

TEST(AddSource, HasTheDefaultsOfTheDirective) {
  auto request = added("server 127.0.0.1");
  ASSERT_TRUE(request.ok());
  AddSourceRequest expected;
  expected.name = "127.0.0.1";
  EXPECT_EQ(*request, expected);
}

// The request has room for 255 octets of a name.
TEST(AddSource, RefusesANameThatIsCutOff) {
  const auto refused = added("server " + std::string(256, 'a'));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().message, "Invalid syntax for add command");
}

TEST(AddSource, TakesEveryOption) {
  auto request = added(
      "pool 127.0.0.1 port 1123 minpoll 3 maxpoll 5 presend 4 minstratum 2 polltarget 9 version 3 maxsources 5 "
      "minsamples 7 maxsamples 9 key 11 ntsport 4461 maxdelay 0.5 maxdelayratio 2 maxdelaydevratio 3 mindelay 0.125 "
      "asymmetry 0.25 offset -0.75 filter 6 certset 8 maxdelayquant 0.5 maxunreach 99 offline auto_offline iburst "
      "prefer noselect trust require xleave burst NTS copy extfield F323 extfield 10A ipv4");
  ASSERT_TRUE(request.ok()) << request.error().message;
  AddSourceRequest expected;
  expected.type = AddSourceRequest::Type::Pool;
  expected.name = "127.0.0.1";
  expected.port = 1123;
  expected.min_poll = 3;
  expected.max_poll = 5;
  expected.presend = 4;
  expected.min_stratum = 2;
  expected.poll_target = 9;
  expected.version = 3;
  expected.max_sources = 5;
  expected.min_samples = 7;
  expected.max_samples = 9;
  expected.key = 11;
  expected.nts_port = 4461;
  expected.max_delay = 0.5;
  expected.max_delay_ratio = 2.0;
  expected.max_delay_dev_ratio = 3.0;
  expected.min_delay = 0.125;
  expected.asymmetry = 0.25;
  expected.offset = -0.75;
  expected.filter = 6;
  expected.cert_set = 8;
  expected.max_delay_quantile = 0.5;
  expected.max_unreach = 99;
  expected.flags = 0x3ffe;
  EXPECT_EQ(*request, expected);
}

TEST(AddSource, SaysWhatIsWrong) {
  EXPECT_EQ(added("").error().message, "Invalid syntax for add command");
  EXPECT_EQ(added("peer").error().message, "Invalid syntax for add command");
  EXPECT_EQ(added("host 127.0.0.1").error().message, "Invalid syntax for add command");
  EXPECT_EQ(added("server 127.0.0.1 nonsense").error().message, "Invalid option in add command");
  EXPECT_EQ(added("server 127.0.0.1 minpoll").error().message, "Invalid value in add command");
  EXPECT_EQ(added("server 127.0.0.1 minpoll x").error().message, "Invalid value in add command");
  EXPECT_EQ(added("server name.invalid").error().message, "Invalid host/IP address");
}

TEST(Local, HasTheDefaultsOfTheDirective) {
  auto request = local("");
  ASSERT_TRUE(request.ok());
  EXPECT_TRUE(request->on);
  EXPECT_EQ(request->stratum, 10);
  EXPECT_EQ(request->distance, Duration::seconds(1));
  EXPECT_EQ(request->wait_unsynced, Duration::zero());
  EXPECT_FALSE(local("off")->on);
}

TEST(Local, TakesEveryOption) {
  auto request = local("Stratum 5orphan distance 0.5 activate 2 waitsynced 3 waitunsynced 4");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->stratum, 5);
  EXPECT_TRUE(request->orphan);
  EXPECT_EQ(request->distance, Duration::seconds(0.5));
  EXPECT_EQ(request->activate, Duration::seconds(2));
  EXPECT_EQ(request->wait_synced, Duration::seconds(3));
  EXPECT_EQ(request->wait_unsynced, Duration::seconds(4));
}

TEST(Local, AnOrphanWaits) {
  EXPECT_EQ(local("orphan")->wait_unsynced, Duration::seconds(300));
  EXPECT_EQ(local("orphan waitunsynced 0")->wait_unsynced, Duration::zero());
}

TEST(Local, WhatIsNone) {
  for (const char* text : {"OFF", "off x", "stratum", "stratum 0", "stratum 16", "distance x", "distance nan", "x"}) {
    EXPECT_FALSE(local(text).ok()) << text;
  }
}

}  // namespace
}  // namespace timed::client
