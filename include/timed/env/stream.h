// Connections: the part of the third seam that carries a stream of octets.
#ifndef TIMED_ENV_STREAM_H_
#define TIMED_ENV_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "timed/base/address.h"
#include "timed/base/result.h"

namespace timed::env {

struct StreamRead {
  std::size_t size = 0;  // octets that were there now
  bool ended = false;    // the other side has closed, or the connection has failed: nothing more will come
  // Why, where it has failed.  Told once, by receive() or by send().
  std::optional<Error> failure = std::nullopt;
};

// One connection, that never blocks: it may still be on its way when it is handed out, and what it cannot take now it
// takes later.
class StreamSocket {
 public:
  virtual ~StreamSocket() = default;
  virtual StreamRead receive(std::span<std::byte> into) = 0;
  // How many of the octets were taken; fails where the connection has.
  virtual Result<std::size_t> send(std::span<const std::byte> bytes) = 0;
  // Called in each turn in which there is something to receive, or an end; and, while that is wanted, room to send. One
  // that is still on its way has room when it has arrived.
  // The function may destroy the socket.
  virtual void on_event(std::function<void()> fn) = 0;
  virtual void want_room(bool wanted) = 0;
  // Tells the other side now what has come from it, instead of with what is sent next: for whoever waits for more and
  // has nothing to say.  What the other side would send in a small piece may be kept back there until it hears this.
  virtual void acknowledge() {}
};

// A connection to somebody's TCP port.
struct ConnectOptions {
  Endpoint remote{};
  IpAddress local{};     // where it comes from; none = as the routes say
  std::string device{};  // bound to this interface; empty = any
};

// One's own TCP port.
struct ListenOptions {
  Endpoint local{};      // family is taken from it
  std::string device{};  // bound to this interface; empty = any
  int backlog = 128;     // connections that wait to be accepted
};

class StreamListener {
 public:
  struct Accepted {
    std::unique_ptr<StreamSocket> stream;
    Endpoint peer;
  };
  virtual ~StreamListener() = default;
  // One that has come in; never blocks.  Where there is no room for another descriptor it is closed at once and
  // counted, so that none waits forever and keeps the loop busy.
  virtual std::optional<Accepted> accept() = 0;
  virtual std::uint64_t closed_for_want_of_room() const = 0;
  // Called in each turn in which connections wait.  The function may destroy the listener.
  virtual void on_connection(std::function<void()> fn) = 0;
  virtual Endpoint local_endpoint() const = 0;
};

}  // namespace timed::env

#endif  // TIMED_ENV_STREAM_H_
