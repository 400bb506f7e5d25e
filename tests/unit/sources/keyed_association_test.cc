// An association with a symmetric key: what it sends is signed, what it takes is signed with that key.
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "tests/unit/sources/association_fixture.h"

namespace timed::sources {
namespace {

using Bytes = std::vector<std::byte>;

SourceLine keyed_line(std::uint32_t key) {
  SourceLine line = test_line();
  line.key = key;
  return line;
}

auth::KeyStore keys_of(const std::string& text) {
  return std::move(auth::KeyStore::read(text, "keys").keys);
}

class Keyed : public AssociationTest {
 protected:
  explicit Keyed(const SourceLine& line = keyed_line(1)) : AssociationTest(line, {&keys, {}}) {}

  // What would leave; empty where nothing does.
  Bytes transmit() {
    const Actions actions = association.on_timer(request_context());
    const auto* sending = actions.find<SendRequest>();
    if (sending == nullptr) return {};
    const auto bytes = sending->bytes();
    sent = ntp::PacketView::parse(bytes).header();
    association.on_sent(placed(test_time(clock)), now(), false);
    return Bytes(bytes.begin(), bytes.end());
  }
  static Bytes signed_with(const auth::Key* key, const ntp::Header& header) {
    Bytes bytes = bytes_of(header);
    bytes.resize(ntp::kHeaderSize + ntp::kMaxMac);
    bytes.resize(ntp::kHeaderSize + key->sign(header.version, std::span(bytes).first<ntp::kHeaderSize>(),
                                              std::span(bytes).subspan<ntp::kHeaderSize>()));
    return bytes;
  }
  bool is_signed(const Bytes& request, auth::KeyId id) const {
    const auto view = ntp::PacketView::parse(request);
    return view.ok() && view.trailer() == ntp::Trailer::Mac && keys.find(id)->verifies(view);
  }

