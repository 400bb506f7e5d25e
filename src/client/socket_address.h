// Our addresses as the C library takes them, and back.
#ifndef TIMED_CLIENT_SOCKET_ADDRESS_H_
#define TIMED_CLIENT_SOCKET_ADDRESS_H_

#include <sys/socket.h>

#include <cstdint>
#include <optional>

#include "timed/base/address.h"

namespace timed::client {

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t length = 0;

  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
// The endpoint's address must be set.
SocketAddress to_socket_address(const Endpoint& endpoint);
// Empty for other families than the two.  The port is not taken from it but given.
std::optional<Endpoint> to_endpoint(const sockaddr& address, std::uint16_t port);

}  // namespace timed::client

#endif  // TIMED_CLIENT_SOCKET_ADDRESS_H_
