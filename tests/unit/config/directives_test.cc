#include "timed/config/directives.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "memory_files.h"
#include "timed/config/parser.h"

namespace timed::config {
namespace {

// All that chrony has.
const std::set<std::string_view> kWords = {"acquisitionport",
                                           "allow",
                                           "authselectmode",
                                           "bindacqaddress",
                                           "bindacqdevice",
                                           "bindaddress",
                                           "bindcmdaddress",
                                           "bindcmddevice",
                                           "binddevice",
                                           "broadcast",
                                           "clientloglimit",
                                           "clockprecision",
                                           "cmdallow",
                                           "cmddeny",
                                           "cmdport",
                                           "cmdratelimit",
                                           "combinelimit",
                                           "commandkey",
                                           "confdir",
                                           "corrtimeratio",
                                           "deny",
                                           "driftfile",
                                           "dscp",
                                           "dumpdir",
                                           "dumponexit",
                                           "fallbackdrift",
                                           "generatecommandkey",
                                           "hwclockfile",
                                           "hwtimestamp",
                                           "hwtstimeout",
                                           "include",
                                           "initstepslew",
                                           "keyfile",
                                           "leapseclist",
                                           "leapsecmode",
                                           "leapsectz",
                                           "linux_freq_scale",
                                           "linux_hz",
                                           "local",
                                           "lock_all",
                                           "log",
                                           "logbanner",
                                           "logchange",
                                           "logdir",
                                           "mailonchange",
                                           "makestep",
                                           "manual",
                                           "maxchange",
                                           "maxclockerror",
                                           "maxdistance",
                                           "maxdrift",
                                           "maxjitter",
                                           "maxntsconnections",
                                           "maxsamples",
                                           "maxslewrate",
                                           "maxstratum",
                                           "maxtxbuffers",
                                           "maxupdateskew",
                                           "minsamples",
                                           "minsources",
                                           "minstratum",
                                           "nocerttimecheck",
                                           "noclientlog",
                                           "nosystemcert",
                                           "ntpsigndsocket",
                                           "ntsaeads",
                                           "ntscachedir",
                                           "ntsdumpdir",
                                           "ntsntpserver",
                                           "ntsport",
                                           "ntsprocesses",
                                           "ntsratelimit",
                                           "ntsrefresh",
                                           "ntsrotate",
                                           "ntsservercert",
                                           "ntsserverkey",
                                           "ntstrustedcerts",
                                           "opencommands",
                                           "peer",
                                           "pidfile",
                                           "pool",
                                           "port",
                                           "ptpdomain",
                                           "ptpport",
                                           "ratelimit",
                                           "refclock",
                                           "refresh",
                                           "reselectdist",
                                           "rtcautotrim",
                                           "rtcdevice",
                                           "rtcfile",
                                           "rtconutc",
                                           "rtcsync",
                                           "sched_priority",
                                           "server",
                                           "smoothtime",
                                           "sourcedir",
                                           "stratumweight",
                                           "tempcomp",
                                           "user"};

// That chrony has not.
const std::set<std::string_view> kOwnWords = {"estimator", "ntsbootstrap", "ntskeysecret",
                                              "restrict",  "resumestep",   "serverthreads"};

// What has no function yet.  This list only shrinks.
const std::set<std::string_view> kNotYet = {"hwtimestamp", "hwtstimeout", "maxtxbuffers", "ptpdomain",
                                            "ptpport",     "refclock",    "rtcautotrim",  "rtcfile"};

const std::set<std::string_view> kRetired = {"commandkey", "generatecommandkey", "linux_freq_scale", "linux_hz"};

Config read(const std::string& text) {
  MemoryFiles files;
  ParseOutcome outcome = parse_text(files, text, "t.conf");
  EXPECT_TRUE(outcome.ok()) << text << ": " << outcome.errors[0].summary;
  return outcome.config;
}

std::vector<std::string> warnings(const std::string& text) {
  MemoryFiles files;
  std::vector<std::string> summaries;
  for (const Diagnostic& d : parse_text(files, text, "t.conf").warnings) summaries.push_back(d.summary);
  return summaries;
}

TEST(Directives, AreTheHundredWordsOfChronyAndOurOwnEachOnce) {
  const auto words = directive_words();
  EXPECT_EQ(kWords.size(), 100u);
  EXPECT_EQ(words.size(), kWords.size() + kOwnWords.size());
  std::set<std::string_view> all = kWords;
  all.insert(kOwnWords.begin(), kOwnWords.end());
  EXPECT_EQ(std::set<std::string_view>(words.begin(), words.end()), all);
}

TEST(Directives, AreFoundWithoutRegardToCase) {
  EXPECT_EQ(find_directive("MaxDistance")->name, "maxdistance");
  EXPECT_EQ(find_directive("maxdistanc"), nullptr);
  EXPECT_EQ(find_directive(""), nullptr);
}

TEST(Directives, AllSayWhatTheyAreFor) {
  for (const DirectiveGroup& group : directive_groups()) {
    for (const Directive& row : group.rows) EXPECT_FALSE(row.help.empty()) << row.name;
  }
}

TEST(Directives, ThoseNotAvailableYetAreExactlyThese) {
  std::set<std::string_view> not_yet, retired;
  for (const DirectiveGroup& group : directive_groups()) {
    for (const Directive& row : group.rows) {
      if (!is_available(row)) not_yet.insert(row.name);
      if (std::holds_alternative<Retired>(row.field)) retired.insert(row.name);
    }
  }
  EXPECT_EQ(not_yet, kNotYet);
  EXPECT_EQ(retired, kRetired);
}

TEST(Directives, NotAvailableYetIsToldWithTheWordAsTyped) {
  EXPECT_EQ(warnings("\nPTPPORT 319"),
            std::vector<std::string>{"PTPPORT directive is not available yet (at line 2 in file t.conf)"});
}

TEST(Directives, RetiredOnesWarnWithoutAPlace) {
  for (const std::string_view word : kRetired) {
    EXPECT_EQ(warnings(std::string(word) + " 1 2"),
              std::vector<std::string>{std::string(word) + " directive is no longer supported"});
  }
  EXPECT_TRUE(warnings("dumponexit 1 2 3").empty());
}

TEST(Directives, DefaultsAreChronys) {
  const Config c;
  EXPECT_TRUE(c.sources.empty());
  EXPECT_TRUE(c.access.empty());
  EXPECT_EQ(c.server.port, 123);
  EXPECT_EQ(c.control.port, 323);
  EXPECT_EQ(c.control.bind_v4.to_string(), "127.0.0.1");
  EXPECT_EQ(c.control.bind_v6.to_string(), "::1");
  EXPECT_TRUE(c.control.unix_path.ends_with("/timed.sock")) << c.control.unix_path;
  EXPECT_TRUE(c.process.pid_file.ends_with("/timed.pid")) << c.process.pid_file;
  EXPECT_FALSE(c.process.user.empty());
  EXPECT_FALSE(c.clock.precision.has_value());
  EXPECT_FALSE(c.reference.local.enabled);
  EXPECT_EQ(c.reference.make_step.limit, 0);
  EXPECT_EQ(c.reference.max_change.start, -1);
  const std::vector<std::pair<std::string_view, std::string>> texts = {{"dscp", "0"},
                                                                       {"maxsamples", "0"},
                                                                       {"minsamples", "6"},
                                                                       {"combinelimit", "3"},
                                                                       {"maxdistance", "3"},
                                                                       {"maxjitter", "1"},
                                                                       {"maxstratum", "15"},
                                                                       {"minstratum", "0"},
                                                                       {"minsources", "1"},
                                                                       {"reselectdist", "0.0001"},
                                                                       {"stratumweight", "0.001"},
                                                                       {"corrtimeratio", "3"},
                                                                       {"maxslewrate", "83333.33333"},
                                                                       {"port", "123"},
                                                                       {"cmdport", "323"},
                                                                       {"logbanner", "32"},
                                                                       {"logchange", "1"},
                                                                       {"rtcsync", "off"},
                                                                       {"server", ""},
                                                                       {"user", ""},
                                                                       {"pool", ""}};
  for (const auto& [word, text] : texts) EXPECT_EQ(default_text(*find_directive(word)), text) << word;
}

TEST(Directives, StoreIntegers) {
  EXPECT_EQ(read("dscp 46").server.dscp, 46);
  EXPECT_EQ(read("maxsamples 8").stats.max_samples, 8);
  EXPECT_EQ(read("minsamples 7").stats.min_samples, 7);
  EXPECT_EQ(read("refresh 0").refresh, 0);
  EXPECT_EQ(read("maxstratum 3").selection.max_stratum, 3);
  EXPECT_EQ(read("minstratum 2").selection.min_stratum, 2);
  EXPECT_EQ(read("minsources +4").selection.min_sources, 4);
  EXPECT_EQ(read("port 0").server.port, 0);
  EXPECT_EQ(read("port 011123").server.port, 11123);
  EXPECT_EQ(read("cmdport 65535").control.port, 65535);
  EXPECT_EQ(read("port 1\nport 2").server.port, 2);
}

TEST(Directives, AddUpTheLogsThatAreWanted) {
  const auto journal = read("log tracking rtc\nlog\nlog measurements\nlogbanner 5\nlogdir /var/log/timed").journal;
  EXPECT_TRUE(journal.tracking && journal.rtc && journal.measurements);
  EXPECT_FALSE(journal.raw_measurements || journal.statistics || journal.selection || journal.refclocks ||
               journal.tempcomp);
  EXPECT_EQ(journal.banner, 5);
  EXPECT_EQ(journal.directory, "/var/log/timed");
  const auto rest = read("log rawmeasurements statistics selection refclocks tempcomp").journal;
  EXPECT_TRUE(rest.raw_measurements && rest.statistics && rest.selection && rest.refclocks && rest.tempcomp);
  EXPECT_FALSE(rest.measurements || rest.tracking || rest.rtc);
  EXPECT_EQ(config::Config().journal.banner, 32);
}

TEST(Directives, StoreReals) {
  EXPECT_EQ(read("combinelimit 0").selection.combine_limit, 0.0);
  EXPECT_EQ(read("maxdistance 16.0").selection.max_distance, Duration::seconds(16));
  EXPECT_GT(read("maxdistance inf").selection.max_distance, Duration::seconds(1e12));
  EXPECT_EQ(read("maxjitter 1e-3").selection.max_jitter, Duration::seconds(1e-3));
  EXPECT_EQ(read("reselectdist 0x1p-3").selection.reselect_distance, Duration::seconds(0.125));
  EXPECT_EQ(read("stratumweight .5").selection.stratum_weight, Duration::seconds(0.5));
  EXPECT_EQ(read("corrtimeratio 10").reference.correction_time_ratio, 10.0);
  EXPECT_EQ(read("maxslewrate 500").clock.max_slew_rate, Frequency::ppm(500));
  EXPECT_EQ(read("logchange 0.1").reference.log_change, Duration::seconds(0.1));
}

TEST(Directives, BringRealsIntoTheirEffectiveRange) {
  EXPECT_EQ(read("maxdrift 50").clock.max_drift, Frequency::ppm(50));
  EXPECT_EQ(read("maxdrift 1e9").clock.max_drift, Frequency::ppm(1e5));
  EXPECT_EQ(read("maxdrift -1").clock.max_drift, Frequency::zero());
  EXPECT_EQ(read("maxupdateskew -100").reference.max_update_skew, Frequency::ppm(100));
  EXPECT_EQ(read("clockprecision 1e-12").clock.precision, Duration::seconds(1e-9));
  EXPECT_EQ(read("clockprecision 5").clock.precision, Duration::seconds(1));
  EXPECT_EQ(read("clockprecision 1e-6\nclockprecision 0").clock.precision, std::nullopt);
}

TEST(Directives, MaxclockerrorGoesToAllThatNeedIt) {
  const Config c = read("maxclockerror 2.5");
  EXPECT_EQ(c.selection.max_clock_error, Frequency::ppm(2.5));
  EXPECT_EQ(c.reference.max_clock_error, Frequency::ppm(2.5));
}

TEST(Directives, StoreWordsAndSwitches) {
  const Config c = read("rtcsync\nuser ntp\nbinddevice eth0\nbindcmddevice lo\npidfile /run/x.pid");
  EXPECT_TRUE(c.clock.rtc_sync);
  EXPECT_EQ(c.process.user, "ntp");
  EXPECT_EQ(c.process.pid_file, "/run/x.pid");
  EXPECT_EQ(c.server.device, "eth0");
  EXPECT_EQ(c.control.device, "lo");
  EXPECT_EQ(read("pidfile /").process.pid_file, "");
}

TEST(Directives, BroadcastKeepsItsIntervalWithinLimitsAndTakesThePortAsChronyDoes) {
  const auto lines = read("broadcast 30 192.168.1.255\nbroadcast 0 ::1 1123\nbroadcast 99999999 10.0.0.1").broadcasts;
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0], (sources::BroadcastLine{30, {*IpAddress::parse("192.168.1.255"), 123, 0}}));
  EXPECT_EQ(lines[1], (sources::BroadcastLine{1, {*IpAddress::parse("::1"), 1123, 0}}));
  EXPECT_EQ(lines[2].interval, 1 << 24);
}

