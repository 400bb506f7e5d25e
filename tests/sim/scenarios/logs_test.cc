// The logs in logdir: one row an event, banners, and what happens when the files are renamed.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/sim/scenario.h"
#include "timed/base/text.h"

namespace timed::sim {
namespace {

constexpr const char* kAllLogs =
    "log measurements statistics tracking selection rtc refclocks tempcomp\nlogdir /var/log/timed\n";

// The rows of a log, without banners; none where there is no file.
std::vector<std::string> rows(Node& node, const std::string& stream) {
  std::vector<std::string> found;
  const auto text = node.files().read("/var/log/timed/" + stream + ".log");
  std::size_t begin = 0;
  while (text && begin < text->size()) {
    const std::size_t end = text->find('\n', begin);
    const std::string line = text->substr(begin, end - begin);
    if (!line.starts_with('=') && !line.starts_with("   Date")) found.push_back(line);
    begin = end + 1;
  }
  return found;
}

std::size_t count(const std::string& text, const std::string& what) {
  std::size_t n = 0;
  for (std::size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

std::size_t with_state(const std::vector<std::string>& selection_rows, char state) {
  std::size_t n = 0;
  for (const std::string& row : selection_rows) n += row[36] == state ? 1 : 0;
  return n;
}

Node& client(Scenario& scenario, const std::string& logs) {
  scenario.add_server("right", {"10.0.0.1"});
  scenario.add_server("right too", {"10.0.0.2"});
  Node& wrong = scenario.add_server("wrong", {"10.0.0.3"});
  wrong.clock().disturb(Duration::seconds(0.5));
  Node& node = scenario.add("client", {"10.0.0.9"}, usual_clock(),
                            "server 10.0.0.1 iburst minpoll 4 maxpoll 4\nserver 10.0.0.2 iburst minpoll 4 maxpoll 4\n"
                            "server 10.0.0.3 iburst minpoll 4 maxpoll 4\n" +
                                logs);
  TIMED_ASSERT(node.files().make_directory("/var/log/timed", 0750, 0, 0).ok());
  return node;
}

TEST(Logs, HaveARowForEachEvent) {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    Scenario scenario(seed);
    Node& node = client(scenario, kAllLogs);
    scenario.start_all();
    scenario.run_for(Duration::seconds(600));

    std::size_t samples = 0, fits = 0;
    for (const char* address : {"10.0.0.1", "10.0.0.2", "10.0.0.3"}) {
      const auto stats = stats_report(node, address);
      ASSERT_TRUE(stats.has_value());
      const auto of_source = [&](const std::string& stream) {
        std::size_t n = 0;
        for (const std::string& row : rows(node, stream)) n += row.substr(20).starts_with(address) ? 1 : 0;
        return n;
      };
      // Four at once, then one each 16 s.
      EXPECT_NEAR(static_cast<double>(of_source("measurements")), 4.0 + 600.0 / 16.0, 4.0) << scenario.report(node);
      // A fit needs three samples, then there is one for each.
      EXPECT_EQ(of_source("statistics") + 2, of_source("measurements")) << scenario.report(node);
      samples += of_source("measurements");
      fits += of_source("statistics");
    }
    EXPECT_EQ(rows(node, "measurements").size(), samples);
    EXPECT_EQ(rows(node, "statistics").size(), fits);

    const auto tracking = rows(node, "tracking");
    ASSERT_GT(tracking.size(), 30u) << scenario.report(node);
    EXPECT_EQ(tracking[0].substr(20, 20), "0.0.0.0          0  ");
    for (std::size_t i = 1; i < tracking.size(); ++i) EXPECT_EQ(tracking[i].substr(36, 2), " 2") << tracking[i];

    // A round after each sample, with a row for each source; one leads, and in each of its own rounds updates.
    const auto selection = rows(node, "selection");
    EXPECT_EQ(selection.size(), 3 * samples) << scenario.report(node);
    EXPECT_GE(with_state(selection, '*'), tracking.size() - 1);
    EXPECT_EQ(with_state(selection, '*') + with_state(selection, 'M') + with_state(selection, 'w') +
                  with_state(selection, 'x') + with_state(selection, '+') + with_state(selection, 'D'),
              selection.size());
    EXPECT_GT(with_state(selection, 'x'), samples / 2);

    // Nothing feeds these, and an empty file would say otherwise.
    for (const char* stream : {"rtc", "refclocks", "tempcomp"}) {
      EXPECT_FALSE(node.files().exists(std::string("/var/log/timed/") + stream + ".log"));
    }
  }
}

TEST(Logs, TellTheModeOfAnExchange) {
  for (const bool interleaved : {false, true}) {
    Scenario scenario(9);
    scenario.add_server("server", {"10.0.0.1"});
    Node& node = scenario.add(
        "client", {"10.0.0.9"}, usual_clock(),
        std::string("server 10.0.0.1 minpoll 4 maxpoll 4") + (interleaved ? " xleave\n" : "\n") + kAllLogs);
    ASSERT_TRUE(node.files().make_directory("/var/log/timed", 0750, 0, 0).ok());
    scenario.start_all();
    scenario.run_for(Duration::seconds(600));
    std::size_t in_mode_i = 0, in_mode_b = 0;
    for (const std::string& row : rows(node, "measurements")) {
      in_mode_i += row.find(" 4I ") != std::string::npos ? 1 : 0;
      in_mode_b += row.find(" 4B ") != std::string::npos ? 1 : 0;
    }
    EXPECT_EQ(in_mode_i > 0, interleaved) << scenario.report(node);
    EXPECT_GT(interleaved ? in_mode_i : in_mode_b, 30u) << scenario.report(node);
    EXPECT_GT(in_mode_b, 0u) << "the first answer is never an interleaved one";
  }
}

TEST(Logs, RepeatTheirBannerEveryNthEntry) {
  Scenario scenario(4);
  Node& node = client(scenario, "log measurements\nlogdir /var/log/timed\nlogbanner 10\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(300));
  const auto text = node.files().read("/var/log/timed/measurements.log");
  ASSERT_TRUE(text.ok());
  EXPECT_EQ(count(*text, "   Date (UTC) Time"), (rows(node, "measurements").size() + 9) / 10);
}

TEST(Logs, BeginNewFilesWhenTold) {
  Scenario scenario(5);
  Node& node = client(scenario, "log tracking\nlogdir /var/log/timed\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(300));
  ASSERT_FALSE(rows(node, "tracking").empty());
  ASSERT_TRUE(node.files().remove("/var/log/timed/tracking.log").ok());
  ASSERT_TRUE(node.ask<std::monostate>(control::CyclelogsRequest{}).has_value()) << scenario.report(node);
  scenario.run_for(Duration::seconds(300));
  const auto text = node.files().read("/var/log/timed/tracking.log");
  ASSERT_TRUE(text.ok());
  EXPECT_TRUE(text->starts_with("====")) << *text;
  EXPECT_GT(rows(node, "tracking").size(), 10u);
}

TEST(Logs, AreNotMissedWithoutADirectory) {
  Scenario scenario(6);
  Node& node = client(scenario, "log measurements tracking\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(300));
  EXPECT_TRUE(node.log().contains("logdir not specified")) << scenario.report(node);
  EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
}

TEST(Logs, TellOnceOfADirectoryThatTakesNone) {
  Scenario scenario(7);
  Node& node = client(scenario, "log tracking\nlogdir /var/log/timed\n");
  node.files().refuse_writes_below("/var/log/timed");
  scenario.start_all();
  scenario.run_for(Duration::seconds(300));
  EXPECT_TRUE(node.log().contains("/var/log/timed/tracking.log")) << scenario.report(node);
  EXPECT_FALSE(node.files().exists("/var/log/timed/tracking.log"));
  EXPECT_LE(abs(node.clock_error()), Duration::millis(1)) << scenario.report(node);
}

TEST(Logs, TellOfTheLossOfSynchronisation) {
  Scenario scenario(8);
  Node& node = client(scenario, "log tracking\nlogdir /var/log/timed\nmakestep 1 -1\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(300));
  const auto before = rows(node, "tracking");
  node.clock().disturb(Duration::seconds(3600));
  scenario.run_for(Duration::seconds(20));  // it is noticed at the next turn, at the latest with the next poll
  const auto after = rows(node, "tracking");
  ASSERT_GT(after.size(), before.size()) << scenario.report(node);
  EXPECT_EQ(after[before.size()].substr(20, 20), "0.0.0.0          0  ");
  // What is known of the frequency is not lost.
  EXPECT_NE(after[before.size()].substr(49, 10), "1000000.00") << after[before.size()];
}

}  // namespace
}  // namespace timed::sim
