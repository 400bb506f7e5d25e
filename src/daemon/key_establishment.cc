// Everything is answered from turn(): the source that asks is in the middle of an event, and a client that has ended is
// still on its way out of one.
#include "timed/daemon/key_establishment.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::daemon {
namespace {

using sources::NtsFailure;

// The preferred ones of those that there are, as many as a request takes.
std::vector<auth::AeadId> offered_of(const std::vector<int>& numbers) {
  std::vector<auth::AeadId> ids;
  for (const int number : numbers) {
    if (number < 0 || number > 0xffff || ids.size() == nts::kMaxOffered) continue;
    const auto id = auth::aead_numbered(static_cast<std::uint16_t>(number));
    if (id && std::find(ids.begin(), ids.end(), *id) == ids.end()) ids.push_back(*id);
  }
  return ids;
}

// With a final dot: nothing is to be searched for in domains of ours.
std::string whole_name(const std::string& name) {
  return name.back() == '.' ? name : name + ".";
}

}  // namespace

KeyEstablishment::KeyEstablishment(const KeyEstablishmentOptions& options, env::Timers& timers, env::Network& network,
                                   env::Host& host, KeyCallbacks callbacks)
    : options_(options),
      timers_(timers),
      network_(network),
      host_(host),
      callbacks_(std::move(callbacks)),
      cache_(options.nts.dump_directory, host.files()),
      trusted_(options.nts.client, host.files()),
      offered_(offered_of(options.nts.aeads)),
      turn_(timers, [this] { turn(); }) {}

void KeyEstablishment::fetch(const sources::KeyRequest& request) {
  waiting_.push_back(request);
  turn_.arm_in(Duration::zero());
}

void KeyEstablishment::forget(discipline::SourceId source) {
  std::erase_if(waiting_, [source](const sources::KeyRequest& r) { return r.source == source; });
  for (Fetch& fetch : running_) {
    if (fetch.request.source == source) fetch.over = true;
  }
  if (!running_.empty()) turn_.arm_in(Duration::zero());
}

void KeyEstablishment::stop() {
  waiting_.clear();
  running_.clear();
  turn_.disarm();
  trusted_.forget_all();
}

void KeyEstablishment::save(const std::vector<sources::SavedKeys>& keys) {
  for (const sources::SavedKeys& saved : keys) cache_.save(saved);
}

void KeyEstablishment::turn() {
  for (Fetch& fetch : running_) {
    if (!fetch.over && fetch.result) take(fetch);
  }
  running_.remove_if([](const Fetch& fetch) { return fetch.over; });
  while (!waiting_.empty() && running_.size() < kMaxAtOnce) {
    Fetch& fetch = running_.emplace_back(waiting_.front(), ++last_number_);
    waiting_.pop_front();
    begin(fetch);
    if (fetch.over) running_.pop_back();
  }
  if (running_.empty()) trusted_.forget_all();
}

void KeyEstablishment::begin(Fetch& fetch) {
  const sources::KeyServer& server = fetch.request.server;
  if (fetch.request.is_first) {
    if (const auto saved = cache_.take(server)) {
      fetch.over = true;
      return callbacks_.on_keys(fetch.request.source, *saved);
    }
  }
  if (offered_.empty()) {
    const bool told = std::exchange(told_no_cipher_, true);
    return fail(fetch, NtsFailure::NotEstablished, told ? "" : "No algorithm of ntsaeads is available");
  }
  const nts::TrustStore* const trusted = trusted_.set(server.cert_set);
  if (trusted == nullptr) {
    return fail(fetch, NtsFailure::NotEstablished,
                format("Could not set credentials : No trusted certificates for %s", server.name.c_str()));
  }
  begin_client(fetch, *trusted);
}

nts::KeTarget KeyEstablishment::target_of(const Fetch& fetch) const {
  const sources::KeyServer& server = fetch.request.server;
  const sources::AcquisitionOptions& from = options_.acquisition;
  nts::KeTarget target;
  target.connection.remote = server.at;
  const IpAddress& local = server.at.address.family() == Family::Inet4 ? from.bind_v4 : from.bind_v6;
  if (!local.is_any()) target.connection.local = local;
  target.connection.device = from.device;
  target.check = {server.name, fetch.times.when};
  target.offered = offered_;
  return target;
}

