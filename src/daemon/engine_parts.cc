// What a selection, a jump of the clock, a leap second or an order of the operator leads to.
#include "engine_parts.h"

#include <optional>
#include <utility>

#include "timed/base/log.h"
#include "timed/daemon/announcer.h"
#include "timed/discipline/effective_marks.h"

namespace timed::daemon {
namespace {

// With resumestep: nothing wakes a sleeper's loop before its next poll, so it looks this often whether it has slept.
constexpr Duration kResumeWatch = Duration::seconds(10);

}  // namespace

control::Reply Engine::Parts::carry_out(const control::Request& request) {
  if (std::holds_alternative<control::RekeyRequest>(request)) {
    // As with chrony a success even where the file could not be read.
    if (const Status loaded = key_file.load(); !loaded) log::warning("%s", loaded.error().message.c_str());
    server.use_keys(key_file.keys());
    if (serves_nts()) {
      server_keys.rekey();
      ke_server.reload();
    }
    return {};
  }
  const auto changed = change_sources(request, *sources, source_files ? &*source_files : nullptr, selector.selected());
  if (changed) return *changed;
  if (const auto option = change_options(request, *sources)) return *option;
  if (const auto asked = change_access(request, {access, command_gate.rules()})) return *asked;
  const OwnReports reports{config.process.config_file,
                           started,
                           incidents,
                           clock,
                           *sources,
                           source_files ? &*source_files : nullptr,
                           server,
                           server_keys,
                           ke_server,
                           control};
  if (const auto own = answer_own(request, reports)) return *own;
  ClockOrders::Callbacks callbacks;
  callbacks.select = [this] { select(); };
  callbacks.reset_sources = [this] { sources->reset(); };
  callbacks.lose_synchronisation = [this] { lose_synchronisation(); };
  callbacks.dump = [this] {
    save_history();
    server_keys.save();
  };
  callbacks.update_reference = [this](const discipline::ReferenceInput& input) { update_reference(input); };
  callbacks.stepped = [this] { on_clock_stepped(); };
  callbacks.changed = [this] { published.reset(); };
  ClockOrders orders({clock, *reference, selector, manual, config.reference.local, jumps, smoothing}, callbacks);
  return execute(request, {*sources, selector, *reference, clock, orders, smoothing, server, ke_server, control,
                           [this] { cycle_logs(); },
                           [this] {
                             log::info("Received shutdown command");
                             exiting = true;
                           }});
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

// Who asks a thread does not wake the main loop, which publishes anew with each turn.
void Engine::Parts::publish_in_time() {
  if (server.has_threads()) publish_again.arm_in(kPublishAgain);
}

void Engine::Parts::retry_in_time() {
  const bool waits =
      server.lacking().any_may_come() || ke_server.lacking().any_may_come() || control.lacking().any_may_come();
  if (waits && !address_retry.armed()) address_retry.arm_in(kAddressRetry);
}

// Whoever had the port may be on its way out, and an address on its way to the machine.
void Engine::Parts::retry_addresses() {
  server.retry_addresses();
  ke_server.retry_ports();
  control.retry_addresses();
  status_due = true;
}

void Engine::Parts::tell_status() {
  if (config.run.purpose != config::RunOptions::Purpose::KeepTime) return;
  const discipline::Now now = clock.read();
  const auto source = reference->tracking(now).source;
  ServiceState state;
  state.ready = modes.is_normal();
  state.serving = server.is_open();
  state.lacking = server.lacking().any();
  state.serving_keys = ke_server.is_open();
  state.lacking_keys = ke_server.lacking().any();
  state.stratum = reference->own_state(now).stratum;
  if (source) state.reference = sources->describe(*source);
  state.sources = sources->activity();
  service.tell(state);
}

void Engine::Parts::select() {
  status_due = true;
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
  if (!selection.combined || !may_update(selection.combined->offset)) return;
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
  if (update.verdict == discipline::ReferenceUpdate::Verdict::Known) {
    clock.renew();  // somebody else may have set another frequency: the sample may wait because of it
    update_leap(input.leap);
    published.reset();
    return;
  }
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

// Certificates may be all right and the clock not.
CertificateTimes Engine::Parts::certificate_times() {
  if (bootstrap.active()) return bootstrap.times(clock.read().local);
  if (clock_updates < config.nts.client.no_time_check) return {};
  return {clock.read().local, std::nullopt};
}

void Engine::Parts::apply(const discipline::ReferenceUpdate& update, ntp::Leap voted) {
  if (clock_updates < config.nts.client.no_time_check) ++clock_updates;
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
  tell_kernel();
}

void Engine::Parts::tell_kernel() {
  const discipline::Now now = clock.read();
  clock.set_sync_status(reference->sync_status(now, clock.timeline().pending(now.raw)));
  const auto again = reference->renew_status_in(now);
  if (again) tell_kernel_again.arm_in(*again);
  if (!again) tell_kernel_again.disarm();
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
  server_keys.on_clock_stepped();
  if (!bootstrap.active()) return;
  bootstrap.on_clock_set(clock.read().local);
  sources->distrust_keys();
}

bool Engine::Parts::step(Duration offset) {
  const bool done = clock.step(offset);
  reference->on_step(offset);
  if (!done) return false;
  jumps.on_own_step(offset);
  ++incidents.own_steps;
  on_clock_stepped();
  return true;
}

// True where the clock tells now what the real-time clock does.
bool Engine::Parts::set_from_start_time() {
  const auto target = start_time.target(clock.read_raw(), drift_file.modified());
  if (!target) return false;
  if (step(target->offset)) {
    log::info("%s", target->done);
    return target->of_rtc;
  }
  log::error("Could not step system clock");
  return false;
}

void Engine::Parts::tell_clamped_frequency() {
  const auto clamped = clock.take_clamped();
  if (clamped) log::warning("Frequency %.1f ppm exceeds allowed maximum", -clamped->to_ppm());
}

// Nothing that was measured holds any longer, and nothing can be said of our time before it is measured anew.
void Engine::Parts::on_jump(const Jump& jump) {
  tell(announce_jump(jump));
  incidents.note(jump, env.timers.now());
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
  status_due = true;
  const discipline::Now now = clock.read();
  reference->set_unsynchronised(now);
  recorder.note_loss(*reference, now);
  leap.update(ntp::Leap::Unsynchronised);
  clock.set_sync_status({});
  tell_kernel_again.disarm();
  published.reset();
  if (!modes.is_normal()) modes.note_lost();
  fallback.note_loss();
}

}  // namespace timed::daemon
