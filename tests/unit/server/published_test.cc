#include "timed/server/published.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>

namespace timed::server {
namespace {

// All of its words tell the same number.
discipline::OwnState state_of(int number) {
  discipline::OwnState state;
  state.steps = static_cast<std::uint32_t>(number);
  state.root_delay = state.root_dispersion = Duration::seconds(number);
  state.line_start = RawTime::from_seconds(number);
  state.smoothing.offset = Duration::seconds(number);
  return state;
}

bool is_whole(const discipline::OwnState& state) {
  const auto number = static_cast<int>(state.steps);
  const Duration span = Duration::seconds(number);
  return state.root_delay == span && state.root_dispersion == span && state.smoothing.offset == span &&
         state.line_start == RawTime::from_seconds(number);
}

TEST(Published, BeforeTheFirstStateNothingIsKnownOfTheClock) {
  const Published published;
  Published::Version version;
  EXPECT_FALSE(published.refresh(version));
  EXPECT_EQ(version.state.leap, ntp::Leap::Unsynchronised);
}

TEST(Published, AStateIsCopiedOnce) {
  Published published;
  Published::Version version;
  published.set_state(state_of(7));
  EXPECT_TRUE(published.refresh(version));
  EXPECT_EQ(version.state.steps, 7u);
  const auto number = version.number;
  EXPECT_FALSE(published.refresh(version));
  published.set_state(state_of(8));
  EXPECT_TRUE(published.refresh(version));
  EXPECT_EQ(version.state.steps, 8u);
  EXPECT_NE(version.number, number);
}

TEST(Published, TablesAndForgettingHaveNumbers) {
  Published published;
  const auto before = published.tables_number();
  auto tables = std::make_shared<ServingTables>();
  published.set_tables(tables);
  EXPECT_NE(published.tables_number(), before);
  EXPECT_EQ(published.tables(), tables);
  const auto forgotten = published.forgotten();
  published.forget_stamps();
  EXPECT_NE(published.forgotten(), forgotten);
}

// A reader that saw half of one state and half of the next would serve a time that never was.
TEST(Published, NoReaderSeesHalfOfAState) {
  struct Shared {
    Published published;
    std::atomic<bool> ended{false};
    std::atomic<int> torn{0};
    std::atomic<int> seen{0};
  } shared;
  const auto read = [](void* argument) -> void* {
    auto& with = *static_cast<Shared*>(argument);
    Published::Version version;
    int last = -1;
    while (!with.ended) {
      if (!with.published.refresh(version)) continue;
      const int number = static_cast<int>(version.state.steps);
      if (!is_whole(version.state) || number < last) ++with.torn;
      last = number;
      ++with.seen;
    }
    return nullptr;
  };
  pthread_t readers[2];
  for (pthread_t& reader : readers) ASSERT_EQ(::pthread_create(&reader, nullptr, read, &shared), 0);
  // As many as it takes for both to have seen some: one processor may run them one after the other.
  for (int i = 0; i < 20'000 || (shared.seen < 100 && i < 50'000'000); ++i) shared.published.set_state(state_of(i));
  shared.ended = true;
  for (const pthread_t reader : readers) ::pthread_join(reader, nullptr);
  EXPECT_EQ(shared.torn, 0);
  EXPECT_GE(shared.seen, 100);
}

}  // namespace
}  // namespace timed::server
