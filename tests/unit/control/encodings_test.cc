#include "timed/control/encodings.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "tests/unit/control/datagrams.h"
#include "timed/base/random.h"

namespace timed::control {
namespace {

TEST(Float, HasTheWordsOfTheTable) {
  struct Row {
    double value;
    std::uint32_t word;
    double decoded;
  };
  const Row rows[] = {
      {0.0, 0x00000000, 0.0},
      {1.0, 0x04800000, 1.0},
      {-1.0, 0x03000000, -1.0},
      {0.5, 0x02800000, 0.5},
      {-0.5, 0x01000000, -0.5},
      {1.5, 0x04c00000, 1.5},
      {2.0, 0x06800000, 2.0},
      {3.0, 0x06c00000, 3.0},
      {0.1, 0xfccccccd, 0.1000000015},
      {-0.1, 0xfd333333, -0.1000000015},
      {0.001, 0xf083126f, 0.001000000047},
      {1e-9, 0xc889705f, 9.999999717e-10},
      {-42.125, 0x0f578000, -42.125},
      {86400.0, 0x24a8c000, 86400.0},
      {16777215.0, 0x32ffffff, 16777215.0},
      {16777216.0, 0x34800000, 16777216.0},
      {4.6e18, 0x7eff59ee, 4.599999859e+18},
      {1e30, 0x7effffff, 4.611685744e+18},
      {-1e30, 0x7f000000, -4.611686018e+18},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(encode_float(row.value), row.word) << row.value;
    EXPECT_NEAR(decode_float(row.word), row.decoded, std::fabs(row.decoded) * 1e-9) << row.value;
  }
}

TEST(Float, HasNoWordForWhatIsNoNumber) {
  EXPECT_EQ(encode_float(std::nan("")), 0u);
  EXPECT_EQ(encode_float(-0.0), 0u);
  EXPECT_EQ(encode_float(std::numeric_limits<double>::infinity()), 0x7effffffu);
  EXPECT_EQ(encode_float(-std::numeric_limits<double>::infinity()), 0x7f000000u);
  EXPECT_EQ(encode_float(1e-101), 0u);
  EXPECT_EQ(encode_float(std::ldexp(1.0, -91)), 0u);
}

TEST(Float, KeepsTheSmallestNumbers) {
  EXPECT_EQ(decode_float(encode_float(std::ldexp(1.0, -89))), std::ldexp(1.0, -89));
  EXPECT_EQ(decode_float(encode_float(std::ldexp(-1.0, -89))), std::ldexp(-1.0, -89));
}

TEST(Float, CarriesEverySize) {
  SeededRandom random(20261124);
  for (int i = 0; i < 20000; ++i) {
    const double value = std::ldexp(random.uniform(-1.0, 1.0), static_cast<int>(random.below(120)) - 62);
    if (std::fabs(value) < std::ldexp(1.0, -64)) continue;
    EXPECT_NEAR(decode_float(encode_float(value)), value, std::fabs(value) * 1.2e-7);
    // A value that was carried once is carried again without change.
    const double carried = decode_float(encode_float(value));
    EXPECT_EQ(decode_float(encode_float(carried)), carried);
  }
}

Bytes written(const SourceAddress& address) {
  Bytes bytes(20, std::byte{0xee});
  ByteWriter into(bytes);
  write_address(into, address);
  EXPECT_TRUE(into.ok());
  EXPECT_EQ(into.size(), 20u);
  return bytes;
}

TEST(Address, PutsTheFamilyBehindTheBytes) {
  EXPECT_EQ(written(IpAddress::v4(0x01020304)), from_hex("01020304 00000000 00000000 00000000 00010000"));
  EXPECT_EQ(written(*IpAddress::parse("2001:db8::7")), from_hex("20010db8 00000000 00000000 00000007 00020000"));
  EXPECT_EQ(written(SourceAddress::unresolved(0x11)), from_hex("00000011 00000000 00000000 00000000 00030000"));
  EXPECT_EQ(written({}), Bytes(20));
}

TEST(Address, ComesBackAsItWent) {
  for (const SourceAddress& address :
       {SourceAddress(IpAddress::v4(0xc0a80001)), SourceAddress(*IpAddress::parse("fe80::1")),
        SourceAddress::unresolved(0), SourceAddress::unresolved(0xffffffff), SourceAddress()}) {
    const Bytes bytes = written(address);
    ByteReader from(bytes);
    EXPECT_EQ(read_address(from), address);
  }
}

TEST(Address, OfAnUnknownFamilyIsNone) {
  const Bytes bytes = from_hex("01020304 00000000 00000000 00000000 00070000");
  ByteReader from(bytes);
  EXPECT_TRUE(read_address(from).is_unspecified());
}

TEST(Address, CutShortIsNone) {
  const Bytes bytes = from_hex("01020304 00000000 00000000 00000000 0001");
  ByteReader from(bytes);
  EXPECT_TRUE(read_address(from).is_unspecified());
  EXPECT_FALSE(from.ok());
}

TEST(Time, HasSixtyFourBitsOfSeconds) {
  const WireTime time{0x123456789a, 999'999'999};
  Bytes bytes(12);
  ByteWriter into(bytes);
  write_time(into, time);
  EXPECT_EQ(bytes, from_hex("00000012 3456789a 3b9ac9ff"));
  ByteReader from(bytes);
  EXPECT_EQ(read_time(from), time);
}

TEST(Time, OfASenderWith32BitsHasNoHighPart) {
  const Bytes bytes = from_hex("7fffffff 6b0383d2 00000001");
  ByteReader from(bytes);
  EXPECT_EQ(read_time(from), (WireTime{0x6b0383d2, 1}));
}

TEST(Time, CapsNanoseconds) {
  const Bytes bytes = from_hex("00000000 00000001 ffffffff");
  ByteReader from(bytes);
  EXPECT_EQ(read_time(from), (WireTime{1, 999'999'999}));
}

TEST(Time, IsTakenFromAPointBeforeTheEpochToo) {
  EXPECT_EQ(WireTime::from(LocalTime::from_nanos(-1)), (WireTime{-1, 999'999'999}));
  EXPECT_EQ(WireTime::from(LocalTime::from_seconds(1795392466, 571790218)), (WireTime{1795392466, 571790218}));
}

}  // namespace
}  // namespace timed::control
