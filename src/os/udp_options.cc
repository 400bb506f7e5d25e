// SO_REUSEADDR is set only on connected sockets, and SO_REUSEPORT only within a group: with either on both sides Linux
// lets two daemons bind one UDP port without a word, and the older one goes deaf.  Connected sockets need it because
// several sources may share a fixed local port.  The first socket of a group is bound without SO_REUSEPORT, so that a
// port that somebody else has is noticed, and gets it afterwards, for the others to join.
#include "udp_options.h"

#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <sys/socket.h>

#include <cerrno>
#include <string>
#include <utility>

#include "socket_address.h"
#include "socket_option.h"
#include "steering.h"
#include "system_error.h"

namespace timed::os {
namespace {

constexpr std::uint32_t kReceiveStamps = SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE;
// Ids instead of copies of the datagram: nothing to parse, and it works through tunnels.
constexpr std::uint32_t kStampIds = SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY;

std::string described(const env::UdpOptions& options) {
  std::string text = "UDP socket on " + options.local.to_string();
  if (options.remote) text = "UDP socket to " + options.remote->to_string();
  if (!options.device.empty()) text += " (" + options.device + ")";
  return text;
}

Error failure(const char* verb, const env::UdpOptions& options) {
  const int number = errno;
  return path_error(verb, described(options), number);
}

// What the kernel may lack without harm (a simulated one does) is not checked.
Status configure(const Descriptor& descriptor, const env::UdpOptions& options, bool v6, bool bound) {
  if (!descriptor.set_close_on_exec() || !descriptor.set_nonblocking()) return failure("set flags of", options);
  if (v6 && !bound && !set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, 1)) {
    return failure("restrict to IPv6", options);
  }
  if (v6) {
    set_option(descriptor, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1);
  } else {
    set_option(descriptor, IPPROTO_IP, IP_PKTINFO, 1);
  }
  if (options.local.address.is_set() && !options.local.address.is_any()) {
    // The address may be configured later than we start.
    set_option(descriptor, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_FREEBIND : IP_FREEBIND, 1);
  }
  if (options.remote && options.local.port != 0 && !set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1)) {
    return failure("share the port of", options);
  }
  if (options.group && options.group->member > 0 && !set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)) {
    return failure("share the port of", options);
  }
  if (options.dscp != 0 &&
      !set_option(descriptor, v6 ? IPPROTO_IPV6 : IPPROTO_IP, v6 ? IPV6_TCLASS : IP_TOS, options.dscp << 2)) {
    return failure("set DSCP of", options);
  }
  if (options.broadcast && !set_option(descriptor, SOL_SOCKET, SO_BROADCAST, 1)) {
    return failure("allow broadcast on", options);
  }
  if (!options.device.empty() && ::setsockopt(descriptor.get(), SOL_SOCKET, SO_BINDTODEVICE, options.device.c_str(),
                                              static_cast<socklen_t>(options.device.size() + 1)) != 0) {
    return failure("bind to device", options);
  }
  return Status::success();
}

Status attach(const Descriptor& descriptor, const env::UdpOptions& options, bool bound) {
  SocketAddress address{};
  const bool fixed = options.local.port != 0 || !options.local.address.is_any();
  if (const socklen_t length = to_socket_address(options.local, address); length != 0 && (fixed || !options.remote)) {
    if (!bound && ::bind(descriptor.get(), &address.any, length) != 0) return failure("bind", options);
  }
  if (const auto& group = options.group) {
    const bool joined = group->member == 0 ? set_option(descriptor, SOL_SOCKET, SO_REUSEPORT, 1)
                                           : steer_by_sender(descriptor, options.local.address.family(), *group);
    if (!joined) return failure("share the port of", options);
  }
  if (options.remote) {
    const socklen_t length = to_socket_address(*options.remote, address);
    if (::connect(descriptor.get(), &address.any, length) != 0) return failure("connect", options);
  }
  return Status::success();
}

}  // namespace

Result<Descriptor> open_udp_descriptor(const env::UdpOptions& options, Descriptor inherited) {
  Family family = options.local.address.family();
  if (family == Family::Unspecified && options.remote) family = options.remote->address.family();
  if (family == Family::Unspecified) return Error{"Could not open UDP socket without address", ErrorKind::Invalid};
  const bool v6 = family == Family::Inet6;
  const bool bound = inherited.is_open();
  Descriptor descriptor = bound ? std::move(inherited) : Descriptor(::socket(v6 ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
  if (!descriptor.is_open()) return failure("open", options);
  // Whoever had it before us has counted stamps on it.
  if (bound) set_option(descriptor, SOL_SOCKET, SO_TIMESTAMPING, 0);
  if (auto done = configure(descriptor, options, v6, bound); !done) return done.error();
  if (auto done = attach(descriptor, options, bound); !done) return done.error();
  return descriptor;
}

std::uint32_t enable_stamps(const Descriptor& descriptor, bool every_transmission) {
  const std::uint32_t transmit = every_transmission ? std::uint32_t{SOF_TIMESTAMPING_TX_SOFTWARE} : 0u;
  for (const std::uint32_t flags : {kReceiveStamps | kStampIds | transmit, kReceiveStamps}) {
    if (set_option(descriptor, SOL_SOCKET, SO_TIMESTAMPING, static_cast<int>(flags))) return flags;
  }
  return 0;
}

void restart_stamp_ids(const Descriptor& descriptor, std::uint32_t flags) {
  // The count starts again only where the option was off before.
  set_option(descriptor, SOL_SOCKET, SO_TIMESTAMPING, static_cast<int>(flags & ~std::uint32_t{kStampIds}));
  set_option(descriptor, SOL_SOCKET, SO_TIMESTAMPING, static_cast<int>(flags));
}

}  // namespace timed::os
