// Sockets of the machine: the third seam.
#ifndef TIMED_SRC_OS_NETWORK_H_
#define TIMED_SRC_OS_NETWORK_H_

#include <memory>
#include <string>

#include "timed/base/address.h"
#include "timed/env/network.h"
#include "timed/os/descriptor.h"
#include "timed/os/inherited.h"
#include "timed/os/loop.h"

namespace timed::os {

class LinuxNetwork : public env::Network {
 public:
  // family: sockets of the other one are refused as Unsupported (-4, -6).
  LinuxNetwork(Loop& loop, Family family, const InheritedSockets& inherited = {})
      : loop_(loop), family_(family), inherited_(inherited) {}

  Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions& options) override;
  Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions& options) override;
  Result<std::unique_ptr<env::StreamSocket>> connect_unix(const std::string& path) override;
  Result<std::unique_ptr<env::StreamListener>> listen_tcp(const env::ListenOptions& options) override;
  Result<std::unique_ptr<env::StreamSocket>> connect_tcp(const env::ConnectOptions& options) override;
  std::unique_ptr<env::UdpSocket> adopt(std::unique_ptr<env::UdpSocket> socket) override;
  std::unique_ptr<env::StreamSocket> adopt(std::unique_ptr<env::StreamSocket> stream) override;

 private:
  Status check_family(const IpAddress& address, const char* what) const;
  void begin_stamping(const IpAddress& address);

  Loop& loop_;
  Family family_;
  InheritedSockets inherited_;
  // The kernel stamps incoming datagrams only while some socket wants it, and starts to with a delay: without this
  // one the answer to the first request would often have no stamp.
  Descriptor keeps_stamping_;
  bool stamping_begun_ = false;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_NETWORK_H_
