#include <gtest/gtest.h>
#include <net/if.h>
#include <netinet/ip.h>

#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "src/os/control_message.h"
#include "src/os/network.h"
#include "src/os/read_clock.h"
#include "src/os/socket_address.h"
#include "tests/unit/os/turns.h"

namespace timed::os {
namespace {

const IpAddress kLoopback = IpAddress::loopback(Family::Inet4);

env::UdpOptions bound_to(Endpoint local) {
  env::UdpOptions options;
  options.local = local;
  return options;
}

env::UdpOptions connected_to(Endpoint remote, std::uint16_t local_port = 0) {
  env::UdpOptions options;
  options.local = {IpAddress::any(remote.address.family()), local_port, 0};
  options.remote = remote;
  return options;
}

class Udp : public testing::Test {
 protected:
  // The kernel begins to stamp a moment after the first socket has asked for it (its wait is unbounded in theory, a
  // millisecond in practice), and goes on while there is one.
  void SetUp() override {
    const auto server = open_server();
    const auto client = open_client(*server);
    for (int i = 0; i < 5000; ++i) {
      send_text(*client, "are there stamps yet?");
      if (receive(*server, 1).at(0).stamp.source == env::StampSource::Kernel) return;
      run_for(*loop_, Duration::millis(1));
    }
    FAIL() << "the kernel does not stamp";
  }

  std::unique_ptr<env::UdpSocket> open(const env::UdpOptions& options) {
    auto opened = network_.open_udp(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.take();
  }
  std::unique_ptr<env::UdpSocket> open_server(IpAddress address = kLoopback) { return open(bound_to({address, 0, 0})); }
  std::unique_ptr<env::UdpSocket> open_client(const env::UdpSocket& server, IpAddress address = kLoopback) {
    auto options = connected_to({address, server.local_endpoint().port, 0});
    options.transmit_stamps = true;
    return open(options);
  }
  static void fill(env::Datagram& datagram, const std::string& text) {
    std::memcpy(datagram.data.data(), text.data(), text.size());
    datagram.size = text.size();
  }
  static std::string text_of(const env::Datagram& datagram) {
    const auto bytes = datagram.bytes();
    return std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }
  void send_text(env::UdpSocket& socket, const std::string& text, Endpoint to = {}) {
    std::vector<env::Datagram> batch(1);
    fill(batch[0], text);
    batch[0].peer = to;
    const auto result = socket.send(batch);
    EXPECT_EQ(result.sent, 1u) << (result.refused ? result.refused->message : "");
  }
  // Everything that comes until count datagrams are there.
  std::vector<env::Datagram> receive(env::UdpSocket& socket, std::size_t count) {
    std::vector<env::Datagram> all;
    std::vector<env::Datagram> some(env::kBatch);
    socket.on_readable([&] {
      const std::size_t got = socket.receive(some);
      all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(got));
    });
    EXPECT_TRUE(run_until(*loop_, [&] { return all.size() >= count; }));
    socket.on_readable([] {});
    return all;
  }
  std::vector<env::TransmitStamp> receive_stamps(env::UdpSocket& socket, std::size_t count) {
    std::vector<env::TransmitStamp> all;
    std::vector<env::TransmitStamp> some(5);
    socket.on_readable([&] {
      const std::size_t got = socket.transmit_stamps(some);
      all.insert(all.end(), some.begin(), some.begin() + static_cast<std::ptrdiff_t>(got));
    });
    EXPECT_TRUE(run_until(*loop_, [&] { return all.size() >= count; }));
    socket.on_readable([] {});
    return all;
  }

