// The sources of time of one daemon: owns them, carries out what their associations want, gives their samples to their
// statistics, and says what the selection and the reports need to know.  Effects go through the seams.
#ifndef TIMED_SOURCES_SOURCE_SET_H_
#define TIMED_SOURCES_SOURCE_SET_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/random.h"
#include "timed/discipline/options.h"
#include "timed/discipline/sample.h"
#include "timed/discipline/selection.h"
#include "timed/discipline/source_stats.h"
#include "timed/discipline/timeline.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/env/timers.h"
#include "timed/sources/association.h"
#include "timed/sources/options.h"
#include "timed/sources/source_names.h"
#include "timed/sources/spacing.h"

namespace timed::sources {

struct SourceSetOptions {
  discipline::StatsOptions stats;  // daemon-wide "minsamples", "maxsamples"
  Duration precision;              // of the local clock
  Frequency max_clock_error = Frequency::ppm(1);
  Family family = Family::Unspecified;  // -4, -6: the only one used
  int dscp = 0;                         // "dscp" of requests
};

struct SourceSetSeams {
  env::Timers& timers;
  env::Network& network;
  env::Host& host;
  const discipline::Timeline& timeline;
};

// What a set of sources asks of its owner and tells it.  None of them may destroy the set or add to it.
struct SourceSetCallbacks {
  std::function<discipline::Now()> now;  // reads the clock
  std::function<OwnView()> own;
  std::function<void(discipline::SourceId)> on_sample;        // a sample was added and fitted
  std::function<void(discipline::SourceId)> on_reachability;  // an update left the reachability register empty
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

  // Lines that cannot become sources (a second source of one address, a literal of a family that is not used) are
  // reported to the operator and left out.  The seams outlive the set; the host answers no look-up when it is gone
  // (it is destroyed after the loop has ended).
  SourceSet(const std::vector<SourceLine>& lines, const SourceSetOptions& options, const SourceSetSeams& seams,
            SourceSetCallbacks callbacks);
  ~SourceSet();
  SourceSet(const SourceSet&) = delete;
  SourceSet& operator=(const SourceSet&) = delete;

  // Begins to look names up and to poll.
  void start();
  // Ends it: no timer and no socket is left, and the answer of a look-up under way is ignored.
  void stop();

  std::size_t size() const { return sources_.size(); }
  // Since start() each name was looked up at least once.
  bool all_names_tried() const { return all_names_tried_; }
  // All of them, in the order of their creation.  max_jitter stands in where one sample must do.
  std::vector<discipline::Candidate> candidates(FreeTime now, Duration max_jitter) const;
  // Somebody else stepped the clock: all samples and exchanges are forgotten, polling begins again.
  void on_unknown_step();
  // False for an id that does not exist.  Tells the operator where it changed something.
  bool set_online(discipline::SourceId id, bool online);
  // A burst of at most `total` requests, until `good` good samples; for each source, or one.
  bool start_burst(discipline::SourceId id, int good, int total);

  // The source at an index of 0 … size() - 1; empty beyond.
  std::optional<SourceReport> report(std::size_t index, FreeTime now) const;
  std::optional<NtpDataReport> ntp_data(const IpAddress& address) const;
  ActivityReport activity() const;
  std::optional<discipline::SourceId> find(const IpAddress& address) const;
  // By the number of ID#nnnnnnnnnn, while it has no address.
  std::optional<discipline::SourceId> find_unresolved(std::uint32_t number) const;
  // The address (none while unresolved), the name as configured and the statistics; none for an id that does not exist.
  std::optional<IpAddress> address_of(discipline::SourceId id) const;
  std::optional<std::string> name_of(discipline::SourceId id) const;
  const discipline::SourceStats* stats_of(discipline::SourceId id) const;
  // For messages: ADDRESS, or ADDRESS (NAME) where the name says more.
  std::string describe(discipline::SourceId id) const;

 private:
  struct Source;

  void add(const SourceLine& line);
  Source* get(discipline::SourceId id);
  const Source* get(discipline::SourceId id) const;

  void begin_polling(Source& source);
  void resolve_next();
  void on_resolved(discipline::SourceId id, const Result<std::vector<IpAddress>>& result);
  bool take_address(Source& source, const std::vector<IpAddress>& addresses);
  static void tell_no_address(Source& source, const std::string& reason);
  Result<std::unique_ptr<env::UdpSocket>> connect_to(const Source& source, const IpAddress& address);

  // Runs one event of an association and does what it wants.
  template <class Event>
  void run(Source& source, const Event& event);
  void carry_out(Source& source, const Actions& actions);
  Actions send(Source& source, const SendRequest& request);
  Actions fail_to_send(Source& source, const Error& error);
  void on_readable(Source& source);
  void take_transmit_stamps(Source& source);
  void take_response(Source& source, const env::Datagram& datagram, const IpAddress& bound_to);
  Actions take_sample(Source& source, const discipline::Sample& sample);
  Actions miss_sample(Source& source);
  std::optional<discipline::Sample> filter_output(Source& source);
  Actions accumulate(Source& source, const discipline::Sample& sample);
  std::optional<discipline::PlacedStamp> place_received(const env::Stamp& stamp, const discipline::Now& now) const;
  void close_socket(Source& source);
  void log_rate_kiss(Source& source);

  SourceSetOptions options_;
  SourceSetSeams seams_;
  SourceSetCallbacks callbacks_;
  EntropyPool random_;
  SpacedTimes request_times_;
  std::vector<std::unique_ptr<Source>> sources_;
  std::uint32_t last_id_ = 0;
  std::uint32_t last_unresolved_id_ = 0;
  NameQueue names_;
  env::Timer retry_timer_;
  std::uint64_t awaited_lookup_ = 0;  // number of the look-up whose answer is awaited; 0 = none
  std::uint64_t lookups_ = 0;
  bool started_ = false;
  bool all_names_tried_ = false;
};

}  // namespace timed::sources

#endif  // TIMED_SOURCES_SOURCE_SET_H_
