#include "clock_commands.h"

#include <time.h>

#include <span>

#include "timed/client/arguments.h"
#include "timed/client/csv.h"
#include "timed/client/json.h"
#include "timed/client/text.h"
#include "timed/client/text_tables.h"
#include "timed/client/typed_date.h"

namespace timed::timedc {
namespace {

using control::ClockRequest;
using control::ManualRequest;
using control::SmoothtimeRequest;

bool manual_list(Context& context) {
  auto report = context.session.ask_for<control::ManualListReply>(ClockRequest(control::ManualListRequest{}));
  if (!report) return context.fail(report.error());
  context.print(context.shown(client::text::manual_list, client::csv::manual_list, client::json::manual_list, *report));
  return true;
}

}  // namespace

bool makestep(Context& context, const Words& words) {
  if (words.size() < 2) return context.request(ClockRequest(control::MakestepRequest{}));
  const auto threshold = parse_real_prefix(words[1].text);
  // The first number may end within the word.
  const bool one_word = threshold && threshold->length < words[1].text.size();
  const auto limit = one_word ? integer_of(words[1].text.substr(threshold->length)) : integer_of(word_at(words, 2));
  if (!threshold || !limit) return Context::complain("Bad syntax for makestep command");
  return context.request(ClockRequest(control::ModifyMakestepRequest{*limit, Duration::seconds(threshold->value)}));
}

// chronyc says nothing of a value that is none for these two.
bool maxupdateskew(Context& context, const Words& words) {
  const auto value = real_of(word_at(words, 1));
  return value && context.request(ClockRequest(control::ModifyMaxupdateskewRequest{*value}));
}

bool reselectdist(Context& context, const Words& words) {
  const auto value = real_of(word_at(words, 1));
  return value && context.request(ClockRequest(control::ReselectDistanceRequest{Duration::seconds(*value)}));
}

// What is typed is what the request carries, whose sign is the opposite of ours.
bool dfreq(Context& context, const Words& words) {
  const auto value = real_of(word_at(words, 1));
  if (!value) return Context::complain("Invalid value");
  return context.request(ClockRequest(control::DfreqRequest{-*value}));
}

bool doffset(Context& context, const Words& words) {
  const auto value = real_of(word_at(words, 1));
  if (!value) return Context::complain("Invalid value");
  return context.request(ClockRequest(control::DoffsetRequest{Duration::seconds(-*value)}));
}

bool settime(Context& context, const Words& words) {
  const auto when = client::parse_date(joined(words, 1), ::time(nullptr));
  if (!when) {
    context.print_status("510 - Could not parse date string");
    return false;
  }
  auto report =
      context.session.ask_for<control::ManualTimestampReply>(ClockRequest(control::SettimeRequest{{*when, 0}}));
  if (!report) return context.fail(report.error());
  // CSV has no form of its own for this.
  const auto as_text = [](const control::ManualTimestampReply& r) {
    return std::string(control::status_line(control::ReplyStatus::Success)) + "\n" + client::text::settime(r);
  };
  context.print(context.shown(as_text, as_text, client::json::settime, *report));
  return true;
}

bool manual(Context& context, const Words& words) {
  const std::string what = joined(words, 1);
  if (what == "on") return context.request(ClockRequest(ManualRequest{ManualRequest::kOn}));
  if (what == "off") return context.request(ClockRequest(ManualRequest{ManualRequest::kOff}));
  if (what == "reset") return context.request(ClockRequest(ManualRequest{ManualRequest::kReset}));
  // chronyc looks at the begin of these two only.
  if (what.starts_with("list")) return manual_list(context);
  if (!what.starts_with("delete")) return Context::complain("Invalid syntax for manual command");
  const auto index = integer_of(word_at(words, 2));
  if (!index) return Context::complain("Bad syntax for manual delete command");
  return context.request(ClockRequest(control::ManualDeleteRequest{*index}));
}

bool local(Context& context, const Words& words) {
  auto request = client::parse_local(std::span(words).subspan(1));
  if (!request) return Context::complain(request.error().message);
  auto received = context.session.ask(ClockRequest(*request));
  // A daemon from before 4.6 knows the older request only, which has no conditions.
  const bool has_conditions = request->activate != Duration::zero() || request->wait_synced != Duration::zero();
  if (received && received->status == control::ReplyStatus::Invalid && !has_conditions) {
    request->old = true;
    received = context.session.ask(ClockRequest(*request));
  }
  return context.conclude(received);
}

bool smoothtime(Context& context, const Words& words) {
  const std::string what = joined(words, 1);
  if (what == "reset") return context.request(ClockRequest(SmoothtimeRequest{SmoothtimeRequest::kReset}));
  if (what == "activate") return context.request(ClockRequest(SmoothtimeRequest{SmoothtimeRequest::kActivate}));
  return Context::complain("Invalid syntax for smoothtime command");
}

}  // namespace timed::timedc
