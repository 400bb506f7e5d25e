// One socket towards a daemon, connected: UDP, or a Unix datagram socket with a path of its own to be answered at.
#ifndef TIMED_CLIENT_CONNECTION_H_
#define TIMED_CLIENT_CONNECTION_H_

#include <memory>
#include <string>

#include "timed/base/address.h"
#include "timed/base/result.h"

namespace timed::client {

// Where a daemon may be reached: the path of its socket, or an address and a port.
struct DaemonAddress {
  std::string path;  // absolute; empty = endpoint
  Endpoint endpoint;
};

// The socket file DIRECTORY/NAME.PID/RANDOM/sock, at which the daemon answers.  The random name keeps another user of
// the directory from being there first.  All of it is removed when it is destroyed.
class ReplyPath {
 public:
  ReplyPath() = default;
  ~ReplyPath();
  ReplyPath(const ReplyPath&) = delete;
  ReplyPath& operator=(const ReplyPath&) = delete;

  // Makes the directories and binds the socket to a file in them that the daemon may write to.
  Status bind(int fd, const std::string& directory, const std::string& client_name);

  // Removes it when one of these signals ends the process, too: SIGHUP, SIGINT, SIGTERM.  Called once, by main().
  static void remove_on_signals();

 private:
  Status make_directories(const std::string& directory, const std::string& client_name);

  std::string outer_;
  std::string inner_;
  std::string socket_;
};

class Connection {
 public:
  Connection() = default;
  ~Connection() { close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // client_name is the first part of the reply path.
  Status open(const DaemonAddress& address, const std::string& client_name);
  void close();
  bool is_open() const { return fd_ >= 0; }
  int fd() const { return fd_; }

 private:
  Status open_unix(const std::string& path, const std::string& client_name);
  Status open_udp(const Endpoint& endpoint);

  int fd_ = -1;
  std::unique_ptr<ReplyPath> reply_path_;
};

}  // namespace timed::client

#endif  // TIMED_CLIENT_CONNECTION_H_
