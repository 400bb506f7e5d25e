#include "commands.h"

#include <poll.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "timed/client/csv.h"
#include "timed/client/text.h"
#include "timed/control/protocol.h"

namespace timed::timedc {

using control::ActivityReply;
using control::ActivityRequest;
using control::NSourcesReply;
using control::NSourcesRequest;
using control::SourceDataReply;
using control::SourceDataRequest;
using control::SourcestatsReply;
using control::SourcestatsRequest;
using control::TrackingReply;
using control::TrackingRequest;

struct Commands::Row {
  std::string_view word;
  bool (Commands::*run)(const Words& words);
  std::string_view syntax;  // empty: not shown by help
  std::string_view purpose;
};

namespace {

// Words of chronyc that are understood as such, but that this client cannot carry out.
constexpr std::array<std::string_view, 45> kUnavailable = {
    "accheck",      "add",           "allow",      "authdata",   "burst",      "clients",          "cmdaccheck",
    "cmdallow",     "cmddeny",       "delete",     "deny",       "dfreq",      "doffset",          "dump",
    "keygen",       "local",         "makestep",   "manual",     "maxdelay",   "maxdelaydevratio", "maxdelayratio",
    "maxpoll",      "maxupdateskew", "minpoll",    "minstratum", "ntpdata",    "offline",          "offset",
    "online",       "onoffline",     "polltarget", "refresh",    "rekey",      "reload",           "reselect",
    "reselectdist", "reset",         "rtcdata",    "selectdata", "selectopts", "serverstats",      "settime",
    "shutdown",     "trimrtc",       "writertc"};
constexpr std::string_view kCommentMarks = "!;#%";
constexpr std::size_t kHelpColumn = 28;

bool complain(const std::string& text) {
  std::fprintf(stderr, "%s\n", text.c_str());
  return false;
}

bool is_reference(const TrackingReply& report) {
  return !report.address.is_unspecified() || (report.ref_id.value != 0 && report.ref_id != ntp::kLocalRefId);
}

void pause(Duration time) {
  static_cast<void>(::poll(nullptr, 0, static_cast<int>(std::min(std::ceil(time.to_seconds() * 1e3), 1e9))));
}

// The limits of waitsync; 0 = none.
struct WaitLimits {
  std::int64_t tries = 0;
  double correction_s = 0.0;
  double skew_ppm = 0.0;
  double interval_s = 10.0;
};

// Numbers in order; the first word that is none ends them.
WaitLimits wait_limits(const std::vector<Word>& words) {
  WaitLimits limits;
  if (words.size() < 2) return limits;
  const auto tries = parse_integer(words[1].text);
  if (!tries) return limits;
  limits.tries = *tries;
  double* const reals[] = {&limits.correction_s, &limits.skew_ppm, &limits.interval_s};
  for (std::size_t i = 2; i < words.size() && i < 5; ++i) {
    const auto value = parse_real_prefix(words[i].text);
    if (!value) break;
    *reals[i - 2] = value->value;
  }
  if (!(limits.interval_s >= 0.1)) limits.interval_s = 0.1;
  return limits;
}

std::optional<control::SourceAddress> parse_address(std::string_view text) {
  constexpr std::string_view kId = "ID#";
  if (text.starts_with(kId)) {
    const auto id = parse_integer(text.substr(kId.size()));
    if (!id || *id < 0 || *id > 0xffffffff) return std::nullopt;
    return control::SourceAddress::unresolved(static_cast<std::uint32_t>(*id));
  }
  const auto address = IpAddress::parse(text);
  if (!address) return std::nullopt;
  return control::SourceAddress(*address);
}

}  // namespace

const std::vector<Commands::Row>& Commands::table() {
  static const std::vector<Row> kTable = {
      {"tracking", &Commands::tracking, "tracking", "Show how well the clock follows its reference"},
      {"sources", &Commands::sources, "sources [-a] [-v]", "Show the sources and their last samples"},
      {"sourcestats", &Commands::sourcestats, "sourcestats [-a] [-v]", "Show what was estimated of each source"},
      {"activity", &Commands::activity, "activity", "Count the sources that are online and offline"},
      {"smoothing", &Commands::smoothing, "smoothing", "Show what served time is beside the clock"},
      {"smoothtime", &Commands::smoothtime, "smoothtime reset|activate",
       "End the smoothing of served time, or begin it"},
      {"sourcename", &Commands::sourcename, "sourcename <address>", "Show the configured name of a source"},
      {"waitsync", &Commands::waitsync, "waitsync [<max-tries> [<max-correction> [<max-skew> [<interval>]]]]",
       "Wait until the clock is synchronised"},
      {"cyclelogs", &Commands::cyclelogs, "cyclelogs", "Close the log files, so that the next entries begin new ones"},
      {"dns", &Commands::dns, "dns -n|+n|-4|-6|-46", "Look names up or not, in which family"},
      {"timeout", &Commands::timeout, "timeout <milliseconds>", "Set how long to wait for a first reply"},
      {"retries", &Commands::retries, "retries <number>", "Set how often to ask again"},
      {"help", &Commands::help, "help", "Show this list"},
      {"quit", &Commands::end, "exit|quit", "Leave"},
      {"exit", &Commands::end, "", ""},
      {"authhash", &Commands::obsolete, "", ""},
      {"password", &Commands::obsolete, "", ""},
  };
  return kTable;
}

Commands::Commands(client::Session& session, const CommandLine& line)
    : session_(session),
      naming_(line.naming),
      family_(line.session.family),
      csv_(line.csv),
      end_marks_(line.end_marks) {}

bool Commands::run(std::string_view line) {
  const Words words = split_words(line);
  if (words.empty() || kCommentMarks.find(words[0].text[0]) != std::string_view::npos) return true;
  output_failed_ = false;
  last_succeeded_ = dispatch(words);
  if (end_marks_) print(".\n");
  if (std::fflush(stdout) != 0) output_failed_ = true;
  if (output_failed_) last_succeeded_ = complain("Could not write to stdout");
  return last_succeeded_;
}

bool Commands::dispatch(const Words& words) {
  const std::string_view word = words[0].text;
  const auto found = std::find_if(table().begin(), table().end(), [word](const Row& row) { return row.word == word; });
  if (found != table().end()) return (this->*found->run)(words);
  const bool known = std::find(kUnavailable.begin(), kUnavailable.end(), word) != kUnavailable.end();
  if (known) return complain("Command " + std::string(word) + " is not available");
  return complain("Unrecognized command");
}

void Commands::print(const std::string& text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) output_failed_ = true;
}

