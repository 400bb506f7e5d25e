// A directory that is gone when the test is over.
#ifndef TIMED_TESTS_UNIT_OS_TEMPORARY_DIRECTORY_H_
#define TIMED_TESTS_UNIT_OS_TEMPORARY_DIRECTORY_H_

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>

namespace timed::os {

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "timed-os-XXXXXX").string();
    path_ = ::mkdtemp(name.data()) != nullptr ? name : "/nonexistent";
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

inline std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

inline void write_file(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

}  // namespace timed::os

#endif  // TIMED_TESTS_UNIT_OS_TEMPORARY_DIRECTORY_H_
