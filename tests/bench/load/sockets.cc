#include "tests/bench/load/sockets.h"

#include <arpa/inet.h>
#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>

namespace timed::load {
namespace {

volatile std::sig_atomic_t end_wanted = 0;

void want_end(int) {
  end_wanted = 1;
}

}  // namespace

void fail(const char* what) {
  std::perror(what);
  std::exit(2);
}

void set(int fd, int level, int option, int value, const char* what) {
  if (setsockopt(fd, level, option, &value, sizeof value) != 0) fail(what);
}

int open_udp(std::uint32_t address, std::uint16_t port, bool share_port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) fail("socket");
  if (share_port) set(fd, SOL_SOCKET, SO_REUSEPORT, 1, "SO_REUSEPORT");
  sockaddr_in local{};
  local.sin_family = AF_INET;
  local.sin_port = htons(port);
  local.sin_addr.s_addr = htonl(address);
  if (bind(fd, reinterpret_cast<const sockaddr*>(&local), sizeof local) != 0) fail("bind");
  return fd;
}

void enable_stamps(int fd) {
  set(fd, SOL_SOCKET, SO_TIMESTAMPING,
      SOF_TIMESTAMPING_SOFTWARE | SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_OPT_ID | SOF_TIMESTAMPING_OPT_TSONLY,
      "SO_TIMESTAMPING");
  set(fd, IPPROTO_IP, IP_PKTINFO, 1, "IP_PKTINFO");
}

std::int64_t monotonic_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000 + t.tv_nsec;
}

bool ended() {
  return end_wanted != 0;
}

void catch_end() {
  struct sigaction action {};
  action.sa_handler = want_end;  // without SA_RESTART: calls that wait come back
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
}

void Messages::prepare_receive() {
  for (std::size_t i = 0; i < kBatch; ++i) {
    vectors[i] = {data[i].data(), data[i].size()};
    headers[i].msg_hdr = {&peers[i], sizeof peers[i], &vectors[i], 1, controls[i].octets.data(), 256, 0};
  }
}

std::optional<in_pktinfo> packet_info(const msghdr& message) {
  auto* header = const_cast<msghdr*>(&message);
  for (cmsghdr* item = CMSG_FIRSTHDR(header); item != nullptr; item = CMSG_NXTHDR(header, item)) {
    if (item->cmsg_level != IPPROTO_IP || item->cmsg_type != IP_PKTINFO) continue;
    in_pktinfo info{};
    std::memcpy(&info, CMSG_DATA(item), sizeof info);
    return info;
  }
  return std::nullopt;
}

std::optional<std::int64_t> receive_stamp_ns(const msghdr& message) {
  auto* header = const_cast<msghdr*>(&message);
  for (cmsghdr* item = CMSG_FIRSTHDR(header); item != nullptr; item = CMSG_NXTHDR(header, item)) {
    if (item->cmsg_level != SOL_SOCKET || item->cmsg_type != SO_TIMESTAMPING) continue;
    scm_timestamping stamps{};
    std::memcpy(&stamps, CMSG_DATA(item), sizeof stamps);
    return stamps.ts[0].tv_sec * 1'000'000'000 + stamps.ts[0].tv_nsec;
  }
  return std::nullopt;
}

}  // namespace timed::load
