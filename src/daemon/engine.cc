#include "timed/daemon/engine.h"

#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "engine_parts.h"
#include "timed/base/log.h"
#include "timed/daemon/announcer.h"

namespace timed::daemon {
namespace {

std::uint64_t random_seed(env::Host& host) {
  std::array<std::byte, 8> bytes{};
  host.random(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace

Engine::Engine(config::Config config, const env::Env& env, std::string name, std::function<void()> reopen_logs)
    : parts_(std::make_unique<Parts>(std::move(config), env, std::move(name), std::move(reopen_logs))) {}
Engine::~Engine() = default;

Status Engine::open() {
  if (Status loaded = parts_->key_file.load(); !loaded) {
    if (!KeyFile::may_be_missing(parts_->config, loaded.error())) return loaded;
    log::warning("%s", loaded.error().message.c_str());
  }
  parts_->server.use_keys(parts_->key_file.keys());
  if (Status s = parts_->temperature.open(); !s) return s;
  parts_->start_clock();
  if (parts_->config.process.restore_time) parts_->start_time.read_rtc();
  parts_->make_sources(parts_->modes.begins_with_own_sources() ? std::vector<sources::SourceLine>()
                                                               : parts_->config.sources);
  parts_->share_server_sockets();
  // A port that is taken is the operator's to see; a daemon that can still steer its clock goes on.
  parts_->server.limit_rates_of(parts_->config.limited, parts_->config.restrict_kod);
  if (const Status opened = parts_->server.open(); !opened) log::error("%s", opened.error().message.c_str());
  if (parts_->serves_nts()) parts_->ke_server.open();
  parts_->control.open_udp();
  parts_->publish();
  return {};
}

bool Engine::lacks_low_port() const {
  return parts_->control.lacking().any_may_come() && is_low_port(parts_->config.control.port);
}

void Engine::Parts::start_clock() {
  const auto state = clock.start();
  if (!state) log::error("%s", state.error().message.c_str());
  if (!clock.steering()) log::info("Disabled control of system clock");
  if (state) precision = state->precision;
  const int log2 = static_cast<int>(std::lround(std::log2(precision.to_seconds())));
  reference.emplace(config.reference, log2, random_seed(env.host));
  reference->set_unsynchronised(clock.read());
  clock.set_sync_status({});
  leap.start(state ? state->tai_offset : std::nullopt);
}

LeapCallbacks Engine::Parts::leap_callbacks() {
  LeapCallbacks callbacks;
  callbacks.on_changed = [this] {
    reference->set_leap(leap.leap(), leap.in_progress());
    published.reset();
  };
  callbacks.on_leap = [this](const LocalLeap& l) {
    if (l.by != LocalLeap::By::Kernel) reference->on_step(l.gained());
    if (l.by == LocalLeap::By::Step) jumps.on_own_step(l.gained());
    smoothing.on_leap(l);
  };
  return callbacks;
}

// NTP and keys for it are served at the same addresses, to the same clients.
nts::KeNeighbours Engine::Parts::ke_server_neighbours() {
  nts::KeNeighbours neighbours;
  neighbours.bind_addresses = server.bound_to();
  neighbours.device = config.server.device;
  if (config.server.port != 0) neighbours.ntp_port = config.server.port;
  neighbours.anybody = [this](Family family) { return server.allows_any(family); };
  neighbours.admit = [this](const IpAddress& from) {
    switch (server.admit_establishment(from)) {
      case server::Server::Establishment::Denied:
        return nts::KeAdmission::Denied;
      case server::Server::Establishment::TooOften:
        return nts::KeAdmission::TooOften;
      case server::Server::Establishment::Welcome:
        break;
    }
    return nts::KeAdmission::Welcome;
  };
  return neighbours;
}

KeyCallbacks Engine::Parts::key_callbacks() {
  KeyCallbacks callbacks;
  callbacks.now = [this] { return clock.read().local; };
  callbacks.times = [this] { return certificate_times(); };
  callbacks.on_keys = [this](discipline::SourceId id, const sources::FetchedKeys& keys) {
    sources->take_keys(id, keys);
  };
  callbacks.on_failure = [this](discipline::SourceId id, sources::NtsFailure failure) {
    sources->on_keys_failed(id, failure);
  };
  return callbacks;
}

// What the run modes want done.
RunActions Engine::Parts::run_actions() {
  RunActions actions;
  actions.ask = [this](const std::vector<sources::SourceLine>& lines) {
    make_sources(lines);
    sources->start();
  };
  actions.begin = [this] { go_normal(); };
  actions.step = [this](Duration offset) { return step(offset); };
  actions.slew = [this](Duration offset) {
    discipline::ClockUpdate update;
    update.offset = offset;
    clock.apply(update);
  };
  actions.stop_asking = [this] { sources->stop(); };
  actions.synchronised = [this] { return is_synchronised(); };
  actions.exit = [this](int status) {
    exiting = true;
    exit_status = status;
  };
  actions.steps_are_wanted = config.clock.control;
  return actions;
}

sources::AcquisitionOptions Engine::Parts::acquisition() const {
  sources::AcquisitionOptions options = config.acquisition;
  options.from_server_socket = options.port && *options.port != 0 && *options.port == config.server.port;
  return options;
}

void Engine::Parts::make_sources(const std::vector<sources::SourceLine>& lines) {
  const sources::SourceSetOptions options{.stats = config.stats,
                                          .precision = precision,
                                          .max_clock_error = config.selection.max_clock_error,
                                          .family = config.family,
                                          .auth = {&key_file.keys(), Duration::seconds(config.nts.client.refresh)},
                                          .dscp = config.server.dscp,
                                          .refresh = Duration::seconds(config.refresh),
                                          .acquisition = acquisition()};
  const sources::SourceSetSeams seams{env.timers, env.network, env.host, clock.timeline()};
  sources::SourceSetCallbacks callbacks;
  callbacks.now = [this] { return clock.read(); };
  callbacks.own = [this] { return own_view(); };
  callbacks.own_state = [this] { return reference->own_state(clock.read()); };
  callbacks.server_socket = [this](Family family) { return server.shared_socket(family); };
  callbacks.on_sample = [this](discipline::SourceId id) {
    selector.note_sample(id);
    selection_due = true;
    recorder.note_sample(*sources, id);
  };
  callbacks.on_response = [this](const sources::ResponseRecord& r) { recorder.note_response(r); };
  callbacks.on_reachability = [this](discipline::SourceId) { selection_due = true; };
  callbacks.on_forgotten = [this](discipline::SourceId id) {
    selector.forget(id);
    key_establishment.forget(id);
    selection_due = true;
  };
  callbacks.on_leap = [this](discipline::SourceId id) { on_leap_announced(id); };
  callbacks.near_leap_second = [this](LocalTime when, Duration offset) { return leap.is_close(when, offset); };
  callbacks.combined_sources = [this] { return reference->combined_sources(); };
  callbacks.need_keys = [this](const sources::KeyRequest& request) { key_establishment.fetch(request); };
  callbacks.save_keys = [this](const sources::SavedKeys& keys) {
    if (!bootstrap.active()) key_establishment.save({keys});
  };
  callbacks.on_server_endpoints = [this] { endpoints_due = true; };
  key_establishment.stop();  // what is fetched is for those of before
  endpoints_due = true;
  sources.emplace(lines, options, seams, std::move(callbacks));
}

// Peers, and what else leaves from the port of the server.
void Engine::Parts::share_server_sockets() {
  server::SocketSharing sharing;
  sharing.take = [this](const env::Datagram& datagram) { return sources->on_server_datagram(datagram); };
  sharing.take_transmit_stamps = [this](Family family, std::span<const env::TransmitStamp> stamps) {
    sources->on_server_transmit_stamps(family, stamps);
  };
  sharing.answer_control = [this](const env::Datagram& datagram) {
    return answer_ntpq(datagram, command_gate, {*sources, selector, *reference, clock, leap.tai_offset()});
  };
  const auto needs = [this](Family family) {
    return sources::need_server_socket(config.sources, acquisition(), family) ||
           sources::need_server_socket(config.broadcasts, family);
  };
  sharing.needs_v4 = needs(Family::Inet4);
  sharing.needs_v6 = needs(Family::Inet6);
  sharing.broadcasts = !config.broadcasts.empty();
  server.share(std::move(sharing));
}

// From here on the daemon is ready, and does what it is configured for.
void Engine::Parts::go_normal() {
  if (modes.begins_with_own_sources()) {
    selector = discipline::Selector(config.selection);
    make_sources(config.sources);
  }
  env.host.notify("READY=1");
  status_due = true;
  if (!end_unless(ready ? ready() : Status())) return;
  smoothing.begin();
  history_due = true;
  source_files.emplace(config.source_directories, env.host.files(), env.timers, *sources);
  source_files->reload();
  if (modes.is_normal()) broadcasts.start();
  sources->start();
}

// Whether the daemon goes on.
bool Engine::Parts::end_unless(const Status& status) {
  if (status.ok()) return true;
  log::fatal("%s", status.error().message.c_str());
  exiting = true;
  exit_status = 1;
  return false;
}

// Of the sources that are configured, not of those of initstepslew.
void Engine::Parts::take_history() {
  history_due = false;
  status_due = true;
  if (config.dump_directory.empty()) return;
  // What was measured is kept under the address that the keys are good for.
  if (config.process.reload_history) {
    sources->take_saved_keys([this](const sources::KeyServer& of) { return key_establishment.cache().take(of); });
    if (sources->load_history(config.dump_directory, clock.found()) > 0) {
      // What was loaded changes what the others are compared and combined with: for one round all are new.
      for (const discipline::SourceId id : sources->matching({})) selector.note_sample(id);
      selection_due = true;
    }
  }
  sources->remove_saved_history(config.dump_directory);
}

// And what the sources need to be asked again.  Nothing that was learnt with a clock that is certainly wrong lasts.
void Engine::Parts::save_history() {
  if (bootstrap.active()) return;
  key_establishment.save(sources->keys_to_save());
  if (!config.dump_directory.empty()) sources->save_history(config.dump_directory, clock.left_behind());
}

bool Engine::Parts::is_synchronised() {
  const ntp::Stratum stratum = reference->own_state(clock.read()).stratum;
  return stratum > 0 && stratum < ntp::kUnsynchronisedStratum;
}

// A run that sets or measures the clock and ends serves nobody for long enough.
bool Engine::Parts::serves_nts() const {
  if (config.run.purpose != config::RunOptions::Purpose::KeepTime || !config.nts.serves()) return false;
  // Without a port of NTP keys may be established for another server.
  return config.server.port != 0 || !config.nts.server.certificates.empty();
}

void Engine::start() {
  parts_->status_due = true;
  if (parts_->serves_nts()) parts_->server_keys.start();
  parts_->server.start_threads();
  if (parts_->serves_nts()) parts_->ke_server.start();
  parts_->publish_in_time();
  parts_->control.open_unix();
  if (!parts_->end_unless(parts_->opened ? parts_->opened() : Status())) return;
  parts_->access.start();
  parts_->command_gate.rules().start();
  if (parts_->config.process.reload_history) parts_->clock.mark_found();
  const auto drift = parts_->drift_file.read();
  if (drift) parts_->reference->set_skew(drift->skew);
  if (drift && drift->frequency != Frequency::zero()) {
    parts_->clock.set_frequency(drift->frequency);
    parts_->tell_clamped_frequency();
  } else if (parts_->clock.frequency() != Frequency::zero()) {
    log::info("Initial frequency %.3f ppm", -parts_->clock.frequency().to_ppm());
  }
  const LocalTime at_start = parts_->clock.read().local;
  const bool set_by_rtc = parts_->config.process.restore_time && parts_->set_from_start_time();
  parts_->begin_bootstrap(set_by_rtc ? parts_->clock.read().local : at_start);
  parts_->temperature.start();
  parts_->recorder.note_loss(*parts_->reference, parts_->clock.read());
  parts_->watch_for_resume();
  parts_->retry_in_time();
  parts_->modes.start();
}

void Engine::stop() {
  parts_->env.host.notify("STOPPING=1");
  parts_->key_establishment.stop();
  parts_->sources->stop();
  parts_->broadcasts.stop();
  parts_->temperature.stop();
  parts_->resume_watch.disarm();
  parts_->give_up_checking.disarm();
  parts_->publish_again.disarm();
  parts_->address_retry.disarm();
  parts_->tell_kernel_again.disarm();
  parts_->server_keys.stop();
  parts_->service.stop();
  parts_->access.stop();
  parts_->command_gate.rules().stop();
  parts_->ke_server.close();
  parts_->server.close();
  parts_->control.close();
  parts_->clock.cancel_slew();
  // A run that leaves the clock to others leaves their file to them too.
  if (parts_->config.run.purpose != config::RunOptions::Purpose::MeasureClock) {
    parts_->save_history();
    // When it was written is what tells a later start that its clock is wrong.
    if (!parts_->bootstrap.active()) parts_->drift_file.write(parts_->drift());
  }
  log::info("%s exiting", parts_->name.c_str());
}

void Engine::keep_watchdog(Duration limit) {
  parts_->service.keep_watchdog(limit, [this]() -> std::string_view {
    // Both are asked each time: an answer is about the time since the last question.
    const bool serving = parts_->server.threads_have_turned(), keys = parts_->ke_server.workers_have_turned();
    if (!serving) return "A serving thread";
    return keys ? "" : "A thread of key establishment";
  });
}

void Engine::on_opened(std::function<Status()> fn) {
  parts_->opened = std::move(fn);
}

void Engine::on_ready(std::function<Status()> fn) {
  parts_->ready = std::move(fn);
}

void Engine::begin_turn(Duration late) {
  std::optional<Duration> suspended;
  if (parts_->config.resume_step) suspended = parts_->env.clock.suspended();
  const auto jump = parts_->jumps.check(parts_->env.clock.now(), parts_->env.timers.now(), suspended);
  parts_->leap.watch_kernel(parts_->jumps.latest());
  if (jump) parts_->on_jump(*jump);
  parts_->incidents.note_delay(late);
  if (!jump && parts_->pauses.check(late)) {
    tell(announce_pause(late));
    parts_->incidents.note_pause(parts_->env.timers.now());
  }
  parts_->ke_server.begin_turn();
  const auto& published = parts_->published;
  const bool fresh = published && parts_->env.timers.now() - *published < Parts::kPublishAgain;
  if (parts_->server.is_open() && !fresh) parts_->publish();
}

void Engine::end_turn() {
  if (parts_->history_due && parts_->sources->all_names_tried()) parts_->take_history();
  if (!parts_->jumps.stopped() && std::exchange(parts_->selection_due, false)) parts_->select();
  if (std::exchange(parts_->status_due, false)) parts_->tell_status();
  if (!parts_->modes.is_normal()) parts_->modes.end_turn(*parts_->sources, parts_->clock.read().free);
  if (parts_->server.is_open() && !parts_->published) parts_->publish();
  if (parts_->server.has_threads()) {
    if (std::exchange(parts_->endpoints_due, false)) {
      parts_->server.set_sources(parts_->sources->server_endpoints());
    }
    if (!parts_->publish_again.armed()) parts_->publish_in_time();
  }
  parts_->retry_in_time();
}

void Engine::on_hangup() {
  parts_->cycle_logs();
  if (parts_->serves_nts()) parts_->ke_server.reload();
}

bool Engine::wants_exit() const {
  return parts_->exiting;
}

const sources::SourceSet* Engine::sources() const {
  return parts_->sources ? &*parts_->sources : nullptr;
}

int Engine::exit_status() const {
  return parts_->exit_status;
}

}  // namespace timed::daemon