  auth::KeyStore keys = keys_of("1 SHA1 a-good-secret\n2 SHA1 another-secret\n5 SHA512 a-good-secret\n");
};

TEST_F(Keyed, SignsItsRequestsAndTakesSignedResponses) {
  association.go_online(now());
  const Bytes request = transmit();
  EXPECT_EQ(request.size(), 72u);
  EXPECT_TRUE(is_signed(request, 1));
  EXPECT_EQ(receive(signed_with(keys.find(1), answer())).verdict, ResponseVerdict::Good);
  EXPECT_EQ(association.counters().good, 1u);
}

TEST_F(Keyed, ForgedResponsesBendNothingAndTheGenuineOneIsStillTaken) {
  association.go_online(now());
  for (int round = 0; round < 3; ++round, clock += 64) {
    ASSERT_FALSE(transmit().empty());
    const auto before = state_of(association);
    Bytes cut = signed_with(keys.find(1), answer());
    cut.resize(cut.size() - 4);
    Bytes changed = signed_with(keys.find(1), answer());
    changed[47] ^= std::byte{1};
    Bytes nak = bytes_of(answer());
    nak.resize(nak.size() + 4);
    for (const Bytes& forged : {bytes_of(answer()), signed_with(keys.find(2), answer()), cut, changed, nak}) {
      const Received r = receive(forged);
      EXPECT_NE(r.verdict, ResponseVerdict::Good);
      EXPECT_EQ(r.actions.begin(), r.actions.end());
      EXPECT_EQ(state_of(association), before);
    }
    const Received unsigned_one = receive(bytes_of(answer()));
    ASSERT_TRUE(unsigned_one.response.has_value());
    EXPECT_FALSE(unsigned_one.response->tests.passed(PacketTest::Authentic));
    EXPECT_TRUE(unsigned_one.response->tests.passed(PacketTest::OriginMatches));
    EXPECT_EQ(receive(signed_with(keys.find(1), answer())).verdict, ResponseVerdict::Good);
  }
}

// A kiss of death that anybody could send does not slow it down.
TEST_F(Keyed, AnUnsignedKissIsNotObeyed) {
  association.go_online(now());
  ASSERT_FALSE(transmit().empty());
  const auto before = state_of(association);
  ntp::Header kiss = answer();
  kiss.leap = ntp::Leap::Unsynchronised;
  kiss.stratum = 0;
  kiss.ref_id = ntp::kRateRefId;
  EXPECT_EQ(receive(kiss).actions.find<RateKissObeyed>(), nullptr);
  EXPECT_EQ(state_of(association), before);
  EXPECT_NE(receive(signed_with(keys.find(1), kiss)).actions.find<RateKissObeyed>(), nullptr);
}

TEST_F(Keyed, WithoutItsKeyNothingIsSentAndThePollCountsAsUnanswered) {
  association.go_online(now());
  ASSERT_FALSE(transmit().empty());
  ASSERT_EQ(receive(signed_with(keys.find(1), answer())).verdict, ResponseVerdict::Good);
  keys = keys_of("2 SHA1 another-secret\n");
  for (unsigned missed = 1; missed <= 8; ++missed) {
    clock += 64;
    const Actions actions = association.on_timer(request_context());
    EXPECT_EQ(actions.find<SendRequest>(), nullptr);
    EXPECT_NE(actions.find<SampleMissed>(), nullptr);
    ASSERT_NE(actions.find<ArmTimer>(), nullptr) << "it must go on";
    EXPECT_GE(actions.find<ArmTimer>()->delay, Duration::seconds(64));
    EXPECT_EQ(association.reachability().bits, (1u << missed) & 0xff);
  }
  EXPECT_EQ(association.counters().sent, 1u);
  // Nor is an answer to what was sent before taken.
  EXPECT_NE(receive(bytes_of(answer())).verdict, ResponseVerdict::Good);

  keys = keys_of("1 SHA256 a-newer-secret\n");
  clock += 64;
  EXPECT_TRUE(is_signed(transmit(), 1)) << "a key that is there again is used from the next request on";
  EXPECT_EQ(receive(signed_with(keys.find(1), answer())).verdict, ResponseVerdict::Good);
}

class LongKeyed : public Keyed {
 protected:
  LongKeyed() : Keyed(keyed_line(5)) {}
};

TEST_F(LongKeyed, ALongCodeIsSentWholeInVersion3) {
  association.go_online(now());
  const Bytes request = transmit();
  EXPECT_EQ(request.size(), 116u);
  EXPECT_EQ(request[0], std::byte{0x1b});
  EXPECT_TRUE(is_signed(request, 5));
  ntp::Header header = answer();
  header.version = 3;
  EXPECT_EQ(receive(signed_with(keys.find(5), header)).verdict, ResponseVerdict::Good);
}

SourceLine with(SourceLine line, bool mono_root, bool xleave, std::optional<int> version) {
  if (mono_root) line.mono_root = true;
  if (xleave) line.xleave = true;
  line.version = version;
  return line;
}

struct WithField : Keyed {
  WithField() : Keyed(with(keyed_line(5), true, false, {})) {}
};
TEST_F(WithField, ARequestWithAFieldIsOfVersion4AndTheCodeCoversTheField) {
  association.go_online(now());
  Bytes request = transmit();
  EXPECT_EQ(request.size(), 48u + 28u + 24u);
  EXPECT_EQ(request[0], std::byte{0x23});
  EXPECT_TRUE(is_signed(request, 5));
  request[48 + 20] ^= std::byte{1};
  EXPECT_FALSE(is_signed(request, 5));
}

// Of version 3 the field could not be told from a MAC: chronyd sends nothing then, with a key or without.
struct FieldInVersion3 : Keyed {
  FieldInVersion3() : Keyed(with(keyed_line(1), true, false, 3)) {}
};
TEST_F(FieldInVersion3, IsNotSentAndThePollCountsAsUnanswered) {
  association.go_online(now());
  for (int poll = 1; poll <= 3; ++poll, clock += 64) {
    const Actions actions = association.on_timer(request_context());
    EXPECT_EQ(actions.find<SendRequest>(), nullptr);
    ASSERT_NE(actions.find<ArmTimer>(), nullptr);
    EXPECT_EQ(association.reachability().bits, 0);
    EXPECT_EQ(association.reachability().size, poll);
  }
  EXPECT_EQ(association.counters().sent, 0u);
}

struct Interleaving : Keyed {
  Interleaving() : Keyed(with(keyed_line(5), false, true, {})) {}
};
TEST_F(Interleaving, OneThatInterleavesIsOfVersion4) {
  association.go_online(now());
  const Bytes request = transmit();
  EXPECT_EQ(request.size(), 72u);
  EXPECT_EQ(request[0], std::byte{0x23});
}

struct OfVersion4 : Keyed {
  OfVersion4() : Keyed(with(keyed_line(5), false, false, 4)) {}
};
TEST_F(OfVersion4, TheVersionOfTheLineIsTaken) {
  association.go_online(now());
  EXPECT_EQ(transmit().size(), 72u);
}

}  // namespace
}  // namespace timed::sources
