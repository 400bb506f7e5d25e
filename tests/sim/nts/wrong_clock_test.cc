// ntsbootstrap: a machine that has lost the time, with nobody but servers of NTS to ask.
#include "tests/sim/nts/nts_world.h"

namespace timed::sim {
namespace {

constexpr Duration kDay = Duration::seconds(86400);
const std::string kServers =
    "server 10.0.0.1 iburst nts\nserver 10.0.0.2 iburst nts\nserver 10.0.0.3 iburst nts\ndriftfile /drift\n";

class WrongClock : public testing::Test {
 protected:
  // Three servers; those of a number up to `odd` have a certificate as wished.
  void make(int odd, const test::CertificateWish& wish, const std::string& more) {
    for (int i = 1; i <= 3; ++i) {
      const std::string address = "10.0.0." + std::to_string(i);
      test::CertificateWish own = i <= odd ? wish : test::CertificateWish{};
      own.addresses = {address};
      world.server("server" + std::to_string(i), address, "", own);
    }
    client = &world.client(kServers + more);
  }
  // Has written its drift file with a right clock, and is then off for two months, after which the clock is as it may
  // be without a battery.
  void lose_the_time() {
    ASSERT_TRUE(client->start().ok());
    world.scenario.run_for(Duration::seconds(10));
    client->stop();
    world.scenario.run_for(kDay * 60.0);
    ASSERT_TRUE(client->clock().step(Duration::seconds(-2e8)).ok());
    before = client->clock_error();
    world.scenario.start_all();
  }
  std::string report() { return world.scenario.report(*client); }
  bool is_right() { return abs(client->clock_error()) < Duration::seconds(0.01); }
  bool is_untouched() { return abs(client->clock_error() - before) < Duration::seconds(10); }

