// Samples of each report as chronyc prints it, byte by byte.
#include <gtest/gtest.h>

#include "timed/client/csv.h"
#include "timed/client/text.h"
#include "timed/client/text_tables.h"

namespace timed::client {
namespace {

using control::AuthDataReply;
using control::ClientAccessesReply;
using control::ManualListReply;
using control::NtpDataReply;
using control::SelectDataReply;
using control::ServerStatsReply;

NtpDataReply ntpdata_of_the_sample() {
  NtpDataReply r;
  r.remote = IpAddress::v4(0x7f000001);
  r.local = IpAddress::v4(0x7f000001);
  r.remote_port = 11123;
  r.version = 4;
  r.mode = 4;
  r.stratum = 3;
  r.precision = -29;
  r.ref_id = {0x7f7f0101};
  r.ref_time = {1795395468, 637147041};
  r.offset = Duration::seconds(-0.000199630);
  r.peer_delay = Duration::seconds(0.000001602);
  r.peer_dispersion = Duration::seconds(0.000000012);
  r.response_time = Duration::seconds(0.000057599);
  r.jitter_asymmetry = 0.46;
  r.flags = 0xc3ff;
  r.transmit_stamp = r.receive_stamp = 'K';
  r.sent = r.received = r.valid = r.kernel_sent = r.kernel_received = 50;
  r.good = 49;
  return r;
}

TEST(Ntpdata, IsTheSample) {
  EXPECT_EQ(text::ntpdata(ntpdata_of_the_sample()),
            "Remote address  : 127.0.0.1 (7F000001)\n"
            "Remote port     : 11123\n"
            "Local address   : 127.0.0.1 (7F000001)\n"
            "Leap status     : Normal\n"
            "Version         : 4\n"
            "Mode            : Server\n"
            "Stratum         : 3\n"
            "Poll interval   : 0 (1 seconds)\n"
            "Precision       : -29 (0.000000002 seconds)\n"
            "Root delay      : 0.000000 seconds\n"
            "Root dispersion : 0.000000 seconds\n"
            "Reference ID    : 7F7F0101 ()\n"
            "Reference time  : Mon Nov 23 00:57:48 2026\n"
            "Offset          : -0.000199630 seconds\n"
            "Peer delay      : 0.000001602 seconds\n"
            "Peer dispersion : 0.000000012 seconds\n"
            "Response time   : 0.000057599 seconds\n"
            "Jitter asymmetry: +0.46\n"
            "NTP tests       : 111 111 1111\n"
            "Interleaved     : Yes\n"
            "Authenticated   : Yes\n"
            "TX timestamping : Kernel\n"
            "RX timestamping : Kernel\n"
            "Total TX        : 50\n"
            "Total RX        : 50\n"
            "Total valid RX  : 50\n"
            "Total good RX   : 49\n"
            "Total kernel TX : 50\n"
            "Total kernel RX : 50\n"
            "Total HW TX     : 0\n"
            "Total HW RX     : 0\n");
  EXPECT_EQ(csv::ntpdata(ntpdata_of_the_sample()),
            "127.0.0.1,7F000001,11123,127.0.0.1,7F000001,Normal,4,Server,3,0,1,-29,0.000000002,0.000000,0.000000,"
            "7F7F0101,,1795395468.637147041,-0.000199630,0.000001602,0.000000012,0.000057599,0.46,111,111,1111,Yes,"
            "Yes,Kernel,Kernel,50,50,50,49,50,50,0,0\n");
}

TEST(Ntpdata, OfAnOlderDaemonHasNoCountersOfStamps) {
  NtpDataReply r = ntpdata_of_the_sample();
  r.old = true;
  EXPECT_TRUE(text::ntpdata(r).ends_with("Total good RX   : 49\n"));
  EXPECT_TRUE(csv::ntpdata(r).ends_with(",Kernel,Kernel,50,50,50,49\n"));
}

TEST(Ntpdata, OfASilentSource) {
  const std::string told = text::ntpdata({});
  EXPECT_NE(told.find("Local address   : [UNSPEC] (00000000)\n"), std::string::npos);
  EXPECT_NE(told.find("Mode            : Invalid\n"), std::string::npos);
  EXPECT_NE(told.find("NTP tests       : 000 000 0000\n"), std::string::npos);
  EXPECT_NE(told.find("TX timestamping : Invalid\n"), std::string::npos);
}

TEST(Selectdata, IsTheSample) {
  SelectDataReply r;
  r.state = '*';
  r.configured = 2;
  r.effective = 14;
  r.leap = 0;
  r.since_sample = 2;
  r.low = Duration::seconds(-0.005);
  r.high = Duration::seconds(0.005);
  EXPECT_EQ(text::selectdata_header(false),
            "S Name/IP Address        Auth COpts EOpts Last Score     Interval  Leap\n"
            "=======================================================================\n");
  EXPECT_EQ(text::selectdata_row(r, "GPS", false),
            "* GPS                       N -P--- -PTR-    2   1.0 -5000us +5000us  N\n");
  r.state = 'P';
  r.authenticated = true;
  r.configured = 0;
  r.effective = 12;
  r.since_sample = 1;
  // Limits in our sign.
  r.low = Duration::seconds(-0.000200462);
  r.high = Duration::seconds(-0.000198811);
  EXPECT_EQ(text::selectdata_row(r, "127.0.0.1", false),
            "P 127.0.0.1                 Y ----- --TR-    1   1.0  +199us  +200us  N\n");
  EXPECT_EQ(csv::selectdata_row(r, "127.0.0.1"),
            "P,127.0.0.1,Y,-,-,-,-,-,-,-,T,R,-,1,1.0,0.000198811,0.000200462,Normal\n");
}

TEST(Authdata, IsTheSample) {
  EXPECT_EQ(text::authdata_header(false),
            "Name/IP address             Mode KeyID Type KLen Last Atmp  NAK Cook CLen\n"
            "=========================================================================\n");
  const AuthDataReply nts{control::AuthMode::Nts, 15, 1, 256, 0, 14, 8, 100, 0};
  EXPECT_EQ(text::authdata_row(nts, "127.0.0.1", false),
            "127.0.0.1                    NTS     1   15  256   14    0    0    8  100\n");
  EXPECT_EQ(csv::authdata_row(nts, "127.0.0.1"), "127.0.0.1,NTS,1,15,256,14,0,0,8,100\n");
  const AuthDataReply key{control::AuthMode::Symmetric, 2, 2, 160, 0, control::kNever, 0, 0, 0};
  EXPECT_EQ(text::authdata_row(key, "127.0.0.2", true),
            "127.0.0.2                                   SK     2    2  160    -    0    0    0    0\n");
  EXPECT_EQ(csv::authdata_row(key, "127.0.0.2"), "127.0.0.2,SK,2,2,160,4294967295,0,0,0,0\n");
}

TEST(Clients, IsTheSample) {
  EXPECT_EQ(text::clients_header(ClientColumns::Commands, false),
            "Hostname                      NTP   Drop Int IntL Last     Cmd   Drop Int  Last\n"
            "===============================================================================\n");
  EXPECT_EQ(text::clients_header(ClientColumns::KeyEstablishment, false).substr(0, 80),
            "Hostname                      NTP   Drop Int IntL Last  NTS-KE   Drop Int  Last\n");
  ClientAccessesReply::Client r;
  r.ntp_hits = 50;
  r.ntp_interval = 0;
  r.since_ntp = 0;
  r.nke_hits = 1;
  r.since_nke = 33;
  EXPECT_EQ(text::clients_row(r, "127.0.0.1", ClientColumns::Commands, false),
            "127.0.0.1                      50      0   0   -     0       0      0   -     -\n");
  EXPECT_EQ(text::clients_row(r, "127.0.0.1", ClientColumns::KeyEstablishment, false),
            "127.0.0.1                      50      0   0   -     0       1      0   -    33\n");
  EXPECT_EQ(csv::clients_row(r, "127.0.0.1", ClientColumns::Commands), "127.0.0.1,50,0,0,127,0,0,0,127,4294967295\n");
}

TEST(Serverstats, HasTheCountersThatTheDaemonHas) {
  ServerStatsReply r;
  r.ntp_hits = 76;
  r.cmd_hits = 8;
  r.nke_hits = 1;
  r.ntp_auth_hits = 76;
  r.ntp_interleaved_hits = 48;
  r.ntp_timestamps = 49;
  r.ntp_span_seconds = 32;
  r.ntp_daemon_tx = 28;
  r.ntp_kernel_rx = 76;
  r.ntp_kernel_tx = 48;
  EXPECT_EQ(csv::serverstats(r), "76,0,8,0,0,1,0,76,48,49,32,0,28,76,48,0,0\n");
  EXPECT_TRUE(text::serverstats(r).starts_with("NTP packets received       : 76\nNTP packets dropped        : 0\n"));
  EXPECT_NE(text::serverstats(r).find("NTS-KE connections accepted: 1\n"), std::string::npos);
  r.generation = control::StatsGeneration::Third;
  EXPECT_EQ(csv::serverstats(r), "76,0,8,0,0,1,0,76,48,49,32\n");
  r.generation = control::StatsGeneration::Second;
  EXPECT_EQ(csv::serverstats(r), "76,0,8,0,0,1,0,76\n");
}

TEST(ManualList, IsTheSample) {
  ManualListReply r;
  r.entries.push_back({{1795395873, 0}, Duration::seconds(0.81), Duration::seconds(1.51), Duration::seconds(-0.0)});
  EXPECT_EQ(text::manual_list(r),
            "210 n_samples = 1\n"
            "#    Date     Time(UTC)    Slewed   Original   Residual\n"
            "=======================================================\n"
            " 0 2026-11-23 01:04:33      -0.81      -1.51       0.00\n");
  EXPECT_EQ(csv::manual_list(r), "0,2026-11-23 01:04:33,-0.81,-1.51,0.00\n");
}

TEST(Settime, SaysHowFastTheClockWas) {
  EXPECT_EQ(text::settime({Duration::seconds(1.51), -2.0, 3.0}),
            "Clock was -1.51 seconds fast.  Frequency change = 2.00ppm, new frequency = -3.00ppm\n");
}

TEST(Rtcdata, HasSixLines) {
  const control::RtcReply r{{1795395480, 0}, 5, 3, 1200, Duration::seconds(1.25), -4.5};
  EXPECT_EQ(text::rtcdata(r),
            "RTC ref time (UTC) : Mon Nov 23 00:58:00 2026\n"
            "Number of samples  : 5\n"
            "Number of runs     : 3\n"
            "Sample span period :  20m\n"
            "RTC is fast by     :     1.250000 seconds\n"
            "RTC gains time at  :    -4.500 ppm\n");
  EXPECT_EQ(csv::rtcdata(r), "1795395480.000000000,5,3,1200,1.250000,-4.500\n");
}

}  // namespace
}  // namespace timed::client
