// A second loop on a thread of its own.
#ifndef TIMED_SRC_OS_WORKER_H_
#define TIMED_SRC_OS_WORKER_H_

#include <pthread.h>

#include <functional>
#include <memory>
#include <string>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/env/host.h"
#include "timed/os/syscall_filter.h"

namespace timed::os {

class LinuxWorker : public env::Worker {
 public:
  static Result<std::unique_ptr<env::Worker>> start(const std::string& name, Family family,
                                                    const ThreadFilters& filters = {});
  ~LinuxWorker() override;

  const env::Env& env() override;
  void post(std::function<void()> fn) override;
  void call(const std::function<void()>& fn) override;
  void give_way() override;

 private:
  struct Parts;
  explicit LinuxWorker(std::unique_ptr<Parts> parts);
  static void* run_thread(void* parts);

  std::unique_ptr<Parts> parts_;
  pthread_t thread_{};
  bool runs_ = false;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_WORKER_H_
