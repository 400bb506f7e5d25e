#include "timed/client/import.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "src/client/import_chrony.h"
#include "src/client/import_ntp_sources.h"
#include "src/client/import_timesyncd.h"
#include "timed/config/directives.h"

namespace timed::client {
namespace {

// The lines in force.
std::vector<std::string> directives(Dialect dialect, std::string_view text) {
  const Imported imported = import_configuration(dialect, text, "x");
  std::vector<std::string> found;
  for (const std::string_view line : lines_of(imported.text)) {
    if (!line.empty() && line[0] != '#') found.emplace_back(line);
  }
  return found;
}

// The one line that a line becomes, before what every ntp.conf ends with.
std::string ntp_line(std::string_view line) {
  const auto all = directives(Dialect::Ntp, std::string(line) + "\ntinker step 0 panic 0\nrestrict 127.0.0.1\n");
  return all.size() == 3 ? all.front() : std::string();
}

TEST(Import, GuessesTheKindByTheWords) {
  EXPECT_EQ(guess_dialect("[Time]\nNTP=a\n"), Dialect::Timesyncd);
  EXPECT_EQ(guess_dialect("server a\nrestrict default\ntos minsane 3\n"), Dialect::Ntp);
  EXPECT_EQ(guess_dialect("server a\nmakestep 1 3\nrtcsync\n"), Dialect::Chrony);
  EXPECT_EQ(guess_dialect("server a\n"), Dialect::Chrony);
  EXPECT_EQ(dialect_named("ntp"), Dialect::Ntp);
  EXPECT_FALSE(dialect_named("openntpd"));
}

TEST(Import, TakesChronyWordByWord) {
  const std::string text = "# a comment\n\npool a.example iburst maxsources 2\nmakestep 1 3\nrtcsync\n";
  const Imported imported = import_configuration(Dialect::Chrony, text, "chrony.conf");
  EXPECT_NE(imported.text.find("made from chrony.conf"), std::string::npos);
  EXPECT_TRUE(imported.text.ends_with(text)) << imported.text;
  EXPECT_EQ(imported.without_equal, 0);
}

TEST(Import, MovesThePlacesOfChronysAccount) {
  const auto lines = directives(Dialect::Chrony,
                                "driftfile /var/lib/chrony/drift interval 60\nlogdir /var/log/chrony\n"
                                "sourcedir /etc/chrony/sources.d /run/chrony-dhcp\ndumpdir /var/lib/chronyx\n");
  EXPECT_EQ(lines,
            (std::vector<std::string>{"driftfile /var/lib/timed/drift interval 60", "logdir /var/log/timed",
                                      "sourcedir /etc/chrony/sources.d /run/timed-dhcp", "dumpdir /var/lib/chronyx"}));
}

TEST(Import, WarnsOfFilesThatGoWithChrony) {
  const auto remarks = [](const char* line) {
    return import_configuration(Dialect::Chrony, line, "x").text.find("goes when chrony is purged") !=
           std::string::npos;
  };
  EXPECT_TRUE(remarks("sourcedir /run/chrony-dhcp2 /etc/chrony/sources.d\n"));
  EXPECT_TRUE(remarks("Include /etc/chrony/more.conf\n"));
  EXPECT_FALSE(remarks("confdir /etc/own.d\n"));
  EXPECT_FALSE(remarks("driftfile /etc/chrony/drift\n"));
}

TEST(Import, SaysWhatOfChronyIsNotThere) {
  const Imported imported = import_configuration(
      Dialect::Chrony,
      "User _chrony\nbindcmdaddress /run/chrony/chronyd.sock\nbindcmdaddress 127.0.0.1\nlinux_hz 100\n", "x");
  EXPECT_EQ(imported.without_equal, 3);
  EXPECT_NE(imported.text.find("\n#User _chrony\n"), std::string::npos);
  EXPECT_NE(imported.text.find("\nbindcmdaddress 127.0.0.1\n"), std::string::npos);
}

TEST(Import, KnowsTheWordsThatTimedReads) {
  for (const std::string_view word : config::directive_words()) EXPECT_TRUE(is_directive(word)) << word;
  EXPECT_TRUE(is_directive("MakeStep"));
  EXPECT_FALSE(is_directive("wibble"));
  EXPECT_FALSE(is_directive(""));
  const Imported imported = import_configuration(Dialect::Chrony, "wibble 3\nserver a\nmakesteps 1 3\n", "x");
  EXPECT_EQ(imported.without_equal, 2);
  EXPECT_TRUE(
      imported.text.ends_with("\n# import: not understood\n#wibble 3\nserver a\n"
                              "# import: not understood\n#makesteps 1 3\n"))
      << imported.text;
}

TEST(Import, ServersOfNtp) {
  EXPECT_EQ(ntp_line("server a.example iburst minpoll 4 true"), "server a.example iburst minpoll 4 trust");
  EXPECT_EQ(ntp_line("server -6 a.example # near"), "server a.example ipv6");
  EXPECT_EQ(ntp_line("server a.example:4461 nts"), "server a.example ntsport 4461 nts");
  EXPECT_EQ(ntp_line("server 2001:db8::1 key 3"), "server 2001:db8::1 key 3");
  EXPECT_EQ(ntp_line("server [2001:db8::1]:4461 nts"), "server 2001:db8::1 ntsport 4461 nts");
  EXPECT_EQ(ntp_line("server [2001:db8::1]"), "server 2001:db8::1");
  for (const char* host : {"fe80::1%eth0", "[fe80::1%eth0]:123", "a:b:c", ":4460", "[2001:db8::1]x", "[]"}) {
    EXPECT_EQ(ntp_line(std::string("server ") + host), "") << host;
    EXPECT_EQ(import_configuration(Dialect::Ntp, std::string("server ") + host, "x").without_equal, 1) << host;
  }
  EXPECT_EQ(ntp_line("pool a.example preempt wibble"), "pool a.example");
  EXPECT_EQ(ntp_line("peer a.example autokey"), "") << "without authentication it would be less than was wanted";
  EXPECT_EQ(ntp_line("server"), "");
}

TEST(Import, ClocksOfNtp) {
  EXPECT_EQ(ntp_line("server 127.127.28.2 minpoll 4\nfudge 127.127.28.2 time1 0.4 refid GPS flag1 1"),
            "refclock SHM 2 poll 4 offset 0.4 refid GPS");
  EXPECT_EQ(ntp_line("fudge 127.127.1.0 stratum 10\nserver 127.127.1.0"), "local stratum 11");
  EXPECT_EQ(ntp_line("server 127.127.1.1"), "local stratum 6");
  EXPECT_EQ(ntp_line("refclock pps unit 1 refid PPS"), "refclock PPS /dev/pps1 refid PPS");
  EXPECT_EQ(ntp_line("server 127.127.20.0"), "");
  EXPECT_EQ(ntp_line("refclock nmea"), "");
  EXPECT_EQ(ntp_line("refclock"), "");
  EXPECT_FALSE(ntp_clock_at("127.127.1"));
  EXPECT_FALSE(ntp_clock_at("127.127.1.x"));
  EXPECT_FALSE(ntp_clock_at("127.127.999.0"));
}

TEST(Import, WordsOfNtpWithAnEqual) {
  EXPECT_EQ(ntp_line("driftfile /var/lib/ntp/drift"), "driftfile /var/lib/timed/drift");
  EXPECT_EQ(ntp_line("keys /etc/ntp.keys"), "keyfile /etc/ntp.keys");
  EXPECT_EQ(ntp_line("leapfile /x"), "leapseclist /x");
  EXPECT_EQ(ntp_line("dscp 46"), "dscp 46");
  EXPECT_EQ(ntp_line("broadcast 10.1.255.255"), "broadcast 64 10.1.255.255");
  EXPECT_EQ(ntp_line("broadcast 10.1.255.255 minpoll 99"), "broadcast 16777216 10.1.255.255");
  EXPECT_EQ(ntp_line("interface listen 10.0.0.1"), "bindaddress 10.0.0.1");
  EXPECT_EQ(ntp_line("nic listen eth0"), "binddevice eth0");
  EXPECT_EQ(ntp_line("statsdir /var/log/ntp"), "logdir /var/log/timed");
  EXPECT_EQ(ntp_line("statistics loopstats sysstats peerstats"), "log tracking statistics");
  EXPECT_EQ(ntp_line("nts cert /a"), "ntsservercert /a");
  EXPECT_EQ(ntp_line("nts cookie /a"), "ntsdumpdir /var/lib/timed");
  EXPECT_EQ(ntp_line("mru initmem 3 maxmem 2"), "clientloglimit 2048");
  EXPECT_EQ(ntp_line("rlimit memlock 64"), "lock_all");
  EXPECT_EQ(ntp_line("tos minsane 3"), "minsources 3");
  EXPECT_EQ(ntp_line("tos maxdist 1.5"), "maxdistance 1.5");
  EXPECT_EQ(ntp_line("tos floor 2"), "minstratum 2");
  EXPECT_EQ(ntp_line("tos ceiling 8"), "maxstratum 7") << "ntp's is exclusive";
  EXPECT_EQ(ntp_line("restrict 10.0.0.0 mask 255.0.0.0 serverresponse fuzz noquery"),
            "restrict 10.0.0.0 mask 255.0.0.0 noquery");
}

TEST(Import, WordsOfNtpWithoutAnEqual) {
  for (const char* line : {"broadcastclient",
                           "broadcast 10.1.255.255 key 1",
                           "broadcast a.example",
                           "crypto",
                           "disable monitor",
                           "disable stats",
                           "enable stats",
                           "filegen a file a",
                           "interface ignore wildcard",
                           "interface listen 10.0.0.0/8",
                           "keys",
                           "mru maxmem nan",
                           "mru maxage 5",
                           "nts mintls TLS1.3",
                           "restrict default ntpport",
                           "rlimit memlock -1",
                           "statistics sysstats",
                           "tos cohort 1",
                           "tos orphan 0",
                           "tos orphan x",
                           "tos orphanwait -1",
                           "tos orphanwait x",
                           "tos minsane",
                           "tinker stepout 900",
                           "trustedkey 1",
                           "whatever"}) {
    EXPECT_EQ(ntp_line(line), "") << line;
    EXPECT_GE(import_configuration(Dialect::Ntp, line, "x").without_equal, 1) << line;
  }
}

// Each of several words on a line has its own reason, and what is taken hides nothing that is not.
TEST(Import, EveryWordOfNtpWithoutAnEqualIsExplained) {
  struct Case {
    const char* line;
    std::vector<const char*> explained;
  };
  const Case cases[] = {
      {"disable auth monitor", {"#disable auth\n", "#disable monitor\n"}},
      {"mru initmem 3 maxmem 2 maxage 5", {"#mru initmem 3\n", "\nclientloglimit 2048\n", "#mru maxage 5\n"}},
      {"rlimit memlock 64 stacksize 50", {"\nlock_all\n", "#rlimit stacksize 50\n"}},
      {"nts mintls TLS1.2 cert /a key /b", {"#nts mintls TLS1.2\n", "\nntsservercert /a\n", "\nntsserverkey /b\n"}},
      {"broadcast 10.1.255.255 minpoll 6 ttl 4 novolley",
       {"without equal: ttl, novolley\nbroadcast 64 10.1.255.255\n"}},
      {"restrict 10.0.0.1 epeer flake noquery", {"epeer, flake: ", "\nrestrict 10.0.0.1 noquery\n"}},
      {"fudge 127.127.28.0 time1 0.4", {"#fudge 127.127.28.0 time1 0.4\n"}},
      {"tos", {"#tos\n"}},
      {"mru", {"#mru\n"}},
  };
  for (const Case& given : cases) {
    const std::string text = import_configuration(Dialect::Ntp, given.line, "x").text;
    for (const char* wanted : given.explained) EXPECT_NE(text.find(wanted), std::string::npos) << wanted << text;
  }
}

TEST(Import, OrphansOfNtpAreOneLine) {
  const auto lines = directives(Dialect::Ntp, "tos orphan 7\ntos orphanwait 60\n");
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0], "local stratum 7 orphan waitunsynced 60");
  EXPECT_EQ(directives(Dialect::Ntp, "tos orphan 6 orphanwait 0")[0], "local stratum 6 orphan waitunsynced 0");
  // What is no time would make the whole line refused.
  for (const char* bad : {"x", "1s", "-1"}) {
    EXPECT_EQ(directives(Dialect::Ntp, std::string("tos orphan 6 orphanwait ") + bad)[0], "local stratum 6 orphan");
  }
  // ntpd's default: none.
  EXPECT_EQ(ntp_line("tos orphan 16 orphanwait 60"), "");
  EXPECT_EQ(import_configuration(Dialect::Ntp, "tos orphan 16\ntos orphanwait 60\n", "x").without_equal, 0);
}

