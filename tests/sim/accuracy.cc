#include "tests/sim/accuracy.h"

#include <algorithm>
#include <cmath>

#include "timed/base/text.h"

namespace timed::sim {
namespace {

const char kServer[] = "10.0.0.1";
const char kClient[] = "10.0.1.1";

// One server and one client with these; what most cases are.
struct Pair {
  std::string config = "server 10.0.0.1\n";
  ClockModel clock = usual_clock();
  Link link = usual_link();
};

Node& add_pair(Scenario& scenario, const Pair& pair) {
  scenario.network().set_default_link(pair.link);
  scenario.add_server("server", {kServer});
  return scenario.add("client", {kClient}, pair.clock, pair.config);
}

std::function<Node&(Scenario&)> pair_of(const Pair& pair) {
  return [pair](Scenario& scenario) -> Node& { return add_pair(scenario, pair); };
}

ClockModel clock_with(Duration error, Frequency frequency, double wander) {
  return {.start_error = error, .frequency_error = frequency, .wander = wander};
}

Link link_with(Duration delay, Duration jitter, double loss = 0.0) {
  Link link;
  link.delay = delay;
  link.jitter = jitter;
  link.loss = loss;
  return link;
}

Node& build_asymmetry(Scenario& scenario) {
  Node& node = add_pair(scenario, {});
  scenario.network().set_asymmetric_link("client", "server", usual_link(), Duration::micros(300),
                                         Duration::micros(100));
  return node;
}

// An asymmetry of the jitter of 0.47: all but 3 % of it is on the way there.
Node& build_asymmetric_jitter(Scenario& scenario) {
  Node& node = add_pair(scenario, {});
  scenario.network().set_one_way("client", "server", link_with(Duration::micros(100), Duration::micros(194)));
  scenario.network().set_one_way("server", "client", link_with(Duration::micros(100), Duration::micros(6)));
  return node;
}

Node& build_falseticker(Scenario& scenario) {
  std::string config;
  for (int i = 1; i <= 5; ++i) {
    const std::string address = "10.0.0." + std::to_string(i);
    const ClockModel clock{.start_error = i == 5 ? Duration::seconds(0.5) : Duration::zero()};
    scenario.add("server" + std::to_string(i), {address}, clock, "local stratum 1\nallow\n");
    config += "server " + address + "\n";
  }
  return scenario.add("client", {kClient}, usual_clock(), config);
}

// A hundred minutes with, half an hour without.
Node& build_intermittent(Scenario& scenario) {
  Node& node = add_pair(scenario, {.config = "server 10.0.0.1 maxpoll 8\n"});
  for (int i = 0; i < 4; ++i) {
    for (const bool cut_off : {true, false}) {
      const double at_s = 6000.0 + 7800.0 * i + (cut_off ? 0.0 : 1800.0);
      scenario.world().after(Duration::seconds(at_s),
                             [&network = scenario.network(), cut_off] { network.set_cut_off("server", cut_off); });
    }
  }
  return node;
}

Node& build_two_strata(Scenario& scenario) {
  scenario.add_server("server", {kServer});
  scenario.add("middle", {"10.0.0.2"}, usual_clock(), "server 10.0.0.1\nallow\n");
  ClockModel clock = usual_clock();
  clock.start_error = -clock.start_error;
  return scenario.add("client", {kClient}, clock, "server 10.0.0.2\n");
}

Node& build_ipv6(Scenario& scenario) {
  scenario.add_server("server", {"fd00::1"});
  return scenario.add("client", {"fd00::2"}, usual_clock(), "server fd00::1\n");
}

Node& build_restart(Scenario& scenario) {
  Node& node = add_pair(scenario, {.config = "server 10.0.0.1\ndriftfile /var/lib/timed/drift\n"});
  node.files().put("/var/lib/timed/drift", "100.000000 0.050000\n");
  return node;
}

std::vector<AccuracyCase> make_cases() {
  const Duration start = usual_clock().start_error;
  const Frequency ppm100 = Frequency::ppm(100);
  std::vector<AccuracyCase> all;
  all.push_back({"default",
                 "one server, default options, one-way delay 0.1 ms + exponential jitter 0.1 ms, "
                 "clock 0.1 s and 100 ppm fast, wander 1e-9 s/s per √s",
                 pair_of({})});
  all.push_back({"iburst", "`iburst`", pair_of({.config = "server 10.0.0.1 iburst\n"})});
  all.push_back({"short-polls", "`iburst minpoll 4 maxpoll 6`",
                 pair_of({.config = "server 10.0.0.1 iburst minpoll 4 maxpoll 6\n"})});
  all.push_back(
      {"no-wander", "an oscillator that keeps its frequency", pair_of({.clock = clock_with(start, ppm100, 0.0)})});
  all.push_back({"large-wander", "wander 1e-7 s/s per √s", pair_of({.clock = clock_with(start, ppm100, 1e-7)}),
                 Duration::seconds(10000), Duration::seconds(1000)});
  all.push_back({"large-jitter", "jitter 10 ms",
                 pair_of({.link = link_with(Duration::micros(100), Duration::millis(10))}), Duration::seconds(50000),
                 Duration::seconds(10000)});
  all.push_back({"long-way", "one-way delay 25 ms, jitter 1 ms",
                 pair_of({.link = link_with(Duration::millis(25), Duration::millis(1))}), Duration::seconds(20000),
                 Duration::seconds(2000)});
  all.push_back({"asymmetry", "0.3 ms there, 0.1 ms back: nobody can see the 0.1 ms of it", build_asymmetry});
  all.push_back(
      {"asymmetric-jitter", "97 % of the jitter is on the way there, 3 % on the way back", build_asymmetric_jitter});
  all.push_back({"packet-loss", "33 % of the packets are lost each way",
                 pair_of({.link = link_with(Duration::micros(100), Duration::micros(100), 0.33)}),
                 Duration::seconds(10000), Duration::seconds(2000)});
  all.push_back({"intermittent", "half an hour without network every 130 minutes, `maxpoll 8`", build_intermittent,
                 Duration::seconds(36000), Duration::seconds(1000)});
  all.push_back({"falseticker", "five servers, one of them half a second fast", build_falseticker});
  all.push_back({"two-strata", "through a server that is a client of the first", build_two_strata,
                 Duration::seconds(10000), Duration::seconds(1000)});
  all.push_back({"ipv6", "over IPv6", build_ipv6});
  all.push_back({"large-time-offset", "clock 1000 s fast, `makestep 1 3`",
                 pair_of({.config = "server 10.0.0.1\nmakestep 1 3\n",
                          .clock = clock_with(Duration::seconds(1000), ppm100, 1e-9)})});
  all.push_back({"large-frequency-offset", "clock 5000 ppm fast",
                 pair_of({.clock = clock_with(start, Frequency::ppm(5000), 1e-9)}), Duration::seconds(10000),
                 Duration::seconds(1000)});
  all.push_back({"restart", "a drift file from before", build_restart});
  all.push_back({"era", "the year 2040, clock in the year 2000, `makestep 1 3`",
                 pair_of({.config = "server 10.0.0.1\nmakestep 1 3\n",
                          .clock = clock_with(Duration::seconds(-1262304000.0), ppm100, 1e-9)}),
                 Duration::seconds(10000), Duration::seconds(210), TrueTime::from_seconds(2208988800)});
  return all;
}

std::string sync_text(const Accuracy& a) {
  if (a.synchronised == 0) return "never";
  std::string text = format("%.0f–%.0f", a.earliest_sync.to_seconds(), a.latest_sync.to_seconds());
  if (a.synchronised < a.runs) text += format(" (%d of %d)", a.synchronised, a.runs);
  return text;
}

// Of a node that has run for a span; requests of all its sources are in the log.
Duration mean_poll(Node& node, const RequestLog& requests, Duration span) {
  const auto sources = node.ask<control::NSourcesReply>(control::NSourcesRequest{});
  const double count = static_cast<double>(std::max<std::size_t>(requests.count(), 1));
  return span * (static_cast<double>(sources ? sources->count : 1) / count);
}

}  // namespace

const std::vector<AccuracyCase>& accuracy_cases() {
  static const std::vector<AccuracyCase> cases = make_cases();
  return cases;
}

Accuracy measure_accuracy(const AccuracyCase& c, int runs) {
  Accuracy all;
  double time2 = 0.0, frequency2 = 0.0;
  for (int seed = 1; seed <= runs; ++seed) {
    Scenario scenario(static_cast<std::uint64_t>(seed), c.world_start);
    Node& node = c.build(scenario);
    const RequestLog requests(scenario.network(), node.machine().sockets().addresses().front());
    scenario.start_all();
    const Performance one = measure(scenario.world(), node, c.span, c.settle);
    ++all.runs;
    all.mean_poll += mean_poll(node, requests, c.span) / runs;
    if (one.synchronised_after) {
      all.earliest_sync =
          all.synchronised == 0 ? *one.synchronised_after : std::min(all.earliest_sync, *one.synchronised_after);
      all.latest_sync = std::max(all.latest_sync, *one.synchronised_after);
      ++all.synchronised;
    }
    time2 += one.rms_error.to_seconds() * one.rms_error.to_seconds();
    frequency2 += one.rms_frequency_error.to_ratio() * one.rms_frequency_error.to_ratio();
    all.max_error = std::max(all.max_error, one.max_error);
    all.max_frequency_error = std::max(all.max_frequency_error, one.max_frequency_error);
  }
  all.rms_error = Duration::seconds(std::sqrt(time2 / runs));
  all.rms_frequency_error = Frequency::ratio(std::sqrt(frequency2 / runs));
  return all;
}

std::string accuracy_table(int runs) {
  std::string text =
      "| scenario | what is different | in sync after (s) | errors from (s) | to (s) | RMS time error (s) | maximum "
      "(s) "
      "| RMS frequency error (ppm) | maximum (ppm) | mean poll (s) |\n"
      "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|\n";
  for (const AccuracyCase& c : accuracy_cases()) {
    const Accuracy a = measure_accuracy(c, runs);
    text += format("| %s | %s | %s | %.0f | %.0f | %.1e | %.1e | %.3f | %.3f | %.0f |\n", c.name.c_str(),
                   c.what.c_str(), sync_text(a).c_str(), c.settle.to_seconds(), c.span.to_seconds(),
                   a.rms_error.to_seconds(), a.max_error.to_seconds(), a.rms_frequency_error.to_ppm(),
                   a.max_frequency_error.to_ppm(), a.mean_poll.to_seconds());
  }
  return text;
}

std::vector<std::string> names_in_table(std::string_view page) {
  std::vector<std::string> names;
  std::size_t begin = page.find(kAccuracyBegin);
  const std::size_t end = page.find(kAccuracyEnd);
  if (begin == std::string_view::npos || end == std::string_view::npos) return names;
  while (begin < end) {
    const std::size_t line_end = std::min(page.find('\n', begin), end);
    const std::string_view line = page.substr(begin, line_end - begin);
    if (line.starts_with("| ")) names.emplace_back(line.substr(2, line.find(" |", 2) - 2));
    begin = line_end + 1;
  }
  if (!names.empty()) names.erase(names.begin());  // the head of the column
  return names;
}

}  // namespace timed::sim
