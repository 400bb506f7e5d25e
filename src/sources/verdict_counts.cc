#include "timed/sources/verdict_counts.h"

namespace timed::sources {
namespace {

constexpr std::uint16_t kAllTests = PacketTests::kGood;
constexpr std::uint16_t kLaterTests = 0xf;  // A to D, which are for what passed those before

// Those that the response failed, of those that it came to.
std::uint16_t failed_tests(const CheckedResponse& checked) {
  if (checked.is_second) return 0;
  const auto failed = static_cast<std::uint16_t>(~checked.tests.bits() & kAllTests);
  if (!checked.tests.synchronised()) return static_cast<std::uint16_t>(failed & ~kLaterTests);
  // Without four stamps there was nothing to measure: that is test A.
  return checked.sample ? failed : static_cast<std::uint16_t>(PacketTest::DelayLimit);
}

}  // namespace

void VerdictCounts::add(ResponseVerdict verdict, const CheckedResponse* checked, MonoTime when) {
  ++verdicts[static_cast<std::size_t>(verdict)];
  const std::uint16_t bits = checked != nullptr ? failed_tests(*checked) : std::uint16_t{0};
  for (std::size_t i = 0; i < kTests; ++i) failed[i] += bits >> (kTests - 1 - i) & 1u;
  if (checked != nullptr && checked->is_second) ++late;
  if (checked != nullptr && checked->rate_kiss) ++kisses;
  if (verdict != ResponseVerdict::Good) last_bad = Bad{verdict, bits, when};
}

}  // namespace timed::sources
