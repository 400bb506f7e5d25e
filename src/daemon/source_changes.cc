#include "timed/daemon/source_changes.h"

#include "timed/daemon/source_commands.h"

namespace timed::daemon {
namespace {

using control::ModifySelectoptsRequest;
using control::ModifySourceRequest;
using control::Reply;
using control::ReplyStatus;
using sources::SourceOption;

SourceOption option_of(ModifySourceRequest::Field field) {
  switch (field) {
    case ModifySourceRequest::Field::MinPoll:
      return SourceOption::MinPoll;
    case ModifySourceRequest::Field::MaxPoll:
      return SourceOption::MaxPoll;
    case ModifySourceRequest::Field::MinStratum:
      return SourceOption::MinStratum;
    case ModifySourceRequest::Field::PollTarget:
      return SourceOption::PollTarget;
    case ModifySourceRequest::Field::MaxDelay:
      return SourceOption::MaxDelay;
    case ModifySourceRequest::Field::MaxDelayRatio:
      return SourceOption::MaxDelayRatio;
    case ModifySourceRequest::Field::MaxDelayDevRatio:
      break;
  }
  return SourceOption::MaxDelayDevRatio;
}

Reply change(const control::SourceAddress& address, const sources::OptionChange& change, sources::SourceSet& sources) {
  const auto id = find_source(sources, address);
  const bool known = id && sources.change_option(*id, change);
  return known ? Reply{} : Reply::failure(ReplyStatus::NoSuchSource);
}

std::optional<Reply> answer(const ModifySourceRequest& q, sources::SourceSet& sources) {
  return change(q.address, {option_of(q.field), q.value}, sources);
}

// Without an address a reference clock is meant, and there is none.
std::optional<Reply> answer(const control::ModifyOffsetRequest& q, sources::SourceSet& sources) {
  return change(q.address, {SourceOption::Offset, q.offset.to_seconds()}, sources);
}

std::optional<Reply> answer(const ModifySelectoptsRequest& q, sources::SourceSet& sources) {
  const auto id = find_source(sources, q.address);
  auto marks = id ? sources.marks_of(*id) : std::nullopt;
  if (!marks) return Reply::failure(ReplyStatus::NoSuchSource);
  const auto put = [&](bool& mark, std::uint32_t bit) {
    mark = (mark && (q.mask & bit) == 0) || (q.options & bit) != 0;
  };
  put(marks->noselect, ModifySelectoptsRequest::kNoselect);
  put(marks->prefer, ModifySelectoptsRequest::kPrefer);
  put(marks->trust, ModifySelectoptsRequest::kTrust);
  put(marks->require, ModifySelectoptsRequest::kRequire);
  sources.set_marks(*id, *marks);
  return Reply{};
}

template <class Other>
std::optional<Reply> answer(const Other&, sources::SourceSet&) {
  return std::nullopt;
}

}  // namespace

std::optional<Reply> change_options(const control::Request& request, sources::SourceSet& sources) {
  return std::visit([&](const auto& r) { return answer(r, sources); }, request);
}

}  // namespace timed::daemon
