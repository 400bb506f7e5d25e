// The NTP server: who is answered, the sockets, and those who serve them: the main loop alone, or threads beside it.
//
// With threads each has a socket of its own on every address, and a sender's requests all come to the same of them, so
// that rate limits and interleaved mode need nothing that is shared.  The main loop keeps a socket for what it sends
// itself (peers, ntpq, broadcasts); what is for it and came to a thread is handed over.
#ifndef TIMED_SERVER_SERVER_H_
#define TIMED_SERVER_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "timed/base/lacking_addresses.h"
#include "timed/base/result.h"
#include "timed/discipline/own_state.h"
#include "timed/env/clock.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/server/acl.h"
#include "timed/server/handover.h"
#include "timed/server/options.h"
#include "timed/server/published.h"
#include "timed/server/serving_reports.h"
#include "timed/server/serving_threads.h"
#include "timed/server/serving_worker.h"
#include "timed/server/signd.h"

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

class Server {
 public:
  // Opens nothing yet.  The three seams outlive the server.
  Server(ServerOptions options, const ServiceLimits& limits, std::span<const AccessRule> rules, env::Network& network,
         env::SystemClock& clock, env::Host& host);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The keys that requests are verified with and answers signed; they outlive the server.  Again where they changed.
  void use_keys(const auth::KeyStore& keys);
  // The keys of cookies: from now on NTS is served with them, wherever serving runs.
  void use_cookie_keys(const auth::CookieKeys& keys);
  // Before open().
  void share(SocketSharing sharing);
  // What these send to the port of the server is theirs; all of them, each time some have changed.
  void set_sources(std::vector<Endpoint> sources);
  // Whom ntpq may ask from, beside this machine.
  void set_questions(AccessTable allowed);
  // The socket of a family, opened now where it was not; null where that cannot be.
  env::UdpSocket* shared_socket(Family family);

  // Before open().  The rates of these addresses are limited, with the standard limits where there are none; with
  // limits in the configuration those of all are anyway.
  // kod: with them some requests are answered that the client is to ask less.
  void limit_rates_of(std::span<const AccessRule> rules, bool kod);

  // Opens the sockets of each family of which some address is allowed, or that is shared.  One that cannot be opened is
  // logged and left out; fails where one was wanted and none could be opened.
  Status open();
  // Starts the threads, where some are wanted and there is something to serve, now or when that comes.  Apart from
  // open(): threads keep the privileges that they began with.
  void start_threads();
  // Those that are wanted and could not be opened.
  const LackingAddresses& lacking() const { return lacking_; }
  // Tries those again that may come: silent where nothing has changed.
  void retry_addresses();
  // These instead of those before: whom it serves, and who needs a key for it.  Between open() and close() sockets
  // follow: those of a family of which nobody is allowed any more are closed, those that are wanted now are opened,
  // with the same messages as open().  Not from inside a turn of theirs.
  void set_access(AccessTable access, AccessTable needs_key);
  void set_rules(std::span<const AccessRule> rules);
  // Answers what has come in, closes the sockets and ends the threads.  Not from inside a turn of theirs.
  void close();
  bool is_open() const;
  bool has_threads() const { return threads_.running(); }
  // Whether each thread has made a turn since this was asked last.
  bool threads_have_turned() { return threads_.all_have_turned(); }

  // What is said of our clock from now on.  Until the first call: not synchronised.
  void publish(const discipline::OwnState& state) { published_.set_state(state); }
  // The clock was stepped by somebody else: no stamp of before means anything now.
  void forget_stamps() { published_.forget_stamps(); }

  VerdictTotals verdicts() const;
  ServedTotals served() const;
  std::uint64_t unsent() const { return served().unsent(); }
  // For sources that came to a thread and found no room on the way to the main loop.
  std::uint64_t lost_on_the_way() const { return handover_.lost(); }
  bool keeps_client_log() const { return !options_.no_client_log; }
  ClientLogTotals client_log() const;
  // Empty where there is no log of clients.
  ClientPage clients(const ClientQuery& query);
  // Whether a connection from there, for key establishment, is served; noted for the report of clients.
  enum class Establishment : std::uint8_t { Welcome, Denied, TooOften };
  Establishment admit_establishment(const IpAddress& from);
  // A command has come from there: for the report of clients.
  void note_command(const IpAddress& from);
  // It came too often and was dropped.
  void note_command_drop(const IpAddress& from);
  bool allows(const IpAddress& address) const { return tables_->access.allows(address); }
  // Whether anybody of the family is allowed.
  bool allows_any(Family family) const;
  // What sockets are bound to, one or more of each family.
  std::vector<IpAddress> bound_to() const;

 private:
  // An address that sockets are bound to.
  struct Address {
    IpAddress bind;
    bool open = false;  // the main loop's socket is
  };

  int wanted_threads(env::Host& host) const;
  ServingWorker& main();
  bool wants(Family family) const;
  void replace_tables(const std::function<void(ServingTables&)>& change);
  void adjust();
  void open_address(Place place);
  void open_members(Place place);
  void close_address(Place place);
  env::UdpOptions socket_options(Place place, int member) const;
  Bystanders bystanders();
  void take_handed_over(Handover::Kind kind, Place place, const env::Datagram& datagram);
  bool answer_control(Place place, const env::Datagram& datagram);

  ServerOptions options_;
  env::Network& network_;
  env::SystemClock& clock_;
  env::Host& host_;
  ServiceLimits limits_;
  SharedTables tables_;
  Published published_;
  SocketSharing sharing_;
  bool needed_v4_ = false;
  bool needed_v6_ = false;
  bool serving_ = false;            // between open() and close()
  bool threads_wanted_ = false;     // from start_threads() on
  std::vector<Address> addresses_;  // by place
  LackingAddresses lacking_;
  std::uint32_t group_seed_ = 0;
  const auth::KeyStore* keys_ = nullptr;
  std::uint64_t to_sources_ = 0;
  std::uint64_t control_ = 0;
  std::optional<ServingWorker> main_;
  std::optional<Signd> signd_;
  Handover handover_;
  ServingThreads threads_;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_SERVER_H_
