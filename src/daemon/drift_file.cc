#include "timed/daemon/drift_file.h"

#include <algorithm>
#include <cmath>

#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::daemon {
namespace {

constexpr std::size_t kMaxFile = 4096;
constexpr Frequency kMinSkew = Frequency::ratio(1e-12);
// No clock that can be corrected is further off, and a skew of 1e6 ppm already says that nothing is known: what is
// beyond comes from a damaged file.  The skew has room above, because it may grow a little before the first estimate.
constexpr double kMaxFrequency_ppm = 1e5;
constexpr double kMaxSkew_ppm = 1e7;

}  // namespace

std::optional<Drift> parse_drift(std::string_view text) {
  const auto words = split_words(text.substr(0, text.find('\0')));
  if (words.size() < 2) return std::nullopt;
  const auto frequency_ppm = parse_real_prefix(words[0].text);
  const auto skew_ppm = parse_real_prefix(words[1].text);
  if (!frequency_ppm || !skew_ppm) return std::nullopt;
  // Written so that what is no number is refused as well.
  if (!(std::abs(frequency_ppm->value) <= kMaxFrequency_ppm)) return std::nullopt;
  if (!(skew_ppm->value >= 0.0 && skew_ppm->value <= kMaxSkew_ppm)) return std::nullopt;
  return Drift{Frequency::ppm(-frequency_ppm->value), std::max(kMinSkew, Frequency::ppm(skew_ppm->value))};
}

std::string write_drift(const Drift& drift) {
  // 0 - x: no sign before a zero.
  return format("%20.6f %20.6f\n", 0.0 - drift.frequency.to_ppm(), drift.skew.to_ppm());
}

std::optional<Drift> DriftFile::read() {
  if (options_.path.empty()) return std::nullopt;
  const auto text = files_.read(options_.path, kMaxFile);
  if (!text && text.error().kind == ErrorKind::NotFound) return std::nullopt;
  const auto drift = text ? parse_drift(*text) : std::nullopt;
  if (!drift) {
    const std::string fault =
        text ? "two numbers in ppm are expected, as the daemon writes them" : text.error().reason();
    log::warning("Could not read valid frequency and skew from driftfile %s (%s)", options_.path.c_str(),
                 fault.c_str());
    return std::nullopt;
  }
  log::info("Frequency %.3f +/- %.3f ppm read from %s", -drift->frequency.to_ppm(), drift->skew.to_ppm(),
            options_.path.c_str());
  return drift;
}

std::optional<RawTime> DriftFile::modified() const {
  if (options_.path.empty()) return std::nullopt;
  const auto info = files_.info(options_.path);
  return info ? std::optional(info->modified) : std::nullopt;
}

void DriftFile::note_update(Duration interval, const Drift& drift) {
  since_write_ += interval;
  if (since_write_ >= options_.interval) write(drift);
}

void DriftFile::write(const Drift& drift) {
  if (options_.path.empty()) return;
  // The last good numbers are worth more to the next start.
  if (!std::isfinite(drift.frequency.to_ppm()) || !std::isfinite(drift.skew.to_ppm())) return;
  since_write_ = Duration::zero();
  const Status written = files_.replace(options_.path, write_drift(drift), 0644);
  // Once until it works again: the disk may stay full for days.
  if (!written && !told_failure_) log::error("%s", written.error().message.c_str());
  told_failure_ = !written.ok();
}

}  // namespace timed::daemon
