// NTS through the server: batches, counters, keys that change.
#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <vector>

#include "tests/allocations/allocations.h"
#include "tests/unit/server/nts_clients.h"
#include "timed/server/server.h"

namespace timed::server {
namespace {

using auth::AeadId;
using auth::NtsReply;

class NtsServerTest : public testing::Test {
 protected:
  static std::vector<AccessRule> everybody() {
    AccessRule rule;
    rule.allow = true;
    rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0)};
    return {rule};
  }
  void open() {
    ASSERT_TRUE(server.open().ok());
    network.v4.sent.reserve(100);
  }
  env::Datagram request_of(auth::NtsClient& client) {
    env::Datagram request = make_request(4, ntp::Mode::Client);
    add_nts(request, client, entropy);
    return request;
  }
  // Octets of the answer; 0 where there is none.
  std::size_t ask(const env::Datagram& request) {
    const std::size_t before = network.v4.sent.size();
    network.v4.incoming.push_back(request);
    network.socket_v4->turn();
    return network.v4.sent.size() == before ? 0 : network.v4.sent.back().size;
  }
  NtsReply check(auth::NtsClient& client) {
    return client.check(ntp::PacketView::parse(network.v4.sent.back().bytes()));
  }

  EntropyPool entropy = seeded_pool(7);
  auth::CookieKeys keys = auth::CookieKeys::generate(AeadId::SivCmac256, entropy);
  FakeNetwork network;
  FakeClock clock;
  FakeHost host;
  Server server{{}, {}, everybody(), network, clock, host};
};

TEST_F(NtsServerTest, serves_from_when_it_has_keys_and_with_the_latest) {
  open();
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  EXPECT_EQ(ask(request_of(client)), 0u);
  server.use_cookie_keys(keys);
  const env::Datagram request = request_of(client);
  EXPECT_EQ(ask(request), request.size);
  EXPECT_EQ(check(client), NtsReply::Authentic);
  server.use_cookie_keys(auth::CookieKeys::generate(AeadId::GcmSiv128, entropy));
  EXPECT_EQ(ask(request_of(client)), 84u);
  EXPECT_EQ(check(client), NtsReply::Nak);
}

TEST_F(NtsServerTest, keys_outlive_a_change_of_the_rules) {
  server.use_cookie_keys(keys);
  open();
  server.set_rules(everybody());
  auto client = nts_client(keys, AeadId::GcmSiv128, 1);
  EXPECT_EQ(ask(request_of(client)), 192u);
}

TEST_F(NtsServerTest, counts_what_becomes_of_requests) {
  server.use_cookie_keys(keys);
  open();
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  const env::Datagram good = request_of(client);
  env::Datagram unknown_key = good, bad_cookie = good, bad_seal = good, malformed = good;
  unknown_key.data[88] ^= std::byte{1};
  bad_cookie.data[100] ^= std::byte{1};
  bad_seal.data[good.size - 1] ^= std::byte{1};
  malformed.size = 84;
  for (int i = 0; i < 5; ++i) ask(good);
  for (int i = 0; i < 4; ++i) ask(unknown_key);
  for (int i = 0; i < 3; ++i) ask(bad_cookie);
  for (int i = 0; i < 2; ++i) ask(bad_seal);
  ask(malformed);
  ask(make_request(4, ntp::Mode::Client));
  const ServedTotals served = server.served();
  EXPECT_EQ(served.nts_answered, 5u);
  EXPECT_EQ(served.nts_unknown_key, 4u);
  EXPECT_EQ(served.nts_bad_cookie, 3u);
  EXPECT_EQ(served.nts_not_authentic, 2u);
  EXPECT_EQ(served.nts_malformed, 1u);
  EXPECT_EQ(served.nts_without_room, 0u);
  EXPECT_EQ(served.authenticated, 5u);
  EXPECT_EQ(server.verdicts().of(Verdict::Answer), 6u);
  EXPECT_EQ(server.verdicts().of(Verdict::NtsRefusal), 9u);
  EXPECT_EQ(server.verdicts().of(Verdict::BadAuth), 1u);
}

