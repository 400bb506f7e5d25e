// Composed of AES in CBC mode and on single blocks, because libcrypto's own AES-128-SIV cannot seal an empty text
// before 3.5 (each request of NTS is one) and takes more than five times as long (bench_aead).
//
// A CMAC is the last block of a CBC encryption that begins with zeros.  The context is never started anew: it goes on
// chaining from the last block of the message before, so that block is XORed into the first one of the next message,
// which cancels it.  Hence one call a message.
#include "timed/auth/siv.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cipher_context.h"
#include "timed/auth/digest.h"
#include "timed/base/bytes.h"

namespace timed::auth {
namespace {

constexpr std::size_t kHalf = Siv::kKeySize / 2;
constexpr std::size_t kChunk = 512;   // octets of a message that are encrypted with one call
constexpr std::size_t kCountAt = 12;  // of the four octets of a counter block that change

void xor_into(std::byte* to, const Block& with) {
  for (std::size_t i = 0; i < kBlock; ++i) to[i] ^= with[i];
}

// Times x in GF(2^128), as RFC 5297 section 2.3 writes it.  Takes as long for any value.
Block doubled(const Block& block) {
  const auto high = load_be<std::uint64_t>(block.data()), low = load_be<std::uint64_t>(block.data() + 8);
  const std::uint64_t carry = 0u - (high >> 63);
  Block out;
  store_be(out.data(), high << 1 | low >> 63);
  store_be(out.data() + 8, low << 1 ^ (carry & 0x87));
  return out;
}

}  // namespace

struct Siv::State {
  CipherContext cbc{"AES-128-CBC"};
  CipherContext ecb{"AES-128-ECB"};
  Block text_key{};           // the second half of the key
  bool has_text_key = false;  // ecb has it, which comes with the first text: a request of NTS has none
  Block chain{};              // the last block that cbc has made
  Block whole{}, cut{};       // subkeys for a last block that is whole, and for one that is not (RFC 4493 section 2.3)
  Block begin{};              // what S2V begins with: the CMAC of zeros

