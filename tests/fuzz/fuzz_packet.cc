// A datagram: parsed, taken apart, written again.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "timed/base/check.h"
#include "timed/ntp/extension.h"
#include "timed/ntp/packet.h"

using namespace timed;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  const auto view = ntp::PacketView::parse(bytes);
  if (!view.ok()) return 0;
  TIMED_ASSERT(size >= ntp::kHeaderSize && size <= ntp::kMaxPacket && size % 4 == 0);

  std::array<std::byte, ntp::kHeaderSize> header{};
  ntp::write_header(view.header(), header);
  TIMED_ASSERT(std::equal(header.begin(), header.end(), bytes.begin()));
  const auto again = ntp::PacketView::parse(header);
  TIMED_ASSERT(again.ok() && again.header() == view.header());

  // Header, fields and MAC are the whole packet, in this order.
  TIMED_ASSERT(ntp::kHeaderSize + view.extensions().size() + view.mac().size() == size);
  TIMED_ASSERT(view.authenticated().size() + view.mac().size() == size);
  TIMED_ASSERT(view.mac().empty() == (view.trailer() == ntp::Trailer::None));
  TIMED_ASSERT(view.header().version == 4 || view.extensions().empty());

  ntp::ExtensionWalk walk(view.extensions());
  std::size_t walked = 0, last = 0;
  while (const auto field = walk.next()) {
    last = field->body.size() + 4;
    walked += last;
  }
  TIMED_ASSERT(walked == view.extensions().size());
  TIMED_ASSERT(walked == 0 || !view.mac().empty() || last >= ntp::kMinLastExtension);
  return 0;
}
