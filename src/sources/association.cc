// Who may change what.  Requests carry 64 random bits in their transmit field, and only a packet that brings them back,
// once, on the socket of that request, may change anything but counters: reachability, poll, the stamps that the next
// packet is compared with, the source's stratum.  So a forged, replayed or reflected packet, a kiss of death from
// somebody who has not seen the request, or an old answer that comes late cannot end or bend an association.
//
// A peer's packets are to be answered too, and two peers that have lost each other must find together again.  So its
// last packet that was no answer is kept, if it is authentic, to be answered where nothing better came since our last
// one; nothing else is taken from it.
#include "timed/sources/association.h"

#include <algorithm>

#include "kept_stamps.h"
#include "timed/sources/symmetric.h"

namespace timed::sources {
namespace {

using discipline::Now;
using discipline::PlacedStamp;

SourceLine own_options(const SourceLine& line) {
  return line.kind == SourceKind::Peer ? without_ignored_options(line) : line;
}

ExchangeRules rules_of(const SourceLine& line) {
  return {line.kind == SourceKind::Peer, line.xleave, line.mono_root};
}

}  // namespace

Association::Association(const SourceLine& line, EntropyPool& random, const AuthOptions& auth)
    : check_(line.check),
      copy_(own_options(line).copy),
      auto_offline_(line.auto_offline),
      version_(line.version),
      authentication_(authentication_of(line, auth)),
      random_(random),
      schedule_(own_options(line).poll) {
  exchange_.rules = rules_of(line);
}

void Association::take_options(const SourceLine& line) {
  check_ = line.check;
  schedule_.set_options(own_options(line).poll);
}

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

Actions Association::end_polling() {
  return !is_polling() || schedule_.go_offline_after_burst() ? Actions() : go_offline();
}

Actions Association::start_burst(int good, int total, const Now& now) {
  Actions actions;
  if (schedule_.in_burst() || is_symmetric()) return actions;
  schedule_.start_burst(good, total);
  actions.add(arm(first_delay(now)));
  return actions;
}

void Association::reset_exchange() {
  const ExchangeRules rules = exchange_.rules;
  exchange_ = Exchange{};
  exchange_.rules = rules;
  schedule_.set_peer_poll(std::nullopt);
  unanswered_ = 0;
  delay_quantile_.reset();
  filtered_delay_ = Duration::infinity();
}

Actions Association::on_timer(const RequestContext& context) {
  if (!schedule_.begin_transmission()) return go_offline();
  own_stratum_ = context.own.stratum;
  const bool needs_keys = nts() != nullptr && !is_symmetric() && nts()->begin_request(context.now.mono);
  interleaved_ = may_interleave(exchange_, unanswered_);
  const RequestValues values{request_version(), schedule_.own_poll(), unanswered_};
  const ntp::Header header = next_request(exchange_, values, context, random_);
  SendRequest request;
  ntp::write_header(header, std::span(request.data).first<ntp::kHeaderSize>());
  request.size = ntp::kHeaderSize;
  if (exchange_.rules.mono_root) {
    ntp::write_mono_root({}, std::span(request.data).subspan<ntp::kHeaderSize, ntp::kMonoRootSize>());
    request.size += ntp::kMonoRootSize;
  }
  // Before version 4 there are no fields: nobody could tell this one from a MAC.
  const bool is_packet = request.size == ntp::kHeaderSize || header.version >= 4;
  const auto size = is_packet ? authenticate(authentication_, request.data, request.size, random_) : std::nullopt;
  Actions actions;
  if (size) {
    request.size = *size;
    actions.add(request);
  } else {
    actions = after_no_transmission(context.now);
  }
  if (needs_keys) actions.add(NeedKeys{});
  return actions;
}

Actions Association::on_keys(const auth::NtsSession& session, const Now& now) {
  Actions actions;
  if (nts() == nullptr || !nts()->take_keys(session, now)) return actions;
  // The poll that waited for them need not wait for the next one.
  if (is_polling() && nts()->is_starved()) actions.add(arm(PollSchedule::kFirstDelay));
  return actions;
}

std::uint8_t Association::request_version() const {
  const bool needs_version_4 = exchange_.rules.interleave || exchange_.rules.mono_root;
  return static_cast<std::uint8_t>(version_.value_or(default_version(authentication_, needs_version_4)));
}

void Association::drop_request() {
  exchange_.cookie = {};
  exchange_.receive_cookie = {};
  exchange_.transmitted.reset();
}

// What cannot be written or authenticated is not sent, and counts as a poll without an answer.
Actions Association::after_no_transmission(const Now& now) {
  ++verdicts_.unsent;
  drop_request();
  last_sent_ = now.mono;
  reachability_.shift(false);
  schedule_.end_transmission(false, reachability_.reachable(), interleaved_);
  exchange_.presending = schedule_.is_presending();
  Actions actions;
  actions.add(SampleMissed{});
  actions.add(arm(interval(Duration::zero(), true)));
  return actions;
}

Actions Association::on_sent(const PlacedStamp& at, const Now& now, bool is_system_peer) {
  exchange_.transmitted = at;
  ++counters_.sent;
  return after_transmission(true, now, is_system_peer);
}

Actions Association::on_send_failed(const Now& now) {
  ++verdicts_.unsent;
  drop_request();
  if (auto_offline_) return go_offline();
  return after_transmission(false, now, false);
}

Actions Association::after_transmission(bool sent, const Now& now, bool is_system_peer) {
  last_sent_ = now.mono;
  ++unanswered_;
  Actions actions;
  if (unanswered_ >= 2) {
    reachability_.shift(false);
    if (!reachability_.reachable()) schedule_.set_peer_poll(std::nullopt);
    const double change = is_system_peer ? PollSchedule::kUnansweredSystemPeer : PollSchedule::kUnanswered;
    if (sent) schedule_.adjust(change, nearness());
    actions.add(SampleMissed{});
  }
  schedule_.end_transmission(sent, reachability_.reachable(), interleaved_);
  exchange_.presending = schedule_.is_presending();
  actions.add(arm(interval(Duration::zero(), true)));
  return actions;
}

void Association::on_transmit_stamp(const PlacedStamp& at) {
  const bool awaited = exchange_.transmitted && !exchange_.cookie.is_zero() && !exchange_.answered;
  if (!awaited) return;
  const Duration later = at.free - exchange_.transmitted->free;
  if (later < Duration::zero() || later > kMaxTransmitDelay) return;
  exchange_.transmitted = at;
  if (at.source == env::StampSource::Kernel) ++counters_.kernel_sent;
}

bool Association::answers_us(ntp::Mode mode) const {
  if (!is_symmetric()) return mode == ntp::Mode::Server;
  return mode == ntp::Mode::SymmetricActive || mode == ntp::Mode::SymmetricPassive;
}

Received Association::on_response(const PlacedStamp& at, const ntp::PacketView& packet, const IpAddress& local_address,
                                  const ResponseContext& basic_context, const Now& now) {
  ResponseContext context = basic_context;
  context.quantile_limit = quantile_limit();
  ++counters_.received;
  if (at.source == env::StampSource::Kernel) ++counters_.kernel_received;
  const bool is_response = packet.ok() && answers_us(packet.header().mode);
  if (!is_response || !is_polling()) {
    const auto verdict = !packet.ok()   ? ResponseVerdict::Malformed
                         : !is_response ? ResponseVerdict::WrongMode
                                        : ResponseVerdict::NotExpected;
    verdicts_.add(verdict, nullptr, now.mono);
    return {verdict, {}, {}};
  }
  Exchange exchange = exchange_;
  exchange.received = at;
  context.authentic = is_authentic(authentication_, packet);
  const CheckedResponse checked = check_response(packet, exchange, check_, context);
  Received received = judge(checked, exchange, packet.header(), local_address, context, now);
  verdicts_.add(received.verdict, &checked, now.mono);
  return received;
}

Received Association::judge(const CheckedResponse& checked, const Exchange& exchange, const ntp::Header& header,
                            const IpAddress& local_address, const ResponseContext& context, const Now& now) {
  const PlacedStamp& at = exchange.received;
  const ResponseReport report = report_of(checked, exchange, header, local_address);
  if (!checked.tests.valid()) {
    if (is_symmetric()) keep_peer_packet(exchange_, checked, at, header);
    return {ResponseVerdict::NotExpected, {}, report};
  }
  own_stratum_ = context.own.stratum;
  keep_response(checked, at, header, context.near_leap_second);
  report_ = report;
  feed_quantile(checked, context.precision);
  Received result = checked.tests.good() ? take_good(checked) : take_bad(checked, now);
  result.response = report;
  return result;
}

Received Association::take_good(const CheckedResponse& checked) {
  ++counters_.good;
  schedule_.on_good_response();
  Received result{ResponseVerdict::Good, {}, {}};
  result.actions.add(CloseSocket{});
  result.actions.add(TakeSample{copied(*checked.sample), exchange_.phase.take()});
  if (!is_polling()) result.actions.add(*go_offline().begin());
  return result;
}

Received Association::take_bad(const CheckedResponse& checked, const Now& now) {
  const bool no_loop = checked.tests.passed(PacketTest::NoLoop);
  schedule_.adjust(no_loop ? PollSchedule::kNotGoodNoLoop : PollSchedule::kNotGood, nearness());
  const bool synchronised = checked.tests.synchronised();
  Received result{synchronised ? ResponseVerdict::Rejected : ResponseVerdict::Unsynchronised, {}, {}};
  result.actions.add(CloseSocket{});
  if (copy_ && !synchronised) result.actions.add(ForgetSamples{});
  Duration extra;
  if (checked.rate_kiss) {
    extra = schedule_.on_rate_kiss();
    result.actions.add(RateKissObeyed{});
  }
  result.actions.add(SampleMissed{});
  result.actions.add(timer_for_next(now, extra));
  return result;
}

// One that would appear as its server is a stratum below it, so that what we then serve is the server's.
discipline::Sample Association::copied(discipline::Sample sample) const {
  if (copy_) sample.stratum = stratum_;
  return sample;
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

void Association::keep_response(const CheckedResponse& checked, const PlacedStamp& at, const ntp::Header& header,
                                bool near_leap_second) {
  ++counters_.valid;
  exchange_.phase.keep(checked.mono_root, checked.server_moved);
  keep_stamps(exchange_, checked, at, header);
  LastResponse& last = exchange_.last;
  last.root = checked.root;
  last.stratum = header.stratum;
  last.poll = header.poll;
  last.own_poll = schedule_.own_poll();
  last.unanswered = unanswered_;
  exchange_.answered = true;
  unanswered_ = 0;
  reachability_.shift(checked.tests.synchronised());
  if (is_symmetric()) {
    schedule_.set_peer_poll(reachability_.reachable() ? std::optional<int>(header.poll) : std::nullopt);
  }
  keep_server(checked, header, near_leap_second);
}

void Association::keep_server(const CheckedResponse& checked, const ntp::Header& header, bool near_leap_second) {
  if (checked.tests.synchronised()) {
    stratum_ = std::max(header.stratum, static_cast<ntp::Stratum>(check_.min_stratum));
    if (!near_leap_second) leap_ = header.leap;
  }
  if (!copy_) return;
  copied_ref_id_.reset();
  if (!checked.tests.synchronised()) return;
  copied_ref_id_ = header.ref_id;
  --stratum_;  // a synchronised server has 1 at least
}

Actions Association::on_sample_taken(const SampleOutcome& outcome, const Now& now) {
  min_delay_ = outcome.min_delay;
  // A peer must know from its own poll and ours when the other will send: it knows powers of two alone.
  const bool by_estimator = outcome.by_estimator && !is_symmetric();
  schedule_.adjust_for_sample(
      {outcome.prediction_error, outcome.distance, outcome.samples, outcome.expectation, by_estimator}, nearness());
  return next_poll(now);
}

Actions Association::on_sample_kept(Duration delay, const Now& now) {
  filtered_delay_ = delay;
  return next_poll(now);
}

Actions Association::on_sample_refused(const Now& now) {
  return next_poll(now);
}

Actions Association::next_poll(const Now& now) {
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

Actions Association::on_distrust(const Now& now) {
  if (nts() != nullptr) nts()->forget();
  reachability_.clear();
  if (is_polling() && !is_symmetric()) {
    schedule_.restart_burst(PollSchedule::kInitialBurstGood, PollSchedule::kInitialBurstTotal);
  }
  return on_unknown_step(now);
}

Actions Association::on_new_server(const Now& now) {
  const bool answered = reachability_.reachable();
  const unsigned long updates = reachability_.updates;
  reset_exchange();
  reachability_ = {};
  reachability_.updates = updates;
  stratum_ = 0;
  leap_ = ntp::Leap::Unsynchronised;
  copied_ref_id_.reset();
  counters_ = {};
  verdicts_ = {};
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

Duration Association::interval(Duration since_sent, bool after_sending) const {
  if (!is_symmetric()) return schedule_.interval();
  return peer_interval({schedule_.interval(), since_sent, after_sending, own_stratum_, exchange_.last.stratum});
}

ArmTimer Association::timer_for_next(const Now& now, Duration extra) {
  const Duration since = last_sent_ ? now.mono - *last_sent_ : Duration::zero();
  return arm(interval(since, false) - since + extra);
}

ArmTimer Association::arm(Duration delay) {
  const PollDelay next = stretched(delay, schedule_.poll(), random_.uniform());
  return {next.delay, next.separation};
}

}  // namespace timed::sources