  std::unique_ptr<Loop> loop_ = make_loop();
  LinuxNetwork network_{*loop_, Family::Unspecified};
};

TEST_F(Udp, CarriesDatagramsBothWaysWithKernelReceiveStamps) {
  const auto server = open_server();
  const auto client = open_client(*server);
  const RawTime before = read_real_time();
  send_text(*client, "question");
  auto requests = receive(*server, 1);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(text_of(requests[0]), "question");
  EXPECT_EQ(requests[0].peer, client->local_endpoint());
  EXPECT_EQ(requests[0].local, kLoopback);
  EXPECT_EQ(requests[0].interface_index, ::if_nametoindex("lo"));

  fill(requests[0], "answer");
  EXPECT_EQ(server->send(requests).sent, 1u);
  const auto answers = receive(*client, 1);
  ASSERT_EQ(answers.size(), 1u);
  EXPECT_EQ(text_of(answers[0]), "answer");
  EXPECT_EQ(answers[0].peer, server->local_endpoint());
  const RawTime after = read_real_time();
  EXPECT_EQ(answers[0].stamp.source, env::StampSource::Kernel);
  EXPECT_GT(answers[0].stamp.time, before);
  EXPECT_LT(answers[0].stamp.time, after);
}

// As in a socket that is kept while the daemon is restarted.
TEST_F(Udp, TellsWhatHasWaited) {
  const auto server = open_server();
  const auto client = open_client(*server);
  send_text(*client, "at once");
  EXPECT_FALSE(receive(*server, 1).at(0).waited);
  send_text(*client, "late");
  ASSERT_EQ(::usleep(1'100'000), 0);
  const env::Datagram late = receive(*server, 1).at(0);
  EXPECT_TRUE(late.waited);
  EXPECT_EQ(late.stamp.source, env::StampSource::Daemon);
  send_text(*client, "at once");
  EXPECT_FALSE(receive(*server, 1).at(0).waited);
}

TEST_F(Udp, StampsEveryDatagramOfAClientSocket) {
  const auto server = open_server();
  const auto client = open_client(*server);
  for (std::uint32_t round = 0; round < 3; ++round) {
    std::vector<env::Datagram> batch(1);
    fill(batch[0], "x");
    ASSERT_EQ(client->send(batch).sent, 1u);
    EXPECT_EQ(batch[0].stamp_id, round);
    EXPECT_EQ(batch[0].stamp.source, env::StampSource::Daemon);
    const auto stamps = receive_stamps(*client, 1);
    ASSERT_EQ(stamps.size(), 1u);
    EXPECT_EQ(stamps[0].id, round);
    EXPECT_EQ(stamps[0].stamp.source, env::StampSource::Kernel);
    EXPECT_GE(stamps[0].stamp.time, batch[0].stamp.time);
    EXPECT_LT(stamps[0].stamp.time - batch[0].stamp.time, Duration::seconds(1));
  }
}

TEST_F(Udp, StampsWhatAServerAsksFor) {
  const auto server = open_server();
  const auto client = open_client(*server);
  std::vector<env::Datagram> batch(env::kBatch);
  std::vector<std::uint32_t> wanted;
  for (std::size_t round = 0; round < 3; ++round) {
    for (std::size_t i = 0; i < batch.size(); ++i) {
      fill(batch[i], std::to_string(i));
      batch[i].peer = client->local_endpoint();
      batch[i].local = kLoopback;
      batch[i].want_stamp = i % 3 == round;
    }
    ASSERT_EQ(server->send(batch).sent, batch.size());
    for (const auto& datagram : batch) {
      if (datagram.want_stamp) wanted.push_back(datagram.stamp_id);
    }
  }
  const auto stamps = receive_stamps(*server, wanted.size());
  std::vector<std::uint32_t> got;
  for (const auto& stamp : stamps) got.push_back(stamp.id);
  EXPECT_EQ(got, wanted);
  std::sort(wanted.begin(), wanted.end());
  EXPECT_EQ(std::unique(wanted.begin(), wanted.end()), wanted.end());
}

TEST_F(Udp, KeepsIdsRightWhenADatagramCannotBeSent) {
  const auto server = open_server();
  const auto client = open_client(*server);
  std::vector<env::Datagram> batch(6);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    fill(batch[i], std::to_string(i));
    batch[i].peer = client->local_endpoint();
    batch[i].local = kLoopback;
    batch[i].want_stamp = true;
  }
  batch[2].peer = {IpAddress::v4(0xffffffff), 9, 0};  // not without SO_BROADCAST
  auto result = server->send(batch);
  EXPECT_EQ(result.sent, 2u);
  ASSERT_TRUE(result.refused.has_value());
  EXPECT_EQ(result.refused->kind, ErrorKind::Permission);
  const auto rest = std::span(batch).subspan(3);
  result = server->send(rest);
  EXPECT_EQ(result.sent, 3u);
  EXPECT_FALSE(result.refused.has_value());
  // And one at a time, failing alone.
  EXPECT_EQ(server->send(std::span(batch).subspan(2, 1)).sent, 0u);
  std::vector<env::TransmitStamp> stamps(20);
  stamps.resize(server->transmit_stamps(stamps));
  ASSERT_EQ(stamps.size(), 5u);
  const std::array sent{&batch[0], &batch[1], &batch[3], &batch[4], &batch[5]};
  for (std::size_t i = 0; i < sent.size(); ++i) {
    EXPECT_EQ(stamps[i].id, i);
    EXPECT_EQ(sent[i]->stamp_id, i);
    EXPECT_GE(stamps[i].stamp.time, sent[i]->stamp.time);
  }
  ASSERT_EQ(server->send(std::span(batch).first(1)).sent, 1u);
  EXPECT_EQ(batch[0].stamp_id, 5u);
  const auto last = receive_stamps(*server, 1);
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].id, 5u);
  EXPECT_GE(last[0].stamp.time, batch[0].stamp.time);
}

