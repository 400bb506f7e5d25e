// Which sources there are: what lines are made into, what is taken away, and which server stands behind a name.
//
// Everything that takes a source away (a command, a file that changed, a pool that has enough) happens outside the
// events of that source: a good reply makes others of its pool superfluous, never itself.
#include "timed/sources/membership.h"

#include <algorithm>
#include <utility>

#include "source.h"
#include "timed/base/text.h"

namespace timed::sources {

using discipline::SourceId;
using log::Severity;

namespace {

bool is_host_text(std::string_view text) {
  return !text.empty() && all_visible(text);
}

bool is_pool(const SourceLine& line) {
  return line.kind == SourceKind::Pool && !IpAddress::parse(line.name);
}

// "pool NAME" stands for all of its sources.
std::string described(const SourceLine& line, const std::string& source) {
  return is_pool(line) ? "pool " + line.name : "source " + source;
}

void warn_of_key(const AuthReport& report) {
  if (!report.key) return;
  if (!report.type) {
    log::warning("Key %u is missing", static_cast<unsigned>(*report.key));
  } else if (report.bits < auth::kShortKeyBits) {
    log::warning("Key %u is too short", static_cast<unsigned>(*report.key));
  }
}

}  // namespace

const char* reason_of(AddStatus status) {
  switch (status) {
    case AddStatus::Added:
      break;
    case AddStatus::AlreadyInUse:
      return "Already in use";
    case AddStatus::TooManySources:
      return "Too many sources";
    case AddStatus::InvalidAddress:
      return "Invalid address";
    case AddStatus::InvalidName:
      return "Invalid name";
  }
  return "";
}

bool SourceMask::contains(const IpAddress& of_source) const {
  if (!address.is_set()) return true;
  if (of_source.family() != address.family()) return false;
  const bool masked = mask.family() == address.family();
  const auto source_bytes = of_source.bytes(), wanted = address.bytes(), bits = mask.bytes();
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const unsigned differs = static_cast<unsigned>(source_bytes[i] ^ wanted[i]);
    if ((differs & (masked ? bits[i] : 0xffu)) != 0) return false;
  }
  return true;
}

// ---- lines and their sources ----

std::optional<AddStatus> SourceSet::problem_of(const SourceLine& line, const HostKind& host, std::size_t slots) const {
  if (!is_host_text(line.name)) return AddStatus::InvalidName;
  if (host.wrong_family || (host.literal && host.literal->is_any())) return AddStatus::InvalidAddress;
  if (host.literal && find(*host.literal)) return AddStatus::AlreadyInUse;
  if (sources_.size() + slots > kMaxSources) return AddStatus::TooManySources;
  return std::nullopt;
}

AddResult SourceSet::add(const SourceLine& line, Severity severity) {
  const Family family = wanted_family(line, options_.family);
  const HostKind host = host_kind(line, family);
  const int wanted = is_pool(line) ? std::min(line.max_sources, static_cast<int>(kMaxPoolSlots)) : 1;
  const std::size_t slots = is_pool(line) ? pool_slots(wanted) : 1;
  if (const auto problem = problem_of(line, host, slots)) return {*problem, {}};

  const LineId id{++last_line_id_};
  Line& added = lines_.emplace(id, Line{line, LineMembers(wanted)}).first->second;
  for (std::size_t i = 0; i < slots; ++i) added.members.add(create(line, id).id);
  Source& first = *get(added.members.ids().front());
  if (host.literal) take_address(first, *host.literal);
  log::message(severity, "Added " + described(line, describe_placed(first)));
  warn_of_key(report_of(first.association.authentication(), seams_.timers.now()));
  if (line.mono_root && line.version.value_or(4) < 4) {
    log::warning("Source %s is never asked : extfield needs version 4", line.name.c_str());
  }
  if (!host.literal) names_.add({id, std::nullopt, LookupPurpose::Fill, line.name, family});
  return {AddStatus::Added, id};
}

