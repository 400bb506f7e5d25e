// Endpoints as the kernel's socket addresses.
#ifndef TIMED_SRC_OS_SOCKET_ADDRESS_H_
#define TIMED_SRC_OS_SOCKET_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include "timed/base/address.h"

namespace timed::os {

union SocketAddress {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
};

// Fills it in and answers its length; 0 for an endpoint without address.
socklen_t to_socket_address(const Endpoint& endpoint, SocketAddress& out);
// An endpoint without address where it is no IPv4 or IPv6 address.
void read_endpoint(const SocketAddress& address, socklen_t length, Endpoint& into);
Endpoint to_endpoint(const SocketAddress& address, socklen_t length);

in_addr to_in_addr(const IpAddress& address);
in6_addr to_in6_addr(const IpAddress& address);
IpAddress to_ip_address(const in_addr& address);
IpAddress to_ip_address(const in6_addr& address);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_SOCKET_ADDRESS_H_
