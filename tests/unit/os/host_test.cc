// Names, randomness and notifications, and the resolver's thread (which ThreadSanitizer watches).
#include "src/os/host.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <algorithm>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/os/temporary_directory.h"
#include "tests/unit/os/turns.h"
#include "timed/os/linux_env.h"

namespace timed::os {
namespace {

using Answer = std::optional<Result<std::vector<IpAddress>>>;

class HostTest : public testing::Test {
 protected:
  Answer resolve(Family restriction, const std::string& name, Family family) {
    LinuxHost host(*loop_, restriction);
    Answer answer;
    host.resolve(name, family, [&](Result<std::vector<IpAddress>> result) { answer = std::move(result); });
    EXPECT_FALSE(answer.has_value()) << "called from inside";
    EXPECT_TRUE(run_until(
        *loop_, [&] { return answer.has_value(); }, Duration::seconds(60)));
    return answer;
  }
  std::unique_ptr<Loop> loop_ = make_loop();
};

TEST_F(HostTest, TakesNumbersForWhatTheyAre) {
  const IpAddress four = IpAddress::v4(0xc0000201);
  const IpAddress six = *IpAddress::parse("2001:db8::1");
  using Addresses = std::vector<IpAddress>;
  EXPECT_EQ(**resolve(Family::Unspecified, "192.0.2.1", Family::Unspecified), Addresses{four});
  EXPECT_EQ(**resolve(Family::Inet4, "192.0.2.1", Family::Inet4), Addresses{four});
  EXPECT_EQ(**resolve(Family::Unspecified, "2001:db8::1", Family::Inet6), Addresses{six});
  EXPECT_FALSE(resolve(Family::Unspecified, "192.0.2.1", Family::Inet6)->ok());
  EXPECT_FALSE(resolve(Family::Inet4, "2001:db8::1", Family::Unspecified)->ok());
  EXPECT_FALSE(resolve(Family::Inet4, "192.0.2.1", Family::Inet6)->ok());
}

TEST_F(HostTest, LooksUpALocalName) {
  const auto answer = resolve(Family::Unspecified, "localhost", Family::Inet4);
  ASSERT_TRUE(answer->ok()) << answer->error().message;
  EXPECT_EQ((*answer)->front(), IpAddress::loopback(Family::Inet4));
  for (const auto& address : **answer) EXPECT_TRUE(address.is_v4());
  EXPECT_EQ(std::count((*answer)->begin(), (*answer)->end(), (*answer)->front()), 1);
}

TEST_F(HostTest, SaysThatANameHasNoAddress) {
  // Refused by the resolver itself, without asking a name server.
  const auto answer = resolve(Family::Unspecified, "no..such..name", Family::Unspecified);
  ASSERT_FALSE(answer->ok());
  EXPECT_EQ(answer->error().message.rfind("Could not resolve no..such..name : ", 0), 0u);
  // A scope is of one interface only; such addresses are not taken.
  EXPECT_FALSE(resolve(Family::Unspecified, "fe80::1%lo", Family::Unspecified)->ok());
}

TEST_F(HostTest, AnswersManyQuestionsOnce) {
  LinuxHost host(*loop_, Family::Unspecified);
  std::map<int, int> answered;
  for (int i = 0; i < 60; ++i) {
    const std::string name = i % 3 == 0 ? "127.0.0.1" : i % 3 == 1 ? "localhost" : "bad..name";
    host.resolve(name, Family::Inet4, [&, i](Result<std::vector<IpAddress>> result) {
      ++answered[i];
      EXPECT_EQ(result.ok(), i % 3 != 2);
    });
  }
  EXPECT_TRUE(run_until(*loop_, [&] { return answered.size() == 60; }));
  for (const auto& [i, times] : answered) EXPECT_EQ(times, 1) << i;
  // And again after it was idle.
  bool again = false;
  host.resolve("localhost", Family::Inet4, [&](Result<std::vector<IpAddress>>) { again = true; });
  EXPECT_TRUE(run_until(*loop_, [&] { return again; }));
}

TEST_F(HostTest, MayBeDestroyedWhileItLooksUp) {
  for (int round = 0; round < 50; ++round) {
    auto host = std::make_unique<LinuxHost>(*loop_, Family::Unspecified);
    for (const char* name : {"localhost", "localhost", "127.0.0.1"}) {
      host->resolve(name, Family::Unspecified, [](Result<std::vector<IpAddress>>) { FAIL() << "called too late"; });
    }
    host.reset();
    run_for(*loop_, Duration::micros(round * 20.0));
  }
  run_for(*loop_, Duration::millis(20));
}

TEST_F(HostTest, MayBeDestroyedByAnAnswer) {
  for (const char* name : {"localhost", "127.0.0.1"}) {
    auto host = std::make_unique<LinuxHost>(*loop_, Family::Unspecified);
    host->resolve(name, Family::Inet4, [&](Result<std::vector<IpAddress>>) { host.reset(); });
    host->resolve(name, Family::Inet4, [](Result<std::vector<IpAddress>>) { FAIL() << "called too late"; });
    EXPECT_TRUE(run_until(*loop_, [&] { return host == nullptr; }));
  }
  run_for(*loop_, Duration::millis(5));
}

TEST_F(HostTest, GivesUnpredictableBytes) {
  LinuxHost host(*loop_, Family::Unspecified);
  for (const std::size_t size : {std::size_t{1000}, std::size_t{2048}, std::size_t{3} << 20}) {
    std::vector<std::byte> first(size);
    std::vector<std::byte> second(size);
    host.random(first);
    host.random(second);
    EXPECT_NE(first, second);
    EXPECT_LT(std::count(first.begin(), first.end(), std::byte{0}), size / 10) << size;
  }
  host.random({});
}

TEST_F(HostTest, NotifiesTheServiceManager) {
  LinuxHost host(*loop_, Family::Unspecified);
  ::unsetenv("NOTIFY_SOCKET");
  host.notify("READY=1");
  TemporaryDirectory directory;
  const std::string path = directory / "notify";
  const Descriptor manager(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(::bind(manager.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
  ::setenv("NOTIFY_SOCKET", path.c_str(), 1);
  host.notify("READY=1");
  ::unsetenv("NOTIFY_SOCKET");
  char text[64] = {};
  ASSERT_GT(::recv(manager.get(), text, sizeof text - 1, MSG_DONTWAIT), 0);
  EXPECT_EQ(std::string(text).substr(0, 7), "READY=1");
}

TEST(LinuxEnv, HoldsTheFourSeamsTogether) {
  auto created = LinuxEnv::create({.rtc_sync = false, .family = Family::Inet4});
  ASSERT_TRUE(created.ok());
  const env::Env env = (*created)->view();
  EXPECT_GT(env.clock.now(), RawTime::from_seconds(1'600'000'000));
  const auto state = env.clock.start(false);
  ASSERT_TRUE(state.ok());
  EXPECT_FALSE(state->may_steer);
  env::UdpOptions options;
  options.local.address = IpAddress::loopback(Family::Inet4);
  EXPECT_TRUE(env.network.open_udp(options).ok());
  options.local.address = IpAddress::loopback(Family::Inet6);
  EXPECT_FALSE(env.network.open_udp(options).ok());
  bool resolved = false;
  env.host.resolve("127.0.0.1", Family::Unspecified, [&](Result<std::vector<IpAddress>>) { resolved = true; });
  EXPECT_TRUE(run_until((*created)->loop(), [&] { return resolved; }));
  EXPECT_TRUE(env.host.files().info("/").ok());
}

}  // namespace
}  // namespace timed::os
