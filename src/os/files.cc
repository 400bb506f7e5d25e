#include "timed/os/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <utility>

#include "file_io.h"
#include "system_error.h"

namespace timed::os {
namespace {

constexpr std::uint32_t kParentMode = 0755;

// Of the directory that a search could not look into: glob itself does not say.
thread_local int why_search_ended = 0;
int end_search(const char*, int error) {
  why_search_ended = error;
  return 1;
}

// How long a pipe or a terminal may keep a reader waiting: for its first writer, and for more from one that is there.
constexpr int kNoWriter_ms = 2000;
constexpr int kSilence_ms = 30000;

class LogFile : public env::AppendFile {
 public:
  LogFile(std::string path, Descriptor descriptor) : path_(std::move(path)), descriptor_(std::move(descriptor)) {}
  Status append(std::string_view text) override {
    if (!write_all(descriptor_, text)) return path_error("write", path_, errno);
    return Status::success();
  }

 private:
  std::string path_;
  Descriptor descriptor_;
};

Status write_and_sync(const std::string& path, std::string_view contents, std::uint32_t mode) {
  auto created = create_exclusively(path, mode);
  if (!created) return created.error();
  if (!write_all(*created, contents) || ::fsync(created->get()) != 0) return path_error("write", path, errno);
  return Status::success();
}

bool is_directory(const std::string& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 && S_ISDIR(found.st_mode);
}

Status make_one(const std::string& path, std::uint32_t mode) {
  if (::mkdir(path.c_str(), static_cast<mode_t>(mode)) != 0 && errno != EEXIST) {
    return path_error("create directory", path, errno);
  }
  if (!is_directory(path)) return path_error("create directory", path, ENOTDIR);
  return Status::success();
}

Status make_parents(const std::string& path) {
  for (auto slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    if (is_directory(parent)) continue;
    if (auto done = make_one(parent, kParentMode); !done) return done;
  }
  return Status::success();
}

// False where nothing came in time.
bool becomes_readable(const Descriptor& file, int limit_ms) {
  pollfd readable{file.get(), POLLIN, 0};
  return ::poll(&readable, 1, limit_ms) != 0;
}

// On the directory itself and not on a name that may have become a link.
Status give_away(const std::string& path, std::int64_t uid, std::int64_t gid) {
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  if (!directory.is_open()) return path_error("open", path, errno);
  if (::fchown(directory.get(), static_cast<uid_t>(uid), static_cast<gid_t>(gid)) != 0) {
    return path_error("change owner of", path, errno);
  }
  return Status::success();
}

}  // namespace

Result<std::string> LinuxFiles::read(const std::string& path, std::size_t limit) {
  // Not blocking: an include may be a pipe that nobody ever writes to.
  const Descriptor file = open_file(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (!file.is_open()) return path_error("open", path, errno);
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) return path_error("open", path, errno);
  if (S_ISDIR(found.st_mode)) return path_error("open", path, EISDIR);
  bool awaits_writer = S_ISFIFO(found.st_mode);
  std::string contents;
  std::array<char, 16384> piece;
  while (true) {
    const auto got = ::read(file.get(), piece.data(), piece.size());
    if (got < 0 && errno == EINTR) continue;
    // A pipe without writer seems to have ended.
    const bool no_writer_yet = got == 0 && std::exchange(awaits_writer, false);
    if (no_writer_yet || (got < 0 && errno == EAGAIN)) {
      if (becomes_readable(file, no_writer_yet ? kNoWriter_ms : kSilence_ms)) continue;
      return path_error("read", path, ETIMEDOUT);
    }
    awaits_writer = false;
    if (got < 0) return path_error("read", path, errno);
    if (got == 0) return contents;
    if (static_cast<std::size_t>(got) > limit - contents.size()) return path_error("read", path, EFBIG);
    contents.append(piece.data(), static_cast<std::size_t>(got));
  }
}

Status LinuxFiles::replace(const std::string& path, std::string_view contents, std::uint32_t mode) {
  if (auto done = refuse_device(path); !done) return done;
  const std::string temporary = path + ".tmp";
  if (auto done = write_and_sync(temporary, contents, mode); !done) {
    static_cast<void>(::unlink(temporary.c_str()));
    return done;
  }
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    static_cast<void>(::unlink(temporary.c_str()));
    return path_error("replace", path, number);
  }
  return Status::success();
}

Status LinuxFiles::remove(const std::string& path) {
  if (::unlink(path.c_str()) != 0) return path_error("remove", path, errno);
  return Status::success();
}

Result<env::FileInfo> LinuxFiles::info(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return path_error("access", path, errno);
  env::FileInfo info;
  info.is_directory = S_ISDIR(found.st_mode);
  info.is_regular = S_ISREG(found.st_mode);
  info.mode = found.st_mode & 07777;
  info.uid = found.st_uid;
  info.gid = found.st_gid;
  info.modified = RawTime::from_seconds(found.st_mtim.tv_sec, found.st_mtim.tv_nsec);
  return info;
}

Result<std::vector<std::string>> LinuxFiles::list(const std::string& directory) {
  DIR* const opened = ::opendir(directory.c_str());
  if (opened == nullptr) return path_error("open", directory, errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = ::readdir(opened)) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  const int number = errno;
  ::closedir(opened);
  if (number != 0) return path_error("read", directory, number);
  std::sort(names.begin(), names.end());
  return names;
}

Result<std::vector<std::string>> LinuxFiles::glob(const std::string& pattern) {
  glob_t found{};
  const int outcome = ::glob(pattern.c_str(), GLOB_NOSORT | GLOB_NOMAGIC, end_search, &found);
  std::vector<std::string> paths;
  if (outcome == 0) {
    for (std::size_t i = 0; i < found.gl_pathc; ++i) paths.emplace_back(found.gl_pathv[i]);
  }
  ::globfree(&found);
  if (outcome != 0 && outcome != GLOB_NOMATCH) {
    return path_error("read", pattern, outcome == GLOB_NOSPACE ? ENOMEM : why_search_ended);
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

Status LinuxFiles::make_directory(const std::string& path, std::uint32_t mode, std::int64_t uid, std::int64_t gid) {
  if (is_directory(path)) return Status::success();
  if (auto done = make_parents(path); !done) return done;
  if (auto done = make_one(path, mode); !done) return done;
  if (uid < 0 && gid < 0) return Status::success();
  return give_away(path, uid, gid);
}

Result<std::unique_ptr<env::AppendFile>> LinuxFiles::open_log(const std::string& path, std::uint32_t mode) {
  auto opened = open_for_appending(path, mode);
  if (!opened) return opened.error();
  return std::unique_ptr<env::AppendFile>(std::make_unique<LogFile>(path, opened.take()));
}

}  // namespace timed::os
