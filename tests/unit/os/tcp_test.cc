#include "src/os/tcp.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "src/os/network.h"
#include "src/os/socket_address.h"
#include "src/os/worker.h"
#include "tests/unit/os/child.h"
#include "tests/unit/os/turns.h"

namespace timed::os {
namespace {

const IpAddress kLoopback = IpAddress::loopback(Family::Inet4);

class Tcp : public testing::Test {
 protected:
  std::unique_ptr<env::StreamListener> listen(const IpAddress& address = kLoopback) {
    auto listener = network_.listen_tcp({.local = {address, 0, 0}});
    EXPECT_TRUE(listener.ok()) << listener.error().message;
    return listener.take();
  }
  std::unique_ptr<env::StreamSocket> connect(const Endpoint& to) {
    auto stream = network_.connect_tcp({.remote = to});
    EXPECT_TRUE(stream.ok()) << stream.error().message;
    return stream.take();
  }
  static std::span<const std::byte> octets(const std::string& text) {
    return std::as_bytes(std::span<const char>(text));
  }

  std::unique_ptr<Loop> loop_ = make_loop();
  LinuxNetwork network_{*loop_, Family::Unspecified};
};

TEST_F(Tcp, CarriesOctetsAndTheEndOfThem) {
  for (const IpAddress& address : {kLoopback, IpAddress::loopback(Family::Inet6)}) {
    const auto listener = listen(address);
    const Endpoint port = listener->local_endpoint();
    EXPECT_EQ(port.address, address);
    auto client = connect(port);
    std::optional<env::StreamListener::Accepted> accepted;
    listener->on_connection([&] { accepted = listener->accept(); });
    ASSERT_TRUE(run_until(*loop_, [&] { return accepted.has_value(); }));
    EXPECT_EQ(accepted->peer.address, address);
    EXPECT_FALSE(listener->accept().has_value()) << "there was one";
    EXPECT_EQ(*client->send(octets("hello")), 5u);
    std::string heard;
    bool ended = false;
    accepted->stream->on_event([&] {
      std::array<std::byte, 16> into{};
      const auto read = accepted->stream->receive(into);
      heard.append(reinterpret_cast<const char*>(into.data()), read.size);
      EXPECT_FALSE(read.failure.has_value());
      ended = read.ended;
      if (ended) accepted->stream.reset();
    });
    EXPECT_TRUE(run_until(*loop_, [&] { return heard == "hello"; }));
    client.reset();
    EXPECT_TRUE(run_until(*loop_, [&] { return ended; }));
  }
}

TEST_F(Tcp, SaysWhyAConnectionHasFailed) {
  Endpoint nobody;
  {
    const auto listener = listen();
    nobody = listener->local_endpoint();
  }
  const auto client = connect(nobody);
  std::optional<Error> failure;
  client->on_event([&] {
    std::array<std::byte, 16> into{};
    const auto read = client->receive(into);
    EXPECT_TRUE(read.ended);
    failure = read.failure;
  });
  ASSERT_TRUE(run_until(*loop_, [&] { return failure.has_value(); }));
  EXPECT_EQ(failure->reason(), "Connection refused") << failure->message;
}

TEST_F(Tcp, TellsWhenAConnectionHasArrived) {
  const auto listener = listen();
  const auto client = connect(listener->local_endpoint());
  bool arrived = false;
  client->on_event([&] {
    arrived = true;
    client->want_room(false);
  });
  client->want_room(true);
  EXPECT_TRUE(run_until(*loop_, [&] { return arrived; }));
}

TEST_F(Tcp, AnAcceptedConnectionMovesToAnotherLoop) {
  const auto listener = listen();
  const auto client = connect(listener->local_endpoint());
  std::optional<env::StreamListener::Accepted> accepted;
  listener->on_connection([&] { accepted = listener->accept(); });
  ASSERT_TRUE(run_until(*loop_, [&] { return accepted.has_value(); }));
  auto worker = LinuxWorker::start("test", Family::Unspecified).take();
  std::unique_ptr<env::StreamSocket> moved;
  worker->call([&] {
    moved = worker->env().network.adopt(std::move(accepted->stream));
    moved->on_event([&] {
      std::array<std::byte, 16> into{};
      const auto read = moved->receive(into);
      EXPECT_EQ(read.size, 3u);
      EXPECT_EQ(*moved->send(std::span(into).first(read.size)), read.size);
    });
  });
  EXPECT_EQ(*client->send(octets("abc")), 3u);
  std::size_t echoed = 0;
  client->on_event([&] {
    std::array<std::byte, 16> into{};
    echoed += client->receive(into).size;
  });
  EXPECT_TRUE(run_until(*loop_, [&] { return echoed == 3; }));
  worker->call([&] { moved.reset(); });
}

// A client of the kernel's defaults: what is small waits there until what was sent before has been acknowledged.
class HesitantClient {
 public:
  explicit HesitantClient(const Endpoint& to) : descriptor_(::socket(AF_INET, SOCK_STREAM, 0)) {
    SocketAddress address{};
    const socklen_t length = to_socket_address(to, address);
    EXPECT_EQ(::connect(descriptor_.get(), &address.any, length), 0);
  }
  void say(char letter) const { EXPECT_EQ(::send(descriptor_.get(), &letter, 1, 0), 1); }
  void hear() const {
    char letter = 0;
    EXPECT_EQ(::recv(descriptor_.get(), &letter, 1, 0), 1);
  }
  int kept_back() const {
    int octets = 0;
    EXPECT_EQ(::ioctl(descriptor_.get(), SIOCOUTQNSD, &octets), 0);
    return octets;
  }

