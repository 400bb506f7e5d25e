// Files that nobody else may have a hand in: those with secrets, and those that say whom to trust.  Looked at once,
// when the daemon has become its account, and by `timed --check`.
#ifndef TIMED_DAEMON_GUARDED_FILES_H_
#define TIMED_DAEMON_GUARDED_FILES_H_

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "timed/base/result.h"
#include "timed/config/config.h"
#include "timed/env/files.h"

namespace timed::daemon {

// Whom the files belong to, besides root.
struct FileOwner {
  std::int64_t uid = 0;
  std::int64_t gid = 0;
};

// What this process may do, whatever permission bits say.
struct FileAccess {
  std::function<Status(const std::string& path)> may_read;   // the reason of the error is the system's
  std::function<Status(const std::string& path)> may_write;  // the same
};

// Links followed to their end; the path itself where there is no end.
using TruePath = std::function<std::string(const std::string& path)>;

class GuardedFiles {
 public:
  explicit GuardedFiles(const config::Config& config);

  // Warnings, complete, of accounts other than root and the owner's that may change a file or put another one in its
  // place.  Of several files that lie in one bad directory the directory is named once.  What everybody may do with a
  // secret itself is not among them: who loads it tells that, each time.
  std::vector<std::string> exposures(env::Files& files, const FileOwner& owner, const TruePath& true_path) const;
  // That, for who loads nothing.
  std::vector<std::string> open_secrets(env::Files& files) const;
  // Warnings where the process may do less than the files are for, and where it may change what it is only to read:
  // whoever has broken into it would stay there.  In chrony's words.
  std::vector<std::string> wrong_access(const FileAccess& access) const;

 private:
  enum class Kind {
    Secret,   // nobody else reads it, and the account does not write it
    Shared,   // a secret that the account may write, for a whole fleet
    Trusted,  // no secret, but nobody else writes it, nor does the account
    State,    // a directory in which the account keeps what outlives it
  };
  struct Guarded {
    std::string path;
    Kind kind;
  };

  void add(const std::string& path, Kind kind);

  std::vector<Guarded> files_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_GUARDED_FILES_H_
