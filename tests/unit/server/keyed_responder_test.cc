// Requests with a symmetric key: verified, answered with the key that signed them, or not at all.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/server/fakes.h"
#include "tests/unit/server/nts_clients.h"
#include "timed/base/bytes.h"
#include "timed/ntp/extension.h"
#include "timed/server/responder.h"

namespace timed::server {
namespace {

constexpr auth::KeyId kIds[] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 14};
constexpr const char* kKeys =
    "1 MD5 secret-of-md5\n2 SHA1 secret-of-sha1\n3 SHA256 secret-of-sha256\n4 SHA384 secret-of-sha384\n"
    "5 SHA512 secret-of-sha512\n6 SHA3-224 secret-of-sha3\n7 SHA3-256 secret-of-sha3\n8 SHA3-384 secret-of-sha3\n"
    "9 SHA3-512 secret-of-sha3\n13 AES128 0123456789abcdef\n14 AES256 0123456789abcdef0123456789abcdef\n";

class KeyedResponder : public testing::Test {
 protected:
  KeyedResponder() {
    responder.use_keys(reading.keys);
    state.leap = ntp::Leap::Normal;
    state.stratum = 2;
  }
  static AccessTable everybody() {
    AccessRule rule;
    rule.allow = true;
    rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0)};
    return AccessList(std::vector<AccessRule>{rule}).compile();
  }
  const auth::Key& key(auth::KeyId id) const { return *reading.keys.find(id); }
  static void add_code(env::Datagram& request, const auth::Key& key, int version) {
    request.size +=
        key.sign(version, std::span(request.data).first(request.size), std::span(request.data).subspan(request.size));
  }
  env::Datagram signed_request(auth::KeyId id, int version, ntp::Mode mode = ntp::Mode::Client) const {
    env::Datagram request = make_request(version, mode);
    add_code(request, key(id), version);
    return request;
  }
  Verdict ask(const env::Datagram& request) {
    answer.size = 0;
    answer.data.fill(std::byte{0xee});
    const Verdict verdict = responder.prepare(CommonAnswer(state, request.stamp.time), request, answer, departure);
    const Leaving leaving(state, RawTime::from_seconds(1'800'000'000));
    if (verdict == Verdict::Answer) responder.finish(leaving, answer, departure);
    return verdict;
  }

  SeededRandom random{20261124};
  EntropyPool entropy{[this](std::span<std::byte> out) {
    for (auto& b : out) b = static_cast<std::byte>(random.next());
  }};
  AccessTable access = everybody();
  auth::KeyStore::Reading reading = auth::KeyStore::read(kKeys, "keys");
  Responder responder{access, entropy};
  discipline::OwnState state;
  env::Datagram answer;
  Departure departure;
};

TEST_F(KeyedResponder, answers_with_the_key_of_the_request_and_no_more_than_it_had) {
  for (const auth::KeyId id : kIds) {
    for (int version = 1; version <= 4; ++version) {
      for (const ntp::Mode mode : {ntp::Mode::Client, ntp::Mode::SymmetricActive}) {
        const env::Datagram request = signed_request(id, version, mode);
        ASSERT_EQ(ask(request), Verdict::Answer) << id << " version " << version;
        EXPECT_EQ(answer.size, request.size) << id << " version " << version;
        const auto view = ntp::PacketView::parse(answer.bytes());
        ASSERT_TRUE(view.ok());
        EXPECT_EQ(view.header().version, version);
        EXPECT_TRUE(key(id).verifies(view)) << id << " version " << version;
        EXPECT_EQ(view.header().origin.bits, 0x0123456789abcdefu);
      }
    }
  }
}

// A Windows machine: the code is empty, and Samba's to make.
env::Datagram windows_request(auth::KeyId account, int version = 3, ntp::Mode mode = ntp::Mode::Client) {
  env::Datagram request = make_request(version, mode);
  store_be(request.data.data() + ntp::kHeaderSize, account);
  request.size = ntp::kHeaderSize + 20;
  return request;
}

TEST_F(KeyedResponder, LeavesTheCodeToSambaWhereThereIsOne) {
  EXPECT_EQ(ask(windows_request(500)), Verdict::BadAuth) << "no Samba";
  responder.leave_codes_to_samba();
  ASSERT_EQ(ask(windows_request(500)), Verdict::Answer);
  EXPECT_TRUE(departure.for_samba);
  ASSERT_EQ(answer.size, ntp::kHeaderSize + 20u);
  EXPECT_EQ(load_be<std::uint32_t>(answer.data.data() + ntp::kHeaderSize), 500u);
  EXPECT_TRUE(std::all_of(answer.data.begin() + ntp::kHeaderSize + 4, answer.data.begin() + answer.size,
                          [](std::byte b) { return b == std::byte{0}; }));
  EXPECT_NE(load_be<std::uint64_t>(answer.data.data() + 40), 0u) << "its transmit stamp is in what will be signed";
}

TEST_F(KeyedResponder, OnlyWhatIsOfWindowsIsForSamba) {
  responder.leave_codes_to_samba();
  EXPECT_EQ(ask(windows_request(0)), Verdict::BadAuth);
  EXPECT_EQ(ask(windows_request(500, 4)), Verdict::BadAuth);
  EXPECT_EQ(ask(windows_request(500, 2)), Verdict::BadAuth);
  EXPECT_EQ(ask(windows_request(500, 3, ntp::Mode::SymmetricActive)), Verdict::BadAuth);
  env::Datagram coded = windows_request(500);
  coded.data[ntp::kHeaderSize + 19] = std::byte{1};
  EXPECT_EQ(ask(coded), Verdict::BadAuth);
  env::Datagram longer = windows_request(500);
  longer.size = ntp::kHeaderSize + 72;
  EXPECT_NE(ask(longer), Verdict::Answer);
  ASSERT_EQ(ask(signed_request(1, 3)), Verdict::Answer);
  EXPECT_FALSE(departure.for_samba) << "a key of ours";
}

// Even where fields came before the code.
TEST_F(KeyedResponder, does_not_send_back_fields) {
  for (const auth::KeyId id : kIds) {
    env::Datagram request = make_request(4, ntp::Mode::Client);
    store_be<std::uint32_t>(&request.data[48], 0xf3000000u + 32);
    request.size += 32;
    add_code(request, key(id), 4);
    ASSERT_EQ(ask(request), Verdict::Answer) << id;
    EXPECT_LT(answer.size, request.size);
    EXPECT_TRUE(key(id).verifies(ntp::PacketView::parse(answer.bytes()))) << id;
    request.data[60] ^= std::byte{1};
    EXPECT_EQ(ask(request), Verdict::BadAuth) << "the code covers the field";
  }
}

// As chronyd.  Also a whole request of NTS with a code behind it is one of who has the key, and of nobody else.
TEST_F(KeyedResponder, a_code_counts_whatever_is_said_of_nts_before_it) {
  const auth::CookieKeys cookie_keys = auth::CookieKeys::generate(auth::AeadId::SivCmac256, entropy);
  NtsService service{std::move(*auth::NtsServer::make())};
  ASSERT_TRUE(service.server.use(cookie_keys));
  for (const bool serves_nts : {false, true}) {
    responder.use_nts(serves_nts ? &service : nullptr);
    auto client = nts_client(cookie_keys, auth::AeadId::SivCmac256, 1);
    env::Datagram whole = make_request(4, ntp::Mode::Client);
    add_nts(whole, client, entropy);
    std::vector<env::Datagram> requests{whole};
    for (const std::uint32_t type : {0x0104u, 0x0204u, 0x0304u, 0x0404u}) {
      env::Datagram request = make_request(4, ntp::Mode::Client);
      store_be<std::uint32_t>(&request.data[48], type << 16 | 36);
      request.size += 36;
      requests.push_back(request);
    }
    for (env::Datagram& request : requests) {
      add_code(request, key(1), 4);
      ASSERT_EQ(ask(request), Verdict::Answer) << serves_nts;
      EXPECT_EQ(departure.nts, nullptr);
      EXPECT_EQ(answer.size, 48u + 4 + 16) << "nothing of NTS is in it";
      EXPECT_TRUE(key(1).verifies(ntp::PacketView::parse(answer.bytes())));
      request.data[60] ^= std::byte{1};
      EXPECT_EQ(ask(request), Verdict::BadAuth) << "and with another code it is what it was";
    }
  }
}

TEST_F(KeyedResponder, does_not_sign_where_nothing_was_signed) {
  ASSERT_EQ(ask(make_request(4, ntp::Mode::Client)), Verdict::Answer);
  EXPECT_EQ(answer.size, ntp::kHeaderSize);
}

TEST_F(KeyedResponder, answers_only_what_was_signed_where_a_key_is_demanded) {
  AccessRule rule;
  rule.subnets = {*Subnet::make(make_request(4, ntp::Mode::Client).peer.address, 32)};
  rule.needs_key = true;
  const AccessTable demanding = AccessList(key_rules(std::vector<AccessRule>{rule})).compile();
  responder.demand_keys_of(demanding);
  EXPECT_EQ(ask(make_request(4, ntp::Mode::Client)), Verdict::BadAuth);
  EXPECT_EQ(ask(make_request(4, ntp::Mode::SymmetricActive)), Verdict::BadAuth);
  EXPECT_EQ(ask(signed_request(1, 4)), Verdict::Answer);
  env::Datagram other = make_request(4, ntp::Mode::Client);
  other.peer.address = IpAddress::v4(0xc6336401);
  EXPECT_EQ(ask(other), Verdict::Answer);
  rule.needs_key = false;
  EXPECT_FALSE(AccessList(key_rules(std::vector<AccessRule>{rule})).allows(rule.subnets[0].address()));
  rule.needs_key.reset();
  EXPECT_TRUE(key_rules(std::vector<AccessRule>{rule}).empty());
}

TEST_F(KeyedResponder, any_changed_bit_goes_unanswered) {
  for (const auth::KeyId id : kIds) {
    for (const int version : {3, 4}) {
      const env::Datagram good = signed_request(id, version);
      for (std::size_t bit = 8; bit < good.size * 8; ++bit) {
        env::Datagram request = good;
        request.data[bit / 8] ^= static_cast<std::byte>(1u << (bit % 8));
        EXPECT_EQ(ask(request), Verdict::BadAuth) << id << " bit " << bit;
        EXPECT_EQ(answer.size, 0u);
      }
    }
  }
}

TEST_F(KeyedResponder, a_key_that_is_not_known_goes_unanswered) {
  const auto others = auth::KeyStore::read("1 MD5 another-secret\n77 SHA1 another-secret\n", "keys");
  for (const auth::KeyId id : {1u, 77u}) {
    for (int version = 1; version <= 4; ++version) {
      env::Datagram request = make_request(version, ntp::Mode::Client);
      add_code(request, *others.keys.find(id), version);
      EXPECT_EQ(ask(request), Verdict::BadAuth);
    }
  }
  Responder keyless(access, entropy);
  const CommonAnswer common(state, RawTime::from_seconds(1'799'999'999));
  EXPECT_EQ(keyless.prepare(common, signed_request(1, 4), answer, departure), Verdict::BadAuth);
}

TEST_F(KeyedResponder, a_crypto_nak_goes_unanswered) {
  for (int version = 1; version <= 4; ++version) {
    env::Datagram request = make_request(version, ntp::Mode::Client);
    request.size += 4;
    EXPECT_EQ(ask(request), Verdict::BadAuth) << version;
  }
}

TEST_F(KeyedResponder, a_code_of_any_wrong_length_goes_unanswered) {
  for (const auth::KeyId id : kIds) {
    for (int version = 1; version <= 4; ++version) {
      const env::Datagram good = signed_request(id, version);
      for (std::size_t length = 1; length <= 255; ++length) {
        env::Datagram request = good;
        request.size = ntp::kHeaderSize + length;
        if (request.size == good.size) continue;
        const Verdict verdict = ask(request);
        EXPECT_NE(verdict, Verdict::Answer) << id << " version " << version << " length " << length;
        EXPECT_EQ(answer.size, 0u);
      }
    }
  }
}

TEST_F(KeyedResponder, keys_that_were_read_anew_hold_from_the_next_request_on) {
  const env::Datagram old_request = signed_request(1, 4);
  reading = auth::KeyStore::read("1 SHA256 a-newer-secret\n", "keys");
  EXPECT_EQ(ask(old_request), Verdict::BadAuth);
  EXPECT_EQ(ask(signed_request(1, 4)), Verdict::Answer);
  EXPECT_TRUE(key(1).verifies(ntp::PacketView::parse(answer.bytes())));
}

}  // namespace
}  // namespace timed::server
