#include "timed/sources/source_files.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <tuple>

#include "tests/unit/config/memory_files.h"
#include "tests/unit/sources/fake_seams.h"
#include "timed/base/log.h"

namespace timed::sources {
namespace {

std::vector<SourceLine> lines_of(std::string_view text) {
  FoundSources found;
  read_source_lines(text, "file", found);
  return found.lines;
}

std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> names;
  for (const SourceLine& line : lines_of(text)) names.push_back(line.name);
  return names;
}
using Names = std::vector<std::string>;

TEST(ReadSourceLines, OnlySourcesAndOnlyWholeLines) {
  EXPECT_EQ(names_in("server a\n\n# server b\n  POOL c iburst\r\npeer d\nallow\nserver\nserver e nonsense\nserver f"),
            (Names{"a", "c", "d"}));
  EXPECT_EQ(names_in("server a iburst # said so\n" + std::string(2047, ' ') + "server b\nserver c\n"),
            (Names{"a", "c"}));
  const auto lines = lines_of("pool p maxsources 2\nserver s port 1123\npeer q\n");
  EXPECT_EQ(lines[0].kind, SourceKind::Pool);
  EXPECT_EQ(lines[0].max_sources, 2);
  EXPECT_EQ(lines[1].port, 1123);
  EXPECT_EQ(lines[2].kind, SourceKind::Peer);
}

TEST(ReadSourceFiles, TheFirstDirectoryOfALineHasItsName) {
  config::MemoryFiles files;
  files.files = {{"/a/one.sources", "server a1\n"}, {"/b/one.sources", "server b1\n"},
                 {"/b/two.sources", "server b2\n"}, {"/b/.hidden.sources", "server no\n"},
                 {"/b/three.conf", "server no\n"},  {"/c/bad.sources", "server no\n"},
                 {"/c/good.sources", "server c1\n"}};
  files.broken["/c/bad.sources"] = "Permission denied";
  const std::vector<SourceDirectories> directories = {{"/none", "/a", "/b/"}, {"/b", "/c"}};
  Names names;
  for (const SourceLine& line : read_source_files(files, directories).lines) names.push_back(line.name);
  EXPECT_EQ(names, (Names{"a1", "b2", "c1", "b1", "b2"})) << "each line of directives is on its own, sorted by name";
}

TEST(ComesBefore, NameKindFamilyAndPortThenTheRest) {
  const auto one = [](const std::string& text) { return lines_of(text + "\n").at(0); };
  const std::vector<std::string> sorted = {"server a",      "server a minpoll 7", "server a port 200",
                                           "server a ipv4", "pool a port 100",    "server b"};
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    for (std::size_t k = 0; k < sorted.size(); ++k) {
      EXPECT_EQ(comes_before(one(sorted[i]), one(sorted[k])), i < k) << sorted[i] << " / " << sorted[k];
    }
  }
}

class SourceFilesTest : public testing::Test {
 protected:
  SourceFilesTest()
      : network(timers),
        timeline(test_time(-1000)),
        set({}, options(), {timers, network, host, timeline}, callbacks()),
        dirs({{"/d"}}, files, timers, set) {
    log::set_sink([this](log::Severity, std::string_view message) { messages.emplace_back(message); });
    set.start();
  }
  ~SourceFilesTest() override {
    log::set_sink([](log::Severity, std::string_view) {});
  }
  static SourceSetOptions options() {
    SourceSetOptions options;
    options.precision = Duration::seconds(1e-7);
    return options;
  }
  SourceSetCallbacks callbacks() {
    SourceSetCallbacks c;
    c.now = [this] { return timeline.now(network.raw(), timers.now()); };
    c.own = [] { return OwnView(); };
    c.on_sample = c.on_reachability = [](discipline::SourceId) {};
    c.on_forgotten = [this](discipline::SourceId id) { forgotten.push_back(id.value); };
    return c;
  }
  Names reload(const std::string& text) {
    files.files["/d/x.sources"] = text;
    messages.clear();
    dirs.reload();
    return messages;
  }

  FakeTimers timers;
  FakeNetwork network;
  FakeHost host;
  discipline::Timeline timeline;
  config::MemoryFiles files;
  std::vector<std::uint32_t> forgotten;
  Names messages;
  SourceSet set;
  SourceFiles dirs;
};

TEST_F(SourceFilesTest, UnchangedLinesAreLeftAlone) {
  EXPECT_EQ(reload("server 192.0.2.2\nserver 192.0.2.1 iburst\n"),
            (Names{"Added source 192.0.2.1", "Added source 192.0.2.2"}))
      << "sorted";
  EXPECT_EQ(reload("server 192.0.2.1   IBURST\nserver 192.0.2.2\n"), Names());
  EXPECT_TRUE(forgotten.empty());
}

TEST_F(SourceFilesTest, AChangedOptionIsAnotherSourceOfTheSameAddress) {
  reload("server 192.0.2.1\n");
  EXPECT_EQ(reload("server 192.0.2.1 minpoll 5\n"), (Names{"Removed source 192.0.2.1", "Added source 192.0.2.1"}));
  EXPECT_EQ(forgotten, std::vector<std::uint32_t>{1});
  EXPECT_EQ(set.size(), 1u);
}

