// The requests that change which sources there are and whether they are polled.  Pure.
#ifndef TIMED_CONTROL_SOURCE_REQUESTS_H_
#define TIMED_CONTROL_SOURCE_REQUESTS_H_

#include <cstdint>
#include <string>

#include "timed/base/bytes.h"
#include "timed/control/encodings.h"

namespace timed::control {

// Which sources are meant: those whose masked address is the masked one given; all where no address is given; exactly
// that one for the number of an unresolved source.
struct WhichSources {
  SourceAddress mask, address;
  bool operator==(const WhichSources&) const = default;
};
struct OnlineRequest {
  WhichSources which;
  bool operator==(const OnlineRequest&) const = default;
};
struct OfflineRequest {
  WhichSources which;
  bool operator==(const OfflineRequest&) const = default;
};
struct BurstRequest {
  WhichSources which;
  std::int32_t good = 0;   // samples after which it ends
  std::int32_t total = 0;  // requests at most
  bool operator==(const BurstRequest&) const = default;
};
// Each source with a route to it online, the others offline.
struct OnofflineRequest {
  bool operator==(const OnofflineRequest&) const = default;
};
struct RefreshRequest {
  bool operator==(const RefreshRequest&) const = default;
};
struct ReloadSourcesRequest {
  bool operator==(const ReloadSourcesRequest&) const = default;
};
struct DelSourceRequest {
  SourceAddress address;
  bool operator==(const DelSourceRequest&) const = default;
};

// One `add` command, as it stands on the wire; what follows from values out of range is for the daemon to say.
struct AddSourceRequest {
  // Bits of flags.
  static constexpr std::uint32_t kOnline = 0x1;
  static constexpr std::uint32_t kAutoOffline = 0x2;
  static constexpr std::uint32_t kIburst = 0x4;
  static constexpr std::uint32_t kPrefer = 0x8;
  static constexpr std::uint32_t kNoselect = 0x10;
  static constexpr std::uint32_t kTrust = 0x20;
  static constexpr std::uint32_t kRequire = 0x40;
  static constexpr std::uint32_t kInterleaved = 0x80;
  static constexpr std::uint32_t kBurst = 0x100;
  static constexpr std::uint32_t kNts = 0x200;
  static constexpr std::uint32_t kCopy = 0x400;
  static constexpr std::uint32_t kMonoRoot = 0x800;
  static constexpr std::uint32_t kNetCorrection = 0x1000;
  static constexpr std::uint32_t kInet4 = 0x2000;
  static constexpr std::uint32_t kInet6 = 0x4000;

  enum class Type : std::uint32_t { Server = 1, Peer = 2, Pool = 3 };  // others are possible on the wire

  Type type = Type::Server;
  std::string name;           // host name or address; at most 255 characters
  bool name_complete = true;  // the field of the name ended with a zero
  std::uint32_t port = 123;
  std::int32_t min_poll = 6, max_poll = 10;
  std::int32_t presend = 100;
  std::uint32_t min_stratum = 0;
  std::uint32_t poll_target = 8;
  std::uint32_t version = 0;  // 0 = chosen by the daemon
  std::uint32_t max_sources = 4;
  std::int32_t min_samples = -1, max_samples = -1;  // -1 = daemon-wide
  std::uint32_t key = 0;
  std::uint32_t nts_port = 4460;
  double max_delay = 3.0;
  double max_delay_ratio = 0.0;
  double max_delay_dev_ratio = 10.0;
  double min_delay = 0.0;
  double asymmetry = 1.0;
  double offset = 0.0;  // reference - local, as the option says it
  std::uint32_t flags = kOnline;
  std::int32_t filter = 0;
  std::uint32_t cert_set = 0;
  double max_delay_quantile = 0.0;
  std::int32_t max_unreach = 100000;
  bool operator==(const AddSourceRequest&) const = default;
};

WhichSources read_which_sources(ByteReader& from);
void write_which_sources(ByteWriter& into, const WhichSources& which);
AddSourceRequest read_add_source(ByteReader& from);
void write_add_source(ByteWriter& into, const AddSourceRequest& request);

}  // namespace timed::control

#endif  // TIMED_CONTROL_SOURCE_REQUESTS_H_
