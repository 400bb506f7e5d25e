// Files as a daemon uses them: whole, small, rarely.
#ifndef TIMED_ENV_FILES_H_
#define TIMED_ENV_FILES_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "timed/base/result.h"
#include "timed/base/units.h"

namespace timed::env {

struct FileInfo {
  bool is_directory = false;
  bool is_regular = false;
  std::uint32_t mode = 0;  // permission bits, 0 … 07777
  std::int64_t uid = -1;
  std::int64_t gid = -1;
  RawTime modified;
};

// A log file that only grows.  Written lines are in the file when append() returns.
class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual Status append(std::string_view text) = 0;
};

// Messages of errors are complete: "Could not open PATH : REASON".
class Files {
 public:
  virtual ~Files() = default;
  // The whole file; Invalid for a directory and for more than limit bytes.
  virtual Result<std::string> read(const std::string& path, std::size_t limit = 16u << 20) = 0;
  // Writes PATH.tmp, created exclusively, and renames it over PATH.
  virtual Status replace(const std::string& path, std::string_view contents, std::uint32_t mode) = 0;
  // NotFound where there is none.
  virtual Status remove(const std::string& path) = 0;
  virtual Result<FileInfo> info(const std::string& path) = 0;
  // Names in a directory without . and .., sorted bytewise.
  virtual Result<std::vector<std::string>> list(const std::string& directory) = 0;
  // Paths that match a glob pattern, sorted bytewise; a pattern that matches nothing gives an empty list, and a
  // literal name without wildcards itself, whether it exists or not.
  virtual Result<std::vector<std::string>> glob(const std::string& pattern) = 0;
  // The directory and the missing ones above it (0755); an existing directory is success.
  virtual Status make_directory(const std::string& path, std::uint32_t mode, std::int64_t uid, std::int64_t gid) = 0;
  virtual Result<std::unique_ptr<AppendFile>> open_log(const std::string& path, std::uint32_t mode) = 0;
};

}  // namespace timed::env

#endif  // TIMED_ENV_FILES_H_