std::vector<std::string> bound(const std::string& text) {
  std::vector<std::string> addresses;
  for (const IpAddress& address : read(text).server.bind_addresses) addresses.push_back(address.to_string());
  return addresses;
}

TEST(Directives, BindaddressAddsAndAllOfThemReplaceOne) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(bound(""), Texts());
  EXPECT_EQ(bound("bindaddress 10.0.0.1\nbindaddress fe80::1\nbindaddress 10.0.0.2\nbindaddress 10.0.0.1"),
            (Texts{"fe80::1", "10.0.0.2", "10.0.0.1"}));
  EXPECT_EQ(bound("bindaddress 10.0.0.1\nbindaddress ::1\nbindaddress 0.0.0.0"), (Texts{"::1", "0.0.0.0"}));
  EXPECT_EQ(bound("bindaddress 0.0.0.0\nbindaddress 10.0.0.1"), (Texts{"10.0.0.1"}));
}

TEST(Directives, ServerthreadsIsANumberOrAuto) {
  EXPECT_EQ(read("").server.threads, 0);
  EXPECT_EQ(read("serverthreads 3").server.threads, 3);
  EXPECT_EQ(read("serverthreads auto").server.threads, std::nullopt);
}

TEST(Directives, StoreAddressesByFamily) {
  const Config c =
      read("bindaddress 10.0.0.1\nbindaddress fe80::1\nbindcmdaddress 0.0.0.0\nbindcmdaddress /run/c.sock");
  EXPECT_EQ(c.control.bind_v4.to_string(), "0.0.0.0");
  EXPECT_EQ(c.control.bind_v6.to_string(), "::1");
  EXPECT_EQ(c.control.unix_path, "/run/c.sock");
  EXPECT_EQ(read("bindcmdaddress /").control.unix_path, "");
}