// ntpd listens where any line says; a second binddevice would take the place of the first, and narrow an address.
TEST(Import, NtpListensOnOneDeviceOrOnAddresses) {
  const auto expect = [](std::string_view text, const std::vector<std::string>& wanted) {
    auto lines = directives(Dialect::Ntp, text);
    ASSERT_GE(lines.size(), 3u);
    lines.resize(lines.size() - 3);
    EXPECT_EQ(lines, wanted) << text;
    const int listens = static_cast<int>(std::count(text.begin(), text.end(), '\n'));
    EXPECT_EQ(import_configuration(Dialect::Ntp, text, "x").without_equal, listens - static_cast<int>(wanted.size()));
  };
  expect("interface listen eth0\ninterface listen lo\n", {"binddevice eth0"});
  expect("interface listen eth0\ninterface listen 10.0.0.1\n", {"binddevice eth0"});
  expect("interface listen 10.0.0.1\nnic listen ::1\ninterface listen lo\n",
         {"bindaddress 10.0.0.1", "bindaddress ::1"});
}

TEST(Import, WhatNtpDoesUntoldIsWrittenDown) {
  using Lines = std::vector<std::string>;
  EXPECT_EQ(directives(Dialect::Ntp, ""), (Lines{"makestep 0.128 3", "maxchange 1000 1 0", "rtcsync"}));
  EXPECT_EQ(directives(Dialect::Ntp, "tinker step 0.5 panic 60\n"),
            (Lines{"makestep 0.5 -1", "maxchange 60 1 0", "rtcsync"}));
}

