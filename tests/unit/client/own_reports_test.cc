#include "timed/client/own_reports.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "timed/base/text.h"
#include "timed/client/own_json.h"

namespace timed::client {
namespace {

using control::DaemonStatusReply;
using control::ReloadChangeReply;
using control::ServerVerdictsReply;
using control::SourceEstimatorReply;
using control::SourceVerdictsReply;

DaemonStatusReply status() {
  DaemonStatusReply r;
  r.version = "1.2";
  r.config_file = "/etc/timed.conf";
  r.started = {1795392466, 500'000'000};
  r.uptime_seconds = 3600;
  r.steers = true;
  r.own_steps = 1;
  r.other_steps = 2;
  r.sleeps = 3;
  r.standstills = 4;
  r.pauses = 5;
  r.longest_delay = Duration::seconds(0.25);
  r.since_incident = 60;
  r.since_reload = control::kNever;
  r.kept = 6;
  r.added = 7;
  r.removed = 8;
  r.refused = 9;
  r.passed_over = 10;
  return r;
}

TEST(DaemonStatus, ForPeopleAndForPrograms) {
  EXPECT_EQ(text::daemonstatus(status()),
            "Version                    : 1.2\n"
            "Configuration              : /etc/timed.conf\n"
            "Started (UTC)              : Mon Nov 23 00:07:46 2026\n"
            "Uptime                     : 3600 seconds\n"
            "System clock               : steered\n"
            "NTP server                 : closed\n"
            "Own steps of the clock     : 1\n"
            "Steps by somebody else     : 2\n"
            "Times the machine slept    : 3\n"
            "Times the clock stood still: 4\n"
            "Times the process paused   : 5\n"
            "Longest delay of a timer   : 0.250000 seconds\n"
            "Last of these              : 60 seconds ago\n"
            "Files of sources read      : never\n"
            "Sources kept               : 6\n"
            "Sources added              : 7\n"
            "Sources removed            : 8\n"
            "Sources refused            : 9\n"
            "Lines passed over          : 10\n");
  EXPECT_EQ(csv::daemonstatus(status()),
            "1.2,1795392466.500000000,3600,1,0,1,2,3,4,5,0.250000000,60,4294967295,6,7,8,9,10,/etc/timed.conf\n");
  EXPECT_EQ(json::daemonstatus(status()),
            R"({"version":"1.2","configuration":"/etc/timed.conf","started_s":1795392466.5,"uptime_s":3600,)"
            R"("steers_clock":true,"serves":false,"own_steps":1,"other_steps":2,"sleeps":3,"standstills":4,"pauses":5,)"
            R"("longest_timer_delay_s":0.25,"since_incident_s":60,"since_reload_s":null,"sources_kept":6,)"
            R"("sources_added":7,"sources_removed":8,"sources_refused":9,"lines_passed_over":10})");
  DaemonStatusReply none;
  EXPECT_NE(text::daemonstatus(none).find("Configuration              : on the command line\n"), std::string::npos);
  EXPECT_NE(json::daemonstatus(none).find(R"("configuration":null)"), std::string::npos);
}

TEST(ReloadStatus, SaysWhyAndWhere) {
  ReloadChangeReply refused;
  refused.change = ReloadChangeReply::Change::Refused;
  refused.kind = ReloadChangeReply::Kind::Pool;
  refused.reason = control::ReplyStatus::SourceAlreadyKnown;
  refused.name = "ntp.example";
  EXPECT_EQ(text::reloadstatus_row(refused), "refused      pool    ntp.example : Source already present\n");
  EXPECT_EQ(csv::reloadstatus_row(refused), "refused,pool,Source already present,0,ntp.example,\n");
  EXPECT_EQ(json::reloadstatus_row(refused), R"({"change":"refused","kind":"pool","name":"ntp.example",)"
                                             R"("reason":"Source already present","file":null,"line":null})");
  ReloadChangeReply passed;
  passed.change = ReloadChangeReply::Change::PassedOver;
  passed.line = 3;
  passed.file = "/d/x.sources";
  EXPECT_EQ(text::reloadstatus_row(passed), "passed over  -       /d/x.sources:3\n");
  EXPECT_EQ(csv::reloadstatus_row(passed), "passed over,-,,3,,/d/x.sources\n");
  EXPECT_EQ(json::reloadstatus_row(passed), R"({"change":"passed over","kind":null,"name":null,"reason":null,)"
                                            R"("file":"/d/x.sources","line":3})");
  passed.line = 0;
  EXPECT_EQ(text::reloadstatus_row(passed), "passed over  -       /d/x.sources\n") << "the whole file";
}

TEST(ServerVerdicts, HaveALabelAndANameEach) {
  ServerVerdictsReply r;
  r.answered = 1;
  r.cmd_unsent = 30;
  const auto counters = counters_of(r);
  ASSERT_EQ(counters.size(), 32u);
  std::set<std::string> labels, names;
  for (const Counter& c : counters) {
    labels.insert(c.label);
    names.insert(c.name);
  }
  EXPECT_EQ(labels.size(), 32u);
  EXPECT_EQ(names.size(), 32u);
  const std::string shown = text::serververdicts(r);
  EXPECT_TRUE(shown.starts_with("NTP requests answered      : 1\nKisses of death            : 0\n")) << shown;
  EXPECT_TRUE(shown.ends_with("Reply could not be sent    : 30\n")) << shown;
  for (std::size_t at = 0; at < shown.size(); at = shown.find('\n', at) + 1) EXPECT_EQ(shown.at(at + 27), ':') << shown;
  const std::string row = csv::serververdicts(r);
  EXPECT_TRUE(row.starts_with("1,0,") && row.ends_with(",0,30\n")) << row;
  EXPECT_EQ(std::count(row.begin(), row.end(), ','), 31);
}

SourceVerdictsReply verdicts() {
  SourceVerdictsReply r;
  r.address = IpAddress::v4(0xc0000201);
  r.sent = 100;
  r.unsent = 1;
  r.received = 90;
  r.verdicts = {1, 2, 3, 4, 5, 75};
  r.failed = {11, 12, 13, 14, 15, 16, 17, 18, 19, 20};
  r.late = 6;
  r.kisses = 7;
  r.last_verdict = SourceVerdictsReply::Verdict::Unsynchronised;
  r.last_failed = 0x30;
  r.since_last = 64;
  return r;
}

TEST(SourceVerdicts, ARowASource) {
  EXPECT_EQ(
      text::sourceverdicts_header(false) + text::sourceverdicts_row(verdicts(), "192.0.2.1", false),
      "Name/IP Address              Sent   Rcvd   Good    1    2    3    5    6    7    A    B    C    D Form Late"
      "  Ago  Last\n" +
          std::string(118, '=') +
          "\n"
          "192.0.2.1                     100     90     75   11   12   13   14   15   16   17   18   19   20    3"
          "    6   64  67\n");
  EXPECT_EQ(csv::sourceverdicts_row(verdicts(), "192.0.2.1"),
            "192.0.2.1,100,1,90,1,2,3,4,5,75,11,12,13,14,15,16,17,18,19,20,6,7,64,67\n");
  EXPECT_EQ(json::sourceverdicts_row(verdicts(), "n"),
            R"({"name":"n","address":"192.0.2.1","sent":100,"unsent":1,"received":90,"verdicts":{"malformed":1,)"
            R"("wrong_mode":2,"not_expected":3,"unsynchronised":4,"rejected":5,"good":75},"failed_tests":{"1":11,)"
            R"("2":12,"3":13,"5":14,"6":15,"7":16,"A":17,"B":18,"C":19,"D":20},"late":6,"kisses_of_death":7,)"
            R"("last_bad":"unsynchronised","last_bad_tests":["6","7"],"since_last_bad_s":64})");
}

control::NtsServerReply nts_server() {
  control::NtsServerReply r;
  r.origin = control::NtsServerReply::Origin::Shared;
  r.serves = true;
  r.key_age = 60;
  r.keys = {{{0x10, 15}, {0x11, 15}, {0xab12, 15}, {0x13, 30}}};
  r.connections = 2;
  r.answered = 3;
  r.ke_failed = 4;
  return r;
}

TEST(NtsServer, ForPeople) {
  const std::string shown = text::ntsserver(nts_server());
  EXPECT_TRUE(
      shown.starts_with("NTP with NTS               : served\n"
                        "Establishment of keys      : closed\n"
                        "Keys of cookies            : shared\n"
                        "Key before the last        : 00000010 (AEAD 15)\n"
                        "Key before                 : 00000011 (AEAD 15)\n"
                        "Key in use                 : 0000AB12 (AEAD 15)\n"
                        "Key to come                : 00000013 (AEAD 30)\n"
                        "Newest key                 : 60 seconds ago\n"
                        "Next change of keys        : by others\n"
                        "Connections now            : 2\n"
                        "Answered with NTS          : 3\n"))
      << shown;
  for (std::size_t at = 0; at < shown.size(); at = shown.find('\n', at) + 1) EXPECT_EQ(shown.at(at + 27), ':') << shown;
  EXPECT_NE(text::ntsserver({}).find("Key in use                 : -\n"), std::string::npos);
}

TEST(NtsServer, ForPrograms) {
  EXPECT_EQ(csv::ntsserver(nts_server()),
            "1,0,shared,60,4294967295,00000010,15,00000011,15,0000AB12,15,00000013,30,2,"
            "3,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,4\n");
  const std::string shown = json::ntsserver(nts_server());
  EXPECT_TRUE(shown.starts_with(R"({"serves":true,"establishes":false,"keys_origin":"shared","keys":[{"id":"00000010",)"
                                R"("aead":15},)"))
      << shown;
  EXPECT_NE(shown.find(R"("newest_key_s":60,"next_change_s":null,"connections":2,"counts":{"ntp_answered":3,)"),
            std::string::npos)
      << shown;
  EXPECT_NE(json::ntsserver({}).find(R"("keys_origin":null,"keys":[],)"), std::string::npos);
}

SourceEstimatorReply estimator() {
  SourceEstimatorReply r;
  r.address = IpAddress::v4(0xc0000201);
  r.bayes = true;
  r.basis = SourceEstimatorReply::Basis::Smoother;
  r.samples = 64;
  r.recent = 12;
  r.offset_sd = Duration::seconds(1.5e-5);
  r.frequency_sd_ppm = 0.0125;
  r.wander = 1e-9;
  r.noise_sd = Duration::micros(70);
  r.base_delay = Duration::micros(250);
  r.asymmetry = -0.25;
  r.updates = 100;
  r.runs = 800;
  r.rounds = 4000;
  r.rejected = 8;
  r.fallbacks = 1;
  r.route_moves = 2;
  r.refused = 3;
  r.jumps = 5;
  r.held_back = 6;
  r.begun_anew = 7;
  return r;
}

TEST(Estimators, ARowASource) {
  EXPECT_EQ(
      text::estimators_header(false) + text::estimators_row(estimator(), "192.0.2.1", false),
      "Name/IP Address           By NP Now Offset       Freq   Wander  Noise  Delay Updates Rounds  Rej  Bank Route "
      " Bad Jumps Held Lost\n"
      "============================================================================================================="
      "====================\n"
      "192.0.2.1                 S  64  12   15us      0.013  1.0e-09   70us  250us     100    5.0    1     1     2 "
      "   3     5    6    7\n");
  EXPECT_EQ(text::estimators_header(true).find("By") - text::estimators_header(false).find("By"),
            text::estimators_row(estimator(), "n", true).find(" S ") -
                text::estimators_row(estimator(), "n", false).find(" S "));
  EXPECT_EQ(csv::estimators_row(estimator(), "192.0.2.1"),
            "192.0.2.1,bayes,smoother,64,12,0.000015000,0.012500,1.000e-09,0.000070000,0.000250000,-0.25,100,800,4000,"
            "8,1,2,3,5,6,,7\n");
  EXPECT_EQ(
      json::estimators_row(estimator(), "n"),
      R"({"name":"n","address":"192.0.2.1","estimator":"bayes","basis":"smoother","samples":64,)"
      R"("recent_samples":12,"offset_sd_s":1.5e-05,"frequency_sd_ppm":0.0125,"wander":1e-09,)"
      R"("noise_sd_s":7e-05,"base_delay_s":0.00025,"jitter_asymmetry":-0.25,"updates":100,"runs":800,)"
      R"("rounds":4000,"rejected_runs":8,"fallbacks":1,"route_changes":2,"refused_samples":3,"frequency_jumps":5,)"
      R"("held_back_samples":6,"bank_use":null,"times_lost":7})");
}

TEST(Estimators, SayWhyTheBankAnswers) {
  using Use = SourceEstimatorReply::BankUse;
  SourceEstimatorReply r = estimator();
  r.basis = SourceEstimatorReply::Basis::KalmanBank;
  const auto shown = [&](Use use) {
    r.bank_use = use;
    const std::string row = text::estimators_row(r, "n", false);
    return row.substr(row.find('K'), 2) + " " + std::string(bank_use_text(r));
  };
  EXPECT_EQ(shown(Use::TwoSided), "Kc two_sided");
  EXPECT_EQ(shown(Use::HiddenNoise), "Kh hidden_noise");
  EXPECT_EQ(shown(Use::NoRun), "Kn no_run");
  EXPECT_NE(csv::estimators_row(r, "n").find(",no_run,7\n"), std::string::npos);
  EXPECT_NE(json::estimators_row(r, "n").find(R"("bank_use":"no_run","times_lost":7})"), std::string::npos);

  // An older daemon says neither.
  r.old = true;
  EXPECT_EQ(shown(Use::None), "K  ");
  EXPECT_TRUE(text::estimators_row(r, "n", false).ends_with("    6    -\n"));
  EXPECT_TRUE(csv::estimators_row(r, "n").ends_with(",6,,\n"));
  EXPECT_NE(json::estimators_row(r, "n").find(R"("bank_use":null,"times_lost":null})"), std::string::npos);
}

TEST(Estimators, TheCaptionSaysWhatEachColumnHolds) {
  const std::string caption = text::estimators_caption(true), header = text::estimators_header(true);
  const std::string names = header.substr(0, header.find('\n'));
  for (const Word& column : split_words(names)) {
    if (column.text == "Name/IP" || column.text == "Address") continue;
    const std::string word(column.text);
    EXPECT_TRUE(caption.find(word + ':') != std::string::npos || caption.find(word + ',') != std::string::npos) << word;
  }
}

TEST(Estimators, SayNothingOfWhatIsNotEstimated) {
  using Basis = SourceEstimatorReply::Basis;
  SourceEstimatorReply r;
  r.basis = Basis::Regression;
  r.samples = 7;
  EXPECT_EQ(
      text::estimators_row(r, "192.0.2.1", false),
      "192.0.2.1                 R   7   0      -          -        -      -      -       0    0.0    0     0     0 "
      "   0     0    0    0\n");
  EXPECT_NE(json::estimators_row(r, "n").find(R"("estimator":"regression","basis":"regression")"), std::string::npos);
  EXPECT_NE(json::estimators_row(r, "n").find(R"("offset_sd_s":null)"), std::string::npos);
  EXPECT_EQ(basis_text(Basis::Nothing), "nothing");
  EXPECT_EQ(basis_text(Basis::KalmanBank), "kalman_bank");
}

TEST(SourceVerdicts, TheLastBadPacketInAWord) {
  using V = SourceVerdictsReply::Verdict;
  SourceVerdictsReply r;
  EXPECT_EQ(last_bad_text(r), "-");
  r.last_verdict = V::Malformed;
  EXPECT_EQ(last_bad_text(r), "form");
  r.last_verdict = V::WrongMode;
  EXPECT_EQ(last_bad_text(r), "mode");
  r.last_verdict = V::NotExpected;
  EXPECT_EQ(last_bad_text(r), "late");
  r.last_failed = 0x3ff;
  EXPECT_EQ(last_bad_text(r), "123567ABCD");
}

}  // namespace
}  // namespace timed::client
