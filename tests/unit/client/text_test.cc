#include "timed/client/text.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>
#include <vector>

#include "timed/base/text.h"
#include "timed/client/csv.h"
#include "timed/client/fields.h"
#include "timed/client/names.h"
#include "timed/client/text_tables.h"

namespace timed::client {
namespace {

using control::SourceDataReply;
using control::SourceMode;
using control::SourcestatsReply;
using control::SourceStatus;
using control::TrackingReply;

TEST(Interval, TakesTheUnitThatFits) {
  EXPECT_EQ(interval(control::kNever), "   -");
  EXPECT_EQ(interval(0), "   0");
  EXPECT_EQ(interval(1199), "1199");
  EXPECT_EQ(interval(1200), " 20m");
  EXPECT_EQ(interval(35999), "599m");
  EXPECT_EQ(interval(36000), " 10h");
  EXPECT_EQ(interval(345599), " 95h");
  EXPECT_EQ(interval(345600), "  4d");
  EXPECT_EQ(interval(1000 * 86400 - 1), "999d");
  EXPECT_EQ(interval(1000 * 86400), "  2y");
  EXPECT_EQ(interval(0xfffffffe), "136y");
}

TEST(Offset, TakesTheUnitThatFits) {
  struct Row {
    double seconds;
    const char* size;
    const char* with_sign;
  };
  const Row rows[] = {
      {0.0, "   0ns", "   +0ns"},      {-0.0, "   0ns", "   -0ns"},      {-4e-10, "   0ns", "   -0ns"},
      {247e-9, " 247ns", " +247ns"},   {9999.4e-9, "9999ns", "+9999ns"}, {9999.6e-9, "  10us", "  +10us"},
      {-5070e-6, "5070us", "-5070us"}, {9.9996e-3, "  10ms", "  +10ms"}, {4.0, "4000ms", "+4000ms"},
      {9.9996, " 10.0s", " +10.0s"},   {999.4, "999.4s", "+999.4s"},     {999.6, " 1000s", " +1000s"},
      {99999.4, "99999s", "+99999s"},  {99999.6, " 1667m", " +1667m"},   {5999940.0, "99999m", "+99999m"},
      {7.2e6, " 2000h", " +2000h"},    {4.32e8, " 5000d", " +5000d"},    {-3.1536e10, " 1000y", " -1000y"},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(offset_size(Duration::seconds(row.seconds)), row.size) << row.seconds;
    EXPECT_EQ(signed_offset(Duration::seconds(row.seconds)), row.with_sign) << row.seconds;
  }
}

TEST(Ppm, DropsDecimalsOfHugeValues) {
  EXPECT_EQ(ppm(2000.0), "  2000.000");
  EXPECT_EQ(signed_ppm(0.009), "    +0.009");
  EXPECT_EQ(signed_ppm(-0.0), "    -0.000");
  EXPECT_EQ(signed_ppm(99999.6), "   +100000");
  EXPECT_EQ(ppm(-99999.6), "   -100000");
  EXPECT_EQ(ppm(99999.4), " 99999.400");
  EXPECT_EQ(ppm(-12345.678), "-12345.678");
  EXPECT_EQ(signed_ppm(99999.4), "+99999.400");
  EXPECT_EQ(power_of_two(6), 64.0);
  EXPECT_EQ(power_of_two(31), 2147483648.0);
  EXPECT_EQ(power_of_two(99), 2147483648.0);
  EXPECT_EQ(power_of_two(-99), 1.0 / 2147483648.0);
}

TEST(Date, IsInUtc) {
  EXPECT_EQ(date_text({}), "Thu Jan 01 00:00:00 1970");
  EXPECT_EQ(date_text({1795395482, 5}), "Mon Nov 23 00:58:02 2026");
  EXPECT_EQ(date_text({std::numeric_limits<std::int64_t>::max(), 0}), "INVALID");
}

TEST(Leap, HasFourTexts) {
  EXPECT_EQ(leap_text(0), "Normal");
  EXPECT_EQ(leap_text(1), "Insert second");
  EXPECT_EQ(leap_text(2), "Delete second");
  EXPECT_EQ(leap_text(3), "Not synchronised");
  EXPECT_EQ(leap_text(4), "Invalid");
  EXPECT_EQ(leap_text(65535), "Invalid");
}

TEST(Names, OfAddressesAndReferenceClocks) {
  EXPECT_EQ(address_text(control::SourceAddress::unresolved(1)), "ID#0000000001");
  EXPECT_EQ(address_text({}), "[UNSPEC]");
  EXPECT_EQ(address_text(*IpAddress::parse("::1")), "::1");
  EXPECT_EQ(ref_id_text({0x47505300}), "GPS");
  EXPECT_EQ(ref_id_text(ntp::kLocalRefId), "");
  EXPECT_EQ(cut_name("exactly.twenty-five.chars", 25), "exactly.twenty-five.chars");
  EXPECT_EQ(cut_name("more.than.twenty-five.chars", 25), "more.than.twenty-five.ch>");
}

TEST(Tracking, OfAReferenceClock) {
  TrackingReply r;
  r.ref_id.value = 0x47505300;
  r.stratum = 3;
  r.leap = 0;
  r.ref_time = {1795395482, 0};
  r.correction = Duration::seconds(0.0002);
  r.last_offset = Duration::seconds(1e-12);
  r.rms_offset = Duration::seconds(0.000052098);
  r.frequency_ppm = -0.117;
  r.residual_frequency_ppm = 1e-9;
  r.root_delay = Duration::seconds(0.01);
  r.root_dispersion = Duration::seconds(0.000002949);
  r.update_interval = Duration::seconds(2);
  EXPECT_EQ(text::tracking(r, "GPS"),
            "Reference ID    : 47505300 (GPS)\n"
            "Stratum         : 3\n"
            "Ref time (UTC)  : Mon Nov 23 00:58:02 2026\n"
            "System time     : 0.000200000 seconds slow of NTP time\n"
            "Last offset     : -0.000000000 seconds\n"
            "RMS offset      : 0.000052098 seconds\n"
            "Frequency       : 0.117 ppm fast\n"
            "Residual freq   : -0.000 ppm\n"
            "Skew            : 0.000 ppm\n"
            "Root delay      : 0.010000000 seconds\n"
            "Root dispersion : 0.000002949 seconds\n"
            "Update interval : 2.0 seconds\n"
            "Leap status     : Normal\n");
}

TEST(Tracking, OfAClockThatIsNotSynchronised) {
  const TrackingReply r;
  EXPECT_EQ(text::tracking(r, ""),
            "Reference ID    : 00000000 ()\n"
            "Stratum         : 0\n"
            "Ref time (UTC)  : Thu Jan 01 00:00:00 1970\n"
            "System time     : 0.000000000 seconds fast of NTP time\n"
            "Last offset     : -0.000000000 seconds\n"
            "RMS offset      : 0.000000000 seconds\n"
            "Frequency       : 0.000 ppm slow\n"
            "Residual freq   : -0.000 ppm\n"
            "Skew            : 0.000 ppm\n"
            "Root delay      : 1.000000000 seconds\n"
            "Root dispersion : 1.000000000 seconds\n"
            "Update interval : 0.0 seconds\n"
            "Leap status     : Not synchronised\n");
}

// What a daemon that is not synchronised sends: zero has no sign on the wire.
TEST(Tracking, ThatWasCarriedHasPlainZeros) {
  const control::RequestHeader header{control::kVersion, 33, 0, 1};
  std::array<std::byte, control::kMaxReply> bytes;
  const std::size_t size = write_reply(bytes, header, {control::ReplyStatus::Success, TrackingReply{}});
  const auto received = receive_reply(std::span(bytes).first(size), header);
  const auto r = std::get<TrackingReply>(received.body.value());
  EXPECT_EQ(csv::tracking(r, ""),
            "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,1.000000000,1.000000000,0.0,"
            "Not synchronised\n");
  EXPECT_NE(text::tracking(r, "").find("Last offset     : +0.000000000 seconds\n"), std::string::npos);
  EXPECT_NE(text::tracking(r, "").find("Residual freq   : +0.000 ppm\n"), std::string::npos);
}

TEST(Tracking, AsCsvHasChronysSigns) {
  TrackingReply r;
  r.ref_id.value = 0x7f000001;
  r.stratum = 4;
  r.leap = 0;
  r.ref_time = {1795391384, 208395022};
  r.correction = Duration::seconds(-0.000001519);
  r.last_offset = Duration::seconds(-0.000000017);
  r.rms_offset = Duration::seconds(0.000000408);
  r.frequency_ppm = 0.009;
  r.residual_frequency_ppm = -1e-5;
  r.skew_ppm = 0.043;
  r.root_delay = Duration::seconds(0.000006273);
  r.root_dispersion = Duration::seconds(0.000000519);
  r.update_interval = Duration::seconds(0.8);
  EXPECT_EQ(csv::tracking(r, "127.0.0.1"),
            "7F000001,127.0.0.1,4,1795391384.208395022,-0.000001519,0.000000017,0.000000408,-0.009,0.000,0.043,"
            "0.000006273,0.000000519,0.8,Normal\n");
}

SourceDataReply source(SourceMode mode, SourceStatus status, std::int16_t poll, std::uint16_t stratum,
                       std::uint16_t reach, std::uint32_t age, double adjusted_fast_s, double measured_fast_s,
                       double error_s) {
  SourceDataReply r;
  r.mode = mode;
  r.status = status;
  r.poll = poll;
  r.stratum = stratum;
  r.reachability = reach;
  r.since_sample = age;
  r.adjusted = -Duration::seconds(adjusted_fast_s);
  r.measured = -Duration::seconds(measured_fast_s);
  r.error = Duration::seconds(error_s);
  return r;
}

TEST(Sources, HasTheHeaderOfChrony) {
  EXPECT_EQ(text::sources_header(false),
            "MS Name/IP address         Stratum Poll Reach LastRx Last sample               \n"
            "===============================================================================\n");
  EXPECT_EQ(text::sources_header(true),
            "MS Name/IP address                       Stratum Poll Reach LastRx Last sample               \n"
            "=============================================================================================\n");
}

TEST(Sources, HasTheRowsOfTheManual) {
  const auto clock = source(SourceMode::RefClock, SourceStatus::Selected, 1, 2, 0177, 2, -1e-12, -1e-12, 0.005);
  const auto server = source(SourceMode::Client, SourceStatus::Selectable, 0, 3, 0377, 1, 204e-6, 204e-6, 5070e-9);
  const auto peer = source(SourceMode::Peer, SourceStatus::NotSelectable, 2, 0, 0, control::kNever, 0, 0, 0);
  EXPECT_EQ(text::sources_row(clock, "GPS", false),
            "#* GPS                           2   1   177     2     -0ns[   -0ns] +/- 5000us\n");
  EXPECT_EQ(text::sources_row(server, "127.0.0.2", false),
            "^- 127.0.0.2                     3   0   377     1   +204us[ +204us] +/- 5070ns\n");
  EXPECT_EQ(text::sources_row(peer, "127.0.0.4", false),
            "=? 127.0.0.4                     0   2     0     -     +0ns[   +0ns] +/-    0ns\n");
  EXPECT_EQ(text::sources_row(peer, "127.0.0.4", true),
            "=? 127.0.0.4                                   0   2     0     -     +0ns[   +0ns] +/-    0ns\n");
  EXPECT_EQ(text::sources_row(peer, "2001:db8:1234:5678:9abc:def0:1234:5678", false),
            "=? 2001:db8:1234:5678:9abc:def0:1234:5678   0   2     0     -     +0ns[   +0ns] +/-    0ns\n");
}

TEST(Sources, HasTheLinesOfTheManualAsCsv) {
  EXPECT_EQ(csv::sources_row(source(SourceMode::Client, SourceStatus::Selected, -2, 3, 0377, 0, 0.000002622,
                                    0.000002639, 0.000005625),
                             "127.0.0.1"),
            "^,*,127.0.0.1,3,-2,377,0,0.000002622,0.000002639,0.000005625\n");
  EXPECT_EQ(csv::sources_row(source(SourceMode::Peer, SourceStatus::NotSelectable, 2, 0, 0, control::kNever, 0, 0, 0),
                             "127.0.0.4"),
            "=,?,127.0.0.4,0,2,0,4294967295,0.000000000,0.000000000,0.000000000\n");
}

TEST(Sources, ShowsEveryModeAndState) {
  std::string modes, states;
  for (int i = 0; i < 4; ++i) modes += mode_character(static_cast<SourceMode>(i));
  for (int i = 0; i < 7; ++i) states += status_character(static_cast<SourceStatus>(i));
  EXPECT_EQ(modes, "^=# ");
  EXPECT_EQ(states, "*?x~+- ");
}

SourcestatsReply stats(std::uint32_t samples, std::uint32_t runs, std::uint32_t span, double fast_ppm, double skew,
                       double fast_s, double sd_s) {
  SourcestatsReply r;
  r.samples = samples;
  r.runs = runs;
  r.span_seconds = span;
  r.frequency_ppm = -fast_ppm;
  r.skew_ppm = skew;
  r.offset = -Duration::seconds(fast_s);
  r.std_dev = Duration::seconds(sd_s);
  return r;
}

TEST(Sourcestats, HasHeaderAndRowsOfTheManual) {
  EXPECT_EQ(text::sourcestats_header(false),
            "Name/IP Address            NP  NR  Span  Frequency  Freq Skew  Offset  Std Dev\n"
            "==============================================================================\n");
  EXPECT_EQ(text::sourcestats_row(stats(30, 20, 12, 0.009, 0.052, 199e-6, 247e-9), "127.0.0.1", false),
            "127.0.0.1                  30  20    12     +0.009      0.052   +199us   247ns\n");
  EXPECT_EQ(text::sourcestats_row(stats(0, 0, 0, 0, 2000, 0, 4), "127.0.0.9", false),
            "127.0.0.9                   0   0     0     +0.000   2000.000     +0ns  4000ms\n");
  EXPECT_EQ(csv::sourcestats_row(stats(49, 27, 31, 0.007, 0.012, 0.000199350, 0.000000250), "127.0.0.1"),
            "127.0.0.1,49,27,31,0.007,0.012,0.000199350,0.000000250\n");
}

TEST(Activity, HasFiveNumbers) {
  const control::ActivityReply r{5, 1, 0, 2, 3};
  EXPECT_EQ(text::activity(r),
            "200 OK\n"
            "5 sources online\n"
            "1 sources offline\n"
            "0 sources doing burst (return to online)\n"
            "2 sources doing burst (return to offline)\n"
            "3 sources with unknown address\n");
  EXPECT_EQ(csv::activity(r), "5,1,0,2,3\n");
}

TEST(Smoothing, IsAsChronycPrintsIt) {
  const control::SmoothingReply r{
      true, false, Duration::seconds(-0.000180759), 0.856998, 0.01, Duration::seconds(1.4), Duration::seconds(209.2)};
  EXPECT_EQ(text::smoothing(r),
            "Active         : Yes \n"
            "Offset         : -0.000180759 seconds\n"
            "Frequency      : +0.856998 ppm\n"
            "Wander         : +0.010000 ppm per second\n"
            "Last update    : 1.4 seconds ago\n"
            "Remaining time : 209.2 seconds\n");
  EXPECT_EQ(csv::smoothing(r), "Yes,,-0.000180759,0.856998,0.010000,1.4,209.2\n");
  control::SmoothingReply none;
  none.leap_only = true;
  EXPECT_EQ(text::smoothing(none).substr(0, 37), "Active         : No (leap second only");
  EXPECT_EQ(csv::smoothing(none), "No,(leap second only),0.000000000,0.000000,0.000000,0.0,0.0\n");
}

TEST(Waitsync, ShowsTheSizeOfTheCorrection) {
  TrackingReply r;
  r.ref_id.value = 0x47505300;
  r.correction = Duration::seconds(-0.0002);
  EXPECT_EQ(text::waitsync(1, r), "try: 1, refid: 47505300, correction: 0.000200000, skew: 0.000\n");
  EXPECT_EQ(csv::waitsync(1, r), "1,47505300,0.000200000,0.000\n");
}

std::vector<std::string> lines_of(const std::string& block) {
  std::vector<std::string> lines;
  std::size_t begin = 0;
  for (std::size_t end; (end = block.find('\n', begin)) != std::string::npos; begin = end + 1) {
    lines.push_back(block.substr(begin, end - begin));
  }
  return lines;
}

// Each pointer begins at a dot and runs down to the header, into the column that it explains.
void check_caption(const std::string& caption, const std::string& row, std::size_t first, std::size_t pointers) {
  const auto lines = lines_of(caption);
  std::size_t found = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_LE(lines[i].size(), row.size());
    const std::size_t dot = lines[i].find(" -.");
    if (dot == std::string::npos) continue;
    ++found;
    for (std::size_t j = i + 1; j < lines.size(); ++j) EXPECT_EQ(lines[j].at(dot + 2), '|') << lines[j];
    EXPECT_NE(row.at(dot + 2), ' ') << "column " << dot + 2;
    EXPECT_GE(dot + 2, first);
  }
  EXPECT_EQ(found, pointers);
}

TEST(Caption, PointsToTheColumns) {
  const auto full = source(SourceMode::Client, SourceStatus::Selected, 10, 15, 0377, 1199, -1234e-9, -1234e-9, 1234e-9);
  const auto numbers = stats(100, 100, 1199, -12345.678, 12345.678, -1234e-9, 1234e-9);
  for (const bool wide : {false, true}) {
    check_caption(text::sources_caption(wide), text::sources_row(full, "n", wide), 30, 7);
    check_caption(text::sourcestats_caption(wide), text::sourcestats_row(numbers, "n", wide), 26, 7);
  }
  control::SelectDataReply selected;
  selected.since_sample = 1000;
  selected.score = 123.4;
  selected.low = Duration::seconds(-9e-3);
  selected.high = Duration::seconds(9e-3);
  const control::AuthDataReply key{control::AuthMode::Nts, 1000, 10000, 1000, 1000, 1000, 1000, 1000, 1000};
  for (const bool wide : {false, true}) {
    check_caption(text::selectdata_caption(wide), text::selectdata_row(selected, "n", wide), 28, 8);
    check_caption(text::authdata_caption(wide), text::authdata_row(key, "n", wide), 29, 9);
  }
  const auto lines = lines_of(text::sources_caption(false));
  EXPECT_EQ(lines.at(0).substr(0, 2), ".-");
  EXPECT_EQ(lines.at(1).substr(0, 3), "|.-");
  for (std::size_t i = 2; i < lines.size(); ++i) EXPECT_EQ(lines[i].substr(0, 2), "||");
}

}  // namespace
}  // namespace timed::client
