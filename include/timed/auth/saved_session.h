// What an NTS client keeps over a restart: chrony's files `<address of key establishment>.nts` (timed.conf(5),
// "ntsdumpdir").  Pure: the text of one, which is as secret as the keys in it.
#ifndef TIMED_AUTH_SAVED_SESSION_H_
#define TIMED_AUTH_SAVED_SESSION_H_

#include <string>

#include "timed/auth/nts_session.h"
#include "timed/base/address.h"
#include "timed/base/result.h"

namespace timed::auth {

struct SavedSession {
  std::string name;  // of the server, as configured
  Endpoint ntp;      // where the cookies are good for
  NtsSession session;
};

// Which keys a server means that does not say how it exports those of AES-128-GCM-SIV is not saved: the file has no
// place for a second pair.
std::string to_text(const SavedSession& saved);
// Wipes the text.  An error says what is wrong in which line.
Result<SavedSession> read_saved_session(std::string text);

}  // namespace timed::auth

#endif  // TIMED_AUTH_SAVED_SESSION_H_
