#include "file_io.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "system_error.h"

namespace timed::os {

Result<Descriptor> create_exclusively(const std::string& path, std::uint32_t mode) {
  constexpr int kFlags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY;
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return path_error("remove", path, errno);
  Descriptor descriptor(::open(path.c_str(), kFlags, static_cast<mode_t>(mode)));
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
  Descriptor descriptor(::open(path.c_str(), kFlags, static_cast<mode_t>(mode)));
  if (!descriptor.is_open()) return path_error("open", path, errno);
  return descriptor;
}

}  // namespace timed::os
