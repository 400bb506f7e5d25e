#include "timed/client/text.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "timed/base/text.h"
#include "timed/client/fields.h"
#include "timed/client/names.h"

namespace timed::client::text {
namespace {

constexpr int kSourcesName = 27;
constexpr int kStatsName = 25;

int name_width(int narrow, bool wide) {
  return narrow + (wide ? static_cast<int>(kWider) : 0);
}

std::string header(std::string_view name, std::string_view columns, bool wide) {
  std::string line(name);
  if (wide) line.append(kWider, ' ');
  line += columns;
  const std::string rule(line.size(), '=');
  return line + "\n" + rule + "\n";
}

// A remark and the column that it points down to, counted without -w.
struct Pointer {
  std::size_t column;
  std::string_view remark;
};

constexpr std::size_t kCorner = 3;  // " -."

constexpr bool fits(std::span<const Pointer> all, std::size_t margin) {
  for (const Pointer& pointer : all) {
    if (pointer.column < margin + pointer.remark.size() + kCorner - 1) return false;
  }
  return true;
}

// One line a pointer, from the rightmost to the leftmost, so that no remark crosses the line of another.
std::string pointers(std::string_view margin, std::span<const Pointer> all, bool wide) {
  const std::size_t shift = wide ? kWider : 0;
  std::string block;
  for (std::size_t i = all.size(); i-- > 0;) {
    const std::size_t corner = all[i].column + shift;
    std::string line(margin);
    line.append(corner + 1 - margin.size() - all[i].remark.size() - kCorner, ' ');
    line += all[i].remark;
    line += " -.";
    for (std::size_t j = i + 1; j < all.size(); ++j) {
      line.append(all[j].column + shift - line.size(), ' ');
      line += '|';
    }
    block += line + "\n";
  }
  return block;
}

}  // namespace

std::string tracking(const control::TrackingReply& r, std::string_view name) {
  const double correction_s = r.correction.to_seconds();
  const double fast_ppm = -r.frequency_ppm;
  std::string out;
  out += format("Reference ID    : %08X (%s)\n", r.ref_id.value, std::string(name).c_str());
  out += format("Stratum         : %u\n", unsigned{r.stratum});
  out += format("Ref time (UTC)  : %s\n", date_text(r.ref_time).c_str());
  out += format("System time     : %.9f seconds %s of NTP time\n", std::fabs(correction_s),
                correction_s > 0.0 ? "slow" : "fast");
  out += format("Last offset     : %+.9f seconds\n", -r.last_offset.to_seconds());
  out += format("RMS offset      : %.9f seconds\n", r.rms_offset.to_seconds());
  out += format("Frequency       : %.3f ppm %s\n", std::fabs(fast_ppm), fast_ppm > 0.0 ? "fast" : "slow");
  out += format("Residual freq   : %+.3f ppm\n", -r.residual_frequency_ppm);
  out += format("Skew            : %.3f ppm\n", r.skew_ppm);
  out += format("Root delay      : %.9f seconds\n", r.root_delay.to_seconds());
  out += format("Root dispersion : %.9f seconds\n", r.root_dispersion.to_seconds());
  out += format("Update interval : %.1f seconds\n", r.update_interval.to_seconds());
  out += format("Leap status     : %s\n", std::string(leap_text(r.leap)).c_str());
  return out;
}

char mode_character(control::SourceMode mode) {
  constexpr std::string_view kCharacters = "^=#";
  const auto index = static_cast<std::size_t>(mode);
  return index < kCharacters.size() ? kCharacters[index] : ' ';
}

char status_character(control::SourceStatus status) {
  constexpr std::string_view kCharacters = "*?x~+-";
  const auto index = static_cast<std::size_t>(status);
  return index < kCharacters.size() ? kCharacters[index] : ' ';
}

std::string sources_caption(bool wide) {
  static constexpr Pointer kPointers[] = {
      {33, "Stratum of the source"},
      {37, "Poll interval, log2 of seconds"},
      {43, "Last eight polls as octal bits"},
      {49, "Time since the last sample"},
      {55, "Last offset, corrected for slews since"},
      {63, "Last offset as measured, + = local clock fast"},
      {75, "Error bound: half the root delay + root dispersion"},
  };
  static constexpr std::string_view kMargin = "||";
  static_assert(fits(kPointers, kMargin.size()));
  return ".- Mode: ^ server, = peer, # reference clock\n"
         "|.- State: * selected, + combined, - selectable but not combined,\n"
         "||         ? not selectable, x falseticker, ~ too variable\n" +
         pointers(kMargin, kPointers, wide);
}

std::string sources_header(bool wide) {
  return header("MS Name/IP address", "         Stratum Poll Reach LastRx Last sample               ", wide);
}

std::string sources_row(const control::SourceDataReply& r, std::string_view name, bool wide) {
  return format("%c%c %-*s  %2d  %2d   %3o  %s  %s[%s] +/- %s\n", mode_character(r.mode), status_character(r.status),
                name_width(kSourcesName, wide), std::string(name).c_str(), int{r.stratum}, int{r.poll},
                unsigned{r.reachability}, interval(r.since_sample).c_str(), signed_offset(-r.adjusted).c_str(),
                signed_offset(-r.measured).c_str(), offset_size(r.error).c_str());
}

std::string sourcestats_caption(bool wide) {
  static constexpr Pointer kPointers[] = {
      {28, "Samples in use"},
      {32, "Runs of one sign in them"},
      {38, "Time that they span"},
      {49, "Frequency left, + = local clock fast"},
      {60, "Bound of its error"},
      {69, "Offset now, + = local clock fast"},
      {77, "Standard deviation of the samples"},
  };
  static_assert(fits(kPointers, 0));
  return pointers("", kPointers, wide);
}

std::string sourcestats_header(bool wide) {
  return header("Name/IP Address", "            NP  NR  Span  Frequency  Freq Skew  Offset  Std Dev", wide);
}

std::string sourcestats_row(const control::SourcestatsReply& r, std::string_view name, bool wide) {
  return format("%-*s %3u %3u  %s %s %s  %s  %s\n", name_width(kStatsName, wide), std::string(name).c_str(), r.samples,
                r.runs, interval(r.span_seconds).c_str(), signed_ppm(-r.frequency_ppm).c_str(), ppm(r.skew_ppm).c_str(),
                signed_offset(-r.offset).c_str(), offset_size(r.std_dev).c_str());
}

std::string activity(const control::ActivityReply& r) {
  return format(
      "200 OK\n"
      "%d sources online\n"
      "%d sources offline\n"
      "%d sources doing burst (return to online)\n"
      "%d sources doing burst (return to offline)\n"
      "%d sources with unknown address\n",
      r.online, r.offline, r.burst_online, r.burst_offline, r.unresolved);
}

std::string smoothing(const control::SmoothingReply& r) {
  std::string out;
  out += format("Active         : %s %s\n", r.active ? "Yes" : "No", r.leap_only ? "(leap second only)" : "");
  out += format("Offset         : %+.9f seconds\n", r.offset.to_seconds());
  out += format("Frequency      : %+.6f ppm\n", r.frequency_ppm);
  out += format("Wander         : %+.6f ppm per second\n", r.wander_ppm);
  out += format("Last update    : %.1f seconds ago\n", r.since_update.to_seconds());
  out += format("Remaining time : %.1f seconds\n", r.remaining.to_seconds());
  return out;
}

std::string waitsync(std::uint64_t attempt, const control::TrackingReply& r) {
  return format("try: %llu, refid: %08X, correction: %.9f, skew: %.3f\n", static_cast<unsigned long long>(attempt),
                r.ref_id.value, std::fabs(r.correction.to_seconds()), r.skew_ppm);
}

}  // namespace timed::client::text
