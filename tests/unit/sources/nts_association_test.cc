// An association with NTS against a server of NTS: what it sends, what it believes, and when it asks for keys.
#include <gtest/gtest.h>

#include <set>
#include <string>
#include <vector>

#include "tests/unit/sources/association_fixture.h"
#include "tests/unit/sources/nts_server_fixture.h"

namespace timed::sources {
namespace {

using Bytes = std::vector<std::byte>;
using auth::NtsVerdict;

SourceLine nts_line() {
  SourceLine line = test_line();
  line.nts = true;
  return line;
}

class NtsAssociation : public AssociationTest {
 protected:
  explicit NtsAssociation(const SourceLine& line = nts_line()) : AssociationTest(line) {}

  // One poll; what left, or nothing.
  Bytes poll() {
    const Actions actions = association.on_timer(request_context());
    asked = actions.find<NeedKeys>() != nullptr;
    const auto* sending = actions.find<SendRequest>();
    if (sending == nullptr) return {};
    const auto bytes = sending->bytes();
    sent = ntp::PacketView::parse(bytes).header();
    association.on_sent(placed(test_time(clock)), now(), false);
    return Bytes(bytes.begin(), bytes.end());
  }
  Bytes poll_later(double seconds) {
    clock += seconds;
    return poll();
  }
  // The verdict on the right answer to it.
  ResponseVerdict answer_to(const Bytes& request) {
    EXPECT_EQ(server.open(request), NtsVerdict::Authentic);
    return receive(server.answer(answer())).verdict;
  }
  ResponseVerdict refuse(const Bytes& request) {
    server.open(request);
    return receive(server.refusal(answer())).verdict;
  }
  Actions give_keys(std::size_t cookies = auth::kMaxCookies) {
    return association.on_keys(server.session(now().local, cookies), now());
  }
  // Polls until keys are asked for, in steps of a second; the seconds that it took, or -1.
  double seconds_until_asked(double most) {
    for (double i = 1; i <= most; ++i) {
      poll_later(1);
      if (asked) return i;
    }
    return -1;
  }
  NtsReport report() const { return *report_of(association.authentication(), now().mono).nts; }

