#include "host.h"

#include <sched.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "notification.h"
#include "random.h"
#include "rtc.h"
#include "system_error.h"
#include "timed/base/log.h"
#include "worker.h"

namespace timed::os {

void LinuxHost::random(std::span<std::byte> out) {
  os::random(out);
}

Status LinuxHost::start_helpers(bool mail) {
  if (Status s = resolver_.start_thread(filters_.resolver); !s) return s;
  if (!mail) return {};
  auto started = MailThread::start(filters_.mailer, loop_);
  if (!started) return started.error();
  mail_thread_ = started.take();
  return {};
}

void LinuxHost::resolve(std::string name, Family family, Resolved done) {
  resolver_.resolve(std::move(name), family, std::move(done));
}

void LinuxHost::notify(const std::string& state) {
  const Status sent = notify_service_manager(state);
  if (!sent) log::error("%s", sent.error().message.c_str());
}

void LinuxHost::mail(const std::string& message) {
  const Status sent = mail_thread_ ? mail_thread_->send(message) : mailer_.send(message, loop_.now());
  if (!sent) log::error("%s", sent.error().message.c_str());
}

Result<RawTime> LinuxHost::read_rtc(const std::string& device, bool utc) {
  return os::read_rtc(device, utc);
}

std::string LinuxHost::machine_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "?";
  return name.data();
}

int LinuxHost::processors() {
  cpu_set_t allowed;
  CPU_ZERO(&allowed);
  if (::sched_getaffinity(0, sizeof allowed, &allowed) != 0) return 1;
  return std::max(1, CPU_COUNT(&allowed));
}

Result<std::unique_ptr<env::Worker>> LinuxHost::start_worker(const std::string& name) {
  return LinuxWorker::start(name, family_, filters_);
}

void LinuxHost::post(std::function<void()> fn) {
  loop_.post(std::move(fn));
}

}  // namespace timed::os
