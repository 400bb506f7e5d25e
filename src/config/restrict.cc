// A line of `restrict` says four things of a subnet at once: whether it is served, whether it may send commands,
// whether its requests must be authenticated, whether its rate is limited.  Each becomes a rule of its own list, so
// that the same trees decide as for allow and cmdallow, between lines of either kind.
#include "restrict.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "findings.h"
#include "timed/base/subnet_text.h"
#include "timed/base/text.h"

namespace timed::config {
namespace {

enum class Flag : std::uint8_t {
  Ignore,
  NoServe,
  NoQuery,
  NoTrust,
  Limited,
  Kod,
  Satisfied,         // forbids what is never done
  SatisfiedByLimit,  // the same, with a number behind it
  MsSntp,            // Windows machines are answered, wherever Samba signs for them
  Impossible,        // asks for what will not be done
};
struct FlagRow {
  std::string_view word;
  Flag flag;
  std::string_view why = {};  // it is impossible
};
constexpr FlagRow kFlags[] = {
    {"ignore", Flag::Ignore},
    {"noserve", Flag::NoServe},
    {"noquery", Flag::NoQuery},
    {"notrust", Flag::NoTrust},
    {"limited", Flag::Limited},
    {"kod", Flag::Kod},
    {"nomodify", Flag::Satisfied},
    {"nopeer", Flag::Satisfied},
    {"noepeer", Flag::Satisfied},
    {"notrap", Flag::Satisfied},
    {"lowpriotrap", Flag::Satisfied},
    {"nomrulist", Flag::Satisfied},
    {"version", Flag::Satisfied},
    {"ippeerlimit", Flag::SatisfiedByLimit},
    {"mssntp", Flag::MsSntp},
    {"ntpport", Flag::Impossible, "rules are for addresses, whatever the port"},
    {"non-ntpport", Flag::Impossible, "rules are for addresses, whatever the port"},
    {"epeer", Flag::Impossible, "peers that are not configured are never taken up"},
    {"flake", Flag::Impossible, "packets are not thrown away to test others"},
    {"serverresponse", Flag::Impossible, "the reference time of an answer is what it is"},
};
constexpr std::size_t kFlagCount = std::size(kFlags);

constexpr std::array<std::string_view, kFlagCount> flag_words() {
  std::array<std::string_view, kFlagCount> words{};
  for (std::size_t i = 0; i < kFlagCount; ++i) words[i] = kFlags[i].word;
  return words;
}
constexpr auto kFlagWords = flag_words();
constexpr auto kWhomWords = std::to_array<std::string_view>({"default", "source"});
constexpr char kWhom[] = "default, source, or an address";
constexpr int kLeastPeers = -1;  // as many as one likes

// Whom a line means.
struct Whom {
  std::vector<Subnet> subnets;
  std::string host;
  bool sources = false;  // the servers that are asked
};

std::vector<Subnet> everybody(Family family) {
  std::vector<Subnet> subnets;
  for (const Family one : {Family::Inet4, Family::Inet6}) {
    if (family == Family::Unspecified || family == one) subnets.push_back(*Subnet::make(IpAddress::any(one), 0));
  }
  return subnets;
}

// Bits of a mask that is ones and then zeros.
std::optional<int> mask_bits(const IpAddress& mask) {
  int bits = 0;
  bool ended = false;
  for (const std::uint8_t octet : mask.bytes()) {
    for (int i = 7; i >= 0; --i) {
      const bool one = (octet >> i & 1) != 0;
      if (one && ended) return std::nullopt;
      ended = ended || !one;
      bits += one ? 1 : 0;
    }
  }
  return bits;
}

class Line {
 public:
  Line(const Statement& statement, Findings& findings) : statement_(statement), findings_(findings) {}

  std::optional<Whom> read_whom();
  // All flags, each once; empty after a mistake.
  std::optional<std::vector<FlagRow>> read_flags();

