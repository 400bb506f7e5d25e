// A key file of anybody's making: every key that comes of it signs and verifies, and each line warns at most once.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

#include "timed/auth/key_store.h"
#include "timed/base/check.h"

using namespace timed;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  const auto reading = auth::KeyStore::read(text, "keys");
  const auto lines = static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1 + size / 2047;
  TIMED_ASSERT(reading.keys.size() + reading.warnings.size() <= lines);
  for (const auth::KeyId id : {0u, 1u, 2u, 10u, 4294967295u}) {
    const auth::Key* key = reading.keys.find(id);
    if (key == nullptr) continue;
    TIMED_ASSERT(key->id() == id && key->bits() > 0);
    for (const int version : {3, 4}) {
      std::array<std::byte, ntp::kHeaderSize + ntp::kMaxMac> packet{};
      packet[0] = static_cast<std::byte>(version << 3 | 4);
      const std::size_t mac =
          key->sign(version, std::span(packet).first(ntp::kHeaderSize), std::span(packet).subspan(ntp::kHeaderSize));
      TIMED_ASSERT(mac == key->mac_size(version));
      const auto view = ntp::PacketView::parse(std::span(packet).first(ntp::kHeaderSize + mac));
      TIMED_ASSERT(view.ok() && key->verifies(view));
    }
  }
  return 0;
}
