#include "timed/os/log_output.h"

#include <syslog.h>
#include <unistd.h>

#include <cerrno>
#include <ctime>
#include <utility>

#include "file_io.h"
#include "read_clock.h"
#include "system_error.h"
#include "timed/base/text.h"

namespace timed::os {
namespace {

constexpr std::uint32_t kLogFileMode = 0640;

int priority_of(log::Severity severity) {
  switch (severity) {
    case log::Severity::Debug:
      return LOG_DEBUG;
    case log::Severity::Info:
      return LOG_INFO;
    case log::Severity::Warning:
      return LOG_WARNING;
    case log::Severity::Error:
      return LOG_ERR;
    case log::Severity::Fatal:
      break;
  }
  return LOG_CRIT;
}

}  // namespace

std::string utc_stamp(RawTime when) {
  const std::time_t seconds = when.whole_seconds();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return format("%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
}

Result<std::unique_ptr<LogOutput>> LogOutput::open(const LogOptions& options) {
  Descriptor file;
  if (options.to == LogOptions::To::File) {
    auto opened = open_for_appending(options.path, kLogFileMode);
    if (!opened) return opened.error();
    file = opened.take();
  }
  return std::unique_ptr<LogOutput>(new LogOutput(options, std::move(file)));
}

LogOutput::LogOutput(LogOptions options, Descriptor file) : options_(std::move(options)), file_(std::move(file)) {
  if (options_.to == LogOptions::To::SystemLog) ::openlog(options_.program.c_str(), LOG_PID, LOG_DAEMON);
  log::set_sink([this](log::Severity severity, std::string_view message) { write(severity, message); });
}

LogOutput::~LogOutput() {
  log::set_sink(nullptr);
  if (options_.to == LogOptions::To::SystemLog) ::closelog();
}

Status LogOutput::reopen() {
  if (options_.to != LogOptions::To::File) return Status::success();
  auto opened = open_for_appending(options_.path, kLogFileMode);
  if (!opened) return opened.error();
  file_ = opened.take();
  return Status::success();
}

void LogOutput::write(log::Severity severity, std::string_view message) {
  std::string text = severity == log::Severity::Fatal ? "Fatal error : " : "";
  text += message;
  if (options_.to == LogOptions::To::SystemLog) {
    ::syslog(priority_of(severity), "%s", text.c_str());
    if (severity == log::Severity::Fatal && options_.repeat_fatal) write_line(STDERR_FILENO, text + "\n");
    return;
  }
  write_line(file_.is_open() ? file_.get() : STDERR_FILENO, utc_stamp(read_real_time()) + " " + text + "\n");
}

// One call for a line, so that lines of several processes do not mix.  A message that cannot be written has no other
// place to go.
void LogOutput::write_line(int descriptor, std::string_view line) {
  while (!line.empty()) {
    const auto written = ::write(descriptor, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace timed::os
