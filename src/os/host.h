// What else the machine offers: the fourth seam.
#ifndef TIMED_SRC_OS_HOST_H_
#define TIMED_SRC_OS_HOST_H_

#include <functional>
#include <memory>
#include <string>

#include "mailer.h"
#include "resolver.h"
#include "timed/env/host.h"
#include "timed/os/files.h"
#include "timed/os/loop.h"

namespace timed::os {

class LinuxHost : public env::Host {
 public:
  LinuxHost(Loop& loop, Family family) : loop_(loop), family_(family), resolver_(loop, family) {}

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
  LinuxFiles files_;
  Mailer mailer_;
  Resolver resolver_;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_HOST_H_