TEST_F(SourceFilesTest, EqualLinesAreCounted) {
  reload("server n.example\nserver n.example\nserver n.example\n");
  EXPECT_EQ(set.size(), 3u);
  EXPECT_EQ(reload("server n.example\nserver n.example\n").size(), 1u);
  EXPECT_EQ(set.size(), 2u);
}

TEST_F(SourceFilesTest, FailuresAreToldOnceAndTriedAgain) {
  SourceLine taken;
  taken.name = "192.0.2.1";
  const LineId id = set.add(taken, log::Severity::Debug).line;
  const std::string text = "server 192.0.2.1 iburst\n";
  EXPECT_EQ(reload(text), Names{"Could not add source 192.0.2.1 : Already in use"});
  EXPECT_EQ(reload(text), Names());
  set.remove_line(id, log::Severity::Debug);
  EXPECT_EQ(reload(text), Names{"Added source 192.0.2.1"});
}

TEST_F(SourceFilesTest, APoolGoesWithAllItsSources) {
  EXPECT_EQ(reload("pool p.example\n"), Names{"Added pool p.example"});
  EXPECT_EQ(set.size(), 8u);
  host.answer(std::vector<IpAddress>{IpAddress::v4(0xc0000201), IpAddress::v4(0xc0000202)});
  EXPECT_EQ(reload(""), Names{"Removed pool p.example"});
  EXPECT_EQ(set.size(), 0u);
}

TEST_F(SourceFilesTest, TheLastReloadIsReported) {
  using What = ReloadChange::What;
  EXPECT_FALSE(dirs.last_reload());
  reload("server 192.0.2.1\npeer 192.0.2.2\n");
  EXPECT_EQ(dirs.last_reload()->count(What::Added), 2u);
  timers.elapsed += 7;
  SourceLine taken;
  taken.name = "192.0.2.9";
  set.add(taken, log::Severity::Debug);
  reload("server 192.0.2.1\n\n# a comment\nservr 192.0.2.3\npool 192.0.2.9\nserver 192.0.2.9\nserver x");
  const ReloadReport& report = *dirs.last_reload();
  EXPECT_EQ(report.when, timers.now());
  std::vector<std::tuple<What, std::string, unsigned>> changes;
  for (const ReloadChange& c : report.changes) {
    changes.emplace_back(c.what, c.what == What::PassedOver ? c.where.file : c.name, c.where.line);
  }
  EXPECT_EQ(changes, (std::vector<std::tuple<What, std::string, unsigned>>{{What::Removed, "192.0.2.2", 0},
                                                                           {What::Kept, "192.0.2.1", 0},
                                                                           {What::Refused, "192.0.2.9", 0},
                                                                           {What::Refused, "192.0.2.9", 0},
                                                                           {What::PassedOver, "/d/x.sources", 4},
                                                                           {What::PassedOver, "/d/x.sources", 7}}));
  EXPECT_EQ(report.changes[0].kind, SourceKind::Peer);
  EXPECT_EQ(report.changes[2].reason, AddStatus::AlreadyInUse);
  files.broken["/d/x.sources"] = "Permission denied";
  dirs.reload();
  EXPECT_EQ(dirs.last_reload()->count(What::Removed), 1u);
  EXPECT_EQ(dirs.last_reload()->changes.back().where, (PassedOver{"/d/x.sources", 0})) << "the whole file";
}

TEST_F(SourceFilesTest, EachFileWithLinesThatArePassedOverHasOneMessageEachTime) {
  const std::string text = "server 192.0.2.1\nserver 192.0.2.2 ibrust\n# fine\nallow\n";
  EXPECT_EQ(reload(text).back(), "2 lines of /d/x.sources were passed over, the first at line 2");
  files.files["/d/y.sources"] = "server 192.0.2.3";
  files.files["/d/z.sources"] = "server 192.0.2.3\n";
  files.broken["/d/z.sources"] = "Permission denied";
  EXPECT_EQ(reload(text), (Names{"2 lines of /d/x.sources were passed over, the first at line 2",
                                 "Line 1 of /d/y.sources was passed over", "/d/z.sources could not be read"}));
  files.broken["/d"] = "Permission denied";
  EXPECT_EQ(reload(text).back(), "/d could not be read");
}

TEST_F(SourceFilesTest, TheMessagesOfLinesThatArePassedOverAreBounded) {
  files.files["/d/0.sources"] = std::string(4000, '\n');
  for (int line = 0; line < 2000; ++line) files.files["/d/0.sources"] += "servr\n";
  for (int file = 100; file < 200; ++file) files.files[format("/d/%d.sources", file)] = "servr\n";
  reload("");
  ASSERT_EQ(messages.size(), FoundSources::kMaxToldFiles + 1);
  EXPECT_EQ(messages.front(), "2000 lines of /d/0.sources were passed over, the first at line 4001");
  EXPECT_EQ(messages.back(), "Lines of 85 more files were passed over");
}

TEST_F(SourceFilesTest, WhatACommandDeletedStaysAway) {
  reload("server 192.0.2.1\n");
  set.remove(*set.find(IpAddress::v4(0xc0000201)), log::Severity::Info);
  EXPECT_EQ(reload("server 192.0.2.1\n"), Names());
  EXPECT_EQ(reload(""), Names());
}

}  // namespace
}  // namespace timed::sources
