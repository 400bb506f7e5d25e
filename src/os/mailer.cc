// Between fork and exec a process with threads may only do what is safe in a signal handler: everything is made ready
// before, and the children make system calls and nothing else.
#include "mailer.h"

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <initializer_list>
#include <utility>

#include "file_io.h"
#include "system_error.h"
#include "timed/os/descriptor.h"

namespace timed::os {
namespace {

// In the grandchild.
[[noreturn]] void become_mailer(const char* program, int input) {
  if (::dup2(input, STDIN_FILENO) < 0) ::_exit(1);
  for (int number = kFirstDescriptor; number < kDescriptorsClosed; ++number) ::close(number);
  for (const int number : {SIGPIPE, SIGXFSZ, SIGTERM, SIGINT, SIGQUIT, SIGHUP}) ::signal(number, SIG_DFL);
  ::alarm(Mailer::kLifetime_s);  // stays over exec
  char* const arguments[] = {const_cast<char*>(program), const_cast<char*>("-t"), nullptr};
  char* const environment[] = {const_cast<char*>("PATH=/usr/sbin:/usr/bin:/sbin:/bin"), nullptr};
  ::execve(program, arguments, environment);
  ::_exit(127);
}

}  // namespace

Status Mailer::send(std::string_view message, MonoTime now) {
  if (::access(program_.c_str(), X_OK) != 0) return path_error("run", program_, errno);
  const bool full = count_ == kMaxInLifetime;
  if (full && now - started_[next_] < Duration::seconds(kLifetime_s)) return Error{"Could not mail : Too many mails"};
  int ends[2] = {-1, -1};
  if (::pipe2(ends, O_CLOEXEC) != 0) return system_error("Could not create pipe", errno);
  const Descriptor read_end(ends[0]);
  const Descriptor write_end(ends[1]);
  if (!write_all(write_end, message.substr(0, kMaxMessage))) return system_error("Could not write mail", errno);

  const pid_t child = ::fork();
  if (child < 0) return system_error("Could not fork", errno);
  if (child == 0) {
    ::setsid();
    const pid_t grandchild = ::fork();
    if (grandchild == 0) become_mailer(program_.c_str(), read_end.get());
    ::_exit(grandchild < 0 ? 1 : 0);
  }
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
  started_[next_] = now;
  next_ = (next_ + 1) % kMaxInLifetime;
  if (!full) ++count_;
  return Status::success();
}

}  // namespace timed::os
