// A complete daemon on a simulated machine: the real Engine, configured by a text that the real parser reads.  Only
// what is behind the four seams differs from the daemon that is installed.
#ifndef TIMED_TESTS_SIM_NODE_H_
#define TIMED_TESTS_SIM_NODE_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "tests/sim/machine.h"
#include "timed/base/result.h"
#include "timed/control/protocol.h"
#include "timed/daemon/engine.h"

namespace timed::sim {

class Node {
 public:
  Node(Shared& shared, MachineModel model, std::string config);
  ~Node();
  Node(const Node&) = delete;
  Node& operator=(const Node&) = delete;

  // What main does: reads the configuration, opens what needs privileges, starts.  Messages are in the log too.
  Status start();
  // As after SIGTERM.
  void stop();
  // As after SIGKILL: nothing is saved, the kernel keeps the last frequency.
  void crash();
  bool running() const { return engine_ != nullptr; }
  // How often it was started.
  unsigned starts() const { return starts_; }
  // What the daemon knows of its sources; null while it does not run.
  const sources::SourceSet* sources() const { return engine_ ? engine_->sources() : nullptr; }
  // Of a daemon that ended of its own accord.
  std::optional<int> exit_status() const { return exit_status_; }
  // Hold from the next start on.
  void set_config(std::string config) { config_ = std::move(config); }
  void add_config(const std::string& lines) { config_ += lines; }
  void set_options(std::vector<std::string_view> options) { options_ = std::move(options); }  // of the command line

  // Asks as timedc does, through the Unix command socket; the world runs on for a millisecond meanwhile.  Empty where
  // there is no answer or none of this kind.
  template <class Reply>
  std::optional<Reply> ask(const control::Request& request) {
    const auto body = ask_body(request);
    const Reply* reply = body ? std::get_if<Reply>(&*body) : nullptr;
    return reply == nullptr ? std::nullopt : std::optional<Reply>(*reply);
  }

  Machine& machine() { return machine_; }
  const std::string& name() const { return machine_.name(); }
  Log& log() { return machine_.log(); }
  SimFiles& files() { return machine_.files(); }
  SimClock& clock() { return machine_.clock(); }
  // Clock as read less truth, positive = fast; and the rate of that.
  Duration clock_error() { return machine_.clock().error(); }
  Frequency frequency_error() { return machine_.clock().frequency_error(); }

 private:
  void on_exit();
  std::optional<control::ReplyBody> ask_body(const control::Request& request);

  Machine machine_;
  std::string config_;
  std::vector<std::string_view> options_;
  std::unique_ptr<daemon::Engine> engine_;
  std::optional<int> exit_status_;
  std::string command_socket_;
  std::uint32_t asked_ = 0;
  unsigned starts_ = 0;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_NODE_H_
