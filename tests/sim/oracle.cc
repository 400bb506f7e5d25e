#include "tests/sim/oracle.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "timed/base/check.h"

namespace timed::sim {
namespace {

// With 500 and with 8000 the errors of `loss` and of `three servers` are the same within 0.002 of the regression's.
constexpr std::size_t kParticles = 2000;
constexpr std::uint16_t kNtpPort = 123;

// Of a standard normal between a and b, precise in both tails.
double normal_mass(double a, double b) {
  if (a > 0.0) return 0.5 * (std::erfc(a * M_SQRT1_2) - std::erfc(b * M_SQRT1_2));
  return 0.5 * (std::erfc(-b * M_SQRT1_2) - std::erfc(-a * M_SQRT1_2));
}

// A standard normal number between a and b.  Beyond seven deviations from the likeliest there is none.
double normal_between(double a, double b, SeededRandom& random) {
  constexpr double kFar = 7.0;
  const double mode = std::clamp(0.0, a, b), low = std::max(a, mode - kFar), high = std::min(b, mode + kFar);
  while (true) {
    const double z = random.uniform(low, high);
    if (random.uniform() < std::exp(0.5 * (mode * mode - z * z))) return z;
  }
}

}  // namespace

ClockOracle::ClockOracle(double wander, double offset_s, double frequency, std::size_t particles, SeededRandom random)
    : q_(wander * wander),
      particles_(particles, Particle{offset_s, frequency}),
      random_(random),
      mean_{offset_s, frequency} {}

void ClockOracle::see(const OffsetBounds& bounds) {
  const double dt_s = bounds.t_s - t_s_;
  t_s_ = bounds.t_s;
  // Before it is seen, beside the particle's offset: variances of offset and frequency, and covariance.
  const double frequency_variance = frequency_variance_ + q_ * dt_s;
  const double covariance_s = dt_s * (frequency_variance_ + q_ * dt_s / 2.0);
  const double sd_s = dt_s * std::sqrt(frequency_variance_ + q_ * dt_s / 3.0);
  // The density of both queues, exp(-there/mean - back/mean), is that of a normal which is moved.
  const double tilt = 1.0 / bounds.there_mean_s - 1.0 / bounds.back_mean_s;  // per second of the offset
  const double reference_s = particles_.front().offset_s + dt_s * particles_.front().frequency;
  std::vector<double> weights;
  double total = 0.0;
  for (const Particle& p : particles_) {
    const double expected_s = p.offset_s + dt_s * p.frequency, moved_s = expected_s + tilt * sd_s * sd_s;
    weights.push_back(std::exp(tilt * (expected_s - reference_s)) *
                      normal_mass((bounds.low_s - moved_s) / sd_s, (bounds.high_s - moved_s) / sd_s));
    total += weights.back();
  }
  TIMED_ASSERT(total > 0.0);
  choose(weights, total);
  for (Particle& p : particles_) {
    const double expected_s = p.offset_s + dt_s * p.frequency, moved_s = expected_s + tilt * sd_s * sd_s;
    const double a = (bounds.low_s - moved_s) / sd_s, b = (bounds.high_s - moved_s) / sd_s;
    p.offset_s = moved_s + sd_s * normal_between(a, b, random_);
    p.frequency += covariance_s / (sd_s * sd_s) * (p.offset_s - expected_s);
  }
  frequency_variance_ = frequency_variance - covariance_s * covariance_s / (sd_s * sd_s);
  take_moments();
}

// Each as often as its weight says, but for a part of one (systematic resampling).
void ClockOracle::choose(const std::vector<double>& weights, double total) {
  std::vector<Particle> chosen;
  const double step = total / static_cast<double>(particles_.size());
  double next = step * random_.uniform(), passed = 0.0;
  for (std::size_t i = 0; i < particles_.size(); ++i) {
    passed += weights[i];
    for (; next < passed && chosen.size() < particles_.size(); next += step) chosen.push_back(particles_[i]);
  }
  chosen.resize(particles_.size(), particles_.back());  // where rounding has left the last one out
  particles_ = std::move(chosen);
}

void ClockOracle::take_moments() {
  const double count = static_cast<double>(particles_.size());
  mean_ = {};
  for (const Particle& p : particles_) {
    mean_.offset_s += p.offset_s / count;
    mean_.frequency += p.frequency / count;
  }
  offset_variance_s2_ = covariance_s_ = 0.0;
  whole_frequency_variance_ = frequency_variance_;
  for (const Particle& p : particles_) {
    const double offset_s = p.offset_s - mean_.offset_s, frequency = p.frequency - mean_.frequency;
    offset_variance_s2_ += offset_s * offset_s / count;
    covariance_s_ += offset_s * frequency / count;
    whole_frequency_variance_ += frequency * frequency / count;
  }
}

double ClockOracle::deviation_s(double t_s) const {
  const double dt_s = t_s - t_s_;
  return std::sqrt(offset_variance_s2_ + dt_s * (2.0 * covariance_s_ + dt_s * whole_frequency_variance_) +
                   q_ * dt_s * dt_s * dt_s / 3.0);
}

namespace {

const std::map<std::string, std::vector<std::string>>& known_rows() {
  static const std::map<std::string, std::vector<std::string>> rows = {
      {"default", {"server"}},
      {"default, long", {"server"}},
      {"poll 4", {"server"}},
      {"poll 6", {"server"}},
      {"poll 8", {"server"}},
      {"poll 10", {"server"}},
      {"loss", {"server"}},
      {"loss, quiet", {"server"}},
      {"asymmetric jitter", {"server"}},
      {"three servers", {"server1", "server2", "server3"}},
  };
  return rows;
}

struct SeenExchange {
  std::size_t server = 0;
  double t_s = 0.0;                              // the middle of it, since the beginning
  double there_s = 0.0, back_s = 0.0;            // in queues
  double there_mean_s = 0.0, back_mean_s = 0.0;  // of them
};

// The free clock of a run, second by second, and the exchanges as the network knows them.
class WorldRecord {
 public:
  explicit WorldRecord(const std::vector<std::string>& servers) : servers_(servers), asked_(servers.size()) {}

