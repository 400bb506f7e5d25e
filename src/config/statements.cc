#include "statements.h"

#include <array>
#include <cmath>

#include "access_rule.h"
#include "findings.h"

namespace timed::config {
namespace {

// Numbers one after the other in a line, as scanf reads them: only behind the last one may anything be glued.
class NumberReader {
 public:
  NumberReader(const Statement& statement, Findings& findings) : statement_(statement), findings_(findings) {}

  double real() {
    const auto parsed = parse_real_prefix(word());
    const bool good = parsed && !std::isnan(parsed->value);
    return take(good ? parsed->length : 0) ? parsed->value : 0.0;
  }
  int integer() {
    const auto parsed = parse_integer_prefix(word());
    const bool good = parsed && std::abs(static_cast<double>(parsed->value)) <= std::numeric_limits<int>::max();
    return take(good ? parsed->length : 0) ? static_cast<int>(parsed->value) : 0;
  }
  bool ok() const { return ok_; }

 private:
  std::string_view word() const { return statement_.words[next_].text; }
  bool take(std::size_t length) {
    const std::string_view rest = word().substr(length);
    const bool last = next_ + 1 == statement_.words.size();
    if (ok_ && (length == 0 || (!rest.empty() && !last))) {
      ok_ = false;
      findings_.errors.push_back(finding_at(statement_, next_, could_not_parse(statement_)));
    }
    if (ok_ && last) warn_of_rest(statement_, rest, findings_);
    if (!last) ++next_;
    return ok_;
  }

  const Statement& statement_;
  Findings& findings_;
  std::size_t next_ = 1;
  bool ok_ = true;
};

void parse_access(bool allow, const Statement& statement, Config& config, Findings& findings) {
  server::AccessRule rule;
  rule.allow = allow;
  std::size_t next = 1;
  if (next < statement.words.size() && statement.words[next].text == "all") {
    rule.all = true;
    ++next;
  }
  if (next == statement.words.size()) {
    rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0), *Subnet::make(IpAddress::any(Family::Inet6), 0)};
    config.access.push_back(std::move(rule));
    return;
  }
  if (next + 1 < statement.words.size()) {
    findings.errors.push_back(finding_at(statement, next + 1, could_not_parse(statement)));
    return;
  }
  const std::string_view text = statement.words[next].text;
  const auto parsed = parse_subnet(text);
  if (const auto* subnet = std::get_if<Subnet>(&parsed)) {
    rule.subnets = {*subnet};
    config.access.push_back(std::move(rule));
  } else if (const auto* bad = std::get_if<BadPrefixLength>(&parsed)) {
    Finding finding =
        finding_at(statement, next, "Bad subnet in " + bad->subnet, "at most 32 bits for IPv4, 128 for IPv6");
    finding.place = Finding::Place::None;
    findings.errors.push_back(std::move(finding));
  } else {
    Finding finding = finding_at(statement, next, could_not_parse(statement));
    if (equals_ignoring_case(text, "all")) {
      finding.suggestion = "all";
    } else if (std::get<NotASubnet>(parsed).may_be_host_name) {
      finding.expected = "an address or a subnet: host names are not available here yet";
    }
    findings.errors.push_back(std::move(finding));
  }
}

constexpr auto kLocalOptions =
    std::to_array<std::string_view>({"stratum", "distance", "orphan", "activate", "waitsynced", "waitunsynced"});

// Options and their values, where the next option may be glued to a number (spec config.md 1.3).
class LocalOptionReader {
 public:
  LocalOptionReader(const Statement& statement, Findings& findings) : statement_(statement), findings_(findings) {}

  bool read(discipline::LocalReferenceOptions& local) {
    while (index_ < statement_.words.size()) {
      if (!read_option(local)) return false;
    }
    return true;
  }

 private:
  std::string_view rest() const { return statement_.words[index_].text.substr(used_); }
  void use(std::size_t length) {
    used_ += length;
    if (used_ < statement_.words[index_].text.size()) return;
    used_ = 0;
    ++index_;
  }

  bool read_option(discipline::LocalReferenceOptions& local) {
    const std::string_view option = rest();
    if (equals_ignoring_case(option, "orphan")) {
      use(option.size());
      local.orphan = true;
      return true;
    }
    for (const std::string_view known : kLocalOptions) {
      if (!equals_ignoring_case(option, known)) continue;
      use(option.size());
      return known == "stratum" ? read_stratum(local) : read_duration(known, local);
    }
    Finding finding = finding_at_text(statement_, option, invalid_option(statement_),
                                      "stratum, distance, orphan, activate, waitsynced or waitunsynced");
    finding.suggestion = nearest_word(option, kLocalOptions);
    findings_.errors.push_back(std::move(finding));
    return false;
  }

  bool refuse_value(const char* expected) {
    Finding finding = index_ < statement_.words.size()
                          ? finding_at_text(statement_, rest(), invalid_value(statement_), expected)
                          : finding_at(statement_, index_, invalid_value(statement_), expected);
    findings_.errors.push_back(std::move(finding));
    return false;
  }

  bool read_stratum(discipline::LocalReferenceOptions& local) {
    constexpr const char* kExpected = "a stratum from 1 to 15";
    if (index_ == statement_.words.size()) return refuse_value(kExpected);
    const auto value = parse_integer_prefix(rest());
    if (!value || value->value < 1 || value->value > 15) return refuse_value(kExpected);
    use(value->length);
    local.stratum = static_cast<int>(value->value);
    return true;
  }

