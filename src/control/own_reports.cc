#include "timed/control/own_reports.h"

#include <algorithm>
#include <span>
#include <string_view>

#include "timed/base/text.h"

namespace timed::control {
namespace {

constexpr std::uint32_t kSteers = 1;
constexpr std::uint32_t kServes = 2;
constexpr std::uint16_t kNoVerdict = 0xffff;
constexpr std::uint16_t kAllTests = 0x3ff;

// In the order of the wire.
using Counter = std::uint64_t ServerVerdictsReply::*;
constexpr Counter kCounters[] = {
    &ServerVerdictsReply::answered,         &ServerVerdictsReply::kiss_of_death,
    &ServerVerdictsReply::bad_length,       &ServerVerdictsReply::bad_version,
    &ServerVerdictsReply::bad_extensions,   &ServerVerdictsReply::bad_source,
    &ServerVerdictsReply::bad_mode,         &ServerVerdictsReply::denied,
    &ServerVerdictsReply::bad_auth,         &ServerVerdictsReply::rate_limited,
    &ServerVerdictsReply::to_sources,       &ServerVerdictsReply::ntpq,
    &ServerVerdictsReply::lost_on_the_way,  &ServerVerdictsReply::unsent_no_room,
    &ServerVerdictsReply::unsent_no_route,  &ServerVerdictsReply::unsent_forbidden,
    &ServerVerdictsReply::unsent_other,     &ServerVerdictsReply::missing_stamps,
    &ServerVerdictsReply::cmd_answered,     &ServerVerdictsReply::cmd_refused,
    &ServerVerdictsReply::cmd_not_admitted, &ServerVerdictsReply::cmd_wrong_size,
    &ServerVerdictsReply::cmd_no_request,   &ServerVerdictsReply::cmd_rate_limited,
    &ServerVerdictsReply::cmd_old_version,  &ServerVerdictsReply::cmd_bad_version,
    &ServerVerdictsReply::cmd_unknown,      &ServerVerdictsReply::cmd_bad_length,
    &ServerVerdictsReply::cmd_unauthorised, &ServerVerdictsReply::cmd_too_long,
    &ServerVerdictsReply::cmd_unsent,       &ServerVerdictsReply::too_late,
};

constexpr std::uint16_t kServesNts = 1;
constexpr std::uint16_t kEstablishesKeys = 2;
using NtsCounter = std::uint64_t NtsServerReply::*;
constexpr NtsCounter kNtsCounters[] = {
    &NtsServerReply::answered,       &NtsServerReply::without_room,    &NtsServerReply::malformed,
    &NtsServerReply::unknown_key,    &NtsServerReply::bad_cookie,      &NtsServerReply::not_authentic,
    &NtsServerReply::ke_served,      &NtsServerReply::ke_denied,       &NtsServerReply::ke_too_often,
    &NtsServerReply::ke_no_room,     &NtsServerReply::ke_no_keys,      &NtsServerReply::ke_timed_out,
    &NtsServerReply::ke_ended,       &NtsServerReply::ke_not_ke,       &NtsServerReply::ke_tls_failed,
    &NtsServerReply::ke_bad_request, &NtsServerReply::ke_no_agreement, &NtsServerReply::ke_failed,
};

// In `size` bytes, of which the last is zero; of what is too long the end is kept.
void write_text(ByteWriter& into, std::size_t size, std::string_view text) {
  if (text.size() >= size) text.remove_prefix(text.size() - size + 1);
  into.bytes(std::as_bytes(std::span(text)));
  into.zeros(size - text.size());
}

// For a terminal: what is neither visible nor a blank becomes a question mark.
std::string read_text(ByteReader& from, std::size_t size) {
  std::string text;
  for (const std::byte b : from.bytes(size)) {
    const auto c = static_cast<char>(b);
    if (c == '\0') break;
    text += c == ' ' || is_visible(c) ? c : '?';
  }
  return text;
}

using EstimatorCounter = std::uint64_t SourceEstimatorReply::*;
constexpr EstimatorCounter kEstimatorCounters[] = {
    &SourceEstimatorReply::updates,  &SourceEstimatorReply::runs,      &SourceEstimatorReply::rounds,
    &SourceEstimatorReply::rejected, &SourceEstimatorReply::fallbacks, &SourceEstimatorReply::route_moves,
    &SourceEstimatorReply::refused,  &SourceEstimatorReply::jumps,     &SourceEstimatorReply::held_back,
};

}  // namespace

void write_body(ByteWriter& into, const DaemonStatusReply& r) {
  write_text(into, DaemonStatusReply::kVersionSize, r.version);
  write_text(into, DaemonStatusReply::kPathSize, r.config_file);
  write_time(into, r.started);
  into.u32(r.uptime_seconds);
  into.u32((r.steers ? kSteers : 0) | (r.serves ? kServes : 0));
  for (const std::uint32_t n : {r.own_steps, r.other_steps, r.sleeps, r.standstills, r.pauses}) into.u32(n);
  write_duration(into, r.longest_delay);
  into.u32(r.since_incident);
  into.u32(r.since_reload);
  for (const std::uint32_t n : {r.kept, r.added, r.removed, r.refused, r.passed_over}) into.u32(n);
}

DaemonStatusReply read_daemon_status(ByteReader& from) {
  DaemonStatusReply r;
  r.version = read_text(from, DaemonStatusReply::kVersionSize);
  r.config_file = read_text(from, DaemonStatusReply::kPathSize);
  r.started = read_time(from);
  r.uptime_seconds = from.u32();
  const std::uint32_t flags = from.u32();
  r.steers = (flags & kSteers) != 0;
  r.serves = (flags & kServes) != 0;
  for (std::uint32_t* n : {&r.own_steps, &r.other_steps, &r.sleeps, &r.standstills, &r.pauses}) *n = from.u32();
  r.longest_delay = read_duration(from);
  r.since_incident = from.u32();
  r.since_reload = from.u32();
  for (std::uint32_t* n : {&r.kept, &r.added, &r.removed, &r.refused, &r.passed_over}) *n = from.u32();
  return r;
}

void write_body(ByteWriter& into, const ReloadChangeReply& r) {
  into.u16(static_cast<std::uint16_t>(r.change));
  into.u16(static_cast<std::uint16_t>(r.kind));
  into.u16(static_cast<std::uint16_t>(r.reason));
  into.u16(0);
  into.u32(r.line);
  write_text(into, ReloadChangeReply::kNameSize, r.name);
  write_text(into, ReloadChangeReply::kPathSize, r.file);
}

std::optional<ReloadChangeReply> read_reload_change(ByteReader& from) {
  ReloadChangeReply r;
  r.change = static_cast<ReloadChangeReply::Change>(from.u16());
  r.kind = static_cast<ReloadChangeReply::Kind>(from.u16());
  r.reason = static_cast<ReplyStatus>(from.u16());
  from.skip(2);
  r.line = from.u32();
  r.name = read_text(from, ReloadChangeReply::kNameSize);
  r.file = read_text(from, ReloadChangeReply::kPathSize);
  if (r.change > ReloadChangeReply::Change::PassedOver || r.kind > ReloadChangeReply::Kind::None) return std::nullopt;
  return r;
}

void write_body(ByteWriter& into, const ServerVerdictsReply& r) {
  for (const Counter counter : kCounters) into.u64(r.*counter);
}

ServerVerdictsReply read_server_verdicts(ByteReader& from) {
  ServerVerdictsReply r;
  for (const Counter counter : kCounters) r.*counter = from.u64();
  return r;
}

void write_body(ByteWriter& into, const SourceVerdictsReply& r) {
  write_address(into, r.address);
  for (const std::uint32_t n : {r.sent, r.unsent, r.received}) into.u32(n);
  for (const std::uint32_t n : r.verdicts) into.u32(n);
  for (const std::uint32_t n : r.failed) into.u32(n);
  into.u32(r.late);
  into.u32(r.kisses);
  into.u16(r.last_verdict ? static_cast<std::uint16_t>(*r.last_verdict) : kNoVerdict);
  into.u16(r.last_failed);
  into.u32(r.since_last);
}

std::optional<SourceVerdictsReply> read_source_verdicts(ByteReader& from) {
  SourceVerdictsReply r;
  r.address = read_address(from);
  for (std::uint32_t* n : {&r.sent, &r.unsent, &r.received}) *n = from.u32();
  for (std::uint32_t& n : r.verdicts) n = from.u32();
  for (std::uint32_t& n : r.failed) n = from.u32();
  r.late = from.u32();
  r.kisses = from.u32();
  const std::uint16_t verdict = from.u16();
  r.last_failed = from.u16();
  r.since_last = from.u32();
  if (verdict == kNoVerdict) return r;
  if (verdict >= SourceVerdictsReply::kVerdicts || r.last_failed > kAllTests) return std::nullopt;
  r.last_verdict = static_cast<SourceVerdictsReply::Verdict>(verdict);
  return r;
}

void write_body(ByteWriter& into, const NtsServerReply& r) {
  into.u16(static_cast<std::uint16_t>(r.origin));
  into.u16(static_cast<std::uint16_t>((r.serves ? kServesNts : 0) | (r.establishes ? kEstablishesKeys : 0)));
  into.u32(r.key_age);
  into.u32(r.next_change);
  for (const NtsServerReply::Key& key : r.keys) {
    into.u32(key.id);
    into.u32(key.aead);
  }
  into.u32(r.connections);
  for (const NtsCounter counter : kNtsCounters) into.u64(r.*counter);
}

std::optional<NtsServerReply> read_nts_server(ByteReader& from) {
  NtsServerReply r;
  r.origin = static_cast<NtsServerReply::Origin>(from.u16());
  const std::uint16_t flags = from.u16();
  r.serves = (flags & kServesNts) != 0;
  r.establishes = (flags & kEstablishesKeys) != 0;
  r.key_age = from.u32();
  r.next_change = from.u32();
  for (NtsServerReply::Key& key : r.keys) {
    key.id = from.u32();
    key.aead = from.u32();
  }
  r.connections = from.u32();
  for (const NtsCounter counter : kNtsCounters) r.*counter = from.u64();
  if (r.origin > NtsServerReply::Origin::Derived) return std::nullopt;
  return r;
}

void write_body(ByteWriter& into, const SourceEstimatorReply& r) {
  write_address(into, r.address);
  into.u16(r.bayes ? 1 : 0);
  into.u16(static_cast<std::uint16_t>(r.basis));
  into.u32(r.samples);
  into.u32(r.recent);
  write_duration(into, r.offset_sd);
  write_float(into, r.frequency_sd_ppm);
  write_float(into, r.wander);
  write_duration(into, r.noise_sd);
  write_duration(into, r.base_delay);
  write_float(into, r.asymmetry);
  for (const EstimatorCounter counter : kEstimatorCounters) into.u64(r.*counter);
  if (r.old) return;
  into.u16(static_cast<std::uint16_t>(r.bank_use));
  into.u16(0);
  into.u64(r.begun_anew);
}

std::optional<SourceEstimatorReply> read_source_estimator(ByteReader& from, bool old) {
  SourceEstimatorReply r;
  r.old = old;
  r.address = read_address(from);
  const std::uint16_t estimator = from.u16();
  r.bayes = estimator == 1;
  r.basis = static_cast<SourceEstimatorReply::Basis>(from.u16());
  r.samples = from.u32();
  r.recent = from.u32();
  r.offset_sd = read_duration(from);
  r.frequency_sd_ppm = read_float(from);
  r.wander = read_float(from);
  r.noise_sd = read_duration(from);
  r.base_delay = read_duration(from);
  r.asymmetry = read_float(from);
  for (const EstimatorCounter counter : kEstimatorCounters) r.*counter = from.u64();
  if (estimator > 1 || r.basis > SourceEstimatorReply::Basis::Smoother) return std::nullopt;
  if (old) return r;
  r.bank_use = static_cast<SourceEstimatorReply::BankUse>(from.u16());
  from.skip(2);
  r.begun_anew = from.u64();
  if (r.bank_use > SourceEstimatorReply::BankUse::NoRun) return std::nullopt;
  return r;
}

}  // namespace timed::control
