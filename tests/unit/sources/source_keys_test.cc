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
const IpAddress kC = IpAddress::v4(0xc0000203);
const IpAddress kD = IpAddress::v4(0xc0000204);

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
  static SourceLine pool(int max_sources) {
    SourceLine pool = line("pool.example");
    pool.kind = SourceKind::Pool;
    pool.max_sources = max_sources;
    return pool;
  }
  // A pool of one, both of whose candidates have an address and have asked for keys.
  void make_pool() {
    make({pool(1)});
    host.answer(std::vector<IpAddress>{kA, kB});
    timers.advance(1);
    ASSERT_EQ(requests.size(), 2u);
    ASSERT_EQ(requests[0].server.at.address, kA);
  }
  // The source turns out to be bad, and its name has these addresses now.
  void replace(SourceId id, const std::vector<IpAddress>& addresses) {
    set->replace_bad(id);
    ASSERT_EQ(host.lookups.size(), 1u);
    host.answer(addresses);
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
    callbacks.on_server_endpoints = [this] { ++endpoint_changes; };
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
  int endpoint_changes = 0;
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
  endpoint_changes = 0;
  set->take_keys(requests[0].source, keys_for(kA, 11122));
  EXPECT_EQ(std::exchange(endpoint_changes, 0), 1);
  set->take_keys(requests[0].source, keys_for(kB, 11123));
  EXPECT_EQ(endpoint_changes, 2) << "of the address, of the port";
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
  EXPECT_EQ(requests[1].ntp_port, 123) << "what the line says, not what the last ones said";
}

TEST_F(SourceKeys, OfAnotherPortCloseTheSocketToTheOldOne) {
  make({line("192.0.2.1")});
  set->take_keys(requests[0].source, keys_for(kA));
  timers.advance(0.3);
  ASSERT_EQ(network.open.size(), 1u);
  set->take_keys(requests[0].source, keys_for(kA, 11123));
  EXPECT_TRUE(network.open.empty());
  EXPECT_TRUE(forgotten.empty()) << "it is the same server";
}

TEST_F(SourceKeys, ThatWereSavedAreForThoseThatHaveNone) {
  make({line("192.0.2.1"), line("192.0.2.2"), line("name.example"), line("192.0.2.3", false)});
  set->take_keys(requests[0].source, keys_for(kA));
  std::vector<IpAddress> asked_for;
  set->take_saved_keys([&](const KeyServer& of) {
    asked_for.push_back(of.at.address);
    return keys_for(kD);
  });
  EXPECT_EQ(asked_for, std::vector<IpAddress>{kB}) << "one has keys, one no address, one no NTS";
  EXPECT_EQ(set->find(kD), requests[1].source);
  EXPECT_EQ(set->keys_to_save().size(), 2u);
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
  endpoint_changes = 0;
  set->distrust_keys();
  EXPECT_GT(endpoint_changes, 0);
  EXPECT_TRUE(set->keys_to_save().empty());
  EXPECT_TRUE(network.open.empty());
  ASSERT_TRUE(set->find(kA).has_value());
  EXPECT_EQ(set->report(0, timeline.to_free(network.raw()))->reachability.bits, 0);
  timers.advance(3);
  ASSERT_EQ(requests.size(), 2u) << "soon, whatever the attempts before";
  EXPECT_TRUE(requests[1].is_first);
}

TEST_F(SourceKeys, ThatAreNotBelievedAreForgottenByAllWhoRestOnThem) {
  make({line("192.0.2.1"), line("192.0.2.2", false)});
  set->take_keys(requests[0].source, keys_for(kA));
  set->distrust_keys();
  EXPECT_EQ(forgotten, std::vector<std::uint32_t>{1}) << "though it has not moved; the other one had none";
}

// One round of the selection in which these sources say that all is well.
void select(discipline::Selector& selector, std::vector<discipline::Candidate> candidates,
            const std::vector<double>& offsets_s) {
  candidates.resize(offsets_s.size());
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    discipline::Candidate& c = candidates[i];
    c.stratum = 1;
    c.leap = ntp::Leap::Normal;
    c.reach = 0xff;
    c.reach_size = 8;
    c.data = discipline::SelectionData{.usable = true,
                                       .offset = Duration::seconds(offsets_s[i]),
                                       .root_distance = Duration::seconds(0.01),
                                       .std_dev = Duration::micros(10),
                                       .first_sample_age = Duration::seconds(100),
                                       .last_sample_age = Duration::seconds(1)};
    c.estimate.emplace();
    selector.note_sample(c.id);
  }
  selector.select(candidates, {});
}

