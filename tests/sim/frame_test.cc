// The simulator itself, with daemons of a few lines on its machines.
#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <functional>

#include "tests/sim/machine.h"
#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::sim {
namespace {

// Counts turns and runs what a test gives it.
class Program : public env::TurnTaker {
 public:
  explicit Program(Machine& machine) : machine_(machine) { machine_.loop().run_daemon(this); }
  ~Program() override { machine_.loop().run_daemon(nullptr); }

  void begin_turn(Duration how_late) override {
    latest = std::max(latest, how_late);
    EXPECT_FALSE(in_turn);
    in_turn = true;
  }
  void end_turn() override {
    EXPECT_TRUE(in_turn);
    in_turn = false;
    ++turns;
  }
  void on_hangup() override { ++hangups; }
  bool wants_exit() const override { return exit; }

  // A socket that hands each datagram to a function.
  std::unique_ptr<env::UdpSocket> open(env::UdpOptions options, std::function<void(const env::Datagram&)> fn) {
    auto socket = machine_.sockets().open_udp(options);
    if (!socket) {
      ADD_FAILURE() << socket.error().message;
      return nullptr;
    }
    env::UdpSocket* raw = socket->get();
    raw->on_readable([this, raw, fn = std::move(fn)] {
      EXPECT_TRUE(in_turn);
      std::array<env::Datagram, 4> batch;
      const std::size_t count = raw->receive(batch);
      for (std::size_t i = 0; i < count; ++i) fn(batch[i]);
    });
    return socket.take();
  }

  Duration latest;  // of all turns
  bool in_turn = false;
  bool exit = false;
  int turns = 0;
  int hangups = 0;

 private:
  Machine& machine_;
};

env::Datagram datagram_to(const Endpoint& peer, std::string_view text) {
  env::Datagram datagram;
  datagram.peer = peer;
  datagram.size = text.size();
  std::memcpy(datagram.data.data(), text.data(), text.size());
  return datagram;
}
env::SendResult send_text(env::UdpSocket& socket, const Endpoint& peer, std::string_view text) {
  std::array<env::Datagram, 1> batch{datagram_to(peer, text)};
  return socket.send(batch);
}
std::string text_of(const env::Datagram& datagram) {
  return {reinterpret_cast<const char*>(datagram.data.data()), datagram.size};
}
Endpoint endpoint(std::string_view address, std::uint16_t port) {
  return {*IpAddress::parse(address), port, 0};
}
env::UdpOptions bound(std::string_view address, std::uint16_t port = 0) {
  env::UdpOptions options;
  options.local = endpoint(address, port);
  return options;
}

struct Pair {
  explicit Pair(std::uint64_t seed, ClockModel clock_a = {}, SocketsModel sockets_a = {})
      : world(seed),
        shared(world),
        a(shared, {.name = "a", .sockets = with_addresses(sockets_a), .clock = clock_a}),
        b(shared, {.name = "b", .sockets = {.addresses = addresses({"10.0.0.2", "fd00::2"})}}),
        on_a(a),
        on_b(b) {}
  static SocketsModel with_addresses(SocketsModel model) {
    model.addresses = addresses({"10.0.0.1", "fd00::1"});
    return model;
  }

