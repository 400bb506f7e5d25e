#include "source_changes.h"

#include <optional>

#include "timed/client/arguments.h"

namespace timed::timedc {
namespace {

using control::ModifySelectoptsRequest;
using Field = control::ModifySourceRequest::Field;

bool is_whole(Field field) {
  return field == Field::MinPoll || field == Field::MaxPoll || field == Field::MinStratum || field == Field::PollTarget;
}

bool modify(Context& context, const Words& words, Field field) {
  const std::string_view text = word_at(words, 2);
  const auto whole = integer_of(text);
  const auto value = !is_whole(field) ? real_of(text) : whole ? std::optional<double>(*whole) : std::nullopt;
  if (!value) return Context::complain("Invalid syntax for address value");
  const auto address = client::find_address(words[1].text, context.family);
  if (!address) return Context::complain("Could not get address for hostname");
  return context.request(control::ModifySourceRequest{field, *address, *value});
}

// A source by its address, or a reference clock by its identifier of one to four characters.
struct SourceOrClock {
  control::SourceAddress address;
  ntp::RefId ref_id;
};

std::optional<SourceOrClock> source_or_clock(std::string_view word) {
  if (const auto address = client::parse_address(word)) return SourceOrClock{*address, {}};
  if (word.empty() || word.size() > 4) return std::nullopt;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) value = value << 8 | (i < word.size() ? static_cast<unsigned char>(word[i]) : 0U);
  return SourceOrClock{{}, {value}};
}

std::uint32_t mark_named(std::string_view word) {
  if (equals_ignoring_case(word, "noselect")) return ModifySelectoptsRequest::kNoselect;
  if (equals_ignoring_case(word, "prefer")) return ModifySelectoptsRequest::kPrefer;
  if (equals_ignoring_case(word, "trust")) return ModifySelectoptsRequest::kTrust;
  if (equals_ignoring_case(word, "require")) return ModifySelectoptsRequest::kRequire;
  return 0;
}

}  // namespace

bool minpoll(Context& context, const Words& words) {
  return modify(context, words, Field::MinPoll);
}

bool maxpoll(Context& context, const Words& words) {
  return modify(context, words, Field::MaxPoll);
}

bool minstratum(Context& context, const Words& words) {
  return modify(context, words, Field::MinStratum);
}

bool polltarget(Context& context, const Words& words) {
  return modify(context, words, Field::PollTarget);
}

bool maxdelay(Context& context, const Words& words) {
  return modify(context, words, Field::MaxDelay);
}

bool maxdelayratio(Context& context, const Words& words) {
  return modify(context, words, Field::MaxDelayRatio);
}

bool maxdelaydevratio(Context& context, const Words& words) {
  return modify(context, words, Field::MaxDelayDevRatio);
}

bool offset(Context& context, const Words& words) {
  const auto source = source_or_clock(word_at(words, 1));
  const auto value = real_of(word_at(words, 2));
  if (!source || !value || words.size() > 3) return Context::complain("Invalid syntax for offset command");
  return context.request(control::ModifyOffsetRequest{source->address, source->ref_id, Duration::seconds(*value)});
}

bool selectopts(Context& context, const Words& words) {
  const auto source = source_or_clock(word_at(words, 1));
  if (!source) return Context::complain("Invalid syntax for selectopts command");
  ModifySelectoptsRequest request;
  request.address = source->address;
  request.ref_id = source->ref_id;
  for (std::size_t i = 2; i < words.size(); ++i) {
    const std::string_view word = words[i].text;
    const std::uint32_t mark = mark_named(word.substr(1));
    if ((word[0] != '+' && word[0] != '-') || mark == 0) {
      return Context::complain("Invalid syntax for selectopts command");
    }
    request.mask |= mark;
    request.options = word[0] == '+' ? request.options | mark : request.options & ~mark;
  }
  return context.request(request);
}

}  // namespace timed::timedc
