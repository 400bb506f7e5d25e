#include "timed/sources/source_names.h"

#include <gtest/gtest.h>

#include "tests/unit/sources/fake_seams.h"
#include "timed/sources/name_lookups.h"

namespace timed::sources {
namespace {

using discipline::SourceId;

TEST(HostKind, LiteralsAndFamilies) {
  SourceLine line;
  line.name = "192.0.2.7";
  EXPECT_EQ(host_kind(line, Family::Unspecified).literal, IpAddress::v4(0xc0000207));
  EXPECT_FALSE(host_kind(line, Family::Inet4).wrong_family);
  EXPECT_TRUE(host_kind(line, Family::Inet6).wrong_family);
  line.name = "ntp.example.net";
  EXPECT_FALSE(host_kind(line, Family::Inet6).literal.has_value());
  EXPECT_FALSE(host_kind(line, Family::Inet6).wrong_family);
}

TEST(WantedFamily, OfTheLineGoesBeforeThatOfTheDaemon) {
  SourceLine line;
  EXPECT_EQ(wanted_family(line, Family::Inet6), Family::Inet6);
  line.family = Family::Inet4;
  EXPECT_EQ(wanted_family(line, Family::Inet6), Family::Inet4);
}

NameLookup fill(std::uint32_t line) {
  return {LineId{line}, std::nullopt, LookupPurpose::Fill, "n" + std::to_string(line), Family::Unspecified};
}
NameLookup replace(std::uint32_t line, std::uint32_t source) {
  return {LineId{line}, SourceId{source}, LookupPurpose::Replace, "n" + std::to_string(line), Family::Unspecified};
}

TEST(NameQueue, GoesRoundAndDropsWhatIsResolved) {
  NameQueue queue;
  for (std::uint32_t i = 1; i <= 3; ++i) queue.add(fill(i));
  EXPECT_EQ(queue.next()->name, "n1");
  queue.remove(fill(1));
  EXPECT_EQ(queue.next()->name, "n2");
  EXPECT_EQ(queue.next()->name, "n3");
  queue.remove(fill(3));
  EXPECT_FALSE(queue.next().has_value());
  EXPECT_EQ(queue.next()->name, "n2") << "the next round";
  queue.remove(fill(2));
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.next().has_value());
}

TEST(NameQueue, WhatIsAddedComesInTheRoundThatRuns) {
  NameQueue queue;
  queue.add(fill(1));
  queue.next();
  queue.add(replace(1, 7));
  queue.add(replace(1, 7));
  EXPECT_EQ(queue.next()->source, SourceId{7});
  EXPECT_FALSE(queue.next().has_value()) << "not twice for the same source";
}

TEST(NameQueue, LinesAndSourcesThatAreGoneAreNotAskedFor) {
  NameQueue queue;
  queue.add(replace(1, 7));
  queue.add(fill(1));
  queue.add(fill(2));
  queue.add(replace(2, 9));
  EXPECT_EQ(queue.next()->source, SourceId{7});
  EXPECT_EQ(queue.next()->name, "n1");
  queue.remove_line(LineId{1});
  EXPECT_EQ(queue.next()->name, "n2") << "none is left out, none comes twice";
  queue.remove_source(SourceId{9});
  EXPECT_FALSE(queue.next().has_value());
  queue.remove(replace(2, 9));
  EXPECT_EQ(queue.next()->name, "n2") << "only that of the source was meant";
}

TEST(NameQueue, RetriesDoubleFrom28SecondsToAnHour) {
  NameQueue queue;
  queue.add(fill(1));
  for (const double seconds : {28., 56., 112., 224., 448., 896., 1792., 3584., 3584.}) {
    EXPECT_EQ(queue.retry_delay(), Duration::seconds(seconds));
  }
  queue.hurry();
  EXPECT_EQ(queue.retry_delay(), Duration::seconds(28));
}

TEST(NameQueue, ARoundAheadOfItsTimeDoesNotLengthenTheWait) {
  NameQueue queue;
  queue.add(fill(1));
  queue.retry_delay();
  EXPECT_EQ(queue.retry_delay(), Duration::seconds(56));
  queue.next();
  queue.begin_early();
  EXPECT_EQ(queue.next()->name, "n1");
  EXPECT_EQ(queue.retry_delay(), Duration::seconds(56)) << "again";
  queue.remove(fill(1));
  EXPECT_EQ(queue.retry_delay(), Duration::seconds(28)) << "all are resolved: from the beginning";
}

TEST(NameLookups, WhatIsAddedWhileOthersWaitIsAskedWithThem) {
  FakeTimers timers;
  FakeHost host;
  NameLookups lookups(host, timers, [](const NameLookup&, const NameLookups::Addresses& a) { return a.ok(); });
  lookups.add(fill(1));
  EXPECT_TRUE(host.lookups.empty()) << "not before it starts";
  lookups.start();
  const auto fail = [&](const std::string& name) {
    ASSERT_EQ(host.lookups.size(), 1u);
    EXPECT_EQ(host.lookups[0].name, name);
    host.answer(Error{"Temporary failure"});
  };
  fail("n1");
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(5);
  lookups.add(fill(2));
  fail("n1");
  fail("n2");
  timers.advance(27.9);
  EXPECT_TRUE(host.lookups.empty());
  timers.advance(0.2);
  EXPECT_EQ(host.lookups.size(), 1u) << "28 s, as after a first round";
}

}  // namespace
}  // namespace timed::sources
