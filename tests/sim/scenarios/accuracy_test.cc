// docs/accuracy.md shows the scenarios of sim_accuracy, and its program measures what the scenario tests assert.
#include "tests/sim/accuracy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>

namespace timed::sim {
namespace {

const AccuracyCase& case_named(const std::string& name) {
  const auto& all = accuracy_cases();
  return *std::find_if(all.begin(), all.end(), [&](const AccuracyCase& c) { return c.name == name; });
}

TEST(Accuracy, ThePageShowsTheScenariosOfTheProgram) {
  std::ifstream in(TIMED_SOURCE_DIR "/docs/accuracy.md");
  const std::string page((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  std::vector<std::string> names;
  for (const AccuracyCase& c : accuracy_cases()) names.push_back(c.name);
  EXPECT_EQ(names_in_table(page), names) << "run sim_accuracy docs/accuracy.md";
  for (const AccuracyCase& c : accuracy_cases()) {
    EXPECT_NE(page.find("| " + c.name + " | " + c.what + " |"), std::string::npos) << c.name;
  }
}

TEST(Accuracy, OnlyTheTableBetweenTheMarkersIsRead) {
  const std::string begin(kAccuracyBegin), end(kAccuracyEnd);
  EXPECT_TRUE(names_in_table("| a | b |\n").empty());
  EXPECT_EQ(
      names_in_table("| no |\n" + begin + "| head | x |\n|---|---|\n| one | x |\n| two | y |\n" + end + "| no |\n"),
      (std::vector<std::string>{"one", "two"}));
}

TEST(Accuracy, RunsAreCountedTogether) {
  AccuracyCase c = case_named("default");
  c.span = Duration::seconds(2000);
  const Accuracy one = measure_accuracy(c, 1);
  const Accuracy three = measure_accuracy(c, 3);
  EXPECT_EQ(one.runs, 1);
  EXPECT_EQ(one.synchronised, 1);
  EXPECT_EQ(one.earliest_sync, one.latest_sync);
  EXPECT_EQ(three.synchronised, 3);
  EXPECT_LE(three.earliest_sync, one.earliest_sync);
  EXPECT_GE(three.latest_sync, one.latest_sync);
  EXPECT_GE(three.max_error, one.max_error);
  EXPECT_LE(three.rms_error, three.max_error);
  EXPECT_GT(three.rms_error, Duration::zero());
  EXPECT_GE(three.mean_poll, Duration::seconds(64)) << "minpoll 6";
  EXPECT_LE(three.mean_poll, Duration::seconds(1045)) << "maxpoll 10, and two of a hundred";
  // Nobody synchronises within a minute.
  c.span = Duration::seconds(60);
  EXPECT_EQ(measure_accuracy(c, 2).synchronised, 0);
}

}  // namespace
}  // namespace timed::sim
