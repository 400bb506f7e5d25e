// What a set of sources wants to be fetched for NTS, what comes of it, and what can be saved of it.
#ifndef TIMED_SOURCES_SOURCE_KEYS_H_
#define TIMED_SOURCES_SOURCE_KEYS_H_

#include <cstdint>
#include <string>

#include "timed/auth/nts_session.h"
#include "timed/base/address.h"
#include "timed/discipline/sample.h"

namespace timed::sources {

// Whom to establish keys with.
struct KeyServer {
  Endpoint at;                 // of key establishment, which may be another one than that of NTP
  std::string name;            // as configured: the one that its certificate must have
  std::uint32_t cert_set = 0;  // trusted certificates that it is checked with
};

struct KeyRequest {
  discipline::SourceId source;
  KeyServer server;
  std::uint16_t ntp_port = 123;  // where the server names none
  bool is_first = false;         // no keys of this server were in use yet: saved ones will do
};

struct FetchedKeys {
  auth::NtsSession session;
  Endpoint ntp;  // where they are good for
};

// Keys that are in use, with what is needed to use them again.
struct SavedKeys {
  KeyServer server;
  FetchedKeys fetched;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SOURCE_KEYS_H_
