// Keeps the measurements of sources over a restart.  In the file they are seen from the clock as it is steered, which
// the next daemon finds running on; in memory they live on a scale that begins with each daemon.
#include "source_set_history.h"

#include "source.h"
#include "timed/base/log.h"
#include "timed/sources/dump_file.h"

namespace timed::sources {
namespace {

using discipline::ClockMarks;
using discipline::LastingClock;
using discipline::LocalView;
using discipline::Now;
using discipline::Sample;

bool is_authenticated(const SourceLine& line) {
  return line.key.has_value() || line.nts;
}

// Measurements say something of a clock that has run on as it was left.  `found`: empty where it was set since.
std::optional<Duration> moved_since(const DumpedSource& dumped, const std::optional<LastingClock>& found) {
  if (!found) return std::nullopt;
  if (!dumped.clock) return Duration::zero();
  return ClockMarks::moved_between(*dumped.clock, found->marks);
}

}  // namespace

std::optional<std::vector<Sample>> samples_of(const DumpedSource& dumped, const LocalView& view, const Now& now,
                                              Duration moved) {
  std::vector<Sample> samples;
  for (const DumpedSample& d : dumped.samples) {
    Sample s;
    s.when = view.to_free(d.when);
    s.offset = WideDuration(d.offset) + view.offset_at(s.when);
    s.measured = d.measured;
    s.peer_delay = d.peer_delay;
    s.peer_dispersion = d.peer_dispersion + moved;
    s.root_delay = d.root_delay;
    s.root_dispersion = d.root_dispersion + moved;
    s.added_dispersion = view.added_dispersion;
    s.stratum = dumped.stratum;
    s.leap = dumped.leap;
    if (s.when > now.free || (!samples.empty() && s.when <= samples.back().when)) return std::nullopt;
    samples.push_back(s);
  }
  return samples;
}

DumpedSource SourceSet::dump_of(const Source& source, const LastingClock& clock) const {
  const Reachability& reachability = source.association.reachability();
  DumpedSource dumped;
  dumped.name = source.line.name;
  dumped.authenticated = is_authenticated(source.line);
  dumped.reachability = reachability.bits;
  dumped.reachability_size = reachability.size;
  dumped.stratum = source.association.stratum();
  dumped.leap = source.association.leap();
  dumped.asymmetry_run = source.stats.asymmetry_run();
  dumped.clock = clock.marks;
  const discipline::SampleHistory& history = source.stats.history();
  for (std::size_t i = 0; i < history.size(); ++i) {
    const Sample& s = history.at(static_cast<std::ptrdiff_t>(i));
    const Duration added = clock.view.added_dispersion - s.added_dispersion;
    dumped.samples.push_back({clock.view.to_local(s.when), clock.view.local_offset(s.when, s.offset), s.measured,
                              s.peer_delay, s.peer_dispersion + added, s.root_delay, s.root_dispersion + added});
  }
  return dumped;
}

void SourceSet::save_history(const std::string& directory, const LastingClock& clock) const {
  for (const auto& source : sources_) {
    if (!source->address.is_set() || source->stats.samples() == 0) continue;
    const std::string path = directory + "/" + dump_file_name(source->address);
    const Status written = seams_.host.files().replace(path, write_dump(dump_of(*source, clock)), 0644);
    if (!written) log::error("%s", written.error().message.c_str());
  }
}

std::size_t SourceSet::load_history(const std::string& directory, const std::optional<LastingClock>& found) {
  std::size_t loaded = 0;
  for (const auto& source : sources_) {
    if (!source->address.is_set() || source->stats.samples() > 0) continue;
    const std::string path = directory + "/" + dump_file_name(source->address);
    const auto text = seams_.host.files().read(path, kMaxDumpFile);
    if (!text && text.error().kind == ErrorKind::NotFound) continue;
    const auto dumped = text ? parse_dump(*text) : std::nullopt;
    const auto moved = dumped ? moved_since(*dumped, found) : std::nullopt;
    if (dumped && !moved) {
      log::info("Dump file for %s is passed over : the clock was set or steered since, or the machine slept or started",
                describe(source->id).c_str());
      continue;
    }
    const std::string fault = !text     ? text.error().reason()
                              : !dumped ? std::string("it is not a dump file, or damaged")
                                        : restore(*source, *dumped, found->view, *moved);
    if (!fault.empty()) {
      log::warning("Could not load dump file for %s (%s : %s)", describe(source->id).c_str(), path.c_str(),
                   fault.c_str());
      continue;
    }
    log::info("Loaded dump file for %s", describe(source->id).c_str());
    ++loaded;
  }
  return loaded;
}

// Why it cannot be; empty when it was done.
std::string SourceSet::restore(Source& source, const DumpedSource& dumped, const LocalView& view, Duration moved) {
  if (dumped.name != source.line.name) return "it is of a source with another name";
  // What anybody could have said before must not speak for a source that is believed now.
  if (is_authenticated(source.line) && !dumped.authenticated) return "its source was not authenticated";
  const auto samples = samples_of(dumped, view, callbacks_.now(), moved);
  if (!samples) return "its measurements are out of order, or of the future";
  source.stats.restore(*samples, dumped.asymmetry_run, seams_.timeline.view());
  source.association.restore(dumped.reachability, dumped.reachability_size, dumped.stratum, dumped.leap);
  return {};
}

void SourceSet::remove_saved_history(const std::string& directory) {
  const auto names = seams_.host.files().list(directory);
  if (!names) return;
  for (const std::string& name : *names) {
    if (!is_dump_file_name(name)) continue;
    const Status removed = seams_.host.files().remove(std::string(directory).append("/").append(name));
    if (!removed) log::error("%s", removed.error().message.c_str());
  }
}

}  // namespace timed::sources
