// The arithmetic of a sample.  With T1 and T4 our stamps of request and response, T2 and T3 the server's,
//
//   offset = ((T2 - T1) + (T3 - T4)) / 2        delay = |(T4 - T1) - (T3 - T2)|
//
// where T1 and T4 are known on the free-running scale.  The differences are taken there, in whole nanoseconds, and are
// brought to the local scale by the one line in force now, so that a correction made between the two stamps does not
// look like an offset of the server.
//
// An interleaved response does not say when it left but when the one before did.  The four stamps are then either those
// of the whole exchange before, or, where the peer waits long before it answers, those between the response before and
// the request now: both intervals are negative, and all formulas hold with their lengths.
#include "timed/sources/response_check.h"

#include <algorithm>
#include <cmath>

#include "timed/ntp/era.h"

namespace timed::sources {
namespace {

using discipline::LocalView;
using discipline::Sample;

constexpr Frequency kMaxSkew = Frequency::ppm(2000);
constexpr Duration kMaxRootDistance = Duration::seconds(16);
// The exchange before is the better pair of stamps where it took less than this share of the time since.
constexpr double kPreviousExchangeShare = 0.1;

WideDuration half(WideDuration d) {
  const std::int64_t ns = d.whole_nanos();
  return WideDuration::from_nanos(ns / 2, d.rest() * 0.5 + Duration::nanos(ns % 2 == 0 ? 0.0 : ns > 0 ? 0.5 : -0.5));
}

// Tests 1 to 7: what the packet alone and the request say.
PacketTests packet_tests(const ntp::Header& h, const Exchange& exchange, const CheckedResponse& response,
                         bool authentic) {
  PacketTests tests;
  tests.set(PacketTest::NotDuplicate, h.receive != exchange.last.receive || h.transmit != exchange.last.transmit);
  const bool is_out = !exchange.cookie.is_zero();
  tests.set(PacketTest::OriginMatches, is_out && (response.interleaved || h.origin == exchange.cookie));
  tests.set(PacketTest::TimesKnown, !h.origin.is_zero() && !h.receive.is_zero() && !h.transmit.is_zero());
  // A crypto-NAK never is: anybody can send one.
  tests.set(PacketTest::Authentic, authentic);
  tests.set(PacketTest::Synchronised,
            h.leap != ntp::Leap::Unsynchronised && h.stratum > 0 && h.stratum < ntp::kUnsynchronisedStratum);
  const Duration distance = response.root.delay * 0.5 + response.root.dispersion;
  tests.set(PacketTest::RootDistance, distance < kMaxRootDistance);
  return tests;
}

// The four stamps that a sample is made of.
struct Stamps {
  discipline::PlacedStamp sent;  // ours
  discipline::PlacedStamp received;
  ntp::NtpTimestamp remote_receive;  // the server's
  ntp::NtpTimestamp remote_transmit;
  Duration remote_moved;  // to be added to each of the server's
  Duration remote_receive_moved;
  Duration response_time;
  RootValues root;
};

Stamps basic_stamps(const ntp::Header& h, const Exchange& exchange, const RootValues& root) {
  return {*exchange.transmitted,
          exchange.received,
          h.receive,
          h.transmit,
          Duration::zero(),
          Duration::zero(),
          abs(h.transmit.minus(h.receive)),
          root};
}

Stamps interleaved_stamps(const ntp::Header& h, const Exchange& exchange, const CheckedResponse& response) {
  const LastResponse& last = exchange.last;
  Stamps stamps{*exchange.transmitted,
                *last.received,
                h.receive,
                h.transmit,
                response.server_moved,
                Duration::zero(),
                abs(h.transmit.minus(last.receive)),
                {}};
  if (exchange.transmitted_before) {
    const Duration waited = last.received->free - exchange.transmitted_before->free;
    const Duration since = exchange.transmitted->free - last.received->free;
    if (since * kPreviousExchangeShare > waited) {
      stamps.sent = *exchange.transmitted_before;
      stamps.remote_receive = last.receive;
      stamps.remote_receive_moved = response.server_moved;
      stamps.root = last.root;
      return stamps;
    }
  }
  stamps.root = {std::max(last.root.delay, response.root.delay),
                 std::max(last.root.dispersion, response.root.dispersion)};
  return stamps;
}

// The stamps, where the packet and what is kept of the one before give four that mean something.
std::optional<Stamps> stamps_of(const ntp::Header& h, const Exchange& exchange, const CheckedResponse& response) {
  if (!exchange.transmitted) return std::nullopt;
  if (!response.interleaved) return basic_stamps(h, exchange, response.root);
  if (!exchange.last.synchronised || !exchange.last.received) return std::nullopt;
  return interleaved_stamps(h, exchange, response);
}

struct Measurement {
  Sample sample;
  Duration precision;
};

Measurement measure(const ntp::Header& h, const Stamps& stamps, const CheckOptions& options,
                    const ResponseContext& context) {
  const LocalView& view = context.view;
  const discipline::PlacedStamp& sent = stamps.sent;
  const discipline::PlacedStamp& received = stamps.received;
  const WideDuration ahead_at_request = view.ahead_of_local(stamps.remote_receive.near(ntp::kEraMiddle), sent.free);
  const WideDuration ahead_at_response =
      view.ahead_of_local(stamps.remote_transmit.near(ntp::kEraMiddle), received.free);
  const Duration moved = (stamps.remote_receive_moved + stamps.remote_moved) * 0.5;
  const WideDuration offset = half(ahead_at_request + ahead_at_response) + WideDuration(moved);
  const Duration local_interval = view.interval(received.free, sent.free);
  const Duration remote_interval =
      stamps.remote_transmit.minus(stamps.remote_receive) + (stamps.remote_moved - stamps.remote_receive_moved);

  Measurement m;
  Sample& s = m.sample;
  m.precision = context.precision + ntp::poll_interval(h.precision);
  s.when = sent.free + (received.free - sent.free) * 0.5;
  s.measured = offset.to_duration() + options.offset;
  s.offset = offset + WideDuration(options.offset) + view.offset_at(s.when);
  s.peer_delay = std::max(abs(local_interval - remote_interval), m.precision);
  const Frequency skew = std::min(context.stats.skew(), kMaxSkew);
  s.peer_dispersion = std::max({m.precision, sent.error, received.error}) + abs(local_interval) * skew;
  s.root_delay = stamps.root.delay + s.peer_delay;
  s.root_dispersion = stamps.root.dispersion + s.peer_dispersion;
  s.added_dispersion = view.added_dispersion;
  s.stratum = std::max(h.stratum, static_cast<ntp::Stratum>(options.min_stratum));
  s.leap = h.leap;
  return m;
}

// What a peer in interleaved mode says is of its last packet but one, so the two must be polling in step.
bool is_in_step(const ntp::Header& h, const Sample& s, const LastResponse& last) {
  const Duration poll = ntp::poll_interval(std::min(last.poll, last.own_poll));
  if (s.peer_delay > poll * kMaxPeerDelayPolls || !(h.receive.minus(h.transmit) > Duration::zero())) return false;
  return last.poll > last.own_poll || abs(h.transmit.minus(last.transmit)) <= poll * kMaxPeerSpacingPolls;
}

// Rules for the mode of the packet.
bool passes_mode_rules(const ntp::Header& h, const Measurement& m, const CheckedResponse& response,
                       const Exchange& exchange) {
  if (exchange.rules.symmetric) return !response.interleaved || is_in_step(h, m.sample, exchange.last);
  // The stamps of the exchange before have been in a sample already.
  if (response.interleaved && !exchange.transmitted_before) return false;
  return response.response_time <= kMaxResponseTime;
}

bool passes_delay_limit(const ntp::Header& h, const Measurement& m, const CheckedResponse& response,
                        const Exchange& exchange, const CheckOptions& options, const LocalView& view) {
  const Sample& s = m.sample;
  return s.peer_delay - s.peer_dispersion <= options.max_delay && m.precision <= options.max_delay &&
         !exchange.presending && ntp::is_sane(view.to_local(s.when), s.measured) &&
         passes_mode_rules(h, m, response, exchange);
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

CheckedResponse check_response(const ntp::PacketView& packet, const Exchange& exchange, const CheckOptions& options,
                               const ResponseContext& context) {
  const ntp::Header& h = packet.header();
  CheckedResponse response;
  const bool basic = h.origin == exchange.cookie;
  response.interleaved =
      exchange.rules.interleave && !basic && !exchange.receive_cookie.is_zero() && h.origin == exchange.receive_cookie;
  if (exchange.transmitted) response.transmit_source = exchange.transmitted->source;
  response.receive_source = exchange.received.source;
  response.root = {h.root_delay.to_duration(), h.root_dispersion.to_duration()};
  if (exchange.rules.mono_root) response.mono_root = ntp::find_mono_root(packet.extensions());
  if (response.mono_root) response.root = {response.mono_root->root_delay, response.mono_root->root_dispersion};
  response.server_moved = exchange.phase.moved(response.mono_root, h.receive, exchange.last.receive);
  response.tests = packet_tests(h, exchange, response, context.authentic);
  if (const auto stamps = stamps_of(h, exchange, response); stamps && response.tests.synchronised()) {
    const Measurement m = measure(h, *stamps, options, context);
    response.response_time = stamps->response_time;
    response.transmit_source = stamps->sent.source;
    response.receive_source = stamps->received.source;
    response.sample = m.sample;
    const bool in_limit = passes_delay_limit(h, m, response, exchange, options, context.view);
    response.tests.set(PacketTest::DelayLimit, in_limit);
    const DelayTests delays = delay_tests(m.sample, options, context);
    response.tests.set(PacketTest::DelayRatio, delays.ratio);
    response.tests.set(PacketTest::DelayDeviation, delays.deviation);
    response.tests.set(PacketTest::NoLoop, !is_loop(h, context));
  }
  response.stamps_used = response.tests.good() && !response.interleaved;
  if (exchange.answered) {
    // The second response to one request is no answer, whatever its stamps say.
    response.late = response.tests.valid();
    response.is_second = true;
    response.tests.set(PacketTest::OriginMatches, false);
    response.tests.set(PacketTest::TimesKnown, false);
    response.sample.reset();
  }
  response.rate_kiss =
      response.tests.valid() && h.leap == ntp::Leap::Unsynchronised && h.stratum == 0 && h.ref_id == ntp::kRateRefId;
  return response;
}

}  // namespace timed::sources
