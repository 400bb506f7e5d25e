// The directory of `ntsdumpdir` as an NTS client uses it: keys and cookies that outlive the daemon, one file for each
// server of keys ("ntsdumpdir").
#ifndef TIMED_DAEMON_NTS_CACHE_H_
#define TIMED_DAEMON_NTS_CACHE_H_

#include <optional>
#include <string>
#include <utility>

#include "timed/env/files.h"
#include "timed/sources/source_keys.h"

namespace timed::daemon {

class NtsCache {
 public:
  // Without a directory nothing is kept.
  NtsCache(std::string directory, env::Files& files) : directory_(std::move(directory)), files_(files) {}

  // What was kept of this server, once: cookies must not be sent twice, so the file is gone even where it is of no use.
  // The operator is told of one that is damaged.
  std::optional<sources::FetchedKeys> take(const sources::KeyServer& server);
  void save(const sources::SavedKeys& keys);
  // Others were established.
  void remove(const sources::KeyServer& server);

 private:
  std::string path_of(const sources::KeyServer& server) const;

  std::string directory_;
  env::Files& files_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_NTS_CACHE_H_