TEST(Import, WhomNtpAnswersUntoldIsWrittenDown) {
  const struct {
    const char* text;
    const char* last;
  } kCases[] = {{"server a\n", "#allow\n"},
                {"restrict default\n", "rtcsync\n"},
                {"restrict -4 default kod\nrestrict -6 default kod\n", "rtcsync\n"},
                {"restrict 0.0.0.0 mask 0.0.0.0\nrestrict ::/0\n", "rtcsync\n"},
                {"restrict 127.0.0.1\nrestrict ::1\n", "#restrict default\n"},
                {"restrict default ntpport\n", "#allow\n"},
                {"restrict default ntpport\nrestrict 127.0.0.1\n", "#restrict default\n"},
                {"restrict -6 default ignore\n", "#restrict -4 default\n"},
                {"restrict 0.0.0.0/0\nrestrict :: mask ffff::\n", "#restrict -6 default\n"}};
  for (const auto& c : kCases) {
    const std::string text = import_configuration(Dialect::Ntp, c.text, "x").text;
    EXPECT_TRUE(text.ends_with(c.last)) << text;
  }
}

TEST(Import, ServersOfTimesyncd) {
  using Lines = std::vector<std::string>;
  const Lines rest = {"makestep 0.4 3", "driftfile /var/lib/timed/drift", "rtcsync"};
  const auto expect = [&rest](std::string_view text, Lines lines) {
    lines.insert(lines.end(), rest.begin(), rest.end());
    EXPECT_EQ(directives(Dialect::Timesyncd, text), lines) << text;
  };
  expect("[Time]\nNTP=a b\nNTP=c\nFallbackNTP=d\n", {"server a iburst", "server b iburst", "server c iburst"});
  expect("[Time]\nNTP=a\nNTP=\nFallbackNTP=d\n", {"server d iburst"});
  expect("[Time]\r\n#NTP=\r\n#FallbackNTP=e f\r\n", {"server e iburst", "server f iburst"});
  expect("[Time]\n", {});
  expect("[Time]\nNTP=a\nPollIntervalMinSec=32\nPollIntervalMaxSec=34min 8\nRootDistanceMaxSec=5s\n",
         {"server a iburst minpoll 5 maxpoll 11", "maxdistance 5"});
}