  ~State() {
    for (Block* secret : {&text_key, &chain, &whole, &cut, &begin}) wipe(*secret);
  }
  bool encrypt_chunk(std::span<std::byte> chunk);
  bool mac(std::span<const std::byte> message, const Block* end, Block& into);
  bool s2v(Components associated, std::span<const std::byte> text, Block& into);
  bool crypt(const Block& tag, std::span<const std::byte> from, std::span<std::byte> into);
};

bool Siv::State::encrypt_chunk(std::span<std::byte> chunk) {
  if (!cbc.encrypt(chunk, chunk.data())) return false;
  std::copy_n(chunk.end() - kBlock, kBlock, chain.begin());
  return true;
}

// The CMAC of a message, into whose last 16 octets `end` is XORed first if there is one (it has as many then).
bool Siv::State::mac(std::span<const std::byte> message, const Block* end, Block& into) {
  // What is left for the last call is at least a block, so that `end` is in one piece.
  std::array<std::byte, kChunk + kBlock> chunk;
  const Block before = chain;
  bool first = true;
  const auto take = [&](std::size_t size) {
    std::copy_n(message.begin(), size, chunk.begin());
    message = message.subspan(size);
  };
  while (message.size() >= chunk.size()) {
    take(kChunk);
    if (first) xor_into(chunk.data(), before);
    first = false;
    if (!encrypt_chunk(std::span(chunk).first(kChunk))) return false;
  }
  std::size_t size = message.size();
  take(size);
  if (end != nullptr) xor_into(chunk.data() + size - kBlock, *end);
  const bool is_whole = size > 0 && size % kBlock == 0;
  if (!is_whole) {
    chunk[size++] = std::byte{0x80};
    while (size % kBlock != 0) chunk[size++] = std::byte{0};
  }
  xor_into(chunk.data() + size - kBlock, is_whole ? whole : cut);
  if (first) xor_into(chunk.data(), before);
  if (!encrypt_chunk(std::span(chunk).first(size))) return false;
  into = chain;
  return true;
}

// RFC 5297 section 2.4.
bool Siv::State::s2v(Components associated, std::span<const std::byte> text, Block& into) {
  Block sum = begin, code;
  if (text.size() > kMaxAeadText) return false;
  for (const auto& component : associated) {
    if (component.size() > kMaxAeadText || !mac(component, nullptr, code)) return false;
    sum = doubled(sum);
    xor_into(sum.data(), code);
  }
  if (text.size() >= kBlock) return mac(text, &sum, into);
  Block last{};
  std::copy(text.begin(), text.end(), last.begin());
  last[text.size()] = std::byte{0x80};
  xor_into(last.data(), doubled(sum));
  return mac(last, nullptr, into);
}

// The same both ways.  The two bits are cleared for those who count in words of 32 or 64 bits, so that nothing is
// carried beyond four octets.
bool Siv::State::crypt(const Block& tag, std::span<const std::byte> from, std::span<std::byte> into) {
  if (from.empty()) return true;
  if (!has_text_key) {
    if (!ecb.start(text_key.data(), nullptr)) return false;
    has_text_key = true;
  }
  Block counter = tag;
  counter[8] &= std::byte{0x7f};
  counter[kCountAt] &= std::byte{0x7f};
  auto count = load_be<std::uint32_t>(counter.data() + kCountAt);
  std::array<std::byte, kChunk> stream;
  bool done = true;
  while (done && !from.empty()) {
    const std::size_t size = std::min(from.size(), stream.size());
    const std::size_t blocks = (size + kBlock - 1) / kBlock;
    for (std::size_t i = 0; i < blocks; ++i) {
      store_be(counter.data() + kCountAt, count++);
      std::copy(counter.begin(), counter.end(), stream.data() + i * kBlock);
    }
    done = ecb.encrypt(std::span(stream).first(blocks * kBlock), stream.data());
    for (std::size_t i = 0; i < size; ++i) into[i] = from[i] ^ stream[i];
    wipe(std::span(stream).first(blocks * kBlock));
    from = from.subspan(size);
    into = into.subspan(size);
  }
  return done;
}

Siv::Siv(std::unique_ptr<State> state) : state_(std::move(state)) {}
Siv::~Siv() = default;
Siv::Siv(Siv&& other) noexcept = default;
Siv& Siv::operator=(Siv&& other) noexcept = default;

std::optional<Siv> Siv::make() {
  auto state = std::make_unique<State>();
  if (!state->cbc.usable() || !state->ecb.usable()) return std::nullopt;
  // With each new key the chain begins at this vector again, without being told.
  constexpr Block kZero{};
  if (!state->cbc.start(kZero.data(), kZero.data())) return std::nullopt;
  return Siv(std::move(state));
}

bool Siv::set_key(std::span<const std::byte, kKeySize> key) {
  State& s = *state_;
  constexpr Block kZero{};
  if (!s.cbc.start(key.data(), nullptr)) return false;
  std::copy_n(key.begin() + kHalf, kHalf, s.text_key.begin());
  s.has_text_key = false;
  s.chain = {};
  Block block{};
  if (!s.encrypt_chunk(block)) return false;
  s.whole = doubled(block);
  s.cut = doubled(s.whole);
  wipe(block);
  return s.mac(kZero, nullptr, s.begin);
}

bool Siv::seal(Components associated, std::span<const std::byte> text, std::span<std::byte> into) {
  if (into.size() != text.size() + kAeadTag) return false;
  Block tag;
  if (!state_->s2v(associated, text, tag)) return false;
  std::copy(tag.begin(), tag.end(), into.begin());
  return state_->crypt(tag, text, into.subspan(kAeadTag));
}

bool Siv::open(Components associated, std::span<const std::byte> sealed, std::span<std::byte> into) {
  if (sealed.size() != into.size() + kAeadTag) return false;
  Block tag, expected;
  std::copy_n(sealed.begin(), kAeadTag, tag.begin());
  const bool right = sealed.size() <= kMaxAeadText && state_->crypt(tag, sealed.subspan(kAeadTag), into) &&
                     state_->s2v(associated, into, expected) &&
                     CRYPTO_memcmp(tag.data(), expected.data(), kAeadTag) == 0;
  if (!right) wipe(into);
  return right;
}

}  // namespace timed::auth
