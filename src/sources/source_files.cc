#include "timed/sources/source_files.h"

#include <algorithm>
#include <array>
#include <map>
#include <tuple>
#include <utility>
#include <variant>

#include "timed/base/characters.h"
#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::sources {
namespace {

constexpr std::size_t kMaxLine = 2047;  // bytes with the newline

struct KindWord {
  std::string_view word;
  SourceKind kind;
};
constexpr std::array<KindWord, 3> kKinds = {
    {{"server", SourceKind::Server}, {"pool", SourceKind::Pool}, {"peer", SourceKind::Peer}}};

// Without words.
bool is_empty(std::string_view text) {
  const std::vector<Word> words = split_words(text.substr(0, text.find('\0')));
  return words.empty() || marks_comment(words[0].text[0]);
}

std::optional<SourceLine> read_source_line(std::string_view text) {
  if (text.size() >= kMaxLine) return std::nullopt;
  std::vector<Word> words = split_words(text.substr(0, text.find('\0')));
  const auto comment = std::find_if(words.begin(), words.end(), [](const Word& word) { return word.text[0] == '#'; });
  words.erase(comment, words.end());
  const auto kind = std::find_if(kKinds.begin(), kKinds.end(),
                                 [&](const KindWord& k) { return equals_ignoring_case(k.word, words[0].text); });
  if (kind == kKinds.end()) return std::nullopt;
  auto parsed = parse_source_line(std::span(words).subspan(1), kind->kind);
  auto* const line = std::get_if<ParsedLine>(&parsed);
  if (line == nullptr) return std::nullopt;
  return std::move(line->line);
}

void pass_over(const std::string& file, std::uint32_t line, FoundSources& found) {
  if (found.passed_over.size() < FoundSources::kMaxPassedOver) found.passed_over.push_back({file, line});
}

bool is_sources_name(std::string_view name) {
  return !name.empty() && name[0] != '.' && name.ends_with(".sources");
}

// By name; of equal names that of the first directory.
std::map<std::string, std::string> find_files(env::Files& files, const SourceDirectories& directories) {
  std::map<std::string, std::string> found;
  for (const std::string& directory : directories) {
    const Result<std::vector<std::string>> names = files.list(directory);
    if (!names) continue;
    for (const std::string& name : *names) {
      if (!is_sources_name(name)) continue;
      std::string path = directory;
      if (!path.ends_with('/')) path += '/';
      found.try_emplace(name, path.append(name));
    }
  }
  return found;
}

}  // namespace

void read_source_lines(std::string_view text, const std::string& file, FoundSources& found) {
  std::uint32_t number = 1;
  for (std::size_t end = text.find('\n'); end != std::string_view::npos; end = text.find('\n'), ++number) {
    const std::string_view words = text.substr(0, end);
    text.remove_prefix(end + 1);
    if (is_empty(words)) continue;
    if (auto line = read_source_line(words)) {
      found.lines.push_back(std::move(*line));
    } else {
      pass_over(file, number, found);
    }
  }
  if (!is_empty(text)) pass_over(file, number, found);
}

FoundSources read_source_files(env::Files& files, std::span<const SourceDirectories> directories) {
  FoundSources found;
  for (const SourceDirectories& of_line : directories) {
    for (const auto& [name, path] : find_files(files, of_line)) {
      if (const Result<std::string> text = files.read(path)) {
        read_source_lines(*text, path, found);
      } else {
        pass_over(path, 0, found);
      }
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
