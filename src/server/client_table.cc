#include "timed/server/client_table.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace timed::server {
namespace {

// chrony's measure: a record and a stamp of interleaved mode, and half as much again, which there is for growing and
// here for what is beside the records.
constexpr std::uint64_t kBytesOfRecord = (64 + 16) * 3 / 2;
constexpr std::uint64_t kMostSlots = 1u << 21;
constexpr std::uint16_t kMostDrops = 0xffff;
// 4 log2: a rate more than twice as high.
constexpr int kTwiceAsFast = 4;

// Of the 16-bit pieces of a word those that are a tag: the highest bit of each.  A piece above one that is may be among
// them wrongly, and is compared again.
std::uint64_t pieces_equal(std::uint64_t word, std::uint16_t tag) {
  constexpr std::uint64_t kOnes = 0x0001000100010001u, kHighest = 0x8000800080008000u;
  const std::uint64_t different = word ^ tag * kOnes;
  return (different - kOnes) & ~different & kHighest;
}

// A comparison of arrays is a call.
bool same_octets(const std::array<std::uint8_t, 16>& a, const std::array<std::uint8_t, 16>& b) {
  std::array<std::uint64_t, 2> x, y;
  std::memcpy(x.data(), a.data(), sizeof x);
  std::memcpy(y.data(), b.data(), sizeof y);
  return ((x[0] ^ y[0]) | (x[1] ^ y[1])) == 0;
}

IpAddress address_of(Family family, const std::array<std::uint8_t, 16>& octets) {
  if (family == Family::Inet6) return IpAddress::v6(octets);
  return IpAddress::v4(std::uint32_t{octets[0]} << 24 | std::uint32_t{octets[1]} << 16 | std::uint32_t{octets[2]} << 8 |
                       octets[3]);
}

bool one_in(int log2, std::uint64_t random) {
  return (random & ((std::uint64_t{1} << log2) - 1)) == 0;
}

}  // namespace

std::size_t ClientTable::records_in(std::uint64_t limit) {
  const std::uint64_t slots = std::clamp<std::uint64_t>(limit / (kBytesOfRecord * kWays), 1, kMostSlots);
  return static_cast<std::size_t>(std::bit_floor(slots)) * kWays;
}

ClientTable::ClientTable(std::size_t records, const ServiceLimits& limits, EntropyPool& entropy)
    : limits_(limits), entropy_(entropy), seed_{entropy.u64() | 1, entropy.u64() | 1}, phase_(entropy.u32()) {
  for (std::size_t i = 0; i < kServices; ++i) {
    if (limits.of[i].enabled) buckets_[i].emplace(limits.of[i]);
  }
  slots_.resize(std::bit_floor(std::max(records / kWays, std::size_t{1})));
  records_.resize(slots_.size() * kWays);
}

std::size_t ClientTable::find(const Slot& slot, std::size_t first, std::uint16_t tag, const IpAddress& address) const {
  const auto& octets = address.octets();
  for (unsigned candidates = candidates_in(slot, tag); candidates != 0; candidates &= candidates - 1) {
    const auto way = static_cast<std::size_t>(std::countr_zero(candidates));
    if (slot.tags[way] != tag || slot.families[way] != address.family()) continue;
    if (same_octets(records_[first + way].address, octets)) return way;
  }
  return kWays;
}

// A bit for each way that may have the tag.  Eight comparisons one by one cost more than all else that is done to find
// a client.
unsigned ClientTable::candidates_in(const Slot& slot, std::uint16_t tag) {
  static_assert(kWays == 8);
  // Four tags, the first lowest.
  const auto word = [&tags = slot.tags](std::size_t i) {
    if constexpr (std::endian::native == std::endian::little) {
      std::uint64_t four = 0;
      std::memcpy(&four, &tags[i], sizeof four);
      return four;
    }
    return std::uint64_t{tags[i]} | std::uint64_t{tags[i + 1]} << 16 | std::uint64_t{tags[i + 2]} << 32 |
           std::uint64_t{tags[i + 3]} << 48;
  };
  // Bits 15, 31, 47, 63 become 0 … 3.
  const auto gathered = [](std::uint64_t equal) {
    return static_cast<unsigned>((equal >> 15) * 0x0001000200040008u >> 48 & 15);
  };
  return gathered(pieces_equal(word(0), tag)) | gathered(pieces_equal(word(4), tag)) << 4;
}

void ClientTable::prefetch_record(std::uint64_t hash) const {
  const unsigned candidates = candidates_in(slots_[slot_of(hash)], tag_of(hash));
  if (candidates == 0) return;
  const auto way = static_cast<std::size_t>(std::countr_zero(candidates));
  __builtin_prefetch(&records_[slot_of(hash) * kWays + way], 1);
}