TEST(Directives, OddValuesAreTakenWithAWarning) {
  using Texts = std::vector<std::string>;
  EXPECT_EQ(warnings("maxdistance 1x"), Texts{"Ignored \"x\" in maxdistance directive at line 1 in file t.conf"});
  EXPECT_EQ(warnings("maxdistance -1"), Texts{"Unusual value -1 in maxdistance directive at line 1 in file t.conf"});
  EXPECT_EQ(warnings("makestep 1 2.5"), Texts{"Ignored \".5\" in makestep directive at line 1 in file t.conf"});
  EXPECT_EQ(read("maxdistance 1x").selection.max_distance, Duration::seconds(1));
  EXPECT_EQ(read("makestep 1 2.5").reference.make_step.limit, 2);
}

TEST(Directives, Makestep) {
  const Config c = read("makestep 0.1 -1");
  EXPECT_EQ(c.reference.make_step.threshold, Duration::seconds(0.1));
  EXPECT_EQ(c.reference.make_step.limit, -1);
}

TEST(Directives, Maxchange) {
  const Config c = read("maxchange 1000 1 2");
  EXPECT_EQ(c.reference.max_change.offset, Duration::seconds(1000));
  EXPECT_EQ(c.reference.max_change.start, 1);
  EXPECT_EQ(c.reference.max_change.ignore, 2);
}

