// The words are those that operators and their scripts know from chrony: each is written out here whole.
#include "timed/daemon/announcer.h"

#include <gtest/gtest.h>

#include <string>

namespace timed::daemon {
namespace {

using discipline::SelectionMessage;
using discipline::SelectionOptions;
using Kind = SelectionMessage::Kind;
using Verdict = discipline::ReferenceUpdate::Verdict;
using log::Severity;

const std::string kSource = "192.0.2.1 (ntp.example)";

void expect(const Announcement& announcement, Severity severity, const std::string& text) {
  EXPECT_EQ(announcement.text, text);
  EXPECT_EQ(announcement.severity, severity) << text;
}

void expect_about_source(Kind kind, const SelectionOptions& options, Severity severity, const std::string& text) {
  expect(announce({.kind = kind, .source = discipline::SourceId{1}}, kSource, options), severity, text);
}

Announcement announce_failure(const SelectionMessage& message) {
  return announce(message, "", SelectionOptions{});
}

TEST(Announcer, SelectedAndFalseticker) {
  expect_about_source(Kind::Selected, {}, Severity::Info, "Selected source 192.0.2.1 (ntp.example)");
  expect_about_source(Kind::Falseticker, {}, Severity::Warning, "Detected falseticker 192.0.2.1 (ntp.example)");
}

TEST(Announcer, LimitsThatASourceExceeds) {
  SelectionOptions options;
  options.max_distance = Duration::seconds(1.5);
  options.max_jitter = Duration::millis(0.25);
  options.min_stratum = 2;
  options.max_stratum = 5;
  expect_about_source(Kind::DistanceExceeded, options, Severity::Warning,
                      "Root distance of 192.0.2.1 (ntp.example) exceeds maxdistance of 1.500 seconds");
  expect_about_source(Kind::JitterExceeded, options, Severity::Warning,
                      "Jitter of 192.0.2.1 (ntp.example) exceeds maxjitter of 0.000 seconds");
  expect_about_source(Kind::BelowMinStratum, options, Severity::Warning,
                      "Stratum of 192.0.2.1 (ntp.example) below minstratum of 2");
  expect_about_source(Kind::AboveMaxStratum, options, Severity::Warning,
                      "Stratum of 192.0.2.1 (ntp.example) above maxstratum of 5");
}

TEST(Announcer, NothingToSelect) {
  expect(announce_failure({.kind = Kind::NoSources, .source = {}}), Severity::Warning, "Can't synchronise: no sources");
  expect(announce_failure({.kind = Kind::NoSelectable, .source = {}}), Severity::Warning,
         "Can't synchronise: no selectable sources");
  expect(announce_failure({.kind = Kind::NoSelectable, .source = {}, .unreachable = 3}), Severity::Warning,
         "Can't synchronise: no selectable sources (3 unreachable sources)");
  expect(announce_failure({.kind = Kind::NoRequired, .source = {}}), Severity::Warning,
         "Can't synchronise: no required source in selectable sources");
  expect(announce_failure({.kind = Kind::TooFewSources, .source = {}}), Severity::Warning,
         "Can't synchronise: not enough selectable sources");
}

TEST(Announcer, NoMajority) {
  expect(announce_failure({.kind = Kind::NoMajority, .source = {}, .agreeing = 1, .among = 2}), Severity::Warning,
         "Can't synchronise: no majority (no agreement among 2 sources)");
  expect(announce_failure({.kind = Kind::NoMajority, .source = {}, .agreeing = 1, .among = 3, .trusted = true}),
         Severity::Warning, "Can't synchronise: no majority (no agreement among 3 trusted sources)");
  expect(announce_failure({.kind = Kind::NoMajority, .source = {}, .agreeing = 2, .among = 4}), Severity::Warning,
         "Can't synchronise: no majority (only 2 of 4 sources agree)");
  expect(announce_failure({.kind = Kind::NoMajority, .source = {}, .agreeing = 2, .among = 5, .trusted = true}),
         Severity::Warning, "Can't synchronise: no majority (only 2 of 5 trusted sources agree)");
}

// A name comes from the configuration and may hold anything printable.
TEST(Announcer, ASourceIsNoFormat) {
  const SelectionMessage message{.kind = Kind::Selected, .source = discipline::SourceId{1}};
  EXPECT_EQ(announce(message, "%s%n%d", {}).text, "Selected source %s%n%d");
  EXPECT_EQ(announce(message, std::string(5000, 'x'), {}).text, "Selected source " + std::string(5000, 'x'));
}

// Positive: the clock was slow.
TEST(Announcer, CorrectionsOfTheClock) {
  expect(announce_wrong_by(Duration::seconds(1.25)), Severity::Warning, "System clock wrong by 1.250000 seconds");
  expect(announce_wrong_by(Duration::seconds(-0.5000004)), Severity::Warning,
         "System clock wrong by -0.500000 seconds");
  expect(announce_step(Duration::seconds(-3600.5), true), Severity::Warning,
         "System clock was stepped by -3600.500000 seconds");
  expect(announce_step(Duration::micros(1), true), Severity::Warning, "System clock was stepped by 0.000001 seconds");
  expect(announce_step(Duration::seconds(1), false), Severity::Error, "Could not step system clock");
}

// Here positive means that the clock is fast; the blank at the end is chrony's.
TEST(Announcer, AdjustmentsThatMaxchangeRefuses) {
  const Duration limit = Duration::seconds(100);
  expect(announce_refusal(Duration::seconds(250.5), limit, Verdict::Ignored), Severity::Warning,
         "Adjustment of 250.500 seconds exceeds the allowed maximum of 100.000 seconds (ignored) ");
  expect(announce_refusal(Duration::seconds(-250.5), limit, Verdict::Exit), Severity::Warning,
         "Adjustment of -250.500 seconds exceeds the allowed maximum of 100.000 seconds (exiting) ");
}

TEST(Announcer, AdjustmentsThatNoClockCanMake) {
  expect(announce_refusal(Duration::seconds(3.1e9), {}, Verdict::Invalid), Severity::Warning,
         "Adjustment of 3100000000.0 seconds is invalid");
  expect(announce_invalid(Duration::seconds(-4.5e9)), Severity::Warning,
         "Adjustment of -4500000000.0 seconds is invalid");
}

}  // namespace
}  // namespace timed::daemon
