// What is asked and told of one source.  Signs and units as in protocol.h.  Pure.
#ifndef TIMED_CONTROL_SOURCE_REPORTS_H_
#define TIMED_CONTROL_SOURCE_REPORTS_H_

#include <cstdint>
#include <optional>
#include <string>

#include "timed/base/bytes.h"
#include "timed/base/units.h"
#include "timed/control/catalogue.h"
#include "timed/control/encodings.h"
#include "timed/ntp/types.h"

namespace timed::control {

struct SourceDataRequest {
  std::int32_t index = 0;  // from 0; out of range gives NoSuchSource
  bool operator==(const SourceDataRequest&) const = default;
};
struct SourcestatsRequest {
  std::int32_t index = 0;
  bool operator==(const SourcestatsRequest&) const = default;
};
struct NtpSourceNameRequest {
  SourceAddress address;
  bool operator==(const NtpSourceNameRequest&) const = default;
};
struct AuthDataRequest {
  SourceAddress address;
  bool operator==(const AuthDataRequest&) const = default;
};
struct SelectDataRequest {
  std::int32_t index = 0;
  bool operator==(const SelectDataRequest&) const = default;
};
struct NtpDataRequest {
  SourceAddress address;
  bool old = false;  // as chronyc up to 4.5 asks, with room for the shorter reply only
  bool operator==(const NtpDataRequest&) const = default;
};

enum class SourceMode : std::uint16_t { Client = 0, Peer = 1, RefClock = 2 };
// Section 13.2 says which states of the selection these are.
enum class SourceStatus : std::uint16_t {
  Selected = 0,
  NotSelectable = 1,
  Falseticker = 2,
  Jittery = 3,
  Combined = 4,
  Selectable = 5,
};

struct SourceDataReply {
  SourceAddress address;      // of an NTP source; not used for a reference clock
  ntp::RefId ref_id;          // of a reference clock; not carried for an NTP source
  std::int16_t poll = 0;      // log2 of seconds
  std::uint16_t stratum = 0;  // of the source; 0 without a sample
  SourceStatus status = SourceStatus::NotSelectable;
  SourceMode mode = SourceMode::Client;
  std::uint16_t reachability = 0;       // shift register of 8 bits
  std::uint32_t since_sample = kNever;  // seconds
  Duration measured;                    // reference - local as it was measured; 0 without a sample
  Duration adjusted;                    // the same with what the clock was slewed since
  Duration error;                       // half the root delay + root dispersion of that sample
  bool operator==(const SourceDataReply&) const = default;
};

struct SourcestatsReply {
  ntp::RefId ref_id;      // of a reference clock; of an NTP source as in its address
  SourceAddress address;  // unspecified for a reference clock
  std::uint32_t samples = 0;
  std::uint32_t runs = 0;
  std::uint32_t span_seconds = 0;
  Duration std_dev;
  double frequency_ppm = 0.0;  // residual; positive = the clock runs slow
  double skew_ppm = 0.0;
  Duration offset;  // reference - local
  Duration offset_error;
  bool operator==(const SourcestatsReply&) const = default;
};

struct NtpSourceNameReply {
  std::string name;  // as configured, printable ASCII without spaces, at most 255 characters
  bool operator==(const NtpSourceNameReply&) const = default;
};

enum class AuthMode : std::uint16_t { None = 0, Symmetric = 1, Nts = 2 };
struct AuthDataReply {
  AuthMode mode = AuthMode::None;
  std::uint16_t key_type = 0;  // auth::KeyType or an AEAD of NTS; 0 without
  std::uint32_t key_id = 0;
  std::uint16_t key_bits = 0;                  // 0 where the key is not known
  std::uint16_t establishment_attempts = 0;    // since the last that succeeded
  std::uint32_t since_establishment = kNever;  // seconds
  std::uint16_t cookies = 0;
  std::uint16_t cookie_length = 0;
  std::uint16_t nak = 0;
  bool operator==(const AuthDataReply&) const = default;
};

// Of the last valid response, but for the counters.
struct NtpDataReply {
  static constexpr std::uint16_t kTests = 0x3ff;  // a bit for each, 1 = passed
  static constexpr std::uint16_t kInterleaved = 0x4000;
  static constexpr std::uint16_t kAuthenticated = 0x8000;

  bool old = false;  // the shorter one, without the counters of stamps
  SourceAddress remote;
  SourceAddress local;  // none without a valid response
  std::uint16_t remote_port = 0;
  std::uint8_t leap = 0, version = 0, mode = 0, stratum = 0;
  std::int8_t poll = 0, precision = 0;  // log2 seconds
  Duration root_delay, root_dispersion;
  ntp::RefId ref_id;
  WireTime ref_time;
  Duration offset;  // reference - local, on the wire too
  Duration peer_delay, peer_dispersion, response_time;
  double jitter_asymmetry = 0.0;  // -0.5 … 0.5
  std::uint16_t flags = 0;
  char transmit_stamp = 0, receive_stamp = 0;  // 'D', 'K' or 'H'; 0 without a valid response
  std::uint32_t sent = 0, received = 0, valid = 0, good = 0;
  std::uint32_t kernel_sent = 0, kernel_received = 0, hardware_sent = 0, hardware_received = 0;
  bool operator==(const NtpDataReply&) const = default;
};

struct SelectDataReply {
  ntp::RefId ref_id;
  SourceAddress address;  // unspecified for a reference clock
  char state = '?';       // the character of chronyc's report
  bool authenticated = false;
  std::uint8_t leap = 3;
  std::uint16_t configured = 0, effective = 0;  // marks
  std::uint32_t since_sample = 0;               // seconds
  double score = 1.0;
  Duration low, high;  // limits of reference - local
  bool operator==(const SelectDataReply&) const = default;
};

// Used by protocol.h's readers and writers.
void write_body(ByteWriter& into, const SourceDataReply& reply);
void write_body(ByteWriter& into, const SourcestatsReply& reply);
void write_body(ByteWriter& into, const NtpSourceNameReply& reply);
void write_body(ByteWriter& into, const AuthDataReply& reply);
void write_body(ByteWriter& into, const NtpDataReply& reply);
void write_body(ByteWriter& into, const SelectDataReply& reply);
SourceDataReply read_source_data(ByteReader& from);
SourcestatsReply read_sourcestats(ByteReader& from);
// Empty for a name that could not be shown or does not end.
std::optional<NtpSourceNameReply> read_source_name(ByteReader& from);
AuthDataReply read_auth_data(ByteReader& from);
NtpDataReply read_ntp_data(ByteReader& from, bool old);
SelectDataReply read_select_data(ByteReader& from);

}  // namespace timed::control

#endif  // TIMED_CONTROL_SOURCE_REPORTS_H_
