#include "timed/auth/digest.h"

#include <openssl/evp.h>

#include <array>
#include <memory>
#include <optional>

#include "timed/base/bytes.h"

namespace timed::auth {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
struct FreeDigest {
  void operator()(EVP_MD* digest) const { EVP_MD_free(digest); }
};
using Digest = std::unique_ptr<EVP_MD, FreeDigest>;

// MD5 is no secret-keeper here but a way to shorten an address that everybody uses.  A system in FIPS mode asks for
// "fips=yes" by default; "-fips" drops that wish.
Digest md5() {
  Digest digest(EVP_MD_fetch(nullptr, "MD5", nullptr));
  if (!digest) digest.reset(EVP_MD_fetch(nullptr, "MD5", "-fips"));
  return digest;
}

std::optional<std::uint32_t> first_of_md5(std::span<const std::uint8_t> data) {
  const Digest digest = md5();
  const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  std::array<std::byte, EVP_MAX_MD_SIZE> out{};
  unsigned length = 0;
  const bool done = digest && context && EVP_DigestInit_ex2(context.get(), digest.get(), nullptr) == 1 &&
                    EVP_DigestUpdate(context.get(), data.data(), data.size()) == 1 &&
                    EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(out.data()), &length) == 1;
  if (!done || length < sizeof(std::uint32_t)) return std::nullopt;
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

}  // namespace timed::auth
