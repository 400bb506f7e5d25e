#include "timed/os/privileges.h"

#include <grp.h>
#include <pwd.h>
#include <sys/capability.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <memory>
#include <vector>

#include "system_error.h"
#include "timed/base/text.h"
#include "timed/os/files.h"

namespace timed::os {
namespace {

constexpr std::uint32_t kSocketDirectoryMode = 0770;
constexpr std::uint32_t kLogDirectoryMode = 0750;
constexpr std::size_t kAccountBuffer = 65536;

struct FreeCapabilities {
  void operator()(cap_t set) const { ::cap_free(set); }
};
using Capabilities = std::unique_ptr<std::remove_pointer_t<cap_t>, FreeCapabilities>;

std::vector<cap_value_t> wanted_capabilities(const KeptPrivileges& kept) {
  std::vector<cap_value_t> wanted;
  if (kept.set_time) wanted.push_back(CAP_SYS_TIME);
  if (kept.bind_low_port) wanted.push_back(CAP_NET_BIND_SERVICE);
  if (kept.bind_device) wanted.push_back(CAP_NET_RAW);
  return wanted;
}

Status keep_only(const KeptPrivileges& kept) {
  const Capabilities have(::cap_get_proc());
  const Capabilities keep(::cap_init());
  if (!have || !keep) return system_error("Could not get capabilities", errno);
  for (const cap_value_t capability : wanted_capabilities(kept)) {
    // A container may have withheld it from root too.
    cap_flag_value_t permitted = CAP_CLEAR;
    if (::cap_get_flag(have.get(), capability, CAP_PERMITTED, &permitted) != 0 || permitted != CAP_SET) continue;
    if (::cap_set_flag(keep.get(), CAP_PERMITTED, 1, &capability, CAP_SET) != 0 ||
        ::cap_set_flag(keep.get(), CAP_EFFECTIVE, 1, &capability, CAP_SET) != 0) {
      return system_error("Could not set capabilities", errno);
    }
  }
  if (::cap_set_proc(keep.get()) != 0) return system_error("Could not set capabilities", errno);
  return Status::success();
}

// A container may have withheld that too, and then somebody has to choose.
Error refusal_to_become(const char* what, const Account& account, int number) {
  Error error = system_error(what, number);
  if (number != EPERM) return error;
  error.message += " (becoming " + account.name + " takes CAP_SETGID and CAP_SETUID; -u root stays what it is)";
  return error;
}

Status become(const Account& account) {
  if (::setgroups(0, nullptr) != 0) {
    return refusal_to_become("Could not drop supplementary groups", account, errno);
  }
  if (::setresgid(account.gid, account.gid, account.gid) != 0) {
    return refusal_to_become("Could not change group", account, errno);
  }
  if (::setresuid(account.uid, account.uid, account.uid) != 0) {
    return refusal_to_become("Could not change user", account, errno);
  }
  return Status::success();
}

// Whoever is not root may have been started with capabilities all the same.
Status give_up_the_rest(const KeptPrivileges& kept) {
  if (auto done = keep_only(kept); !done) return done;
  static_cast<void>(::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0L, 0L, 0L));
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) != 0) return system_error("Could not forbid new privileges", errno);
  return Status::success();
}

// Tried, not deduced from what the calls before have answered.
Status verify_no_way_back(const Account& account) {
  const bool regained = account.uid != 0 && (::setuid(0) == 0 || ::seteuid(0) == 0 || ::setresuid(0, 0, 0) == 0);
  std::array<uid_t, 3> uids{};
  std::array<gid_t, 3> gids{};
  ::getresuid(&uids[0], &uids[1], &uids[2]);
  ::getresgid(&gids[0], &gids[1], &gids[2]);
  bool became = true;
  for (const uid_t uid : uids) became = became && uid == account.uid;
  for (const gid_t gid : gids) became = became && gid == account.gid;
  if (regained || !became || ::getgroups(0, nullptr) != 0) return Error{"Could not drop root privileges for good"};
  return Status::success();
}

Status check_socket_directory(const std::string& path, const Account& account) {
  struct stat found {};
  if (::lstat(path.c_str(), &found) != 0) return path_error("access", path, errno);
  if (!S_ISDIR(found.st_mode)) return path_error("use directory", path, ENOTDIR);
  if ((found.st_mode & 0777 & ~kSocketDirectoryMode) != 0) {
    return Error{"Wrong permissions on " + path, ErrorKind::Permission};
  }
  if (found.st_uid != account.uid) {
    return Error{format("Wrong owner of %s (UID != %u)", path.c_str(), account.uid), ErrorKind::Permission};
  }
  if (found.st_gid != account.gid) {
    return Error{format("Wrong owner of %s (GID != %u)", path.c_str(), account.gid), ErrorKind::Permission};
  }
  return Status::success();
}

}  // namespace

bool is_superuser() {
  return ::getuid() == 0;
}

Result<Account> find_account(const std::string& name) {
  std::vector<char> buffer(kAccountBuffer);
  passwd entry{};
  passwd* found = nullptr;
  const int failure = ::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found);
  if (failure != 0 || found == nullptr) {
    return Error{"Could not get user/group ID of " + name, ErrorKind::NotFound};
  }
  return Account{name, entry.pw_uid, entry.pw_gid};
}

Account own_account() {
  return {std::string(), ::getuid(), ::getgid()};
}

Status prepare_socket_directory(const std::string& path, const Account& account) {
  LinuxFiles files;
  if (auto done = files.make_directory(path, kSocketDirectoryMode, account.uid, account.gid); !done) return done;
  return check_socket_directory(path, account);
}

Status prepare_log_directory(const std::string& path, const Account& account) {
  return LinuxFiles().make_directory(path, kLogDirectoryMode, account.uid, account.gid);
}

bool wants_capability_for_devices(std::string_view kernel_release) {
  constexpr int kMajor = 5, kMinor = 7;
  const char* const end = kernel_release.data() + kernel_release.size();
  int major = 0, minor = 0;
  const auto first = std::from_chars(kernel_release.data(), end, major);
  if (first.ec != std::errc() || first.ptr == end || *first.ptr != '.') return false;
  if (std::from_chars(first.ptr + 1, end, minor).ec != std::errc()) return false;
  return major < kMajor || (major == kMajor && minor < kMinor);
}

std::string kernel_release() {
  utsname name{};
  return ::uname(&name) == 0 ? name.release : "";
}

Status drop_root(const Account& account, const KeptPrivileges& kept) {
  if (::geteuid() != 0) return give_up_the_rest(kept);
  if (account.uid == 0 && account.gid == 0) return Status::success();
  if (::prctl(PR_SET_KEEPCAPS, 1L, 0L, 0L, 0L) != 0) return system_error("Could not keep capabilities", errno);
  if (auto done = become(account); !done) return done;
  if (auto done = give_up_the_rest(kept); !done) return done;
  static_cast<void>(::prctl(PR_SET_KEEPCAPS, 0L, 0L, 0L, 0L));
  return verify_no_way_back(account);
}

}  // namespace timed::os
