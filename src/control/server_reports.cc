#include "timed/control/server_reports.h"

#include <algorithm>
#include <span>

namespace timed::control {
namespace {

using Counter = std::uint64_t ServerStatsReply::*;

// In the order of the wire.
constexpr Counter kCounters[] = {
    &ServerStatsReply::ntp_hits,       &ServerStatsReply::nke_hits,         &ServerStatsReply::cmd_hits,
    &ServerStatsReply::ntp_drops,      &ServerStatsReply::nke_drops,        &ServerStatsReply::cmd_drops,
    &ServerStatsReply::log_drops,      &ServerStatsReply::ntp_auth_hits,    &ServerStatsReply::ntp_interleaved_hits,
    &ServerStatsReply::ntp_timestamps, &ServerStatsReply::ntp_span_seconds, &ServerStatsReply::ntp_daemon_rx,
    &ServerStatsReply::ntp_daemon_tx,  &ServerStatsReply::ntp_kernel_rx,    &ServerStatsReply::ntp_kernel_tx,
    &ServerStatsReply::ntp_hw_rx,      &ServerStatsReply::ntp_hw_tx,
};
constexpr std::size_t kSecondCounters = 8;
constexpr std::size_t kThirdCounters = 11;
constexpr int kReservedWords = 8;

std::span<const Counter> counters_of(StatsGeneration generation) {
  const std::span<const Counter> all(kCounters);
  switch (generation) {
    case StatsGeneration::Second:
      return all.first(kSecondCounters);
    case StatsGeneration::Third:
      return all.first(kThirdCounters);
    case StatsGeneration::Fourth:
      return all;
  }
  return all;
}

ClientAccessesReply::Client read_client(ByteReader& from) {
  ClientAccessesReply::Client c;
  c.address = read_address(from).ip;
  for (std::uint32_t* n : {&c.ntp_hits, &c.nke_hits, &c.cmd_hits, &c.ntp_drops, &c.nke_drops, &c.cmd_drops}) {
    *n = from.u32();
  }
  for (std::int8_t* n : {&c.ntp_interval, &c.nke_interval, &c.cmd_interval, &c.limited_interval}) *n = from.i8();
  for (std::uint32_t* n : {&c.since_ntp, &c.since_nke, &c.since_cmd}) *n = from.u32();
  return c;
}

void write_client(ByteWriter& into, const ClientAccessesReply::Client& c) {
  write_address(into, c.address);
  for (const std::uint32_t n : {c.ntp_hits, c.nke_hits, c.cmd_hits, c.ntp_drops, c.nke_drops, c.cmd_drops}) {
    into.u32(n);
  }
  for (const std::int8_t n : {c.ntp_interval, c.nke_interval, c.cmd_interval, c.limited_interval}) into.i8(n);
  for (const std::uint32_t n : {c.since_ntp, c.since_nke, c.since_cmd}) into.u32(n);
}

}  // namespace

StatsGeneration stats_generation(std::size_t request_length) {
  const auto room_for = [&](ReplyCode code) {
    return request_length >= reply_length(static_cast<std::uint16_t>(code));
  };
  if (room_for(ReplyCode::ServerStats4)) return StatsGeneration::Fourth;
  return room_for(ReplyCode::ServerStats3) ? StatsGeneration::Third : StatsGeneration::Second;
}

ReplyCode code_of(const ServerStatsReply& reply) {
  switch (reply.generation) {
    case StatsGeneration::Second:
      return ReplyCode::ServerStats2;
    case StatsGeneration::Third:
      return ReplyCode::ServerStats3;
    case StatsGeneration::Fourth:
      break;
  }
  return ReplyCode::ServerStats4;
}

void write_body(ByteWriter& into, const ServerStatsReply& r) {
  const bool wide = r.generation == StatsGeneration::Fourth;
  for (const Counter counter : counters_of(r.generation)) {
    if (wide) {
      into.u64(r.*counter);
    } else {
      into.u32(static_cast<std::uint32_t>(r.*counter));  // cut, as chronyd's own counters ran over
    }
  }
  // Reserved, and told by chronyd to be unknown so.
  for (int i = 0; wide && i < kReservedWords; ++i) into.u32(0xffffffff);
}

ServerStatsReply read_server_stats(ByteReader& from, StatsGeneration generation) {
  ServerStatsReply r;
  r.generation = generation;
  for (const Counter counter : counters_of(generation)) {
    r.*counter = generation == StatsGeneration::Fourth ? from.u64() : from.u32();
  }
  return r;
}

ClientAccessesRequest read_client_accesses_request(ByteReader& from) {
  ClientAccessesRequest q;
  q.first = from.u32();
  q.count = from.u32();
  q.min_hits = from.u32();
  q.reset = from.u32() != 0;
  return q;
}

void write_body(ByteWriter& into, const ClientAccessesRequest& q) {
  into.u32(q.first);
  into.u32(q.count);
  into.u32(q.min_hits);
  into.u32(q.reset ? 1 : 0);
}

void write_body(ByteWriter& into, const ClientAccessesReply& r) {
  const std::size_t count = std::min(r.clients.size(), ClientAccessesReply::kMaxClients);
  into.u32(r.table_size);
  into.u32(r.next);
  into.u32(static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) write_client(into, r.clients[i]);
}

std::optional<ClientAccessesReply> read_client_accesses(ByteReader& from) {
  ClientAccessesReply r;
  r.table_size = from.u32();
  r.next = from.u32();
  const std::uint32_t count = from.u32();
  if (count > ClientAccessesReply::kMaxClients) return std::nullopt;
  for (std::uint32_t i = 0; i < count; ++i) r.clients.push_back(read_client(from));
  return r;
}

void write_body(ByteWriter& into, const RtcReply& r) {
  write_time(into, r.ref_time);
  into.u16(r.samples);
  into.u16(r.runs);
  into.u32(r.span_seconds);
  write_duration(into, r.fast);
  write_float(into, r.gain_ppm);
}

RtcReply read_rtc(ByteReader& from) {
  RtcReply r;
  r.ref_time = read_time(from);
  r.samples = from.u16();
  r.runs = from.u16();
  r.span_seconds = from.u32();
  r.fast = read_duration(from);
  r.gain_ppm = read_float(from);
  return r;
}

}  // namespace timed::control
