#include "timed/daemon/announcer.h"

#include "timed/base/text.h"

namespace timed::daemon {
namespace {

using discipline::SelectionMessage;
using log::Severity;

std::string no_majority(const SelectionMessage& m) {
  const char* trusted = m.trusted ? "trusted " : "";
  if (m.agreeing <= 1) {
    return format("Can't synchronise: no majority (no agreement among %d %ssources)", m.among, trusted);
  }
  return format("Can't synchronise: no majority (only %d of %d %ssources agree)", m.agreeing, m.among, trusted);
}

std::string no_selectable(const SelectionMessage& m) {
  if (m.unreachable == 0) return "Can't synchronise: no selectable sources";
  return format("Can't synchronise: no selectable sources (%d unreachable sources)", m.unreachable);
}

}  // namespace

Announcement announce(const SelectionMessage& m, const std::string& source,
                      const discipline::SelectionOptions& options) {
  const char* name = source.c_str();
  switch (m.kind) {
    case SelectionMessage::Kind::Selected:
      return {Severity::Info, format("Selected source %s", name)};
    case SelectionMessage::Kind::Falseticker:
      return {Severity::Warning, format("Detected falseticker %s", name)};
    case SelectionMessage::Kind::DistanceExceeded:
      return {Severity::Warning, format("Root distance of %s exceeds maxdistance of %.3f seconds", name,
                                        options.max_distance.to_seconds())};
    case SelectionMessage::Kind::JitterExceeded:
      return {Severity::Warning,
              format("Jitter of %s exceeds maxjitter of %.3f seconds", name, options.max_jitter.to_seconds())};
    case SelectionMessage::Kind::BelowMinStratum:
      return {Severity::Warning, format("Stratum of %s below minstratum of %d", name, options.min_stratum)};
    case SelectionMessage::Kind::AboveMaxStratum:
      return {Severity::Warning, format("Stratum of %s above maxstratum of %d", name, options.max_stratum)};
    case SelectionMessage::Kind::NoSources:
      return {Severity::Warning, "Can't synchronise: no sources"};
    case SelectionMessage::Kind::NoSelectable:
      return {Severity::Warning, no_selectable(m)};
    case SelectionMessage::Kind::NoRequired:
      return {Severity::Warning, "Can't synchronise: no required source in selectable sources"};
    case SelectionMessage::Kind::TooFewSources:
      return {Severity::Warning, "Can't synchronise: not enough selectable sources"};
    case SelectionMessage::Kind::UnknownLocalRefId:
      return {Severity::Error, "Unknown local refid in orphan mode"};
    case SelectionMessage::Kind::NoMajority:
      return {Severity::Warning, no_majority(m)};
  }
  return {};
}

Announcement announce_wrong_by(Duration offset) {
  return {Severity::Warning, format("System clock wrong by %.6f seconds", offset.to_seconds())};
}

Announcement announce_jump(const Jump& jump) {
  switch (jump.kind) {
    case Jump::Kind::Step:
      return {Severity::Warning,
              jump.size > Duration::zero() ? "Forward time jump detected!" : "Backward time jump detected!"};
    case Jump::Kind::Asleep:
      return {Severity::Info, format("Machine was asleep for %.0f seconds", jump.size.to_seconds())};
    case Jump::Kind::Stopped:
      return {Severity::Warning, "System clock stands still!"};
    case Jump::Kind::RunsAgain:
      return {Severity::Info, "System clock runs again"};
  }
  return {};
}

Announcement announce_pause(Duration late) {
  return {Severity::Warning, format("Did not run for %.0f seconds", late.to_seconds())};
}

Announcement announce_step(Duration offset, bool done) {
  if (!done) return {Severity::Error, "Could not step system clock"};
  return {Severity::Warning, format("System clock was stepped by %.6f seconds", offset.to_seconds())};
}

void tell(const Announcement& announcement) {
  log::message(announcement.severity, announcement.text);
}

Announcement announce_invalid(Duration offset) {
  return {Severity::Warning, format("Adjustment of %.1f seconds is invalid", offset.to_seconds())};
}

Announcement announce_refusal(Duration offset, Duration maximum, discipline::ReferenceUpdate::Verdict verdict) {
  if (verdict == discipline::ReferenceUpdate::Verdict::Invalid) return announce_invalid(offset);
  const bool exiting = verdict == discipline::ReferenceUpdate::Verdict::Exit;
  // The blank at the end is part of the message that scripts know.
  return {Severity::Warning, format("Adjustment of %.3f seconds exceeds the allowed maximum of %.3f seconds (%s) ",
                                    offset.to_seconds(), maximum.to_seconds(), exiting ? "exiting" : "ignored")};
}

}  // namespace timed::daemon