TEST_F(SourceKeys, OfHowManySourcesTheSelectionRestsOn) {
  make({line("192.0.2.1"), line("192.0.2.2"), line("192.0.2.3", false), line("192.0.2.4"), line("name.example")});
  discipline::Selector selector{{}};
  AuthenticatedSources count = set->authenticated(selector);
  EXPECT_EQ(count.configured, 4u);
  EXPECT_EQ(count.expected, 4u) << "a name that nobody lets us look up counts against those that agree";
  EXPECT_EQ(count.agreeing, 0u);

  select(selector, set->candidates(timeline.to_free(network.raw()), Duration::seconds(1)), {0.001, 0.0, 0.0, 5.0});
  count = set->authenticated(selector);
  EXPECT_EQ(count.agreeing, 2u) << "neither the one that is not authenticated nor the one that disagrees";
  set->set_online(*set->find(kB), false);
  count = set->authenticated(selector);
  EXPECT_EQ(count.configured, 4u);
  EXPECT_EQ(count.expected, 3u);
  EXPECT_EQ(count.agreeing, 1u);
}

TEST_F(SourceKeys, AllSourcesOfANameAreOneVoice) {
  make({line("192.0.2.1"), line("name.example"), line("name.example"), line("name.example")});
  const std::vector<IpAddress> all = {kB, kC, kD};
  while (!host.lookups.empty()) host.answer(all);
  timers.advance(1);
  discipline::Selector selector{{}};
  select(selector, set->candidates(timeline.to_free(network.raw()), Duration::seconds(1)), {5.0, 0.0, 0.001, 0.0});
  const AuthenticatedSources count = set->authenticated(selector);
  EXPECT_EQ(count.configured, 2u);
  EXPECT_EQ(count.expected, 2u);
  EXPECT_EQ(count.agreeing, 1u) << "three agree, with one certificate";
}

TEST_F(SourceKeys, AVoiceIsThatOfMostOfItsSources) {
  make({line("192.0.2.1"), line("192.0.2.5", false), line("name.example"), line("name.example"), line("name.example")});
  const std::vector<IpAddress> all = {kB, kC, kD};
  while (!host.lookups.empty()) host.answer(all);
  timers.advance(1);
  discipline::Selector selector{{}};
  select(selector, set->candidates(timeline.to_free(network.raw()), Duration::seconds(1)), {0.0, 0.001, 0.0, 5.0, 9.0});
  const AuthenticatedSources count = set->authenticated(selector);
  EXPECT_EQ(count.expected, 2u);
  EXPECT_EQ(count.agreeing, 1u) << "one of three is no confirmation by the name";
}

TEST_F(SourceKeys, OfAPoolMemberThatIsReplacedWhileTheyAreFetchedAreThoseOfTheNewServer) {
  make_pool();
  endpoint_changes = 0;
  replace(SourceId{1}, {kA, kB, kC});
  EXPECT_TRUE(logged("Source 192.0.2.1 replaced with 192.0.2.3 (pool.example)"));
  EXPECT_EQ(forgotten, std::vector<std::uint32_t>{1}) << "whoever fetches is told that it is for nothing";
  EXPECT_GT(endpoint_changes, 0);
  EXPECT_TRUE(saved.empty()) << "there are none yet";
  EXPECT_FALSE(set->find(kA).has_value());
  EXPECT_EQ(set->find(kC), SourceId{1});
  timers.advance(65);
  ASSERT_EQ(requests.size(), 3u) << "by the next poll: the attempts were at another server";
  EXPECT_EQ(requests[2].source, SourceId{1});
  EXPECT_EQ(requests[2].server.at, (Endpoint{kC, 4461, 0}));
  EXPECT_EQ(requests[2].server.name, "pool.example");
  EXPECT_TRUE(requests[2].is_first) << "saved ones of the new server would do";
  set->take_keys(SourceId{1}, keys_for(kC));
  timers.advance(1);
  ASSERT_EQ(network.requests.size(), 1u);
  EXPECT_EQ(network.requests[0].to, kC);
}

TEST_F(SourceKeys, OfAPoolMemberThatIsReplacedAreKeptForTheDayThatItComesBack) {
  make_pool();
  set->take_keys(SourceId{1}, keys_for(kA, 11123));
  timers.advance(0.3);
  ASSERT_EQ(network.open.size(), 1u);
  replace(SourceId{1}, {kA, kB, kC});
  ASSERT_EQ(saved.size(), 1u);
  EXPECT_EQ(saved[0].server.at, (Endpoint{kA, 4461, 0}));
  EXPECT_EQ(saved[0].fetched.ntp, (Endpoint{kA, 11123, 0}));
  EXPECT_TRUE(set->keys_to_save().empty()) << "the new one has none, and must not be asked with those of another";
  EXPECT_TRUE(network.open.empty()) << "nor is the old one listened to";
  timers.advance(65);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[2].server.at, (Endpoint{kC, 4461, 0}));
  EXPECT_EQ(requests[2].ntp_port, 123) << "the port was of the old one";
  EXPECT_EQ(set->ntp_data(kC)->remote, (Endpoint{kC, 123, 0}));
  EXPECT_EQ(network.requests.size(), 1u);
}

