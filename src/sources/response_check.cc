// The arithmetic of a sample.  With T1 and T4 our stamps of request and response, T2 and T3 the server's,
//
//   offset = ((T2 - T1) + (T3 - T4)) / 2        delay = |(T4 - T1) - (T3 - T2)|
//
// where T1 and T4 are known on the free-running scale.  The differences are taken there, in whole nanoseconds, and are
// brought to the local scale by the one line in force now, so that a correction made between the two stamps does not
// look like an offset of the server.
#include "timed/sources/response_check.h"

#include <algorithm>
#include <cmath>

namespace timed::sources {
namespace {

using discipline::LocalView;
using discipline::Sample;

constexpr std::int64_t kDay_s = 86'400;
// 32-bit seconds span 136 years: those that begin 50 years before 2026-01-01.
constexpr std::int64_t kEraBegin_s = 1'767'225'600 - 50 * 365 * kDay_s;
constexpr std::int64_t kEraLength_s = std::int64_t{1} << 32;
// Stamps are of this era whatever our own clock says: one that begins in 1970 must find its way beyond 2038.
constexpr LocalTime kEraMiddle = LocalTime::from_seconds(kEraBegin_s + kEraLength_s / 2);
constexpr Frequency kMaxSkew = Frequency::ppm(2000);
constexpr Duration kMaxRootDistance = Duration::seconds(16);

bool in_era(std::int64_t seconds) {
  return seconds >= std::max<std::int64_t>(kEraBegin_s, 0) && seconds < kEraBegin_s + kEraLength_s;
}

WideDuration half(WideDuration d) {
  const std::int64_t ns = d.whole_nanos();
  return WideDuration::from_nanos(ns / 2, d.rest() * 0.5 + Duration::nanos(ns % 2 == 0 ? 0.0 : ns > 0 ? 0.5 : -0.5));
}

// Tests 1 to 7: what the packet alone and the request say.
PacketTests packet_tests(const ntp::PacketView& packet, const Exchange& exchange) {
  const ntp::Header& h = packet.header();
  PacketTests tests;
  tests.set(PacketTest::NotDuplicate, h.receive != exchange.last_receive || h.transmit != exchange.last_transmit);
  // The second response to one request is no answer, whatever its stamps say.
  const bool expected = !exchange.answered && !exchange.cookie.is_zero();
  tests.set(PacketTest::OriginMatches, expected && h.origin == exchange.cookie);
  const bool known = !h.origin.is_zero() && !h.receive.is_zero() && !h.transmit.is_zero();
  tests.set(PacketTest::TimesKnown, known && !exchange.answered);
  // Nothing was to be authenticated, so what claims to be is from somebody else, or a crypto-NAK.
  tests.set(PacketTest::Authentic, packet.trailer() == ntp::Trailer::None);
  tests.set(PacketTest::Synchronised,
            h.leap != ntp::Leap::Unsynchronised && h.stratum > 0 && h.stratum < ntp::kUnsynchronisedStratum);
  const Duration distance = h.root_delay.to_duration() * 0.5 + h.root_dispersion.to_duration();
  tests.set(PacketTest::RootDistance, distance < kMaxRootDistance);
  return tests;
}

struct Measurement {
  Sample sample;
  Duration precision;
};

Measurement measure(const ntp::Header& h, const Exchange& exchange, const CheckOptions& options,
                    const ResponseContext& context) {
  const LocalView& view = context.view;
  const discipline::PlacedStamp& sent = exchange.transmitted;
  const discipline::PlacedStamp& received = exchange.received;
  const WideDuration ahead_at_request = view.ahead_of_local(h.receive.near(kEraMiddle), sent.free);
  const WideDuration ahead_at_response = view.ahead_of_local(h.transmit.near(kEraMiddle), received.free);
  const WideDuration offset = half(ahead_at_request + ahead_at_response);
  const Duration local_interval = view.interval(received.free, sent.free);
  const Duration remote_interval = h.transmit.minus(h.receive);

  Measurement m;
  Sample& s = m.sample;
  m.precision = context.precision + ntp::poll_interval(h.precision);
  s.when = sent.free + (received.free - sent.free) * 0.5;
  s.measured = offset.to_duration() + options.offset;
  s.offset = offset + WideDuration(options.offset) + view.offset_at(s.when);
  s.peer_delay = std::max(abs(local_interval - remote_interval), m.precision);
  const Frequency skew = std::min(context.stats.skew(), kMaxSkew);
  s.peer_dispersion = std::max({m.precision, sent.error, received.error}) + abs(local_interval) * skew;
  s.root_delay = h.root_delay.to_duration() + s.peer_delay;
  s.root_dispersion = h.root_dispersion.to_duration() + s.peer_dispersion;
  s.added_dispersion = view.added_dispersion;
  s.stratum = std::max(h.stratum, static_cast<ntp::Stratum>(options.min_stratum));
  s.leap = h.leap;
  return m;
}

bool passes_delay_limit(const Measurement& m, const CheckedResponse& response, const Exchange& exchange,
                        const CheckOptions& options, const LocalView& view) {
  const Sample& s = m.sample;
  return s.peer_delay - s.peer_dispersion <= options.max_delay && m.precision <= options.max_delay &&
         !exchange.presending && is_sane(view.to_local(s.when), s.measured) &&
         response.response_time <= kMaxResponseTime;
}

struct DelayTests {
  bool ratio = true;
  bool deviation = true;
};

DelayTests delay_tests(const Sample& s, const CheckOptions& options, const ResponseContext& context) {
  DelayTests result;
  const bool by_quantile = options.max_delay_quantile > 0.0;
  if (by_quantile) result.deviation = s.peer_delay <= context.quantile_limit.value_or(Duration::infinity());
  const auto data = context.stats.delay_test_data();
  if (!data) return result;
  const Duration age = context.view.interval(s.when, data->last_sample);
  const Duration uncertainty = age * (data->skew + context.max_clock_error);
  if (options.max_delay_ratio >= 1.0) {
    result.ratio = s.peer_delay <= data->min_delay * options.max_delay_ratio + uncertainty;
  }
  if (by_quantile) return result;
  const Duration limit = data->std_dev * options.max_delay_dev_ratio + uncertainty;
  const Duration increase = (s.peer_delay - data->min_delay) * 0.5;
  if (increase > limit) {
    // Unless the clock itself has jumped by more than the longer delay explains.
    const Duration error = abs(s.measured - context.stats.predict(s.when, context.view));
    result.deviation = error - increase > limit;
  }
  return result;
}

bool is_loop(const ntp::Header& h, const ResponseContext& context) {
  const OwnView& own = context.own;
  if (!own.serving) return false;
  if (h.stratum > 1 && context.local_ref_id.value != 0 && h.ref_id == context.local_ref_id) return true;
  return h.stratum == own.stratum && h.ref_id == own.ref_id && h.root_delay == own.root_delay &&
         !own.reference.is_zero() && h.reference == own.reference;
}

}  // namespace

bool is_sane(LocalTime t, Duration offset) {
  if (!(abs(offset) < Duration::seconds(static_cast<double>(kEraLength_s)))) return false;
  return in_era((t + offset).whole_seconds());
}

CheckedResponse check_response(const ntp::PacketView& packet, const Exchange& exchange, const CheckOptions& options,
                               const ResponseContext& context) {
  const ntp::Header& h = packet.header();
  CheckedResponse response;
  response.tests = packet_tests(packet, exchange);
  response.rate_kiss =
      response.tests.valid() && h.leap == ntp::Leap::Unsynchronised && h.stratum == 0 && h.ref_id == ntp::kRateRefId;
  if (!response.tests.synchronised()) return response;
  const Measurement m = measure(h, exchange, options, context);
  response.response_time = abs(h.transmit.minus(h.receive));
  response.sample = m.sample;
  response.tests.set(PacketTest::DelayLimit, passes_delay_limit(m, response, exchange, options, context.view));
  const DelayTests delays = delay_tests(m.sample, options, context);
  response.tests.set(PacketTest::DelayRatio, delays.ratio);
  response.tests.set(PacketTest::DelayDeviation, delays.deviation);
  response.tests.set(PacketTest::NoLoop, !is_loop(h, context));
  return response;
}

}  // namespace timed::sources
