// Every word of the configuration with lines that are right and lines that are wrong, and what is said of those; in
// the order of the alphabet, as the specification lists them.
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "memory_files.h"
#include "timed/config/parser.h"

namespace timed::config {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kMissing = "Missing arguments for % directive at line 1 in file t.conf";
constexpr const char* kTooMany = "Too many arguments for % directive at line 1 in file t.conf";
constexpr const char* kNotParsed = "Could not parse % directive at line 1 in file t.conf";
constexpr const char* kBadOption = "Invalid option in % directive at line 1 in file t.conf";
constexpr const char* kBadValue = "Invalid value in % directive at line 1 in file t.conf";
constexpr const char* kBadSyntax = "Invalid syntax for % directive at line 1 in file t.conf";

// An integer outside of its limits.
std::string outside(const char* value, const char* min, const char* max) {
  return std::string("Invalid value ") + value + " in % directive (min " + min + ", max " + max +
         ") at line 1 in file t.conf";
}

struct Wrong {
  std::string arguments;
  std::string message;  // with the word for %
};

struct Word {
  Texts right;  // without an error and without a warning, but for that of a word that is not available
  std::vector<Wrong> wrong;
  Texts odd = {};  // taken with one warning more
};

const std::string kMaxInt = "2147483647";

const std::vector<Wrong> kNoArguments = {{"1", kTooMany}};
const std::vector<Wrong> kOneWord = {{"", kMissing}, {"a b", kTooMany}};
const std::vector<Wrong> kPort = {{"", kMissing},
                                  {"1 2", kTooMany},
                                  {"x", kNotParsed},
                                  {"5x", kNotParsed},
                                  {"1.5", kNotParsed},
                                  {"99999999999999999999", kNotParsed},
                                  {"65536", outside("65536", "0", "65535")},
                                  {"-1", outside("-1", "0", "65535")}};
const std::vector<Wrong> kReal = {{"", kMissing}, {"1 2", kTooMany}, {"x", kNotParsed}, {"nan", kNotParsed}};
const std::vector<Wrong> kCount = {{"", kMissing},
                                   {"1 2", kTooMany},
                                   {"x", kNotParsed},
                                   {"1x", kNotParsed},
                                   {"1e3", kNotParsed},
                                   {"-1", outside("-1", "0", "2147483647")},
                                   {"2147483648", outside("2147483648", "0", "2147483647")}};
const std::vector<Wrong> kAccess = {{"ALL", kNotParsed},
                                    {"all all", kNotParsed},
                                    {"10 x", kNotParsed},
                                    {"1.2.3.", kNotParsed},
                                    {"1.2.3.4.5", kNotParsed},
                                    {"all 10 x", kNotParsed},
                                    {"256", kNotParsed},
                                    {"10/x", kNotParsed},
                                    {"a.example/32", kNotParsed},
                                    {"1.2.3.0/40", "Bad subnet in 1.2.3.0/40"},
                                    {"::1/129", "Bad subnet in ::1/129"}};
const Texts kSubnets = {"",     "all",           "10",     "10.1/12",         "192.168.1",    "1.2.3.4/24",
                        "::/0", "2001:db8::/32", "all 10", "ntp.example.com", "all a.example"};
const std::vector<Wrong> kRateLimit = {
    {"foo", kNotParsed},          {"interval", kNotParsed},  {"interval x", kNotParsed}, {"interval 33", kNotParsed},
    {"interval -33", kNotParsed}, {"burst 256", kNotParsed}, {"leak 99", kNotParsed},    {"interval 1x", kNotParsed}};
const Texts kRateLimits = {"", "interval 3 burst 8 leak 2", "INTERVAL -4", "burst 255", "interval 1leak 2"};
const Texts kOddRateLimits = {"interval -20", "interval 13", "burst 0", "burst -32", "leak 0", "leak 5"};
const std::vector<Wrong> kAddress = {
    {"", kMissing}, {"x", kNotParsed}, {"1.2.3", kNotParsed}, {"/x", kNotParsed}, {"1.2.3.4 x", kTooMany}};
const std::vector<Wrong> kSource = {{"", kBadSyntax},
                                    {"a foo", kBadOption},
                                    {"a minpoll", kBadValue},
                                    {"a minpoll x", kBadValue},
                                    {"a minpoll 5x", kBadOption},
                                    {"a maxpoll 33", kBadValue},
                                    {"a port 70000", kBadValue},
                                    {"a version 5", kBadValue},
                                    {"a minstratum 17", kBadValue},
                                    {"a polltarget 0", kBadValue},
                                    {"a maxsources 0", kBadValue},
                                    {"a maxdelay 1x", kBadOption},
                                    {"a maxdelay nan", kBadValue},
                                    {"a key 0", kBadValue},
                                    {"a extfield ABC", kBadValue}};

const Texts kOddSource = {"a minpoll 999",
                          "a minpoll -8",
                          "a minpoll 999iburst",
                          "a maxpoll -30",
                          "a maxpoll 32",
                          "a maxsamples 65",
                          "a minsamples 65",
                          "a maxsources 17",
                          "a filter 257",
                          "a maxdelay -1",
                          "a maxdelay 1001",
                          "a maxdelayratio -1",
                          "a maxdelaydevratio 2e6",
                          "a maxdelayquant 1",
                          "a minstratum 16",
                          "a mindelay -1",
                          "a asymmetry inf",
                          "a offset inf",
                          "a offset 3e9",
                          "a mindelay 1e300",
                          "a key -1",
                          "a key 4294967297",
                          "a extfield 10A",
                          "a maxdelayquant 0.04",
                          "a minpoll 10 maxpoll 6",
                          "1.2.3.4 ipv6",
                          "::1 ipv4",
                          "a minsamples 9 maxsamples 5"};

// Words whose arguments do not matter or which read files, which other tests cover, have no wrong lines here.
const std::map<std::string, Word>& words() {
  static const std::map<std::string, Word> kWords = {
      {"acquisitionport", {{"0", "65535"}, kPort}},
      {"allow", {kSubnets, kAccess}},
      {"authselectmode",
       {{"require", "prefer", "MIX", "ignore"}, {{"", kNotParsed}, {"foo", kNotParsed}, {"mix x", kNotParsed}}}},
      {"bindacqaddress", {{"10.0.0.1", "::1"}, kAddress}},
      {"bindacqdevice", {{"eth0"}, kOneWord}},
      {"bindaddress", {{"10.0.0.1", "fe80::1"}, kAddress}},
      {"bindcmdaddress", {{"10.0.0.1", "::1", "/", "/run/x"}, {{"", kMissing}, {"x", kNotParsed}, {"/a b", kTooMany}}}},
      {"bindcmddevice", {{"eth0"}, kOneWord}},
      {"binddevice", {{"eth0"}, kOneWord}},
      {"broadcast",
       {{"30 192.168.1.255", "30 ::1", "30 192.168.1.255 1123"},
        {{"", kNotParsed},
         {"1", kNotParsed},
         {"x 1.2.3.4", kNotParsed},
         {"1 x", kNotParsed},
         {"1 1.2.3.4 x", kNotParsed},
         {"1 1.2.3.4 5 6", kNotParsed},
         {"1 a.example", kNotParsed}},
        {"1x 1.2.3.4", "0 1.2.3.4", "1 1.2.3.4 5x", "1 1.2.3.4 70000", "16777217 1.2.3.4"}}},
      {"clientloglimit",
       {{"0", "524288", "+1"},
        {{"", kMissing}, {"x", kNotParsed}, {"1 2", kTooMany}, {"-", kNotParsed}, {"--1", kNotParsed}},
        {"-1", "1x", "99999999999999999999999"}}},
      {"clockprecision", {{"0", "1e-9"}, kReal, {"1e-9s", "5", "1e-12", "-1"}}},
      {"cmdallow", {kSubnets, kAccess}},
      {"cmddeny", {kSubnets, kAccess}},
      {"cmdport", {{"0", "323"}, kPort}},
      {"cmdratelimit", {kRateLimits, kRateLimit, kOddRateLimits}},
      {"combinelimit", {{"0", "3.5"}, kReal, {"-1", "3x", "inf"}}},
      {"commandkey", {{}, {}, {"", "1", "a b"}}},
      {"confdir", {{"/d", "/d /e"}, {{"", kNotParsed}, {"1 2 3 4 5 6 7 8 9 10 11", kNotParsed}}}},
      {"corrtimeratio", {{"3", "10.5"}, kReal, {"-1"}}},
      {"deny", {kSubnets, kAccess}},
      {"estimator", {{"regression", "Bayes"}, {{"", kNotParsed}, {"foo", kNotParsed}, {"bayes x", kNotParsed}}}},
      {"driftfile",
       {{"/d", "/d interval 10", "/d INTERVAL 0"},
        {{"", kMissing},
         {"/d x", kNotParsed},
         {"/d interval", kNotParsed},
         {"/d interval x", kNotParsed},
         {"/d interval 1 2", kNotParsed}},
        {"/d interval -1"}}},
      {"dscp", {{"0", "63"}, {{"", kMissing}, {"x", kNotParsed}, {"64", outside("64", "0", "63")}}}},
      {"dumpdir", {{"/d"}, kOneWord}},
      {"dumponexit", {{"", "x", "1 2 3"}, {}}},
      {"fallbackdrift",
       {{"16 19", "0 0"},
        {{"", kMissing},
         {"1", kMissing},
         {"1 2 3", kTooMany},
         {"x 1", kNotParsed},
         {"1 x", kNotParsed},
         {"1x 2", kNotParsed}},
        {"19 16", "1 2x", "-5 10", "10 40", "1 99999999999"}}},
      {"generatecommandkey", {{}, {}, {"", "x"}}},
      {"hwclockfile", {{"/etc/adjtime"}, kOneWord}},
      {"hwtimestamp",
       {{"eth0", "*",
         "eth0 minpoll -6 maxpoll 20 minsamples 2 maxsamples 64 precision 1e-7 txcomp -1e-9 rxcomp 0 nocrossts",
         "eth0 RXFILTER NTP", "eth0 rxfilter none", "eth0 minpoll 1nocrossts"},
        {{"", kNotParsed},
         {"eth0 foo", kNotParsed},
         {"eth0 minpoll", kNotParsed},
         {"eth0 minpoll x", kNotParsed},
         {"eth0 minpoll 33", kNotParsed},
         {"eth0 rxfilter", kNotParsed},
         {"eth0 rxfilter foo", kNotParsed},
         {"eth0 precision 1x", kNotParsed},
         {"eth0 txcomp nan", kNotParsed}},
        {"eth0 minpoll -7", "eth0 maxpoll 21", "eth0 minsamples 1", "eth0 maxsamples -5", "eth0 precision -1"}}},
      {"hwtstimeout", {{"0.001", "-1", "1e3"}, kReal, {"1x", "inf"}}},
      {"include",
       {{"/none/*.conf"},
        {{"", kMissing}, {"a b", kTooMany}, {"/none", "Could not open /none : No such file or directory"}}}},
      {"initstepslew", {{"1", "10.5 a b"}, {{"", kNotParsed}, {"x", kNotParsed}, {"nan a", kNotParsed}}, {"1x a"}}},
      {"keyfile", {{"/k"}, kOneWord}},
      {"leapseclist", {{"/l"}, kOneWord}},
      {"leapsecmode",
       {{"system", "STEP", "slew", "ignore"}, {{"", kNotParsed}, {"foo", kNotParsed}, {"step x", kNotParsed}}}},
      {"leapsectz", {{"right/UTC"}, kOneWord}},
      {"linux_freq_scale", {{}, {}, {"1"}}},
      {"linux_hz", {{}, {}, {"100"}}},
      {"local",
       {{"", "stratum 1", "STRATUM 15 orphan", "distance 0.1 activate 1 waitsynced 2 waitunsynced -1",
         "stratum 5orphan"},
        {{"foo", kBadOption},
         {"stratum", kBadValue},
         {"stratum 0", kBadValue},
         {"stratum 16", kBadValue},
         {"stratum x", kBadValue},
         {"stratum 5x", kBadOption},
         {"distance nan", kBadValue},
         {"distance", kBadValue},
         {"activate x", kBadValue}},
        {"distance -1"}}},
      {"lock_all", {{""}, kNoArguments}},
      {"log",
       {{"", "measurements rawmeasurements selection statistics tracking tempcomp"},
        {{"foo", "Invalid log parameter at line 1 in file t.conf"},
         {"tracking Measurements", "Invalid log parameter at line 1 in file t.conf"}},
        {"rtc", "tracking refclocks"}}},
      {"logbanner", {{"0", "32"}, kCount}},
      {"logchange", {{"0.1"}, kReal, {"-1"}}},
      {"logdir", {{"/l"}, kOneWord}},
      {"mailonchange",
       {{"root@localhost 0.5"},
        {{"", kMissing}, {"a", kMissing}, {"a 1 2", kTooMany}, {"a x", kNotParsed}, {"a nan", kNotParsed}},
        {"a 1x", "a -1", "a inf"}}},
      {"restrict",
       {{"default", "default ignore", "-4 default noserve noquery", "-6 default nomodify notrap nopeer", "10.0.0.0/8",
         "192.0.2.0 mask 255.255.255.0 notrust", "2001:db8::1 mask ffff:ffff::", "source", "source nomodify", "::1",
         "host.example noserve", "DEFAULT NoQuery", "-6 ::1", "default version nomrulist noepeer lowpriotrap",
         "default limited", "10.0.0.1 kod"},
        {{"", kNotParsed},
         {"-4", kNotParsed},
         {"default noserv", kNotParsed},
         {"-4 ::1", kNotParsed},
         {"-6 10.0.0.1", kNotParsed},
         {"10.0.0.0/33", kNotParsed},
         {"10.0.0.0 mask", kNotParsed},
         {"10.0.0.0 mask 255.0.255.0", kNotParsed},
         {"10.0.0.0 mask ffff::", kNotParsed},
         {"10.0.0.0/8 mask 255.0.0.0", kNotParsed},
         {"host.example mask 255.0.0.0", kNotParsed},
         {"default mask", kNotParsed}},
        {"source noserve"}}},
      {"resumestep",
       {{"1", "0.1 -1", "1 3"},
        {{"", kMissing}, {"1 2 3", kTooMany}, {"x", kNotParsed}, {"1 x", kNotParsed}},
        {"-1", "1 99999999999"}}},
      {"makestep",
       {{"1 3", "0.1 -1"},
        {{"", kMissing},
         {"1", kMissing},
         {"1 2 3", kTooMany},
         {"x 1", kNotParsed},
         {"1 x", kNotParsed},
         {"1x 2", kNotParsed},
         {"nan 2", kNotParsed}},
        {"1 2.5", "1 2x", "-1 3", "1 99999999999", "1 -99999999999999999999"}}},
      {"manual", {{""}, kNoArguments}},
      {"maxchange",
       {{"1000 1 2"},
        {{"", kMissing}, {"1 2", kMissing}, {"1 2 3 4", kTooMany}, {"x 1 2", kNotParsed}, {"1 2x 3", kNotParsed}},
        {"1 2 3x", "-1 1 1", "1 -1 1"}}},
      {"maxclockerror", {{"1", "0"}, kReal, {"-1", "1e7"}}},
      {"maxdistance", {{"3"}, kReal, {"-1", "1x", "inf"}}},
      {"maxdrift", {{"500", "0"}, kReal, {"-1", "100001"}}},
      {"maxjitter", {{"1"}, kReal, {"-1"}}},
      {"maxntsconnections",
       {{"1", kMaxInt}, {{"", kMissing}, {"x", kNotParsed}, {"0", outside("0", "1", "2147483647")}}}},
      {"maxsamples", {{"0", "64"}, kCount, {"65", kMaxInt}}},
      {"maxslewrate", {{"500"}, kReal, {"-1", "1e6"}}},
      {"maxstratum", {{"0"}, kCount}},
      {"maxtxbuffers", {{"0", "1048576"}, {{"", kMissing}, {"1048577", outside("1048577", "0", "1048576")}}}},
      {"maxupdateskew", {{"5"}, kReal, {"-5"}}},
      {"minsamples", {{"0", "64"}, kCount, {"65"}}},
      {"minsources", {{"1"}, {{"", kMissing}, {"0", outside("0", "1", "2147483647")}}}},
      {"minstratum", {{"0"}, kCount}},
      {"nocerttimecheck", {{"0", "1"}, kCount}},
      {"noclientlog", {{""}, kNoArguments}},
      {"nosystemcert", {{""}, kNoArguments}},
      {"ntpsigndsocket", {{"/s"}, kOneWord}},
      {"ntsaeads",
       {{"15", "30 15", "0 30"}, {{"x", kNotParsed}, {"15x", kNotParsed}, {"30 -1", kNotParsed}}, {"", "0", "65551"}}},
      {"ntsbootstrap", {{""}, kNoArguments}},
      {"ntscachedir", {{"/d"}, kOneWord}},
      {"ntsdumpdir", {{"/d"}, kOneWord}},
      {"ntskeysecret", {{"/s"}, kOneWord}},
      {"ntsntpserver", {{"ntp.example.com"}, kOneWord}},
      {"ntsport", {{"0", "4460"}, kPort}},
      {"ntsprocesses",
       {{"0", "1000"}, {{"", kMissing}, {"1001", outside("1001", "0", "1000")}, {"-1", outside("-1", "0", "1000")}}}},
      {"ntsratelimit", {kRateLimits, kRateLimit, kOddRateLimits}},
      {"ntsrefresh", {{"0", kMaxInt}, kCount}},
      {"ntsrotate", {{"0", kMaxInt}, kCount}},
      {"ntsservercert", {{}, kOneWord}},
      {"ntsserverkey", {{}, kOneWord}},
      {"ntstrustedcerts",
       {{"/c", "1 /c", "4294967295 /c"},
        {{"", kMissing}, {"1 2 3", kTooMany}, {"x /c", kNotParsed}},
        {"-1 /c", "1x /c", "5000000000 /c", "99999999999999999999999 /c"}}},
      {"opencommands",
       {{"", "activity SOURCES ntpdata", "serverstats"}, {{"foo", kNotParsed}, {"sources shutdown", kNotParsed}}}},
      {"peer", {{"a", "a minpoll 5xleave"}, kSource, {"a nts", "a minpoll 999", "a maxpoll -30"}}},
      {"pidfile", {{"/p", "/"}, kOneWord}},
      {"pool", {{"a", "a iburst maxsources 16", "a minpoll 5iburst"}, kSource, kOddSource}},
      {"port", {{"0", "123", "011123"}, kPort}},
      {"ptpdomain", {{"0", "255"}, {{"", kMissing}, {"256", outside("256", "0", "255")}}}},
      {"ptpport", {{"0", "319"}, kPort}},
      {"ratelimit", {{"", "interval 3 burst 255 leak 2 kod 4", "kod 0"}, kRateLimit, {"kod 5", "kod -1", "burst 0"}}},
      {"refclock",
       {{"SHM 0", "SHM 0:perm=0644 refid GPS", "PPS /dev/pps0:clear lock NMEA rate 1", "SOCK /run/x.sock",
         "SOCK /run/x.sock:", "PHC eth0:nocrossts:extpps:pin=-1:channel=1:clear", "RTC /dev/rtc0:utc",
         "SHM 0 POLL -32 dpoll 32 maxlockage 0 width 0.2 pps offset -1 delay 1e-3 stratum 15 precision 1e-7 "
         "maxdispersion 1 filter 256 prefer noselect trust require local minsamples 1 maxsamples 2 maxunreach 3",
         "SHM 0 poll 3pps"},
        {{"", kNotParsed},
         {"SHM", kNotParsed},
         {"FOO 0", "unknown refclock driver FOO"},
         {"shm 0", "unknown refclock driver shm"},
         {"SHM 0:foo", "Invalid refclock driver option foo"},
         {"SHM 0:PERM=600", "Invalid refclock driver option PERM=600"},
         {"SOCK /s:clear", "Invalid refclock driver option clear"},
         {"SOCK /s::", "Invalid refclock driver option "},
         {"PPS /d:clearx", "Invalid refclock driver option clearx"},
         {"SHM 0 foo", kBadOption},
         {"SHM 0 poll", kBadValue},
         {"SHM 0 poll x", kBadValue},
         {"SHM 0 poll 33", kBadValue},
         {"SHM 0 dpoll -33", kBadValue},
         {"SHM 0 refid ABCDE", kBadValue},
         {"SHM 0 refid", kBadValue},
         {"SHM 0 lock ABCDE", kBadValue},
         {"SHM 0 stratum 16", kBadValue},
         {"SHM 0 stratum -1", kBadValue},
         {"SHM 0 rate 0", kBadValue},
         {"SHM 0 maxlockage -1", kBadValue},
         {"SHM 0 filter -1", kBadValue},
         {"SHM 0 maxsamples -1", kBadValue},
         {"SHM 0 delay nan", kBadValue},
         {"SHM 0 offset 1x", kBadOption},
         {"SHM 0 tai", "refclock tai option requires leapseclist or leapsectz"}},
        {"SHM x", "SHM 0:perm", "SHM 0:perm=9", "PHC eth0:pin", "PPS /d:clear=1", "SHM 0 delay -1", "SHM 0 offset inf",
         "SHM 0 filter 0"}}},
      {"refresh", {{"0", kMaxInt}, kCount}},
      {"reselectdist", {{"1e-4"}, kReal, {"-1"}}},
      {"rtcautotrim", {{"30"}, kReal, {"-1", "1x"}}},
      {"rtcdevice", {{"/dev/rtc1"}, kOneWord}},
      {"rtcfile", {{"/r"}, kOneWord}},
      {"rtconutc", {{""}, kNoArguments}},
      {"rtcsync", {{""}, kNoArguments}},
      {"serverthreads",
       {{"0", "64", "auto"},
        {{"", kMissing},
         {"x", kNotParsed},
         {"65", "Invalid value 65 in % directive (min 0, max 64) at line 1 in file t.conf"}}}},
      {"sched_priority",
       {{"0", "99"},
        {{"", kMissing},
         {"x", kNotParsed},
         {"-1", outside("-1", "0", "100")},
         {"101", outside("101", "0", "100")},
         {"100", "Bad scheduler priority: 100"}}}},
      {"server",
       {{"a", "a minpoll 5iburst", "::1 port 0 ipv6", "a minpoll -7 maxpoll 24 maxsamples 0 minsamples 0",
         "a filter 0 maxdelay 0 maxdelayquant 0 offset -1 asymmetry 7 polltarget 99999 presend -32"},
        kSource,
        kOddSource}},
      {"smoothtime",
       {{"400 0.01", "400 0.01 LEAPONLY"},
        {{"", kMissing},
         {"1", kMissing},
         {"1 1 leaponly x", kTooMany},
         {"1 x", kNotParsed},
         {"1 1 foo", kNotParsed},
         {"1x 1", kNotParsed},
         {"nan 1", kNotParsed}},
        {"1 1x", "-1 0.01", "1 -1"}}},
      {"sourcedir", {{"/d", "1 2 3 4 5 6 7 8 9 10"}, {}, {"", "1 2 3 4 5 6 7 8 9 10 11"}}},
      {"stratumweight", {{"0.001"}, kReal, {"-1"}}},
      {"tempcomp",
       {{"/t 30 /p", "/t 30 26000 0.1 0.0003 0.0"},
        {{"", kMissing},
         {"/t 1", kMissing},
         {"/t 1 2 3", kMissing},
         {"/t 1 2 3 4 5 6", kTooMany},
         {"/t x /p", kNotParsed},
         {"/t 1 2 3 4 x", kNotParsed},
         {"/t 1 2x 3 4 5", kNotParsed},
         {"/t nan /p", kNotParsed}},
        {"/t 1x /p", "/t 1 2 3 4 5x", "/t -1 1e3 -1 0 1", "/t 0 /p"}}},
      {"user", {{"ntp"}, kOneWord}},
  };
  return kWords;
}

std::string with_word(std::string message, const std::string& word) {
  const std::size_t at = message.find('%');
  return at == std::string::npos ? message : message.replace(at, 1, word);
}

bool is_not_yet(const std::string& word) {
  return !is_available(*find_directive(word));
}

// A directory where there is none is nothing.
ParseOutcome parse(const std::string& line) {
  MemoryFiles files;
  return parse_text(files, line, "t.conf");
}

TEST(Server, ShowsTheValueThatIsUnusual) {
  const Diagnostic warning = parse("server a minpoll 999iburst").warnings.at(0);
  EXPECT_EQ(to_lines(warning)[0], "Unusual value 999 in server directive at line 1 in file t.conf");
  EXPECT_EQ(to_lines(warning)[1], "  column 18:");
}

TEST(EveryWord, IsHere) {
  EXPECT_EQ(words().size(), directive_words().size());
  for (const std::string_view word : directive_words()) EXPECT_EQ(words().count(std::string(word)), 1u) << word;
}

TEST(EveryWord, TakesWhatIsRight) {
  for (const auto& [word, lines] : words()) {
    for (const std::string& arguments : lines.right) {
      const ParseOutcome outcome = parse(word + " " + arguments);
      EXPECT_TRUE(outcome.ok()) << word << ' ' << arguments << ": " << outcome.errors[0].summary;
      Texts expected;
      if (is_not_yet(word)) expected.push_back(word + " directive is not available yet (at line 1 in file t.conf)");
      Texts warnings;
      for (const Diagnostic& warning : outcome.warnings) warnings.push_back(warning.summary);
      EXPECT_EQ(warnings, expected) << word << ' ' << arguments;
    }
  }
}

TEST(EveryWord, WarnsOfWhatIsOdd) {
  for (const auto& [word, lines] : words()) {
    for (const std::string& arguments : lines.odd) {
      const ParseOutcome outcome = parse(word + " " + arguments);
      EXPECT_TRUE(outcome.ok()) << word << ' ' << arguments << ": " << outcome.errors[0].summary;
      EXPECT_EQ(outcome.warnings.size(), is_not_yet(word) ? 2u : 1u) << word << ' ' << arguments;
    }
  }
}

TEST(EveryWord, RefusesWhatIsWrongWithOneMessageAndNoWarning) {
  for (const auto& [word, lines] : words()) {
    for (const Wrong& wrong : lines.wrong) {
      const ParseOutcome outcome = parse(word + " " + wrong.arguments);
      ASSERT_EQ(outcome.errors.size(), 1u) << word << ' ' << wrong.arguments;
      EXPECT_EQ(outcome.errors[0].summary, with_word(wrong.message, word)) << word << ' ' << wrong.arguments;
      EXPECT_FALSE(outcome.errors[0].position.empty());
      const bool relation = outcome.errors[0].summary.starts_with("refclock tai");
      EXPECT_EQ(outcome.warnings.size(), relation ? 1u : 0u) << word << ' ' << wrong.arguments;
    }
  }
}

TEST(EveryWord, HasWrongLinesUnlessItsArgumentsDoNotMatter) {
  const Texts careless = {"commandkey",       "dumponexit", "generatecommandkey",
                          "linux_freq_scale", "linux_hz",   "sourcedir"};
  Texts without;
  for (const auto& [word, lines] : words()) {
    if (lines.wrong.empty()) without.push_back(word);
    EXPECT_FALSE(lines.right.empty() && lines.odd.empty() && lines.wrong.empty()) << word;
  }
  EXPECT_EQ(without, careless);
}

// What lines say together.
struct Together {
  std::string text;
  Texts errors;
};

TEST(LinesTogether, AreRefusedWhereChronyRefusesThemAtItsStart) {
  const std::string rate = "Rate limiting cannot be enabled with noclientlog";
  const std::string uneven = "Uneven number of NTS certs and keys";
  const std::string rtc = "rtcfile directive cannot be used with rtcsync";
  const std::string clock = "RTC refclock cannot be used together with rtcsync or rtcfile";
  const std::string tai = "refclock tai option requires leapseclist or leapsectz";
  const std::vector<Together> cases = {
      {"noclientlog\nratelimit", {rate}},
      {"noclientlog\nrestrict default limited", {rate}},
      {"restrict 10.0.0.0/8 noquery KOD\nnoclientlog", {rate}},
      {"restrict 10.0.0.0/8 noquery\nnoclientlog", {}},
      {"ntsratelimit\nnoclientlog", {rate}},
      {"cmdratelimit interval 2\nnoclientlog", {rate}},
      {"ntsservercert /c", {uneven}},
      {"ntsserverkey /k", {uneven}},
      {"ntsserverkey /k\nntsservercert", {"Missing arguments for ntsservercert directive at line 2 in file t.conf"}},
      {"ntsserverkey /k\nntsservercert /c\nntsservercert /d", {uneven}},
      {"ntsserverkey /k\nntsservercert /c\nntsservercert /d\nntsserverkey /l", {}},
      {"rtcfile /r\nrtcsync", {rtc}},
      {"rtcsync\nrefclock RTC /dev/rtc0", {clock}},
      {"refclock RTC /dev/rtc0\nrtcfile /r", {clock}},
      {"refclock SHM 0\nrtcfile /r", {}},
      {"refclock SHM 0 poll 3tai", {tai}},
      {"refclock SHM 0 TAI\nleapsectz right/UTC", {}},
      {"leapseclist /l\nrefclock SHM 0 tai", {}},
      {"rtcfile /r\nrtcsync\nnoclientlog\nratelimit", {rate, rtc}},
  };
  for (const Together& c : cases) {
    Texts errors;
    for (const Diagnostic& error : parse(c.text).errors) errors.push_back(error.summary);
    EXPECT_EQ(errors, c.errors) << c.text;
  }
}

TEST(LinesTogether, AreShownAtOneOfThem) {
  MemoryFiles files;
  files.files["/a.conf"] = "rtcsync\n";
  const ParseOutcome outcome = parse_text(files, "# RTC\n  rtcfile /r\ninclude /a.conf", "t.conf");
  ASSERT_EQ(outcome.errors.size(), 1u);
  EXPECT_EQ(to_lines(outcome.errors[0]), (Texts{"rtcfile directive cannot be used with rtcsync",
                                                "  at line 2 in file t.conf, column 3:", "      rtcfile /r",
                                                "      ^~~~~~~", "  expected: one of the two"}));
}

TEST(Refclock, ShowsTheDriverOptionThatIsWrong) {
  EXPECT_EQ(to_lines(parse("refclock PHC eth0:extpp:clear").errors.at(0)),
            (Texts{"Invalid refclock driver option extpp", "  at line 1 in file t.conf, column 19:",
                   "    refclock PHC eth0:extpp:clear", "                      ^~~~~",
                   "  expected: nocrossts, extpps, pin, channel or clear", "  did you mean `extpps`?"}));
  EXPECT_EQ(to_lines(parse("refclock Shm 0").errors.at(0)).back(), "  did you mean `SHM`?");
}

TEST(Reals, AreNeverInfinite) {
  EXPECT_TRUE(parse("maxdistance 1e999").config.selection.max_distance.is_finite());
  EXPECT_TRUE(parse("makestep inf 1").config.reference.make_step.threshold.is_finite());
  EXPECT_TRUE(parse("local distance -inf").config.reference.local.distance.is_finite());
  EXPECT_EQ(parse("maxslewrate inf").warnings.size(), 1u);
}

}  // namespace
}  // namespace timed::config
