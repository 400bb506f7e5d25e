// Blocking reads of what is there, at most 16; the batch goes back from the address that was asked.  The socket has the
// options of timed's: receive stamps and packet information, which both cost the kernel something in each direction.
#include "tests/bench/load/echo.h"

#include <linux/net_tstamp.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "tests/bench/load/sockets.h"

namespace timed::load {
namespace {

void add_control(msghdr& message, int level, int type, const void* value, std::size_t size) {
  auto* const item = reinterpret_cast<cmsghdr*>(static_cast<std::byte*>(message.msg_control) + message.msg_controllen);
  item->cmsg_level = level;
  item->cmsg_type = type;
  item->cmsg_len = CMSG_LEN(size);
  std::memcpy(CMSG_DATA(item), value, size);
  message.msg_controllen += CMSG_SPACE(size);
}

void turn_round(Messages& batch, std::size_t i, bool stamp) {
  msghdr& message = batch.headers[i].msg_hdr;
  batch.vectors[i].iov_len = batch.headers[i].msg_len;
  const auto asked = packet_info(message);
  message.msg_controllen = 0;
  message.msg_flags = 0;
  if (asked) {
    in_pktinfo from{};
    from.ipi_spec_dst = asked->ipi_addr;
    add_control(message, IPPROTO_IP, IP_PKTINFO, &from, sizeof from);
  }
  const std::uint32_t flags = SOF_TIMESTAMPING_TX_SOFTWARE;
  if (stamp) add_control(message, SOL_SOCKET, SO_TIMESTAMPING, &flags, sizeof flags);
}

void read_stamps(int fd, Messages& batch) {
  int got = static_cast<int>(kBatch);
  while (got == static_cast<int>(kBatch)) {
    batch.prepare_receive();
    got = recvmmsg(fd, batch.headers.data(), kBatch, MSG_ERRQUEUE | MSG_DONTWAIT, nullptr);
  }
}

void echo(int fd, bool stamps) {
  const auto batch = std::make_unique<Messages>();
  const auto read = std::make_unique<Messages>();
  while (!ended()) {
    batch->prepare_receive();
    const int got = recvmmsg(fd, batch->headers.data(), kBatch, MSG_WAITFORONE, nullptr);
    if (got <= 0) continue;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) turn_round(*batch, i, stamps);
    for (int sent = 0; sent < got;) {
      const int now = sendmmsg(fd, batch->headers.data() + sent, static_cast<unsigned>(got - sent), MSG_DONTWAIT);
      sent += now > 0 ? now : 1;
    }
    if (stamps) read_stamps(fd, *read);
  }
}

}  // namespace

int run_echo(const EchoOptions& options) {
  catch_end();
  std::vector<int> sockets;
  for (int i = 0; i < options.threads; ++i) {
    sockets.push_back(open_udp(INADDR_ANY, options.port, options.threads > 1));
    enable_stamps(sockets.back());
  }
  for (std::size_t i = 1; i < sockets.size(); ++i) {
    std::thread(echo, sockets[i], options.transmit_stamps).detach();  // ends with the process
  }
  echo(sockets[0], options.transmit_stamps);
  _exit(0);
}

}  // namespace timed::load
