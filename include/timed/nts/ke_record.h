// Key establishment of NTS: the records in which client and server agree (RFC 8915 section 4).  Pure: messages are
// octets that TLS has carried.
#ifndef TIMED_NTS_KE_RECORD_H_
#define TIMED_NTS_KE_RECORD_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "timed/auth/aead.h"

namespace timed::nts {

inline constexpr std::size_t kMaxMessage = 16384;     // octets of all records
inline constexpr std::size_t kMaxServerName = 257;    // octets of the name of an NTP server
inline constexpr std::size_t kMaxOffered = 4;         // ciphers that a client offers
inline constexpr std::uint16_t kNtpPort = 123;        // where no other one is named
inline constexpr std::string_view kAlpn = "ntske/1";  // what both sides of the connection must have agreed on

// ---- framing ----

enum class RecordType : std::uint16_t {
  EndOfMessage = 0,
  NextProtocol = 1,
  Error = 2,
  Warning = 3,
  Aead = 4,
  Cookie = 5,
  Server = 6,
  Port = 7,
  CompliantExporter = 1024,  // chrony's: keys of AEAD 30 are exported as the standard says
};

struct Record {
  bool critical = false;
  std::uint16_t type = 0;  // others than those above occur
  std::span<const std::byte> body;
};

// Goes over a whole message.
class RecordWalk {
 public:
  explicit RecordWalk(std::span<const std::byte> message) : rest_(message) {}
  // The next record; empty at the end or where the rest is cut off.
  std::optional<Record> next();

 private:
  std::span<const std::byte> rest_;
};

// Finds the end of a message in what arrives in pieces.
class MessageEnd {
 public:
  enum class State : std::uint8_t {
    Partial,
    Whole,   // the end of message is the last thing
    Broken,  // more than kMaxMessage, or something behind the end
  };
  // All octets so far.  What was looked at is not looked at again, so that many small pieces cost no more than one.
  State look(std::span<const std::byte> received);

 private:
  std::size_t at_ = 0;  // where the next record begins
};

// ---- keys ----

enum class Direction : std::uint8_t { ClientToServer = 0, ServerToClient = 1 };

inline constexpr std::string_view kExporterLabel = "EXPORTER-network-time-security";
// The context that TLS exports a key with.  Older versions of chrony export keys of AES-128-GCM-SIV as if they were of
// AES-SIV-CMAC-256; both do as the standard says where `compliant`.
std::array<std::byte, 5> exporter_context(auth::AeadId aead, bool compliant, Direction direction);

// ---- server ----

// What the server tells the client instead of an answer; the values of the record.
enum class KeError : std::uint16_t { UnrecognizedCriticalRecord = 0, BadRequest = 1, InternalServerError = 2 };

// What both can do.
struct Agreement {
  bool ntpv4 = false;                // else there is no protocol in common
  std::optional<auth::AeadId> aead;  // empty where there is none in common
  bool compliant_exporter = false;   // keys of AES-128-GCM-SIV are as the standard says
};

// The first cipher of the client's list that the server has enabled.
std::variant<Agreement, KeError> negotiate(std::span<const std::byte> request, std::span<const auth::AeadId> enabled);

struct KeOffer {
  std::uint16_t ntp_port = kNtpPort;  // which is told if it is another one
  std::string_view ntp_server;        // empty = the one that the client has asked
  std::span<const std::vector<std::byte>> cookies;
};
// An answer without what there is not in common, or a whole one.  Octets, or 0 where there is no room.
std::size_t write_response(const Agreement& agreement, const KeOffer& offer, std::span<std::byte> into);
std::size_t write_error(KeError error, std::span<std::byte> into);

// ---- client ----

// At most kMaxOffered ciphers, the preferred one first.  Octets, or 0 where there is no room.
std::size_t write_request(std::span<const auth::AeadId> offered, std::span<std::byte> into);

// Why a response is of no use.
enum class KeFault : std::uint8_t {
  Malformed,           // cut off, or a record that is not as it has to be
  UnrecognizedRecord,  // a critical one that we do not know
  ServerError,         // the server says so; see code
  ServerWarning,
  NoProtocol,  // nothing in common
  NoAead,
  NoCookies,
};
struct KeRefusal {
  KeFault fault = KeFault::Malformed;
  std::uint16_t code = 0;  // of the server's error or warning
};
// For people.
std::string describe(KeRefusal refusal);

struct KeResponse {
  auth::AeadId aead = auth::AeadId::SivCmac256;
  bool compliant_exporter = false;
  std::string ntp_server;  // a name or an address; empty = the one that was asked
  std::uint16_t ntp_port = kNtpPort;
  std::vector<std::vector<std::byte>> cookies;  // the first that can be used, at most auth::kMaxCookies
};
std::variant<KeResponse, KeRefusal> read_response(std::span<const std::byte> response,
                                                  std::span<const auth::AeadId> offered);

}  // namespace timed::nts

#endif  // TIMED_NTS_KE_RECORD_H_
