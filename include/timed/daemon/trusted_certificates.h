// The certificates that servers of NTS keys are checked with, by set ("ntstrustedcerts", "nosystemcert").  Read when
// they are wanted, and forgotten when nobody wants them any more: those of the system take several megabytes, and a
// changed file holds from the next time on.
#ifndef TIMED_DAEMON_TRUSTED_CERTIFICATES_H_
#define TIMED_DAEMON_TRUSTED_CERTIFICATES_H_

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "timed/env/files.h"
#include "timed/nts/credentials.h"
#include "timed/nts/options.h"

namespace timed::daemon {

class TrustedCertificates {
 public:
  // What it refers to outlives it.  `system` says where the certificates of the system are.
  TrustedCertificates(const nts::NtsClientOptions& options, env::Files& files,
                      nts::SystemCertificates system = nts::system_certificates());

  // Null where the set is empty.  Tells the operator of files that are of no use.  Stays until forget_all().
  const nts::TrustStore* set(std::uint32_t id);
  void forget_all() { sets_.clear(); }

 private:
  void add_system(nts::TrustStore& to);
  void add_file(const std::string& path, nts::TrustStore& to);
  void add_directory(const std::string& path, nts::TrustStore& to);

  const nts::NtsClientOptions& options_;
  env::Files& files_;
  nts::SystemCertificates system_;
  std::map<std::uint32_t, std::unique_ptr<nts::TrustStore>> sets_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_TRUSTED_CERTIFICATES_H_
