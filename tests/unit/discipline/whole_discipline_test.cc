// Sequences of samples that no clock, no network and no honest server would send, taken through all of the discipline:
// statistics, selection, reference and clock, by both estimators, of one source and of three.  No number that is none
// ever reaches the kernel, what is reported are bounds, the frequency never leaves what the samples support
// (whole_discipline.h), and when it is over the clock is right again.
#include "tests/unit/discipline/whole_discipline.h"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "tests/unit/discipline/synthetic_exchanges.h"

namespace timed::discipline {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// One world, whose sources are asked in turns.
class Course {
 public:
  Course(std::uint64_t seed, const WholeOptions& options)
      : w(seed, kWorld), whole(options), seed_(seed), sources_(options.sources) {}

  // Time passes, and the next source is asked.
  Shown ask(double spacing_s) {
    advance(spacing_s / static_cast<double>(sources_));
    turn = (turn + 1) % sources_;
    const double forward_s = w.w.base_s + w.exponential(w.w.forward_s);
    const double backward_s = w.w.base_s + w.exponential(w.w.backward_s);
    return {.offset = Duration::seconds(w.offset_s() + 0.5 * (forward_s - backward_s)),
            .delay = Duration::seconds(forward_s + backward_s)};
  }
  void advance(double span_s) {
    w.advance(span_s);
    whole.run(Duration::seconds(span_s));
  }
  void take(const Shown& shown) { whole.take(turn, shown); }
  void go_on(int samples) {
    for (int i = 0; i < samples * static_cast<int>(sources_); ++i) take(ask(w.w.spacing_s));
  }
  // One of several for each two seeds.
  template <std::size_t kCount>
  double one_of(const double (&values)[kCount]) const {
    return values[seed_ / 2 % kCount];
  }
  double error_s() { return std::fabs(whole.error(Duration::seconds(w.offset_s())).to_seconds()); }
  double frequency_error() { return std::fabs(whole.frequency().to_ratio() - w.frequency()); }

  SyntheticClock w;
  WholeDiscipline whole;
  std::size_t turn = 0;

