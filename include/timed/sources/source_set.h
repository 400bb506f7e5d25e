// The sources of time of one daemon: owns them, carries out what their associations want, gives their samples to their
// statistics, and says what the selection and the reports need to know.  Effects go through the seams.
#ifndef TIMED_SOURCES_SOURCE_SET_H_
#define TIMED_SOURCES_SOURCE_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/log.h"
#include "timed/base/random.h"
#include "timed/discipline/clock_marks.h"
#include "timed/discipline/options.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/selection.h"
#include "timed/discipline/source_stats.h"
#include "timed/discipline/timeline.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/env/timers.h"
#include "timed/sources/association.h"
#include "timed/sources/membership.h"
#include "timed/sources/name_lookups.h"
#include "timed/sources/option_change.h"
#include "timed/sources/options.h"
#include "timed/sources/replacement.h"
#include "timed/sources/request_sockets.h"
#include "timed/sources/source_keys.h"
#include "timed/sources/source_names.h"
#include "timed/sources/spacing.h"

namespace timed::sources {

struct DumpedSource;

struct SourceSetOptions {
  discipline::StatsOptions stats;  // daemon-wide "minsamples", "maxsamples"
  Duration precision;              // of the local clock
  Frequency max_clock_error = Frequency::ppm(1);
  Family family = Family::Unspecified;  // -4, -6: the only one used
  AuthOptions auth;
  int dscp = 0;      // "dscp" of requests
  Duration refresh;  // "refresh": look at one name in so long; zero = never
  AcquisitionOptions acquisition;
};

struct SourceSetSeams {
  env::Timers& timers;
  env::Network& network;
  env::Host& host;
  const discipline::Timeline& timeline;
};

// A response of a source, when everything was done with it.
struct ResponseRecord {
  IpAddress address;
  const ResponseReport& response;
  int poll = 0;  // log2 seconds
  double poll_score = 0.0;
};

// What a set of sources asks of its owner and tells it.  None of them may destroy the set or add to it.
struct SourceSetCallbacks {
  std::function<discipline::Now()> now;  // reads the clock
  std::function<OwnView()> own;
  std::function<discipline::OwnState()> own_state;  // what peers are told
  // The socket of the NTP server, which peers use; null where there is none.
  std::function<env::UdpSocket*(Family)> server_socket;
  std::function<void(discipline::SourceId)> on_sample;        // a sample was added and fitted
  std::function<void(discipline::SourceId)> on_reachability;  // an update left the reachability register empty
  // It is gone, or another server took its place: what was known of it means nothing any more.
  std::function<void(discipline::SourceId)> on_forgotten;
  // May be left empty: nobody cares for leap seconds.
  std::function<void(discipline::SourceId)> on_leap = {};  // it announces another leap second, or none any more
  // Whether now, or a local time, or what a source showed then, is so near to a leap second that it is not believed.
  std::function<bool(LocalTime when, Duration offset)> near_leap_second = {};
  // How many sources are combined now; may be left empty: one.
  std::function<int()> combined_sources = {};
  // Each response that could be one, good or not; may be empty.
  std::function<void(const ResponseRecord&)> on_response = {};
  // Keys of NTS are to be fetched; take_keys() or on_keys_failed() answers later, not from inside, unless the source is
  // forgotten meanwhile.  May be left empty: nobody can.
  std::function<void(const KeyRequest&)> need_keys = {};
  // Keys of a server whose place another one takes: for a later time.  May be left empty.
  std::function<void(const SavedKeys&)> save_keys = {};
  // server_endpoints() may say something else now.  Comes from the constructor too.  May be left empty.
  std::function<void()> on_server_endpoints = {};
};

// One row of the `sources` and `sourcestats` reports.
struct SourceReport {
  discipline::SourceId id;
  IpAddress address;                // none: not resolved yet
  std::uint32_t unresolved_id = 0;  // its number, as in ID#0000000001, while there is no address
  std::string name;                 // as configured
  int poll = 0;                     // log2 seconds
  Reachability reachability;
  ntp::RefId ref_id;  // of the address; zero without
  discipline::SelectMarks marks;
  SourceKind kind = SourceKind::Server;
  PollMode mode = PollMode::Offline;
  std::optional<discipline::LastSampleReport> last_sample;
  discipline::StatsReport stats;
  double asymmetry = 0.0;  // of the jitter, -0.5 … 0.5

  // The address, or ID#nnnnnnnnnn.
  std::string address_text() const;
};

// One `ntpdata` report.
struct NtpDataReport {
  Endpoint remote;
  int poll = 0;
  std::optional<ResponseReport> last;  // of the last valid response
  AssociationCounters counters;
  double asymmetry = 0.0;
  bool authenticated = false;  // configured so
};

// How many names are authenticated, and on how many of them the selection rests.  A pool has one certificate and one
// operator, and so one voice, at however many addresses.
struct AuthenticatedSources {
  std::size_t configured = 0;  // polled or not
  // Polled, and those that have no address yet: they could have sources, and whoever keeps names from being looked up
  // must not make a majority of what is left.
  std::size_t expected = 0;
  std::size_t agreeing = 0;  // more than half of its polled sources are in the selection
};

// Sources by what they do.
struct ActivityReport {
  unsigned online = 0;
  unsigned offline = 0;
  unsigned burst_online = 0;  // in a burst, online afterwards
  unsigned burst_offline = 0;
  unsigned unresolved = 0;
};

class SourceSet {
 public:
  static constexpr std::size_t kMaxSources = 65536;
  static constexpr Duration kKissLogSpacing = Duration::seconds(64);  // of one source

