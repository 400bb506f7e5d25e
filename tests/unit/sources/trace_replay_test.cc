// Replays what a reference daemon measured and decided (tests/vectors) through sample filters, statistics,
// selection, reference update, slewing and poll adaptation, and compares every number.  The traces keep their history
// on the local scale and rewrite it at each clock change; ours lives on the free-running scale and is never touched.
// That both agree is the point.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <fstream>
#include <map>
#include <sstream>
#include <string>
#include <vector>

#include "timed/base/text.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/sample_filter.h"
#include "timed/discipline/selection.h"
#include "timed/discipline/source_stats.h"
#include "timed/env/kernel_frequency.h"
#include "timed/sources/poll_schedule.h"

namespace timed::sources {
namespace {

using namespace discipline;

class TraceClock : public env::SystemClock {
 public:
  RawTime now() override { return time; }
  Result<env::ClockState> start(bool) override {
    return env::ClockState{.frequency = {}, .precision = Duration::nanos(101), .tai_offset = {}, .may_steer = true};
  }
  Result<Frequency> set_frequency(Frequency wanted) override {
    return env::KernelFrequency::from(wanted).to_frequency();
  }
  Status step(Duration offset) override {
    time += offset;
    return {};
  }
  Status set_leap(env::LeapAction, std::optional<int>) override { return {}; }
  Status set_sync_status(const env::SyncStatus&) override { return {}; }
  std::optional<Duration> suspended() override { return std::nullopt; }

  RawTime time = RawTime::from_seconds(1262304000);
};

class TraceTimers : public env::Timers {
 public:
  MonoTime now() override { return time; }
  Id call_at(MonoTime, std::function<void()> fn) override {
    pending = std::move(fn);
    return ++last;
  }
  void cancel(Id id) override {
    if (id == last) pending = nullptr;
  }
  void fire() {
    ASSERT_TRUE(pending);
    std::exchange(pending, nullptr)();
  }

  MonoTime time;
  std::function<void()> pending;
  Id last = 0;
};

template <class Time>
Time parse_time(const std::string& text) {
  const std::size_t dot = text.find('.');
  return Time::from_seconds(std::stoll(text.substr(0, dot)),
                            dot == std::string::npos ? 0 : std::stoll(text.substr(dot + 1)));
}

struct TraceSource {
  SourceId id;
  std::string name;
  PollOptions poll;
  std::optional<PollSchedule> schedule;
  std::optional<SampleAgreement> agreement;  // of a new sample, until it has moved the poll
  StatsOptions options{.estimator = discipline::EstimatorKind::Regression};  // that of chrony
  SelectMarks marks;
  std::optional<SourceStats> stats;
  bool is_ntp = true;
  std::uint8_t reach = 0;
  int reach_size = 0;
  unsigned unreachable_run = 0;
  ntp::Stratum stratum = 0;
  ntp::Leap leap = ntp::Leap::Unsynchronised;
};

class Replay {
 public:
  explicit Replay(const std::string& file) {
    std::ifstream in(std::string(TIMED_SOURCE_DIR) + "/tests/vectors/" + file);
    EXPECT_TRUE(in.is_open()) << file;
    for (std::string line; std::getline(in, line);) lines_.push_back(line);
    for (const std::string& line : lines_) {
      if (line.rfind("# ", 0) == 0) configure(line.substr(2));
    }
    selector_.emplace(selection_);
    reference_.emplace(reference_options_, -23, 1);
    clock_.emplace(ClockOptions{}, kernel_, timers_, [] {});
    EXPECT_TRUE(clock_->start().ok());
  }

  void run() {
    while (at_ < lines_.size() && !::testing::Test::HasFailure()) {
      const auto fields = split(lines_[at_++]);
      if (fields.empty() || fields[0] == "#") continue;
      handle(fields);
    }
    EXPECT_FALSE(::testing::Test::HasFailure()) << "near line " << at_;
  }

  long count(const std::string& event) const {
    return std::count_if(lines_.begin(), lines_.end(),
                         [&](const std::string& l) { return l.rfind(event + " ", 0) == 0; });
  }

  int regressions = 0, selections = 0, updates = 0, slews = 0, filter_outputs = 0, clock_changes = 0, polls = 0;

 private:
  using Fields = std::vector<std::string>;

  static Fields split(const std::string& line) {
    std::istringstream in(line);
    Fields fields;
    for (std::string word; in >> word;) fields.push_back(word);
    return fields;
  }

