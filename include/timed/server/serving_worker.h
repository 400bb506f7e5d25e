// Serves requests on one loop: batches from its sockets through the responder and back.  The main loop has one of
// these, and each serving thread another; they share nothing but what is published.
#ifndef TIMED_SERVER_SERVING_WORKER_H_
#define TIMED_SERVER_SERVING_WORKER_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "timed/base/random.h"
#include "timed/discipline/own_state.h"
#include "timed/env/clock.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/server/options.h"
#include "timed/server/published.h"
#include "timed/server/responder.h"
#include "timed/server/send_pace.h"

namespace timed::server {

// What was sent, and with which stamps the requests had come.  One thread counts, any thread may read.
struct ServedCounts {
  std::atomic<std::uint64_t> sent{0};
  // Answers that the kernel did not take, which are not sent again, by why: it had no room, there is no way or no
  // longer an address to send from, a filter of packets forbids it, or something else.
  std::atomic<std::uint64_t> no_room{0};
  std::atomic<std::uint64_t> no_route{0};
  std::atomic<std::uint64_t> forbidden{0};
  std::atomic<std::uint64_t> other_reason{0};
  // Answers that left, and the kernel never said when.
  std::atomic<std::uint64_t> no_stamp{0};
  std::atomic<std::uint64_t> authenticated{0};
  std::atomic<std::uint64_t> daemon_received{0};
  std::atomic<std::uint64_t> kernel_received{0};
  // Transmit stamps that were told: of the answer itself, or, interleaved, of the one before.
  std::atomic<std::uint64_t> interleaved{0};
  std::atomic<std::uint64_t> daemon_sent{0};
  std::atomic<std::uint64_t> kernel_sent{0};
  // Requests of NTS that were not stopped before: authentic and answered, authentic without room for an answer,
  // malformed, and refused for a cookie of a forgotten key, another cookie that is none, or a wrong seal.
  std::atomic<std::uint64_t> nts_answered{0};
  std::atomic<std::uint64_t> nts_without_room{0};
  std::atomic<std::uint64_t> nts_malformed{0};
  std::atomic<std::uint64_t> nts_unknown_key{0};
  std::atomic<std::uint64_t> nts_bad_cookie{0};
  std::atomic<std::uint64_t> nts_not_authentic{0};
};

// Where a socket belongs among those of a worker: the number of the address that it is bound to.  The same number means
// the same address on all workers.
using Place = std::size_t;

struct ServingOptions {
  std::uint64_t client_log_limit = 524288;  // bytes; none where there is no log
  bool no_client_log = false;
  bool has_samba = false;  // answers for Windows machines are handed to Bystanders::sign
  ServiceLimits limits;
};

// What is not for the server on its sockets.  None of these may destroy the worker.
struct Bystanders {
  // A packet that is no request of a client.  True: somebody has taken it, and it is not to be answered.
  std::function<bool(Place, const env::Datagram&, const ServingTables&)> take;
  std::function<void(Place, std::span<const env::TransmitStamp>)> take_transmit_stamps;
  // An answer that is Samba's to sign before it may leave.
  std::function<void(Place, const env::Datagram&)> sign;
};

// All but the counters is for the thread of its loop.
class ServingWorker {
 public:
  // A socket is served at most this many batches before others get their turn.
  static constexpr int kBatchesPerTurn = 4;

  // What is referred to outlives the worker.
  ServingWorker(const Published& published, const ServingOptions& options, env::SystemClock& clock, env::Host& host,
                Bystanders bystanders);
  ~ServingWorker();
  ServingWorker(const ServingWorker&) = delete;
  ServingWorker& operator=(const ServingWorker&) = delete;

  // The keys that requests are verified with and answers signed; they outlive their use.
  void use_keys(const auth::KeyStore& keys) { responder_.use_keys(keys); }
  // Serves this socket from now on; it takes the place of the one before.
  void add(Place place, std::unique_ptr<env::UdpSocket> socket);
  // Not from inside a turn of that socket.
  void remove(Place place);
  // Null where there is none.
  env::UdpSocket* socket_at(Place place) const;
  // Answers what has come in on the socket already, at most what fits into its buffer.
  void drain(Place place);
  // The same for all sockets, and removes them.
  void close();
  // As if it had come in there.
  void serve(Place place, std::span<const env::Datagram> requests);
  // Why the kernel did not take an answer.
  void count_unsent(const std::optional<Error>& refused);

  // Makes the log where it is wanted and not there yet.
  void make_client_log();
  // What is known of clients; none where no log of them is wanted, and before it was made.
  ClientLog* log() { return log_ ? &*log_ : nullptr; }
  const ClientLog* log() const { return log_ ? &*log_ : nullptr; }
  Ticks client_ticks() const { return log_ ? log_->clients.ticks(clock_.now().nanos()) : 0; }

  // Datagrams received so far, by what became of them.
  const VerdictCounts& verdicts() const { return verdicts_; }
  const ServedCounts& served() const { return served_; }

 private:
  // An answer whose transmit stamp the kernel is to tell.
  struct Awaited {
    std::uint32_t id = 0;
    ntp::NtpTimestamp receive;    // that it had; zero = nothing is awaited
    bool served = false;          // not a peer's
    std::uint32_t published = 0;  // what its stamps were made with
  };
  static constexpr std::size_t kAwaited = 256;
  struct Port {
    std::unique_ptr<env::UdpSocket> socket;
    std::array<Awaited, kAwaited> awaited{};  // by the last octet of the id
  };
  struct Batch {
    std::array<env::Datagram, env::kBatch> requests;
    std::array<env::Datagram, env::kBatch> answers;
    std::array<Departure, env::kBatch> departures;
  };

  static void add_one(std::atomic<std::uint64_t>& count) {
    count.store(count.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void refresh();
  void take_tables();
  void take_cookie_keys();
  // Before what has come in is looked at.
  void begin(Place place);
  void turn(Place place);
  void take_transmit_stamps(Place place);
  void note_transmit_stamp(Port& port, const env::TransmitStamp& stamp);
  void await_stamp(Port& port, std::uint32_t id, const Departure& departure);
  std::atomic<std::uint64_t>& nts_count(Verdict verdict, auth::NtsVerdict nts);
  void count(Verdict verdict, const env::Datagram& request, const Departure& departure);
  void prefetch_clients(std::span<const env::Datagram> requests) const;
  void answer(Place place, std::span<const env::Datagram> requests);
  // How many answers of a batch go with one call to the kernel.
  static std::size_t sent_together(std::span<const Departure> departures);
  void send(Port& port, std::size_t pending);
  void send_now(Port& port, std::span<env::Datagram> answers, std::span<const Departure> departures);

  const Published& published_;
  ServingOptions options_;
  env::SystemClock& clock_;
  Bystanders bystanders_;
  EntropyPool entropy_;
  std::optional<ClientLog> log_;
  SharedTables tables_;
  std::uint32_t tables_number_ = 0;
  std::uint32_t forgotten_ = 0;
  std::unique_ptr<NtsService> nts_;  // where there are keys
  Responder responder_;
  Published::Version state_;
  // What was said before, for stamps that come in late.
  Published::Version last_state_;
  bool awaits_stamps_ = false;  // now or once: a stamp may be lost
  SendPace pace_;
  VerdictCounts verdicts_;
  ServedCounts served_;
  std::unique_ptr<Batch> batch_;
  std::vector<std::unique_ptr<Port>> ports_;  // by place; null where none was yet
};

}  // namespace timed::server

#endif  // TIMED_SERVER_SERVING_WORKER_H_