TEST(Directives, DriftfileKeepsAnEarlierInterval) {
  EXPECT_EQ(read("driftfile /d").drift_file.interval, Duration::seconds(3600));
  const Config c = read("driftfile /d Interval 10\ndriftfile /e");
  EXPECT_EQ(c.drift_file.path, "/e");
  EXPECT_EQ(c.drift_file.interval, Duration::seconds(10));
  EXPECT_EQ(warnings("driftfile /d interval -5").size(), 1u);
  EXPECT_EQ(read("driftfile /d interval -5").drift_file.interval, Duration::seconds(-5));
}

TEST(Directives, KeyfileAndAuthselectmode) {
  using Mode = discipline::AuthSelectMode;
  EXPECT_EQ(read("keyfile /etc/timed.keys").key_file, "/etc/timed.keys");
  EXPECT_EQ(read("").selection.auth_mode, Mode::Mix);
  EXPECT_EQ(read("authselectmode REQUIRE").selection.auth_mode, Mode::Require);
  EXPECT_EQ(read("authselectmode prefer").selection.auth_mode, Mode::Prefer);
  EXPECT_EQ(read("authselectmode ignore").selection.auth_mode, Mode::Ignore);
  EXPECT_EQ(read("").stats.estimator, discipline::EstimatorKind::Bayes);
  EXPECT_EQ(read("estimator BAYES").stats.estimator, discipline::EstimatorKind::Bayes);
  EXPECT_EQ(read("estimator bayes\nestimator regression").stats.estimator, discipline::EstimatorKind::Regression);
  EXPECT_EQ(read("authselectmode ignore\nauthselectmode mix").selection.auth_mode, Mode::Mix);
}

