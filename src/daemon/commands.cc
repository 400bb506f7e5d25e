#include "timed/daemon/commands.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "timed/daemon/source_commands.h"
#include "timed/discipline/effective_marks.h"

namespace timed::daemon {
namespace {

using control::Reply;
using control::ReplyStatus;
using discipline::Now;
using discipline::SourceState;
using sources::SourceReport;

control::SourceStatus status_of(SourceState state) {
  switch (state) {
    case SourceState::Selected:
      return control::SourceStatus::Selected;
    case SourceState::Combined:
      return control::SourceStatus::Combined;
    case SourceState::Falseticker:
      return control::SourceStatus::Falseticker;
    case SourceState::Jittery:
      return control::SourceStatus::Jittery;
    case SourceState::WaitsSources:
    case SourceState::NotPreferred:
    case SourceState::WaitsUpdate:
    case SourceState::Distant:
      return control::SourceStatus::Selectable;
    default:
      return control::SourceStatus::NotSelectable;
  }
}

// The source at an index of the protocol, which is signed.
std::optional<SourceReport> at_index(const CommandContext& c, std::int32_t index, const Now& now) {
  return index >= 0 ? c.sources.report(static_cast<std::size_t>(index), now.free) : std::nullopt;
}

Reply answer(const control::NSourcesRequest&, const CommandContext& c, const Now&) {
  return {ReplyStatus::Success, control::NSourcesReply{static_cast<std::uint32_t>(c.sources.size())}};
}

Reply answer(const control::SourceDataRequest& request, const CommandContext& c, const Now& now) {
  const auto source = at_index(c, request.index, now);
  if (!source) return Reply::failure(ReplyStatus::NoSuchSource);
  control::SourceDataReply reply;
  reply.address = address_of(*source);
  reply.ref_id = source->ref_id;
  reply.poll = static_cast<std::int16_t>(source->poll);
  if (source->kind == sources::SourceKind::Peer) reply.mode = control::SourceMode::Peer;
  reply.status = status_of(c.selector.state_of(source->id).state);
  reply.reachability = source->reachability.bits;
  if (const auto& last = source->last_sample) {
    // chrony counts from the whole second of the sample.
    const LocalTime taken = c.clock.timeline().view().to_local(last->when);
    const auto age = now.local.whole_seconds() - taken.whole_seconds();
    reply.since_sample = static_cast<std::uint32_t>(std::clamp<std::int64_t>(age, 0, control::kNever - 1));
    reply.stratum = last->stratum;
    reply.measured = last->measured;
    reply.adjusted = last->adjusted;
    reply.error = last->error;
  }
  return {ReplyStatus::Success, reply};
}

Reply answer(const control::SourcestatsRequest& request, const CommandContext& c, const Now& now) {
  const auto source = at_index(c, request.index, now);
  if (!source) return Reply::failure(ReplyStatus::NoSuchSource);
  const discipline::StatsReport& stats = source->stats;
  control::SourcestatsReply reply;
  reply.ref_id = source->ref_id;
  reply.address = address_of(*source);
  reply.samples = static_cast<std::uint32_t>(stats.samples);
  reply.runs = static_cast<std::uint32_t>(stats.runs);
  reply.span_seconds = static_cast<std::uint32_t>(std::lround(std::clamp(stats.span.to_seconds(), 0.0, 4e9)));
  reply.std_dev = stats.std_dev;
  reply.frequency_ppm = stats.frequency.to_ppm();
  reply.skew_ppm = stats.skew.to_ppm();
  reply.offset = stats.offset;
  reply.offset_error = stats.offset_sd;
  return {ReplyStatus::Success, reply};
}

Reply answer(const control::TrackingRequest&, const CommandContext& c, const Now& now) {
  const discipline::TrackingReport tracking = c.reference.tracking(now);
  control::TrackingReply reply;
  reply.ref_id = tracking.ref_id;
  if (tracking.source) reply.address = c.sources.address_of(*tracking.source).value_or(IpAddress());
  reply.stratum = tracking.stratum;
  reply.leap = static_cast<std::uint16_t>(tracking.leap);
  reply.ref_time = control::WireTime::from(tracking.reference_time);
  reply.correction = c.clock.timeline().pending(now.raw);
  reply.last_offset = tracking.last_offset;
  reply.rms_offset = tracking.rms_offset;
  reply.frequency_ppm = c.clock.frequency().to_ppm();
  reply.residual_frequency_ppm = tracking.residual.to_ppm();
  reply.skew_ppm = tracking.skew.to_ppm();
  reply.root_delay = tracking.root_delay;
  reply.root_dispersion = tracking.root_dispersion;
  reply.update_interval = tracking.last_interval;
  return {ReplyStatus::Success, reply};
}

Reply answer(const control::ActivityRequest&, const CommandContext& c, const Now&) {
  const sources::ActivityReport activity = c.sources.activity();
  control::ActivityReply reply;
  reply.online = static_cast<std::int32_t>(activity.online);
  reply.offline = static_cast<std::int32_t>(activity.offline);
  reply.burst_online = static_cast<std::int32_t>(activity.burst_online);
  reply.burst_offline = static_cast<std::int32_t>(activity.burst_offline);
  reply.unresolved = static_cast<std::int32_t>(activity.unresolved);
  return {ReplyStatus::Success, reply};
}

Reply answer(const control::NtpSourceNameRequest& request, const CommandContext& c, const Now&) {
  const auto id = find_source(c.sources, request.address);
  const auto name = id ? c.sources.name_of(*id) : std::nullopt;
  if (!name) return Reply::failure(ReplyStatus::NoSuchSource);
  return {ReplyStatus::Success, control::NtpSourceNameReply{*name}};
}

Reply answer(const control::ClockRequest& request, const CommandContext& c, const Now&) {
  return c.orders.carry_out(request);
}

Reply answer(const control::SmoothingRequest&, const CommandContext& c, const Now& now) {
  return c.smoothing.report(now.local);
}

Reply answer(const control::CyclelogsRequest&, const CommandContext& c, const Now&) {
  c.cycle_logs();
  return {ReplyStatus::Success, {}};
}

std::uint32_t whole_seconds(Duration d) {
  return static_cast<std::uint32_t>(std::clamp(d.to_seconds(), 0.0, control::kNever - 1.0));
}

void put_nts(const sources::NtsReport& nts, control::AuthDataReply& reply) {
  reply.mode = control::AuthMode::Nts;
  reply.key_id = nts.establishments;
  reply.key_type = nts.aead ? static_cast<std::uint16_t>(*nts.aead) : std::uint16_t{0};
  reply.establishment_attempts = nts.attempts;
  if (nts.established) reply.since_establishment = whole_seconds(*nts.established);
  reply.cookies = static_cast<std::uint16_t>(nts.cookies);
  reply.cookie_length = static_cast<std::uint16_t>(nts.cookie_size);
  reply.nak = nts.nak ? 1 : 0;
}

Reply answer(const control::AuthDataRequest& request, const CommandContext& c, const Now&) {
  const auto id = find_source(c.sources, request.address);
  const auto auth = id ? c.sources.auth_of(*id) : std::nullopt;
  if (!auth) return Reply::failure(ReplyStatus::NoSuchSource);
  control::AuthDataReply reply;
  if (auth->key) {
    reply.mode = control::AuthMode::Symmetric;
    reply.key_id = *auth->key;
    reply.key_type = auth->type ? static_cast<std::uint16_t>(*auth->type) : std::uint16_t{0};
  }
  reply.key_bits = static_cast<std::uint16_t>(auth->bits);
  if (auth->nts) put_nts(*auth->nts, reply);
  return {ReplyStatus::Success, reply};
}

void put_response(const sources::ResponseReport& last, control::NtpDataReply& reply) {
  const ntp::Header& header = last.header;
  reply.local = last.local_address;
  reply.leap = static_cast<std::uint8_t>(header.leap);
  reply.version = header.version;
  reply.mode = static_cast<std::uint8_t>(header.mode);
  reply.stratum = header.stratum;
  reply.poll = header.poll;
  reply.precision = header.precision;
  reply.root_delay = header.root_delay.to_duration();
  reply.root_dispersion = header.root_dispersion.to_duration();
  reply.ref_id = header.ref_id;
  reply.offset = last.offset;
  reply.peer_delay = last.peer_delay;
  reply.peer_dispersion = last.peer_dispersion;
  reply.response_time = last.response_time;
  reply.flags =
      static_cast<std::uint16_t>(last.tests.bits() | (last.interleaved ? control::NtpDataReply::kInterleaved : 0));
  reply.transmit_stamp = letter_of(last.transmit_source);
  reply.receive_stamp = letter_of(last.receive_source);
}

Reply answer(const control::NtpDataRequest& request, const CommandContext& c, const Now& now) {
  const auto data = c.sources.ntp_data(request.address.ip);
  if (!data) return Reply::failure(ReplyStatus::NoSuchSource);
  control::NtpDataReply reply;
  reply.old = request.old;
  reply.remote = data->remote.address;
  reply.remote_port = data->remote.port;
  reply.jitter_asymmetry = data->asymmetry;
  if (data->last) {
    put_response(*data->last, reply);
    const ntp::NtpTimestamp reference = data->last->header.reference;
    if (!reference.is_zero()) reply.ref_time = control::WireTime::from(reference.near(now.local));
  }
  if (data->authenticated && data->last) reply.flags |= control::NtpDataReply::kAuthenticated;
  reply.sent = data->counters.sent;
  reply.received = data->counters.received;
  reply.valid = data->counters.valid;
  reply.good = data->counters.good;
  reply.kernel_sent = data->counters.kernel_sent;
  reply.kernel_received = data->counters.kernel_received;
  return {ReplyStatus::Success, reply};
}

std::uint16_t bits_of(const discipline::SelectMarks& marks) {
  return static_cast<std::uint16_t>((marks.noselect ? 1 : 0) | (marks.prefer ? 2 : 0) | (marks.trust ? 4 : 0) |
                                    (marks.require ? 8 : 0));
}

Reply answer(const control::SelectDataRequest& request, const CommandContext& c, const Now& now) {
  const auto source = at_index(c, request.index, now);
  if (!source) return Reply::failure(ReplyStatus::NoSuchSource);
  const discipline::SelectionOptions& options = c.selector.options();
  auto candidates = c.sources.candidates(now.free, options.max_jitter);
  discipline::apply_auth_mode(candidates, options.auth_mode);
  const discipline::Candidate& candidate = candidates[static_cast<std::size_t>(request.index)];
  const discipline::SourceSelection selection = c.selector.state_of(source->id);
  control::SelectDataReply reply;
  reply.ref_id = source->ref_id;
  reply.address = address_of(*source);
  reply.state = static_cast<char>(selection.state);
  reply.authenticated = candidate.authenticated;
  reply.leap = static_cast<std::uint8_t>(candidate.leap);
  reply.configured = bits_of(source->marks);
  reply.effective = bits_of(candidate.marks);
  if (candidate.data) {
    // As all of the row, of the last selection.
    reply.since_sample = static_cast<std::uint32_t>(std::max(0.0, selection.sample_age.to_seconds()));
  }
  reply.score = selection.score;
  reply.low = selection.low;
  reply.high = selection.high;
  return {ReplyStatus::Success, reply};
}

// Connections that chronyd would have noted too, which are not those that it denies, and what became of none of them.
void put_establishments(const nts::KeTotals& totals, control::ServerStatsReply& reply) {
  for (const std::uint64_t count : totals.of) reply.nke_hits += count;
  reply.nke_hits -= totals.at(nts::KeOutcome::Denied);
  reply.nke_drops = totals.at(nts::KeOutcome::TooOften) + totals.at(nts::KeOutcome::NoRoom);
}

Reply answer(const control::ServerStatsRequest& request, const CommandContext& c, const Now&) {
  const server::ServedTotals served = c.server.served();
  const server::VerdictTotals verdicts = c.server.verdicts();
  control::ServerStatsReply reply;
  reply.generation = request.generation;
  for (const auto verdict : {server::Verdict::Answer, server::Verdict::BadAuth, server::Verdict::RateLimited,
                             server::Verdict::KissOfDeath, server::Verdict::NtsRefusal, server::Verdict::TooLate}) {
    reply.ntp_hits += verdicts.of(verdict);
  }
  reply.ntp_drops = verdicts.of(server::Verdict::RateLimited);
  put_establishments(c.ke_server.totals(), reply);
  reply.cmd_hits = c.control.hits() + 1;  // with this one, which is counted when it was answered
  reply.cmd_drops = c.control.count(control::Verdict::RateLimited);
  reply.ntp_auth_hits = served.authenticated;
  reply.ntp_daemon_rx = served.daemon_received;
  reply.ntp_daemon_tx = served.daemon_sent;
  reply.ntp_kernel_rx = served.kernel_received;
  reply.ntp_kernel_tx = served.kernel_sent;
  reply.ntp_interleaved_hits = served.interleaved;
  const server::ClientLogTotals log = c.server.client_log();
  reply.log_drops = log.forgotten;
  reply.ntp_timestamps = log.stamps;
  reply.ntp_span_seconds = static_cast<std::uint64_t>(log.span.to_seconds());
  return {ReplyStatus::Success, reply};
}

control::ClientAccessesReply::Client entry_of(const server::ClientReport& report) {
  const auto& [ntp, nke, cmd] = report.services;
  control::ClientAccessesReply::Client entry;
  entry.address = report.address;
  entry.ntp_hits = ntp.hits;
  entry.nke_hits = nke.hits;
  entry.cmd_hits = cmd.hits;
  entry.ntp_drops = ntp.drops;
  entry.nke_drops = nke.drops;
  entry.cmd_drops = cmd.drops;
  entry.ntp_interval = ntp.interval;
  entry.nke_interval = nke.interval;
  entry.cmd_interval = cmd.interval;
  entry.limited_interval = report.limited_interval;
  entry.since_ntp = ntp.seconds_ago.value_or(control::kNever);
  entry.since_nke = nke.seconds_ago.value_or(control::kNever);
  entry.since_cmd = cmd.seconds_ago.value_or(control::kNever);
  return entry;
}

Reply answer(const control::ClientAccessesRequest& request, const CommandContext& c, const Now&) {
  using control::ClientAccessesReply;
  if (!c.server.keeps_client_log()) return Reply::failure(ReplyStatus::Inactive);
  const server::ClientPage page =
      c.server.clients({.first = request.first,
                        .most = std::min<std::size_t>(request.count, ClientAccessesReply::kMaxClients),
                        .min_hits = request.min_hits,
                        .reset = request.reset});
  ClientAccessesReply reply;
  reply.table_size = static_cast<std::uint32_t>(page.slots);
  reply.next = static_cast<std::uint32_t>(page.next);
  for (const server::ClientReport& report : page.clients) reply.clients.push_back(entry_of(report));
  return {ReplyStatus::Success, reply};
}

// As chronyd without the directives of the real-time clock.
Reply answer(const control::RtcreportRequest&, const CommandContext&, const Now&) {
  return Reply::failure(ReplyStatus::NoRtc);
}
Reply answer(const control::WritertcRequest&, const CommandContext&, const Now&) {
  return Reply::failure(ReplyStatus::NoRtc);
}
Reply answer(const control::TrimrtcRequest&, const CommandContext&, const Now&) {
  return Reply::failure(ReplyStatus::NoRtc);
}

Reply answer(const control::ShutdownRequest&, const CommandContext& c, const Now&) {
  c.shut_down();
  return {ReplyStatus::Success, {}};
}

// Whatever else changes something was answered before.
template <class Other>
Reply answer(const Other&, const CommandContext&, const Now&) {
  return Reply::failure(ReplyStatus::Failed);
}

}  // namespace

Reply execute(const control::Request& request, const CommandContext& context) {
  const Now now = context.clock.read();
  return std::visit([&](const auto& r) { return answer(r, context, now); }, request);
}

}  // namespace timed::daemon
