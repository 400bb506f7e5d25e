#include "tests/sim/swarm.h"

#include <algorithm>
#include <utility>

#include "tests/sim/swarm_checks.h"
#include "tests/sim/swarm_disturbances.h"
#include "tests/sim/swarm_watch.h"
#include "tests/sim/swarm_world.h"

namespace timed::sim {
namespace {

constexpr int kSteps = 30;
constexpr Duration kLongestStep = Duration::seconds(400);
constexpr int kForged = 20;  // packets a step
// After the last disturbance: the longest poll that is drawn, ten times, as a third of the packets may be lost and half
// of the answers refused, and a source that must be there needs three samples.
constexpr Duration kCalm = Duration::seconds(5000);
constexpr int kLooksInCalm = 10;

class Swarm {
 public:
  explicit Swarm(std::uint64_t seed)
      : world_(seed), watch_(world_), checks_(world_, watch_), disturbances_(world_, watch_) {}

  SwarmOutcome run(const std::function<void(Scenario&)>& sabotage) {
    for (int step = 0; step < kSteps && holds(); ++step) {
      if (step >= kSteps / 2 && sabotage) sabotage(world_.scenario);
      run_and_check(Duration::seconds(world_.random.uniform(1.0, kLongestStep.to_seconds())));
      disturbances_.disturb();
      for (int i = 0; i < kForged; ++i) disturbances_.forge();
    }
    calm_down();
    if (world_.outcome.answers == 0) world_.broke(nullptr, "nobody answers");
    world_.outcome.nodes = static_cast<int>(world_.clients.size() + world_.servers.size());
    for (const SwarmClient& client : world_.clients) world_.outcome.samples += client.history->compared();
    return std::move(world_.outcome);
  }

 private:
  bool holds() const { return world_.outcome.broken.empty(); }

  void run_and_check(Duration span) {
    const TrueTime begin = std::exchange(last_check_, world_.now() + span);
    world_.pass(span);
    checks_.check_all(last_check_ - begin);
  }

  void calm_down() {
    disturbances_.end();
    for (SwarmClient& client : world_.clients) client.was_synchronised_in_calm = false;
    for (int i = 0; i < kLooksInCalm && holds(); ++i) {
      // One that had jumped may still find out that this is too much for it, and end.
      for (SwarmClient& client : world_.clients) world_.start(client);
      // By now everybody has heard of it.
      if (i == kLooksInCalm - 1 && world_.leap && !world_.clocks_step) {
        world_.moved = world_.worst_served = Duration::zero();
      }
      run_and_check(kCalm * (1.0 / kLooksInCalm));
    }
    if (holds()) checks_.check_end();
  }

  SwarmWorld world_;
  SwarmWatch watch_;
  SwarmChecks checks_;
  SwarmDisturbances disturbances_;
  TrueTime last_check_ = world_.now();
};

}  // namespace

SwarmOutcome run_swarm(std::uint64_t seed, const std::function<void(Scenario&)>& sabotage) {
  return Swarm(seed).run(sabotage);
}

}  // namespace timed::sim
