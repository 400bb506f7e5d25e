// The keys of cookies over the time: made, read from a file or derived from a secret, changed when their time has come,
// and kept over a restart.  Who serves and who establishes keys get copies of them, each time they have changed.
#ifndef TIMED_NTS_SERVER_KEYS_H_
#define TIMED_NTS_SERVER_KEYS_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "timed/auth/cookie_keys.h"
#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/env/files.h"
#include "timed/env/host.h"
#include "timed/env/timers.h"
#include "timed/nts/options.h"

namespace timed::nts {

class ServerKeys {
 public:
  enum class Origin : std::uint8_t {
    None,       // there are none: nothing could be read yet
    Generated,  // random ones, by us or by whoever wrote our file
    Shared,     // of a file that others write ("ntsrotate 0")
    Derived,    // of a secret and the date ("ntskeysecret")
  };
  struct Seams {
    env::Host& host;
    env::Timers& timers;
    std::function<LocalTime()> now;  // what we believe; keys are derived from it
  };
  using Changed = std::function<void(const auth::CookieKeys&)>;
  struct Report {
    Origin origin = Origin::None;
    std::optional<Duration> age;          // of the newest key, as far as known
    std::optional<Duration> next_change;  // until it; none where others change them
    const auth::CookieKeys* keys = nullptr;
  };

  // Nothing is read or made before start().  `changed` is called with the keys that hold from then on.
  ServerKeys(const NtsOptions& options, Seams seams, Changed changed);
  ~ServerKeys();

  // From now on there are keys, where they can be had; what is in the way is told.
  void start();
  // No timer runs any more; keeps the keys for the next run.
  void stop();
  // Reads again what others may have changed.  What cannot be read leaves the keys as they are.
  void rekey();
  // Into the file, where it is ours.
  void save();
  // The clock was stepped: another date may be another key.
  void on_clock_stepped();

  // Where the keys are kept in the directory of "ntsdumpdir".
  static std::string file_in(const std::string& directory);
  // The secret of "ntskeysecret"; tells nobody.
  static Result<std::vector<std::byte>> read_secret(const std::string& path, env::Files& files);

  // Null where there are none.
  const auth::CookieKeys* keys() const { return keys_ ? &*keys_ : nullptr; }
  Report report() const;

 private:
  bool derives() const { return !options_.server.secret_file.empty(); }
  bool shares_file() const { return !derives() && options_.server.rotate == 0 && !path_.empty(); }
  bool owns_file() const { return !derives() && options_.server.rotate > 0 && !path_.empty(); }
  auth::AeadId aead() const;
  Duration age() const;
  Duration until_rotation() const;
  Status load();
  Status take_secret();
  void generate();
  void rotate();
  void derive();
  void on_timer();
  void use(const auth::CookieKeys& keys);

  NtsOptions options_;
  std::string path_;  // of the file; empty = none
  Seams seams_;
  Changed changed_;
  std::optional<auth::CookieKeys> keys_;
  Origin origin_ = Origin::None;
  MonoTime since_;  // when the newest key was made, as the operating time of daemons goes
  std::vector<std::byte> secret_;
  std::optional<std::uint64_t> period_;  // that the derived keys are of
  env::Timer timer_;
};

}  // namespace timed::nts

#endif  // TIMED_NTS_SERVER_KEYS_H_
