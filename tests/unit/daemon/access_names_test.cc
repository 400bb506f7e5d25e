#include "timed/daemon/access_names.h"

#include <gtest/gtest.h>

#include <map>

#include "one_timer.h"
#include "timed/base/log.h"
#include "timed/server/acl.h"

namespace timed::daemon {
namespace {

using server::AccessRule;

// Answers when the test says so.
class Names : public env::Host {
 public:
  void random(std::span<std::byte>) override {}
  void resolve(std::string name, Family family, Resolved done) override {
    ++asked;
    families.push_back(family);
    waiting_ = [this, name = std::move(name), done = std::move(done)] {
      const auto found = table.find(name);
      if (found == table.end()) return done(Error{"Could not resolve " + name + " : not known"});
      done(found->second);
    };
  }
  env::Files& files() override { std::abort(); }
  void notify(const std::string&) override {}
  void mail(const std::string&) override {}
  Result<RawTime> read_rtc(const std::string&, bool) override { return Error{"no RTC here"}; }
  std::string machine_name() override { return "fake"; }
  int processors() override { return 1; }
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string&) override { return Error{"no threads here"}; }
  void post(std::function<void()>) override {}

  void answer_all() {
    while (waiting_) std::exchange(waiting_, nullptr)();
  }
  void answer_one() {
    if (waiting_) std::exchange(waiting_, nullptr)();
  }

  std::map<std::string, std::vector<IpAddress>> table;
  int asked = 0;
  std::vector<Family> families;

 private:
  std::function<void()> waiting_;
};

AccessRule subnet(bool allow, const std::string& address, int bits) {
  AccessRule rule;
  rule.allow = allow;
  rule.subnets = {*Subnet::make(*IpAddress::parse(address), bits)};
  return rule;
}
AccessRule named(bool allow, const std::string& host, bool all = false) {
  AccessRule rule;
  rule.allow = allow;
  rule.all = all;
  rule.host = host;
  return rule;
}

class AccessNamesTest : public ::testing::Test {
 protected:
  AccessNamesTest() {
    log::set_sink([this](log::Severity, std::string_view text) { lines.emplace_back(text); });
    names.table["a.test"] = {*IpAddress::parse("10.0.0.1"), *IpAddress::parse("10.0.0.2")};
    names.table["six.test"] = {*IpAddress::parse("fd00::1")};
  }
  ~AccessNamesTest() override { log::set_sink({}); }

  void make(std::vector<AccessRule> rules, Family family = Family::Unspecified) {
    access.emplace(std::move(rules), family, names, timers, [this] { ++changes; });
  }
  bool allows(const std::string& address) {
    const bool allowed = access->list().allows(*IpAddress::parse(address));
    EXPECT_EQ(server::AccessList(access->rules()).allows(*IpAddress::parse(address)), allowed) << address;
    return allowed;
  }

