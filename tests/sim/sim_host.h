// The rest of a machine: random bytes from the world's seed, names, files in memory, and what was told to the service
// manager.
#ifndef TIMED_TESTS_SIM_SIM_HOST_H_
#define TIMED_TESTS_SIM_SIM_HOST_H_

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/sim_clock.h"
#include "tests/sim/sim_loop.h"
#include "tests/sim/world.h"
#include "timed/env/files.h"
#include "timed/env/host.h"

namespace timed::sim {

// The names that every machine resolves.
class NameTable {
 public:
  void set(const std::string& name, std::vector<IpAddress> addresses) { entries_[name] = std::move(addresses); }
  void remove(const std::string& name) { entries_.erase(name); }
  void set_delay(Duration delay) { delay_ = delay; }
  // The next that many look-ups fail, whatever the name.
  void fail_next(std::size_t count) { failures_ = count; }

  Duration delay() const { return delay_; }
  std::size_t lookups() const { return lookups_; }
  // At most 16, without duplicates, of the family; numeric names need no entry.
  Result<std::vector<IpAddress>> look_up(const std::string& name, Family family);

 private:
  std::map<std::string, std::vector<IpAddress>> entries_;
  Duration delay_ = Duration::millis(1);
  std::size_t failures_ = 0;
  std::size_t lookups_ = 0;
};

// A file tree in memory.  It outlives the daemon: a restarted one finds what it wrote.
class SimFiles : public env::Files {
 public:
  explicit SimFiles(SimClock& clock) : clock_(clock) {}

  Result<std::string> read(const std::string& path, std::size_t limit = 16u << 20) override;
  Status replace(const std::string& path, std::string_view contents, std::uint32_t mode) override;
  Status remove(const std::string& path) override;
  Result<env::FileInfo> info(const std::string& path) override;
  Result<std::vector<std::string>> list(const std::string& directory) override;
  Result<std::vector<std::string>> glob(const std::string& pattern) override;
  Status make_directory(const std::string& path, std::uint32_t mode, std::int64_t uid, std::int64_t gid) override;
  Result<std::unique_ptr<env::AppendFile>> open_log(const std::string& path, std::uint32_t mode) override;

  // For the test: a file with its directories, and whether writing to paths with a prefix fails.
  void put(const std::string& path, std::string contents);
  void refuse_writes_below(std::string prefix) { refused_.push_back(std::move(prefix)); }
  bool exists(const std::string& path) const { return entries_.count(path) != 0; }

 private:
  struct Entry {
    bool directory = false;
    std::uint32_t mode = 0;
    std::int64_t uid = 0;
    std::int64_t gid = 0;
    RawTime modified;
    std::string contents;
  };
  friend class SimAppendFile;
  Status check_write(const std::string& path) const;

  SimClock& clock_;
  std::map<std::string, Entry> entries_;
  std::vector<std::string> refused_;
};

class SimHost : public env::Host {
 public:
  SimHost(World& world, NameTable& names, SimClock& clock, SimLoop& loop)
      : world_(world), names_(names), loop_(loop), random_(world.fork_random()), files_(clock) {}

  void random(std::span<std::byte> out) override;
  void resolve(std::string name, Family family, Resolved done) override;
  SimFiles& files() override { return files_; }
  void notify(const std::string& state) override { notified_.push_back(state); }
  void mail(const std::string& message) override { mails_.push_back(message); }
  Result<RawTime> read_rtc(const std::string& device, bool utc) override;
  std::string machine_name() override { return "simulated"; }
  int processors() override { return processors_; }
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string& name) override;
  void post(std::function<void()> fn) override { loop_.post_at(world_.now(), std::move(fn)); }

  using StartWorker = std::function<Result<std::unique_ptr<env::Worker>>(const std::string& name)>;
  // How workers are made; before: there are none.
  void allow_workers(StartWorker start) { start_worker_ = std::move(start); }
  void set_processors(int count) { processors_ = count; }

  // A real-time clock that keeps UTC, wrong by so much (positive = fast) for good; before: none.
  void fit_rtc(Duration error) { rtc_error_ = error; }

  const std::vector<std::string>& notified() const { return notified_; }
  const std::vector<std::string>& mails() const { return mails_; }

 private:
  World& world_;
  NameTable& names_;
  SimLoop& loop_;
  SeededRandom random_;
  SimFiles files_;
  std::vector<std::string> notified_;
  std::vector<std::string> mails_;
  std::optional<Duration> rtc_error_;
  int processors_ = 2;
  StartWorker start_worker_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_SIM_HOST_H_
