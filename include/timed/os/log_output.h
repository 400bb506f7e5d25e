// Where messages go: the system log, standard error, or a file (timed(8)).
#ifndef TIMED_OS_LOG_OUTPUT_H_
#define TIMED_OS_LOG_OUTPUT_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "timed/base/log.h"
#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/os/descriptor.h"

namespace timed::os {

struct LogOptions {
  enum class To : std::uint8_t { SystemLog, StandardError, File };
  To to = To::SystemLog;
  std::string program;  // name in the system log
  std::string path;     // of the file, mode 0640; a link is refused
  // In the foreground what ends the daemon is shown there too, when it goes to the system log.
  bool repeat_fatal = false;
};

// Becomes the process's log sink; the default one is back when it is destroyed.  At most one.
class LogOutput {
 public:
  static Result<std::unique_ptr<LogOutput>> open(const LogOptions& options);
  ~LogOutput();
  LogOutput(const LogOutput&) = delete;
  LogOutput& operator=(const LogOutput&) = delete;

  // After the file was moved away.  On failure the old one stays in use.
  Status reopen();

 private:
  LogOutput(LogOptions options, Descriptor file);
  void write(log::Severity severity, std::string_view message);
  void write_line(int descriptor, std::string_view line);

  LogOptions options_;
  Descriptor file_;
};

// YYYY-MM-DDTHH:MM:SSZ
std::string utc_stamp(RawTime when);

}  // namespace timed::os

#endif  // TIMED_OS_LOG_OUTPUT_H_
