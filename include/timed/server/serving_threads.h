// The threads that serve beside the main loop: made, given their sockets and keys, asked, and ended by the main loop.
#ifndef TIMED_SERVER_SERVING_THREADS_H_
#define TIMED_SERVER_SERVING_THREADS_H_

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

#include "timed/auth/key_store.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/env/turn_probe.h"
#include "timed/server/handover.h"
#include "timed/server/published.h"
#include "timed/server/serving_worker.h"

namespace timed::server {

class ServingThreads {
 public:
  // At most kMaxServingThreads are made.  What is referred to outlives them, and the loop of the host ends before.
  ServingThreads(int wanted, const Published& published, env::Host& host, Handover& handover);
  ~ServingThreads();
  ServingThreads(const ServingThreads&) = delete;
  ServingThreads& operator=(const ServingThreads&) = delete;

  int wanted() const { return static_cast<int>(members_.size()); }
  // Before start(): what each of them is to work with.
  void set_options(const ServingOptions& options) { options_ = options; }
  // Each gets keys of its own.
  void use_keys(const auth::KeyStore& keys);
  // The socket of a member, 0 … wanted() - 1, at a place.  It is served when the thread runs.
  void give(Place place, int member, std::unique_ptr<env::UdpSocket> socket);
  // Answers what has come in there already, and closes the sockets of the place.
  void take_away(Place place);
  // Starts those that do not run yet.  One that cannot be started is told of, and its sockets are closed: the others
  // get their share.
  void start();
  // Closes their sockets as take_away() does, and ends them; their counters stay.
  void stop();
  bool running() const;
  // Whether each that runs has made a turn since this was asked last.
  bool all_have_turned();

  // Runs the function on the thread of each that runs, one after the other, while this one waits.
  void on_each(const std::function<void(ServingWorker&)>& fn) const;
  // The counters of all that have run, and of the main loop's, which may be null.
  void for_counters(const ServingWorker* main, const std::function<void(const ServingWorker&)>& fn) const;

 private:
  struct Member {
    std::vector<std::unique_ptr<env::UdpSocket>> waiting;  // for the thread to run; by place
    std::unique_ptr<auth::KeyStore> keys;
    std::unique_ptr<ServingWorker> serving;
    env::TurnProbe probe;
    std::unique_ptr<env::Worker> worker;  // last: it ends before what runs on it
  };

  void start(Member& member, int number);
  void hand_over_sockets(Member& member);
  Bystanders bystanders() const;

  const Published& published_;
  env::Host& host_;
  Handover& handover_;
  ServingOptions options_;
  std::unique_ptr<auth::KeyStore> keys_;  // that those get who start later
  std::vector<Member> members_;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_SERVING_THREADS_H_
