// NTS in NTP packets: client and server against each other, and against what goes wrong between them.
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "tests/allocations/allocations.h"
#include "tests/unit/auth/hex.h"
#include "timed/auth/nts_client.h"
#include "timed/auth/nts_fields.h"
#include "timed/auth/nts_server.h"
#include "timed/base/bytes.h"

namespace timed::auth {
namespace {

constexpr AeadId kBoth[] = {AeadId::SivCmac256, AeadId::GcmSiv128};
constexpr std::size_t kRoom = ntp::kMaxPacket;

EntropyPool pool(std::uint64_t seed) {
  return EntropyPool([random = SeededRandom(seed)](std::span<std::byte> out) mutable {
    for (auto& b : out) b = static_cast<std::byte>(random.next() >> 56);
  });
}

SessionKeys session(AeadId aead, unsigned first = 0x11) {
  SessionKeys keys;
  keys.aead = aead;
  const Bytes octets = counted(first, 2 * key_size_of(aead));
  std::copy(octets.begin(), octets.end(), keys.octets.begin());
  return keys;
}

Bytes header(ntp::Mode mode) {
  Bytes packet = counted(0, ntp::kHeaderSize);
  packet[0] = static_cast<std::byte>(4 << 3 | static_cast<int>(mode));
  packet[1] = std::byte{1};
  return packet;
}

ntp::PacketView parsed(const Bytes& packet) {
  const auto view = ntp::PacketView::parse(packet);
  EXPECT_TRUE(view.ok());
  return view;
}

void append_field(Bytes& packet, std::uint16_t type, const Bytes& body) {
  const std::size_t at = packet.size();
  packet.resize(at + kFieldHead + body.size());
  EXPECT_EQ(write_field(type, body, packet, at), packet.size());
}

// A server, and a client that has as many cookies of it as wanted.
struct Pair {
  explicit Pair(AeadId client_aead, AeadId server_aead = AeadId::SivCmac256, std::size_t cookies = kMaxCookies)
      : server_keys(CookieKeys::generate(server_aead, random)),
        server(std::move(*NtsServer::make())),
        client(std::move(*NtsClient::make(session(client_aead)))) {
    EXPECT_TRUE(server.use(server_keys));
    for (std::size_t i = 0; i < cookies; ++i) EXPECT_TRUE(client.add_cookie(cookie()));
  }
  Bytes cookie() {
    Cookies maker;
    EXPECT_TRUE(maker.use(server_keys));
    Bytes made(Cookies::kMaxSize);
    made.resize(maker.seal(session(client.aead()), random, made));
    return made;
  }
  Bytes request(Bytes packet = header(ntp::Mode::Client)) {
    const std::size_t at = packet.size();
    packet.resize(kRoom);
    packet.resize(client.write(packet, at, random));
    return packet;
  }
  // Empty where there is none.
  Bytes response(const Bytes& to, Bytes packet = header(ntp::Mode::Server)) {
    verdict = server.open(parsed(to), answer);
    if (verdict != NtsVerdict::Authentic) return {};
    std::size_t at = packet.size();
    packet.resize(kRoom);
    at = server.prepare(answer, random, packet, at);
    packet.resize(at == 0 ? 0 : server.seal(answer, packet, at));
    return packet;
  }
  Bytes refusal() {
    Bytes packet = header(ntp::Mode::Server);
    packet[1] = std::byte{0};
    store_be(packet.data() + 12, kNtsNak);
    packet.resize(kRoom);
    packet.resize(NtsServer::write_refusal(answer, packet));
    return packet;
  }

