#include "timed/daemon/nts_cache.h"

#include "timed/auth/saved_session.h"
#include "timed/base/log.h"

namespace timed::daemon {
namespace {

constexpr std::size_t kMaxFile = 65536;
constexpr std::uint32_t kMode = 0600;

}  // namespace

std::string NtsCache::path_of(const sources::KeyServer& server) const {
  return directory_ + "/" + server.at.address.to_string() + ".nts";
}

std::optional<sources::FetchedKeys> NtsCache::take(const sources::KeyServer& server) {
  if (directory_.empty()) return std::nullopt;
  const std::string path = path_of(server);
  auto text = files_.read(path, kMaxFile);
  if (!text) {
    if (text.error().kind != ErrorKind::NotFound) log::warning("%s", text.error().message.c_str());
    return std::nullopt;
  }
  if (const Status removed = files_.remove(path); !removed) {
    // Another daemon would send the same cookies again, by which both could be recognised.
    log::warning("%s", removed.error().message.c_str());
    return std::nullopt;
  }
  auto saved = auth::read_saved_session(text.take());
  if (!saved) {
    log::warning("Could not load NTS keys from %s : %s", path.c_str(), saved.error().message.c_str());
    return std::nullopt;
  }
  if (saved->name != server.name) return std::nullopt;
  log::debug("Loaded NTS keys from %s", path.c_str());
  return sources::FetchedKeys{std::move(saved->session), saved->ntp};
}

void NtsCache::save(const sources::SavedKeys& keys) {
  if (directory_.empty()) return;
  const std::string text = auth::to_text({keys.server.name, keys.fetched.ntp, keys.fetched.session});
  const Status written = files_.replace(path_of(keys.server), text, kMode);
  if (!written) log::error("%s", written.error().message.c_str());
}

void NtsCache::remove(const sources::KeyServer& server) {
  if (directory_.empty()) return;
  const Status removed = files_.remove(path_of(server));
  if (!removed && removed.error().kind != ErrorKind::NotFound) log::warning("%s", removed.error().message.c_str());
}

}  // namespace timed::daemon
