#include "timed/sources/name_lookups.h"

#include <utility>

namespace timed::sources {

NameLookups::NameLookups(env::Host& host, env::Timers& timers, OnAnswer on_answer)
    : host_(host), on_answer_(std::move(on_answer)), retry_timer_(timers, [this] { ask_next(); }) {}

void NameLookups::start() {
  started_ = true;
  ask_next();
}

void NameLookups::stop() {
  started_ = false;
  awaited_ = 0;
  retry_timer_.disarm();
}

void NameLookups::add(NameLookup lookup) {
  queue_.add(std::move(lookup));
  if (!started_ || awaited_ != 0) return;
  if (retry_timer_.armed()) queue_.begin_early();
  ask_next();
}

void NameLookups::hurry() {
  queue_.hurry();
  ask_next();
}

void NameLookups::ask_next() {
  if (!started_ || awaited_ != 0) return;
  retry_timer_.disarm();
  const auto lookup = queue_.next();
  if (!lookup) {
    all_tried_ = true;
    if (!queue_.empty()) retry_timer_.arm_in(queue_.retry_delay());
    return;
  }
  const std::uint64_t number = awaited_ = ++asked_;
  host_.resolve(lookup->name, lookup->family, [this, number, asked = *lookup](const Addresses& addresses) {
    if (number == awaited_) take(asked, addresses);
  });
}

void NameLookups::take(const NameLookup& lookup, const Addresses& addresses) {
  // While the answer is worked on none is asked, so that what is added comes in its turn.
  if (on_answer_(lookup, addresses)) queue_.remove(lookup);
  awaited_ = 0;
  ask_next();
}

}  // namespace timed::sources
