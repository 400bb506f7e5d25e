#include "timed/sources/source_files.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>
#include <variant>

#include "timed/base/log.h"
#include "timed/base/statement_words.h"
#include "timed/base/text.h"

namespace timed::sources {
namespace {

std::optional<SourceLine> read_source_line(std::span<const Word> words) {
  const auto kind = source_kind_of(words[0].text);
  if (!kind) return std::nullopt;
  auto parsed = parse_source_line(words.subspan(1), *kind);
  auto* const line = std::get_if<ParsedLine>(&parsed);
  if (line == nullptr) return std::nullopt;
  return std::move(line->line);
}

void pass_over(const std::string& file, std::uint32_t line, FoundSources& found) {
  if (found.passed_over.size() < FoundSources::kMaxPassedOver) found.passed_over.push_back({file, line});
  if (found.lossy_files.empty() || found.lossy_files.back().file != file) found.lossy_files.push_back({file, line, 0});
  ++found.lossy_files.back().count;
}

void log_lossy_file(const LossyFile& lossy) {
  if (lossy.first_line == 0) {
    log::warning("%s could not be read", lossy.file.c_str());
  } else if (lossy.count == 1) {
    log::warning("Line %u of %s was passed over", unsigned{lossy.first_line}, lossy.file.c_str());
  } else {
    log::warning("%zu lines of %s were passed over, the first at line %u", lossy.count, lossy.file.c_str(),
                 unsigned{lossy.first_line});
  }
}

void log_lossy_files(std::span<const LossyFile> files) {
  const std::size_t told = std::min(files.size(), FoundSources::kMaxToldFiles);
  for (const LossyFile& lossy : files.first(told)) log_lossy_file(lossy);
  if (files.size() > told) log::warning("Lines of %zu more files were passed over", files.size() - told);
}

bool is_sources_name(std::string_view name) {
  return !name.empty() && name[0] != '.' && name.ends_with(".sources");
}

// A directory that is not there yet has no files; one that cannot be read may have some.
void find_files(env::Files& files, const SourceDirectories& directories, SourceFilePaths& paths) {
  std::map<std::string, std::string> found;  // by name; of equal names that of the first directory
  for (const std::string& directory : directories) {
    const Result<std::vector<std::string>> names = files.list(directory);
    if (!names && names.error().kind != ErrorKind::NotFound) paths.closed_directories.push_back(directory);
    if (!names) continue;
    for (const std::string& name : *names) {
      if (!is_sources_name(name)) continue;
      std::string path = directory;
      if (!path.ends_with('/')) path += '/';
      found.try_emplace(name, path.append(name));
    }
  }
  for (auto& [name, path] : found) paths.files.push_back(std::move(path));
}

}  // namespace

void read_source_lines(std::string_view text, const std::string& file, FoundSources& found) {
  std::uint32_t number = 1;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n'), ++number) {
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const std::vector<Word> words = statement_words(line);
    if (words.empty()) continue;
    if (auto source = line.size() < kMaxStatementLine ? read_source_line(words) : std::nullopt) {
      found.lines.push_back(std::move(*source));
    } else {
      pass_over(file, number, found);
    }
  }
  if (!statement_words(text).empty()) pass_over(file, number, found);
}

SourceFilePaths find_source_files(env::Files& files, std::span<const SourceDirectories> directories) {
  SourceFilePaths paths;
  for (const SourceDirectories& of_line : directories) find_files(files, of_line, paths);
  return paths;
}

FoundSources read_source_files(env::Files& files, std::span<const SourceDirectories> directories) {
  FoundSources found;
  const SourceFilePaths paths = find_source_files(files, directories);
  for (const std::string& directory : paths.closed_directories) pass_over(directory, 0, found);
  for (const std::string& path : paths.files) {
    if (const Result<std::string> text = files.read(path)) {
      read_source_lines(*text, path, found);
    } else {
      pass_over(path, 0, found);
    }
  }
  return found;
}

std::size_t ReloadReport::count(ReloadChange::What what) const {
  return static_cast<std::size_t>(
      std::count_if(changes.begin(), changes.end(), [what](const ReloadChange& c) { return c.what == what; }));
}

bool comes_before(const SourceLine& a, const SourceLine& b) {
  const auto first = [](const SourceLine& line) { return std::tie(line.name, line.kind, line.family, line.port); };
  if (first(a) != first(b)) return first(a) < first(b);
  return a < b;
}

SourceFiles::SourceFiles(std::vector<SourceDirectories> directories, env::Files& files, env::Timers& timers,
                         SourceSet& sources)
    : directories_(std::move(directories)), files_(files), timers_(timers), sources_(sources) {}

void SourceFiles::reload() {
  FoundSources found = read_source_files(files_, directories_);
  std::vector<SourceLine>& lines = found.lines;
  report_ = ReloadReport{timers_.now(), {}};
  std::sort(lines.begin(), lines.end(), comes_before);
  std::vector<Entry> entries;
  auto old = entries_.begin();
  const auto remove_old = [&] {
    if (old->id) {
      sources_.remove_line(*old->id, log::Severity::Info);
      report_->changes.push_back({ReloadChange::What::Removed, old->line.kind, old->line.name, AddStatus::Added, {}});
    }
    ++old;
  };
  // Both are in order, so that one walk pairs them, equal ones of each side one by one.
  for (SourceLine& line : lines) {
    while (old != entries_.end() && comes_before(old->line, line)) remove_old();
    if (old != entries_.end() && old->line == line) {
      entries.push_back(std::move(*old++));
    } else {
      entries.push_back({std::move(line), std::nullopt, AddStatus::Added});
    }
  }
  while (old != entries_.end()) remove_old();
  entries_ = std::move(entries);

  // All that goes has gone before anything comes: a changed line may keep its address.
  for (Entry& entry : entries_) {
    ReloadChange::What what = ReloadChange::What::Kept;
    if (!entry.id) {
      add(entry);
      what = entry.id ? ReloadChange::What::Added : ReloadChange::What::Refused;
    }
    report_->changes.push_back({what, entry.line.kind, entry.line.name, entry.failure, {}});
  }
  for (PassedOver& where : found.passed_over) {
    report_->changes.push_back(
        {ReloadChange::What::PassedOver, SourceKind::Server, {}, AddStatus::Added, std::move(where)});
  }
  log_lossy_files(found.lossy_files);
  sources_.hurry_names();
}

void SourceFiles::add(Entry& entry) {
  const AddResult result = sources_.add(entry.line, log::Severity::Info);
  if (result.status == AddStatus::Added) {
    entry.id = result.line;
  } else if (result.status != entry.failure) {
    log::error("Could not add source %s : %s", entry.line.name.c_str(), reason_of(result.status));
  }
  entry.failure = result.status;
}

}  // namespace timed::sources
