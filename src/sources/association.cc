// Who may change what.  Requests carry 64 random bits in their transmit field, and only a packet that brings them back,
// once, on the socket of that request, may change anything but counters: reachability, poll, the stamps that the next
// packet is compared with, the source's stratum.  So a forged, replayed or reflected packet, a kiss of death from
// somebody who has not seen the request, or an old answer that comes late cannot end or bend an association.
#include "timed/sources/association.h"

#include <algorithm>

namespace timed::sources {
namespace {

using discipline::Now;
using discipline::PlacedStamp;

// The precision field of a request says nothing of our clock: all bits of the transmit field are noise.
constexpr std::int8_t kRequestPrecision = 32;

ResponseReport report_of(const CheckedResponse& checked, const Exchange& exchange, const ntp::Header& header,
                         const IpAddress& local_address) {
  ResponseReport report;
  report.when = exchange.received.free;
  report.header = header;
  report.local_address = local_address;
  report.tests = checked.tests;
  if (checked.sample) {
    report.when = checked.sample->when;
    report.offset = checked.sample->measured;
    report.peer_delay = checked.sample->peer_delay;
    report.peer_dispersion = checked.sample->peer_dispersion;
  }
  report.response_time = checked.response_time;
  report.transmit_source = exchange.transmitted.source;
  report.receive_source = exchange.received.source;
  return report;
}

}  // namespace

void Reachability::shift(bool answered) {
  bits = static_cast<std::uint8_t>(bits << 1 | (answered ? 1 : 0));
  size = std::min(size + 1, 8);
  unreachable_run = bits == 0 ? unreachable_run + 1 : 0;
  ++updates;
}

void Reachability::clear() {
  bits = 0;
  size = 0;
  unreachable_run = 0;
  shift(false);
}

Association::Association(const SourceLine& line, EntropyPool& random)
    : check_(line.check), version_(static_cast<std::uint8_t>(line.version)), random_(random), schedule_(line.poll) {}

Actions Association::go_online(const Now& now) {
  Actions actions;
  if (is_polling()) {
    schedule_.go_online();
    return actions;
  }
  schedule_.go_online();
  actions.add(arm(first_delay(now)));
  return actions;
}

Actions Association::go_offline() {
  schedule_.go_offline();
  reachability_.clear();
  reset_exchange();
  Actions actions;
  actions.add(StopPolling{});
  return actions;
}

Actions Association::start_burst(int good, int total, const Now& now) {
  Actions actions;
  if (schedule_.in_burst()) return actions;
  schedule_.start_burst(good, total);
  actions.add(arm(first_delay(now)));
  return actions;
}

void Association::reset_exchange() {
  exchange_ = Exchange{};
  unanswered_ = 0;
  delay_quantile_.reset();
  filtered_delay_ = Duration::infinity();
}

Actions Association::on_timer() {
  if (!schedule_.begin_transmission()) return go_offline();
  ntp::Header header;
  header.version = version_;
  header.poll = static_cast<std::int8_t>(schedule_.poll());
  header.precision = kRequestPrecision;
  ntp::NtpTimestamp cookie;
  while (cookie.is_zero() || cookie == exchange_.cookie) cookie.bits = random_.u64();
  header.transmit = cookie;
  exchange_.cookie = cookie;
  exchange_.answered = false;
  SendRequest request;
  ntp::write_header(header, request.bytes);
  Actions actions;
  actions.add(request);
  return actions;
}

Actions Association::on_sent(const PlacedStamp& at, const Now& now, bool is_system_peer) {
  exchange_.transmitted = at;
  ++counters_.sent;
  return after_transmission(true, now, is_system_peer);
}

Actions Association::on_send_failed(const Now& now) {
  exchange_.cookie = {};
  return after_transmission(false, now, false);
}

Actions Association::after_transmission(bool sent, const Now& now, bool is_system_peer) {
  last_sent_ = now.mono;
  ++unanswered_;
  Actions actions;
  if (unanswered_ >= 2) {
    reachability_.shift(false);
    const double change = is_system_peer ? PollSchedule::kUnansweredSystemPeer : PollSchedule::kUnanswered;
    if (sent) schedule_.adjust(change, nearness());
    actions.add(SampleMissed{});
  }
  schedule_.end_transmission(sent, reachability_.reachable());
  exchange_.presending = schedule_.is_presending();
  actions.add(arm(schedule_.interval()));
  return actions;
}

void Association::on_transmit_stamp(const PlacedStamp& at) {
  const Duration later = at.free - exchange_.transmitted.free;
  const bool awaited = !exchange_.cookie.is_zero() && !exchange_.answered;
  if (!awaited || later < Duration::zero() || later > kMaxTransmitDelay) return;
  exchange_.transmitted = at;
  if (at.source == env::StampSource::Kernel) ++counters_.kernel_sent;
}

Received Association::on_response(const PlacedStamp& at, const ntp::PacketView& packet, const IpAddress& local_address,
                                  const ResponseContext& basic_context, const Now& now) {
  ResponseContext context = basic_context;
  context.quantile_limit = quantile_limit();
  Received result{};
  ++counters_.received;
  if (at.source == env::StampSource::Kernel) ++counters_.kernel_received;
  result.verdict = ResponseVerdict::Malformed;
  if (!packet.ok()) return result;
  result.verdict = ResponseVerdict::WrongMode;
  if (packet.header().mode != ntp::Mode::Server) return result;

  Exchange exchange = exchange_;
  exchange.received = at;
  const CheckedResponse checked = check_response(packet, exchange, check_, context);
  result.verdict = ResponseVerdict::NotExpected;
  if (!is_polling()) return result;
  result.response = report_of(checked, exchange, packet.header(), local_address);
  if (!checked.tests.valid()) return result;

  keep_response(checked, *result.response, context.near_leap_second);
  feed_quantile(checked, context.precision);
  result.actions.add(CloseSocket{});
  if (checked.tests.good()) {
    ++counters_.good;
    schedule_.on_good_response();
    result.verdict = ResponseVerdict::Good;
    result.actions.add(TakeSample{*checked.sample});
    if (!is_polling()) result.actions.add(*go_offline().begin());
    return result;
  }
  const bool no_loop = checked.tests.passed(PacketTest::NoLoop);
  schedule_.adjust(no_loop ? PollSchedule::kNotGoodNoLoop : PollSchedule::kNotGood, nearness());
  result.verdict = checked.tests.synchronised() ? ResponseVerdict::Rejected : ResponseVerdict::Unsynchronised;
  Duration extra;
  if (checked.rate_kiss) {
    extra = schedule_.on_rate_kiss();
    result.actions.add(RateKissObeyed{});
  }
  result.actions.add(SampleMissed{});
  result.actions.add(timer_for_next(now, extra));
  return result;
}

std::optional<Duration> Association::quantile_limit() const {
  if (!delay_quantile_ || delay_quantile_->empty()) return std::nullopt;
  return delay_quantile_->estimate() + delay_quantile_->min_step() * 0.5;
}

// Every synchronised response counts, good or not: the test must be able to find its way back.
void Association::feed_quantile(const CheckedResponse& checked, Duration precision) {
  if (check_.max_delay_quantile <= 0.0 || !checked.sample || !checked.tests.synchronised()) return;
  if (!delay_quantile_) delay_quantile_.emplace(check_.max_delay_quantile, precision * 0.5);
  delay_quantile_->add(checked.sample->peer_delay, random_);
}

void Association::keep_response(const CheckedResponse& checked, const ResponseReport& report, bool near_leap_second) {
  const ntp::Header& header = report.header;
  ++counters_.valid;
  exchange_.answered = true;
  exchange_.last_receive = header.receive;
  exchange_.last_transmit = header.transmit;
  unanswered_ = 0;
  reachability_.shift(checked.tests.synchronised());
  if (checked.tests.synchronised()) {
    stratum_ = std::max(header.stratum, static_cast<ntp::Stratum>(check_.min_stratum));
    if (!near_leap_second) leap_ = header.leap;
  }
  report_ = report;
}

Actions Association::on_sample_taken(const SampleOutcome& outcome, const Now& now) {
  min_delay_ = outcome.min_delay;
  schedule_.adjust_for_sample({outcome.prediction_error, outcome.distance, outcome.samples}, nearness());
  Actions actions;
  if (is_polling()) actions.add(timer_for_next(now, Duration::zero()));
  return actions;
}

Actions Association::on_sample_kept(Duration delay, const Now& now) {
  filtered_delay_ = delay;
  Actions actions;
  if (is_polling()) actions.add(timer_for_next(now, Duration::zero()));
  return actions;
}

Actions Association::on_unknown_step(const Now& now) {
  reset_exchange();
  schedule_.reset();
  min_delay_ = Duration::infinity();
  Actions actions;
  actions.add(CloseSocket{});
  if (is_polling()) actions.add(arm(first_delay(now)));
  return actions;
}

Actions Association::on_new_server(const Now& now) {
  const bool answered = reachability_.reachable();
  const unsigned long updates = reachability_.updates;
  reset_exchange();
  reachability_ = {};
  reachability_.updates = updates;
  stratum_ = 0;
  leap_ = ntp::Leap::Unsynchronised;
  counters_ = {};
  report_.reset();
  min_delay_ = Duration::infinity();
  Actions actions;
  if (!answered) return actions;
  schedule_.reset();
  if (is_polling()) actions.add(arm(first_delay(now)));
  return actions;
}

Duration Association::first_delay(const Now& now) const {
  return schedule_.first_delay(last_sent_ ? std::optional(now.mono - *last_sent_) : std::nullopt);
}

ArmTimer Association::timer_for_next(const Now& now, Duration extra) {
  const Duration since = last_sent_ ? now.mono - *last_sent_ : Duration::zero();
  return arm(schedule_.interval() - since + extra);
}

ArmTimer Association::arm(Duration delay) {
  const PollDelay stretched = schedule_.stretched(delay, random_.uniform());
  return {stretched.delay, stretched.separation};
}

}  // namespace timed::sources
