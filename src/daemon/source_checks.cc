#include "source_checks.h"

#include <algorithm>
#include <utility>

#include "timed/base/text.h"
#include "timed/sources/membership.h"
#include "timed/sources/source_files.h"
#include "timed/sources/source_names.h"

namespace timed::daemon {
namespace {

config::SourceLack refused(const sources::SourceLine& line, sources::AddStatus why, const char* expected) {
  return {line.name, "Could not add source " + line.name + " : " + sources::reason_of(why), expected};
}

}  // namespace

bool SourceLacks::has_certificates(std::uint32_t set) const {
  const nts::NtsClientOptions& client = config_.nts.client;
  if (set == 0 && !client.no_system_certificates) return true;
  return std::ranges::any_of(client.trusted, [set](const auto& trusted) { return trusted.set == set; });
}

std::vector<config::SourceLack> SourceLacks::operator()(const sources::SourceLine& line) {
  std::vector<config::SourceLack> lacks;
  const auto host = sources::host_kind(line, sources::wanted_family(line, config_.family));
  if (host.wrong_family) {
    lacks.push_back(refused(line, sources::AddStatus::InvalidAddress, "an address of the family that is asked for"));
  } else if (host.literal && !addresses_.insert(*host.literal).second) {
    lacks.push_back(refused(line, sources::AddStatus::AlreadyInUse, "each address once"));
  }
  // With NTS nothing is signed with a key.
  if (line.key && !line.nts && keys_ != nullptr && keys_->find(*line.key) == nullptr) {
    lacks.push_back({"key", format("Key %u is missing", static_cast<unsigned>(*line.key)),
                     config_.key_file.empty() ? "a keyfile line beside it" : "a key of the keyfile"});
  }
  if (line.nts && certificates_are_known_ && !has_certificates(line.cert_set)) {
    lacks.push_back({"certset", "No trusted certificates for " + line.name,
                     format("an ntstrustedcerts line for set %u beside it", static_cast<unsigned>(line.cert_set))});
  }
  return lacks;
}

void check_sources(SourceLacks& lacks, env::Files& files, config::ParseOutcome& outcome) {
  const auto& lines = outcome.config.sources;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (config::SourceLack& lack : lacks(lines[i])) {
      config::add_bounded(outcome.warnings,
                          outcome.about_source(i, lack.word, std::move(lack.summary), std::move(lack.expected)));
    }
  }
  const sources::SourceFilePaths paths = sources::find_source_files(files, outcome.config.source_directories);
  for (const std::string& directory : paths.closed_directories) {
    config::add_bounded(outcome.warnings, config::make_diagnostic("Could not open " + directory));
  }
  for (const std::string& path : paths.files) {
    if (const auto text = files.read(path)) {
      config::check_source_lines(
          *text, path, [&](const auto& line) { return lacks(line); }, outcome.warnings);
    } else {
      config::add_bounded(outcome.warnings, config::make_diagnostic(text.error().message));
    }
  }
}

}  // namespace timed::daemon
