// What a stranger can make this do is bounded in each direction.  Connections: by the places.  Time: one timer for all
// of a connection, whatever comes in meanwhile.  Memory: KeSession takes 64 KiB of one connection and no more, and what
// it has to say is its certificates once and one answer.  Work: one step of TLS for an event, one signature for a
// connection, and in a loop that serves NTP so much of all in a turn.  Nothing is logged; outcomes are counted.
//
// Places are handed from the main loop to the desk's: the main loop fills one that is free and posts its number, the
// desk frees it.  Posting orders the one, the flag the other.
#include "timed/nts/ke_desk.h"

#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include "timed/auth/nts_fields.h"
#include "timed/nts/ke_record.h"
#include "timed/nts/ke_session.h"

namespace timed::nts {
namespace {

constexpr std::size_t kReadAtOnce = 4096;
// Of an answer: eight cookies of 100 octets, a name of 257, and the rest.
constexpr std::size_t kMaxAnswer = 2048;

KeOutcome outcome_of(TlsFault fault) {
  switch (fault) {
    case TlsFault::NoProtocol:
      return KeOutcome::NotKe;
    case TlsFault::Ended:
      return KeOutcome::Ended;
    case TlsFault::TooMuch:
      return KeOutcome::BadRequest;
    case TlsFault::None:
    case TlsFault::Certificate:
    case TlsFault::Handshake:
      break;
  }
  return KeOutcome::TlsFailed;
}

}  // namespace

// Those that a connection has begun with must outlive it.
struct KeDesk::Credentials {
  std::unique_ptr<ServerCredentials> shown;
  std::size_t users = 0;
};

struct KeDesk::Session {
  explicit Session(Credentials& c) : credentials(c), tls(*c.shown) { ++credentials.users; }
  ~Session() { --credentials.users; }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  Credentials& credentials;
  KeSession tls;
  MessageEnd end;
  std::optional<KeOutcome> outcome;  // known from the answer on
  bool lost = false;                 // nothing more can be sent
};

KeDesk::KeDesk(KeDeskOptions options)
    : options_(std::move(options)), places_(std::clamp<std::size_t>(options_.places, 1, kMostPlaces)) {}

KeDesk::~KeDesk() = default;

std::optional<std::size_t> KeDesk::reserve(std::unique_ptr<env::StreamSocket> stream) {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (!places_[i]) places_[i] = std::make_unique<Place>();
    Place& place = *places_[i];
    if (place.taken.load(std::memory_order_acquire)) continue;
    place.taken.store(true, std::memory_order_relaxed);
    taken_.fetch_add(1, std::memory_order_relaxed);
    place.stream = std::move(stream);
    return i;
  }
  return std::nullopt;
}

KeTotals KeDesk::totals() const {
  KeTotals totals;
  for (std::size_t i = 0; i < kKeOutcomes; ++i) totals.of[i] = counts_[i].load(std::memory_order_relaxed);
  return totals;
}

void KeDesk::start(const env::Env& env) {
  env_ = &env;
}

void KeDesk::use_pairs(const std::vector<ServerPair>& pairs) {
  auto made = ServerCredentials::make(pairs);
  // Whoever gave them has tried them.
  if (!made) return;
  credentials_.push_back(std::make_unique<Credentials>());
  credentials_.back()->shown = made.take();
  drop_unused();
}

void KeDesk::use_keys(const auth::CookieKeys& keys) {
  if (!random_) random_.emplace([&host = env_->host](std::span<std::byte> out) { host.random(out); });
  has_keys_ = cookies_.use(keys);
}

void KeDesk::drop_unused() {
  while (credentials_.size() > 1 && credentials_.front()->users == 0) credentials_.erase(credentials_.begin());
}

void KeDesk::begin(std::size_t number) {
  Place& place = *places_[number];
  if (credentials_.empty() || !has_keys_) return finish(number, KeOutcome::NoKeys);
  place.stream = env_->network.adopt(std::move(place.stream));
  place.session = std::make_unique<Session>(*credentials_.back());
  if (!place.deadline) {
    place.deadline.emplace(env_->timers, [this, number] {
      finish(number, places_[number]->session->outcome.value_or(KeOutcome::TimedOut));
    });
  }
  place.deadline->arm_in(kPatience);
  place.stream->on_event([this, number] { on_event(number); });
}