void KeyEstablishment::begin_client(Fetch& fetch, const nts::TrustStore& trusted) {
  fetch.times = callbacks_.times();
  fetch.client = std::make_unique<nts::KeClient>(timers_, trusted, target_of(fetch),
                                                 [this, f = &fetch](const nts::KeClient::Result& result) {
                                                   f->result = result;
                                                   turn_.arm_in(Duration::zero());
                                                 });
  const Status started = fetch.client->start(network_);
  if (!started) fail(fetch, NtsFailure::NotStarted, started.error().message);
}

void KeyEstablishment::take(Fetch& fetch) {
  const nts::KeClient::Result result = *std::exchange(fetch.result, std::nullopt);
  fetch.client.reset();
  if (const auto* failed = std::get_if<nts::KeFailed>(&result)) {
    const NtsFailure failure = failed->reached_tls ? NtsFailure::NotEstablished : NtsFailure::NoConnection;
    return fail(fetch, failure, failed->message);
  }
  fetch.established = std::get<nts::KeEstablished>(result);
  take_established(fetch);
}

void KeyEstablishment::take_established(Fetch& fetch) {
  const nts::KeEstablished& established = *fetch.established;
  const auto& limit = fetch.times.not_over_before;
  const sources::KeyServer& server = fetch.request.server;
  if (limit && established.dates.not_after < *limit) {
    return fail(fetch, NtsFailure::NotEstablished,
                format("TLS handshake with %s (%s) failed : certificate has expired", server.at.to_string().c_str(),
                       server.name.c_str()));
  }
  const std::string& name = established.response.ntp_server;
  if (name.empty()) return deliver(fetch, server.at.address);
  const auto literal = IpAddress::parse(name);
  if (!literal) return resolve_ntp_server(fetch, name);
  resolved(fetch.number, name, std::vector<IpAddress>{*literal});
}

void KeyEstablishment::resolve_ntp_server(Fetch& fetch, const std::string& name) {
  host_.resolve(whole_name(name), options_.family,
                [this, number = fetch.number, name](const Result<std::vector<IpAddress>>& addresses) {
                  resolved(number, name, addresses);
                  turn_.arm_in(Duration::zero());
                });
}

void KeyEstablishment::resolved(std::uint64_t number, const std::string& name,
                                const Result<std::vector<IpAddress>>& addresses) {
  const auto found =
      std::find_if(running_.begin(), running_.end(), [number](const Fetch& f) { return f.number == number; });
  if (found == running_.end() || found->over) return;
  const sources::KeyServer& server = found->request.server;
  const IpAddress* best = nullptr;
  for (std::size_t i = 0; addresses.ok() && i < addresses->size(); ++i) {
    const IpAddress& address = (*addresses)[i];
    if (address.is_any() || (options_.family != Family::Unspecified && address.family() != options_.family)) continue;
    // Where keys were fetched over one family, NTP is likely to get through.
    if (best == nullptr ||
        (best->family() != server.at.address.family() && address.family() == server.at.address.family())) {
      best = &address;
    }
  }
  if (best != nullptr) return deliver(*found, *best);
  fail(*found, NtsFailure::NotEstablished,
       format("Could not resolve NTP server %s from %s", name.c_str(), server.name.c_str()));
}

void KeyEstablishment::deliver(Fetch& fetch, const IpAddress& ntp) {
  fetch.over = true;
  const nts::KeEstablished& established = *fetch.established;
  const std::uint16_t named = established.response.ntp_port;
  sources::FetchedKeys keys;
  keys.session.keys = established.keys;
  keys.session.other_keys = established.other_keys;
  keys.session.cookies = established.response.cookies;
  keys.session.established = callbacks_.now();
  // Who asks for a port by himself knows better than a server that names none.
  keys.ntp = Endpoint{ntp, named != nts::kNtpPort ? named : fetch.request.ntp_port, 0};
  cache_.remove(fetch.request.server);
  callbacks_.on_keys(fetch.request.source, keys);
}

void KeyEstablishment::fail(Fetch& fetch, NtsFailure failure, const std::string& message) {
  fetch.over = true;
  if (!message.empty()) log::error("%s", message.c_str());
  callbacks_.on_failure(fetch.request.source, failure);
}

}  // namespace timed::daemon
