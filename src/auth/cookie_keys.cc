#include "timed/auth/cookie_keys.h"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include "hex_text.h"
#include "line_reader.h"
#include "timed/auth/digest.h"
#include "timed/base/bytes.h"
#include "timed/base/check.h"
#include "timed/base/text.h"

namespace timed::auth {
namespace {

constexpr std::uint32_t kPlaceBits = CookieKeys::kKeys - 1;
constexpr const char *kFormat = "NKS1", *kOldFormat = "NKS0";
// Other uses of the same secret, should there ever be one, derive something else.
constexpr std::string_view kPurpose = "timed NTS server key";

CookieKeys::Key random_key(AeadId aead, std::size_t place, EntropyPool& random) {
  CookieKeys::Key key;
  key.id = (random.u32() & ~kPlaceBits) | static_cast<std::uint32_t>(place);
  key.aead = aead;
  random.bytes(std::span(key.octets).first(key_size_of(aead)));
  return key;
}

struct FreeKdf {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// HKDF with SHA-256 (RFC 5869), without salt.
bool hkdf(std::span<const std::byte> secret, std::span<const std::byte> info, std::span<std::byte> into) {
  const std::unique_ptr<EVP_KDF, FreeKdf> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, FreeKdf> context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  if (!context) return false;
  const auto octets = [](std::span<const std::byte> s) { return const_cast<std::byte*>(s.data()); };
  std::string digest = "SHA256";
  const std::array parameters = {OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
                                 OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, octets(secret), secret.size()),
                                 OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, octets(info), info.size()),
                                 OSSL_PARAM_construct_end()};
  return EVP_KDF_derive(context.get(), reinterpret_cast<unsigned char*>(into.data()), into.size(), parameters.data()) ==
         1;
}

// The id is derived too, so that cookies of another secret are known by it.
std::optional<CookieKeys::Key> derived_key(std::span<const std::byte> secret, AeadId aead, std::uint64_t number) {
  std::array<std::byte, kPurpose.size() + 10> info{};
  ByteWriter writer(info);
  writer.bytes(std::as_bytes(std::span(kPurpose)));
  writer.u16(static_cast<std::uint16_t>(aead));
  writer.u64(number);
  std::array<std::byte, 4 + kMaxAeadKey> derived;
  const bool done = hkdf(secret, info, derived);
  CookieKeys::Key key;
  key.id = (load_be<std::uint32_t>(derived.data()) & ~kPlaceBits) | (static_cast<std::uint32_t>(number) & kPlaceBits);
  key.aead = aead;
  std::copy_n(derived.begin() + 4, key_size_of(aead), key.octets.begin());
  wipe(derived);
  if (!done) return std::nullopt;
  return key;
}

std::optional<AeadId> read_aead(std::string_view word) {
  const auto number = parse_integer(word);
  if (!number || *number < 0 || *number > 65535) return std::nullopt;
  return aead_numbered(static_cast<std::uint16_t>(*number));
}

std::optional<Duration> read_age(std::string_view word) {
  const auto value = parse_real_prefix(word);
  if (!value || value->length != word.size() || !(value->value >= 0)) return std::nullopt;
  const auto age = Duration::seconds(value->value);
  return age.is_finite() ? std::optional(age) : std::nullopt;
}

std::optional<std::uint32_t> read_id(std::string_view word) {
  if (word.empty() || word.size() > 8) return std::nullopt;
  std::uint32_t id = 0;
  for (const char c : word) {
    const int digit = hex_digit(c);
    if (digit < 0) return std::nullopt;
    id = id << 4 | static_cast<std::uint32_t>(digit);
  }
  return id;
}

// What the first two lines say.
struct KeyFileHead {
  std::optional<AeadId> aead;  // of all keys; empty where each line has its own
  Duration age;
};

Result<KeyFileHead> read_head(LineReader& reader) {
  const auto first = reader.next_line();
  if (first.size() != 1 || (first[0].text != kFormat && first[0].text != kOldFormat)) {
    return reader.error("Unknown format");
  }
  const bool old = first[0].text == kOldFormat;
  const auto second = reader.next_line();
  if (second.size() != (old ? 2 : 1)) return reader.error("Missing age");
  KeyFileHead head;
  if (old) {
    head.aead = read_aead(second[0].text);
    if (!head.aead) return reader.error("Unsupported algorithm");
  }
  const auto age = read_age(second.back().text);
  if (!age) return reader.error("Invalid age");
  head.age = *age;
  return head;
}

Result<CookieKeys::Key> read_key(LineReader& reader, const KeyFileHead& head) {
  const auto words = reader.next_line();
  if (words.size() != (head.aead ? 2 : 3)) return reader.error("Missing key");
  CookieKeys::Key key;
  const auto id = read_id(words[0].text);
  if (!id) return reader.error("Invalid id");
  const auto aead = head.aead ? head.aead : read_aead(words[2].text);
  if (!aead) return reader.error("Unsupported algorithm");
  key.id = *id;
  key.aead = *aead;
  if (!decode_hex(words[1].text, std::span(key.octets).first(key_size_of(*aead)))) {
    wipe(key.octets);
    return reader.error("Invalid key");
  }
  return key;
}

}  // namespace

