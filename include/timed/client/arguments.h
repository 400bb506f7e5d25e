// The arguments of commands as requests (timedc(1)).  Errors are the lines that chronyc prints.
#ifndef TIMED_CLIENT_ARGUMENTS_H_
#define TIMED_CLIENT_ARGUMENTS_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/base/text.h"
#include "timed/control/protocol.h"

namespace timed::client {

// An address, or "ID#7" for a source that has none yet.
std::optional<control::SourceAddress> parse_address(std::string_view text);
// The same, or the first address that the resolver has for a host name of this family.
std::optional<control::SourceAddress> find_address(std::string_view text, Family family);

// ADDRESS, ADDRESS/BITS, MASK/ADDRESS, a host name, or nothing for all sources.
Result<control::WhichSources> parse_which_sources(std::string_view text, Family family);

// words: "server", "pool" or "peer", the name and the options of the directive.  The name must be one that can be
// resolved here.
Result<control::AddSourceRequest> parse_add_source(std::span<const Word> words, Family family);

// The options of the directive `local`, or "off".
Result<control::LocalRequest> parse_local(std::span<const Word> words);

}  // namespace timed::client

#endif  // TIMED_CLIENT_ARGUMENTS_H_
