#include "mail_thread.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

#include "read_clock.h"
#include "system_error.h"
#include "thread.h"
#include "timed/base/log.h"

namespace timed::os {

Result<std::unique_ptr<MailThread>> MailThread::start(const SyscallFilter& filter, Loop& loop, Mailer mailer) {
  std::unique_ptr<MailThread> made(new MailThread(loop, std::move(mailer)));
  // Whole messages, and an end when the other end is closed.
  int ends[2] = {-1, -1};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
    return system_error("Could not create socket", errno);
  }
  made->ours_ = Descriptor(ends[0]);
  made->theirs_ = Descriptor(ends[1]);
  auto thread = start_thread("mail", filter, run_thread, made.get());
  if (!thread) return thread.error();
  made->thread_ = thread.take();
  made->runs_ = true;
  return made;
}

MailThread::~MailThread() {
  if (!runs_) return;
  ours_.close();
  ::pthread_join(thread_, nullptr);
}

Status MailThread::send(std::string_view message) {
  const std::string_view whole = message.substr(0, Mailer::kMaxMessage);
  if (::send(ours_.get(), whole.data(), whole.size(), MSG_DONTWAIT | MSG_NOSIGNAL) >= 0) return {};
  return system_error("Could not mail", errno);
}

void* MailThread::run_thread(void* self) {
  static_cast<MailThread*>(self)->run();
  return nullptr;
}

void MailThread::run() {
  std::array<char, Mailer::kMaxMessage> message;
  while (true) {
    const auto got = ::recv(theirs_.get(), message.data(), message.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return;
    const Status sent = mailer_.send({message.data(), static_cast<std::size_t>(got)}, read_monotonic_time());
    if (sent.ok()) continue;
    loop_.post([text = sent.error().message] { log::error("%s", text.c_str()); });
  }
}

}  // namespace timed::os