SourceSet::Source& SourceSet::create(const SourceLine& line, LineId id) {
  auto source = std::make_unique<Source>(line, id, SourceId{++last_id_}, options_, random_);
  Source* const s = source.get();
  SpacedTimes& others = line.kind == SourceKind::Peer ? peer_times_ : request_times_;
  s->timer.emplace(seams_.timers, others, [this, s] { on_timer(*s); });
  s->close_timer.emplace(seams_.timers, [this, s] { close_socket(*s); });
  if (!s->literal) s->unresolved_id = ++last_unresolved_id_;
  sources_.push_back(std::move(source));
  return *s;
}

bool SourceSet::remove(SourceId id, Severity severity) {
  Source* const source = get(id);
  if (source == nullptr) return false;
  const LineId line_id = source->line_id;
  const SourceLine line = source->line;
  const std::string name = describe_placed(*source);
  drop(*source);
  if (!is_pool(line) || lines_.count(line_id) == 0) log::message(severity, "Removed " + described(line, name));
  return true;
}

void SourceSet::remove_line(LineId line, Severity severity) {
  const auto found = lines_.find(line);
  if (found == lines_.end()) return;
  for (const SourceId id : found->second.members.ids()) remove(id, severity);
}

void SourceSet::drop(Source& source) {
  const SourceId id = source.id;
  const LineId line_id = source.line_id;
  names_.remove_source(id);
  if (source.address.is_set()) by_address_.erase(source.address);
  std::erase_if(sources_, [id](const auto& other) { return other->id == id; });
  tell_endpoints();
  if (const auto line = lines_.find(line_id); line != lines_.end()) {
    line->second.members.remove(id);
    if (line->second.members.empty()) {
      names_.remove_line(line_id);
      lines_.erase(line);
    }
  }
  callbacks_.on_forgotten(id);
}

// As Added and Removed say it: ID#nnnnnnnnnn (NAME) while there is no address.
std::string SourceSet::describe_placed(const Source& source) const {
  if (source.address.is_set()) return describe(source.id);
  return format("ID#%010u (%s)", static_cast<unsigned>(source.unresolved_id), source.line.name.c_str());
}

// ---- names ----

bool SourceSet::on_answer(const NameLookup& lookup, const NameLookups::Addresses& addresses) {
  const auto found = lines_.find(lookup.line);
  if (found == lines_.end()) return true;
  const Line& line = found->second;
  if (lookup.source) {
    Source* const source = get(*lookup.source);
    if (source == nullptr) return true;
    source->looked_up = seams_.timers.now();
    if (!addresses.ok()) return true;
    const bool kept = std::find(addresses->begin(), addresses->end(), source->looked_up_address) != addresses->end();
    if (lookup.purpose == LookupPurpose::Replace || !kept) replace(*source, *addresses);
    return true;
  }
  if (addresses.ok()) return fill(line, *addresses);
  if (addresses.error().kind == ErrorKind::Invalid) {
    // No later answer will be another one: this cannot be a host's name.
    log::warning("Invalid host %s", line.options.name.c_str());
    return true;
  }
  tell_no_address(line, addresses.error().message);
  return false;
}

// Gives the addresses to those that have none, in the order of both.  True where none is left without.
bool SourceSet::fill(const Line& line, const std::vector<IpAddress>& addresses) {
  const std::vector<SourceId> ids = line.members.ids();
  auto at = ids.begin();
  const auto next_open = [&] {
    at = std::find_if(at, ids.end(), [this](SourceId id) { return !get(id)->address.is_set(); });
    return at != ids.end();
  };
  for (const IpAddress& address : addresses) {
    if (!next_open()) return true;
    Source& source = *get(*at);
    if (!is_usable(source, address)) continue;
    take_address(source, address);
  }
  if (!next_open()) return true;
  const bool none = std::none_of(ids.begin(), ids.end(), [this](SourceId id) { return get(id)->address.is_set(); });
  if (none) tell_no_address(line, format("No usable address of %s", line.options.name.c_str()));
  return false;
}

void SourceSet::replace(Source& source, const std::vector<IpAddress>& addresses) {
  for (const IpAddress& address : from_random_one(addresses, random_.uniform())) {
    if (!is_usable(source, address)) continue;
    const std::string before = source.address.to_string();
    take_address(source, address);
    log::info("Source %s replaced with %s (%s)", before.c_str(), address.to_string().c_str(), source.line.name.c_str());
    return;
  }
}

