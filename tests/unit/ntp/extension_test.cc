#include "timed/ntp/extension.h"

#include <gtest/gtest.h>

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

}  // namespace
}  // namespace timed::ntp
