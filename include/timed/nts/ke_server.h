// The server of NTS key establishment (RFC 8915 section 4): its TCP ports, who is let in, its certificates, and who
// does the work: workers that take what others leave of the processors ("ntsprocesses"), or the main loop.
#ifndef TIMED_NTS_KE_SERVER_H_
#define TIMED_NTS_KE_SERVER_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "timed/auth/cookie_keys.h"
#include "timed/base/address.h"
#include "timed/base/lacking_addresses.h"
#include "timed/base/result.h"
#include "timed/env/host.h"
#include "timed/env/turn_probe.h"
#include "timed/nts/credentials.h"
#include "timed/nts/ke_desk.h"
#include "timed/nts/options.h"

namespace timed::nts {

enum class KeAdmission : std::uint8_t { Welcome, Denied, TooOften };

// What the server needs to know of its neighbours, which it does not see.
struct KeNeighbours {
  std::vector<IpAddress> bind_addresses;  // one of each family; its own are bound to the same
  std::string device;                     // the same; empty = any
  std::uint16_t ntp_port = 123;           // where NTP is served
  std::function<bool(Family)> anybody;    // whether anybody of the family is let in
  std::function<KeAdmission(const IpAddress&)> admit;
};

class KeServer {
 public:
  // Opens and starts nothing yet; nothing ever happens without a certificate in the options.  The seams outlive it, and
  // the loop of the host ends before.
  KeServer(const NtsOptions& options, KeNeighbours neighbours, const env::Env& env);
  ~KeServer();
  KeServer(const KeServer&) = delete;
  KeServer& operator=(const KeServer&) = delete;

  bool wanted() const { return !options_.server.certificates.empty(); }
  // Reads the certificates and their keys, and opens the ports of each family of which anybody is let in.  What is in
  // the way is logged; certificates may come later, by reload().
  void open();
  // Starts workers, where some are wanted and there is a certificate.  Apart from open(): threads keep the privileges
  // that they began with.
  void start();
  // Reads the certificates and keys again.  Where that fails those of before stay; connections go on in any case.
  void reload();
  // Other addresses are let in now: ports follow.
  void adjust();
  // Those that are wanted and could not be opened.
  const LackingAddresses& lacking() const { return lacking_; }
  // Tries those again that may come: silent where nothing has changed.
  void retry_ports();
  // The keys of cookies from now on.  After start().
  void use_keys(const auth::CookieKeys& keys);
  // Whether each worker has made a turn in the last kPatience times that this was asked.  They come last where
  // processors are scarce, which is nothing that is wrong with them.
  static constexpr int kPatience = 5;
  bool workers_have_turned();
  // For a main loop that does the work itself.
  void begin_turn();
  // Ends ports, connections and workers; the counters stay.
  void close();

  bool is_open() const { return !ports_.empty(); }
  // All of them, whoever did the work.
  KeTotals totals() const;
  // Connections now.
  std::size_t connections() const;

  // The certificates and keys of the options; tells the operator nothing.  An error names the file.
  static Result<std::vector<ServerPair>> read_pairs(const NtsServerOptions& options, env::Files& files);

 private:
  struct Port {
    IpAddress address;
    std::unique_ptr<env::StreamListener> listener;
  };
  struct Member {
    std::unique_ptr<KeDesk> desk;
    std::unique_ptr<env::TurnProbe> probe;  // where there is a worker
    int missed = 0;                         // times in a row that the worker had made no turn
    std::unique_ptr<env::Worker> worker;    // null: the main loop does it.  Ends before what runs on it
  };

  void load();
  void hand_out_pairs();
  void open_port(const IpAddress& address);
  void close_port(std::vector<std::unique_ptr<Port>>::iterator port);
  void on_connections(Port& port);
  void take(env::StreamListener::Accepted accepted);
  Member* least_busy();
  void start_member(int number);
  static void on_loop_of(const Member& member, std::function<void()> fn);
  std::size_t most_members() const;

  const NtsOptions options_;
  const KeNeighbours neighbours_;
  const env::Env env_;
  bool opened_ = false;
  bool started_ = false;
  std::vector<ServerPair> pairs_;  // the last good ones
  bool pairs_are_bad_ = false;     // those that were read last, which was told
  std::optional<auth::CookieKeys> keys_;
  std::vector<std::unique_ptr<Port>> ports_;
  LackingAddresses lacking_;
  std::vector<Member> members_;
  KeTotals refused_;  // at the door
};

}  // namespace timed::nts

#endif  // TIMED_NTS_KE_SERVER_H_