  Names names;
  OneTimer timers;
  std::vector<std::string> lines;
  int changes = 0;
  std::optional<AccessNames> access;
};

TEST_F(AccessNamesTest, RulesWithoutNamesHoldAtOnceAndNothingIsAsked) {
  make({subnet(true, "10.0.0.0", 8), subnet(false, "10.0.0.1", 32)});
  access->start();
  EXPECT_EQ(names.asked, 0);
  EXPECT_EQ(changes, 0);
  EXPECT_TRUE(allows("10.0.0.2"));
  EXPECT_FALSE(allows("10.0.0.1"));
}

TEST_F(AccessNamesTest, AnAllowedNameIsItsFirstAddressAlone) {
  make({named(true, "a.test"), subnet(true, "192.0.2.0", 24), named(true, "six.test")});
  EXPECT_TRUE(allows("192.0.2.1"));
  EXPECT_EQ(names.asked, 0) << "before start";
  access->start();
  EXPECT_FALSE(allows("10.0.0.1")) << "not known yet";
  EXPECT_EQ(changes, 0);
  names.answer_all();
  EXPECT_EQ(changes, 2);
  EXPECT_TRUE(allows("10.0.0.1"));
  EXPECT_FALSE(allows("10.0.0.2"));
  EXPECT_TRUE(allows("fd00::1"));
  EXPECT_FALSE(timers.armed());
  EXPECT_TRUE(lines.empty());
}

TEST_F(AccessNamesTest, WhileADenyWaitsNobodyIsAllowed) {
  make({subnet(true, "0.0.0.0", 0), named(false, "a.test"), subnet(true, "10.9.0.0", 16)});
  EXPECT_FALSE(allows("192.0.2.1"));
  EXPECT_FALSE(allows("10.9.0.1"));
  access->start();
  names.answer_all();
  EXPECT_TRUE(allows("192.0.2.1"));
  EXPECT_TRUE(allows("10.9.0.1"));
  EXPECT_FALSE(allows("10.0.0.1"));
  EXPECT_TRUE(allows("10.0.0.2"));
}

TEST_F(AccessNamesTest, RulesKeepTheirOrderWhateverTheOrderOfTheAnswers) {
  // The last line forgets what the first has said of the host, however late that is known.
  make({named(false, "a.test"), subnet(true, "10.0.0.0", 8)});
  access->start();
  names.answer_all();
  EXPECT_FALSE(allows("10.0.0.1")) << "the longer prefix decides";
  make({named(false, "a.test"), subnet(true, "10.0.0.0", 8), named(true, "a.test", true)});
  access->start();
  names.answer_one();
  EXPECT_FALSE(allows("10.0.0.1"));
  names.answer_one();
  EXPECT_TRUE(allows("10.0.0.1"));
}

TEST_F(AccessNamesTest, WhatIsAddedHoldsWithWhatIsKnown) {
  make({subnet(true, "192.0.2.0", 24), named(false, "a.test")});
  access->start();
  EXPECT_FALSE(allows("192.0.2.1"));
  access->add(subnet(true, "10.0.0.0", 8));
  EXPECT_FALSE(allows("10.0.0.2")) << "a deny waits";
  names.answer_all();
  EXPECT_TRUE(allows("10.0.0.2"));
  EXPECT_FALSE(allows("10.0.0.1"));
  access->add(subnet(true, "10.0.0.1", 32));
  EXPECT_TRUE(allows("10.0.0.1"));
  AccessRule none = subnet(false, "0.0.0.0", 0);
  none.all = true;
  access->add(none);
  EXPECT_FALSE(allows("192.0.2.1"));
  EXPECT_EQ(changes, 4);
}

TEST_F(AccessNamesTest, WhoNeedsAKeyIsKnownFromTheStart) {
  AccessRule keyed = subnet(true, "10.0.0.0", 8);
  keyed.needs_key = true;
  make({keyed, subnet(true, "192.0.2.0", 24), named(false, "a.test")});
  access->start();
  EXPECT_FALSE(access->key_table().any_allowed(Family::Inet4)) << "nobody is served";
  names.answer_all();
  EXPECT_TRUE(access->key_table().allows(*IpAddress::parse("10.0.0.2")));
  EXPECT_FALSE(access->key_table().allows(*IpAddress::parse("192.0.2.2")));
}

TEST_F(AccessNamesTest, NamesThatAreNotFoundAreToldOnceAndAskedForAgain) {
  make({named(true, "b.test"), named(true, "b.test"), named(false, "c.test"), subnet(true, "192.0.2.0", 24)});
  access->start();
  names.answer_all();
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0], "Could not resolve b.test : not known (nobody is allowed by this name)");
  EXPECT_EQ(lines[1], "Could not resolve c.test : not known (nobody is allowed until this name is known)");
  EXPECT_DOUBLE_EQ(timers.fire().to_seconds(), 28.0);
  names.answer_all();
  EXPECT_EQ(lines.size(), 2u);
  EXPECT_EQ(changes, 0);
  names.table["b.test"] = {*IpAddress::parse("10.0.0.3")};
  names.table["c.test"] = {*IpAddress::parse("192.0.2.1")};
  EXPECT_DOUBLE_EQ(timers.fire().to_seconds(), 56.0);
  names.answer_all();
  EXPECT_EQ(changes, 3);
  EXPECT_TRUE(allows("10.0.0.3"));
  EXPECT_FALSE(allows("192.0.2.1"));
  EXPECT_TRUE(allows("192.0.2.2"));
  EXPECT_FALSE(timers.armed());
}

TEST_F(AccessNamesTest, AsksInTheFamilyThatIsUsedAndNotAfterTheEnd) {
  make({named(true, "a.test")}, Family::Inet6);
  access->start();
  EXPECT_EQ(names.families, std::vector<Family>{Family::Inet6});
  access->stop();
  names.answer_all();
  EXPECT_EQ(changes, 0);
  EXPECT_FALSE(timers.armed());
}

}  // namespace
}  // namespace timed::daemon
