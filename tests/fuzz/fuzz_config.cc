// A configuration of any bytes, which may include itself and its neighbours.  Beyond not crashing: messages hold no
// control characters and no line breaks, and what -p prints of a good configuration is the same configuration.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "../unit/config/memory_files.h"
#include "timed/config/parser.h"

namespace {

using timed::config::Diagnostic;
using timed::config::MemoryFiles;
using timed::config::ParseOutcome;

void require(bool condition) {
  if (!condition) std::abort();
}

void require_printable(const std::string& line) {
  for (const char c : line) require(static_cast<unsigned char>(c) >= ' ' && c != '\x7f');
}

void check_messages(const ParseOutcome& outcome) {
  for (const std::string& line : check_report(outcome, "/main.conf")) require_printable(line);
  for (const Diagnostic& diagnostic : outcome.errors) {
    require(!diagnostic.summary.empty());
    require(diagnostic.marker.size() <= diagnostic.excerpt.size() + 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemoryFiles files;
  const std::string text(reinterpret_cast<const char*>(data), size);
  files.files["/main.conf"] = text;
  files.files["/d/a.conf"] = "port 1\ninclude /main.conf\n";
  files.files["/d/b.conf"] = text.substr(size / 2);
  files.directories.insert("/d/c.conf");
  const ParseOutcome outcome = parse_file(files, "/main.conf");
  check_messages(outcome);
  require(files.reads <= timed::config::kMaxFiles + 1);
  if (!outcome.ok()) return 0;
  const ParseOutcome again = parse_directives(files, outcome.effective_lines);
  require(again.ok());
  require(again.effective_lines == outcome.effective_lines);
  require(again.warnings.size() == outcome.warnings.size() || again.warnings.size() > timed::config::kMaxDiagnostics);
  require(again.config.sources.size() == outcome.config.sources.size());
  require(again.config.access.size() == outcome.config.access.size());
  require(again.config.server.port == outcome.config.server.port);
  return 0;
}
