#include "source_reports.h"

#include <algorithm>
#include <optional>

#include "rows.h"
#include "timed/client/arguments.h"
#include "timed/client/csv.h"
#include "timed/client/json.h"
#include "timed/client/text.h"
#include "timed/client/text_tables.h"

namespace timed::timedc {
namespace {

using control::NSourcesReply;
using control::NSourcesRequest;
using control::SourceDataReply;
using control::SourceDataRequest;

// More than any daemon has; who says so is lying, and would have us print for ever.
constexpr std::uint32_t kMostSources = 65536;

// A row in the form that is wanted.
template <class Report>
std::string row_of(const Context& context, std::string (*text)(const Report&, std::string_view, bool),
                   std::string (*csv)(const Report&, std::string_view),
                   std::string (*json)(const Report&, std::string_view), const Report& report,
                   const std::string& name) {
  const bool wide = context.naming.wide;
  return context.shown([&](const Report& r) { return text(r, name, wide); },
                       [&](const Report& r) { return csv(r, name); }, [&](const Report& r) { return json(r, name); },
                       report);
}

bool is_clock(const SourceDataReply& source) {
  return source.mode == control::SourceMode::RefClock;
}

// Of a report whose reference clocks have no address.
std::string name_in_row(Context& context, const control::SourceAddress& address, ntp::RefId ref_id) {
  return address.is_unspecified() ? client::ref_id_text(ref_id) : context.name_of(address);
}

std::string authdata_row(const Context& context, const control::AuthDataReply& report,
                         const control::SourceAddress& address, const std::string& name) {
  const bool wide = context.naming.wide;
  return context.shown([&](const auto& r) { return client::text::authdata_row(r, name, wide); },
                       [&](const auto& r) { return client::csv::authdata_row(r, name); },
                       [&](const auto& r) { return client::json::authdata_row(r, address, name); }, report);
}

// separator: what stands before the report as text.
bool add_ntpdata(Context& context, Rows& rows, const control::SourceAddress& address, const char* separator) {
  auto report = context.session.ask_for<control::NtpDataReply>(control::NtpDataRequest{address});
  if (!report) return context.fail(report.error());
  const auto text = [separator](const control::NtpDataReply& r) { return separator + client::text::ntpdata(r); };
  rows.add(context.shown(text, client::csv::ntpdata, client::json::ntpdata, *report));
  return true;
}

}  // namespace

ListOptions list_options(const Words& words) {
  ListOptions options;
  for (const Word& word : words) {
    if (word.text == "-a") options.all = true;
    if (word.text == "-v") options.verbose = true;
  }
  return options;
}

std::optional<std::int32_t> begin_table(Context& context, Rows& rows, const ListOptions& options,
                                        std::string (*caption)(bool), std::string (*header)(bool)) {
  auto count = context.session.ask_for<NSourcesReply>(NSourcesRequest{});
  if (!count) {
    context.fail(count.error());
    return std::nullopt;
  }
  if (count->count > kMostSources) {
    context.fail(Error{"508 Bad reply from daemon"});
    return std::nullopt;
  }
  if (options.verbose) rows.head(caption(context.naming.wide));
  rows.head(header(context.naming.wide));
  return static_cast<std::int32_t>(count->count);
}

bool sources(Context& context, const Words& words) {
  const ListOptions options = list_options(words);
  Rows rows(context);
  const auto count = begin_table(context, rows, options, client::text::sources_caption, client::text::sources_header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto row = context.session.ask_for<SourceDataReply>(SourceDataRequest{i});
    if (!row) return context.fail(row.error());
    if (!options.all && !is_clock(*row) && row->address.unresolved_id) continue;
    const std::string name = is_clock(*row) ? client::ref_id_text(row->ref_id) : context.name_of(row->address);
    rows.add(
        row_of(context, client::text::sources_row, client::csv::sources_row, client::json::sources_row, *row, name),
        colour_of(row->status));
  }
  return rows.end();
}

bool sourcestats(Context& context, const Words& words) {
  const ListOptions options = list_options(words);
  Rows rows(context);
  const auto count =
      begin_table(context, rows, options, client::text::sourcestats_caption, client::text::sourcestats_header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto row = context.session.ask_for<control::SourcestatsReply>(control::SourcestatsRequest{i});
    if (!row) return context.fail(row.error());
    if (!options.all && row->address.unresolved_id) continue;
    const std::string name = name_in_row(context, row->address, row->ref_id);
    rows.add(row_of(context, client::text::sourcestats_row, client::csv::sourcestats_row, client::json::sourcestats_row,
                    *row, name));
  }
  return rows.end();
}

bool selectdata(Context& context, const Words& words) {
  const ListOptions options = list_options(words);
  Rows rows(context);
  const auto count =
      begin_table(context, rows, options, client::text::selectdata_caption, client::text::selectdata_header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto row = context.session.ask_for<control::SelectDataReply>(control::SelectDataRequest{i});
    if (!row) return context.fail(row.error());
    if (!options.all && row->address.unresolved_id) continue;
    const std::string name = name_in_row(context, row->address, row->ref_id);
    rows.add(row_of(context, client::text::selectdata_row, client::csv::selectdata_row, client::json::selectdata_row,
                    *row, name));
  }
  return rows.end();
}

bool authdata(Context& context, const Words& words) {
  const ListOptions options = list_options(words);
  Rows rows(context);
  const auto count = begin_table(context, rows, options, client::text::authdata_caption, client::text::authdata_header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto source = context.session.ask_for<SourceDataReply>(SourceDataRequest{i});
    if (!source) return context.fail(source.error());
    if (is_clock(*source) || (!options.all && source->address.unresolved_id)) continue;
    auto row = context.session.ask_for<control::AuthDataReply>(control::AuthDataRequest{source->address});
    if (!row) return context.fail(row.error());
    const std::string name = context.name_of(source->address);
    rows.add(authdata_row(context, *row, source->address, name));
  }
  return rows.end();
}

bool ntpdata(Context& context, const Words& words) {
  Rows rows(context);
  if (words.size() > 1) {
    const auto address = client::find_address(joined(words, 1), context.family);
    if (!address) return Context::complain("Could not get address for hostname");
    return add_ntpdata(context, rows, *address, "") && rows.end();
  }
  auto count = context.session.ask_for<NSourcesReply>(NSourcesRequest{});
  if (!count) return context.fail(count.error());
  for (std::uint32_t i = 0; i < std::min(count->count, kMostSources); ++i) {
    auto source = context.session.ask_for<SourceDataReply>(SourceDataRequest{static_cast<std::int32_t>(i)});
    if (!source) return context.fail(source.error());
    if (is_clock(*source) || !source->address.ip.is_set()) continue;
    if (!add_ntpdata(context, rows, source->address, "\n")) return false;
  }
  return rows.end();
}

bool sourcename(Context& context, const Words& words) {
  const auto address = client::find_address(joined(words, 1), context.family);
  if (!address) return Context::complain("Could not read address");
  auto reply = context.session.ask_for<control::NtpSourceNameReply>(control::NtpSourceNameRequest{*address});
  if (!reply) return context.fail(reply.error());
  const auto as_text = [](const control::SourceAddress&, const std::string& name) { return name + "\n"; };
  context.print(context.shown(as_text, as_text, client::json::sourcename, *address, reply->name));
  return true;
}

std::vector<std::string> source_addresses(Context& context) {
  // Nobody waits for a daemon with a finger on the key.
  const client::Patience patience = context.session.patience();
  context.session.set_patience({Duration::millis(500), 0});
  std::vector<std::string> addresses;
  auto count = context.session.ask_for<NSourcesReply>(NSourcesRequest{});
  for (std::uint32_t i = 0; count && i < std::min(count->count, kMostSources); ++i) {
    auto source = context.session.ask_for<SourceDataReply>(SourceDataRequest{static_cast<std::int32_t>(i)});
    if (!source) break;
    if (!is_clock(*source)) addresses.push_back(client::address_text(source->address));
  }
  context.session.set_patience(patience);
  return addresses;
}

bool activity(Context& context, const Words&) {
  auto report = context.session.ask_for<control::ActivityReply>(control::ActivityRequest{});
  if (!report) return context.fail(report.error());
  context.print(context.shown(client::text::activity, client::csv::activity, client::json::activity, *report));
  return true;
}

}  // namespace timed::timedc
