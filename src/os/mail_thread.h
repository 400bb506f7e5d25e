// Sends mail from a thread of its own, for a daemon whose other threads may start no programs.
#ifndef TIMED_SRC_OS_MAIL_THREAD_H_
#define TIMED_SRC_OS_MAIL_THREAD_H_

#include <pthread.h>

#include <memory>
#include <string_view>

#include "mailer.h"
#include "timed/base/result.h"
#include "timed/os/descriptor.h"
#include "timed/os/loop.h"
#include "timed/os/syscall_filter.h"

namespace timed::os {

class MailThread {
 public:
  // What fails later is logged by the loop, which outlives the thread.
  static Result<std::unique_ptr<MailThread>> start(const SyscallFilter& filter, Loop& loop, Mailer mailer = Mailer());
  // Ends the thread after the mail it is at.
  ~MailThread();
  MailThread(const MailThread&) = delete;
  MailThread& operator=(const MailThread&) = delete;

  // As Mailer::send; fails itself only where mails are waiting already.
  Status send(std::string_view message);

 private:
  MailThread(Loop& loop, Mailer mailer) : loop_(loop), mailer_(std::move(mailer)) {}
  static void* run_thread(void* self);
  void run();

  Loop& loop_;
  Mailer mailer_;  // of the thread, when that runs
  Descriptor ours_, theirs_;
  pthread_t thread_{};
  bool runs_ = false;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_MAIL_THREAD_H_