TEST_F(SourceKeys, ThatHaveSentAPoolMemberElsewhereAreNotKeptWhenItIsReplaced) {
  make_pool();
  set->take_keys(SourceId{1}, keys_for(kD));
  EXPECT_EQ(set->find(kD), SourceId{1});
  replace(SourceId{1}, {kA, kB});
  EXPECT_TRUE(logged("Source 192.0.2.4 replaced with 192.0.2.1 (pool.example)"));
  EXPECT_TRUE(saved.empty()) << "they would send it there again";
  timers.advance(65);
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[2].server.at, (Endpoint{kA, 4461, 0}));
}

// It is where the keys have sent it, which its name does not know.
TEST_F(SourceKeys, ARefreshLooksForWhereTheKeysCameFrom) {
  make_pool();
  set->take_keys(SourceId{1}, keys_for(kD));
  set->refresh();
  while (!host.lookups.empty()) host.answer(std::vector<IpAddress>{kB, kA});
  EXPECT_EQ(set->find(kD), SourceId{1});
  set->refresh();
  while (!host.lookups.empty()) host.answer(std::vector<IpAddress>{kB, kC});
  EXPECT_EQ(set->find(kC), SourceId{1});
}

TEST_F(SourceKeys, AReplacedPoolMemberMustShowAgainThatItAnswers) {
  SourceLine plain = pool(2);
  plain.nts = false;
  make({plain});
  const IpAddress kE = IpAddress::v4(0xc0000205);
  host.answer(std::vector<IpAddress>{kA, kB, kC, kD});
  timers.advance(2);
  ASSERT_TRUE(network.answer(kA));
  replace(SourceId{1}, {kE});
  ASSERT_TRUE(network.answer(kB));
  EXPECT_EQ(set->size(), 4u) << "one of two is certain";
  ASSERT_TRUE(network.answer(kC));
  EXPECT_EQ(set->size(), 2u);
  EXPECT_FALSE(set->find(kE).has_value());
}

TEST_F(SourceKeys, OfAPoolMemberThatIsSuperfluousComeForNothing) {
  make_pool();
  set->remove(SourceId{1}, log::Severity::Debug);
  EXPECT_EQ(forgotten, std::vector<std::uint32_t>{1});
  set->take_keys(SourceId{1}, keys_for(kC));
  EXPECT_EQ(set->size(), 1u);
  EXPECT_FALSE(set->find(kC).has_value());
  EXPECT_TRUE(network.requests.empty());
}

TEST_F(SourceKeys, ABadServerThatTheyHaveSentAnAddressToIsLeftAgain) {
  make({line("192.0.2.1")});
  set->replace_bad(SourceId{1});
  EXPECT_TRUE(host.lookups.empty());
  set->take_keys(SourceId{1}, keys_for(kB, 11123));
  timers.advance(0.3);
  endpoint_changes = 0;
  set->replace_bad(SourceId{1});
  EXPECT_TRUE(host.lookups.empty()) << "an address has nothing to look up";
  EXPECT_TRUE(logged("Source 192.0.2.2 replaced with 192.0.2.1 (192.0.2.1)"));
  EXPECT_EQ(set->find(kA), SourceId{1});
  EXPECT_FALSE(set->find(kB).has_value());
  EXPECT_GT(endpoint_changes, 0);
  EXPECT_EQ(set->ntp_data(kA)->remote, (Endpoint{kA, 123, 0}));
  EXPECT_TRUE(saved.empty());
  timers.advance(65);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].server.at, (Endpoint{kA, 4461, 0}));
}

TEST_F(SourceKeys, NobodyGoesBackToAnAddressThatAnotherHasMeanwhile) {
  make({line("192.0.2.1")});
  set->take_keys(SourceId{1}, keys_for(kB, 11123));
  ASSERT_EQ(set->add(line("192.0.2.1", false), log::Severity::Debug).status, AddStatus::Added);
  set->replace_bad(SourceId{1});
  EXPECT_EQ(set->find(kB), SourceId{1});
  EXPECT_EQ(set->find(kA), SourceId{2});
  set->distrust_keys();
  EXPECT_EQ(set->find(kB), SourceId{1});
  EXPECT_EQ(set->find(kA), SourceId{2});
  EXPECT_EQ(set->ntp_data(kB)->remote, (Endpoint{kB, 123, 0})) << "the port was theirs";
  timers.advance(3);
  ASSERT_EQ(requests.size(), 2u);
  EXPECT_EQ(requests[1].server.at, (Endpoint{kA, 4461, 0}));
}

}  // namespace
}  // namespace timed::sources
