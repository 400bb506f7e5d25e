#include "tests/sim/sim_host.h"

#include <fnmatch.h>

#include <algorithm>

namespace timed::sim {
namespace {

constexpr std::size_t kMaxAddresses = 16;

std::string parent_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos || slash == 0 ? std::string() : path.substr(0, slash);
}

Error file_error(const std::string& path, const char* reason, ErrorKind kind) {
  return Error{"Could not open " + path + " : " + reason, kind};
}
Error not_found(const std::string& path) {
  return file_error(path, "No such file or directory", ErrorKind::NotFound);
}

}  // namespace

Result<std::vector<IpAddress>> NameTable::look_up(const std::string& name, Family family) {
  ++lookups_;
  std::vector<IpAddress> all;
  if (const auto numeric = IpAddress::parse(name)) {
    all.push_back(*numeric);
  } else if (failures_ > 0) {
    --failures_;
    return Error{"Could not resolve " + name + " : Temporary failure in name resolution", ErrorKind::Other};
  } else if (const auto found = entries_.find(name); found != entries_.end()) {
    all = found->second;
  }
  std::vector<IpAddress> wanted;
  for (const IpAddress& address : all) {
    const bool known = std::find(wanted.begin(), wanted.end(), address) != wanted.end();
    const bool fits = family == Family::Unspecified || address.family() == family;
    if (fits && !known && wanted.size() < kMaxAddresses) wanted.push_back(address);
  }
  if (wanted.empty()) return Error{"Could not resolve " + name + " : Name or service not known", ErrorKind::NotFound};
  return wanted;
}

Result<std::string> SimFiles::read(const std::string& path, std::size_t limit) {
  const auto found = entries_.find(path);
  if (found == entries_.end()) return not_found(path);
  if (found->second.directory) return file_error(path, "Is a directory", ErrorKind::Invalid);
  if (found->second.contents.size() > limit) return file_error(path, "File too large", ErrorKind::Invalid);
  return found->second.contents;
}

Status SimFiles::replace(const std::string& path, std::string_view contents, std::uint32_t mode) {
  if (const Status status = check_write(path); !status) return status;
  entries_[path] = {false, mode, 0, 0, clock_.exact_now(), std::string(contents)};
  return Status::success();
}

Status SimFiles::remove(const std::string& path) {
  if (entries_.erase(path) == 0) return not_found(path);
  return Status::success();
}

Result<env::FileInfo> SimFiles::info(const std::string& path) {
  const auto found = entries_.find(path);
  if (found == entries_.end()) return not_found(path);
  const Entry& entry = found->second;
  return env::FileInfo{entry.directory, !entry.directory, entry.mode, entry.uid, entry.gid, entry.modified};
}

Result<std::vector<std::string>> SimFiles::list(const std::string& directory) {
  const auto found = entries_.find(directory);
  if (found == entries_.end()) return not_found(directory);
  if (!found->second.directory) return file_error(directory, "Not a directory", ErrorKind::Invalid);
  std::vector<std::string> names;
  for (const auto& [path, entry] : entries_) {
    if (parent_of(path) == directory && path.size() > directory.size() + 1) {
      names.push_back(path.substr(directory.size() + 1));
    }
  }
  return names;
}

Result<std::vector<std::string>> SimFiles::glob(const std::string& pattern) {
  if (pattern.find_first_of("*?[") == std::string::npos) return std::vector<std::string>{pattern};
  std::vector<std::string> paths;
  for (const auto& [path, entry] : entries_) {
    if (fnmatch(pattern.c_str(), path.c_str(), FNM_PATHNAME | FNM_PERIOD) == 0) paths.push_back(path);
  }
  return paths;
}

Status SimFiles::make_directory(const std::string& path, std::uint32_t mode, std::int64_t uid, std::int64_t gid) {
  if (const auto found = entries_.find(path); found != entries_.end()) {
    if (found->second.directory) return Status::success();
    return file_error(path, "File exists", ErrorKind::Invalid);
  }
  for (std::string above = parent_of(path); !above.empty() && !exists(above); above = parent_of(above)) {
    entries_[above] = {true, 0755, 0, 0, clock_.exact_now(), {}};
  }
  entries_[path] = {true, mode, uid, gid, clock_.exact_now(), {}};
  return Status::success();
}

class SimAppendFile : public env::AppendFile {
 public:
  SimAppendFile(SimFiles& files, std::string path) : files_(files), path_(std::move(path)) {}
  Status append(std::string_view text) override {
    if (const Status status = files_.check_write(path_); !status) return status;
    auto& entry = files_.entries_[path_];
    entry.contents += text;
    entry.modified = files_.clock_.exact_now();
    return Status::success();
  }

 private:
  SimFiles& files_;
  const std::string path_;
};

Result<std::unique_ptr<env::AppendFile>> SimFiles::open_log(const std::string& path, std::uint32_t mode) {
  if (const Status status = check_write(path); !status) return status.error();
  if (!exists(path)) entries_[path] = {false, mode, 0, 0, clock_.exact_now(), {}};
  return std::unique_ptr<env::AppendFile>(std::make_unique<SimAppendFile>(*this, path));
}

void SimFiles::put(const std::string& path, std::string contents) {
  const std::string directory = parent_of(path);
  if (!directory.empty()) TIMED_ASSERT(make_directory(directory, 0755, 0, 0).ok());
  entries_[path] = {false, 0644, 0, 0, clock_.exact_now(), std::move(contents)};
}

Status SimFiles::check_write(const std::string& path) const {
  for (const std::string& prefix : refused_) {
    if (path.starts_with(prefix)) return file_error(path, "Permission denied", ErrorKind::Permission);
  }
  const auto found = entries_.find(path);
  if (found != entries_.end() && found->second.directory) {
    return file_error(path, "Is a directory", ErrorKind::Invalid);
  }
  const std::string directory = parent_of(path);
  if (!directory.empty() && !exists(directory)) return not_found(path);
  return Status::success();
}

void SimHost::random(std::span<std::byte> out) {
  for (std::byte& byte : out) byte = static_cast<std::byte>(random_.next() >> 56);
}

Result<RawTime> SimHost::read_rtc(const std::string& device, bool utc) {
  if (!rtc_error_) return file_error("RTC device " + device, "No such file or directory", ErrorKind::NotFound);
  // Local time is that of a zone an hour east.
  const RawTime told = RawTime::from_nanos(world_.now().nanos()) + *rtc_error_ - Duration::seconds(utc ? 0 : 3600);
  return RawTime::from_seconds(told.whole_seconds());
}

void SimHost::resolve(std::string name, Family family, Resolved done) {
  loop_.post_at(world_.now() + names_.delay(),
                [this, name = std::move(name), family, done = std::move(done)] { done(names_.look_up(name, family)); });
}

Result<std::unique_ptr<env::Worker>> SimHost::start_worker(const std::string& name) {
  if (!start_worker_) return Error{"Could not start " + name + " thread : Resource temporarily unavailable"};
  return start_worker_(name);
}

}  // namespace timed::sim