void KeDesk::stop() {
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (places_[i] && places_[i]->taken.load(std::memory_order_relaxed)) {
      finish(i, places_[i]->session ? places_[i]->session->outcome.value_or(KeOutcome::Failed) : KeOutcome::Failed);
    }
  }
  // Their timers are this loop's, which may end before the desk does.
  for (auto& place : places_) place.reset();
}

void KeDesk::on_event(std::size_t number) {
  // It comes again in the next turn.
  if (options_.shares_loop && spent_ >= kTurnBudget) return;
  const MonoTime begin = env_->timers.now();
  Place& place = *places_[number];
  read(place);
  if (place.session->tls.established()) answer(*place.session);
  // A client whose handshake and request are two small pieces may wait for this between them.
  if (!place.session->outcome && place.session->tls.output().empty()) place.stream->acknowledge();
  if (!flush(place)) place.session->lost = true;
  spent_ += env_->timers.now() - begin;
  settle(number);
}

void KeDesk::read(Place& place) {
  std::array<std::byte, kReadAtOnce> octets;
  const env::StreamRead got = place.stream->receive(octets);
  if (got.size > 0) place.session->tls.feed(std::span(octets).first(got.size));
  if (got.ended) place.session->tls.feed_end();
}

void KeDesk::answer(Session& session) {
  if (session.outcome) return;
  std::array<std::byte, kMaxAnswer> message;
  std::size_t size = 0;
  switch (session.end.look(session.tls.received())) {
    case MessageEnd::State::Partial:
      return;
    case MessageEnd::State::Whole:
      size = write_answer(session, message);
      break;
    case MessageEnd::State::Broken:
      session.outcome = KeOutcome::BadRequest;
      size = write_error(KeError::BadRequest, message);
      break;
  }
  if (!session.tls.write(std::span(message).first(size))) session.outcome = KeOutcome::Failed;
  session.tls.close();
}

std::size_t KeDesk::write_answer(Session& session, std::span<std::byte> into) {
  const auto negotiated = negotiate(session.tls.received(), options_.aeads);
  if (const KeError* const error = std::get_if<KeError>(&negotiated)) {
    session.outcome = KeOutcome::BadRequest;
    return write_error(*error, into);
  }
  const Agreement& agreement = std::get<Agreement>(negotiated);
  if (!agreement.ntpv4 || !agreement.aead) {
    session.outcome = KeOutcome::NoAgreement;
    return write_response(agreement, {}, into);
  }
  const std::size_t size = write_keys(session, agreement, into);
  session.outcome = size > 0 ? KeOutcome::Served : KeOutcome::Failed;
  return size > 0 ? size : write_error(KeError::InternalServerError, into);
}

std::size_t KeDesk::write_keys(Session& session, const Agreement& agreement, std::span<std::byte> into) {
  const auto keys = session.tls.export_keys(*agreement.aead, agreement.compliant_exporter);
  if (!keys) return 0;
  std::vector<std::vector<std::byte>> made(auth::kMaxCookies);
  for (auto& cookie : made) {
    cookie.resize(auth::Cookies::kMaxSize);
    cookie.resize(cookies_.seal(*keys, *random_, cookie));
    if (cookie.empty()) return 0;
  }
  return write_response(agreement, {options_.ntp_port, options_.ntp_server, made}, into);
}

// False where the connection has failed.
bool KeDesk::flush(Place& place) {
  KeSession& tls = place.session->tls;
  while (!tls.output().empty()) {
    const auto sent = place.stream->send(tls.output());
    if (!sent) return false;
    if (*sent == 0) break;
    tls.take_output(*sent);
  }
  place.stream->want_room(!tls.output().empty());
  return true;
}

// Whether that was all.  After an answer the client's own end is waited for: to close before it would take the answer
// away from a client that has sent more than we have read.
void KeDesk::settle(std::size_t number) {
  const Session& session = *places_[number]->session;
  const bool over = session.tls.ended() || session.lost;
  if (session.tls.fault() != TlsFault::None) {
    return finish(number, session.outcome.value_or(outcome_of(session.tls.fault())));
  }
  if (over) finish(number, session.outcome.value_or(KeOutcome::Ended));
}

void KeDesk::finish(std::size_t number, KeOutcome outcome) {
  Place& place = *places_[number];
  count(outcome);
  if (place.deadline) place.deadline->disarm();
  place.session.reset();
  place.stream.reset();
  drop_unused();
  taken_.fetch_sub(1, std::memory_order_relaxed);
  place.taken.store(false, std::memory_order_release);
}

}  // namespace timed::nts
