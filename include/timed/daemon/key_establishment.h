// Fetches the keys that sources with NTS ask for: from what was saved, or from their servers, a few at a time.
#ifndef TIMED_DAEMON_KEY_ESTABLISHMENT_H_
#define TIMED_DAEMON_KEY_ESTABLISHMENT_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "timed/daemon/nts_cache.h"
#include "timed/daemon/trusted_certificates.h"
#include "timed/env/host.h"
#include "timed/nts/ke_client.h"
#include "timed/nts/options.h"
#include "timed/sources/nts_auth.h"
#include "timed/sources/options.h"
#include "timed/sources/source_keys.h"

namespace timed::daemon {

// How the dates of certificates are looked at.
struct CertificateTimes {
  std::optional<LocalTime> when;             // they must be valid then; empty: not looked at, but for
  std::optional<LocalTime> not_over_before;  // what was over before this is over now, whatever the clock says
};

struct KeyEstablishmentOptions {
  const nts::NtsOptions& nts;
  const sources::AcquisitionOptions& acquisition;
  Family family = Family::Unspecified;
};

// None of them may destroy the object.
struct KeyCallbacks {
  std::function<LocalTime()> now;
  std::function<CertificateTimes()> times;
  std::function<void(discipline::SourceId, const sources::FetchedKeys&)> on_keys;
  std::function<void(discipline::SourceId, sources::NtsFailure)> on_failure;
};

class KeyEstablishment {
 public:
  // Establishments at a time: a pool of many servers takes a little longer, and no more memory.
  static constexpr std::size_t kMaxAtOnce = 8;

  // What it refers to outlives it.
  KeyEstablishment(const KeyEstablishmentOptions& options, env::Timers& timers, env::Network& network, env::Host& host,
                   KeyCallbacks callbacks);

  // One of the callbacks answers in a later turn, unless the source is forgotten.
  void fetch(const sources::KeyRequest& request);
  void forget(discipline::SourceId source);
  // Nothing is fetched any more.
  void stop();
  // For a later daemon.
  void save(const std::vector<sources::SavedKeys>& keys);
  NtsCache& cache() { return cache_; }

 private:
  struct Fetch {
    Fetch(const sources::KeyRequest& r, std::uint64_t n) : request(r), number(n) {}
    sources::KeyRequest request;
    std::uint64_t number = 0;  // answers of the resolver that come too late are of another one
    CertificateTimes times;
    std::unique_ptr<nts::KeClient> client;
    std::optional<nts::KeClient::Result> result;  // to be looked at in the next turn
    std::optional<nts::KeEstablished> established;
    bool over = false;  // was answered
  };

  void turn();
  void begin(Fetch& fetch);
  void begin_client(Fetch& fetch, const nts::TrustStore& trusted);
  nts::KeTarget target_of(const Fetch& fetch) const;
  void take(Fetch& fetch);
  void take_established(Fetch& fetch);
  void resolve_ntp_server(Fetch& fetch, const std::string& name);
  void deliver(Fetch& fetch, const IpAddress& ntp);
  void fail(Fetch& fetch, sources::NtsFailure failure, const std::string& message);
  void resolved(std::uint64_t number, const std::string& name, const Result<std::vector<IpAddress>>& addresses);

  KeyEstablishmentOptions options_;
  env::Timers& timers_;
  env::Network& network_;
  env::Host& host_;
  KeyCallbacks callbacks_;
  NtsCache cache_;
  TrustedCertificates trusted_;
  std::vector<auth::AeadId> offered_;
  std::deque<sources::KeyRequest> waiting_;
  std::list<Fetch> running_;
  std::uint64_t last_number_ = 0;
  env::Timer turn_;
  bool told_no_cipher_ = false;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_KEY_ESTABLISHMENT_H_
