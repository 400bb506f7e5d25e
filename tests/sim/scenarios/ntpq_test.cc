// What ntpq is told over mode 6, by whom it may be asked, and how much goes back.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/sim/scenario.h"
#include "timed/base/bytes.h"

namespace timed::sim {
namespace {

constexpr std::uint8_t kReadStatus = 1;
constexpr std::uint8_t kReadVariables = 2;
constexpr std::uint8_t kReadClock = 4;

// ntpq on a machine, as far as packets go.
class Asker {
 public:
  Asker(Scenario& scenario, Machine& machine, const char* local, const char* daemon)
      : scenario_(scenario), daemon_{*IpAddress::parse(daemon), 123, 0} {
    env::UdpOptions options;
    options.local.address = *IpAddress::parse(local);
    socket_ = machine.sockets().open_udp(options).take();
  }

  // The datagrams that come back.
  std::vector<std::vector<std::byte>> ask(std::uint8_t operation, std::uint16_t association = 0,
                                          const std::string& names = "", std::size_t padding = 0) {
    env::Datagram question = {};
    question.peer = daemon_;
    question.size = 12 + (names.size() + padding + 3) / 4 * 4;
    ByteWriter out(question.data);
    out.u8(0x16);
    out.u8(operation);
    out.u16(++sequence_);
    out.u16(0);
    out.u16(association);
    out.u16(0);
    out.u16(static_cast<std::uint16_t>(names.size()));
    out.bytes(std::as_bytes(std::span(names)));
    EXPECT_EQ(socket_->send(std::span(&question, 1)).sent, 1u);
    scenario_.run_for(Duration::millis(20));
    std::vector<env::Datagram> received(env::kBatch);
    received.resize(socket_->receive(received));
    std::vector<std::vector<std::byte>> answers;
    for (const env::Datagram& one : received) answers.emplace_back(one.bytes().begin(), one.bytes().end());
    return answers;
  }
  // Put together; the test fails where that is no whole answer.
  std::string text(std::uint8_t operation, std::uint16_t association = 0, const std::string& names = "") {
    std::string all;
    bool ended = false;
    for (const auto& one : ask(operation, association, names)) {
      EXPECT_FALSE(ended);
      EXPECT_EQ(load_be<std::uint16_t>(&one[8]), all.size());
      status = load_be<std::uint16_t>(&one[4]);
      const std::size_t count = load_be<std::uint16_t>(&one[10]);
      for (std::size_t i = 0; i < count; ++i) all.push_back(static_cast<char>(one[12 + i]));
      ended = (std::to_integer<int>(one[1]) & 0x20) == 0;
    }
    EXPECT_TRUE(ended);
    return all;
  }
  int error(std::uint8_t operation, std::uint16_t association = 0, const std::string& names = "") {
    const auto answers = ask(operation, association, names);
    if (answers.size() != 1 || (std::to_integer<int>(answers[0][1]) & 0x40) == 0) return -1;
    return std::to_integer<int>(answers[0][4]);
  }

  std::uint16_t status = 0;

 private:
  Scenario& scenario_;
  Endpoint daemon_;
  std::unique_ptr<env::UdpSocket> socket_;
  std::uint16_t sequence_ = 0;
};

class Ntpq : public testing::Test {
 protected:
  Node& start(const std::string& more) {
    scenario.add_server("one", {"10.0.0.1"});
    scenario.add_server("two", {"10.0.0.3"});
    Node& node = scenario.add("client", {"10.0.0.2"}, usual_clock(),
                              "server 10.0.0.1 minpoll 4 maxpoll 4 iburst\nserver 10.0.0.3 noselect\n"
                              "server 10.0.0.77\nallow\n" +
                                  more);
    scenario.start_all();
    scenario.run_for(Duration::seconds(2000));
    return node;
  }
  Machine& other(const char* address) {
    machines.push_back(std::make_unique<Machine>(
        scenario.shared(), MachineModel{.name = address, .sockets = {.addresses = addresses({address})}}));
    return *machines.back();
  }

