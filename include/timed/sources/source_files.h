// Sources in files of their own, which are read at the start and whenever an operator says so ("sourcedir").  A program
// that learns of servers, as from DHCP, writes such a file and has it read.
#ifndef TIMED_SOURCES_SOURCE_FILES_H_
#define TIMED_SOURCES_SOURCE_FILES_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "timed/base/units.h"
#include "timed/env/files.h"
#include "timed/env/timers.h"
#include "timed/sources/options.h"
#include "timed/sources/source_set.h"

namespace timed::sources {

// A line that is no source, or a file or directory that cannot be read (line 0).
struct PassedOver {
  std::string file;
  std::uint32_t line = 0;
  bool operator==(const PassedOver&) const = default;
};
// A file with such lines.
struct LossyFile {
  std::string file;
  std::uint32_t first_line = 0;
  std::size_t count = 0;
  bool operator==(const LossyFile&) const = default;
};
struct FoundSources {
  static constexpr std::size_t kMaxPassedOver = 1024;  // that are told; more are passed over all the same
  static constexpr std::size_t kMaxToldFiles = 16;     // that have a message of their own in the log
  std::vector<SourceLine> lines;
  std::vector<PassedOver> passed_over;
  std::vector<LossyFile> lossy_files;
};
// The server, pool and peer lines of a text; whatever else stands there is passed over, and so is a last line without
// a newline: its writer has not finished.
void read_source_lines(std::string_view text, const std::string& file, FoundSources& found);
struct SourceFilePaths {
  std::vector<std::string> files;               // all *.sources files, in the order in which they are read
  std::vector<std::string> closed_directories;  // that are there and cannot be read
};
SourceFilePaths find_source_files(env::Files& files, std::span<const SourceDirectories> directories);
// Of all these files.
FoundSources read_source_files(env::Files& files, std::span<const SourceDirectories> directories);

// An order for lines in which equal ones stand together: by name, kind, family and port before all else.
bool comes_before(const SourceLine& a, const SourceLine& b);

// What the last reload has made of a line.
struct ReloadChange {
  enum class What : std::uint8_t { Kept, Added, Removed, Refused, PassedOver };
  What what = What::Kept;
  SourceKind kind = SourceKind::Server;  // not of a line that was passed over
  std::string name;
  AddStatus reason = AddStatus::Added;  // of a refusal
  PassedOver where;                     // of a line that was passed over
};
struct ReloadReport {
  MonoTime when;
  std::vector<ReloadChange> changes;  // first what has gone, then what is there, then what was passed over
  std::size_t count(ReloadChange::What what) const;
};

class SourceFiles {
 public:
  // What they refer to outlives the object.
  SourceFiles(std::vector<SourceDirectories> directories, env::Files& files, env::Timers& timers, SourceSet& sources);

  // Reads the files and brings the set to what they say now: lines that are no longer there go, with all sources that
  // were made of them, new ones come, and what stayed the same is left alone.  What could not be added is tried again
  // each time; the operator is told when the reason is another one, and each time which files have lines that were
  // passed over.
  void reload();
  // Empty before the first.
  const std::optional<ReloadReport>& last_reload() const { return report_; }

 private:
  struct Entry {
    SourceLine line;
    std::optional<LineId> id;  // none: it could not be added
    AddStatus failure = AddStatus::Added;
  };

  void add(Entry& entry);

  std::vector<SourceDirectories> directories_;
  env::Files& files_;
  env::Timers& timers_;
  SourceSet& sources_;
  std::optional<ReloadReport> report_;
  std::vector<Entry> entries_;  // in the order of comes_before()
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SOURCE_FILES_H_
