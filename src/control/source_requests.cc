#include "timed/control/source_requests.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace timed::control {
namespace {

constexpr std::size_t kNameSize = 256;

}  // namespace

WhichSources read_which_sources(ByteReader& from) {
  WhichSources which;
  which.mask = read_address(from);
  which.address = read_address(from);
  return which;
}

void write_which_sources(ByteWriter& into, const WhichSources& which) {
  write_address(into, which.mask);
  write_address(into, which.address);
}

AddSourceRequest read_add_source(ByteReader& from) {
  AddSourceRequest q;
  q.type = static_cast<AddSourceRequest::Type>(from.u32());
  const auto field = from.bytes(kNameSize);
  for (const std::byte b : field) {
    if (b == std::byte{0}) break;
    q.name.push_back(static_cast<char>(b));
  }
  q.name_complete = !field.empty() && field.back() == std::byte{0};
  q.port = from.u32();
  q.min_poll = from.i32();
  q.max_poll = from.i32();
  q.presend = from.i32();
  q.min_stratum = from.u32();
  q.poll_target = from.u32();
  q.version = from.u32();
  q.max_sources = from.u32();
  q.min_samples = from.i32();
  q.max_samples = from.i32();
  q.key = from.u32();
  q.nts_port = from.u32();
  q.max_delay = read_float(from);
  q.max_delay_ratio = read_float(from);
  q.max_delay_dev_ratio = read_float(from);
  q.min_delay = read_float(from);
  q.asymmetry = read_float(from);
  q.offset = read_float(from);
  q.flags = from.u32();
  q.filter = from.i32();
  q.cert_set = from.u32();
  q.max_delay_quantile = read_float(from);
  q.max_unreach = from.i32();
  return q;
}

void write_add_source(ByteWriter& into, const AddSourceRequest& q) {
  into.u32(static_cast<std::uint32_t>(q.type));
  const std::string_view name = std::string_view(q.name).substr(0, kNameSize - 1);
  into.bytes(std::as_bytes(std::span(name)));
  into.zeros(kNameSize - name.size());
  into.u32(q.port);
  into.i32(q.min_poll);
  into.i32(q.max_poll);
  into.i32(q.presend);
  into.u32(q.min_stratum);
  into.u32(q.poll_target);
  into.u32(q.version);
  into.u32(q.max_sources);
  into.i32(q.min_samples);
  into.i32(q.max_samples);
  into.u32(q.key);
  into.u32(q.nts_port);
  write_float(into, q.max_delay);
  write_float(into, q.max_delay_ratio);
  write_float(into, q.max_delay_dev_ratio);
  write_float(into, q.min_delay);
  write_float(into, q.asymmetry);
  write_float(into, q.offset);
  into.u32(q.flags);
  into.i32(q.filter);
  into.u32(q.cert_set);
  write_float(into, q.max_delay_quantile);
  into.i32(q.max_unreach);
}

}  // namespace timed::control
