#include "tests/sim/world.h"

#include <algorithm>
#include <cstdlib>

#include "timed/base/check.h"
#include "timed/base/text.h"

namespace timed::sim {

std::size_t Log::count(std::string_view text) const {
  return static_cast<std::size_t>(std::count_if(
      lines_.begin(), lines_.end(), [&](const LogLine& line) { return line.text.find(text) != std::string::npos; }));
}

std::string Log::to_string(TrueTime world_start) const {
  std::string all;
  for (const LogLine& line : lines_) {
    all += format("%12.6f %s\n", (line.when - world_start).to_seconds(), line.text.c_str());
  }
  return all;
}

World::World(std::uint64_t seed, TrueTime start) : seed_(seed), start_(start), random_(seed) {
  log::set_sink([this](log::Severity severity, std::string_view message) {
    if (log_ != nullptr) log_->add({now_, severity, std::string(message)});
  });
}

World::~World() {
  log::set_sink(nullptr);
}

World::EventId World::at(TrueTime when, std::function<void()> fn) {
  TIMED_ASSERT(when >= now_);
  const EventId id{when.nanos(), next_sequence_++};
  events_.emplace(id, std::move(fn));
  return id;
}

void World::run_next() {
  // Out of the queue before it runs: it may add and cancel events, itself among them.
  auto event = events_.extract(events_.begin());
  now_ = TrueTime::from_nanos(event.key().first);
  ++events_run_;
  event.mapped()();
}

void World::run_until(TrueTime end) {
  while (!events_.empty() && events_.begin()->first.first <= end.nanos()) run_next();
  now_ = end;
}

void World::run_events(std::uint64_t count) {
  for (; count > 0 && !events_.empty(); --count) run_next();
}

bool World::run_until_true(const std::function<bool()>& condition, Duration span, Duration step) {
  const TrueTime end = now_ + span;
  while (!condition()) {
    if (now_ >= end) return false;
    run_until(std::min(end, now_ + step));
  }
  return true;
}

std::string World::replay_hint() const {
  return format("after %.6f s of the world with seed %llu (run the same test with TIMED_SIM_SEED=%llu)",
                elapsed().to_seconds(), static_cast<unsigned long long>(seed_), static_cast<unsigned long long>(seed_));
}

std::uint64_t seed_or(std::uint64_t own) {
  const char* text = std::getenv("TIMED_SIM_SEED");
  if (text == nullptr) return own;
  const auto value = parse_integer(text);
  TIMED_ASSERT(value.has_value());
  return static_cast<std::uint64_t>(*value);
}

}  // namespace timed::sim
