#include "tests/sim/sim_stream.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "tests/sim/sim_network.h"

namespace timed::sim {
namespace {

// Of a segment that was lost: doubled with each attempt, up to a minute.
constexpr Duration kRetransmit = Duration::millis(200);
constexpr int kMostDoublings = 8;

}  // namespace

SimConnection::SimConnection(World& world, SimNetwork& network, SimSockets& client, const Endpoint& client_end,
                             const Endpoint& server_end)
    : world_(world), network_(network), model_(client.stream_model()) {
  sides_[Client].machine = &client;
  sides_[Client].name = client.name();
  sides_[Client].endpoint = client_end;
  sides_[Server].endpoint = server_end;
  SimSockets* const server = network_.host_of(client, server_end.address);
  sides_[Server].machine = server;
  if (server == nullptr) return;
  sides_[Server].name = server->name();
  const StreamModel& theirs = server->stream_model();
  model_.segment = std::min(model_.segment, theirs.segment);
  model_.window = std::min(model_.window, theirs.window);
}

void SimConnection::travel(End from, std::function<void()> arrive, int attempt) {
  const Side& sender = sides_[from];
  if (sender.machine == nullptr || sides_[other(from)].machine == nullptr) return;
  const auto delay = network_.stream_delay(sender.name, sides_[other(from)].name);
  if (!delay) {
    const double factor = std::exp2(std::min(attempt, kMostDoublings));
    world_.after(kRetransmit * factor,
                 [self = shared_from_this(), from, attempt, arrive = std::move(arrive)]() mutable {
                   self->travel(from, std::move(arrive), attempt + 1);
                 });
    return;
  }
  Side& receiver = sides_[other(from)];
  receiver.last_arrival = std::max(receiver.last_arrival, world_.now() + *delay);
  world_.at(receiver.last_arrival, [self = shared_from_this(), to = other(from), arrive = std::move(arrive)] {
    if (self->sides_[to].machine != nullptr) arrive();
  });
}

void SimConnection::connect() {
  travel(Client, [this] { arrive_syn(); });
}

void SimConnection::arrive_syn() {
  SimListener* const listener = sides_[Server].machine->listener_for(sides_[Server].endpoint);
  if (listener == nullptr) {
    travel(Server, [this] { fail(Client, "Connection refused"); });
    return;
  }
  if (!listener->push(shared_from_this())) {
    // As the kernel does where the queue is full: the client tries again.
    world_.after(Duration::seconds(1), [self = shared_from_this()] { self->connect(); });
    return;
  }
  sides_[Server].connected = true;
  travel(Server, [this] { established(); });
}

void SimConnection::established() {
  sides_[Client].connected = true;
  wake(Client);
}

std::size_t SimConnection::send(End from, std::span<const std::byte> bytes) {
  Side& side = sides_[from];
  if (!side.connected || side.closed) return 0;
  std::size_t taken = 0;
  while (taken < bytes.size() && side.under_way < model_.window) {
    const std::size_t size = std::min({bytes.size() - taken, model_.segment, model_.window - side.under_way});
    const auto part = bytes.subspan(taken, size);
    side.under_way += size;
    taken += size;
    travel(from, [this, to = other(from), octets = std::vector<std::byte>(part.begin(), part.end())] {
      Side& receiver = sides_[to];
      // Who has closed cannot receive any more, and says so.
      if (receiver.closed) return reset_by(to);
      receiver.arrived.insert(receiver.arrived.end(), octets.begin(), octets.end());
      wake(to);
    });
  }
  return taken;
}

env::StreamRead SimConnection::receive(End at, std::span<std::byte> into) {
  Side& side = sides_[at];
  const std::size_t size = std::min(into.size(), side.arrived.size());
  std::copy_n(side.arrived.begin(), size, into.begin());
  side.arrived.erase(side.arrived.begin(), side.arrived.begin() + static_cast<std::ptrdiff_t>(size));
  if (size > 0) {
    sides_[other(at)].under_way -= size;
    wake(other(at));
    return {size, false};
  }
  if (side.failed) return {0, true, take_failure(at)};
  return {0, side.ended && !into.empty()};
}

std::optional<Error> SimConnection::take_failure(End at) {
  return std::exchange(sides_[at].failure, std::nullopt);
}

void SimConnection::close(End from) {
  Side& side = sides_[from];
  side.stream = nullptr;
  if (side.closed) return;
  side.closed = true;
  if (side.failed) return;
  // What was not read is lost, which the other side is told.
  if (!side.arrived.empty()) return reset_by(from);
  travel(from, [this, to = other(from)] {
    sides_[to].ended = true;
    wake(to);
  });
}

void SimConnection::reset_by(End from) {
  sides_[from].closed = true;
  sides_[from].failed = true;
  travel(from, [this, to = other(from)] { fail(to, "Connection reset by peer"); });
}

void SimConnection::fail(End at, const char* reason) {
  Side& side = sides_[at];
  if (side.failed) return;
  side.failed = true;
  side.arrived.clear();
  side.failure = Error{std::string("Could not receive : ") + reason};
  wake(at);
}

void SimConnection::wake(End at) {
  if (sides_[at].stream != nullptr) sides_[at].stream->wake();
}

bool SimConnection::has_event(End at) const {
  const Side& side = sides_[at];
  return !side.arrived.empty() || side.ended || side.failed;
}

bool SimConnection::has_room(End at) const {
  const Side& side = sides_[at];
  return side.connected && !side.failed && side.under_way < model_.window;
}

void SimConnection::forget(const SimSockets& machine) {
  for (Side& side : sides_) {
    if (side.machine == &machine) side.machine = nullptr;
  }
}

// ---- the sockets ----

SimStream::SimStream(SimLoop& loop, std::shared_ptr<SimConnection> connection, SimConnection::End end)
    : loop_(&loop),
      connection_(std::move(connection)),
      end_(end),
      loop_id_(loop.add_socket(*this, env::SocketPriority::KeyEstablishment)) {
  connection_->attach(end_, this);
}

SimStream::~SimStream() {
  connection_->close(end_);
  loop_->remove_socket(loop_id_);
}

void SimStream::move_to(SimLoop& loop) {
  loop_->remove_socket(loop_id_);
  loop_ = &loop;
  loop_id_ = loop.add_socket(*this, env::SocketPriority::KeyEstablishment);
}

env::StreamRead SimStream::receive(std::span<std::byte> into) {
  return connection_->receive(end_, into);
}

Result<std::size_t> SimStream::send(std::span<const std::byte> bytes) {
  if (connection_->failed(end_)) {
    const auto failure = connection_->take_failure(end_);
    return Error{"Could not send : " + (failure ? failure->reason() : "Broken pipe")};
  }
  return connection_->send(end_, bytes);
}

void SimStream::on_event(std::function<void()> fn) {
  event_fn_ = std::move(fn);
  if (readable()) loop_->wake();
}

void SimStream::want_room(bool wanted) {
  room_wanted_ = wanted;
  if (readable()) loop_->wake();
}

bool SimStream::readable() const {
  return event_fn_ && (connection_->has_event(end_) || (room_wanted_ && connection_->has_room(end_)));
}

void SimStream::run() {
  // The function may destroy this socket, and itself with it; it goes back only where both are still there.
  SimLoop& loop = *loop_;
  const auto id = loop_id_;
  auto fn = std::exchange(event_fn_, nullptr);
  fn();
  if (loop.find_socket(id) == this && !event_fn_) event_fn_ = std::move(fn);
}

SimListener::SimListener(SimSockets& machine, SimLoop& loop, const env::ListenOptions& options)
    : machine_(machine),
      loop_(loop),
      options_(options),
      loop_id_(loop.add_socket(*this, env::SocketPriority::KeyEstablishment)) {
  machine_.add_listener(this);
}

SimListener::~SimListener() {
  machine_.remove_listener(this);
  loop_.remove_socket(loop_id_);
  for (const auto& connection : waiting_) connection->reset_by(SimConnection::Server);
}

bool SimListener::push(std::shared_ptr<SimConnection> connection) {
  if (waiting_.size() >= static_cast<std::size_t>(std::max(options_.backlog, 1))) return false;
  waiting_.push_back(std::move(connection));
  loop_.wake();
  return true;
}

std::optional<env::StreamListener::Accepted> SimListener::accept() {
  if (waiting_.empty()) return std::nullopt;
  const auto connection = waiting_.front();
  waiting_.pop_front();
  return Accepted{std::make_unique<SimStream>(loop_, connection, SimConnection::Server),
                  connection->endpoint(SimConnection::Client)};
}

void SimListener::run() {
  SimLoop& loop = loop_;
  const auto id = loop_id_;
  auto fn = std::exchange(connection_fn_, nullptr);
  fn();
  if (loop.find_socket(id) == this && !connection_fn_) connection_fn_ = std::move(fn);
}

}  // namespace timed::sim
