// What the sources of a configuration lack: keys, certificates, an address of their own.  A start tells it when it adds
// a source or wants to ask it; `timed --check` tells it before, of the lines of files in sourcedir too.
#ifndef TIMED_SRC_DAEMON_SOURCE_CHECKS_H_
#define TIMED_SRC_DAEMON_SOURCE_CHECKS_H_

#include <set>
#include <vector>

#include "timed/auth/key_store.h"
#include "timed/config/parser.h"
#include "timed/config/source_file_check.h"
#include "timed/env/files.h"

namespace timed::daemon {

// Asked of each line once, in their order: of two lines with one address the second is refused.
class SourceLacks {
 public:
  // What is not known to be missing is not missed: keys where there is no store, certificates where a line that may
  // have named them has an error.
  SourceLacks(const config::Config& config, const auth::KeyStore* keys, bool certificates_are_known)
      : config_(config), keys_(keys), certificates_are_known_(certificates_are_known) {}

  std::vector<config::SourceLack> operator()(const sources::SourceLine& line);

 private:
  bool has_certificates(std::uint32_t set) const;

  const config::Config& config_;
  const auth::KeyStore* const keys_;
  const bool certificates_are_known_;
  std::set<IpAddress> addresses_;
};

// Warns of what the lines of the configuration lack, and then of the files in its directories: what is passed over in
// them, what their lines lack, and what cannot be read.
void check_sources(SourceLacks& lacks, env::Files& files, config::ParseOutcome& outcome);

}  // namespace timed::daemon

#endif  // TIMED_SRC_DAEMON_SOURCE_CHECKS_H_
