#include "timed/client/connection.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <utility>

#include "socket_address.h"
#include "timed/base/text.h"

namespace timed::client {
namespace {

constexpr mode_t kDirectoryMode = 0711;  // the daemon's user must be able to pass, not to list
constexpr mode_t kSocketMode = 0666;     // and to write
constexpr std::size_t kMaxPath = sizeof(sockaddr_un::sun_path);

// What a signal must remove.  A handler may call unlink() and rmdir(), but can reach nothing that is not global.
struct Leftovers {
  std::array<char, kMaxPath> socket{};
  std::array<char, kMaxPath> inner{};
  std::array<char, kMaxPath> outer{};
};
Leftovers leftovers;

extern "C" void remove_and_end(int signal_number) {
  if (leftovers.socket[0] != '\0') ::unlink(leftovers.socket.data());
  if (leftovers.inner[0] != '\0') ::rmdir(leftovers.inner.data());
  if (leftovers.outer[0] != '\0') ::rmdir(leftovers.outer.data());
  ::signal(signal_number, SIG_DFL);
  ::raise(signal_number);
}

void set_path(std::array<char, kMaxPath>& into, const std::string& path) {
  into[0] = '\0';
  if (path.size() < into.size()) std::memcpy(into.data(), path.c_str(), path.size() + 1);
}

Error failure(const std::string& what) {
  return {format("%s : %s", what.c_str(), std::strerror(errno)), ErrorKind::Other};
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

Result<sockaddr_un> unix_address(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return Error{"Socket path too long : " + path, ErrorKind::Invalid};
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  return address;
}

Status connect_unix(int fd, const std::string& path) {
  const auto address = unix_address(path);
  if (!address) return address.error();
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address) != 0) {
    return failure("Could not connect to " + path);
  }
  return {};
}

// Makes a directory that only we can change, or accepts one that is so.
Status make_directory(const std::string& path, bool may_exist) {
  if (::mkdir(path.c_str(), kDirectoryMode) != 0 && !(may_exist && errno == EEXIST)) {
    return failure("Could not create " + path);
  }
  const Descriptor directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
  struct stat status {};
  if (directory.get() < 0 || ::fstat(directory.get(), &status) != 0) return failure("Could not open " + path);
  if (status.st_uid != ::geteuid() || (status.st_mode & 0777 & ~kDirectoryMode) != 0) {
    return Error{"Wrong owner or mode of " + path, ErrorKind::Permission};
  }
  if (::fchmod(directory.get(), kDirectoryMode) != 0) return failure("Could not change mode of " + path);
  return {};
}

std::string random_name() {
  constexpr std::string_view kAlphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  constexpr unsigned char kUnbiased = 248;  // the largest multiple of 62 in a byte
  std::string name;
  while (name.size() < 16) {
    unsigned char byte = 0;
    if (::getrandom(&byte, 1, 0) == 1 && byte < kUnbiased) name.push_back(kAlphabet[byte % kAlphabet.size()]);
  }
  return name;
}

}  // namespace

void ReplyPath::remove_on_signals() {
  struct sigaction action {};
  action.sa_handler = remove_and_end;
  ::sigemptyset(&action.sa_mask);
  for (const int signal_number : {SIGHUP, SIGINT, SIGTERM}) ::sigaction(signal_number, &action, nullptr);
}

Status ReplyPath::make_directories(const std::string& directory, const std::string& client_name) {
  const std::string outer = format("%s/%s.%d", directory.c_str(), client_name.c_str(), static_cast<int>(::getpid()));
  if (auto made = make_directory(outer, true); !made) return made;
  outer_ = outer;
  set_path(leftovers.outer, outer_);
  const std::string inner = outer_ + "/" + random_name();
  if (auto made = make_directory(inner, false); !made) return made;
  inner_ = inner;
  set_path(leftovers.inner, inner_);
  return {};
}

Status ReplyPath::bind(int fd, const std::string& directory, const std::string& client_name) {
  if (auto made = make_directories(directory, client_name); !made) return made;
  const std::string path = inner_ + "/sock";
  const auto address = unix_address(path);
  if (!address) return address.error();
  // The mode comes from the mask.  Who may write to DIRECTORY could put a link in the place of the file before chmod()
  // follows it, and have root change the mode of any file.
  const mode_t mask = ::umask(0777 & ~kSocketMode);
  const int bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&*address), sizeof *address);
  ::umask(mask);
  if (bound != 0) return failure("Could not bind " + path);
  socket_ = path;
  set_path(leftovers.socket, socket_);
  return {};
}

ReplyPath::~ReplyPath() {
  if (!socket_.empty()) ::unlink(socket_.c_str());
  if (!inner_.empty()) ::rmdir(inner_.c_str());
  if (!outer_.empty()) ::rmdir(outer_.c_str());
  leftovers = {};
}

Status Connection::open(const DaemonAddress& address, const std::string& client_name) {
  close();
  return address.path.empty() ? open_udp(address.endpoint) : open_unix(address.path, client_name);
}

void Connection::close() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  reply_path_.reset();
}

Status Connection::open_unix(const std::string& path, const std::string& client_name) {
  // Nothing is created where nobody listens.
  const Descriptor probe(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (probe.get() < 0) return failure("Could not open a Unix socket");
  if (auto connected = connect_unix(probe.get(), path); !connected) return connected;

  Descriptor bound(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (bound.get() < 0) return failure("Could not open a Unix socket");
  auto reply_path = std::make_unique<ReplyPath>();
  if (auto done = reply_path->bind(bound.get(), path.substr(0, path.rfind('/')), client_name); !done) return done;
  if (auto connected = connect_unix(bound.get(), path); !connected) return connected;
  reply_path_ = std::move(reply_path);
  fd_ = bound.release();
  return {};
}

Status Connection::open_udp(const Endpoint& endpoint) {
  const SocketAddress address = to_socket_address(endpoint);
  Descriptor fd(::socket(address.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (fd.get() < 0 || ::connect(fd.get(), address.get(), address.length) != 0) {
    return failure("Could not connect to " + endpoint.to_string());
  }
  fd_ = fd.release();
  return {};
}

}  // namespace timed::client
