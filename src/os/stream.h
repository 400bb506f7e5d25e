// Connections: over Unix sockets and over TCP.
#ifndef TIMED_SRC_OS_STREAM_H_
#define TIMED_SRC_OS_STREAM_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "timed/env/stream.h"
#include "timed/os/descriptor.h"
#include "timed/os/loop.h"

namespace timed::os {

class LinuxStream : public env::StreamSocket {
 public:
  static Result<std::unique_ptr<env::StreamSocket>> connect_unix(Loop& loop, const std::string& path);
  static Result<std::unique_ptr<env::StreamSocket>> connect_tcp(Loop& loop, const env::ConnectOptions& options);
  // Of a connection that does not block.
  LinuxStream(Loop& loop, Descriptor descriptor) : loop_(&loop), descriptor_(std::move(descriptor)) {}
  ~LinuxStream() override;

  env::StreamRead receive(std::span<std::byte> into) override;
  Result<std::size_t> send(std::span<const std::byte> bytes) override;
  void on_event(std::function<void()> fn) override;
  void want_room(bool wanted) override;
  void acknowledge() override;
  // Before on_event().
  void move_to(Loop& loop) { loop_ = &loop; }

 private:
  Loop* loop_;
  Descriptor descriptor_;
  Loop::WatchId watch_ = 0;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_STREAM_H_
