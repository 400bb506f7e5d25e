// A hash with the secret in front is begun once per key and copied for each message, so that the secret is hashed and
// held by libcrypto alone.  A CMAC context starts anew with the key that it has.
#include "timed/auth/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <utility>

#include "timed/base/bytes.h"

namespace timed::auth {
namespace {

struct TypeRow {
  KeyType type;
  const char* name;       // in key files
  const char* algorithm;  // of libcrypto
  std::size_t secret;     // octets of a cipher's key; 0 = a hash
};

constexpr auto kTypes = std::to_array<TypeRow>({
    {KeyType::Md5, "MD5", "MD5", 0},
    {KeyType::Sha1, "SHA1", "SHA1", 0},
    {KeyType::Sha256, "SHA256", "SHA256", 0},
    {KeyType::Sha384, "SHA384", "SHA384", 0},
    {KeyType::Sha512, "SHA512", "SHA512", 0},
    {KeyType::Sha3_224, "SHA3-224", "SHA3-224", 0},
    {KeyType::Sha3_256, "SHA3-256", "SHA3-256", 0},
    {KeyType::Sha3_384, "SHA3-384", "SHA3-384", 0},
    {KeyType::Sha3_512, "SHA3-512", "SHA3-512", 0},
    {KeyType::Tiger, "TIGER", "TIGER", 0},
    {KeyType::Whirlpool, "WHIRLPOOL", "WHIRLPOOL", 0},
    {KeyType::Aes128, "AES128", "AES-128-CBC", 16},
    {KeyType::Aes256, "AES256", "AES-256-CBC", 32},
});

const TypeRow& row_of(KeyType type) {
  for (const TypeRow& row : kTypes) {
    if (row.type == type) return row;
  }
  return kTypes[0];
}

struct FreeHashContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeHash {
  void operator()(EVP_MD* hash) const { EVP_MD_free(hash); }
};
struct FreeMac {
  void operator()(EVP_MAC* mac) const { EVP_MAC_free(mac); }
};
struct FreeMacContext {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Hash = std::unique_ptr<EVP_MD, FreeHash>;
using HashContext = std::unique_ptr<EVP_MD_CTX, FreeHashContext>;
using MacContext = std::unique_ptr<EVP_MAC_CTX, FreeMacContext>;

// A system in FIPS mode asks for "fips=yes" by default, which MD5 does not answer to; "-fips" drops that wish.  Whether
// MD5 is good enough is for those to decide who wrote the key file, and for addresses it keeps no secret.
Hash fetch(const char* algorithm) {
  Hash hash(EVP_MD_fetch(nullptr, algorithm, nullptr));
  if (!hash) hash.reset(EVP_MD_fetch(nullptr, algorithm, "-fips"));
  return hash;
}

const unsigned char* octets(std::span<const std::byte> data) {
  return reinterpret_cast<const unsigned char*>(data.data());
}

HashContext begin_hash(const Hash& hash, std::span<const std::byte> secret) {
  HashContext context(EVP_MD_CTX_new());
  const bool begun = context && EVP_DigestInit_ex2(context.get(), hash.get(), nullptr) == 1 &&
                     EVP_DigestUpdate(context.get(), octets(secret), secret.size()) == 1;
  return begun ? std::move(context) : nullptr;
}

MacContext begin_cmac(const TypeRow& row, std::span<const std::byte> secret) {
  const std::unique_ptr<EVP_MAC, FreeMac> mac(EVP_MAC_fetch(nullptr, "CMAC", nullptr));
  MacContext context(mac ? EVP_MAC_CTX_new(mac.get()) : nullptr);
  std::string_view name = row.algorithm;
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, const_cast<char*>(name.data()), name.size()),
      OSSL_PARAM_construct_end()};
  const bool begun = context && EVP_MAC_init(context.get(), octets(secret), secret.size(), parameters.data()) == 1;
  return begun ? std::move(context) : nullptr;
}

std::optional<std::uint32_t> first_of_md5(std::span<const std::uint8_t> data) {
  const auto digester = Digester::make(KeyType::Md5, {});
  std::array<std::byte, kMaxDigest> out{};
  if (!digester || !digester->digest(std::as_bytes(data), out)) return std::nullopt;
  return load_be<std::uint32_t>(out.data());
}

// Where libcrypto has no MD5 at all: any stable identifier that differs between addresses serves to show a loop
// between two of us, which is what reference identifiers are for.
std::uint32_t folded(std::span<const std::uint8_t> data) {
  std::uint32_t value = 0;
  for (const std::uint8_t byte : data) value = (value << 5 | value >> 27) ^ byte;
  return value;
}

}  // namespace

