#include "tests/sim/sim_network.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace timed::sim {

void SimNetwork::set_asymmetric_link(const std::string& a, const std::string& b, Link link, Duration a_to_b,
                                     Duration b_to_a) {
  link.delay = a_to_b;
  set_one_way(a, b, link);
  link.delay = b_to_a;
  set_one_way(b, a, link);
}

const Link& SimNetwork::link(const std::string& from, const std::string& to) const {
  // What stays on a machine meets no network.
  static const Link kLoopback{.delay = Duration::micros(5)};
  if (from == to) return kLoopback;
  const auto found = links_.find({from, to});
  return found == links_.end() ? default_link_ : found->second;
}

void SimNetwork::set_cut_off(const std::string& machine, bool cut_off) {
  cut_off_[machine] = cut_off;
}

void SimNetwork::join(SimSockets& machine) {
  TIMED_ASSERT(by_name_.emplace(machine.name(), &machine).second);
  for (const IpAddress& address : machine.addresses()) {
    TIMED_ASSERT(by_address_.emplace(address, &machine).second);
  }
}

void SimNetwork::leave(SimSockets& machine) {
  by_name_.erase(machine.name());
  for (const IpAddress& address : machine.addresses()) by_address_.erase(address);
  for (const auto& weak : connections_) {
    if (const auto connection = weak.lock()) connection->forget(machine);
  }
}

void SimNetwork::watch(const std::shared_ptr<SimConnection>& connection) {
  std::erase_if(connections_, [](const auto& weak) { return weak.expired(); });
  connections_.push_back(connection);
}

bool SimNetwork::is_cut_off(const std::string& machine) const {
  const auto found = cut_off_.find(machine);
  return found != cut_off_.end() && found->second;
}

SimSockets* SimNetwork::host_of(SimSockets& from, const IpAddress& address) const {
  return address.is_localhost() ? &from : find(address);
}

std::optional<Duration> SimNetwork::stream_delay(const std::string& from, const std::string& to) {
  const Link& way = link(from, to);
  if (way.down || (from != to && (is_cut_off(from) || is_cut_off(to)))) return std::nullopt;
  if (way.loss > 0.0 && random_.uniform() < way.loss) return std::nullopt;
  Duration delay = way.delay;
  if (way.jitter > Duration::zero()) delay += way.jitter * -std::log(1.0 - random_.uniform());
  return delay;
}

void SimNetwork::send(SimSockets& from, Packet packet) {
  SimSockets* to = host_of(from, packet.to.address);
  if (to == nullptr) return tell(false, Fate::NoHost, packet);
  const Link& way = link(from.name(), to->name());
  const bool cut_off = to != &from && (is_cut_off(from.name()) || is_cut_off(to->name()));
  if (way.down || cut_off || random_.uniform() < way.loss) {
    return tell(false, Fate::Lost, packet);
  }
  tell(false, Fate::Delivered, packet);
  const int copies = random_.uniform() < way.duplication ? 2 : 1;
  for (int i = 0; i < copies; ++i) {
    Duration delay = draw_delay(way);
    if (random_.uniform() < way.reordering) delay += way.reorder_delay;
    travel(to->name(), delay, packet);
  }
}

Duration SimNetwork::draw_delay(const Link& way) {
  const double radius = -std::log(1.0 - random_.uniform());
  if (way.shape == JitterShape::Exponential) return way.delay + way.jitter * radius;
  const double normal = std::sqrt(2.0 * radius) * std::cos(2.0 * M_PI * random_.uniform());
  if (way.shape == JitterShape::Lognormal) return way.delay + way.jitter * std::exp(1.2 * normal);
  return way.delay + way.jitter * std::max(0.0, 3.0 + normal);
}

SimSockets* SimNetwork::find(const IpAddress& address) const {
  const auto found = by_address_.find(address);
  return found == by_address_.end() ? nullptr : found->second;
}

void SimNetwork::travel(const std::string& to, Duration delay, const Packet& packet) {
  world_.after(delay, [this, to, packet] { arrive(to, packet); });
}

void SimNetwork::arrive(const std::string& to, const Packet& packet) {
  // The machine may have gone meanwhile.
  const auto found = by_name_.find(to);
  tell(true, found == by_name_.end() ? Fate::NoHost : found->second->deliver(packet), packet);
}

