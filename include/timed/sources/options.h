// One `server` line as a struct, and its parser, which the configuration and later the `add` command share.
#ifndef TIMED_SOURCES_OPTIONS_H_
#define TIMED_SOURCES_OPTIONS_H_

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "timed/base/address.h"
#include "timed/base/text.h"
#include "timed/base/units.h"
#include "timed/discipline/options.h"

namespace timed::sources {

inline constexpr int kLowestPoll = -7;  // log2 seconds
inline constexpr int kHighestPoll = 24;

// What one association polls by.  Defaults and limits are chrony's (chrony.conf(5), "server").
struct PollOptions {
  int min_poll = 6;     // "minpoll", log2 seconds, effective -7 … 24
  int max_poll = 10;    // "maxpoll", not below min_poll
  bool iburst = false;  // "iburst": a burst when polling begins
  bool burst = false;   // "burst": a burst at each poll above min_poll
  // "polltarget": samples wanted of the time that still tells of the present; by the regression those that it keeps.
  int poll_target = 8;
  int presend = 100;  // "presend": from this poll on a throw-away request goes first; 100 = off
  auto operator<=>(const PollOptions&) const = default;
};

// What a response must satisfy.
struct CheckOptions {
  Duration max_delay = Duration::seconds(3);  // "maxdelay", 0 … 1000 s
  double max_delay_ratio = 0.0;               // "maxdelayratio", below 1 = off
  double max_delay_dev_ratio = 10.0;          // "maxdelaydevratio"
  Duration offset;                            // "offset": added to each measured offset (reference - local)
  double max_delay_quantile = 0.0;            // "maxdelayquant": replaces the one above; 0 = off, else 0.05 … 0.95
  int min_stratum = 0;                        // "minstratum" of the source, 0 … 15
  auto operator<=>(const CheckOptions&) const = default;
};

// The word that the line begins with.
enum class SourceKind : std::uint8_t { Server, Pool, Peer };
inline constexpr std::array<std::string_view, 3> kSourceKindWords = {"server", "pool", "peer"};  // in that order
// Without regard to case; empty for another word.
std::optional<SourceKind> source_kind_of(std::string_view word);

struct SourceLine {
  SourceKind kind = SourceKind::Server;  // the directive
  std::string name;                      // as written: host name or address
  std::uint16_t port = 123;              // "port"
  Family family = Family::Unspecified;   // "ipv4", "ipv6"
  PollOptions poll;
  CheckOptions check;
  discipline::StatsOptions stats;
  // Unset: the daemon-wide `minsamples`, `maxsamples`.
  std::optional<int> min_samples, max_samples;
  discipline::SelectMarks marks;     // "noselect", "prefer", "trust", "require"
  int filter = 0;                    // "filter": measurements made into one sample; 0 = off, else 1 … 256
  unsigned max_unreach = 100000;     // "maxunreach"
  int max_sources = 4;               // "maxsources" of a pool, 1 … 16
  std::optional<int> version;        // "version", 1 … 4; unset: what the options need
  bool offline = false;              // "offline": starts without polling
  bool auto_offline = false;         // "auto_offline": ends polling when a request cannot be sent
  bool xleave = false;               // "xleave": interleaved mode
  bool copy = false;                 // "copy": appear as the server itself
  bool mono_root = false;            // "extfield F323": precise root values and the server's own steps
  bool net_correction = false;       // "extfield 10A": corrections of transparent clocks
  std::optional<std::uint32_t> key;  // "key": symmetric key that packets are authenticated with, not 0
  bool nts = false;                  // "nts": keys are established with the server; goes before key
  std::uint16_t nts_port = 4460;     // "ntsport": where, TCP
  std::uint32_t cert_set = 0;        // "certset": the trusted certificates that the server is checked with
  auto operator<=>(const SourceLine&) const = default;
};

// Where requests go out.
struct AcquisitionOptions {
  // "acquisitionport": one socket for all requests; 0 = of a port that the kernel chooses.  Empty: a socket and port of
  // its own for each.
  std::optional<std::uint16_t> port;
  bool from_server_socket = false;                    // the port is that of the server
  IpAddress bind_v4 = IpAddress::any(Family::Inet4);  // "bindacqaddress"
  IpAddress bind_v6 = IpAddress::any(Family::Inet6);
  std::string device;  // "bindacqdevice"
};

// One "broadcast" line: whom to send the time unasked, and how often.
struct BroadcastLine {
  int interval = 1;  // s, 1 … 2^24
  Endpoint to{{}, 123, 0};
  auto operator<=>(const BroadcastLine&) const = default;
};

// The directories of one "sourcedir" line: of files of the same name only that in the first one is read.
using SourceDirectories = std::vector<std::string>;

// Why a line was refused, and at which of its words.
struct LineError {
  enum class Kind { MissingHost, UnknownOption, BadValue };
  Kind kind;
  std::size_t word = 0;  // index into the words given
  std::string expected;  // for the operator: what would have been right
};
// In the order of the words, never empty.
using LineErrors = std::vector<LineError>;

// Everything parsed of a line, with what is taken but told to the operator: options that are understood but have no
// function yet, and values outside of what makes sense, which are brought into it (each is one warning).
struct ParsedLine {
  SourceLine line;
  std::vector<std::string_view> unusual;   // such values, where they stand in the words
  std::vector<std::size_t> not_available;  // indices of such words
};

// words: the host and its options, without the directive's own word.  Option words are matched without regard to case;
// numbers are read as by chrony (an integer or real prefix; text glued to it is the next option).  Reading goes on
// after a mistake, at the next word that is an option.
std::variant<ParsedLine, LineErrors> parse_source_line(std::span<const Word> words,
                                                       SourceKind kind = SourceKind::Server);

// The statistics options that hold for a source: its own, else the daemon-wide ones; minsamples within 1 … maxsamples.
discipline::StatsOptions effective_stats(const SourceLine& line, const discipline::StatsOptions& defaults);

// All option words, for suggestions and the manual.
std::span<const std::string_view> source_option_words();

}  // namespace timed::sources

#endif  // TIMED_SOURCES_OPTIONS_H_
