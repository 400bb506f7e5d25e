#include "timed/nts/ke_session.h"

#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/provider.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "src/nts/tls_contexts.h"
#include "tests/certificates/certificates.h"
#include "timed/nts/ke_record.h"

namespace timed::nts {
namespace {

using test::CertificateWish;
using test::Identity;

constexpr LocalTime kNow = LocalTime::from_seconds(1767225600);  // 2026-01-01
constexpr LocalTime kPast = LocalTime::from_seconds(1700000000);
constexpr LocalTime kFuture = LocalTime::from_seconds(1900000000);

std::vector<std::byte> octets(const std::string& text) {
  std::vector<std::byte> all(text.size());
  std::transform(text.begin(), text.end(), all.begin(), [](char c) { return static_cast<std::byte>(c); });
  return all;
}
std::string text_of(std::span<const std::byte> all) {
  return {reinterpret_cast<const char*>(all.data()), all.size()};
}

// Carries what both say to the other, in pieces, until nobody has anything to say.
void carry(KeSession& a, KeSession& b, std::size_t piece = 1 << 20) {
  const auto move = [piece](KeSession& from, KeSession& to) {
    const auto all = from.output();
    const std::size_t size = std::min(all.size(), piece);
    const std::vector<std::byte> part(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(size));
    from.take_output(size);
    to.feed(part);
    return size > 0;
  };
  while (move(a, b) || move(b, a)) {
  }
}

class KeSessionTest : public testing::Test {
 protected:
  Identity authority_ = Identity::authority();
  TrustStore trusted_;

  KeSessionTest() { EXPECT_TRUE(trusted_.add(authority_.certificate(), "ca.pem").ok()); }
  static std::unique_ptr<ServerCredentials> credentials(const std::vector<const Identity*>& identities) {
    std::vector<ServerPair> pairs;
    for (const Identity* identity : identities) pairs.push_back(identity->pair());
    auto made = ServerCredentials::make(pairs);
    EXPECT_TRUE(made.ok()) << made.error().message;
    return made.take();
  }
  Identity good(const std::string& name = "ntp.example") const { return authority_.sign(name, {.names = {name}}); }

