// What else the machine offers: the fourth seam.
#ifndef TIMED_SRC_OS_HOST_H_
#define TIMED_SRC_OS_HOST_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "mail_thread.h"
#include "mailer.h"
#include "resolver.h"
#include "timed/env/host.h"
#include "timed/os/files.h"
#include "timed/os/loop.h"
#include "timed/os/syscall_filter.h"

namespace timed::os {

class LinuxHost : public env::Host {
 public:
  // The filters are those of the threads that it starts.
  LinuxHost(Loop& loop, Family family, ThreadFilters filters = {})
      : loop_(loop), family_(family), filters_(std::move(filters)), resolver_(loop, family) {}

  // Starts the threads that need more than the thread that calls it will have under its own filter.
  Status start_helpers(bool mail);

  void random(std::span<std::byte> out) override;
  void resolve(std::string name, Family family, Resolved done) override;
  env::Files& files() override { return files_; }
  void notify(const std::string& state) override;
  void mail(const std::string& message) override;
  Result<RawTime> read_rtc(const std::string& device, bool utc) override;
  std::string machine_name() override;
  int processors() override;
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string& name) override;
  void post(std::function<void()> fn) override;

 private:
  Loop& loop_;
  Family family_;
  ThreadFilters filters_;
  LinuxFiles files_;
  Mailer mailer_;
  std::unique_ptr<MailThread> mail_thread_;  // in place of the mailer
  Resolver resolver_;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_HOST_H_
