#include "network.h"

#include <sys/socket.h>

#include <utility>

#include "stream.h"
#include "tcp.h"
#include "udp.h"
#include "udp_options.h"
#include "unix_socket.h"

namespace timed::os {

Status LinuxNetwork::check_family(const IpAddress& address, const char* what) const {
  if (family_ == Family::Unspecified || address.family() == family_) return {};
  return Error{
      std::string("Could not open ") + what + " socket on " + address.to_string() + " : Address family disabled",
      ErrorKind::Unsupported};
}

Result<std::unique_ptr<env::UdpSocket>> LinuxNetwork::open_udp(const env::UdpOptions& options) {
  const IpAddress& address =
      options.local.address.is_set() || !options.remote ? options.local.address : options.remote->address;
  if (const Status usable = check_family(address, "UDP"); !usable) return usable.error();
  if (!std::exchange(stamping_begun_, true)) begin_stamping(address);
  // One that was kept open for us is the whole port's: not one of many requests, nor one of many members.
  const bool whole = !options.remote && (!options.group || options.group->member == 0);
  return LinuxUdpSocket::open(loop_, options, whole ? inherited_.find(SOCK_DGRAM, options.local) : Descriptor());
}

void LinuxNetwork::begin_stamping(const IpAddress& address) {
  Descriptor socket(::socket(address.is_v6() ? AF_INET6 : AF_INET, SOCK_DGRAM, 0));
  if (!socket.is_open()) return;
  socket.set_close_on_exec();
  if (enable_stamps(socket, false) != 0) keeps_stamping_ = std::move(socket);
}

Result<std::unique_ptr<env::UnixSocket>> LinuxNetwork::open_unix(const env::UnixOptions& options) {
  return LinuxUnixSocket::open(loop_, options, inherited_.find_unix(options.path));
}

Result<std::unique_ptr<env::StreamSocket>> LinuxNetwork::connect_unix(const std::string& path) {
  return LinuxStream::connect_unix(loop_, path);
}

Result<std::unique_ptr<env::StreamListener>> LinuxNetwork::listen_tcp(const env::ListenOptions& options) {
  if (const Status usable = check_family(options.local.address, "TCP"); !usable) return usable.error();
  return LinuxListener::open(loop_, options, inherited_.find(SOCK_STREAM, options.local));
}

Result<std::unique_ptr<env::StreamSocket>> LinuxNetwork::connect_tcp(const env::ConnectOptions& options) {
  if (const Status usable = check_family(options.remote.address, "TCP"); !usable) return usable.error();
  return LinuxStream::connect_tcp(loop_, options);
}

// All of this machine's are of one class.
std::unique_ptr<env::UdpSocket> LinuxNetwork::adopt(std::unique_ptr<env::UdpSocket> socket) {
  static_cast<LinuxUdpSocket&>(*socket).move_to(loop_);
  return socket;
}

std::unique_ptr<env::StreamSocket> LinuxNetwork::adopt(std::unique_ptr<env::StreamSocket> stream) {
  static_cast<LinuxStream&>(*stream).move_to(loop_);
  return stream;
}

}  // namespace timed::os