  World world;
  Shared shared;
  Machine a, b;
  Program on_a, on_b;
};

Link link_of(Duration delay) {
  Link link;
  link.delay = delay;
  return link;
}

// ---- world ----

TEST(World, RunsEventsInOrderOfTimeThenCreation) {
  World world(1);
  std::string order;
  world.after(Duration::seconds(2), [&] { order += 'c'; });
  world.after(Duration::seconds(1), [&] { order += 'a'; });
  world.after(Duration::seconds(1), [&] {
    order += 'b';
    world.after(Duration::zero(), [&] { order += 'x'; });
  });
  const auto cancelled = world.after(Duration::seconds(1), [&] { order += '!'; });
  world.cancel(cancelled);
  world.run_for(Duration::seconds(1.5));
  EXPECT_EQ(order, "abx");
  EXPECT_EQ(world.elapsed(), Duration::seconds(1.5));
  world.run_for(Duration::seconds(1.5));
  EXPECT_EQ(order, "abxc");
  EXPECT_EQ(world.events_run(), 4u);
}

TEST(World, RunUntilTrueStopsEarlyOrGivesUp) {
  World world(1);
  bool happened = false;
  world.after(Duration::seconds(3), [&] { happened = true; });
  EXPECT_TRUE(world.run_until_true([&] { return happened; }, Duration::seconds(10)));
  EXPECT_EQ(world.elapsed(), Duration::seconds(3));
  EXPECT_FALSE(world.run_until_true([] { return false; }, Duration::seconds(10)));
  EXPECT_EQ(world.elapsed(), Duration::seconds(13));
}

TEST(World, ReplayHintNamesTheSeed) {
  World world(42);
  EXPECT_NE(world.replay_hint().find("TIMED_SIM_SEED=42"), std::string::npos);
}

// ---- clock ----

TEST(Clock, OffsetFrequencySteeringAndStep) {
  World world(2);
  SimClock clock(world, {.start_error = Duration::millis(100), .frequency_error = Frequency::ppm(100)});
  EXPECT_NEAR(clock.error().to_seconds(), 0.1, 1e-9);
  world.run_for(Duration::seconds(1000));
  EXPECT_NEAR(clock.error().to_seconds(), 0.1 + 0.1, 2e-9);
  EXPECT_NEAR(clock.frequency_error().to_ppm(), 100.0, 1e-9);
  ASSERT_TRUE(clock.start(true).ok());

  const auto taken = clock.set_frequency(Frequency::ppm(-100.003));
  ASSERT_TRUE(taken.ok());
  EXPECT_NEAR(taken->to_ppm(), -100.003, 1.6e-5) << "the kernel rounds to 2^-16 ppm";
  EXPECT_NE(taken->to_ppm(), -100.003);
  const double left = 1e-4 + taken->to_ratio() + 1e-4 * taken->to_ratio();
  EXPECT_NEAR(clock.frequency_error().to_ratio(), left, 1e-15);
  const MonoTime mono = clock.mono_now();
  world.run_for(Duration::seconds(10000));
  EXPECT_NEAR(clock.error().to_seconds(), 0.2 + 10000 * left, 2e-9);
  EXPECT_NEAR((clock.mono_now() - mono).to_seconds(), 10000 * (1 + left), 2e-9);

  const Duration before = clock.error();
  const MonoTime mono_before = clock.mono_now();
  ASSERT_TRUE(clock.step(Duration::seconds(-3)).ok());
  EXPECT_NEAR((clock.error() - before).to_seconds(), -3, 1e-9);
  EXPECT_EQ(clock.mono_now(), mono_before);
  EXPECT_EQ(clock.steps(), std::vector<Duration>{Duration::seconds(-3)});
}

TEST(Clock, RefusesWithoutPermission) {
  World world(3);
  SimClock clock(world, {.may_steer = false});
  const auto state = clock.start(true);
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state->may_steer);
  const auto taken = clock.set_frequency(Frequency::ppm(1));
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().kind, ErrorKind::Permission);
  EXPECT_FALSE(clock.step(Duration::seconds(1)).ok());
  EXPECT_EQ(clock.error(), Duration::zero());
}

TEST(Clock, WanderIsARandomWalkOfTheFrequency) {
  // Over T seconds the frequency of many clocks spreads by wander * sqrt(T), their phase by wander * sqrt(T^3 / 3).
  constexpr double kWander = 1e-8, kSpan_s = 400.0;
  constexpr int kClocks = 2000;
  double frequency2 = 0.0, phase2 = 0.0;
  World world(4);
  std::vector<std::unique_ptr<SimClock>> clocks;
  for (int i = 0; i < kClocks; ++i) clocks.push_back(std::make_unique<SimClock>(world, ClockModel{.wander = kWander}));
  world.run_for(Duration::seconds(kSpan_s));
  for (const auto& clock : clocks) {
    frequency2 += std::pow(clock->bare_frequency_error().to_ratio(), 2) / kClocks;
    phase2 += std::pow(clock->error().to_seconds(), 2) / kClocks;
  }
  EXPECT_NEAR(std::sqrt(frequency2) / (kWander * std::sqrt(kSpan_s)), 1.0, 0.06);
  EXPECT_NEAR(std::sqrt(phase2) / (kWander * std::sqrt(std::pow(kSpan_s, 3) / 3)), 1.0, 0.06);
}

