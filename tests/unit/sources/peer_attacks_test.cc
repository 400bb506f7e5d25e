// Packets in the name of a peer: what has broken others, one test a class.
#include <gtest/gtest.h>

#include <vector>

#include "tests/unit/sources/association_fixture.h"

namespace timed::sources {
namespace {

using Bytes = std::vector<std::byte>;

SourceLine peer_line(bool keyed) {
  SourceLine line = test_line();
  line.kind = SourceKind::Peer;
  if (keyed) line.key = 1;
  return line;
}

class AttackedPeer : public AssociationTest {
 protected:
  explicit AttackedPeer(bool keyed)
      : AssociationTest(peer_line(keyed), {&keys, {}}), key(keyed ? keys.find(1) : nullptr) {}

  void poll() {
    const Actions actions = association.on_timer(request_context());
    const auto* sending = actions.find<SendRequest>();
    ASSERT_NE(sending, nullptr);
    sent = ntp::PacketView::parse(sending->bytes()).header();
    association.on_sent(placed(test_time(clock)), now(), false);
  }
  ntp::Header from_peer(ntp::NtpTimestamp origin) const {
    ntp::Header h = server_header(origin, test_time(clock + 0.004), test_time(clock + 0.006));
    h.mode = ntp::Mode::SymmetricActive;
    return h;
  }
  static Bytes signed_with(const auth::Key* signer, const ntp::Header& header) {
    Bytes bytes = bytes_of(header);
    if (signer == nullptr) return bytes;
    bytes.resize(ntp::kHeaderSize + ntp::kMaxMac);
    bytes.resize(ntp::kHeaderSize + signer->sign(header.version, std::span(bytes).first<ntp::kHeaderSize>(),
                                                 std::span(bytes).subspan<ntp::kHeaderSize>()));
    return bytes;
  }
  void genuine_exchange() {
    poll();
    last = from_peer(sent.transmit);
    ASSERT_EQ(receive(signed_with(key, last)).verdict, ResponseVerdict::Good);
    clock += 64;
  }
  // Of a clock that is ahead, as an answer to nothing and to everything.
  std::vector<ntp::Header> lies() const {
    std::vector<ntp::Header> all;
    for (const ntp::NtpTimestamp origin : {ntp::NtpTimestamp{}, ntp::NtpTimestamp{1}, last.transmit, last.receive}) {
      ntp::Header h = from_peer(origin);
      h.receive = h.transmit = ntp::NtpTimestamp::from(test_time(clock + 3600));
      all.push_back(h);
    }
    return all;
  }
  void expect_nothing_bent(const Bytes& forged) {
    const auto before = state_of(association);
    EXPECT_EQ(receive(forged).verdict, ResponseVerdict::NotExpected);
    EXPECT_EQ(state_of(association), before);
  }

