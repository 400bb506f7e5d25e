#include "timed/sources/option_change.h"

#include <algorithm>
#include <cmath>

#include "timed/base/text.h"
#include "timed/ntp/types.h"

namespace timed::sources {
namespace {

constexpr double kMaxDelay_s = 1000.0;
constexpr double kMaxRatio = 1e6;
constexpr double kMaxWhole = 2147483647.0;

int whole(double value, int least, double most) {
  return static_cast<int>(std::clamp(std::round(value), static_cast<double>(least), most));
}

bool change_poll(PollOptions& poll, bool lowest, double value) {
  if (value < kLowestPoll || value > kHighestPoll) return false;
  const int wanted = static_cast<int>(std::round(value));
  (lowest ? poll.min_poll : poll.max_poll) = wanted;
  if (lowest) {
    poll.max_poll = std::max(poll.max_poll, wanted);
  } else {
    poll.min_poll = std::min(poll.min_poll, wanted);
  }
  return true;
}

}  // namespace

bool change_option(SourceLine& line, const OptionChange& change) {
  const double value = std::isfinite(change.value) ? change.value : 0.0;
  switch (change.option) {
    case SourceOption::MinPoll:
    case SourceOption::MaxPoll:
      return change_poll(line.poll, change.option == SourceOption::MinPoll, value);
    case SourceOption::MinStratum:
      line.check.min_stratum = whole(value, 0, ntp::kUnsynchronisedStratum);
      break;
    case SourceOption::PollTarget:
      line.poll.poll_target = whole(value, 1, kMaxWhole);
      break;
    case SourceOption::MaxDelay:
      line.check.max_delay = Duration::seconds(std::clamp(value, 0.0, kMaxDelay_s));
      break;
    case SourceOption::MaxDelayRatio:
      line.check.max_delay_ratio = std::clamp(value, 0.0, kMaxRatio);
      break;
    case SourceOption::MaxDelayDevRatio:
      line.check.max_delay_dev_ratio = std::clamp(value, 0.0, kMaxRatio);
      break;
    case SourceOption::Offset:
      line.check.offset = Duration::seconds(value);
      break;
  }
  return true;
}

std::string describe_option(const SourceLine& line, SourceOption option) {
  switch (option) {
    case SourceOption::MinPoll:
      return format("new minpoll %d", line.poll.min_poll);
    case SourceOption::MaxPoll:
      return format("new maxpoll %d", line.poll.max_poll);
    case SourceOption::MinStratum:
      return format("new minstratum %d", line.check.min_stratum);
    case SourceOption::PollTarget:
      return format("new polltarget %d", line.poll.poll_target);
    case SourceOption::MaxDelay:
      return format("new maxdelay %f", line.check.max_delay.to_seconds());
    case SourceOption::MaxDelayRatio:
      return format("new maxdelayratio %f", line.check.max_delay_ratio);
    case SourceOption::MaxDelayDevRatio:
      return format("new maxdelaydevratio %f", line.check.max_delay_dev_ratio);
    case SourceOption::Offset:
      return format("new offset %f", line.check.offset.to_seconds());
  }
  return {};
}

}  // namespace timed::sources