TEST(Clock, WanderDoesNotDependOnWhoReads) {
  const auto run = [](int readings) {
    World world(5);
    SimClock clock(world, {.frequency_error = Frequency::ppm(3), .wander = 1e-8});
    for (int i = 0; i < readings; ++i) {
      world.run_for(Duration::seconds(1000.0 / readings));
      clock.now();
    }
    return clock.bare_frequency_error();
  };
  EXPECT_EQ(run(1), run(1000));
}

TEST(Clock, ReadingsAreNoisyAndRounded) {
  World world(6);
  SimClock clock(world, {.resolution = Duration::nanos(100), .read_noise = Duration::micros(1)});
  Duration largest;
  for (int i = 0; i < 1000; ++i) {
    const RawTime time = clock.now();
    EXPECT_EQ(time.nanos() % 100, 0);
    const Duration late = time - clock.exact_now();
    EXPECT_GT(late, Duration::nanos(-100));
    EXPECT_LE(late, Duration::micros(1));
    largest = std::max(largest, late);
  }
  EXPECT_GT(largest, Duration::nanos(800));
}

// ---- timers and loop ----

TEST(Timers, FollowTheMachinesOwnClock) {
  Pair pair(7, {.frequency_error = Frequency::ppm(-1000), .wander = 1e-7});
  TrueTime fired;
  MonoTime fired_mono;
  env::Timer timer(pair.a.loop().timers(), [&] {
    fired = pair.world.now();
    fired_mono = pair.a.clock().mono_now();
  });
  timer.arm_in(Duration::seconds(1000));
  const MonoTime deadline = timer.when();
  pair.world.run_for(Duration::seconds(1100));
  EXPECT_NEAR((fired - kWorldStart).to_seconds(), 1001.001, 0.001);
  EXPECT_GE(fired_mono, deadline);
  EXPECT_LT(fired_mono - deadline, Duration::nanos(10));
}

TEST(Timers, AreArmedAnewWhenTheRateChanges) {
  Pair pair(8);
  TrueTime fired;
  env::Timer timer(pair.a.loop().timers(), [&] { fired = pair.world.now(); });
  timer.arm_in(Duration::seconds(100));
  pair.world.run_for(Duration::seconds(50));
  ASSERT_TRUE(pair.a.clock().set_frequency(Frequency::ppm(100000)).ok());
  pair.world.run_for(Duration::seconds(50));
  EXPECT_NEAR((fired - kWorldStart).to_seconds(), 50 + 50 / 1.1, 1e-6);
}

TEST(Timers, EqualDeadlinesRunInOrderAndNewOnesWait) {
  Pair pair(9);
  env::Timers& timers = pair.a.loop().timers();
  const MonoTime when = timers.now() + Duration::seconds(1);
  std::string order;
  timers.call_at(when, [&] {
    order += 'a';
    timers.call_at(when, [&] { order += std::to_string(pair.on_a.turns); });
  });
  const auto cancelled = timers.call_at(when, [&] { order += '!'; });
  timers.call_at(when, [&] { order += 'b'; });
  timers.cancel(cancelled);
  pair.world.run_for(Duration::seconds(2));
  EXPECT_EQ(order, "ab1");
}

TEST(Timers, FarDeadlinesAreReached) {
  Pair pair(10, {.frequency_error = Frequency::ppm(50), .wander = 1e-9});
  bool fired = false;
  pair.a.loop().timers().call_at(pair.a.clock().mono_now() + Duration::seconds(100000), [&] { fired = true; });
  pair.world.run_for(Duration::seconds(99990));
  EXPECT_FALSE(fired);
  pair.world.run_for(Duration::seconds(20));
  EXPECT_TRUE(fired);
}

