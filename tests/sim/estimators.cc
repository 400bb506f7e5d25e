#include "tests/sim/estimators.h"

#include <algorithm>
#include <cmath>

#include "tests/sim/device_clock.h"
#include "timed/base/check.h"
#include "timed/base/text.h"

namespace timed::sim {
namespace {

const char kServer[] = "10.0.0.1";
const char kClient[] = "10.0.1.1";

// What a case adds to the pair of a server and a client that most are.
struct PairModel {
  std::string options = "";
  double wander = 1e-9;
  Link there = usual_link();
  Link back = usual_link();
  std::function<void(Scenario&, Node&)> later = {};  // what will happen
};

std::function<Node&(Scenario&)> pair_of(const PairModel& w) {
  return [w](Scenario& scenario) -> Node& {
    scenario.network().set_one_way("client", "server", w.there);
    scenario.network().set_one_way("server", "client", w.back);
    scenario.add_server("server", {kServer});
    ClockModel clock = usual_clock();
    clock.wander = w.wander;
    Node& node = scenario.add("client", {kClient}, clock, "server 10.0.0.1 " + w.options + "\n");
    if (w.later) w.later(scenario, node);
    return node;
  };
}

Link link_of(double delay_s, double jitter_s, JitterShape shape = JitterShape::Exponential, double loss = 0.0) {
  Link link;
  link.delay = Duration::seconds(delay_s);
  link.jitter = Duration::seconds(jitter_s);
  link.shape = shape;
  link.loss = loss;
  return link;
}

PairModel both(const Link& link, const std::string& options = "") {
  return {.options = options, .there = link, .back = link};
}

void at(Scenario& scenario, double t_s, std::function<void()> fn) {
  scenario.world().after(Duration::seconds(t_s), std::move(fn));
}

// Every 20 minutes ten of them with queues of 2 ms on the way there.
void congest(Scenario& scenario, Node&) {
  for (int i = 0; i < 17; ++i) {
    SimNetwork& network = scenario.network();
    at(scenario, 1200.0 * i + 600.0, [&network] { network.set_one_way("client", "server", link_of(1e-4, 2e-3)); });
    at(scenario, 1200.0 * i + 1200.0, [&network] { network.set_one_way("client", "server", usual_link()); });
  }
}

// The way there, and with `both` the way back, becomes longer at a third of the run and shorter at two thirds.
std::function<void(Scenario&, Node&)> route_change(bool both) {
  return [both](Scenario& scenario, Node&) {
    SimNetwork& network = scenario.network();
    const auto move = [&network, both](double delay_s) {
      network.set_one_way("client", "server", link_of(delay_s, 1e-4));
      if (both) network.set_one_way("server", "client", link_of(delay_s, 1e-4));
    };
    at(scenario, 7000.0, [move] { move(2.5e-4); });
    at(scenario, 14000.0, [move] { move(5e-5); });
  };
}

// At a moment that the seed draws from as long as polls may be: in the first hours they come at much the same times
// with all seeds, and what the step costs grows with the cube of the time until the next.
void frequency_step(Scenario& scenario, Node& node) {
  constexpr double kLongestPoll_s = 1024.0;
  SeededRandom random = scenario.world().fork_random();
  at(scenario, 10000.0 + kLongestPoll_s * random.uniform(),
     [&node] { node.clock().disturb_oscillator(Frequency::ppm(1)); });
}

// The temperature of a day: 1 ppm up and down.
void daily_sine(Scenario& scenario, Node& node) {
  constexpr double kStep_s = 60.0, kDay_s = 86400.0;
  for (double t = 0.0; t < 100000.0; t += kStep_s) {
    const double change = std::sin(2.0 * M_PI * (t + kStep_s) / kDay_s) - std::sin(2.0 * M_PI * t / kDay_s);
    at(scenario, t, [&node, change] { node.clock().disturb_oscillator(Frequency::ppm(change)); });
  }
}

// The server's own clock is set every five seconds, to 0.3 ms: no delay shows that.
void scatter_server(Scenario& scenario, Node&) {
  constexpr double kSd_s = 3e-4, kEvery_s = 5.0;
  SimClock& clock = scenario.node("server").clock();
  SeededRandom random = scenario.world().fork_random();
  double is_off_s = 0.0;
  for (double t = 1.0; t < 20000.0; t += kEvery_s) {
    double sum = 0.0;  // of twelve uniform numbers: nearly Gaussian, and of variance one
    for (int i = 0; i < 12; ++i) sum += random.uniform();
    const double off_s = kSd_s * (sum - 6.0), change_s = off_s - is_off_s;
    at(scenario, t, [&clock, change_s] { clock.disturb(Duration::seconds(change_s)); });
    is_off_s = off_s;
  }
}

// The daemon is away for 90 seconds of each hour, and begins with what it has written.
void restart_each_hour(Scenario& scenario, Node& node) {
  node.files().put("/var/lib/timed/.keep", "");
  for (double t = 3600.0; t < 20000.0; t += 3600.0) {
    at(scenario, t, [&node] { node.stop(); });
    at(scenario, t + 90.0, [&node] { TIMED_ASSERT(node.start().ok()); });
  }
}

// It sleeps for ten minutes of each hour, and its clock is right when it wakes, which nobody tells it.
void sleep_each_hour(Scenario& scenario, Node& node) {
  for (double t = 3600.5; t < 20000.0; t += 3600.0) {
    at(scenario, t, [&node] { node.clock().suspend(Duration::seconds(600), Duration::zero()); });
  }
}

// Servers at different distances, the last one half a second fast where it should not be believed.
std::function<Node&(Scenario&)> servers(int count, bool falseticker) {
  return [count, falseticker](Scenario& scenario) -> Node& {
    std::string config;
    for (int i = 1; i <= count; ++i) {
      const std::string name = "server" + std::to_string(i), address = "10.0.0." + std::to_string(i);
      const bool lies = falseticker && i == count;
      scenario.add(name, {address}, {.start_error = lies ? Duration::seconds(0.5) : Duration::zero()},
                   "local stratum 1\nallow\n");
      const Link link = link_of(1e-4 * i * i, 5e-5 * i);
      scenario.network().set_link("client", name, link);
      config += "server " + address + "\n";
    }
    return scenario.add("client", {kClient}, usual_clock(), config);
  };
}

// Two machines on one switch whose network cards stamp packets, 20 ns off each time.
Node& build_lan(Scenario& scenario) {
  const auto machine = [](const std::string& name, const char* address, const ClockModel& clock) {
    MachineModel model{.name = name, .clock = clock};
    model.sockets.addresses = addresses({address});
    model.sockets.stamp_noise = Duration::nanos(20);
    return model;
  };
  scenario.network().set_default_link({.delay = Duration::micros(5)});
  scenario.add(machine("server", kServer, {}), "local stratum 1\nallow\n");
  return scenario.add(machine("client", kClient, usual_clock()), "server 10.0.0.1 minpoll 0 maxpoll 0 xleave\n");
}

// A device beside the clock, and servers 0.1 ms, 0.4 ms … away.
std::function<SteeredClock(Scenario&, const std::string&)> device_of(Duration noise, int servers) {
  return [noise, servers](Scenario& scenario, const std::string& estimator) {
    DeviceModel model{.noise = noise};
    for (int i = 1; i <= servers; ++i) {
      const std::string name = "server" + std::to_string(i);
      model.servers.push_back("10.0.0." + std::to_string(i));
      scenario.add_server(name, {model.servers.back()});
      scenario.network().set_link("client", name, link_of(1e-4 * i * i, 5e-5 * i));
    }
    scenario.start_all();
    const bool bayes = estimator == "bayes";
    const auto device =
        std::make_shared<DeviceClock>(scenario.shared(), usual_clock(), model,
                                      bayes ? discipline::EstimatorKind::Bayes : discipline::EstimatorKind::Regression);
    device->start();
    return SteeredClock{&device->clock(), [all = device.get()] { return static_cast<double>(all->samples()); }, device};
  };
}

// A daemon with one of the estimators.
std::function<SteeredClock(Scenario&, const std::string&)> daemon_of(std::function<Node&(Scenario&)> build) {
  return [build = std::move(build)](Scenario& scenario, const std::string& estimator) {
    Node& node = build(scenario);
    node.add_config("estimator " + estimator + "\n");
    const auto log = std::make_shared<RequestLog>(scenario.network(), node.machine().sockets().addresses().front());
    scenario.start_all();
    return SteeredClock{&node.clock(), [all = log.get()] { return static_cast<double>(all->count()); }, log};
  };
}

std::vector<EstimatorCase> make_cases() {
  const Duration usual = Duration::seconds(20000), settle = Duration::seconds(210);
  const Duration longer = Duration::seconds(100000), later = Duration::seconds(2000);
  std::vector<EstimatorCase> all;
  const auto add = [&](const std::string& name, const std::string& what, std::function<Node&(Scenario&)> build,
                       Duration span, Duration from) {
    all.push_back({name, what, daemon_of(std::move(build)), span, from, 0});
  };
  add("default", "that of the table above", pair_of({}), Duration::seconds(10000), settle);
  add("default, long", "100 000 s", pair_of({}), longer, later);
  add("wander 1e-8", "ten times the wander", pair_of({.wander = 1e-8}), usual, settle);
  add("wander 1e-7", "a hundred times", pair_of({.wander = 1e-7}), usual, Duration::seconds(1000));
  add("poll 4", "`minpoll 4 maxpoll 4`", pair_of({.options = "minpoll 4 maxpoll 4"}), usual, later);
  add("poll 6", "`minpoll 6 maxpoll 6`", pair_of({.options = "minpoll 6 maxpoll 6"}), usual, later);
  add("poll 8", "`minpoll 8 maxpoll 8`", pair_of({.options = "minpoll 8 maxpoll 8"}), longer, later);
  add("poll 10", "`minpoll 10 maxpoll 10`", pair_of({.options = "minpoll 10 maxpoll 10"}), longer,
      Duration::seconds(10000));
  add("loss", "33 % of the packets are lost each way, poll 8",
      pair_of(both(link_of(1e-4, 1e-4, JitterShape::Exponential, 0.33), "minpoll 8 maxpoll 8")), longer,
      Duration::seconds(10000));
  add("loss, quiet", "the same with a jitter of 3 µs",
      pair_of(both(link_of(1e-4, 3e-6, JitterShape::Exponential, 0.33), "minpoll 8 maxpoll 8")), longer,
      Duration::seconds(10000));
  add("jitter 0.1 s", "a thousand times the jitter", pair_of(both(link_of(1e-4, 0.1))), longer,
      Duration::seconds(10000));
  add("asymmetric jitter", "97 % of the jitter is on the way there",
      pair_of({.there = link_of(1e-4, 1.94e-4), .back = link_of(1e-4, 6e-6)}), usual, settle);
  add("gaussian jitter", "queues that delay as often less as more than usual",
      pair_of(both(link_of(1e-4, 5e-5, JitterShape::Gaussian))), usual, settle);
  add("lognormal jitter", "rare delays, but long ones", pair_of(both(link_of(1e-4, 5e-5, JitterShape::Lognormal))),
      usual, settle);
  add("congestion", "ten minutes of 20 with queues of 2 ms on the way there", pair_of({.later = congest}), usual,
      settle);
  add("route", "0.15 ms longer each way from 7000 s on, 0.2 ms shorter from 14 000 s on",
      pair_of({.later = route_change(true)}), Duration::seconds(21000), settle);
  add("route, one way", "the same on the way there only: what nobody can see counts too",
      pair_of({.later = route_change(false)}), Duration::seconds(21000), settle);
  add("frequency step", "1 ppm at a moment between 10 000 and 11 024 s", pair_of({.later = frequency_step}), usual,
      Duration::seconds(10000));
  all.back().more_runs = 900;
  add("daily sine", "1 ppm up and down in a day", pair_of({.later = daily_sine}), longer, later);
  add("three servers", "0.1 to 0.9 ms away, jitters of half of that", servers(3, false), usual, settle);
  add("three servers, one false", "the same with the last one half a second fast", servers(3, true), usual, settle);
  add("five servers", "0.1 to 2.5 ms away, the last one half a second fast", servers(5, true), usual, settle);
  add("noisy server", "its own clock is off by 0.3 ms, each five seconds by another error",
      pair_of({.later = scatter_server}), usual, later);
  add("restart", "`iburst` and a drift file, away for 90 s of each hour",
      pair_of({.options = "iburst\ndriftfile /var/lib/timed/drift", .later = restart_each_hour}), usual, settle);
  add("resume", "`iburst` and `resumestep 0.1`, asleep for 600 s of each hour",
      pair_of({.options = "iburst\nresumestep 0.1", .later = sleep_each_hour}), usual, settle);
  add("asymmetry", "the way there is 0.2 ms longer for good: what nobody can see counts too",
      pair_of({.there = link_of(3e-4, 1e-4)}), usual, settle);
  add("lan", "`minpoll 0 maxpoll 0 xleave`, 5 µs and no queues, stamps 20 ns off at both ends", build_lan,
      Duration::seconds(5000), Duration::seconds(600));
  all.push_back({"pulse", "a device beside the clock: a pulse a second, 1 µs off, and of 16 of them one sample",
                 device_of(Duration::micros(1), 0), usual, later});
  all.push_back({"pulse and servers", "the same beside servers 0.1 and 0.4 ms away", device_of(Duration::micros(1), 2),
                 usual, later});
  all.push_back({"serial line and servers", "a device whose sentences are 2 ms off each time, beside the same servers",
                 device_of(Duration::millis(2), 2), usual, later});
  return all;
}

Duration rms_of(const std::vector<EstimatorRun>& runs) {
  double sum = 0.0;
  for (const EstimatorRun& run : runs) sum += run.rms_error.to_seconds() * run.rms_error.to_seconds();
  return Duration::seconds(std::sqrt(sum / static_cast<double>(runs.size())));
}

double rms_frequency_of(const std::vector<EstimatorRun>& runs) {
  double sum = 0.0;
  for (const EstimatorRun& run : runs) sum += run.rms_frequency_error.to_ratio() * run.rms_frequency_error.to_ratio();
  return std::sqrt(sum / static_cast<double>(runs.size()));
}

double mean_of(const std::vector<EstimatorRun>& runs, double EstimatorRun::*field) {
  double sum = 0.0;
  for (const EstimatorRun& run : runs) sum += run.*field;
  return sum / static_cast<double>(runs.size());
}

}  // namespace

const std::vector<EstimatorCase>& estimator_cases() {
  static const std::vector<EstimatorCase> cases = make_cases();
  return cases;
}

EstimatorRun run_estimator(const EstimatorCase& c, const std::string& estimator, int seed,
                           const EstimatorWatch& watch) {
  Scenario scenario(static_cast<std::uint64_t>(seed));
  const SteeredClock steered = c.start(scenario, estimator);
  SimClock& clock = *steered.clock;
  EstimatorRun run;
  double time2 = 0.0, frequency2 = 0.0, seconds = 0.0;
  const TrueTime begin = scenario.world().now();
  MonoTime last_seen = clock.mono_now();
  if (watch.begin) watch.begin(scenario, clock);
  for (Duration t = Duration::seconds(1); t <= c.span; t += Duration::seconds(1)) {
    scenario.world().run_until(begin + t);
    // A machine that sleeps has no time that could be right.
    const bool sleeps = clock.mono_now() - last_seen < Duration::seconds(0.9);
    last_seen = clock.mono_now();
    const bool counts = t > c.settle && !sleeps;
    if (watch.second) watch.second(clock, counts);
    if (!counts) continue;
    const double error_s = clock.error().to_seconds(), rate = clock.frequency_error().to_ratio();
    const env::SyncStatus& told = clock.sync_status();
    seconds += 1.0;
    time2 += error_s * error_s;
    frequency2 += rate * rate;
    run.inside += std::fabs(error_s) <= 1.96 * told.estimated_error.to_seconds() ? 1.0 : 0.0;
    const double bound_s = static_cast<double>(clock.kernel_sync().maxerror_us + 1) * 1e-6;
    run.beyond_bound += std::fabs(error_s) > bound_s ? 1.0 : 0.0;
  }
  run.rms_error = Duration::seconds(std::sqrt(time2 / seconds));
  run.rms_frequency_error = Frequency::ratio(std::sqrt(frequency2 / seconds));
  run.inside /= seconds;
  run.beyond_bound /= seconds;
  run.requests = std::max(steered.samples(), 1.0);
  return run;
}

EstimatorComparison compare_estimators(const EstimatorCase& c, int first_seed, int runs) {
  EstimatorComparison comparison;
  compare_more(comparison, c, first_seed, runs);
  return comparison;
}

void compare_more(EstimatorComparison& comparison, const EstimatorCase& c, int first_seed, int runs) {
  for (int seed = first_seed; seed < first_seed + runs; ++seed) {
    comparison.regression.push_back(run_estimator(c, "regression", seed));
    comparison.bayes.push_back(run_estimator(c, "bayes", seed));
  }
}

std::string comparison_head() {
  return "| world | what is different | RMS time error, regression (s) | bayes (s) | ratio | worst seed | seeds above "
         "1.3 "
         "| RMS frequency error, regression (ppm) | bayes (ppm) | ratio | mean poll, regression (s) | bayes (s) | "
         "packets "
         "| within 1.96 deviations (%) | beyond the bound (%) |\n"
         "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n";
}

std::string comparison_row(const EstimatorCase& c, const EstimatorComparison& comparison) {
  double worst = 0.0;
  int bad = 0;
  for (std::size_t i = 0; i < comparison.bayes.size(); ++i) {
    const double ratio = comparison.bayes[i].rms_error / comparison.regression[i].rms_error;
    worst = std::max(worst, ratio);
    if (ratio > 1.3) ++bad;
  }
  const Duration regression = rms_of(comparison.regression), bayes = rms_of(comparison.bayes);
  const double regression_f = rms_frequency_of(comparison.regression), bayes_f = rms_frequency_of(comparison.bayes);
  const double regression_n = mean_of(comparison.regression, &EstimatorRun::requests);
  const double bayes_n = mean_of(comparison.bayes, &EstimatorRun::requests);
  return format(
      "| %s | %s | %.1e | %.1e | %.2f | %.2f | %d of %zu | %.3f | %.3f | %.2f | %.0f | %.0f | %.2f | %.1f | %.4f |\n",
      c.name.c_str(), c.what.c_str(), regression.to_seconds(), bayes.to_seconds(), bayes / regression, worst, bad,
      comparison.bayes.size(), 1e6 * regression_f, 1e6 * bayes_f, bayes_f / regression_f,
      c.span.to_seconds() / regression_n, c.span.to_seconds() / bayes_n, bayes_n / regression_n,
      100.0 * mean_of(comparison.bayes, &EstimatorRun::inside),
      100.0 * mean_of(comparison.bayes, &EstimatorRun::beyond_bound));
}

}  // namespace timed::sim