  auth::KeyStore keys = auth::KeyStore::read("1 SHA1 a-good-secret\n2 SHA1 another-secret\n", "keys").keys;
  const auth::Key* key;
  ntp::Header last;  // of the peer, genuine
};

struct KeyedPeer : AttackedPeer {
  KeyedPeer() : AttackedPeer(true) {}
};
struct OpenPeer : AttackedPeer {
  OpenPeer() : AttackedPeer(false) {}
};

// CVE-2015-1853 (and CVE-2015-1799 of others): stamps were taken from packets of which the MAC was wrong, so that
// whoever sent one now and then kept two peers apart for ever.
TEST_F(KeyedPeer, Cve2015_1853_UnauthenticatedPacketsCannotPoisonTheExchange) {
  association.go_online(now());
  for (int round = 0; round < 5; ++round) {
    genuine_exchange();
    for (const ntp::Header& lie : lies()) {
      expect_nothing_bent(bytes_of(lie));
      expect_nothing_bent(signed_with(keys.find(2), lie));
    }
    poll();
    EXPECT_EQ(sent.origin, last.transmit);
    EXPECT_NEAR(sent.receive.minus(ntp::NtpTimestamp::from(test_time(clock - 64 + 0.01))).to_seconds(), 0.0, 1e-3);
    // Between our packet and its answer.
    for (const ntp::Header& lie : lies()) expect_nothing_bent(bytes_of(lie));
    EXPECT_EQ(receive(signed_with(key, from_peer(sent.transmit))).verdict, ResponseVerdict::Good);
    clock += 64;
  }
}

// The same before the first genuine packet, and with a genuine one that is old.
TEST_F(KeyedPeer, Cve2015_1853_NorItsBegin) {
  association.go_online(now());
  clock = -5000;
  const Bytes old = signed_with(key, from_peer({7}));
  clock = 0;
  poll();
  for (const ntp::Header& lie : lies()) expect_nothing_bent(bytes_of(lie));
  poll();
  EXPECT_TRUE(sent.origin.is_zero());
  const ntp::Header genuine = from_peer({8});
  expect_nothing_bent(signed_with(key, genuine));
  expect_nothing_bent(old);
  poll();
  EXPECT_EQ(sent.origin, genuine.transmit) << "a replay does not replace what is newer";
  expect_nothing_bent(old);
  EXPECT_EQ(receive(signed_with(key, from_peer(sent.transmit))).verdict, ResponseVerdict::Good);
}

// CVE-2016-1547 (and CVE-2015-7871, CVE-2016-4957 of others): a crypto-NAK, which anybody can send, ended an
// association or made another.
TEST_F(KeyedPeer, Cve2016_1547_ACryptoNakEndsNothing) {
  association.go_online(now());
  for (int round = 0; round < 20; ++round) {
    poll();
    for (const ntp::NtpTimestamp origin : {ntp::NtpTimestamp{}, ntp::NtpTimestamp{1}, sent.transmit}) {
      Bytes nak = bytes_of(from_peer(origin));
      nak.resize(nak.size() + 4);
      expect_nothing_bent(nak);
    }
    EXPECT_TRUE(association.is_polling());
    last = from_peer(sent.transmit);
    EXPECT_EQ(receive(signed_with(key, last)).verdict, ResponseVerdict::Good) << round;
    clock += 64;
  }
}

// CVE-2016-1567: any key that was trusted was taken for every peer.
TEST_F(KeyedPeer, Cve2016_1567_AnotherTrustedKeyIsNotItsKey) {
  association.go_online(now());
  poll();
  expect_nothing_bent(signed_with(keys.find(2), from_peer(sent.transmit)));
  EXPECT_EQ(receive(signed_with(keys.find(1), from_peer(sent.transmit))).verdict, ResponseVerdict::Good);
}

// CVE-2016-4955, CVE-2016-4956 and kin: a forged packet with a newer transmit stamp made the genuine ones look old.
TEST_F(OpenPeer, Cve2016_4956_ForgedNewerStampsDoNotMakeTheGenuineOnesOld) {
  association.go_online(now());
  for (int round = 0; round < 5; ++round) {
    genuine_exchange();
    poll();
    for (const ntp::Header& lie : lies()) expect_nothing_bent(bytes_of(lie));
    last = from_peer(sent.transmit);
    EXPECT_EQ(receive(bytes_of(last)).verdict, ResponseVerdict::Good) << round;
    clock += 64;
    poll();
    EXPECT_EQ(sent.origin, last.transmit) << "what is answered again is the genuine packet";
    EXPECT_EQ(receive(bytes_of(from_peer(sent.transmit))).verdict, ResponseVerdict::Good);
    clock += 64;
  }
}

// A packet that was on its way for longer than the next one brings old stamps; they must not be answered.
TEST_F(OpenPeer, AnOldPacketThatComesLateDoesNotReplaceTheNewerOne) {
  association.go_online(now());
  genuine_exchange();
  clock -= 64;
  ntp::Header old = last;
  old.receive = ntp::NtpTimestamp::from(test_time(clock + 0.002));
  old.transmit = ntp::NtpTimestamp::from(test_time(clock + 0.003));
  expect_nothing_bent(bytes_of(old));
  clock += 64;
  poll();
  EXPECT_EQ(sent.origin, last.transmit);
}

// ---- how often a peer is asked ----

TEST_F(OpenPeer, ThePeersPollCountsWhileItIsReachable) {
  association.go_online(now());
  for (int i = 0; i < 100 && association.poll_score() < 0.9; ++i) {
    genuine_exchange();
    SampleOutcome many;
    many.distance = Duration::seconds(1);
    many.samples = 12;
    association.on_sample_taken(many, now());
  }
  for (int i = 0; i < 20; ++i) {
    poll();
    clock += 64;
  }
  EXPECT_FALSE(association.reachability().reachable());
  const int alone = association.poll();
  EXPECT_GT(alone, 6);
  poll();
  last = from_peer(sent.transmit);
  last.poll = 6;
  EXPECT_EQ(receive(bytes_of(last)).verdict, ResponseVerdict::Good);
  EXPECT_EQ(association.poll(), 6);
}

// It knows of our interval by its power of two alone.
TEST_F(OpenPeer, TheIntervalOfAPeerIsAPowerOfTwo) {
  association.go_online(now());
  genuine_exchange();
  clock -= 64;
  SampleOutcome outcome;
  outcome.distance = Duration::seconds(1);
  outcome.samples = 12;
  outcome.by_estimator = true;
  Actions actions;
  for (int i = 0; i < 5; ++i) actions = association.on_sample_taken(outcome, now());
  ASSERT_GT(association.poll_score(), 0.2);
  EXPECT_LE(actions.find<ArmTimer>()->delay, Duration::seconds(64 * 1.02));
}

}  // namespace
}  // namespace timed::sources
