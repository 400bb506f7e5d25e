// A disk with room for one file, and the log that tells of it.
#ifndef TIMED_TESTS_UNIT_DAEMON_ONE_FILE_H_
#define TIMED_TESTS_UNIT_DAEMON_ONE_FILE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "timed/base/log.h"
#include "timed/env/files.h"

namespace timed::daemon {

// Only reading, replacing and removing: the daemon's state needs no more.
class OneFile : public env::Files {
 public:
  explicit OneFile(std::string path) : path_(std::move(path)) {}

  std::optional<std::string> contents;
  env::FileInfo info_of_file;
  std::string directory;            // that is there beside the file
  std::optional<Error> unreadable;  // what reading answers instead
  std::optional<Error> unwritable;
  std::optional<Error> unremovable;
  std::uint32_t mode = 0;               // of the last write
  std::size_t writes = 0;               // that were tried
  std::size_t least_limit = 16u << 20;  // smallest limit that a reader has set

  Result<std::string> read(const std::string& path, std::size_t limit) override {
    least_limit = limit < least_limit ? limit : least_limit;
    if (unreadable) return *unreadable;
    if (path != path_ || !contents) return Error{"Could not open " + path + " : not there", ErrorKind::NotFound};
    if (contents->size() > limit) return Error{"Could not open " + path + " : File too large", ErrorKind::Invalid};
    return *contents;
  }
  Status replace(const std::string& path, std::string_view text, std::uint32_t wanted_mode) override {
    ++writes;
    if (path != path_) return unwanted();
    if (unwritable) return *unwritable;
    contents = std::string(text);
    mode = wanted_mode;
    return Status::success();
  }
  Status remove(const std::string& path) override {
    if (path != path_) return unwanted();
    if (unremovable) return *unremovable;
    if (!contents) return Error{"Could not remove " + path + " : not there", ErrorKind::NotFound};
    contents.reset();
    return Status::success();
  }
  Result<env::FileInfo> info(const std::string& path) override {
    if (path == path_ && contents) return info_of_file;
    if (path != directory) return Error{"Could not open " + path + " : not there", ErrorKind::NotFound};
    env::FileInfo info;
    info.is_directory = true;
    return info;
  }
  Result<std::vector<std::string>> list(const std::string&) override { return unwanted(); }
  Result<std::vector<std::string>> glob(const std::string&) override { return unwanted(); }
  Status make_directory(const std::string&, std::uint32_t, std::int64_t, std::int64_t) override { return unwanted(); }
  Result<std::unique_ptr<env::AppendFile>> open_log(const std::string&, std::uint32_t) override { return unwanted(); }

 private:
  static Error unwanted() { return Error{"nobody should ask for this", ErrorKind::Unsupported}; }

  std::string path_;
};

// Messages as "info: TEXT", while it lives.
class CapturedLog {
 public:
  CapturedLog() {
    log::set_sink([this](log::Severity severity, std::string_view text) {
      static constexpr const char* kNames[] = {"debug", "info", "warning", "error", "fatal"};
      lines.push_back(std::string(kNames[static_cast<int>(severity) + 1]) + ": " + std::string(text));
    });
  }
  ~CapturedLog() { log::set_sink({}); }
  CapturedLog(const CapturedLog&) = delete;
  CapturedLog& operator=(const CapturedLog&) = delete;

  std::vector<std::string> lines;
};

}  // namespace timed::daemon

#endif  // TIMED_TESTS_UNIT_DAEMON_ONE_FILE_H_
