// The logs in "logdir": which are wanted, their banners, their files.  A file is made with its first entry, so a stream
// that nothing feeds leaves none.
#ifndef TIMED_DAEMON_JOURNAL_H_
#define TIMED_DAEMON_JOURNAL_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "timed/config/config.h"
#include "timed/daemon/journal_rows.h"
#include "timed/env/files.h"

namespace timed::daemon {

class Journal {
 public:
  Journal(config::JournalOptions options, env::Files& files) : options_(std::move(options)), files_(files) {}

  // Whether a row would be written: ask before making one.  Measurements that fail the tests of packets are wanted
  // only with "rawmeasurements".
  bool wants_measurement(bool passes_packet_tests) const;
  bool wants_statistics() const { return options_.statistics && is_open(Stream::Statistics); }
  bool wants_tracking() const { return options_.tracking && is_open(Stream::Tracking); }
  bool wants_selection() const { return options_.selection && is_open(Stream::Selection); }
  bool wants_refclocks() const { return options_.refclocks && is_open(Stream::Refclocks); }
  bool wants_rtc() const { return options_.rtc && is_open(Stream::Rtc); }
  bool wants_tempcomp() const { return options_.tempcomp && is_open(Stream::Tempcomp); }

  // Writes a row where its stream is wanted; a measurement has been asked for with wants_measurement().
  void write(const MeasurementRow& row);
  void write(const StatisticsRow& row);
  void write(const TrackingRow& row);
  void write(const SelectionRow& row);
  void write(const RefclockRow& row);
  void write(const RtcRow& row);
  void write(const TempcompRow& row);

  // Closes the files, which may have been renamed: the next entries begin new ones, with a banner ("cyclelogs").
  void cycle();

 private:
  enum class Stream : std::uint8_t { Measurements, Statistics, Tracking, Selection, Refclocks, Rtc, Tempcomp };
  static constexpr std::size_t kStreams = 7;
  struct File {
    std::unique_ptr<env::AppendFile> file;
    std::uint64_t entries = 0;  // since it was opened
    bool failed = false;        // for good: it could not be opened, and the operator was told
    bool told_failure = false;  // that an entry could not be written, until one is
  };

  bool is_open(Stream stream) const { return !files_of_[static_cast<std::size_t>(stream)].failed; }
  void append(Stream stream, const std::string& line);
  bool open(Stream stream, File& file);

  config::JournalOptions options_;
  env::Files& files_;
  std::array<File, kStreams> files_of_;
};

}  // namespace timed::daemon

#endif  // TIMED_DAEMON_JOURNAL_H_
