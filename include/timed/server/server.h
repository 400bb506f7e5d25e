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
  // Transmit stamps that were told: of the answer itself, or, interleaved, of the one before.
  std::atomic<std::uint64_t> interleaved{0};
  std::atomic<std::uint64_t> daemon_sent{0};
  std::atomic<std::uint64_t> kernel_sent{0};
};

class Server {
 public:
  // A socket is served at most this many batches before others get their turn.
  static constexpr int kBatchesPerTurn = 4;

  // Opens nothing yet.  The three seams outlive the server.
  Server(ServerOptions options, const ServiceLimits& limits, std::span<const AccessRule> rules, env::Network& network,
         env::SystemClock& clock, env::Host& host);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Before open().  The keys that requests are verified with and answers signed; they outlive the server.
  void use_keys(const auth::KeyStore& keys) { responder_.use_keys(keys); }
  // Before open().
  void share(SocketSharing sharing);
  // The socket of a family, opened now where it was not; null where that cannot be.
  env::UdpSocket* shared_socket(Family family);

  // Before open().  The rates of these addresses are limited, with the standard limits where there are none; with
  // limits in the configuration those of all are anyway.
  // kod: with them some requests are answered that the client is to ask less.
  void limit_rates_of(std::span<const AccessRule> rules, bool kod);

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
  void publish(const discipline::OwnState& state);
  // The clock was stepped by somebody else: no stamp of before means anything now.
  void forget_stamps();

  // Datagrams received so far, by what became of them.
  const VerdictCounts& verdicts() const { return verdicts_; }
  // Answers that the kernel did not take (no buffer, no route); they are not sent again.
  std::uint64_t unsent() const { return unsent_.load(std::memory_order_relaxed); }
  const ServedCounts& served() const { return served_; }
  bool keeps_client_log() const { return !options_.no_client_log; }
  // What is known of clients; none where no log of them is wanted, and before the first socket was opened or
  // the first command has come.
  ClientLog* clients() { return log_ ? &*log_ : nullptr; }
  const ClientLog* clients() const { return log_ ? &*log_ : nullptr; }
  // A command has come from there: for the report of clients.
  void note_command(const IpAddress& from) {
    make_client_log();
    if (log_) log_->clients.hit(from, Service::Command, client_ticks());
  }
  // It came too often and was dropped.
  void note_command_drop(const IpAddress& from) {
    if (log_) log_->clients.note_drop(from, Service::Command);
  }
  Ticks client_ticks() const { return log_ ? log_->clients.ticks(clock_.now().nanos()) : 0; }
  bool allows(const IpAddress& address) const { return access_.allows(address); }

 private:
  struct Batch {
    std::array<env::Datagram, env::kBatch> requests;
    std::array<env::Datagram, env::kBatch> answers;
    std::array<Departure, env::kBatch> departures;
  };
  // An answer whose transmit stamp the kernel is to tell.
  struct Awaited {
    std::uint32_t id = 0;
    ntp::NtpTimestamp receive;   // that it had; zero = nothing is awaited
    bool served = false;         // not a peer's
    std::uint8_t published = 0;  // what its stamps were made with
  };
  static constexpr std::size_t kAwaited = 256;

  bool wants(Family family) const;
  void make_client_log();
  // Brings one socket in line with the rules.
  void adjust(std::unique_ptr<env::UdpSocket>& socket, const IpAddress& bind);
  std::unique_ptr<env::UdpSocket> open_socket(const IpAddress& bind);
  void take_transmit_stamps(env::UdpSocket& socket);
  void note_transmit_stamp(Family family, const env::TransmitStamp& stamp);
  void count(Verdict verdict, const env::Datagram& request, const Departure& departure);
  void await_stamp(Family family, std::uint32_t id, const Departure& departure);
  Family family_of(const env::UdpSocket& socket) const {
    return &socket == socket_v6_.get() ? Family::Inet6 : Family::Inet4;
  }
  bool is_for_sources(const env::Datagram& datagram) const;
  // Answers a packet of mode 6; false for what is none, or gets no answer.
  bool take_control(env::UdpSocket& socket, const env::Datagram& datagram);
  void serve(env::UdpSocket& socket);
  void answer(env::UdpSocket& socket, std::span<const env::Datagram> requests);
  void send(env::UdpSocket& socket, std::size_t pending);
  void prefetch_clients(std::span<const env::Datagram> requests) const;

  ServerOptions options_;
  env::Network& network_;
  env::SystemClock& clock_;
  AccessTable access_;
  AccessTable needs_key_;
  EntropyPool entropy_;
  std::optional<ClientLog> log_;
  Responder responder_;
  discipline::OwnState state_;
  // What was said before, for stamps that come in late.
  discipline::OwnState last_state_;
  std::uint8_t published_ = 0;
  bool awaits_stamps_ = false;                              // now or once: a stamp may be lost
  std::array<std::array<Awaited, kAwaited>, 2> awaited_{};  // IPv4 and IPv6, by the last octet of the id
  VerdictCounts verdicts_;
  ServedCounts served_;
  std::atomic<std::uint64_t> unsent_{0};
  std::unique_ptr<Batch> batch_;
  ServiceLimits limits_;
  AccessTable limited_;
  SocketSharing sharing_;
  bool needed_v4_ = false;
  bool needed_v6_ = false;
  bool serving_ = false;  // between open() and close()
  std::unique_ptr<env::UdpSocket> socket_v4_;
  std::unique_ptr<env::UdpSocket> socket_v6_;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_SERVER_H_
