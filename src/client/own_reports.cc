#include "timed/client/own_reports.h"

#include <array>

#include "timed/base/text.h"
#include "timed/client/names.h"

namespace timed::client {
namespace {

using control::DaemonStatusReply;
using control::NtsServerReply;
using control::ReloadChangeReply;
using control::ServerVerdictsReply;
using control::SourceEstimatorReply;
using control::SourceVerdictsReply;
using Verdict = SourceVerdictsReply::Verdict;

constexpr int kLabel = 27;
constexpr std::string_view kTests = "123567ABCD";

std::uint32_t count_of(const SourceVerdictsReply& r, Verdict verdict) {
  return r.verdicts[static_cast<std::size_t>(verdict)];
}

std::string line(const char* label, const std::string& value) {
  return format("%-*s: %s\n", kLabel, label, value.c_str());
}

std::string line(const char* label, std::uint64_t value) {
  return line(label, std::to_string(value));
}

std::string age_text(std::uint32_t seconds) {
  return seconds == control::kNever ? "never" : format("%u seconds ago", seconds);
}

std::string place_of(const ReloadChangeReply& r) {
  return r.line == 0 ? r.file : format("%s:%u", r.file.c_str(), r.line);
}

}  // namespace

std::vector<Counter> counters_of(const ServerVerdictsReply& r) {
  return {{"NTP requests answered", "ntp_answered", r.answered},
          {"Kisses of death", "ntp_kiss_of_death", r.kiss_of_death},
          {"Length of no NTP packet", "ntp_bad_length", r.bad_length},
          {"Unknown version", "ntp_bad_version", r.bad_version},
          {"Extension fields damaged", "ntp_bad_extensions", r.bad_extensions},
          {"From port 0", "ntp_bad_source", r.bad_source},
          {"Mode of no request", "ntp_bad_mode", r.bad_mode},
          {"Denied by access rules", "ntp_denied", r.denied},
          {"Not authentic", "ntp_bad_authentication", r.bad_auth},
          {"Dropped by rate limit", "ntp_rate_limited", r.rate_limited},
          {"Dropped as it had waited", "ntp_too_late", r.too_late},
          {"Packets of peers", "ntp_of_peers", r.to_sources},
          {"Questions of ntpq answered", "ntpq_answered", r.ntpq},
          {"Lost between threads", "ntp_lost_between_threads", r.lost_on_the_way},
          {"Unsent for lack of room", "unsent_no_room", r.unsent_no_room},
          {"Unsent without a route", "unsent_no_route", r.unsent_no_route},
          {"Unsent as a filter forbade", "unsent_forbidden", r.unsent_forbidden},
          {"Unsent for other reasons", "unsent_other", r.unsent_other},
          {"Transmit stamps missing", "stamps_missing", r.missing_stamps},
          {"Commands carried out", "commands_answered", r.cmd_answered},
          {"Commands refused", "commands_refused", r.cmd_refused},
          {"Command host not admitted", "commands_not_admitted", r.cmd_not_admitted},
          {"Command of no known length", "commands_wrong_size", r.cmd_wrong_size},
          {"Command is no request", "commands_no_request", r.cmd_no_request},
          {"Commands too frequent", "commands_rate_limited", r.cmd_rate_limited},
          {"Command version too old", "commands_old_version", r.cmd_old_version},
          {"Command version unknown", "commands_bad_version", r.cmd_bad_version},
          {"Command unknown", "commands_unknown", r.cmd_unknown},
          {"Command too short", "commands_bad_length", r.cmd_bad_length},
          {"Command not authorised", "commands_unauthorised", r.cmd_unauthorised},
          {"Reply longer than command", "commands_reply_too_long", r.cmd_too_long},
          {"Reply could not be sent", "commands_reply_unsent", r.cmd_unsent}};
}

std::vector<Counter> counters_of(const NtsServerReply& r) {
  return {{"Answered with NTS", "ntp_answered", r.answered},
          {"Without room for a cookie", "ntp_without_room", r.without_room},
          {"Fields of NTS malformed", "ntp_malformed", r.malformed},
          {"Cookie of forgotten key", "ntp_unknown_key", r.unknown_key},
          {"Cookie not authentic", "ntp_bad_cookie", r.bad_cookie},
          {"Request not authentic", "ntp_not_authentic", r.not_authentic},
          {"Keys established", "ke_served", r.ke_served},
          {"Denied by access rules", "ke_denied", r.ke_denied},
          {"Dropped by rate limit", "ke_rate_limited", r.ke_too_often},
          {"All places taken", "ke_no_room", r.ke_no_room},
          {"No certificate or no keys", "ke_no_keys", r.ke_no_keys},
          {"Too slow", "ke_timed_out", r.ke_timed_out},
          {"Closed by the client", "ke_ended", r.ke_ended},
          {"Not NTS-KE", "ke_other_protocol", r.ke_not_ke},
          {"TLS failed", "ke_tls_failed", r.ke_tls_failed},
          {"Bad requests", "ke_bad_request", r.ke_bad_request},
          {"Nothing in common", "ke_no_agreement", r.ke_no_agreement},
          {"Failed by our own fault", "ke_failed", r.ke_failed}};
}

std::string_view origin_text(NtsServerReply::Origin origin) {
  constexpr std::array<std::string_view, 4> kTexts = {"none", "random", "shared", "derived"};
  const auto index = static_cast<std::size_t>(origin);
  return index < kTexts.size() ? kTexts[index] : "?";
}

std::string last_bad_text(const SourceVerdictsReply& r) {
  if (!r.last_verdict) return "-";
  if (*r.last_verdict == Verdict::Malformed) return "form";
  if (*r.last_verdict == Verdict::WrongMode) return "mode";
  std::string failed;
  for (std::size_t i = 0; i < kTests.size(); ++i) {
    if ((r.last_failed >> (kTests.size() - 1 - i) & 1) != 0) failed += kTests[i];
  }
  return failed.empty() ? "late" : failed;
}

std::string_view change_text(ReloadChangeReply::Change change) {
  constexpr std::array<std::string_view, 5> kTexts = {"kept", "added", "removed", "refused", "passed over"};
  const auto index = static_cast<std::size_t>(change);
  return index < kTexts.size() ? kTexts[index] : "?";
}

std::string_view kind_text(ReloadChangeReply::Kind kind) {
  constexpr std::array<std::string_view, 3> kTexts = {"server", "peer", "pool"};
  const auto index = static_cast<std::size_t>(kind);
  return index < kTexts.size() ? kTexts[index] : "-";
}

std::string_view refusal_text(const ReloadChangeReply& r) {
  if (r.change != ReloadChangeReply::Change::Refused) return "";
  const std::string_view text = control::status_line(r.reason);
  return text.substr(text.find(' ') + 1);
}

std::string_view basis_text(SourceEstimatorReply::Basis basis) {
  constexpr std::array<std::string_view, 4> kTexts = {"nothing", "regression", "kalman_bank", "smoother"};
  const auto index = static_cast<std::size_t>(basis);
  return index < kTexts.size() ? kTexts[index] : "?";
}

std::string_view bank_use_text(const SourceEstimatorReply& r) {
  constexpr std::array<std::string_view, 4> kTexts = {"", "two_sided", "hidden_noise", "no_run"};
  const auto index = static_cast<std::size_t>(r.bank_use);
  return index < kTexts.size() ? kTexts[index] : "?";
}

bool is_of_estimator(const SourceEstimatorReply& r) {
  return r.basis == SourceEstimatorReply::Basis::KalmanBank || r.basis == SourceEstimatorReply::Basis::Smoother;
}

namespace text {

std::string daemonstatus(const DaemonStatusReply& r) {
  std::string out;
  out += line("Version", r.version);
  out += line("Configuration", r.config_file.empty() ? "on the command line" : r.config_file);
  out += line("Started (UTC)", date_text(r.started));
  out += line("Uptime", std::to_string(r.uptime_seconds) + " seconds");
  out += line("System clock", r.steers ? "steered" : "left alone");
  out += line("NTP server", r.serves ? "open" : "closed");
  out += line("Own steps of the clock", r.own_steps);
  out += line("Steps by somebody else", r.other_steps);
  out += line("Times the machine slept", r.sleeps);
  out += line("Times the clock stood still", r.standstills);
  out += line("Times the process paused", r.pauses);
  out += line("Longest delay of a timer", format("%.6f seconds", r.longest_delay.to_seconds()));
  out += line("Last of these", age_text(r.since_incident));
  out += line("Files of sources read", age_text(r.since_reload));
  out += line("Sources kept", r.kept);
  out += line("Sources added", r.added);
  out += line("Sources removed", r.removed);
  out += line("Sources refused", r.refused);
  out += line("Lines passed over", r.passed_over);
  return out;
}

std::string reloadstatus_header() {
  const std::string names = "Change       Kind    Source or line";
  return names + "\n" + std::string(79, '=') + "\n";
}

std::string reloadstatus_row(const ReloadChangeReply& r) {
  const std::string_view refusal = refusal_text(r);
  std::string row =
      format("%-11s  %-6s  ", std::string(change_text(r.change)).c_str(), std::string(kind_text(r.kind)).c_str());
  row += r.kind == ReloadChangeReply::Kind::None ? place_of(r) : r.name;
  if (!refusal.empty()) row.append(" : ").append(refusal);
  return row + "\n";
}

std::string serververdicts(const ServerVerdictsReply& r) {
  std::string out;
  for (const Counter& counter : counters_of(r)) out += line(counter.label, counter.value);
  return out;
}

std::string ntsserver(const NtsServerReply& r) {
  std::string out;
  out += line("NTP with NTS", r.serves ? "served" : "not served");
  out += line("Establishment of keys", r.establishes ? "open" : "closed");
  out += line("Keys of cookies", std::string(origin_text(r.origin)));
  constexpr std::array<const char*, NtsServerReply::kKeys> kUses = {"Key before the last", "Key before", "Key in use",
                                                                    "Key to come"};
  for (std::size_t i = 0; i < kUses.size(); ++i) {
    out +=
        line(kUses[i],
             r.origin == NtsServerReply::Origin::None ? "-" : format("%08X (AEAD %u)", r.keys[i].id, r.keys[i].aead));
  }
  out += line("Newest key", age_text(r.key_age));
  out += line("Next change of keys",
              r.next_change == control::kNever ? "by others" : format("in %u seconds", r.next_change));
  out += line("Connections now", r.connections);
  for (const Counter& counter : counters_of(r)) out += line(counter.label, counter.value);
  return out;
}

std::string sourceverdicts_caption(bool) {
  return "Sent: requests    Rcvd: packets that came back    Good: those that were measured with\n"
         "1 duplicate    2 answers nothing that is asked    3 without times    5 not authentic\n"
         "6 not synchronised    7 too far from its reference    A too much delay    B maxdelayratio\n"
         "C maxdelaydevratio    D synchronised to us: how many of the packets failed that test\n"
         "Form: no packet, or of another mode    Late: came after the answer\n"
         "Ago, Last: when the last bad packet came, and which tests it failed\n";
}

std::string sourceverdicts_header(bool wide) {
  std::string names = "Name/IP Address           ";
  if (wide) names.append(kWider, ' ');
  names += "   Sent   Rcvd   Good";
  for (const char test : kTests) names += format("%5c", test);
  names += " Form Late  Ago  Last";
  return names + "\n" + std::string(names.size(), '=') + "\n";
}

std::string sourceverdicts_row(const SourceVerdictsReply& r, std::string_view name, bool wide) {
  std::string row = format("%-*s %7u%7u%7u", static_cast<int>(kNameWidth + (wide ? kWider : 0)),
                           std::string(name).c_str(), r.sent, r.received, count_of(r, Verdict::Good));
  for (const std::uint32_t failed : r.failed) row += format("%5u", failed);
  row += format("%5u%5u", count_of(r, Verdict::Malformed) + count_of(r, Verdict::WrongMode), r.late);
  row += format(" %s  %s\n", interval(r.since_last).c_str(), last_bad_text(r).c_str());
  return row;
}

std::string estimators_caption(bool) {
  return "By: S smoother, K Kalman bank, R regression, - nothing yet; the bank as the configuration wants it (Kc),\n"
         "    as offsets scatter more than delays can make them (Kh), or as no run of the smoother was left (Kn)\n"
         "NP: samples that are looked at    Now: how many tell of the present, two for one at most\n"
         "Offset, Freq: what they may be off by (ppm)    Wander: of the frequency in a second\n"
         "Noise: of one sample    Delay: one way, without queues\n"
         "Updates, Rounds: of the estimator, and rounds of the smoother in each of its runs\n"
         "Rej: runs that did not settle or cannot be true, in per cent    Bank: updates without a run left\n"
         "Route: times that the way became longer    Bad: samples that are no numbers\n"
         "Jumps: of the frequency    Held: samples that waited for the next one, as jumps of the offset\n"
         "Lost: times that the estimator knew far less than the regression, and began anew\n";
}

std::string estimators_header(bool wide) {
  const std::string names =
      format("%-*s By NP Now %6s %10s %8s %6s %6s %7s %6s %4s %5s %5s %4s %5s %4s %4s",
             static_cast<int>(kNameWidth + (wide ? kWider : 0)), "Name/IP Address", "Offset", "Freq", "Wander", "Noise",
             "Delay", "Updates", "Rounds", "Rej", "Bank", "Route", "Bad", "Jumps", "Held", "Lost");
  return names + "\n" + std::string(names.size(), '=') + "\n";
}

std::string estimators_row(const SourceEstimatorReply& r, std::string_view name, bool wide) {
  constexpr std::string_view kBases = "-RKS", kBankUses = " chn";
  const auto basis = std::min(static_cast<std::size_t>(r.basis), kBases.size() - 1);
  const auto use = std::min(static_cast<std::size_t>(r.bank_use), kBankUses.size() - 1);
  std::string row = format("%-*s %c%c %2u %3u ", static_cast<int>(kNameWidth + (wide ? kWider : 0)),
                           std::string(name).c_str(), kBases[basis], kBankUses[use], r.samples, r.recent);
  if (is_of_estimator(r)) {
    row += format("%s %s %8.1e %s %s", offset_size(r.offset_sd).c_str(), ppm(r.frequency_sd_ppm).c_str(), r.wander,
                  offset_size(r.noise_sd).c_str(), offset_size(r.base_delay).c_str());
  } else {
    row += "     -          -        -      -      -";
  }
  const double runs = static_cast<double>(std::max<std::uint64_t>(r.runs, 1));
  row += format(" %7s %6.1f %4.0f %5s %5s %4s %5s %4s %4s\n", std::to_string(r.updates).c_str(),
                static_cast<double>(r.rounds) / runs, 100.0 * static_cast<double>(r.rejected) / runs,
                std::to_string(r.fallbacks).c_str(), std::to_string(r.route_moves).c_str(),
                std::to_string(r.refused).c_str(), std::to_string(r.jumps).c_str(), std::to_string(r.held_back).c_str(),
                r.old ? "-" : std::to_string(r.begun_anew).c_str());
  return row;
}

}  // namespace text

namespace csv {

std::string daemonstatus(const DaemonStatusReply& r) {
  return format("%s,%lld.%09u,%u,%d,%d,%u,%u,%u,%u,%u,%.9f,%u,%u,%u,%u,%u,%u,%u,%s\n", r.version.c_str(),
                static_cast<long long>(r.started.seconds), r.started.nanoseconds, r.uptime_seconds, r.steers ? 1 : 0,
                r.serves ? 1 : 0, r.own_steps, r.other_steps, r.sleeps, r.standstills, r.pauses,
                r.longest_delay.to_seconds(), r.since_incident, r.since_reload, r.kept, r.added, r.removed, r.refused,
                r.passed_over, r.config_file.c_str());
}

std::string reloadstatus_row(const ReloadChangeReply& r) {
  return format("%s,%s,%s,%u,%s,%s\n", std::string(change_text(r.change)).c_str(),
                std::string(kind_text(r.kind)).c_str(), std::string(refusal_text(r)).c_str(), r.line, r.name.c_str(),
                r.file.c_str());
}

std::string serververdicts(const ServerVerdictsReply& r) {
  return values_text(counters_of(r)) + "\n";
}

std::string ntsserver(const NtsServerReply& r) {
  std::string row = format("%d,%d,%s,%u,%u", r.serves ? 1 : 0, r.establishes ? 1 : 0,
                           std::string(origin_text(r.origin)).c_str(), r.key_age, r.next_change);
  for (const NtsServerReply::Key& key : r.keys) row += format(",%08X,%u", key.id, key.aead);
  row += format(",%u", r.connections);
  row.append(",").append(values_text(counters_of(r)));
  return row + "\n";
}

std::string sourceverdicts_row(const SourceVerdictsReply& r, std::string_view name) {
  std::string row = format("%s,%u,%u,%u", std::string(name).c_str(), r.sent, r.unsent, r.received);
  for (const std::uint32_t count : r.verdicts) row += format(",%u", count);
  for (const std::uint32_t failed : r.failed) row += format(",%u", failed);
  row += format(",%u,%u,%u,%s\n", r.late, r.kisses, r.since_last, last_bad_text(r).c_str());
  return row;
}

std::string estimators_row(const SourceEstimatorReply& r, std::string_view name) {
  std::string row = format("%s,%s,%s,%u,%u,%.9f,%.6f,%.3e,%.9f,%.9f,%.2f", std::string(name).c_str(),
                           r.bayes ? "bayes" : "regression", std::string(basis_text(r.basis)).c_str(), r.samples,
                           r.recent, r.offset_sd.to_seconds(), r.frequency_sd_ppm, r.wander, r.noise_sd.to_seconds(),
                           r.base_delay.to_seconds(), r.asymmetry);
  for (const std::uint64_t count :
       {r.updates, r.runs, r.rounds, r.rejected, r.fallbacks, r.route_moves, r.refused, r.jumps, r.held_back}) {
    row.append(",").append(std::to_string(count));
  }
  row.append(",").append(bank_use_text(r));
  return row + "," + (r.old ? "" : std::to_string(r.begun_anew)) + "\n";
}

}  // namespace csv

}  // namespace timed::client
