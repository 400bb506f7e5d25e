// The simulated world: true time, one event queue, one seed.
//
// Everything that happens is an event at a point of true time; events of one instant run in the order in which they
// were made.  All randomness comes from the seed, so a run repeats to the last bit.  One world at a time: it takes
// over the log sink and hands each message to the machine whose event is running.
#ifndef TIMED_TESTS_SIM_WORLD_H_
#define TIMED_TESTS_SIM_WORLD_H_

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "timed/base/log.h"
#include "timed/base/random.h"
#include "timed/base/units.h"

namespace timed::sim {

// Time as nobody in the world knows it, in nanoseconds since 1970-01-01 UTC.
using TrueTime = TimePoint<struct TrueScale>;

// 2026-01-01 00:00:00 UTC
inline constexpr TrueTime kWorldStart = TrueTime::from_seconds(1767225600);

struct LogLine {
  TrueTime when;
  log::Severity severity = log::Severity::Info;
  std::string text;
};

// What one machine logged, in order.
class Log {
 public:
  void add(LogLine line) { lines_.push_back(std::move(line)); }
  const std::vector<LogLine>& lines() const { return lines_; }
  // How many messages contain the text.
  std::size_t count(std::string_view text) const;
  bool contains(std::string_view text) const { return count(text) > 0; }
  // One message a line, with seconds since the world began: for failures.
  std::string to_string(TrueTime world_start = kWorldStart) const;

 private:
  std::vector<LogLine> lines_;
};

class World {
 public:
  using EventId = std::pair<std::int64_t, std::uint64_t>;  // true time and sequence; never reused

  explicit World(std::uint64_t seed, TrueTime start = kWorldStart);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  TrueTime now() const { return now_; }
  TrueTime start() const { return start_; }
  Duration elapsed() const { return now_ - start_; }
  std::uint64_t seed() const { return seed_; }
  SeededRandom& random() { return random_; }
  // A generator of its own for a part that must not disturb the others' draws.
  SeededRandom fork_random() { return SeededRandom(random_.next()); }

  // Not before now.
  EventId at(TrueTime when, std::function<void()> fn);
  EventId after(Duration delay, std::function<void()> fn) { return at(now_ + delay, std::move(fn)); }
  // Harmless for one that has run.
  void cancel(const EventId& id) { events_.erase(id); }

  // Runs all events up to and at the end of the span, and ends there.
  void run_for(Duration span) { run_until(now_ + span); }
  void run_until(TrueTime end);
  // The next so many events, as far as there are any.
  void run_events(std::uint64_t count);
  // Until the condition holds, asked every `step`; false where it did not within the span.
  bool run_until_true(const std::function<bool()>& condition, Duration span, Duration step = Duration::seconds(1));

  std::uint64_t events_run() const { return events_run_; }
  // For the message of a failed test: how to see the same again.
  std::string replay_hint() const;

  // Names whose log messages are, from now on; answers whose they were.  Null: they are lost.
  Log* log_to(Log* log) { return std::exchange(log_, log); }

 private:
  void run_next();

  const std::uint64_t seed_;
  const TrueTime start_;
  SeededRandom random_;
  TrueTime now_ = start_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t events_run_ = 0;
  std::map<EventId, std::function<void()>> events_;
  Log* log_ = nullptr;
};

// While it lives, log messages go to this log.
class LogScope {
 public:
  LogScope(World& world, Log& log) : world_(world), before_(world.log_to(&log)) {}
  ~LogScope() { world_.log_to(before_); }
  LogScope(const LogScope&) = delete;
  LogScope& operator=(const LogScope&) = delete;

 private:
  World& world_;
  Log* before_;
};

// The seed of a test: its own, or that of the environment variable TIMED_SIM_SEED.
std::uint64_t seed_or(std::uint64_t own);

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_WORLD_H_
