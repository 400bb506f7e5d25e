// Somebody sends packets in the name of one server to another, or in a server's own name to itself, to have them answer
// each other for ever.  Each packet is answered at most once, and no answer is.
#include <gtest/gtest.h>

#include "tests/sim/fake_server.h"
#include "tests/sim/scenario.h"
#include "timed/base/bytes.h"

namespace timed::sim {
namespace {

class Loops : public ::testing::Test {
 protected:
  Loops() {
    scenario.add_server("one", {"10.0.0.1", "fd00::1"}, kConfig);
    scenario.add_server("two", {"10.0.0.2", "fd00::2"}, kConfig);
    scenario.start_all();
    scenario.run_for(Duration::seconds(10));
    scenario.network().set_tap([this](const PacketEvent& event) {
      if (!event.arrival) ++departures;
    });
  }
  static Endpoint endpoint(const char* address, std::uint16_t port) { return {*IpAddress::parse(address), port, 0}; }

  // A packet of each version, mode and length goes; how often one was answered.
  int forge(const Endpoint& from, const Endpoint& to) {
    departures = forged = 0;
    for (unsigned first = 0; first < 256; ++first) {
      for (const std::size_t size :
           {std::size_t{12}, std::size_t{48}, std::size_t{68}, std::size_t{72}, std::size_t{480}}) {
        Packet packet{from, to, std::vector<std::byte>(size)};
        packet.data[0] = static_cast<std::byte>(first);
        // For mode 6: read the variables of the system.
        packet.data[1] = std::byte{2};
        scenario.network().send(mallory.machine().sockets(), packet);
        ++forged;
      }
      scenario.run_for(Duration::millis(200));
      if (departures > 2 * forged) {
        ADD_FAILURE() << "endless after first octet " << first;
        return 0;
      }
    }
    const int answers = departures - forged;
    scenario.run_for(Duration::seconds(100));
    EXPECT_EQ(departures - forged, answers) << "they go on";
    EXPECT_LE(answers, forged);
    return answers;
  }

  static constexpr char kConfig[] = "allow\nlocal stratum 3\nopencommands\ncmdallow all\n";
  Scenario scenario{1};
  FakeServer mallory{scenario.shared(), "mallory", "10.0.0.66"};
  int departures = 0;
  int forged = 0;
};

TEST_F(Loops, TwoServersDoNotAnswerEachOther) {
  // Modes 1 and 3 of four versions, with any leap bits; and version 1 without a mode where it is from no server's port.
  EXPECT_GE(forge(endpoint("10.0.0.2", 123), endpoint("10.0.0.1", 123)), 4 * 2 * 4);
  EXPECT_GE(forge(endpoint("fd00::2", 123), endpoint("fd00::1", 123)), 4 * 2 * 4);
}

TEST_F(Loops, AServerDoesNotAnswerItself) {
  EXPECT_GE(forge(endpoint("10.0.0.1", 123), endpoint("10.0.0.1", 123)), 4 * 2 * 4);
  EXPECT_GE(forge(endpoint("fd00::1", 123), endpoint("fd00::1", 123)), 4 * 2 * 4);
}

TEST_F(Loops, NothingIsSentToPortZero) {
  EXPECT_EQ(forge(endpoint("10.0.0.2", 0), endpoint("10.0.0.1", 123)), 0);
}

}  // namespace
}  // namespace timed::sim
