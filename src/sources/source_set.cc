#include "timed/sources/source_set.h"

#include <algorithm>
#include <utility>

#include "source.h"
#include "timed/auth/digest.h"
#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::sources {

using discipline::Now;
using discipline::PlacedStamp;
using discipline::Sample;
using discipline::SourceId;

namespace {

// Stamps of the kernel that are older than this are not of this datagram.
constexpr Duration kMaxStampAge = Duration::seconds(1);
// A stamp cannot be of the future, but for the grain of clocks: one that is was made before we stepped the clock back.
constexpr Duration kMaxStampLead = Duration::micros(100);
// Bits of the reachability register.
constexpr int kFullReach = 8;

bool is_believable(const env::Stamp& stamp, const Now& now) {
  const Duration age = now.raw - stamp.time;
  return age <= kMaxStampAge && age >= -kMaxStampLead;
}

}  // namespace

// Runs one event of an association and does what it wants.
template <class Event>
void SourceSet::run(Source& source, const Event& event) {
  const unsigned long updates = source.association.reachability().updates;
  const ntp::Leap leap = source.association.leap();
  carry_out(source, event());
  const Reachability& after = source.association.reachability();
  if (source.association.leap() != leap && callbacks_.on_leap) callbacks_.on_leap(source.id);
  if (after.updates != updates && !after.reachable()) {
    callbacks_.on_reachability(source.id);
    if (after.size == kFullReach) replace_bad(source.id);
  }
  if (std::exchange(source.answered_well, false)) on_good_reply(source);
}

SourceSet::SourceSet(const std::vector<SourceLine>& lines, const SourceSetOptions& options, const SourceSetSeams& seams,
                     SourceSetCallbacks callbacks)
    : options_(options),
      seams_(seams),
      callbacks_(std::move(callbacks)),
      random_([&host = seams.host](std::span<std::byte> into) { host.random(into); }),
      names_(seams.host, seams.timers,
             [this](const NameLookup& lookup, const NameLookups::Addresses& addresses) {
               return on_answer(lookup, addresses);
             }),
      refresh_plan_(options.refresh, seams.timers.now()) {
  for (const SourceLine& line : lines) {
    const AddResult result = add(line, log::Severity::Debug);
    if (result.status == AddStatus::Added) continue;
    log::error("Could not add source %s : %s", line.name.c_str(), reason_of(result.status));
  }
}

SourceSet::~SourceSet() = default;

void SourceSet::start() {
  started_ = true;
  for (const auto& source : sources_) {
    if (source->address.is_set()) begin_polling(*source);
  }
  names_.start();
}

void SourceSet::stop() {
  started_ = false;
  names_.stop();
  for (const auto& source : sources_) {
    source->timer->disarm();
    close_socket(*source);
  }
}

void SourceSet::begin_polling(Source& source) {
  if (source.line.offline) return;
  run(source, [&] { return source.association.go_online(callbacks_.now()); });
}

Result<std::unique_ptr<env::UdpSocket>> SourceSet::connect_to(const Source& source, const IpAddress& address) {
  env::UdpOptions options;
  options.local.address = IpAddress::any(address.family());
  options.remote = Endpoint{address, source.line.port, 0};
  options.dscp = options_.dscp;
  options.transmit_stamps = true;
  options.priority = env::SocketPriority::Sources;
  return seams_.network.open_udp(options);
}

// ---- events and actions ----

void SourceSet::carry_out(Source& source, const Actions& actions) {
  for (const Action& action : actions) {
    if (const auto* request = std::get_if<SendRequest>(&action)) carry_out(source, send(source, *request));
    if (const auto* timer = std::get_if<ArmTimer>(&action)) source.timer->arm_in(timer->delay, timer->separation);
    if (const auto* taken = std::get_if<TakeSample>(&action)) carry_out(source, take_sample(source, taken->sample));
    if (std::holds_alternative<SampleMissed>(action)) carry_out(source, miss_sample(source));
    if (std::holds_alternative<CloseSocket>(action)) close_socket(source);
    if (std::holds_alternative<RateKissObeyed>(action)) log_rate_kiss(source);
    if (std::holds_alternative<StopPolling>(action)) {
      source.timer->disarm();
      close_socket(source);
    }
  }
}

