// Which sources tell the truth, which of them leads, and what they say together.  Pure: candidates in, states and an
// estimate out.
#ifndef TIMED_DISCIPLINE_SELECTION_H_
#define TIMED_DISCIPLINE_SELECTION_H_

#include <cstdint>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "timed/discipline/agreement.h"
#include "timed/discipline/options.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/source_stats.h"
#include "timed/ntp/types.h"

namespace timed::discipline {

// A source as the selection sees it at one instant.
struct Candidate {
  SourceId id;
  bool is_ntp = true;  // else a reference clock
  bool authenticated = false;
  SelectMarks marks;  // effective ones
  ntp::Stratum stratum = 0;
  ntp::Leap leap = ntp::Leap::Unsynchronised;
  ntp::RefId ref_id;
  ntp::RefId own_ref_id;         // ours, as this source sees it; compared with ref_id in orphan mode
  std::uint8_t reach = 0;        // shift register, newest in the lowest bit
  int reach_size = 0;            // bits ever shifted in, 0 … 8
  unsigned unreachable_run = 0;  // updates in a row that left the register empty
  unsigned max_unreach = 100000;
  bool active = true;                 // being polled
  std::optional<SelectionData> data;  // empty: too few samples
  std::optional<LocalEstimate> estimate;
};

// State of a source, by the character that chrony's reports use for it.  Their L, outlier, is never given by chronyd
// either: the tools have it in their legend alone.
enum class SourceState : char {
  Unknown = '?',
  NoSelect = 'N',
  BadStats = 'M',
  Unsynchronised = 's',
  BadStratum = 'r',
  BadDistance = 'd',
  Jittery = '~',
  WaitsStats = 'w',
  Stale = 'S',
  Orphan = 'O',
  Untrusted = 'T',
  Falseticker = 'x',
  WaitsSources = 'W',
  NotPreferred = 'P',
  WaitsUpdate = 'U',
  Distant = 'D',
  Combined = '+',
  Selected = '*',
};

// What to tell the operator, once each (the Engine turns it into chrony's words).
struct SelectionMessage {
  enum class Kind {
    Selected,
    Falseticker,
    DistanceExceeded,
    JitterExceeded,
    BelowMinStratum,
    AboveMaxStratum,
    NoSources,
    NoSelectable,
    NoRequired,
    TooFewSources,
    NoMajority,
    UnknownLocalRefId,  // orphan mode: a source cannot be compared with us
  };
  Kind kind;
  std::optional<SourceId> source;
  int agreeing = 0;      // NoMajority: how many agree at most
  int among = 0;         // NoMajority: of how many
  bool trusted = false;  // NoMajority: counted among trusted sources
  int unreachable = 0;   // NoSelectable
};

// A state that a round gave to a source, and what it knew of it then.
struct StateRecord {
  std::size_t candidate = 0;  // its index in the round
  SourceState state = SourceState::Unknown;
  double score = 1.0;
  Duration low, high;  // limits of reference - local
};

struct SourceSelection {
  SourceId id;
  SourceState state = SourceState::Unknown;
  double score = 1.0;
  Duration low, high;    // limits of reference - local
  Duration sample_age;   // of the last sample, when it was selected from
  int distant = 0;       // rounds for which it stays out of the combination
  unsigned updates = 0;  // new samples since the last update of the reference
  int bad_rounds = 0;    // own updates in a row that gave a bad state
};

struct Selection {
  std::optional<SourceId> selected;
  // Set when the reference is to be updated with it.
  std::optional<LocalEstimate> combined;
  int combined_sources = 0;
  ntp::Stratum stratum = 0;            // of the selected source
  ntp::RefId ref_id;                   // of the selected source
  ntp::Leap leap = ntp::Leap::Normal;  // voted
  bool lose_synchronisation = false;   // no majority while one was selected
  std::vector<SelectionMessage> messages;
  // Just measured, and in a bad state four times in a row or more: worth replacing by another server.
  std::vector<SourceId> bad;
  std::vector<StateRecord> states;  // in the order in which they were given; only with keep_states()
};

class Selector {
 public:
  explicit Selector(const SelectionOptions& options) : options_(options) {}

  // A new sample of this source: counts as an update of it in the next select().
  void note_sample(SourceId id);
  // The source is gone or starts anew.
  void forget(SourceId id);

  // One round.  Candidates in their order of creation; those of note_sample() have had a sample since the last one.
  Selection select(std::span<const Candidate> candidates, const LocalReferenceOptions& local);

  // Rounds answer with each state that they give: there may be two for a source.
  void keep_states(bool keep) { keep_states_ = keep; }

  std::optional<SourceId> selected() const { return selected_; }
  // After the last round; Unknown for a source that was not in it.
  SourceSelection state_of(SourceId id) const;
  // The leap second that those with a vote in the last round announce now; empty where `voter` had none.
  std::optional<ntp::Leap> vote_on_leap(SourceId voter, std::span<const Candidate> candidates) const;
  const SelectionOptions& options() const { return options_; }
  void set_reselect_distance(Duration distance) { options_.reselect_distance = distance; }
  // The next round chooses anew.
  void drop_selected() { selected_.reset(); }

 private:
  struct Entry {
    SourceSelection report;
    bool updated = false;  // had a sample since the last round
    bool leap_vote = false;
    bool told_falseticker = false;  // since the selected source changed
    bool told_bad = false;
  };
  // A candidate of the round that runs, and what the round has found out about it.
  struct Seat {
    const Candidate* candidate;
    Entry* entry;
    bool ok = false;    // still in the running
    Duration distance;  // root distance with the ageing of a silent source
  };
  struct Round {
    std::vector<Seat> seats;
    bool require = false;  // some source has it and none of those that agree cleared it
    int unreachable = 0;
    bool any_bad_stats = false;
    unsigned bad_stats_reach = 0, ok_reach = 0;
    int bad_stats_reach_size = 0, ok_reach_size = 0;
    Duration oldest_reachable = Duration::seconds(0);
    Selection result;
  };
  void mark(Round& round, Seat& seat, SourceState state) const;
  void classify(Seat& seat, Round& round);
  void drop_stale_and_orphans(Round& round, const LocalReferenceOptions& local);
  bool must_wait_for_others(const Round& round) const;
  static Claim claim_of(const Seat& seat);
  static Agreement agreement_of(const Round& round);
  bool has_majority(Round& round, const Agreement& agreement);
  void keep_members(Round& round, const Agreement& agreement);
  void keep_preferred(Round& round);
  bool enough_members(Round& round);
  void score(Round& round);
  bool choose(Round& round);
  void update_reference(Round& round);
  void combine_near(Round& round);
  void mark_distant(Round& round, const Seat& selected);
  void lose_selection(Round& round, SelectionMessage message);
  void set_all_ok(Round& round, SourceState state);
  void finish(Round& round);
  ntp::Leap voted_leap(const Round& round) const;
  Seat* selected_seat(Round& round) const;

  SelectionOptions options_;
  std::map<SourceId, Entry> entries_;
  std::optional<SourceId> selected_;
  bool keep_states_ = false;
  bool told_no_majority_ = false;  // since the selected source changed
  bool told_first_failure_ = false;
  bool told_unknown_ref_id_ = false;  // in orphan mode, until it is known
};

}  // namespace timed::discipline

#endif  // TIMED_DISCIPLINE_SELECTION_H_
