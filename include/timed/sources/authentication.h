// How the packets of an association are authenticated: signed when they leave, checked when they come (RFC 5905 section
// 7.3, RFC 8573).  Pure.
#ifndef TIMED_SOURCES_AUTHENTICATION_H_
#define TIMED_SOURCES_AUTHENTICATION_H_

#include <cstddef>
#include <optional>
#include <span>
#include <variant>

#include "timed/auth/key_store.h"
#include "timed/base/random.h"
#include "timed/ntp/packet.h"
#include "timed/sources/nts_auth.h"
#include "timed/sources/options.h"

namespace timed::sources {

struct NoAuth {};
// With one key, whatever others the store has: a packet signed with another one proves nothing of this source.
struct MacAuth {
  auth::KeyId id = 0;
  const auth::KeyStore* keys = nullptr;  // outlives the association; may change, and lose the key

  // Where it is known now.
  const auth::Key* key() const { return keys != nullptr ? keys->find(id) : nullptr; }
};
using Authentication = std::variant<NoAuth, MacAuth, NtsAuth>;

// What sources may be authenticated with.
struct AuthOptions {
  const auth::KeyStore* keys = nullptr;                  // outlive the associations; null: none are known
  Duration nts_refresh = Duration::seconds(28 * 86400);  // "ntsrefresh": longest use of keys of NTS
};

// A peer has no NTS: its line is for nobody to ask.
Authentication authentication_of(const SourceLine& line, const AuthOptions& options);
bool is_authenticated(const Authentication& authentication);

// The version of requests where the line names none: 4, but 3 where only that has room for the whole code and nothing
// else needs 4.
int default_version(const Authentication& authentication, bool needs_version_4);

// Puts what authenticates it behind a packet, which is complete but for that.  The size then, or empty where it cannot
// be authenticated: it must not be sent.
std::optional<std::size_t> authenticate(Authentication& authentication, std::span<std::byte> data, std::size_t size,
                                        EntropyPool& random);
// Nothing that claims to be authenticated where it need not be, or exactly what is wanted.  With NTS a response is so
// once, and brings its cookies.
bool is_authentic(Authentication& authentication, const ntp::PacketView& packet);

// For the `authdata` report.
struct AuthReport {
  std::optional<auth::KeyId> key;
  std::optional<auth::KeyType> type;  // empty where the key is missing
  std::size_t bits = 0;
  std::optional<NtsReport> nts;  // then there is no key
};
AuthReport report_of(const Authentication& authentication, MonoTime now);

}  // namespace timed::sources

#endif  // TIMED_SOURCES_AUTHENTICATION_H_
