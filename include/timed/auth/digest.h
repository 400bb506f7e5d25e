// Message digests of libcrypto, as far as they are used.
#ifndef TIMED_AUTH_DIGEST_H_
#define TIMED_AUTH_DIGEST_H_

#include "timed/base/address.h"
#include "timed/ntp/types.h"

namespace timed::auth {

// The reference identifier that a client of this address shows: the address itself for IPv4, the first four octets
// of its MD5 for IPv6 (RFC 5905 section 7.3; not a use for security), zero for no address.
ntp::RefId ref_id_of(const IpAddress& address);

}  // namespace timed::auth

#endif  // TIMED_AUTH_DIGEST_H_
