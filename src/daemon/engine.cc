#include "timed/daemon/engine.h"

#include <bit>
#include <cmath>
#include <optional>
#include <utility>

#include "timed/base/check.h"
#include "timed/base/log.h"
#include "timed/control/control_server.h"
#include "timed/daemon/access_commands.h"
#include "timed/daemon/access_names.h"
#include "timed/daemon/announcer.h"
#include "timed/daemon/change_mail.h"
#include "timed/daemon/clock_orders.h"
#include "timed/daemon/command_gate.h"
#include "timed/daemon/commands.h"
#include "timed/daemon/drift_file.h"
#include "timed/daemon/fallback_timer.h"
#include "timed/daemon/journal.h"
#include "timed/daemon/jumps.h"
#include "timed/daemon/key_file.h"
#include "timed/daemon/leap_seconds.h"
#include "timed/daemon/mono_clock.h"
#include "timed/daemon/ntpq_variables.h"
#include "timed/daemon/recorder.h"
#include "timed/daemon/run_modes.h"
#include "timed/daemon/source_changes.h"
#include "timed/daemon/source_commands.h"
#include "timed/daemon/start_time.h"
#include "timed/daemon/temperature_poll.h"
#include "timed/daemon/time_smoothing.h"
#include "timed/discipline/effective_marks.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/selection.h"
#include "timed/server/server.h"
#include "timed/sources/broadcast.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {
namespace {

// What we say of our clock ages on its own (dispersion, the waits of local mode): renewed this often while asked.
constexpr Duration kPublishAgain = Duration::seconds(1);
// With resumestep: nothing wakes a sleeper's loop before its next poll, so it looks this often whether it has slept.
constexpr Duration kResumeWatch = Duration::seconds(10);

std::uint64_t random_seed(env::Host& host) {
  std::array<std::byte, 8> bytes{};
  host.random(bytes);
  return std::bit_cast<std::uint64_t>(bytes);
}

}  // namespace

struct Engine::Parts {
  Parts(config::Config c, const env::Env& e, std::string n, std::function<void()> reopen)
      : config(std::move(c)),
        env(e),
        name(std::move(n)),
        reopen_logs(std::move(reopen)),
        clock(
            config.clock, e.clock, e.timers, [this] { published.reset(); },
            [this](const auto& change) {
              mono_clock.on_change(change);
              smoothing.on_change(change, reference->skew());
            }),
        selector(config.selection),
        key_file(config.key_file, e.host.files()),
        access(config.access, config.family, e.host, e.timers, [this] { server.set_rules(access.rules()); }),
        server(config.server, config.rate_limits.all(), access.rules(), e.network, e.clock, e.host),
        command_gate(config.command_access, config.rate_limits.commands, config.family, e.host, e.timers),
        control(config.control, e.network,
                command_gate.gate([this](const IpAddress& from) { server.note_command(from); }),
                [this](const control::Request& r) { return carry_out(r); }),
        smoothing(config.smoothing),
        leap(config.leap_seconds, clock, e.timers, e.host.files(), leap_callbacks()),
        manual(config.manual),
        drift_file(config.drift_file, e.host.files()),
        start_time(config.rtc, e.host, e.timers),
        fallback(config.fallback_drift, e.timers,
                 {[this](Frequency absolute) { clock.set_frequency(absolute); }, [this] { lose_synchronisation(); }}),
        temperature(config.temperature, e.host.files(), e.timers,
                    [this](const TemperaturePoll::Reading& r) { take_temperature(r); }),
        journal(config.journal, e.host.files()),
        recorder(journal, clock),
        resume_watch(e.timers, [this] { watch_for_resume(); }),
        broadcasts(config.broadcasts, {e.timers, e.clock, e.host},
                   {[this](Family family) { return server.shared_socket(family); },
                    [this] { return served_state(clock.read()); }}),
        modes(config.run, config.init_step_slew, e.timers, e.host, config.family, run_actions()) {}

