// Answers for the Windows machines of a Samba domain (MS-SNTP), which Samba signs with their accounts' keys: over the
// socket of its ntp_signd, one answer after the other.
#ifndef TIMED_SERVER_SIGND_H_
#define TIMED_SERVER_SIGND_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "timed/env/network.h"
#include "timed/env/stream.h"
#include "timed/ntp/packet.h"

namespace timed::server {

class Signd {
 public:
  // Answers that wait for Samba at most; the rest is lost, and asked for again by whoever wants it.
  static constexpr std::size_t kWaiting = 15;
  // Header, key identifier and code, as the client gets them.
  static constexpr std::size_t kSignedSize = ntp::kHeaderSize + 20;

  using Send = std::function<void(std::size_t place, env::Datagram& answer)>;
  // directory: of Samba's socket, which is named "socket".  `send` gets what was signed; it may not destroy this.
  Signd(const std::string& directory, env::Network& network, Send send);

  // An answer of kSignedSize octets, complete but for its code.
  void sign(std::size_t place, const env::Datagram& answer);

  std::uint64_t signed_answers() const { return signed_; }
  // That found no room, or that Samba did not sign.
  std::uint64_t lost() const { return lost_; }

 private:
  static constexpr std::size_t kQuestionSize = 68;
  static constexpr std::size_t kReplySize = 16 + kSignedSize;
  struct Waiting {
    std::size_t place = 0;
    env::Datagram answer;
  };

  bool connect();
  void on_event();
  void ask();
  void push();
  bool take_reply();
  void give_up();

  std::string path_;
  env::Network& network_;
  Send send_;
  std::unique_ptr<env::StreamSocket> connection_;
  bool told_ = false;  // of a failure, until one succeeds
  std::array<Waiting, kWaiting> waiting_{};
  std::size_t first_ = 0;
  std::size_t count_ = 0;
  // Of the first that waits.
  bool asked_ = false;
  std::uint16_t id_ = 0;
  std::array<std::byte, kQuestionSize> question_{};
  std::size_t pushed_ = 0;
  std::array<std::byte, kReplySize> reply_{};
  std::size_t taken_ = 0;
  std::uint64_t signed_ = 0;
  std::uint64_t lost_ = 0;
};

}  // namespace timed::server

#endif  // TIMED_SERVER_SIGND_H_
