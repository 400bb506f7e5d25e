#include "timed/server/serving_worker.h"

#include <algorithm>
#include <utility>

namespace timed::server {
namespace {

// May be for a source of ours, or of ntpq.  Requests of clients never are, whoever they are from.
bool may_be_for_others(const env::Datagram& datagram) {
  if (datagram.size == 0) return false;
  switch (ntp::mode_of(datagram.data[0])) {
    case ntp::Mode::Control:
      return true;
    case ntp::Mode::SymmetricActive:
    case ntp::Mode::SymmetricPassive:
    case ntp::Mode::Server:
      return datagram.size >= ntp::kHeaderSize;
    default:
      return false;
  }
}

// A socket's buffer holds fewer; whoever sends without end is not to keep a shutdown waiting.
constexpr int kBatchesAtTheEnd = 1024;

// 2 kB are low bits for a thousand answers, at a sixth of what they cost in small portions (src/os/random.cc).
constexpr std::size_t kEntropyWords = 256;

}  // namespace

ServingWorker::ServingWorker(const Published& published, const ServingOptions& options, env::SystemClock& clock,
                             env::Host& host, Bystanders bystanders)
    : published_(published),
      options_(options),
      clock_(clock),
      bystanders_(std::move(bystanders)),
      entropy_([&host](std::span<std::byte> out) { host.random(out); }, kEntropyWords),
      tables_(published.tables()),
      tables_number_(published.tables_number()),
      forgotten_(published.forgotten()),
      responder_(tables_->access, entropy_),
      batch_(std::make_unique<Batch>()) {
  take_tables();
  if (options_.has_samba) responder_.leave_codes_to_samba();
}

ServingWorker::~ServingWorker() = default;

void ServingWorker::add(Place place, std::unique_ptr<env::UdpSocket> socket) {
  if (ports_.size() <= place) ports_.resize(place + 1);
  ports_[place] = std::make_unique<Port>();
  ports_[place]->socket = std::move(socket);
  ports_[place]->socket->on_readable([this, place] { turn(place); });
  // Not before: a daemon that serves nobody needs none.
  make_client_log();
}

void ServingWorker::remove(Place place) {
  if (place < ports_.size()) ports_[place].reset();
}

env::UdpSocket* ServingWorker::socket_at(Place place) const {
  return place < ports_.size() && ports_[place] ? ports_[place]->socket.get() : nullptr;
}

void ServingWorker::make_client_log() {
  if (options_.no_client_log || log_) return;
  const std::size_t records = ClientTable::records_in(options_.client_log_limit);
  log_.emplace(ClientLog{ClientTable(records, options_.limits, entropy_), InterleaveMap(records)});
  const RateLimitOptions& ntp = options_.limits.of[static_cast<std::size_t>(Service::Ntp)];
  const int least_poll = ntp.enabled ? ntp.interval : int{Responder::kNoLeastPoll};
  responder_.use_clients(&*log_, static_cast<std::int8_t>(least_poll));
}

// What is published holds for a whole batch.
void ServingWorker::refresh() {
  const std::uint32_t before = state_.number;
  const discipline::OwnState said = state_.state;
  if (published_.refresh(state_)) last_state_ = {before, said};
  if (published_.tables_number() != tables_number_) {
    // First the number: what is published in between is taken with the next batch, once more.
    tables_number_ = published_.tables_number();
    tables_ = published_.tables();
    take_tables();
  }
  if (published_.forgotten() == forgotten_) return;
  forgotten_ = published_.forgotten();
  if (log_) log_->stamps.clear();
  for (const auto& port : ports_) {
    if (port) port->awaited = {};
  }
}

void ServingWorker::take_tables() {
  responder_.use_access(tables_->access);
  responder_.demand_keys_of(tables_->needs_key);
  responder_.limit_only(tables_->limited ? &*tables_->limited : nullptr);
  take_cookie_keys();
}

// This is all of NTS that allocates.  Without libcrypto's help there is no NTS; who has the keys has told about it.
void ServingWorker::take_cookie_keys() {
  if (!nts_ && tables_->cookie_keys) {
    if (auto made = auth::NtsServer::make()) nts_ = std::make_unique<NtsService>(NtsService{std::move(*made)});
  }
  const bool serves = nts_ && tables_->cookie_keys && nts_->server.use(*tables_->cookie_keys);
  responder_.use_nts(serves ? nts_.get() : nullptr);
}

// A response is worth more with the stamp of its request, which lies there by then.
void ServingWorker::begin(Place place) {
  refresh();
  if (awaits_stamps_ || bystanders_.take_transmit_stamps) take_transmit_stamps(place);
}

void ServingWorker::turn(Place place) {
  begin(place);
  for (int i = 0; i < kBatchesPerTurn; ++i) {
    const std::size_t n = ports_[place]->socket->receive(batch_->requests);
    answer(place, std::span(batch_->requests).first(n));
    if (n < batch_->requests.size()) return;
  }
}

void ServingWorker::serve(Place place, std::span<const env::Datagram> requests) {
  begin(place);
  answer(place, requests);
}

void ServingWorker::drain(Place place) {
  refresh();
  for (int i = 0; i < kBatchesAtTheEnd && socket_at(place) != nullptr; ++i) {
    const std::size_t n = ports_[place]->socket->receive(batch_->requests);
    if (n == 0) return;
    answer(place, std::span(batch_->requests).first(n));
  }
}

void ServingWorker::close() {
  for (Place place = 0; place < ports_.size(); ++place) {
    drain(place);
    remove(place);
  }
}

void ServingWorker::take_transmit_stamps(Place place) {
  std::array<env::TransmitStamp, env::kBatch> stamps;
  Port& port = *ports_[place];
  const std::size_t count = port.socket->transmit_stamps(stamps);
  if (count == 0) return;
  for (const env::TransmitStamp& stamp : std::span(stamps).first(count)) note_transmit_stamp(port, stamp);
  if (bystanders_.take_transmit_stamps) bystanders_.take_transmit_stamps(place, std::span(stamps).first(count));
}

void ServingWorker::note_transmit_stamp(Port& port, const env::TransmitStamp& stamp) {
  Awaited& awaited = port.awaited[stamp.id % kAwaited];
  if (!log_ || awaited.id != stamp.id || awaited.receive.is_zero()) return;
  // A correction of the clock since then would stand between the stamps of one answer.
  const discipline::OwnState& state = awaited.published == last_state_.number ? last_state_.state : state_.state;
  const LocalTime left = awaited.served ? state.to_served(stamp.stamp.time) : state.to_local(stamp.stamp.time);
  log_->stamps.correct(awaited.receive, {ntp::NtpTimestamp::from(left), stamp.stamp.source});
  awaited.receive = {};
}

void ServingWorker::await_stamp(Port& port, std::uint32_t id, const Departure& departure) {
  const bool served = departure.mode == ntp::Mode::Server;
  Awaited& place = port.awaited[id % kAwaited];
  if (!place.receive.is_zero()) add_one(served_.no_stamp);
  place = {id, departure.receive, served, state_.number};
  awaits_stamps_ = true;
}

void ServingWorker::count_unsent(const std::optional<Error>& refused) {
  switch (refused ? refused->kind : ErrorKind::Other) {
    case ErrorKind::NoRoom:
      return add_one(served_.no_room);
    case ErrorKind::NoAddress:
      return add_one(served_.no_route);
    case ErrorKind::Permission:
      return add_one(served_.forbidden);
    default:
      return add_one(served_.other_reason);
  }
}

// Memory is slow: what is known of sixteen clients is asked for at once.
void ServingWorker::prefetch_clients(std::span<const env::Datagram> requests) const {
  std::array<std::uint64_t, env::kBatch> hashes;
  for (std::size_t i = 0; i < requests.size(); ++i) {
    tables_->access.prefetch(requests[i].peer.address);
    hashes[i] = log_->clients.prefetch_slot(requests[i].peer.address);
  }
  for (std::size_t i = 0; i < requests.size(); ++i) log_->clients.prefetch_record(hashes[i]);
}

std::atomic<std::uint64_t>& ServingWorker::nts_count(Verdict verdict, auth::NtsVerdict nts) {
  switch (nts) {
    case auth::NtsVerdict::UnknownKey:
      return served_.nts_unknown_key;
    case auth::NtsVerdict::BadCookie:
      return served_.nts_bad_cookie;
    case auth::NtsVerdict::NotAuthentic:
      return served_.nts_not_authentic;
    case auth::NtsVerdict::Authentic:
      return is_answered(verdict) ? served_.nts_answered : served_.nts_without_room;
    default:
      return served_.nts_malformed;
  }
}

void ServingWorker::count(Verdict verdict, const env::Datagram& request, const Departure& departure) {
  verdicts_.add(verdict);
  if (departure.nts_verdict != auth::NtsVerdict::Plain) add_one(nts_count(verdict, departure.nts_verdict));
  if (!is_answered(verdict)) return;
  if (departure.key != nullptr || departure.nts != nullptr) add_one(served_.authenticated);
  add_one(request.stamp.source == env::StampSource::Daemon ? served_.daemon_received : served_.kernel_received);
  const auto& transmit = departure.transmit;
  if (transmit) add_one(served_.interleaved);
  const bool by_daemon = !transmit || transmit->source == env::StampSource::Daemon;
  add_one(by_daemon ? served_.daemon_sent : served_.kernel_sent);
}

void ServingWorker::answer(Place place, std::span<const env::Datagram> requests) {
  if (log_) prefetch_clients(requests);
  std::size_t pending = 0;
  const CommonAnswer common(state_.state, requests.empty() ? RawTime() : requests.front().stamp.time);
  for (const env::Datagram& request : requests) {
    if (may_be_for_others(request) && bystanders_.take(place, request, *tables_)) continue;
    Departure& departure = batch_->departures[pending];
    const Verdict verdict = responder_.prepare(common, request, batch_->answers[pending], departure);
    count(verdict, request, departure);
    if (!is_answered(verdict)) continue;
    if (departure.for_samba) {
      responder_.finish(Leaving(state_.state, clock_.now()), batch_->answers[pending], departure);
      bystanders_.sign(place, batch_->answers[pending]);
    } else {
      ++pending;
    }
  }
  if (pending > 0) send(*ports_[place], pending);
}

// A call to the kernel for each answer makes it a fifth dearer, and lets each say best when it leaves.  A batch that is
// not full is all that there is to do, so there is time for that.  Of a full one the first goes alone, because it waits
// for what the kernel has put off, and the rest with one call.  In interleaved mode the kernel tells the time of
// leaving, and nothing is gained by parts.
std::size_t ServingWorker::sent_together(std::span<const Departure> departures) {
  if (departures.size() == env::kBatch) return env::kBatch - 1;
  const bool saved = std::any_of(departures.begin(), departures.end(), [](const Departure& d) { return d.save; });
  return saved ? departures.size() : 1;
}

void ServingWorker::send(Port& port, std::size_t pending) {
  const std::span answers = std::span(batch_->answers).first(pending);
  const std::span departures = std::span(batch_->departures).first(pending);
  const std::size_t together = sent_together(departures);
  RawTime now = clock_.now();
  for (std::size_t at = 0, some = 0; at < pending; at += some) {
    some = at == 0 && together < pending ? 1 : std::min(together, pending - at);
    const Leaving leaving(state_.state, now);
    const SendPace::Leads leads = pace_.leads(some);
    for (std::size_t i = 0; i < some; ++i) {
      const std::int64_t lead_ns = leads.first_ns + leads.each_ns * static_cast<std::int64_t>(i);
      responder_.finish(leaving.after(lead_ns), answers[at + i], departures[at + i]);
    }
    send_now(port, answers.subspan(at, some), departures.subspan(at, some));
    if (pending == 1) return;
    const RawTime after = clock_.now();
    pace_.note(some, after.nanos() - now.nanos());
    now = after;
  }
}

void ServingWorker::send_now(Port& port, std::span<env::Datagram> answers, std::span<const Departure> departures) {
  while (!answers.empty()) {
    const env::SendResult result = port.socket->send(answers);
    const std::size_t sent = result.sent;
    served_.sent.store(served_.sent.load(std::memory_order_relaxed) + sent, std::memory_order_relaxed);
    for (std::size_t i = 0; i < sent; ++i) {
      if (answers[i].want_stamp) await_stamp(port, answers[i].stamp_id, departures[i]);
    }
    if (sent >= answers.size()) return;
    count_unsent(result.refused);
    answers = answers.subspan(sent + 1);
    departures = departures.subspan(sent + 1);
  }
}

}  // namespace timed::server
