#include "access_rule.h"

#include <optional>

#include "findings.h"
#include "timed/base/subnet_text.h"
#include "timed/base/text.h"

namespace timed::config {

std::optional<server::AccessRule> parse_access_rule(bool allow, const Statement& statement, Findings& findings) {
  server::AccessRule rule;
  rule.allow = allow;
  std::size_t next = 1;
  if (next < statement.words.size() && statement.words[next].text == "all") {
    rule.all = true;
    ++next;
  }
  if (next == statement.words.size()) {
    rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0), *Subnet::make(IpAddress::any(Family::Inet6), 0)};
    return rule;
  }
  if (next + 1 < statement.words.size()) {
    refuse(statement, next + 1, findings);
    return std::nullopt;
  }
  const std::string_view text = statement.words[next].text;
  const auto parsed = parse_subnet(text);
  if (const auto* subnet = std::get_if<Subnet>(&parsed)) {
    rule.subnets = {*subnet};
    return rule;
  }
  if (const auto* bad = std::get_if<BadPrefixLength>(&parsed)) {
    Finding finding =
        finding_at(statement, next, "Bad subnet in " + bad->subnet, "at most 32 bits for IPv4, 128 for IPv6");
    finding.place = Finding::Place::None;
    findings.errors.push_back(std::move(finding));
    return std::nullopt;
  }
  Finding finding = finding_at(statement, next, could_not_parse(statement));
  if (equals_ignoring_case(text, "all")) {
    finding.suggestion = "all";
  } else if (std::get<NotASubnet>(parsed).may_be_host_name) {
    rule.host = std::string(text);
    return rule;
  }
  findings.errors.push_back(std::move(finding));
  return std::nullopt;
}

}  // namespace timed::config
