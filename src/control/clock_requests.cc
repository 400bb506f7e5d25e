#include "timed/control/clock_requests.h"

#include <algorithm>

namespace timed::control {
namespace {

constexpr std::uint32_t kSmoothingActive = 1;
constexpr std::uint32_t kSmoothingLeapOnly = 2;

LocalRequest read_local(ByteReader& from, bool old) {
  LocalRequest q;
  q.old = old;
  q.on = from.i32() != 0;
  q.stratum = from.i32();
  q.distance = read_duration(from);
  q.orphan = from.i32() != 0;
  if (old) return q;
  q.activate = read_duration(from);
  q.wait_synced = read_duration(from);
  q.wait_unsynced = read_duration(from);
  return q;
}

struct WriteBody {
  ByteWriter& into;

  void operator()(const MakestepRequest&) const {}
  void operator()(const ModifyMakestepRequest& q) const {
    into.i32(q.limit);
    write_duration(into, q.threshold);
  }
  void operator()(const ModifyMaxupdateskewRequest& q) const { write_float(into, q.ppm); }
  void operator()(const DfreqRequest& q) const { write_float(into, -q.ppm); }
  void operator()(const DoffsetRequest& q) const { write_duration(into, -q.offset); }
  void operator()(const SettimeRequest& q) const { write_time(into, q.time); }
  void operator()(const ManualRequest& q) const { into.i32(q.option); }
  void operator()(const ManualListRequest&) const {}
  void operator()(const SmoothtimeRequest& q) const { into.i32(q.option); }
  void operator()(const ManualDeleteRequest& q) const { into.i32(q.index); }
  void operator()(const LocalRequest& q) const {
    into.i32(q.on ? 1 : 0);
    into.i32(q.stratum);
    write_duration(into, q.distance);
    into.i32(q.orphan ? 1 : 0);
    if (q.old) return;
    write_duration(into, q.activate);
    write_duration(into, q.wait_synced);
    write_duration(into, q.wait_unsynced);
  }
  void operator()(const ReselectRequest&) const {}
  void operator()(const ReselectDistanceRequest& q) const { write_duration(into, q.distance); }
  void operator()(const ResetSourcesRequest&) const {}
  void operator()(const DumpRequest&) const { into.u32(0); }
};

}  // namespace

RequestCode code_of(const ClockRequest& request) {
  struct Code {
    RequestCode operator()(const MakestepRequest&) const { return RequestCode::Makestep; }
    RequestCode operator()(const ModifyMakestepRequest&) const { return RequestCode::ModifyMakestep; }
    RequestCode operator()(const ModifyMaxupdateskewRequest&) const { return RequestCode::ModifyMaxupdateskew; }
    RequestCode operator()(const DfreqRequest&) const { return RequestCode::Dfreq; }
    RequestCode operator()(const DoffsetRequest&) const { return RequestCode::Doffset2; }
    RequestCode operator()(const SettimeRequest&) const { return RequestCode::Settime; }
    RequestCode operator()(const ManualRequest&) const { return RequestCode::Manual; }
    RequestCode operator()(const ManualListRequest&) const { return RequestCode::ManualList; }
    RequestCode operator()(const ManualDeleteRequest&) const { return RequestCode::ManualDelete; }
    RequestCode operator()(const LocalRequest& q) const { return q.old ? RequestCode::Local2 : RequestCode::Local3; }
    RequestCode operator()(const ReselectRequest&) const { return RequestCode::Reselect; }
    RequestCode operator()(const ReselectDistanceRequest&) const { return RequestCode::Reselectdistance; }
    RequestCode operator()(const ResetSourcesRequest&) const { return RequestCode::ResetSources; }
    RequestCode operator()(const DumpRequest&) const { return RequestCode::Dump; }
    RequestCode operator()(const SmoothtimeRequest&) const { return RequestCode::Smoothtime; }
  };
  return std::visit(Code{}, request);
}

std::optional<ClockRequest> read_clock_request(RequestCode code, ByteReader& from) {
  switch (code) {
    case RequestCode::Makestep:
      return MakestepRequest{};
    case RequestCode::ModifyMakestep: {
      const std::int32_t limit = from.i32();
      return ModifyMakestepRequest{limit, read_duration(from)};
    }
    case RequestCode::ModifyMaxupdateskew:
      return ModifyMaxupdateskewRequest{read_float(from)};
    case RequestCode::Dfreq:
      return DfreqRequest{-read_float(from)};
    case RequestCode::Doffset2:
      return DoffsetRequest{-read_duration(from)};
    case RequestCode::Settime:
      return SettimeRequest{read_time(from)};
    case RequestCode::Manual:
      return ManualRequest{from.i32()};
    case RequestCode::ManualList:
      return ManualListRequest{};
    case RequestCode::ManualDelete:
      return ManualDeleteRequest{from.i32()};
    case RequestCode::Local2:
    case RequestCode::Local3:
      return read_local(from, code == RequestCode::Local2);
    case RequestCode::Reselect:
      return ReselectRequest{};
    case RequestCode::Reselectdistance:
      return ReselectDistanceRequest{read_duration(from)};
    case RequestCode::ResetSources:
      return ResetSourcesRequest{};
    case RequestCode::Dump:
      return DumpRequest{};
    case RequestCode::Smoothtime:
      return SmoothtimeRequest{from.i32()};
    default:
      return std::nullopt;
  }
}

void write_clock_request(ByteWriter& into, const ClockRequest& request) {
  std::visit(WriteBody{into}, request);
}

void write_body(ByteWriter& into, const ManualTimestampReply& r) {
  write_duration(into, -r.offset);
  write_float(into, -r.frequency_ppm);
  write_float(into, -r.absolute_ppm);
}

ManualTimestampReply read_manual_timestamp(ByteReader& from) {
  ManualTimestampReply r;
  r.offset = -read_duration(from);
  r.frequency_ppm = -read_float(from);
  r.absolute_ppm = -read_float(from);
  return r;
}

void write_body(ByteWriter& into, const ManualListReply& r) {
  const std::size_t count = std::min(r.entries.size(), ManualListReply::kMaxEntries);
  into.u32(static_cast<std::uint32_t>(count));
  for (std::size_t i = 0; i < count; ++i) {
    const ManualListReply::Entry& entry = r.entries[i];
    write_time(into, entry.when);
    write_duration(into, -entry.slewed);
    write_duration(into, -entry.original);
    write_duration(into, -entry.residual);
  }
}

std::optional<ManualListReply> read_manual_list(ByteReader& from) {
  const std::uint32_t count = from.u32();
  if (count > ManualListReply::kMaxEntries) return std::nullopt;
  ManualListReply r;
  for (std::uint32_t i = 0; i < count; ++i) {
    ManualListReply::Entry entry;
    entry.when = read_time(from);
    entry.slewed = -read_duration(from);
    entry.original = -read_duration(from);
    entry.residual = -read_duration(from);
    r.entries.push_back(entry);
  }
  return r;
}

void write_body(ByteWriter& into, const SmoothingReply& r) {
  into.u32((r.active ? kSmoothingActive : 0) | (r.leap_only ? kSmoothingLeapOnly : 0));
  write_duration(into, r.offset);
  write_float(into, r.frequency_ppm);
  write_float(into, r.wander_ppm);
  write_duration(into, r.since_update);
  write_duration(into, r.remaining);
}

SmoothingReply read_smoothing(ByteReader& from) {
  SmoothingReply r;
  const std::uint32_t flags = from.u32();
  r.active = (flags & kSmoothingActive) != 0;
  r.leap_only = (flags & kSmoothingLeapOnly) != 0;
  r.offset = read_duration(from);
  r.frequency_ppm = read_float(from);
  r.wander_ppm = read_float(from);
  r.since_update = read_duration(from);
  r.remaining = read_duration(from);
  return r;
}

}  // namespace timed::control