 private:
  static constexpr SyntheticWorld kWorld = {.offset_s = 0.01, .frequency = 2e-5};
  std::uint64_t seed_;
  std::size_t sources_;
};

struct Recovery {
  int samples = 40;  // of each source, after which the clock is right again
  double most_error_s = 1e-3;
};

WholeOptions options_of(EstimatorKind estimator, std::size_t sources, std::uint64_t seed) {
  WholeOptions options{.sources = sources, .stats = {.estimator = estimator}};
  if (seed % 2 == 0) options.reference.make_step = {.threshold = Duration::seconds(1), .limit = 3};
  if (seed % 4 == 3) options.clock.max_slew_rate = options.clock.max_drift = Frequency::ppm(500);
  return options;
}

// `spoil` is called with a course that has run well for a while, and what it does is over when it returns.
void for_all(std::uint64_t seeds, const std::function<void(Course&)>& spoil, const Recovery& recovery = {}) {
  for (const EstimatorKind estimator : {EstimatorKind::Regression, EstimatorKind::Bayes}) {
    for (const std::size_t sources : {1u, 3u}) {
      for (std::uint64_t seed = 1; seed <= seeds; ++seed) {
        SCOPED_TRACE(testing::Message() << (estimator == EstimatorKind::Bayes ? "bayes, " : "regression, ") << sources
                                        << " sources, seed " << seed);
        Course course(seed, options_of(estimator, sources, seed));
        course.go_on(20);
        EXPECT_GT(course.whole.updates(), 5u);
        spoil(course);
        course.go_on(recovery.samples);
        EXPECT_EQ(course.whole.broken(), "");
        EXPECT_LT(course.error_s(), recovery.most_error_s);
        EXPECT_LT(course.frequency_error(), 1e-6);
      }
    }
  }
}

TEST(WholeDiscipline, GoodSamplesKeepTheClock) {
  for_all(4, [](Course& course) { EXPECT_LT(course.error_s(), 3e-4); });
}

// Of an offset that is none the clocks make a zero, which strays: among the first samples the estimator takes that for
// noise until it has left its window.
TEST(WholeDiscipline, SamplesThatAreNoNumbersNeverReachTheClock) {
  const auto spoil = [](Course& course) {
    for (int i = 0; i < 90; ++i) {
      if (i == 45) course.whole.step_clock(Duration::zero());  // they come first
      Shown shown = course.ask(64.0);
      if (i < 45) course.take(shown);
      course.advance(1.0);
      const double values[] = {std::nan(""), kInfinity, -kInfinity};
      const Duration value = Duration::seconds(values[i % 3]);
      Duration* const fields[] = {&shown.offset, &shown.delay, &shown.dispersion, &shown.root_delay,
                                  &shown.root_dispersion};
      *fields[i % 5] = value;
      course.take(shown);
    }
    EXPECT_GT(course.whole.stats(0).refused(), 5u);
  };
  for_all(4, spoil, {.samples = 80});
}

TEST(WholeDiscipline, RepeatedSamplesLeaveTheClockAsItIs) {
  for_all(4, [](Course& course) {
    for (int i = 0; i < 10; ++i) {
      const Shown shown = course.ask(64.0);
      for (int again = 0; again < 5; ++again) course.take(shown);
    }
    EXPECT_LT(course.error_s(), 1e-3);
  });
}

TEST(WholeDiscipline, SamplesOutOfOrderLeaveTheClockAsItIs) {
  for_all(4, [](Course& course) {
    for (int i = 0; i < 40; ++i) {
      Shown shown = course.ask(64.0);
      shown.late = Duration::seconds(course.w.uniform() * 600.0);
      shown.offset = shown.offset - shown.late * Frequency::ratio(course.w.frequency());
      course.take(shown);
    }
    EXPECT_LT(course.error_s(), 1e-3);
  });
}

// Any values: they may mislead the clock, as far as they support it, and then it comes back.
TEST(WholeDiscipline, HostileSamplesMoveTheClockNoFurtherThanTheySupport) {
  const auto spoil = [](Course& course) {
    const double largest_log2 = course.one_of({0.0, 20.0, 60.0, 120.0});
    const auto any = [&] {
      const double size_s = std::exp2((largest_log2 + 30.0) * course.w.uniform() - 30.0);
      return Duration::seconds(size_s * (2.0 * course.w.uniform() - 1.0));
    };
    for (int i = 0; i < 80; ++i) {
      Shown shown = course.ask(std::exp2(14.0 * course.w.uniform() - 7.0));
      shown.offset = shown.offset + any();
      shown.delay = any();
      if (i % 4 == 0) shown.dispersion = any();
      if (i % 4 == 1) shown.root_delay = abs(any());
      if (i % 4 == 2) shown.root_dispersion = abs(any());
      if (i % 8 == 3) course.whole.shift(course.turn, any());
      course.take(shown);
    }
  };
  for_all(8, spoil, {.samples = 80});
}

TEST(WholeDiscipline, EqualSamplesAreAClockThatRunsAlike) {
  const auto spoil = [](Course& course) {
    const Duration offset = Duration::seconds(course.w.offset_s());
    const Duration delay = Duration::seconds(course.one_of({0.0, 1e-4, 2.0}));
    for (int i = 0; i < 80; ++i) {
      course.ask(64.0);
      course.take({.offset = offset, .delay = delay});
    }
    EXPECT_LT(abs(course.whole.error(offset)), Duration::micros(10) + delay * 0.1);
  };
  for_all(6, spoil, {.samples = 100});
}

TEST(WholeDiscipline, NoJitterAndNanosecondsOfIt) {
  for (const double noise_s : {0.0, 1e-9}) {
    for_all(6, [&](Course& course) {
      const Duration delay = Duration::seconds(course.one_of({0.0, 1e-9, 1e-4}));
      for (int i = 0; i < 60; ++i) {
        course.ask(64.0);
        course.take({.offset = Duration::seconds(course.w.offset_s() + noise_s * course.w.normal()),
                     .delay = delay,
                     .dispersion = Duration::zero()});
      }
      EXPECT_LT(course.error_s(), 1e-5);
    });
  }
}

TEST(WholeDiscipline, HoursOfOutageAreBridged) {
  for_all(6, [](Course& course) {
    const double hours = course.one_of({1.0, 6.0, 48.0});
    for (int i = 0; i < 10; ++i) course.advance(360.0 * hours);
    EXPECT_EQ(course.whole.broken(), "");
    EXPECT_LT(Duration::seconds(course.error_s()), course.whole.status().maximum_error);
    if (course.whole.stats(0).estimator() == nullptr) return;
    EXPECT_LT(Duration::seconds(course.error_s()), course.whole.status().estimated_error * 3.0);
  });
}

TEST(WholeDiscipline, StepsOfTheServersClocksAreFollowed) {
  const auto spoil = [](Course& course) {
    const Duration step = Duration::seconds(course.one_of({1e-3, -0.1, 30.0, -1e6}));
    for (int i = 0; i < 60; ++i) {
      Shown shown = course.ask(64.0);
      shown.offset = shown.offset + step;
      course.take(shown);
    }
  };
  for_all(8, spoil, {.samples = 80});
}

TEST(WholeDiscipline, StepsOfOurClockAreTakenBack) {
  const auto spoil = [](Course& course) {
    const Duration step = Duration::seconds(course.one_of({1e-3, -0.1, 30.0, -1e6}));
    course.whole.step_clock(step);
    course.go_on(20);
    EXPECT_LT(course.error_s(), 1e-3);
    course.whole.step_clock_unseen(-step);
  };
  for_all(8, spoil, {.samples = 80});
}

// Outages, steps of either clock, storms, all at once.
TEST(WholeDiscipline, StormsAreSurvived) {
  const auto spoil = [](Course& course) {
    for (int i = 0; i < 80; ++i) {
      const double what = course.w.uniform();
      const Duration far = Duration::seconds(100.0 * (course.w.uniform() - 0.5));
      course.w.w.forward_s = what > 0.8 ? 1.0 : 1e-4 * course.w.uniform();
      Shown shown = course.ask(what < 0.05 ? 20000.0 : std::exp2(10.0 * course.w.uniform()));
      if (what > 0.95) shown.offset = shown.offset + far;
      if (what > 0.93 && what < 0.95) course.whole.step_clock(far);
      course.take(shown);
    }
    course.w.w.forward_s = 1e-4;
  };
  for_all(4, spoil, {.samples = 80});
}

}  // namespace
}  // namespace timed::discipline
