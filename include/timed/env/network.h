// Sockets: the third seam.  File descriptors, poll, control messages and socket addresses stay behind it.
#ifndef TIMED_ENV_NETWORK_H_
#define TIMED_ENV_NETWORK_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/env/clock.h"
#include "timed/env/stream.h"

namespace timed::env {

inline constexpr std::size_t kBatch = 16;                // datagrams a system call (docs/decisions.md, "Batch of 16")
inline constexpr std::size_t kMaxDatagram = 1140;        // 48 + 1024 of extension fields + 68 of MAC
inline constexpr std::size_t kMaxControlMessage = 1024;  // one on the Unix socket; the longest valid request is 860

// One UDP datagram, received or to be sent.
struct Datagram {
  Endpoint peer;                      // whom it is from or goes to (ignored by a connected socket on sending)
  IpAddress local;                    // address it was sent to; on sending: the address to answer from, or none
  std::uint32_t interface_index = 0;  // interface it came in on; on sending: used only for link-local peers
  Stamp stamp;                        // received: when it arrived.  sent: when send() was called for it (daemon)
  bool waited = false;                // received: so long ago that the stamp does not say when
  bool want_stamp = false;            // on sending: ask the kernel for a transmit stamp
  std::uint32_t stamp_id = 0;         // set by send() where a stamp was wanted: the id of that stamp
  std::size_t size = 0;               // bytes of data; a received datagram that was cut has a size above kMaxDatagram
  std::array<std::byte, kMaxDatagram> data;

  std::span<const std::byte> bytes() const { return std::span(data).first(size < data.size() ? size : data.size()); }
};

// The time at which a sent datagram left, reported later by the kernel.
struct TransmitStamp {
  std::uint32_t id = 0;
  Stamp stamp;
};

struct SendResult {
  std::size_t sent = 0;          // how many of the batch left, from its front
  std::optional<Error> refused;  // why the next one did not
};

class UdpSocket {
 public:
  virtual ~UdpSocket() = default;

  // At most into.size() datagrams that are there now; never blocks.
  virtual std::size_t receive(std::span<Datagram> into) = 0;
  virtual SendResult send(std::span<Datagram> batch) = 0;
  // Transmit stamps that have come in, at most stamps.size().
  virtual std::size_t transmit_stamps(std::span<TransmitStamp> into) = 0;
  // Called in each turn in which datagrams or transmit stamps wait.  The function may destroy the socket.
  virtual void on_readable(std::function<void()> fn) = 0;
  // The address and port that the socket is bound to.
  virtual Endpoint local_endpoint() const = 0;
};

// The order in which sockets get their turn.
enum class SocketPriority : std::uint8_t { Server, Sources, Control, KeyEstablishment };

// Several sockets of one address and port, which share what comes in by its sender: one sender's datagrams all come in
// on the same.  Member 0 is the first to be opened, alone on its port; once there are others it gets nothing more.
struct SocketGroup {
  int member = 0;
  int others = 0;          // members beside 0
  std::uint32_t seed = 0;  // of the choice, the same for all: nobody outside can tell who goes where
};

struct UdpOptions {
  Endpoint local{};                  // family is taken from it; port 0 = chosen by the kernel
  std::optional<Endpoint> remote{};  // connected: only its datagrams come in
  std::string device{};              // bind to this interface; empty = any
  int dscp = 0;                      // DSCP of what is sent, 0 … 63
  bool broadcast = false;            // may send to broadcast addresses
  bool transmit_stamps = false;      // a client socket: every datagram gets a kernel transmit stamp
  SocketPriority priority = SocketPriority::Sources;
  std::optional<SocketGroup> group{};
};

struct Credentials {
  std::int64_t pid = -1;
  std::int64_t uid = -1;
  std::int64_t gid = -1;
};

// One message on a Unix datagram socket.  Messages that cannot be answered (no path to reply to, cut short, with
// descriptors attached) are dropped behind the seam.
struct UnixMessage {
  std::string reply_path;
  Credentials sender;
  std::size_t size = 0;  // a message that was cut has a size above kMaxControlMessage
  std::array<std::byte, kMaxControlMessage> data;

  std::span<const std::byte> bytes() const { return std::span(data).first(size < data.size() ? size : data.size()); }
};

class UnixSocket {
 public:
  virtual ~UnixSocket() = default;
  virtual std::optional<UnixMessage> receive() = 0;
  virtual Status reply(const std::string& path, std::span<const std::byte> bytes) = 0;
  virtual void on_readable(std::function<void()> fn) = 0;
};

// The socket file is replaced if it is there and removed when the socket is destroyed.
struct UnixOptions {
  std::string path;
  SocketPriority priority = SocketPriority::Control;
};

class Network {
 public:
  virtual ~Network() = default;
  // Bound with address re-use allowed only where told; AddressInUse where another daemon has the port.
  virtual Result<std::unique_ptr<UdpSocket>> open_udp(const UdpOptions& options) = 0;
  virtual Result<std::unique_ptr<UnixSocket>> open_unix(const UnixOptions& options) = 0;
  // A connection to whoever listens on that path.
  virtual Result<std::unique_ptr<StreamSocket>> connect_unix(const std::string& path) = 0;
  virtual Result<std::unique_ptr<StreamListener>> listen_tcp(const ListenOptions& options) = 0;
  virtual Result<std::unique_ptr<StreamSocket>> connect_tcp(const ConnectOptions& options) = 0;
  // What was opened or accepted on another loop, and whose on_readable() or on_event() was not called yet, is this
  // one's from now on.
  virtual std::unique_ptr<UdpSocket> adopt(std::unique_ptr<UdpSocket> socket) = 0;
  virtual std::unique_ptr<StreamSocket> adopt(std::unique_ptr<StreamSocket> stream) = 0;
};

}  // namespace timed::env

#endif  // TIMED_ENV_NETWORK_H_
