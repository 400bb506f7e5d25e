// The thread and the loop share one structure with two queues and a pipe: a byte for each answer.  The pipe is watched
// only while answers are owed and its reading end blocks: under the LD_PRELOAD simulator every pipe counts as ready, so
// the read is what makes virtual time wait for the lookup; on a real kernel it never blocks, as poll tells the truth.
// The structure owns both ends and lives as long as the later of the two, so neither has to wait for the other to go.
#include "resolver.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "socket_address.h"
#include "system_error.h"
#include "thread.h"
#include "timed/base/check.h"
#include "timed/base/log.h"
#include "timed/os/descriptor.h"

namespace timed::os {

// Numbers stand for the functions to call, so that nothing of the loop's objects is ever touched by the thread.
struct Resolver::Shared {
  struct Question {
    std::uint64_t number = 0;
    std::string name;
    Family family = Family::Unspecified;
  };
  struct Answer {
    std::uint64_t number;
    Result<std::vector<IpAddress>> addresses;
  };

  explicit Shared(const Options& options) : look_up(options.look_up) {}

  decltype(Options::look_up) const look_up;
  std::mutex mutex;
  std::condition_variable asked;
  std::deque<Question> questions;
  std::deque<Answer> answers;
  bool abandoned = false;
  bool looking_up = false;
  Descriptor read_end;
  Descriptor write_end;
};

namespace {

using Addresses = Result<std::vector<IpAddress>>;

int to_system(Family family) {
  switch (family) {
    case Family::Inet4:
      return AF_INET;
    case Family::Inet6:
      return AF_INET6;
    case Family::Unspecified:
      break;
  }
  return AF_UNSPEC;
}

// The family that satisfies both, or nothing.
std::optional<Family> both(Family a, Family b) {
  if (a == Family::Unspecified || a == b) return b;
  if (b == Family::Unspecified) return a;
  return std::nullopt;
}

Error no_address(const std::string& name, const char* reason, ErrorKind kind = ErrorKind::NotFound) {
  return {"Could not resolve " + name + " : " + reason, kind};
}

std::vector<IpAddress> usable(const addrinfo* list) {
  std::vector<IpAddress> found;
  for (; list != nullptr && found.size() < Resolver::kMaxAddresses; list = list->ai_next) {
    if (list->ai_addrlen > sizeof(SocketAddress)) continue;
    SocketAddress address{};
    std::memcpy(&address, list->ai_addr, list->ai_addrlen);
    const Endpoint endpoint = to_endpoint(address, list->ai_addrlen);
    // An address that means something only on one interface is of no use without it.
    if (!endpoint.address.is_set() || endpoint.scope != 0) continue;
    if (std::find(found.begin(), found.end(), endpoint.address) == found.end()) found.push_back(endpoint.address);
  }
  return found;
}

// The longest that resolv.conf of a machine without network is usually good for, and some more.
constexpr Duration kPatience = Duration::seconds(300);

Addresses look_up(const std::string& name, Family family) {
  addrinfo hints{};
  hints.ai_family = to_system(family);
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* list = nullptr;
  const int outcome = ::getaddrinfo(name.c_str(), nullptr, &hints, &list);
  if (outcome != 0) {
    return no_address(name, ::gai_strerror(outcome), outcome == EAI_AGAIN ? ErrorKind::Other : ErrorKind::NotFound);
  }
  auto found = usable(list);
  ::freeaddrinfo(list);
  if (found.empty()) return no_address(name, "No usable address");
  return found;
}

}  // namespace

Resolver::Options Resolver::by_system() {
  return {look_up, kPatience};
}

Resolver::Resolver(Loop& loop, Family family, Options options) : loop_(loop), family_(family), options_(options) {}

Resolver::~Resolver() {
  if (watch_ != 0) loop_.unwatch(watch_);
  for (const auto id : deliveries_) loop_.cancel(id);
  if (slow_) loop_.cancel(*slow_);
  if (!shared_) return;
  bool busy = false;
  {
    const std::lock_guard lock(shared_->mutex);
    shared_->abandoned = true;
    shared_->asked.notify_one();
    busy = shared_->looking_up;
  }
  // An idle thread is gone in a moment, and what the C library keeps for it must be freed before a process that ends is
  // searched for leaks.
  if (busy) {
    ::pthread_detach(thread_);
  } else {
    ::pthread_join(thread_, nullptr);
  }
}

void Resolver::resolve(std::string name, Family family, env::Host::Resolved done) {
  const auto wanted = both(family_, family);
  if (!wanted) return deliver_later(no_address(name, "Address family not supported"), std::move(done));
  if (const auto address = IpAddress::parse(name)) {
    if (both(*wanted, address->family())) return deliver_later(std::vector{*address}, std::move(done));
    return deliver_later(no_address(name, "Address family not supported"), std::move(done));
  }
  if (waiting_.size() >= kMaxWaiting) {
    return deliver_later(no_address(name, "Too many lookups", ErrorKind::Other), std::move(done));
  }
  if (auto started = start_thread(SyscallFilter()); !started) return deliver_later(started.error(), std::move(done));
  const std::uint64_t number = next_question_++;
  waiting_.emplace(number, std::move(done));
  if (!slow_ && !told_slow_) watch_progress();
  if (watch_ == 0) {
    watch_ = loop_.watch(shared_->read_end.get(), env::SocketPriority::Sources, [this](short) { take_answer(); });
  }
  const std::lock_guard lock(shared_->mutex);
  shared_->questions.push_back({number, std::move(name), *wanted});
  shared_->asked.notify_one();
}

void Resolver::deliver_later(Result<std::vector<IpAddress>> answer, env::Host::Resolved done) {
  // The function cannot know its own id before call_at answers it.
  const auto id = std::make_shared<Loop::Id>(0);
  *id = loop_.call_at(loop_.now(), [this, id, answer = std::move(answer), done = std::move(done)]() mutable {
    deliveries_.erase(*id);
    done(std::move(answer));
  });
  deliveries_.insert(*id);
}

void Resolver::take_answer() {
  char token = 0;
  if (::read(shared_->read_end.get(), &token, 1) != 1) return;
  std::optional<Shared::Answer> answer;
  {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->answers.empty()) return;
    answer = std::move(shared_->answers.front());
    shared_->answers.pop_front();
  }
  const auto found = waiting_.find(answer->number);
  TIMED_ASSERT(found != waiting_.end());
  const auto done = std::move(found->second);
  waiting_.erase(found);
  if (waiting_.empty()) loop_.unwatch(std::exchange(watch_, 0));
  if (std::exchange(told_slow_, false)) log::info("Host names are looked up again");
  watch_progress();
  done(std::move(answer->addresses));
}

