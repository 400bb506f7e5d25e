// UDP sockets with kernel time stamps, many datagrams a system call, answers from the address that was asked.
#ifndef TIMED_SRC_OS_UDP_H_
#define TIMED_SRC_OS_UDP_H_

#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "control_message.h"
#include "socket_address.h"
#include "timed/env/network.h"
#include "timed/os/descriptor.h"
#include "timed/os/loop.h"

namespace timed::os {

class LinuxUdpSocket : public env::UdpSocket {
 public:
  // `inherited` as open_udp_descriptor() has it.
  static Result<std::unique_ptr<env::UdpSocket>> open(Loop& loop, const env::UdpOptions& options,
                                                      Descriptor inherited = {});
  ~LinuxUdpSocket() override;

  std::size_t receive(std::span<env::Datagram> into) override;
  env::SendResult send(std::span<env::Datagram> batch) override;
  std::size_t transmit_stamps(std::span<env::TransmitStamp> into) override;
  void on_readable(std::function<void()> fn) override;
  Endpoint local_endpoint() const override;
  // Before on_readable().
  void move_to(Loop& loop);

 private:
  // Stamps that can be under way; one that comes in later than that many others is lost.
  static constexpr std::size_t kSentKept = 256;
  struct Sent {
    RawTime when;
    std::uint32_t id = 0;
    bool waits = false;
  };
  // One system call's worth, shared by all of them: none keeps it beyond its return.
  struct Batch {
    std::array<mmsghdr, env::kBatch> headers{};
    std::array<iovec, env::kBatch> vectors{};
    std::array<SocketAddress, env::kBatch> addresses{};
    std::array<ControlBuffer, env::kBatch> controls{};
  };

  LinuxUdpSocket(Loop& loop, Descriptor descriptor, const env::UdpOptions& options, std::uint32_t stamping);
  void prepare_receive(std::size_t i, std::span<std::byte> data);
  void take_received(std::size_t i, RawTime when, env::Datagram& datagram);
  void prepare_send(std::size_t i, env::Datagram& datagram, RawTime when);
  std::size_t send_some(std::span<env::Datagram> batch, std::optional<Error>& refused);
  std::size_t send_together(std::span<env::Datagram> batch);
  void note_sent(env::Datagram& datagram);
  bool wants_stamp(const env::Datagram& datagram) const;
  void restart_ids();
  std::size_t read_error_queue(std::span<env::TransmitStamp> into);
  std::optional<env::TransmitStamp> take_stamp(std::size_t i);

  Loop* loop_;
  Descriptor descriptor_;
  env::UdpOptions options_;
  std::uint32_t stamping_;  // SOF_ flags that the kernel took; 0 = no stamps
  bool sends_together_ = true;
  std::uint32_t next_id_ = 0;
  std::uint32_t id_base_ = 0;  // our id of the datagram that the kernel counts as 0
  std::array<Sent, kSentKept> sent_{};
  std::array<env::TransmitStamp, env::kBatch> pending_stamps_{};  // read already, not yet asked for
  std::size_t pending_ = 0;
  Batch batch_;
  Loop::WatchId watch_ = 0;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_UDP_H_
