// Ancillary data of sendmsg and recvmsg: built and read without allocation.
#ifndef TIMED_SRC_OS_CONTROL_MESSAGE_H_
#define TIMED_SRC_OS_CONTROL_MESSAGE_H_

#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstring>
#include <optional>

#include "timed/base/check.h"

namespace timed::os {

// Room for everything that we ask the kernel for at once: time stamps (64 bytes), packet information (40), an extended
// error with an address (64), each with its header; the rest is for what it may add.
inline constexpr std::size_t kControlSize = 256;

struct alignas(cmsghdr) ControlBuffer {
  std::array<std::byte, kControlSize> bytes;
};

// Appends items to a message that is to be sent.
class ControlWriter {
 public:
  ControlWriter(msghdr& message, ControlBuffer& buffer) : message_(message), buffer_(buffer) {
    message_.msg_control = nullptr;
    message_.msg_controllen = 0;
  }
  template <class T>
  void add(int level, int type, const T& value) {
    TIMED_ASSERT(message_.msg_controllen + CMSG_SPACE(sizeof(T)) <= kControlSize);
    cmsghdr header{};
    header.cmsg_level = level;
    header.cmsg_type = type;
    header.cmsg_len = CMSG_LEN(sizeof(T));
    std::byte* const to = buffer_.bytes.data() + message_.msg_controllen;
    std::memset(to, 0, CMSG_SPACE(sizeof(T)));
    std::memcpy(to, &header, sizeof header);
    std::memcpy(to + CMSG_LEN(0), &value, sizeof(T));
    message_.msg_control = buffer_.bytes.data();
    message_.msg_controllen += CMSG_SPACE(sizeof(T));
  }

 private:
  msghdr& message_;
  ControlBuffer& buffer_;
};

// The first sizeof(T) bytes of an item; false where it is shorter.
template <class T>
bool read_control(const cmsghdr& item, T& into) {
  if (item.cmsg_len < CMSG_LEN(sizeof(T))) return false;
  std::memcpy(&into, CMSG_DATA(&item), sizeof(T));
  return true;
}

// Calls fn(const cmsghdr&) for each item that was received.
template <class Fn>
void for_each_control(msghdr& message, Fn fn) {
  for (cmsghdr* item = CMSG_FIRSTHDR(&message); item != nullptr; item = CMSG_NXTHDR(&message, item)) fn(*item);
}

}  // namespace timed::os

#endif  // TIMED_SRC_OS_CONTROL_MESSAGE_H_
