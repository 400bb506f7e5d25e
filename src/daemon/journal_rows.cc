#include "timed/daemon/journal_rows.h"

#include <array>
#include <ctime>

#include "timed/base/text.h"

namespace timed::daemon {
namespace {

using sources::PacketTest;

std::string utc(LocalTime when) {
  const std::time_t seconds = when.whole_seconds();
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  return format("%04d-%02d-%02d %02d:%02d:%02d", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday, parts.tm_hour,
                parts.tm_min, parts.tm_sec);
}

std::string utc_with_micros(LocalTime when) {
  return utc(when) + format(".%06d", static_cast<int>(when.subsecond_nanos() / 1000));
}

char leap_letter(ntp::Leap leap) {
  constexpr std::array kLetters = {'N', '+', '-', '?'};
  return kLetters[static_cast<std::size_t>(leap)];
}

// local - reference, in seconds; no sign before a zero.
double fast(Duration offset) {
  return 0.0 - offset.to_seconds();
}
double fast_ppm(Frequency frequency) {
  return 0.0 - frequency.to_ppm();
}

std::string digits(const sources::PacketTests& tests, std::initializer_list<PacketTest> wanted) {
  std::string text;
  for (const PacketTest test : wanted) text += tests.passed(test) ? '1' : '0';
  return text;
}

}  // namespace

std::string to_line(const MeasurementRow& row) {
  const std::string tests_1_to_3 =
      digits(row.tests, {PacketTest::NotDuplicate, PacketTest::OriginMatches, PacketTest::TimesKnown});
  const std::string tests_5_to_7 =
      digits(row.tests, {PacketTest::Authentic, PacketTest::Synchronised, PacketTest::RootDistance});
  const std::string tests_a_to_d = digits(
      row.tests, {PacketTest::DelayLimit, PacketTest::DelayRatio, PacketTest::DelayDeviation, PacketTest::NoLoop});
  return format("%s %-15s %c %2d %s %s %s  %2d %2d %4.2f %10.3e %10.3e %10.3e %10.3e %10.3e %08X %d%c %c %c",
                utc(row.when).c_str(), row.source.c_str(), leap_letter(row.leap), row.stratum, tests_1_to_3.c_str(),
                tests_5_to_7.c_str(), tests_a_to_d.c_str(), row.local_poll, row.remote_poll, row.poll_score,
                row.offset.to_seconds(), row.peer_delay.to_seconds(), row.peer_dispersion.to_seconds(),
                row.root_delay.to_seconds(), row.root_dispersion.to_seconds(), row.ref_id.value,
                static_cast<int>(row.mode), row.interleaved ? 'I' : 'B', letter_of(row.transmit_source),
                letter_of(row.receive_source));
}

std::string to_line(const StatisticsRow& row) {
  return format("%s %-15s %10.3e %10.3e %10.3e %10.3e %10.3e %7.1e %3d %3d %3d %5.2f", utc(row.when).c_str(),
                row.source.c_str(), row.std_dev.to_seconds(), fast(row.offset), row.offset_sd.to_seconds(),
                0.0 - row.frequency.to_ratio(), row.skew.to_ratio(), row.stress, row.samples, row.dropped, row.runs,
                row.asymmetry);
}

std::string to_line(const TrackingRow& row) {
  return format("%s %-15s %2d %10.3f %10.3f %10.3e %c %2d %10.3e %10.3e %10.3e %10.3e %10.3e", utc(row.when).c_str(),
                row.source.c_str(), row.stratum, fast_ppm(row.frequency), row.skew.to_ppm(), fast(row.offset),
                leap_letter(row.leap), row.combined, row.offset_sd.to_seconds(), row.remaining.to_seconds(),
                row.root_delay.to_seconds(), row.root_dispersion.to_seconds(), row.max_error.to_seconds());
}

std::string to_line(const SelectionRow& row) {
  const discipline::SelectMarks& marks = row.marks;
  return format("%s %-15s %c -%c%c%c%c %4o %5.2f %10.3e %10.3e %10.3e", utc(row.when).c_str(), row.source.c_str(),
                row.state, marks.noselect ? 'N' : '-', marks.prefer ? 'P' : '-', marks.trust ? 'T' : '-',
                marks.require ? 'R' : '-', row.reach, row.score, row.age.to_seconds(), fast(row.high), fast(row.low));
}

std::string to_line(const RefclockRow& row) {
  const std::string begin = utc_with_micros(row.when) + format(" %-5s", name_of(row.ref_id).c_str());
  const char leap = leap_letter(row.leap);
  if (!row.raw) {
    return begin + format("   - %c -       -       %13.6e %10.3e", leap, fast(row.offset), row.dispersion.to_seconds());
  }
  return begin + format(" %3d %c %d %13.6e %13.6e %10.3e", row.raw->poll, leap, row.raw->pulse ? 1 : 0,
                        fast(row.raw->offset), fast(row.offset), row.dispersion.to_seconds());
}

std::string to_line(const RtcRow& row) {
  return format("%s %14.6f %1d  %14.6f  %12.3f  %2d %2d %4d", utc(row.when).c_str(), row.measured_fast_s,
                row.valid ? 1 : 0, row.estimated_fast_s, row.slope_ppm, row.samples, row.runs, row.period_s);
}

std::string to_line(const TempcompRow& row) {
  return format("%s %11.4e %11.4e", utc(row.when).c_str(), row.temperature, row.compensation.to_ppm());
}

std::string name_of(ntp::RefId ref_id) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto c = static_cast<char>(ref_id.value >> shift & 0xff);
    if (c == '\0') break;
    if (c < '!' || c > '~') return format("%08X", ref_id.value);
    text += c;
  }
  return text;
}

}  // namespace timed::daemon