std::optional<ClientTable::Index> ClientTable::find(const IpAddress& address) const {
  const std::uint64_t h = hash(address);
  const std::size_t first = slot_of(h) * kWays;
  const std::size_t way = find(slots_[slot_of(h)], first, tag_of(h), address);
  if (way == kWays) return std::nullopt;
  return static_cast<Index>(first + way);
}

std::uint64_t ClientTable::hits_of(std::size_t index) const {
  std::uint64_t sum = 0;
  for (const State& state : records_[index].services) sum += state.hits;
  return sum;
}

// An empty one, or that of the client that was quiet for the longest; of several, that asked least.
std::size_t ClientTable::give_away(const Slot& slot, std::size_t first, Ticks now) const {
  std::size_t best = 0;
  for (std::size_t way = 0; way < kWays; ++way) {
    if (slot.tags[way] == 0) return way;
    const std::int32_t age = elapsed(now, slot.last[way]), oldest = elapsed(now, slot.last[best]);
    if (age > oldest || (age == oldest && hits_of(first + way) < hits_of(first + best))) best = way;
  }
  return best;
}

ClientTable::Index ClientTable::hit(const IpAddress& address, Service service, Ticks now) {
  const std::uint64_t h = hash(address);
  Slot& slot = slots_[slot_of(h)];
  const std::size_t first = slot_of(h) * kWays;
  const auto which = static_cast<std::size_t>(service);
  std::size_t way = find(slot, first, tag_of(h), address);
  if (way == kWays) {
    way = give_away(slot, first, now);
    if (slot.tags[way] != 0) ++forgotten_;
    slot.tags[way] = tag_of(h);
    slot.families[way] = address.family();
    records_[first + way] = Record{address.octets(), {}};
    for (std::size_t i = 0; i < kServices; ++i) {
      if (buckets_[i]) records_[first + way].services[i].tokens = buckets_[i]->full();
    }
  }
  slot.last[way] = now;
  State& state = records_[first + way].services[which];
  if (state.seen) {
    if (buckets_[which]) state.tokens = buckets_[which]->filled(state.tokens, now, state.last);
    const std::int32_t between = elapsed(now, state.last);
    std::int8_t& rate = state.dropped && service == Service::Ntp ? state.limited_rate : state.rate;
    if (between >= 0) rate = updated_rate(rate, between);
  }
  state.seen = true;
  state.last = now;
  ++state.hits;
  return static_cast<Index>(first + way);
}

Admission ClientTable::admit(Index client, Service service) {
  const auto which = static_cast<std::size_t>(service);
  if (!buckets_[which]) return Admission::Answer;
  const RateLimitOptions& limit = limits_.of[which];
  State& state = records_[client].services[which];
  state.dropped = false;
  if (state.tokens >= buckets_[which]->cost()) {
    state.tokens = static_cast<std::uint16_t>(state.tokens - buckets_[which]->cost());
    return Admission::Answer;
  }
  const std::uint64_t random = entropy_.u64();
  bool leaks = one_in(std::clamp(limit.leak, 1, 4), random);
  // Who asks more when he gets nothing is better answered.
  const bool insists = state.limited_rate != kUnknownRate && state.limited_rate > state.rate + kTwiceAsFast;
  if (insists) leaks = !leaks;
  if (leaks) {
    state.tokens = 0;
    return Admission::Answer;
  }
  if (limit.kod > 0 && one_in(std::min(limit.kod, 4), random >> 32)) return Admission::KissOfDeath;
  state.dropped = true;
  if (state.drops < kMostDrops) ++state.drops;
  return Admission::Drop;
}

void ClientTable::note_drop(const IpAddress& address, Service service) {
  const auto client = find(address);
  if (!client) return;
  State& state = records_[*client].services[static_cast<std::size_t>(service)];
  if (state.drops < kMostDrops) ++state.drops;
}

std::optional<ClientReport> ClientTable::report(std::size_t index, Ticks now) const {
  const Slot& slot = slots_[index / kWays];
  if (slot.tags[index % kWays] == 0) return std::nullopt;
  const Record& record = records_[index];
  ClientReport report;
  report.address = address_of(slot.families[index % kWays], record.address);
  for (std::size_t i = 0; i < kServices; ++i) {
    const State& state = record.services[i];
    ClientReport::PerService& to = report.services[i];
    to.hits = state.hits;
    to.drops = state.drops;
    to.interval = interval_of(state.rate);
    if (state.seen) to.seconds_ago = static_cast<std::uint32_t>(std::max(elapsed(now, state.last), 0)) >> kTicksLog2;
  }
  report.limited_interval = interval_of(record.services[static_cast<std::size_t>(Service::Ntp)].limited_rate);
  return report;
}

void ClientTable::reset(std::size_t index) {
  for (State& state : records_[index].services) {
    state.hits = 0;
    state.drops = 0;
  }
}

}  // namespace timed::server
