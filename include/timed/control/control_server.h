// The command sockets of the daemon and the order in which a datagram is judged.
#ifndef TIMED_CONTROL_CONTROL_SERVER_H_
#define TIMED_CONTROL_CONTROL_SERVER_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/lacking_addresses.h"
#include "timed/control/open_requests.h"
#include "timed/control/options.h"
#include "timed/control/protocol.h"
#include "timed/env/network.h"

namespace timed::control {

// Carries out a request that was found to be allowed.
using Execute = std::function<Reply(const Request&)>;
// What is asked about hosts other than this one, which is always let in.
struct Gate {
  std::function<bool(const IpAddress&)> admits;           // by the access rules
  std::function<bool(const IpAddress&)> is_not_too_fast;  // asked once for each request, which counts against its rate
  std::function<void(const IpAddress&)> note = {};        // told of each request, this host's too, before that
};

// What became of a datagram.  Nothing is said of a single one anywhere else.
enum class Verdict : std::uint8_t {
  Answered,     // carried out with success
  Refused,      // allowed, but the daemon answered with another status
  NotAdmitted,  // from a host without access: no answer
  WrongSize,    // shorter than any request or longer than every one: no answer
  NotARequest,  // a reply, or reserved bytes that are not zero: no answer
  RateLimited,  // asks too often: no answer
  OldVersion,   // older than one that would understand the answer: no answer
  BadVersion,
  Unknown,       // no such request, or a retired one
  BadLength,     // shorter than this request must be
  Unauthorised,  // needs the Unix socket
  TooLong,       // the reply would have been longer than the request: no answer
  Unsent,        // the system took no reply
};
inline constexpr std::size_t kVerdicts = 13;
using VerdictCounters = std::array<std::uint64_t, kVerdicts>;

enum class Transport : std::uint8_t { Udp, Unix };

// How a datagram came, and what is open to those who come so; over the Unix socket everything is.
struct Sender {
  Transport transport = Transport::Udp;
  OpenRequests open;
};

struct Answer {
  Verdict verdict = Verdict::NotARequest;
  std::size_t size = 0;  // of the reply; 0 = send nothing
};
// Judges one datagram of an admitted sender, carries it out and writes the reply.  Pure but for what execute does.
Answer answer(std::span<const std::byte> datagram, const Sender& sender, const Execute& execute,
              std::span<std::byte, kMaxReply> into);

class ControlServer {
 public:
  // The network outlives the server.
  ControlServer(const ControlOptions& options, env::Network& network, Gate gate, Execute execute);

  // Opens the UDP sockets, while the process may still bind low ports.  A failure is logged and the daemon goes on.
  void open_udp();
  // Those on which UDP could not be opened.
  const LackingAddresses& lacking() const { return lacking_; }
  // Tries those again that may come: silent where nothing has changed.
  void retry_addresses();
  // Opens the Unix socket, as the user that the daemon runs as.  Its directory must be there.  A failure is logged.
  void open_unix();
  // Closes all and removes the socket file.  Not from inside execute.
  void close();

  const VerdictCounters& counters() const { return counters_; }
  std::uint64_t count(Verdict verdict) const { return counters_[static_cast<std::size_t>(verdict)]; }
  // Command packets seen, as the report of server statistics counts them: all with a well formed header.
  std::uint64_t hits() const;

 private:
  void open_udp(const IpAddress& address);
  void serve(env::UdpSocket& socket);
  void serve_unix();
  // Why it is not looked at any further; empty where it is.
  std::optional<Verdict> turns_away(const env::Datagram& datagram);
  void note(Verdict verdict) { ++counters_[static_cast<std::size_t>(verdict)]; }

  ControlOptions options_;
  env::Network& network_;
  Gate gate_;
  Execute execute_;
  OpenRequests open_;
  std::vector<std::unique_ptr<env::UdpSocket>> udp_;
  LackingAddresses lacking_;
  std::unique_ptr<env::UnixSocket> unix_;
  std::vector<env::Datagram> batch_;
  std::array<std::byte, kMaxReply> reply_{};
  VerdictCounters counters_{};
};

}  // namespace timed::control

#endif  // TIMED_CONTROL_CONTROL_SERVER_H_
