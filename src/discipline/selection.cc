// Selection in the manner of chrony.  Each source claims that true time lies in an interval, its offset plus or minus
// its root distance.  The sources that may be right are those whose intervals share the region where most intervals
// overlap, provided that these are a majority.  Among them the one with the smallest distance leads, with some
// hysteresis, and the near ones are combined with it.
#include "timed/discipline/selection.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "leap_votes.h"
#include "selectability.h"
#include "timed/discipline/combine.h"

namespace timed::discipline {
namespace {

constexpr int kDistantRounds = 32;     // out of the combination for so many rounds after being distant
constexpr int kFullReach = 8;          // bits of the reachability register
constexpr double kChangeScore = 10.0;  // score at which another source replaces the selected one
constexpr int kBadRoundsToTell = 4;    // own updates in a row before a bad state is reported

bool is_bad(SourceState state) {
  return state == SourceState::Falseticker || state == SourceState::BadDistance || state == SourceState::BadStratum ||
         state == SourceState::Jittery;
}

}  // namespace

void Selector::note_sample(SourceId id) {
  Entry& entry = entries_[id];
  entry.report.id = id;
  entry.updated = true;
  ++entry.report.updates;
}

void Selector::forget(SourceId id) {
  entries_.erase(id);
  if (selected_ == id) selected_.reset();
}

SourceSelection Selector::state_of(SourceId id) const {
  const auto found = entries_.find(id);
  if (found != entries_.end()) return found->second.report;
  // It came after the last selection, and has nothing that one could look at.
  return {.id = id, .state = SourceState::BadStats, .low = {}, .high = {}, .sample_age = {}};
}

Selection Selector::select(std::span<const Candidate> candidates, const LocalReferenceOptions& local) {
  Round round;
  for (const Candidate& candidate : candidates) {
    Entry& entry = entries_[candidate.id];
    entry.report.id = candidate.id;
    entry.leap_vote = false;
    round.seats.push_back({&candidate, &entry, false, Duration::zero()});
  }
  for (Seat& seat : round.seats) classify(seat, round);
  drop_stale_and_orphans(round, local);
  const bool any_ok = std::any_of(round.seats.begin(), round.seats.end(), [](const Seat& s) { return s.ok; });

  if (candidates.empty()) {
    lose_selection(round, {.kind = SelectionMessage::Kind::NoSources, .source = {}});
  } else if (!any_ok) {
    lose_selection(round,
                   {.kind = SelectionMessage::Kind::NoSelectable, .source = {}, .unreachable = round.unreachable});
  } else if (must_wait_for_others(round)) {
    set_all_ok(round, SourceState::WaitsStats);
  } else if (const Agreement agreement = agreement_of(round); has_majority(round, agreement)) {
    keep_members(round, agreement);
    if (enough_members(round)) {
      keep_preferred(round);
      score(round);
      if (choose(round)) update_reference(round);
    }
  }
  finish(round);
  return std::move(round.result);
}

void Selector::mark(Round& round, Seat& seat, SourceState state) const {
  SourceSelection& report = seat.entry->report;
  report.state = state;
  if (!keep_states_) return;
  const auto index = static_cast<std::size_t>(&seat - round.seats.data());
  round.result.states.push_back({index, state, report.score, report.low, report.high});
}

void Selector::classify(Seat& seat, Round& round) {
  const Candidate& c = *seat.candidate;
  SourceSelection& report = seat.entry->report;
  ClaimedRange range{seat.distance, report.low, report.high};
  const SourceState state = state_alone(c, options_, range);
  seat.distance = range.distance;
  report.low = range.low;
  report.high = range.high;
  if (c.data) report.sample_age = c.data->last_sample_age;
  report.state = state;
  if (c.marks.require) round.require = true;
  if (c.reach == 0 && !c.marks.noselect) ++round.unreachable;
  if (state != SourceState::Unknown) mark(round, seat, state);
  if (state == SourceState::BadStats) {
    round.any_bad_stats = true;
    round.bad_stats_reach = std::max<unsigned>(round.bad_stats_reach, c.reach);
    round.bad_stats_reach_size = std::max(round.bad_stats_reach_size, c.reach_size);
  }
  if (state != SourceState::Unknown) return;
  seat.ok = true;
  round.ok_reach = std::max<unsigned>(round.ok_reach, c.reach);
  round.ok_reach_size = std::max(round.ok_reach_size, c.reach_size);
  if (c.reach != 0) round.oldest_reachable = std::max(round.oldest_reachable, c.data->first_sample_age);
}

// Sources that have not been heard for longer than others have been listened to, and those that may only be followed in
// orphan mode.
void Selector::drop_stale_and_orphans(Round& round, const LocalReferenceOptions& local) {
  const int orphan_stratum = local.enabled && local.orphan ? local.stratum : ntp::kUnsynchronisedStratum;
  Seat* orphan = nullptr;
  bool any_ok = false;
  for (Seat& seat : round.seats) {
    if (!seat.ok) continue;
    const Candidate& c = *seat.candidate;
    const bool silent =
        c.reach == 0 && (c.data->last_sample_age > round.oldest_reachable || c.unreachable_run > c.max_unreach);
    if (silent) {
      seat.ok = false;
      mark(round, seat, SourceState::Stale);
    } else if (c.is_ntp && c.stratum >= orphan_stratum) {
      seat.ok = false;
      mark(round, seat, SourceState::Orphan);
      const bool eligible = c.stratum == orphan_stratum && c.reach != 0;
      if (eligible && (orphan == nullptr || c.ref_id < orphan->candidate->ref_id)) orphan = &seat;
    } else {
      any_ok = true;
    }
  }
  if (any_ok || orphan == nullptr) return;
  const ntp::RefId own = orphan->candidate->own_ref_id;
  if (own.value == 0 && !std::exchange(told_unknown_ref_id_, true)) {
    round.result.messages.push_back({.kind = SelectionMessage::Kind::UnknownLocalRefId, .source = {}});
  }
  if (own.value != 0) told_unknown_ref_id_ = false;
  if (orphan->candidate->ref_id < own) {
    orphan->ok = true;
    orphan->entry->report.state = SourceState::Unknown;
  }
}

// After a start, sources that are one answer short of a fit get their chance before anything is selected.
bool Selector::must_wait_for_others(const Round& round) const {
  return round.any_bad_stats && !selected_ && round.ok_reach_size < kFullReach &&
         round.ok_reach >> 1 == round.bad_stats_reach;
}

Claim Selector::claim_of(const Seat& seat) {
  return {seat.entry->report.low, seat.entry->report.high, seat.candidate->marks.trust};
}

Agreement Selector::agreement_of(const Round& round) {
  std::vector<Claim> claims;
  for (const Seat& seat : round.seats) {
    if (seat.ok) claims.push_back(claim_of(seat));
  }
  return find_agreement(claims);
}

bool Selector::has_majority(Round& round, const Agreement& a) {
  if (a.is_majority()) return true;
  if (!told_no_majority_) {
    told_no_majority_ = true;
    round.result.messages.push_back({.kind = SelectionMessage::Kind::NoMajority,
                                     .source = {},
                                     .agreeing = a.agreeing(),
                                     .among = a.among(),
                                     .trusted = a.trusted_sources > 0});
  }
  round.result.lose_synchronisation = selected_.has_value();
  selected_.reset();
  set_all_ok(round, SourceState::Falseticker);
  return false;
}

// Who shares the region of the best agreement.
void Selector::keep_members(Round& round, const Agreement& a) {
  for (Seat& seat : round.seats) {
    if (!seat.ok) continue;
    SourceSelection& report = seat.entry->report;
    const Claim claim = claim_of(seat);
    if (!a.is_shared_by(claim)) {
      mark(round, seat, SourceState::Falseticker);
      seat.ok = false;
      if (!seat.entry->told_falseticker) {
        seat.entry->told_falseticker = true;
        round.result.messages.push_back({.kind = SelectionMessage::Kind::Falseticker, .source = report.id});
      }
    } else if (!a.admits(claim)) {
      mark(round, seat, SourceState::Untrusted);
      seat.ok = false;
    } else {
      if (seat.candidate->marks.require) round.require = false;
      seat.entry->leap_vote = a.trusted_sources == 0 || seat.candidate->marks.trust;
    }
  }
}

bool Selector::enough_members(Round& round) {
  const auto members = std::count_if(round.seats.begin(), round.seats.end(), [](const Seat& s) { return s.ok; });
  if (members > 0 && !round.require && members >= options_.min_sources) return true;
  const auto kind = members == 0    ? SelectionMessage::Kind::NoSelectable
                    : round.require ? SelectionMessage::Kind::NoRequired
                                    : SelectionMessage::Kind::TooFewSources;
  for (Seat& seat : round.seats) seat.entry->leap_vote = false;
  lose_selection(round, {.kind = kind, .source = {}});
  set_all_ok(round, SourceState::WaitsSources);
  return false;
}

void Selector::keep_preferred(Round& round) {
  const bool any = std::any_of(round.seats.begin(), round.seats.end(),
                               [](const Seat& s) { return s.ok && s.candidate->marks.prefer; });
  if (!any) return;
  for (Seat& seat : round.seats) {
    if (!seat.ok || seat.candidate->marks.prefer) continue;
    mark(round, seat, SourceState::NotPreferred);
    seat.ok = false;
  }
}

// Scores rise while a source is nearer than the selected one.
void Selector::score(Round& round) {
  int least_stratum = ntp::kUnsynchronisedStratum;
  for (const Seat& seat : round.seats) {
    if (seat.ok) least_stratum = std::min<int>(least_stratum, seat.candidate->stratum);
  }
  const auto weighted = [&](const Seat& seat) {
    return seat.distance + options_.stratum_weight * static_cast<double>(seat.candidate->stratum - least_stratum);
  };
  const Seat* selected = selected_seat(round);
  const bool selected_updated = selected != nullptr && selected->entry->updated;
  for (Seat& seat : round.seats) {
    SourceSelection& report = seat.entry->report;
    if (!seat.ok) {
      report.score = 1.0;
      report.distant = kDistantRounds;
      continue;
    }
    const Duration distance = weighted(seat) + (seat.candidate->is_ntp ? options_.reselect_distance : Duration::zero());
    if (selected == nullptr) {
      report.score = 1.0 / distance.to_seconds();
    } else if (selected_updated || seat.entry->updated) {
      report.score = std::max(1.0, report.score * (weighted(*selected) / distance));
    }
  }
}

// Who leads from now on; false where the round ends without one.
bool Selector::choose(Round& round) {
  Seat* leader = nullptr;
  for (Seat& seat : round.seats) {
    if (seat.ok && (leader == nullptr || seat.entry->report.score > leader->entry->report.score)) leader = &seat;
  }
  const Seat* selected = selected_seat(round);
  const bool keep =
      selected != nullptr && selected->ok && (leader == selected || leader->entry->report.score <= kChangeScore);
  if (keep) return true;
  if (leader->entry->report.updates == 0) {
    selected_.reset();
    set_all_ok(round, SourceState::WaitsUpdate);
    return false;
  }
  selected_ = leader->candidate->id;
  told_no_majority_ = false;
  for (auto& [id, entry] : entries_) {
    entry.report.score = 1.0;
    entry.report.distant = 0;
    entry.told_falseticker = entry.told_bad = false;
  }
  for (const SelectionMessage& told : round.result.messages) {  // in this very round: not again in the next
    if (told.source) entries_[*told.source].told_falseticker = true;
  }
  round.result.messages.push_back({.kind = SelectionMessage::Kind::Selected, .source = selected_});
  return true;
}

void Selector::update_reference(Round& round) {
  Seat& selected = *selected_seat(round);
  mark(round, selected, SourceState::Selected);
  if (selected.entry->report.updates == 0) {
    for (Seat& seat : round.seats) {
      if (!seat.ok || &seat == &selected) continue;
      mark(round, seat, seat.entry->report.distant > 0 ? SourceState::Distant : SourceState::Combined);
    }
    return;
  }
  for (auto& [id, entry] : entries_) entry.report.updates = 0;
  mark_distant(round, selected);
  combine_near(round);
  round.result.stratum = selected.candidate->stratum;
  round.result.ref_id = selected.candidate->ref_id;
}

void Selector::lose_selection(Round& round, SelectionMessage message) {
  // At a start the first failure is worth a word once there was time for eight answers.
  const bool listened = std::max(round.ok_reach_size, round.bad_stats_reach_size) >= kFullReach || round.seats.empty();
  const bool first_failure = !told_first_failure_ && listened;
  if (selected_ || first_failure) {
    round.result.messages.push_back(message);
    told_first_failure_ = true;
  }
  selected_.reset();
}

void Selector::set_all_ok(Round& round, SourceState state) {
  for (Seat& seat : round.seats) {
    if (seat.ok) mark(round, seat, state);
  }
}

Selector::Seat* Selector::selected_seat(Round& round) const {
  for (Seat& seat : round.seats) {
    if (selected_ == seat.candidate->id) return &seat;
  }
  return nullptr;
}

ntp::Leap Selector::voted_leap(const Round& round) const {
  LeapVotes votes;
  for (const Seat& seat : round.seats) {
    if (seat.entry->leap_vote) votes.add(seat.candidate->leap);
  }
  return votes.result();
}

std::optional<ntp::Leap> Selector::vote_on_leap(SourceId voter, std::span<const Candidate> candidates) const {
  LeapVotes votes;
  bool has_vote = false;
  for (const Candidate& candidate : candidates) {
    const auto entry = entries_.find(candidate.id);
    if (entry == entries_.end() || !entry->second.leap_vote) continue;
    votes.add(candidate.leap);
    has_vote = has_vote || candidate.id == voter;
  }
  return has_vote ? std::optional(votes.result()) : std::nullopt;
}

// Counts bad states of sources that were just measured, and tells of those that last.
void Selector::finish(Round& round) {
  for (Seat& seat : round.seats) {
    Entry& entry = *seat.entry;
    if (!entry.updated) continue;
    entry.updated = false;
    entry.report.bad_rounds = is_bad(entry.report.state) ? entry.report.bad_rounds + 1 : 0;
    if (entry.report.bad_rounds < kBadRoundsToTell) continue;
    round.result.bad.push_back(entry.report.id);
    if (entry.told_bad) continue;
    if (entry.report.state == SourceState::Falseticker) continue;
    entry.told_bad = true;
    const auto kind = entry.report.state == SourceState::BadDistance   ? SelectionMessage::Kind::DistanceExceeded
                      : entry.report.state == SourceState::Jittery     ? SelectionMessage::Kind::JitterExceeded
                      : seat.candidate->stratum < options_.min_stratum ? SelectionMessage::Kind::BelowMinStratum
                                                                       : SelectionMessage::Kind::AboveMaxStratum;
    round.result.messages.push_back({.kind = kind, .source = entry.report.id});
  }
  round.result.selected = selected_;
  round.result.leap = voted_leap(round);
}

// Who is too far from the selected source, in time or frequency, to be combined with it.
void Selector::mark_distant(Round& round, const Seat& selected) {
  const LocalEstimate& lead = *selected.candidate->estimate;
  const Duration reach =
      selected.distance + (selected.candidate->is_ntp ? options_.reselect_distance : Duration::zero());
  for (Seat& seat : round.seats) {
    if (!seat.ok || &seat == &selected) continue;
    SourceSelection& report = seat.entry->report;
    const LocalEstimate& own = *seat.candidate->estimate;
    const Frequency tolerance = (lead.skew + own.skew + options_.max_clock_error) * options_.combine_limit;
    const bool far = seat.distance > reach * options_.combine_limit || abs(lead.frequency - own.frequency) > tolerance;
    if (far || contradict({lead, reach}, {own, seat.distance}, options_.combine_limit)) {
      report.distant = seat.candidate->reach_size < kFullReach ? 1 : kDistantRounds;
    } else if (report.distant > 0) {
      --report.distant;
    }
    mark(round, seat, report.distant > 0 ? SourceState::Distant : SourceState::Combined);
  }
}

void Selector::combine_near(Round& round) {
  const Seat& selected = *selected_seat(round);
  std::vector<WeightedEstimate> near = {{*selected.candidate->estimate, selected.distance}};
  for (const Seat& seat : round.seats) {
    if (!seat.ok || seat.entry->report.state != SourceState::Combined) continue;
    near.push_back({*seat.candidate->estimate, seat.distance});
  }
  round.result.combined = combine(near);
  round.result.combined_sources = static_cast<int>(near.size());
}

}  // namespace timed::discipline
