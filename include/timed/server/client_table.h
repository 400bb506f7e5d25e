// What is known of who asked: when, how often, and whether they may ask again.  A table of fixed size, made at the
// start: nothing is allocated and nothing grows while serving, whoever asks.  Pure, and owned by one thread.
#ifndef TIMED_SERVER_CLIENT_TABLE_H_
#define TIMED_SERVER_CLIENT_TABLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/random.h"
#include "timed/server/rate_limit.h"

namespace timed::server {

// What is to become of a request.
enum class Admission : std::uint8_t { Answer, KissOfDeath, Drop };

// One client as reports have it.
struct ClientReport {
  struct PerService {
    std::uint32_t hits = 0;
    std::uint32_t drops = 0;                   // not answered because of the rate; stays at 65535
    std::int8_t interval = 127;                // log2 s of the mean interval between requests, 127 = unknown
    std::optional<std::uint32_t> seconds_ago;  // of the last hit
  };
  IpAddress address;
  std::array<PerService, kServices> services;
  std::int8_t limited_interval = 127;  // of NTP requests that follow one that was not answered
};

class ClientTable {
 public:
  static constexpr std::size_t kWays = 8;  // records that one hash value can be in

  // Records that fit into a limit of bytes together with as many stamps of interleaved mode; never none.
  static std::size_t records_in(std::uint64_t limit);

  // records is rounded down to a power of two, kWays at least.  The seed of the table's hash and of the phase of its
  // time comes from the entropy, which outlives the table: nobody outside can choose who shares a slot.
  ClientTable(std::size_t records, const ServiceLimits& limits, EntropyPool& entropy);

  // Which record a client has; stays his until somebody else needs it.
  using Index = std::uint32_t;

  // Ask the processor for what a hit() will need, in two steps with other work in between: the second needs what the
  // first has brought, and its answer.
  std::uint64_t prefetch_slot(const IpAddress& address) const {
    const std::uint64_t h = hash(address);
    __builtin_prefetch(&slots_[slot_of(h)], 1);
    return h;
  }
  void prefetch_record(std::uint64_t hash) const;
  // A request has come.  now: of a clock that may be stepped; what lies in the future is as if it were now.
  Index hit(const IpAddress& address, Service service, Ticks now);
  // Whether the rate of the client allows an answer to the request that was just noted.
  Admission admit(Index client, Service service);
  // A request that was noted was dropped for a reason of somebody else's.
  void note_drop(const IpAddress& address, Service service);
  // The moment as the table counts.
  Ticks ticks(std::int64_t nanoseconds) const {
    return static_cast<Ticks>(static_cast<std::uint64_t>(nanoseconds / kNanosInTick)) + phase_;
  }

  std::size_t size() const { return records_.size(); }  // with those that are empty
  // Nothing for a record that is empty.
  std::optional<ClientReport> report(std::size_t index, Ticks now) const;
  // Hits and drops of a record begin anew.
  void reset(std::size_t index);
  std::optional<Index> find(const IpAddress& address) const;
  // Clients that were forgotten for others.
  std::uint64_t forgotten() const { return forgotten_; }

 private:
  static constexpr std::int64_t kNanosInTick = 1'000'000'000 >> kTicksLog2;

  struct State {
    Ticks last = 0;
    std::uint32_t hits = 0;
    std::uint16_t drops = 0;
    std::uint16_t tokens = 0;
    std::int8_t rate = kUnknownRate;
    std::int8_t limited_rate = kUnknownRate;  // of what follows a request that was dropped; NTP only
    bool seen = false;
    bool dropped = false;  // the last request was
  };
  // A cache line each: what decides about a request, and nothing of another client.
  struct alignas(64) Record {
    std::array<std::uint8_t, 16> address;
    std::array<State, kServices> services;
  };
  static_assert(sizeof(Record) == 64);
  // What is looked at to find a record, or one to give away, in one cache line.
  struct alignas(64) Slot {
    std::array<std::uint16_t, kWays> tags{};  // 0 = empty
    std::array<Ticks, kWays> last{};          // hit of any service
    std::array<Family, kWays> families{};
  };
  static_assert(sizeof(Slot) == 64);

  // A multiplication with secret factors, and nobody who does not know them can aim at a slot.  What it makes of
  // neighbours differs by multiples of one number, whose low bits may all be zeros: the second one brings the others to
  // the slot.
  std::uint64_t hash(const IpAddress& address) const {
    __extension__ using Wide = unsigned __int128;
    std::array<std::uint64_t, 2> words;
    std::memcpy(words.data(), address.octets().data(), sizeof words);
    words[1] ^= static_cast<std::uint64_t>(address.family()) << 56;  // no octet of IPv4 is there
    const Wide product = static_cast<Wide>(words[0] ^ seed_[0]) * (words[1] ^ seed_[1]);
    const std::uint64_t folded = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
    const std::uint64_t spread = (folded ^ folded >> 32) * kSpread;
    return spread ^ spread >> 32;
  }
  std::size_t slot_of(std::uint64_t hash) const { return hash & (slots_.size() - 1); }
  static std::uint16_t tag_of(std::uint64_t hash) {
    const auto tag = static_cast<std::uint16_t>(hash >> 48);
    return tag != 0 ? tag : 1;
  }
  static unsigned candidates_in(const Slot& slot, std::uint16_t tag);
  // Its place among the ways; kWays where it is not there.
  std::size_t find(const Slot& slot, std::size_t first, std::uint16_t tag, const IpAddress& address) const;
  std::size_t give_away(const Slot& slot, std::size_t first, Ticks now) const;
  std::uint64_t hits_of(std::size_t index) const;

  static constexpr std::uint64_t kSpread = 0x9e3779b97f4a7c15u;  // 2^64 by the golden ratio: its bits have no pattern

  std::array<std::optional<TokenBucket>, kServices> buckets_;
  ServiceLimits limits_;
  EntropyPool& entropy_;
  std::array<std::uint64_t, 2> seed_;
  Ticks phase_;
  std::vector<Slot> slots_;
  std::vector<Record> records_;
  std::uint64_t forgotten_ = 0;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_CLIENT_TABLE_H_
