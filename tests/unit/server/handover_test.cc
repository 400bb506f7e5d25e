#include "timed/server/handover.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace timed::server {
namespace {

env::Datagram numbered(std::uint16_t number) {
  env::Datagram datagram{};
  datagram.peer.port = number;
  return datagram;
}

struct Taken {
  std::vector<std::pair<std::size_t, std::uint16_t>> all;
  Handover handover{
      [this](Handover::Kind, std::size_t place, const env::Datagram& d) { all.emplace_back(place, d.peer.port); }};
};

TEST(Handover, DeliversInOrderAndTellsOfTheFirst) {
  Taken taken;
  EXPECT_TRUE(taken.handover.put(Handover::Kind::OfSource, 1, numbered(10)));
  EXPECT_FALSE(taken.handover.put(Handover::Kind::OfSource, 0, numbered(11)));
  taken.handover.take();
  EXPECT_EQ(taken.all, (std::vector<std::pair<std::size_t, std::uint16_t>>{{1, 10}, {0, 11}}));
  taken.handover.take();
  EXPECT_EQ(taken.all.size(), 2u);
  EXPECT_TRUE(taken.handover.put(Handover::Kind::OfSource, 0, numbered(12)));
}

// Whoever floods it fills only its own way.
TEST(Handover, IsBounded) {
  Taken taken;
  for (std::uint16_t i = 0; i < 200; ++i) taken.handover.put(Handover::Kind::OfSource, 0, numbered(i));
  EXPECT_EQ(taken.handover.lost(), 200 - Handover::kRoom);
  taken.handover.take();
  EXPECT_EQ(taken.all.size(), Handover::kRoom);
  EXPECT_TRUE(taken.handover.put(Handover::Kind::OfSource, 0, numbered(1)));
}

TEST(Handover, SourcesFindRoomBesideWhatAnybodyMaySend) {
  Taken taken;
  for (std::uint16_t i = 0; i < 100; ++i) {
    taken.handover.put(Handover::Kind::OfNtpq, 0, numbered(i));
    taken.handover.put(Handover::Kind::ToBeSigned, 0, numbered(i));
  }
  EXPECT_EQ(taken.handover.lost(), 200 - Handover::kRoom * 3 / 4);
  for (std::uint16_t i = 0; i < 16; ++i) taken.handover.put(Handover::Kind::OfSource, 7, numbered(i));
  EXPECT_EQ(taken.handover.lost(), 200 - Handover::kRoom * 3 / 4) << "of those that others have filled";
  taken.handover.take();
  EXPECT_EQ(std::count_if(taken.all.begin(), taken.all.end(), [](const auto& one) { return one.first == 7; }), 16);
  taken.handover.put(Handover::Kind::OfNtpq, 0, numbered(1));
  taken.handover.take();
  EXPECT_EQ(taken.all.size(), Handover::kRoom + 1) << "what was taken makes room";
}

TEST(Handover, ManyThreadsMayPut) {
  Taken taken;
  const auto put = [](void* handover) -> void* {
    for (std::uint16_t i = 0; i < 1000; ++i)
      static_cast<Handover*>(handover)->put(Handover::Kind::OfSource, 0, numbered(i));
    return nullptr;
  };
  pthread_t threads[2];
  for (pthread_t& thread : threads) ASSERT_EQ(::pthread_create(&thread, nullptr, put, &taken.handover), 0);
  for (int i = 0; i < 100; ++i) taken.handover.take();
  for (const pthread_t thread : threads) ::pthread_join(thread, nullptr);
  taken.handover.take();
  EXPECT_EQ(taken.all.size() + taken.handover.lost(), 2000u);
}

}  // namespace
}  // namespace timed::server
