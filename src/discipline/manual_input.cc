#include "timed/discipline/manual_input.h"

#include "timed/discipline/robust_line.h"
#include "timed/ntp/era.h"

namespace timed::discipline {
namespace {

constexpr double kSlopeTolerance = 1e-8;

}  // namespace

std::optional<ManualInput::Estimate> ManualInput::add(const Now& now, LocalTime typed, const LocalView& view) {
  const WideDuration offset = WideDuration::between(typed, now.local);
  if (!ntp::is_sane(now.local, offset.to_duration())) return std::nullopt;
  if (!entries_.empty() && view.interval(now.free, entries_.back().when) < kMinSpacing) return std::nullopt;
  if (entries_.size() == kMaxEntries) entries_.erase(entries_.begin());
  entries_.push_back({now.free, offset + view.offset_at(now.free), offset.to_duration()});
  Estimate estimate{.offset = offset.to_duration(), .frequency = {}, .has_frequency = false};
  if (const auto fit = line(view)) {
    estimate.frequency = fit->frequency;
    estimate.has_frequency = true;
  }
  return estimate;
}

std::optional<ManualInput::Estimate> ManualInput::remove(std::size_t index, const LocalView& view) {
  if (index >= entries_.size()) return std::nullopt;
  entries_.erase(entries_.begin() + static_cast<std::ptrdiff_t>(index));
  const auto fit = line(view);
  return fit ? Estimate{fit->offset, fit->frequency, true} : Estimate{};
}

std::vector<ManualInput::Entry> ManualInput::entries(const LocalView& view) const {
  std::vector<Entry> list;
  const auto fit = line(view);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Kept& kept = entries_[i];
    list.push_back({view.to_local(kept.when), view.local_offset(kept.when, kept.offset), kept.original,
                    fit ? fit->residuals[i] : Duration::zero()});
  }
  return list;
}

std::optional<ManualInput::Line> ManualInput::line(const LocalView& view) const {
  if (entries_.size() < 2) return std::nullopt;
  const Kept& latest = entries_.back();
  const Duration last_offset = view.local_offset(latest.when, latest.offset);
  std::vector<double> x_s, y_s;
  for (const Kept& kept : entries_) {
    x_s.push_back(view.interval(kept.when, latest.when).to_seconds());
    y_s.push_back((view.local_offset(kept.when, kept.offset) - last_offset).to_seconds());
  }
  const auto fit = fit_robust_line(x_s, y_s, kSlopeTolerance);
  if (!fit) return std::nullopt;
  Line result{last_offset + Duration::seconds(fit->intercept_s), Frequency::ratio(fit->slope), {}};
  for (std::size_t i = 0; i < x_s.size(); ++i) {
    result.residuals.push_back(Duration::seconds(y_s[i] - fit->intercept_s - fit->slope * x_s[i]));
  }
  return result;
}

}  // namespace timed::discipline
