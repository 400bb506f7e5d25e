// Files of the machine.  No state and no descriptor is kept, so one may be made before the process forks, to read the
// configuration.
#ifndef TIMED_OS_FILES_H_
#define TIMED_OS_FILES_H_

#include "timed/env/files.h"

namespace timed::os {

class LinuxFiles : public env::Files {
 public:
  Result<std::string> read(const std::string& path, std::size_t limit = 16u << 20) override;
  Status replace(const std::string& path, std::string_view contents, std::uint32_t mode) override;
  Status remove(const std::string& path) override;
  Result<env::FileInfo> info(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;
  Status make_directory(const std::string& path, std::uint32_t mode, std::int64_t uid, std::int64_t gid) override;
  Result<std::unique_ptr<env::AppendFile>> open_log(const std::string& path, std::uint32_t mode) override;
};

}  // namespace timed::os

#endif  // TIMED_OS_FILES_H_