TEST_F(Udp, SendsAndReceivesMoreThanABatch) {
  const auto server = open_server();
  const auto client = open_client(*server);
  std::vector<env::Datagram> batch(2 * env::kBatch + 3);
  for (std::size_t i = 0; i < batch.size(); ++i) fill(batch[i], "datagram " + std::to_string(i));
  ASSERT_EQ(client->send(batch).sent, batch.size());
  const auto got = receive(*server, batch.size());
  ASSERT_EQ(got.size(), batch.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_EQ(text_of(got[i]), "datagram " + std::to_string(i));
}

TEST_F(Udp, CutsWhatIsTooLong) {
  const auto server = open_server();
  const int sender = ::socket(AF_INET, SOCK_DGRAM, 0);
  const Descriptor owned(sender);
  SocketAddress to{};
  const socklen_t length = to_socket_address(server->local_endpoint(), to);
  const std::vector<char> big(env::kMaxDatagram + 1, 'b');
  ASSERT_GT(::sendto(sender, big.data(), big.size(), 0, &to.any, length), 0);
  ASSERT_GT(::sendto(sender, big.data(), big.size() - 1, 0, &to.any, length), 0);
  ASSERT_EQ(::sendto(sender, big.data(), 0, 0, &to.any, length), 0);
  const auto got = receive(*server, 3);
  ASSERT_EQ(got.size(), 3u);
  EXPECT_EQ(got[0].size, env::kMaxDatagram + 1);
  EXPECT_EQ(got[0].bytes().size(), env::kMaxDatagram);
  EXPECT_EQ(got[1].size, env::kMaxDatagram);
  EXPECT_EQ(got[2].size, 0u);
}

TEST_F(Udp, AnswersFromTheAddressThatWasAsked) {
  const auto server = open_server(IpAddress::any(Family::Inet4));
  const IpAddress other = IpAddress::v4(0x7f000002);
  const auto client = open_client(*server, other);
  send_text(*client, "question");
  auto requests = receive(*server, 1);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].local, other);
  // The socket of the client is connected to 127.0.0.2 and would not take an answer from 127.0.0.1.
  EXPECT_EQ(server->send(requests).sent, 1u);
  EXPECT_EQ(receive(*client, 1).at(0).peer.address, other);
}

TEST_F(Udp, DoesNotAnswerWhatWasSentToAll) {
  const auto server = open_server(IpAddress::any(Family::Inet4));
  const auto client = open_client(*server);
  for (const char* to_all : {"224.0.1.1", "239.1.2.3", "127.255.255.255", "255.255.255.255"}) {
    std::vector<env::Datagram> answers(2);
    for (env::Datagram& answer : answers) {
      fill(answer, "answer");
      answer.peer = client->local_endpoint();
      answer.local = *IpAddress::parse(to_all);
    }
    const auto result = server->send(answers);
    EXPECT_EQ(result.sent, 0u) << to_all;
    EXPECT_TRUE(result.refused.has_value());
  }
}

TEST_F(Udp, DoesNotAnswerWhatWasSentToAllOfIpv6) {
  const auto opened = network_.open_udp(bound_to({IpAddress::any(Family::Inet6), 0, 0}));
  if (!opened.ok()) GTEST_SKIP() << "no IPv6 here: " << opened.error().message;
  for (const char* to_all : {"ff01::1", "ff02::1", "ff05::101", "ff0e::101"}) {
    std::vector<env::Datagram> answers(1);
    fill(answers[0], "answer");
    answers[0].peer = {IpAddress::loopback(Family::Inet6), 9, 0};
    answers[0].local = *IpAddress::parse(to_all);
    EXPECT_EQ((*opened)->send(answers).sent, 0u) << to_all;
  }
}