  void start_clock();
  LeapCallbacks leap_callbacks();
  RunActions run_actions();
  void make_sources(const std::vector<sources::SourceLine>& lines);
  sources::AcquisitionOptions acquisition() const;
  void share_server_sockets();
  void go_normal();
  bool is_synchronised();
  void take_history();
  void save_history();
  control::Reply carry_out(const control::Request& request);
  sources::OwnView own_view();
  void select();
  void update_reference(const discipline::ReferenceInput& input);
  void apply(const discipline::ReferenceUpdate& update, ntp::Leap voted);
  bool step(Duration offset);
  void on_clock_stepped();
  void set_from_start_time();
  void on_leap_announced(discipline::SourceId id);
  void update_leap(ntp::Leap voted);
  void tell_clamped_frequency();
  void lose_synchronisation();
  void on_jump(const Jump& jump);
  void watch_for_resume();
  discipline::OwnState served_state(const discipline::Now& now);
  void publish();
  void cycle_logs();
  void take_temperature(const TemperaturePoll::Reading& reading);
  Drift drift() const { return {clock.frequency(), reference->skew()}; }

  config::Config config;
  env::Env env;
  std::string name;
  std::function<void()> reopen_logs;
  discipline::LocalClock clock;
  MonoClock mono_clock;
  discipline::Selector selector;
  KeyFile key_file;
  AccessNames access;
  server::Server server;
  CommandGate command_gate;
  control::ControlServer control;
  TimeSmoothing smoothing;
  LeapSeconds leap;
  discipline::ManualInput manual;
  DriftFile drift_file;
  StartTime start_time;
  FallbackTimer fallback;
  TemperaturePoll temperature;
  Journal journal;
  Recorder recorder;
  // Made by open(), when the clock's precision is known.
  std::optional<discipline::Reference> reference;
  std::optional<sources::SourceSet> sources;
  std::optional<sources::SourceFiles> source_files;  // in normal operation; while the set lives
  Duration precision = Duration::micros(1);
  Jumps jumps;
  Pauses pauses;
  env::Timer resume_watch;
  sources::Broadcasts broadcasts;
  RunModes modes;
  std::function<Status()> ready;

  bool selection_due = false;
  bool history_due = false;           // what the last run has saved was not looked at yet
  std::optional<MonoTime> published;  // when; empty: what is published no longer holds
  bool exiting = false;
  int exit_status = 0;
};

Engine::Engine(config::Config config, const env::Env& env, std::string name, std::function<void()> reopen_logs)
    : parts_(std::make_unique<Parts>(std::move(config), env, std::move(name), std::move(reopen_logs))) {}
Engine::~Engine() = default;

Status Engine::open() {
  // Where keys were asked for, to run without them would be to run without authentication.
  if (const Status loaded = parts_->key_file.load(); !loaded) return loaded;
  parts_->server.use_keys(parts_->key_file.keys());
  if (Status s = parts_->temperature.open(); !s) return s;
  parts_->start_clock();
  if (parts_->config.process.restore_time) parts_->start_time.read_rtc();
  parts_->make_sources(parts_->modes.begins_with_own_sources() ? std::vector<sources::SourceLine>()
                                                               : parts_->config.sources);
  parts_->share_server_sockets();
  // A port that is taken is the operator's to see; a daemon that can still steer its clock goes on.
  parts_->server.limit_rates_of(parts_->config.limited);
  if (const Status opened = parts_->server.open(); !opened) log::error("%s", opened.error().message.c_str());
  parts_->control.open_udp();
  parts_->publish();
  return {};
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
                                          .keys = &key_file.keys(),
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
    selection_due = true;
  };
  callbacks.on_leap = [this](discipline::SourceId id) { on_leap_announced(id); };
  callbacks.near_leap_second = [this](LocalTime when, Duration offset) { return leap.is_close(when, offset); };
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
  if (const Status told = ready ? ready() : Status(); !told) {
    log::fatal("%s", told.error().message.c_str());
    exiting = true;
    exit_status = 1;
    return;
  }
  smoothing.begin();
  history_due = true;
  source_files.emplace(config.source_directories, env.host.files(), *sources);
  source_files->reload();
  if (modes.is_normal()) broadcasts.start();
  sources->start();
}

