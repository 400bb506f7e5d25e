#include "unix_socket.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "control_message.h"
#include "system_error.h"
#include "unix_address.h"

namespace timed::os {
namespace {

// How many unanswerable messages are skipped in a turn before others get theirs.
constexpr int kDropsInARow = 16;
// Enough for our caller's credentials and for more descriptors than fit beside them, so that they can be closed.
constexpr std::size_t kUnixControlSize = 1024;

// A path that fills sun_path comes with a final zero behind the structure.
struct SenderAddress {
  sockaddr_un address;
  char spare;
};

// Empty for senders that cannot be answered: unbound, abstract, or a path that fills the structure.
std::string reply_path(const sockaddr_un& address, socklen_t length) {
  constexpr std::size_t kStart = offsetof(sockaddr_un, sun_path);
  if (length <= kStart || length > sizeof address || address.sun_family != AF_UNIX) return {};
  const std::size_t size = ::strnlen(address.sun_path, length - kStart);
  return size < sizeof address.sun_path ? std::string(address.sun_path, size) : std::string();
}

// True where there were any.
bool close_passed_descriptors(msghdr& header) {
  bool any = false;
  for_each_control(header, [&](const cmsghdr& item) {
    if (item.cmsg_level != SOL_SOCKET || item.cmsg_type != SCM_RIGHTS) return;
    any = true;
    for (std::size_t at = CMSG_LEN(0); at + sizeof(int) <= item.cmsg_len; at += sizeof(int)) {
      int passed = -1;
      std::memcpy(&passed, reinterpret_cast<const char*>(&item) + at, sizeof passed);
      ::close(passed);
    }
  });
  return any;
}

// What lies in the way is removed only if it is a socket: a mistyped path must not cost a file.
Status clear_path(const std::string& path) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return Status::success();
  if (!S_ISSOCK(found.st_mode)) return path_error("replace", path, EEXIST);
  if (::unlink(path.c_str()) != 0 && errno != ENOENT) return path_error("remove", path, errno);
  return Status::success();
}

Status bind_to(const Descriptor& descriptor, const std::string& path) {
  sockaddr_un address;
  const socklen_t length = to_unix_address(path, address);
  if (length == 0) return path_error("open", path, ENAMETOOLONG);
  if (auto done = clear_path(path); !done) return done;
  if (::bind(descriptor.get(), reinterpret_cast<const sockaddr*>(&address), length) != 0) {
    return path_error("open", path, errno);
  }
  return Status::success();
}

}  // namespace

Result<std::unique_ptr<env::UnixSocket>> LinuxUnixSocket::open(Loop& loop, const env::UnixOptions& options,
                                                               Descriptor inherited) {
  const bool is_inherited = inherited.is_open();
  Descriptor descriptor = is_inherited ? std::move(inherited) : Descriptor(::socket(AF_UNIX, SOCK_DGRAM, 0));
  if (!descriptor.is_open()) return path_error("open", options.path, errno);
  if (!descriptor.set_close_on_exec() || !descriptor.set_nonblocking()) return path_error("open", options.path, errno);
  const int on = 1;
  static_cast<void>(::setsockopt(descriptor.get(), SOL_SOCKET, SO_PASSCRED, &on, sizeof on));
  if (!is_inherited) {
    if (auto done = bind_to(descriptor, options.path); !done) return done.error();
  }
  std::unique_ptr<LinuxUnixSocket> made(new LinuxUnixSocket(loop, std::move(descriptor), options));
  if (!is_inherited) made->remember_file();
  return std::unique_ptr<env::UnixSocket>(std::move(made));
}

LinuxUnixSocket::LinuxUnixSocket(Loop& loop, Descriptor descriptor, env::UnixOptions options)
    : loop_(loop), descriptor_(std::move(descriptor)), options_(std::move(options)) {}

void LinuxUnixSocket::remember_file() {
  struct stat made {};
  if (::lstat(options_.path.c_str(), &made) != 0) return;
  device_ = made.st_dev;
  inode_ = made.st_ino;
}

LinuxUnixSocket::~LinuxUnixSocket() {
  if (watch_ != 0) loop_.unwatch(watch_);
  struct stat found {};
  if (::lstat(options_.path.c_str(), &found) != 0 || found.st_dev != device_ || found.st_ino != inode_) return;
  static_cast<void>(::unlink(options_.path.c_str()));
}

void LinuxUnixSocket::on_readable(std::function<void()> fn) {
  if (watch_ != 0) loop_.unwatch(watch_);
  watch_ = loop_.watch(descriptor_.get(), options_.priority, [fn = std::move(fn)](short) { fn(); });
}

std::optional<env::UnixMessage> LinuxUnixSocket::receive() {
  env::UnixMessage message;
  for (int i = 0; i < kDropsInARow; ++i) {
    switch (receive_one(message)) {
      case Taken::Nothing:
        return std::nullopt;
      case Taken::Message:
        return message;
      case Taken::Dropped:
        break;
    }
  }
  return std::nullopt;
}

LinuxUnixSocket::Taken LinuxUnixSocket::receive_one(env::UnixMessage& message) {
  SenderAddress sender{};
  alignas(cmsghdr) std::array<std::byte, kUnixControlSize> control{};
  iovec data{message.data.data(), message.data.size()};
  msghdr header{};
  header.msg_name = &sender;
  header.msg_namelen = sizeof sender;
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = control.data();
  header.msg_controllen = control.size();
  const auto got = ::recvmsg(descriptor_.get(), &header, MSG_CMSG_CLOEXEC);
  if (got < 0) return Taken::Nothing;
  const bool had_descriptors = close_passed_descriptors(header);
  message.size = static_cast<std::size_t>(got);
  message.reply_path = reply_path(sender.address, header.msg_namelen);
  message.sender = {};
  for_each_control(header, [&](const cmsghdr& item) {
    if (item.cmsg_level != SOL_SOCKET || item.cmsg_type != SCM_CREDENTIALS) return;
    ucred ids;
    if (read_control(item, ids)) message.sender = {ids.pid, ids.uid, ids.gid};
  });
  const bool cut = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0;
  return had_descriptors || cut || message.reply_path.empty() ? Taken::Dropped : Taken::Message;
}

Status LinuxUnixSocket::reply(const std::string& path, std::span<const std::byte> bytes) {
  sockaddr_un address;
  const socklen_t length = to_unix_address(path, address);
  if (length == 0) return path_error("reply to", path, ENAMETOOLONG);
  if (::sendto(descriptor_.get(), bytes.data(), bytes.size(), 0, reinterpret_cast<const sockaddr*>(&address), length) <
      0) {
    return path_error("reply to", path, errno);
  }
  return Status::success();
}

}  // namespace timed::os
