#include "timed/auth/key_store.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "hex_text.h"
#include "timed/base/bytes.h"
#include "timed/base/characters.h"
#include "timed/base/text.h"

namespace timed::auth {
namespace {

constexpr std::size_t kIdSize = 4;
constexpr std::size_t kMaxDigestVersion4 = 20;  // octets
constexpr std::size_t kMaxLine = 2047;          // octets read at once; a longer line goes on as another one
constexpr std::size_t kMaxWords = 3;

// Octets that are overwritten before they are given back.
class Secret {
 public:
  Secret() = default;
  ~Secret() { wipe(octets_); }
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  // "HEX:" and an even number of digits, "ASCII:" and text, or text.  False where it is none or empty.
  bool decode(std::string_view text) {
    constexpr std::string_view kHex = "HEX:", kAscii = "ASCII:";
    octets_.reserve(text.size());  // no copy is left behind by growing
    if (text.substr(0, kHex.size()) == kHex) return decode_hex(text.substr(kHex.size()));
    if (text.substr(0, kAscii.size()) == kAscii) text.remove_prefix(kAscii.size());
    for (const char c : text) octets_.push_back(static_cast<std::byte>(c));
    return !octets_.empty();
  }
  std::span<const std::byte> octets() const { return octets_; }

 private:
  bool decode_hex(std::string_view digits) {
    octets_.resize(digits.size() / 2);
    return !digits.empty() && auth::decode_hex(digits, octets_);
  }

  std::vector<std::byte> octets_;
};

// As scanf's %u reads the begin of a word: a sign is taken, and what is too large is cut to 32 bits.
std::optional<KeyId> read_id(std::string_view word) {
  const bool negative = !word.empty() && word[0] == '-';
  if (negative || (!word.empty() && word[0] == '+')) word.remove_prefix(1);
  std::uint64_t value = 0;
  std::size_t digits = 0;
  for (; digits < word.size() && is_digit(word[digits]); ++digits) {
    const auto digit = static_cast<std::uint64_t>(word[digits] - '0');
    value = value > (~std::uint64_t{0} - digit) / 10 ? ~std::uint64_t{0} : value * 10 + digit;
  }
  if (digits == 0) return std::nullopt;
  return static_cast<KeyId>(negative ? ~value + 1 : value);
}

struct KeyLine {
  KeyId id = 0;
  std::string_view type = "MD5";
  std::string_view secret;
};

std::optional<KeyLine> split_line(std::span<const Word> words) {
  if (words.size() < 2 || words.size() > kMaxWords) return std::nullopt;
  const auto id = read_id(words[0].text);
  if (!id) return std::nullopt;
  KeyLine line;
  line.id = *id;
  if (words.size() == kMaxWords) line.type = words[1].text;
  line.secret = words.back().text;
  return line;
}

struct NewKey {
  std::optional<Key> key;
  std::string warning;  // where there is none
};

NewKey make_key(const KeyLine& line) {
  const auto refused = [](std::string warning) { return NewKey{std::nullopt, std::move(warning)}; };
  const auto type = key_type_named(line.type);
  if (!type) return refused(format("Invalid type in key %u", line.id));
  Secret secret;
  if (!secret.decode(line.secret)) return refused(format("Could not decode key %u", line.id));
  const std::size_t expected = secret_size_of(*type);
  if (expected > 0 && secret.octets().size() != expected) {
    return refused(format("Invalid length of %s key %u (expected %zu bits)", name_of(*type), line.id, expected * 8));
  }
  auto digester = Digester::make(*type, secret.octets());
  if (!digester) return refused(format("Unsupported %s in key %u", expected > 0 ? "cipher" : "hash function", line.id));
  return {Key(line.id, *type, secret.octets().size() * 8, std::move(*digester)), {}};
}

// A line of the file and its end, but not more than can be read at once.
std::string_view take_line(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('\n'), rest.size() - 1);
  const std::string_view line = rest.substr(0, std::min(end + 1, kMaxLine));
  rest.remove_prefix(line.size());
  return line;
}

std::string_view before_nul(std::string_view line) {
  return line.substr(0, line.find('\0'));
}

bool is_comment(std::span<const Word> words) {
  return words.empty() || marks_comment(words[0].text[0]);
}

}  // namespace

std::size_t Key::mac_size(int version) const {
  return kIdSize + (version >= 4 ? std::min(digester_.size(), kMaxDigestVersion4) : digester_.size());
}

std::size_t Key::sign(int version, std::span<const std::byte> message, std::span<std::byte> into) const {
  const std::size_t size = mac_size(version);
  std::array<std::byte, kMaxDigest> code{};
  if (into.size() < size || !digester_.digest(message, code)) return 0;
  store_be(into.data(), id_);
  std::copy_n(code.begin(), size - kIdSize, into.begin() + kIdSize);
  return size;
}

bool Key::verifies(const ntp::PacketView& packet) const {
  const std::size_t size = mac_size(packet.header().version);
  if (packet.trailer() != ntp::Trailer::Mac || packet.mac().size() != size || key_id_of(packet) != id_) return false;
  std::array<std::byte, kMaxDigest> code{};
  if (!digester_.digest(packet.authenticated(), code)) return false;
  return CRYPTO_memcmp(packet.mac().data() + kIdSize, code.data(), size - kIdSize) == 0;
}

KeyId key_id_of(const ntp::PacketView& packet) {
  return packet.mac().size() >= kIdSize ? load_be<KeyId>(packet.mac().data()) : 0;
}

std::optional<Key> Key::clone() const {
  auto digester = digester_.clone();
  if (!digester) return std::nullopt;
  return Key(id_, type_, bits_, std::move(*digester));
}

KeyStore KeyStore::clone() const {
  KeyStore copy;
  for (const Key& key : keys_) {
    if (auto cloned = key.clone()) copy.keys_.push_back(std::move(*cloned));
  }
  return copy;
}

const Key* KeyStore::find(KeyId id) const {
  const auto at = std::lower_bound(keys_.begin(), keys_.end(), id, [](const Key& k, KeyId i) { return k.id() < i; });
  return at != keys_.end() && at->id() == id ? &*at : nullptr;
}

bool KeyStore::add(Key key) {
  const auto at =
      std::lower_bound(keys_.begin(), keys_.end(), key.id(), [](const Key& k, KeyId i) { return k.id() < i; });
  if (at != keys_.end() && at->id() == key.id()) return false;
  keys_.insert(at, std::move(key));
  return true;
}

KeyStore::Reading KeyStore::read(std::string text, const std::string& path) {
  Reading reading;
  unsigned number = 0;
  for (std::string_view rest = text; !rest.empty();) {
    ++number;
    const auto words = split_words(before_nul(take_line(rest)));
    if (is_comment(words)) continue;
    // chrony's words, and the place, which it tells of the first of them only.
    const auto warn = [&](const std::string& what) {
      reading.warnings.push_back(format("%s at line %u in file %s", what.c_str(), number, path.c_str()));
    };
    const auto line = split_line(words);
    if (!line) {
      warn("Could not parse key");
      continue;
    }
    NewKey made = make_key(*line);
    if (!made.key) {
      warn(made.warning);
    } else if (!reading.keys.add(std::move(*made.key))) {
      warn(format("Detected duplicate key %u", line->id));
    }
  }
  wipe(std::as_writable_bytes(std::span(text)));
  return reading;
}

}  // namespace timed::auth
