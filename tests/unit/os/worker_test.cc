#include "src/os/worker.h"

#include <gtest/gtest.h>
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include <string>
#include <utility>

#include "src/os/host.h"
#include "src/os/network.h"
#include "tests/unit/os/child.h"
#include "tests/unit/os/turns.h"

namespace timed::os {
namespace {

std::unique_ptr<env::Worker> start_one() {
  auto started = LinuxWorker::start("test", Family::Unspecified, {});
  EXPECT_TRUE(started.ok()) << started.error().message;
  return started.take();
}

TEST(Worker, CallsOnItsOwnThreadAndWaits) {
  const auto worker = start_one();
  pthread_t theirs{};
  std::string name(16, '\0');
  worker->call([&] {
    theirs = ::pthread_self();
    ::pthread_getname_np(theirs, name.data(), name.size());
  });
  EXPECT_FALSE(::pthread_equal(theirs, ::pthread_self()));
  EXPECT_STREQ(name.c_str(), "test");
  pthread_t again{};
  worker->call([&] { again = ::pthread_self(); });
  EXPECT_TRUE(::pthread_equal(theirs, again));
}

TEST(Worker, GivesWayAloneOfAllThreads) {
  const auto worker = start_one();
  worker->give_way();
  int theirs = 0;
  worker->call([&] { theirs = ::getpriority(PRIO_PROCESS, 0); });
  EXPECT_EQ(theirs, 19);
  EXPECT_LT(::getpriority(PRIO_PROCESS, 0), 19);
}

TEST(Worker, WhatIsPostedRunsInOrder) {
  const auto worker = start_one();
  std::string order;
  for (const char c : {'a', 'b', 'c', 'd'}) worker->post([&order, c] { order += c; });
  worker->call([&] { order += 'e'; });
  EXPECT_EQ(order, "abcde");
}

TEST(Worker, HasTimersAndAClockOfItsOwn) {
  const auto worker = start_one();
  bool ran = false;
  worker->call([&] {
    EXPECT_GT(worker->env().clock.now().nanos(), 0);
    worker->env().timers.call_at(worker->env().timers.now(), [&] { ran = true; });
  });
  for (int i = 0; i < 1000; ++i) {
    bool seen = false;
    worker->call([&] { seen = ran; });
    if (seen) return;
  }
  FAIL() << "the timer did not run";
}

TEST(Worker, EndsWhereverItIs) {
  for (int i = 0; i < 50; ++i) {
    const auto worker = start_one();
    worker->post([] {});
  }
}

// It needs two descriptors.  With one it would start and never hear of what is posted, and its caller would wait.
TEST(Worker, IsNotStartedWhereItCouldNotBeWoken) {
  for (const rlim_t left : {rlim_t{0}, rlim_t{1}, rlim_t{2}}) {
    const auto child = run_child([left] {
      constexpr int kFirst = 3, kPatience_s = 10;
      for (int number = kFirst; number < 64; ++number) ::close(number);
      rlimit limit{};
      ::getrlimit(RLIMIT_NOFILE, &limit);
      limit.rlim_cur = kFirst + left;
      ::setrlimit(RLIMIT_NOFILE, &limit);
      const auto worker = LinuxWorker::start("test", Family::Unspecified, {});
      if (!worker) return 1;
      ::alarm(kPatience_s);
      (*worker)->call([] {});
      return 0;
    });
    EXPECT_EQ(child.status, left == 2 ? 0 : 1) << left;
  }
}

TEST(Worker, PostsToTheMainLoop) {
  const auto loop = make_loop();
  LinuxHost host(*loop, Family::Unspecified);
  const auto worker = host.start_worker("test").take();
  int ran = 0;
  worker->post([&] {
    for (int i = 0; i < 3; ++i) host.post([&] { ++ran; });
  });
  EXPECT_TRUE(run_until(*loop, [&] { return ran == 3; }));
}

// What came in while nobody listened is there for the loop that takes the socket over.
TEST(Worker, AdoptsASocket) {
  const auto loop = make_loop();
  LinuxNetwork network(*loop, Family::Unspecified);
  auto server = network.open_udp({.local = {IpAddress::loopback(Family::Inet4), 0, 0}}).take();
  const auto client = network.open_udp({.local = {}, .remote = server->local_endpoint()}).take();
  env::Datagram sent{};
  sent.size = 48;
  ASSERT_EQ(client->send(std::span(&sent, 1)).sent, 1u);
  const auto worker = start_one();
  std::atomic<std::size_t> received = 0;
  worker->call([&] {
    server = worker->env().network.adopt(std::move(server));
    server->on_readable([&] {
      env::Datagram datagram;
      received += server->receive(std::span(&datagram, 1));
    });
  });
  EXPECT_TRUE(run_until(*loop, [&] {
    loop->call_at(loop->now() + Duration::millis(1), [] {});
    return received == 1;
  }));
  worker->call([&] { server.reset(); });
}

}  // namespace
}  // namespace timed::os
