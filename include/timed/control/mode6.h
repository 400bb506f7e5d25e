// The packets of ntpq: control messages of NTP mode 6 (RFC 9327, historic), read-only.  Pure.
//
// A question of 12 octets can have an answer of thousands, from a port that anybody can name as the sender's.  So only
// this machine gets an answer that is longer than its question; read what Mode6Limits says.
#ifndef TIMED_CONTROL_MODE6_H_
#define TIMED_CONTROL_MODE6_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "timed/ntp/types.h"

namespace timed::control {

inline constexpr std::size_t kMode6Header = 12;
inline constexpr std::size_t kMode6MaxData = 468;  // of one datagram
inline constexpr std::size_t kMode6MaxQuestion = kMode6Header + kMode6MaxData;
// Of one answer: what ntpq puts together.
inline constexpr std::size_t kMode6MaxDatagrams = 24;

enum class Mode6Operation : std::uint8_t { ReadStatus = 1, ReadVariables = 2, ReadClock = 4 };
enum class Mode6Error : std::uint8_t {
  BadFormat = 2,
  BadOperation = 3,
  BadAssociation = 4,
  UnknownVariable = 5,
  Restricted = 7,
};

struct Mode6Question {
  std::uint8_t version = 2;    // 1 … 4, as the asker says it
  std::uint8_t operation = 0;  // one of Mode6Operation, or one that is not known here
  std::uint16_t sequence = 0;
  std::uint16_t association = 0;   // 0 = the system
  bool well_formed = false;        // otherwise the answer is BadFormat
  std::vector<std::string> names;  // variables asked for; none = the usual ones
};
// Nothing for what is not to be answered at all: another mode or version, an answer, an error, a later fragment, too
// short or too long.
std::optional<Mode6Question> read_mode6(std::span<const std::byte> datagram);

struct Mode6Answer {
  std::uint16_t status = 0;           // of the system or of the association asked for
  std::vector<std::byte> data;        // a list or a text
  std::optional<Mode6Error> error{};  // instead
};

// An item of text: name and value as they are shown.
struct Mode6Variable {
  std::string name;
  std::string value;
};
// "name=value, name=value" in lines, as ntpq takes it apart.  With names only those, in that order; empty where none
// of them is there.
std::vector<std::byte> mode6_text(std::span<const Mode6Variable> variables, std::span<const std::string> names);

struct Mode6Limits {
  std::size_t datagrams = 1;
  std::size_t octets = 0;  // of each
  // Of a question from this machine, or from elsewhere, where an answer is no longer than its question.
  static Mode6Limits local() { return {kMode6MaxDatagrams, kMode6MaxQuestion}; }
  static Mode6Limits remote(std::size_t question) { return {1, question}; }
};
// The datagrams of an answer, or of the error Restricted where it does not keep to the limits.  What is longer than
// all the datagrams that may be is cut for this machine.
std::vector<std::vector<std::byte>> write_mode6(const Mode6Question& question, ntp::Leap leap,
                                                const Mode6Answer& answer, const Mode6Limits& limits);

}  // namespace timed::control

#endif  // TIMED_CONTROL_MODE6_H_