TEST(Loop, APauseLeavesOneTurnForAllThatCameMeanwhile) {
  Pair pair(16);
  std::string order;
  const auto server = pair.on_b.open(bound("0.0.0.0", 123), [&](const env::Datagram& d) { order += text_of(d); });
  const auto client = pair.on_a.open(bound("0.0.0.0"), [](const env::Datagram&) {});
  const MonoTime start = pair.b.clock().mono_now();
  pair.b.loop().timers().call_at(start + Duration::seconds(30), [&] { order += " timer"; });
  pair.b.loop().timers().call_at(start + Duration::seconds(1000), [&] { order += " later"; });
  pair.b.loop().post_at(pair.world.now() + Duration::seconds(20), [&] { order += "posted "; });
  pair.b.loop().pause(Duration::seconds(600));
  ASSERT_EQ(send_text(*client, endpoint("10.0.0.2", 123), "packet").sent, 1u);
  pair.world.run_for(Duration::seconds(599));
  EXPECT_EQ(pair.on_b.turns, 0);
  pair.world.run_for(Duration::seconds(2));
  EXPECT_EQ(order, "posted packet timer");
  EXPECT_EQ(pair.on_b.turns, 1);
  EXPECT_NEAR(pair.on_b.latest.to_seconds(), 570, 0.1);
  pair.world.run_for(Duration::seconds(600));
  EXPECT_EQ(order, "posted packet timer later");
  EXPECT_NEAR(pair.on_b.latest.to_seconds(), 570, 0.1) << "on time";
}

TEST(Loop, ExitHangupAndLog) {
  Pair pair(11);
  pair.a.loop().hang_up();
  pair.a.loop().timers().call_at(pair.a.clock().mono_now(), [] { log::info("of a"); });
  pair.b.loop().timers().call_at(pair.b.clock().mono_now(), [] { log::info("of b"); });
  bool ended = false;
  pair.b.loop().on_exit([&] { ended = true; });
  pair.on_b.exit = true;
  log::info("of nobody");
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(pair.on_a.hangups, 1);
  EXPECT_EQ(pair.a.log().lines().size(), 1u);
  EXPECT_TRUE(pair.a.log().contains("of a"));
  EXPECT_TRUE(pair.b.log().contains("of b"));
  EXPECT_TRUE(ended);
}

// ---- network ----

TEST(Network, DeliversWithStampsAndEndpoints) {
  Pair pair(12, {.start_error = Duration::seconds(1)});
  pair.shared.network.set_default_link(link_of(Duration::millis(20)));
  env::Datagram got;
  TrueTime arrived;
  const auto server = pair.on_b.open(bound("0.0.0.0", 123), [&](const env::Datagram& d) {
    got = d;
    arrived = pair.world.now();
  });
  const auto client = pair.on_a.open(bound("0.0.0.0"), [](const env::Datagram&) {});
  ASSERT_EQ(send_text(*client, endpoint("10.0.0.2", 123), "hello").sent, 1u);
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(text_of(got), "hello");
  EXPECT_EQ(got.peer, endpoint("10.0.0.1", client->local_endpoint().port));
  EXPECT_EQ(got.local, *IpAddress::parse("10.0.0.2"));
  // 5 us to leave, 20 ms on the way, 10 us until b wakes up.
  EXPECT_EQ(arrived.nanos() - kWorldStart.nanos(), 20'015'000);
  EXPECT_EQ(got.stamp.source, env::StampSource::Kernel);
  EXPECT_EQ(got.stamp.time.nanos() - kWorldStart.nanos(), 20'005'000) << "by the clock of b, which is right";
  EXPECT_EQ(pair.on_b.turns, 1);
}