  Scenario scenario{1};
  std::vector<std::unique_ptr<Machine>> machines;
};

TEST_F(Ntpq, ThisMachineIsToldEverything) {
  Node& node = start("");
  Asker asker(scenario, node.machine(), "127.0.0.1", "127.0.0.1");
  const std::string system = asker.text(kReadVariables);
  EXPECT_EQ(asker.status, 0x0600) << "no leap second, by NTP";
  for (const char* item : {"version=\"timed ", "leap=0, stratum=2, ", "refid=10.0.0.1", "peer=1, tc=4", "frequency="}) {
    EXPECT_NE(system.find(item), std::string::npos) << item << "\n" << system;
  }
  EXPECT_EQ(asker.text(kReadVariables, 0, "stratum, nonsense"), "stratum=2\r\n");

  const std::string list = asker.text(kReadStatus);
  ASSERT_EQ(list.size(), 12u);
  const auto bytes = std::as_bytes(std::span(list));
  const std::uint16_t wanted[] = {1, 0x9600, 2, 0x9000, 3, 0x8000};
  for (std::size_t i = 0; i < 6; ++i) EXPECT_EQ(load_be<std::uint16_t>(&bytes[2 * i]), wanted[i]) << i;

  const std::string source = asker.text(kReadVariables, 1);
  EXPECT_EQ(asker.status, 0x9600);
  for (const char* item :
       {"srcadr=10.0.0.1, srcport=123", "stratum=1", "reach=0xff", "hmode=3", "pmode=4", "hpoll=4"}) {
    EXPECT_NE(source.find(item), std::string::npos) << item << "\n" << source;
  }
  const std::string dead = asker.text(kReadVariables, 3);
  EXPECT_NE(dead.find("stratum=16"), std::string::npos) << dead;
  EXPECT_NE(dead.find("reach=0x0"), std::string::npos) << dead;
  EXPECT_EQ(dead.find("offset="), std::string::npos) << dead;
}

TEST_F(Ntpq, OffsetsAreWhatTheOtherIsAhead) {
  Node& node = start("");
  const auto report = source_report(node, "10.0.0.3");
  ASSERT_TRUE(report);
  Asker asker(scenario, node.machine(), "127.0.0.1", "127.0.0.1");
  const std::string text = asker.text(kReadVariables, 2, "offset");
  ASSERT_TRUE(text.starts_with("offset="));
  EXPECT_NEAR(std::stod(text.substr(7)), report->adjusted.to_seconds() * 1e3, 0.05);
  const double frequency = std::stod(asker.text(kReadVariables, 0, "frequency").substr(10));
  EXPECT_NEAR(frequency, -100.0, 2.0) << "the clock is 100 ppm fast";
}

TEST_F(Ntpq, ErrorsAreTold) {
  Node& node = start("");
  Asker asker(scenario, node.machine(), "127.0.0.1", "127.0.0.1");
  EXPECT_EQ(asker.error(kReadVariables, 99), 4);
  EXPECT_EQ(asker.error(kReadVariables, 0, "nonsense"), 5);
  EXPECT_EQ(asker.error(kReadClock), 4);
  for (const int operation : {0, 3, 5, 6, 7, 8, 9, 10, 11, 12, 31}) {
    EXPECT_EQ(asker.error(static_cast<std::uint8_t>(operation)), 3) << operation;
  }
}

TEST_F(Ntpq, OthersAreToldNoMoreThanTheyHaveSaid) {
  Node& node = start("cmdallow 10.0.0.8\ncmdallow 10.0.0.9\ncmddeny 10.0.0.9\n");
  Asker admitted(scenario, other("10.0.0.8"), "10.0.0.8", "10.0.0.2");
  Asker denied(scenario, other("10.0.0.9"), "10.0.0.9", "10.0.0.2");
  Asker stranger(scenario, other("10.0.0.7"), "10.0.0.7", "10.0.0.2");
  const std::size_t lines = node.log().lines().size();
  for (const std::uint8_t operation : {kReadStatus, kReadVariables}) {
    EXPECT_TRUE(denied.ask(operation).empty());
    EXPECT_TRUE(stranger.ask(operation).empty());
    for (const std::size_t padding : {0u, 4u, 8u, 12u, 100u, 300u, 468u}) {
      const auto answers = admitted.ask(operation, 1, "", padding);
      ASSERT_EQ(answers.size(), 1u);
      EXPECT_LE(answers[0].size(), 12 + padding);
    }
  }
  EXPECT_EQ(admitted.error(kReadVariables), 7);
  EXPECT_EQ(admitted.ask(kReadVariables, 0, "stratum", 20)[0].size(), 24u);
  EXPECT_EQ(node.log().lines().size(), lines) << "nothing is logged of it";
}

TEST_F(Ntpq, OthersAreHeldBackByTheRateOfCommands) {
  start("cmdallow 10.0.0.8\ncmdratelimit interval 12 burst 4 leak 4\n");
  Asker asker(scenario, other("10.0.0.8"), "10.0.0.8", "10.0.0.2");
  int answered = 0;
  for (int i = 0; i < 100; ++i) answered += asker.ask(kReadVariables).empty() ? 0 : 1;
  EXPECT_GE(answered, 4);
  EXPECT_LE(answered, 30) << "four and one in sixteen";
}

TEST_F(Ntpq, WithoutAServedPortNobodyIsHeard) {
  Node& node = scenario.add("quiet", {"10.0.0.5"}, usual_clock(), "server 10.0.0.77\n");
  scenario.start_all();
  Asker asker(scenario, node.machine(), "127.0.0.1", "127.0.0.1");
  EXPECT_TRUE(asker.ask(kReadVariables).empty());
}

}  // namespace
}  // namespace timed::sim
