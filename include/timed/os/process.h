// The process: into the background, and its pid file.
#ifndef TIMED_OS_PROCESS_H_
#define TIMED_OS_PROCESS_H_

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/os/descriptor.h"
#include "timed/os/inherited.h"

namespace timed::os {

// The daemon's end of the pipe by which the process that was started waits until the daemon works or has failed.
class StartReport {
 public:
  // Without a parent that waits (in the foreground) both do nothing.
  StartReport() = default;
  explicit StartReport(Descriptor pipe) : pipe_(std::move(pipe)) {}

  // The parent exits with 0.
  void ready();
  // The parent prints the text and a newline on its standard error and exits with 1.  The raw text, without prefix.
  void failed(std::string_view text);
  // True until one of them was called, where a parent waits.
  bool awaited() const { return pipe_.is_open(); }

 private:
  Descriptor pipe_;
};

// Opens /dev/null in place of every standard descriptor that is closed, or a socket would get its number and, with it,
// all that is printed.  The first thing a process does.
Status fill_standard_descriptors();

// Forks twice and returns in the grandchild only: a session of its own, directory "/", standard descriptors on
// /dev/null, others closed but those that were inherited.  The parent waits for the report.  To be called before
// anything is opened and before any thread is started.
Result<StartReport> daemonize(const InheritedSockets& inherited = {});

// A descriptor that whoever started the process has left open to be told there that it is ready (-N).  To be made
// before anything is opened: where nothing is open under that number, nothing of ours must be written to by accident.
class ReadyDescriptor {
 public:
  explicit ReadyDescriptor(int number);
  // A newline, and the descriptor is closed (but for a standard one).
  Status notify();

 private:
  Descriptor descriptor_;
};

// How long the service manager waits for a sign of life of this process; nothing where it does not
// ($WATCHDOG_USEC, $WATCHDOG_PID).
std::optional<Duration> watchdog_limit();

// SCHED_FIFO with a priority of 1 … 99, for this process and not for what it starts.
Status set_real_time_priority(int priority);
// All pages, those to come too, however many.
Status lock_memory();

// The pid file of this process, removed when destroyed (only if it still names it).
class PidFile {
 public:
  // Fails where the file names another living process; anything else that is wrong with it is ignored.
  static Status check(const std::string& path, const std::string& program);
  // "PID\n", mode 0644, in place of what is there, never through a link.  Looks as check() does: of several processes
  // that start at the same time one succeeds.
  static Result<std::unique_ptr<PidFile>> create(const std::string& path, const std::string& program);
  ~PidFile();
  PidFile(const PidFile&) = delete;
  PidFile& operator=(const PidFile&) = delete;

 private:
  explicit PidFile(std::string path);
  std::string path_;
};

}  // namespace timed::os

#endif  // TIMED_OS_PROCESS_H_