  // What a client that asks for the name thinks of a server with that identity.
  TlsFault verdict(const Identity& identity, const CertificateCheck& check) {
    const auto shown = credentials({&identity});
    KeSession server(*shown), client(trusted_, check);
    carry(client, server);
    EXPECT_EQ(client.established(), client.fault() == TlsFault::None);
    EXPECT_EQ(server.established(), client.established());
    reason_ = client.reason();
    return client.fault();
  }
  std::string reason_;
};

TEST_F(KeSessionTest, BothSidesHaveTheSameKeysAndExchangeMessages) {
  const Identity identity = good();
  const auto shown = credentials({&identity});
  for (const std::size_t piece : {std::size_t{1} << 20, std::size_t{1}, std::size_t{7}}) {
    KeSession server(*shown), client(trusted_, {"ntp.example", kNow});
    EXPECT_FALSE(client.export_keys(auth::AeadId::SivCmac256, true).has_value());
    EXPECT_FALSE(client.write(octets("early")));
    carry(client, server, piece);
    ASSERT_TRUE(client.established() && server.established()) << client.reason() << server.reason();
    EXPECT_TRUE(client.write(octets("request")));
    carry(client, server, piece);
    EXPECT_EQ(text_of(server.received()), "request");
    EXPECT_TRUE(server.write(octets("response")));
    server.close();
    EXPECT_FALSE(server.write(octets("more")));
    carry(client, server, piece);
    EXPECT_EQ(text_of(client.received()), "response");
    EXPECT_TRUE(client.ended());
    EXPECT_FALSE(server.ended());
    client.close();
    carry(client, server, piece);
    EXPECT_TRUE(server.ended());
    // Also after the end; the two directions, ciphers and contexts differ.
    for (const auto aead : {auth::AeadId::SivCmac256, auth::AeadId::GcmSiv128}) {
      const auto ours = client.export_keys(aead, true), theirs = server.export_keys(aead, true);
      ASSERT_TRUE(ours && theirs);
      EXPECT_TRUE(std::ranges::equal(ours->both(), theirs->both()));
      EXPECT_FALSE(std::ranges::equal(ours->c2s(), ours->s2c()));
    }
    const auto quirk = client.export_keys(auth::AeadId::GcmSiv128, false);
    EXPECT_FALSE(std::ranges::equal(quirk->both(), client.export_keys(auth::AeadId::GcmSiv128, true)->both()));
    // Which is a beginning of the other cipher's.
    const auto siv = client.export_keys(auth::AeadId::SivCmac256, true);
    EXPECT_EQ(quirk->c2s().size(), 16u);
    EXPECT_FALSE(std::ranges::equal(quirk->c2s(), siv->c2s().first(16))) << "the length is in the derivation too";
  }
}

TEST_F(KeSessionTest, TheCertificateMustBeOfTheName) {
  const Identity identity =
      authority_.sign("x", {.names = {"ntp.example", "*.wild.example"}, .addresses = {"192.0.2.1", "2001:db8::1"}});
  for (const char* name :
       {"ntp.example", "NTP.example", "ntp.example.", "a.wild.example", "192.0.2.1", "2001:db8::1"}) {
    EXPECT_EQ(verdict(identity, {name, kNow}), TlsFault::None) << name << " : " << reason_;
  }
  for (const char* name : {"example", "other.example", "a.b.wild.example", "x", "192.0.2.2", "2001:db8::2"}) {
    EXPECT_EQ(verdict(identity, {name, kNow}), TlsFault::Certificate) << name;
    EXPECT_TRUE(reason_ == "hostname mismatch" || reason_ == "IP address mismatch") << reason_;
  }
  const auto shown = credentials({&identity});
  KeSession nameless(trusted_, {"", kNow});
  EXPECT_NE(nameless.fault(), TlsFault::None) << "no name is no leave to take any";
}

TEST_F(KeSessionTest, TheCertificateMustBeValidAtTheTime) {
  const Identity expired = authority_.sign("e", {.names = {"ntp.example"}, .not_after = kPast});
  const Identity early = authority_.sign("y", {.names = {"ntp.example"}, .not_before = kFuture});
  EXPECT_EQ(verdict(expired, {"ntp.example", kNow}), TlsFault::Certificate);
  EXPECT_EQ(reason_, "certificate has expired");
  EXPECT_EQ(verdict(early, {"ntp.example", kNow}), TlsFault::Certificate);
  EXPECT_EQ(reason_, "certificate is not yet valid");
  EXPECT_EQ(verdict(expired, {"ntp.example", std::nullopt}), TlsFault::None) << reason_;
  EXPECT_EQ(verdict(early, {"ntp.example", kFuture + Duration::seconds(1)}), TlsFault::None) << reason_;
  EXPECT_EQ(verdict(expired, {"other.example", std::nullopt}), TlsFault::Certificate) << "the name counts all the same";
}

TEST_F(KeSessionTest, TheDatesAreThoseOfTheWholeChain) {
  const Identity between = authority_.sign("between", {.not_before = kPast, .not_after = kFuture, .authority = true});
  const Identity identity = between.sign("ntp.example", {.names = {"ntp.example"}});
  const auto shown = credentials({&identity});
  KeSession server(*shown), client(trusted_, {"ntp.example", std::nullopt});
  EXPECT_FALSE(client.dates().has_value());
  carry(client, server);
  ASSERT_TRUE(client.dates().has_value()) << client.reason();
  EXPECT_EQ(client.dates()->not_before, CertificateWish().not_before);
  EXPECT_EQ(client.dates()->not_after, kFuture);
}

TEST_F(KeSessionTest, DatesBeyondOurTimesAreTheEndsOfThese) {
  const Identity root = Identity::self_signed("root", {.of_all_times = true, .authority = true});
  const Identity identity = root.sign("ntp.example", {.names = {"ntp.example"}, .of_all_times = true});
  const auto shown = credentials({&identity});
  ASSERT_TRUE(trusted_.add(root.certificate(), "root.pem").ok());
  KeSession server(*shown), client(trusted_, {"ntp.example", kNow});
  carry(client, server);
  ASSERT_TRUE(client.dates().has_value()) << client.reason();
  EXPECT_LT(client.dates()->not_before, LocalTime::from_seconds(-9'000'000'000)) << "the year 1684";
  EXPECT_GT(client.dates()->not_after, LocalTime::from_seconds(9'000'000'000)) << "the year 2255";
}

TEST_F(KeSessionTest, OnlyWhatIsTrustedIsBelieved) {
  const Identity self = Identity::self_signed("s", {.names = {"ntp.example"}});
  EXPECT_EQ(verdict(self, {"ntp.example", kNow}), TlsFault::Certificate);
  EXPECT_EQ(reason_, "self-signed certificate");
  const Identity others = Identity::authority("others").sign("o", {.names = {"ntp.example"}});
  EXPECT_EQ(verdict(others, {"ntp.example", kNow}), TlsFault::Certificate);
  EXPECT_EQ(reason_, "unable to get local issuer certificate");
  const Identity no_authority = good().sign("n", {.names = {"ntp.example"}});
  EXPECT_EQ(verdict(no_authority, {"ntp.example", kNow}), TlsFault::Certificate) << "who is no authority signs nothing";
  // Trusted by itself, whoever signed it.
  ASSERT_TRUE(trusted_.add(self.certificate(), "self").ok());
  EXPECT_EQ(verdict(self, {"ntp.example", kNow}), TlsFault::None) << reason_;
  ASSERT_TRUE(trusted_.add(others.certificate(), "others").ok());
  EXPECT_EQ(verdict(others, {"ntp.example", kNow}), TlsFault::None) << reason_;
}

TEST_F(KeSessionTest, TheCertificateIsChosenByTheNameAskedFor) {
  const Identity first = good("a.example"), second = good("b.example");
  const Identity rsa = authority_.sign("b.example", {.names = {"b.example"}, .kind = test::KeyKind::Rsa2048});
  const Identity same = authority_.sign("b.example", {.names = {"b.example"}});
  const auto shown = credentials({&first, &second, &rsa, &same});
  for (const char* name : {"a.example", "b.example"}) {
    KeSession server(*shown), client(trusted_, {name, kNow});
    carry(client, server);
    EXPECT_TRUE(client.established()) << client.reason();
  }
  KeSession server(*shown), client(trusted_, {"c.example", kNow});
  carry(client, server);
  EXPECT_EQ(client.reason(), "hostname mismatch");
}

TEST_F(KeSessionTest, UselessFilesAreNamed) {
  const Identity a = good(), b = good();
  ServerPair pair = a.pair("a");
  EXPECT_TRUE(ServerCredentials::make({pair}).ok());
  pair.key = b.key();
  EXPECT_EQ(ServerCredentials::make({pair}).error().message, "Could not use a.key : It is not the key of a.crt");
  pair.key = "";
  EXPECT_EQ(ServerCredentials::make({pair}).error().message,
            "Could not use a.key : No private key in PEM form without a passphrase");
  pair = a.pair("a");
  pair.certificate = a.key();
  EXPECT_EQ(ServerCredentials::make({pair}).error().message, "Could not use a.crt : No certificate in PEM form");
  pair.certificate.clear();
  for (int i = 0; i < 11; ++i) pair.certificate += a.certificate();
  EXPECT_EQ(ServerCredentials::make({pair}).error().message, "Could not use a.crt : Too many certificates");
  EXPECT_FALSE(ServerCredentials::make({}).ok());
  TrustStore store;
  EXPECT_EQ(store.add("nothing", "x.pem").error().message, "Could not use x.pem : No certificate in PEM form");
  EXPECT_EQ(*store.add(a.certificate() + "words\n" + b.certificate(), "two"), 2u);
  EXPECT_EQ(store.size(), 2u);
}

// As where a provider of algorithms that the machine's settings demand is not installed.
TEST_F(KeSessionTest, WithoutAlgorithmsTheSessionSaysWhyAndFilesAreNotToBlame) {
  const Identity identity = good();
  OSSL_LIB_CTX* const bare = OSSL_LIB_CTX_new();
  OSSL_PROVIDER* const provider = OSSL_PROVIDER_load(bare, "base");
  OSSL_LIB_CTX* const usual = OSSL_LIB_CTX_set0_default(bare);
  std::string reason;
  {
    TrustStore store;
    EXPECT_TRUE(store.add(identity.certificate(), "a.pem").ok());
    KeSession client(store, {"ntp.example", kNow});
    EXPECT_EQ(client.fault(), TlsFault::Handshake);
    EXPECT_TRUE(client.output().empty());
    reason = client.reason();
  }
  OSSL_LIB_CTX_set0_default(usual);
  OSSL_PROVIDER_unload(provider);
  OSSL_LIB_CTX_free(bare);
  EXPECT_TRUE(reason.starts_with("library has no")) << reason;
}

// ---- other ends than ours ----

// A client or server of libssl as others use it.
class Stranger {
 public:
  explicit Stranger(const SSL_METHOD* method) : context_(SSL_CTX_new(method)) {}
  ~Stranger() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }
  SSL_CTX* context() { return context_; }
  void start(bool client) {
    ssl_ = SSL_new(context_);
    in_ = BIO_new(BIO_s_mem());
    out_ = BIO_new(BIO_s_mem());
    SSL_set_bio(ssl_, in_, out_);
    if (client) SSL_set_connect_state(ssl_);
    if (!client) SSL_set_accept_state(ssl_);
  }
  SSL* ssl() { return ssl_; }
  void offer(const std::string& protocol) {
    std::string list(1, static_cast<char>(protocol.size()));
    list += protocol;
    SSL_CTX_set_alpn_protos(context_, reinterpret_cast<const unsigned char*>(list.data()),
                            static_cast<unsigned>(list.size()));
  }
  void carry(KeSession& with) {
    for (int i = 0; i < 10; ++i) {
      SSL_do_handshake(ssl_);
      ERR_clear_error();
      char* data = nullptr;
      const long size = BIO_get_mem_data(out_, &data);
      const std::vector<std::byte> said = octets(std::string(data, static_cast<std::size_t>(size)));
      static_cast<void>(BIO_reset(out_));
      if (!said.empty()) with.feed(said);
      const auto answer = with.output();
      BIO_write(in_, answer.data(), static_cast<int>(answer.size()));
      with.take_output(answer.size());
    }
  }

 private:
  SSL_CTX* context_;
  SSL* ssl_ = nullptr;
  BIO *in_ = nullptr, *out_ = nullptr;
};

class StrangeClient : public KeSessionTest {
 protected:
  // What our server thinks of the client.
  TlsFault verdict(const std::function<void(Stranger&)>& prepare) {
    const Identity identity = good();
    const auto shown = credentials({&identity});
    KeSession server(*shown);
    Stranger stranger(TLS_client_method());
    prepare(stranger);
    stranger.start(true);
    stranger.carry(server);
    EXPECT_EQ(server.established(), server.fault() == TlsFault::None);
    tickets_ = SSL_SESSION_has_ticket(SSL_get0_session(stranger.ssl())) != 0;
    return server.fault();
  }
  bool tickets_ = false;
};

TEST_F(StrangeClient, MustSpeakTheProtocolAndTls13) {
  EXPECT_EQ(verdict([](Stranger& s) { s.offer("ntske/1"); }), TlsFault::None);
  EXPECT_FALSE(tickets_);
  EXPECT_EQ(verdict([](Stranger&) {}), TlsFault::NoProtocol);
  EXPECT_EQ(verdict([](Stranger& s) { s.offer("h2"); }), TlsFault::NoProtocol);
  EXPECT_EQ(verdict([](Stranger& s) { s.offer("ntske/10"); }), TlsFault::NoProtocol);
  EXPECT_EQ(verdict([](Stranger& s) {
              s.offer("ntske/1");
              SSL_CTX_set_max_proto_version(s.context(), TLS1_2_VERSION);
            }),
            TlsFault::Handshake);
  EXPECT_EQ(verdict([](Stranger& s) {
              s.offer("ntske/1");
              SSL_CTX_set1_groups_list(s.context(), "ffdhe8192:P-521");
            }),
            TlsFault::Handshake)
      << "the client does not choose what it costs us";
}

TEST_F(KeSessionTest, GroupsAreTheFirstListThatLibsslHasAllOf) {
  const Identity identity = good();
  const auto shown = credentials({&identity});
  Stranger stranger(TLS_client_method());
  SSL_CTX_set_min_proto_version(stranger.context(), TLS1_3_VERSION);
  stranger.offer("ntske/1");
  const char* const of_none[] = {"missing", "P-256:missing-too"};
  const Status none = limit_groups(stranger.context(), of_none);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().message, "libssl has not all of the groups P-256:missing-too");
  const char* const of_fips[] = {"missing:P-256", "P-384:P-256"};
  EXPECT_TRUE(limit_groups(stranger.context(), of_fips).ok());
  EXPECT_EQ(ERR_peek_error(), 0u);
  stranger.start(true);
  KeSession server(*shown);
  stranger.carry(server);
  EXPECT_TRUE(server.established()) << server.reason();
  EXPECT_EQ(SSL_get_negotiated_group(stranger.ssl()), NID_secp384r1);
}

TEST_F(KeSessionTest, AServerWithoutTheProtocolIsRefused) {
  const Identity identity = good();
  for (const bool tls12 : {false, true}) {
    Stranger stranger(TLS_server_method());
    const auto pair = identity.pair();
    BIO* bio = BIO_new_mem_buf(pair.certificate.data(), static_cast<int>(pair.certificate.size()));
    X509* const certificate = PEM_read_bio_X509(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    bio = BIO_new_mem_buf(pair.key.data(), static_cast<int>(pair.key.size()));
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(bio, nullptr, nullptr, nullptr);
    BIO_free(bio);
    SSL_CTX_use_certificate(stranger.context(), certificate);
    SSL_CTX_use_PrivateKey(stranger.context(), key);
    X509_free(certificate);
    EVP_PKEY_free(key);
    if (tls12) SSL_CTX_set_max_proto_version(stranger.context(), TLS1_2_VERSION);
    stranger.start(false);
    KeSession client(trusted_, {"ntp.example", kNow});
    stranger.carry(client);
    EXPECT_FALSE(client.established());
    EXPECT_EQ(client.fault(), tls12 ? TlsFault::Handshake : TlsFault::NoProtocol) << client.reason();
    EXPECT_FALSE(client.reason().empty());
  }
}

TEST_F(KeSessionTest, GarbageIsRefusedWithAnAlertAtMost) {
  const Identity identity = good();
  const auto shown = credentials({&identity});
  KeSession server(*shown);
  server.feed(octets("GET / HTTP/1.1\r\nHost: ntp.example\r\n\r\n"));
  EXPECT_EQ(server.fault(), TlsFault::Handshake);
  EXPECT_LT(server.output().size(), 20u);
  server.feed(octets("more"));  // harmless
  KeSession another(*shown);
  another.feed(std::vector<std::byte>(100, std::byte{0x16}));
  EXPECT_EQ(another.fault(), TlsFault::Handshake);
  EXPECT_LT(another.output().size(), 20u) << "an alert at most";
  KeSession client(trusted_, {"ntp.example", kNow});
  client.take_output(client.output().size());
  client.feed(octets("SSH-2.0-OpenSSH_9.2\r\n"));
  EXPECT_EQ(client.fault(), TlsFault::Handshake);
}

TEST_F(KeSessionTest, AnEndBeforeTheHandshakeIsTold) {
  const Identity identity = good();
  const auto shown = credentials({&identity});
  KeSession server(*shown);
  server.feed_end();
  EXPECT_EQ(server.fault(), TlsFault::Ended);
  // In the midst of it.
  KeSession client(trusted_, {"ntp.example", kNow}), other(*shown);
  const auto hello = client.output();
  other.feed(hello.first(hello.size() / 2));
  EXPECT_TRUE(other.output().empty());
  other.feed_end();
  EXPECT_EQ(other.fault(), TlsFault::Ended);
  EXPECT_EQ(other.reason(), "Connection closed");
}

TEST_F(KeSessionTest, AnEndAfterTheHandshakeIsNoFault) {
  const Identity identity = good();
  const auto shown = credentials({&identity});
  KeSession server(*shown), client(trusted_, {"ntp.example", kNow});
  carry(client, server);
  server.feed_end();
  EXPECT_TRUE(server.ended());
  EXPECT_EQ(server.fault(), TlsFault::None);
}

TEST_F(KeSessionTest, SpoiltRecordsEndTheSession) {
  const Identity identity = good();
  const auto shown = credentials({&identity});
  KeSession server(*shown), client(trusted_, {"ntp.example", kNow});
  carry(client, server);
  client.write(octets("request"));
  std::vector<std::byte> spoilt(client.output().begin(), client.output().end());
  spoilt.back() ^= std::byte{1};
  server.feed(spoilt);
  EXPECT_EQ(server.fault(), TlsFault::Handshake);
  EXPECT_TRUE(server.received().empty());
}

TEST_F(KeSessionTest, WhatIsTooMuchIsRefused) {
  const Identity identity = good();
  const auto shown = credentials({&identity});
  {
    KeSession server(*shown), client(trusted_, {"ntp.example", kNow});
    carry(client, server);
    ASSERT_TRUE(client.write(std::vector<std::byte>(kMaxMessage + 2)));
    carry(client, server);
    EXPECT_EQ(server.fault(), TlsFault::TooMuch);
    EXPECT_LE(server.received().size(), kMaxMessage + 1);
  }
  // Hardly any content in very many octets: records of one octet each, or none at all.
  KeSession server(*shown), client(trusted_, {"ntp.example", kNow});
  carry(client, server);
  for (int i = 0; i < 10000 && server.fault() == TlsFault::None; ++i) {
    client.write(std::vector<std::byte>(1));
    carry(client, server);
  }
  EXPECT_EQ(server.fault(), TlsFault::TooMuch);
  EXPECT_LT(server.received().size(), 4000u);
}

}  // namespace
}  // namespace timed::nts