CookieKeys::~CookieKeys() {
  wipe(std::as_writable_bytes(std::span(keys_)));
}

CookieKeys CookieKeys::generate(AeadId aead, EntropyPool& random) {
  CookieKeys made;
  for (std::size_t place = 0; place < kKeys; ++place) made.keys_[place] = random_key(aead, place, random);
  return made;
}

void CookieKeys::rotate(AeadId aead, EntropyPool& random) {
  current_ = (current_ + 1) % kKeys;
  const std::size_t next = (current_ + 1) % kKeys;
  keys_[next] = random_key(aead, next, random);
}

std::optional<CookieKeys> CookieKeys::derive(std::span<const std::byte> secret, AeadId aead, std::uint64_t period) {
  if (secret.size() < kMinSecret) return std::nullopt;
  CookieKeys made;
  made.current_ = period % kKeys;
  // Before number 0 the sequence goes around, so there are always four.
  for (std::uint64_t number = period - 2; number != period + 2; ++number) {
    auto key = derived_key(secret, aead, number);
    if (!key) return std::nullopt;
    made.keys_[number % kKeys] = *key;
    wipe(key->octets);
  }
  return made;
}

Result<std::vector<std::byte>> CookieKeys::read_secret(std::string text) {
  const std::size_t first = text.find_first_not_of(" \t\r\n"), last = text.find_last_not_of(" \t\r\n");
  const auto digits =
      first == std::string::npos ? std::string_view() : std::string_view(text).substr(first, last - first + 1);
  std::vector<std::byte> secret(digits.size() / 2);
  const bool decoded = decode_hex(digits, secret);
  wipe(std::as_writable_bytes(std::span(text)));
  if (decoded && secret.size() >= kMinSecret) return secret;
  wipe(secret);
  if (!decoded) return Error{"Not an even number of hexadecimal digits", ErrorKind::Invalid};
  return Error{format("Less than %zu hexadecimal digits", 2 * kMinSecret), ErrorKind::Invalid};
}

std::uint64_t CookieKeys::period_at(LocalTime now, std::int64_t length) {
  TIMED_ASSERT(length > 0);
  return now.nanos() < 0 ? 0 : static_cast<std::uint64_t>(now.whole_seconds() / length);
}

std::string CookieKeys::to_text(Duration age) const {
  std::string text;
  constexpr std::size_t kLongestLine = 80;
  text.reserve((kKeys + 2) * kLongestLine);  // no copy of a key is left behind by growing
  // Where all have the older cipher, the older form will do, which every chrony can read.
  const bool old = std::all_of(keys_.begin(), keys_.end(), [](const Key& k) { return k.aead == AeadId::SivCmac256; });
  text += old ? format("%s\n%d ", kOldFormat, static_cast<int>(AeadId::SivCmac256)) : format("%s\n", kFormat);
  text += format("%.1f\n", age.to_seconds());
  for (std::size_t i = 0; i < kKeys; ++i) {
    const Key& key = keys_[(current_ + 2 + i) % kKeys];
    text += format("%08X ", key.id);
    append_hex(key.secret(), text);
    text += old ? "\n" : format(" %d\n", static_cast<int>(key.aead));
  }
  return text;
}

Result<CookieKeys::Reading> CookieKeys::read(std::string text) {
  const auto parse = [](std::string_view from) -> Result<Reading> {
    LineReader reader(from);
    const auto head = read_head(reader);
    if (!head) return head.error();
    CookieKeys keys;
    for (std::size_t i = 0; i < kKeys; ++i) {
      auto key = read_key(reader, *head);
      if (!key) return key.error();
      const std::size_t place = key->id % kKeys;
      if (i == 0) keys.current_ = (place + 2) % kKeys;
      if (place != (keys.current_ + 2 + i) % kKeys) return reader.error("Unexpected id");
      keys.keys_[place] = *key;
      wipe(key->octets);
    }
    if (reader.has_more()) return reader.error("More than four keys, after the one");
    return Reading{keys, head->age};
  };
  auto reading = parse(text);
  wipe(std::as_writable_bytes(std::span(text)));
  return reading;
}

}  // namespace timed::auth
