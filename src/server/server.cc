#include "timed/server/server.h"

#include <utility>

#include "timed/base/log.h"

namespace timed::server {

Server::Server(ServerOptions options, std::span<const AccessRule> rules, env::Network& network, env::SystemClock& clock,
               env::Host& host)
    : options_(std::move(options)),
      network_(network),
      clock_(clock),
      access_(AccessList(rules).compile()),
      entropy_([&host](std::span<std::byte> out) { host.random(out); }),
      responder_(access_, entropy_),
      batch_(std::make_unique<Batch>()) {}

Server::~Server() = default;

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
  if (!serving_) return;
  adjust(socket_v4_, options_.bind_v4);
  adjust(socket_v6_, options_.bind_v6);
}

void Server::close() {
  serving_ = false;
  socket_v4_.reset();
  socket_v6_.reset();
}

bool Server::wants(Family family) const {
  const bool used = family == Family::Inet4 ? options_.use_v4 : options_.use_v6;
  return used && options_.port != 0 && access_.any_allowed(family);
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
  for (int i = 0; i < kBatchesPerTurn; ++i) {
    const std::size_t n = socket.receive(batch_->requests);
    answer(socket, std::span(batch_->requests).first(n));
    if (n < batch_->requests.size()) return;
  }
}

void Server::answer(env::UdpSocket& socket, std::span<const env::Datagram> requests) {
  std::size_t pending = 0;
  for (const env::Datagram& request : requests) {
    const Verdict verdict = responder_.prepare(state_, request, batch_->answers[pending]);
    verdicts_.add(verdict);
    if (verdict == Verdict::Answer) ++pending;
  }
  if (pending > 0) send(socket, std::span(batch_->answers).first(pending));
}

void Server::send(env::UdpSocket& socket, std::span<env::Datagram> answers) {
  const RawTime now = clock_.now();
  for (env::Datagram& answer : answers) responder_.finish(state_, answer, now);
  while (!answers.empty()) {
    const std::size_t sent = socket.send(answers).sent;
    if (sent >= answers.size()) return;
    unsent_.store(unsent_.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    answers = answers.subspan(sent + 1);
  }
}

}  // namespace timed::server