bool Commands::fail(const Error& error) {
  print(error.message + "\n");
  return false;
}

bool Commands::request(const control::Request& wanted) {
  auto received = session_.ask(wanted);
  if (!received) return fail(received.error());
  const bool done = received->status == control::ReplyStatus::Success;
  if (!done || !csv_) print(std::string(control::status_line(received->status)) + "\n");
  return done;
}

// What went wrong with a name stands before the row that has none.
void Commands::show_name(const client::Name& name) {
  if (!name.failure.empty()) print(name.failure + "\n");
}

Commands::ListOptions Commands::list_options(const Words& words) {
  ListOptions options;
  for (const Word& word : words) {
    if (word.text == "-a") options.all = true;
    if (word.text == "-v") options.verbose = true;
  }
  return options;
}

bool Commands::tracking(const Words&) {
  auto report = session_.ask_for<TrackingReply>(TrackingRequest{});
  if (!report) return fail(report.error());
  client::Name name;
  if (report->address.is_unspecified()) {
    name.text = client::ref_id_text(report->ref_id);
  } else {
    name = client::whole_source_name(session_, report->address, naming_);
  }
  show_name(name);
  print(csv_ ? client::csv::tracking(*report, name.text) : client::text::tracking(*report, name.text));
  return true;
}

bool Commands::sources(const Words& words) {
  const ListOptions options = list_options(words);
  auto count = session_.ask_for<NSourcesReply>(NSourcesRequest{});
  if (!count) return fail(count.error());
  if (!csv_) {
    if (options.verbose) print(client::text::sources_caption(naming_.wide));
    print(client::text::sources_header(naming_.wide));
  }
  for (std::uint32_t i = 0; i < count->count; ++i) {
    auto row = session_.ask_for<SourceDataReply>(SourceDataRequest{static_cast<std::int32_t>(i)});
    if (!row) return fail(row.error());
    const bool is_clock = row->mode == control::SourceMode::RefClock;
    if (!options.all && !is_clock && row->address.unresolved_id) continue;
    client::Name name{client::ref_id_text(row->ref_id), {}};
    if (!is_clock) name = client::source_name(session_, row->address, naming_);
    show_name(name);
    print(csv_ ? client::csv::sources_row(*row, name.text) : client::text::sources_row(*row, name.text, naming_.wide));
  }
  return true;
}

bool Commands::sourcestats(const Words& words) {
  const ListOptions options = list_options(words);
  auto count = session_.ask_for<NSourcesReply>(NSourcesRequest{});
  if (!count) return fail(count.error());
  if (!csv_) {
    if (options.verbose) print(client::text::sourcestats_caption(naming_.wide));
    print(client::text::sourcestats_header(naming_.wide));
  }
  for (std::uint32_t i = 0; i < count->count; ++i) {
    auto row = session_.ask_for<SourcestatsReply>(SourcestatsRequest{static_cast<std::int32_t>(i)});
    if (!row) return fail(row.error());
    if (!options.all && row->address.unresolved_id) continue;
    client::Name name{client::ref_id_text(row->ref_id), {}};
    if (!row->address.is_unspecified()) name = client::source_name(session_, row->address, naming_);
    show_name(name);
    print(csv_ ? client::csv::sourcestats_row(*row, name.text)
               : client::text::sourcestats_row(*row, name.text, naming_.wide));
  }
  return true;
}

