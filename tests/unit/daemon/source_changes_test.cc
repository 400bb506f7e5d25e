#include "timed/daemon/source_changes.h"

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

#include "tests/unit/sources/fake_seams.h"
#include "timed/base/text.h"

namespace timed::daemon {
namespace {

using control::ModifySelectoptsRequest;
using control::ModifySourceRequest;
using control::Reply;
using control::ReplyStatus;
using control::SourceAddress;

const IpAddress kAddress = IpAddress::v4(0xc0000201);
const IpAddress kUnknown = IpAddress::v4(0xc0000263);
constexpr std::uint32_t kPrefer = ModifySelectoptsRequest::kPrefer;
constexpr std::uint32_t kNoselect = ModifySelectoptsRequest::kNoselect;
constexpr std::uint32_t kTrust = ModifySelectoptsRequest::kTrust;

class SourceChangesTest : public testing::Test {
 protected:
  SourceChangesTest() : network(timers), timeline(sources::test_time(-1000)) {
    sources::SourceSetCallbacks callbacks;
    callbacks.now = [this] { return timeline.now(network.raw(), timers.now()); };
    set.emplace(std::vector<sources::SourceLine>{line("192.0.2.1 prefer offline"), line("a.example offline")},
                sources::SourceSetOptions{}, sources::SourceSetSeams{timers, network, host, timeline}, callbacks);
  }
  static sources::SourceLine line(std::string_view text) {
    const auto words = split_words(text);
    return std::get<sources::ParsedLine>(sources::parse_source_line(words)).line;
  }
  ReplyStatus send(const control::Request& request) {
    const auto reply = change_options(request, *set);
    return reply ? reply->status : ReplyStatus::Invalid;
  }
  discipline::SelectMarks marks() const { return *set->marks_of(*set->find(kAddress)); }

  sources::FakeTimers timers;
  sources::FakeNetwork network;
  sources::FakeHost host;
  discipline::Timeline timeline;
  std::optional<sources::SourceSet> set;
};

TEST_F(SourceChangesTest, EveryFieldIsChangedOfASourceThatIsThere) {
  using Field = ModifySourceRequest::Field;
  for (const Field field : {Field::MinPoll, Field::MaxPoll, Field::MinStratum, Field::PollTarget, Field::MaxDelay,
                            Field::MaxDelayRatio, Field::MaxDelayDevRatio}) {
    EXPECT_EQ(send(ModifySourceRequest{field, kAddress, 3}), ReplyStatus::Success);
    EXPECT_EQ(send(ModifySourceRequest{field, SourceAddress::unresolved(1), 3}), ReplyStatus::Success);
    EXPECT_EQ(send(ModifySourceRequest{field, kUnknown, 3}), ReplyStatus::NoSuchSource);
    EXPECT_EQ(send(ModifySourceRequest{field, SourceAddress::unresolved(9), 3}), ReplyStatus::NoSuchSource);
    EXPECT_EQ(send(ModifySourceRequest{field, {}, 3}), ReplyStatus::NoSuchSource);
  }
  EXPECT_EQ(send(ModifySourceRequest{Field::MinPoll, kAddress, 99}), ReplyStatus::Success) << "but nothing is changed";
}

TEST_F(SourceChangesTest, MarksAreTheOldOutsideOfTheMaskAndTheOptions) {
  EXPECT_EQ(send(ModifySelectoptsRequest{kAddress, {}, kPrefer | kNoselect, kNoselect}), ReplyStatus::Success);
  EXPECT_FALSE(marks().prefer);
  EXPECT_TRUE(marks().noselect);
  EXPECT_EQ(send(ModifySelectoptsRequest{kAddress, {}, 0, kTrust}), ReplyStatus::Success);
  EXPECT_TRUE(marks().trust) << "outside of the mask too";
  EXPECT_TRUE(marks().noselect);
  EXPECT_EQ(send(ModifySelectoptsRequest{kAddress, {}, 0, 0}), ReplyStatus::Success);
  EXPECT_TRUE(marks().trust && marks().noselect && !marks().require);
}

TEST_F(SourceChangesTest, ReferenceClocksAreNotFound) {
  EXPECT_EQ(send(ModifySelectoptsRequest{{}, ntp::RefId{0x47505300}, kPrefer, kPrefer}), ReplyStatus::NoSuchSource);
  EXPECT_EQ(send(control::ModifyOffsetRequest{{}, ntp::RefId{0x47505300}, Duration::seconds(1)}),
            ReplyStatus::NoSuchSource);
  EXPECT_EQ(send(control::ModifyOffsetRequest{kAddress, {}, Duration::seconds(1)}), ReplyStatus::Success);
}

TEST_F(SourceChangesTest, LeavesOtherRequestsToOthers) {
  EXPECT_FALSE(change_options(control::TrackingRequest{}, *set));
}

}  // namespace
}  // namespace timed::daemon
