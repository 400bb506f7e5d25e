// Sources in files of their own, which are read at the start and whenever an operator says so ("sourcedir", spec
// config.md 1.4).  A program that learns of servers, as from DHCP, writes such a file and has it read.
#ifndef TIMED_SOURCES_SOURCE_FILES_H_
#define TIMED_SOURCES_SOURCE_FILES_H_

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "timed/env/files.h"
#include "timed/sources/options.h"
#include "timed/sources/source_set.h"

namespace timed::sources {

// The server, pool and peer lines of a text; whatever else stands there is passed over, and so is a last line without
// a newline: its writer has not finished.
std::vector<SourceLine> read_source_lines(std::string_view text);
// Of all *.sources files.  Those that cannot be read are passed over.
std::vector<SourceLine> read_source_files(env::Files& files, std::span<const SourceDirectories> directories);

// An order for lines in which equal ones stand together: by name, kind, family and port before all else.
bool comes_before(const SourceLine& a, const SourceLine& b);

class SourceFiles {
 public:
  // What they refer to outlives the object.
  SourceFiles(std::vector<SourceDirectories> directories, env::Files& files, SourceSet& sources);

  // Reads the files and brings the set to what they say now: lines that are no longer there go, with all sources that
  // were made of them, new ones come, and what stayed the same is left alone.  What could not be added is tried again
  // each time; the operator is told when the reason is another one.
  void reload();

 private:
  struct Entry {
    SourceLine line;
    std::optional<LineId> id;  // none: it could not be added
    AddStatus failure = AddStatus::Added;
  };

  std::vector<SourceDirectories> directories_;
  env::Files& files_;
  SourceSet& sources_;
  std::vector<Entry> entries_;  // in the order of comes_before()
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SOURCE_FILES_H_
