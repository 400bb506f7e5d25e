#include "timed/control/source_changes.h"

#include <algorithm>
#include <cmath>

namespace timed::control {
namespace {

using Field = ModifySourceRequest::Field;

struct FieldRow {
  Field field;
  RequestCode code;
  bool whole;  // carried as a 32-bit number, else as a float
};
// In the order of Field.
constexpr FieldRow kFields[] = {
    {Field::MinPoll, RequestCode::ModifyMinpoll, true},
    {Field::MaxPoll, RequestCode::ModifyMaxpoll, true},
    {Field::MinStratum, RequestCode::ModifyMinstratum, true},
    {Field::PollTarget, RequestCode::ModifyPolltarget, true},
    {Field::MaxDelay, RequestCode::ModifyMaxdelay, false},
    {Field::MaxDelayRatio, RequestCode::ModifyMaxdelayratio, false},
    {Field::MaxDelayDevRatio, RequestCode::ModifyMaxdelaydevratio, false},
};

const FieldRow& row_of(Field field) {
  return kFields[static_cast<std::size_t>(field)];
}

// The options travel in the numbering of the request that adds a source.
struct Bit {
  std::uint32_t mark, wire;
};
constexpr Bit kBits[] = {{ModifySelectoptsRequest::kNoselect, 0x10},
                         {ModifySelectoptsRequest::kPrefer, 0x8},
                         {ModifySelectoptsRequest::kTrust, 0x20},
                         {ModifySelectoptsRequest::kRequire, 0x40}};

std::int32_t whole(double value) {
  constexpr double kLeast = -2147483648.0;
  constexpr double kMost = 2147483647.0;
  return static_cast<std::int32_t>(std::clamp(std::round(value), kLeast, kMost));
}

}  // namespace

RequestCode code_of(const ModifySourceRequest& request) {
  return row_of(request.field).code;
}

std::optional<ModifySourceRequest> read_modify_source(RequestCode code, ByteReader& from) {
  for (const FieldRow& row : kFields) {
    if (row.code != code) continue;
    ModifySourceRequest q;
    q.field = row.field;
    q.address = read_address(from);
    q.value = row.whole ? static_cast<double>(from.i32()) : read_float(from);
    return q;
  }
  return std::nullopt;
}

void write_body(ByteWriter& into, const ModifySourceRequest& q) {
  write_address(into, q.address);
  if (row_of(q.field).whole) {
    into.i32(whole(q.value));
  } else {
    write_float(into, q.value);
  }
}

ModifySelectoptsRequest read_modify_selectopts(ByteReader& from) {
  ModifySelectoptsRequest q;
  q.address = read_address(from);
  q.ref_id.value = from.u32();
  q.mask = from.u32() & 0xf;
  const std::uint32_t wire = from.u32();
  for (const Bit& bit : kBits) {
    if ((wire & bit.wire) != 0) q.options |= bit.mark;
  }
  return q;
}

void write_body(ByteWriter& into, const ModifySelectoptsRequest& q) {
  write_address(into, q.address);
  into.u32(q.ref_id.value);
  into.u32(q.mask);
  std::uint32_t wire = 0;
  for (const Bit& bit : kBits) {
    if ((q.options & bit.mark) != 0) wire |= bit.wire;
  }
  into.u32(wire);
}

ModifyOffsetRequest read_modify_offset(ByteReader& from) {
  ModifyOffsetRequest q;
  q.address = read_address(from);
  q.ref_id.value = from.u32();
  q.offset = read_duration(from);
  return q;
}

void write_body(ByteWriter& into, const ModifyOffsetRequest& q) {
  write_address(into, q.address);
  into.u32(q.ref_id.value);
  write_duration(into, q.offset);
}

}  // namespace timed::control
