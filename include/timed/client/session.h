// A conversation with a daemon: one request, one reply, over the first address of a list that answers.
#ifndef TIMED_CLIENT_SESSION_H_
#define TIMED_CLIENT_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/base/units.h"
#include "timed/client/connection.h"
#include "timed/control/protocol.h"

namespace timed::client {

inline constexpr std::size_t kMaxAddresses = 16;  // of one host name
inline constexpr std::int64_t kMinTimeout_ms = 100;
inline constexpr std::int64_t kMaxRetries = 30;

struct SessionOptions {
  std::vector<std::string> hosts;  // addresses, host names and absolute paths of sockets, in order
  std::uint16_t port = control::kPort;
  Family family = Family::Unspecified;  // of the addresses of host names
  std::string client_name = "timedc";   // begins the name of the reply path
};

// How long a reply is waited for.
struct Patience {
  Duration timeout = Duration::seconds(1);  // of the first transmission, doubled for each further one
  int retries = 2;                          // transmissions after the first, 0 … kMaxRetries
};

// The list that is tried where the user names none.
std::vector<std::string> default_hosts();
// The parts between the commas.
std::vector<std::string> split_hosts(std::string_view list);
// The addresses of a host name or the address itself, in the resolver's order; empty where there are none.
std::vector<Endpoint> resolve(const std::string& host, std::uint16_t port, Family family);

// Errors are the lines that chronyc prints: "506 Cannot talk to daemon", "508 Bad reply from daemon", or that of the
// status which the daemon answered with.
class Session {
 public:
  explicit Session(const SessionOptions& options);

  // Opens the first address of the list that can be opened.  False: none can.
  bool open();

  // The reply to a request, whatever its status.
  Result<control::Received> ask(const control::Request& request);
  // The body of a successful reply.
  template <class Body>
  Result<Body> ask_for(const control::Request& request) {
    auto received = ask(request);
    if (!received) return received.error();
    if (received->status != control::ReplyStatus::Success) {
      return refusal(received->status);
    }
    const Body* body = received->body ? std::get_if<Body>(&*received->body) : nullptr;
    if (body == nullptr) return bad_reply();
    return *body;
  }

  const Patience& patience() const { return patience_; }
  void set_patience(const Patience& patience) { patience_ = patience; }
  void set_timeout(Duration timeout) { patience_.timeout = timeout; }
  void set_retries(int retries) { patience_.retries = retries; }

 private:
  enum class Wait { Replied, SendAgain, UseVersion5, TimedOut };

  static Error bad_reply();
  static Error refusal(control::ReplyStatus status);
  bool open_from(std::size_t index);
  std::optional<control::Received> exchange(const control::Request& request);
  bool send(const control::Request& request, control::RequestHeader& header);
  Wait wait(const control::RequestHeader& sent, Duration timeout, control::Received& received);

  std::string client_name_;
  std::vector<DaemonAddress> addresses_;
  std::size_t current_ = 0;
  Connection connection_;
  std::uint8_t version_ = control::kVersion;
  Patience patience_;
};

}  // namespace timed::client

#endif  // TIMED_CLIENT_SESSION_H_
