#include "timed/daemon/journal.h"

#include <gtest/gtest.h>

#include <map>

#include "one_file.h"

namespace timed::daemon {
namespace {

// A disk on which logs can be opened, and nothing else.
class LogDisk : public OneFile {
 public:
  LogDisk() : OneFile("/none") {}

  std::map<std::string, std::string> logs;
  std::map<std::string, std::uint32_t> modes;
  std::optional<Error> refusal;  // of opening
  bool full = false;
  int opened = 0;

  Result<std::unique_ptr<env::AppendFile>> open_log(const std::string& path, std::uint32_t wanted_mode) override {
    ++opened;
    if (refusal) return *refusal;
    modes[path] = wanted_mode;
    return std::unique_ptr<env::AppendFile>(std::make_unique<Log>(*this, path));
  }

 private:
  class Log : public env::AppendFile {
   public:
    Log(LogDisk& disk, std::string path) : disk_(disk), path_(std::move(path)) {}
    Status append(std::string_view text) override {
      if (disk_.full) return Error{"Could not write to " + path_ + " : No space left on device"};
      disk_.logs[path_] += text;
      return Status::success();
    }

   private:
    LogDisk& disk_;
    std::string path_;
  };
};

class JournalTest : public ::testing::Test {
 protected:
  JournalTest() {
    options.tempcomp = true;
    options.directory = "/logs";
  }
  static TempcompRow row(int second = 0) { return {LocalTime::from_seconds(second), 1.0, Frequency::ppm(0)}; }
  static std::string line(int second = 0) { return to_line(row(second)) + '\n'; }

  const std::string rule = std::string(43, '=') + '\n';
  const std::string banner = rule + "   Date (UTC) Time        Temp.       Comp.\n" + rule;
  const std::string path = "/logs/tempcomp.log";
  config::JournalOptions options;
  LogDisk disk;
  CapturedLog log;
};

TEST_F(JournalTest, BeginsAFileWithABannerAtItsFirstEntry) {
  Journal journal(options, disk);
  EXPECT_EQ(disk.opened, 0);
  journal.write(row());
  EXPECT_EQ(disk.logs[path], banner + line());
  EXPECT_EQ(disk.modes[path], 0644u);
  journal.write(row(1));
  EXPECT_EQ(disk.logs[path], banner + line() + line(1));
  EXPECT_EQ(disk.opened, 1);
}

TEST_F(JournalTest, RepeatsTheBannerBeforeEveryNthEntry) {
  options.banner = 2;
  Journal journal(options, disk);
  for (int i = 0; i < 5; ++i) journal.write(row());
  EXPECT_EQ(disk.logs[path], banner + line() + line() + banner + line() + line() + banner + line());
}

TEST_F(JournalTest, WritesNoBannerWhereNoneIsWanted) {
  options.banner = 0;
  Journal journal(options, disk);
  for (int i = 0; i < 3; ++i) journal.write(row());
  EXPECT_EQ(disk.logs[path], line() + line() + line());
}

TEST_F(JournalTest, OpensFilesAnewAfterACycle) {
  options.banner = 2;
  Journal journal(options, disk);
  for (int i = 0; i < 3; ++i) journal.write(row());
  disk.logs.clear();
  journal.cycle();
  EXPECT_EQ(disk.opened, 1);
  for (int i = 0; i < 2; ++i) journal.write(row());
  EXPECT_EQ(disk.opened, 2);
  EXPECT_EQ(disk.logs[path], banner + line() + line());
}

TEST_F(JournalTest, WritesOnlyWantedStreams) {
  options.tempcomp = false;
  Journal journal(options, disk);
  journal.write(row());
  journal.write(StatisticsRow());
  journal.write(TrackingRow());
  journal.write(SelectionRow());
  journal.write(RefclockRow());
  journal.write(RtcRow());
  EXPECT_FALSE(journal.wants_measurement(true) || journal.wants_statistics() || journal.wants_tracking() ||
               journal.wants_selection() || journal.wants_refclocks() || journal.wants_rtc() ||
               journal.wants_tempcomp());
  EXPECT_EQ(disk.opened, 0);
}

TEST_F(JournalTest, WritesEachStreamToAFileOfItsOwn) {
  options.measurements = options.statistics = options.tracking = options.selection = true;
  options.refclocks = options.rtc = true;
  Journal journal(options, disk);
  journal.write(MeasurementRow());
  journal.write(StatisticsRow());
  journal.write(TrackingRow());
  journal.write(SelectionRow());
  journal.write(RefclockRow());
  journal.write(RtcRow());
  journal.write(row());
  std::string names;
  for (const auto& [name, text] : disk.logs) names += name + ' ';
  EXPECT_EQ(names,
            "/logs/measurements.log /logs/refclocks.log /logs/rtc.log /logs/selection.log /logs/statistics.log "
            "/logs/tempcomp.log /logs/tracking.log ");
}

TEST_F(JournalTest, WantsBadResponsesOnlyInTheRawLog) {
  options.measurements = true;
  const Journal cooked(options, disk);
  EXPECT_TRUE(cooked.wants_measurement(true));
  EXPECT_FALSE(cooked.wants_measurement(false));
  options.raw_measurements = true;
  EXPECT_TRUE(Journal(options, disk).wants_measurement(false));
  options.measurements = false;
  EXPECT_TRUE(Journal(options, disk).wants_measurement(true));
}

TEST_F(JournalTest, DisablesAStreamWithoutADirectory) {
  options.directory.clear();
  Journal journal(options, disk);
  for (int i = 0; i < 3; ++i) journal.write(row());
  EXPECT_EQ(log.lines, std::vector<std::string>{"warning: logdir not specified"});
  EXPECT_FALSE(journal.wants_tempcomp());
  journal.cycle();
  journal.write(row());
  EXPECT_EQ(log.lines.size(), 1u);
}

TEST_F(JournalTest, DisablesForGoodWhatCannotBeOpened) {
  options.tracking = true;
  disk.refusal = Error{"Could not open /logs/tempcomp.log : Permission denied", ErrorKind::Permission};
  Journal journal(options, disk);
  journal.write(row());
  disk.refusal.reset();
  journal.cycle();
  journal.write(row());
  journal.write(TrackingRow());
  EXPECT_EQ(log.lines, std::vector<std::string>{"error: Could not open /logs/tempcomp.log : Permission denied"});
  EXPECT_EQ(disk.logs.count(path), 0u);
  EXPECT_EQ(disk.logs.count("/logs/tracking.log"), 1u);
}

TEST_F(JournalTest, TellsOnceOfAFullDiskAndGoesOn) {
  Journal journal(options, disk);
  journal.write(row());
  disk.full = true;
  for (int i = 0; i < 3; ++i) journal.write(row());
  EXPECT_EQ(log.lines,
            std::vector<std::string>{"error: Could not write to /logs/tempcomp.log : No space left on device"});
  disk.full = false;
  journal.write(row(1));
  EXPECT_EQ(disk.logs[path], banner + line() + line(1));
}

}  // namespace
}  // namespace timed::daemon
