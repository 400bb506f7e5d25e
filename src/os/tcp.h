// TCP: ports of ours, and the beginning of connections to those of others.
#ifndef TIMED_SRC_OS_TCP_H_
#define TIMED_SRC_OS_TCP_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "timed/env/stream.h"
#include "timed/os/descriptor.h"
#include "timed/os/loop.h"

namespace timed::os {

// Of a connection that is on its way, and does not block.
Result<Descriptor> begin_tcp_connection(const env::ConnectOptions& options);

// Lets the other side's next small piece come, where it waits until the last one has been acknowledged (Nagle): with
// nothing to send the kernel would take its time, of 40 ms, to say so.  It does not stay on.
void acknowledge_now(const Descriptor& descriptor);

class LinuxListener : public env::StreamListener {
 public:
  // `inherited`: one that listens there already, to be used instead of a new one.
  static Result<std::unique_ptr<env::StreamListener>> open(Loop& loop, const env::ListenOptions& options,
                                                           Descriptor inherited = {});
  ~LinuxListener() override;

  std::optional<Accepted> accept() override;
  std::uint64_t closed_for_want_of_room() const override { return no_room_; }
  void on_connection(std::function<void()> fn) override;
  Endpoint local_endpoint() const override;

 private:
  LinuxListener(Loop& loop, Descriptor descriptor);
  bool close_one();
  void keep_spare();
  void watch();
  void pause();

  Loop& loop_;
  Descriptor descriptor_;
  Descriptor spare_;  // given up for a moment to accept what there is no room for
  std::uint64_t no_room_ = 0;
  std::function<void()> fn_;
  Loop::WatchId watch_ = 0;
  Loop::Id pause_ = 0;  // the timer that ends it; 0 is none
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_TCP_H_
