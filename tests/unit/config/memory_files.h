// Files that exist only in memory, for the parser's tests and its fuzz target.
#ifndef TIMED_TESTS_UNIT_CONFIG_MEMORY_FILES_H_
#define TIMED_TESTS_UNIT_CONFIG_MEMORY_FILES_H_

#include <fnmatch.h>

#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "timed/env/files.h"

namespace timed::config {

class MemoryFiles : public env::Files {
 public:
  std::map<std::string, std::string> files;
  std::set<std::string> directories;          // that exist, beside those that files are in
  std::map<std::string, std::string> broken;  // path or pattern -> reason for which it cannot be read
  std::size_t reads = 0;

  Result<std::string> read(const std::string& path, std::size_t limit) override {
    ++reads;
    if (broken.count(path) != 0) return refuse(path, broken[path], ErrorKind::Permission);
    if (directories.count(path) != 0) return refuse(path, "Is a directory", ErrorKind::Invalid);
    const auto found = files.find(path);
    if (found == files.end()) return refuse(path, "No such file or directory", ErrorKind::NotFound);
    if (found->second.size() > limit) return refuse(path, "File too large", ErrorKind::Invalid);
    return found->second;
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    if (broken.count(directory) != 0) return refuse(directory, broken[directory], ErrorKind::Permission);
    std::vector<std::string> names;
    const std::string prefix = directory + (directory.ends_with('/') ? "" : "/");
    for (const auto& [path, text] : files) {
      const std::string rest = path.starts_with(prefix) ? path.substr(prefix.size()) : "";
      if (!rest.empty() && rest.find('/') == std::string::npos) names.push_back(rest);
    }
    if (names.empty() && directories.count(directory) == 0) {
      return refuse(directory, "No such file or directory", ErrorKind::NotFound);
    }
    return names;
  }
  Result<std::vector<std::string>> glob(const std::string& pattern) override {
    if (broken.count(pattern) != 0) return Error{broken[pattern], ErrorKind::Other};
    if (pattern.find_first_of("*?[") == std::string::npos) return std::vector<std::string>{pattern};
    std::vector<std::string> paths;
    for (const auto& [path, text] : files) {
      if (fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) paths.push_back(path);
    }
    return paths;
  }
  Status replace(const std::string&, std::string_view, std::uint32_t) override { return unwanted(); }
  Status remove(const std::string&) override { return unwanted(); }
  Result<env::FileInfo> info(const std::string& path) override {
    const bool is_directory = directories.count(path) != 0;
    if (!is_directory && files.count(path) == 0) {
      return refuse(path, "No such file or directory", ErrorKind::NotFound);
    }
    env::FileInfo info;
    info.is_directory = is_directory;
    return info;
  }
  Status make_directory(const std::string&, std::uint32_t, std::int64_t, std::int64_t) override { return unwanted(); }
  Result<std::unique_ptr<env::AppendFile>> open_log(const std::string&, std::uint32_t) override { return unwanted(); }

 private:
  static Error refuse(const std::string& path, const std::string& reason, ErrorKind kind) {
    return Error{"Could not open " + path + " : " + reason, kind};
  }
  static Error unwanted() { return Error{"a parser does not do this", ErrorKind::Unsupported}; }
};

}  // namespace timed::config

#endif  // TIMED_TESTS_UNIT_CONFIG_MEMORY_FILES_H_
