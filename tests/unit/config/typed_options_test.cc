// What lines say of things that have no function yet is kept, with chrony's defaults and limits (chrony.conf(5)).
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "memory_files.h"
#include "timed/config/parser.h"

namespace timed::config {
namespace {

Config read(const std::string& text) {
  MemoryFiles files;
  const ParseOutcome outcome = parse_text(files, text, "t.conf");
  EXPECT_TRUE(outcome.ok()) << text << ": " << outcome.errors[0].summary;
  return outcome.config;
}

TEST(TypedOptions, RateLimits) {
  const Config c;
  EXPECT_FALSE(c.rate_limits.ntp.enabled);
  EXPECT_EQ(c.rate_limits.ntp.interval, 3);
  EXPECT_EQ(c.rate_limits.nts.interval, 6);
  EXPECT_EQ(c.rate_limits.commands.interval, -4);
  EXPECT_EQ(c.rate_limits.ntp.burst, 8);
  EXPECT_EQ(c.rate_limits.ntp.leak, 2);
  EXPECT_EQ(c.rate_limits.ntp.kod, 0);
  const server::RateLimitOptions ntp = read("ratelimit interval 1 burst 255 leak 3 kod 4").rate_limits.ntp;
  EXPECT_TRUE(ntp.enabled);
  EXPECT_EQ(ntp.interval, 1);
  EXPECT_EQ(ntp.burst, 255);
  EXPECT_EQ(ntp.leak, 3);
  EXPECT_EQ(ntp.kod, 4);
  const server::RateLimitOptions clamped = read("cmdratelimit interval -32 burst -5 leak 9").rate_limits.commands;
  EXPECT_EQ(clamped.interval, -19);
  EXPECT_EQ(clamped.burst, 1);
  EXPECT_EQ(clamped.leak, 4);
  const server::RateLimitOptions kept = read("ntsratelimit burst 3\nntsratelimit leak 1").rate_limits.nts;
  EXPECT_EQ(kept.burst, 3) << "a later line keeps what it does not name";
  EXPECT_EQ(kept.leak, 1);
}

TEST(TypedOptions, ClientsOfTheServer) {
  EXPECT_EQ(Config().server.client_log_limit, 524288u);
  EXPECT_EQ(read("clientloglimit 1000000").server.client_log_limit, 1000000u);
  EXPECT_EQ(read("clientloglimit -1").server.client_log_limit, ~std::uint64_t{0}) << "as with chrony it wraps";
  EXPECT_TRUE(read("noclientlog").server.no_client_log);
  EXPECT_EQ(read("ntpsigndsocket /var/lib/samba").server.signd_directory, "/var/lib/samba");
}

TEST(TypedOptions, TimeStamps) {
  EXPECT_EQ(Config().timestamps.transmit_timeout, Duration::seconds(1e-3));
  EXPECT_EQ(read("hwtstimeout 0.02").timestamps.transmit_timeout, Duration::seconds(0.02));
  EXPECT_EQ(read("maxtxbuffers 16").timestamps.transmit_buffers, 16);
  const auto lines = read(
                         "hwtimestamp * minpoll 9 maxpoll -3 minsamples 1 maxsamples 99 precision 1e-6 txcomp 2e-7 "
                         "rxcomp -3e-7 nocrossts rxfilter ptp\nhwtimestamp eth0")
                         .timestamps.interfaces;
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(lines[0].interface, "*");
  EXPECT_EQ(lines[0].min_poll, 9);
  EXPECT_EQ(lines[0].max_poll, 9) << "not below minpoll";
  EXPECT_EQ(lines[0].min_samples, 2);
  EXPECT_EQ(lines[0].max_samples, 64);
  EXPECT_EQ(lines[0].precision, Duration::seconds(1e-6));
  EXPECT_EQ(lines[0].tx_compensation, Duration::seconds(2e-7));
  EXPECT_EQ(lines[0].rx_compensation, Duration::seconds(-3e-7));
  EXPECT_TRUE(lines[0].no_cross_timestamps);
  EXPECT_EQ(lines[0].filter, HwTimestampLine::Filter::Ptp);
  EXPECT_EQ(lines[1].interface, "eth0");
  EXPECT_EQ(lines[1].max_poll, 1);
  EXPECT_FALSE(lines[1].filter.has_value());
  EXPECT_EQ(Config().ptp.domain, 123);
  EXPECT_EQ(read("ptpport 319\nptpdomain 5").ptp.port, 319);
  EXPECT_EQ(read("ptpport 319\nptpdomain 5").ptp.domain, 5);
}

TEST(TypedOptions, Nts) {
  const nts::NtsOptions standard;
  EXPECT_EQ(standard.aeads, (std::vector<int>{30, 15}));
  EXPECT_EQ(standard.server.port, 4460);
  EXPECT_EQ(standard.client.refresh, 2419200);
  EXPECT_EQ(standard.server.rotate, 604800);
  const nts::NtsOptions options =
      read(
          "ntsaeads 15\nntsdumpdir /a\nntscachedir /b\nntsrefresh 7\nntstrustedcerts /c\n"
          "ntstrustedcerts 3 /d\nnosystemcert\nnocerttimecheck 2\nntsport 1\nntsservercert /e\n"
          "ntsservercert /f\nntsserverkey /g\nntsserverkey /h\nntsprocesses 4\n"
          "maxntsconnections 9\nntsntpserver a.example\nntsrotate 0\nntskeysecret /i")
          .nts;
  EXPECT_EQ(options.aeads, std::vector<int>{15});
  EXPECT_EQ(options.dump_directory, "/b");
  EXPECT_EQ(options.client.refresh, 7);
  ASSERT_EQ(options.client.trusted.size(), 2u);
  EXPECT_EQ(options.client.trusted[0].set, 0u);
  EXPECT_EQ(options.client.trusted[1].set, 3u);
  EXPECT_EQ(options.client.trusted[1].path, "/d");
  EXPECT_TRUE(options.client.no_system_certificates);
  EXPECT_EQ(options.client.no_time_check, 2);
  EXPECT_EQ(options.server.port, 1);
  EXPECT_EQ(options.server.certificates, (std::vector<std::string>{"/e", "/f"}));
  EXPECT_EQ(options.server.keys, (std::vector<std::string>{"/g", "/h"}));
  EXPECT_EQ(options.server.processes, 4);
  EXPECT_EQ(options.server.max_connections, 9);
  EXPECT_EQ(options.server.ntp_server, "a.example");
  EXPECT_EQ(options.server.rotate, 0);
  EXPECT_EQ(options.server.secret_file, "/i");
  EXPECT_TRUE(read("ntsaeads").nts.aeads.empty());
  EXPECT_FALSE(read("ntsdumpdir /a\nntsratelimit").nts.serves());
  EXPECT_FALSE(read("ntsrotate 0").nts.serves());
  EXPECT_TRUE(read("ntsdumpdir /a\nntsrotate 0").nts.serves());
  EXPECT_TRUE(read("ntskeysecret /a").nts.serves());
  EXPECT_TRUE(read("ntsservercert /a\nntsserverkey /b").nts.serves());
}

TEST(TypedOptions, CommandAccess) {
  const auto rules = read("cmdallow 10/8\ncmddeny all a.example\ncmdallow").command_access;
  ASSERT_EQ(rules.size(), 3u);
  EXPECT_TRUE(rules[0].allow);
  EXPECT_EQ(rules[0].subnets.at(0).to_string(), "10.0.0.0/8");
  EXPECT_FALSE(rules[1].allow);
  EXPECT_TRUE(rules[1].all);
  EXPECT_EQ(rules[1].host, "a.example");
  EXPECT_TRUE(rules[1].subnets.empty());
  EXPECT_EQ(rules[2].subnets.size(), 2u);
  EXPECT_TRUE(read("cmdallow 10").access.empty());
  using control::OpenReport;
  EXPECT_EQ(Config().control.open_reports.size(), 8u);
  EXPECT_EQ(Config().control.open_reports.count(OpenReport::Clients), 0u);
  EXPECT_EQ(read("opencommands Tracking authdata").control.open_reports,
            (std::set<OpenReport>{OpenReport::Authdata, OpenReport::Tracking}));
  EXPECT_TRUE(read("opencommands").control.open_reports.empty());
}

TEST(TypedOptions, RealTimeClock) {
  const RtcOptions rtc = read("hwclockfile /a\nrtcautotrim 30\nrtcdevice /dev/rtc1\nrtcfile /b\nrtconutc").rtc;
  EXPECT_EQ(RtcOptions().device, "/dev/rtc");
  EXPECT_EQ(rtc.hwclock_file, "/a");
  EXPECT_EQ(rtc.auto_trim, Duration::seconds(30));
  EXPECT_EQ(rtc.device, "/dev/rtc1");
  EXPECT_EQ(rtc.drift_file, "/b");
  EXPECT_TRUE(rtc.utc);
}

TEST(TypedOptions, ReferenceClocks) {
  const auto clocks = read(
                          "leapsectz right/UTC\nrefclock SHM 2:perm=0640 refid GPS poll 3 dpoll -2 offset -0.5 delay "
                          "0.2 stratum 4 precision 1e-3 maxdispersion 0.1 filter 999 prefer noselect trust require "
                          "minsamples 5 maxsamples 6 maxunreach 7\n"
                          "refclock PHC /dev/ptp0:extpps:pin=-1:channel=2:clear:nocrossts lock GPSX rate 5 maxlockage "
                          "8 width 0.1 pps tai local\nrefclock RTC /dev/rtc:utc\nrefclock SOCK /run/x\n"
                          "refclock PPS /dev/pps0")
                          .refclocks;
  ASSERT_EQ(clocks.size(), 5u);
  const RefclockLine& shm = clocks[0];
  EXPECT_EQ(shm.driver, RefclockLine::Driver::Shm);
  EXPECT_EQ(shm.parameter, "2");
  EXPECT_EQ(shm.permissions, 0640u);
  EXPECT_EQ(shm.ref_id, ntp::RefId{0x47505300});
  EXPECT_EQ(shm.poll, 3);
  EXPECT_EQ(shm.driver_poll, -2);
  EXPECT_EQ(shm.offset, Duration::seconds(-0.5));
  EXPECT_EQ(shm.delay, Duration::seconds(0.2));
  EXPECT_EQ(shm.stratum, 4);
  EXPECT_EQ(shm.precision, Duration::seconds(1e-3));
  EXPECT_EQ(shm.max_dispersion, Duration::seconds(0.1));
  EXPECT_EQ(shm.filter, 256);
  EXPECT_TRUE(shm.marks.prefer && shm.marks.noselect && shm.marks.trust && shm.marks.require);
  EXPECT_EQ(shm.min_samples, 5);
  EXPECT_EQ(shm.max_samples, 6);
  EXPECT_EQ(shm.max_unreach, 7);
  const RefclockLine& phc = clocks[1];
  EXPECT_EQ(phc.driver, RefclockLine::Driver::Phc);
  EXPECT_TRUE(phc.external_pulses && phc.clear && phc.no_cross_timestamps && phc.pps && phc.tai && phc.local);
  EXPECT_EQ(phc.pin, -1);
  EXPECT_EQ(phc.channel, 2);
  EXPECT_EQ(phc.lock, ntp::RefId::text("GPSX"));
  EXPECT_EQ(phc.rate, 5);
  EXPECT_EQ(phc.max_lock_age, 8);
  EXPECT_EQ(phc.width, Duration::seconds(0.1));
  EXPECT_TRUE(clocks[2].utc);
  EXPECT_EQ(clocks[3].parameter, "/run/x");
  EXPECT_EQ(clocks[4].permissions, 0600u);
  EXPECT_EQ(clocks[4].filter, 64);
  EXPECT_FALSE(clocks[4].precision.has_value());
}

// A NaN is refused wherever a real may stand, and what is infinite or overflows is brought to a number.
TEST(RealNumbers, ThatAreNoneNeverGetThrough) {
  const struct {
    const char* line;  // with the number for %
    double (*value)(const Config&);
  } lines[] = {
      {"combinelimit %", [](const Config& c) { return c.selection.combine_limit; }},
      {"maxdistance %", [](const Config& c) { return c.selection.max_distance.to_seconds(); }},
      {"maxjitter %", [](const Config& c) { return c.selection.max_jitter.to_seconds(); }},
      {"reselectdist %", [](const Config& c) { return c.selection.reselect_distance.to_seconds(); }},
      {"stratumweight %", [](const Config& c) { return c.selection.stratum_weight.to_seconds(); }},
      {"clockprecision %", [](const Config& c) { return c.clock.precision ? c.clock.precision->to_seconds() : 0.0; }},
      {"corrtimeratio %", [](const Config& c) { return c.reference.correction_time_ratio; }},
      {"makestep % 1", [](const Config& c) { return c.reference.make_step.threshold.to_seconds(); }},
      {"maxchange % 1 1", [](const Config& c) { return c.reference.max_change.offset.to_seconds(); }},
      {"maxclockerror %", [](const Config& c) { return c.reference.max_clock_error.to_ppm(); }},
      {"maxdrift %", [](const Config& c) { return c.clock.max_drift.to_ppm(); }},
      {"maxupdateskew %", [](const Config& c) { return c.reference.max_update_skew.to_ppm(); }},
      {"maxslewrate %", [](const Config& c) { return c.clock.max_slew_rate.to_ppm(); }},
      {"local distance %", [](const Config& c) { return c.reference.local.distance.to_seconds(); }},
      {"local activate %", [](const Config& c) { return c.reference.local.activate.to_seconds(); }},
      {"local waitsynced %", [](const Config& c) { return c.reference.local.wait_synced.to_seconds(); }},
      {"local waitunsynced %",
       [](const Config& c) {
         return c.reference.local.wait_unsynced ? c.reference.local.wait_unsynced->to_seconds() : 0;
       }},
      {"logchange %", [](const Config& c) { return c.reference.log_change.to_seconds(); }},
      {"hwtstimeout %", [](const Config& c) { return c.timestamps.transmit_timeout.to_seconds(); }},
      {"rtcautotrim %", [](const Config& c) { return c.rtc.auto_trim.to_seconds(); }},
      {"initstepslew % a", [](const Config& c) { return c.init_step_slew->threshold.to_seconds(); }},
      {"hwtimestamp * precision %", [](const Config& c) { return c.timestamps.interfaces[0].precision.to_seconds(); }},
      {"hwtimestamp * txcomp %",
       [](const Config& c) { return c.timestamps.interfaces[0].tx_compensation.to_seconds(); }},
      {"hwtimestamp * rxcomp %",
       [](const Config& c) { return c.timestamps.interfaces[0].rx_compensation.to_seconds(); }},
      {"refclock PPS /p width %", [](const Config& c) { return c.refclocks[0].width.to_seconds(); }},
      {"refclock PPS /p offset %", [](const Config& c) { return c.refclocks[0].offset.to_seconds(); }},
      {"refclock PPS /p delay %", [](const Config& c) { return c.refclocks[0].delay.to_seconds(); }},
      {"refclock PPS /p precision %", [](const Config& c) { return c.refclocks[0].precision->to_seconds(); }},
      {"refclock PPS /p maxdispersion %", [](const Config& c) { return c.refclocks[0].max_dispersion.to_seconds(); }},
      {"server a maxdelay %", [](const Config& c) { return c.sources[0].check.max_delay.to_seconds(); }},
      {"server a maxdelayratio %", [](const Config& c) { return c.sources[0].check.max_delay_ratio; }},
      {"server a maxdelaydevratio %", [](const Config& c) { return c.sources[0].check.max_delay_dev_ratio; }},
      {"server a maxdelayquant %", [](const Config& c) { return c.sources[0].check.max_delay_quantile; }},
      {"server a mindelay %", [](const Config& c) { return c.sources[0].stats.min_delay.to_seconds(); }},
      {"server a offset %", [](const Config& c) { return c.sources[0].check.offset.to_seconds(); }},
  };
  for (const auto& [line, value] : lines) {
    for (const std::string number : {"nan", "-nan", "inf", "-inf", "1e999", "-1e999", "0x1p99999"}) {
      std::string text = line;
      text.replace(text.find('%'), 1, number);
      MemoryFiles files;
      const ParseOutcome outcome = parse_text(files, text, "t.conf");
      EXPECT_FALSE(number.ends_with("nan") && outcome.ok()) << text;
      if (!outcome.ok()) continue;
      EXPECT_LE(std::fabs(value(outcome.config)), 1e15) << text;
    }
  }
}

TEST(TypedOptions, PeersAreSourcesOfTheirOwnKind) {
  const Config c = read("peer a xleave port 124 maxpoll 8\nserver b xleave copy auto_offline extfield F323");
  ASSERT_EQ(c.sources.size(), 2u);
  EXPECT_EQ(c.sources[0].kind, sources::SourceKind::Peer);
  EXPECT_TRUE(c.sources[0].xleave);
  EXPECT_EQ(c.sources[0].port, 124);
  EXPECT_EQ(c.sources[0].poll.max_poll, 8);
  const sources::SourceLine& server = c.sources[1];
  EXPECT_EQ(server.kind, sources::SourceKind::Server);
  EXPECT_TRUE(server.xleave && server.copy && server.auto_offline && server.mono_root);
  EXPECT_FALSE(server.net_correction);
  EXPECT_TRUE(read("server b extfield 10A").sources[0].net_correction);
}

TEST(TypedOptions, AcquisitionIsWhereRequestsLeaveFrom) {
  EXPECT_FALSE(read("").acquisition.port.has_value());
  const Config c = read("acquisitionport 0\nbindacqaddress 10.0.0.1\nbindacqaddress 2001:db8::1\nbindacqdevice eth1");
  EXPECT_EQ(c.acquisition.port, std::uint16_t{0});
  EXPECT_EQ(c.acquisition.bind_v4, *IpAddress::parse("10.0.0.1"));
  EXPECT_EQ(c.acquisition.bind_v6, *IpAddress::parse("2001:db8::1"));
  EXPECT_EQ(c.acquisition.device, "eth1");
}

}  // namespace
}  // namespace timed::config