TEST(Network, TransmitStampsComeLaterAndOnlyWhenAsked) {
  Pair pair(13);
  env::UdpOptions options = bound("0.0.0.0");
  options.remote = endpoint("10.0.0.2", 123);
  options.transmit_stamps = true;
  auto socket = pair.a.sockets().open_udp(options);
  ASSERT_TRUE(socket.ok());
  std::vector<env::TransmitStamp> stamps;
  (*socket)->on_readable([&] {
    std::array<env::TransmitStamp, 4> batch;
    const std::size_t count = (*socket)->transmit_stamps(batch);
    stamps.insert(stamps.end(), batch.begin(), batch.begin() + static_cast<std::ptrdiff_t>(count));
  });
  std::array<env::Datagram, 1> batch{datagram_to({}, "x")};
  ASSERT_EQ((*socket)->send(batch).sent, 1u);
  EXPECT_EQ(batch[0].stamp.source, env::StampSource::Daemon);
  EXPECT_TRUE(stamps.empty());
  pair.world.run_for(Duration::seconds(1));
  ASSERT_EQ(stamps.size(), 1u);
  EXPECT_EQ(stamps[0].id, batch[0].stamp_id);
  EXPECT_EQ(stamps[0].stamp.source, env::StampSource::Kernel);
  EXPECT_EQ(stamps[0].stamp.time.nanos() - batch[0].stamp.time.nanos(), 5000);

  const auto plain = pair.on_a.open(bound("0.0.0.0"), [](const env::Datagram&) {});
  send_text(*plain, endpoint("10.0.0.2", 123), "x");
  const int turns = pair.on_a.turns;
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(pair.on_a.turns, turns) << "no stamp was asked for, so nothing woke the machine";
}

TEST(Network, WithoutKernelStampsTheDaemonTakesThem) {
  Pair pair(14, {}, {.kernel_stamps = false});
  env::Datagram got;
  const auto receiver = pair.on_a.open(bound("0.0.0.0", 123), [&](const env::Datagram& d) { got = d; });
  const auto sender = pair.on_b.open(bound("0.0.0.0"), [](const env::Datagram&) {});
  send_text(*sender, endpoint("10.0.0.1", 123), "x");
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(got.stamp.source, env::StampSource::Daemon);
  EXPECT_NEAR(WideDuration::between(got.stamp.time, kWorldStart).to_duration().to_seconds(), 115e-6, 20e-9);
}

TEST(Network, PortsInUseAndAddressesThatAreNotThere) {
  Pair pair(15);
  const auto first = pair.on_a.open(bound("0.0.0.0", 123), [](const env::Datagram&) {});
  const auto second = pair.a.sockets().open_udp(bound("10.0.0.1", 123));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::AddressInUse);
  EXPECT_TRUE(pair.a.sockets().open_udp(bound("::", 123)).ok()) << "the other family has ports of its own";
  EXPECT_TRUE(pair.b.sockets().open_udp(bound("0.0.0.0", 123)).ok());
  const auto foreign = pair.a.sockets().open_udp(bound("10.0.0.9", 123));
  ASSERT_FALSE(foreign.ok());
  EXPECT_EQ(foreign.error().kind, ErrorKind::NoAddress);

  World world(15);
  Shared shared(world);
  Machine v4_only(shared, {.name = "c", .sockets = {.addresses = addresses({"10.0.0.3"})}});
  env::UdpOptions options = bound("::");
  options.remote = endpoint("fd00::2", 123);
  const auto no_route = v4_only.sockets().open_udp(options);
  ASSERT_FALSE(no_route.ok());
  EXPECT_EQ(no_route.error().kind, ErrorKind::NoAddress);
}

TEST(Network, ConnectedSocketsHearOnlyTheirPeer) {
  Pair pair(16);
  std::string heard, other;
  env::UdpOptions options = bound("fd00::1", 5000);
  options.remote = endpoint("fd00::2", 6000);
  const auto connected = pair.on_a.open(options, [&](const env::Datagram& d) { heard += text_of(d); });
  const auto peer = pair.on_b.open(bound("fd00::2", 6000), [&](const env::Datagram& d) { other += text_of(d); });
  const auto stranger = pair.on_b.open(bound("fd00::2", 6001), [](const env::Datagram&) {});
  int no_socket = 0;
  pair.shared.network.set_tap([&](const PacketEvent& event) {
    if (event.arrival && event.fate == Fate::NoSocket) ++no_socket;
  });
  send_text(*connected, {}, "?");
  send_text(*peer, endpoint("fd00::1", 5000), "yes");
  send_text(*stranger, endpoint("fd00::1", 5000), "no");
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(heard, "yes");
  EXPECT_EQ(other, "?");
  EXPECT_EQ(no_socket, 1);
}