TEST(Directives, LocalTakesAllItsOptionsAndForgetsEarlierOnes) {
  const auto bare = read("local").reference.local;
  EXPECT_TRUE(bare.enabled);
  EXPECT_EQ(bare.stratum, 10);
  EXPECT_EQ(bare.distance, Duration::seconds(1));
  EXPECT_FALSE(bare.orphan);
  EXPECT_EQ(bare.wait_unsynced, std::nullopt);
  const auto full =
      read("LOCAL stratum 5ORPHAN distance 0.5 activate 0.25 waitsynced 4 waitunsynced 2").reference.local;
  EXPECT_EQ(full.stratum, 5);
  EXPECT_TRUE(full.orphan);
  EXPECT_EQ(full.distance, Duration::seconds(0.5));
  EXPECT_EQ(full.activate, Duration::seconds(0.25));
  EXPECT_EQ(full.wait_synced, Duration::seconds(4));
  EXPECT_EQ(full.wait_unsynced, Duration::seconds(2));
  EXPECT_EQ(read("local waitunsynced 2 waitunsynced -1").reference.local.wait_unsynced, std::nullopt);
  const auto again = read("local stratum 3 orphan\nlocal distance 2").reference.local;
  EXPECT_EQ(again.stratum, 10);
  EXPECT_FALSE(again.orphan);
}

TEST(Directives, ServersKeepTheOrderOfTheirLines) {
  const Config c = read("server a.example iburst minpoll 4\nSERVER 10.0.0.1 port 1123 prefer");
  ASSERT_EQ(c.sources.size(), 2u);
  EXPECT_EQ(c.sources[0].name, "a.example");
  EXPECT_TRUE(c.sources[0].poll.iburst);
  EXPECT_EQ(c.sources[0].poll.min_poll, 4);
  EXPECT_EQ(c.sources[1].port, 1123);
  EXPECT_TRUE(c.sources[1].marks.prefer);
}

TEST(Directives, OptionsOfServersWithoutFunctionYetAreWarnings) {
  EXPECT_EQ(
      warnings("server a extfield 10A"),
      std::vector<std::string>{"extfield option in server directive is not available yet (at line 1 in file t.conf)"});
  EXPECT_EQ(read("server a extfield 10A").sources.size(), 1u);
}

TEST(Directives, APeerWithNtsIsNeverAsked) {
  EXPECT_EQ(warnings("peer a nts"),
            std::vector<std::string>{"NTS not supported with peers (at line 1 in file t.conf)"});
  EXPECT_EQ(read("peer a nts").sources.size(), 1u);
}

TEST(Places, AreCompiledIn) {
  EXPECT_EQ(default_path().substr(0, 1), "/");
  EXPECT_NE(default_path().find("/timed.conf"), std::string::npos);
  EXPECT_EQ(default_pid_file().substr(0, 1), "/");
  EXPECT_EQ(default_control().unix_path.substr(0, 1), "/");
  EXPECT_FALSE(default_user().empty());
}

}  // namespace
}  // namespace timed::config
