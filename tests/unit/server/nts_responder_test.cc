// Requests of NTS: answered under a seal, refused so that the client gets new keys, or not answered at all.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tests/unit/server/nts_clients.h"
#include "timed/base/bytes.h"
#include "timed/ntp/extension.h"
#include "timed/server/responder.h"

namespace timed::server {
namespace {

using auth::AeadId;
using auth::NtsReply;
using auth::NtsVerdict;
using ntp::Mode;

constexpr AeadId kBoth[] = {AeadId::SivCmac256, AeadId::GcmSiv128};
constexpr std::uint32_t kRate = 0x52415445;

AccessTable everybody() {
  AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0)};
  return AccessList(std::vector<AccessRule>{rule}).compile();
}

class NtsResponder : public testing::Test {
 protected:
  NtsResponder() {
    EXPECT_TRUE(service.server.use(keys));
    responder.use_nts(&service);
    state.leap = ntp::Leap::Normal;
    state.stratum = 2;
    state.precision_log2 = -24;
  }
  env::Datagram request_of(auth::NtsClient& client) {
    env::Datagram request = make_request(4, Mode::Client);
    add_nts(request, client, entropy);
    return request;
  }
  Verdict ask(const env::Datagram& request) {
    answer.size = 0;
    answer.data.fill(std::byte{0xee});
    const Verdict verdict = responder.prepare(CommonAnswer(state, request.stamp.time), request, answer, departure);
    if (is_answered(verdict)) {
      responder.finish(Leaving(state, RawTime::from_seconds(1'800'000'000, 5)), answer, departure);
    }
    return verdict;
  }
  ntp::PacketView answered() const {
    const auto view = ntp::PacketView::parse(answer.bytes());
    EXPECT_TRUE(view.ok());
    return view;
  }
  // Of a log of clients with a limit that the second request reaches.
  void limit(int kod) {
    ServiceLimits limits;
    limits.of[0] = {true, 12, 1, 4, kod};
    log.emplace(ClientLog{ClientTable(8, limits, entropy), InterleaveMap(8)});
    responder.use_clients(&*log, 12);
  }

  EntropyPool entropy = seeded_pool(20261126);
  AccessTable access = everybody();
  auth::CookieKeys keys = auth::CookieKeys::generate(AeadId::SivCmac256, entropy);
  NtsService service{std::move(*auth::NtsServer::make())};
  std::optional<ClientLog> log;
  Responder responder{access, entropy};
  discipline::OwnState state;
  env::Datagram answer;
  Departure departure;
};

TEST_F(NtsResponder, answers_under_a_seal_that_covers_the_transmit_stamp) {
  for (const AeadId aead : kBoth) {
    auto client = nts_client(keys, aead, 1);
    for (int poll = 0; poll < 20; ++poll) {
      const env::Datagram request = request_of(client);
      ASSERT_EQ(ask(request), Verdict::Answer);
      EXPECT_EQ(answer.size, request.size);
      EXPECT_EQ(departure.nts_verdict, NtsVerdict::Authentic);
      const ntp::Header h = answered().header();
      EXPECT_EQ(h.origin.bits, 0x0123456789abcdefu);
      const auto left = ntp::NtpTimestamp::from(LocalTime::from_seconds(1'800'000'000, 5));
      EXPECT_NEAR(h.transmit.minus(left).to_seconds(), 0, 1e-6);
      EXPECT_EQ(client.check(answered()), NtsReply::Authentic);
      EXPECT_EQ(client.cookies(), auth::kMaxCookies);
    }
  }
}

TEST_F(NtsResponder, any_changed_bit_of_an_answer_breaks_its_seal) {
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  ASSERT_EQ(ask(request_of(client)), Verdict::Answer);
  for (std::size_t bit = 0; bit < 8 * answer.size; bit += 5) {
    env::Datagram changed = answer;
    changed.data[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
    const auto view = ntp::PacketView::parse(changed.bytes());
    EXPECT_FALSE(view.ok() && client.check(view) == NtsReply::Authentic) << bit;
  }
  EXPECT_EQ(client.check(answered()), NtsReply::Authentic);
}

TEST_F(NtsResponder, gives_as_many_cookies_as_were_asked_for) {
  auto client = nts_client(keys, AeadId::SivCmac256, 1, 2);
  const env::Datagram request = request_of(client);
  ASSERT_EQ(ask(request), Verdict::Answer);
  EXPECT_EQ(answer.size, request.size);
  EXPECT_EQ(client.check(answered()), NtsReply::Authentic);
  EXPECT_EQ(client.cookies(), auth::kMaxCookies);
}

TEST_F(NtsResponder, is_not_served_without_keys) {
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  responder.use_nts(nullptr);
  EXPECT_EQ(ask(request_of(client)), Verdict::BadAuth);
  EXPECT_EQ(departure.nts_verdict, NtsVerdict::Plain);
  EXPECT_EQ(ask(make_request(4, Mode::Client)), Verdict::Answer);
}

TEST_F(NtsResponder, answers_of_a_batch_have_keys_of_their_own) {
  std::vector<auth::NtsClient> clients;
  std::vector<env::Datagram> answers(env::kBatch);
  std::vector<Departure> departures(env::kBatch);
  for (std::size_t i = 0; i < env::kBatch; ++i) {
    clients.push_back(nts_client(keys, kBoth[i % 2], i));
    const env::Datagram request = request_of(clients[i]);
    const CommonAnswer common(state, request.stamp.time);
    ASSERT_EQ(responder.prepare(common, request, answers[i], departures[i]), Verdict::Answer);
  }
  for (std::size_t i = 0; i < env::kBatch; ++i) {
    responder.finish(Leaving(state, RawTime::from_seconds(1'800'000'000)), answers[i], departures[i]);
    EXPECT_EQ(clients[i].check(ntp::PacketView::parse(answers[i].bytes())), NtsReply::Authentic) << i;
  }
}

TEST_F(NtsResponder, works_with_interleaved_mode) {
  ServiceLimits none;
  log.emplace(ClientLog{ClientTable(8, none, entropy), InterleaveMap(8)});
  responder.use_clients(&*log, Responder::kNoLeastPoll);
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  ntp::NtpTimestamp origin;
  for (int poll = 0; poll < 5; ++poll) {
    env::Datagram request = make_request(4, Mode::Client);
    store_be(request.data.data() + 24, origin.bits);
    store_be(request.data.data() + 32, std::uint64_t{77});
    add_nts(request, client, entropy);
    ASSERT_EQ(ask(request), Verdict::Answer);
    EXPECT_EQ(departure.transmit.has_value(), poll >= 2) << poll;
    EXPECT_EQ(answered().header().origin.bits, poll >= 2 ? 77 : 0x0123456789abcdefu);
    EXPECT_EQ(client.check(answered()), NtsReply::Authentic);
    origin = answered().header().receive;
  }
}

TEST_F(NtsResponder, the_fine_root_values_are_sealed_too) {
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  env::Datagram request = make_request(4, Mode::Client);
  ntp::MonoRoot empty;
  ntp::write_mono_root(empty, std::span(request.data).subspan<ntp::kHeaderSize, ntp::kMonoRootSize>());
  request.size += ntp::kMonoRootSize;
  add_nts(request, client, entropy);
  ASSERT_EQ(ask(request), Verdict::Answer);
  EXPECT_EQ(answer.size, request.size);
  EXPECT_TRUE(ntp::find_mono_root(answered().extensions()));
  EXPECT_EQ(client.check(answered()), NtsReply::Authentic);
}

// RFC 8915 section 5.7: the unique identifier and nothing else, never in interleaved mode.
void expect_refusal(const ntp::PacketView& view) {
  EXPECT_EQ(view.size(), 84u);
  EXPECT_EQ(view.header().leap, ntp::Leap::Unsynchronised);
  EXPECT_EQ(view.header().stratum, 0);
  EXPECT_EQ(view.header().ref_id.value, auth::kNtsNak);
  EXPECT_EQ(view.header().origin.bits, 0x0123456789abcdefu);
}

TEST_F(NtsResponder, refuses_a_cookie_of_keys_that_are_forgotten) {
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  for (int rotation = 0; rotation < 4; ++rotation) {
    ASSERT_TRUE(service.server.use(keys));
    const env::Datagram request = request_of(client);
    ASSERT_EQ(ask(request), rotation < 3 ? Verdict::Answer : Verdict::NtsRefusal) << rotation;
    if (rotation == 3) {
      EXPECT_EQ(departure.nts_verdict, NtsVerdict::UnknownKey);
      expect_refusal(answered());
      EXPECT_EQ(client.check(answered()), NtsReply::Nak);
    }
    keys.rotate(AeadId::SivCmac256, entropy);
  }
}

TEST_F(NtsResponder, refuses_cookies_and_seals_that_are_changed) {
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  const env::Datagram request = request_of(client);
  const std::size_t cookie_at = ntp::kHeaderSize + 36 + 4;
  const struct {
    std::size_t at;
    NtsVerdict verdict;
  } changes[] = {{cookie_at, NtsVerdict::UnknownKey},
                 {cookie_at + 4, NtsVerdict::BadCookie},
                 {cookie_at + 99, NtsVerdict::BadCookie},
                 {2, NtsVerdict::NotAuthentic},
                 {request.size - 1, NtsVerdict::NotAuthentic}};
  for (const auto& change : changes) {
    env::Datagram changed = request;
    changed.data[change.at] ^= std::byte{0x80};
    EXPECT_EQ(ask(changed), Verdict::NtsRefusal) << change.at;
    EXPECT_EQ(departure.nts_verdict, change.verdict) << change.at;
    expect_refusal(answered());
  }
  EXPECT_EQ(ask(request), Verdict::Answer);
}

TEST_F(NtsResponder, a_refusal_is_never_interleaved) {
  ServiceLimits none;
  log.emplace(ClientLog{ClientTable(8, none, entropy), InterleaveMap(8)});
  responder.use_clients(&*log, Responder::kNoLeastPoll);
  log->stamps.save({0x11}, {0x22});
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  env::Datagram request = make_request(4, Mode::Client);
  store_be(request.data.data() + 24, std::uint64_t{0x11});
  store_be(request.data.data() + 32, std::uint64_t{77});
  add_nts(request, client, entropy);
  request.data[request.size - 1] ^= std::byte{1};
  ASSERT_EQ(ask(request), Verdict::NtsRefusal);
  EXPECT_FALSE(departure.save || departure.transmit);
  expect_refusal(answered());
}

TEST_F(NtsResponder, does_not_answer_what_is_no_request_of_nts) {
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  const env::Datagram whole = request_of(client);
  // Cut behind each of its fields, and none of them twice.
  for (const std::size_t size : {std::size_t{48 + 36}, std::size_t{48 + 36 + 104}}) {
    env::Datagram cut = whole;
    cut.size = size;
    EXPECT_EQ(ask(cut), Verdict::BadAuth) << size;
    EXPECT_EQ(departure.nts_verdict, NtsVerdict::Malformed);
  }
  env::Datagram twice = whole;
  std::copy_n(whole.data.begin() + 84, whole.size - 84, twice.data.begin() + 84 + 104);
  std::copy_n(whole.data.begin() + 84, 104, twice.data.begin() + 84);
  twice.size += 104;
  EXPECT_EQ(ask(twice), Verdict::BadAuth);
  env::Datagram peer = whole;
  peer.data[0] = std::byte{4 << 3 | 1};
  EXPECT_EQ(ask(peer), Verdict::BadAuth);
}

TEST_F(NtsResponder, a_kiss_of_death_is_sealed) {
  limit(1);
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  int kisses = 0;
  for (int i = 0; i < 200; ++i) {
    const env::Datagram request = request_of(client);
    const Verdict verdict = ask(request);
    if (verdict == Verdict::RateLimited) {
      client = nts_client(keys, AeadId::SivCmac256, 1);
      continue;
    }
    const bool kiss = verdict == Verdict::KissOfDeath;
    kisses += kiss ? 1 : 0;
    EXPECT_EQ(answered().header().ref_id.value == kRate, kiss);
    EXPECT_EQ(client.check(answered()), NtsReply::Authentic);
  }
  EXPECT_GT(kisses, 20);
}

TEST_F(NtsResponder, who_asks_too_often_with_a_wrong_seal_is_told_neither) {
  limit(1);
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  env::Datagram request = request_of(client);
  request.data[request.size - 1] ^= std::byte{1};
  int refused = 0, dropped_after_a_look = 0;
  for (int i = 0; i < 200; ++i) {
    const Verdict verdict = ask(request);
    ASSERT_TRUE(verdict == Verdict::NtsRefusal || verdict == Verdict::RateLimited);
    refused += verdict == Verdict::NtsRefusal ? 1 : 0;
    const bool looked = departure.nts_verdict == NtsVerdict::NotAuthentic;
    dropped_after_a_look += verdict == Verdict::RateLimited && looked ? 1 : 0;
  }
  EXPECT_GT(refused, 0);
  EXPECT_LT(refused, 60) << "limited as every request";
  EXPECT_GT(dropped_after_a_look, 20) << "instead of a kiss of death";
}

TEST_F(NtsResponder, costs_nothing_where_the_rate_is_too_high) {
  limit(0);
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  const env::Datagram request = request_of(client);
  int dropped = 0;
  for (int i = 0; i < 100; ++i) {
    if (ask(request) != Verdict::RateLimited) continue;
    ++dropped;
    EXPECT_EQ(departure.nts_verdict, NtsVerdict::Plain) << "no cookie was opened";
  }
  EXPECT_GT(dropped, 50);
}

TEST_F(NtsResponder, is_authentic_enough_where_a_key_is_demanded) {
  const AccessTable all = everybody();
  responder.demand_keys_of(all);
  auto client = nts_client(keys, AeadId::SivCmac256, 1);
  EXPECT_EQ(ask(make_request(4, Mode::Client)), Verdict::BadAuth);
  EXPECT_EQ(ask(request_of(client)), Verdict::Answer);
}

// The cookies have grown since: not one has room, and no answer is better than one that is longer than its request.
TEST_F(NtsResponder, never_answers_with_more_octets_than_were_asked) {
  const auto small = auth::CookieKeys::generate(AeadId::GcmSiv128, entropy);
  auto client = nts_client(small, AeadId::GcmSiv128, 1);
  // Keys under the same ids, so that they are opened, and the one in use makes longer cookies.
  auth::CookieKeys mixed = small;
  mixed.rotate(AeadId::SivCmac256, entropy);
  mixed.rotate(AeadId::SivCmac256, entropy);
  ASSERT_TRUE(service.server.use(mixed));
  EXPECT_EQ(ask(request_of(client)), Verdict::BadAuth);
  EXPECT_EQ(departure.nts_verdict, NtsVerdict::Authentic);
}

}  // namespace
}  // namespace timed::server
