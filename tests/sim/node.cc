#include "tests/sim/node.h"

#include <array>

#include "timed/base/check.h"
#include "timed/base/log.h"
#include "timed/config/parser.h"
#include "timed/daemon/command_line.h"

namespace timed::sim {

Node::Node(Shared& shared, MachineModel model, std::string config)
    : machine_(shared, std::move(model)), config_(std::move(config)) {
  machine_.loop().on_exit([this] { on_exit(); });
}

Node::~Node() {
  crash();
}

Status Node::start() {
  TIMED_ASSERT(!running());
  const LogScope scope(machine_.world(), machine_.log());
  exit_status_.reset();
  ++starts_;
  std::vector<std::string_view> arguments{"timed"};
  arguments.insert(arguments.end(), options_.begin(), options_.end());
  const auto parsed = daemon::parse_command_line(arguments);
  const auto* cli = std::get_if<daemon::CommandLine>(&parsed);
  TIMED_ASSERT(cli != nullptr);
  auto outcome = config::parse_text(machine_.files(), config_, "timed.conf", daemon::initial_config(*cli));
  daemon::apply_options(*cli, outcome.config);
  for (const auto& warning : outcome.warnings) log::warning("%s", warning.summary.c_str());
  if (!outcome.ok()) {
    for (const auto& error : outcome.errors) log::fatal("%s", error.summary.c_str());
    return Error{outcome.errors.front().summary, ErrorKind::Invalid};
  }
  machine_.clock().set_rtc_sync(outcome.config.clock.rtc_sync);
  command_socket_ = outcome.config.control.unix_path;
  engine_ = std::make_unique<daemon::Engine>(std::move(outcome.config), machine_.env());
  machine_.loop().run_daemon(engine_.get());
  if (Status status = engine_->open(); !status) {
    log::fatal("%s", status.error().message.c_str());
    crash();
    return status;
  }
  engine_->start();
  return Status::success();
}

void Node::stop() {
  if (!running()) return;
  const LogScope scope(machine_.world(), machine_.log());
  engine_->stop();
  crash();
}

void Node::crash() {
  machine_.loop().run_daemon(nullptr);
  engine_.reset();
}

std::optional<control::ReplyBody> Node::ask_body(const control::Request& request) {
  const std::string reply_path = "/run/asker." + std::to_string(++asked_);
  const control::RequestHeader header{.command = static_cast<std::uint16_t>(control::code_of(request)),
                                      .sequence = asked_};
  std::array<std::byte, env::kMaxControlMessage> bytes{};
  const std::size_t length = control::write_request(bytes, header, request);
  const env::Credentials root{.pid = 1, .uid = 0, .gid = 0};
  if (!machine_.sockets().send_unix(command_socket_, std::span(bytes).first(length), reply_path, root)) return {};
  machine_.world().run_for(Duration::millis(1));
  for (const auto& reply : machine_.sockets().take_unix_replies(reply_path)) {
    const control::Received received = control::receive_reply(reply, header);
    if (received.arrival == control::Arrival::Accept) return received.body;
  }
  return {};
}

void Node::on_exit() {
  exit_status_ = engine_->exit_status();
  stop();
}

}  // namespace timed::sim
