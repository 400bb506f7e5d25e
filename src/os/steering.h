// Which socket of a group gets a datagram: a program for the kernel that chooses by the sender's address.
#ifndef TIMED_SRC_OS_STEERING_H_
#define TIMED_SRC_OS_STEERING_H_

#include "timed/base/address.h"
#include "timed/env/network.h"
#include "timed/os/descriptor.h"

namespace timed::os {

// For one of the members beside 0, bound already.  False where the kernel does not take it; it then chooses by both
// addresses and ports, member 0 included.
bool steer_by_sender(const Descriptor& descriptor, Family family, const env::SocketGroup& group);

}  // namespace timed::os

#endif  // TIMED_SRC_OS_STEERING_H_
