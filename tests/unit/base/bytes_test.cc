#include "timed/base/bytes.h"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace timed {
namespace {

TEST(Bytes, big_endian) {
  std::array<std::byte, 8> b{};
  store_be(b.data(), std::uint64_t{0x0102030405060708});
  for (std::size_t i = 0; i < 8; ++i) EXPECT_EQ(b[i], static_cast<std::byte>(i + 1));
  EXPECT_EQ(load_be<std::uint64_t>(b.data()), 0x0102030405060708u);
  EXPECT_EQ(load_be<std::uint32_t>(b.data() + 1), 0x02030405u);
  EXPECT_EQ(load_be<std::uint16_t>(b.data() + 6), 0x0708u);
  EXPECT_EQ(load_be<std::uint8_t>(b.data() + 7), 0x08u);
  store_be(b.data(), std::uint8_t{0xff});
  EXPECT_EQ(load_be<std::uint16_t>(b.data()), 0xff02u);
}

TEST(Bytes, what_is_written_is_read) {
  std::array<std::byte, 64> buffer{};
  ByteWriter out(buffer);
  out.u8(0xfe);
  out.u16(0xfedc);
  out.u32(0xfedcba98);
  out.u64(0xfedcba9876543210);
  out.i8(-2);
  out.i16(-300);
  out.i32(-70000);
  out.zeros(3);
  out.bytes(std::as_bytes(std::span("ab", 2)));
  ASSERT_TRUE(out.ok());
  EXPECT_EQ(out.size(), 1u + 2 + 4 + 8 + 1 + 2 + 4 + 3 + 2);
  ByteReader in(out.written());
  EXPECT_EQ(in.u8(), 0xfe);
  EXPECT_EQ(in.u16(), 0xfedc);
  EXPECT_EQ(in.u32(), 0xfedcba98u);
  EXPECT_EQ(in.u64(), 0xfedcba9876543210u);
  EXPECT_EQ(in.i8(), -2);
  EXPECT_EQ(in.i16(), -300);
  EXPECT_EQ(in.i32(), -70000);
  in.skip(3);
  EXPECT_EQ(in.left(), 2u);
  EXPECT_EQ(in.bytes(2)[1], std::byte{'b'});
  EXPECT_TRUE(in.ok());
  EXPECT_EQ(in.left(), 0u);
}

TEST(Bytes, reading_past_the_end_sticks) {
  const std::array<std::byte, 3> three = {std::byte{1}, std::byte{2}, std::byte{3}};
  ByteReader in(three);
  EXPECT_EQ(in.u32(), 0u);
  EXPECT_FALSE(in.ok());
  EXPECT_EQ(in.u8(), 0u);  // although three were left
  EXPECT_EQ(in.left(), 0u);
  EXPECT_TRUE(in.bytes(1).empty());
  ByteReader huge(three);
  EXPECT_TRUE(huge.bytes(static_cast<std::size_t>(-1)).empty());
  EXPECT_FALSE(huge.ok());
}

TEST(Bytes, writing_past_the_end_sticks_and_writes_nothing) {
  std::array<std::byte, 3> three{};
  ByteWriter out(three);
  out.u16(0x0102);
  out.u16(0x0304);
  EXPECT_FALSE(out.ok());
  out.u8(9);
  EXPECT_EQ(out.size(), 2u);
  EXPECT_EQ(three[2], std::byte{0});
  ByteWriter huge(three);
  huge.zeros(static_cast<std::size_t>(-1));
  EXPECT_FALSE(huge.ok());
  EXPECT_TRUE(huge.written().empty());
}

TEST(Bytes, nothing_is_allowed) {
  ByteReader in({});
  EXPECT_TRUE(in.ok());
  EXPECT_TRUE(in.bytes(0).empty());
  EXPECT_TRUE(in.ok());
  ByteWriter out({});
  out.bytes({});
  out.zeros(0);
  EXPECT_TRUE(out.ok());
}

}  // namespace
}  // namespace timed
