// A name server that is away: told once, survived, and no reason to wait at the end.
#include "src/os/resolver.h"

#include <gtest/gtest.h>

#include <semaphore>
#include <string>
#include <vector>

#include "tests/unit/os/turns.h"
#include "timed/base/log.h"

namespace timed::os {
namespace {

std::counting_semaphore<8> answers(0);

Result<std::vector<IpAddress>> look_up_when_told(const std::string&, Family) {
  answers.acquire();
  return std::vector{IpAddress::loopback(Family::Inet4)};
}

class ResolverTest : public testing::Test {
 protected:
  ResolverTest() {
    log::set_sink([this](log::Severity, std::string_view text) { logged_.emplace_back(text); });
  }
  ~ResolverTest() override { log::set_sink({}); }

  std::vector<std::string> logged_;
  std::unique_ptr<Loop> loop_ = make_loop();
};

TEST_F(ResolverTest, TellsOnceThatNobodyGetsAnAnswer) {
  Resolver resolver(*loop_, Family::Unspecified, {look_up_when_told, Duration::millis(50)});
  int answered = 0;
  const auto count = [&](const Result<std::vector<IpAddress>>& result) { answered += result.ok() ? 1 : 0; };
  resolver.resolve("a.test", Family::Unspecified, count);
  EXPECT_TRUE(run_until(*loop_, [&] { return !logged_.empty(); }));
  resolver.resolve("b.test", Family::Unspecified, count);
  run_for(*loop_, Duration::millis(200));
  EXPECT_EQ(logged_, std::vector<std::string>{"No host name was looked up for 0 s"});
  answers.release(2);
  EXPECT_TRUE(run_until(*loop_, [&] { return answered == 2; }));
  EXPECT_EQ(logged_.size(), 2u);
  EXPECT_EQ(logged_.back(), "Host names are looked up again");
  // And again, when it happens again.
  resolver.resolve("c.test", Family::Unspecified, count);
  EXPECT_TRUE(run_until(*loop_, [&] { return logged_.size() == 3; }));
  answers.release(1);
  EXPECT_TRUE(run_until(*loop_, [&] { return answered == 3; }));
}

TEST_F(ResolverTest, SaysNothingOfNamesThatAreSlowOneByOne) {
  Resolver resolver(*loop_, Family::Unspecified, {look_up_when_told, Duration::seconds(20)});
  int answered = 0;
  for (int i = 0; i < 3; ++i) {
    resolver.resolve("a.test", Family::Unspecified, [&](const Result<std::vector<IpAddress>>&) { ++answered; });
  }
  for (int i = 1; i <= 3; ++i) {
    run_for(*loop_, Duration::millis(20));
    answers.release(1);
    EXPECT_TRUE(run_until(*loop_, [&] { return answered == i; }));
  }
  EXPECT_TRUE(logged_.empty());
}

}  // namespace
}  // namespace timed::os
