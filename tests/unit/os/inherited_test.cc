#include "timed/os/inherited.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>

#include "src/os/network.h"
#include "src/os/socket_address.h"
#include "src/os/unix_address.h"
#include "tests/unit/os/child.h"
#include "tests/unit/os/temporary_directory.h"
#include "tests/unit/os/turns.h"

namespace timed::os {
namespace {

const IpAddress kLoopback = IpAddress::loopback(Family::Inet4);

// A socket of this kind on a free port of the loopback address, moved to the number.
Endpoint bind_at(int number, int type, bool listens = false) {
  const int made = ::socket(AF_INET, type, 0);
  SocketAddress address{};
  socklen_t length = to_socket_address({kLoopback, 0, 0}, address);
  ::bind(made, &address.any, length);
  if (listens) ::listen(made, 4);
  ::getsockname(made, &address.any, &length);
  if (made != number) {
    ::dup2(made, number);
    ::close(made);
  }
  return to_endpoint(address, length);
}

// Each check in a child whose descriptors from 3 on are its own.
int in_child(const char* number_of_them, const std::function<int()>& body) {
  return run_child([&] {
           for (int number = 3; number < 64; ++number) ::close(number);
           ::setenv("LISTEN_FDS", number_of_them, 1);
           return body();
         })
      .status;
}

TEST(InheritedSockets, AreFoundByTypeAddressAndPort) {
  EXPECT_EQ(in_child("3",
                     [] {
                       const Endpoint udp = bind_at(3, SOCK_DGRAM);
                       const Endpoint tcp = bind_at(4, SOCK_STREAM, true);
                       const Endpoint silent = bind_at(5, SOCK_STREAM);
                       const auto sockets = InheritedSockets::from_environment();
                       if (sockets.count() != 3) return 1;
                       const Descriptor found = sockets.find(SOCK_DGRAM, udp);
                       if (!found.is_open() || found.get() < 6) return 2;
                       if (!sockets.find(SOCK_STREAM, tcp).is_open()) return 3;
                       if (sockets.find(SOCK_STREAM, silent).is_open()) return 4;  // it does not listen
                       if (sockets.find(SOCK_STREAM, udp).is_open()) return 5;
                       if (sockets.find(SOCK_DGRAM, {IpAddress::any(Family::Inet4), udp.port, 0}).is_open()) return 6;
                       if (sockets.find(SOCK_DGRAM, {kLoopback, static_cast<std::uint16_t>(udp.port + 1), 0}).is_open())
                         return 7;
                       if (sockets.find(SOCK_DGRAM, {kLoopback, 0, 0}).is_open()) return 8;
                       return 0;
                     }),
            0);
}

// An unbound one, and one bound to the path.
void bind_unix_at(int number, const std::string& path) {
  const int made = ::socket(AF_UNIX, SOCK_DGRAM, 0);
  sockaddr_un address;
  const socklen_t length = to_unix_address(path, address);
  if (length != 0) ::bind(made, reinterpret_cast<const sockaddr*>(&address), length);
  if (made == number) return;
  ::dup2(made, number);
  ::close(made);
}

TEST(InheritedSockets, OfPathsAreFoundByThem) {
  const TemporaryDirectory directory;
  const std::string path = directory / "socket";
  EXPECT_EQ(in_child("3",
                     [&] {
                       bind_unix_at(3, "");
                       bind_at(4, SOCK_DGRAM);
                       bind_unix_at(5, path);
                       const auto sockets = InheritedSockets::from_environment();
                       const Descriptor found = sockets.find_unix(path);
                       if (!found.is_open() || found.get() < 6) return 1;
                       if (sockets.find_unix(path + "x").is_open()) return 2;
                       if (sockets.find_unix(path.substr(0, path.size() - 1)).is_open()) return 3;
                       if (sockets.find_unix("").is_open()) return 4;
                       return 0;
                     }),
            0);
}

TEST(InheritedSockets, OfAPathAreUsedAndTheirFileStays) {
  const TemporaryDirectory directory;
  const std::string path = directory / "socket";
  EXPECT_EQ(in_child("1",
                     [&] {
                       bind_unix_at(3, path);
                       struct stat before {
                       }, after{};
                       ::stat(path.c_str(), &before);
                       auto loop = make_loop();
                       LinuxNetwork network(*loop, Family::Unspecified, InheritedSockets::from_environment());
                       auto opened = network.open_unix({.path = path});
                       if (!opened) return 1;
                       bind_unix_at(4, directory / "client");
                       sockaddr_un to;
                       const socklen_t length = to_unix_address(path, to);
                       ::sendto(4, "text", 4, 0, reinterpret_cast<const sockaddr*>(&to), length);
                       const auto message = (*opened)->receive();
                       if (!message || message->size != 4 || message->sender.uid != ::getuid()) return 2;
                       opened->reset();
                       if (::stat(path.c_str(), &after) != 0 || after.st_ino != before.st_ino) return 3;
                       return 0;
                     }),
            0);
}

TEST(InheritedSockets, BeyondTheirNumberThereAreNone) {
  EXPECT_EQ(in_child("1",
                     [] {
                       bind_at(3, SOCK_DGRAM);
                       const Endpoint second = bind_at(4, SOCK_DGRAM);
                       return InheritedSockets::from_environment().find(SOCK_DGRAM, second).is_open() ? 1 : 0;
                     }),
            0);
}

TEST(InheritedSockets, NonsenseIsNone) {
  for (const char* const text : {"", "x", "-1", "99999999999999", "100000"}) {
    EXPECT_EQ(in_child(text, [] { return InheritedSockets::from_environment().count(); }), 0) << text;
  }
}

// Closing what was made of it leaves it to the next daemon, with what came in meanwhile.
TEST(InheritedSockets, StayOpenForTheNext) {
  EXPECT_EQ(in_child("1",
                     [] {
                       const Endpoint local = bind_at(3, SOCK_DGRAM);
                       const auto loop = make_loop();
                       LinuxNetwork network(*loop, Family::Unspecified, InheritedSockets::from_environment());
                       const auto client = network.open_udp({.local = {}, .remote = local}).take();
                       for (int run = 1; run <= 3; ++run) {
                         env::Datagram datagram{};
                         datagram.size = 48;
                         if (client->send(std::span(&datagram, 1)).sent != 1) return run;
                         auto opened = network.open_udp({.local = local});
                         if (!opened) return 10 + run;
                         if ((*opened)->receive(std::span(&datagram, 1)) != 1) return 20 + run;
                       }
                       return 0;
                     }),
            0);
}

}  // namespace
}  // namespace timed::os