  // Lines that cannot become sources are reported to the operator and left out.  The seams outlive the set; the host
  // answers no look-up when it is gone (it is destroyed after the loop has ended).
  SourceSet(const std::vector<SourceLine>& lines, const SourceSetOptions& options, const SourceSetSeams& seams,
            SourceSetCallbacks callbacks);
  ~SourceSet();
  SourceSet(const SourceSet&) = delete;
  SourceSet& operator=(const SourceSet&) = delete;

  // Begins to look names up and to poll.
  void start();
  // Ends it: no timer and no socket is left, and the answer of a look-up under way is ignored.
  void stop();

  // Since start() each name was looked up at least once.
  bool all_names_tried() const { return names_.all_tried(); }
  bool some_names_wait() const { return names_.some_wait(); }
  // A new line, at run time too: one source, or the slots of a pool.  Names get their addresses later.  A line that was
  // added is reported at the severity; why one was not is for the caller to say.
  AddResult add(const SourceLine& line, log::Severity severity);
  // False for an id that does not exist.
  bool remove(discipline::SourceId id, log::Severity severity);
  // All sources made of the line that are left.
  void remove_line(LineId line, log::Severity severity);
  // Looks all names up again: addresses that a name no longer has are replaced.
  void refresh();
  // Looks up at once the names that wait for an address.
  void hurry_names() { names_.hurry(); }
  // The selection has found it bad for long enough: it may get another of its name's addresses.
  void replace_bad(discipline::SourceId id);

  std::size_t size() const { return sources_.size(); }
  // All of them, in the order of their creation.  max_jitter stands in where one sample must do.
  std::vector<discipline::Candidate> candidates(FreeTime now, Duration max_jitter) const;
  // By its last round.
  AuthenticatedSources authenticated(const discipline::Selector& selector) const;
  // A packet that came in on the socket of the NTP server and is no request of a client.  False where it is of none of
  // these sources.
  bool on_server_datagram(const env::Datagram& datagram);
  // Those that are asked from there; all of them.  Another list only after on_server_endpoints().
  std::vector<Endpoint> server_endpoints() const;
  void on_server_transmit_stamps(Family family, std::span<const env::TransmitStamp> stamps);

  // Somebody else stepped the clock: all samples and exchanges are forgotten, polling begins again.
  void on_unknown_step();
  // In the order of their creation.
  std::vector<discipline::SourceId> matching(const SourceMask& mask) const;
  // Writes a file for each source that has samples; tells the operator what cannot be written.
  // Its times and offsets are those of `clock`, which the next daemon will find running on.
  void save_history(const std::string& directory, const discipline::LastingClock& clock) const;
  // Gives those that have no samples yet what was saved of them; tells of each file.  How many they were.  `found`: the
  // clock as the daemon found it; where it was set since nothing is given.
  std::size_t load_history(const std::string& directory, const std::optional<discipline::LastingClock>& found);
  void remove_saved_history(const std::string& directory);
  // As at the start: the reachability is forgotten too.
  void reset();
  // False for an id that does not exist.  Tells the operator where it changed something.
  bool set_online(discipline::SourceId id, bool online);
  // False for an id that does not exist.  Tells the operator where it changed something.
  bool change_option(discipline::SourceId id, const OptionChange& change);
  bool set_marks(discipline::SourceId id, const discipline::SelectMarks& marks);
  // Empty for an id that does not exist.
  std::optional<discipline::SelectMarks> marks_of(discipline::SourceId id) const;
  // Whether a datagram could be sent to it; false without an address.
  bool is_connectable(discipline::SourceId id);
  // A burst of at most `total` requests, until `good` good samples; for each source, or one.
  bool start_burst(discipline::SourceId id, int good, int total);
  // The same, as iburst would, for all that are online.
  void refresh_by_burst();

  // What need_keys() has asked for.  The source moves to where the keys are good for.
  void take_keys(discipline::SourceId id, const FetchedKeys& fetched);
  void on_keys_failed(discipline::SourceId id, NtsFailure failure);
  // Gives those that never had keys what `take` finds of the last daemon's, before they ask for any: they move at once.
  void take_saved_keys(const std::function<std::optional<FetchedKeys>(const KeyServer&)>& take);
  std::vector<SavedKeys> keys_to_save() const;
  // All of NTS begins anew, and what was measured with it is forgotten.
  void distrust_keys();