 private:
  Descriptor descriptor_;
};

// Whether that has made the client send what it kept back; the kernel does it by itself as well, within 40 ms.
bool acknowledging_helps(env::StreamListener& listener) {
  const HesitantClient client(listener.local_endpoint());
  const auto accepted = listener.accept();
  if (!accepted) return false;
  std::array<std::byte, 16> into{};
  client.say('a');
  if (accepted->stream->receive(into).size != 1) return false;
  // Whoever answers is taken for one who always will.
  EXPECT_EQ(*accepted->stream->send(std::span(into).first(1)), 1u);
  client.hear();
  client.say('b');
  client.say('c');
  if (accepted->stream->receive(into).size != 1) return false;
  const int before = client.kept_back();
  accepted->stream->acknowledge();
  return before == 1 && client.kept_back() == 0;
}

TEST_F(Tcp, AcknowledgesAtOnceWhereThatIsWanted) {
  const auto listener = listen();
  int helped = 0;
  // On a busy machine the one or the other may come too late to be seen.
  for (int i = 0; i < 20; ++i) helped += acknowledging_helps(*listener) ? 1 : 0;
  EXPECT_GT(helped, 0);
}

TEST_F(Tcp, APortIsOneListeners) {
  const auto listener = listen();
  const auto second = network_.listen_tcp({.local = listener->local_endpoint()});
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::AddressInUse) << second.error().message;
  LinuxNetwork only_v6(*loop_, Family::Inet6);
  EXPECT_EQ(only_v6.listen_tcp({.local = {kLoopback, 0, 0}}).error().kind, ErrorKind::Unsupported);
  EXPECT_EQ(only_v6.connect_tcp({.remote = listener->local_endpoint()}).error().kind, ErrorKind::Unsupported);
}

TEST_F(Tcp, ComesFromTheAddressThatIsWanted) {
  const auto listener = listen();
  const IpAddress other = *IpAddress::parse("127.0.0.9");
  const auto client = network_.connect_tcp({.remote = listener->local_endpoint(), .local = other});
  ASSERT_TRUE(client.ok()) << client.error().message;
  std::optional<env::StreamListener::Accepted> accepted;
  listener->on_connection([&] { accepted = listener->accept(); });
  ASSERT_TRUE(run_until(*loop_, [&] { return accepted.has_value(); }));
  EXPECT_EQ(accepted->peer.address, other);
}

// In a child, whose limit it is.
TEST(TcpWithoutDescriptors, WhatCannotBeAcceptedIsClosedAndDoesNotKeepTheLoopBusy) {
  const auto child = run_child([] {
    const auto loop = make_loop();
    LinuxNetwork network(*loop, Family::Unspecified);
    const auto listener = network.listen_tcp({.local = {kLoopback, 0, 0}}).take();
    auto client = network.connect_tcp({.remote = listener->local_endpoint()}).take();
    const int used = ::dup(0);
    ::close(used);
    rlimit limit{};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = static_cast<rlim_t>(used);
    ::setrlimit(RLIMIT_NOFILE, &limit);
    int events = 0;
    listener->on_connection([&] {
      ++events;
      if (listener->accept()) events = 1000;
    });
    bool ended = false;
    client->on_event([&] {
      std::array<std::byte, 16> into{};
      ended = client->receive(into).ended;
      if (ended) client.reset();
    });
    if (!run_until(*loop, [&] { return ended; })) return 1;
    run_for(*loop, Duration::millis(5));
    return listener->closed_for_want_of_room() == 1 && events < 5 ? 0 : 2;
  });
  EXPECT_EQ(child.status, 0);
}

// A listener that could keep no descriptor, a client that waits for it, and no descriptor left: for a child alone.
struct OneThatWaits {
  OneThatWaits() {
    constexpr int kFirst = 3;
    for (int number = kFirst; number < 64; ++number) ::close(number);
    loop = make_loop();
    network.emplace(*loop, Family::Unspecified);
    ::getrlimit(RLIMIT_NOFILE, &limit);
    const int used = ::dup(0);
    ::close(used);
    leave(used + 1);
    listener = network->listen_tcp({.local = {kLoopback, 0, 0}}).take();
    free_all();
    client = network->connect_tcp({.remote = listener->local_endpoint()}).take();
    leave(used);
  }
  void leave(int descriptors) const {
    rlimit few = limit;
    few.rlim_cur = static_cast<rlim_t>(descriptors);
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  void free_all() const { ::setrlimit(RLIMIT_NOFILE, &limit); }

  rlimit limit{};
  std::unique_ptr<Loop> loop;
  std::optional<LinuxNetwork> network;
  std::unique_ptr<env::StreamListener> listener;
  std::unique_ptr<env::StreamSocket> client;
};

// Another thread may take the descriptor that is kept for such times; here there never was one.
TEST(TcpWithoutDescriptors, NobodyIsHeardForAMomentWhereNotEvenOneIsLeft) {
  const auto child = run_child([] {
    OneThatWaits all;
    int events = 0;
    std::optional<env::StreamListener::Accepted> accepted;
    all.listener->on_connection([&] {
      ++events;
      accepted = all.listener->accept();
    });
    run_for(*all.loop, Duration::millis(20));
    if (events != 1 || accepted) return 1;
    all.free_all();
    if (!run_until(*all.loop, [&] { return accepted.has_value(); }) || all.listener->closed_for_want_of_room() != 0)
      return 2;
    return 0;
  });
  EXPECT_EQ(child.status, 0);
}

TEST(TcpWithoutDescriptors, WhoIsToldAnewDuringThePauseIsToldOnce) {
  const auto child = run_child([] {
    OneThatWaits all;
    bool refused = false;
    all.listener->on_connection([&] { refused = !all.listener->accept(); });
    if (!run_until(*all.loop, [&] { return refused; })) return 1;
    all.free_all();
    int events = 0;
    std::optional<env::StreamListener::Accepted> accepted;
    all.listener->on_connection([&] {
      ++events;
      accepted = all.listener->accept();
    });
    if (!run_until(*all.loop, [&] { return accepted.has_value(); })) return 2;
    run_for(*all.loop, Duration::millis(150));  // longer than the pause
    const auto second = all.network->connect_tcp({.remote = all.listener->local_endpoint()}).take();
    run_for(*all.loop, Duration::millis(20));
    return events == 2 ? 0 : 3;
  });
  EXPECT_EQ(child.status, 0);
}

TEST(TcpInherited, AListeningSocketOfTheServiceManagerIsUsed) {
  const auto child = run_child([] {
    for (int number = 3; number < 64; ++number) ::close(number);
    const auto loop = make_loop();  // takes the first numbers, which are moved away below
    const int made = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    if (::bind(made, reinterpret_cast<sockaddr*>(&address), length) != 0 || ::listen(made, 1) != 0) return 1;
    ::getsockname(made, reinterpret_cast<sockaddr*>(&address), &length);
    ::setenv("LISTEN_FDS", std::to_string(made - 2).c_str(), 1);
    LinuxNetwork network(*loop, Family::Unspecified, InheritedSockets::from_environment());
    // Bound without SO_REUSEADDR and listening: a socket of its own would be refused.
    const auto listener = network.listen_tcp({.local = {kLoopback, ntohs(address.sin_port), 0}});
    return listener.ok() ? 0 : 2;
  });
  EXPECT_EQ(child.status, 0);
}

}  // namespace
}  // namespace timed::os