void SimNetwork::tell(bool arrival, Fate fate, const Packet& packet) const {
  if (tap_) tap_({world_.now(), arrival, fate, packet});
}

// ---- the sockets of one machine ----

class SimUdpSocket : public env::UdpSocket, public LoopSocket {
 public:
  SimUdpSocket(SimSockets& machine, std::uint64_t number, const env::UdpOptions& options, const Endpoint& local)
      : machine_(machine),
        number_(number),
        options_(options),
        local_(local),
        loop_(&machine.loop_),
        loop_id_(loop_->add_socket(*this, options.priority)) {
    machine_.udp_.emplace(number_, this);
  }
  ~SimUdpSocket() override {
    machine_.udp_.erase(number_);
    loop_->remove_socket(loop_id_);
  }
  void move_to(SimLoop& loop) {
    loop_->remove_socket(loop_id_);
    loop_ = &loop;
    loop_id_ = loop.add_socket(*this, options_.priority);
    if (!received_.empty()) loop.wake();
  }

  std::size_t receive(std::span<env::Datagram> into) override {
    std::size_t count = 0;
    for (; count < into.size() && !received_.empty(); ++count) {
      fill(into[count], received_.front());
      received_.pop_front();
    }
    return count;
  }

  env::SendResult send(std::span<env::Datagram> batch) override {
    env::SendResult result;
    for (env::Datagram& datagram : batch) {
      result.refused = send_one(datagram);
      if (result.refused) break;
      ++result.sent;
    }
    return result;
  }

  std::size_t transmit_stamps(std::span<env::TransmitStamp> into) override {
    std::size_t count = 0;
    for (; count < into.size() && !stamps_.empty(); ++count) {
      into[count] = stamps_.front();
      stamps_.pop_front();
    }
    return count;
  }

  void on_readable(std::function<void()> fn) override { readable_fn_ = std::move(fn); }
  Endpoint local_endpoint() const override { return local_; }

  bool readable() const override { return readable_fn_ && (!received_.empty() || !stamps_.empty()); }
  void run() override {
    // The function may destroy this socket, and itself with it; it goes back only where both are still there.
    SimLoop& loop = *loop_;
    const auto id = loop_id_;
    auto fn = std::exchange(readable_fn_, nullptr);
    fn();
    if (loop.find_socket(id) == this && !readable_fn_) readable_fn_ = std::move(fn);
  }

  const Endpoint& local() const { return local_; }
  bool connected() const { return options_.remote.has_value(); }
  const std::optional<env::SocketGroup>& group() const { return options_.group; }
  bool wants(const Packet& packet) const {
    if (local_.port != packet.to.port || local_.address.family() != packet.to.address.family()) return false;
    if (!local_.address.is_any() && local_.address != packet.to.address) return false;
    return !options_.remote ||
           (options_.remote->address == packet.from.address && options_.remote->port == packet.from.port);
  }
  bool push(const Packet& packet) {
    if (received_.size() >= machine_.model_.queue_limit) return false;
    received_.push_back({packet, machine_.stamp(env::StampSource::Kernel)});
    loop_->wake();
    return true;
  }
  void push_stamp(std::uint32_t id) {
    stamps_.push_back({id, machine_.stamp(env::StampSource::Kernel)});
    loop_->wake();
  }

 private:
  struct Received {
    Packet packet;
    env::Stamp stamp;
  };

  void fill(env::Datagram& datagram, const Received& from) {
    datagram.peer = from.packet.from;
    datagram.local = from.packet.to.address;
    datagram.interface_index = from.packet.to.address.is_localhost() ? 1 : 2;
    datagram.stamp = machine_.model_.kernel_stamps ? from.stamp : machine_.stamp(env::StampSource::Daemon);
    datagram.want_stamp = false;
    datagram.stamp_id = 0;
    datagram.size = std::min(from.packet.data.size(), env::kMaxDatagram + 1);
    std::copy_n(from.packet.data.begin(), std::min(datagram.size, env::kMaxDatagram), datagram.data.begin());
  }