TEST(Network, ASocketMayBeDestroyedByItsOwnFunction) {
  Pair pair(17);
  std::unique_ptr<env::UdpSocket> socket = pair.on_a.open(bound("0.0.0.0", 123), [](const env::Datagram&) {});
  int calls = 0;
  socket->on_readable([&calls, &socket, keep = std::string(100, 'x')] {
    socket.reset();
    calls += keep.size() == 100 ? 1 : 0;
  });
  const auto sender = pair.on_b.open(bound("0.0.0.0"), [](const env::Datagram&) {});
  send_text(*sender, endpoint("10.0.0.1", 123), "1");
  send_text(*sender, endpoint("10.0.0.1", 123), "2");
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(pair.a.sockets().open_sockets(), 0u);
}

// What happens to many packets, and when they arrive.
struct Traffic {
  explicit Traffic(Pair& the_pair) : pair(the_pair) {
    receiver = pair.on_b.open(bound("0.0.0.0", 123), [this](const env::Datagram& d) {
      arrivals.push_back(std::stoi(text_of(d)));
      stamps.push_back(d.stamp.time);
    });
    sender = pair.on_a.open(bound("0.0.0.0"), [](const env::Datagram&) {});
  }
  void send(int count, Duration interval) {
    for (int i = 0; i < count; ++i) {
      sent.push_back(pair.world.now());
      send_text(*sender, endpoint("10.0.0.2", 123), std::to_string(i));
      pair.world.run_for(interval);
    }
    pair.world.run_for(Duration::seconds(1));
  }
  int out_of_order() const {
    int count = 0;
    for (std::size_t i = 1; i < arrivals.size(); ++i) count += arrivals[i] < arrivals[i - 1] ? 1 : 0;
    return count;
  }

  Pair& pair;
  std::unique_ptr<env::UdpSocket> receiver, sender;
  std::vector<TrueTime> sent;
  std::vector<int> arrivals;
  std::vector<RawTime> stamps;
};

TEST(Network, LossDuplicationAndReordering) {
  Pair pair(18);
  Link link = link_of(Duration::millis(1));
  link.loss = 0.2;
  link.duplication = 0.1;
  link.reordering = 0.05;
  pair.shared.network.set_link("a", "b", link);
  Traffic traffic(pair);
  traffic.send(10000, Duration::millis(2));
  EXPECT_NEAR(static_cast<double>(traffic.arrivals.size()), 10000 * 0.8 * 1.1, 250);
  EXPECT_NEAR(traffic.out_of_order(), 10000 * 0.8 * 1.1 * 0.05, 80);
}

TEST(Network, JitterIsExponentialOnTopOfTheDelay) {
  Pair pair(19);
  Link link = link_of(Duration::millis(1));
  link.jitter = Duration::micros(100);
  pair.shared.network.set_asymmetric_link("a", "b", link, Duration::millis(3), Duration::millis(1));
  Traffic traffic(pair);
  traffic.send(10000, Duration::millis(10));
  ASSERT_EQ(traffic.arrivals.size(), 10000u);
  double sum = 0.0, squares = 0.0, smallest = 1.0;
  for (std::size_t i = 0; i < traffic.stamps.size(); ++i) {
    const double extra =
        WideDuration::between(traffic.stamps[i], traffic.sent[i]).to_duration().to_seconds() - 3.005e-3;
    sum += extra;
    squares += extra * extra;
    smallest = std::min(smallest, extra);
  }
  EXPECT_NEAR(sum / 10000, 1e-4, 4e-6);
  EXPECT_NEAR(squares / 10000, 2e-8, 2e-9);
  EXPECT_GE(smallest, -1e-9);
  EXPECT_LT(smallest, 1e-6);
}

TEST(Network, PartitionsAndMissingHosts) {
  Pair pair(20);
  Traffic traffic(pair);
  std::vector<Fate> fates;
  pair.shared.network.set_tap([&](const PacketEvent& event) {
    if (!event.arrival) fates.push_back(event.fate);
  });
  pair.shared.network.set_cut_off("b", true);
  traffic.send(1, Duration::seconds(1));
  pair.shared.network.set_cut_off("b", false);
  traffic.send(1, Duration::seconds(1));
  send_text(*traffic.sender, endpoint("10.0.0.77", 123), "x");
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(fates, (std::vector<Fate>{Fate::Lost, Fate::Delivered, Fate::NoHost}));
  EXPECT_EQ(traffic.arrivals.size(), 1u);
}

