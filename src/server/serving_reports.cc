#include "timed/server/serving_reports.h"

#include <algorithm>
#include <numeric>
#include <optional>

namespace timed::server {
namespace {

bool has_enough_hits(const ClientReport& report, std::uint32_t least) {
  return std::any_of(report.services.begin(), report.services.end(),
                     [least](const auto& service) { return service.hits >= least; });
}

bool is_with_a_thread(const ServingThreads& threads, const IpAddress& client) {
  bool known = false;
  threads.on_each(
      [&](ServingWorker& worker) { known = known || (worker.log() && worker.log()->clients.find(client)); });
  return known;
}

void add_clients(ServingWorker& worker, ServingWorker& main, const ServingThreads& threads, const ClientQuery& query,
                 ClientPage& page) {
  if (worker.log() == nullptr) return;
  ClientTable& clients = worker.log()->clients;
  ClientTable& main_loops = main.log()->clients;
  const std::size_t begin = page.slots;
  page.slots += clients.size();
  while (page.next >= begin && page.next < page.slots && page.clients.size() < query.most) {
    const std::size_t index = page.next++ - begin;
    auto report = clients.report(index, worker.client_ticks());
    if (!report || (&worker == &main && is_with_a_thread(threads, report->address))) continue;
    std::optional<ClientTable::Index> also;
    if (&worker != &main) also = main_loops.find(report->address);
    const auto asked = also ? main_loops.report(*also, main.client_ticks()) : std::nullopt;
    for (const Service service : {Service::Command, Service::NtsKe}) {
      const auto place = static_cast<std::size_t>(service);
      if (asked) report->services[place] = asked->services[place];
    }
    if (has_enough_hits(*report, query.min_hits)) page.clients.push_back(*report);
    if (!query.reset) continue;
    clients.reset(index);
    if (also) main_loops.reset(*also);
  }
}

}  // namespace

std::uint64_t VerdictTotals::total() const {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

VerdictTotals total_verdicts(const ServingWorker* main, const ServingThreads& threads) {
  VerdictTotals totals;
  threads.for_counters(main, [&totals](const ServingWorker& worker) {
    for (std::size_t v = 0; v < kVerdicts; ++v) totals.counts[v] += worker.verdicts().of(static_cast<Verdict>(v));
  });
  return totals;
}

ServedTotals total_served(const ServingWorker* main, const ServingThreads& threads) {
  ServedTotals totals;
  threads.for_counters(main, [&totals](const ServingWorker& worker) {
    const ServedCounts& served = worker.served();
    totals.sent += served.sent;
    totals.no_room += served.no_room;
    totals.no_route += served.no_route;
    totals.forbidden += served.forbidden;
    totals.other_reason += served.other_reason;
    totals.no_stamp += served.no_stamp;
    totals.authenticated += served.authenticated;
    totals.daemon_received += served.daemon_received;
    totals.kernel_received += served.kernel_received;
    totals.interleaved += served.interleaved;
    totals.daemon_sent += served.daemon_sent;
    totals.kernel_sent += served.kernel_sent;
    totals.nts_answered += served.nts_answered;
    totals.nts_without_room += served.nts_without_room;
    totals.nts_malformed += served.nts_malformed;
    totals.nts_unknown_key += served.nts_unknown_key;
    totals.nts_bad_cookie += served.nts_bad_cookie;
    totals.nts_not_authentic += served.nts_not_authentic;
  });
  return totals;
}

ClientLogTotals total_client_log(const ServingWorker* main, const ServingThreads& threads) {
  ClientLogTotals totals;
  const auto add = [&totals](const ServingWorker& worker) {
    const ClientLog* const log = worker.log();
    if (log == nullptr) return;
    totals.forgotten += log->clients.forgotten();
    totals.stamps += log->stamps.size();
    totals.span = std::max(totals.span, log->stamps.span());
  };
  if (main != nullptr) add(*main);
  threads.on_each(add);
  return totals;
}

// The main loop's table comes first.  It has the commands and key establishments of all; of a client that a thread
// knows too they are told with what the thread knows.
ClientPage page_of_clients(ServingWorker* main, const ServingThreads& threads, const ClientQuery& query) {
  ClientPage page;
  page.next = query.first;
  if (main == nullptr || main->log() == nullptr) return page;
  add_clients(*main, *main, threads, query, page);
  // This thread waits meanwhile: what is the main loop's may be read.
  threads.on_each([&](ServingWorker& worker) { add_clients(worker, *main, threads, query, page); });
  return page;
}

}  // namespace timed::server
