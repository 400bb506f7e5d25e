// The Unix datagram socket of the control protocol.
#ifndef TIMED_SRC_OS_UNIX_SOCKET_H_
#define TIMED_SRC_OS_UNIX_SOCKET_H_

#include <sys/types.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "timed/env/network.h"
#include "timed/os/descriptor.h"
#include "timed/os/loop.h"

namespace timed::os {

class LinuxUnixSocket : public env::UnixSocket {
 public:
  // Where one is inherited that is bound to the path, it is used; its file stays when it is closed here.
  static Result<std::unique_ptr<env::UnixSocket>> open(Loop& loop, const env::UnixOptions& options,
                                                       Descriptor inherited = {});
  ~LinuxUnixSocket() override;

  std::optional<env::UnixMessage> receive() override;
  Status reply(const std::string& path, std::span<const std::byte> bytes) override;
  void on_readable(std::function<void()> fn) override;

 private:
  LinuxUnixSocket(Loop& loop, Descriptor descriptor, env::UnixOptions options);
  void remember_file();
  enum class Taken { Nothing, Dropped, Message };
  Taken receive_one(env::UnixMessage& message);

  Loop& loop_;
  Descriptor descriptor_;
  env::UnixOptions options_;
  dev_t device_ = 0;  // of the socket file, so that only our own is removed
  ino_t inode_ = 0;
  Loop::WatchId watch_ = 0;
};

}  // namespace timed::os

#endif  // TIMED_SRC_OS_UNIX_SOCKET_H_