TEST(Network, RefusedSendsAndFullQueues) {
  Pair pair(21);
  Traffic traffic(pair);
  pair.a.sockets().refuse_sends(1);
  std::array<env::Datagram, 2> batch{datagram_to(endpoint("10.0.0.2", 123), "1"),
                                     datagram_to(endpoint("10.0.0.2", 123), "2")};
  const auto refused = traffic.sender->send(batch);
  EXPECT_EQ(refused.sent, 0u);
  EXPECT_TRUE(refused.refused.has_value());
  EXPECT_EQ(traffic.sender->send(batch).sent, 2u);
  const auto wrong_family = send_text(*traffic.sender, endpoint("fd00::2", 123), "x");
  EXPECT_TRUE(wrong_family.refused.has_value());

  int overflows = 0;
  pair.shared.network.set_tap([&](const PacketEvent& event) { overflows += event.fate == Fate::Overflow ? 1 : 0; });
  auto deaf = pair.b.sockets().open_udp(bound("0.0.0.0", 7));
  ASSERT_TRUE(deaf.ok());
  for (int i = 0; i < 300; ++i) send_text(*traffic.sender, endpoint("10.0.0.2", 7), "x");
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(overflows, 300 - 256);
}

TEST(Network, UnixSockets) {
  Pair pair(22);
  auto socket = pair.a.sockets().open_unix({.path = "/run/x.sock"});
  ASSERT_TRUE(socket.ok());
  (*socket)->on_readable([&] {
    EXPECT_TRUE(pair.on_a.in_turn);
    const auto message = (*socket)->receive();
    ASSERT_TRUE(message.has_value());
    EXPECT_TRUE((*socket)->reply(message->reply_path, message->bytes()).ok());
  });
  const std::vector<std::byte> bytes(3, std::byte{7});
  EXPECT_FALSE(pair.a.sockets().send_unix("/run/y.sock", bytes, "/tmp/me"));
  EXPECT_TRUE(pair.a.sockets().send_unix("/run/x.sock", bytes, "/tmp/me"));
  pair.world.run_for(Duration::seconds(1));
  EXPECT_EQ(pair.a.sockets().take_unix_replies("/tmp/me"), std::vector<std::vector<std::byte>>{bytes});
  EXPECT_TRUE(pair.a.sockets().take_unix_replies("/tmp/me").empty());
}

// ---- host ----

TEST(Host, ResolvesLaterAndInATurn) {
  Pair pair(23);
  pair.shared.names.set("ntp.test", addresses({"10.0.0.2", "fd00::2", "10.0.0.2"}));
  pair.shared.names.set_delay(Duration::seconds(2));
  std::vector<std::string> results;
  const auto ask = [&](const std::string& name, Family family) {
    pair.a.host().resolve(name, family, [&](Result<std::vector<IpAddress>> result) {
      EXPECT_TRUE(pair.on_a.in_turn);
      EXPECT_EQ(pair.world.elapsed(), Duration::seconds(2));
      results.push_back(result.ok() ? std::to_string(result->size()) : result.error().message);
    });
  };
  ask("ntp.test", Family::Unspecified);
  ask("ntp.test", Family::Inet6);
  ask("nowhere.test", Family::Unspecified);
  ask("192.0.2.1", Family::Inet4);
  EXPECT_TRUE(results.empty());
  pair.world.run_for(Duration::seconds(3));
  EXPECT_EQ(results,
            (std::vector<std::string>{"2", "1", "Could not resolve nowhere.test : Name or service not known", "1"}));
}

TEST(Host, WhatWasPostedForAStoppedDaemonIsNotForTheNext) {
  Pair pair(24);
  bool called = false;
  {
    pair.a.host().resolve("10.0.0.2", Family::Inet4, [&](const auto&) { called = true; });
    pair.a.loop().timers().call_at(pair.a.clock().mono_now() + Duration::seconds(1), [&] { called = true; });
  }
  pair.a.loop().run_daemon(nullptr);
  pair.a.loop().run_daemon(&pair.on_a);
  pair.world.run_for(Duration::seconds(2));
  EXPECT_FALSE(called);
}

