#include "timed/nts/ke_server.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"
#include "timed/env/file_permissions.h"

namespace timed::nts {
namespace {

// Connections that are accepted in one turn: others have their turn too.
constexpr int kAcceptedAtOnce = 16;
// That wait to be accepted: a burst of clients is closed at once sooner than it waits for the kernel to try again.
constexpr std::size_t kLeastBacklog = 128, kMostBacklog = 4096;

std::vector<auth::AeadId> enabled(const std::vector<int>& numbers) {
  std::vector<auth::AeadId> ids;
  for (const int number : numbers) {
    const auto id = number <= 0xffff ? auth::aead_numbered(static_cast<std::uint16_t>(number)) : std::nullopt;
    if (id) ids.push_back(*id);
  }
  return ids;
}

}  // namespace

KeServer::KeServer(const NtsOptions& options, KeNeighbours neighbours, const env::Env& env)
    : options_(options),
      neighbours_(std::move(neighbours)),
      env_(env),
      lacking_("NTS-KE socket", options.server.port) {}

KeServer::~KeServer() {
  close();
}

Result<std::vector<ServerPair>> KeServer::read_pairs(const NtsServerOptions& options, env::Files& files) {
  std::vector<ServerPair> pairs;
  for (std::size_t i = 0; i < std::min(options.certificates.size(), options.keys.size()); ++i) {
    ServerPair pair;
    pair.certificate_file = options.certificates[i];
    pair.key_file = options.keys[i];
    auto certificate = files.read(pair.certificate_file);
    if (!certificate) return certificate.error();
    auto key = files.read(pair.key_file);
    if (!key) return key.error();
    pair.certificate = certificate.take();
    pair.key = key.take();
    pairs.push_back(std::move(pair));
  }
  if (const auto tried = ServerCredentials::make(pairs); !tried) return tried.error();
  return pairs;
}

void KeServer::load() {
  auto pairs = read_pairs(options_.server, env_.host.files());
  if (std::exchange(pairs_are_bad_, !pairs) && pairs) log::info("Credentials can be used again");
  if (!pairs) return log::error("Could not set credentials : %s", pairs.error().message.c_str());
  for (const std::string& file : options_.server.keys) {
    if (const auto warning = env::world_access(env_.host.files(), file)) log::warning("%s", warning->c_str());
  }
  pairs_ = pairs.take();
}

void KeServer::open() {
  if (!wanted()) return;
  load();
  opened_ = true;
  adjust();
}

void KeServer::adjust() {
  if (!opened_) return;
  for (const IpAddress& address : neighbours_.bind_addresses) {
    const bool wants = neighbours_.anybody(address.family());
    const auto found = std::find_if(ports_.begin(), ports_.end(), [&](const auto& p) { return p->address == address; });
    if (!wants) lacking_.forget(address);
    if (wants && found == ports_.end()) open_port(address);
    if (!wants && found != ports_.end()) close_port(found);
  }
}

void KeServer::retry_ports() {
  for (const IpAddress& address : lacking_.those_that_may_come()) open_port(address);
}

void KeServer::close_port(std::vector<std::unique_ptr<Port>>::iterator port) {
  refused_.of[static_cast<std::size_t>(KeOutcome::NoRoom)] += (*port)->listener->closed_for_want_of_room();
  ports_.erase(port);
}

void KeServer::open_port(const IpAddress& address) {
  const Endpoint local{address, options_.server.port, 0};
  const std::size_t places = static_cast<std::size_t>(options_.server.max_connections);
  const int backlog = static_cast<int>(std::clamp(most_members() * places, kLeastBacklog, kMostBacklog));
  auto listener = env_.network.listen_tcp({.local = local, .device = neighbours_.device, .backlog = backlog});
  if (!listener) return lacking_.refused(address, listener.error());
  lacking_.opened(address);
  auto port = std::make_unique<Port>();
  port->address = address;
  port->listener = listener.take();
  port->listener->on_connection([this, raw = port.get()] { on_connections(*raw); });
  ports_.push_back(std::move(port));
}

std::size_t KeServer::most_members() const {
  return static_cast<std::size_t>(std::max(options_.server.processes, 1));
}

void KeServer::start() {
  started_ = true;
  if (pairs_.empty() || !members_.empty()) return;
  if (options_.server.processes == 0) start_member(0);
  for (int i = 1; i <= options_.server.processes; ++i) start_member(i);
  hand_out_pairs();
  if (keys_) use_keys(*keys_);
}

// Number 0 is the main loop.
void KeServer::start_member(int number) {
  Member member;
  if (number > 0) {
    auto worker = env_.host.start_worker("nts-ke-" + std::to_string(number));
    if (!worker) return log::error("%s", worker.error().message.c_str());
    member.worker = worker.take();
    member.worker->give_way();
    member.probe = std::make_unique<env::TurnProbe>();
  }
  KeDeskOptions options;
  options.aeads = enabled(options_.aeads);
  options.ntp_port = neighbours_.ntp_port;
  options.ntp_server = options_.server.ntp_server;
  options.places = static_cast<std::size_t>(options_.server.max_connections);
  options.shares_loop = number == 0;
  member.desk = std::make_unique<KeDesk>(std::move(options));
  KeDesk* const desk = member.desk.get();
  if (member.worker) {
    env::Worker* const worker = member.worker.get();
    on_loop_of(member, [desk, worker] { desk->start(worker->env()); });
  } else {
    desk->start(env_);
  }
  members_.push_back(std::move(member));
}

// While there is something to serve the main loop never waits for a worker, who may have to wait for others.
void KeServer::on_loop_of(const Member& member, std::function<void()> fn) {
  if (member.worker) return member.worker->post(std::move(fn));
  fn();
}

void KeServer::reload() {
  if (!wanted()) return;
  load();
  if (!started_) return;
  if (members_.empty()) return start();
  hand_out_pairs();
}

void KeServer::hand_out_pairs() {
  for (const Member& member : members_) {
    on_loop_of(member, [desk = member.desk.get(), pairs = pairs_] { desk->use_pairs(pairs); });
  }
}

void KeServer::use_keys(const auth::CookieKeys& keys) {
  keys_ = keys;
  for (const Member& member : members_) {
    on_loop_of(member, [desk = member.desk.get(), keys] { desk->use_keys(keys); });
  }
}

bool KeServer::workers_have_turned() {
  bool all = true;
  for (Member& member : members_) {
    if (!member.worker) continue;
    member.missed = member.probe->has_turned(*member.worker) ? 0 : member.missed + 1;
    all = all && member.missed < kPatience;
  }
  return all;
}

void KeServer::begin_turn() {
  for (const Member& member : members_) {
    if (!member.worker) member.desk->begin_turn();
  }
}

void KeServer::on_connections(Port& port) {
  for (int i = 0; i < kAcceptedAtOnce; ++i) {
    auto accepted = port.listener->accept();
    if (!accepted) return;
    take(std::move(*accepted));
  }
}

void KeServer::take(env::StreamListener::Accepted accepted) {
  const auto refuse = [this](KeOutcome outcome) { ++refused_.of[static_cast<std::size_t>(outcome)]; };
  switch (neighbours_.admit(accepted.peer.address)) {
    case KeAdmission::Welcome:
      break;
    case KeAdmission::Denied:
      return refuse(KeOutcome::Denied);
    case KeAdmission::TooOften:
      return refuse(KeOutcome::TooOften);
  }
  Member* const member = least_busy();
  if (member == nullptr || !keys_) return refuse(KeOutcome::NoKeys);
  const auto place = member->desk->reserve(std::move(accepted.stream));
  if (!place) return refuse(KeOutcome::NoRoom);
  on_loop_of(*member, [desk = member->desk.get(), place = *place] { desk->begin(place); });
}

KeServer::Member* KeServer::least_busy() {
  const auto found = std::min_element(members_.begin(), members_.end(), [](const Member& a, const Member& b) {
    return a.desk->taken() < b.desk->taken();
  });
  return found == members_.end() ? nullptr : &*found;
}

void KeServer::close() {
  opened_ = started_ = false;
  lacking_.clear();
  while (!ports_.empty()) close_port(ports_.begin());
  for (Member& member : members_) {
    if (member.worker) {
      member.worker->call([desk = member.desk.get()] { desk->stop(); });
      member.worker.reset();
    } else {
      member.desk->stop();
    }
  }
  refused_ = totals();
  members_.clear();
}

KeTotals KeServer::totals() const {
  KeTotals all = refused_;
  for (const Member& member : members_) {
    const KeTotals some = member.desk->totals();
    for (std::size_t i = 0; i < kKeOutcomes; ++i) all.of[i] += some.of[i];
  }
  for (const auto& port : ports_) {
    all.of[static_cast<std::size_t>(KeOutcome::NoRoom)] += port->listener->closed_for_want_of_room();
  }
  return all;
}

std::size_t KeServer::connections() const {
  std::size_t all = 0;
  for (const Member& member : members_) all += member.desk->taken();
  return all;
}

}  // namespace timed::nts
