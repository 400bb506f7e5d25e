// Connections: the part of the third seam that carries a stream of octets.
#ifndef TIMED_ENV_STREAM_H_
#define TIMED_ENV_STREAM_H_

#include <cstddef>
#include <functional>
#include <span>

#include "timed/base/result.h"

namespace timed::env {

struct StreamRead {
  std::size_t size = 0;  // octets that were there now
  bool ended = false;    // the other side has closed, or the connection has failed: nothing more will come
};

// One connection, that never blocks: it may still be on its way when it is handed out, and what it cannot take now it
// takes later.
class StreamSocket {
 public:
  virtual ~StreamSocket() = default;
  virtual StreamRead receive(std::span<std::byte> into) = 0;
  // How many of the octets were taken; fails where the connection has.
  virtual Result<std::size_t> send(std::span<const std::byte> bytes) = 0;
  // Called in each turn in which there is something to receive, or an end; and, while that is wanted, room to send.
  // The function may destroy the socket.
  virtual void on_event(std::function<void()> fn) = 0;
  virtual void want_room(bool wanted) = 0;
};

}  // namespace timed::env

#endif  // TIMED_ENV_STREAM_H_