TEST(Host, FilesInMemory) {
  Pair pair(25);
  SimFiles& files = pair.a.files();
  files.put("/etc/timed/conf.d/b.conf", "b");
  files.put("/etc/timed/conf.d/a.conf", "a");
  EXPECT_EQ(*files.list("/etc/timed/conf.d"), (std::vector<std::string>{"a.conf", "b.conf"}));
  EXPECT_EQ(*files.glob("/etc/timed/*/*.conf"),
            (std::vector<std::string>{"/etc/timed/conf.d/a.conf", "/etc/timed/conf.d/b.conf"}));
  EXPECT_TRUE(files.glob("/etc/*.conf")->empty());
  EXPECT_EQ(files.glob("/literal")->size(), 1u);
  EXPECT_EQ(*files.read("/etc/timed/conf.d/a.conf"), "a");
  EXPECT_EQ(files.read("/etc/timed").error().kind, ErrorKind::Invalid);
  EXPECT_EQ(files.read("/etc/x").error().kind, ErrorKind::NotFound);
  EXPECT_EQ(files.replace("/var/lib/x", "1", 0644).error().kind, ErrorKind::NotFound) << "no directory yet";
  ASSERT_TRUE(files.make_directory("/var/lib", 0750, 1, 2).ok());
  ASSERT_TRUE(files.replace("/var/lib/x", "12", 0640).ok());
  EXPECT_EQ(files.info("/var/lib/x")->mode, 0640u);
  EXPECT_TRUE(files.info("/var")->is_directory);
  auto log = files.open_log("/var/lib/log", 0644);
  ASSERT_TRUE(log.ok());
  ASSERT_TRUE((*log)->append("one\n").ok());
  ASSERT_TRUE((*log)->append("two\n").ok());
  EXPECT_EQ(*files.read("/var/lib/log"), "one\ntwo\n");
  EXPECT_EQ(files.read("/var/lib/log", 3).error().kind, ErrorKind::Invalid);
  files.refuse_writes_below("/var");
  EXPECT_EQ(files.replace("/var/lib/x", "", 0644).error().kind, ErrorKind::Permission);
  EXPECT_TRUE(files.remove("/var/lib/x").ok());
  EXPECT_FALSE(files.remove("/var/lib/x").ok());
}

// ---- the whole ----

// All that happens in an echo between two wandering machines over a bad link, as text.
std::string history(std::uint64_t seed) {
  std::string out;
  Pair pair(seed, {.start_error = Duration::millis(3), .frequency_error = Frequency::ppm(20), .wander = 1e-8});
  Link link = link_of(Duration::millis(1));
  link.jitter = Duration::millis(1);
  link.loss = 0.1;
  link.duplication = 0.1;
  pair.shared.network.set_default_link(link);
  pair.shared.network.set_tap([&](const PacketEvent& event) {
    out += format("%lld %d %d %zu\n", static_cast<long long>(event.when.nanos()), event.arrival,
                  static_cast<int>(event.fate), event.packet.data.size());
  });
  std::unique_ptr<env::UdpSocket> echo;
  echo = pair.on_b.open(bound("0.0.0.0", 123),
                        [&](const env::Datagram& d) { send_text(*echo, d.peer, text_of(d) + "!"); });
  const auto client = pair.on_a.open(bound("0.0.0.0"), [&](const env::Datagram& d) {
    out += format("%s %lld\n", text_of(d).c_str(), static_cast<long long>(d.stamp.time.nanos()));
  });
  std::array<std::byte, 4> random{};
  env::Timer timer(pair.a.loop().timers(), [&] {
    pair.a.host().random(random);
    send_text(*client, endpoint("10.0.0.2", 123), "ping");
    timer.arm_in(Duration::seconds(1 + static_cast<int>(random[0]) / 256.0));
  });
  timer.arm_in(Duration::seconds(1));
  pair.world.run_for(Duration::seconds(1000));
  return out;
}

TEST(Whole, TheSameSeedRepeatsToTheLastBit) {
  const std::string first = history(26);
  EXPECT_GT(first.size(), 10000u);
  EXPECT_EQ(first, history(26));
  EXPECT_NE(first, history(27));
}

}  // namespace
}  // namespace timed::sim
