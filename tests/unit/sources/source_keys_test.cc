// Sources with NTS: for which keys are fetched, and where they move when the keys are good for another server.
#include "timed/sources/source_keys.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/unit/sources/fake_seams.h"
#include "tests/unit/sources/nts_server_fixture.h"
#include "timed/base/log.h"
#include "timed/sources/source_set.h"

namespace timed::sources {
namespace {

using discipline::SourceId;

const IpAddress kA = IpAddress::v4(0xc0000201);
const IpAddress kB = IpAddress::v4(0xc0000202);

class SourceKeys : public testing::Test {
 protected:
  SourceKeys() : network(timers), timeline(test_time(-1000)) {
    log::set_sink([this](log::Severity, std::string_view message) { messages.emplace_back(message); });
  }
  ~SourceKeys() override {
    log::set_sink([](log::Severity, std::string_view) {});
  }

  static SourceLine line(const std::string& name, bool nts = true) {
    SourceLine line;
    line.name = name;
    line.nts = nts;
    line.nts_port = 4461;
    line.cert_set = 7;
    return line;
  }
  SourceSet& make(const std::vector<SourceLine>& lines) {
    SourceSetCallbacks callbacks;
    callbacks.now = [this] { return timeline.now(network.raw(), timers.now()); };
    callbacks.own = [] { return OwnView(); };
    callbacks.own_state = [] { return discipline::OwnState(); };
    callbacks.server_socket = [](Family) { return nullptr; };
    callbacks.on_sample = [](SourceId) {};
    callbacks.on_reachability = [](SourceId) {};
    callbacks.on_forgotten = [this](SourceId id) { forgotten.push_back(id.value); };
    callbacks.need_keys = [this](const KeyRequest& request) { requests.push_back(request); };
    callbacks.save_keys = [this](const SavedKeys& keys) { saved.push_back(keys); };
    SourceSetOptions options;
    options.precision = Duration::seconds(1e-7);
    set.emplace(lines, options, SourceSetSeams{timers, network, host, timeline}, callbacks);
    set->start();
    timers.advance(1);
    return *set;
  }
  FetchedKeys keys_for(const IpAddress& address, std::uint16_t port = 123) {
    return {server.session(timeline.now(network.raw(), timers.now()).local), Endpoint{address, port, 0}};
  }
  bool logged(std::string_view text) const {
    return std::find(messages.begin(), messages.end(), text) != messages.end();
  }

  FakeTimers timers;
  FakeNetwork network;
  FakeHost host;
  discipline::Timeline timeline;
  NtsTestServer server;
  std::vector<KeyRequest> requests;
  std::vector<SavedKeys> saved;
  std::vector<std::uint32_t> forgotten;
  std::vector<std::string> messages;
  std::optional<SourceSet> set;
};

TEST_F(SourceKeys, AreAskedForWithEverythingThatSaysWhose) {
  make({line("192.0.2.1"), line("192.0.2.2", false)});
  ASSERT_EQ(requests.size(), 1u);
  const KeyRequest& asked = requests[0];
  EXPECT_EQ(asked.source.value, 1u);
  EXPECT_EQ(asked.server.at, (Endpoint{kA, 4461, 0}));
  EXPECT_EQ(asked.server.name, "192.0.2.1");
  EXPECT_EQ(asked.server.cert_set, 7u);
  EXPECT_TRUE(asked.is_first);
  EXPECT_EQ(network.requests.size(), 1u) << "only the other source was asked";
  set->take_keys(asked.source, keys_for(kA));
  timers.advance(0.3);
  ASSERT_EQ(network.requests.size(), 2u);
  EXPECT_EQ(network.requests[1].to, kA);
  EXPECT_TRUE(forgotten.empty()) << "it did not move";
}

TEST_F(SourceKeys, MoveTheSourceToTheServerThatTheyAreGoodFor) {
  make({line("192.0.2.1")});
  set->take_keys(requests[0].source, keys_for(kB, 11123));
  EXPECT_TRUE(logged("Source 192.0.2.1 changed to 192.0.2.2 (192.0.2.1)"));
  EXPECT_TRUE(logged("Source 192.0.2.2 (192.0.2.1) changed port to 11123"));
  EXPECT_EQ(forgotten.size(), 1u);
  timers.advance(0.3);
  ASSERT_EQ(network.open.size(), 1u);
  EXPECT_EQ(network.open[0]->options().remote, (Endpoint{kB, 11123, 0}));
  EXPECT_EQ(set->ntp_data(kB)->remote, (Endpoint{kB, 11123, 0}));
  EXPECT_FALSE(set->find(kA).has_value());
  // What is saved says both, and where no answer comes others are asked for where these came from.
  const auto all = set->keys_to_save();
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].server.at, (Endpoint{kA, 4461, 0}));
  EXPECT_EQ(all[0].fetched.ntp, (Endpoint{kB, 11123, 0}));
  EXPECT_EQ(all[0].fetched.session.cookies.size(), 7u);
  timers.advance(3000);
  ASSERT_GE(requests.size(), 2u);
  EXPECT_EQ(requests[1].server.at, (Endpoint{kA, 4461, 0}));
}

TEST_F(SourceKeys, OfAServerThatAnotherSourceHasAreNotUsed) {
  make({line("192.0.2.1"), line("192.0.2.2", false)});
  set->take_keys(requests[0].source, keys_for(kB));
  EXPECT_TRUE(logged("Could not use 192.0.2.2 for 192.0.2.1 : Already in use"));
  EXPECT_TRUE(set->keys_to_save().empty());
  timers.advance(1000);
  EXPECT_EQ(requests.size(), 1u);
  timers.advance(200);
  EXPECT_EQ(requests.size(), 2u) << "asked again later";
}

TEST_F(SourceKeys, FailuresAndSourcesThatAreGoneAreNoTrouble) {
  make({line("192.0.2.1")});
  const SourceId id = requests[0].source;
  set->on_keys_failed(id, NtsFailure::NoConnection);
  timers.advance(70);
  ASSERT_EQ(requests.size(), 2u);
  set->remove(id, log::Severity::Debug);
  set->take_keys(id, keys_for(kB));
  set->on_keys_failed(id, NtsFailure::NoConnection);
  EXPECT_EQ(set->size(), 0u);
}

TEST_F(SourceKeys, ThatAreNotBelievedAreForgottenWithAllThatCameOfThem) {
  make({line("192.0.2.1")});
  set->take_keys(requests[0].source, keys_for(kB, 11123));
  timers.advance(0.3);
  set->distrust_keys();
  EXPECT_TRUE(set->keys_to_save().empty());
  EXPECT_TRUE(network.open.empty());
  ASSERT_TRUE(set->find(kA).has_value());
  EXPECT_EQ(set->report(0, timeline.to_free(network.raw()))->reachability.bits, 0);
  timers.advance(3);
  ASSERT_EQ(requests.size(), 2u) << "soon, whatever the attempts before";
  EXPECT_TRUE(requests[1].is_first);
}

}  // namespace
}  // namespace timed::sources