// Of the sources that are configured, not of those of initstepslew.
void Engine::Parts::take_history() {
  history_due = false;
  if (config.dump_directory.empty()) return;
  if (config.process.reload_history) {
    for (const discipline::SourceId id : sources->load_history(config.dump_directory)) {
      selector.note_sample(id);
      selection_due = true;
    }
  }
  sources->remove_saved_history(config.dump_directory);
}

void Engine::Parts::save_history() {
  if (!config.dump_directory.empty()) sources->save_history(config.dump_directory);
}

bool Engine::Parts::is_synchronised() {
  const ntp::Stratum stratum = reference->own_state(clock.read()).stratum;
  return stratum > 0 && stratum < ntp::kUnsynchronisedStratum;
}

void Engine::start() {
  parts_->control.open_unix();
  parts_->access.start();
  parts_->command_gate.rules().start();
  const auto drift = parts_->drift_file.read();
  if (drift) parts_->reference->set_skew(drift->skew);
  if (drift && drift->frequency != Frequency::zero()) {
    parts_->clock.set_frequency(drift->frequency);
    parts_->tell_clamped_frequency();
  } else if (parts_->clock.frequency() != Frequency::zero()) {
    log::info("Initial frequency %.3f ppm", -parts_->clock.frequency().to_ppm());
  }
  if (parts_->config.process.restore_time) parts_->set_from_start_time();
  parts_->temperature.start();
  parts_->recorder.note_loss(*parts_->reference, parts_->clock.read());
  parts_->watch_for_resume();
  parts_->modes.start();
}

void Engine::stop() {
  parts_->env.host.notify("STOPPING=1");
  parts_->sources->stop();
  parts_->broadcasts.stop();
  parts_->temperature.stop();
  parts_->resume_watch.disarm();
  parts_->access.stop();
  parts_->command_gate.rules().stop();
  parts_->server.close();
  parts_->control.close();
  parts_->clock.cancel_slew();
  // A run that leaves the clock to others leaves their file to them too.
  if (parts_->config.run.purpose != config::RunOptions::Purpose::MeasureClock) {
    parts_->save_history();
    parts_->drift_file.write(parts_->drift());
  }
  log::info("%s exiting", parts_->name.c_str());
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
  if (!jump && parts_->pauses.check(late)) tell(announce_pause(late));
  const auto& published = parts_->published;
  const bool fresh = published && parts_->env.timers.now() - *published < kPublishAgain;
  if (parts_->server.is_open() && !fresh) parts_->publish();
}

void Engine::end_turn() {
  if (parts_->history_due && parts_->sources->all_names_tried()) parts_->take_history();
  if (!parts_->jumps.stopped() && std::exchange(parts_->selection_due, false)) parts_->select();
  if (!parts_->modes.is_normal()) parts_->modes.end_turn(*parts_->sources, parts_->clock.read().free);
  if (parts_->server.is_open() && !parts_->published) parts_->publish();
}

void Engine::on_hangup() {
  parts_->cycle_logs();
}

bool Engine::wants_exit() const {
  return parts_->exiting;
}

int Engine::exit_status() const {
  return parts_->exit_status;
}

