#include "file_io.h"

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "system_error.h"

namespace timed::os {

namespace {

// The thread opens and makes files as somebody else while this lives.  Only root can.
class FileIdentity {
 public:
  FileIdentity(uid_t uid, gid_t gid) {
    ::setfsgid(gid);
    ::setfsuid(uid);
  }
  ~FileIdentity() {
    ::setfsuid(::geteuid());
    ::setfsgid(::getegid());
  }
  FileIdentity(const FileIdentity&) = delete;
  FileIdentity& operator=(const FileIdentity&) = delete;
};

// Of root, in a directory of somebody else.  A service manager may have taken from root the right to pass by
// permissions; to act as the owner of a directory, who may do there what he likes, is none.
void act_as_owner_of_directory(const std::string& path, std::optional<FileIdentity>& identity) {
  const auto slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  struct stat found {};
  if (::geteuid() == 0 && ::stat(directory.c_str(), &found) == 0 && found.st_uid != 0) {
    identity.emplace(found.st_uid, found.st_gid);
  }
}

}  // namespace

Descriptor open_file(const std::string& path, int flags, std::uint32_t mode) {
  Descriptor descriptor(::open(path.c_str(), flags, static_cast<mode_t>(mode)));
  if (descriptor.is_open() || errno != EACCES) return descriptor;
  std::optional<FileIdentity> identity;
  act_as_owner_of_directory(path, identity);
  return Descriptor(::open(path.c_str(), flags, static_cast<mode_t>(mode)));
}

// Devices are nobody's files, and /dev/null is needed by everybody: a name of one is a mistake, which root could carry
// out.
Status refuse_device(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return Status::success();
  if (!S_ISCHR(found.st_mode) && !S_ISBLK(found.st_mode)) return Status::success();
  return Error{"Could not replace " + path + " : Is a device", ErrorKind::Invalid};
}

Result<Descriptor> create_exclusively(const std::string& path, std::uint32_t mode) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
  if (const Status replaceable = refuse_device(path); !replaceable) return replaceable.error();
  std::optional<FileIdentity> identity;
  int removed = ::unlink(path.c_str());
  if (removed != 0 && errno == EACCES) {
    act_as_owner_of_directory(path, identity);
    removed = ::unlink(path.c_str());
  }
  if (removed != 0 && errno != ENOENT) return path_error("remove", path, errno);
  Descriptor descriptor = open_file(path, kFlags, mode);
  if (!descriptor.is_open()) return path_error("open", path, errno);
  return descriptor;
}

bool write_all(const Descriptor& descriptor, std::string_view text) {
  while (!text.empty()) {
    const auto written = ::write(descriptor.get(), text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

Result<Descriptor> open_for_appending(const std::string& path, std::uint32_t mode) {
  // Not blocking: a pipe whose reader is slow loses lines instead of stopping its writer.
  constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
  Descriptor descriptor = open_file(path, kFlags, mode);
  if (!descriptor.is_open()) return path_error("open", path, errno);
  return descriptor;
}

}  // namespace timed::os
