// What the load generator and the echo loop share: sockets with the options of the server's, batches, clocks.
#ifndef TIMED_TESTS_BENCH_LOAD_SOCKETS_H_
#define TIMED_TESTS_BENCH_LOAD_SOCKETS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace timed::load {

inline constexpr std::size_t kBatch = 16;
inline constexpr std::size_t kRequestSize = 48;
inline constexpr std::size_t kRoom = 1140;  // what the server has for a datagram

// Ends the program, with the reason of the last failure.
[[noreturn]] void fail(const char* what);
void set(int fd, int level, int option, int value, const char* what);
int open_udp(std::uint32_t address, std::uint16_t port, bool share_port);
// Receive stamps, and ids for transmit stamps where they are asked for: what timed sets.
void enable_stamps(int fd);

std::int64_t monotonic_ns();
// Set by SIGTERM and SIGINT, or by a second of them.
bool ended();
void catch_end();

// One recvmmsg or sendmmsg.
struct Messages {
  std::array<mmsghdr, kBatch> headers{};
  std::array<iovec, kBatch> vectors{};
  std::array<sockaddr_in, kBatch> peers{};
  std::array<std::array<std::byte, kRoom>, kBatch> data{};
  struct alignas(cmsghdr) Control {
    std::array<std::byte, 256> octets;
  };
  std::array<Control, kBatch> controls{};

  void prepare_receive();
};

// Of a message that was received.
std::optional<in_pktinfo> packet_info(const msghdr& message);
std::optional<std::int64_t> receive_stamp_ns(const msghdr& message);

}  // namespace timed::load

#endif  // TIMED_TESTS_BENCH_LOAD_SOCKETS_H_
