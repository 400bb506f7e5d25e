// Composed of AES on single blocks and POLYVAL: libcrypto has an AES-128-GCM-SIV of its own only from 3.2 on, and one
// that can seal an empty text only later.
#include "timed/auth/gcm_siv.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "cipher_context.h"
#include "polyval.h"
#include "timed/auth/digest.h"
#include "timed/base/bytes.h"

namespace timed::auth {
namespace {

constexpr std::size_t kBlocksAtOnce = 32;  // of key stream, made with one call

std::uint32_t load_le(const std::byte* from) {
  return __builtin_bswap32(load_be<std::uint32_t>(from));
}
void store_le(std::byte* to, std::uint32_t value) {
  store_be(to, __builtin_bswap32(value));
}

}  // namespace

struct GcmSiv::State {
  CipherContext master{"AES-128-ECB"};
  CipherContext message{"AES-128-ECB"};  // with the key of one nonce
  Block hash_key{};                      // of that nonce

  ~State() { wipe(hash_key); }
  bool derive(Nonce nonce);
  bool tag(Nonce nonce, std::span<const std::byte> associated, std::span<const std::byte> text, Block& into);
  bool crypt(const Block& tag, std::span<const std::byte> from, std::span<std::byte> into);
};

// RFC 8452 section 4: both keys are made of halves of four blocks.
bool GcmSiv::State::derive(Nonce nonce) {
  std::array<std::byte, 4 * kBlock> blocks;
  for (std::uint32_t i = 0; i < 4; ++i) {
    std::byte* const block = blocks.data() + i * kBlock;
    store_le(block, i);
    std::copy(nonce.begin(), nonce.end(), block + 4);
  }
  constexpr std::size_t kHalf = kBlock / 2;
  Block key;
  bool done = master.encrypt(blocks, blocks.data());
  std::copy_n(blocks.begin(), kHalf, hash_key.begin());
  std::copy_n(blocks.begin() + kBlock, kHalf, hash_key.begin() + kHalf);
  std::copy_n(blocks.begin() + 2 * kBlock, kHalf, key.begin());
  std::copy_n(blocks.begin() + 3 * kBlock, kHalf, key.begin() + kHalf);
  done = done && message.start(key.data(), nullptr);
  wipe(key);
  wipe(blocks);
  return done;
}

bool GcmSiv::State::tag(Nonce nonce, std::span<const std::byte> associated, std::span<const std::byte> text,
                        Block& into) {
  Polyval hash(hash_key);
  hash.update(associated);
  hash.update(text);
  hash.update_lengths(std::uint64_t{associated.size()} * 8, std::uint64_t{text.size()} * 8);
  into = hash.value();
  for (std::size_t i = 0; i < kNonceSize; ++i) into[i] ^= nonce[i];
  into[kBlock - 1] &= std::byte{0x7f};
  return message.encrypt(into, into.data());
}

// The same both ways.  The counter is in the first four octets, and goes around without touching the others.
bool GcmSiv::State::crypt(const Block& tag, std::span<const std::byte> from, std::span<std::byte> into) {
  std::array<std::byte, kBlocksAtOnce * kBlock> stream;
  Block counter = tag;
  counter[kBlock - 1] |= std::byte{0x80};
  std::uint32_t count = load_le(counter.data());
  bool done = true;
  while (done && !from.empty()) {
    const std::size_t size = std::min(from.size(), stream.size());
    const std::size_t whole = (size + kBlock - 1) / kBlock * kBlock;
    for (std::size_t at = 0; at < whole; at += kBlock) {
      store_le(counter.data(), count++);
      std::copy(counter.begin(), counter.end(), stream.begin() + static_cast<std::ptrdiff_t>(at));
    }
    done = message.encrypt(std::span(stream).first(whole), stream.data());
    for (std::size_t i = 0; i < size; ++i) into[i] = from[i] ^ stream[i];
    wipe(std::span(stream).first(whole));
    from = from.subspan(size);
    into = into.subspan(size);
  }
  return done;
}

GcmSiv::GcmSiv(std::unique_ptr<State> state) : state_(std::move(state)) {}
GcmSiv::~GcmSiv() = default;
GcmSiv::GcmSiv(GcmSiv&& other) noexcept = default;
GcmSiv& GcmSiv::operator=(GcmSiv&& other) noexcept = default;

std::optional<GcmSiv> GcmSiv::make() {
  auto state = std::make_unique<State>();
  if (!state->master.usable() || !state->message.usable()) return std::nullopt;
  return GcmSiv(std::move(state));
}

bool GcmSiv::set_key(std::span<const std::byte, kKeySize> key) {
  return state_->master.start(key.data(), nullptr);
}

bool GcmSiv::seal(Nonce nonce, std::span<const std::byte> associated, std::span<const std::byte> text,
                  std::span<std::byte> into) {
  if (into.size() != text.size() + kAeadTag || text.size() > kMaxAeadText || associated.size() > kMaxAeadText) {
    return false;
  }
  Block tag;
  if (!state_->derive(nonce) || !state_->tag(nonce, associated, text, tag)) return false;
  std::copy(tag.begin(), tag.end(), into.end() - kAeadTag);
  return state_->crypt(tag, text, into.first(text.size()));
}

bool GcmSiv::open(Nonce nonce, std::span<const std::byte> associated, std::span<const std::byte> sealed,
                  std::span<std::byte> into) {
  if (sealed.size() != into.size() + kAeadTag) return false;
  Block tag, expected;
  std::copy_n(sealed.end() - kAeadTag, kAeadTag, tag.begin());
  const bool right = sealed.size() <= kMaxAeadText && associated.size() <= kMaxAeadText && state_->derive(nonce) &&
                     state_->crypt(tag, sealed.first(into.size()), into) &&
                     state_->tag(nonce, associated, into, expected) &&
                     CRYPTO_memcmp(tag.data(), expected.data(), kAeadTag) == 0;
  if (!right) wipe(into);
  return right;
}

}  // namespace timed::auth
