// Asks the resolver for the names of the queue, one at a time, and again when its time has come.
#ifndef TIMED_SOURCES_NAME_LOOKUPS_H_
#define TIMED_SOURCES_NAME_LOOKUPS_H_

#include <cstdint>
#include <functional>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/env/host.h"
#include "timed/env/timers.h"
#include "timed/sources/source_names.h"

namespace timed::sources {

class NameLookups {
 public:
  using Addresses = Result<std::vector<IpAddress>>;
  // True: there is nothing more to ask for it; otherwise it is repeated.  May add look-ups and remove them.
  using OnAnswer = std::function<bool(const NameLookup&, const Addresses&)>;

  // The host answers no look-up when the object is gone.
  NameLookups(env::Host& host, env::Timers& timers, OnAnswer on_answer);

  // Nothing is asked before, and no answer is heard after.
  void start();
  void stop();

  // Asked now, or after those that are being asked.
  void add(NameLookup lookup);
  void remove_line(LineId line) { queue_.remove_line(line); }
  void remove_source(discipline::SourceId source) { queue_.remove_source(source); }
  // All names that wait, now: something has happened that may have brought the network back.
  void hurry();
  // Since start() each name was asked for at least once.
  bool all_tried() const { return all_tried_; }
  // Some name has given no address yet and is asked for again.
  bool some_wait() const { return !queue_.empty(); }

 private:
  void ask_next();
  void take(const NameLookup& lookup, const Addresses& addresses);

  env::Host& host_;
  OnAnswer on_answer_;
  NameQueue queue_;
  env::Timer retry_timer_;
  std::uint64_t awaited_ = 0;  // number of the look-up whose answer is awaited; 0 = none
  std::uint64_t asked_ = 0;
  bool started_ = false;
  bool all_tried_ = false;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_NAME_LOOKUPS_H_