control::Reply Engine::Parts::carry_out(const control::Request& request) {
  if (std::holds_alternative<control::RekeyRequest>(request)) {
    // As with chrony a success even where the file could not be read.
    if (const Status loaded = key_file.load(); !loaded) log::warning("%s", loaded.error().message.c_str());
    return {};
  }
  const auto changed = change_sources(request, *sources, source_files ? &*source_files : nullptr, selector.selected());
  if (changed) return *changed;
  if (const auto option = change_options(request, *sources)) return *option;
  if (const auto asked = change_access(request, {access, command_gate.rules()})) return *asked;
  ClockOrders::Callbacks callbacks;
  callbacks.select = [this] { select(); };
  callbacks.reset_sources = [this] { sources->reset(); };
  callbacks.lose_synchronisation = [this] { lose_synchronisation(); };
  callbacks.dump = [this] { save_history(); };
  callbacks.update_reference = [this](const discipline::ReferenceInput& input) { update_reference(input); };
  callbacks.stepped = [this] { on_clock_stepped(); };
  callbacks.changed = [this] { published.reset(); };
  ClockOrders orders({clock, *reference, selector, manual, config.reference.local, jumps, smoothing}, callbacks);
  return execute(request, {*sources, selector, *reference, clock, orders, smoothing, server, control,
                           [this] { cycle_logs(); }, [this] { exiting = true; }});
}

sources::OwnView Engine::Parts::own_view() {
  const discipline::OwnState own = reference->own_state(clock.read());
  sources::OwnView view;
  view.serving = server.is_open() && modes.is_normal();
  view.stratum = own.stratum;
  view.ref_id = own.ref_id;
  view.root_delay = ntp::NtpShort::from(own.root_delay);
  view.reference =
      own.reference_time == LocalTime() ? ntp::NtpTimestamp() : ntp::NtpTimestamp::from(own.reference_time);
  view.system_peer = selector.selected();
  return view;
}

// Files that somebody has renamed are begun anew.
void Engine::Parts::cycle_logs() {
  journal.cycle();
  if (reopen_logs) reopen_logs();
}

// What everybody is told of our clock.
discipline::OwnState Engine::Parts::served_state(const discipline::Now& now) {
  discipline::OwnState own = reference->own_state(now);
  own.take_line(clock.timeline());
  own.smoothing = smoothing.served(now.local);
  mono_clock.tell(own);
  own.hide_leap = smoothing.enabled() && leap.slews();
  return own;
}

void Engine::Parts::publish() {
  const discipline::Now now = clock.read();
  server.publish(served_state(now));
  published = now.mono;
}

void Engine::Parts::select() {
  const discipline::Now now = clock.read();
  auto candidates = sources->candidates(now.free, config.selection.max_jitter);
  discipline::apply_auth_mode(candidates, config.selection.auth_mode);
  selector.keep_states(journal.wants_selection());
  discipline::LocalReferenceOptions local = config.reference.local;
  local.orphan = local.orphan && modes.is_normal();
  const discipline::Selection selection = selector.select(candidates, local);
  recorder.note_selection(*sources, candidates, selection, now);
  for (const discipline::SelectionMessage& message : selection.messages) {
    if (!modes.is_normal()) break;
    const std::string source = message.source ? sources->describe(*message.source) : std::string();
    tell(announce(message, source, config.selection));
  }
  for (const discipline::SourceId id : selection.bad) sources->replace_bad(id);
  if (selection.lose_synchronisation) lose_synchronisation();
  if (!selection.combined) return;
  update_reference({.stratum = selection.stratum,
                    .leap = selection.leap,
                    .ref_id = selection.ref_id,
                    .source = selection.selected,
                    .combined_sources = selection.combined_sources,
                    .manual = false,
                    .estimate = *selection.combined});
}

void Engine::Parts::update_reference(const discipline::ReferenceInput& input) {
  if (!modes.is_normal()) {
    modes.note_offset(input.estimate.offset);
    return;
  }
  const discipline::Now now = clock.read();
  const Duration pending = clock.timeline().pending(now.raw);
  recorder.before_update(*reference, now);
  const discipline::ReferenceUpdate update = reference->update(input, now, pending);
  if (update.verdict == discipline::ReferenceUpdate::Verdict::Applied) {
    apply(update, input.leap);
    recorder.note_update(input.source ? sources->label_of(*input.source) : "MANU", input, update, *reference,
                         clock.read(), pending);
    return;
  }
  tell(announce_refusal(update.offset, config.reference.max_change.offset, update.verdict));
  if (update.verdict == discipline::ReferenceUpdate::Verdict::Exit) {
    exiting = true;
    exit_status = 1;
  }
}

