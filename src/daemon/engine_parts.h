// The parts of the Engine, in the order in which they are made and against which they end, and what they do together:
// engine.cc starts, turns and stops them, engine_parts.cc does what a measurement, a jump or an order leads to.
#ifndef TIMED_SRC_DAEMON_ENGINE_PARTS_H_
#define TIMED_SRC_DAEMON_ENGINE_PARTS_H_

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "timed/control/control_server.h"
#include "timed/daemon/access_commands.h"
#include "timed/daemon/access_names.h"
#include "timed/daemon/change_mail.h"
#include "timed/daemon/clock_orders.h"
#include "timed/daemon/command_gate.h"
#include "timed/daemon/commands.h"
#include "timed/daemon/drift_file.h"
#include "timed/daemon/engine.h"
#include "timed/daemon/fallback_timer.h"
#include "timed/daemon/journal.h"
#include "timed/daemon/jumps.h"
#include "timed/daemon/key_establishment.h"
#include "timed/daemon/key_file.h"
#include "timed/daemon/leap_seconds.h"
#include "timed/daemon/mono_clock.h"
#include "timed/daemon/ntpq_variables.h"
#include "timed/daemon/nts_bootstrap.h"
#include "timed/daemon/own_commands.h"
#include "timed/daemon/recorder.h"
#include "timed/daemon/run_modes.h"
#include "timed/daemon/service_report.h"
#include "timed/daemon/source_changes.h"
#include "timed/daemon/source_commands.h"
#include "timed/daemon/start_time.h"
#include "timed/daemon/temperature_poll.h"
#include "timed/daemon/time_smoothing.h"
#include "timed/discipline/local_clock.h"
#include "timed/discipline/reference.h"
#include "timed/discipline/selection.h"
#include "timed/nts/ke_server.h"
#include "timed/nts/server_keys.h"
#include "timed/server/server.h"
#include "timed/sources/broadcast.h"
#include "timed/sources/source_set.h"

namespace timed::daemon {

struct Engine::Parts {
  // What we say of our clock ages on its own (dispersion, the waits of local mode): renewed this often while asked.
  static constexpr Duration kPublishAgain = Duration::seconds(1);
  // A call to the kernel each time, for as long as the port is another's.
  static constexpr Duration kAddressRetry = Duration::seconds(5);

  Parts(config::Config c, const env::Env& e, std::string n, std::function<void()> reopen)
      : config(std::move(c)),
        env(e),
        name(std::move(n)),
        reopen_logs(std::move(reopen)),
        started(e.timers.now()),
        clock(
            config.clock, e.clock, e.timers, [this] { published.reset(); },
            [this](const auto& change) {
              mono_clock.on_change(change);
              smoothing.on_change(change, reference->skew());
            }),
        selector(config.selection),
        key_file(config.key_file, e.host.files()),
        access(config.access, config.family, e.host, e.timers,
               [this] {
                 server.set_access(access.list().compile(), access.key_table());
                 ke_server.adjust();
                 status_due = true;
               }),
        server(config.server, config.rate_limits.all(), access.rules(), e.network, e.clock, e.host),
        server_keys(config.nts, {e.host, e.timers, [this] { return clock.read().local; }},
                    [this](const auth::CookieKeys& keys) {
                      server.use_cookie_keys(keys);
                      ke_server.use_keys(keys);
                    }),
        ke_server(config.nts, ke_server_neighbours(), e),
        command_gate(config.command_access, config.rate_limits.commands, config.family, e.host, e.timers,
                     [this](const server::AccessTable& allowed) { server.set_questions(allowed); }),
        control(config.control, e.network,
                command_gate.gate([this](const IpAddress& from) { server.note_command(from); },
                                  [this](const IpAddress& from) { server.note_command_drop(from); }),
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
        key_establishment({config.nts, config.acquisition, config.family}, e.timers, e.network, e.host,
                          key_callbacks()),
        give_up_checking(e.timers, [this] { give_up_bootstrap(); }),
        service(e.host, e.timers),
        resume_watch(e.timers, [this] { watch_for_resume(); }),
        publish_again(e.timers, [this] { publish_in_time(); }),
        address_retry(e.timers, [this] { retry_addresses(); }),
        tell_kernel_again(e.timers, [this] { tell_kernel(); }),
        broadcasts(config.broadcasts, {e.timers, e.clock, e.host},
                   {[this](Family family) { return server.shared_socket(family); },
                    [this] { return served_state(clock.read()); }}),
        modes(config.run, config.init_step_slew, e.timers, e.host, config.family, run_actions()) {}

  void start_clock();
  LeapCallbacks leap_callbacks();
  nts::KeNeighbours ke_server_neighbours();
  KeyCallbacks key_callbacks();
  CertificateTimes certificate_times();
  void begin_bootstrap(LocalTime at_start);
  void give_up_bootstrap();
  bool may_update(Duration offset);
  RunActions run_actions();
  void make_sources(const std::vector<sources::SourceLine>& lines);
  sources::AcquisitionOptions acquisition() const;
  void share_server_sockets();
  void go_normal();
  bool end_unless(const Status& status);
  bool serves_nts() const;
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
  bool set_from_start_time();
  void on_leap_announced(discipline::SourceId id);
  void update_leap(ntp::Leap voted);
  void tell_kernel();
  void tell_clamped_frequency();
  void lose_synchronisation();
  void on_jump(const Jump& jump);
  void watch_for_resume();
  discipline::OwnState served_state(const discipline::Now& now);
  void publish();
  void publish_in_time();
  void retry_in_time();
  void retry_addresses();
  void tell_status();
  void cycle_logs();
  void take_temperature(const TemperaturePoll::Reading& reading);
  Drift drift() const { return {clock.frequency(), reference->skew()}; }

  config::Config config;
  env::Env env;
  std::string name;
  std::function<void()> reopen_logs;
  MonoTime started;
  discipline::LocalClock clock;
  MonoClock mono_clock;
  discipline::Selector selector;
  KeyFile key_file;
  AccessNames access;
  server::Server server;
  nts::ServerKeys server_keys;
  nts::KeServer ke_server;
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
  KeyEstablishment key_establishment;
  NtsBootstrap bootstrap;
  env::Timer give_up_checking;
  Duration precision = Duration::micros(1);
  Jumps jumps;
  Pauses pauses;
  Incidents incidents;
  ServiceReport service;
  env::Timer resume_watch;
  env::Timer publish_again;
  env::Timer address_retry;
  env::Timer tell_kernel_again;  // the error has grown meanwhile
  sources::Broadcasts broadcasts;
  RunModes modes;
  std::function<Status()> opened;
  std::function<Status()> ready;

  int clock_updates = 0;  // up to what nocerttimecheck asks for
  bool selection_due = false;
  bool endpoints_due = false;         // threads are to be told where sources answer from
  bool history_due = false;           // what the last run has saved was not looked at yet
  std::optional<MonoTime> published;  // when; empty: what is published no longer holds
  bool status_due = false;            // for the service manager: something may have changed
  bool exiting = false;
  int exit_status = 0;
};

}  // namespace timed::daemon

#endif  // TIMED_SRC_DAEMON_ENGINE_PARTS_H_
