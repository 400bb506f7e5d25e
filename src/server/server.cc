#include "timed/server/server.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"

namespace timed::server {

namespace {

constexpr int kKodOfRestrict = 2;  // one of four requests that are not answered

void add_one(std::atomic<std::uint64_t>& count) {
  count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
}

}  // namespace

Server::Server(ServerOptions options, const ServiceLimits& limits, std::span<const AccessRule> rules,
               env::Network& network, env::SystemClock& clock, env::Host& host)
    : options_(std::move(options)),
      network_(network),
      clock_(clock),
      access_(AccessList(rules).compile()),
      needs_key_(AccessList(key_rules(rules)).compile()),
      entropy_([&host](std::span<std::byte> out) { host.random(out); }),
      responder_(access_, entropy_),
      batch_(std::make_unique<Batch>()),
      limits_(limits) {
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

void Server::limit_rates_of(std::span<const AccessRule> rules, bool kod) {
  RateLimitOptions& ntp = limits_.of[static_cast<std::size_t>(Service::Ntp)];
  if (ntp.enabled) return;
  limited_ = AccessList(rules).compile();
  if (!limited_.any_allowed(Family::Inet4) && !limited_.any_allowed(Family::Inet6)) return;
  ntp.enabled = true;
  if (kod) ntp.kod = kKodOfRestrict;
  responder_.limit_only(limited_);
}

void Server::make_client_log() {
  if (options_.no_client_log || log_) return;
  const std::size_t records = ClientTable::records_in(options_.client_log_limit);
  log_.emplace(ClientLog{ClientTable(records, limits_, entropy_), InterleaveMap(records)});
  const RateLimitOptions& ntp = limits_.of[static_cast<std::size_t>(Service::Ntp)];
  const int least_poll = ntp.enabled ? ntp.interval : int{Responder::kNoLeastPoll};
  responder_.use_clients(&*log_, static_cast<std::int8_t>(least_poll));
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
  // Not before: a daemon that serves nobody needs none.
  if (socket) make_client_log();
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
  if (awaits_stamps_ || sharing_.take_transmit_stamps) take_transmit_stamps(socket);
  for (int i = 0; i < kBatchesPerTurn; ++i) {
    const std::size_t n = socket.receive(batch_->requests);
    answer(socket, std::span(batch_->requests).first(n));
    if (n < batch_->requests.size()) return;
  }
}

void Server::publish(const discipline::OwnState& state) {
  last_state_ = state_;
  state_ = state;
  ++published_;
}

void Server::forget_stamps() {
  if (log_) log_->stamps.clear();
  awaited_ = {};
}

void Server::take_transmit_stamps(env::UdpSocket& socket) {
  std::array<env::TransmitStamp, env::kBatch> stamps;
  const std::size_t count = socket.transmit_stamps(stamps);
  if (count == 0) return;
  const Family family = family_of(socket);
  for (const env::TransmitStamp& stamp : std::span(stamps).first(count)) note_transmit_stamp(family, stamp);
  if (sharing_.take_transmit_stamps) sharing_.take_transmit_stamps(family, std::span(stamps).first(count));
}

void Server::note_transmit_stamp(Family family, const env::TransmitStamp& stamp) {
  Awaited& awaited = awaited_[family == Family::Inet6 ? 1 : 0][stamp.id % kAwaited];
  if (!log_ || awaited.id != stamp.id || awaited.receive.is_zero()) return;
  // A correction of the clock since then would stand between the stamps of one answer.
  const bool before = static_cast<std::uint8_t>(awaited.published + 1) == published_;
  const discipline::OwnState& state = before ? last_state_ : state_;
  const LocalTime left = awaited.served ? state.to_served(stamp.stamp.time) : state.to_local(stamp.stamp.time);
  log_->stamps.correct(awaited.receive, {ntp::NtpTimestamp::from(left), stamp.stamp.source});
  awaited.receive = {};
}

void Server::await_stamp(Family family, std::uint32_t id, const Departure& departure) {
  const bool served = departure.mode == ntp::Mode::Server;
  awaited_[family == Family::Inet6 ? 1 : 0][id % kAwaited] = {id, departure.receive, served, published_};
  awaits_stamps_ = true;
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
  if (!may_be || !sharing_.answer_control) return false;
  const auto answers = sharing_.answer_control(datagram);
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

// Memory is slow: what is known of sixteen clients is asked for at once.
void Server::prefetch_clients(std::span<const env::Datagram> requests) const {
  for (const env::Datagram& request : requests) {
    access_.prefetch(request.peer.address);
    log_->clients.prefetch_slot(request.peer.address);
  }
  for (const env::Datagram& request : requests) log_->clients.prefetch_record(request.peer.address);
}

void Server::count(Verdict verdict, const env::Datagram& request, const Departure& departure) {
  verdicts_.add(verdict);
  if (!is_answered(verdict)) return;
  if (departure.key != nullptr) add_one(served_.authenticated);
  add_one(request.stamp.source == env::StampSource::Daemon ? served_.daemon_received : served_.kernel_received);
  const auto& transmit = departure.transmit;
  if (transmit) add_one(served_.interleaved);
  const bool by_daemon = !transmit || transmit->source == env::StampSource::Daemon;
  add_one(by_daemon ? served_.daemon_sent : served_.kernel_sent);
}

void Server::answer(env::UdpSocket& socket, std::span<const env::Datagram> requests) {
  if (log_) prefetch_clients(requests);
  std::size_t pending = 0;
  const CommonAnswer common(state_, requests.empty() ? RawTime() : requests.front().stamp.time);
  for (const env::Datagram& request : requests) {
    if (is_for_sources(request) || take_control(socket, request)) continue;
    Departure& departure = batch_->departures[pending];
    const Verdict verdict = responder_.prepare(common, request, batch_->answers[pending], departure);
    count(verdict, request, departure);
    if (is_answered(verdict)) ++pending;
  }
  if (pending > 0) send(socket, pending);
}

void Server::send(env::UdpSocket& socket, std::size_t pending) {
  std::span<env::Datagram> answers = std::span(batch_->answers).first(pending);
  std::span<const Departure> departures = std::span(batch_->departures).first(pending);
  const Leaving leaving(state_, clock_.now());
  for (std::size_t i = 0; i < pending; ++i) responder_.finish(leaving, answers[i], departures[i]);
  const Family family = family_of(socket);
  while (!answers.empty()) {
    const std::size_t sent = socket.send(answers).sent;
    served_.sent.store(served_.sent.load(std::memory_order_relaxed) + sent, std::memory_order_relaxed);
    for (std::size_t i = 0; i < sent; ++i) {
      if (answers[i].want_stamp) await_stamp(family, answers[i].stamp_id, departures[i]);
    }
    if (sent >= answers.size()) return;
    add_one(unsent_);
    answers = answers.subspan(sent + 1);
    departures = departures.subspan(sent + 1);
  }
}

}  // namespace timed::server