  std::optional<Error> send_one(env::Datagram& datagram) {
    const Endpoint to = options_.remote ? *options_.remote : datagram.peer;
    if (machine_.refused_sends_ > 0) {
      --machine_.refused_sends_;
      return Error{"Could not send to " + to.to_string() + " : No buffer space available"};
    }
    IpAddress from = local_.address;
    if (from.is_any())
      from = datagram.local.is_set() && !options_.remote ? datagram.local : machine_.source_for(to.address);
    if (!from.is_set() || local_.address.family() != to.address.family() || machine_.no_route_.contains(to.address)) {
      return Error{"Could not send to " + to.to_string() + " : Network is unreachable", ErrorKind::NoAddress};
    }
    if (!machine_.owns(from)) {
      return Error{"Could not send from " + from.to_string() + " : Invalid argument", ErrorKind::Invalid};
    }
    datagram.stamp = machine_.stamp(env::StampSource::Daemon);
    std::uint32_t stamp_id = 0;
    if (datagram.want_stamp || options_.transmit_stamps) {
      stamp_id = ++last_stamp_id_;
      datagram.stamp_id = stamp_id;
    }
    const auto bytes = datagram.bytes();
    leave_later({{from, local_.port, 0}, to, {bytes.begin(), bytes.end()}}, stamp_id);
    return std::nullopt;
  }

  void leave_later(Packet packet, std::uint32_t stamp_id) {
    machine_.world_.after(machine_.model_.send_latency, [&machine = machine_, number = number_, packet, stamp_id] {
      machine.network_.send(machine, packet);
      const auto socket = machine.udp_.find(number);
      if (stamp_id != 0 && machine.model_.kernel_stamps && socket != machine.udp_.end()) {
        socket->second->push_stamp(stamp_id);
      }
    });
  }

  SimSockets& machine_;
  const std::uint64_t number_;
  const env::UdpOptions options_;
  const Endpoint local_;
  SimLoop* loop_;
  SimLoop::SocketId loop_id_;
  std::function<void()> readable_fn_;
  std::deque<Received> received_;
  std::deque<env::TransmitStamp> stamps_;
  std::uint32_t last_stamp_id_ = 0;
};

class SimUnixSocket : public env::UnixSocket, public LoopSocket {
 public:
  SimUnixSocket(SimSockets& machine, env::UnixOptions options)
      : machine_(machine), options_(std::move(options)), loop_id_(machine.loop_.add_socket(*this, options_.priority)) {
    machine_.unix_[options_.path] = this;
  }
  ~SimUnixSocket() override {
    const auto found = machine_.unix_.find(options_.path);
    if (found != machine_.unix_.end() && found->second == this) machine_.unix_.erase(found);
    machine_.loop_.remove_socket(loop_id_);
  }

  std::optional<env::UnixMessage> receive() override {
    if (received_.empty()) return std::nullopt;
    const env::UnixMessage message = received_.front();
    received_.pop_front();
    return message;
  }
  Status reply(const std::string& path, std::span<const std::byte> bytes) override {
    machine_.unix_replies_[path].emplace_back(bytes.begin(), bytes.end());
    return Status::success();
  }
  void on_readable(std::function<void()> fn) override { readable_fn_ = std::move(fn); }

  bool readable() const override { return readable_fn_ && !received_.empty(); }
  void run() override {
    SimLoop& loop = machine_.loop_;
    const auto id = loop_id_;
    auto fn = std::exchange(readable_fn_, nullptr);
    fn();
    if (loop.find_socket(id) == this && !readable_fn_) readable_fn_ = std::move(fn);
  }
  void push(const env::UnixMessage& message) {
    received_.push_back(message);
    machine_.loop_.wake();
  }

 private:
  SimSockets& machine_;
  const env::UnixOptions options_;
  const SimLoop::SocketId loop_id_;
  std::function<void()> readable_fn_;
  std::deque<env::UnixMessage> received_;
};

// A generator of its own: whatever else is drawn in the world stays as it is.
static SeededRandom noise_of(const World& world, const std::string& name) {
  std::uint64_t hash = world.seed();
  for (const char c : name) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211u;
  return SeededRandom(hash);
}

SimSockets::SimSockets(World& world, SimNetwork& network, SimClock& clock, SimLoop& loop, std::string name,
                       SocketsModel model)
    : world_(world),
      network_(network),
      clock_(clock),
      loop_(loop),
      random_(world.fork_random()),
      name_(std::move(name)),
      model_(std::move(model)),
      stamp_noise_(noise_of(world, name_)) {
  network_.join(*this);
}

