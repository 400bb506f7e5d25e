// What lines must not say together.  chrony finds out when it starts; here it is an error of the configuration.
#ifndef TIMED_SRC_CONFIG_RELATIONS_H_
#define TIMED_SRC_CONFIG_RELATIONS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "timed/config/diagnostic.h"
#include "timed/config/directives.h"

namespace timed::config {

class Relations {
 public:
  // For every line of a known word; good: it has no error of its own.
  void note(const Directive& row, const Statement& statement, const LinePlace& place, bool good);
  // After the last line.
  std::vector<Diagnostic> errors() const;

 private:
  // What a line of the configuration is, as far as others care.
  enum class Kind : std::uint8_t {
    RateLimit,
    NoClientLog,
    ServerCertificate,
    ServerKey,
    RtcFile,
    RtcSync,
    LeapSource,
    RtcRefclock,
    TaiRefclock,
  };
  struct Lines {
    std::size_t count = 0;
    // The last one.
    std::string file, text;
    std::size_t line = 0;
    Finding at;
  };

  void add(Kind kind, const Statement& statement, const LinePlace& place);
  bool has(Kind kind) const { return lines_.count(kind) != 0; }
  std::size_t count(Kind kind) const;
  Diagnostic error(Kind kind, const char* summary, const char* expected) const;

  std::map<Kind, Lines> lines_;
  bool pairs_known_ = true;  // every line of a certificate or a key counts
};

}  // namespace timed::config

#endif  // TIMED_SRC_CONFIG_RELATIONS_H_