  bool read_duration(std::string_view option, discipline::LocalReferenceOptions& local) {
    constexpr const char* kExpected = "a number of seconds";
    if (index_ == statement_.words.size()) return refuse_value(kExpected);
    const auto value = parse_real_prefix(rest());
    if (!value || std::isnan(value->value)) return refuse_value(kExpected);
    use(value->length);
    const Duration duration = Duration::seconds(value->value);
    if (option == "distance") local.distance = duration;
    if (option == "activate") local.activate = duration;
    if (option == "waitsynced") local.wait_synced = duration;
    if (option == "waitunsynced") {
      local.wait_unsynced.reset();
      if (duration >= Duration::zero()) local.wait_unsynced = duration;
    }
    return true;
  }

  const Statement& statement_;
  Findings& findings_;
  std::size_t index_ = 1;
  std::size_t used_ = 0;
};

// Puts a literal address where its family says; false and an error where it is none.
bool read_address(const Statement& statement, IpAddress& v4, IpAddress& v6, Findings& findings) {
  const auto address = IpAddress::parse(statement.arguments()[0].text);
  if (!address) {
    findings.errors.push_back(finding_at(statement, 1, could_not_parse(statement)));
    return false;
  }
  (address->is_v4() ? v4 : v6) = *address;
  return true;
}

Finding refused_source(const Statement& statement, const sources::LineError& error) {
  const std::size_t word = error.word + 1;
  switch (error.kind) {
    case sources::LineError::Kind::MissingHost:
      return finding_at(statement, statement.words.size(), invalid_syntax(statement), error.expected);
    case sources::LineError::Kind::UnknownOption: {
      Finding finding = finding_at(statement, word, invalid_option(statement), "an option of a source, as iburst");
      finding.suggestion = nearest_word(statement.words[word].text, sources::source_option_words());
      return finding;
    }
    case sources::LineError::Kind::BadValue:
      return finding_at(statement, word, invalid_value(statement), error.expected);
    case sources::LineError::Kind::NotAvailable:
      break;
  }
  Finding finding = finding_at(statement, word, std::string(statement.words[word].text) + " option in ",
                               "no authentication: polling this source without it would be wrong");
  finding.summary += statement.directive();
  finding.summary += " directive is not available yet";
  finding.place = Finding::Place::Parenthesis;
  return finding;
}

}  // namespace

void parse_server(const Statement& statement, Config& config, Findings& findings) {
  auto parsed = sources::parse_source_line(statement.arguments());
  if (const auto* error = std::get_if<sources::LineError>(&parsed)) {
    findings.errors.push_back(refused_source(statement, *error));
    return;
  }
  auto& line = std::get<sources::ParsedLine>(parsed);
  for (const std::size_t option : line.not_available) {
    std::string summary(statement.arguments()[option].text);
    summary += " option in ";
    summary += statement.directive();
    summary += " directive is not available yet";
    findings.warnings.push_back(finding_at(statement, option + 1, std::move(summary)));
    findings.warnings.back().place = Finding::Place::Parenthesis;
  }
  config.sources.push_back(std::move(line.line));
}

void parse_driftfile(const Statement& statement, Config& config, Findings& findings) {
  const auto arguments = statement.arguments();
  if (arguments.empty()) {
    findings.errors.push_back(finding_at(statement, 1, missing_arguments(statement)));
    return;
  }
  discipline::DriftFileOptions options = config.drift_file;
  options.path = std::string(arguments[0].text);
  if (arguments.size() > 1) {
    if (!equals_ignoring_case(arguments[1].text, "interval")) {
      findings.errors.push_back(finding_at(statement, 2, could_not_parse(statement)));
      return;
    }
    const auto seconds = arguments.size() > 2 ? parse_integer(arguments[2].text) : std::nullopt;
    if (!seconds || arguments.size() > 3) {
      findings.errors.push_back(finding_at(statement, seconds ? 4 : 3, could_not_parse(statement)));
      return;
    }
    options.interval = Duration::seconds(static_cast<double>(*seconds));
  }
  config.drift_file = std::move(options);
}

void parse_makestep(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 2, findings)) return;
  NumberReader numbers(statement, findings);
  discipline::MakeStep make_step;
  make_step.threshold = Duration::seconds(numbers.real());
  make_step.limit = numbers.integer();
  if (numbers.ok()) config.reference.make_step = make_step;
}

void parse_maxchange(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 3, findings)) return;
  NumberReader numbers(statement, findings);
  discipline::MaxChange max_change;
  max_change.offset = Duration::seconds(numbers.real());
  max_change.start = numbers.integer();
  max_change.ignore = numbers.integer();
  if (numbers.ok()) config.reference.max_change = max_change;
}

void parse_local(const Statement& statement, Config& config, Findings& findings) {
  discipline::LocalReferenceOptions local;
  local.enabled = true;
  if (LocalOptionReader(statement, findings).read(local)) config.reference.local = local;
}

void parse_allow(const Statement& statement, Config& config, Findings& findings) {
  parse_access(true, statement, config, findings);
}

void parse_deny(const Statement& statement, Config& config, Findings& findings) {
  parse_access(false, statement, config, findings);
}

void parse_bindaddress(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return;
  read_address(statement, config.server.bind_v4, config.server.bind_v6, findings);
}

void parse_bindcmdaddress(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return;
  const std::string_view text = statement.arguments()[0].text;
  if (text[0] == '/') {
    config.control.unix_path = text == "/" ? std::string() : std::string(text);
    return;
  }
  read_address(statement, config.control.bind_v4, config.control.bind_v6, findings);
}

void parse_pidfile(const Statement& statement, Config& config, Findings& findings) {
  if (!has_arguments(statement, 1, findings)) return;
  const std::string_view text = statement.arguments()[0].text;
  config.process.pid_file = text == "/" ? std::string() : std::string(text);
}

}  // namespace timed::config
