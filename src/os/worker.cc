#include "worker.h"

#include <sys/resource.h>

#include <semaphore>
#include <utility>

#include "clock.h"
#include "host.h"
#include "network.h"
#include "thread.h"
#include "timed/os/loop.h"

namespace timed::os {
namespace {

// The daemon of such a loop only listens.
class Listener : public env::TurnTaker {
 public:
  void begin_turn(Duration) override {}
  void end_turn() override {}
  void on_hangup() override {}
  bool wants_exit() const override { return ended; }

  bool ended = false;  // written on the loop's thread
};

}  // namespace

struct LinuxWorker::Parts {
  Parts(std::unique_ptr<Loop> made, Family family, const ThreadFilters& filters)
      : loop(std::move(made)), clock({}), network(*loop, family), host(*loop, family, filters) {}

  std::unique_ptr<Loop> loop;
  LinuxClock clock;
  LinuxNetwork network;
  LinuxHost host;
  env::Env env{clock, *loop, network, host};
  Listener listener;
};

Result<std::unique_ptr<env::Worker>> LinuxWorker::start(const std::string& name, Family family,
                                                        const ThreadFilters& filters) {
  auto loop = Loop::create();
  if (!loop) return loop.error();
  // Who calls it would wait for ever: nothing else wakes it.
  if (!(*loop)->can_be_woken()) return Error{"Could not create eventfd of thread " + name, ErrorKind::Other};
  std::unique_ptr<LinuxWorker> worker(new LinuxWorker(std::make_unique<Parts>(loop.take(), family, filters)));
  auto thread = start_thread(name, filters.worker, run_thread, worker->parts_.get());
  if (!thread) return thread.error();
  worker->thread_ = thread.take();
  worker->runs_ = true;
  return std::unique_ptr<env::Worker>(std::move(worker));
}

LinuxWorker::LinuxWorker(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

LinuxWorker::~LinuxWorker() {
  if (!runs_) return;
  post([this] { parts_->listener.ended = true; });
  ::pthread_join(thread_, nullptr);
}

void* LinuxWorker::run_thread(void* argument) {
  auto* const parts = static_cast<Parts*>(argument);
  parts->loop->run(parts->listener);
  return nullptr;
}

const env::Env& LinuxWorker::env() {
  return parts_->env;
}

void LinuxWorker::post(std::function<void()> fn) {
  parts_->loop->post(std::move(fn));
}

void LinuxWorker::call(const std::function<void()>& fn) {
  std::binary_semaphore done(0);
  post([&] {
    fn();
    done.release();
  });
  done.acquire();
}

// Of a thread, although POSIX would have it of the process.
void LinuxWorker::give_way() {
  constexpr int kNicest = 19;
  post([] { ::setpriority(PRIO_PROCESS, 0, kNicest); });
}

}  // namespace timed::os
