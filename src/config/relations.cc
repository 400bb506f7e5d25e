#include "relations.h"

#include <algorithm>

#include "findings.h"
#include "refclock.h"
#include "timed/base/text.h"

namespace timed::config {
namespace {

bool limits_rates(const Statement& restriction) {
  return std::any_of(restriction.words.begin() + 1, restriction.words.end(), [](const auto& word) {
    return equals_ignoring_case(word.text, "limited") || equals_ignoring_case(word.text, "kod");
  });
}

}  // namespace

void Relations::note(const Directive& row, const Statement& statement, const LinePlace& place, bool good) {
  static const std::map<std::string_view, Kind> kKinds = {{"ratelimit", Kind::RateLimit},
                                                          {"ntsratelimit", Kind::RateLimit},
                                                          {"cmdratelimit", Kind::RateLimit},
                                                          {"noclientlog", Kind::NoClientLog},
                                                          {"ntsservercert", Kind::ServerCertificate},
                                                          {"ntsserverkey", Kind::ServerKey},
                                                          {"rtcfile", Kind::RtcFile},
                                                          {"rtcsync", Kind::RtcSync},
                                                          {"leapsectz", Kind::LeapSource},
                                                          {"leapseclist", Kind::LeapSource}};
  const auto found = kKinds.find(row.name);
  const bool pairs =
      found != kKinds.end() && (found->second == Kind::ServerCertificate || found->second == Kind::ServerKey);
  if (pairs && !good) pairs_known_ = false;
  if (found != kKinds.end() && good) add(found->second, statement, place);
  if (row.name == "restrict" && good && limits_rates(statement)) add(Kind::RateLimit, statement, place);
  if (row.name != "refclock" || !good) return;
  Findings told_already;
  const auto refclock = read_refclock(statement, told_already);
  if (refclock && refclock->driver == RefclockLine::Driver::Rtc) add(Kind::RtcRefclock, statement, place);
  if (refclock && refclock->tai) add(Kind::TaiRefclock, statement, place);
}

void Relations::add(Kind kind, const Statement& statement, const LinePlace& place) {
  Lines& lines = lines_[kind];
  ++lines.count;
  lines.file = place.file;
  lines.text = place.text;
  lines.line = place.line;
  lines.at = finding_at(statement, 0, "");
  lines.at.place = Finding::Place::None;
}

std::size_t Relations::count(Kind kind) const {
  const auto found = lines_.find(kind);
  return found == lines_.end() ? 0 : found->second.count;
}

Diagnostic Relations::error(Kind kind, const char* summary, const char* expected) const {
  const Lines& lines = lines_.at(kind);
  Finding finding = lines.at;
  finding.summary = summary;
  finding.expected = expected;
  return make_diagnostic(LinePlace{lines.file, lines.line, lines.text}, finding);
}

std::vector<Diagnostic> Relations::errors() const {
  std::vector<Diagnostic> list;
  if (has(Kind::NoClientLog) && has(Kind::RateLimit)) {
    list.push_back(error(Kind::NoClientLog, "Rate limiting cannot be enabled with noclientlog",
                         "either this line or those that limit rates"));
  }
  const std::size_t certificates = count(Kind::ServerCertificate), keys = count(Kind::ServerKey);
  if (certificates != keys && pairs_known_) {
    list.push_back(error(certificates > keys ? Kind::ServerCertificate : Kind::ServerKey,
                         "Uneven number of NTS certs and keys", "as many ntsservercert lines as ntsserverkey lines"));
  }
  if (has(Kind::RtcFile) && has(Kind::RtcSync)) {
    list.push_back(error(Kind::RtcFile, "rtcfile directive cannot be used with rtcsync", "one of the two"));
  }
  if (has(Kind::RtcRefclock) && (has(Kind::RtcFile) || has(Kind::RtcSync))) {
    list.push_back(error(Kind::RtcRefclock, "RTC refclock cannot be used together with rtcsync or rtcfile",
                         "neither rtcsync nor rtcfile beside it"));
  }
  if (has(Kind::TaiRefclock) && !has(Kind::LeapSource)) {
    list.push_back(error(Kind::TaiRefclock, "refclock tai option requires leapseclist or leapsectz",
                         "a leapseclist or leapsectz line beside it"));
  }
  return list;
}

}  // namespace timed::config
