#include "socket_address.h"

#include <array>
#include <cstring>

namespace timed::os {

in_addr to_in_addr(const IpAddress& address) {
  return {htonl(address.v4_value())};
}

in6_addr to_in6_addr(const IpAddress& address) {
  in6_addr out{};
  const auto bytes = address.bytes();
  if (bytes.size() == sizeof out) std::memcpy(&out, bytes.data(), sizeof out);
  return out;
}

IpAddress to_ip_address(const in_addr& address) {
  return IpAddress::v4(ntohl(address.s_addr));
}

IpAddress to_ip_address(const in6_addr& address) {
  std::array<std::uint8_t, 16> bytes{};
  std::memcpy(bytes.data(), &address, bytes.size());
  return IpAddress::v6(bytes);
}

socklen_t to_socket_address(const Endpoint& endpoint, SocketAddress& out) {
  std::memset(&out, 0, sizeof out);
  if (endpoint.address.is_v4()) {
    out.v4.sin_family = AF_INET;
    out.v4.sin_port = htons(endpoint.port);
    out.v4.sin_addr = to_in_addr(endpoint.address);
    return sizeof out.v4;
  }
  if (endpoint.address.is_v6()) {
    out.v6.sin6_family = AF_INET6;
    out.v6.sin6_port = htons(endpoint.port);
    out.v6.sin6_addr = to_in6_addr(endpoint.address);
    if (endpoint.address.is_link_local()) out.v6.sin6_scope_id = endpoint.scope;
    return sizeof out.v6;
  }
  return 0;
}

void read_endpoint(const SocketAddress& address, socklen_t length, Endpoint& into) {
  if (length >= sizeof address.v4 && address.any.sa_family == AF_INET) {
    into.address.become_v4(ntohl(address.v4.sin_addr.s_addr));
    into.port = ntohs(address.v4.sin_port);
    into.scope = 0;
  } else if (length >= sizeof address.v6 && address.any.sa_family == AF_INET6) {
    into = {to_ip_address(address.v6.sin6_addr), ntohs(address.v6.sin6_port), address.v6.sin6_scope_id};
  } else {
    into = {};
  }
}

Endpoint to_endpoint(const SocketAddress& address, socklen_t length) {
  Endpoint endpoint;
  read_endpoint(address, length, endpoint);
  return endpoint;
}

}  // namespace timed::os