ntp::RefId ref_id_of(const IpAddress& address) {
  if (address.is_v4()) return {address.v4_value()};
  if (!address.is_v6()) return {};
  const auto hash = first_of_md5(address.bytes());
  return {hash ? *hash : folded(address.bytes())};
}

std::optional<KeyType> key_type_named(std::string_view name) {
  for (const TypeRow& row : kTypes) {
    if (row.name == name) return row.type;
  }
  return std::nullopt;
}

const char* name_of(KeyType type) {
  return row_of(type).name;
}

bool is_cipher(KeyType type) {
  return row_of(type).secret > 0;
}

std::size_t secret_size_of(KeyType type) {
  return row_of(type).secret;
}

void wipe(std::span<std::byte> secret) {
  OPENSSL_cleanse(secret.data(), secret.size());
}

// One of the two kinds; the scratch is overwritten for each message.
struct Digester::Contexts {
  HashContext begun;
  HashContext scratch;
  MacContext cmac;
};

Digester::Digester(std::unique_ptr<Contexts> contexts, std::size_t size)
    : contexts_(std::move(contexts)), size_(size) {}
Digester::~Digester() = default;
Digester::Digester(Digester&& other) noexcept = default;
Digester& Digester::operator=(Digester&& other) noexcept = default;

std::optional<Digester> Digester::make(KeyType type, std::span<const std::byte> secret) {
  const TypeRow& row = row_of(type);
  auto contexts = std::make_unique<Contexts>();
  std::size_t size = 0;
  if (row.secret > 0) {
    if (secret.size() != row.secret) return std::nullopt;
    contexts->cmac = begin_cmac(row, secret);
    if (contexts->cmac) size = EVP_MAC_CTX_get_mac_size(contexts->cmac.get());
  } else {
    const Hash hash = fetch(row.algorithm);
    if (!hash) return std::nullopt;
    contexts->begun = begin_hash(hash, secret);
    contexts->scratch.reset(EVP_MD_CTX_new());
    if (contexts->begun && contexts->scratch) size = static_cast<std::size_t>(EVP_MD_get_size(hash.get()));
  }
  if (size < 16 || size > kMaxDigest) return std::nullopt;
  return Digester(std::move(contexts), size);
}

std::optional<Digester> Digester::clone() const {
  auto contexts = std::make_unique<Contexts>();
  if (contexts_->cmac) {
    contexts->cmac.reset(EVP_MAC_CTX_dup(contexts_->cmac.get()));
    if (!contexts->cmac) return std::nullopt;
  } else {
    contexts->begun.reset(EVP_MD_CTX_new());
    contexts->scratch.reset(EVP_MD_CTX_new());
    const bool copied =
        contexts->begun && contexts->scratch && EVP_MD_CTX_copy_ex(contexts->begun.get(), contexts_->begun.get()) == 1;
    if (!copied) return std::nullopt;
  }
  return Digester(std::move(contexts), size_);
}

bool Digester::digest(std::span<const std::byte> message, std::span<std::byte, kMaxDigest> into) const {
  auto* const out = reinterpret_cast<unsigned char*>(into.data());
  if (EVP_MAC_CTX* const cmac = contexts_->cmac.get()) {
    std::size_t length = 0;
    return EVP_MAC_init(cmac, nullptr, 0, nullptr) == 1 && EVP_MAC_update(cmac, octets(message), message.size()) == 1 &&
           EVP_MAC_final(cmac, out, &length, into.size()) == 1 && length == size_;
  }
  EVP_MD_CTX* const scratch = contexts_->scratch.get();
  unsigned length = 0;
  return EVP_MD_CTX_copy_ex(scratch, contexts_->begun.get()) == 1 &&
         EVP_DigestUpdate(scratch, octets(message), message.size()) == 1 &&
         EVP_DigestFinal_ex(scratch, out, &length) == 1 && length == size_;
}

}  // namespace timed::auth