  NtsWorld world{20270201};
  Node* client = nullptr;
  Duration before;
};

TEST_F(WrongClock, IsSetRightByServersThatAgree) {
  make(0, {}, "ntsbootstrap\n");
  lose_the_time();
  EXPECT_TRUE(world.scenario.world().run_until_true([this] { return is_right(); }, Duration::seconds(120))) << report();
  EXPECT_TRUE(client->log().contains("System clock is certainly wrong")) << report();
  EXPECT_TRUE(client->log().contains("Time is confirmed by NTS sources")) << report();
  world.scenario.run_for(Duration::seconds(2000));
  EXPECT_TRUE(is_right()) << report();
  EXPECT_EQ(client->log().count("System clock was stepped by"), 1u) << report();
  EXPECT_EQ(client->log().count("failed"), 0u) << report();
}

TEST_F(WrongClock, StaysWrongWithoutTheDirective) {
  make(0, {}, "makestep 1 3\n");
  lose_the_time();
  world.scenario.run_for(Duration::seconds(3000));
  EXPECT_TRUE(client->log().contains("certificate is not yet valid")) << report();
  EXPECT_TRUE(is_untouched()) << report();
}

TEST_F(WrongClock, IsNoReasonWhereItCanBeRight) {
  make(0, {}, "ntsbootstrap\n");
  ASSERT_TRUE(client->start().ok());
  client->stop();
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(300));
  EXPECT_FALSE(client->log().contains("certainly wrong")) << report();
  EXPECT_TRUE(client->log().contains("Selected source")) << report();
}

// What was valid when the clock was last right, and is over at the time that all of them tell.
TEST_F(WrongClock, ACertificateThatIsOverIsRefusedAndTheOthersSuffice) {
  test::CertificateWish over;
  over.not_after = LocalTime::from_nanos(kWorldStart.nanos()) + kDay * 20.0;
  make(1, over, "ntsbootstrap\n");
  lose_the_time();
  EXPECT_TRUE(world.scenario.world().run_until_true([this] { return is_right(); }, Duration::seconds(300))) << report();
  EXPECT_TRUE(client->log().contains("10.0.0.1:4460 (10.0.0.1) failed : certificate has expired")) << report();
  EXPECT_EQ(source_report(*client, "10.0.0.1")->reachability, 0) << report();
  world.scenario.run_for(Duration::seconds(2000));
  EXPECT_TRUE(is_right()) << report();
}

TEST_F(WrongClock, IsNotSetWhereMostCertificatesAreOverAtTheTimeThatWasFound) {
  test::CertificateWish over;
  over.not_after = LocalTime::from_nanos(kWorldStart.nanos()) + kDay * 20.0;
  make(2, over, "ntsbootstrap\nmakestep 1 -1\n");
  lose_the_time();
  world.scenario.run_for(Duration::seconds(10000));
  EXPECT_TRUE(client->log().contains("NTS sources agree on the time")) << report();
  EXPECT_TRUE(client->log().contains("certificate has expired")) << report();
  EXPECT_TRUE(client->log().contains("Time is not confirmed by NTS sources")) << report();
  EXPECT_FALSE(client->log().contains("Time is confirmed")) << report();
  EXPECT_TRUE(is_untouched()) << report();
}

TEST_F(WrongClock, IsNotSetWhereMostCertificatesAreNotValidYet) {
  test::CertificateWish early;
  early.not_before = LocalTime::from_nanos(kWorldStart.nanos()) + kDay * 100.0;
  make(2, early, "ntsbootstrap\nmakestep 1 -1\n");
  lose_the_time();
  world.scenario.run_for(Duration::seconds(3000));
  EXPECT_TRUE(client->log().contains("certificate is not yet valid")) << report();
  EXPECT_TRUE(is_untouched()) << report();
}

// One that was over before the clock was last right cannot be valid now, whatever time its server tells.
TEST_F(WrongClock, ACertificateThatWasOverBeforeIsNeverBelieved) {
  test::CertificateWish over;
  over.not_after = LocalTime::from_nanos(kWorldStart.nanos()) - kDay;
  make(3, over, "ntsbootstrap\nmakestep 1 -1\n");
  lose_the_time();
  world.scenario.run_for(Duration::seconds(3000));
  EXPECT_FALSE(client->log().contains("NTS sources agree on the time")) << report();
  EXPECT_EQ(source_report(*client, "10.0.0.1")->reachability, 0) << report();
  EXPECT_TRUE(is_untouched()) << report();
}

// Whoever keeps the names of the others from being found, or is asked first, is one of three all the same.
TEST_F(WrongClock, OneOfThreeIsNoMajorityWhereTheOthersHaveNoAddressYet) {
  test::CertificateWish named;
  named.names = {"one.test"};
  world.server("server1", "10.0.0.1", "", named);
  world.scenario.names().set("one.test", {*IpAddress::parse("10.0.0.1")});
  client = &world.client(
      "server one.test iburst nts\nserver two.test iburst nts\nserver three.test iburst nts\n"
      "driftfile /drift\nntsbootstrap\nmakestep 1 -1\n");
  lose_the_time();
  world.scenario.run_for(Duration::seconds(3000));
  EXPECT_TRUE(client->log().contains("Selected source 10.0.0.1")) << report();
  EXPECT_FALSE(client->log().contains("NTS sources agree on the time")) << report();
  EXPECT_TRUE(is_untouched()) << report();
}

// A name has one certificate and one operator, at however many addresses.
TEST_F(WrongClock, APoolIsOneVoiceAmongThree) {
  test::CertificateWish pool;
  pool.names = {"pool.test"};
  std::vector<std::string> members;
  for (int i = 1; i <= 4; ++i) {
    members.push_back("10.0.0." + std::to_string(i));
    world.server("member" + std::to_string(i), members.back(), "", pool);
  }
  world.scenario.names().set("pool.test", addresses(members));
  for (const std::string n : {"5", "6"}) world.server("server" + n, "10.0.0." + n);
  client = &world.client(
      "pool pool.test iburst nts maxsources 4\nserver 10.0.0.5 iburst nts\nserver 10.0.0.6 iburst nts\n"
      "driftfile /drift\nntsbootstrap\nmakestep 1 -1\n");
  for (const std::string n : {"5", "6"}) world.scenario.network().set_cut_off("server" + n, true);
  lose_the_time();
  world.scenario.run_for(Duration::seconds(3000));
  EXPECT_TRUE(client->log().contains("Selected source 10.0.0.")) << report();
  EXPECT_FALSE(client->log().contains("NTS sources agree on the time")) << report();
  EXPECT_TRUE(is_untouched()) << report();
  world.scenario.network().set_cut_off("server5", false);
  world.scenario.run_for(Duration::seconds(10000));
  EXPECT_TRUE(client->log().contains("Time is confirmed by NTS sources (2 of 3)")) << report();
  EXPECT_TRUE(is_right()) << report();
}

// Its hosts are not authenticated, and no reason to believe them is that they are asked first.
TEST_F(WrongClock, IsNotSetByInitStepSlew) {
  ClockModel wrong;
  wrong.start_error = Duration::seconds(1e7);
  world.scenario.add("liar", {"10.0.0.9"}, wrong, "local stratum 1\nallow\n");
  make(0, {}, "ntsbootstrap\n");
  ASSERT_TRUE(client->start().ok());
  world.scenario.run_for(Duration::seconds(10));
  client->stop();
  client->add_config("initstepslew 1 10.0.0.9\n");
  ASSERT_TRUE(client->clock().step(Duration::seconds(-2e8)).ok());
  world.scenario.start_all();
  world.scenario.run_for(Duration::seconds(2000));
  EXPECT_TRUE(client->log().contains("No suitable source for initstepslew")) << report();
  EXPECT_FALSE(client->log().contains("initial offset")) << report();
  EXPECT_TRUE(client->log().contains("Time is confirmed by NTS sources (3 of 3)")) << report();
  EXPECT_TRUE(is_right()) << report();
}

// The drift file must not get a date of a clock that is wrong, or this one would look right the next time.
TEST_F(WrongClock, IsStillKnownAfterAnotherStart) {
  make(0, {}, "ntsbootstrap\ndumpdir /dump\n");
  for (int i = 2; i <= 3; ++i) world.scenario.network().set_cut_off("server" + std::to_string(i), true);
  lose_the_time();
  world.scenario.run_for(Duration::seconds(300));
  client->stop();
  EXPECT_TRUE(client->start().ok());
  world.scenario.run_for(Duration::seconds(300));
  EXPECT_EQ(client->log().count("System clock is certainly wrong"), 2u) << report();
  EXPECT_TRUE(client->log().contains("(/drift is ")) << report();
  EXPECT_TRUE(is_untouched()) << report();
}

// Provisional keys are no keys: an operator who sets the clock meanwhile ends all that was learnt with them.
TEST_F(WrongClock, BeginsAnewWhenSomebodySetsTheClock) {
  make(0, {}, "ntsbootstrap\n");
  for (int i = 2; i <= 3; ++i) world.scenario.network().set_cut_off("server" + std::to_string(i), true);
  lose_the_time();
  world.scenario.run_for(Duration::seconds(60));
  EXPECT_TRUE(is_untouched()) << "one of three\n" << report();
  ASSERT_TRUE(client->clock().step(-client->clock_error() + Duration::seconds(5)).ok());
  world.scenario.run_for(Duration::seconds(3000));
  EXPECT_GE(NtsWorld::auth(*client)->cookies, 7) << report();
  EXPECT_LT(NtsWorld::auth(*client)->since_establishment, 3000u) << "by the clock that was set\n" << report();
}

}  // namespace
}  // namespace timed::sim
