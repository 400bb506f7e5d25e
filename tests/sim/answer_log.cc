#include "tests/sim/answer_log.h"

#include <algorithm>
#include <iterator>

namespace timed::sim {
namespace {

constexpr std::uint16_t kNtpPort = 123;

}  // namespace

AnswerLog::AnswerLog(SimNetwork& network, IpAddress server, std::optional<IpAddress> client) {
  network.set_tap([this, server, client](const PacketEvent& event) {
    const Packet& packet = event.packet;
    if (event.arrival || packet.from.address != server || packet.from.port != kNtpPort) return;
    if (client && packet.to.address != *client) return;
    const auto view = ntp::PacketView::parse(packet.data);
    if (!view.ok() || view.header().mode != ntp::Mode::Server) return;
    answers_.push_back({event.when, view.header(), view.header().transmit.near(event.when) - event.when});
  });
}

std::vector<Answer> AnswerLog::between(TrueTime from, TrueTime to) const {
  std::vector<Answer> chosen;
  std::copy_if(answers_.begin(), answers_.end(), std::back_inserter(chosen),
               [&](const Answer& a) { return a.when >= from && a.when <= to; });
  return chosen;
}

}  // namespace timed::sim
