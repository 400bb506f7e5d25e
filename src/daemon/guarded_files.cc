// Whoever may rename in a directory chooses what lies there, so a file is as safe as each directory on the way to it,
// on the way that its name says and on the one that links lead to.  In a directory with the sticky bit only the owner
// of a file may do that, which saves a file that is there; it does not save one that the daemon is still to make.
#include "timed/daemon/guarded_files.h"

#include <algorithm>
#include <utility>

#include "timed/base/text.h"
#include "timed/env/file_permissions.h"
#include "timed/nts/server_keys.h"

namespace timed::daemon {
namespace {

constexpr std::uint32_t kSticky = 01000, kGroupWrites = 020, kOthersWrite = 02;

using Texts = std::vector<std::string>;

void tell(Texts& told, std::string text) {
  if (std::find(told.begin(), told.end(), text) == told.end()) told.push_back(std::move(text));
}

void tell_owner(Texts& told, const std::string& path, const env::FileInfo& info, const FileOwner& owner) {
  if (info.uid <= 0 || info.uid == owner.uid) return;
  tell(told, format("Wrong owner of %s (UID %lld, neither root nor the account of the daemon)", path.c_str(),
                    static_cast<long long>(info.uid)));
}

void tell_writers(Texts& told, const std::string& path, const env::FileInfo& info, const FileOwner& owner,
                  bool everybody_is_told_of = false) {
  if ((info.mode & kOthersWrite) != 0) {
    if (!everybody_is_told_of) tell(told, "World-writable permissions on " + path);
  } else if ((info.mode & kGroupWrites) != 0 && info.gid != 0 && info.gid != owner.gid) {
    tell(told, format("Group-writable permissions on %s (GID %lld)", path.c_str(), static_cast<long long>(info.gid)));
  }
}

// The directory of a path without a slash at its end; empty for the root.
std::string directory_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (path.size() <= 1 || slash == std::string::npos) return {};
  return slash == 0 ? "/" : path.substr(0, slash);
}

std::string without_final_slash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

void tell_way_to(Texts& told, const std::string& path, env::Files& files, const FileOwner& owner) {
  for (std::string at = directory_of(path); !at.empty(); at = directory_of(at)) {
    const auto info = files.info(at);
    if (!info) continue;
    tell_owner(told, at, *info, owner);
    if ((info->mode & kSticky) == 0) tell_writers(told, at, *info, owner);
  }
}

}  // namespace

GuardedFiles::GuardedFiles(const config::Config& config) {
  const nts::NtsOptions& nts = config.nts;
  add(config.key_file, Kind::Secret);
  for (const std::string& path : nts.server.keys) add(path, Kind::Secret);
  for (const std::string& path : nts.server.certificates) add(path, Kind::Trusted);
  add(nts.server.secret_file, Kind::Secret);
  for (const nts::TrustedCertificates& trusted : nts.client.trusted) add(trusted.path, Kind::Trusted);
  if (config.run.purpose != config::RunOptions::Purpose::MeasureClock) {
    add(directory_of(config.drift_file.path), Kind::State);
    add(config.dump_directory, Kind::State);
  }
  if (nts.dump_directory.empty()) return;
  if (nts.server.rotate == 0 && nts.server.secret_file.empty())
    add(nts::ServerKeys::file_in(nts.dump_directory), Kind::Shared);
  else
    add(nts.dump_directory, Kind::State);
}

void GuardedFiles::add(const std::string& path, Kind kind) {
  if (!path.empty()) files_.push_back({without_final_slash(path), kind});
}

std::vector<std::string> GuardedFiles::exposures(env::Files& files, const FileOwner& owner,
                                                 const TruePath& true_path) const {
  Texts told;
  for (const auto& [path, kind] : files_) {
    if (const auto info = files.info(path)) {
      tell_owner(told, path, *info, owner);
      const bool told_by_others = kind == Kind::Secret || kind == Kind::Shared;
      tell_writers(told, path, *info, owner, told_by_others);
    }
    tell_way_to(told, path, files, owner);
    const std::string end = true_path(path);
    if (end != path) tell_way_to(told, end, files, owner);
  }
  return told;
}

std::vector<std::string> GuardedFiles::open_secrets(env::Files& files) const {
  Texts told;
  for (const auto& [path, kind] : files_) {
    if (kind != Kind::Secret && kind != Kind::Shared) continue;
    if (auto open = env::world_access(files, path)) tell(told, std::move(*open));
  }
  return told;
}

std::vector<std::string> GuardedFiles::wrong_access(const FileAccess& access) const {
  Texts told;
  for (const auto& [path, kind] : files_) {
    if (const Status reads = access.may_read(path); !reads) {
      // What is not there is told by who looks for it; a place of state, only when that is lost.
      const bool is_missing = reads.error().kind == ErrorKind::NotFound;
      if (is_missing && kind != Kind::State) continue;
      tell(told, (is_missing ? "Missing write access to " : "Missing read access to ") + path + " : " +
                     reads.error().reason());
      continue;
    }
    const Status writes = access.may_write(path);
    if (kind == Kind::State && !writes) {
      tell(told, "Missing write access to " + path + " : " + writes.error().reason());
    }
    if ((kind == Kind::Secret || kind == Kind::Trusted) && writes) tell(told, "Having write access to " + path);
  }
  return told;
}

}  // namespace timed::daemon
