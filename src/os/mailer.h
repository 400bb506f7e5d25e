// Sends mail by the sendmail program of the machine, which is left alone with it: nothing waits for it, it becomes
// nobody's zombie, and it does not live longer than a minute.
#ifndef TIMED_SRC_OS_MAILER_H_
#define TIMED_SRC_OS_MAILER_H_

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

#include "timed/base/result.h"
#include "timed/base/units.h"

namespace timed::os {

class Mailer {
 public:
  // A message must fit into a pipe, so that writing it never blocks.
  static constexpr std::size_t kMaxMessage = 4096;
  static constexpr unsigned kLifetime_s = 60;
  static constexpr std::size_t kMaxInLifetime = 8;

  explicit Mailer(std::string program = "/usr/lib/sendmail") : program_(std::move(program)) {}

  // Headers, an empty line and the text.  Fails where there is no such program, and while so many are still at work.
  Status send(std::string_view message, MonoTime now);

 private:
  std::string program_;
  std::array<MonoTime, kMaxInLifetime> started_{};  // a ring
  std::size_t next_ = 0;
  std::size_t count_ = 0;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_MAILER_H_
