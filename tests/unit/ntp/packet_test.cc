#include "timed/ntp/packet.h"

#include <gtest/gtest.h>

#include <vector>

#include "timed/base/bytes.h"
#include "timed/base/random.h"
#include "timed/ntp/extension.h"

namespace timed::ntp {
namespace {

std::vector<std::byte> packet(int version, Mode mode = Mode::Client) {
  std::vector<std::byte> bytes(kHeaderSize);
  bytes[0] = static_cast<std::byte>(version << 3 | static_cast<int>(mode));
  return bytes;
}

// Appends a field of this total length; its body is filled with a pattern that is no field itself.
void add_field(std::vector<std::byte>& to, std::size_t length, std::uint16_t type = 0x0104) {
  const std::size_t at = to.size();
  to.resize(at + length, std::byte{0xab});
  store_be(to.data() + at, type);
  store_be(to.data() + at + 2, static_cast<std::uint16_t>(length));
}

void add_octets(std::vector<std::byte>& to, std::size_t n, std::byte value = std::byte{0x11}) {
  to.insert(to.end(), n, value);
}

TEST(Packet, reads_every_header_field_from_its_place) {
  std::vector<std::byte> bytes(kHeaderSize);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(0xa0 + i);
  bytes[0] = std::byte{0b01'100'011};
  bytes[2] = std::byte{0xfa};
  bytes[3] = std::byte{0x20};
  const PacketView view = PacketView::parse(bytes);
  ASSERT_TRUE(view.ok());
  const Header& h = view.header();
  EXPECT_EQ(h.leap, Leap::Insert);
  EXPECT_EQ(h.version, 4);
  EXPECT_EQ(h.mode, Mode::Client);
  EXPECT_EQ(h.stratum, 0xa1);
  EXPECT_EQ(h.poll, -6);
  EXPECT_EQ(h.precision, 32);
  EXPECT_EQ(h.root_delay.bits, 0xa4a5a6a7u);
  EXPECT_EQ(h.root_dispersion.bits, 0xa8a9aaabu);
  EXPECT_EQ(h.ref_id.value, 0xacadaeafu);
  EXPECT_EQ(h.reference.bits, 0xb0b1b2b3b4b5b6b7u);
  EXPECT_EQ(h.origin.bits, 0xb8b9babbbcbdbebfu);
  EXPECT_EQ(h.receive.bits, 0xc0c1c2c3c4c5c6c7u);
  EXPECT_EQ(h.transmit.bits, 0xc8c9cacbcccdcecfu);
  EXPECT_EQ(view.size(), kHeaderSize);
  EXPECT_EQ(view.trailer(), Trailer::None);
}

TEST(Packet, random_headers_survive_writing_and_reading) {
  SeededRandom random(20260801);
  for (int i = 0; i < 20000; ++i) {
    Header h;
    h.leap = static_cast<Leap>(random.below(4));
    h.version = static_cast<std::uint8_t>(1 + random.below(4));
    h.mode = static_cast<Mode>(random.below(8));
    h.stratum = static_cast<Stratum>(random.below(256));
    h.poll = static_cast<std::int8_t>(random.next());
    h.precision = static_cast<std::int8_t>(random.next());
    h.root_delay.bits = static_cast<std::uint32_t>(random.next());
    h.root_dispersion.bits = static_cast<std::uint32_t>(random.next());
    h.ref_id.value = static_cast<std::uint32_t>(random.next());
    h.reference.bits = random.next();
    h.origin.bits = random.next();
    h.receive.bits = random.next();
    h.transmit.bits = random.next();
    std::array<std::byte, kHeaderSize> bytes{};
    write_header(h, bytes);
    const PacketView view = PacketView::parse(bytes);
    ASSERT_TRUE(view.ok());
    ASSERT_EQ(view.header(), h);
  }
}

TEST(Packet, length_must_be_48_to_1140_in_steps_of_4) {
  for (std::size_t size = 0; size <= 1300; ++size) {
    std::vector<std::byte> bytes(size);
    if (!bytes.empty()) bytes[0] = std::byte{3 << 3 | 3};  // version 3: any trailer is a MAC
    const bool good = size >= 48 && size <= 1140 && size % 4 == 0;
    EXPECT_EQ(PacketView::parse(bytes).fault(), good ? PacketFault::None : PacketFault::Length) << size;
  }
  EXPECT_EQ(PacketView::parse({}).fault(), PacketFault::Length);
}

TEST(Packet, versions_1_to_4_only) {
  for (int version = 0; version < 8; ++version) {
    const auto bytes = packet(version);
    EXPECT_EQ(PacketView::parse(bytes).fault(),
              version >= 1 && version <= 4 ? PacketFault::None : PacketFault::Version);
  }
}

TEST(Packet, in_old_versions_everything_after_the_header_is_a_mac) {
  for (int version = 1; version <= 3; ++version) {
    for (std::size_t extra = 4; extra <= 1092; extra += 4) {
      auto bytes = packet(version);
      add_octets(bytes, extra, std::byte{0});
      const PacketView view = PacketView::parse(bytes);
      ASSERT_TRUE(view.ok());
      EXPECT_EQ(view.trailer(), Trailer::Mac);
      EXPECT_EQ(view.mac().size(), extra);
      EXPECT_EQ(view.authenticated().size(), kHeaderSize);
      EXPECT_TRUE(view.extensions().empty());
    }
  }
}

TEST(Packet, four_zero_octets_are_a_crypto_nak_in_version_4) {
  auto bytes = packet(4);
  add_octets(bytes, 4, std::byte{0});
  const PacketView view = PacketView::parse(bytes);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view.trailer(), Trailer::CryptoNak);
  bytes.back() = std::byte{1};
  EXPECT_EQ(PacketView::parse(bytes).fault(), PacketFault::Extensions);
}

// Octets after the header that are no field.
TEST(Packet, stray_octets_in_version_4) {
  for (std::size_t extra = 4; extra <= 200; extra += 4) {
    auto bytes = packet(4);
    add_octets(bytes, extra);
    const PacketView view = PacketView::parse(bytes);
    const bool mac = extra == 20 || extra == 24;
    EXPECT_EQ(view.fault(), mac ? PacketFault::None : PacketFault::Extensions) << extra;
    if (mac) {
      EXPECT_EQ(view.trailer(), Trailer::Mac);
      EXPECT_EQ(view.mac().size(), extra);
    }
  }
}

TEST(Packet, a_last_field_without_mac_has_at_least_28_octets) {
  for (std::size_t length = 4; length <= 1024; length += 4) {
    auto bytes = packet(4);
    add_field(bytes, length);
    const PacketView view = PacketView::parse(bytes);
    if (length == 20 || length == 24) {
      EXPECT_EQ(view.trailer(), Trailer::Mac) << length;  // a runt is taken for a MAC
      continue;
    }
    EXPECT_EQ(view.ok(), length >= kMinLastExtension) << length;
    if (!view.ok()) continue;
    EXPECT_EQ(view.extensions().size(), length);
    EXPECT_EQ(view.trailer(), Trailer::None);
  }
}

TEST(Packet, fields_may_be_16_octets_before_a_longer_one_but_not_at_the_end) {
  auto good = packet(4);
  add_field(good, 16);
  add_field(good, 28);
  const PacketView view = PacketView::parse(good);
  ASSERT_TRUE(view.ok());
  EXPECT_EQ(view.extensions().size(), 44u);

  auto bad = packet(4);
  add_field(bad, 28);
  add_field(bad, 16);
  EXPECT_EQ(PacketView::parse(bad).fault(), PacketFault::Extensions);
}

TEST(Packet, a_field_of_16_octets_may_stand_before_a_mac) {
  for (const std::size_t mac : {20u, 24u}) {
    auto bytes = packet(4);
    add_field(bytes, 16);
    add_octets(bytes, mac);
    const PacketView view = PacketView::parse(bytes);
    ASSERT_TRUE(view.ok());
    EXPECT_EQ(view.extensions().size(), 16u);
    EXPECT_EQ(view.mac().size(), mac);
    EXPECT_EQ(view.authenticated().size(), kHeaderSize + 16);
  }
}

TEST(Packet, a_full_length_digest_of_version_3_is_not_accepted_in_version_4) {
  for (const std::size_t mac : {36u, 68u}) {
    auto bytes = packet(4);
    add_octets(bytes, mac, std::byte{0xee});
    EXPECT_EQ(PacketView::parse(bytes).fault(), PacketFault::Extensions);
  }
}

TEST(Packet, field_lengths_that_lie_are_refused) {
  for (const std::uint32_t length : {0u, 3u, 4u, 12u, 15u, 17u, 18u, 30u, 36u, 0x7fffu, 0xffffu, 0xfffcu}) {
    auto bytes = packet(4);
    add_field(bytes, 32);
    store_be(bytes.data() + kHeaderSize + 2, static_cast<std::uint16_t>(length));
    EXPECT_EQ(PacketView::parse(bytes).fault(), PacketFault::Extensions) << length;
  }
}

// Two such fields would fill their space exactly.
TEST(Packet, a_field_is_a_multiple_of_four_octets_long) {
  auto bytes = packet(4);
  add_field(bytes, 30);
  add_field(bytes, 34);
  EXPECT_EQ(PacketView::parse(bytes).fault(), PacketFault::Extensions);
  ExtensionWalk walk{std::span<const std::byte>(bytes).subspan(kHeaderSize)};
  EXPECT_FALSE(walk.next().has_value());
}

TEST(Packet, extension_fields_are_bounded) {
  auto bytes = packet(4);
  add_field(bytes, 1024);
  EXPECT_TRUE(PacketView::parse(bytes).ok());
  add_octets(bytes, 24);
  EXPECT_TRUE(PacketView::parse(bytes).ok());
  auto more = packet(4);
  add_field(more, 1028);
  EXPECT_EQ(PacketView::parse(more).fault(), PacketFault::Extensions);
}

TEST(Extension, walk_gives_each_field_in_order) {
  auto bytes = packet(4);
  add_field(bytes, 16, 0x0204);
  add_field(bytes, 32, 0xf323);
  add_field(bytes, 28, 0x010a);
  const PacketView view = PacketView::parse(bytes);
  ASSERT_TRUE(view.ok());
  ExtensionWalk walk(view.extensions());
  const std::array<std::pair<std::uint16_t, std::size_t>, 3> expected = {{{0x0204, 12}, {0xf323, 28}, {0x010a, 24}}};
  for (const auto& [type, body] : expected) {
    const auto field = walk.next();
    ASSERT_TRUE(field.has_value());
    EXPECT_EQ(field->type, type);
    EXPECT_EQ(field->body.size(), body);
  }
  EXPECT_FALSE(walk.next().has_value());
  EXPECT_FALSE(walk.next().has_value());
}

TEST(Extension, walk_over_garbage_ends) {
  SeededRandom random(7);
  for (int round = 0; round < 5000; ++round) {
    std::vector<std::byte> bytes(random.below(200));
    for (auto& b : bytes) b = static_cast<std::byte>(random.below(4) == 0 ? random.next() : 0);
    ExtensionWalk walk(bytes);
    std::size_t total = 0;
    while (const auto field = walk.next()) total += field->body.size() + 4;
    ASSERT_LE(total, bytes.size());
  }
}

}  // namespace
}  // namespace timed::ntp
