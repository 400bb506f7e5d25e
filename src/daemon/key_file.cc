#include "timed/daemon/key_file.h"

#include "timed/base/log.h"
#include "timed/base/text.h"
#include "timed/env/file_permissions.h"

namespace timed::daemon {
Status KeyFile::load() {
  if (path_.empty()) return {};
  auto reading = read(path_, files_);
  if (!reading) return reading.error();
  if (const auto open = env::world_access(files_, path_)) log::warning("%s", open->c_str());
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

bool KeyFile::may_be_missing(const config::Config& config, const Error& failure) {
  return failure.kind == ErrorKind::NotFound && !config.names_a_key();
}

}  // namespace timed::daemon