SimSockets::~SimSockets() {
  network_.leave(*this);
}

Result<std::unique_ptr<env::StreamListener>> SimSockets::listen_tcp(const env::ListenOptions& options) {
  const std::string place = "TCP socket on " + options.local.to_string();
  if (!options.local.address.is_set()) return Error{"Could not open " + place + " : no address family"};
  if (!options.local.address.is_any() && !owns(options.local.address)) {
    return Error{"Could not bind " + place + " : Cannot assign requested address", ErrorKind::NoAddress};
  }
  const bool taken = std::any_of(listeners_.begin(), listeners_.end(),
                                 [&](const SimListener* other) { return other->local_endpoint() == options.local; });
  if (taken) return Error{"Could not bind " + place + " : Address already in use", ErrorKind::AddressInUse};
  return std::unique_ptr<env::StreamListener>(std::make_unique<SimListener>(*this, loop_, options));
}

SimListener* SimSockets::listener_for(const Endpoint& local) const {
  for (SimListener* listener : listeners_) {
    const Endpoint own = listener->local_endpoint();
    const bool matches =
        own.address.family() == local.address.family() && (own.address.is_any() || own.address == local.address);
    if (own.port == local.port && matches) return listener;
  }
  return nullptr;
}

Result<std::unique_ptr<env::StreamSocket>> SimSockets::connect_tcp(const env::ConnectOptions& options) {
  return connect_tcp(options, loop_);
}

Result<std::unique_ptr<env::StreamSocket>> SimSockets::connect_tcp(const env::ConnectOptions& options, SimLoop& loop) {
  const IpAddress& to = options.remote.address;
  const IpAddress from = options.local.is_set() && !options.local.is_any() ? options.local : source_for(to);
  if (!from.is_set() || no_route_.contains(to)) {
    return Error{"Could not connect to " + options.remote.to_string() + " : Network is unreachable",
                 ErrorKind::NoAddress};
  }
  const Endpoint local{from, next_tcp_port_++, 0};
  const auto connection = std::make_shared<SimConnection>(world_, network_, *this, local, options.remote);
  network_.watch(connection);
  auto stream = std::make_unique<SimStream>(loop, connection, SimConnection::Client);
  connection->connect();
  return std::unique_ptr<env::StreamSocket>(std::move(stream));
}

std::unique_ptr<env::StreamSocket> SimSockets::adopt(std::unique_ptr<env::StreamSocket> stream) {
  return adopt(std::move(stream), loop_);
}

std::unique_ptr<env::StreamSocket> SimSockets::adopt(std::unique_ptr<env::StreamSocket> stream, SimLoop& loop) {
  static_cast<SimStream&>(*stream).move_to(loop);
  return stream;
}

Result<std::unique_ptr<env::UdpSocket>> SimSockets::open_udp(const env::UdpOptions& options) {
  Endpoint local = options.local;
  const std::string place = "UDP socket " + local.to_string();
  if (!local.address.is_set()) return Error{"Could not open " + place + " : no address family", ErrorKind::Invalid};
  const bool any = local.address.is_any();
  if (!any && !owns(local.address)) {
    return Error{"Could not bind " + place + " : Cannot assign requested address", ErrorKind::NoAddress};
  }
  if (options.remote &&
      (!source_for(options.remote->address).is_set() || no_route_.contains(options.remote->address))) {
    return Error{"Could not connect to " + options.remote->to_string() + " : Network is unreachable",
                 ErrorKind::NoAddress};
  }
  if (local.port == 0) {
    const auto port = ephemeral_port(local.address);
    if (!port) return port.error();
    local.port = *port;
  } else if (in_use(local, options.group && options.group->member > 0)) {
    return Error{"Could not bind " + place + " : Address already in use", ErrorKind::AddressInUse};
  }
  return std::unique_ptr<env::UdpSocket>(std::make_unique<SimUdpSocket>(*this, next_socket_++, options, local));
}

Result<std::unique_ptr<env::StreamSocket>> SimSockets::connect_unix(const std::string& path) {
  return Error{"Could not connect to " + path + " : Connection refused", ErrorKind::NotFound};
}

