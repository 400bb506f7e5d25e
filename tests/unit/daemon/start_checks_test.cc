#include "timed/daemon/start_checks.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "one_file.h"
#include "tests/unit/config/memory_files.h"

namespace timed::daemon {
namespace {

using Texts = std::vector<std::string>;

class StartChecksTest : public testing::Test {
 protected:
  // Beside a source, without which there would be a warning of that.
  void check(const std::string& text, bool as_root = true) { check_alone(text + "\nserver always", as_root); }
  void check_alone(const std::string& text, bool as_root = true) {
    outcome_ = config::parse_text(files_, text, "t.conf");
    ASSERT_TRUE(outcome_.ok());
    const auto find_account = [](const std::string& name) -> Result<FileOwner> {
      if (name == "known") return FileOwner{990, 991};
      return Error{"Could not get user/group ID of " + name, ErrorKind::NotFound};
    };
    check_start({files_, find_account, as_is, as_root}, outcome_);
  }
  static std::string as_is(const std::string& path) { return path; }
  static Texts first_lines(const std::vector<config::Diagnostic>& list) {
    Texts lines;
    for (const auto& diagnostic : list) lines.push_back(diagnostic.summary);
    return lines;
  }
  Texts errors() const { return first_lines(outcome_.errors); }
  Texts warnings() const { return first_lines(outcome_.warnings); }