  // The source at an index of 0 … size() - 1; empty beyond.
  std::optional<SourceReport> report(std::size_t index, FreeTime now) const;
  std::optional<NtpDataReport> ntp_data(const IpAddress& address) const;
  ActivityReport activity() const;
  std::optional<discipline::SourceId> find(const IpAddress& address) const;
  // How its packets are authenticated; empty for an id that does not exist.
  std::optional<AuthReport> auth_of(discipline::SourceId id) const;
  // By the number of ID#nnnnnnnnnn, while it has no address.
  std::optional<discipline::SourceId> find_unresolved(std::uint32_t number) const;
  // The address (none while unresolved), the name as configured and the statistics; none for an id that does not exist.
  std::optional<IpAddress> address_of(discipline::SourceId id) const;
  std::optional<std::string> name_of(discipline::SourceId id) const;
  const discipline::SourceStats* stats_of(discipline::SourceId id) const;
  // What became of its requests and of what came from it; null for an id that does not exist.
  const AssociationCounters* counters_of(discipline::SourceId id) const;
  const VerdictCounts* verdicts_of(discipline::SourceId id) const;
  // In logs and reports: the address, or ID#nnnnnnnnnn.
  std::string label_of(discipline::SourceId id) const;
  // For messages: ADDRESS, or ADDRESS (NAME) where the name says more.
  std::string describe(discipline::SourceId id) const;

 private:
  struct Source;
  struct AddressHash {
    std::size_t operator()(const IpAddress& address) const { return address.hash(); }
  };

  // One line and what was made of it.
  struct Line {
    SourceLine options;
    LineMembers members;
  };

  std::optional<AddStatus> problem_of(const SourceLine& line, const HostKind& host, std::size_t slots) const;
  Source& create(const SourceLine& line, LineId id);
  void drop(Source& source);
  std::string describe_placed(const Source& source) const;
  Source* get(discipline::SourceId id);
  const Source* get(discipline::SourceId id) const;

  void begin_polling(Source& source);
  bool on_answer(const NameLookup& lookup, const NameLookups::Addresses& addresses);
  bool fill(const Line& line, const std::vector<IpAddress>& addresses);
  void replace(Source& source, const std::vector<IpAddress>& addresses);
  bool is_usable(const Source& source, const IpAddress& address);
  void take_address(Source& source, const IpAddress& address);
  void change_address(Source& source, const IpAddress& address);
  void go_back(Source& source);
  void ask_for_keys(Source& source);
  KeyServer key_server_of(const Source& source) const;
  bool move_to(Source& source, const Endpoint& ntp);
  void take_port(Source& source, std::uint16_t port);
  void tell_endpoints() const;
  std::optional<SavedKeys> keys_to_save(const Source& source, const discipline::Now& now) const;
  void look_up_again(const Source& source, LookupPurpose purpose);
  void on_good_reply(Source& source);
  void refresh_oldest();
  void tell_no_address(const Line& line, const std::string& reason);

  // Runs one event of an association and does what it wants.
  template <class Event>
  void run(Source& source, const Event& event);
  void on_timer(Source& source);
  void carry_out(Source& source, const Actions& actions);
  RequestContext request_context() const;
  Actions send(Source& source, const SendRequest& request);
  Actions fail_to_send(Source& source, const Error& error);
  Result<env::UdpSocket*> open_socket(Source& source);
  void on_readable(Source& source);
  void on_shared_readable(env::UdpSocket& socket);
  void take_transmit_stamp(Source& source, const env::TransmitStamp& stamp, RawTime latest);
  void take_shared_stamps(Family family, std::span<const env::TransmitStamp> stamps, SocketUse socket);
  bool take_shared(const env::Datagram& datagram, SocketUse socket);
  void take_response(Source& source, const env::Datagram& datagram, const IpAddress& bound_to);
  Actions take_sample(Source& source, const TakeSample& taken);
  static void forget_samples(Source& source);
  Actions miss_sample(Source& source);
  std::optional<discipline::Sample> filter_output(Source& source);
  Actions accumulate(Source& source, const discipline::Sample& sample);
  void note_order(Source& source, bool in_order);
  std::optional<discipline::PlacedStamp> place_received(const env::Stamp& stamp, const discipline::Now& now) const;
  bool near_leap_second(LocalTime when, Duration offset) const;
  void close_socket(Source& source);
  void log_rate_kiss(Source& source);
  DumpedSource dump_of(const Source& source, const discipline::LastingClock& clock) const;
  std::string restore(Source& source, const DumpedSource& dumped, const discipline::LocalView& view, Duration moved);

  SourceSetOptions options_;
  SourceSetSeams seams_;
  SourceSetCallbacks callbacks_;
  EntropyPool random_;
  SpacedTimes request_times_;
  SpacedTimes peer_times_;
  RequestSockets sockets_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::unordered_map<IpAddress, discipline::SourceId, AddressHash> by_address_;
  std::map<LineId, Line> lines_;
  std::uint32_t last_id_ = 0;
  std::uint32_t last_line_id_ = 0;
  std::uint32_t last_unresolved_id_ = 0;
  NameLookups names_;
  ReplacementLimit replacements_;
  RefreshPlan refresh_plan_;
  bool started_ = false;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SOURCE_SET_H_
