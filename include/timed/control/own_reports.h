// Reports that chrony has no request for, with codes of our own (docs/control-protocol.md): the daemon itself, what
// the last reload of sources has changed, what became of packets, by cause, NTS on the server, and how the estimators
// of the sources are doing.  Pure.
#ifndef TIMED_CONTROL_OWN_REPORTS_H_
#define TIMED_CONTROL_OWN_REPORTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "timed/base/bytes.h"
#include "timed/base/units.h"
#include "timed/control/catalogue.h"
#include "timed/control/encodings.h"

namespace timed::control {

struct DaemonStatusRequest {
  bool operator==(const DaemonStatusRequest&) const = default;
};

// Counters are since the start.
struct DaemonStatusReply {
  static constexpr std::size_t kVersionSize = 64;  // with the zero at the end
  static constexpr std::size_t kPathSize = 256;
  std::string version;
  std::string config_file;  // empty: the configuration was on the command line
  WireTime started;         // by the clock as it is now
  std::uint32_t uptime_seconds = 0;
  bool steers = false;  // it may set the clock of the system
  bool serves = false;  // a socket of the NTP server is open
  std::uint32_t own_steps = 0;
  std::uint32_t other_steps = 0;  // by somebody else
  std::uint32_t sleeps = 0;       // of the machine, noticed only with resumestep
  std::uint32_t standstills = 0;  // of the clock
  std::uint32_t pauses = 0;       // of the process
  Duration longest_delay;         // by which a timer was late
  std::uint32_t since_incident = kNever;
  // What the last reading of the files of sources has changed.
  std::uint32_t since_reload = kNever;
  std::uint32_t kept = 0, added = 0, removed = 0, refused = 0, passed_over = 0;
  std::uint64_t reload_changes() const { return std::uint64_t{kept} + added + removed + refused + passed_over; }
  bool operator==(const DaemonStatusReply&) const = default;
};

struct ReloadChangeRequest {
  std::int32_t index = 0;  // from 0; out of range gives NoSuchSource
  bool operator==(const ReloadChangeRequest&) const = default;
};

// One line of a file of sources.
struct ReloadChangeReply {
  static constexpr std::size_t kNameSize = 256;
  static constexpr std::size_t kPathSize = 160;  // the end of a longer one
  enum class Change : std::uint16_t { Kept = 0, Added = 1, Removed = 2, Refused = 3, PassedOver = 4 };
  enum class Kind : std::uint16_t { Server = 0, Peer = 1, Pool = 2, None = 3 };
  Change change = Change::Kept;
  Kind kind = Kind::None;                     // None where the line was passed over
  ReplyStatus reason = ReplyStatus::Success;  // why it was refused, as for AddSource
  std::uint32_t line = 0;                     // passed over; 0 = the whole file
  std::string name;                           // of the source; empty where the line was passed over
  std::string file;                           // where the line was passed over
  bool operator==(const ReloadChangeReply&) const = default;
};

struct ServerVerdictsRequest {
  bool operator==(const ServerVerdictsRequest&) const = default;
};

// Packets since the start, each under one count of its group but where it says otherwise.
struct ServerVerdictsReply {
  // On the port of the NTP server.
  std::uint64_t answered = 0, kiss_of_death = 0;
  std::uint64_t bad_length = 0, bad_version = 0, bad_extensions = 0, bad_source = 0, bad_mode = 0;
  std::uint64_t denied = 0, bad_auth = 0, rate_limited = 0;
  std::uint64_t too_late = 0;    // it had waited too long
  std::uint64_t to_sources = 0;  // of peers
  std::uint64_t ntpq = 0;        // mode 6, answered
  // Of either, which a serving thread could not give to the main loop.
  std::uint64_t lost_on_the_way = 0;
  // Answers that did not leave, and those that did without the stamp that was awaited.
  std::uint64_t unsent_no_room = 0, unsent_no_route = 0, unsent_forbidden = 0, unsent_other = 0;
  std::uint64_t missing_stamps = 0;
  // On the command sockets.
  std::uint64_t cmd_answered = 0, cmd_refused = 0;
  std::uint64_t cmd_not_admitted = 0, cmd_wrong_size = 0, cmd_no_request = 0, cmd_rate_limited = 0;
  std::uint64_t cmd_old_version = 0, cmd_bad_version = 0, cmd_unknown = 0, cmd_bad_length = 0;
  std::uint64_t cmd_unauthorised = 0, cmd_too_long = 0, cmd_unsent = 0;
  bool operator==(const ServerVerdictsReply&) const = default;
};

struct SourceVerdictsRequest {
  std::int32_t index = 0;  // as SourceDataRequest
  bool operator==(const SourceVerdictsRequest&) const = default;
};

// Of one source, since it has its address.
struct SourceVerdictsReply {
  enum class Verdict : std::uint16_t {
    Malformed = 0,
    WrongMode = 1,
    NotExpected = 2,
    Unsynchronised = 3,
    Rejected = 4,
    Good = 5,
  };
  static constexpr std::size_t kVerdicts = 6;
  static constexpr std::size_t kTests = 10;  // 1, 2, 3, 5, 6, 7, A, B, C, D
  SourceAddress address;
  std::uint32_t sent = 0;
  std::uint32_t unsent = 0;  // requests that did not leave
  std::uint32_t received = 0;
  std::array<std::uint32_t, kVerdicts> verdicts{};  // their sum is what was received
  std::array<std::uint32_t, kTests> failed{};       // a packet may fail several
  std::uint32_t late = 0;    // came when the request had been answered; not in the counts of tests
  std::uint32_t kisses = 0;  // of death that were obeyed
  // The last packet that was not good.
  std::optional<Verdict> last_verdict;
  std::uint16_t last_failed = 0;  // bit 9 = test 1 … bit 0 = test D
  std::uint32_t since_last = kNever;
  bool operator==(const SourceVerdictsReply&) const = default;
};

struct NtsServerRequest {
  bool operator==(const NtsServerRequest&) const = default;
};

// NTS on the server: the keys of cookies, and since the start what became of requests and of connections.
struct NtsServerReply {
  enum class Origin : std::uint16_t { None = 0, Generated = 1, Shared = 2, Derived = 3 };
  static constexpr std::size_t kKeys = 4;
  struct Key {
    std::uint32_t id = 0;
    std::uint32_t aead = 0;  // as IANA numbers them
    bool operator==(const Key&) const = default;
  };
  Origin origin = Origin::None;        // of the keys
  bool serves = false;                 // NTP with NTS
  bool establishes = false;            // keys: a port for it is open
  std::uint32_t key_age = kNever;      // seconds, of the newest
  std::uint32_t next_change = kNever;  // seconds until others are in use
  std::array<Key, kKeys> keys{};       // two that were, the one in use, the next; zeros where there are none
  std::uint32_t connections = 0;       // now
  // Requests that were not stopped before their cookie was looked at.
  std::uint64_t answered = 0, without_room = 0, malformed = 0, unknown_key = 0, bad_cookie = 0, not_authentic = 0;
  // Connections, each under one of them.
  std::uint64_t ke_served = 0, ke_denied = 0, ke_too_often = 0, ke_no_room = 0, ke_no_keys = 0, ke_timed_out = 0;
  std::uint64_t ke_ended = 0, ke_not_ke = 0, ke_tls_failed = 0, ke_bad_request = 0, ke_no_agreement = 0, ke_failed = 0;
  bool operator==(const NtsServerReply&) const = default;
};

struct SourceEstimatorRequest {
  std::int32_t index = 0;  // as SourceDataRequest
  bool old = false;        // with room for the shorter reply only
  bool operator==(const SourceEstimatorRequest&) const = default;
};

// What steers the clock by one source, how well it knows the clock, and how its machine runs.
struct SourceEstimatorReply {
  enum class Basis : std::uint16_t { Nothing = 0, Regression = 1, KalmanBank = 2, Smoother = 3 };
  // Why it is the Kalman bank: offsets scatter both ways by the configuration, or far more than delays can make them,
  // or no run of the smoother was left.
  enum class BankUse : std::uint16_t { None = 0, TwoSided = 1, HiddenNoise = 2, NoRun = 3 };
  bool old = false;  // the shorter one, without bank_use and begun_anew
  SourceAddress address;
  bool bayes = false;            // the estimator of the configuration; else the regression
  Basis basis = Basis::Nothing;  // what the estimate at present comes from
  std::uint32_t samples = 0;     // that are looked at
  std::uint32_t recent = 0;      // how many tell of the present; one counts for two at most
  // Of the estimator; zeros where the basis is the regression or nothing.
  Duration offset_sd;
  double frequency_sd_ppm = 0.0;
  double wander = 0.0;  // of the frequency in a second, s/s
  Duration noise_sd;    // of one sample
  Duration base_delay;  // one way, without queues; zero where it is not looked for
  double asymmetry = 0.0;
  // Counters since the source has its address.
  std::uint64_t updates = 0, runs = 0, rounds = 0, rejected = 0, fallbacks = 0, route_moves = 0, refused = 0;
  std::uint64_t jumps = 0, held_back = 0;
  BankUse bank_use = BankUse::None;
  std::uint64_t begun_anew = 0;  // times that the estimator was lost
  bool operator==(const SourceEstimatorReply&) const = default;
};

// Used by protocol.h's readers and writers.
void write_body(ByteWriter& into, const DaemonStatusReply& reply);
void write_body(ByteWriter& into, const ReloadChangeReply& reply);
void write_body(ByteWriter& into, const ServerVerdictsReply& reply);
void write_body(ByteWriter& into, const SourceVerdictsReply& reply);
void write_body(ByteWriter& into, const NtsServerReply& reply);
void write_body(ByteWriter& into, const SourceEstimatorReply& reply);
DaemonStatusReply read_daemon_status(ByteReader& from);
// Empty where it says what cannot be.
std::optional<ReloadChangeReply> read_reload_change(ByteReader& from);
ServerVerdictsReply read_server_verdicts(ByteReader& from);
std::optional<SourceVerdictsReply> read_source_verdicts(ByteReader& from);
std::optional<NtsServerReply> read_nts_server(ByteReader& from);
std::optional<SourceEstimatorReply> read_source_estimator(ByteReader& from, bool old);

}  // namespace timed::control

#endif  // TIMED_CONTROL_OWN_REPORTS_H_
