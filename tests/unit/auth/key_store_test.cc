#include "timed/auth/key_store.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

namespace timed::auth {
namespace {

using Warnings = std::vector<std::string>;

KeyStore::Reading read(std::string text) {
  return KeyStore::read(std::move(text), "/k");
}

TEST(KeyFile, a_line_is_an_id_perhaps_a_type_and_a_key) {
  const auto r = read("1 MD5 ASCII:abcdefghij\n2 SHA1 HEX:00112233445566778899aAbBcC\n3 plainkey12345\n");
  EXPECT_EQ(r.warnings, Warnings());
  ASSERT_EQ(r.keys.size(), 3u);
  EXPECT_EQ(r.keys.find(1)->type(), KeyType::Md5);
  EXPECT_EQ(r.keys.find(1)->bits(), 80u);
  EXPECT_GE(r.keys.find(1)->bits(), kShortKeyBits);
  EXPECT_EQ(r.keys.find(2)->type(), KeyType::Sha1);
  EXPECT_EQ(r.keys.find(2)->bits(), 104u);
  EXPECT_EQ(r.keys.find(3)->type(), KeyType::Md5);
  EXPECT_EQ(r.keys.find(3)->bits(), 104u);
  EXPECT_EQ(r.keys.find(4), nullptr);
}

TEST(KeyFile, comments_blank_lines_and_white_space_are_as_in_the_configuration) {
  const auto r = read("# 1 a\n! 2 b\n  ; 3 c\n%4 d\n\n \t \n\t 5 \t MD5   abc  \r\n6 #abcdefghijk");
  EXPECT_EQ(r.warnings, Warnings());
  EXPECT_EQ(r.keys.size(), 2u);
  EXPECT_EQ(r.keys.find(5)->bits(), 24u);
  EXPECT_LT(r.keys.find(5)->bits(), kShortKeyBits);
  EXPECT_EQ(r.keys.find(6)->bits(), 96u);
}

// As chronyd 4.3 was seen to warn.
TEST(KeyFile, each_bad_line_is_a_warning_in_the_words_of_chrony) {
  const struct {
    const char* line;
    const char* warning;
  } kLines[] = {
      {"13", "Could not parse key"},
      {"14 MD5 abc def", "Could not parse key"},
      {"x MD5 abcdefghijkl", "Could not parse key"},
      {"- MD5 abcdefghijkl", "Could not parse key"},
      {"21 MD5 abcdefghijkl # no comment here", "Could not parse key"},
      {"6 FOO abc", "Invalid type in key 6"},
      {"15 md5 abcdefghij", "Invalid type in key 15"},
      {"9 MD5 HEX:abc", "Could not decode key 9"},
      {"10 MD5 HEX:zz", "Could not decode key 10"},
      {"16 MD5 ASCII:", "Could not decode key 16"},
      {"17 MD5 HEX:", "Could not decode key 17"},
      {"4 AES128 HEX:0011", "Invalid length of AES128 key 4 (expected 128 bits)"},
      {"25 AES256 ASCII:0123456789abcdef", "Invalid length of AES256 key 25 (expected 256 bits)"},
      {"7 TIGER abcdefghijk", "Unsupported hash function in key 7"},
  };
  for (const auto& line : kLines) {
    const auto r = read(std::string("# first\n") + line.line + "\n30 good1234567\n");
    const std::string warning = std::string(line.warning) + " at line 2 in file /k";
    EXPECT_EQ(r.warnings, Warnings{warning}) << line.line;
    EXPECT_EQ(r.keys.size(), 1u) << line.line;
  }
}

TEST(KeyFile, an_id_is_a_numeric_prefix_cut_to_32_bits) {
  const auto r = read("12x MD5 abc\n-5 MD5 abc\n+26 MD5 abc\n4294967297 MD5 abc\n0x1b MD5 abc\n");
  EXPECT_EQ(r.warnings, Warnings());
  for (const KeyId id : {12u, 4294967291u, 26u, 1u, 0u}) EXPECT_NE(r.keys.find(id), nullptr) << id;
}

TEST(KeyFile, of_two_keys_with_one_id_the_first_is_used) {
  const auto r = read("1 MD5 abc\n1 SHA1 other\n");
  EXPECT_EQ(r.warnings, Warnings{"Detected duplicate key 1 at line 2 in file /k"});
  EXPECT_EQ(r.keys.size(), 1u);
  EXPECT_EQ(r.keys.find(1)->type(), KeyType::Md5);
}

TEST(KeyFile, what_follows_a_nul_octet_of_a_line_is_hidden) {
  const auto r = read(std::string("1 abc\0 def ghi\n2 abc\n", 21));
  EXPECT_EQ(r.warnings, Warnings());
  EXPECT_EQ(r.keys.find(1)->bits(), 24u);
  EXPECT_NE(r.keys.find(2), nullptr);
}

TEST(KeyFile, a_line_that_is_too_long_goes_on_as_another) {
  const auto r = read("1 " + std::string(2045, 'a') + "2 bbb\n");
  EXPECT_EQ(r.warnings, Warnings());
  EXPECT_EQ(r.keys.find(1)->bits(), 2045u * 8);
  EXPECT_EQ(r.keys.find(2)->bits(), 24u);
}

TEST(KeyFile, of_nothing_there_are_no_keys) {
  EXPECT_EQ(read("").keys.size(), 0u);
  EXPECT_EQ(read("\n\n").warnings, Warnings());
}

// ---- codes ----

struct KeyTypeCase {
  const char* line;
  std::size_t size;  // of the code, before it is cut
};
constexpr KeyTypeCase kEveryType[] = {
    {"7 MD5 abcdefghij", 16},
    {"7 SHA1 abcdefghij", 20},
    {"7 SHA256 abcdefghij", 32},
    {"7 SHA384 abcdefghij", 48},
    {"7 SHA512 abcdefghij", 64},
    {"7 SHA3-224 abcdefghij", 28},
    {"7 SHA3-256 abcdefghij", 32},
    {"7 SHA3-384 abcdefghij", 48},
    {"7 SHA3-512 abcdefghij", 64},
    {"7 AES128 ASCII:0123456789abcdef", 16},
    {"7 AES256 ASCII:0123456789abcdef0123456789abcdef", 16},
};

std::vector<std::byte> signed_packet(const Key& key, int version) {
  std::vector<std::byte> packet(ntp::kHeaderSize + ntp::kMaxMac);
  packet[0] = static_cast<std::byte>(version << 3 | 3);
  packet[40] = std::byte{0x11};
  const std::size_t mac =
      key.sign(version, std::span(packet).first(ntp::kHeaderSize), std::span(packet).subspan(ntp::kHeaderSize));
  EXPECT_EQ(mac, key.mac_size(version));
  packet.resize(ntp::kHeaderSize + mac);
  return packet;
}

TEST(Key, signs_what_it_verifies_and_in_version_4_no_more_than_20_octets) {
  for (const auto& type : kEveryType) {
    const auto r = read(type.line);
    const Key& key = *r.keys.find(7);
    for (const int version : {1, 2, 3, 4}) {
      const auto packet = signed_packet(key, version);
      const std::size_t code = version == 4 ? std::min<std::size_t>(type.size, 20) : type.size;
      EXPECT_EQ(packet.size(), ntp::kHeaderSize + 4 + code) << type.line;
      const auto view = ntp::PacketView::parse(packet);
      ASSERT_TRUE(view.ok());
      EXPECT_EQ(key_id_of(view), 7u);
      EXPECT_TRUE(key.verifies(view)) << type.line << " version " << version;
    }
  }
}

TEST(Key, refuses_every_packet_with_one_bit_changed) {
  for (const auto& type : kEveryType) {
    const auto r = read(type.line);
    auto packet = signed_packet(*r.keys.find(7), 4);
    for (std::size_t bit = 8; bit < packet.size() * 8; ++bit) {
      packet[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      EXPECT_FALSE(r.keys.find(7)->verifies(ntp::PacketView::parse(packet))) << type.line << " bit " << bit;
      packet[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    }
  }
}

// A code that is shorter than it should be proves less, and nobody has agreed to that.
TEST(Key, refuses_codes_of_every_other_length) {
  for (const auto& type : kEveryType) {
    const auto r = read(type.line);
    const Key& key = *r.keys.find(7);
    for (const int version : {3, 4}) {
      auto full = signed_packet(key, version);
      const std::size_t right = full.size();
      full.resize(ntp::kMaxPacket);
      for (std::size_t size = ntp::kHeaderSize; size <= ntp::kHeaderSize + ntp::kMaxMac + 8; size += 4) {
        const auto view = ntp::PacketView::parse(std::span(full).first(size));
        EXPECT_EQ(view.ok() && key.verifies(view), size == right) << type.line << " " << version << " " << size;
      }
    }
  }
}

TEST(Key, refuses_the_code_of_another_key) {
  const auto r = read("1 SHA1 abcdefghij\n2 SHA1 abcdefghik\n3 SHA1 abcdefghij\n");
  const auto packet = signed_packet(*r.keys.find(1), 4);
  const auto view = ntp::PacketView::parse(packet);
  EXPECT_TRUE(r.keys.find(1)->verifies(view));
  EXPECT_FALSE(r.keys.find(2)->verifies(view));
  EXPECT_FALSE(r.keys.find(3)->verifies(view)) << "the same secret under another id";
}

TEST(Key, does_not_write_where_there_is_no_room) {
  const auto r = read("1 SHA1 abcdefghij\n");
  std::vector<std::byte> room(23, std::byte{0x5a});
  const std::vector<std::byte> message(48);
  EXPECT_EQ(r.keys.find(1)->sign(4, message, room), 0u);
  EXPECT_EQ(room, std::vector<std::byte>(23, std::byte{0x5a}));
}

}  // namespace
}  // namespace timed::auth
