// The key file: read at the start and again at `rekey`.
#ifndef TIMED_DAEMON_KEY_FILE_H_
#define TIMED_DAEMON_KEY_FILE_H_

#include <string>
#include <utility>

#include "timed/auth/key_store.h"
#include "timed/base/result.h"
#include "timed/config/config.h"
#include "timed/env/files.h"

namespace timed::daemon {

class KeyFile {
 public:
  // `path` empty: there are no keys.
  KeyFile(std::string path, env::Files& files) : path_(std::move(path)), files_(files) {}

  // Reads the keys anew and tells the operator of lines that give none.  Fails where the file cannot be read; the keys
  // then stay as they were.
  Status load();
  // Reads without keeping and tells nobody.
  static Result<auth::KeyStore::Reading> read(const std::string& path, env::Files& files);
  // Whether a start may go on after that failure of `load` or `read`: the file is not there and no source names a key.
  // Distributions name a key file that few have; a source that is to be authenticated must not be asked without.
  static bool may_be_missing(const config::Config& config, const Error& failure);
  // Stays where it is, whatever is loaded.
  const auth::KeyStore& keys() const { return keys_; }

 private:
  std::string path_;
  env::Files& files_;
  auth::KeyStore keys_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_KEY_FILE_H_
