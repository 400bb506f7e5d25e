#include "timed/daemon/command_gate.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>

#include "one_timer.h"

namespace timed::daemon {
namespace {

class PlainHost : public env::Host {
 public:
  void random(std::span<std::byte> into) override { std::fill(into.begin(), into.end(), std::byte{0xff}); }
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

const IpAddress kClient = IpAddress::v4(0xc0000201);
const IpAddress kOther = IpAddress::v4(0xc0000202);

server::AccessRule allow(const IpAddress& address) {
  server::AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(address, address.width())};
  return rule;
}

class CommandGateTest : public testing::Test {
 protected:
  PlainHost host;
  OneTimer timers;
};

TEST_F(CommandGateTest, AdmitsWhomItsRulesNameNowAndLater) {
  CommandGate gate{{allow(kClient)}, {}, Family::Unspecified, host, timers};
  const control::Gate asked = gate.gate();
  EXPECT_TRUE(asked.admits(kClient));
  EXPECT_FALSE(asked.admits(kOther));
  gate.rules().add(allow(kOther));
  EXPECT_TRUE(asked.admits(kOther));
}

TEST_F(CommandGateTest, TellsWhomItAdmitsEachTimeThatItChanges) {
  std::vector<bool> told;
  CommandGate gate{{allow(kClient)}, {}, Family::Unspecified, host, timers, [&](const server::AccessTable& table) {
                     told.push_back(table.allows(kOther));
                   }};
  gate.rules().add(allow(kOther));
  EXPECT_EQ(told, (std::vector<bool>{false, true}));
}

TEST_F(CommandGateTest, LimitsNobodyWithoutALimit) {
  CommandGate gate{{}, {}, Family::Unspecified, host, timers};
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(gate.is_not_too_fast(kClient));
}

TEST_F(CommandGateTest, LimitsEachClientForItself) {
  CommandGate gate{{}, {.enabled = true, .interval = 0, .burst = 3, .leak = 4}, Family::Unspecified, host, timers};
  timers.time = timers.time + Duration::seconds(1000);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gate.is_not_too_fast(kClient)) << i;
  EXPECT_FALSE(gate.is_not_too_fast(kClient));
  EXPECT_TRUE(gate.is_not_too_fast(kOther));
  timers.time = timers.time + Duration::seconds(1);
  EXPECT_TRUE(gate.is_not_too_fast(kClient));
  EXPECT_FALSE(gate.is_not_too_fast(kClient));
}

}  // namespace
}  // namespace timed::daemon
