// Whether a file that holds secrets is one.
#ifndef TIMED_ENV_FILE_PERMISSIONS_H_
#define TIMED_ENV_FILE_PERMISSIONS_H_

#include <optional>
#include <string>

#include "timed/env/files.h"

namespace timed::env {

// What to tell the operator of a file that everybody on the machine may read or write; empty where nobody else may,
// and where nothing is known of it.
inline std::optional<std::string> world_access(Files& files, const std::string& path) {
  constexpr std::uint32_t kReadable = 04, kWritable = 02;
  const auto info = files.info(path);
  if (!info || (info->mode & (kReadable | kWritable)) == 0) return std::nullopt;
  return std::string((info->mode & kReadable) != 0 ? "World-readable" : "World-writable") + " permissions on " + path;
}

}  // namespace timed::env

#endif  // TIMED_ENV_FILE_PERMISSIONS_H_
