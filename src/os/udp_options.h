// Opening a UDP socket: everything that is set on it before the first datagram.
#ifndef TIMED_SRC_OS_UDP_OPTIONS_H_
#define TIMED_SRC_OS_UDP_OPTIONS_H_

#include <cstdint>

#include "timed/base/result.h"
#include "timed/env/network.h"
#include "timed/os/descriptor.h"

namespace timed::os {

// Opened, non-blocking, configured, bound and connected as told.  `inherited`: one that is bound there already, to be
// used instead of a new one.
Result<Descriptor> open_udp_descriptor(const env::UdpOptions& options, Descriptor inherited = {});

// Asks for receive stamps, and for transmit stamps with ids: of every datagram, or of those sent with the control
// message.  Answers the SOF_ flags in force, 0 where the kernel has no such stamps.
std::uint32_t enable_stamps(const Descriptor& descriptor, bool every_transmission);
// The kernel counts transmissions from 0 again.
void restart_stamp_ids(const Descriptor& descriptor, std::uint32_t flags);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_UDP_OPTIONS_H_
