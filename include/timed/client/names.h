// By what name a source is shown.
#ifndef TIMED_CLIENT_NAMES_H_
#define TIMED_CLIENT_NAMES_H_

#include <cstdint>
#include <string>

#include "timed/client/session.h"
#include "timed/control/encodings.h"
#include "timed/ntp/types.h"

namespace timed::client {

struct NamingOptions {
  bool original = false;    // -N: the name as configured, asked of the daemon
  bool reverse_dns = true;  // -n and -c clear it: addresses
  bool wide = false;        // -w: 14 more columns
};
// Characters of a name in a row, and what -w adds.
inline constexpr std::size_t kNameWidth = 25;
inline constexpr std::size_t kWider = 14;

struct Name {
  std::string text;
  std::string failure;  // -N: the line that says why the daemon gave no name; else empty
};

// "ID#0000000001" for a source without address, "[UNSPEC]" for none.
std::string address_text(const control::SourceAddress& address);
// The printable characters of the identifier of a reference clock.
std::string ref_id_text(ntp::RefId ref_id);
// The name that the resolver has for an address, or the address.
std::string reverse_name(const IpAddress& address);
// Cut to a number of characters, the last of which is then '>'.
std::string cut_name(std::string name, std::size_t width);

// The name of a source as a row of a report shows it.
Name source_name(Session& session, const control::SourceAddress& address, const NamingOptions& options);
// The same, never cut: for a line of its own.
Name whole_source_name(Session& session, const control::SourceAddress& address, const NamingOptions& options);

}  // namespace timed::client

#endif  // TIMED_CLIENT_NAMES_H_