// Of the wanted family, of no other source, and with a way to it.
bool SourceSet::is_usable(const Source& source, const IpAddress& address) {
  const Family family = wanted_family(source.line, options_.family);
  if (!address.is_set() || (family != Family::Unspecified && address.family() != family)) return false;
  return !find(address) && sockets_.connect(Endpoint{address, source.line.port, 0}).ok();
}

// One that its name has.
void SourceSet::take_address(Source& source, const IpAddress& address) {
  const bool replaces = source.address.is_set();
  source.looked_up = seams_.timers.now();
  if (replaces) {
    // Keys of a source that they have sent elsewhere would send it there again.
    const bool moved = source.address != source.looked_up_address;
    const auto saved = moved ? std::nullopt : keys_to_save(source, callbacks_.now());
    if (saved && callbacks_.save_keys) callbacks_.save_keys(*saved);
    source.association.forget_keys();
  }
  source.looked_up_address = address;
  take_port(source, source.line.port);
  change_address(source, address);
  if (replaces) return;
  log::debug("Source %s has address %s", source.line.name.c_str(), address.to_string().c_str());
  if (started_) begin_polling(source);
}

void SourceSet::change_address(Source& source, const IpAddress& address) {
  const bool replaces = source.address.is_set();
  if (replaces) by_address_.erase(source.address);
  source.set_address(address);
  by_address_.emplace(address, source.id);
  tell_endpoints();
  if (!replaces) return;
  close_socket(source);
  forget_samples(source);
  source.last_kiss_logged.reset();
  source.told_send_failure = false;
  lines_.at(source.line_id).members.doubt(source.id);
  carry_out(source, source.association.on_new_server(callbacks_.now()));
  callbacks_.on_forgotten(source.id);
}

// Once: the look-up is repeated for as long as it takes.
void SourceSet::tell_no_address(const Line& line, const std::string& reason) {
  Source& first = *get(line.members.ids().front());
  if (std::exchange(first.told_no_address, true)) return;
  log::warning("%s (trying again)", reason.c_str());
}

void SourceSet::look_up_again(const Source& source, LookupPurpose purpose) {
  names_.add({source.line_id, source.id, purpose, source.line.name, wanted_family(source.line, options_.family)});
}

void SourceSet::replace_bad(SourceId id) {
  Source* const source = get(id);
  if (source == nullptr || !source->address.is_set()) return;
  const bool moved = source->address != source->looked_up_address;
  if (source->literal && !moved) return;
  if (!replacements_.allow(seams_.timers.now(), random_.uniform())) return;
  if (!source->literal) {
    look_up_again(*source, LookupPurpose::Replace);
  } else if (!find(source->looked_up_address)) {
    go_back(*source);
  }
}

// The server of keys may name another server for NTP than the one that has turned out to be bad.
void SourceSet::go_back(Source& source) {
  const std::string before = source.address.to_string();
  take_address(source, source.looked_up_address);
  log::info("Source %s replaced with %s (%s)", before.c_str(), source.address.to_string().c_str(),
            source.line.name.c_str());
}

void SourceSet::on_good_reply(Source& source) {
  for (const SourceId id : lines_.at(source.line_id).members.confirm(source.id)) remove(id, Severity::Debug);
  if (refresh_plan_.is_due(seams_.timers.now())) refresh_oldest();
}

void SourceSet::refresh_oldest() {
  const Source* oldest = nullptr;
  for (const auto& source : sources_) {
    if (source->literal || !source->address.is_set()) continue;
    if (oldest == nullptr || source->looked_up < oldest->looked_up) oldest = source.get();
  }
  const auto when = oldest != nullptr ? std::optional(oldest->looked_up) : std::nullopt;
  if (refresh_plan_.begin(seams_.timers.now(), when)) look_up_again(*oldest, LookupPurpose::Refresh);
}

void SourceSet::refresh() {
  for (const auto& source : sources_) {
    if (!source->literal && source->address.is_set()) look_up_again(*source, LookupPurpose::Refresh);
  }
  names_.hurry();
}

bool SourceSet::is_connectable(SourceId id) {
  const Source* const source = get(id);
  return source != nullptr && source->address.is_set() &&
         sockets_.connect(Endpoint{source->address, source->port, 0}).ok();
}

}  // namespace timed::sources
