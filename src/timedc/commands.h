// The commands of timedc: one line in, text on standard output, success or failure (spec config.md 4.2 to 4.5).
#ifndef TIMED_TIMEDC_COMMANDS_H_
#define TIMED_TIMEDC_COMMANDS_H_

#include <string>
#include <string_view>
#include <vector>

#include "command_line.h"
#include "timed/base/text.h"
#include "timed/client/session.h"

namespace timed::timedc {

class Commands {
 public:
  // Both outlive this.
  Commands(client::Session& session, const CommandLine& line);

  // Runs one line; an empty one and a comment succeed without a trace.
  bool run(std::string_view line);
  // After `quit` or `exit`.
  bool wants_end() const { return wants_end_; }
  // Whether the last command that was run succeeded; true if there was none.
  bool last_succeeded() const { return last_succeeded_; }

 private:
  using Words = std::vector<Word>;
  struct ListOptions {
    bool all = false;      // -a
    bool verbose = false;  // -v
  };
  struct Row;
  static const std::vector<Row>& table();

  bool dispatch(const Words& words);
  void print(const std::string& text);
  bool fail(const Error& error);
  // A request that is answered by its status alone.
  bool request(const control::Request& wanted);
  void show_name(const client::Name& name);
  static ListOptions list_options(const Words& words);

  bool tracking(const Words& words);
  bool sources(const Words& words);
  bool sourcestats(const Words& words);
  bool activity(const Words& words);
  bool smoothing(const Words& words);
  bool smoothtime(const Words& words);
  bool sourcename(const Words& words);
  bool cyclelogs(const Words& words);
  bool waitsync(const Words& words);
  bool dns(const Words& words);
  bool timeout(const Words& words);
  bool retries(const Words& words);
  bool help(const Words& words);
  bool end(const Words& words);
  bool obsolete(const Words& words);

  client::Session& session_;
  client::NamingOptions naming_;
  Family family_;
  bool csv_;
  bool end_marks_;
  bool wants_end_ = false;
  bool last_succeeded_ = true;
  bool output_failed_ = false;
};

}  // namespace timed::timedc

#endif  // TIMED_TIMEDC_COMMANDS_H_
