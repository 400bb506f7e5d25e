// The account that the daemon runs under and what it may still do (docs/architecture.md, "Start and stop").
#ifndef TIMED_OS_PRIVILEGES_H_
#define TIMED_OS_PRIVILEGES_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "timed/base/result.h"

namespace timed::os {

struct Account {
  std::string name;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;
};

bool is_superuser();  // real user id 0

// "Could not get user/group ID of NAME" where there is no such account.
Result<Account> find_account(const std::string& name);

// Of this process, without its name.
Account own_account();

// The directory of the command socket, made with mode 0770 for the account where it is missing.  Fails where what is
// there could let others reach the socket: "Wrong permissions on D", "Wrong owner of D (UID != n)"; the daemon then
// runs without that socket.
Status prepare_socket_directory(const std::string& path, const Account& account);
// A directory for logs or measurements, mode 0750, made for the account where it is missing.
Status prepare_log_directory(const std::string& path, const Account& account);

struct KeptPrivileges {
  bool set_time = true;        // CAP_SYS_TIME: unless -x
  bool bind_low_port = false;  // CAP_NET_BIND_SERVICE: a port below 1024 may have to be opened later
  bool bind_device = false;    // CAP_NET_RAW: sockets of one interface will be opened, by a kernel that wants it
};

// Whether a kernel of that release ("4.18.0-553.el8") wants CAP_NET_RAW for that: before 5.7.
bool wants_capability_for_devices(std::string_view kernel_release);
std::string kernel_release();

// Becomes the account for good, with the capabilities to keep as far as we have them, no others, no supplementary
// groups and no way back to root.  Who is not root only gives up the other capabilities, and new privileges; who is to
// stay root gives up nothing.  Capabilities belong to
// threads: call it before any is started.  A failure must end the process.
Status drop_root(const Account& account, const KeptPrivileges& kept);

}  // namespace timed::os

#endif  // TIMED_OS_PRIVILEGES_H_