std::unique_ptr<env::UdpSocket> SimSockets::adopt(std::unique_ptr<env::UdpSocket> socket) {
  return adopt(std::move(socket), loop_);
}

std::unique_ptr<env::UdpSocket> SimSockets::adopt(std::unique_ptr<env::UdpSocket> socket, SimLoop& loop) {
  static_cast<SimUdpSocket&>(*socket).move_to(loop);
  return socket;
}

Result<std::unique_ptr<env::UnixSocket>> SimSockets::open_unix(const env::UnixOptions& options) {
  return std::unique_ptr<env::UnixSocket>(std::make_unique<SimUnixSocket>(*this, options));
}

Fate SimSockets::deliver(const Packet& packet) {
  // As the kernel looks sockets up: connected before bound to the address before bound to any.
  std::vector<SimUdpSocket*> best;
  int best_score = -1;
  for (const auto& [number, socket] : udp_) {
    if (!socket->wants(packet)) continue;
    const int score = (socket->connected() ? 2 : 0) + (socket->local().address.is_any() ? 0 : 1);
    if (score > best_score) best.clear();
    best_score = std::max(score, best_score);
    if (score == best_score) best.push_back(socket);
  }
  if (best.empty()) return Fate::NoSocket;
  return choose(best, packet.from.address)->push(packet) ? Fate::Delivered : Fate::Overflow;
}

// Sockets are in the order of their numbers, and so of the group's members.
SimUdpSocket* SimSockets::choose(const std::vector<SimUdpSocket*>& group, const IpAddress& sender) const {
  const auto& options = group[0]->group();
  if (group.size() == 1 || !options) return group[0];
  const auto others = static_cast<std::size_t>(options->others);
  const std::size_t member = 1 + (sender.hash() ^ options->seed) % others;
  return group[member < group.size() ? member : 0];
}

bool SimSockets::send_unix(const std::string& path, std::span<const std::byte> bytes, const std::string& reply_path,
                           const env::Credentials& sender) {
  const auto found = unix_.find(path);
  if (found == unix_.end()) return false;
  env::UnixMessage message;
  message.reply_path = reply_path;
  message.sender = sender;
  message.size = std::min(bytes.size(), env::kMaxControlMessage + 1);
  std::memcpy(message.data.data(), bytes.data(), std::min(bytes.size(), env::kMaxControlMessage));
  found->second->push(message);
  return true;
}

std::vector<std::vector<std::byte>> SimSockets::take_unix_replies(const std::string& reply_path) {
  return std::exchange(unix_replies_[reply_path], {});
}

bool SimSockets::owns(const IpAddress& address) const {
  return address.is_localhost() ||
         std::find(model_.addresses.begin(), model_.addresses.end(), address) != model_.addresses.end();
}

IpAddress SimSockets::source_for(const IpAddress& peer) const {
  if (peer.is_localhost()) return IpAddress::loopback(peer.family());
  for (const IpAddress& address : model_.addresses) {
    if (address.family() == peer.family()) return address;
  }
  return {};
}

bool SimSockets::in_use(const Endpoint& local, bool joins_group) const {
  return std::any_of(udp_.begin(), udp_.end(), [&](const auto& entry) {
    const Endpoint& other = entry.second->local();
    if (joins_group && other == local && entry.second->group()) return false;
    return other.port == local.port && other.address.family() == local.address.family() &&
           (other.address.is_any() || local.address.is_any() || other.address == local.address);
  });
}

Result<std::uint16_t> SimSockets::ephemeral_port(const IpAddress& address) {
  constexpr std::uint64_t kFirst = 32768, kCount = 28232;
  for (std::uint64_t attempt = 0; attempt < kCount; ++attempt) {
    const auto port = static_cast<std::uint16_t>(kFirst + random_.below(kCount));
    if (!in_use({address, port, 0})) return port;
  }
  return Error{"Could not bind UDP socket : no free port", ErrorKind::AddressInUse};
}

env::Stamp SimSockets::stamp(env::StampSource source) {
  if (source == env::StampSource::Daemon) return {clock_.now(), Duration::zero(), source};
  const RawTime exact = clock_.exact_now();
  if (model_.stamp_noise == Duration::zero()) return {exact, Duration::zero(), source};
  return {exact + model_.stamp_noise * stamp_noise_.next(), Duration::zero(), source};
}

}  // namespace timed::sim
