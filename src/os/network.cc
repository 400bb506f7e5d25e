#include "network.h"

#include <sys/socket.h>

#include "udp.h"
#include "udp_options.h"
#include "unix_socket.h"

namespace timed::os {

Result<std::unique_ptr<env::UdpSocket>> LinuxNetwork::open_udp(const env::UdpOptions& options) {
  const IpAddress& address =
      options.local.address.is_set() || !options.remote ? options.local.address : options.remote->address;
  if (family_ != Family::Unspecified && address.family() != family_) {
    return Error{"Could not open UDP socket on " + address.to_string() + " : Address family disabled",
                 ErrorKind::Unsupported};
  }
  if (!keeps_stamping_.is_open()) {
    keeps_stamping_ = Descriptor(::socket(address.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
    if (keeps_stamping_.is_open()) {
      keeps_stamping_.set_close_on_exec();
      enable_stamps(keeps_stamping_, false);
    }
  }
  return LinuxUdpSocket::open(loop_, options);
}

Result<std::unique_ptr<env::UnixSocket>> LinuxNetwork::open_unix(const env::UnixOptions& options) {
  return LinuxUnixSocket::open(loop_, options);
}

}  // namespace timed::os
