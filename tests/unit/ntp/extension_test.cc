#include "timed/ntp/extension.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <vector>

#include "timed/base/bytes.h"

namespace timed::ntp {
namespace {

std::vector<std::byte> fields(std::initializer_list<std::uint16_t> lengths) {
  std::vector<std::byte> bytes;
  for (const std::uint16_t length : lengths) {
    const std::size_t at = bytes.size();
    bytes.resize(at + (length < 4 ? 4u : length));
    store_be(bytes.data() + at + 2, length);
  }
  return bytes;
}

struct Walked {
  int fields = 0;
  bool well_formed = false;
};
Walked walk_over(const std::vector<std::byte>& bytes, std::size_t shortest) {
  ExtensionWalk walk(bytes, shortest);
  Walked walked;
  while (walk.next()) ++walked.fields;
  walked.well_formed = walk.well_formed();
  return walked;
}

TEST(ExtensionWalk, says_whether_the_end_was_reached_by_whole_fields) {
  const struct {
    std::vector<std::byte> bytes;
    std::size_t shortest;
    int fields;
    bool well_formed;
  } kCases[] = {
      {{}, kMinExtension, 0, true},
      {fields({16, 28}), kMinExtension, 2, true},
      {fields({16, 12}), kMinExtension, 1, false},
      {fields({16, 12, 4}), kMinEncryptedExtension, 3, true},
      {fields({16, 0}), kMinEncryptedExtension, 1, false},
      {fields({16, 3}), kMinEncryptedExtension, 1, false},
      {std::vector<std::byte>(2), kMinEncryptedExtension, 0, false},
  };
  for (const auto& c : kCases) {
    const Walked walked = walk_over(c.bytes, c.shortest);
    EXPECT_EQ(walked.fields, c.fields) << c.bytes.size();
    EXPECT_EQ(walked.well_formed, c.well_formed) << c.bytes.size();
  }
  auto cut = fields({16, 28});
  cut.pop_back();
  EXPECT_FALSE(walk_over(cut, kMinExtension).well_formed);
  cut = fields({16, 18});
  cut.resize(40);
  EXPECT_FALSE(walk_over(cut, kMinExtension).well_formed) << "no multiple of four";
}

TEST(ExtensionWalk, that_has_not_gone_to_the_end_is_not_there) {
  const auto bytes = fields({16, 28});
  ExtensionWalk walk(bytes);
  EXPECT_TRUE(walk.next());
  EXPECT_FALSE(walk.well_formed());
}

using MonoRootField = std::array<std::byte, kMonoRootSize>;

MonoRootField written(const MonoRoot& values) {
  MonoRootField field{};
  write_mono_root(values, field);
  return field;
}

TEST(MonoRoot, is_written_octet_by_octet) {
  MonoRoot values;
  values.root_delay = Duration::seconds(1.5);
  values.root_dispersion = Duration::seconds(0x1p-28);
  values.receive.bits = 0x0123456789abcdef;
  values.epoch = 0xfedcba98;
  const std::uint8_t expected[kMonoRootSize] = {0xf3, 0x23, 0,    28,   0xf5, 0xbe, 0xdd, 0x9a, 0x18, 0,
                                                0,    0,    0,    0,    0,    1,    0x01, 0x23, 0x45, 0x67,
                                                0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98};
  const MonoRootField field = written(values);
  for (std::size_t i = 0; i < kMonoRootSize; ++i) EXPECT_EQ(std::to_integer<unsigned>(field[i]), expected[i]) << i;
}

TEST(MonoRoot, is_found_behind_other_fields) {
  MonoRoot values;
  values.root_delay = Duration::seconds(0.25);
  values.root_dispersion = Duration::seconds(3);
  values.receive.bits = 7;
  values.epoch = 8;
  std::vector<std::byte> bytes = fields({16, 20});
  EXPECT_FALSE(find_mono_root(bytes));
  const MonoRootField field = written(values);
  bytes.insert(bytes.end(), field.begin(), field.end());
  const std::optional<MonoRoot> found = find_mono_root(bytes);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->root_delay, values.root_delay);
  EXPECT_EQ(found->root_dispersion, values.root_dispersion);
  EXPECT_EQ(found->receive, values.receive);
  EXPECT_EQ(found->epoch, values.epoch);
}

TEST(MonoRoot, of_another_length_or_without_its_magic_is_none) {
  MonoRootField other = written({});
  other[4] ^= std::byte{1};
  EXPECT_FALSE(find_mono_root(other));
  std::vector<std::byte> longer(kMonoRootSize + 4);
  const MonoRootField field = written({});
  std::copy(field.begin(), field.end(), longer.begin());
  store_be(longer.data() + 2, static_cast<std::uint16_t>(longer.size()));
  EXPECT_FALSE(find_mono_root(longer));
}

// A bound is never written as less than it is.
TEST(MonoRoot, rounds_up_and_stays_in_its_bits) {
  const auto after = [](Duration d) {
    MonoRoot values;
    values.root_delay = d;
    return find_mono_root(written(values))->root_delay;
  };
  EXPECT_EQ(after(Duration::seconds(1e-12)), Duration::seconds(0x1p-28));
  EXPECT_EQ(after(Duration::seconds(2.0 + 0x1p-29)), Duration::seconds(2.0 + 0x1p-28));
  EXPECT_EQ(after(Duration::seconds(-1)), Duration::zero());
  EXPECT_EQ(after(Duration::seconds(std::nan(""))), Duration::zero());
  EXPECT_EQ(after(Duration::seconds(16.0 - 0x1p-27)), Duration::seconds(16.0 - 0x1p-27));
  // All bits set: as much as can be told, or more, which may be anything up to the most of the header's own field.
  EXPECT_EQ(after(Duration::seconds(17)), Duration::seconds(65535.99998));
  EXPECT_EQ(after(Duration::infinity()), Duration::seconds(65535.99998));
}

}  // namespace
}  // namespace timed::ntp
