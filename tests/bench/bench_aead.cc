// The authenticated ciphers of NTS: sealing and opening what a request with one more cookie brings (188 octets that
// are associated, 104 that are sealed), with a new key for each; ours, and libcrypto's own SIV in the same run.
// `server` is what NTS costs a server of one request: to parse it, open the cookie, verify, seal a new cookie, seal the
// answer.
// Goals (medians): `server` with one cookie at most 2.2 µs with either cipher; ours at most a third of libcrypto's.
#include <benchmark/benchmark.h>
#include <openssl/evp.h>

#include <array>
#include <cstdlib>

#include "timed/auth/aead.h"
#include "timed/auth/cookies.h"
#include "timed/auth/nts_client.h"
#include "timed/auth/nts_server.h"

namespace timed::auth {
namespace {

struct Message {
  std::array<std::byte, kMaxAeadKey> key{};
  std::array<std::byte, kMaxAeadNonce> nonce{};
  std::array<std::byte, 188> associated{};
  std::array<std::byte, 104> text{};
  std::array<std::byte, 104 + kAeadTag> sealed{};
  std::array<std::byte, 104> opened{};
};

Aead make(AeadId id) {
  auto aead = Aead::make(id);
  if (!aead) std::abort();
  return std::move(*aead);
}

void seal_and_open(benchmark::State& state, AeadId id) {
  Aead aead = make(id);
  Message m;
  const auto key = std::span(m.key).first(key_size_of(id));
  const auto nonce = std::span(m.nonce).first(nonce_size_of(id));
  for (auto _ : state) {
    m.nonce[0] ^= std::byte{1};
    const bool done = aead.set_key(key) && aead.seal(nonce, m.associated, m.text, m.sealed) && aead.set_key(key) &&
                      aead.open(nonce, m.associated, m.sealed, m.opened);
    if (!done) state.SkipWithError("not opened");
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(seal_and_open, siv, AeadId::SivCmac256);
BENCHMARK_CAPTURE(seal_and_open, gcm_siv, AeadId::GcmSiv128);

void seal_and_open_with_libcrypto(benchmark::State& state) {
  EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-128-SIV", nullptr);
  EVP_CIPHER_CTX* const context = EVP_CIPHER_CTX_new();
  Message m;
  const auto octets = [](auto& a) { return reinterpret_cast<unsigned char*>(a.data()); };
  constexpr int kTag = static_cast<int>(kAeadTag);
  int n = 0;
  const auto pass = [&](bool seals, const unsigned char* from, unsigned char* to) {
    return EVP_CipherInit_ex2(context, cipher, octets(m.key), nullptr, seals ? 1 : 0, nullptr) == 1 &&
           (seals || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTag, octets(m.sealed)) == 1) &&
           EVP_CipherUpdate(context, nullptr, &n, octets(m.associated), static_cast<int>(m.associated.size())) == 1 &&
           EVP_CipherUpdate(context, nullptr, &n, octets(m.nonce), static_cast<int>(m.nonce.size())) == 1 &&
           EVP_CipherUpdate(context, to, &n, from, static_cast<int>(m.text.size())) == 1 &&
           EVP_CipherFinal_ex(context, to + n, &n) == 1 &&
           (!seals || EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTag, octets(m.sealed)) == 1);
  };
  for (auto _ : state) {
    m.nonce[0] ^= std::byte{1};
    const bool done = pass(true, octets(m.text), octets(m.sealed) + kAeadTag) &&
                      pass(false, octets(m.sealed) + kAeadTag, octets(m.opened));
    if (!done) state.SkipWithError("not opened");
    benchmark::ClobberMemory();
  }
  EVP_CIPHER_CTX_free(context);
  EVP_CIPHER_free(cipher);
}
BENCHMARK(seal_and_open_with_libcrypto);

// The client holds so many cookies: it asks for as many as are missing of eight, and for one more.
void server(benchmark::State& state, AeadId id, std::size_t held) {
  EntropyPool random([seeded = SeededRandom(1)](std::span<std::byte> out) mutable {
    for (auto& b : out) b = static_cast<std::byte>(seeded.next() >> 56);
  });
  const auto server_keys = CookieKeys::generate(id, random);
  Cookies cookies;
  SessionKeys keys;
  keys.aead = id;
  std::array<std::byte, Cookies::kMaxSize> cookie;
  auto server = NtsServer::make();
  auto client = NtsClient::make(keys);
  std::array<std::byte, ntp::kMaxPacket> request{}, response{};
  request[0] = std::byte{4 << 3 | 3};
  const bool ready = server && client && server->use(server_keys) && cookies.use(server_keys);
  for (std::size_t i = 0; ready && i < held; ++i) {
    client->add_cookie(std::span(cookie).first(cookies.seal(keys, random, cookie)));
  }
  const std::size_t size = ready ? client->write(request, ntp::kHeaderSize, random) : 0;
  NtsAnswer answer;
  for (auto _ : state) {
    const auto view = ntp::PacketView::parse(std::span(request).first(size));
    const bool opened = view.ok() && server->open(view, answer) == NtsVerdict::Authentic;
    const std::size_t at = opened ? server->prepare(answer, random, response, ntp::kHeaderSize) : 0;
    if (at == 0 || server->seal(answer, response, at) != size) state.SkipWithError("not answered");
    benchmark::ClobberMemory();
  }
}
BENCHMARK_CAPTURE(server, siv, AeadId::SivCmac256, kMaxCookies);
BENCHMARK_CAPTURE(server, gcm_siv, AeadId::GcmSiv128, kMaxCookies);
BENCHMARK_CAPTURE(server, siv_eight_cookies, AeadId::SivCmac256, std::size_t{1});

}  // namespace
}  // namespace timed::auth

int main(int argc, char** argv) {
  std::vector<char*> words(argv, argv + argc);
  char repetitions[] = "--benchmark_repetitions=5", medians[] = "--benchmark_report_aggregates_only=true";
  words.insert(words.begin() + 1, {repetitions, medians});
  int count = static_cast<int>(words.size());
  benchmark::Initialize(&count, words.data());
  if (benchmark::ReportUnrecognizedArguments(count, words.data())) return 2;
  benchmark::RunSpecifiedBenchmarks();
  return 0;
}
