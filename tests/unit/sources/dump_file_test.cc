#include "timed/sources/dump_file.h"

#include <gtest/gtest.h>

#include "timed/base/random.h"

namespace timed::sources {
namespace {

// Written by chronyd 4.3 about a server on the loopback interface.
constexpr const char* kChronyd =
    "SRC0\n"
    "127.0.0.1\n"
    "0 377 8 3 0\n"
    "3 24\n"
    "1795521680.009509453 2.442123e-06 -3.128000e-06 9.818000e-06 4.361449e-08 9.818000e-06 4.361449e-08\n"
    "1795521680.281863305 3.513018e-06 2.820000e-07 1.160600e-05 4.023005e-08 1.160600e-05 4.023005e-08\n"
    "1795521680.549535318 2.046329e-06 -1.778000e-06 8.584000e-06 3.571825e-08 8.584000e-06 3.571825e-08\n";

std::string with(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  return at == std::string::npos ? "no such text" : text.replace(at, from.size(), to);
}

TEST(DumpFile, ReadsWhatChronydWrites) {
  const auto source = parse_dump(kChronyd);
  ASSERT_TRUE(source.has_value());
  EXPECT_EQ(source->name, "127.0.0.1");
  EXPECT_FALSE(source->authenticated);
  EXPECT_EQ(source->reachability, 0377);
  EXPECT_EQ(source->reachability_size, 8);
  EXPECT_EQ(source->stratum, 3);
  EXPECT_EQ(source->leap, ntp::Leap::Normal);
  EXPECT_EQ(source->asymmetry_run, 24);
  ASSERT_EQ(source->samples.size(), 3u);
  const DumpedSample& s = source->samples[1];
  EXPECT_EQ(s.when, LocalTime::from_seconds(1795521680, 281863305));
  EXPECT_DOUBLE_EQ(s.offset.to_seconds(), -3.513018e-06) << "the file says how much the clock is fast";
  EXPECT_DOUBLE_EQ(s.measured.to_seconds(), -2.82e-07);
  EXPECT_DOUBLE_EQ(s.peer_delay.to_seconds(), 1.1606e-05);
  EXPECT_DOUBLE_EQ(s.peer_dispersion.to_seconds(), 4.023005e-08);
  EXPECT_DOUBLE_EQ(s.root_delay.to_seconds(), 1.1606e-05);
  EXPECT_DOUBLE_EQ(s.root_dispersion.to_seconds(), 4.023005e-08);
}

TEST(DumpFile, WritesItByteForByte) {
  EXPECT_EQ(write_dump(*parse_dump(kChronyd)), kChronyd);
}

TEST(DumpFile, ZeroHasNoSign) {
  DumpedSource source;
  source.name = "a.example.net";
  source.authenticated = true;
  source.samples.push_back({.when = LocalTime::from_seconds(1, 2),
                            .offset = {},
                            .measured = {},
                            .peer_delay = {},
                            .peer_dispersion = {},
                            .root_delay = {},
                            .root_dispersion = {}});
  EXPECT_EQ(write_dump(source),
            "SRC0\na.example.net\n1 0 0 0 0\n1 0\n1.000000002 0.000000e+00 0.000000e+00 0.000000e+00 0.000000e+00 "
            "0.000000e+00 0.000000e+00\n");
}

TEST(DumpFile, RefusesWhatNoSourceCanHaveHad) {
  const std::string good = kChronyd;
  const std::vector<std::pair<std::string, std::string>> changes = {
      {"SRC0", "SRC1"},
      {"SRC0\n", ""},
      {"127.0.0.1", "two words"},
      {"127.0.0.1\n", "\n"},
      {"0 377 8 3 0", "2 377 8 3 0"},
      {"0 377 8 3 0", "0 378 8 3 0"},
      {"0 377 8 3 0", "0 400 8 3 0"},
      {"0 377 8 3 0", "0 377 9 3 0"},
      {"0 377 8 3 0", "0 377 4 3 0"},  // more bits than polls
      {"0 377 8 3 0", "0 377 8 16 0"},
      {"0 377 8 3 0", "0 377 8 -1 0"},
      {"0 377 8 3 0", "0 377 8 3 3"},
      {"0 377 8 3 0", "0 377 8 3"},
      {"0 377 8 3 0", "0 377 8 3 0 0"},
      {"3 24", "0 24"},
      {"3 24", "4 24"},
      {"3 24", "65 24"},
      {"3 24", "99999999999999999999 24"},
      {"3 24", "3 1001"},
      {"3 24", "3 x"},
      {"1795521680.549535318", "1795521680.281863305"},  // not later
      {"1795521680.549535318", "1795521680.28"},
      {"1795521680.549535318", "1795521680"},
      {"1795521680.549535318", "-1.549535318"},
      {"1795521680.549535318", "99999999999.549535318"},
      {"1795521680.549535318", "1795521680.54953531x"},
      {"2.046329e-06", "nan"},
      {"2.046329e-06", "inf"},
      {"2.046329e-06", "5e9"},
      {"2.046329e-06", "2.0x"},
      {"8.584000e-06 3.571825e-08\n", "8.584000e-06\n"},
      {"8.584000e-06 3.571825e-08 8.584000e-06", "1e6 3.571825e-08 8.584000e-06"},
      {"8.584000e-06 3.571825e-08 8.584000e-06", "8.584000e-06 -1e6 8.584000e-06"},
  };
  ASSERT_TRUE(parse_dump(good).has_value());
  for (const auto& [from, to] : changes) {
    EXPECT_FALSE(parse_dump(with(good, from, to)).has_value()) << from << " -> " << to;
  }
  EXPECT_FALSE(parse_dump("").has_value());
  EXPECT_FALSE(parse_dump(good.substr(0, good.size() / 2)).has_value());
  EXPECT_FALSE(parse_dump(with(good, "377", std::string("\0", 1))).has_value());
}

TEST(DumpFile, TellsWithWhatClockItWasMeasured) {
  EXPECT_FALSE(parse_dump(kChronyd)->clock.has_value());
  const std::string text = std::string(kChronyd) + "clock 1795500000.000000007 -12.345678901\n";
  const auto source = parse_dump(text);
  ASSERT_TRUE(source.has_value() && source->clock.has_value());
  EXPECT_EQ(source->clock->mono_zero, RawTime::from_seconds(1795500000, 7));
  ASSERT_TRUE(source->clock->kernel.has_value());
  EXPECT_NEAR(source->clock->kernel->to_ppm(), -12.345678901, 1e-12);
  EXPECT_EQ(write_dump(*source), text);
  const std::string not_steered = std::string(kChronyd) + "clock 1795500000.000000007 -\n";
  ASSERT_TRUE(parse_dump(not_steered).has_value());
  EXPECT_FALSE(parse_dump(not_steered)->clock->kernel.has_value());
  EXPECT_EQ(write_dump(*parse_dump(not_steered)), not_steered);
  for (const char* damaged :
       {"clock 1795500000 -\n", "clock 1795500000.000000007 x\n", "clock x 1.0\n", "clock 1795500000.000000007 nan\n",
        "clock 1795500000.000000007 1e7\n", "clock 1795500000.000000007\n", "clocks 1795500000.000000007 -\n"}) {
    EXPECT_FALSE(parse_dump(std::string(kChronyd) + damaged).has_value()) << damaged;
  }
}

TEST(DumpFile, AClockThatBeganAt1970LeavesNoMarks) {
  auto source = *parse_dump(kChronyd);
  source.clock = discipline::ClockMarks{.mono_zero = RawTime::from_seconds(0, 0), .kernel = std::nullopt};
  EXPECT_EQ(write_dump(source), std::string(kChronyd) + "clock 0.000000000 -\n");
  source.clock->mono_zero -= Duration::seconds(1.99);
  EXPECT_EQ(write_dump(source), kChronyd);
}

TEST(DumpFile, MutatedFilesAreReadOrRefused) {
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    SeededRandom random(seed);
    std::string text = kChronyd;
    for (int i = 0; i < 3; ++i) {
      text[static_cast<std::size_t>(random.uniform(0, static_cast<double>(text.size())))] =
          static_cast<char>(random.uniform(0, 128));
    }
    const auto source = parse_dump(text);
    if (!source) continue;
    for (std::size_t i = 1; i < source->samples.size(); ++i) {
      EXPECT_GT(source->samples[i].when, source->samples[i - 1].when) << seed;
    }
  }
}

TEST(DumpFile, NamesOfAddressesAndReferenceClocks) {
  EXPECT_EQ(dump_file_name(*IpAddress::parse("10.0.0.1")), "10.0.0.1.dat");
  EXPECT_EQ(dump_file_name(*IpAddress::parse("fd00::1")), "fd00::1.dat");
  for (const char* name : {"10.0.0.1.dat", "fd00::1.dat", "refid:47505300.dat"}) EXPECT_TRUE(is_dump_file_name(name));
  for (const char* name : {"drift", "10.0.0.1", "x.dat", ".dat", "refid:4750530.dat", "refid:4750530G.dat",
                           "10.0.0.1.dat.tmp", "refid:475053000.dat"}) {
    EXPECT_FALSE(is_dump_file_name(name)) << name;
  }
}

}  // namespace
}  // namespace timed::sources
