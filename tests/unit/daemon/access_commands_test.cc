#include "timed/daemon/access_commands.h"

#include <gtest/gtest.h>

#include <cstdlib>

#include "one_timer.h"
#include "timed/server/acl.h"

namespace timed::daemon {
namespace {

using control::AccessRequest;
using control::AccessTable;
using control::AccheckRequest;
using control::ReplyStatus;
using control::SourceAddress;

// No name is ever asked for.
class NoNames : public env::Host {
 public:
  void random(std::span<std::byte>) override {}
  void resolve(std::string, Family, Resolved) override { std::abort(); }
  env::Files& files() override { std::abort(); }
  void notify(const std::string&) override {}
  void mail(const std::string&) override {}
  Result<RawTime> read_rtc(const std::string&, bool) override { return Error{"no RTC here"}; }
  std::string machine_name() override { return "fake"; }
  int processors() override { return 1; }
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string&) override { return Error{"no threads here"}; }
  void post(std::function<void()>) override {}
};

const IpAddress kInside = *IpAddress::parse("192.0.2.7");
const IpAddress kOutside = *IpAddress::parse("198.51.100.1");
const IpAddress kV6 = *IpAddress::parse("2001:db8::7");

class AccessCommandsTest : public testing::Test {
 protected:
  ReplyStatus send(const control::Request& request) {
    const auto reply = change_access(request, {ntp, command});
    if (!reply) ADD_FAILURE() << "no answer";
    return reply ? reply->status : ReplyStatus::Failed;
  }
  ReplyStatus change(AccessTable table, bool allow, const SourceAddress& network, int bits, bool all = false) {
    return send(AccessRequest{table, allow, all, network, bits});
  }
  bool allowed(AccessTable table, const SourceAddress& address) {
    const ReplyStatus status = send(AccheckRequest{table, address});
    EXPECT_TRUE(status == ReplyStatus::AccessAllowed || status == ReplyStatus::AccessDenied);
    return status == ReplyStatus::AccessAllowed;
  }

  NoNames host;
  OneTimer timers;
  int ntp_changes = 0, command_changes = 0;
  AccessNames ntp{{}, Family::Unspecified, host, timers, [this] { ++ntp_changes; }};
  AccessNames command{{}, Family::Unspecified, host, timers, [this] { ++command_changes; }};
};

TEST_F(AccessCommandsTest, AllowAndDenyChangeTheirOwnTable) {
  EXPECT_FALSE(allowed(AccessTable::Ntp, kInside));
  EXPECT_EQ(change(AccessTable::Ntp, true, *IpAddress::parse("192.0.2.99"), 24), ReplyStatus::Success);
  EXPECT_TRUE(allowed(AccessTable::Ntp, kInside)) << "bits beyond the prefix are ignored";
  EXPECT_FALSE(allowed(AccessTable::Ntp, kOutside));
  EXPECT_FALSE(allowed(AccessTable::Command, kInside));
  EXPECT_EQ(ntp_changes, 1);
  EXPECT_EQ(command_changes, 0);

  EXPECT_EQ(change(AccessTable::Command, true, kInside, 32), ReplyStatus::Success);
  EXPECT_TRUE(allowed(AccessTable::Command, kInside));
  EXPECT_EQ(change(AccessTable::Command, false, kInside, 32), ReplyStatus::Success);
  EXPECT_FALSE(allowed(AccessTable::Command, kInside));
  EXPECT_TRUE(allowed(AccessTable::Ntp, kInside));
  EXPECT_EQ(command_changes, 2);
}

TEST_F(AccessCommandsTest, WithoutANetworkBothFamiliesAreMeant) {
  EXPECT_EQ(change(AccessTable::Ntp, true, {}, 0), ReplyStatus::Success);
  EXPECT_TRUE(allowed(AccessTable::Ntp, kInside));
  EXPECT_TRUE(allowed(AccessTable::Ntp, kV6));
  EXPECT_EQ(change(AccessTable::Ntp, false, {}, 0, true), ReplyStatus::Success);
  EXPECT_FALSE(allowed(AccessTable::Ntp, kV6));
}

TEST_F(AccessCommandsTest, AllForgetsWhatWasSaidOfSmallerNetworks) {
  change(AccessTable::Ntp, false, kInside, 32);
  change(AccessTable::Ntp, true, kInside, 24);
  EXPECT_FALSE(allowed(AccessTable::Ntp, kInside));
  change(AccessTable::Ntp, true, kInside, 24, true);
  EXPECT_TRUE(allowed(AccessTable::Ntp, kInside));
}

TEST_F(AccessCommandsTest, RefusesWhatIsNoSubnet) {
  EXPECT_EQ(change(AccessTable::Ntp, true, kInside, 33), ReplyStatus::BadSubnet);
  EXPECT_EQ(change(AccessTable::Ntp, true, kInside, -1), ReplyStatus::BadSubnet);
  EXPECT_EQ(change(AccessTable::Ntp, true, kV6, 129), ReplyStatus::BadSubnet);
  EXPECT_EQ(change(AccessTable::Ntp, true, {}, 1), ReplyStatus::BadSubnet);
  EXPECT_EQ(change(AccessTable::Ntp, true, SourceAddress::unresolved(1), 0), ReplyStatus::BadSubnet);
  EXPECT_EQ(ntp_changes, 0);
  EXPECT_FALSE(allowed(AccessTable::Ntp, SourceAddress()));
  EXPECT_FALSE(allowed(AccessTable::Ntp, SourceAddress::unresolved(1)));
}

TEST_F(AccessCommandsTest, ThisMachineIsNotInTheTableOfCommands) {
  EXPECT_FALSE(allowed(AccessTable::Command, IpAddress::loopback(Family::Inet4)));
}

TEST_F(AccessCommandsTest, RepeatedCommandsDoNotPileUp) {
  for (int i = 0; i < 100; ++i) change(AccessTable::Ntp, i % 2 == 0, kInside, 24, i % 3 == 0);
  EXPECT_LE(ntp.rules().size(), 3u);
  change(AccessTable::Ntp, true, kInside, 32);
  change(AccessTable::Ntp, false, kInside, 24, true);
  change(AccessTable::Ntp, true, kInside, 24);
  EXPECT_TRUE(allowed(AccessTable::Ntp, kInside));
  change(AccessTable::Ntp, false, kInside, 24);
  EXPECT_FALSE(allowed(AccessTable::Ntp, kInside)) << "that it was wiped out still holds";
}

TEST_F(AccessCommandsTest, LeavesOtherRequestsToOthers) {
  EXPECT_FALSE(change_access(control::TrackingRequest{}, {ntp, command}));
}

}  // namespace
}  // namespace timed::daemon