void SourceSet::on_timer(Source& source) {
  run(source, [&] { return source.association.on_timer(); });
}

Actions SourceSet::send(Source& source, const SendRequest& request) {
  close_socket(source);
  auto socket = connect_to(source, source.address);
  if (!socket.ok()) return fail_to_send(source, socket.error());
  source.socket = socket.take();
  source.socket->on_readable([this, s = &source] { on_readable(*s); });

  env::Datagram datagram{};
  datagram.peer = Endpoint{source.address, source.line.port, 0};
  datagram.want_stamp = true;
  datagram.size = request.bytes.size();
  std::copy(request.bytes.begin(), request.bytes.end(), datagram.data.begin());
  const env::SendResult result = source.socket->send(std::span(&datagram, 1));
  if (result.sent != 1) return fail_to_send(source, result.refused.value_or(Error{"Could not send datagram"}));
  source.told_send_failure = false;
  const Now now = callbacks_.now();
  source.stamp_id = datagram.stamp_id;
  source.close_timer->arm_in(source.association.response_timeout());
  const auto at = seams_.timeline.place(datagram.stamp);
  const PlacedStamp sent = at.value_or(PlacedStamp{now.raw, now.free, Duration::zero(), env::StampSource::Daemon});
  return source.association.on_sent(sent, now, callbacks_.own().system_peer == source.id);
}

// Told once until a request leaves again: a machine may be without a network for days.
Actions SourceSet::fail_to_send(Source& source, const Error& error) {
  close_socket(source);
  if (!std::exchange(source.told_send_failure, true)) {
    log::warning("Could not ask %s : %s", describe(source.id).c_str(), error.reason().c_str());
  }
  return source.association.on_send_failed(callbacks_.now());
}

void SourceSet::close_socket(Source& source) {
  source.close_timer->disarm();
  source.socket.reset();
}

void SourceSet::on_readable(Source& source) {
  take_transmit_stamps(source);
  const IpAddress bound_to = source.socket->local_endpoint().address;
  std::array<env::Datagram, 4> datagrams;
  const std::size_t count = source.socket->receive(datagrams);
  // A response closes the socket; what came with it is still shown to the association, which counts it.
  for (std::size_t i = 0; i < count; ++i) take_response(source, datagrams[i], bound_to);
}

void SourceSet::take_transmit_stamps(Source& source) {
  std::array<env::TransmitStamp, 4> stamps;
  const std::size_t count = source.socket->transmit_stamps(stamps);
  if (count == 0) return;
  const RawTime latest = callbacks_.now().raw + kMaxStampLead;
  for (std::size_t i = 0; i < count; ++i) {
    if (stamps[i].id != source.stamp_id || stamps[i].stamp.time > latest) continue;
    if (const auto at = seams_.timeline.place(stamps[i].stamp)) source.association.on_transmit_stamp(*at);
  }
}

std::optional<PlacedStamp> SourceSet::place_received(const env::Stamp& stamp, const Now& now) const {
  if (stamp.source == env::StampSource::Daemon || is_believable(stamp, now)) return seams_.timeline.place(stamp);
  return seams_.timeline.place(env::Stamp{now.raw, Duration::zero(), env::StampSource::Daemon});
}

void SourceSet::take_response(Source& source, const env::Datagram& datagram, const IpAddress& bound_to) {
  if (datagram.peer.address != source.address || datagram.peer.port != source.line.port) return;
  const Now now = callbacks_.now();
  const auto at = place_received(datagram.stamp, now);
  if (!at) return;  // from before a step: its time means nothing any more
  const bool cut = datagram.size > datagram.data.size();
  const auto packet = ntp::PacketView::parse(cut ? std::span<const std::byte>{} : datagram.bytes());
  const IpAddress local = datagram.local.is_set() ? datagram.local : bound_to;
  const ResponseContext context{.view = seams_.timeline.view(),
                                .stats = source.stats,
                                .own = callbacks_.own(),
                                .local_ref_id = auth::ref_id_of(local),
                                .precision = options_.precision,
                                .max_clock_error = options_.max_clock_error,
                                .near_leap_second = near_leap_second(now.local, Duration::zero())};
  std::optional<ResponseReport> response;
  run(source, [&] {
    Received received = source.association.on_response(*at, packet, local, context, now);
    response = received.response;
    return received.actions;
  });
  if (!response || !callbacks_.on_response) return;
  callbacks_.on_response({source.address, *response, source.association.poll(), source.association.poll_score()});
}

