#include "tests/sim/history_watch.h"

#include <algorithm>
#include <cmath>

#include "timed/base/text.h"
#include "timed/sources/source_set.h"

namespace timed::sim {
namespace {

using discipline::Sample;

// Numbers that are years in size have their last digit below a picosecond.
constexpr double kSame_s = 1e-12;

bool same_measurement(const Sample& a, const Sample& b) {
  return a.measured == b.measured && a.peer_delay == b.peer_delay && a.peer_dispersion == b.peer_dispersion &&
         a.root_delay == b.root_delay && a.root_dispersion == b.root_dispersion &&
         a.added_dispersion == b.added_dispersion;
}

}  // namespace

HistoryWatch::HistoryWatch(Node& node, bool servers_tell) : node_(node), servers_tell_(servers_tell) {
  node_.machine().loop().on_turn([this] { look(); });
}

HistoryWatch::~HistoryWatch() {
  node_.machine().loop().on_turn(nullptr);
}

void HistoryWatch::look() {
  const sources::SourceSet* sources = node_.sources();
  if (sources == nullptr || !fault_.empty()) return;
  // The scale begins anew with each daemon.
  if (std::exchange(start_, node_.starts()) != node_.starts()) seen_.clear();
  for (const discipline::SourceId id : sources->matching({})) {
    const discipline::SampleHistory& history = sources->stats_of(id)->history();
    now_.clear();
    const auto runs = static_cast<std::ptrdiff_t>(history.runs_size());
    for (std::ptrdiff_t i = -runs; i < static_cast<std::ptrdiff_t>(history.size()); ++i) now_.push_back(history.at(i));
    Samples& before = seen_[id.value];
    const std::string changed = change(before, now_, servers_tell_);
    if (!changed.empty()) fault_ = changed;
    if (!before.empty()) compared_ += now_.size();
    before = now_;
  }
}

std::string HistoryWatch::change(const Samples& before, const Samples& now, bool servers_tell) {
  if (before.empty()) return {};
  std::size_t kept = 0;
  double shift_s = 0.0;
  for (const Sample& sample : now) {
    const auto old = std::lower_bound(before.begin(), before.end(), sample.when,
                                      [](const Sample& s, FreeTime when) { return s.when < when; });
    if (old == before.end() || old->when != sample.when) {
      if (kept > 0 && sample.when < before.back().when) return "the time of a sample among others has moved";
      continue;
    }
    const double moved_s = (sample.offset - old->offset).to_duration().to_seconds();
    if (kept++ == 0) shift_s = moved_s;
    if (std::fabs(moved_s - shift_s) > kSame_s) return "the offset of one sample has moved";
    if (!same_measurement(sample, *old)) return "what was measured has changed";
  }
  if (std::fabs(shift_s) > kSame_s && !servers_tell) return format("all offsets have moved by %.9f s", shift_s);
  // Forgotten altogether; the sample of this turn may be there already.
  if (kept == 0 && now.size() > 1) return "the times of all samples have moved";
  return {};
}

}  // namespace timed::sim
