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
  int wanted = 0;
  if (options_.use_v4) socket_v4_ = open_socket(options_.bind_v4, wanted);
  if (options_.use_v6) socket_v6_ = open_socket(options_.bind_v6, wanted);
  if (wanted > 0 && !is_open()) return Error{"Could not open NTP sockets"};
  return Status::success();
}

void Server::close() {
  socket_v4_.reset();
  socket_v6_.reset();
}

std::unique_ptr<env::UdpSocket> Server::open_socket(IpAddress bind, int& wanted) {
  if (options_.port == 0 || !access_.any_allowed(bind.family())) return nullptr;
  ++wanted;
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
