// Worlds drawn from seeds (tests/sim/swarm.h): nothing that must hold is ever broken.
//
//   TIMED_SWARM_SEEDS=N  how many (100)      TIMED_SWARM_FIRST=S  from which on (1)      TIMED_SIM_SEED=S  this one
//   alone
#include "tests/sim/swarm.h"

#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>

#include "tests/sim/history_watch.h"
#include "timed/base/check.h"
#include "timed/base/text.h"

namespace timed::sim {
namespace {

constexpr std::size_t kShown = 3;  // failures in full; of the others the seed

std::uint64_t number_from_outside(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  if (text == nullptr) return otherwise;
  const auto value = parse_integer(text);
  TIMED_ASSERT(value.has_value() && *value >= 0);
  return static_cast<std::uint64_t>(*value);
}

TEST(Swarm, InvariantsHoldInWorldsDrawnFromASeed) {
  const bool alone = std::getenv("TIMED_SIM_SEED") != nullptr;
  const std::uint64_t first = number_from_outside("TIMED_SWARM_FIRST", 1);
  const std::uint64_t count = alone ? 1 : number_from_outside("TIMED_SWARM_SEEDS", 100);
  std::vector<std::uint64_t> failed;
  long answers = 0, checks = 0;
  std::uint64_t samples = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t seed = seed_or(first + i);
    const SwarmOutcome outcome = run_swarm(seed);
    answers += outcome.answers;
    checks += outcome.checks;
    samples += outcome.samples;
    if (outcome.broken.empty()) continue;
    failed.push_back(seed);
    if (failed.size() <= kShown) ADD_FAILURE() << "seed " << seed << ": " << outcome.broken.front();
  }
  std::string list;
  for (const std::uint64_t seed : failed) list += " " + std::to_string(seed);
  EXPECT_TRUE(failed.empty()) << failed.size() << " seeds fail:" << list
                              << "\none alone: TIMED_SIM_SEED=… sim_scenarios --gtest_filter='Swarm.*'";
  EXPECT_GE(answers, 100 * static_cast<long>(count));
  EXPECT_GE(checks, 10 * static_cast<long>(count));
  EXPECT_GE(samples, 10'000 * count);
  std::printf("%llu seeds from %llu on: %ld answers, %ld checks, %zu seeds failed\n",
              static_cast<unsigned long long>(count), static_cast<unsigned long long>(first), answers, checks,
              failed.size());
}

// What would be broken is seen: the checks are no decoration.
TEST(Swarm, BrokenWorldsAreNoticed) {
  // In how many of ten worlds a text is among what broke.  Not in all: the node may be down or without a source.
  const auto found = [](const char* text, const std::function<void(Scenario&)>& sabotage) {
    int count = 0;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
      const auto broken = run_swarm(seed, sabotage).broken;
      count += !broken.empty() && broken.front().find(text) != std::string::npos ? 1 : 0;
    }
    return count;
  };
  // A step of a clock, too small to be noticed by its owner.
  EXPECT_GE(found("off than it says", [](Scenario& s) { s.node("client0").clock().disturb(Duration::seconds(0.7)); }),
            3);
  // A server of the true time that lies.
  EXPECT_GE(found("off than it says", [](Scenario& s) { s.node("server0").clock().disturb(Duration::seconds(1)); }), 4);
  // A clock driven further than allowed.
  EXPECT_GE(
      found("driven too far", [](Scenario& s) { s.node("client0").clock().disturb_frequency(Frequency::ppm(95000)); }),
      1);
  // Steps that the owner was not allowed to make.
  EXPECT_GE(found("steps",
                  [](Scenario& s) {
                    for (int i = 0; i < 200; ++i) static_cast<void>(s.node("client0").clock().step(Duration::nanos(1)));
                  }),
            5);
}

HistoryWatch::Samples some_samples() {
  HistoryWatch::Samples samples(5);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    samples[i].when = FreeTime::from_seconds(static_cast<std::int64_t>(1000 + 16 * i));
    samples[i].offset = Duration::millis(3);
  }
  return samples;
}

TEST(HistoryWatch, LetsSamplesComeAndGoAndNoticesThoseThatMove) {
  const HistoryWatch::Samples before = some_samples();
  const auto change = [&](const std::function<void(HistoryWatch::Samples&)>& fn, bool servers_tell = false) {
    HistoryWatch::Samples now = before;
    fn(now);
    return HistoryWatch::change(before, now, servers_tell);
  };
  EXPECT_EQ(change([](auto&) {}), "");
  EXPECT_EQ(change([](auto& s) { s.erase(s.begin(), s.begin() + 2); }), "") << "the oldest are dropped";
  EXPECT_EQ(change([](auto& s) { s.clear(); }), "") << "all are";
  EXPECT_EQ(change([](auto& s) {
              s.push_back(s.back());
              s.back().when += Duration::seconds(16);
            }),
            "");
  EXPECT_NE(change([](auto& s) { s[1].when += Duration::nanos(1); }), "");
  EXPECT_NE(change([](auto& s) { s[1].offset = Duration::millis(4); }), "");
  EXPECT_NE(change([](auto& s) { s[4].peer_delay = Duration::millis(4); }), "");
  EXPECT_NE(change([](auto& s) {
              for (auto& sample : s) sample.when += Duration::seconds(1);
            }),
            "");
  const auto shift = [](auto& s) {
    for (auto& sample : s) sample.offset = sample.offset + WideDuration(Duration::micros(1));
  };
  EXPECT_NE(change(shift), "");
  EXPECT_EQ(change(shift, true), "") << "the server has told of it";
}

// The same seed draws the same world.
TEST(Swarm, ASeedRepeats) {
  const SwarmOutcome one = run_swarm(7), same = run_swarm(7);
  EXPECT_EQ(one.answers, same.answers);
  EXPECT_EQ(one.checks, same.checks);
  EXPECT_EQ(one.nodes, same.nodes);
}

}  // namespace
}  // namespace timed::sim
