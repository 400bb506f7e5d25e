#include "timed/os/file_access.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>

#include "system_error.h"

namespace timed::os {
namespace {

Status check(const std::string& path, int mode, const char* verb) {
  struct stat found {};
  if (::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) mode |= X_OK;
  if (::faccessat(AT_FDCWD, path.c_str(), mode, AT_EACCESS) != 0) return path_error(verb, path, errno);
  return Status::success();
}

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

}  // namespace

Status may_read(const std::string& path) {
  return check(path, R_OK, "read");
}

Status may_write(const std::string& path) {
  return check(path, W_OK, "write");
}

std::string true_path(const std::string& path) {
  const std::unique_ptr<char, FreeText> resolved(::realpath(path.c_str(), nullptr));
  return resolved ? std::string(resolved.get()) : path;
}

}  // namespace timed::os
