#include "timed/server/serving_threads.h"

#include <algorithm>
#include <string>
#include <utility>

#include "timed/base/log.h"

namespace timed::server {
namespace {

bool may_ask(const IpAddress& from, const ServingTables& tables) {
  return from.is_localhost() || tables.questions.allows(from);
}

bool is_source(const Endpoint& peer, const ServingTables& tables) {
  const Endpoint from{peer.address, peer.port, 0};
  return std::binary_search(tables.sources.begin(), tables.sources.end(), from);
}

}  // namespace

ServingThreads::ServingThreads(int wanted, const Published& published, env::Host& host, Handover& handover)
    : published_(published),
      host_(host),
      handover_(handover),
      members_(static_cast<std::size_t>(std::clamp(wanted, 0, kMaxServingThreads))) {}

ServingThreads::~ServingThreads() {
  stop();
}

void ServingThreads::use_keys(const auth::KeyStore& keys) {
  if (members_.empty()) return;
  keys_ = std::make_unique<auth::KeyStore>(keys.clone());
  for (Member& member : members_) {
    if (!member.worker) continue;
    auto fresh = std::make_unique<auth::KeyStore>(keys.clone());
    member.worker->call([&] {
      member.serving->use_keys(*fresh);
      std::swap(member.keys, fresh);
    });
  }
}

void ServingThreads::give(Place place, int number, std::unique_ptr<env::UdpSocket> socket) {
  Member& member = members_[static_cast<std::size_t>(number)];
  if (member.waiting.size() <= place) member.waiting.resize(place + 1);
  member.waiting[place] = std::move(socket);
  if (member.worker) hand_over_sockets(member);
}

void ServingThreads::hand_over_sockets(Member& member) {
  member.worker->call([&member] {
    for (Place place = 0; place < member.waiting.size(); ++place) {
      auto& socket = member.waiting[place];
      if (socket) member.serving->add(place, member.worker->env().network.adopt(std::move(socket)));
    }
  });
}

void ServingThreads::take_away(Place place) {
  for (Member& member : members_) {
    if (place < member.waiting.size()) member.waiting[place].reset();
    if (!member.worker) continue;
    member.worker->call([&member, place] {
      member.serving->drain(place);
      member.serving->remove(place);
    });
  }
}

void ServingThreads::start() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i].worker) start(members_[i], static_cast<int>(i) + 1);
  }
}

void ServingThreads::start(Member& member, int number) {
  auto worker = host_.start_worker("serve-" + std::to_string(number));
  if (!worker) {
    log::error("%s", worker.error().message.c_str());
    member.waiting.clear();
    return;
  }
  member.worker = worker.take();
  if (keys_) member.keys = std::make_unique<auth::KeyStore>(keys_->clone());
  member.worker->call([&] {
    const env::Env& env = member.worker->env();
    member.serving = std::make_unique<ServingWorker>(published_, options_, env.clock, env.host, bystanders());
    if (member.keys) member.serving->use_keys(*member.keys);
  });
  hand_over_sockets(member);
}

// Only the main loop knows what it wants; what looks like it is handed over.  Whom it would not answer costs it
// nothing.
Bystanders ServingThreads::bystanders() const {
  const auto hand_over = [&host = host_, &handover = handover_](Handover::Kind kind, Place place,
                                                                const env::Datagram& datagram) {
    if (handover.put(kind, place, datagram)) host.post([&handover] { handover.take(); });
  };
  Bystanders bystanders;
  bystanders.take = [hand_over](Place place, const env::Datagram& datagram, const ServingTables& tables) {
    const bool of_ntpq = ntp::mode_of(datagram.data[0]) == ntp::Mode::Control;
    if (!(of_ntpq ? may_ask(datagram.peer.address, tables) : is_source(datagram.peer, tables))) return false;
    hand_over(of_ntpq ? Handover::Kind::OfNtpq : Handover::Kind::OfSource, place, datagram);
    return true;
  };
  bystanders.sign = [hand_over](Place place, const env::Datagram& answer) {
    hand_over(Handover::Kind::ToBeSigned, place, answer);
  };
  return bystanders;
}

void ServingThreads::stop() {
  for (Member& member : members_) {
    member.waiting.clear();
    if (!member.worker) continue;
    member.worker->call([&member] { member.serving->close(); });
    member.worker.reset();
  }
}

bool ServingThreads::running() const {
  return std::any_of(members_.begin(), members_.end(), [](const Member& member) { return member.worker != nullptr; });
}

bool ServingThreads::all_have_turned() {
  bool all = true;
  for (Member& member : members_) {
    if (member.worker && !member.probe.has_turned(*member.worker)) all = false;
  }
  return all;
}

void ServingThreads::on_each(const std::function<void(ServingWorker&)>& fn) const {
  for (const Member& member : members_) {
    if (member.worker) member.worker->call([&] { fn(*member.serving); });
  }
}

void ServingThreads::for_counters(const ServingWorker* main,
                                  const std::function<void(const ServingWorker&)>& fn) const {
  if (main != nullptr) fn(*main);
  for (const Member& member : members_) {
    if (member.serving) fn(*member.serving);
  }
}

}  // namespace timed::server
