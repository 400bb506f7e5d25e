// Arbitrary datagrams on the socket of an outstanding request.  Whatever comes, an association gives a sample only for
// a packet that returns its cookie, and a packet that is not a valid answer changes nothing but counters.
//
// Input: one octet of switches, then the datagram.  Switch 1 writes the right origin into it, so that the fuzzer gets
// past the cookie; switch 2 has the request answered already; switch 4 gives the source a history.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "timed/base/random.h"
#include "timed/discipline/source_stats.h"
#include "timed/discipline/timeline.h"
#include "timed/sources/association.h"

namespace {

using namespace timed;

constexpr std::int64_t kStart_s = 1'800'000'000;
constexpr std::size_t kOriginAt = 24;

void require(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

RawTime raw_at(double seconds) {
  return RawTime::from_seconds(kStart_s) + Duration::seconds(seconds);
}

discipline::PlacedStamp stamp_at(const discipline::Timeline& timeline, double seconds) {
  return *timeline.place({raw_at(seconds), Duration::zero(), env::StampSource::Kernel});
}

auto state_of(const sources::Association& a) {
  return std::tuple(a.mode(), a.poll(), a.poll_score(), a.reachability().bits, a.reachability().updates, a.stratum(),
                    a.leap(), a.unanswered(), a.counters().valid, a.counters().good, a.last_response().has_value());
}

void fill(discipline::SourceStats& stats, const discipline::Timeline& timeline) {
  for (int i = 0; i < 8; ++i) {
    discipline::Sample s;
    s.when = FreeTime::from_nanos(raw_at(-1000.0 + 64.0 * i).nanos());
    s.offset = WideDuration(Duration::micros(i % 3));
    s.peer_delay = Duration::micros(9500 + 100 * (i % 5));
    s.peer_dispersion = Duration::micros(1);
    stats.accumulate(s, timeline.view());
  }
}

struct World {
  World()
      : random([](std::span<std::byte> into) {
          for (std::byte& b : into) b = std::byte{0x5a};
        }),
        timeline(raw_at(-5000)),
        stats(discipline::StatsOptions{}, Duration::nanos(100)),
        association(sources::SourceLine{}, random) {
    association.go_online(now());
    const auto actions = association.on_timer({timeline.view(), {}, now()});
    const auto bytes = actions.find<sources::SendRequest>()->bytes();
    std::copy(bytes.begin(), bytes.end(), request.begin());
    association.on_sent(stamp_at(timeline, 0.0), now(), false);
  }
  discipline::Now now() const { return timeline.now(raw_at(0.02), MonoTime::from_seconds(100)); }
  sources::Received receive(std::span<const std::byte> datagram) {
    sources::OwnView own;
    own.serving = true;
    const sources::ResponseContext context{timeline.view(),  stats, own, ntp::RefId{0x7f000001}, Duration::nanos(100),
                                           Frequency::ppm(1)};
    return association.on_response(stamp_at(timeline, 0.01), ntp::PacketView::parse(datagram),
                                   IpAddress::v4(0x7f000001), context, now());
  }

  EntropyPool random;
  discipline::Timeline timeline;
  discipline::SourceStats stats;
  sources::Association association;
  std::array<std::byte, ntp::kHeaderSize> request;
};

bool returns_cookie(const World& world, std::span<const std::byte> datagram) {
  if (datagram.size() < ntp::kHeaderSize) return false;
  return std::equal(datagram.begin() + kOriginAt, datagram.begin() + kOriginAt + 8, world.request.begin() + 40);
}

void answer_request(World& world) {
  ntp::Header h;
  h.mode = ntp::Mode::Server;
  h.stratum = 1;
  h.origin = ntp::PacketView::parse(world.request).header().transmit;
  h.receive = h.transmit = ntp::NtpTimestamp::from(raw_at(0.005));
  std::array<std::byte, ntp::kHeaderSize> bytes;
  ntp::write_header(h, bytes);
  require(world.receive(bytes).verdict == sources::ResponseVerdict::Good, "the good answer is taken");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0 || size > 4096) return 0;
  const unsigned switches = data[0];
  const auto* const begin = reinterpret_cast<const std::byte*>(data);
  std::vector<std::byte> datagram(begin + 1, begin + size);
  World world;
  if ((switches & 2) != 0) answer_request(world);
  if ((switches & 4) != 0) fill(world.stats, world.timeline);
  if ((switches & 1) != 0 && datagram.size() >= ntp::kHeaderSize) {
    std::copy(world.request.begin() + 40, world.request.end(), datagram.begin() + kOriginAt);
  }
  const auto before = state_of(world.association);
  const auto counters = world.association.counters();
  const sources::Received result = world.receive(datagram);
  const bool valid = world.association.counters().valid != counters.valid;
  require(world.association.counters().received == counters.received + 1, "each datagram is counted");
  if (!valid) {
    require(state_of(world.association) == before, "what is not valid changes nothing");
    require(result.actions.size() == 0, "what is not valid causes nothing");
    return 0;
  }
  require(returns_cookie(world, datagram), "a valid packet returns the cookie");
  require((switches & 2) == 0, "only one response of a request is valid");
  if (const auto* taken = result.actions.find<sources::TakeSample>()) {
    const discipline::Sample& s = taken->sample;
    require(s.measured.is_finite() && s.peer_delay > Duration::zero() && s.peer_dispersion > Duration::zero(),
            "a sample is finite");
    require(s.root_delay >= s.peer_delay && s.root_dispersion >= s.peer_dispersion, "root values hold the peer's");
    world.stats.accumulate(s, world.timeline.view());
    sources::SampleOutcome outcome;
    outcome.prediction_error = abs(s.measured);
    outcome.distance = s.peer_dispersion + s.peer_delay * 0.5;
    outcome.samples = world.stats.samples();
    outcome.min_delay = world.stats.min_delay();
    world.association.on_sample_taken(outcome, world.now());
  }
  require(world.association.poll() >= 6 && world.association.poll() <= 10, "the poll stays within its limits");
  require(!world.receive(datagram).actions.find<sources::TakeSample>(), "a second copy gives no sample");
  return 0;
}
