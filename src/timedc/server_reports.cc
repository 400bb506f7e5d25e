#include "server_reports.h"

#include <optional>

#include "rows.h"
#include "timed/client/csv.h"
#include "timed/client/json.h"
#include "timed/client/text.h"
#include "timed/client/text_tables.h"

namespace timed::timedc {
namespace {

using control::ClientAccessesReply;
using control::ClientAccessesRequest;

struct ClientOptions {
  client::ClientColumns columns = client::ClientColumns::Commands;  // -k: key establishment
  std::uint32_t min_hits = 0;                                       // -p
  bool reset = false;                                               // -r
};

std::optional<ClientOptions> client_options(const Words& words) {
  ClientOptions options;
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (words[i].text == "-k") options.columns = client::ClientColumns::KeyEstablishment;
    if (words[i].text == "-r") options.reset = true;
    if (words[i].text != "-p") continue;
    const auto hits = integer_of(word_at(words, ++i));
    if (!hits) return std::nullopt;
    options.min_hits = static_cast<std::uint32_t>(*hits);
  }
  return options;
}

// Clients are shown by their names, but for -n; -N is about sources.
std::string client_name(const Context& context, const IpAddress& address) {
  if (!context.naming.reverse_dns) return address.to_string();
  return client::cut_name(client::reverse_name(address),
                          client::kNameWidth + (context.naming.wide ? client::kWider : 0));
}

std::string client_row(const Context& context, const ClientAccessesReply::Client& client, ClientOptions options) {
  const std::string name = client_name(context, client.address);
  const bool wide = context.naming.wide;
  return context.shown([&](const auto& row) { return client::text::clients_row(row, name, options.columns, wide); },
                       [&](const auto& row) { return client::csv::clients_row(row, name, options.columns); },
                       [&](const auto& row) { return client::json::clients_row(row, name); }, client);
}

}  // namespace

bool clients(Context& context, const Words& words) {
  const auto options = client_options(words);
  if (!options) return Context::complain("Invalid syntax for clients command");
  Rows rows(context);
  rows.head(client::text::clients_header(options->columns, context.naming.wide));
  ClientAccessesRequest request;
  request.count = ClientAccessesReply::kMaxClients;
  request.min_hits = options->min_hits;
  request.reset = options->reset;
  while (true) {
    auto report = context.session.ask_for<ClientAccessesReply>(request);
    if (!report) return context.fail(report.error());
    for (const ClientAccessesReply::Client& client : report->clients) {
      if (client.address.is_set()) rows.add(client_row(context, client, *options));
    }
    const bool is_last =
        report->next >= report->table_size || report->clients.size() < ClientAccessesReply::kMaxClients;
    // A daemon that does not get on would be asked for ever.
    if (is_last || report->next <= request.first) return rows.end();
    request.first = report->next;
  }
}

bool serverstats(Context& context, const Words&) {
  auto report = context.session.ask_for<control::ServerStatsReply>(control::ServerStatsRequest{});
  if (!report) return context.fail(report.error());
  context.print(context.shown(client::text::serverstats, client::csv::serverstats, client::json::serverstats, *report));
  return true;
}

}  // namespace timed::timedc
