// Options of the serving side, handed down once.
#ifndef TIMED_SERVER_OPTIONS_H_
#define TIMED_SERVER_OPTIONS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "timed/base/address.h"

namespace timed::server {

// One allow or deny, in the order of the configuration (timed.conf(5), "allow").
struct AccessRule {
  bool allow = false;
  bool all = false;             // also discards the more specific rules below
  std::vector<Subnet> subnets;  // both 0.0.0.0/0 and ::/0 where none was named
  std::string host;             // a name instead: its first address is meant, and subnets is empty until it is known
  // Of "restrict": whether answers are for those only who authenticate themselves; unset: the rule says nothing of it.
  std::optional<bool> needs_key{};
  bool is_known() const { return !subnets.empty(); }
};

// How often one address is answered: "ratelimit" and its like (timed.conf(5)).
struct RateLimitOptions {
  bool enabled = false;
  int interval = 3;  // "interval", log2 s in which one answer is earned, -19 … 12
  int burst = 8;     // "burst": answers that can be saved up, 1 … 255
  int leak = 2;      // "leak": one request of 2^leak is answered all the same, 1 … 4
  int kod = 0;       // "kod": one of 2^kod of the others is told so, 1 … 4; 0 = none
};

enum class Service : std::uint8_t { Ntp, NtsKe, Command };
inline constexpr std::size_t kServices = 3;

// The limits of all services; a service without `enabled` is never limited.
struct ServiceLimits {
  std::array<RateLimitOptions, kServices> of;
};

inline constexpr int kMaxServingThreads = 64;

struct ServerOptions {
  std::uint16_t port = 123;  // "port"; 0 = never serve
  // "bindaddress", each once; none of a family = all of this machine's.
  std::vector<IpAddress> bind_addresses;
  // "serverthreads": beside the main loop, which serves alone where there are none; not set = one a processor.
  std::optional<int> threads = 0;
  std::string device;  // "binddevice"
  int dscp = 0;        // "dscp"
  // "clientloglimit", bytes for what is known of clients; "noclientlog" keeps nothing.
  std::uint64_t client_log_limit = 524288;
  bool no_client_log = false;
  std::string signd_directory;  // "ntpsigndsocket": Samba's; empty = nothing is signed there
  bool use_v4 = true;           // -6 clears it
  bool use_v6 = true;           // -4 clears it
};

}  // namespace timed::server

#endif  // TIMED_SERVER_OPTIONS_H_
