#include "timed/discipline/selection.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace timed::discipline {
namespace {

using Kind = SelectionMessage::Kind;

Candidate candidate(std::uint32_t id, double offset_s, double distance_s = 0.01) {
  Candidate c;
  c.id = {id};
  c.stratum = 2;
  c.leap = ntp::Leap::Normal;
  c.reach = 0xff;
  c.reach_size = 8;
  SelectionData data;
  data.usable = true;
  data.offset = Duration::seconds(offset_s);
  data.root_distance = Duration::seconds(distance_s);
  data.std_dev = Duration::micros(10);
  data.first_sample_age = Duration::seconds(100);
  data.last_sample_age = Duration::seconds(1);
  c.data = data;
  LocalEstimate e;
  e.when = LocalTime::from_seconds(1000);
  e.offset = Duration::seconds(offset_s);
  e.offset_sd = Duration::micros(10);
  e.frequency_sd = Frequency::ppm(0.1);
  e.skew = Frequency::ppm(1);
  e.root_delay = Duration::seconds(distance_s);
  e.root_dispersion = Duration::seconds(distance_s / 2);
  c.estimate = e;
  return c;
}

class SelectionTest : public ::testing::Test {
 protected:
  // One round in which every source has had a new sample.
  Selection round(const std::vector<Candidate>& candidates) {
    for (const Candidate& c : candidates) selector.note_sample(c.id);
    return selector.select(candidates, local);
  }
  void go_orphan() {
    local.enabled = local.orphan = true;
    local.stratum = 10;
  }
  // Another one like us, of that reference.
  static Candidate orphan(std::uint32_t id, std::uint32_t ref_id) {
    Candidate c = candidate(id, 0.0);
    c.stratum = 10;
    c.ref_id = {ref_id};
    return c;
  }
  char state(std::uint32_t id) const { return static_cast<char>(selector.state_of({id}).state); }
  std::string states(std::uint32_t n) const {
    std::string all;
    for (std::uint32_t id = 1; id <= n; ++id) all += state(id);
    return all;
  }
  static bool told(const Selection& s, Kind kind) {
    return std::any_of(s.messages.begin(), s.messages.end(), [kind](const auto& m) { return m.kind == kind; });
  }

