#include "stream.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "system_error.h"
#include "tcp.h"
#include "unix_address.h"

namespace timed::os {

Result<std::unique_ptr<env::StreamSocket>> LinuxStream::connect_unix(Loop& loop, const std::string& path) {
  sockaddr_un address;
  const socklen_t length = to_unix_address(path, address);
  if (length == 0) return path_error("connect to", path, ENAMETOOLONG);
  Descriptor descriptor(::socket(AF_UNIX, SOCK_STREAM, 0));
  if (!descriptor.is_open() || !descriptor.set_close_on_exec() || !descriptor.set_nonblocking()) {
    return path_error("connect to", path, errno);
  }
  // A Unix socket is connected at once, or refuses: where its queue is full with EAGAIN.
  if (::connect(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return path_error("connect to", path, errno);
  }
  return std::unique_ptr<env::StreamSocket>(new LinuxStream(loop, std::move(descriptor)));
}

Result<std::unique_ptr<env::StreamSocket>> LinuxStream::connect_tcp(Loop& loop, const env::ConnectOptions& options) {
  auto descriptor = begin_tcp_connection(options);
  if (!descriptor) return descriptor.error();
  return std::unique_ptr<env::StreamSocket>(new LinuxStream(loop, descriptor.take()));
}

LinuxStream::~LinuxStream() {
  if (watch_ != 0) loop_->unwatch(watch_);
}

env::StreamRead LinuxStream::receive(std::span<std::byte> into) {
  const auto got = ::recv(descriptor_.get(), into.data(), into.size(), 0);
  if (got > 0) return {static_cast<std::size_t>(got), false};
  if (got == 0) return {0, !into.empty()};
  if (errno == EAGAIN || errno == EINTR) return {};
  return {0, true, system_error("Could not receive", errno)};
}

Result<std::size_t> LinuxStream::send(std::span<const std::byte> bytes) {
  const auto sent = ::send(descriptor_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
  if (sent >= 0) return static_cast<std::size_t>(sent);
  if (errno == EAGAIN || errno == EINTR) return std::size_t{0};
  return system_error("Could not send", errno);
}

void LinuxStream::on_event(std::function<void()> fn) {
  if (watch_ != 0) loop_->unwatch(watch_);
  watch_ =
      loop_->watch(descriptor_.get(), env::SocketPriority::KeyEstablishment, [fn = std::move(fn)](short) { fn(); });
}

void LinuxStream::want_room(bool wanted) {
  if (watch_ != 0) loop_->watch_room(watch_, wanted);
}

void LinuxStream::acknowledge() {
  acknowledge_now(descriptor_);
}

}  // namespace timed::os
