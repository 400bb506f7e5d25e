// Host names, looked up by one thread so that the loop never waits for a name server.
#ifndef TIMED_SRC_OS_RESOLVER_H_
#define TIMED_SRC_OS_RESOLVER_H_

#include <pthread.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/env/host.h"
#include "timed/os/loop.h"
#include "timed/os/syscall_filter.h"

namespace timed::os {

class Resolver {
 public:
  static constexpr std::size_t kMaxAddresses = 16;
  static constexpr std::size_t kMaxWaiting = 4096;  // lookups; more than the sources a daemon may have

  // How a name is looked up, and how long nobody gets an answer until that is told.
  struct Options {
    Result<std::vector<IpAddress>> (*look_up)(const std::string& name, Family family);
    Duration patience;
  };
  // By the C library.  Three name servers that are all away take it a minute, and a list of domains to search several.
  static Options by_system();

  // family: answers of the other one are never given (-4, -6); Unspecified = both.  The thread is started with the
  // first name, so that it inherits the dropped privileges.  The destructor never waits for a look-up under way: a name
  // server may take minutes.
  Resolver(Loop& loop, Family family, Options options = by_system());
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  // Before the first name, where it has to be under a filter of its own; a second time does nothing.
  Status start_thread(const SyscallFilter& filter);
  // As env::Host::resolve.  done is not called any more once the resolver is destroyed; it may destroy it.
  void resolve(std::string name, Family family, env::Host::Resolved done);

 private:
  struct Shared;  // with the thread
  static void* run_thread(void* shared);

  void deliver_later(Result<std::vector<IpAddress>> answer, env::Host::Resolved done);
  void take_answer();
  void watch_progress();

  Loop& loop_;
  Family family_;
  Options options_;
  std::shared_ptr<Shared> shared_;
  pthread_t thread_{};                                    // where shared_ is set
  std::map<std::uint64_t, env::Host::Resolved> waiting_;  // by the number of the question
  std::uint64_t next_question_ = 1;
  Loop::WatchId watch_ = 0;
  std::set<Loop::Id> deliveries_;
  std::optional<Loop::Id> slow_;  // until it is told that nobody gets an answer
  bool told_slow_ = false;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_RESOLVER_H_