// One poll more: after as many as the filter is long it gives one sample for all of them.  Where it cannot (nothing
// but misses, or samples that differ too much) the next poll asks it again.
std::optional<Sample> SourceSet::filter_output(Source& source) {
  if (++source.filter_polls < source.line.filter) return std::nullopt;
  auto output = source.filter->output(seams_.timeline.view());
  if (output) source.filter_polls = 0;
  return output;
}

Actions SourceSet::take_sample(Source& source, const Sample& sample) {
  source.answered_well = true;
  if (!source.filter) return accumulate(source, sample);
  source.filter->add(sample);
  if (const auto output = filter_output(source)) return accumulate(source, *output);
  return source.association.on_sample_kept(sample.peer_delay, callbacks_.now());
}

Actions SourceSet::miss_sample(Source& source) {
  if (!source.filter) return {};
  const auto output = filter_output(source);
  return output ? accumulate(source, *output) : Actions();
}

Actions SourceSet::accumulate(Source& source, const Sample& sample) {
  const discipline::LocalView& view = seams_.timeline.view();
  SampleOutcome outcome;
  outcome.prediction_error = abs(sample.measured - source.stats.predict(sample.when, view));
  outcome.distance = sample.peer_dispersion + sample.peer_delay * 0.5;
  if (near_leap_second(view.to_local(sample.when), sample.measured)) {
    log::info("Dropping sample around leap second");
  } else if (source.stats.accumulate(sample, view)) {
    source.told_out_of_order = false;
  } else if (!std::exchange(source.told_out_of_order, true)) {
    log::warning("Out of order sample detected, discarding history for %s", describe(source.id).c_str());
  }
  outcome.samples = source.stats.samples();
  outcome.min_delay = source.stats.min_delay();
  callbacks_.on_sample(source.id);
  return source.association.on_sample_taken(outcome, callbacks_.now());
}

bool SourceSet::near_leap_second(LocalTime when, Duration offset) const {
  return callbacks_.near_leap_second && callbacks_.near_leap_second(when, offset);
}

void SourceSet::log_rate_kiss(Source& source) {
  const MonoTime now = seams_.timers.now();
  if (source.last_kiss_logged && now - *source.last_kiss_logged < kKissLogSpacing) return;
  source.last_kiss_logged = now;
  log::warning("Received KoD RATE from %s", source.address.to_string().c_str());
}

void SourceSet::on_unknown_step() {
  for (const auto& source : sources_) {
    source->stats.reset();
    if (source->filter) source->filter->reset();
    source->filter_polls = 0;
    run(*source, [&] { return source->association.on_unknown_step(callbacks_.now()); });
  }
}

void SourceSet::reset() {
  on_unknown_step();
  for (const auto& source : sources_) source->association.forget_reachability();
}

bool SourceSet::set_online(SourceId id, bool online) {
  Source* const source = get(id);
  if (source == nullptr) return false;
  source->line.offline = !online;
  if (!source->address.is_set()) {
    names_.hurry();
    return true;
  }
  const PollMode before = source->association.mode();
  run(*source, [&] {
    if (online) return source->association.go_online(callbacks_.now());
    return source->association.is_polling() ? source->association.go_offline() : Actions();
  });
  if (source->association.mode() != before) {
    log::info("Source %s %s", source->address.to_string().c_str(), online ? "online" : "offline");
  }
  return true;
}

void SourceSet::refresh_by_burst() {
  constexpr int kGood = 4, kTotal = 8;
  for (const auto& source : sources_) {
    if (source->association.is_polling()) start_burst(source->id, kGood, kTotal);
  }
}

bool SourceSet::start_burst(SourceId id, int good, int total) {
  Source* const source = get(id);
  if (source == nullptr || !source->address.is_set()) return false;
  run(*source, [&] { return source->association.start_burst(good, total, callbacks_.now()); });
  return true;
}

}  // namespace timed::sources