TEST(Import, LinesOfTimesyncdWithoutAnEqual) {
  const Imported imported = import_configuration(
      Dialect::Timesyncd, "NTP=early\n[Time]\nSaveIntervalSec=60\nConnectionRetrySec=30\nPollIntervalMinSec=soon\nx\n",
      "x");
  EXPECT_EQ(imported.without_equal, 5) << imported.text;
}

TEST(Import, TimeSpans) {
  EXPECT_DOUBLE_EQ(parse_time_span("32").value_or(0), 32);
  EXPECT_DOUBLE_EQ(parse_time_span("1h 2min3s").value_or(0), 3723);
  EXPECT_DOUBLE_EQ(parse_time_span(" 500ms ").value_or(0), 0.5);
  EXPECT_DOUBLE_EQ(parse_time_span("1.5 weeks").value_or(0), 907200);
  for (const char* text : {"", "x", "3 parsecs", "1..2", "infinity", "-3"}) EXPECT_FALSE(parse_time_span(text)) << text;
}

// A comment must not be left by what it holds.
TEST(Import, WhateverIsInALineStaysInIt) {
  using namespace std::string_view_literals;
  const Imported imported = import_configuration(Dialect::Ntp, "wibble a\rserver evil\0b\n"sv, "a\nserver b");
  for (const std::string_view line : lines_of(imported.text)) {
    EXPECT_FALSE(line.starts_with("server")) << line;
  }
  EXPECT_EQ(imported.text.find('\0'), std::string::npos);
  EXPECT_EQ(imported.text.find('\r'), std::string::npos);
}

}  // namespace
}  // namespace timed::client
