// The kernel numbers the sockets of a group in the order in which they were bound, so that the program's answer is the
// number of a member.  An answer for which there is no socket (some have been closed) makes it choose by itself.
#include "steering.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include <vector>

namespace timed::os {
namespace {

// Of the IP header, wherever the datagram's own data begins.
constexpr std::uint32_t at_header(std::uint32_t offset) {
  return static_cast<std::uint32_t>(SKF_NET_OFF) + offset;
}
constexpr std::uint32_t kSenderV4 = 12;
constexpr std::uint32_t kSenderV6 = 8;
// Spreads neighbours (Knuth, The Art of Computer Programming 6.4): the golden ratio of 2^32.
constexpr std::uint32_t kGoldenRatio = 0x9e3779b1u;

void load_sender(std::vector<sock_filter>& program, Family family) {
  if (family == Family::Inet4) {
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at_header(kSenderV4)));
    return;
  }
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at_header(kSenderV6)));
  for (std::uint32_t word = 1; word < 4; ++word) {
    program.push_back(BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, kGoldenRatio));
    program.push_back(BPF_STMT(BPF_ST, 0));
    program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, at_header(kSenderV6 + 4 * word)));
    program.push_back(BPF_STMT(BPF_LDX | BPF_W | BPF_MEM, 0));
    program.push_back(BPF_STMT(BPF_ALU | BPF_XOR | BPF_X, 0));
  }
}

}  // namespace

bool steer_by_sender(const Descriptor& descriptor, Family family, const env::SocketGroup& group) {
  std::vector<sock_filter> program;
  load_sender(program, family);
  program.push_back(BPF_STMT(BPF_ALU | BPF_XOR | BPF_K, group.seed));
  program.push_back(BPF_STMT(BPF_ALU | BPF_MUL | BPF_K, kGoldenRatio));
  program.push_back(BPF_STMT(BPF_ALU | BPF_RSH | BPF_K, 16));
  program.push_back(BPF_STMT(BPF_ALU | BPF_MOD | BPF_K, static_cast<std::uint32_t>(group.others)));
  program.push_back(BPF_STMT(BPF_ALU | BPF_ADD | BPF_K, 1));
  program.push_back(BPF_STMT(BPF_RET | BPF_A, 0));
  const sock_fprog whole{static_cast<unsigned short>(program.size()), program.data()};
  return ::setsockopt(descriptor.get(), SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, &whole, sizeof whole) == 0;
}

}  // namespace timed::os
