#include "own_reports.h"

#include <algorithm>

#include "rows.h"
#include "source_reports.h"
#include "timed/client/own_json.h"
#include "timed/client/own_reports.h"

namespace timed::timedc {
namespace {

// A lying daemon would have us print for ever.
constexpr std::uint64_t kMostChanges = 1'000'000;

bool fail(Context& context, const Error& error) {
  context.fail(error);
  const bool unknown = error.message == control::status_line(control::ReplyStatus::Invalid);
  return unknown ? Context::complain("The daemon has no such report: it is not timed, or an older one") : false;
}

template <class Body>
bool show(Context& context, const control::Request& request, std::string (*text)(const Body&),
          std::string (*csv)(const Body&), std::string (*json)(const Body&)) {
  auto report = context.session.ask_for<Body>(request);
  if (!report) return fail(context, report.error());
  context.print(context.shown(text, csv, json, *report));
  return true;
}

// A table with one row for each source.
template <class Body, class Request, class Row>
bool show_by_source(Context& context, const Words& words, std::string (*caption)(bool), std::string (*header)(bool),
                    const Row& row_of) {
  const ListOptions options = list_options(words);
  Rows rows(context);
  const auto count = begin_table(context, rows, options, caption, header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto row = context.session.ask_for<Body>(Request{i});
    if (!row) return fail(context, row.error());
    if (!options.all && row->address.unresolved_id) continue;
    rows.add(row_of(*row, context.name_of(row->address)));
  }
  return rows.end();
}

}  // namespace

bool daemonstatus(Context& context, const Words&) {
  return show<control::DaemonStatusReply>(context, control::DaemonStatusRequest{}, client::text::daemonstatus,
                                          client::csv::daemonstatus, client::json::daemonstatus);
}

bool serververdicts(Context& context, const Words&) {
  return show<control::ServerVerdictsReply>(context, control::ServerVerdictsRequest{}, client::text::serververdicts,
                                            client::csv::serververdicts, client::json::serververdicts);
}

bool ntsserver(Context& context, const Words&) {
  return show<control::NtsServerReply>(context, control::NtsServerRequest{}, client::text::ntsserver,
                                       client::csv::ntsserver, client::json::ntsserver);
}

bool reloadstatus(Context& context, const Words&) {
  auto status = context.session.ask_for<control::DaemonStatusReply>(control::DaemonStatusRequest{});
  if (!status) return fail(context, status.error());
  Rows rows(context);
  rows.head(client::text::reloadstatus_header());
  const std::uint64_t count = std::min(status->reload_changes(), kMostChanges);
  for (std::uint64_t i = 0; i < count; ++i) {
    auto row =
        context.session.ask_for<control::ReloadChangeReply>(control::ReloadChangeRequest{static_cast<std::int32_t>(i)});
    if (!row) return fail(context, row.error());
    rows.add(context.shown(client::text::reloadstatus_row, client::csv::reloadstatus_row,
                           client::json::reloadstatus_row, *row));
  }
  return rows.end();
}

bool sourceverdicts(Context& context, const Words& words) {
  const bool wide = context.naming.wide;
  return show_by_source<control::SourceVerdictsReply, control::SourceVerdictsRequest>(
      context, words, client::text::sourceverdicts_caption, client::text::sourceverdicts_header,
      [&](const auto& r, const std::string& name) {
        return context.shown([&](const auto& b) { return client::text::sourceverdicts_row(b, name, wide); },
                             [&](const auto& b) { return client::csv::sourceverdicts_row(b, name); },
                             [&](const auto& b) { return client::json::sourceverdicts_row(b, name); }, r);
      });
}

bool estimators(Context& context, const Words& words) {
  const bool wide = context.naming.wide;
  return show_by_source<control::SourceEstimatorReply, control::SourceEstimatorRequest>(
      context, words, client::text::estimators_caption, client::text::estimators_header,
      [&](const auto& r, const std::string& name) {
        return context.shown([&](const auto& b) { return client::text::estimators_row(b, name, wide); },
                             [&](const auto& b) { return client::csv::estimators_row(b, name); },
                             [&](const auto& b) { return client::json::estimators_row(b, name); }, r);
      });
}

}  // namespace timed::timedc