  SelectionOptions options;
  LocalReferenceOptions local;
  Selector selector{options};
};

TEST_F(SelectionTest, OneSourceIsSelectedAndUsedAsItIs) {
  const Selection s = round({candidate(1, 0.25)});
  EXPECT_EQ(s.selected, SourceId{1});
  ASSERT_TRUE(s.combined);
  EXPECT_EQ(s.combined->offset, Duration::seconds(0.25));
  EXPECT_EQ(s.combined_sources, 1);
  EXPECT_EQ(states(1), "*");
  EXPECT_TRUE(told(s, Kind::Selected));
}

TEST_F(SelectionTest, NothingToSelectFromIsToldOnce) {
  EXPECT_TRUE(told(round({}), Kind::NoSources));
  EXPECT_FALSE(told(round({}), Kind::NoSources));
}

TEST_F(SelectionTest, AFalsetickerAmongFiveIsFoundAndToldOnce) {
  const std::vector<Candidate> five = {candidate(1, 0), candidate(2, 0.001), candidate(3, 5.0), candidate(4, -0.001),
                                       candidate(5, 0.002)};
  const Selection s = round(five);
  EXPECT_NE(s.selected, SourceId{3});
  EXPECT_EQ(state(3), 'x');
  EXPECT_TRUE(told(s, Kind::Falseticker));
  EXPECT_FALSE(told(round(five), Kind::Falseticker));
  EXPECT_EQ(s.combined_sources, 4);
}

TEST_F(SelectionTest, TwoThatDisagreeHaveNoMajority) {
  const std::vector<Candidate> two = {candidate(1, 0), candidate(2, 5)};
  const Selection s = round(two);
  EXPECT_FALSE(s.selected);
  EXPECT_EQ(states(2), "xx");
  ASSERT_TRUE(told(s, Kind::NoMajority));
  EXPECT_EQ(s.messages[0].agreeing, 1);
  EXPECT_EQ(s.messages[0].among, 2);
  EXPECT_FALSE(s.lose_synchronisation) << "there was none to lose";
  EXPECT_FALSE(told(round(two), Kind::NoMajority));
}

TEST_F(SelectionTest, LosingTheMajorityLosesSynchronisation) {
  round({candidate(1, 0), candidate(2, 0)});
  const Selection s = round({candidate(1, 0), candidate(2, 5)});
  EXPECT_TRUE(s.lose_synchronisation);
  EXPECT_FALSE(s.selected);
}

TEST_F(SelectionTest, ATrustedSourceDecidesAgainstAMajority) {
  std::vector<Candidate> four = {candidate(1, 0), candidate(2, 5), candidate(3, 5), candidate(4, 5)};
  four[0].marks.trust = true;
  const Selection s = round(four);
  EXPECT_EQ(s.selected, SourceId{1});
  EXPECT_EQ(states(4), "*xxx");
}

TEST_F(SelectionTest, AnUntrustedSourceMustLieWithinTheTrustedInterval) {
  std::vector<Candidate> two = {candidate(1, 0, 0.01), candidate(2, 0, 0.02)};
  two[0].marks.trust = true;
  round(two);
  EXPECT_EQ(states(2), "*T");
}

TEST_F(SelectionTest, WithoutARequiredSourceAllWait) {
  std::vector<Candidate> two = {candidate(1, 0), candidate(2, 5, 4)};
  two[1].marks.require = true;  // and is too far away
  const Selection s = round(two);
  EXPECT_FALSE(s.selected);
  EXPECT_EQ(states(2), "Wd");
  EXPECT_TRUE(told(s, Kind::NoRequired));
}

TEST_F(SelectionTest, TooFewSourcesWait) {
  options.min_sources = 2;
  selector = Selector(options);
  EXPECT_TRUE(told(round({candidate(1, 0)}), Kind::TooFewSources));
  EXPECT_EQ(states(1), "W");
  EXPECT_TRUE(round({candidate(1, 0), candidate(2, 0)}).selected);
}

TEST_F(SelectionTest, PreferredSourcesGoFirst) {
  std::vector<Candidate> two = {candidate(1, 0, 0.001), candidate(2, 0, 0.1)};
  two[1].marks.prefer = true;
  EXPECT_EQ(round(two).selected, SourceId{2});
  EXPECT_EQ(states(2), "P*");
}

TEST_F(SelectionTest, StatesThatASourceHasOnItsOwn) {
  std::vector<Candidate> all;
  for (std::uint32_t id = 1; id <= 7; ++id) all.push_back(candidate(id, 0));
  all[0].marks.noselect = true;
  all[1].data->usable = false;
  all[2].leap = ntp::Leap::Unsynchronised;
  all[3].stratum = 16;
  all[4].data->root_distance = Duration::seconds(3.5);
  all[5].data->std_dev = Duration::seconds(1.5);
  round(all);
  EXPECT_EQ(states(7), "NMsrd~*");
}

TEST_F(SelectionTest, NothingThatIsNoNumberIsSelectable) {
  std::vector<Candidate> three = {candidate(1, 0), candidate(2, 0), candidate(3, 0)};
  const double nan = std::numeric_limits<double>::quiet_NaN();
  three[0].data->root_distance = Duration::seconds(nan);
  three[1].data->std_dev = Duration::seconds(nan);
  three[2].data->offset = Duration::seconds(nan);
  EXPECT_FALSE(round(three).selected);
  EXPECT_EQ(states(3), "d~d");
}

TEST_F(SelectionTest, ASilentSourceIsStaleOnceItsSamplesAreOlderThanThoseOfOthers) {
  std::vector<Candidate> two = {candidate(1, 0), candidate(2, 0)};
  two[0].reach = 0;
  two[0].data->last_sample_age = Duration::seconds(101);
  two[0].data->first_sample_age = Duration::seconds(500);
  round(two);
  EXPECT_EQ(states(2), "S*");
  two[0].data->last_sample_age = Duration::seconds(50);
  two[0].unreachable_run = 10;
  two[0].max_unreach = 9;
  round(two);
  EXPECT_EQ(state(1), 'S');
}

TEST_F(SelectionTest, AtAStartTheFirstWaitsForWhoIsOneAnswerBehind) {
  std::vector<Candidate> two = {candidate(1, 0), candidate(2, 0)};
  two[0].reach = 7;
  two[0].reach_size = 3;
  two[1].reach = 3;
  two[1].reach_size = 2;
  two[1].data->usable = false;
  EXPECT_FALSE(round(two).selected);
  EXPECT_EQ(states(2), "wM");
  two[1].reach = 0;
  EXPECT_TRUE(round(two).selected);
}

TEST_F(SelectionTest, ABetterSourceTakesOverOnlyAfterAWhile) {
  const std::vector<Candidate> before = {candidate(1, 0, 0.01), candidate(2, 0, 0.011)};
  ASSERT_EQ(round(before).selected, SourceId{1});
  const std::vector<Candidate> after = {candidate(1, 0, 0.02), candidate(2, 0, 0.01)};
  EXPECT_EQ(round(after).selected, SourceId{1});
  EXPECT_GT(selector.state_of({2}).score, 1.0);
  int rounds = 1;
  while (round(after).selected == SourceId{1} && rounds < 20) ++rounds;
  EXPECT_LT(rounds, 6) << "twice as near: the score doubles, and 10 is enough";
}

TEST_F(SelectionTest, WithoutANewSampleNobodyGetsNearer) {
  round({candidate(1, 0, 0.01), candidate(2, 0, 0.02)});
  const std::vector<Candidate> now = {candidate(1, 0, 0.01), candidate(2, 0, 0.005)};
  round(now);
  const double score = selector.state_of({2}).score;
  EXPECT_GT(score, 1.5);
  for (int i = 0; i < 5; ++i) selector.select(now, local);
  EXPECT_EQ(selector.state_of({2}).score, score);
  EXPECT_EQ(states(2), "*+");
}

TEST_F(SelectionTest, EachLossOfTheMajorityIsTold) {
  const std::vector<Candidate> agree = {candidate(1, 0), candidate(2, 0)}, differ = {candidate(1, 0), candidate(2, 5)};
  EXPECT_TRUE(told(round(differ), Kind::NoMajority));
  EXPECT_FALSE(told(round(differ), Kind::NoMajority));
  EXPECT_TRUE(round(agree).selected);
  EXPECT_TRUE(told(round(differ), Kind::NoMajority));
}

TEST_F(SelectionTest, NoNewSampleNoNewUpdate) {
  const std::vector<Candidate> one = {candidate(1, 0)};
  EXPECT_TRUE(round(one).combined);
  EXPECT_FALSE(selector.select(one, local).combined);
  EXPECT_EQ(states(1), "*");
}

TEST_F(SelectionTest, LossOfAllSourcesIsToldOnceAndOnlyForgetsTheSelection) {
  std::vector<Candidate> one = {candidate(1, 0)};
  round(one);
  one[0].data->root_distance = Duration::seconds(5);
  const Selection s = round(one);
  EXPECT_TRUE(told(s, Kind::NoSelectable));
  EXPECT_FALSE(s.lose_synchronisation);
  EXPECT_FALSE(told(round(one), Kind::NoSelectable));
}

TEST_F(SelectionTest, ABadStateIsToldWhenItLasts) {
  std::vector<Candidate> two = {candidate(1, 0), candidate(2, 0, 4)};
  for (int i = 1; i <= 3; ++i) EXPECT_FALSE(told(round(two), Kind::DistanceExceeded)) << i;
  EXPECT_TRUE(told(round(two), Kind::DistanceExceeded));
  EXPECT_FALSE(told(round(two), Kind::DistanceExceeded));
}

TEST_F(SelectionTest, FarSourcesAreLeftOutOfTheCombination) {
  const std::vector<Candidate> two = {candidate(1, 0, 0.01), candidate(2, 0.001, 0.2)};
  const Selection s = round(two);
  EXPECT_EQ(s.combined_sources, 1);
  EXPECT_EQ(states(2), "*D");
  EXPECT_EQ(selector.state_of({2}).distant, 32);
}

TEST_F(SelectionTest, SourcesOfAnotherFrequencyAreLeftOutToo) {
  std::vector<Candidate> two = {candidate(1, 0), candidate(2, 0)};
  two[1].estimate->frequency = Frequency::ppm(50);
  round(two);
  EXPECT_EQ(states(2), "*D");
}

// The best sample is as right as it was, but the line through it and those after a step leads somewhere else.
TEST_F(SelectionTest, SourcesWhoseLineLeadsOutOfTheirOwnBoundsAreLeftOutToo) {
  std::vector<Candidate> two = {candidate(1, 0), candidate(2, 0)};
  two[1].estimate->offset = Duration::seconds(0.059);
  EXPECT_EQ(round(two).combined_sources, 2);
  two[1].estimate->offset = Duration::seconds(-0.5);
  const Selection s = round(two);
  EXPECT_EQ(states(2), "*D");
  EXPECT_EQ(s.combined_sources, 1);
  EXPECT_EQ(s.combined->offset, Duration::zero());
}

TEST_F(SelectionTest, ASourceThatIsNewIsDistantForOneRound) {
  std::vector<Candidate> two = {candidate(1, 0, 0.01), candidate(2, 0.001, 0.2)};
  two[1].reach_size = 7;
  round(two);
  EXPECT_EQ(selector.state_of({2}).distant, 1);
  two[1] = candidate(2, 0.001, 0.01);
  round(two);
  EXPECT_EQ(states(2), "*+");
}

TEST_F(SelectionTest, FrequenciesMayDifferByWhatBothMayBeOff) {
  for (const double apart_ppm : {8.9, -8.9, 9.1, -9.1}) {  // skews of 1 ppm each, 1 ppm for the clock, three times
    selector = Selector(options);
    std::vector<Candidate> two = {candidate(1, 0), candidate(2, 0)};
    two[1].estimate->frequency = Frequency::ppm(apart_ppm);
    round(two);
    EXPECT_EQ(states(2), std::abs(apart_ppm) < 9.0 ? "*+" : "*D") << apart_ppm;
  }
}

// It may have drifted since, either way.
TEST_F(SelectionTest, ASilentSourceClaimsMore) {
  Candidate silent = candidate(1, 0.5, 0.01);
  silent.data->first_sample_age = Duration::seconds(1100);
  silent.data->last_sample_age = Duration::seconds(1000);
  round({silent});
  const double more_s = (2.0 * 1000.0 - 1100.0) * 1e-6;
  EXPECT_NEAR(selector.state_of({1}).low.to_seconds(), 0.49 - more_s, 1e-12);
  EXPECT_NEAR(selector.state_of({1}).high.to_seconds(), 0.51 + more_s, 1e-12);
}

TEST_F(SelectionTest, NearOnesAreCombinedByTheirDistance) {
  const std::vector<Candidate> two = {candidate(1, 0.000, 0.010), candidate(2, 0.003, 0.020)};
  const Selection s = round(two);
  ASSERT_TRUE(s.combined);
  EXPECT_EQ(s.combined_sources, 2);
  EXPECT_NEAR(s.combined->offset.to_seconds(), 0.001, 1e-12);
  EXPECT_GT(s.combined->offset_sd, Duration::millis(1));
  EXPECT_LT(s.combined->skew, Frequency::ppm(1));
}

TEST_F(SelectionTest, LeapSecondsNeedMoreThanHalfOfTheVotes) {
  std::vector<Candidate> three = {candidate(1, 0), candidate(2, 0), candidate(3, 0)};
  three[0].leap = ntp::Leap::Insert;
  EXPECT_EQ(round(three).leap, ntp::Leap::Normal);
  three[1].leap = ntp::Leap::Insert;
  EXPECT_EQ(round(three).leap, ntp::Leap::Insert);
}

TEST_F(SelectionTest, OnlyTrustedSourcesVoteWhereThereAreSome) {
  std::vector<Candidate> three = {candidate(1, 0, 0.02), candidate(2, 0), candidate(3, 0)};
  three[0].marks.trust = true;
  three[1].leap = three[2].leap = ntp::Leap::Insert;
  const Selection s = round(three);
  EXPECT_TRUE(s.selected);
  EXPECT_EQ(state(2), '*') << "the nearest, within the interval of the trusted one";
  EXPECT_EQ(s.leap, ntp::Leap::Normal);
  three[0].leap = ntp::Leap::Insert;
  EXPECT_EQ(round(three).leap, ntp::Leap::Insert);
}

TEST_F(SelectionTest, NobodyVotesWhereTooFewAgree) {
  options.min_sources = 2;
  selector = Selector(options);
  Candidate alone = candidate(1, 0);
  alone.leap = ntp::Leap::Insert;
  EXPECT_EQ(round({alone}).leap, ntp::Leap::Normal);
}

TEST_F(SelectionTest, AnOrphanIsFollowedOnlyByThoseWithALargerReference) {
  go_orphan();
  std::vector<Candidate> one = {orphan(1, 5)};
  one[0].own_ref_id = {4};
  EXPECT_FALSE(round(one).selected);
  EXPECT_EQ(states(1), "O");
  one[0].own_ref_id = {6};
  EXPECT_TRUE(round(one).selected);
}

TEST_F(SelectionTest, OfSeveralOrphansTheSmallestThatIsReachableIsFollowed) {
  go_orphan();
  std::vector<Candidate> three = {orphan(1, 9), orphan(2, 8), orphan(3, 7)};
  for (Candidate& c : three) c.own_ref_id = {20};
  EXPECT_EQ(round(three).selected, SourceId{3});
  selector = Selector(options);
  three[2].reach = 0;
  EXPECT_EQ(round(three).selected, SourceId{2});
  EXPECT_EQ(states(3), "O*O");
}

// Who does not know how it looks to others cannot say whose turn it is.
TEST_F(SelectionTest, AnUnknownReferenceOfOurOwnIsToldEachTime) {
  go_orphan();
  std::vector<Candidate> one = {orphan(1, 5)};
  EXPECT_TRUE(told(round(one), Kind::UnknownLocalRefId));
  EXPECT_FALSE(told(round(one), Kind::UnknownLocalRefId));
  one[0].own_ref_id = {4};
  EXPECT_FALSE(told(round(one), Kind::UnknownLocalRefId));
  one[0].own_ref_id = {0};
  EXPECT_TRUE(told(round(one), Kind::UnknownLocalRefId));
}

TEST_F(SelectionTest, AFalsetickerThatComesBackIsDistantForAWhile) {
  const std::vector<Candidate> now = {candidate(1, 0), candidate(2, 0), candidate(3, 0)};
  std::vector<Candidate> before = now;
  round(now);
  before[2] = candidate(3, 5);
  round(before);
  EXPECT_EQ(state(3), 'x');
  round(now);
  EXPECT_EQ(state(3), 'D');
  for (int i = 0; i < 32; ++i) round(now);
  EXPECT_EQ(state(3), '+');
}

TEST_F(SelectionTest, AForgottenSourceIsNoLongerSelected) {
  round({candidate(1, 0), candidate(2, 0)});
  const SourceId selected = *selector.selected();
  selector.forget(selected);
  EXPECT_FALSE(selector.selected());
  EXPECT_EQ(selector.state_of(selected).state, SourceState::BadStats) << "as one that nobody has looked at yet";
}

TEST_F(SelectionTest, KeepsTheStatesOfARoundWhenTold) {
  std::vector<Candidate> all = {candidate(1, 0.0, 0.02), candidate(2, 0.001), candidate(3, 5.0), candidate(4, 0.0)};
  all[3].leap = ntp::Leap::Unsynchronised;
  EXPECT_TRUE(round(all).states.empty());
  selector.keep_states(true);
  const Selection result = round(all);
  std::string in_order;
  for (const StateRecord& record : result.states) {
    in_order += std::to_string(record.candidate + 1) + static_cast<char>(record.state) + ' ';
  }
  // What a source is on its own, then who agrees, then who leads, then the rest in their order.
  EXPECT_EQ(in_order, "4s 3x 2* 1+ ");
  EXPECT_NEAR(result.states[2].low.to_seconds(), -0.009, 1e-12);
  EXPECT_NEAR(result.states[2].high.to_seconds(), 0.011, 1e-12);
}

TEST_F(SelectionTest, KeepsBothStatesOfTheOrphanThatIsFollowed) {
  selector.keep_states(true);
  go_orphan();
  Candidate other = orphan(1, 1);
  other.own_ref_id = {2};
  const Selection result = round({other});
  ASSERT_EQ(result.states.size(), 2u);
  EXPECT_EQ(result.states[0].state, SourceState::Orphan);
  EXPECT_EQ(result.states[1].state, SourceState::Selected);
}

}  // namespace
}  // namespace timed::discipline
