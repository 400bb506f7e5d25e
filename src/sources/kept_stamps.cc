#include "kept_stamps.h"

namespace timed::sources {

using discipline::PlacedStamp;

void keep_stamps(Exchange& exchange, const CheckedResponse& checked, const PlacedStamp& at, const ntp::Header& header) {
  LastResponse& last = exchange.last;
  last.receive = header.receive;
  last.transmit = header.transmit;
  last.received = at;
  last.synchronised = header.leap != ntp::Leap::Unsynchronised && checked.tests.passed(PacketTest::Synchronised) &&
                      checked.tests.passed(PacketTest::RootDistance);
  exchange.transmitted_before = checked.stamps_used ? std::nullopt : exchange.transmitted;
  exchange.first_transmit = {};
  exchange.first_received.reset();
}

void keep_peer_packet(Exchange& exchange, const CheckedResponse& checked, const PlacedStamp& at,
                      const ntp::Header& header) {
  if (checked.late) {
    if (header.transmit.minus(exchange.last.transmit) > Duration::zero()) keep_stamps(exchange, checked, at, header);
    return;
  }
  const bool authentic = checked.tests.passed(PacketTest::NotDuplicate) && checked.tests.passed(PacketTest::Authentic);
  if (!authentic || header.transmit.is_zero()) return;
  const bool newer =
      exchange.first_transmit.is_zero() || header.transmit.minus(exchange.first_transmit) > Duration::zero();
  if (!newer) return;
  exchange.first_transmit = header.transmit;
  exchange.first_received = at;
}

}  // namespace timed::sources