 private:
  std::string_view word() const { return next_ < size() ? statement_.words[next_].text : std::string_view(); }
  std::size_t size() const { return statement_.words.size(); }
  std::optional<Whom> read_address(Family family);
  bool read_mask(Whom& whom);
  bool read_flag(const FlagRow& row);
  std::nullopt_t refuse_word(std::string expected) {
    refuse(statement_, next_, findings_, std::move(expected));
    return std::nullopt;
  }

  const Statement& statement_;
  Findings& findings_;
  std::size_t next_ = 1;
};

std::optional<Whom> Line::read_whom() {
  Family family = Family::Unspecified;
  if (word() == "-4" || word() == "-6") {
    family = word() == "-4" ? Family::Inet4 : Family::Inet6;
    ++next_;
  }
  if (word().empty()) return refuse_word(kWhom);
  Whom whom;
  if (equals_ignoring_case(word(), "default")) {
    whom.subnets = everybody(family);
  } else if (equals_ignoring_case(word(), "source")) {
    whom.sources = true;
  } else {
    return read_address(family);
  }
  ++next_;
  return whom;
}

std::optional<Whom> Line::read_address(Family family) {
  Whom whom;
  const auto parsed = parse_subnet(word());
  if (const auto* subnet = std::get_if<Subnet>(&parsed)) {
    const bool other_family = family != Family::Unspecified && subnet->address().family() != family;
    if (other_family) return refuse_word(family == Family::Inet4 ? "an IPv4 address" : "an IPv6 address");
    whom.subnets = {*subnet};
  } else if (std::holds_alternative<BadPrefixLength>(parsed)) {
    return refuse_word("at most 32 bits for IPv4, 128 for IPv6");
  } else if (std::get<NotASubnet>(parsed).may_be_host_name) {
    whom.host = std::string(word());
  } else {
    return refuse_word(kWhom);
  }
  // A name of one label that is nearly one of the two words is hardly that of a host.
  const bool has_domain = whom.host.find('.') != std::string::npos;
  const std::string_view meant = whom.host.empty() || has_domain ? "" : nearest_word(whom.host, kWhomWords);
  if (!meant.empty()) {
    refuse_word(kWhom);
    findings_.errors.back().suggestion = meant;
    return std::nullopt;
  }
  ++next_;
  if (equals_ignoring_case(word(), "mask") && !read_mask(whom)) return std::nullopt;
  return whom;
}

bool Line::read_mask(Whom& whom) {
  ++next_;
  const auto mask = IpAddress::parse(std::string(word()));
  const bool fits = mask && whom.subnets.size() == 1 && mask->family() == whom.subnets[0].address().family() &&
                    whom.subnets[0].bits() == mask->width();
  const auto bits = fits ? mask_bits(*mask) : std::nullopt;
  if (!bits) {
    refuse_word("a mask of the address before it, as 255.255.255.0");
    return false;
  }
  whom.subnets = {*Subnet::make(whom.subnets[0].address(), *bits)};
  ++next_;
  return true;
}

std::optional<std::vector<FlagRow>> Line::read_flags() {
  std::vector<FlagRow> flags;
  bool good = true;
  for (; next_ < size(); ++next_) {
    const auto found = std::find_if(std::begin(kFlags), std::end(kFlags),
                                    [&](const FlagRow& row) { return equals_ignoring_case(row.word, word()); });
    if (found != std::end(kFlags)) {
      flags.push_back(*found);
      good = read_flag(*found) && good;
      continue;
    }
    good = false;
    refuse(statement_, next_, findings_, one_of(kFlagWords));
    findings_.errors.back().suggestion = nearest_word(word(), kFlagWords);
  }
  return good ? std::optional(flags) : std::nullopt;
}

// What stands behind it, or why it cannot stand there.
bool Line::read_flag(const FlagRow& row) {
  if (row.flag == Flag::Impossible) {
    std::string summary(word());
    summary.append(" in restrict directive is impossible: ").append(row.why);
    findings_.errors.push_back(finding_at(statement_, next_, std::move(summary)));
    findings_.errors.back().place = Finding::Place::Parenthesis;
    return false;
  }
  if (row.flag != Flag::SatisfiedByLimit) return true;
  ++next_;
  const auto limit = parse_integer(word());
  const bool good = limit && *limit >= kLeastPeers;
  if (!good) refuse_word("how many peers of one address may be taken up, -1 for any number");
  return good;
}

using Restricted = Config::Restricted;

// Lines of one prefix take away together what each of them does, as in ntpd.
void take_away(const Restricted& line, Restricted& all) {
  all.served = all.served && line.served;
  all.commands = all.commands && line.commands;
  all.needs_key = all.needs_key || line.needs_key;
  all.limited = all.limited || line.limited;
}

// whom: the subnet or the host of the rules.
void add_rules(server::AccessRule whom, const Restricted& said, Config& config) {
  whom.allow = said.limited;
  config.limited.push_back(whom);
  whom.allow = said.commands;
  config.command_access.push_back(whom);
  whom.allow = said.served;
  whom.needs_key = said.needs_key;
  config.access.push_back(std::move(whom));
}

server::AccessRule rule_of(const Subnet& subnet) {
  server::AccessRule rule;
  rule.subnets = {subnet};
  return rule;
}

// Of prefixes that end within the same four bits the later rule wins on the lists of allow and deny.  With restrict the
// longer one does: what an earlier line said of a part of the new subnet is said again.
void add_subnet(const Subnet& subnet, const Restricted& line, Config& config) {
  const auto [own, is_new] = config.restricted.try_emplace(subnet);
  take_away(line, own->second);
  add_rules(rule_of(subnet), own->second, config);
  std::vector<std::pair<Subnet, Restricted>> parts;
  const int longest = (subnet.bits() + 3) / 4 * 4;
  for (auto part = std::next(own); part != config.restricted.end() && subnet.contains(part->first.address()); ++part) {
    if (part->first.bits() <= longest) parts.push_back(*part);
  }
  std::stable_sort(parts.begin(), parts.end(),
                   [](const auto& a, const auto& b) { return a.first.bits() < b.first.bits(); });
  for (const auto& [part, said] : parts) add_rules(rule_of(part), said, config);
}

void add_host(const std::string& host, const Restricted& line, Config& config) {
  Restricted& all = config.restricted_hosts[host];
  take_away(line, all);
  server::AccessRule rule;
  rule.host = host;
  add_rules(std::move(rule), all, config);
}

void warn_of_flag(const Statement& statement, std::string_view flag, Findings& findings) {
  findings.warnings.push_back(finding_at(statement, index_of_word(statement.words, flag),
                                         std::string(flag) + " in restrict directive has no effect for source"));
  findings.warnings.back().place = Finding::Place::Parenthesis;
}

}  // namespace

void parse_restrict(const Statement& statement, Config& config, Findings& findings) {
  Line line(statement, findings);
  const auto whom = line.read_whom();
  const auto flags = whom ? line.read_flags() : std::nullopt;
  if (!flags) return;
  const auto has = [&](Flag flag) {
    return std::any_of(flags->begin(), flags->end(), [flag](const FlagRow& row) { return row.flag == flag; });
  };
  for (const FlagRow& row : *flags) {
    // Servers that are asked are listened to whatever is said here; what they may ask in turn is what others may.
    const bool satisfied = row.flag == Flag::Satisfied || row.flag == Flag::SatisfiedByLimit;
    if (whom->sources && !satisfied) warn_of_flag(statement, row.word, findings);
    if (satisfied) config.satisfied_flags.insert(std::string(row.word));
  }
  if (whom->sources) return;
  config.restrict_mssntp = config.restrict_mssntp || has(Flag::MsSntp);
  config.restrict_kod = config.restrict_kod || has(Flag::Kod);
  const Restricted said{!has(Flag::Ignore) && !has(Flag::NoServe), !has(Flag::Ignore) && !has(Flag::NoQuery),
                        has(Flag::NoTrust), has(Flag::Limited) || has(Flag::Kod)};
  for (const Subnet& subnet : whom->subnets) add_subnet(subnet, said, config);
  if (!whom->host.empty()) add_host(whom->host, said, config);
}

}  // namespace timed::config