void Engine::Parts::apply(const discipline::ReferenceUpdate& update, ntp::Leap voted) {
  clock.apply(update.clock);
  tell_clamped_frequency();
  if (update.report_offset) tell(announce_wrong_by(update.offset));
  const auto& mail = config.mail_on_change;
  if (mail && abs(update.offset) > mail->threshold) {
    env.host.mail(change_mail(*mail, name, env.host.machine_name(), update.offset, env.clock.now()));
  }
  if (update.clock.step) {
    tell(announce_step(*update.clock.step, step(*update.clock.step)));
  }
  update_leap(voted);
  drift_file.note_update(reference->update_interval(), drift());
  if (reference->synchronised()) fallback.note_update(reference->update_interval(), clock.frequency());
  published.reset();
}

void Engine::Parts::update_leap(ntp::Leap voted) {
  leap.update(voted);
  reference->set_leap(leap.leap(), leap.in_progress());
  const discipline::Now now = clock.read();
  clock.set_sync_status(reference->sync_status(now, clock.timeline().pending(now.raw)));
}

// The sources agree on one thing and the clock needs no sample for it.
void Engine::Parts::on_leap_announced(discipline::SourceId id) {
  if (!reference->synchronised()) return;
  const auto candidates = sources->candidates(clock.read().free, config.selection.max_jitter);
  if (const auto voted = selector.vote_on_leap(id, candidates)) update_leap(*voted);
}

// By whomever: what was planned on the clock as it was is planned no longer.
void Engine::Parts::on_clock_stepped() {
  smoothing.on_step(clock.read().local);
  leap.on_clock_stepped();
  mono_clock.on_step();
}

bool Engine::Parts::step(Duration offset) {
  const bool done = clock.step(offset);
  reference->on_step(offset);
  if (!done) return false;
  jumps.on_own_step(offset);
  on_clock_stepped();
  return true;
}

void Engine::Parts::set_from_start_time() {
  const auto target = start_time.target(clock.read_raw(), drift_file.modified());
  if (!target) return;
  if (step(target->offset)) {
    log::info("%s", target->done);
  } else {
    log::error("Could not step system clock");
  }
}

void Engine::Parts::tell_clamped_frequency() {
  const auto clamped = clock.take_clamped();
  if (clamped) log::warning("Frequency %.1f ppm exceeds allowed maximum", -clamped->to_ppm());
}

// Nothing that was measured holds any longer, and nothing can be said of our time before it is measured anew.
void Engine::Parts::on_jump(const Jump& jump) {
  tell(announce_jump(jump));
  clock.on_unknown_step(jump.size);
  reference->on_unknown_step();
  manual.clear();
  sources->on_unknown_step();
  server.forget_stamps();
  on_clock_stepped();
  select();
  lose_synchronisation();
  if (!config.resume_step || !modes.is_normal()) return;
  reference->allow_steps(*config.resume_step);
  sources->refresh();  // it may have woken up in another network
  sources->refresh_by_burst();
}

void Engine::Parts::take_temperature(const TemperaturePoll::Reading& reading) {
  clock.set_compensation(reading.compensation);
  journal.write(TempcompRow{clock.read().local, reading.temperature, reading.compensation});
}

// The look itself is what every turn begins with.
void Engine::Parts::watch_for_resume() {
  if (config.resume_step) resume_watch.arm_in(kResumeWatch);
}

void Engine::Parts::lose_synchronisation() {
  const discipline::Now now = clock.read();
  reference->set_unsynchronised(now);
  recorder.note_loss(*reference, now);
  leap.update(ntp::Leap::Unsynchronised);
  clock.set_sync_status({});
  published.reset();
  if (!modes.is_normal()) modes.note_lost();
  fallback.note_loss();
}

}  // namespace timed::daemon
