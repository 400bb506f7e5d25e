#include "source_reports.h"

#include <algorithm>
#include <optional>

#include "timed/client/arguments.h"
#include "timed/client/csv.h"
#include "timed/client/text.h"
#include "timed/client/text_tables.h"

namespace timed::timedc {
namespace {

using control::NSourcesReply;
using control::NSourcesRequest;
using control::SourceDataReply;
using control::SourceDataRequest;

struct ListOptions {
  bool all = false;      // -a
  bool verbose = false;  // -v
};

ListOptions list_options(const Words& words) {
  ListOptions options;
  for (const Word& word : words) {
    if (word.text == "-a") options.all = true;
    if (word.text == "-v") options.verbose = true;
  }
  return options;
}

// How many sources there are, with caption and header printed if there is an answer; empty after a failure.
std::optional<std::int32_t> begin_table(Context& context, const ListOptions& options, std::string (*caption)(bool),
                                        std::string (*header)(bool)) {
  auto count = context.session.ask_for<NSourcesReply>(NSourcesRequest{});
  if (!count) {
    context.fail(count.error());
    return std::nullopt;
  }
  if (!context.csv) {
    if (options.verbose) context.print(caption(context.naming.wide));
    context.print(header(context.naming.wide));
  }
  return static_cast<std::int32_t>(std::min(count->count, 0x7fffffffU));
}

bool is_clock(const SourceDataReply& source) {
  return source.mode == control::SourceMode::RefClock;
}

// Of a report whose reference clocks have no address.
std::string name_in_row(Context& context, const control::SourceAddress& address, ntp::RefId ref_id) {
  return address.is_unspecified() ? client::ref_id_text(ref_id) : context.name_of(address);
}

// separator: what stands before the report.
bool print_ntpdata(Context& context, const control::SourceAddress& address, const char* separator) {
  auto report = context.session.ask_for<control::NtpDataReply>(control::NtpDataRequest{address});
  if (!report) return context.fail(report.error());
  context.print(context.csv ? client::csv::ntpdata(*report) : separator + client::text::ntpdata(*report));
  return true;
}

}  // namespace

bool sources(Context& context, const Words& words) {
  const ListOptions options = list_options(words);
  const auto count = begin_table(context, options, client::text::sources_caption, client::text::sources_header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto row = context.session.ask_for<SourceDataReply>(SourceDataRequest{i});
    if (!row) return context.fail(row.error());
    if (!options.all && !is_clock(*row) && row->address.unresolved_id) continue;
    const std::string name = is_clock(*row) ? client::ref_id_text(row->ref_id) : context.name_of(row->address);
    context.print(context.csv ? client::csv::sources_row(*row, name)
                              : client::text::sources_row(*row, name, context.naming.wide));
  }
  return true;
}

bool sourcestats(Context& context, const Words& words) {
  const ListOptions options = list_options(words);
  const auto count = begin_table(context, options, client::text::sourcestats_caption, client::text::sourcestats_header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto row = context.session.ask_for<control::SourcestatsReply>(control::SourcestatsRequest{i});
    if (!row) return context.fail(row.error());
    if (!options.all && row->address.unresolved_id) continue;
    const std::string name = name_in_row(context, row->address, row->ref_id);
    context.print(context.csv ? client::csv::sourcestats_row(*row, name)
                              : client::text::sourcestats_row(*row, name, context.naming.wide));
  }
  return true;
}

bool selectdata(Context& context, const Words& words) {
  const ListOptions options = list_options(words);
  const auto count = begin_table(context, options, client::text::selectdata_caption, client::text::selectdata_header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto row = context.session.ask_for<control::SelectDataReply>(control::SelectDataRequest{i});
    if (!row) return context.fail(row.error());
    if (!options.all && row->address.unresolved_id) continue;
    const std::string name = name_in_row(context, row->address, row->ref_id);
    context.print(context.csv ? client::csv::selectdata_row(*row, name)
                              : client::text::selectdata_row(*row, name, context.naming.wide));
  }
  return true;
}

bool authdata(Context& context, const Words& words) {
  const ListOptions options = list_options(words);
  const auto count = begin_table(context, options, client::text::authdata_caption, client::text::authdata_header);
  if (!count) return false;
  for (std::int32_t i = 0; i < *count; ++i) {
    auto source = context.session.ask_for<SourceDataReply>(SourceDataRequest{i});
    if (!source) return context.fail(source.error());
    if (is_clock(*source) || (!options.all && source->address.unresolved_id)) continue;
    auto row = context.session.ask_for<control::AuthDataReply>(control::AuthDataRequest{source->address});
    if (!row) return context.fail(row.error());
    const std::string name = context.name_of(source->address);
    context.print(context.csv ? client::csv::authdata_row(*row, name)
                              : client::text::authdata_row(*row, name, context.naming.wide));
  }
  return true;
}

bool ntpdata(Context& context, const Words& words) {
  if (words.size() > 1) {
    const auto address = client::find_address(joined(words, 1), context.family);
    if (!address) return Context::complain("Could not get address for hostname");
    return print_ntpdata(context, *address, "");
  }
  auto count = context.session.ask_for<NSourcesReply>(NSourcesRequest{});
  if (!count) return context.fail(count.error());
  for (std::uint32_t i = 0; i < count->count; ++i) {
    auto source = context.session.ask_for<SourceDataReply>(SourceDataRequest{static_cast<std::int32_t>(i)});
    if (!source) return context.fail(source.error());
    if (is_clock(*source) || !source->address.ip.is_set()) continue;
    if (!print_ntpdata(context, source->address, "\n")) return false;
  }
  return true;
}

bool sourcename(Context& context, const Words& words) {
  const auto address = client::find_address(joined(words, 1), context.family);
  if (!address) return Context::complain("Could not read address");
  auto reply = context.session.ask_for<control::NtpSourceNameReply>(control::NtpSourceNameRequest{*address});
  if (!reply) return context.fail(reply.error());
  context.print(reply->name + "\n");
  return true;
}

bool activity(Context& context, const Words&) {
  auto report = context.session.ask_for<control::ActivityReply>(control::ActivityRequest{});
  if (!report) return context.fail(report.error());
  context.print(context.csv ? client::csv::activity(*report) : client::text::activity(*report));
  return true;
}

}  // namespace timed::timedc
