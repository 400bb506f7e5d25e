#include "timed/server/common_answer.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace timed::server {
namespace {

// Beyond these the products might not fit.
constexpr std::int64_t kNear_ns = 2'000'000'000;
constexpr double kLargestRate = 0.25;
constexpr double kOne = 4294967296.0;  // a rate of one, in 2^-32

bool is_smoothed(const discipline::ServedOffset& offset) {
  return offset.offset != Duration::zero() || offset.rate != Frequency::zero() || offset.wander != 0.0;
}

}  // namespace

CommonAnswer::CommonAnswer(const discipline::OwnState& state, RawTime about)
    : state_(state), about_(about), local_ns_(state.to_local(about).nanos()), plain_(!is_smoothed(state.smoothing)) {
  const double rate = state.local_rate.to_ratio();
  if (std::fabs(rate) < kLargestRate) {
    rate_ = static_cast<std::int64_t>(rate * kOne);
    near_ns_ = kNear_ns;
  }
  if (!plain_) return;
  ntp::Header header = state.served_header_at(LocalTime::from_nanos(local_ns_));
  header.version = 0;
  header.mode = ntp::Mode::Server;
  std::array<std::byte, ntp::kHeaderSize> whole;
  ntp::write_header(header, whole);
  std::copy_n(whole.begin(), kHeadSize, head_.begin());
}

}  // namespace timed::server
