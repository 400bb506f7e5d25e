#include "timed/daemon/own_commands.h"

#include <algorithm>
#include <cmath>

#include "timed/daemon/source_commands.h"

namespace timed::daemon {
namespace {

using control::DaemonStatusReply;
using control::ReloadChangeReply;
using control::Reply;
using control::ReplyStatus;
using control::SourceVerdictsReply;
using discipline::Now;
using sources::ReloadChange;

std::uint32_t seconds_since(std::optional<MonoTime> when, MonoTime now) {
  if (!when) return control::kNever;
  return static_cast<std::uint32_t>(std::clamp((now - *when).to_seconds(), 0.0, control::kNever - 1.0));
}

void put_reload(const sources::ReloadReport& reload, MonoTime now, DaemonStatusReply& reply) {
  using What = ReloadChange::What;
  const auto count = [&](What what) { return static_cast<std::uint32_t>(reload.count(what)); };
  reply.since_reload = seconds_since(reload.when, now);
  reply.kept = count(What::Kept);
  reply.added = count(What::Added);
  reply.removed = count(What::Removed);
  reply.refused = count(What::Refused);
  reply.passed_over = count(What::PassedOver);
}

std::optional<Reply> answer(const control::DaemonStatusRequest&, const OwnReports& reports) {
  const Now now = reports.clock.read();
  DaemonStatusReply reply;
  reply.version = TIMED_VERSION;
  reply.config_file = reports.config_file;
  // A clock that was set since would say that the daemon was started at another time than it was.
  reply.started = control::WireTime::from(now.local - (now.mono - reports.started));
  reply.uptime_seconds = seconds_since(reports.started, now.mono);
  reply.steers = reports.clock.steering();
  reply.serves = reports.server.is_open();
  reply.own_steps = reports.incidents.own_steps;
  reply.other_steps = reports.incidents.other_steps;
  reply.sleeps = reports.incidents.sleeps;
  reply.standstills = reports.incidents.standstills;
  reply.pauses = reports.incidents.pauses;
  reply.longest_delay = reports.incidents.longest_delay;
  reply.since_incident = seconds_since(reports.incidents.latest, now.mono);
  if (reports.files != nullptr && reports.files->last_reload()) {
    put_reload(*reports.files->last_reload(), now.mono, reply);
  }
  return Reply{ReplyStatus::Success, reply};
}

ReloadChangeReply::Kind kind_of(sources::SourceKind kind) {
  switch (kind) {
    case sources::SourceKind::Server:
      return ReloadChangeReply::Kind::Server;
    case sources::SourceKind::Peer:
      return ReloadChangeReply::Kind::Peer;
    case sources::SourceKind::Pool:
      break;
  }
  return ReloadChangeReply::Kind::Pool;
}

std::optional<Reply> answer(const control::ReloadChangeRequest& request, const OwnReports& reports) {
  const auto* const reload =
      reports.files != nullptr && reports.files->last_reload() ? &*reports.files->last_reload() : nullptr;
  const auto index = static_cast<std::size_t>(request.index);
  const bool known = reload != nullptr && request.index >= 0 && index < reload->changes.size();
  if (!known) return Reply::failure(ReplyStatus::NoSuchSource);
  const ReloadChange& change = reload->changes[index];
  ReloadChangeReply reply;
  reply.change = static_cast<ReloadChangeReply::Change>(change.what);
  if (change.what == ReloadChange::What::PassedOver) {
    reply.line = change.where.line;
    reply.file = change.where.file;
    return Reply{ReplyStatus::Success, reply};
  }
  reply.kind = kind_of(change.kind);
  reply.name = change.name;
  if (change.what == ReloadChange::What::Refused) reply.reason = status_of(change.reason);
  return Reply{ReplyStatus::Success, reply};
}

void put_commands(const control::ControlServer& control, control::ServerVerdictsReply& reply) {
  using V = control::Verdict;
  reply.cmd_answered = control.count(V::Answered) + 1;  // with this one, which is counted when it was answered
  reply.cmd_refused = control.count(V::Refused);
  reply.cmd_not_admitted = control.count(V::NotAdmitted);
  reply.cmd_wrong_size = control.count(V::WrongSize);
  reply.cmd_no_request = control.count(V::NotARequest);
  reply.cmd_rate_limited = control.count(V::RateLimited);
  reply.cmd_old_version = control.count(V::OldVersion);
  reply.cmd_bad_version = control.count(V::BadVersion);
  reply.cmd_unknown = control.count(V::Unknown);
  reply.cmd_bad_length = control.count(V::BadLength);
  reply.cmd_unauthorised = control.count(V::Unauthorised);
  reply.cmd_too_long = control.count(V::TooLong);
  reply.cmd_unsent = control.count(V::Unsent);
}

std::optional<Reply> answer(const control::ServerVerdictsRequest&, const OwnReports& reports) {
  using V = server::Verdict;
  const server::VerdictTotals verdicts = reports.server.verdicts();
  const server::ServedTotals served = reports.server.served();
  control::ServerVerdictsReply reply;
  reply.answered = verdicts.of(V::Answer);
  reply.kiss_of_death = verdicts.of(V::KissOfDeath);
  reply.bad_length = verdicts.of(V::BadLength);
  reply.bad_version = verdicts.of(V::BadVersion);
  reply.bad_extensions = verdicts.of(V::BadExtensions);
  reply.bad_source = verdicts.of(V::BadSource);
  reply.bad_mode = verdicts.of(V::BadMode);
  reply.denied = verdicts.of(V::Denied);
  reply.bad_auth = verdicts.of(V::BadAuth) + verdicts.of(V::NtsRefusal);
  reply.rate_limited = verdicts.of(V::RateLimited);
  reply.too_late = verdicts.of(V::TooLate);
  reply.to_sources = served.to_sources;
  reply.ntpq = served.control;
  reply.lost_on_the_way = reports.server.lost_on_the_way();
  reply.unsent_no_room = served.no_room;
  reply.unsent_no_route = served.no_route;
  reply.unsent_forbidden = served.forbidden;
  reply.unsent_other = served.other_reason;
  reply.missing_stamps = served.no_stamp;
  put_commands(reports.control, reply);
  return Reply{ReplyStatus::Success, reply};
}

std::optional<Reply> answer(const control::SourceVerdictsRequest& request, const OwnReports& reports) {
  const Now now = reports.clock.read();
  const auto index = static_cast<std::size_t>(request.index);
  const auto source = request.index >= 0 ? reports.sources.report(index, now.free) : std::nullopt;
  if (!source) return Reply::failure(ReplyStatus::NoSuchSource);
  const sources::AssociationCounters& counters = *reports.sources.counters_of(source->id);
  const sources::VerdictCounts& counts = *reports.sources.verdicts_of(source->id);
  static_assert(sources::kResponseVerdicts == SourceVerdictsReply::kVerdicts);
  static_assert(sources::VerdictCounts::kTests == SourceVerdictsReply::kTests);
  SourceVerdictsReply reply;
  reply.address = address_of(*source);
  reply.sent = counters.sent;
  reply.unsent = counts.unsent;
  reply.received = counters.received;
  reply.verdicts = counts.verdicts;
  reply.failed = counts.failed;
  reply.late = counts.late;
  reply.kisses = counts.kisses;
  if (const auto& bad = counts.last_bad) {
    reply.last_verdict = static_cast<SourceVerdictsReply::Verdict>(bad->verdict);
    reply.last_failed = bad->failed;
    reply.since_last = seconds_since(bad->when, now.mono);
  }
  return Reply{ReplyStatus::Success, reply};
}

std::uint32_t whole_seconds(std::optional<Duration> length) {
  if (!length) return control::kNever;
  return static_cast<std::uint32_t>(std::clamp(length->to_seconds(), 0.0, control::kNever - 1.0));
}

void put_keys(const nts::ServerKeys::Report& keys, control::NtsServerReply& reply) {
  using Origin = nts::ServerKeys::Origin;
  static_assert(static_cast<int>(Origin::Derived) == static_cast<int>(control::NtsServerReply::Origin::Derived));
  reply.origin = static_cast<control::NtsServerReply::Origin>(keys.origin);
  if (keys.keys == nullptr) return;
  reply.key_age = whole_seconds(keys.age);
  reply.next_change = whole_seconds(keys.next_change);
  constexpr std::size_t kAll = auth::CookieKeys::kKeys;
  static_assert(kAll == control::NtsServerReply::kKeys);
  const std::size_t current = keys.keys->current().id % kAll;
  for (std::size_t i = 0; i < kAll; ++i) {
    const auth::CookieKeys::Key& key = keys.keys->all()[(current + 2 + i) % kAll];
    reply.keys[i] = {key.id, static_cast<std::uint32_t>(key.aead)};
  }
}

void put_establishments(const nts::KeTotals& totals, control::NtsServerReply& reply) {
  using O = nts::KeOutcome;
  reply.ke_served = totals.at(O::Served);
  reply.ke_denied = totals.at(O::Denied);
  reply.ke_too_often = totals.at(O::TooOften);
  reply.ke_no_room = totals.at(O::NoRoom);
  reply.ke_no_keys = totals.at(O::NoKeys);
  reply.ke_timed_out = totals.at(O::TimedOut);
  reply.ke_ended = totals.at(O::Ended);
  reply.ke_not_ke = totals.at(O::NotKe);
  reply.ke_tls_failed = totals.at(O::TlsFailed);
  reply.ke_bad_request = totals.at(O::BadRequest);
  reply.ke_no_agreement = totals.at(O::NoAgreement);
  reply.ke_failed = totals.at(O::Failed);
}

std::optional<Reply> answer(const control::NtsServerRequest&, const OwnReports& reports) {
  const server::ServedTotals served = reports.server.served();
  control::NtsServerReply reply;
  reply.serves = reports.server.is_open() && reports.server_keys.keys() != nullptr;
  reply.establishes = reports.ke_server.is_open();
  put_keys(reports.server_keys.report(), reply);
  reply.connections = static_cast<std::uint32_t>(reports.ke_server.connections());
  reply.answered = served.nts_answered;
  reply.without_room = served.nts_without_room;
  reply.malformed = served.nts_malformed;
  reply.unknown_key = served.nts_unknown_key;
  reply.bad_cookie = served.nts_bad_cookie;
  reply.not_authentic = served.nts_not_authentic;
  put_establishments(reports.ke_server.totals(), reply);
  return Reply{ReplyStatus::Success, reply};
}

control::SourceEstimatorReply::BankUse use_of_bank(discipline::BankUse use) {
  using Use = control::SourceEstimatorReply::BankUse;
  switch (use) {
    case discipline::BankUse::TwoSided:
      return Use::TwoSided;
    case discipline::BankUse::HiddenNoise:
      return Use::HiddenNoise;
    case discipline::BankUse::NoRun:
      return Use::NoRun;
    case discipline::BankUse::None:
      break;
  }
  return Use::None;
}

std::optional<Reply> answer(const control::SourceEstimatorRequest& request, const OwnReports& reports) {
  const auto index = static_cast<std::size_t>(request.index);
  const auto source = request.index >= 0 ? reports.sources.report(index, reports.clock.read().free) : std::nullopt;
  if (!source) return Reply::failure(ReplyStatus::NoSuchSource);
  using Basis = control::SourceEstimatorReply::Basis;
  control::SourceEstimatorReply reply;
  reply.old = request.old;
  reply.address = address_of(*source);
  const discipline::SourceStats* const stats = reports.sources.stats_of(source->id);
  if (stats == nullptr) return Reply{ReplyStatus::Success, reply};
  reply.samples = static_cast<std::uint32_t>(source->stats.samples);
  reply.recent = static_cast<std::uint32_t>(stats->telling_samples());
  reply.refused = stats->refused();
  if (reply.samples > 0) reply.basis = Basis::Regression;
  const discipline::Estimator* const estimator = stats->estimator();
  if (estimator == nullptr) return Reply{ReplyStatus::Success, reply};
  reply.bayes = true;
  reply.samples = static_cast<std::uint32_t>(estimator->samples());
  const discipline::EstimatorCounts& counts = estimator->counts();
  reply.updates = counts.updates;
  reply.runs = counts.runs;
  reply.rounds = counts.rounds;
  reply.rejected = counts.rejected;
  reply.fallbacks = counts.fallbacks;
  reply.route_moves = counts.route_moves;
  reply.jumps = counts.jumps;
  reply.held_back = counts.held_back;
  reply.begun_anew = stats->begun_anew();
  if (const auto& posterior = estimator->posterior()) {
    reply.basis = estimator->smoothed() ? Basis::Smoother : Basis::KalmanBank;
    reply.bank_use = use_of_bank(estimator->bank_use());
    reply.offset_sd = posterior->offset_sd;
    reply.frequency_sd_ppm = posterior->frequency_sd.to_ppm();
    reply.wander = std::sqrt(posterior->wander);
    reply.noise_sd = posterior->noise_sd;
    reply.base_delay = posterior->base_delay;
    reply.asymmetry = posterior->asymmetry;
  }
  return Reply{ReplyStatus::Success, reply};
}

template <class Other>
std::optional<Reply> answer(const Other&, const OwnReports&) {
  return std::nullopt;
}

}  // namespace

std::optional<Reply> answer_own(const control::Request& request, const OwnReports& reports) {
  return std::visit([&](const auto& r) { return answer(r, reports); }, request);
}

}  // namespace timed::daemon
