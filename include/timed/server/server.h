// The NTP server: its sockets, and batches of requests through the responder.
#ifndef TIMED_SERVER_SERVER_H_
#define TIMED_SERVER_SERVER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "timed/base/random.h"
#include "timed/base/result.h"
#include "timed/discipline/own_state.h"
#include "timed/env/clock.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/server/acl.h"
#include "timed/server/options.h"
#include "timed/server/responder.h"

namespace timed::server {

// Who else uses the sockets of the server: sources that are peers, or that ask from its port, and broadcasts.  Neither
// function may destroy the server.
struct SocketSharing {
  bool needs_v4 = false;  // the socket of the family is opened even where nobody is allowed
  bool needs_v6 = false;
  bool broadcasts = false;  // broadcast addresses may be sent to
  // A packet that is no request of a client.  True: it was for them, and is not to be answered.
  std::function<bool(const env::Datagram&)> take;
  std::function<void(Family, std::span<const env::TransmitStamp>)> take_transmit_stamps;
  // A packet of mode 6: the datagrams that go back, mostly none.
  std::function<std::vector<std::vector<std::byte>>(const env::Datagram&)> answer_control;
};

// What was sent, and with which stamps the requests had come.  One thread counts, any thread may read.
struct ServedCounts {
  std::atomic<std::uint64_t> sent{0};
  std::atomic<std::uint64_t> authenticated{0};
  std::atomic<std::uint64_t> daemon_received{0};
  std::atomic<std::uint64_t> kernel_received{0};
};

class Server {
 public:
  // A socket is served at most this many batches before others get their turn.
  static constexpr int kBatchesPerTurn = 4;

  // Opens nothing yet.  The three seams outlive the server.
  Server(ServerOptions options, std::span<const AccessRule> rules, env::Network& network, env::SystemClock& clock,
         env::Host& host);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Before open().  The keys that requests are verified with and answers signed; they outlive the server.
  void use_keys(const auth::KeyStore& keys) { responder_.use_keys(keys); }
  // Before open().
  void share(SocketSharing sharing);
  // The socket of a family, opened now where it was not; null where that cannot be.
  env::UdpSocket* shared_socket(Family family);

  // Opens a socket for each family of which some address is allowed, or that is shared.  One that cannot be opened is
  // logged and left out; fails where one was wanted and none could be opened.
  Status open();
  // These rules instead of those before.  Between open() and close() sockets follow them: one of a family of which
  // nobody is allowed any more is closed, one that is wanted now is opened, with the same messages as open().  Not
  // from inside a turn of theirs.
  void set_rules(std::span<const AccessRule> rules);
  // Closes the sockets.  Not from inside a turn of theirs.
  void close();
  bool is_open() const { return socket_v4_ != nullptr || socket_v6_ != nullptr; }

  // What is said of our clock from now on.  Until the first call: not synchronised.
  void publish(const discipline::OwnState& state) { state_ = state; }

  // Datagrams received so far, by what became of them.
  const VerdictCounts& verdicts() const { return verdicts_; }
  // Answers that the kernel did not take (no buffer, no route); they are not sent again.
  std::uint64_t unsent() const { return unsent_.load(std::memory_order_relaxed); }
  const ServedCounts& served() const { return served_; }
  bool allows(const IpAddress& address) const { return access_.allows(address); }

 private:
  struct Batch {
    std::array<env::Datagram, env::kBatch> requests;
    std::array<env::Datagram, env::kBatch> answers;
  };

  bool wants(Family family) const;
  // Brings one socket in line with the rules.
  void adjust(std::unique_ptr<env::UdpSocket>& socket, const IpAddress& bind);
  std::unique_ptr<env::UdpSocket> open_socket(const IpAddress& bind);
  void take_transmit_stamps(env::UdpSocket& socket);
  bool is_for_sources(const env::Datagram& datagram) const;
  // Answers a packet of mode 6; false for what is none, or gets no answer.
  bool take_control(env::UdpSocket& socket, const env::Datagram& datagram);
  void serve(env::UdpSocket& socket);
  void answer(env::UdpSocket& socket, std::span<const env::Datagram> requests);
  void send(env::UdpSocket& socket, std::span<env::Datagram> answers);

  ServerOptions options_;
  env::Network& network_;
  env::SystemClock& clock_;
  AccessTable access_;
  AccessTable needs_key_;
  EntropyPool entropy_;
  Responder responder_;
  discipline::OwnState state_;
  VerdictCounts verdicts_;
  ServedCounts served_;
  std::atomic<std::uint64_t> unsent_{0};
  std::unique_ptr<Batch> batch_;
  SocketSharing sharing_;
  bool needed_v4_ = false;
  bool needed_v6_ = false;
  bool serving_ = false;  // between open() and close()
  std::unique_ptr<env::UdpSocket> socket_v4_;
  std::unique_ptr<env::UdpSocket> socket_v6_;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_SERVER_H_