TEST_F(Udp, AConnectedSocketHearsNobodyElse) {
  const auto server = open_server();
  const auto stranger = open_server();
  const auto client = open_client(*server);
  send_text(*stranger, "forged", client->local_endpoint());
  send_text(*server, "real", client->local_endpoint());
  const auto got = receive(*client, 1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(text_of(got[0]), "real");
}

TEST_F(Udp, ServesIpv6) {
  const IpAddress loopback = IpAddress::loopback(Family::Inet6);
  auto opened = network_.open_udp(bound_to({IpAddress::any(Family::Inet6), 0, 0}));
  if (!opened.ok()) GTEST_SKIP() << "no IPv6 here: " << opened.error().message;
  const auto server = opened.take();
  auto options = connected_to({loopback, server->local_endpoint().port, 0});
  options.transmit_stamps = true;
  auto connected = network_.open_udp(options);
  if (!connected.ok()) GTEST_SKIP() << "no IPv6 loopback: " << connected.error().message;
  const auto client = connected.take();
  send_text(*client, "six");
  auto requests = receive(*server, 1);
  ASSERT_EQ(requests.size(), 1u);
  EXPECT_EQ(requests[0].local, loopback);
  EXPECT_EQ(requests[0].peer, client->local_endpoint());
  EXPECT_EQ(requests[0].stamp.source, env::StampSource::Kernel);
  EXPECT_EQ(receive_stamps(*client, 1).at(0).id, 0u);
  requests[0].want_stamp = true;
  EXPECT_EQ(server->send(requests).sent, 1u);
  EXPECT_EQ(receive(*client, 1).at(0).peer.address, loopback);
  EXPECT_EQ(receive_stamps(*server, 1).at(0).id, requests[0].stamp_id);
}

TEST_F(Udp, AnIpv6SocketLeavesThePortOfIpv4Alone) {
  auto six = network_.open_udp(bound_to({IpAddress::any(Family::Inet6), 0, 0}));
  if (!six.ok()) GTEST_SKIP() << "no IPv6 here: " << six.error().message;
  const std::uint16_t port = (*six)->local_endpoint().port;
  const auto four = network_.open_udp(bound_to({kLoopback, port, 0}));
  // Some other program may hold it; what must not happen is that ours does.
  if (!four.ok()) GTEST_SKIP() << four.error().message;
  EXPECT_EQ(four.value()->local_endpoint().port, port);
}

TEST_F(Udp, TwoOnOnePortAreAnError) {
  const auto first = open_server();
  const auto second = network_.open_udp(bound_to(first->local_endpoint()));
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::AddressInUse);
  EXPECT_EQ(second.error().message,
            "Could not bind UDP socket on " + first->local_endpoint().to_string() + " : Address already in use");
  const auto wildcard = network_.open_udp(bound_to({IpAddress::any(Family::Inet4), first->local_endpoint().port, 0}));
  ASSERT_FALSE(wildcard.ok());
  EXPECT_EQ(wildcard.error().kind, ErrorKind::AddressInUse);
}

TEST_F(Udp, ConnectedSocketsMayShareAPort) {
  const auto server = open_server();
  const auto other = open_server();
  const std::uint16_t port = open_server()->local_endpoint().port;  // free again
  const auto first = network_.open_udp(connected_to(server->local_endpoint(), port));
  if (!first.ok()) GTEST_SKIP() << "another program took the port: " << first.error().message;
  const auto second = open(connected_to(other->local_endpoint(), port));
  send_text(*second, "to the other");
  EXPECT_EQ(receive(*other, 1).at(0).peer.port, port);
  const auto third = network_.open_udp(bound_to({IpAddress::any(Family::Inet4), port, 0}));
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().kind, ErrorKind::AddressInUse);
}

TEST_F(Udp, BindsToAnAddressThatIsNotThereYet) {
  const auto socket = open_server(IpAddress::v4(0xc0000201));  // 192.0.2.1, for documentation
  EXPECT_EQ(socket->local_endpoint().address, IpAddress::v4(0xc0000201));
}