  OneFile files_{"/f"};
  config::ParseOutcome outcome_;
};

TEST_F(StartChecksTest, AConfigurationThatNeedsNothingIsRight) {
  check("server a\nuser known");
  EXPECT_TRUE(outcome_.ok());
  EXPECT_TRUE(outcome_.warnings.empty());
}

TEST_F(StartChecksTest, TheAccountThatHoldsWithoutAWordMayComeLater) {
  check("server a");
  EXPECT_TRUE(outcome_.ok());
  EXPECT_EQ(warnings(), Texts{"Could not get user/group ID of " + config::default_user()});
}

TEST_F(StartChecksTest, AreMadeBesideErrorsOfTheLinesToo) {
  outcome_ = config::parse_text(files_, "port x\nuser nobody-has-this\nkeyfile /none\nserver a key 1", "t.conf");
  const auto find_nobody = [](const std::string& name) -> Result<FileOwner> { return Error{"No " + name}; };
  check_start({files_, find_nobody, as_is, true}, outcome_);
  EXPECT_EQ(errors().size(), 3u);
  outcome_ = config::parse_text(files_, "keyfile /none\nserver a key 1\nkeyfile", "t.conf");
  check_start({files_, find_nobody, as_is, true}, outcome_);
  ASSERT_EQ(errors().size(), 2u);
  EXPECT_EQ(outcome_.errors[1].position, "at line 1 in file t.conf, column 9") << "the last line that is right";
}

TEST_F(StartChecksTest, ReadTheFilesOfSourcesToo) {
  config::MemoryFiles files;
  files.files = {{"/d/a.sources", "server 192.0.2.1 ibrust\nserver 192.0.2.2\n"}, {"/d/b.sources", "server c\n"}};
  files.broken = {{"/d/b.sources", "Permission denied"}, {"/closed", "Permission denied"}};
  outcome_ = config::parse_text(files, "user known\nsourcedir /d /none\nsourcedir /closed", "t.conf");
  check_start({files, [](const std::string&) { return FileOwner{990, 991}; }, as_is, true}, outcome_);
  EXPECT_TRUE(outcome_.ok()) << "a start goes on without such a line";
  EXPECT_EQ(warnings(), (Texts{"Could not open /none : No such file or directory", "Could not open /closed",
                               "Passed over : Invalid option in server directive at line 1 in file /d/a.sources",
                               "Could not open /d/b.sources : Permission denied"}));
  EXPECT_EQ(outcome_.warnings[0].position, "at line 2 in file t.conf, column 14");
  EXPECT_EQ(outcome_.warnings[2].position, "column 18");
  EXPECT_EQ(outcome_.warnings[2].suggestion, "iburst");
}

TEST_F(StartChecksTest, WarnsOfWhatLinesInFilesOfSourcesLack) {
  config::MemoryFiles files;
  files.files = {{"/k", "1 abcdefghij\n"},
                 {"/d/a.sources", "# of the site\nserver a key 1\nserver b iburst key 5\n"},
                 {"/d/b.sources", "server c nts certset 9\nserver 192.0.2.1 key 7\nserver d nts key 8\n"}};
  outcome_ = config::parse_text(files, "user known\nserver 192.0.2.1\nkeyfile /k\nsourcedir /d", "t.conf");
  check_start({files, [](const std::string&) { return FileOwner{990, 991}; }, as_is, true}, outcome_);
  EXPECT_EQ(warnings(), (Texts{"Key 5 is missing at line 3 in file /d/a.sources",
                               "No trusted certificates for c at line 1 in file /d/b.sources",
                               "Could not add source 192.0.2.1 : Already in use at line 2 in file /d/b.sources",
                               "Key 7 is missing at line 2 in file /d/b.sources"}));
  EXPECT_EQ(outcome_.warnings[0].position, "column 17");
  EXPECT_EQ(outcome_.warnings[0].expected, "a key of the keyfile");
  EXPECT_EQ(outcome_.warnings[1].position, "column 14");
  EXPECT_EQ(outcome_.warnings[2].position, "column 8");
}

TEST_F(StartChecksTest, WarnsOfAddressesThatAreNotAdded) {
  config::Config begin;
  begin.family = Family::Inet4;
  outcome_ = config::parse_text(
      files_, "user known\nserver 192.0.2.1\nserver a\npool 192.0.2.1\nserver a\nserver 2001:db8::1", "t.conf", begin);
  check_start({files_, [](const std::string&) { return FileOwner{990, 991}; }, as_is, true}, outcome_);
  EXPECT_EQ(warnings(), (Texts{"Could not add source 192.0.2.1 : Already in use",
                               "Could not add source 2001:db8::1 : Invalid address"}));
  EXPECT_EQ(outcome_.warnings[0].position, "at line 4 in file t.conf, column 6");
}

TEST_F(StartChecksTest, WarnsOfDirectoriesThatAreNotThere) {
  config::MemoryFiles files;
  files.files = {{"/d/a.conf", "sourcedir /s\n"}};
  files.directories = {"/empty"};
  outcome_ = config::parse_text(files, "user known\nserver a\nconfdir /c /d /empty\nconfdir /run/c", "t.conf");
  const auto find_account = [](const std::string&) { return FileOwner{990, 991}; };
  check_start({files, find_account, as_is, true}, outcome_);
  EXPECT_EQ(warnings(),
            (Texts{"Could not open /c : No such file or directory", "Could not open /s : No such file or directory"}));
  EXPECT_EQ(outcome_.warnings[0].position, "at line 3 in file t.conf, column 9");
  EXPECT_EQ(outcome_.warnings[1].position, "at line 1 in file /d/a.conf, column 11");
  outcome_ = config::parse_text(files, "user known\nsourcedir /run/timed-dhcp /var/run/x", "t.conf");
  check_start({files, find_account, as_is, true}, outcome_);
  EXPECT_EQ(warnings(), Texts{}) << "they come when there is something in them";
}

TEST_F(StartChecksTest, WarnsOfPlacesThatAreNotThere) {
  check("user known\ndriftfile /none/drift\nleapseclist /l\nntstrustedcerts /a\nntstrustedcerts 3 /b");
  EXPECT_EQ(warnings(), (Texts{"Could not open /none/drift : not there", "Could not open /l : not there",
                               "Could not open /a : not there", "Could not open /b : not there"}));
  EXPECT_EQ(outcome_.warnings[0].position, "at line 2 in file t.conf, column 11");
  EXPECT_EQ(outcome_.warnings[1].position, "at line 3 in file t.conf, column 13");
  EXPECT_EQ(outcome_.warnings[2].position, "");
  EXPECT_EQ(outcome_.warnings[3].position, "at line 5 in file t.conf, column 19");
  files_.directory = "/none/";
  check("user known\ndriftfile /none/drift");
  EXPECT_EQ(warnings(), Texts{});
}

TEST_F(StartChecksTest, WarnsOfClientsThatAreAllowedWhereNobodyIsServed) {
  check("user known\nallow 10/8\nport 0");
  EXPECT_EQ(warnings(), Texts{"Nobody is served : the port is 0"});
  EXPECT_EQ(outcome_.warnings[0].position, "at line 2 in file t.conf, column 1");
  for (const char* text : {"port 0\ndeny all", "port 0", "allow 10/8", "port 0\nrestrict 10.0.0.0 mask 255.0.0.0"}) {
    check(std::string("user known\n") + text);
    EXPECT_EQ(warnings(), Texts{}) << text;
  }
  check("user known\nallow 10/8\nport 0\nntsservercert /f\nntsserverkey /f");
  EXPECT_EQ(warnings(), Texts{"Could not open /f : not there"}) << "keys may be for another server";
}

TEST_F(StartChecksTest, APidFileNeedsItsDirectory) {
  check("user known\npidfile /none/timed.pid");
  EXPECT_EQ(errors(), Texts{"Could not open /none/timed.pid : not there"});
  files_.directory = "/run/";
  check("user known\npidfile /run/timed.pid");
  EXPECT_TRUE(outcome_.ok());
  check("user known\npidfile /");
  EXPECT_TRUE(outcome_.ok());
}

TEST_F(StartChecksTest, WarnsOfASecretThatIsNone) {
  check("user known\nntskeysecret /f");
  EXPECT_TRUE(outcome_.ok());
  EXPECT_EQ(warnings(), Texts{"Could not read ntskeysecret : Could not open /f : not there"});
  files_.contents = "0011";
  check("user known\nntskeysecret /f");
  EXPECT_EQ(warnings(), Texts{"Could not read ntskeysecret : Less than 32 hexadecimal digits in /f"});
  files_.contents = "00112233445566778899aabbccddeeff\n";
  check("user known\nntskeysecret /f");
  EXPECT_EQ(warnings(), Texts{});
}

TEST_F(StartChecksTest, WarnsOfAServerForEverybodyWithoutALimit) {
  const Texts warning{"NTP is served to the whole Internet without a rate limit"};
  for (const char* text : {"allow", "allow all", "allow ::/0", "allow 0/0\ndeny 10/8", "restrict default noquery",
                           "restrict -6 default", "deny\nallow", "restrict -4 default limited\nrestrict default",
                           "allow 0.0.0.0/1\nallow 128.0.0.0/1", "allow 2000::/3"}) {
    check(text);
    const Texts all = warnings();
    EXPECT_EQ(std::count(all.begin(), all.end(), warning[0]), 1) << text;
  }
  check("allow 10/8\nallow");
  EXPECT_EQ(outcome_.warnings.back().position, "at line 2 in file t.conf, column 1");
  for (const char* text : {"allow 10/8", "allow\ndeny", "allow\nratelimit", "restrict default ignore",
                           "restrict default noserve", "restrict default notrust", "restrict default limited noquery",
                           "port 0\nallow", "restrict default limited\nrestrict default", "allow 128.0.0.0/1"}) {
    check(text);
    const Texts all = warnings();
    EXPECT_EQ(std::count(all.begin(), all.end(), warning[0]), 0) << text;
  }
}

TEST_F(StartChecksTest, WarnsOfWindowsMachinesWithoutSamba) {
  check("user known\nrestrict default limited mssntp");
  EXPECT_EQ(warnings(), Texts{"mssntp in restrict directive has nobody who signs"});
  check("user known\nrestrict default limited mssntp\nntpsigndsocket /s");
  EXPECT_EQ(warnings(), Texts{});
}

TEST_F(StartChecksTest, AnAccountThatIsNotThereIsAnErrorOfItsLine) {
  check("user known");
  EXPECT_TRUE(outcome_.ok());
  check("port 0\nuser nobody-has-this");
  EXPECT_EQ(errors(), Texts{"Could not get user/group ID of nobody-has-this"});
  EXPECT_EQ(outcome_.errors[0].position, "at line 2 in file t.conf, column 6");
}

TEST_F(StartChecksTest, SomebodyElseIsOnlyWarnedOfAnAccount) {
  check("user nobody-has-this", false);
  EXPECT_TRUE(outcome_.ok());
  EXPECT_EQ(warnings(), Texts{"Could not get user/group ID of nobody-has-this"});
}

// As in what distributions ship, where the file has gone with a package.
TEST_F(StartChecksTest, KeysThatNobodyNamesMayBeMissing) {
  check("user known\npool a iburst\nkeyfile /f");
  EXPECT_TRUE(outcome_.ok());
  EXPECT_EQ(warnings(), Texts{"Could not open keyfile /f : not there"});
}

TEST_F(StartChecksTest, KeysThatCannotBeReadAreAnError) {
  check("server a\nkeyfile /f\npool b key 1");
  EXPECT_EQ(errors(), Texts{"Could not open keyfile /f : not there"});
  check("keyfile /f\npeer a key 1", false);
  EXPECT_EQ(errors().size(), 1u) << "nobody can read what is not there";
  files_.unreadable = Error{"Could not open /f : Permission denied", ErrorKind::Permission};
  check("keyfile /f");
  EXPECT_EQ(errors(), Texts{"Could not open keyfile /f : Permission denied"});
  check("user known\nkeyfile /f", false);
  EXPECT_TRUE(outcome_.ok()) << "the daemon may be able to";
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(StartChecksTest, WhatIsWrongInTheKeysIsTold) {
  files_.contents = "1 MD5 HEX:zz\n2 SHA1 ASCII:abcdefghijklmnop\n";
  check("user known\nkeyfile /f");
  EXPECT_TRUE(outcome_.ok());
  EXPECT_EQ(warnings().size(), 1u);
}

TEST_F(StartChecksTest, WarnsOfKeysThatEverybodyMayRead) {
  files_.contents = "1 abcdefghij\n";
  files_.info_of_file.mode = 0644;
  check("user known\nkeyfile /f");
  EXPECT_EQ(warnings(), Texts{"World-readable permissions on /f"});
  files_.info_of_file.mode = 0600;
  files_.info_of_file.uid = 1000;
  check("user known\nkeyfile /f");
  EXPECT_EQ(warnings(), Texts{"Wrong owner of /f (UID 1000, neither root nor the account of the daemon)"});
  files_.info_of_file.uid = 990;
  check("user known\nkeyfile /f");
  EXPECT_EQ(warnings(), Texts{});
}

TEST_F(StartChecksTest, PointsOfTemperatureThatCannotBeReadAreAnError) {
  check("tempcomp /t 30 /f");
  EXPECT_EQ(errors(), Texts{"Could not open /f : not there"});
  EXPECT_EQ(outcome_.errors[0].position, "at line 1 in file t.conf, column 16");
  files_.contents = "20 1\n";
  check("tempcomp /t 30 /f");
  EXPECT_EQ(errors(), Texts{"Not enough points in /f"});
  files_.contents = "20 1\n30 2\n";
  check("tempcomp /t 30 /f");
  EXPECT_TRUE(outcome_.ok());
}

TEST_F(StartChecksTest, WarnsWhereNothingGivesTheTime) {
  for (const char* text : {"", "rtcsync", "deny all", "minsources 2"}) {
    check_alone(std::string("user known\n") + text);
    EXPECT_EQ(warnings(), Texts{"No source of time is specified"}) << text;
  }
  check_alone("user known\nrefclock PPS /dev/pps0");
  EXPECT_EQ(warnings().size(), 2u) << "that it does nothing is told too";
  for (const char* text :
       {"server a", "pool a", "peer a", "server a noselect", "local", "manual", "initstepslew 10 a", "allow 10/8"}) {
    check_alone(std::string("user known\n") + text);
    EXPECT_EQ(warnings(), Texts{}) << text;
  }
  check_alone("user known\nsourcedir /none");
  EXPECT_EQ(warnings(), Texts{"Could not open /none"}) << "the sources may come later";
}

TEST_F(StartChecksTest, NothingSeemsMissingThatALineWithAnErrorMayHold) {
  const auto find_account = [](const std::string&) { return FileOwner{990, 991}; };
  for (const char* text : {"server a ibrust", "server a key 5\nkeyfile", "log tracking\nlogdir",
                           "server a nts certset 7\nntstrustedcerts", "minsources 2\nserver a\nserver b ibrust"}) {
    outcome_ = config::parse_text(files_, text, "t.conf");
    check_start({files_, find_account, as_is, true}, outcome_);
    EXPECT_EQ(errors().size(), 1u) << text;
    EXPECT_EQ(warnings(), Texts{}) << text;
  }
}

TEST_F(StartChecksTest, WarnsOfFewerSourcesThanHaveToAgree) {
  check_alone("user known\nminsources 3\nserver a\npeer b\nserver c noselect");
  EXPECT_EQ(warnings(), Texts{"Fewer sources than minsources : nothing will be selected"});
  EXPECT_EQ(outcome_.warnings.at(0).position, "at line 2 in file t.conf, column 12");
  EXPECT_EQ(outcome_.warnings.at(0).expected, "at most 2, the sources that may be selected, or more of them");
  for (const char* more : {"server c", "pool c"}) {
    check_alone(std::string("user known\nminsources 3\nserver a\npeer b\n") + more);
    EXPECT_EQ(warnings(), Texts{}) << more;
  }
  check_alone("user known\nminsources 3\nserver a\npeer b\nsourcedir /none");
  EXPECT_EQ(warnings(), Texts{"Could not open /none"});
  check_alone("user known\nserver a noselect");
  EXPECT_EQ(warnings(), Texts{}) << "only watched";
}

TEST_F(StartChecksTest, WarnsOfKeysThatTheFileHasNot) {
  files_.contents = "1 abcdefghij\n";
  files_.info_of_file.mode = 0600;
  files_.info_of_file.uid = 0;
  check("user known\nkeyfile /f\nserver a key 1\nserver b iburst key 5\nserver c");
  EXPECT_EQ(warnings(), Texts{"Key 5 is missing"});
  EXPECT_EQ(outcome_.warnings.at(0).position, "at line 4 in file t.conf, column 17");
  check("user known\npeer a key 7");
  EXPECT_EQ(warnings(), Texts{"Key 7 is missing"});
  EXPECT_EQ(outcome_.warnings.at(0).expected, "a keyfile line beside it");
}

TEST_F(StartChecksTest, WarnsOfSetsWithoutCertificates) {
  files_.directory = "/c";
  check(
      "user known\nntstrustedcerts 6 /c\nserver a nts certset 6\nserver b nts certset 7\nserver c certset 7\nserver d "
      "nts");
  EXPECT_EQ(warnings(), Texts{"No trusted certificates for b"});
  EXPECT_EQ(outcome_.warnings.at(0).position, "at line 4 in file t.conf, column 14");
  check("user known\nnosystemcert\nserver d nts");
  EXPECT_EQ(warnings(), Texts{"No trusted certificates for d"});
  check("user known\nnosystemcert\nntstrustedcerts /c\nserver d nts");
  EXPECT_EQ(warnings(), Texts{});
}

TEST_F(StartChecksTest, WarnsOfLogsThatHaveNoDirectory) {
  for (const char* log : {"measurements", "rawmeasurements", "statistics", "tracking", "selection", "tempcomp"}) {
    check(std::string("user known\nlog ") + log);
    EXPECT_EQ(warnings(), Texts{"logdir not specified"}) << log;
  }
  EXPECT_EQ(outcome_.warnings.at(0).position, "at line 2 in file t.conf, column 1");
  check("user known\nlogdir /l\nlog tracking");
  EXPECT_EQ(warnings(), Texts{});
}

TEST_F(StartChecksTest, CertificatesMayComeLater) {
  files_.contents = "no certificate";
  check("user known\nntsservercert /f\nntsserverkey /f");
  EXPECT_TRUE(outcome_.ok());
  EXPECT_EQ(warnings(), Texts{"Could not use /f : No certificate in PEM form"});
  check("user known\nntsservercert /none\nntsserverkey /f");
  EXPECT_EQ(warnings(), Texts{"Could not open /none : not there"});
}

}  // namespace
}  // namespace timed::daemon
