#include <gtest/gtest.h>

#include "memory_files.h"
#include "timed/config/parser.h"
#include "timed/server/acl.h"

namespace timed::config {
namespace {

ParseOutcome read(const std::string& text) {
  MemoryFiles files;
  return parse_text(files, text, "t.conf");
}

const IpAddress kInside = IpAddress::v4(0x0a010203);
const IpAddress kOutside = IpAddress::v4(0xc0000201);
const IpAddress kV6 = *IpAddress::parse("2001:db8::1");

// What one line, or several, come to.
struct Access {
  explicit Access(const std::string& text) : outcome(read(text)) { EXPECT_TRUE(outcome.ok()) << text; }
  bool served(const IpAddress& a) const { return server::AccessList(outcome.config.access).allows(a); }
  bool commands(const IpAddress& a) const { return server::AccessList(outcome.config.command_access).allows(a); }
  bool limited(const IpAddress& a) const { return server::AccessList(outcome.config.limited).allows(a); }
  bool needs_key(const IpAddress& a) const {
    return server::AccessList(server::key_rules(outcome.config.access)).allows(a);
  }
  ParseOutcome outcome;
};

TEST(Restrict, WithoutAFlagAllowsAll) {
  const Access a("restrict default");
  for (const IpAddress& address : {kInside, kV6}) {
    EXPECT_TRUE(a.served(address));
    EXPECT_TRUE(a.commands(address));
    EXPECT_FALSE(a.needs_key(address));
    EXPECT_FALSE(a.limited(address));
  }
  const Access v6("restrict -6 default");
  EXPECT_TRUE(v6.served(kV6));
  EXPECT_FALSE(v6.served(kInside));
}

TEST(Restrict, FlagsTakeAway) {
  const struct {
    const char* flags;
    bool served, commands, needs_key;
  } kCases[] = {{"ignore", false, false, false},        {"noserve", false, true, false},
                {"noquery", true, false, false},        {"nomodify notrap", true, true, false},
                {"notrust", true, true, true},          {"noserve noquery", false, false, false},
                {"NOQUERY noquery", true, false, false}};
  for (const auto& c : kCases) {
    const Access a(std::string("restrict default ") + c.flags);
    EXPECT_EQ(a.served(kInside), c.served) << c.flags;
    EXPECT_EQ(a.commands(kInside), c.commands) << c.flags;
    EXPECT_EQ(a.needs_key(kInside), c.needs_key) << c.flags;
  }
}

TEST(Restrict, LongestPrefixWins) {
  const Access a("restrict 10.0.0.0 mask 255.0.0.0\nrestrict default ignore\nrestrict 10.1.2.3 noserve");
  EXPECT_TRUE(a.served(IpAddress::v4(0x0a000001)));
  EXPECT_FALSE(a.served(kInside));
  EXPECT_TRUE(a.commands(kInside));
  EXPECT_FALSE(a.served(kOutside));
}

// As in ntpd, of which nothing is taken back by a further line.
TEST(Restrict, FlagsOfSeveralLinesOfOnePrefixAddUp) {
  EXPECT_FALSE(Access("restrict default ignore\nrestrict default").served(kInside));
  EXPECT_FALSE(Access("restrict default\nrestrict default ignore").served(kInside));
  const Access a(
      "restrict default noserve\nrestrict -4 default noquery\nrestrict 0.0.0.0 mask 0.0.0.0 limited notrust");
  EXPECT_FALSE(a.served(kInside));
  EXPECT_FALSE(a.commands(kInside));
  EXPECT_TRUE(a.limited(kInside));
  EXPECT_TRUE(a.needs_key(kInside));
  EXPECT_FALSE(a.served(kV6));
  EXPECT_TRUE(a.commands(kV6)) << "that line is of the other family";
  EXPECT_FALSE(a.needs_key(kV6));
  const auto named = read("restrict a.example ignore\nrestrict b.example\nrestrict a.example kod").config;
  ASSERT_EQ(named.access.size(), 3u);
  EXPECT_FALSE(named.access[2].allow);
  EXPECT_TRUE(named.access[1].allow);
  // Other words are in their order, as before.
  EXPECT_TRUE(Access("restrict default ignore\nallow").served(kInside));
  EXPECT_FALSE(Access("restrict default ignore\nallow\nrestrict default kod").served(kInside));
}

TEST(Restrict, LinesOfAPrefixAddUpWhereALongerOneIsSaidAgain) {
  const Access a("restrict 10.1.0.0/15 noserve\nrestrict 10.0.0.0/13 noquery\nrestrict 10.0.0.0/13 notrust");
  EXPECT_FALSE(a.served(IpAddress::v4(0x0a000001)));
  EXPECT_TRUE(a.commands(IpAddress::v4(0x0a000001)));
  EXPECT_TRUE(a.served(IpAddress::v4(0x0a040001)));
  EXPECT_FALSE(a.commands(IpAddress::v4(0x0a040001)));
  EXPECT_TRUE(a.needs_key(IpAddress::v4(0x0a040001)));
}

TEST(Restrict, SharesItsListsWithTheWordsOfChrony) {
  const Access a("restrict default noquery\ndeny 10/8\ncmdallow 192.0.2.1\nallow 10.1/16");
  EXPECT_TRUE(a.served(kInside));
  EXPECT_FALSE(a.served(IpAddress::v4(0x0a020000)));
  EXPECT_TRUE(a.served(kOutside));
  EXPECT_TRUE(a.commands(kOutside));
  EXPECT_FALSE(a.commands(kInside));
  EXPECT_TRUE(Access("restrict default notrust\nallow 10/8").needs_key(kInside)) << "allow says nothing of keys";
  EXPECT_FALSE(Access("restrict default notrust\nrestrict 10.0.0.0/8").needs_key(kInside));
}

TEST(Restrict, OfSourcesChangesNothing) {
  const Access a("restrict source nomodify");
  EXPECT_TRUE(a.outcome.config.access.empty());
  EXPECT_TRUE(a.outcome.warnings.empty());
  EXPECT_EQ(read("restrict source noserve").warnings.size(), 1u);
}

TEST(Restrict, AHostNameWaitsForItsAddress) {
  const auto config = read("restrict time.example noserve").config;
  ASSERT_EQ(config.access.size(), 1u);
  EXPECT_EQ(config.access[0].host, "time.example");
  EXPECT_FALSE(config.access[0].allow);
  EXPECT_TRUE(config.command_access[0].allow);
}

TEST(Restrict, TellsWhatWasMeant) {
  const auto outcome = read("restrict default noqery notrape");
  ASSERT_EQ(outcome.errors.size(), 2u);
  EXPECT_EQ(outcome.errors[0].suggestion, "noquery");
  EXPECT_EQ(outcome.errors[1].suggestion, "notrap");
  EXPECT_TRUE(outcome.config.access.empty());
}

TEST(Restrict, TellsWhatWasMeantByAWordInPlaceOfAnAddress) {
  const struct {
    const char* line;
    const char* meant;
  } kCases[] = {{"restrict defalt noquery", "default"},
                {"restrict -6 defaut", "default"},
                {"restrict Defaults ignore", "default"},
                {"restrict sorce nomodify", "source"}};
  for (const auto& c : kCases) {
    const auto outcome = read(c.line);
    ASSERT_EQ(outcome.errors.size(), 1u) << c.line;
    EXPECT_EQ(outcome.errors[0].suggestion, c.meant) << c.line;
    EXPECT_TRUE(outcome.config.access.empty()) << c.line;
  }
  for (const char* host : {"defalt.example", "ntp", "sauerkraut"}) {
    EXPECT_TRUE(read(std::string("restrict ") + host).ok()) << host << " can be the name of a host";
  }
}

TEST(Restrict, ALimitOfPeersIsKeptWhateverItIs) {
  const auto outcome = read("restrict default ippeerlimit 0 noquery\nrestrict ::1 ippeerlimit -1");
  EXPECT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome.warnings.empty());
  EXPECT_EQ(outcome.config.satisfied_flags, std::set<std::string>{"ippeerlimit"});
  EXPECT_FALSE(server::AccessList(outcome.config.command_access).allows(kInside)) << "what stands behind it counts";
  for (const char* wrong : {"ippeerlimit", "ippeerlimit noquery", "ippeerlimit -2", "ippeerlimit 1x"}) {
    EXPECT_EQ(read(std::string("restrict default ") + wrong).errors.size(), 1u) << wrong;
  }
}

TEST(Restrict, SaysWhyAFlagCannotBe) {
  for (const std::string flag : {"ntpport", "non-ntpport", "epeer", "FLAKE", "serverresponse fuzz"}) {
    const auto outcome = read("restrict default noquery " + flag);
    ASSERT_FALSE(outcome.ok()) << flag;
    EXPECT_NE(outcome.errors[0].summary.find(" in restrict directive is impossible: "), std::string::npos) << flag;
    EXPECT_TRUE(outcome.config.access.empty()) << flag;
  }
}

// All who may ask are answered so, where Samba signs.
TEST(Restrict, MssntpIsNoted) {
  const auto outcome = read("restrict default mssntp");
  EXPECT_TRUE(outcome.ok());
  EXPECT_TRUE(outcome.warnings.empty());
  EXPECT_TRUE(outcome.config.restrict_mssntp);
  EXPECT_FALSE(read("restrict default limited").config.restrict_mssntp);
}

TEST(Restrict, KeepsFlagsThatForbidWhatIsNeverDone) {
  const auto config = read("restrict default nopeer notrap\nrestrict ::1 nopeer").config;
  EXPECT_EQ(config.satisfied_flags, (std::set<std::string>{"nopeer", "notrap"}));
}

// On the lists of chrony the later one wins where both end within the same four bits.
TEST(Restrict, TheLongerPrefixWinsInEitherOrder) {
  const IpAddress inside = *IpAddress::parse("10.1.0.1"), beside = *IpAddress::parse("10.1.0.65");
  for (const char* text :
       {"restrict 10.1.0.0/26 ignore\nrestrict 10.1.0.0/25\n", "restrict 10.1.0.0/25\nrestrict 10.1.0.0/26 ignore\n",
        "restrict 10.1.0.0/26 ignore\nrestrict 10.1.0.0/25 noquery\nrestrict 10.1.0.0/25\n"}) {
    const server::AccessList list(read(text).config.access);
    EXPECT_FALSE(list.allows(inside)) << text;
    EXPECT_TRUE(list.allows(beside)) << text;
  }
}

TEST(Restrict, LimitsTheRateOfThoseThatItNames) {
  EXPECT_TRUE(read("restrict default kod limited").warnings.empty());
  EXPECT_TRUE(read("restrict default kod limited\nrestrict ::1").config.restrict_kod);
  EXPECT_FALSE(read("restrict default limited").config.restrict_kod);
  EXPECT_TRUE(Access("restrict default kod").limited(kOutside));
  EXPECT_TRUE(Access("restrict default limited\nrestrict 10.0.0.0/8").limited(kOutside));
  EXPECT_FALSE(Access("restrict default limited\nrestrict 10.0.0.0/8").limited(kInside));
}

}  // namespace
}  // namespace timed::config
