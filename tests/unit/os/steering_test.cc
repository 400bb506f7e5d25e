// Groups of sockets on one port: who gets what.
#include "src/os/steering.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <optional>
#include <set>
#include <vector>

#include "src/os/network.h"
#include "tests/unit/os/turns.h"

namespace timed::os {
namespace {

class Steering : public testing::Test {
 protected:
  std::unique_ptr<env::UdpSocket> open_member(std::uint16_t port, int member, int others, IpAddress address = kV4) {
    env::UdpOptions options;
    options.local = {address, port, 0};
    options.group = env::SocketGroup{member, others, 0x1234567};
    auto opened = network_.open_udp(options);
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.take();
  }
  std::vector<std::unique_ptr<env::UdpSocket>> open_group(int others, IpAddress address = kV4) {
    std::vector<std::unique_ptr<env::UdpSocket>> group;
    group.push_back(open_member(0, 0, others, address));
    const std::uint16_t port = group[0]->local_endpoint().port;
    for (int i = 1; i <= others; ++i) group.push_back(open_member(port, i, others, address));
    return group;
  }
  void send_from(IpAddress sender, const Endpoint& to) {
    const auto client = network_.open_udp({.local = {sender, 0, 0}, .remote = to}).take();
    env::Datagram datagram{};
    datagram.size = 48;
    EXPECT_EQ(client->send(std::span(&datagram, 1)).sent, 1u);
  }
  // Which members have something, and how much.
  static std::vector<std::size_t> received(const std::vector<std::unique_ptr<env::UdpSocket>>& group) {
    std::vector<std::size_t> counts;
    std::array<env::Datagram, env::kBatch> into;
    for (const auto& socket : group) counts.push_back(socket->receive(into));
    return counts;
  }

  static inline const IpAddress kV4 = IpAddress::loopback(Family::Inet4);
  std::unique_ptr<Loop> loop_ = make_loop();
  LinuxNetwork network_{*loop_, Family::Unspecified};
};

TEST_F(Steering, ASenderComesToOneMemberFromAllItsPorts) {
  const auto group = open_group(3);
  std::set<std::size_t> used;
  for (std::uint32_t i = 1; i <= 60; ++i) {
    const IpAddress sender = IpAddress::v4(0x7f010000u + i);
    for (int repeat = 0; repeat < 5; ++repeat) send_from(sender, group[0]->local_endpoint());
    const auto counts = received(group);
    const auto whole = std::find(counts.begin(), counts.end(), 5u);
    ASSERT_NE(whole, counts.end()) << sender.to_string();
    used.insert(static_cast<std::size_t>(whole - counts.begin()));
  }
  EXPECT_EQ(used, (std::set<std::size_t>{1, 2, 3})) << "all of them, and never the first";
}

TEST_F(Steering, IPv6Too) {
  const auto group = open_group(3, IpAddress::loopback(Family::Inet6));
  for (int repeat = 0; repeat < 12; ++repeat) {
    send_from(IpAddress::loopback(Family::Inet6), group[0]->local_endpoint());
  }
  auto counts = received(group);
  EXPECT_EQ(counts[0], 0u);
  std::sort(counts.begin(), counts.end());
  EXPECT_EQ(counts, (std::vector<std::size_t>{0, 0, 0, 12}));
}

TEST_F(Steering, TheFirstAloneGetsAll) {
  const auto first = open_member(0, 0, 2);
  send_from(kV4, first->local_endpoint());
  env::Datagram datagram;
  EXPECT_EQ(first->receive(std::span(&datagram, 1)), 1u);
}

// Members that have gone leave their senders to those that are left.
TEST_F(Steering, WithoutTheOthersTheFirstGetsAllAgain) {
  auto group = open_group(2);
  group.resize(1);
  for (std::uint32_t i = 1; i <= 8; ++i) send_from(IpAddress::v4(0x7f020000u + i), group[0]->local_endpoint());
  EXPECT_EQ(received(group), std::vector<std::size_t>{8});
}

// With SO_REUSEPORT on both sides a second daemon would take a share without a word.
TEST_F(Steering, APortThatSomebodyHasIsNoticed) {
  const auto group = open_group(2);
  env::UdpOptions options;
  options.local = group[0]->local_endpoint();
  options.group = env::SocketGroup{0, 2, 1};
  const auto second = network_.open_udp(options);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().kind, ErrorKind::AddressInUse);
}

}  // namespace
}  // namespace timed::os
