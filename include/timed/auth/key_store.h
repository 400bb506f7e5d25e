// Symmetric keys: the key file (timed.conf(5), "keyfile"), and the message authentication codes that keys make and
// check (RFC 5905 section 7.3, RFC 7822, RFC 8573).  Pure: the file's text comes from outside.
#ifndef TIMED_AUTH_KEY_STORE_H_
#define TIMED_AUTH_KEY_STORE_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "timed/auth/digest.h"
#include "timed/ntp/packet.h"

namespace timed::auth {

using KeyId = std::uint32_t;

// Keys with fewer bits are used, but not without a word.
inline constexpr std::size_t kShortKeyBits = 80;

class Key {
 public:
  Key(KeyId id, KeyType type, std::size_t bits, Digester digester)
      : id_(id), type_(type), bits_(bits), digester_(std::move(digester)) {}

  KeyId id() const { return id_; }
  KeyType type() const { return type_; }
  std::size_t bits() const { return bits_; }  // of the secret

  // The same key for another thread; empty where libcrypto has no memory.
  std::optional<Key> clone() const;

  // Octets of id and code in a packet of this version: RFC 7822 leaves room for 20 octets of code in version 4, and
  // longer ones are cut; earlier versions carry them whole.
  std::size_t mac_size(int version) const;
  // Puts id and code of a message into the front; their octets, or 0 where that failed.  `into` has at least
  // mac_size() octets and is no part of the message.
  std::size_t sign(int version, std::span<const std::byte> message, std::span<std::byte> into) const;
  // The packet ends in a code that this key made, of the full length for its version.  Takes as long for any code.
  bool verifies(const ntp::PacketView& packet) const;

 private:
  KeyId id_;
  KeyType type_;
  std::size_t bits_;
  Digester digester_;
};

// What a packet with a MAC says its key was.
KeyId key_id_of(const ntp::PacketView& packet);

class KeyStore {
 public:
  // The keys of a file with this text, which is wiped.  `path` is for the warnings, one for each line that gives no
  // key and each id that an earlier line has taken.
  struct Reading;
  static Reading read(std::string text, const std::string& path);

  // nullptr where there is none.  Valid until the store changes.
  const Key* find(KeyId id) const;
  std::size_t size() const { return keys_.size(); }
  // The same keys for another thread.
  KeyStore clone() const;

 private:
  bool add(Key key);

  std::vector<Key> keys_;  // by id
};

struct KeyStore::Reading {
  KeyStore keys;
  std::vector<std::string> warnings;
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_KEY_STORE_H_
