// What else the machine offers: the fourth seam.
#ifndef TIMED_SRC_OS_HOST_H_
#define TIMED_SRC_OS_HOST_H_

#include <string>

#include "resolver.h"
#include "timed/env/host.h"
#include "timed/os/files.h"
#include "timed/os/loop.h"

namespace timed::os {

class LinuxHost : public env::Host {
 public:
  LinuxHost(Loop& loop, Family family) : resolver_(loop, family) {}

  void random(std::span<std::byte> out) override;
  void resolve(std::string name, Family family, Resolved done) override;
  env::Files& files() override { return files_; }
  void notify(const std::string& state) override;

 private:
  LinuxFiles files_;
  Resolver resolver_;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_HOST_H_
