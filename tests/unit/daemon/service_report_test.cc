#include "timed/daemon/service_report.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/daemon/one_timer.h"
#include "timed/base/log.h"

namespace timed::daemon {
namespace {

class ToldHost : public env::Host {
 public:
  void random(std::span<std::byte>) override {}
  void resolve(std::string, Family, Resolved) override {}
  env::Files& files() override { std::abort(); }
  void notify(const std::string& state) override { told.push_back(state); }
  void mail(const std::string&) override {}
  Result<RawTime> read_rtc(const std::string&, bool) override { return Error{"no RTC here"}; }
  std::string machine_name() override { return "fake"; }
  int processors() override { return 1; }
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string&) override { return Error{"no threads here"}; }
  void post(std::function<void()>) override {}

  std::vector<std::string> told;
};

ServiceState state(int stratum, const std::string& reference, bool serving = false) {
  ServiceState s;
  s.ready = true;
  s.serving = serving;
  s.stratum = stratum;
  s.reference = reference;
  return s;
}

TEST(StatusText, SaysWhatTheDaemonIsDoing) {
  EXPECT_EQ(status_text({}), "Setting the clock before the start");
  EXPECT_EQ(status_text(state(3, "192.0.2.1 (ntp.test)")), "Synchronised to 192.0.2.1 (ntp.test), stratum 3");
  EXPECT_EQ(status_text(state(10, "", true)), "Local reference, stratum 10, serving");
  ServiceState s = state(0, "");
  EXPECT_EQ(status_text(s), "Not synchronised, no sources");
  s.sources = {.online = 1};
  EXPECT_EQ(status_text(s), "Not synchronised, 1 source online");
  s.stratum = 16;
  s.serving = true;
  s.sources = {.online = 1, .offline = 2, .burst_online = 1, .burst_offline = 1, .unresolved = 4};
  EXPECT_EQ(status_text(s), "Not synchronised, 2 sources online, 3 offline, 4 without address, serving");
  s = state(3, "a", true);
  s.lacking = true;
  EXPECT_EQ(status_text(s), "Synchronised to a, stratum 3, serving, but not on all addresses");
  s.serving = false;
  EXPECT_EQ(status_text(s), "Synchronised to a, stratum 3, NTP port not open");
  s.lacking = false;
  s.serving = s.lacking_keys = true;
  EXPECT_EQ(status_text(s), "Synchronised to a, stratum 3, serving, NTS port not open");
  s.serving_keys = true;
  EXPECT_EQ(status_text(s), "Synchronised to a, stratum 3, serving, NTS keys not on all addresses");
  s.lacking_keys = false;
  EXPECT_EQ(status_text(s), "Synchronised to a, stratum 3, serving");
}

TEST(ServiceReport, SaysNothingTwice) {
  ToldHost host;
  OneTimer timers;
  ServiceReport report(host, timers);
  report.tell(state(3, "a"));
  report.tell(state(3, "a"));
  report.tell(state(4, "a"));
  EXPECT_EQ(host.told,
            (std::vector<std::string>{"STATUS=Synchronised to a, stratum 3", "STATUS=Synchronised to a, stratum 4"}));
  EXPECT_FALSE(timers.armed());
}

TEST(ServiceReport, LivesAsLongAsThereIsProgress) {
  ToldHost host;
  OneTimer timers;
  std::vector<std::string> logged;
  log::set_sink([&](log::Severity, std::string_view message) { logged.emplace_back(message); });
  ServiceReport report(host, timers);
  std::string_view who;
  report.keep_watchdog(Duration::seconds(30), [&] { return who; });
  EXPECT_EQ(host.told.size(), 1u);
  EXPECT_EQ(timers.fire(), Duration::seconds(10));
  EXPECT_EQ(host.told, (std::vector<std::string>{"WATCHDOG=1", "WATCHDOG=1"}));
  who = "A serving thread";
  timers.fire();
  timers.fire();
  EXPECT_EQ(host.told.size(), 2u);
  EXPECT_EQ(logged, std::vector<std::string>{"A serving thread does not answer"});
  who = "Another";
  timers.fire();
  EXPECT_EQ(logged.back(), "Another does not answer");
  // It was only slow: nobody needs to be told again until the next time.
  who = "";
  timers.fire();
  EXPECT_EQ(host.told.size(), 3u);
  report.stop();
  EXPECT_FALSE(timers.armed());
  log::set_sink(nullptr);
}

TEST(ServiceReport, IsNotDrivenToTellWithoutEnd) {
  ToldHost host;
  OneTimer timers;
  ServiceReport report(host, timers);
  report.keep_watchdog(Duration::micros(1), [] { return std::string_view(); });
  EXPECT_EQ(timers.fire(), Duration::millis(20));
}

}  // namespace
}  // namespace timed::daemon
