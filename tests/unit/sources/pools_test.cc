#include "timed/sources/pools.h"

#include <gtest/gtest.h>

namespace timed::sources {
namespace {

using discipline::SourceId;
using Ids = std::vector<SourceId>;

LineMembers pool_of(int max_sources, std::uint32_t members) {
  LineMembers pool(max_sources);
  for (std::uint32_t i = 1; i <= members; ++i) pool.add(SourceId{i});
  return pool;
}

TEST(PoolSlots, TwiceAsManyAsAreWantedButSixteenAtMost) {
  EXPECT_EQ(pool_slots(1), 2u);
  EXPECT_EQ(pool_slots(4), 8u);
  EXPECT_EQ(pool_slots(8), 16u);
  EXPECT_EQ(pool_slots(16), 16u);
}

TEST(LineMembers, OnceEnoughAreConfirmedTheOthersAreSuperfluous) {
  LineMembers pool = pool_of(2, 4);
  EXPECT_TRUE(pool.confirm(SourceId{3}).empty());
  EXPECT_TRUE(pool.confirm(SourceId{3}).empty()) << "the same one again does not count";
  EXPECT_EQ(pool.confirm(SourceId{2}), (Ids{SourceId{1}, SourceId{4}}));
  pool.remove(SourceId{1});
  pool.remove(SourceId{4});
  EXPECT_EQ(pool.max_sources(), 2);
  EXPECT_EQ(pool.ids(), (Ids{SourceId{2}, SourceId{3}}));
}

TEST(LineMembers, AReplacedOneIsTentativeAgain) {
  LineMembers pool = pool_of(2, 3);
  pool.confirm(SourceId{1});
  pool.doubt(SourceId{1});
  EXPECT_TRUE(pool.confirm(SourceId{2}).empty());
  EXPECT_EQ(pool.confirm(SourceId{3}), Ids{SourceId{1}});
}

TEST(LineMembers, DeletedSourcesAreNotWantedAnyMore) {
  LineMembers pool = pool_of(2, 4);
  for (const std::uint32_t id : {1u, 2u, 3u}) pool.remove(SourceId{id});
  EXPECT_EQ(pool.max_sources(), 1);
  EXPECT_TRUE(pool.confirm(SourceId{4}).empty());
  pool.remove(SourceId{4});
  EXPECT_TRUE(pool.empty());
  pool.remove(SourceId{4});
  EXPECT_TRUE(pool.confirm(SourceId{4}).empty());
}

}  // namespace
}  // namespace timed::sources
