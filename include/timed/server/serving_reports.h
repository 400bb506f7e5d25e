// What all that serve have noted, as of one server: the worker of the main loop, where there is one yet, and those of
// the threads.
#ifndef TIMED_SERVER_SERVING_REPORTS_H_
#define TIMED_SERVER_SERVING_REPORTS_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "timed/base/units.h"
#include "timed/server/client_table.h"
#include "timed/server/responder.h"
#include "timed/server/serving_threads.h"
#include "timed/server/serving_worker.h"

namespace timed::server {

// What became of all datagrams, whoever served them.
struct VerdictTotals {
  std::array<std::uint64_t, kVerdicts> counts{};
  std::uint64_t of(Verdict verdict) const { return counts[static_cast<std::size_t>(verdict)]; }
  std::uint64_t total() const;
};

struct ServedTotals {
  std::uint64_t sent = 0, authenticated = 0;
  std::uint64_t no_room = 0, no_route = 0, forbidden = 0, other_reason = 0;  // why answers were not sent
  std::uint64_t unsent() const { return no_room + no_route + forbidden + other_reason; }
  std::uint64_t no_stamp = 0;    // of answers that were sent
  std::uint64_t to_sources = 0;  // packets of peers and the like, which were taken from here
  std::uint64_t control = 0;     // packets of mode 6 that were answered
  std::uint64_t daemon_received = 0, kernel_received = 0;
  std::uint64_t interleaved = 0, daemon_sent = 0, kernel_sent = 0;
  // Of NTS, as ServedCounts has them.
  std::uint64_t nts_answered = 0, nts_without_room = 0, nts_malformed = 0;
  std::uint64_t nts_unknown_key = 0, nts_bad_cookie = 0, nts_not_authentic = 0;
};

// Of all tables together.
struct ClientLogTotals {
  std::uint64_t forgotten = 0;  // clients, for others
  std::uint64_t stamps = 0;     // kept for interleaved mode
  Duration span;                // of the longest of their rings
};

// Some of the clients, from an index on.
struct ClientPage {
  std::size_t slots = 0;  // of all tables, with those that are empty
  std::size_t next = 0;   // index with which to go on
  std::vector<ClientReport> clients;
};
struct ClientQuery {
  std::size_t first = 0;
  std::size_t most = 0;        // in one page
  std::uint32_t min_hits = 0;  // only those with as many of some service
  bool reset = false;          // hits and drops of all that were looked at begin anew
};

// `main` is null where there is none yet.
VerdictTotals total_verdicts(const ServingWorker* main, const ServingThreads& threads);
// Without what the server does itself: to_sources and control.
ServedTotals total_served(const ServingWorker* main, const ServingThreads& threads);
// These two wait for each thread in turn.
ClientLogTotals total_client_log(const ServingWorker* main, const ServingThreads& threads);
ClientPage page_of_clients(ServingWorker* main, const ServingThreads& threads, const ClientQuery& query);

}  // namespace timed::server

#endif  // TIMED_SERVER_SERVING_REPORTS_H_
