// Serving threads that are turned by hand: what goes to the main loop and how it arrives, and whether they still turn.
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tests/unit/server/fakes.h"
#include "timed/server/server.h"
#include "timed/server/serving_threads.h"

namespace timed::server {
namespace {

using Posted = std::vector<std::function<void()>>;

void run(Posted& posted) {
  for (const auto& fn : std::exchange(posted, {})) fn();
}

class HandWorker : public env::Worker {
 public:
  HandWorker(env::Env env, Posted& posted) : env_(env), posted_(posted) {}
  const env::Env& env() override { return env_; }
  void post(std::function<void()> fn) override { posted_.push_back(std::move(fn)); }
  void call(const std::function<void()>& fn) override { fn(); }
  void give_way() override {}

 private:
  env::Env env_;
  Posted& posted_;
};

// Its threads turn when they are told to.
class HandHost : public FakeHost {
 public:
  HandHost(env::SystemClock& clock, env::Timers& timers, env::Network& network) : env_{clock, timers, network, *this} {}
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string&) override {
    on_threads.push_back(std::make_unique<Posted>());
    return std::unique_ptr<env::Worker>(std::make_unique<HandWorker>(env_, *on_threads.back()));
  }
  void post(std::function<void()> fn) override { on_main.push_back(std::move(fn)); }

  Posted on_main;
  std::vector<std::unique_ptr<Posted>> on_threads;

 private:
  env::Env env_;
};

class NoTimers : public env::Timers {
 public:
  MonoTime now() override { return {}; }
  Id call_at(MonoTime, std::function<void()>) override { return 1; }
  void cancel(Id) override {}
};

TEST(ServingThreadsTest, one_that_hangs_is_found) {
  FakeClock clock;
  NoTimers timers;
  FakeNetwork network;
  HandHost host(clock, timers, network);
  Published published;
  published.set_tables(std::make_shared<const ServingTables>());
  Handover handover([](Handover::Kind, Place, const env::Datagram&) {});
  ServingThreads threads(2, published, host, handover);
  EXPECT_TRUE(threads.all_have_turned()) << "none runs";
  threads.start();
  ASSERT_EQ(host.on_threads.size(), 2u);
  EXPECT_TRUE(threads.all_have_turned()) << "they have just begun";
  run(*host.on_threads[0]);
  run(*host.on_threads[1]);
  EXPECT_TRUE(threads.all_have_turned());
  run(*host.on_threads[0]);
  EXPECT_FALSE(threads.all_have_turned()) << "the second one hangs";
  EXPECT_FALSE(threads.all_have_turned());
  EXPECT_EQ(host.on_threads[1]->size(), 1u) << "questions pile up";
  run(*host.on_threads[0]);
  run(*host.on_threads[1]);
  EXPECT_TRUE(threads.all_have_turned()) << "it was only slow";
  threads.stop();
  EXPECT_TRUE(threads.all_have_turned());
}

const Subnet kAll = *Subnet::make(IpAddress::any(Family::Inet4), 0);

AccessRule allow(const Subnet& subnet) {
  AccessRule rule;
  rule.allow = true;
  rule.subnets = {subnet};
  return rule;
}

// A server with one thread; whoever asks is 192.0.2.1:40000.
class HandedOverTest : public ::testing::Test {
 protected:
  HandedOverTest() {
    SocketSharing sharing;
    sharing.take = [this](const env::Datagram&) {
      done.emplace_back("packet");
      return wanted;
    };
    sharing.take_transmit_stamps = [this](Family, std::span<const env::TransmitStamp>) { done.emplace_back("stamp"); };
    sharing.answer_control = [this](const env::Datagram&) {
      done.emplace_back("question");
      return std::vector<std::vector<std::byte>>(1);
    };
    server.share(std::move(sharing));
    EXPECT_TRUE(server.open().ok());
    server.start_threads();
    EXPECT_TRUE(server.has_threads());
    network.v4.sent.reserve(8);
  }

  // To the thread's socket, and on the main loop what it has left for that.
  void receive(const env::Datagram& datagram) {
    network.v4.incoming.push_back(datagram);
    network.socket_v4->turn();
    run(host.on_main);
  }

  static ServerOptions one_thread() {
    ServerOptions options;
    options.threads = 1;
    return options;
  }

  FakeClock clock;
  NoTimers timers;
  FakeNetwork network;
  HandHost host{clock, timers, network};
  bool wanted = true;
  std::vector<std::string> done;
  const std::vector<AccessRule> rules{allow(kAll)};
  Server server{one_thread(), {}, rules, network, clock, host};
};

// Whoever else may send any number of them, and the main loop would only find out that it answers none.
TEST_F(HandedOverTest, QuestionsOfNtpqGoOverWhereTheyMayBeAsked) {
  env::Datagram question = make_request(2, ntp::Mode::Control);
  question.size = 12;
  receive(question);
  EXPECT_EQ(done, std::vector<std::string>());
  EXPECT_EQ(server.verdicts().total(), 1u) << "it is counted with what is no request";
  server.set_questions(AccessList(std::vector{allow(*Subnet::make(question.peer.address, 32))}).compile());
  receive(question);
  EXPECT_EQ(done, std::vector<std::string>{"question"});
  question.peer.address = *IpAddress::parse("192.0.2.2");
  receive(question);
  EXPECT_EQ(done.size(), 1u);
  question.peer.address = *IpAddress::parse("127.0.0.1");
  receive(question);
  EXPECT_EQ(done.size(), 2u);
}

// When the request has left is told by the main loop's socket, which may not have been looked at since.
TEST_F(HandedOverTest, StampsOfTheRequestComeBeforeItsResponse) {
  const env::Datagram response = make_request(4, ntp::Mode::Server);
  server.set_sources({response.peer});
  network.v4.stamps.push_back({1, {RawTime::from_seconds(1'800'000'000), Duration::zero(), env::StampSource::Kernel}});
  receive(response);
  EXPECT_EQ(done, (std::vector<std::string>{"stamp", "packet"}));
}

// The main loop's socket gets nothing itself, so nothing else tells its worker of what is published.
TEST_F(HandedOverTest, WhatNobodyWantsIsAnsweredWithWhatIsPublished) {
  wanted = false;
  const env::Datagram request = make_request(4, ntp::Mode::SymmetricActive);
  server.set_sources({request.peer});
  discipline::OwnState state;
  state.leap = ntp::Leap::Normal;
  state.stratum = 2;
  server.publish(state);
  receive(request);
  ASSERT_EQ(network.v4.sent.size(), 1u);
  EXPECT_EQ(ntp::PacketView::parse(network.v4.sent[0].bytes()).header().stratum, 2);
}

}  // namespace
}  // namespace timed::server
