#include "tests/sim/scenario.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace timed::sim {
namespace {

constexpr std::uint16_t kNtpPort = 123;

// The first report of an index whose address is this.
template <class Reply, class Request>
std::optional<Reply> report_of(Node& node, const std::string& address) {
  const auto sources = node.ask<control::NSourcesReply>(control::NSourcesRequest{});
  for (std::uint32_t i = 0; sources && i < sources->count; ++i) {
    auto report = node.ask<Reply>(Request{.index = static_cast<std::int32_t>(i)});
    if (report && report->address.ip == IpAddress::parse(address)) return report;
  }
  return std::nullopt;
}

}  // namespace

Link usual_link() {
  Link link;
  link.delay = Duration::micros(100);
  link.jitter = Duration::micros(100);
  return link;
}

ClockModel usual_clock() {
  return {.start_error = Duration::millis(100), .frequency_error = Frequency::ppm(100), .wander = 1e-9};
}

Scenario::Scenario(std::uint64_t seed, TrueTime start) : world_(seed_or(seed), start), shared_(world_) {
  shared_.network.set_default_link(usual_link());
}

Node& Scenario::add_server(const std::string& name, const std::vector<std::string>& texts,
                           const std::string& more_config) {
  return add(name, texts, {}, "local stratum 1\nallow\n" + more_config);
}

Node& Scenario::add(const std::string& name, const std::vector<std::string>& texts, const ClockModel& clock,
                    const std::string& config) {
  MachineModel model;
  model.name = name;
  model.sockets.addresses = addresses(texts);
  model.clock = clock;
  return add(std::move(model), config);
}

Node& Scenario::add(MachineModel model, const std::string& config) {
  nodes_.push_back(std::make_unique<Node>(shared_, std::move(model), config));
  return *nodes_.back();
}

Node& Scenario::node(const std::string& name) {
  const auto found = std::find_if(nodes_.begin(), nodes_.end(), [&](const auto& node) { return node->name() == name; });
  TIMED_ASSERT(found != nodes_.end());
  return **found;
}

void Scenario::start_all() {
  for (const auto& node : nodes_) {
    if (node->running()) continue;
    const Status status = node->start();
    EXPECT_TRUE(status.ok()) << node->name() << ": " << status.error().message;
  }
}

std::string Scenario::report(Node& node) {
  return world_.replay_hint() + "\nlog of " + node.name() + ":\n" + node.log().to_string(world_.start());
}

Performance measure(World& world, Node& node, Duration span, Duration settle, const Limits& limits) {
  Performance result;
  const TrueTime begin = world.now();
  std::optional<Duration> good_since;
  double time2 = 0.0, frequency2 = 0.0;
  int count = 0;
  for (Duration t = Duration::seconds(1); t <= span; t += Duration::seconds(1)) {
    world.run_until(begin + t);
    const Duration error = abs(node.clock_error());
    const Frequency rate = abs(node.frequency_error());
    const bool good = error <= limits.time && rate <= limits.frequency;
    if (!good) good_since.reset();
    if (good && !good_since) good_since = t;
    if (t <= settle) continue;
    ++count;
    time2 += error.to_seconds() * error.to_seconds();
    frequency2 += rate.to_ratio() * rate.to_ratio();
    result.max_error = std::max(result.max_error, error);
    result.max_frequency_error = std::max(result.max_frequency_error, rate);
  }
  result.synchronised_after = good_since;
  if (count > 0) {
    result.rms_error = Duration::seconds(std::sqrt(time2 / count));
    result.rms_frequency_error = Frequency::ratio(std::sqrt(frequency2 / count));
  }
  return result;
}

std::optional<control::SourceDataReply> source_report(Node& node, const std::string& address) {
  return report_of<control::SourceDataReply, control::SourceDataRequest>(node, address);
}

std::optional<control::SourcestatsReply> stats_report(Node& node, const std::string& address) {
  return report_of<control::SourcestatsReply, control::SourcestatsRequest>(node, address);
}

RequestLog::RequestLog(SimNetwork& network, IpAddress client) {
  network.set_tap([this, client](const PacketEvent& event) {
    if (!event.arrival && event.packet.from.address == client && event.packet.to.port == kNtpPort) {
      times_.push_back(event.when);
    }
  });
}

std::vector<Duration> RequestLog::intervals() const {
  std::vector<Duration> all;
  for (std::size_t i = 1; i < times_.size(); ++i) all.push_back(times_[i] - times_[i - 1]);
  return all;
}

}  // namespace timed::sim
