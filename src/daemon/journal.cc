#include "timed/daemon/journal.h"

#include <algorithm>

#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::daemon {
namespace {

constexpr std::uint32_t kFileMode = 0644;

struct StreamText {
  const char* name;
  std::string_view header;
};

constexpr std::array<StreamText, 7> kTexts = {{
    {"measurements",
     "   Date (UTC) Time     IP Address   L St 123 567 ABCD  LP RP Score    Offset  Peer del. Peer disp.  Root del. "
     "Root disp. Refid     MTxRx"},
    {"statistics",
     "   Date (UTC) Time     IP Address    Std dev'n Est offset  Offset sd  Diff freq   Est skew  Stress  Ns  Bs  Nr  "
     "Asym"},
    {"tracking",
     "   Date (UTC) Time     IP Address   St   Freq ppm   Skew ppm     Offset L Co  Offset sd Rem. corr. Root delay "
     "Root disp. Max. error"},
    {"selection", "   Date (UTC) Time     IP Address   S EOpts Reach Score Last sample  Low end   High end"},
    {"refclocks", "   Date (UTC) Time         Refid  DP L P  Raw offset   Cooked offset      Disp."},
    {"rtc", "   Date (UTC) Time   RTC fast (s) Val   Est fast (s)   Slope (ppm)  Ns  Nr Meas"},
    {"tempcomp", "   Date (UTC) Time        Temp.       Comp."},
}};

std::string banner(std::string_view header) {
  const std::string rule(header.size(), '=');
  return rule + '\n' + std::string(header) + '\n' + rule + '\n';
}

}  // namespace

bool Journal::wants_measurement(bool passes_packet_tests) const {
  return (options_.raw_measurements || (options_.measurements && passes_packet_tests)) && is_open(Stream::Measurements);
}

void Journal::write(const MeasurementRow& row) {
  append(Stream::Measurements, to_line(row));
}

void Journal::write(const StatisticsRow& row) {
  if (wants_statistics()) append(Stream::Statistics, to_line(row));
}

void Journal::write(const TrackingRow& row) {
  if (wants_tracking()) append(Stream::Tracking, to_line(row));
}

void Journal::write(const SelectionRow& row) {
  if (wants_selection()) append(Stream::Selection, to_line(row));
}

void Journal::write(const RefclockRow& row) {
  if (wants_refclocks()) append(Stream::Refclocks, to_line(row));
}

void Journal::write(const RtcRow& row) {
  if (wants_rtc()) append(Stream::Rtc, to_line(row));
}

void Journal::write(const TempcompRow& row) {
  if (wants_tempcomp()) append(Stream::Tempcomp, to_line(row));
}

void Journal::cycle() {
  for (File& file : files_of_) {
    file.file.reset();
    file.entries = 0;
  }
}

bool Journal::open(Stream stream, File& file) {
  if (options_.directory.empty()) {
    log::warning("logdir not specified");
    return false;
  }
  const std::string path = options_.directory + '/' + kTexts[static_cast<std::size_t>(stream)].name + ".log";
  auto opened = files_.open_log(path, kFileMode);
  if (!opened) {
    log::error("%s", opened.error().message.c_str());
    return false;
  }
  file.file = opened.take();
  return true;
}

// A line is in its file when this returns: a crash loses none, and a reader sees it at once.
void Journal::append(Stream stream, const std::string& line) {
  File& file = files_of_[static_cast<std::size_t>(stream)];
  if (file.failed) return;
  if (!file.file && !open(stream, file)) {
    file.failed = true;
    return;
  }
  const auto every = static_cast<std::uint64_t>(std::max(0, options_.banner));
  std::string text =
      every > 0 && file.entries % every == 0 ? banner(kTexts[static_cast<std::size_t>(stream)].header) : std::string();
  text += line;
  text += '\n';
  ++file.entries;
  // A full disk may have room again for the next one.
  const Status written = file.file->append(text);
  if (!written && !file.told_failure) log::error("%s", written.error().message.c_str());
  file.told_failure = !written.ok();
}

}  // namespace timed::daemon
