// Anybody on this machine can send to the command port.  The first byte of the input chooses how it came and what the
// daemon would answer, the rest is the datagram.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <set>
#include <span>

#include "timed/base/check.h"
#include "timed/control/control_server.h"

namespace {

using namespace timed::control;

ReplyBody body_for(unsigned choice) {
  switch (choice % 15) {
    case 0:
      return NSourcesReply{3};
    case 1:
      return SourceDataReply{};
    case 2:
      return TrackingReply{};
    case 3:
      return SourcestatsReply{};
    case 4:
      return ActivityReply{};
    case 5:
      return NtpSourceNameReply{"ntp.example.com"};
    case 6:
      return ClientAccessesReply{};
    case 7:
      return DaemonStatusReply{};
    case 8:
      return ReloadChangeReply{};
    case 9:
      return ServerVerdictsReply{};
    case 10:
      return SourceVerdictsReply{};
    case 11:
      return NtsServerReply{};
    case 12:
      return SourceEstimatorReply{};
    case 13: {
      SourceEstimatorReply old;
      old.old = true;
      return old;
    }
    default:
      return std::monostate{};
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const unsigned choice = data[0];
  const auto datagram = std::as_bytes(std::span(data, size)).subspan(1);
  const Transport transport = (choice & 0x80) != 0 ? Transport::Unix : Transport::Udp;
  const auto status = static_cast<ReplyStatus>((choice & 0x40) != 0 ? 4 : 0);
  const OpenRequests open =
      open_requests((choice & 0x20) != 0
                        ? std::set<OpenReport>{OpenReport::Serverstats, OpenReport::Clients, OpenReport::Reloadstatus}
                        : ControlOptions().open_reports);
  const Sender sender{transport, open};
  int executed = 0;
  const Execute execute = [&](const Request& request) {
    ++executed;
    const RequestRow* row = request_row(static_cast<std::uint16_t>(code_of(request)));
    TIMED_ASSERT(row != nullptr && row->access != Access::Retired);
    TIMED_ASSERT(transport == Transport::Unix || is_open(open, static_cast<std::uint16_t>(row->code)));
    TIMED_ASSERT(transport == Transport::Unix || row->access == Access::Open || row->access == Access::Openable);
    return Reply{status, body_for(choice)};
  };
  std::array<std::byte, kMaxReply> first;
  std::array<std::byte, kMaxReply> second;
  first.fill(std::byte{0x55});
  second.fill(std::byte{0xaa});
  const Answer answered = answer(datagram, sender, execute, first);
  TIMED_ASSERT(executed <= 1);
  TIMED_ASSERT(answered.size <= datagram.size());
  TIMED_ASSERT(answered.size == 0 || answered.size >= kReplyHeader);

  // Every byte of the reply was written, and a reply gets no reply.
  TIMED_ASSERT(answer(datagram, sender, execute, second).size == answered.size);
  TIMED_ASSERT(std::equal(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(answered.size), second.begin()));
  const auto reply = std::span<const std::byte>(first).first(answered.size);
  TIMED_ASSERT(answer(reply, sender, execute, second).size == 0);
  return 0;
}