  EntropyPool random = pool(1);
  CookieKeys server_keys;
  NtsServer server;
  NtsClient client;
  NtsAnswer answer;
  NtsVerdict verdict = NtsVerdict::Plain;
};

TEST(NtsPacket, a_request_is_answered_with_a_new_cookie_in_as_many_octets) {
  const std::size_t lengths[2][2] = {{228, 192}, {224, 188}};  // by the ciphers of server and client
  for (int server = 0; server < 2; ++server) {
    for (int client = 0; client < 2; ++client) {
      Pair pair(kBoth[client], kBoth[server]);
      for (int poll = 0; poll < 20; ++poll) {
        const Bytes request = pair.request();
        EXPECT_EQ(request.size(), lengths[server][client]);
        EXPECT_EQ(pair.client.cookies(), kMaxCookies - 1);
        const Bytes response = pair.response(request);
        ASSERT_EQ(response.size(), request.size());
        EXPECT_EQ(pair.client.check(parsed(response)), NtsReply::Authentic);
        EXPECT_EQ(pair.client.cookies(), kMaxCookies);
      }
    }
  }
}

TEST(NtsPacket, fields_before_those_of_nts_are_covered) {
  Pair pair(AeadId::SivCmac256);
  Bytes head = header(ntp::Mode::Client);
  append_field(head, 0xf323, counted(0, 24));
  const Bytes request = pair.request(head);
  EXPECT_EQ(request.size(), 256u);
  Bytes answer = header(ntp::Mode::Server);
  append_field(answer, 0xf323, counted(9, 24));
  const Bytes response = pair.response(request, answer);
  ASSERT_EQ(response.size(), request.size());
  Bytes wrong = response;
  wrong[60] ^= std::byte{1};
  EXPECT_EQ(pair.client.check(parsed(wrong)), NtsReply::Refused);
  EXPECT_EQ(pair.client.check(parsed(response)), NtsReply::Authentic);
}

TEST(NtsPacket, lost_answers_are_made_up_for_with_placeholders) {
  for (const AeadId aead : kBoth) {
    Pair pair(aead);
    for (std::size_t lost = 1; lost < kMaxCookies; ++lost) {
      const Bytes request = pair.request();
      NtsFields fields;
      ASSERT_TRUE(read_nts_fields(parsed(request), fields));
      EXPECT_EQ(fields.placeholders, lost - 1);
      EXPECT_LE(request.size(), ntp::kHeaderSize + ntp::kMaxExtensions);
    }
    EXPECT_EQ(pair.client.cookies(), 1u);
    const Bytes request = pair.request();
    const Bytes response = pair.response(request);
    ASSERT_EQ(response.size(), request.size());
    EXPECT_EQ(pair.client.check(parsed(response)), NtsReply::Authentic);
    EXPECT_EQ(pair.client.cookies(), kMaxCookies);
  }
}

TEST(NtsPacket, long_cookies_leave_no_room_for_as_many_placeholders) {
  Pair pair(AeadId::SivCmac256, AeadId::SivCmac256, 0);
  EXPECT_TRUE(pair.client.add_cookie(counted(0, 256)));
  EXPECT_EQ(pair.client.cookie_size(), 256u);
  const Bytes request = pair.request();
  NtsFields fields;
  ASSERT_TRUE(read_nts_fields(parsed(request), fields));
  EXPECT_EQ(fields.placeholders, 2u);
}

TEST(NtsPacket, a_client_without_cookies_writes_no_request) {
  Pair pair(AeadId::SivCmac256, AeadId::SivCmac256, 1);
  EXPECT_FALSE(pair.request().empty());
  EXPECT_TRUE(pair.request().empty());
  Bytes small(100);
  EXPECT_TRUE(pair.client.add_cookie(pair.cookie()));
  EXPECT_EQ(pair.client.write(small, ntp::kHeaderSize, pair.random), 0u);
}

TEST(NtsPacket, each_request_has_a_unique_identifier_and_a_cookie_of_its_own) {
  Pair pair(AeadId::SivCmac256);
  const Bytes first = pair.request(), second = pair.request();
  NtsFields a, b;
  ASSERT_TRUE(read_nts_fields(parsed(first), a) && read_nts_fields(parsed(second), b));
  EXPECT_NE(to_hex(a.unique_id), to_hex(b.unique_id));
  EXPECT_NE(to_hex(a.cookie), to_hex(b.cookie));
  EXPECT_NE(to_hex(a.nonce), to_hex(b.nonce));
  // What answers the first one comes too late.
  const Bytes late = pair.response(first), response = pair.response(second);
  EXPECT_EQ(pair.client.check(parsed(late)), NtsReply::Refused);
  EXPECT_EQ(pair.client.check(parsed(response)), NtsReply::Authentic);
  EXPECT_EQ(pair.client.check(parsed(response)), NtsReply::Refused) << "once";
}

TEST(NtsPacket, cookies_that_could_not_be_sent_are_not_kept) {
  Pair pair(AeadId::SivCmac256, AeadId::SivCmac256, 0);
  for (std::size_t size = 0; size <= 300; ++size) {
    const bool fits = size % 4 == 0 && size >= 12 && size <= 256;
    Pair other(AeadId::SivCmac256, AeadId::SivCmac256, 0);
    EXPECT_EQ(other.client.add_cookie(counted(0, size)), fits) << size;
  }
  for (std::size_t i = 0; i < 12; ++i) EXPECT_EQ(pair.client.add_cookie(counted(0, 100)), i < kMaxCookies);
}

TEST(NtsPacket, every_bit_of_a_response_counts) {
  for (const AeadId aead : kBoth) {
    Pair pair(aead);
    const Bytes request = pair.request(), response = pair.response(request);
    ASSERT_FALSE(response.empty());
    for (std::size_t bit = 0; bit < response.size() * 8; ++bit) {
      Bytes wrong = response;
      wrong[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      const auto view = ntp::PacketView::parse(wrong);
      if (view.ok()) {
        ASSERT_EQ(pair.client.check(view), NtsReply::Refused) << bit;
      }
      ASSERT_EQ(pair.client.cookies(), kMaxCookies - 1);
    }
    EXPECT_EQ(pair.client.check(parsed(response)), NtsReply::Authentic);
  }
}

TEST(NtsPacket, every_bit_of_a_request_counts) {
  for (const AeadId aead : kBoth) {
    Pair pair(aead);
    const Bytes request = pair.request();
    std::size_t authentic = 0;
    for (std::size_t bit = 0; bit < request.size() * 8; ++bit) {
      Bytes wrong = request;
      wrong[bit / 8] ^= static_cast<std::byte>(1u << bit % 8);
      const auto view = ntp::PacketView::parse(wrong);
      if (view.ok() && pair.server.open(view, pair.answer) == NtsVerdict::Authentic) ++authentic;
    }
    EXPECT_EQ(authentic, 0u);
    EXPECT_EQ(pair.server.open(parsed(request), pair.answer), NtsVerdict::Authentic);
  }
}

TEST(NtsPacket, a_cookie_of_a_forgotten_key_is_refused_and_the_client_knows) {
  Pair pair(AeadId::SivCmac256);
  for (int i = 0; i < 3; ++i) pair.server_keys.rotate(AeadId::SivCmac256, pair.random);
  ASSERT_TRUE(pair.server.use(pair.server_keys));
  const Bytes request = pair.request();
  EXPECT_TRUE(pair.response(request).empty());
  EXPECT_EQ(pair.verdict, NtsVerdict::UnknownKey);
  const Bytes nak = pair.refusal();
  EXPECT_EQ(nak.size(), 84u);
  EXPECT_EQ(pair.client.check(parsed(nak)), NtsReply::Nak);
  Bytes other = nak;
  other[60] ^= std::byte{1};  // of the unique identifier
  EXPECT_EQ(pair.client.check(parsed(other)), NtsReply::Refused);
  other = nak;
  other[1] = std::byte{1};
  EXPECT_EQ(pair.client.check(parsed(other)), NtsReply::Refused) << "with a stratum it is none";
  other = nak;
  other[15] = std::byte{'X'};
  EXPECT_EQ(pair.client.check(parsed(other)), NtsReply::Refused) << "another code";
}

// Anybody can send a refusal; the answer that comes after it is taken all the same.
TEST(NtsPacket, a_refusal_does_not_end_the_wait_for_an_answer) {
  Pair pair(AeadId::GcmSiv128);
  const Bytes request = pair.request(), response = pair.response(request), nak = pair.refusal();
  EXPECT_EQ(pair.client.check(parsed(nak)), NtsReply::Nak);
  EXPECT_EQ(pair.client.check(parsed(response)), NtsReply::Authentic);
}

TEST(NtsPacket, the_key_of_requests_is_not_the_one_of_responses) {
  Pair pair(AeadId::SivCmac256);
  const Bytes request = pair.request();
  Bytes mirrored = request;
  mirrored[0] = static_cast<std::byte>(4 << 3 | 4);
  EXPECT_EQ(pair.client.check(parsed(mirrored)), NtsReply::Refused);
}

TEST(NtsPacket, a_plain_request_has_nothing_of_nts) {
  Pair pair(AeadId::SivCmac256);
  EXPECT_EQ(pair.server.open(parsed(header(ntp::Mode::Client)), pair.answer), NtsVerdict::Plain);
  Bytes packet = header(ntp::Mode::Client);
  append_field(packet, 0xf323, counted(0, 24));
  EXPECT_EQ(pair.server.open(parsed(packet), pair.answer), NtsVerdict::Plain);
}

TEST(NtsPacket, a_server_allocates_nothing_for_an_answer_or_a_refusal) {
  ASSERT_TRUE(test::counts_all_allocations());
  for (const AeadId aead : kBoth) {
    Pair pair(aead, aead);
    for (int lost = 0; lost < 5; ++lost) pair.request();
    const Bytes request = pair.request();
    Bytes spoilt = request, out(kRoom);
    spoilt.back() ^= std::byte{1};
    const std::size_t before = test::allocations_so_far();
    std::size_t answered = 0, refused = 0;
    for (int i = 0; i < 10; ++i) {
      const auto good = ntp::PacketView::parse(request), bad = ntp::PacketView::parse(spoilt);
      if (pair.server.open(bad, pair.answer) == NtsVerdict::NotAuthentic) {
        refused += NtsServer::write_refusal(pair.answer, out) == 84 ? 1 : 0;
      }
      if (pair.server.open(good, pair.answer) != NtsVerdict::Authentic) continue;
      const std::size_t at = pair.server.prepare(pair.answer, pair.random, out, ntp::kHeaderSize);
      answered += at != 0 && pair.server.seal(pair.answer, out, at) == request.size() ? 1 : 0;
    }
    EXPECT_EQ(test::allocations_so_far(), before);
    EXPECT_EQ(answered, 10u);
    EXPECT_EQ(refused, 10u);
  }
}

// ---- requests of the wrong form, sealed as they should be ----

struct Form {
  Bytes unique_id = counted(0, 32);
  std::size_t unique_ids = 1, cookies = 1;
  std::vector<std::size_t> placeholders;
  Bytes nonce = counted(0xa0, 16);
  std::size_t padding = 0;  // behind the ciphertext
  Bytes text;               // that is sealed
  ntp::Mode mode = ntp::Mode::Client;
};

Bytes request_of(Pair& pair, const Form& form) {
  Bytes packet = header(form.mode);
  for (std::size_t i = 0; i < form.unique_ids; ++i) append_field(packet, kUniqueIdType, form.unique_id);
  for (std::size_t i = 0; i < form.cookies; ++i) append_field(packet, kCookieType, pair.cookie());
  for (const std::size_t size : form.placeholders) append_field(packet, kPlaceholderType, Bytes(size));
  Bytes body(4);
  store_be(body.data(), static_cast<std::uint16_t>(form.nonce.size()));
  store_be(body.data() + 2, static_cast<std::uint16_t>(form.text.size() + kAeadTag));
  body.insert(body.end(), form.nonce.begin(), form.nonce.end());
  body.resize((body.size() + 3) / 4 * 4);
  auto aead = Aead::make(pair.client.aead());
  Bytes sealed(form.text.size() + kAeadTag);
  EXPECT_TRUE(aead->set_key(session(pair.client.aead()).c2s()) && aead->seal(form.nonce, packet, form.text, sealed));
  body.insert(body.end(), sealed.begin(), sealed.end());
  body.resize((body.size() + 3) / 4 * 4 + form.padding);
  append_field(packet, kAuthenticatorType, body);
  return packet;
}

NtsVerdict verdict_on(const Form& form, AeadId aead = AeadId::SivCmac256) {
  Pair pair(aead);
  return pair.server.open(parsed(request_of(pair, form)), pair.answer);
}

TEST(NtsPacket, requests_of_the_wrong_form_are_not_answered) {
  EXPECT_EQ(verdict_on({}), NtsVerdict::Authentic);
  const auto changed = [](const std::function<void(Form&)>& change) {
    Form form;
    change(form);
    return verdict_on(form);
  };
  EXPECT_EQ(changed([](Form& f) { f.unique_ids = 0; }), NtsVerdict::Malformed);
  EXPECT_EQ(changed([](Form& f) { f.unique_ids = 2; }), NtsVerdict::Malformed);
  EXPECT_EQ(changed([](Form& f) { f.unique_id.resize(28); }), NtsVerdict::Malformed);
  EXPECT_EQ(changed([](Form& f) { f.unique_id.resize(64); }), NtsVerdict::Authentic);
  EXPECT_EQ(changed([](Form& f) { f.cookies = 0; }), NtsVerdict::Malformed);
  EXPECT_EQ(changed([](Form& f) { f.cookies = 2; }), NtsVerdict::Malformed);
  EXPECT_EQ(changed([](Form& f) { f.mode = ntp::Mode::SymmetricActive; }), NtsVerdict::Malformed);
  EXPECT_EQ(changed([](Form& f) { f.placeholders = {100}; }), NtsVerdict::Authentic);
  EXPECT_EQ(changed([](Form& f) { f.placeholders = {96}; }), NtsVerdict::Malformed);
  EXPECT_EQ(changed([](Form& f) { f.placeholders = {100, 104}; }), NtsVerdict::Malformed);
}

// CVE-2026-102483 ended a server with these, CVE-2026-26076 made it busy with them.  They only count up to eight, and
// what is more is never more work than the octets of the request.
TEST(NtsPacket, no_number_of_placeholders_brings_more_than_eight_cookies) {
  Pair pair(AeadId::GcmSiv128);  // with short cookies more fit in
  Form form;
  form.nonce.resize(12);
  form.placeholders.assign(12, 68);
  const Bytes request = request_of(pair, form), response = pair.response(request);
  EXPECT_EQ(pair.verdict, NtsVerdict::Authentic);
  EXPECT_EQ(pair.answer.cookies, kMaxCookies);
  EXPECT_EQ(response.size(), request.size()) << "the rest is padding";
  // The shortest there are, in the clear and encrypted.
  form.placeholders.assign(55, 12);
  EXPECT_EQ(pair.server.open(parsed(request_of(pair, form)), pair.answer), NtsVerdict::Malformed);
  form.placeholders.clear();
  for (int i = 0; i < 200; ++i) append_field(form.text, kPlaceholderType, {});
  EXPECT_EQ(pair.server.open(parsed(request_of(pair, form)), pair.answer), NtsVerdict::Malformed);
}

TEST(NtsPacket, encrypted_placeholders_count_too) {
  Pair pair(AeadId::SivCmac256);
  Form form;
  for (int i = 0; i < 3; ++i) append_field(form.text, kPlaceholderType, Bytes(100));
  append_field(form.text, 0x7777, Bytes());
  const Bytes request = request_of(pair, form), response = pair.response(request);
  EXPECT_EQ(pair.answer.cookies, 4u);
  EXPECT_EQ(response.size(), request.size());
  form.text.resize(form.text.size() - 4);
  append_field(form.text, kPlaceholderType, Bytes(96));
  EXPECT_EQ(verdict_on(form), NtsVerdict::Malformed);
  form.text.resize(form.text.size() - 4);
  EXPECT_EQ(verdict_on(form), NtsVerdict::Malformed) << "cut off";
}

TEST(NtsPacket, a_nonce_must_leave_room_for_that_of_the_answer) {
  for (std::size_t size = 1; size <= 40; ++size) {
    for (const std::size_t padding : {0u, 4u, 8u, 12u, 40u}) {
      Form form;
      form.nonce = counted(0xa0, size);
      form.padding = padding;
      const bool room = (size + 3) / 4 * 4 + padding >= 16;
      EXPECT_EQ(verdict_on(form), room ? NtsVerdict::Authentic : NtsVerdict::NotAuthentic) << size << ' ' << padding;
    }
  }
  Form form;
  form.nonce = counted(0xa0, 12);
  EXPECT_EQ(verdict_on(form, AeadId::GcmSiv128), NtsVerdict::Authentic);
}

// CVE-2026-102486, a read behind the packet: the lengths of nonce and ciphertext are the sender's word alone.
TEST(NtsPacket, lengths_in_the_authenticator_that_cannot_be_are_refused_before_anything_is_opened) {
  Pair pair(AeadId::SivCmac256);
  const Bytes request = pair.request();
  const std::size_t at = request.size() - 36;  // of the two lengths
  const std::uint16_t lengths[] = {0,  1,  2,  3,  4,  13, 15,  16,     17,     20,    28,
                                   29, 31, 32, 33, 36, 48, 255, 0x7fff, 0xfffc, 0xffff};
  for (const std::uint16_t nonce : lengths) {
    for (const std::uint16_t sealed : lengths) {
      Bytes wrong = request;
      store_be(wrong.data() + at, nonce);
      store_be(wrong.data() + at + 2, sealed);
      NtsFields fields;
      const bool possible = nonce > 0 && sealed >= 16 && (nonce + 3) / 4 * 4 + (sealed + 3) / 4 * 4 <= 32;
      ASSERT_EQ(read_nts_fields(parsed(wrong), fields), possible) << nonce << ' ' << sealed;
      ASSERT_EQ(pair.server.open(parsed(wrong), pair.answer) == NtsVerdict::Authentic, nonce == 16 && sealed == 16);
    }
  }
}

TEST(NtsPacket, nothing_may_follow_the_authenticator) {
  Pair pair(AeadId::SivCmac256);
  Bytes request = pair.request();
  append_field(request, 0x7777, Bytes(28));
  EXPECT_EQ(pair.server.open(parsed(request), pair.answer), NtsVerdict::Malformed);
  request = pair.request();
  request.resize(request.size() + 20, std::byte{1});  // a MAC
  EXPECT_EQ(pair.server.open(parsed(request), pair.answer), NtsVerdict::Malformed);
}

// A server that goes from GCM-SIV to SIV makes longer cookies than its clients have.
TEST(NtsPacket, no_answer_is_longer_than_its_request) {
  Pair pair(AeadId::SivCmac256, AeadId::GcmSiv128);
  const Bytes short_request = pair.request();
  for (int i = 0; i < 4; ++i) pair.request();
  const Bytes long_request = pair.request();
  for (int i = 0; i < 2; ++i) pair.server_keys.rotate(AeadId::SivCmac256, pair.random);
  ASSERT_TRUE(pair.server.use(pair.server_keys));
  EXPECT_TRUE(pair.response(short_request).empty()) << "not one cookie has room";
  EXPECT_EQ(pair.verdict, NtsVerdict::Authentic);
  const Bytes response = pair.response(long_request);
  EXPECT_EQ(response.size(), long_request.size());
  EXPECT_EQ(pair.client.check(parsed(response)), NtsReply::Authentic);
  EXPECT_EQ(pair.client.cookies(), 2u + 5u) << "one of six had no room";
}

// ---- responses of the wrong form ----

Bytes response_with(Pair& pair, const Bytes& request, const Bytes& text) {
  NtsFields fields;
  EXPECT_TRUE(read_nts_fields(parsed(request), fields));
  Bytes packet = header(ntp::Mode::Server);
  append_field(packet, kUniqueIdType, Bytes(fields.unique_id.begin(), fields.unique_id.end()));
  auto aead = Aead::make(pair.client.aead());
  EXPECT_TRUE(aead->set_key(session(pair.client.aead()).s2c()));
  const std::size_t at = packet.size(), size = authenticator_size(aead->id(), text.size());
  packet.resize(at + size);
  EXPECT_EQ(write_authenticator(*aead, counted(1, nonce_size_of(aead->id())), text, packet, at, size), packet.size());
  return packet;
}

TEST(NtsPacket, a_response_needs_a_cookie_that_can_be_sent) {
  const auto reply = [](const std::vector<std::size_t>& sizes, std::size_t cut = 0) {
    Pair pair(AeadId::SivCmac256, AeadId::SivCmac256, 3);
    Bytes text;
    for (const std::size_t size : sizes) append_field(text, kCookieType, counted(0, size));
    text.resize(text.size() - cut);
    const Bytes request = pair.request();
    const NtsReply got = pair.client.check(parsed(response_with(pair, request, text)));
    return std::pair(got, pair.client.cookies());
  };
  EXPECT_EQ(reply({100}), std::pair(NtsReply::Authentic, std::size_t{3}));
  EXPECT_EQ(reply({}), std::pair(NtsReply::Refused, std::size_t{2}));
  EXPECT_EQ(reply({0}), std::pair(NtsReply::Refused, std::size_t{2})) << "an empty one";
  EXPECT_EQ(reply({8}), std::pair(NtsReply::Refused, std::size_t{2}));
  EXPECT_EQ(reply({260}), std::pair(NtsReply::Refused, std::size_t{2})) << "one that is too long";
  EXPECT_EQ(reply({260, 100, 0}), std::pair(NtsReply::Authentic, std::size_t{3}));
  EXPECT_EQ(reply({100, 100}, 4), std::pair(NtsReply::Refused, std::size_t{2})) << "cut off";
  EXPECT_EQ(reply(std::vector<std::size_t>(40, 16)), std::pair(NtsReply::Authentic, kMaxCookies)) << "too many";
}

TEST(NtsPacket, cookies_in_the_clear_are_not_taken) {
  Pair pair(AeadId::SivCmac256, AeadId::SivCmac256, 3);
  const Bytes request = pair.request();
  NtsFields fields;
  ASSERT_TRUE(read_nts_fields(parsed(request), fields));
  Bytes packet = header(ntp::Mode::Server);
  append_field(packet, kUniqueIdType, Bytes(fields.unique_id.begin(), fields.unique_id.end()));
  append_field(packet, kCookieType, counted(0, 100));
  EXPECT_EQ(pair.client.check(parsed(packet)), NtsReply::Refused);
  EXPECT_EQ(pair.client.cookies(), 2u);
}

TEST(NtsPacket, before_a_request_there_is_nothing_to_answer) {
  Pair pair(AeadId::SivCmac256);
  const Bytes request = pair.request(), response = pair.response(request);
  Pair other(AeadId::SivCmac256);
  EXPECT_EQ(other.client.check(parsed(response)), NtsReply::Refused);
  Bytes zeros = header(ntp::Mode::Server);
  append_field(zeros, kUniqueIdType, Bytes(32));
  zeros[1] = std::byte{0};
  store_be(zeros.data() + 12, kNtsNak);
  EXPECT_EQ(other.client.check(parsed(zeros)), NtsReply::Refused);
}

}  // namespace
}  // namespace timed::auth
