#include "timed/daemon/key_file.h"

#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::daemon {
namespace {

constexpr std::uint32_t kWorldReadable = 04, kWorldWritable = 02;

}  // namespace

Status KeyFile::load() {
  if (path_.empty()) return {};
  auto reading = read(path_, files_);
  if (!reading) return reading.error();
  tell_permissions();
  for (const std::string& warning : reading->warnings) log::warning("%s", warning.c_str());
  keys_ = std::move(reading->keys);
  log::info("Loaded %zu symmetric keys", keys_.size());
  return {};
}

Result<auth::KeyStore::Reading> KeyFile::read(const std::string& path, env::Files& files) {
  auto text = files.read(path);
  if (!text) {
    return Error{format("Could not open keyfile %s : %s", path.c_str(), text.error().reason().c_str()),
                 text.error().kind};
  }
  return auth::KeyStore::read(text.take(), path);
}

void KeyFile::tell_permissions() const {
  const auto info = files_.info(path_);
  if (!info) return;
  const bool readable = (info->mode & kWorldReadable) != 0;
  if (readable || (info->mode & kWorldWritable) != 0) {
    log::warning("World-%s permissions on %s", readable ? "readable" : "writable", path_.c_str());
  }
}

}  // namespace timed::daemon