TEST_F(Udp, RefusesWhatItCannotDo) {
  auto options = bound_to({kLoopback, 0, 0});
  options.device = "no-such-device";
  EXPECT_FALSE(network_.open_udp(options).ok());
  const auto nothing = network_.open_udp({});
  ASSERT_FALSE(nothing.ok());
  EXPECT_EQ(nothing.error().kind, ErrorKind::Invalid);
  LinuxNetwork only_six(*loop_, Family::Inet6);
  const auto wrong = only_six.open_udp(bound_to({kLoopback, 0, 0}));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().kind, ErrorKind::Unsupported);
  EXPECT_FALSE(only_six.open_udp(connected_to({kLoopback, 123, 0})).ok());
}

TEST_F(Udp, MarksWhatItSends) {
  const Descriptor receiver(::socket(AF_INET, SOCK_DGRAM, 0));
  SocketAddress address{};
  socklen_t length = to_socket_address({kLoopback, 0, 0}, address);
  ASSERT_EQ(::bind(receiver.get(), &address.any, length), 0);
  ASSERT_EQ(::getsockname(receiver.get(), &address.any, &length), 0);
  const int on = 1;
  ASSERT_EQ(::setsockopt(receiver.get(), IPPROTO_IP, IP_RECVTOS, &on, sizeof on), 0);
  auto options = connected_to(to_endpoint(address, length));
  options.dscp = 46;
  const auto client = open(options);
  send_text(*client, "marked");

  char text[16];
  iovec data{text, sizeof text};
  ControlBuffer control;
  msghdr header{};
  header.msg_iov = &data;
  header.msg_iovlen = 1;
  header.msg_control = &control;
  header.msg_controllen = kControlSize;
  ASSERT_EQ(::recvmsg(receiver.get(), &header, 0), 6);
  int tos = -1;
  for_each_control(header, [&](const cmsghdr& item) {
    std::uint8_t octet = 0;
    if (item.cmsg_type == IP_TOS && read_control(item, octet)) tos = octet;
  });
  EXPECT_EQ(tos, 46 << 2);
}

TEST_F(Udp, ARefusedConnectionDoesNotSpinTheLoop) {
  auto server = open_server();
  const auto client = open_client(*server);
  server.reset();
  int calls = 0;
  std::vector<env::Datagram> some(1);
  std::vector<env::TransmitStamp> stamps(4);
  std::size_t stamped = 0;
  client->on_readable([&] {
    ++calls;
    stamped += client->transmit_stamps(stamps);
    // receive() is not called: a stamp alone may be what the owner waits for.
  });
  send_text(*client, "nobody there");
  EXPECT_TRUE(run_until(*loop_, [&] { return stamped == 1; }));
  calls = 0;
  run_for(*loop_, Duration::millis(30));
  EXPECT_LE(calls, 1);
  EXPECT_EQ(client->receive(some), 0u);
}

TEST_F(Udp, APendingErrorDoesNotHideADatagram) {
  auto server = open_server();
  const Endpoint place = server->local_endpoint();
  const auto client = open_client(*server);
  server.reset();
  send_text(*client, "refused");
  const auto again = network_.open_udp(bound_to(place));
  if (!again.ok()) GTEST_SKIP() << "another program took the port: " << again.error().message;
  send_text(*again.value(), "late", client->local_endpoint());
  // Not through the loop, which would take the error away first.
  std::vector<env::Datagram> some(1);
  std::size_t got = 0;
  for (int i = 0; i < 2000 && got == 0; ++i) {
    got = client->receive(some);
    if (got == 0) run_for(*loop_, Duration::millis(1));
  }
  ASSERT_EQ(got, 1u);
  EXPECT_EQ(text_of(some[0]), "late");
}

TEST_F(Udp, AReadableSocketMayBeDestroyedInItsFunction) {
  const auto server = open_server();
  auto client = open_client(*server);
  client->on_readable([&] { client.reset(); });
  send_text(*server, "bye", client->local_endpoint());
  EXPECT_TRUE(run_until(*loop_, [&] { return client == nullptr; }));
  run_for(*loop_, Duration::millis(5));
}

TEST_F(Udp, SendsInABatchWithoutAnySocketAddressRefuseCleanly) {
  const auto server = open_server();
  std::vector<env::Datagram> batch(2);
  fill(batch[0], "x");
  fill(batch[1], "y");
  const auto result = server->send(batch);
  EXPECT_EQ(result.sent, 0u);
  EXPECT_TRUE(result.refused.has_value());
}

}  // namespace
}  // namespace timed::os
