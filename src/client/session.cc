#include "timed/client/session.h"

#include <netdb.h>
#include <poll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <limits>
#include <memory>

#include "socket_address.h"

namespace timed::client {
namespace {

MonoTime now() {
  timespec read{};
  ::clock_gettime(CLOCK_MONOTONIC, &read);
  return MonoTime::from_seconds(read.tv_sec, read.tv_nsec);
}

// What poll() takes for a length of time, rounded up so that it does not return just before the end.
int poll_timeout(Duration left) {
  return static_cast<int>(std::min(std::ceil(left.to_seconds() * 1e3), double{std::numeric_limits<int>::max()}));
}

int native_family(Family family) {
  return family == Family::Inet4 ? AF_INET : family == Family::Inet6 ? AF_INET6 : AF_UNSPEC;
}

std::uint32_t random_word() {
  std::uint32_t word = 0;
  while (::getrandom(&word, sizeof word, 0) != static_cast<ssize_t>(sizeof word)) {
  }
  return word;
}

}  // namespace

std::vector<std::string> default_hosts() {
  // A configuration of chrony may name the second one, and where chronyd runs it is there.
  return {TIMED_RUNDIR "/timed.sock", "/run/chrony/chronyd.sock", "127.0.0.1", "::1"};
}

std::vector<std::string> split_hosts(std::string_view list) {
  std::vector<std::string> hosts;
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    if (comma > 0) hosts.emplace_back(list.substr(0, comma));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return hosts;
}

std::vector<Endpoint> resolve(const std::string& host, std::uint16_t port, Family family) {
  addrinfo hints{};
  hints.ai_family = native_family(family);
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), nullptr, &hints, &found) != 0) return {};
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, ::freeaddrinfo);
  std::vector<Endpoint> endpoints;
  for (const addrinfo* at = found; at != nullptr && endpoints.size() < kMaxAddresses; at = at->ai_next) {
    if (const auto endpoint = to_endpoint(*at->ai_addr, port)) endpoints.push_back(*endpoint);
  }
  return endpoints;
}

Session::Session(const SessionOptions& options) : client_name_(options.client_name) {
  for (const std::string& host : options.hosts) {
    if (host.starts_with('/')) {
      addresses_.push_back({host, {}});
      continue;
    }
    for (const Endpoint& endpoint : resolve(host, options.port, options.family)) addresses_.push_back({{}, endpoint});
  }
}

bool Session::open() {
  return connection_.is_open() || open_from(0);
}

bool Session::open_from(std::size_t index) {
  for (current_ = index; current_ < addresses_.size(); ++current_) {
    if (connection_.open(addresses_[current_], client_name_).ok()) return true;
  }
  return false;
}

Error Session::bad_reply() {
  return {"508 Bad reply from daemon", ErrorKind::Other};
}

Error Session::refusal(control::ReplyStatus status) {
  std::string text(control::status_line(status));
  // "Access allowed" is a success, but never one that a report comes with.
  if (is_success(status)) text.append("\n").append(bad_reply().message);
  return {std::move(text), ErrorKind::Other};
}

Result<control::Received> Session::ask(const control::Request& request) {
  for (bool opened = open(); opened; opened = open_from(current_ + 1)) {
    if (auto received = exchange(request)) {
      if (is_success(received->status) && !received->body) return bad_reply();
      return *received;
    }
    connection_.close();
  }
  return Error{"506 Cannot talk to daemon", ErrorKind::NotFound};
}

std::optional<control::Received> Session::exchange(const control::Request& request) {
  control::RequestHeader header;
  for (int attempt = 0; attempt <= patience_.retries; ++attempt) {
    header.attempt = static_cast<std::uint16_t>(attempt);
    control::Received received;
    Wait outcome = Wait::UseVersion5;
    while (outcome == Wait::UseVersion5) {
      if (!send(request, header)) return std::nullopt;
      outcome = wait(header, patience_.timeout * std::ldexp(1.0, attempt), received);
      if (outcome == Wait::UseVersion5) version_ = control::kUnpaddedVersion;
    }
    if (outcome == Wait::Replied) return received;
  }
  return std::nullopt;
}

bool Session::send(const control::Request& request, control::RequestHeader& header) {
  std::array<std::byte, control::kMaxRequest> buffer;
  header.version = version_;
  header.command = static_cast<std::uint16_t>(code_of(request));
  header.sequence = random_word();
  const std::size_t size = write_request(buffer, header, request);
  // A daemon that reads nothing must not hold us: its queue is full some day.
  return size > 0 && ::send(connection_.fd(), buffer.data(), size, MSG_DONTWAIT) == static_cast<ssize_t>(size);
}

Session::Wait Session::wait(const control::RequestHeader& sent, Duration timeout, control::Received& received) {
  const MonoTime deadline = now() + timeout;
  while (true) {
    const Duration left = deadline - now();
    if (left <= Duration::zero()) return Wait::TimedOut;
    pollfd readable{connection_.fd(), POLLIN, 0};
    const int ready = ::poll(&readable, 1, poll_timeout(left));
    if (ready < 0 && errno != EINTR) return Wait::SendAgain;
    if (ready <= 0) continue;

    std::array<std::byte, control::kMaxRequest> buffer;
    const ssize_t size = ::recv(connection_.fd(), buffer.data(), buffer.size(), 0);
    if (size < 0) return Wait::SendAgain;
    received = receive_reply(std::span(buffer).first(static_cast<std::size_t>(size)), sent);
    switch (received.arrival) {
      case control::Arrival::Ignore:
        break;
      case control::Arrival::SendAgain:
        return Wait::SendAgain;
      case control::Arrival::UseVersion5:
        return Wait::UseVersion5;
      case control::Arrival::Accept:
        return Wait::Replied;
    }
  }
}

}  // namespace timed::client
