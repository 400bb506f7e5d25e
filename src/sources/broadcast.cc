#include "timed/sources/broadcast.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "timed/base/log.h"
#include "timed/ntp/fuzz.h"
#include "timed/sources/poll_schedule.h"

namespace timed::sources {

bool need_server_socket(const std::vector<BroadcastLine>& lines, Family family) {
  return std::any_of(lines.begin(), lines.end(),
                     [family](const BroadcastLine& line) { return line.to.address.family() == family; });
}

struct Broadcasts::Target {
  Target(const BroadcastLine& its_line, env::Timers& timers, SpacedTimes& times, std::function<void(Target&)> send)
      : line(its_line), timer(timers, times, [this, send = std::move(send)] { send(*this); }) {}

  int poll() const { return static_cast<int>(std::lround(std::log2(line.interval))); }

  BroadcastLine line;
  bool told_failure = false;
  SpacedTimer timer;
};

Broadcasts::Broadcasts(const std::vector<BroadcastLine>& lines, const BroadcastSeams& seams,
                       BroadcastCallbacks callbacks)
    : clock_(seams.clock),
      callbacks_(std::move(callbacks)),
      random_([&host = seams.host](std::span<std::byte> into) { host.random(into); }) {
  for (const BroadcastLine& line : lines) {
    targets_.push_back(std::make_unique<Target>(line, seams.timers, times_, [this](Target& t) { send(t); }));
  }
}

Broadcasts::~Broadcasts() = default;

void Broadcasts::start() {
  for (const auto& target : targets_) arm(*target);
}

void Broadcasts::stop() {
  for (const auto& target : targets_) target->timer.disarm();
}

void Broadcasts::arm(Target& target) {
  const PollDelay next = stretched(Duration::seconds(target.line.interval), target.poll(), random_.uniform());
  target.timer.arm_in(next.delay, next.separation);
}

// A failure is told once until a packet leaves again: a machine may be without a network for days.
void Broadcasts::send(Target& target) {
  arm(target);
  const Status sent = try_to_send(target);
  if (!sent && !target.told_failure) {
    log::warning("Could not broadcast to %s : %s", target.line.to.to_string().c_str(), sent.error().reason().c_str());
  }
  target.told_failure = !sent;
}

Status Broadcasts::try_to_send(const Target& target) {
  env::UdpSocket* const socket = callbacks_.server_socket(target.line.to.address.family());
  if (socket == nullptr) return Error{"No NTP socket is open"};
  const discipline::OwnState own = callbacks_.own_state();
  const RawTime now = clock_.now();
  ntp::Header header = own.served_header_at(own.to_local(now));
  header.mode = ntp::Mode::Broadcast;
  header.poll = static_cast<std::int8_t>(target.poll());
  header.transmit = ntp::fuzzed(ntp::NtpTimestamp::from(own.to_served(now)), own.precision_log2, random_);
  env::Datagram datagram{};
  datagram.peer = target.line.to;
  datagram.size = ntp::kHeaderSize;
  ntp::write_header(header, std::span(datagram.data).first<ntp::kHeaderSize>());
  const env::SendResult result = socket->send(std::span(&datagram, 1));
  if (result.sent != 1) return result.refused.value_or(Error{"Could not send datagram"});
  return {};
}

}  // namespace timed::sources
