// How the requests of sources leave and their responses come in.  A response counts only where it comes from the
// address and port that were asked, on the very socket that the request left from.
#include "source_io.h"

#include <algorithm>
#include <utility>

#include "source.h"
#include "timed/auth/digest.h"
#include "timed/base/log.h"

namespace timed::sources {

using discipline::Now;
using discipline::PlacedStamp;

bool is_believable(const env::Stamp& stamp, const Now& now) {
  const Duration age = now.raw - stamp.time;
  return age <= kMaxStampAge && age >= -kMaxStampLead;
}

void SourceSet::on_timer(Source& source) {
  run(source, [&] { return source.association.on_timer(request_context()); });
}

RequestContext SourceSet::request_context() const {
  return {seams_.timeline.view(), callbacks_.own_state(), callbacks_.now()};
}

Result<env::UdpSocket*> SourceSet::open_socket(Source& source) {
  const Family family = source.address.family();
  switch (socket_use(source.line, sockets_.options())) {
    case SocketUse::Server: {
      env::UdpSocket* const socket = callbacks_.server_socket(family);
      if (socket == nullptr) return Error{"No NTP socket is open"};
      return socket;
    }
    case SocketUse::Shared:
      return sockets_.shared(family);
    case SocketUse::OwnOfRequest:
      break;
  }
  auto socket = sockets_.connect(Endpoint{source.address, source.port, 0});
  if (!socket) return socket.error();
  source.socket = socket.take();
  source.socket->on_readable([this, s = &source] { on_readable(*s); });
  return source.socket.get();
}

Actions SourceSet::send(Source& source, const SendRequest& request) {
  close_socket(source);
  const auto socket = open_socket(source);
  if (!socket) return fail_to_send(source, socket.error());
  env::Datagram datagram{};
  datagram.peer = Endpoint{source.address, source.port, 0};
  datagram.want_stamp = true;
  datagram.size = request.size;
  std::copy_n(request.data.begin(), request.size, datagram.data.begin());
  const env::SendResult result = (*socket)->send(std::span(&datagram, 1));
  if (result.sent != 1) return fail_to_send(source, result.refused.value_or(Error{"Could not send datagram"}));
  source.told_send_failure = false;
  const Now now = callbacks_.now();
  source.stamp_id = datagram.stamp_id;
  if (source.socket != nullptr) source.close_timer->arm_in(source.association.response_timeout());
  const auto at = seams_.timeline.place(datagram.stamp);
  const PlacedStamp sent = at.value_or(PlacedStamp{now.raw, now.free, Duration::zero(), env::StampSource::Daemon});
  return source.association.on_sent(sent, now, callbacks_.own().system_peer == source.id);
}

// Told once until a request leaves again: a machine may be without a network for days.
Actions SourceSet::fail_to_send(Source& source, const Error& error) {
  close_socket(source);
  if (!std::exchange(source.told_send_failure, true)) {
    log::warning("Could not ask %s : %s", describe(source.id).c_str(), error.reason().c_str());
  }
  const bool polled = source.association.is_polling();
  const Actions actions = source.association.on_send_failed(callbacks_.now());
  if (polled && !source.association.is_polling()) log::info("Source %s offline", source.address.to_string().c_str());
  return actions;
}

void SourceSet::close_socket(Source& source) {
  source.close_timer->disarm();
  source.socket.reset();
}

void SourceSet::on_readable(Source& source) {
  std::array<env::TransmitStamp, 4> stamps;
  const RawTime latest = callbacks_.now().raw + kMaxStampLead;
  const std::size_t stamped = source.socket->transmit_stamps(stamps);
  for (std::size_t i = 0; i < stamped; ++i) take_transmit_stamp(source, stamps[i], latest);
  const IpAddress bound_to = source.socket->local_endpoint().address;
  std::array<env::Datagram, 4> datagrams;
  const std::size_t count = source.socket->receive(datagrams);
  // A response closes the socket; what came with it is still shown to the association, which counts it.
  for (std::size_t i = 0; i < count; ++i) take_response(source, datagrams[i], bound_to);
}

void SourceSet::take_transmit_stamp(Source& source, const env::TransmitStamp& stamp, RawTime latest) {
  if (stamp.id != source.stamp_id || stamp.stamp.time > latest) return;
  if (const auto at = seams_.timeline.place(stamp.stamp)) source.association.on_transmit_stamp(*at);
}

std::optional<PlacedStamp> SourceSet::place_received(const env::Stamp& stamp, const Now& now) const {
  if (stamp.source == env::StampSource::Daemon || is_believable(stamp, now)) return seams_.timeline.place(stamp);
  return seams_.timeline.place(env::Stamp{now.raw, Duration::zero(), env::StampSource::Daemon});
}

void SourceSet::take_response(Source& source, const env::Datagram& datagram, const IpAddress& bound_to) {
  if (datagram.peer.address != source.address || datagram.peer.port != source.port) return;
  const Now now = callbacks_.now();
  const auto at = place_received(datagram.stamp, now);
  if (!at) return;  // from before a step: its time means nothing any more
  const bool cut = datagram.size > datagram.data.size();
  const auto packet = ntp::PacketView::parse(cut ? std::span<const std::byte>{} : datagram.bytes());
  const IpAddress local = datagram.local.is_set() ? datagram.local : bound_to;
  const ResponseContext context{.view = seams_.timeline.view(),
                                .stats = source.stats,
                                .own = callbacks_.own(),
                                .local_ref_id = auth::ref_id_of(local),
                                .precision = options_.precision,
                                .max_clock_error = options_.max_clock_error,
                                .near_leap_second = near_leap_second(now.local, Duration::zero())};
  std::optional<ResponseReport> response;
  run(source, [&] {
    Received received = source.association.on_response(*at, packet, local, context, now);
    response = received.response;
    // A packet that anybody may have sent says nothing of where the source reaches us, which orphans compare.
    if (response && response->tests.valid()) source.own_ref_id = context.local_ref_id;
    return received.actions;
  });
  if (!response || !callbacks_.on_response) return;
  callbacks_.on_response({source.address, *response, source.association.poll(), source.association.poll_score()});
}

// ---- sockets of many ----

void SourceSet::on_shared_readable(env::UdpSocket& socket) {
  std::array<env::TransmitStamp, env::kBatch> stamps;
  const std::size_t stamped = socket.transmit_stamps(stamps);
  const Family family = socket.local_endpoint().address.family();
  take_shared_stamps(family, std::span(stamps).first(stamped), SocketUse::Shared);
  std::array<env::Datagram, env::kBatch> datagrams;
  const std::size_t count = socket.receive(datagrams);
  for (std::size_t i = 0; i < count; ++i) take_shared(datagrams[i], SocketUse::Shared);
}

void SourceSet::take_shared_stamps(Family family, std::span<const env::TransmitStamp> stamps, SocketUse socket) {
  if (stamps.empty()) return;
  const RawTime latest = callbacks_.now().raw + kMaxStampLead;
  for (const auto& source : sources_) {
    if (source->address.family() != family || socket_use(source->line, sockets_.options()) != socket) continue;
    for (const env::TransmitStamp& stamp : stamps) take_transmit_stamp(*source, stamp, latest);
  }
}

bool SourceSet::take_shared(const env::Datagram& datagram, SocketUse socket) {
  const auto id = find(datagram.peer.address);
  Source* const source = id ? get(*id) : nullptr;
  if (source == nullptr || source->port != datagram.peer.port) return false;
  if (socket_use(source->line, sockets_.options()) != socket) return false;
  const ntp::Mode mode = ntp::mode_of(datagram.data[0]);
  const bool of_peer = mode == ntp::Mode::SymmetricActive || mode == ntp::Mode::SymmetricPassive;
  if (source->association.is_symmetric() != of_peer) return false;
  take_response(*source, datagram, datagram.local);
  return true;
}

bool SourceSet::on_server_datagram(const env::Datagram& datagram) {
  return started_ && take_shared(datagram, SocketUse::Server);
}

std::vector<Endpoint> SourceSet::server_endpoints() const {
  std::vector<Endpoint> endpoints;
  for (const auto& source : sources_) {
    const bool asked = source->address.is_set() && socket_use(source->line, sockets_.options()) == SocketUse::Server;
    if (asked) endpoints.push_back({source->address, source->port, 0});
  }
  return endpoints;
}

void SourceSet::take_port(Source& source, std::uint16_t port) {
  source.port = port;
  tell_endpoints();
}

void SourceSet::tell_endpoints() const {
  if (callbacks_.on_server_endpoints) callbacks_.on_server_endpoints();
}

void SourceSet::on_server_transmit_stamps(Family family, std::span<const env::TransmitStamp> stamps) {
  take_shared_stamps(family, stamps, SocketUse::Server);
}

}  // namespace timed::sources
