// What a command works with: the session, how to show things, and where to.
#ifndef TIMED_TIMEDC_CONTEXT_H_
#define TIMED_TIMEDC_CONTEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "command_line.h"
#include "timed/base/text.h"
#include "timed/client/names.h"
#include "timed/client/session.h"
#include "timed/control/protocol.h"

namespace timed::timedc {

// A command with its arguments.
using Words = std::vector<Word>;

class Context {
 public:
  // Both outlive this.
  Context(client::Session& asked, const CommandLine& line);

  client::Session& session;
  client::NamingOptions naming;
  Family family;  // of the addresses of host names
  Form form;
  bool colours;            // only of text at a terminal, and not under the name of chronyc
  bool own_extras;         // what chronyc has not
  bool wants_end = false;  // after `quit`

  void print(const std::string& text);
  // Writes out what was printed; false where that, or an earlier print, has failed.
  bool flush();

  // On standard error; false.
  static bool complain(const std::string& text);
  // A report in the form that is wanted, from the function that makes each of them.  A JSON object ends its line.
  template <class Text, class Csv, class Json, class... Arguments>
  std::string shown(Text text, Csv csv, Json json, const Arguments&... arguments) const {
    switch (form) {
      case Form::Text:
        return text(arguments...);
      case Form::Csv:
        return csv(arguments...);
      case Form::Json:
        break;
    }
    return json(arguments...) + "\n";
  }
  // The line of what the daemon refused, or did not answer; false.
  bool fail(const Error& error);
  // A line that begins with the number of a status.
  void print_status(std::string_view line);
  // A request that is answered by its status alone, which is printed.  True where it says that it was done.
  bool request(const control::Request& wanted);
  // The same of what has been answered.
  bool conclude(const Result<control::Received>& received);
  // The name of a source as rows show it, and a line before it of what went wrong in finding it.
  std::string name_of(const control::SourceAddress& address);
  // The same, never cut.
  std::string whole_name_of(const control::SourceAddress& address);

 private:
  std::string told(const client::Name& name);

  bool output_failed_ = false;
};

// The words from the n-th on with one blank between them.
std::string joined(const Words& words, std::size_t first);
// The n-th word, or nothing.
std::string_view word_at(const Words& words, std::size_t index);
// The number that a word begins with, as chronyc takes it: what does not fit wraps.
std::optional<std::int32_t> integer_of(std::string_view text);
std::optional<double> real_of(std::string_view text);

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_CONTEXT_H_
