// A client's request tells nothing of our clock.  In basic mode its transmit field is 64 random bits, the rest zero; in
// interleaved mode origin is the server's last receive stamp, by which the server finds when its last answer left, and
// receive and transmit are both random, so that either kind of answer can be told by the cookie it brings back.
//
// A peer's packet is request and answer at once, so its stamps are true ones (but for noise below the precision of the
// clock): of our last packet's arrival here, and of this packet's leaving (basic) or the one's before (interleaved).
#include "timed/sources/exchange.h"

#include "timed/ntp/fuzz.h"

namespace timed::sources {
namespace {

// The precision field of a request says nothing of our clock: all bits of its stamps are noise.
constexpr std::int8_t kRequestPrecision = 32;

using discipline::PlacedStamp;
using ntp::NtpTimestamp;

// What the stamps of the next request are made of; zero where it is not known or not told.
struct RequestStamps {
  NtpTimestamp origin;
  NtpTimestamp receive;
  NtpTimestamp transmit;
  int precision = 0;
};

NtpTimestamp stamp_of(const std::optional<PlacedStamp>& at, const RequestContext& context) {
  return at ? NtpTimestamp::from(context.view.to_local(at->free)) : NtpTimestamp();
}

RequestStamps symmetric_stamps(const Exchange& exchange, bool interleaved, const RequestContext& context) {
  // Nothing valid came since our last packet: take up whatever the peer sent, so that two that have lost each other
  // find together again.
  const bool begins = !exchange.answered && !exchange.first_transmit.is_zero();
  RequestStamps stamps;
  stamps.precision = context.own.precision_log2;
  stamps.origin = begins ? exchange.first_transmit : exchange.last.transmit;
  if (interleaved) stamps.origin = exchange.last.receive;
  stamps.receive = stamp_of(begins ? exchange.first_received : exchange.last.received, context);
  stamps.transmit = interleaved ? stamp_of(exchange.transmitted, context) : NtpTimestamp::from(context.now.local);
  return stamps;
}

RequestStamps client_stamps(const Exchange& exchange, bool interleaved, const RequestContext& context) {
  RequestStamps stamps;
  stamps.precision = kRequestPrecision;
  stamps.transmit = NtpTimestamp::from(context.now.local);
  if (!interleaved) return stamps;
  stamps.origin = exchange.last.receive;
  stamps.receive = stamp_of(exchange.last.received, context);
  return stamps;
}

// No two fields of a request may be alike, nor like that of the request before: an answer must say which of them it
// brings back, and of which request.
void draw_stamps(const RequestStamps& from, const Exchange& before, EntropyPool& random, ntp::Header& header) {
  header.origin = from.origin;
  if (!from.receive.is_zero()) {
    do {
      header.receive = ntp::fuzzed(from.receive, from.precision, random);
    } while (header.receive.is_zero() || header.receive == header.origin || header.receive == before.receive_cookie);
  }
  do {
    header.transmit = ntp::fuzzed(from.transmit, from.precision, random);
  } while (header.transmit.is_zero() || header.transmit == header.receive || header.transmit == header.origin ||
           header.transmit == before.cookie);
}

}  // namespace

bool may_interleave(const Exchange& exchange, unsigned unanswered) {
  if (!exchange.rules.interleave || !exchange.transmitted) return false;
  if (!exchange.rules.symmetric) return unanswered < kMaxInterleavedUnanswered;
  return unanswered == 0 && exchange.last.unanswered == 1;
}

ntp::Header next_request(Exchange& exchange, const RequestValues& values, const RequestContext& context,
                         EntropyPool& random) {
  const bool interleaved = may_interleave(exchange, values.unanswered);
  const bool symmetric = exchange.rules.symmetric;
  ntp::Header header;
  header.precision = kRequestPrecision;
  if (symmetric) header = context.own.header_at(context.now.local);
  header.mode = symmetric ? ntp::Mode::SymmetricActive : ntp::Mode::Client;
  header.version = values.version;
  header.poll = static_cast<std::int8_t>(values.poll);
  const RequestStamps stamps =
      symmetric ? symmetric_stamps(exchange, interleaved, context) : client_stamps(exchange, interleaved, context);
  draw_stamps(stamps, exchange, random, header);
  exchange.cookie = header.transmit;
  exchange.receive_cookie = header.receive;
  exchange.answered = false;
  return header;
}

// ---- the server's phase ----

Duration ServerPhase::moved(const std::optional<ntp::MonoRoot>& field, NtpTimestamp receive,
                            NtpTimestamp last_receive) const {
  if (!field || !last_ || field->epoch != last_->epoch) return Duration::zero();
  if (field->receive.is_zero() || last_->receive.is_zero() || last_receive.is_zero()) return Duration::zero();
  const Duration moved = receive.minus(last_receive) - field->receive.minus(last_->receive);
  return abs(moved) <= kMaxCorrection ? moved : Duration::zero();
}

void ServerPhase::keep(const std::optional<ntp::MonoRoot>& field, Duration moved) {
  last_ = field;
  sum_ = field ? sum_ + moved : Duration::zero();
}

Duration ServerPhase::take() {
  const Duration sum = sum_;
  sum_ = Duration::zero();
  return abs(sum) <= kMaxCorrection ? sum : Duration::zero();
}

}  // namespace timed::sources
