// Servers and clients of NTS in a simulated world, with an authority of their own.
#ifndef TIMED_TESTS_SIM_NTS_NTS_WORLD_H_
#define TIMED_TESTS_SIM_NTS_NTS_WORLD_H_

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/certificates/certificates.h"
#include "tests/sim/scenario.h"

namespace timed::sim {

class NtsWorld {
 public:
  explicit NtsWorld(std::uint64_t seed) : scenario(seed), authority(test::Identity::authority()) {}

  // A right clock that serves NTP, and keys with this certificate (of its address without).
  Node& server(const std::string& name, const std::string& address, const std::string& more = "",
               const test::CertificateWish& wish = {}, const ClockModel& clock = {}) {
    test::CertificateWish own = wish;
    if (own.names.empty() && own.addresses.empty()) own.addresses = {address};
    Node& node =
        scenario.add(name, {address}, clock,
                     "local stratum 1\nallow\nntsservercert /nts.pem\nntsserverkey /nts.key\nntsprocesses 0\n" + more);
    const test::Identity identity = authority.sign(name, own);
    node.files().put("/nts.pem", identity.certificate());
    node.files().put("/nts.key", identity.key());
    return node;
  }
  Node& client(const std::string& config, const ClockModel& clock = usual_clock()) {
    Node& node = scenario.add("client", {"10.0.1.1"}, clock, config + "\nnosystemcert\nntstrustedcerts /ca.pem\n");
    node.files().put("/ca.pem", authority.certificate());
    return node;
  }
  static std::optional<control::AuthDataReply> auth(Node& client, const std::string& address = "10.0.0.1") {
    return client.ask<control::AuthDataReply>(control::AuthDataRequest{*IpAddress::parse(address)});
  }
  // Whether the last polls of the source were all answered by a synchronised server.
  static bool is_answered(Node& client, const std::string& address = "10.0.0.1") {
    const auto source = source_report(client, address);
    return source && (source->reachability & 7) == 7;
  }

  Scenario scenario;
  test::Identity authority;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_NTS_NTS_WORLD_H_