  EstimatorWatch watch() {
    return {[this](Scenario& scenario, SimClock& clock) { begin(scenario, clock); },
            [this](SimClock& clock, bool) { take_second(clock); }};
  }
  // Reference - free, at whole seconds since the beginning.
  double offset_s(std::size_t second) const { return offsets_s_[second]; }
  double first_frequency() const { return first_frequency_; }
  // What each says, in their order.
  struct Said {
    std::size_t server;
    OffsetBounds bounds;
  };
  std::vector<Said> said() const;

 private:
  struct Asked {
    Link there, back;
    TrueTime sent, taken, answered;
  };
  void begin(Scenario& scenario, SimClock& clock);
  void take_second(SimClock& clock);
  void take_packet(const PacketEvent& event);

  const std::vector<std::string> servers_;
  std::vector<Asked> asked_;
  std::map<IpAddress, std::size_t> by_address_;
  TrueTime begin_;
  double first_frequency_ = 0.0, frequency_ = 0.0;
  std::vector<double> offsets_s_ = {0.0};
  std::vector<SeenExchange> exchanges_;
};

void WorldRecord::begin(Scenario& scenario, SimClock& clock) {
  begin_ = scenario.world().now();
  first_frequency_ = frequency_ = -clock.bare_frequency_error().to_ratio();
  for (std::size_t i = 0; i < servers_.size(); ++i) {
    by_address_[scenario.node(servers_[i]).machine().sockets().addresses().front()] = i;
    asked_[i].there = scenario.network().link("client", servers_[i]);
    asked_[i].back = scenario.network().link(servers_[i], "client");
  }
  scenario.network().set_tap([this](const PacketEvent& event) { take_packet(event); });
}

void WorldRecord::take_second(SimClock& clock) {
  offsets_s_.push_back(offsets_s_.back() + frequency_);
  frequency_ = -clock.bare_frequency_error().to_ratio();
}

void WorldRecord::take_packet(const PacketEvent& event) {
  const bool request = event.packet.to.port == kNtpPort;
  const auto server = by_address_.find((request ? event.packet.to : event.packet.from).address);
  if (server == by_address_.end()) return;
  Asked& asked = asked_[server->second];
  if (request) {
    (event.arrival ? asked.taken : asked.sent) = event.when;
  } else if (!event.arrival) {
    asked.answered = event.when;
  } else if (event.fate == Fate::Delivered) {
    const Duration whole = event.when - asked.sent;
    exchanges_.push_back({.server = server->second,
                          .t_s = (asked.sent - begin_ + whole * 0.5).to_seconds(),
                          .there_s = (asked.taken - asked.sent - asked.there.delay).to_seconds(),
                          .back_s = (event.when - asked.answered - asked.back.delay).to_seconds(),
                          .there_mean_s = asked.there.jitter.to_seconds(),
                          .back_mean_s = asked.back.jitter.to_seconds()});
  }
}

std::vector<WorldRecord::Said> WorldRecord::said() const {
  std::vector<Said> all;
  for (const SeenExchange& e : exchanges_) {
    const auto second = static_cast<std::size_t>(e.t_s);
    if (second + 1 >= offsets_s_.size()) break;
    const double part = e.t_s - static_cast<double>(second);
    const double offset_s = (1.0 - part) * offsets_s_[second] + part * offsets_s_[second + 1];
    all.push_back({e.server,
                   {.t_s = e.t_s,
                    .low_s = offset_s - e.back_s,
                    .high_s = offset_s + e.there_s,
                    .there_mean_s = e.there_mean_s,
                    .back_mean_s = e.back_mean_s}});
  }
  return all;
}

// Squares, of the seconds that count.
struct Score {
  double seconds = 0.0, oracle = 0.0, variance = 0.0, combined = 0.0;
};

void score_run(const EstimatorCase& c, const WorldRecord& record, std::size_t servers, int seed, Score& score) {
  SeededRandom seeds(static_cast<std::uint64_t>(seed));
  const auto oracle = [&] {
    return ClockOracle(usual_clock().wander, 0.0, record.first_frequency(), kParticles, SeededRandom(seeds.next()));
  };
  ClockOracle of_all = oracle();
  std::vector<ClockOracle> of_one;
  for (std::size_t i = 0; i < servers; ++i) of_one.push_back(oracle());
  const auto said = record.said();
  auto next = said.begin();
  for (double t_s = 1.0; t_s <= c.span.to_seconds(); t_s += 1.0) {
    for (; next != said.end() && next->bounds.t_s <= t_s; ++next) {
      of_all.see(next->bounds);
      if (servers > 1) of_one[next->server].see(next->bounds);
    }
    if (t_s <= c.settle.to_seconds()) continue;
    const double offset_s = record.offset_s(static_cast<std::size_t>(t_s));
    double weights = 0.0, sum_s = 0.0;
    for (const ClockOracle& one : of_one) {
      const double weight = 1.0 / std::pow(one.deviation_s(t_s), 2);
      weights += weight;
      sum_s += weight * (one.offset_s(t_s) - offset_s);
    }
    score.seconds += 1.0;
    score.oracle += std::pow(of_all.offset_s(t_s) - offset_s, 2);
    score.variance += std::pow(of_all.deviation_s(t_s), 2);
    score.combined += std::pow(sum_s / weights, 2);
  }
}

}  // namespace

bool oracle_knows(const std::string& row) {
  return known_rows().contains(row);
}

OracleComparison compare_oracle(const EstimatorCase& c, int first_seed, int runs) {
  const std::vector<std::string>& servers = known_rows().at(c.name);
  double regression2 = 0.0, bayes2 = 0.0;
  Score score;
  for (int seed = first_seed; seed < first_seed + runs; ++seed) {
    WorldRecord record(servers);
    regression2 += std::pow(run_estimator(c, "regression", seed).rms_error.to_seconds(), 2) / runs;
    bayes2 += std::pow(run_estimator(c, "bayes", seed, record.watch()).rms_error.to_seconds(), 2) / runs;
    score_run(c, record, servers.size(), seed, score);
  }
  OracleComparison all{.regression_s = std::sqrt(regression2), .bayes_s = std::sqrt(bayes2)};
  all.oracle_s = std::sqrt(score.oracle / score.seconds);
  all.deviation_s = std::sqrt(score.variance / score.seconds);
  all.combined_s = servers.size() > 1 ? std::sqrt(score.combined / score.seconds) : all.oracle_s;
  return all;
}

}  // namespace timed::sim