TEST_F(NtsServerTest, a_full_batch_is_answered_each_under_its_own_seal) {
  server.use_cookie_keys(keys);
  open();
  std::vector<auth::NtsClient> clients;
  for (std::size_t i = 0; i < 3 * env::kBatch; ++i) {
    clients.push_back(nts_client(keys, i % 3 == 0 ? AeadId::GcmSiv128 : AeadId::SivCmac256, i));
    network.v4.incoming.push_back(request_of(clients.back()));
  }
  network.socket_v4->turn();
  ASSERT_EQ(network.v4.sent.size(), clients.size());
  for (std::size_t i = 0; i < clients.size(); ++i) {
    EXPECT_EQ(clients[i].check(ntp::PacketView::parse(network.v4.sent[i].bytes())), NtsReply::Authentic) << i;
  }
}

TEST_F(NtsServerTest, a_request_costs_no_allocation) {
  ASSERT_TRUE(test::counts_all_allocations());
  server.use_cookie_keys(keys);
  open();
  std::vector<auth::NtsClient> clients;
  for (std::size_t i = 0; i < 300; ++i) {
    clients.push_back(nts_client(keys, i % 2 == 0 ? AeadId::GcmSiv128 : AeadId::SivCmac256, i, 1 + i % 8));
    env::Datagram request = request_of(clients.back());
    if (i % 5 == 0) request.data[48 + i % (request.size - 48)] ^= std::byte{2};
    network.v4.incoming.push_back(request);
  }
  // The first turn takes the keys.
  network.socket_v4->turn();
  const std::size_t before = test::allocations_so_far();
  while (network.v4.next < network.v4.incoming.size()) network.socket_v4->turn();
  EXPECT_EQ(test::allocations_so_far(), before);
  EXPECT_GT(server.served().nts_answered, 200u);
  EXPECT_GT(server.served().nts_bad_cookie, 10u);
}

// A worker on a thread of its own, and a client whose cookies are of a key that all published keys have.
struct ServingThread {
  ServingThread(const Published& published, const auth::CookieKeys& keys, std::uint64_t seed)
      : worker(published, {}, clock, host, {}), client(nts_client(keys, AeadId::SivCmac256, seed, 1)) {
    EntropyPool entropy = seeded_pool(seed);
    env::Datagram request = make_request(4, ntp::Mode::Client);
    add_nts(request, client, entropy);
    traffic.incoming.assign(env::kBatch, request);
    auto made = std::make_unique<FakeUdpSocket>(traffic, Endpoint{});
    socket = made.get();
    worker.add(0, std::move(made));
  }
  static void* run(void* argument) {
    auto& self = *static_cast<ServingThread*>(argument);
    while (!self.ended) {
      self.traffic.next = 0;
      self.socket->turn();
      ++self.turns;
    }
    return nullptr;
  }

  FakeClock clock;
  FakeHost host;
  FakeTraffic traffic;
  ServingWorker worker;
  auth::NtsClient client;
  FakeUdpSocket* socket = nullptr;
  std::atomic<bool> ended{false};
  std::atomic<int> turns{0};
};

TEST(NtsOnThreads, KeysThatChangeWhileAllServeAreTakenWhole) {
  EntropyPool entropy = seeded_pool(9);
  const auto before = auth::CookieKeys::generate(AeadId::SivCmac256, entropy);
  auth::CookieKeys after = before;
  after.rotate(AeadId::GcmSiv128, entropy);
  AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0)};
  Published published;
  const auto publish = [&](const auth::CookieKeys& keys) {
    auto tables = std::make_shared<ServingTables>();
    tables->access = AccessList(std::vector<AccessRule>{rule}).compile();
    tables->cookie_keys = keys;
    published.set_tables(std::move(tables));
  };
  publish(before);
  ServingThread threads[] = {{published, before, 1}, {published, before, 2}};
  pthread_t ids[2];
  for (int i = 0; i < 2; ++i) ASSERT_EQ(::pthread_create(&ids[i], nullptr, ServingThread::run, &threads[i]), 0);
  // One processor may run them one after the other.
  for (int i = 0; i < 200 || (std::min<int>(threads[0].turns, threads[1].turns) < 50 && i < 1'000'000); ++i) {
    publish(i % 2 == 0 ? after : before);
  }
  for (ServingThread& thread : threads) thread.ended = true;
  for (const pthread_t id : ids) ::pthread_join(id, nullptr);
  for (const ServingThread& thread : threads) {
    EXPECT_GE(thread.turns, 50);
    EXPECT_EQ(thread.worker.served().nts_answered, static_cast<std::uint64_t>(thread.turns) * env::kBatch);
    EXPECT_EQ(thread.worker.served().nts_unknown_key + thread.worker.served().nts_bad_cookie, 0u);
  }
}

}  // namespace
}  // namespace timed::server
