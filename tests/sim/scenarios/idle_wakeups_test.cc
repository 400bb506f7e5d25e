// A daemon that serves nobody wakes up for its polls, their answers and the ends of slews, with the estimator also to
// tell the kernel of an error that has grown, and for nothing else.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scenario.h"

namespace timed::sim {
namespace {

struct Wakeups {
  explicit Wakeups(std::uint64_t seed, const std::string& config) : scenario(seed) {
    scenario.add_server("server", {"10.0.0.1"});
    node = &scenario.add("client", {"10.0.0.2"}, usual_clock(), config);
    scenario.network().set_tap([this](const PacketEvent& event) {
      const IpAddress client = *IpAddress::parse("10.0.0.2");
      if (!event.arrival && event.packet.from.address == client) requests.push_back(event.when);
      if (event.arrival && event.packet.to.address == client) answers.push_back(event.when);
    });
    node->machine().loop().on_turn([this] {
      const std::uint64_t changes = node->clock().frequency_changes();
      turns.push_back({scenario.world().now(), changes != changes_before});
      changes_before = changes;
    });
    scenario.start_all();
  }

  struct Turn {
    TrueTime when;
    bool steered;
  };

  // A poll is followed by the kernel's stamp of it, a moment later; the answer is read a moment after it came.
  static bool is_near(const std::vector<TrueTime>& all, TrueTime when) {
    const auto next = std::lower_bound(all.begin(), all.end(), when + Duration::micros(-30));
    return next != all.end() && *next <= when + Duration::micros(30);
  }
  std::size_t unexplained() const {
    return static_cast<std::size_t>(std::count_if(turns.begin(), turns.end(), [this](const Turn& turn) {
      return !turn.steered && !is_near(requests, turn.when) && !is_near(answers, turn.when);
    }));
  }
  // That only steered: no packet was near.
  std::size_t slew_ends() const {
    return static_cast<std::size_t>(std::count_if(turns.begin(), turns.end(), [this](const Turn& turn) {
      return turn.steered && !is_near(requests, turn.when) && !is_near(answers, turn.when);
    }));
  }

  Scenario scenario;
  Node* node;
  std::vector<TrueTime> requests, answers;
  std::vector<Turn> turns;
  std::uint64_t changes_before = 0;
};

constexpr double kHours = 12.0;

// The renewals of the error between two answers are four at most.
void expect_no_others(const std::string& estimator, std::size_t renewals) {
  for (const char* config :
       {"server 10.0.0.1\n", "server 10.0.0.1 iburst minpoll 6 maxpoll 6\ndriftfile /drift\nmakestep 1 3\n",
        "server 10.0.0.1 iburst\nport 0\ncmdport 0\n"}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      Wakeups w(seed, config + ("estimator " + estimator + "\n"));
      w.scenario.run_for(Duration::seconds(3600 * kHours));
      const std::string report = config + w.scenario.report(*w.node);
      EXPECT_LE(w.unexplained(), renewals * w.answers.size()) << report;
      ASSERT_GE(w.requests.size(), 40u) << report;
      EXPECT_EQ(w.answers.size(), w.requests.size()) << report;
      // Each exchange is at most three turns: the poll, the kernel's stamp of it, the answer.  A slew ends once.  A
      // renewal may come just before or after a packet, and is not told from it here.
      EXPECT_LE(w.turns.size(), 3 * w.requests.size() + w.slew_ends() + w.unexplained() + renewals) << report;
      EXPECT_LE(w.slew_ends(), w.answers.size() + 10) << report;
    }
  }
}

TEST(IdleWakeups, NoneButPollsAnswersAndEndsOfSlews) {
  expect_no_others("regression", 0);
}

TEST(IdleWakeups, TheEstimatorsErrorIsRenewedFewTimes) {
  expect_no_others("bayes", 4);
}

// With a server that is gone there are polls, and of each the end of its socket, when no answer is waited for any more.
TEST(IdleWakeups, WithoutAnswersOnlyPollsAndTheirEnds) {
  Wakeups w(11, "server 10.0.0.9\n");
  w.scenario.run_for(Duration::seconds(3600 * kHours));
  EXPECT_EQ(w.unexplained(), w.requests.size()) << w.scenario.report(*w.node);
  EXPECT_TRUE(w.answers.empty());
  EXPECT_GE(w.requests.size(), 3600 * 12 / 1060u);
  EXPECT_LE(w.turns.size(), 3 * w.requests.size()) << w.scenario.report(*w.node);
  EXPECT_LE(w.requests.size(), 3600 * 12 / 63u) << w.scenario.report(*w.node);
}

// With nobody to ask there is nothing to wake up for.
TEST(IdleWakeups, WithoutSourcesNothing) {
  Wakeups w(12, "port 0\n");
  w.scenario.run_for(Duration::seconds(3600 * kHours));
  // A look at the clock every 10 000 s at most (LocalClock's longest slew).
  EXPECT_LE(w.turns.size(), 5u);
  EXPECT_TRUE(w.requests.empty());
}

}  // namespace
}  // namespace timed::sim