  NtsTestServer server;
  bool asked = false;
};

TEST_F(NtsAssociation, AsksForKeysOnceAndSendsNothingWithoutThem) {
  association.go_online(now());
  EXPECT_TRUE(poll().empty());
  EXPECT_TRUE(asked);
  EXPECT_EQ(association.reachability().size, 1);
  EXPECT_TRUE(poll_later(64).empty());
  EXPECT_FALSE(asked) << "they are being fetched";
  EXPECT_EQ(association.counters().sent, 0u);
  EXPECT_FALSE(report().aead.has_value());
  EXPECT_EQ(report().attempts, 1);
}

TEST_F(NtsAssociation, KeysThatComeAreUsedAtOnce) {
  association.go_online(now());
  poll();
  const Actions actions = give_keys();
  const auto* timer = actions.find<ArmTimer>();
  ASSERT_NE(timer, nullptr);
  EXPECT_LT(timer->delay, Duration::seconds(1));
  clock += 1;
  const Bytes request = poll();
  EXPECT_FALSE(asked);
  EXPECT_EQ(request.size(), 228u);
  EXPECT_EQ(sent.version, 4);
  EXPECT_EQ(answer_to(request), ResponseVerdict::Good);
  EXPECT_EQ(report().cookies, 8u);
  EXPECT_EQ(report().cookie_size, 100u);
  EXPECT_EQ(report().establishments, 1u);
  EXPECT_EQ(report().attempts, 0);
  EXPECT_EQ(*report().established, Duration::seconds(1));
  // Later keys find a poll that waits for nothing.
  EXPECT_EQ(give_keys().find<ArmTimer>(), nullptr);
}

TEST_F(NtsAssociation, NoCookieAndNoUniqueIdentifierIsUsedTwice) {
  association.go_online(now());
  poll();
  give_keys();
  std::set<Bytes> cookies, ids;
  for (int i = 0; i < 40; ++i) {
    const Bytes request = poll_later(64);
    auth::NtsFields fields;
    ASSERT_TRUE(auth::read_nts_fields(ntp::PacketView::parse(request), fields));
    EXPECT_TRUE(cookies.emplace(fields.cookie.begin(), fields.cookie.end()).second);
    EXPECT_TRUE(ids.emplace(fields.unique_id.begin(), fields.unique_id.end()).second);
    // Two of three are lost; what is missing is asked for again.
    if (i % 3 == 0) {
      EXPECT_EQ(answer_to(request), ResponseVerdict::Good);
      EXPECT_EQ(server.cookies_wanted(), i == 0 ? 1u : 3u);
    }
  }
  EXPECT_FALSE(asked);
}

TEST_F(NtsAssociation, OnlyItsOwnServerIsBelievedAndOnlyOnce) {
  association.go_online(now());
  poll();
  give_keys();
  const Bytes request = poll_later(1);
  const auto before = state_of(association);
  EXPECT_EQ(receive(answer()).verdict, ResponseVerdict::NotExpected) << "without fields";
  NtsTestServer stranger(2);
  const auth::NtsSession other = stranger.session(now().local);
  server.open(request);
  const Bytes good = server.answer(answer());
  for (std::size_t bit = 0; bit < good.size() * 8; ++bit) {
    Bytes bent = good;
    bent[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
    ASSERT_NE(receive(bent).verdict, ResponseVerdict::Good) << "bit " << bit;
  }
  EXPECT_EQ(state_of(association), before);
  EXPECT_EQ(receive(good).verdict, ResponseVerdict::Good);
  EXPECT_EQ(receive(good).verdict, ResponseVerdict::NotExpected);
  EXPECT_EQ(report().cookies, 8u);
}

TEST_F(NtsAssociation, LateAnswersToEarlierRequestsAreRefused) {
  association.go_online(now());
  poll();
  give_keys();
  const Bytes first = poll_later(1);
  server.open(first);
  const Bytes late = server.answer(answer());
  const Bytes second = poll_later(64);
  EXPECT_EQ(receive(late).verdict, ResponseVerdict::NotExpected);
  EXPECT_EQ(report().cookies, 6u);
  EXPECT_EQ(answer_to(second), ResponseVerdict::Good);
}

TEST_F(NtsAssociation, RefusalEndsTheKeysAtTheNextPollUnlessTheServerAnswersToo) {
  association.go_online(now());
  poll();
  give_keys();
  const Bytes first = poll_later(1);
  EXPECT_EQ(refuse(first), ResponseVerdict::NotExpected);
  EXPECT_TRUE(report().nak);
  EXPECT_EQ(answer_to(first), ResponseVerdict::Good) << "the refusal was forged";
  EXPECT_FALSE(report().nak);
  const Bytes second = poll_later(64);
  EXPECT_FALSE(second.empty());
  server.forget_keys();
  EXPECT_EQ(refuse(second), ResponseVerdict::NotExpected);
  EXPECT_TRUE(poll_later(2000).empty());
  EXPECT_TRUE(asked);
  give_keys();
  EXPECT_EQ(answer_to(poll_later(1)), ResponseVerdict::Good);
  EXPECT_EQ(report().establishments, 2u);
}

// Whoever can forge refusals must not make us knock at the server's door.
TEST_F(NtsAssociation, RefusedKeysAreRenewedEverMoreSeldomWhileNothingIsAnswered) {
  association.go_online(now());
  poll();
  give_keys();
  double expected = 1024;
  for (int i = 0; i < 4; ++i) {
    refuse(poll_later(1));
    const double waited = seconds_until_asked(2 * expected);
    EXPECT_NEAR(waited, expected - 1, 1.0) << i;
    give_keys();
    expected *= 2;
  }
}

TEST_F(NtsAssociation, FailuresAreRepeatedByHowFarTheyCame) {
  association.go_online(now());
  const struct {
    NtsFailure failure;
    double first, second;
  } rows[] = {
      {NtsFailure::NotStarted, 2, 2}, {NtsFailure::NoConnection, 16, 32}, {NtsFailure::NotEstablished, 1024, 2048}};
  for (const auto& row : rows) {
    association.forget_keys();
    poll_later(1);
    ASSERT_TRUE(asked);
    association.on_keys_failed(row.failure, now());
    EXPECT_EQ(seconds_until_asked(5000), row.first);
    association.on_keys_failed(row.failure, now());
    EXPECT_EQ(seconds_until_asked(5000), row.second);
    association.on_keys_failed(row.failure, now());
  }
}

TEST_F(NtsAssociation, OldKeysAreNotUsed) {
  association.go_online(now());
  poll();
  give_keys();
  ASSERT_EQ(answer_to(poll_later(1)), ResponseVerdict::Good);
  ASSERT_EQ(answer_to(poll_later(28 * 86400 - 10)), ResponseVerdict::Good);
  EXPECT_TRUE(poll_later(20).empty());
  EXPECT_TRUE(asked);
}

TEST_F(NtsAssociation, SavedKeysAreUsedAndOthersFetchedAtOnceWhereTheyAreRefused) {
  association.go_online(now());
  poll();
  auth::NtsSession saved = server.session(now().local - Duration::seconds(1000), 3);
  saved.number = 5;
  association.on_keys(saved, now());
  EXPECT_EQ(report().establishments, 5u);
  EXPECT_NEAR(report().established->to_seconds(), 1000, 1e-6);
  EXPECT_EQ(report().attempts, 0);
  server.forget_keys();
  refuse(poll_later(1));
  EXPECT_TRUE(poll_later(2).empty());
  EXPECT_TRUE(asked);
}

TEST_F(NtsAssociation, WhatIsSavedGoesOnWhereItStopped) {
  association.go_online(now());
  poll();
  EXPECT_FALSE(std::get<NtsAuth>(association.authentication()).session(now()).has_value());
  give_keys();
  poll_later(100);
  auto saved = std::get<NtsAuth>(association.authentication()).session(now());
  ASSERT_TRUE(saved.has_value());
  EXPECT_EQ(saved->cookies.size(), 7u);
  EXPECT_EQ(saved->number, 1u);
  EXPECT_NEAR((now().local - saved->established).to_seconds(), 100, 1e-6);
  association.forget_keys();
  poll_later(64);
  association.on_keys(*saved, now());
  EXPECT_EQ(answer_to(poll_later(1)), ResponseVerdict::Good);
}

// Older chrony exports keys of AES-128-GCM-SIV in a way of its own, and does not say which.
TEST_F(NtsAssociation, OtherKeysAreTriedOnceAfterARefusal) {
  association.go_online(now());
  poll();
  auth::NtsSession session = server.session(now().local, 8, auth::AeadId::GcmSiv128);
  session.other_keys = session.keys;
  session.keys.octets[0] ^= std::byte{1};
  association.on_keys(session, now());
  const Bytes first = poll_later(1);
  EXPECT_EQ(server.open(first), NtsVerdict::NotAuthentic);
  refuse(first);
  const Bytes second = poll_later(64);
  EXPECT_FALSE(asked);
  EXPECT_EQ(answer_to(second), ResponseVerdict::Good);
  EXPECT_EQ(report().aead, auth::AeadId::GcmSiv128);
  refuse(poll_later(64));
  EXPECT_TRUE(poll_later(2000).empty());
  EXPECT_TRUE(asked);
}

TEST_F(NtsAssociation, OtherKeysAreForgottenOnceTheFirstWereRight) {
  association.go_online(now());
  poll();
  auth::NtsSession session = server.session(now().local, 8, auth::AeadId::GcmSiv128);
  session.other_keys = session.keys;
  session.other_keys->octets[0] ^= std::byte{1};
  association.on_keys(session, now());
  EXPECT_EQ(answer_to(poll_later(1)), ResponseVerdict::Good);
  refuse(poll_later(64));
  EXPECT_TRUE(poll_later(2000).empty()) << "the server has lost them; no others are theirs";
  EXPECT_TRUE(asked);
}

// A restart must not begin with what the server has just refused.
TEST_F(NtsAssociation, RefusedKeysAreNotSaved) {
  association.go_online(now());
  poll();
  give_keys();
  const auto saved = [this] { return std::get<NtsAuth>(association.authentication()).session(now()).has_value(); };
  const Bytes request = poll_later(1);
  EXPECT_TRUE(saved());
  refuse(request);
  EXPECT_FALSE(saved());
}

TEST_F(NtsAssociation, KeysWithoutACookieAreNone) {
  association.go_online(now());
  poll();
  EXPECT_EQ(give_keys(0).find<ArmTimer>(), nullptr);
  EXPECT_EQ(report().establishments, 0u);
  EXPECT_FALSE(report().established.has_value());
  EXPECT_TRUE(poll_later(1).empty());
  EXPECT_GT(seconds_until_asked(2000), 1000) << "and there may be others some day";
}

TEST_F(NtsAssociation, NothingIsSentBeforeVersion4OrToAPeer) {
  SourceLine old = nts_line();
  old.version = 3;
  SourceLine peer = nts_line();
  peer.kind = SourceKind::Peer;
  for (const SourceLine& line : {old, peer}) {
    Association other(line, random);
    other.go_online(now());
    other.on_timer(request_context());
    other.on_keys(server.session(now().local), now());
    clock += 64;
    EXPECT_EQ(other.on_timer(request_context()).find<SendRequest>(), nullptr);
  }
}

class InterleavedNts : public NtsAssociation {
 protected:
  InterleavedNts() : NtsAssociation(line()) {}
  static SourceLine line() {
    SourceLine line = nts_line();
    line.xleave = true;
    return line;
  }
};

TEST_F(InterleavedNts, AnswersOfBothModesAreTaken) {
  association.go_online(now());
  poll();
  give_keys();
  ntp::Header last;
  for (int i = 0; i < 4; ++i) {
    const Bytes request = poll_later(64);
    ASSERT_EQ(server.open(request), NtsVerdict::Authentic);
    ntp::Header header = answer();
    if (i > 0) {
      EXPECT_EQ(sent.origin, last.receive);
      header.origin = sent.receive;
      header.transmit = ntp::NtpTimestamp::from(test_time(clock - 64 + 0.0061));
    }
    last = header;
    const Received r = receive(server.answer(header));
    EXPECT_EQ(r.verdict, i == 1 ? ResponseVerdict::Rejected : ResponseVerdict::Good) << i;
  }
  EXPECT_TRUE(association.last_response()->interleaved);
}

}  // namespace
}  // namespace timed::sources
