// Whether threads still turn, as the main loop finds out without waiting for them.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/unit/server/fakes.h"
#include "timed/server/serving_threads.h"

namespace timed::server {
namespace {

using Posted = std::vector<std::function<void()>>;

void run(Posted& posted) {
  for (const auto& fn : std::exchange(posted, {})) fn();
}

class HandWorker : public env::Worker {
 public:
  HandWorker(env::Env env, Posted& posted) : env_(env), posted_(posted) {}
  const env::Env& env() override { return env_; }
  void post(std::function<void()> fn) override { posted_.push_back(std::move(fn)); }
  void call(const std::function<void()>& fn) override { fn(); }
  void give_way() override {}

 private:
  env::Env env_;
  Posted& posted_;
};

// Its threads turn when they are told to.
class HandHost : public FakeHost {
 public:
  HandHost(env::SystemClock& clock, env::Timers& timers, env::Network& network) : env_{clock, timers, network, *this} {}
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string&) override {
    on_threads.push_back(std::make_unique<Posted>());
    return std::unique_ptr<env::Worker>(std::make_unique<HandWorker>(env_, *on_threads.back()));
  }
  void post(std::function<void()> fn) override { on_main.push_back(std::move(fn)); }

  Posted on_main;
  std::vector<std::unique_ptr<Posted>> on_threads;

 private:
  env::Env env_;
};

class NoTimers : public env::Timers {
 public:
  MonoTime now() override { return {}; }
  Id call_at(MonoTime, std::function<void()>) override { return 1; }
  void cancel(Id) override {}
};

TEST(ServingThreadsTest, one_that_hangs_is_found) {
  FakeClock clock;
  NoTimers timers;
  FakeNetwork network;
  HandHost host(clock, timers, network);
  Published published;
  published.set_tables(std::make_shared<const ServingTables>());
  Handover handover([](Handover::Kind, Place, const env::Datagram&) {});
  ServingThreads threads(2, published, host, handover);
  EXPECT_TRUE(threads.all_have_turned()) << "none runs";
  threads.start();
  ASSERT_EQ(host.on_threads.size(), 2u);
  EXPECT_TRUE(threads.all_have_turned()) << "they have just begun";
  run(*host.on_threads[0]);
  run(*host.on_threads[1]);
  EXPECT_TRUE(threads.all_have_turned());
  run(*host.on_threads[0]);
  EXPECT_FALSE(threads.all_have_turned()) << "the second one hangs";
  EXPECT_FALSE(threads.all_have_turned());
  EXPECT_EQ(host.on_threads[1]->size(), 1u) << "questions pile up";
  run(*host.on_threads[0]);
  run(*host.on_threads[1]);
  EXPECT_TRUE(threads.all_have_turned()) << "it was only slow";
  threads.stop();
  EXPECT_TRUE(threads.all_have_turned());
}

}  // namespace
}  // namespace timed::server