// A name server that is away is no reason to end, but somebody may want to know why nothing becomes of names.
void Resolver::watch_progress() {
  if (slow_) loop_.cancel(*std::exchange(slow_, std::nullopt));
  if (waiting_.empty()) return;
  slow_ = loop_.call_at(loop_.now() + options_.patience, [this] {
    slow_.reset();
    told_slow_ = true;
    log::warning("No host name was looked up for %.0f s", options_.patience.to_seconds());
  });
}

void* Resolver::run_thread(void* argument) {
  const std::unique_ptr<std::shared_ptr<Shared>> own(static_cast<std::shared_ptr<Shared>*>(argument));
  Shared& shared = **own;
  while (true) {
    std::unique_lock lock(shared.mutex);
    shared.asked.wait(lock, [&] { return shared.abandoned || !shared.questions.empty(); });
    if (shared.abandoned) return nullptr;
    const Shared::Question question = std::move(shared.questions.front());
    shared.questions.pop_front();
    shared.looking_up = true;
    lock.unlock();
    auto addresses = shared.look_up(question.name, question.family);
    lock.lock();
    shared.looking_up = false;
    shared.answers.push_back({question.number, std::move(addresses)});
    lock.unlock();
    const char token = 1;
    [[maybe_unused]] const auto written = ::write(shared.write_end.get(), &token, 1);
  }
}

Status Resolver::start_thread(const SyscallFilter& filter) {
  if (shared_) return Status::success();
  auto shared = std::make_shared<Shared>(options_);
  int ends[2] = {-1, -1};
  if (::pipe(ends) != 0) return system_error("Could not create pipe", errno);
  shared->read_end = Descriptor(ends[0]);
  shared->write_end = Descriptor(ends[1]);
  shared->read_end.set_close_on_exec();
  shared->write_end.set_close_on_exec();
  auto argument = std::make_unique<std::shared_ptr<Shared>>(shared);
  const auto thread = os::start_thread("resolver", filter, run_thread, argument.get());
  if (!thread) return thread.error();
  static_cast<void>(argument.release());
  thread_ = *thread;
  shared_ = std::move(shared);
  return Status::success();
}

}  // namespace timed::os
