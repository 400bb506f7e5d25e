#include "timed/daemon/journal_rows.h"

#include <gtest/gtest.h>

#include <ctime>

namespace timed::daemon {
namespace {

// The lines have chrony's columns (chrony.conf(5), "log").

LocalTime at(int day, int hour, int minute, int second, std::int64_t nanos = 0) {
  std::tm parts{};
  parts.tm_year = 126;
  parts.tm_mon = 10;
  parts.tm_mday = day;
  parts.tm_hour = hour;
  parts.tm_min = minute;
  parts.tm_sec = second;
  return LocalTime::from_seconds(::timegm(&parts), nanos);
}

sources::PacketTests all_passed() {
  sources::PacketTests tests;
  for (int bit = 0; bit < 10; ++bit) tests.set(static_cast<sources::PacketTest>(1 << bit), true);
  return tests;
}

MeasurementRow measurement() {
  MeasurementRow row;
  row.when = at(23, 0, 58, 46, 999'999'999);
  row.source = "127.0.0.1";
  row.leap = ntp::Leap::Normal;
  row.stratum = 3;
  row.tests = all_passed();
  row.poll_score = 1.0;
  row.offset = Duration::seconds(-1.995e-4);
  row.peer_delay = Duration::seconds(2.557e-6);
  row.peer_dispersion = Duration::seconds(1.186e-8);
  row.ref_id = ntp::kLocalRefId;
  row.interleaved = true;
  row.transmit_source = row.receive_source = env::StampSource::Kernel;
  return row;
}

TEST(JournalRows, OfMeasurements) {
  EXPECT_EQ(to_line(measurement()),
            "2026-11-23 00:58:46 127.0.0.1       N  3 111 111 1111   0  0 1.00 -1.995e-04  2.557e-06  1.186e-08  "
            "0.000e+00  0.000e+00 7F7F0101 4I K K");
}

TEST(JournalRows, OfMeasurementsTellEachTestAndMode) {
  constexpr const char* kDigits[] = {"000 000 0001", "000 000 0010", "000 000 0100", "000 000 1000", "000 001 0000",
                                     "000 010 0000", "000 100 0000", "001 000 0000", "010 000 0000", "100 000 0000"};
  for (int bit = 0; bit < 10; ++bit) {
    MeasurementRow row = measurement();
    row.tests = {};
    row.tests.set(static_cast<sources::PacketTest>(1 << bit), true);
    EXPECT_EQ(to_line(row).substr(41, 12), kDigits[bit]);
  }
  MeasurementRow row = measurement();
  row.source = "2001:db8:1234:5678::1";
  row.leap = ntp::Leap::Unsynchronised;
  row.local_poll = 10;
  row.remote_poll = -6;
  row.mode = ntp::Mode::SymmetricPassive;
  row.interleaved = false;
  row.transmit_source = env::StampSource::Daemon;
  row.receive_source = env::StampSource::Hardware;
  row.root_delay = Duration::seconds(0.125);
  row.root_dispersion = Duration::seconds(65535);
  EXPECT_EQ(to_line(row),
            "2026-11-23 00:58:46 2001:db8:1234:5678::1 ?  3 111 111 1111  10 -6 1.00 -1.995e-04  2.557e-06  1.186e-08  "
            "1.250e-01  6.554e+04 7F7F0101 2B D H");
}

TEST(JournalRows, OfStatistics) {
  StatisticsRow row;
  row.when = at(23, 0, 57, 50);
  row.source = "127.0.0.2";
  row.std_dev = Duration::seconds(3.955e-7);
  row.offset = Duration::seconds(-3.220e-6);
  row.offset_sd = Duration::seconds(2.739e-7);
  row.frequency = Frequency::ratio(3.077e-6);
  row.skew = Frequency::ratio(9.558e-4);
  row.stress = 1.5e-3;
  row.samples = row.runs = 3;
  EXPECT_EQ(to_line(row),
            "2026-11-23 00:57:50 127.0.0.2        3.955e-07  3.220e-06  2.739e-07 -3.077e-06  9.558e-04 1.5e-03   3   "
            "0   3  0.00");
  row.dropped = 11;
  row.asymmetry = -0.5;
  EXPECT_EQ(to_line(row).substr(99), "  3  11   3 -0.50");
}

TEST(JournalRows, OfTrackingWithoutReference) {
  TrackingRow row;
  row.when = at(23, 0, 57, 50);
  row.skew = Frequency::ratio(1);
  row.remaining = Duration::seconds(-0.0);
  row.root_delay = row.root_dispersion = Duration::seconds(1);
  row.max_error = Duration::seconds(1.5);
  EXPECT_EQ(to_line(row),
            "2026-11-23 00:57:50 0.0.0.0          0      0.000 1000000.000  0.000e+00 ?  0  0.000e+00 -0.000e+00  "
            "1.000e+00  1.000e+00  1.500e+00");
}

TEST(JournalRows, OfTracking) {
  TrackingRow row;
  row.when = at(23, 0, 57, 51);
  row.source = "127.0.0.2";
  row.stratum = 4;
  row.frequency = Frequency::ppm(0.499);
  row.skew = Frequency::ppm(74.445);
  row.offset = Duration::seconds(-1.152e-6);
  row.leap = ntp::Leap::Normal;
  row.combined = 1;
  row.offset_sd = Duration::seconds(8.612e-7);
  row.remaining = Duration::seconds(-2.309e-6);
  row.root_delay = Duration::seconds(1.253e-5);
  row.root_dispersion = Duration::seconds(4.010e-5);
  row.max_error = Duration::seconds(1.003e-3);
  EXPECT_EQ(to_line(row),
            "2026-11-23 00:57:51 127.0.0.2        4     -0.499     74.445  1.152e-06 N  1  8.612e-07 -2.309e-06  "
            "1.253e-05  4.010e-05  1.003e-03");
}

TEST(JournalRows, OfSelection) {
  SelectionRow row;
  row.when = at(23, 0, 58, 48);
  row.source = "GPS";
  row.state = '*';
  row.marks.prefer = row.marks.trust = row.marks.require = true;
  row.reach = 0377;
  row.age = Duration::seconds(1.79);
  row.low = Duration::seconds(-5e-3);
  row.high = Duration::seconds(5e-3);
  EXPECT_EQ(to_line(row), "2026-11-23 00:58:48 GPS             * --PTR  377  1.00  1.790e+00 -5.000e-03  5.000e-03");
  // The limits change places with the sign.
  row.low = Duration::seconds(0.1);
  row.high = Duration::seconds(0.3);
  row.marks = {};
  row.marks.noselect = true;
  row.reach = 1;
  EXPECT_EQ(to_line(row), "2026-11-23 00:58:48 GPS             * -N---    1  1.00  1.790e+00 -3.000e-01 -1.000e-01");
}

TEST(JournalRows, OfReferenceClocks) {
  RefclockRow row;
  row.when = at(23, 0, 57, 50, 260'591'999);
  row.ref_id = {0x47505300};  // "GPS"
  row.offset = Duration::seconds(-1.999713e-4);
  row.dispersion = Duration::nanos(10);
  row.raw = RefclockRow::Raw{.poll = 0, .pulse = false, .offset = Duration::seconds(-1e-4)};
  EXPECT_EQ(to_line(row), "2026-11-23 00:57:50.260591 GPS     0 N 0  1.000000e-04  1.999713e-04  1.000e-08");
  row.when = at(23, 0, 57, 51, 138'431'000);
  row.offset = Duration::seconds(-2.034381e-4);
  row.raw.reset();
  EXPECT_EQ(to_line(row), "2026-11-23 00:57:51.138431 GPS     - N -       -        2.034381e-04  1.000e-08");
}

TEST(JournalRows, OfTheRealTimeClock) {
  RtcRow row;
  row.when = at(23, 0, 57, 50);
  row.measured_fast_s = -0.123456;
  row.valid = true;
  row.estimated_fast_s = 1.5;
  row.slope_ppm = -3.25;
  row.samples = 12;
  row.runs = 7;
  row.period_s = 240;
  EXPECT_EQ(to_line(row), "2026-11-23 00:57:50      -0.123456 1        1.500000        -3.250  12  7  240");
}

TEST(JournalRows, OfTemperatures) {
  EXPECT_EQ(to_line(TempcompRow{at(23, 0, 57, 50), 27.5, Frequency::ppm(0.11725)}),
            "2026-11-23 00:57:50  2.7500e+01  1.1725e-01");
}

TEST(JournalRows, NameReferencesByTheirText) {
  EXPECT_EQ(name_of(ntp::RefId::text("MANU")), "MANU");
  EXPECT_EQ(name_of({0x50505300}), "PPS");
  EXPECT_EQ(name_of({0x7f7f0101}), "7F7F0101");
  EXPECT_EQ(name_of({}), "");
}

}  // namespace
}  // namespace timed::daemon
