// What SourceSet says of its sources: to the selection, to reports and in messages.
#include "source.h"

#include <algorithm>

#include "timed/auth/digest.h"
#include "timed/base/text.h"

namespace timed::sources {

using discipline::Candidate;
using discipline::SourceId;

// Kept, because for IPv6 it takes a digest, and each selection wants it of all sources.
void SourceSet::Source::set_address(const IpAddress& its_address) {
  address = its_address;
  ref_id = auth::ref_id_of(its_address);
}

// Sources stand in the order of their ids.
SourceSet::Source* SourceSet::get(SourceId id) {
  const auto found = std::lower_bound(sources_.begin(), sources_.end(), id,
                                      [](const auto& s, SourceId wanted) { return s->id < wanted; });
  return found != sources_.end() && (*found)->id == id ? found->get() : nullptr;
}

const SourceSet::Source* SourceSet::get(SourceId id) const {
  return const_cast<SourceSet*>(this)->get(id);
}

std::optional<SourceId> SourceSet::find(const IpAddress& address) const {
  const auto found = by_address_.find(address);
  return found != by_address_.end() ? std::optional(found->second) : std::nullopt;
}

std::vector<SourceId> SourceSet::matching(const SourceMask& mask) const {
  std::vector<SourceId> ids;
  if (mask.unresolved_id) {
    if (const auto id = find_unresolved(*mask.unresolved_id)) ids.push_back(*id);
    return ids;
  }
  for (const auto& source : sources_) {
    if (mask.contains(source->address)) ids.push_back(source->id);
  }
  return ids;
}

std::optional<SourceId> SourceSet::find_unresolved(std::uint32_t number) const {
  for (const auto& source : sources_) {
    if (!source->address.is_set() && source->unresolved_id == number) return source->id;
  }
  return std::nullopt;
}

std::vector<Candidate> SourceSet::candidates(FreeTime now, Duration max_jitter) const {
  const discipline::LocalView& view = seams_.timeline.view();
  std::vector<Candidate> all;
  all.reserve(sources_.size());
  for (const auto& source : sources_) {
    const Association& association = source->association;
    Candidate c;
    c.id = source->id;
    c.marks = source->line.marks;
    c.authenticated = is_authenticated(association.authentication());
    c.own_ref_id = source->own_ref_id;
    c.stratum = association.stratum();
    c.leap = association.leap();
    c.ref_id = association.copied_ref_id().value_or(source->ref_id);
    c.reach = association.reachability().bits;
    c.reach_size = association.reachability().size;
    c.unreachable_run = association.reachability().unreachable_run;
    c.max_unreach = source->line.max_unreach;
    c.active = association.is_polling();
    c.data = source->stats.selection_data(now, view, max_jitter);
    c.estimate = source->stats.steering_estimate(view);
    all.push_back(c);
  }
  return all;
}

std::optional<SourceReport> SourceSet::report(std::size_t index, FreeTime now) const {
  if (index >= sources_.size()) return std::nullopt;
  const Source& source = *sources_[index];
  const discipline::LocalView& view = seams_.timeline.view();
  SourceReport r;
  r.id = source.id;
  r.address = source.address;
  r.unresolved_id = source.unresolved_id;
  r.name = source.line.name;
  r.poll = source.association.poll();
  r.reachability = source.association.reachability();
  r.ref_id = source.ref_id;
  r.marks = source.line.marks;
  r.kind = source.line.kind;
  r.mode = source.association.mode();
  r.last_sample = source.stats.last_sample(view);
  r.stats = source.stats.report(now, view);
  r.asymmetry = source.stats.asymmetry();
  return r;
}

std::optional<NtpDataReport> SourceSet::ntp_data(const IpAddress& address) const {
  const auto id = find(address);
  const Source* const source = id ? get(*id) : nullptr;
  if (source == nullptr) return std::nullopt;
  NtpDataReport r;
  r.remote = Endpoint{source->address, source->port, 0};
  r.poll = source->association.poll();
  r.last = source->association.last_response();
  r.counters = source->association.counters();
  r.asymmetry = source->stats.asymmetry();
  r.authenticated = is_authenticated(source->association.authentication());
  return r;
}

ActivityReport SourceSet::activity() const {
  ActivityReport r;
  for (const auto& source : sources_) {
    if (!source->address.is_set()) {
      ++r.unresolved;
      continue;
    }
    switch (source->association.mode()) {
      case PollMode::Offline:
        ++r.offline;
        break;
      case PollMode::Online:
        ++r.online;
        break;
      case PollMode::BurstWasOffline:
        ++r.burst_offline;
        break;
      case PollMode::BurstWasOnline:
        ++r.burst_online;
        break;
    }
  }
  return r;
}

std::optional<IpAddress> SourceSet::address_of(SourceId id) const {
  const Source* const source = get(id);
  return source != nullptr ? std::optional(source->address) : std::nullopt;
}

std::optional<std::string> SourceSet::name_of(SourceId id) const {
  const Source* const source = get(id);
  return source != nullptr ? std::optional(source->line.name) : std::nullopt;
}

std::optional<AuthReport> SourceSet::auth_of(SourceId id) const {
  const Source* const source = get(id);
  if (source == nullptr) return std::nullopt;
  return report_of(source->association.authentication(), seams_.timers.now());
}

const discipline::SourceStats* SourceSet::stats_of(SourceId id) const {
  const Source* const source = get(id);
  return source != nullptr ? &source->stats : nullptr;
}

const AssociationCounters* SourceSet::counters_of(SourceId id) const {
  const Source* const source = get(id);
  return source != nullptr ? &source->association.counters() : nullptr;
}

const VerdictCounts* SourceSet::verdicts_of(SourceId id) const {
  const Source* const source = get(id);
  return source != nullptr ? &source->association.verdicts() : nullptr;
}

namespace {

std::string label(const IpAddress& address, std::uint32_t unresolved_id) {
  return address.is_set() ? address.to_string() : format("ID#%010u", static_cast<unsigned>(unresolved_id));
}

}  // namespace

std::string SourceReport::address_text() const {
  return label(address, unresolved_id);
}

std::string SourceSet::label_of(SourceId id) const {
  const Source* const source = get(id);
  return source != nullptr ? label(source->address, source->unresolved_id) : std::string();
}

std::string SourceSet::describe(SourceId id) const {
  const Source* const source = get(id);
  if (source == nullptr) return "source without name";
  if (!source->address.is_set()) return source->line.name;
  const std::string address = source->address.to_string();
  return address == source->line.name ? address : format("%s (%s)", address.c_str(), source->line.name.c_str());
}

}  // namespace timed::sources
