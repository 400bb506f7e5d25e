// Connections between simulated machines: octets in order, as TCP carries them.  What is lost on a link comes later, as
// long as both ends are there; what a machine refuses is reset.
#ifndef TIMED_TESTS_SIM_SIM_STREAM_H_
#define TIMED_TESTS_SIM_SIM_STREAM_H_

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/sim_loop.h"
#include "tests/sim/world.h"
#include "timed/env/stream.h"

namespace timed::sim {

class SimNetwork;
class SimSockets;
class SimStream;
class SimListener;

// How connections of a machine behave, for both directions of those that it begins or accepts.
struct StreamModel {
  std::size_t segment = 1460;      // octets that travel together
  std::size_t window = 64 * 1024;  // octets that are under way or not yet received
};

// What both ends of a connection share.
class SimConnection : public std::enable_shared_from_this<SimConnection> {
 public:
  enum End : std::size_t { Client = 0, Server = 1 };

  SimConnection(World& world, SimNetwork& network, SimSockets& client, const Endpoint& client_end,
                const Endpoint& server_end);

  // The client begins.
  void connect();

  // ---- of the two sockets ----
  std::size_t send(End from, std::span<const std::byte> bytes);
  env::StreamRead receive(End at, std::span<std::byte> into);
  // An end is closed, with an end of what it has sent; or abruptly.
  void close(End from);
  void reset_by(End from);
  bool has_event(End at) const;
  bool has_room(End at) const;
  void attach(End at, SimStream* stream) { sides_[at].stream = stream; }
  // This machine has gone without a word.
  void forget(const SimSockets& machine);
  const Endpoint& endpoint(End of) const { return sides_[of].endpoint; }
  // The error that an end has met, once.
  std::optional<Error> take_failure(End at);
  bool failed(End at) const { return sides_[at].failed; }

 private:
  struct Side {
    SimSockets* machine = nullptr;  // null: gone
    std::string name;               // of the machine, for its links
    Endpoint endpoint;
    SimStream* stream = nullptr;  // null: closed, or not accepted yet
    std::deque<std::byte> arrived;
    std::size_t under_way = 0;  // octets sent from here that the other end has not received yet
    TrueTime last_arrival;      // here; nothing overtakes
    bool connected = false;
    bool ended = false;   // the other side has sent its end
    bool closed = false;  // this side has
    bool failed = false;
    std::optional<Error> failure;  // to be told
  };
  static End other(End end) { return end == Client ? Server : Client; }

  void travel(End from, std::function<void()> arrive, int attempt = 0);
  void arrive_syn();
  void established();
  void fail(End at, const char* reason);
  void wake(End at);

  World& world_;
  SimNetwork& network_;
  std::array<Side, 2> sides_;
  StreamModel model_;
};

class SimStream : public env::StreamSocket, public LoopSocket {
 public:
  SimStream(SimLoop& loop, std::shared_ptr<SimConnection> connection, SimConnection::End end);
  ~SimStream() override;

  env::StreamRead receive(std::span<std::byte> into) override;
  Result<std::size_t> send(std::span<const std::byte> bytes) override;
  void on_event(std::function<void()> fn) override;
  void want_room(bool wanted) override;
  bool readable() const override;
  void run() override;

  void move_to(SimLoop& loop);
  void wake() { loop_->wake(); }
  // The connection ends abruptly, as if the machine had lost its memory of it.
  void reset() { connection_->reset_by(end_); }

 private:
  SimLoop* loop_;
  std::shared_ptr<SimConnection> connection_;
  const SimConnection::End end_;
  SimLoop::SocketId loop_id_;
  std::function<void()> event_fn_;
  bool room_wanted_ = false;
};

class SimListener : public env::StreamListener, public LoopSocket {
 public:
  SimListener(SimSockets& machine, SimLoop& loop, const env::ListenOptions& options);
  ~SimListener() override;

  std::optional<Accepted> accept() override;
  std::uint64_t closed_for_want_of_room() const override { return 0; }
  void on_connection(std::function<void()> fn) override { connection_fn_ = std::move(fn); }
  Endpoint local_endpoint() const override { return options_.local; }
  int backlog() const { return options_.backlog; }
  bool readable() const override { return connection_fn_ && !waiting_.empty(); }
  void run() override;

  // False where the queue is full.
  bool push(std::shared_ptr<SimConnection> connection);

 private:
  SimSockets& machine_;
  SimLoop& loop_;
  const env::ListenOptions options_;
  const SimLoop::SocketId loop_id_;
  std::function<void()> connection_fn_;
  std::deque<std::shared_ptr<SimConnection>> waiting_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SIM_STREAM_H_
