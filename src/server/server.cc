#include "timed/server/server.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"

namespace timed::server {

namespace {

void add_one(std::atomic<std::uint64_t>& count) {
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

Server::Server(ServerOptions options, std::span<const AccessRule> rules, env::Network& network, env::SystemClock& clock,
               env::Host& host)
    : options_(std::move(options)),
      network_(network),
      clock_(clock),
      access_(AccessList(rules).compile()),
      needs_key_(AccessList(key_rules(rules)).compile()),
      entropy_([&host](std::span<std::byte> out) { host.random(out); }),
      responder_(access_, entropy_),
      batch_(std::make_unique<Batch>()) {
  responder_.demand_keys_of(needs_key_);
}

Server::~Server() = default;

void Server::share(SocketSharing sharing) {
  sharing_ = std::move(sharing);
  needed_v4_ = sharing_.needs_v4;
  needed_v6_ = sharing_.needs_v6;
}

bool Server::wants(Family family) const {
  const bool is_v4 = family == Family::Inet4;
  if (options_.port == 0 || !(is_v4 ? options_.use_v4 : options_.use_v6)) return false;
  return access_.any_allowed(family) || (is_v4 ? needed_v4_ : needed_v6_);
}

Status Server::open() {
  serving_ = true;
  adjust(socket_v4_, options_.bind_v4);
  adjust(socket_v6_, options_.bind_v6);
  const bool wanted = wants(Family::Inet4) || wants(Family::Inet6);
  if (wanted && !is_open()) return Error{"Could not open NTP sockets"};
  return Status::success();
}

void Server::set_rules(std::span<const AccessRule> rules) {
  access_ = AccessList(rules).compile();
  needs_key_ = AccessList(key_rules(rules)).compile();
  if (!serving_) return;
  adjust(socket_v4_, options_.bind_v4);
  adjust(socket_v6_, options_.bind_v6);
}

env::UdpSocket* Server::shared_socket(Family family) {
  const bool is_v4 = family == Family::Inet4;
  auto& socket = is_v4 ? socket_v4_ : socket_v6_;
  bool& needed = is_v4 ? needed_v4_ : needed_v6_;
  // Once: a port that others have is told about once.
  if (socket == nullptr && !std::exchange(needed, true)) adjust(socket, is_v4 ? options_.bind_v4 : options_.bind_v6);
  return socket.get();
}

void Server::close() {
  serving_ = false;
  socket_v4_.reset();
  socket_v6_.reset();
}

void Server::adjust(std::unique_ptr<env::UdpSocket>& socket, const IpAddress& bind) {
  const bool wanted = wants(bind.family());
  if (!wanted) socket.reset();
  if (wanted && !socket) socket = open_socket(bind);
}

std::unique_ptr<env::UdpSocket> Server::open_socket(const IpAddress& bind) {
  env::UdpOptions udp;
  udp.local = {bind, options_.port};
  udp.device = options_.device;
  udp.dscp = options_.dscp;
  udp.broadcast = sharing_.broadcasts;
  udp.priority = env::SocketPriority::Server;
  auto opened = network_.open_udp(udp);
  if (!opened) {
    const std::string where = udp.local.to_string();
    // A kernel without IPv6 is no fault while the other family is served.
    const auto severity = opened.error().kind == ErrorKind::Unsupported ? log::Severity::Info : log::Severity::Error;
    log::message(severity, "Could not open NTP socket on " + where + " : " + opened.error().reason());
    return nullptr;
  }
  auto socket = opened.take();
  socket->on_readable([this, raw = socket.get()] { serve(*raw); });
  return socket;
}

void Server::serve(env::UdpSocket& socket) {
  if (sharing_.take_transmit_stamps) take_transmit_stamps(socket);
  for (int i = 0; i < kBatchesPerTurn; ++i) {
    const std::size_t n = socket.receive(batch_->requests);
    answer(socket, std::span(batch_->requests).first(n));
    if (n < batch_->requests.size()) return;
  }
}

void Server::take_transmit_stamps(env::UdpSocket& socket) {
  std::array<env::TransmitStamp, env::kBatch> stamps;
  const std::size_t count = socket.transmit_stamps(stamps);
  if (count == 0) return;
  const Family family = &socket == socket_v6_.get() ? Family::Inet6 : Family::Inet4;
  sharing_.take_transmit_stamps(family, std::span(stamps).first(count));
}

// Requests of clients never are, whoever they are from.
bool Server::is_for_sources(const env::Datagram& datagram) const {
  const auto mode = ntp::mode_of(datagram.data[0]);
  const bool may_be =
      mode == ntp::Mode::SymmetricActive || mode == ntp::Mode::SymmetricPassive || mode == ntp::Mode::Server;
  return may_be && datagram.size >= ntp::kHeaderSize && sharing_.take && sharing_.take(datagram);
}

bool Server::take_control(env::UdpSocket& socket, const env::Datagram& datagram) {
  const bool may_be = datagram.size > 0 && ntp::mode_of(datagram.data[0]) == ntp::Mode::Control;
  const auto answers =
      may_be && sharing_.answer_control ? sharing_.answer_control(datagram) : std::vector<std::vector<std::byte>>();
  if (answers.empty()) return false;
  env::Datagram answer = {};
  answer.peer = datagram.peer;
  answer.local = datagram.local;
  answer.interface_index = datagram.interface_index;
  for (const std::vector<std::byte>& bytes : answers) {
    answer.size = bytes.size();
    std::copy(bytes.begin(), bytes.end(), answer.data.begin());
    if (socket.send(std::span(&answer, 1)).sent != 1) add_one(unsent_);
  }
  return true;
}

void Server::answer(env::UdpSocket& socket, std::span<const env::Datagram> requests) {
  std::size_t pending = 0;
  for (const env::Datagram& request : requests) {
    if (is_for_sources(request) || take_control(socket, request)) continue;
    const Verdict verdict = responder_.prepare(state_, request, batch_->answers[pending]);
    verdicts_.add(verdict);
    if (verdict != Verdict::Answer) continue;
    if (batch_->answers[pending].size > ntp::kHeaderSize) add_one(served_.authenticated);
    add_one(request.stamp.source == env::StampSource::Daemon ? served_.daemon_received : served_.kernel_received);
    ++pending;
  }
  if (pending > 0) send(socket, std::span(batch_->answers).first(pending));
}

void Server::send(env::UdpSocket& socket, std::span<env::Datagram> answers) {
  const RawTime now = clock_.now();
  for (env::Datagram& answer : answers) responder_.finish(state_, answer, now);
  while (!answers.empty()) {
    const std::size_t sent = socket.send(answers).sent;
    served_.sent.store(served_.sent.load(std::memory_order_relaxed) + sent, std::memory_order_relaxed);
    if (sent >= answers.size()) return;
    add_one(unsent_);
    answers = answers.subspan(sent + 1);
  }
}

}  // namespace timed::server
