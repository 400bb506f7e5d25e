#include "timed/sources/source_names.h"

#include <gtest/gtest.h>

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

TEST(NameQueue, GoesRoundAndDropsWhatIsResolved) {
  NameQueue queue;
  for (std::uint32_t i = 1; i <= 3; ++i) queue.add({SourceId{i}, "n" + std::to_string(i), Family::Unspecified});
  EXPECT_EQ(queue.next()->name, "n1");
  queue.remove(SourceId{1});
  EXPECT_EQ(queue.next()->name, "n2");
  EXPECT_EQ(queue.next()->name, "n3");
  queue.remove(SourceId{3});
  EXPECT_FALSE(queue.next().has_value());
  EXPECT_EQ(queue.next()->name, "n2") << "the next round";
  queue.remove(SourceId{2});
  EXPECT_TRUE(queue.empty());
  EXPECT_FALSE(queue.next().has_value());
}

TEST(NameQueue, RetriesDoubleFrom28SecondsToAnHour) {
  NameQueue queue;
  for (const double seconds : {28., 56., 112., 224., 448., 896., 1792., 3584., 3584.}) {
    EXPECT_EQ(queue.retry_delay(), Duration::seconds(seconds));
  }
  queue.hurry();
  EXPECT_EQ(queue.retry_delay(), Duration::seconds(28));
}

}  // namespace
}  // namespace timed::sources
