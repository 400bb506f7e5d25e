// What one key establishment gives: the keys of client and server, and the cookies that bring them to the server.
#ifndef TIMED_AUTH_NTS_SESSION_H_
#define TIMED_AUTH_NTS_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "timed/auth/cookies.h"
#include "timed/base/units.h"

namespace timed::auth {

struct NtsSession {
  SessionKeys keys;
  // Of the same cipher and cookies.  A server that does not say how it exports keys of AES-128-GCM-SIV may mean these:
  // they are tried where it refuses the others.
  std::optional<SessionKeys> other_keys;
  std::vector<std::vector<std::byte>> cookies;  // the oldest first
  LocalTime established;
  // Of one that was saved: the establishments with this server, that one included; 0 = it was established just now.
  std::uint32_t number = 0;
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_NTS_SESSION_H_
