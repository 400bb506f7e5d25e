// Message digests of libcrypto, as far as they are used: authentication codes of symmetric keys, and a hash that
// shortens an address.
#ifndef TIMED_AUTH_DIGEST_H_
#define TIMED_AUTH_DIGEST_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "timed/base/address.h"
#include "timed/ntp/types.h"

namespace timed::auth {

// The reference identifier that a client of this address shows: the address itself for IPv4, the first four octets
// of its MD5 for IPv6 (RFC 5905 section 7.3; not a use for security), zero for no address.
ntp::RefId ref_id_of(const IpAddress& address);

// How a key makes a code.  The values are those of chrony's `authdata` report.
enum class KeyType : std::uint8_t {
  Md5 = 1,
  Sha1 = 2,
  Sha256 = 3,
  Sha384 = 4,
  Sha512 = 5,
  Sha3_224 = 6,
  Sha3_256 = 7,
  Sha3_384 = 8,
  Sha3_512 = 9,
  Tiger = 10,      // libcrypto has never had it
  Whirlpool = 11,  // where the legacy provider is active
  Aes128 = 13,
  Aes256 = 14,
};

// As key files write it, with regard to case.
std::optional<KeyType> key_type_named(std::string_view name);
const char* name_of(KeyType type);
bool is_cipher(KeyType type);
// Octets that a cipher's key must have; 0 for a hash, which takes any.
std::size_t secret_size_of(KeyType type);

inline constexpr std::size_t kMaxDigest = 64;

// Overwrites what was secret, in a way that no compiler leaves out.
void wipe(std::span<std::byte> secret);

// A secret made ready for making codes: H(secret ‖ message), as NTP has always done it, or the CMAC of RFC 4493 and
// RFC 8573.  libcrypto wipes the secret when this is destroyed.  Not for two threads at once.
class Digester {
 public:
  // Empty where libcrypto has no such algorithm, or a cipher's secret has the wrong length.
  static std::optional<Digester> make(KeyType type, std::span<const std::byte> secret);
  ~Digester();
  Digester(Digester&& other) noexcept;
  Digester& operator=(Digester&& other) noexcept;

  // The same secret for another thread; empty where libcrypto has no memory.
  std::optional<Digester> clone() const;

  // Octets of a code before any truncation, 16 … 64.
  std::size_t size() const { return size_; }
  // The code of a message into the first size() octets; false where libcrypto failed.
  bool digest(std::span<const std::byte> message, std::span<std::byte, kMaxDigest> into) const;

 private:
  struct Contexts;
  Digester(std::unique_ptr<Contexts> contexts, std::size_t size);

  std::unique_ptr<Contexts> contexts_;
  std::size_t size_ = 0;
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_DIGEST_H_
