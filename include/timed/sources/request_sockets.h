// The sockets that requests go out of: one of its own for each, one for all, or that of the NTP server
// ("acquisitionport").
#ifndef TIMED_SOURCES_REQUEST_SOCKETS_H_
#define TIMED_SOURCES_REQUEST_SOCKETS_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/env/network.h"
#include "timed/sources/options.h"

namespace timed::sources {

enum class SocketUse : std::uint8_t {
  OwnOfRequest,  // connected, of a port that nobody can guess; closed with the response
  Shared,        // of the acquisition port
  Server,        // of the NTP server
};
SocketUse socket_use(const SourceLine& line, const AcquisitionOptions& options);

// Whether some source sends from the socket of the NTP server in this family, or may do so when its name has an
// address.
bool need_server_socket(const std::vector<SourceLine>& lines, const AcquisitionOptions& options, Family family);

class RequestSockets {
 public:
  // `network` outlives the sockets; on_readable is called for the shared ones.
  RequestSockets(env::Network& network, AcquisitionOptions options, int dscp,
                 std::function<void(env::UdpSocket&)> on_readable);

  // Opens the shared sockets, which may need privileges; what cannot be opened is tried again when it is needed.
  void open_shared();
  void close_shared();

  Result<std::unique_ptr<env::UdpSocket>> connect(const Endpoint& remote);
  // Null in no case of success.
  Result<env::UdpSocket*> shared(Family family);

  const AcquisitionOptions& options() const { return options_; }

 private:
  env::UdpOptions local_options(Family family) const;

  env::Network& network_;
  AcquisitionOptions options_;
  int dscp_;
  std::function<void(env::UdpSocket&)> on_readable_;
  std::unique_ptr<env::UdpSocket> shared_v4_;
  std::unique_ptr<env::UdpSocket> shared_v6_;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_REQUEST_SOCKETS_H_