bool Commands::activity(const Words&) {
  auto report = session_.ask_for<ActivityReply>(ActivityRequest{});
  if (!report) return fail(report.error());
  print(csv_ ? client::csv::activity(*report) : client::text::activity(*report));
  return true;
}

bool Commands::smoothing(const Words&) {
  auto report = session_.ask_for<control::SmoothingReply>(control::SmoothingRequest{});
  if (!report) return fail(report.error());
  print(csv_ ? client::csv::smoothing(*report) : client::text::smoothing(*report));
  return true;
}

bool Commands::smoothtime(const Words& words) {
  using control::SmoothtimeRequest;
  const std::string_view what = words.size() > 1 ? words[1].text : std::string_view();
  if (what == "reset") return request(control::ClockRequest(SmoothtimeRequest{SmoothtimeRequest::kReset}));
  if (what == "activate") return request(control::ClockRequest(SmoothtimeRequest{SmoothtimeRequest::kActivate}));
  return complain("Invalid syntax for smoothtime command");
}

bool Commands::sourcename(const Words& words) {
  if (words.size() < 2) return complain("Could not read address");
  auto address = parse_address(words[1].text);
  if (!address) {
    const auto found = client::resolve(std::string(words[1].text), 0, family_);
    if (found.empty()) return complain("Could not read address");
    address = found.front().address;
  }
  auto reply = session_.ask_for<control::NtpSourceNameReply>(control::NtpSourceNameRequest{*address});
  if (!reply) return fail(reply.error());
  print(reply->name + "\n");
  return true;
}

bool Commands::waitsync(const Words& words) {
  const WaitLimits limits = wait_limits(words);
  for (std::int64_t attempt = 1;; ++attempt) {
    auto report = session_.ask_for<TrackingReply>(TrackingRequest{});
    if (report) {
      const auto number = static_cast<std::uint64_t>(attempt);
      print(csv_ ? client::csv::waitsync(number, *report) : client::text::waitsync(number, *report));
      const double correction_s = std::fabs(report->correction.to_seconds());
      const bool close = limits.correction_s == 0.0 || correction_s <= limits.correction_s;
      const bool steady = limits.skew_ppm == 0.0 || report->skew_ppm <= limits.skew_ppm;
      if (is_reference(*report) && close && steady) return true;
    } else {
      fail(report.error());
    }
    if (limits.tries > 0 && attempt >= limits.tries) return false;
    if (std::fflush(stdout) != 0) return false;
    pause(Duration::seconds(limits.interval_s));
  }
}

bool Commands::cyclelogs(const Words&) {
  return request(control::CyclelogsRequest{});
}

bool Commands::dns(const Words& words) {
  const std::string_view what = words.size() > 1 ? words[1].text : std::string_view();
  if (what == "-n") {
    naming_.reverse_dns = false;
  } else if (what == "+n") {
    naming_.reverse_dns = true;
  } else if (what == "-4") {
    family_ = Family::Inet4;
  } else if (what == "-6") {
    family_ = Family::Inet6;
  } else if (what == "-46") {
    family_ = Family::Unspecified;
  } else {
    return complain("Unrecognized dns command");
  }
  return true;
}

bool Commands::timeout(const Words& words) {
  const auto value = words.size() > 1 ? parse_integer(words[1].text) : std::nullopt;
  if (!value) return complain("Invalid timeout value");
  if (*value < client::kMinTimeout_ms) {
    return complain(format("Timeout %lld is too short", static_cast<long long>(*value)));
  }
  session_.set_timeout(Duration::millis(static_cast<double>(*value)));
  return true;
}

bool Commands::retries(const Words& words) {
  const auto value = words.size() > 1 ? parse_integer(words[1].text) : std::nullopt;
  if (!value || *value < 0 || *value > client::kMaxRetries) return complain("Invalid maximum number of retries");
  session_.set_retries(static_cast<int>(*value));
  return true;
}

bool Commands::help(const Words&) {
  for (const Row& row : table()) {
    if (row.syntax.empty()) continue;
    std::string line(row.syntax);
    if (line.size() >= kHelpColumn) {
      print(line + "\n");
      line.clear();
    }
    line.append(kHelpColumn - line.size(), ' ');
    print(line + std::string(row.purpose) + "\n");
  }
  return true;
}

bool Commands::end(const Words&) {
  wants_end_ = true;
  return true;
}

bool Commands::obsolete(const Words&) {
  complain("Authentication is no longer supported");
  return true;
}

}  // namespace timed::timedc