  void configure(const std::string& line) {
    const Fields words = split(line);
    const auto value = [&](std::size_t i) { return std::stod(words.at(i)); };
    if (words[0] == "makestep") reference_options_.make_step = {Duration::seconds(value(1)), std::stoi(words[2])};
    if (words[0] == "corrtimeratio") reference_options_.correction_time_ratio = value(1);
    if (words[0] == "maxupdateskew") reference_options_.max_update_skew = Frequency::ppm(value(1));
    if (words[0] != "server" && words[0] != "refclock") return;
    TraceSource source;
    source.id = {static_cast<std::uint32_t>(sources_.size() + 1)};
    if (words[0] == "server") {
      const auto last_byte = std::stoi(words[1].substr(words[1].rfind('.') + 1));
      source.name = format("c0a87b%02x", static_cast<unsigned>(last_byte));
    } else {
      source.is_ntp = false;
      source.options.asymmetry = 0.0;
    }
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i] == "minpoll") source.poll.min_poll = std::stoi(words[i + 1]);
      if (words[i] == "maxpoll") source.poll.max_poll = std::stoi(words[i + 1]);
      if (words[i] == "polltarget") source.poll.poll_target = std::stoi(words[i + 1]);
      if (words[i] == "trust") source.marks.trust = true;
      if (words[i] == "require") source.marks.require = true;
      if (words[i] == "minsamples") source.options.min_samples = std::stoi(words[i + 1]);
      if (words[i] == "maxsamples") source.options.max_samples = std::stoi(words[i + 1]);
      if (words[i] == "mindelay") source.options.min_delay = Duration::seconds(value(i + 1));
      if (words[i] == "asymmetry") source.options.asymmetry = value(i + 1);
      if (words[i] == "refid") {
        for (const char c : words[i + 1]) source.name += format("%02x", static_cast<unsigned>(c));
      }
    }
    source.schedule.emplace(source.poll);
    // Reference clocks are created before NTP sources.
    const auto before = source.is_ntp ? sources_.end() : sources_.begin() + refclocks_++;
    sources_.insert(before, std::move(source));
  }

  TraceSource& source(const std::string& name) {
    for (TraceSource& s : sources_) {
      if (s.name == name) return s;
    }
    ADD_FAILURE() << "unknown source " << name;
    return sources_.front();
  }

  const LocalView& view() const { return clock_->timeline().view(); }

  void handle(const Fields& f) {
    if (f[0] == "PRC") {
      precision_ = Duration::seconds(std::stod(f[1]));
      EXPECT_EQ(std::lround(std::log2(precision_.to_seconds())), std::stol(f[2]));
      for (TraceSource& s : sources_) s.stats.emplace(s.options, precision_);
    } else if (f[0] == "RCH") {
      TraceSource& s = source(f[1]);
      s.reach = static_cast<std::uint8_t>(s.reach << 1 | std::stoi(f[2]));
      s.reach_size = std::min(8, s.reach_size + 1);
      s.unreachable_run = s.reach == 0 ? s.unreachable_run + 1 : 0;
    } else if (f[0] == "STA") {
      source(f[1]).stratum = static_cast<ntp::Stratum>(std::stoi(f[2]));
      source(f[1]).leap = static_cast<ntp::Leap>(std::stoi(f[3]));
    } else if (f[0] == "SMP") {
      take_sample(f);
    } else if (f[0] == "REG") {
      compare_regression(f);
    } else if (f[0] == "SEL") {
      run_selection(f);
    } else if (f[0] == "SLW" && at_ + 1 < lines_.size() && lines_[at_ + 1].rfind("CHG 2", 0) == 0) {
      // Somebody else stepped the clock: the slew is cancelled first, which the trace shows as a change of its own.
      unknown_step(split(lines_[at_]), split(lines_[at_ + 1]));
      compare_slew(f);
      at_ += 2;
    } else if (f[0] == "SLW") {
      kernel_.time = parse_time<RawTime>(f[1]);
      timers_.fire();
      compare_slew(f);
    } else if (f[0] == "FAC") {
      add_to_filter(f);
    } else if (f[0] == "FOU") {
      compare_filter_output(f);
    } else if (f[0] == "DSP") {
      note_dispersion(f);
    } else if (f[0] == "PAD") {
      adjust_poll(f);
    } else {
      ASSERT_EQ(f[0], "POL") << lines_[at_ - 1];
      compare_poll(f);
    }
  }

  // Time, offset, delays and dispersions, from field `at` on.
  Sample parse_sample(const Fields& f, std::size_t at) const {
    Sample sample;
    const auto local = parse_time<LocalTime>(f[at]);
    sample.when = view().to_free(local);
    sample.measured = Duration::seconds(std::stod(f[at + 1]));
    sample.offset = WideDuration(sample.measured) + view().offset_at(sample.when);
    sample.peer_delay = Duration::seconds(std::stod(f[at + 2]));
    sample.peer_dispersion = Duration::seconds(std::stod(f[at + 3]));
    sample.root_delay = Duration::seconds(std::stod(f[at + 4]));
    sample.root_dispersion = Duration::seconds(std::stod(f[at + 5]));
    sample.added_dispersion = view().added_dispersion;
    return sample;
  }

  void add_to_filter(const Fields& f) {
    auto& filter = filters_[f[1]];
    if (!filter) {
      FilterOptions options{.capacity = std::stoul(f[2]), .combine_ratio = std::stod(f[3])};
      if (options.combine_ratio > 0.0) {  // a reference clock
        options.max_deviation = Duration::zero();
        options.ages = true;
      }
      filter.emplace(options, precision_);
    }
    EXPECT_TRUE(filter->add(parse_sample(f, 4))) << at_;
  }

  void compare_filter_output(const Fields& f) {
    const auto output = filters_[f[1]]->output(view());
    ASSERT_TRUE(output) << at_;
    near("filter time", (view().to_local(output->when) - parse_time<LocalTime>(f[2])).to_seconds(), 0.0, 0.0, 2e-8);
    near("filter offset", view().local_offset(output->when, output->offset).to_seconds(), std::stod(f[3]), 1e-6, 2e-11);
    near("filter delay", output->peer_delay.to_seconds(), std::stod(f[4]), 1e-6);
    near("filter dispersion", output->peer_dispersion.to_seconds(), std::stod(f[5]), 1e-6);
    near("filter root delay", output->root_delay.to_seconds(), std::stod(f[6]), 1e-6);
    near("filter root dispersion", output->root_dispersion.to_seconds(), std::stod(f[7]), 1e-6);
    ++filter_outputs;
  }

  void take_sample(const Fields& f) {
    TraceSource& s = source(f[1]);
    Sample sample = parse_sample(f, 2);
    sample.stratum = s.stratum;
    sample.leap = s.leap;
    const Duration predicted = s.stats->predict(sample.when, view());
    s.stats->accumulate(sample, view());
    s.agreement = {abs(sample.measured - predicted), sample.peer_dispersion + sample.peer_delay * 0.5,
                   s.stats->samples()};
    selector_->note_sample(s.id);
  }

  void adjust_poll(const Fields& f) {
    TraceSource& s = source(f[1]);
    const double theirs = std::stod(f[2]);
    double change = theirs;
    if (s.agreement) {
      change = s.schedule->adjustment_for(*s.agreement);
      near("poll adjustment", change, theirs);
    } else {  // a response that was not good, or none
      EXPECT_TRUE(theirs == PollSchedule::kNotGoodNoLoop || theirs == PollSchedule::kUnanswered) << "line " << at_;
    }
    s.agreement.reset();
    s.schedule->adjust(change, {s.reach != 0, s.stats->min_delay()});
  }

  void compare_poll(const Fields& f) {
    const PollSchedule& schedule = *source(f[1]).schedule;
    EXPECT_EQ(schedule.poll(), std::stoi(f[2])) << "line " << at_;
    near("poll score", schedule.score(), std::stod(f[3]), 1e-5, 1e-5);
    ++polls;
  }

  // Within 1e-5 of itself or 1e-11 at all, whichever is more.
  void near(const char* what, double ours, double theirs, double relative = 1e-5, double absolute = 1e-11) {
    EXPECT_LE(std::fabs(ours - theirs), std::max(absolute, relative * std::fabs(theirs)))
        << what << " " << format("%.12g, expected %.12g", ours, theirs) << ", line " << at_ << ": " << lines_[at_ - 1];
  }

  void compare_regression(const Fields& f) {
    const TraceSource& s = source(f[1]);
    const auto e = s.stats->local_estimate(view());
    ASSERT_TRUE(e);
    EXPECT_EQ(s.stats->regression_ok(), f[2] == "1") << at_;
    EXPECT_EQ(s.stats->samples(), std::stoul(f[3])) << at_;
    EXPECT_EQ(s.stats->history().runs_size(), std::stoul(f[4])) << at_;
    if (s.stats->regression_ok()) {
      EXPECT_EQ(s.stats->runs(), std::stoul(f[5])) << at_;
    }
    near("frequency", -e->frequency.to_ratio(), std::stod(f[6]));
    near("frequency sd", e->frequency_sd.to_ratio(), std::stod(f[7]));
    near("skew", e->skew.to_ratio(), std::stod(f[8]));
    near("offset", -e->offset.to_seconds(), std::stod(f[9]));
    near("offset sd", e->offset_sd.to_seconds(), std::stod(f[10]));
    near("standard deviation", s.stats->std_dev().to_seconds(), std::stod(f[11]));
    EXPECT_EQ(s.stats->best_sample(), std::stoul(f[12])) << at_;
    near("asymmetry", s.stats->asymmetry(), std::stod(f[13]));
    EXPECT_EQ(s.stats->asymmetry_run(), std::stoi(f[14])) << at_;
    ++regressions;
  }

  void run_selection(const Fields& f) {
    const FreeTime now = view().to_free(parse_time<LocalTime>(f[2]));
    std::vector<Candidate> candidates;
    for (const TraceSource& s : sources_) {
      Candidate c;
      c.id = s.id;
      c.ref_id = {static_cast<std::uint32_t>(std::stoul(s.name, nullptr, 16))};
      c.is_ntp = s.is_ntp;
      c.marks = s.marks;
      c.stratum = s.stratum;
      c.leap = s.leap;
      c.reach = s.reach;
      c.reach_size = s.reach_size;
      c.unreachable_run = s.unreachable_run;
      c.data = s.stats->selection_data(now, view(), selection_.max_jitter);
      c.estimate = s.stats->local_estimate(view());
      candidates.push_back(c);
    }
    const Selection selection = selector_->select(candidates, {});
    ++selections;
    std::optional<ReferenceUpdate> update;
    std::deque<Fields> changes;
    while (at_ < lines_.size()) {
      const Fields line = split(lines_[at_++]);
      if (line[0] == "REF") {
        ASSERT_TRUE(selection.combined) << "line " << at_;
        update = update_reference(line, selection);
      } else if (line[0] == "SLW" || line[0] == "CHG") {
        changes.push_back(line);
      } else if (line[0] == "DSP") {
        note_dispersion(line);
      } else if (line[0] == "RFO") {
        ASSERT_TRUE(update);
        apply(*update, changes);
        compare_reference(line, *update);
        changes.clear();
      } else if (line[0] == "SST") {
        compare_state(line);
      } else if (line[0] == "END") {
        compare_selected(line, selection, update.has_value());
        return;
      } else {
        FAIL() << line[0] << " within a selection, line " << at_;
      }
    }
  }

  ReferenceUpdate update_reference(const Fields& f, const Selection& selection) {
    const LocalEstimate& e = *selection.combined;
    EXPECT_EQ(selection.stratum, std::stoi(f[1])) << at_;
    EXPECT_EQ(static_cast<int>(selection.leap), std::stoi(f[2])) << at_;
    EXPECT_EQ(selection.combined_sources, std::stoi(f[3])) << at_;
    EXPECT_EQ(selection.ref_id.value, std::stoul(f[4], nullptr, 16)) << at_;
    near("reference time", (e.when - parse_time<LocalTime>(f[5])).to_seconds(), 0.0, 0.0, 2e-8);
    near("combined offset", -e.offset.to_seconds(), std::stod(f[6]));
    near("combined offset sd", e.offset_sd.to_seconds(), std::stod(f[7]));
    near("combined frequency", -e.frequency.to_ratio(), std::stod(f[8]));
    near("combined frequency sd", e.frequency_sd.to_ratio(), std::stod(f[9]));
    near("combined skew", e.skew.to_ratio(), std::stod(f[10]));
    near("root delay", e.root_delay.to_seconds(), std::stod(f[11]));
    near("root dispersion", e.root_dispersion.to_seconds(), std::stod(f[12]));
    // The trace's time of the update is a local one.
    kernel_.time = RawTime::from_nanos(parse_time<LocalTime>(f[13]).nanos()) - Duration::seconds(std::stod(f[14]));
    timers_.time = MonoTime::from_nanos(std::llround(std::stod(f[15]) * 1e9));
    const Now now = clock_->read();
    updated_at_ = now.local;
    const Duration pending = clock_->pending();
    near("uncorrected offset", pending.to_seconds(), std::stod(f[14]), 1e-3, 1e-9);
    const ReferenceInput input{.stratum = selection.stratum,
                               .leap = selection.leap,
                               .ref_id = selection.ref_id,
                               .source = *selection.selected,
                               .combined_sources = selection.combined_sources,
                               .estimate = e};
    ++updates;
    return reference_->update(input, now, pending);
  }

  // The trace has a slew for the new base frequency, one for the offset, and the changes that were told to others.
  // Ours is compared; then the trace's own is applied, so that differences do not add up over hours.
  void apply(const ReferenceUpdate& update, std::deque<Fields>& changes) {
    ASSERT_GE(changes.size(), 3u) << at_;
    ASSERT_EQ(changes[2][0], "CHG");
    const Frequency frequency = Frequency::ratio(-std::stod(changes[2][4]));
    const Duration offset = Duration::seconds(-std::stod(changes[2][5]));
    near("frequency change", update.clock.frequency.to_ratio(), frequency.to_ratio(), 1e-5, 1e-11);
    near("offset change", update.clock.offset.to_seconds(), offset.to_seconds(), 1e-5, 1e-9);
    near("correction rate", update.clock.correction_rate, std::stod(changes[1][3]), 2e-5, 1e-12);
    const ClockUpdate theirs{
        .frequency = frequency, .offset = offset, .correction_rate = std::stod(changes[1][3]), .step = {}};
    const ClockChange change = clock_->apply(theirs);
    EXPECT_EQ(change.offset, offset) << at_;
    compare_change(change, changes[2]);
    near("frequency change made", change.frequency.to_ratio(), frequency.to_ratio(), 1e-5, 1e-13);
    near("base frequency", -1e6 * clock_->frequency().to_ratio(), std::stod(changes[1][2]), 1e-7);
    compare_slew(changes[1]);
    slews += 1;
    if (update.clock.step) {
      ASSERT_TRUE(clock_->step(*update.clock.step));
      reference_->on_step(*update.clock.step);
      ASSERT_EQ(changes.back()[0], "CHG");
      ASSERT_EQ(changes.back()[1], "1");
      near("step", -update.clock.step->to_seconds(), std::stod(changes.back()[5]), 1e-5, 1e-9);
      ++clock_changes;
    } else {
      EXPECT_NE(changes.back()[1], "1") << at_;
    }
  }

  // That of an unknown step stands in the trace after what the step has led to.
  void note_dispersion(const Fields& f) {
    const double dispersion_s = std::stod(f[1]);
    if (step_dispersion_ && dispersion_s > 1.0) {
      near("dispersion of a step", step_dispersion_->to_seconds(), dispersion_s);
      step_dispersion_.reset();
    } else {
      added_dispersion_ += Duration::seconds(dispersion_s);
    }
  }

  // When a change was made, on the scales as they were before it.
  void compare_change(const ClockChange& change, const Fields& f) {
    near("raw time of a change", (change.raw - parse_time<RawTime>(f[2])).to_seconds(), 0.0, 0.0, 2e-9);
    near("local time of a change", (change.local - parse_time<LocalTime>(f[3])).to_seconds(), 0.0, 0.0, 2e-8);
    ++clock_changes;
  }

  void compare_slew(const Fields& f) {
    const auto& slew = clock_->slew();
    near("offset left", -slew.left.to_seconds(), std::stod(f[4]), 1e-3, 1e-9);
    // What the offset left may differ by goes into the frequency that removes it.
    const double tolerance_ppm = 2e-5 + 1e-5 * std::fabs(std::stod(f[5]) - std::stod(f[2]));
    near("total frequency", -slew.kernel.to_ppm(), std::stod(f[5]), 0.0, tolerance_ppm);
    near("slew frequency", clock_->timeline().local_rate().to_ratio(), std::stod(f[6]), 1e-3, tolerance_ppm * 1e-6);
    near("slew duration", slew.planned.to_seconds(), std::stod(f[7]), 1e-2, 1e-6);
    // How late the end of the last slew came is as exact as its length was.
    near("slew excess", slew.excess.to_seconds(), std::stod(f[8]), 1e-2, 2e-6 + 1e-5 * last_slew_.to_seconds());
    last_slew_ = slew.planned;
    near("added dispersion", view().added_dispersion.to_seconds(), added_dispersion_.to_seconds(), 1e-5, 1e-11);
    ++slews;
  }

  void compare_reference(const Fields& f, const ReferenceUpdate& update) {
    near("offset at the update", -update.offset.to_seconds(), std::stod(f[1]));
    near("own skew", reference_->skew().to_ratio(), std::stod(f[2]));
    near("residual frequency", -reference_->residual().to_ratio(), std::stod(f[3]));
    near("absolute frequency", -clock_->frequency().to_ppm(), std::stod(f[4]), 1e-5, 1e-5);
    near("update interval", reference_->update_interval().to_seconds(), std::stod(f[5]), 1e-5, 1e-8);
    // The trace looks at the new reference time from the clock as it was before the update.
    near("root dispersion", reference_->root_dispersion(updated_at_).to_seconds(), std::stod(f[6]));
  }

  void compare_state(const Fields& f) {
    const SourceSelection state = selector_->state_of(source(f[1]).id);
    EXPECT_EQ(std::string(1, static_cast<char>(state.state)), f[2]) << f[1] << ", line " << at_;
    near("score", state.score, std::stod(f[3]));
    near("low limit", -state.high.to_seconds(), std::stod(f[4]), 1e-6, 1e-9);
    near("high limit", -state.low.to_seconds(), std::stod(f[5]), 1e-6, 1e-9);
    EXPECT_EQ(state.distant, std::stoi(f[6])) << f[1] << ", line " << at_;
    EXPECT_EQ(state.updates, std::stoul(f[7])) << f[1] << ", line " << at_;
  }

  void compare_selected(const Fields& f, const Selection& selection, bool updated) {
    const int index = std::stoi(f[1]);
    EXPECT_EQ(selection.selected.has_value(), index >= 0) << at_;
    if (selection.selected && index >= 0) {
      EXPECT_EQ(*selection.selected, sources_[static_cast<std::size_t>(index)].id) << at_;
    }
    EXPECT_EQ(selection.combined.has_value(), updated) << at_;
  }

  void unknown_step(const Fields& cancelled, const Fields& f) {
    kernel_.time = parse_time<RawTime>(f[2]);
    near("cancelled slew", clock_->pending().to_seconds(), std::stod(cancelled[5]), 1e-3, 1e-9);
    const Duration before = view().added_dispersion;
    clock_->on_unknown_step(Duration::seconds(std::stod(f[5])));
    step_dispersion_ = view().added_dispersion - before;
    added_dispersion_ += *step_dispersion_;
    clock_changes += 2;
    reference_->on_unknown_step();
    reference_->set_unsynchronised(clock_->read());
    for (TraceSource& s : sources_) {
      s.stats->reset();
      s.schedule->reset();
    }
  }

  std::vector<std::string> lines_;
  std::size_t at_ = 0;
  std::vector<TraceSource> sources_;
  std::ptrdiff_t refclocks_ = 0;
  SelectionOptions selection_;
  ReferenceOptions reference_options_;
  TraceClock kernel_;
  TraceTimers timers_;
  Duration precision_;
  std::map<std::string, std::optional<SampleFilter>> filters_;
  LocalTime updated_at_;
  Duration added_dispersion_;  // by the trace's clock changes
  Duration last_slew_;
  std::optional<Duration> step_dispersion_;  // of an unknown step, not seen in the trace yet
  std::optional<LocalClock> clock_;
  std::optional<Selector> selector_;
  std::optional<Reference> reference_;
};

class TraceReplay : public ::testing::TestWithParam<const char*> {};

TEST_P(TraceReplay, EveryNumberAgrees) {
  Replay replay(GetParam());
  replay.run();
  EXPECT_EQ(replay.regressions, replay.count("REG"));
  EXPECT_EQ(replay.selections, replay.count("SEL"));
  EXPECT_EQ(replay.updates, replay.count("REF"));
  EXPECT_EQ(replay.slews, replay.count("SLW"));
  EXPECT_EQ(replay.filter_outputs, replay.count("FOU"));
  EXPECT_EQ(replay.clock_changes, replay.count("CHG"));
  EXPECT_EQ(replay.polls, replay.count("POL"));
  EXPECT_GT(replay.regressions, 100);
}

INSTANTIATE_TEST_SUITE_P(Traces, TraceReplay,
                         ::testing::Values("presend-iburst.trace", "five-servers-asymmetry.trace",
                                           "five-servers-large-wander.trace", "five-servers-trust-large-jitter.trace",
                                           "three-servers-steps.trace", "shm-refclock-filter.trace", "filters.trace"));

}  // namespace
}  // namespace timed::sources
