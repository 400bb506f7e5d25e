// The seams of SourceSet as a test moves them by hand: one clock, timers, sockets that keep what was sent, a resolver
// that answers when told.
#ifndef TIMED_TESTS_UNIT_SOURCES_FAKE_SEAMS_H_
#define TIMED_TESTS_UNIT_SOURCES_FAKE_SEAMS_H_

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "tests/unit/sources/exchange_fixture.h"
#include "timed/base/random.h"
#include "timed/env/host.h"

namespace timed::sources {

class FakeTimers : public env::Timers {
 public:
  MonoTime now() override { return MonoTime::from_seconds(5000) + Duration::seconds(elapsed); }
  Id call_at(MonoTime when, std::function<void()> fn) override {
    queue[{when, ++last_}] = std::move(fn);
    return last_;
  }
  void cancel(Id id) override {
    for (auto at = queue.begin(); at != queue.end(); ++at) {
      if (at->first.second != id) continue;
      queue.erase(at);
      return;
    }
  }
  // Runs all timers of the next so many seconds, each at its time.
  void advance(double seconds) {
    const double end = elapsed + seconds;
    const MonoTime end_time = MonoTime::from_seconds(5000) + Duration::seconds(end);
    while (!queue.empty() && queue.begin()->first.first <= end_time) {
      elapsed = std::max(elapsed, (queue.begin()->first.first - MonoTime::from_seconds(5000)).to_seconds());
      const auto fn = std::move(queue.begin()->second);
      queue.erase(queue.begin());
      fn();
    }
    elapsed = end;
  }

  std::map<std::pair<MonoTime, Id>, std::function<void()>> queue;
  double elapsed = 0.0;

 private:
  Id last_ = 0;
};

class FakeNetwork : public env::Network {
 public:
  struct Request {
    IpAddress to;
    ntp::Header header;
    double at = 0.0;
  };

  class Socket : public env::UdpSocket {
   public:
    Socket(FakeNetwork& network, const env::UdpOptions& options) : network_(network), options_(options) {
      network_.open.push_back(this);
    }
    ~Socket() override { std::erase(network_.open, this); }
    std::size_t receive(std::span<env::Datagram> into) override {
      const std::size_t n = std::min(into.size(), inbox.size());
      std::copy_n(inbox.begin(), n, into.begin());
      inbox.erase(inbox.begin(), inbox.begin() + static_cast<std::ptrdiff_t>(n));
      return n;
    }
    env::SendResult send(std::span<env::Datagram> batch) override {
      if (network_.refuse_sends) return {0, Error{"Network is unreachable"}};
      for (env::Datagram& d : batch) {
        d.stamp = {network_.raw(), Duration::zero(), env::StampSource::Daemon};
        d.stamp_id = ++stamp_id;
        const auto packet = ntp::PacketView::parse(d.bytes());
        network_.requests.push_back({options_.remote->address, packet.header(), network_.timers.elapsed});
      }
      return {batch.size(), std::nullopt};
    }
    std::size_t transmit_stamps(std::span<env::TransmitStamp> into) override {
      const std::size_t n = std::min(into.size(), stamps.size());
      std::copy_n(stamps.begin(), n, into.begin());
      stamps.clear();
      return n;
    }
    void on_readable(std::function<void()> fn) override { readable = std::move(fn); }
    Endpoint local_endpoint() const override { return {IpAddress::v4(0xc0000264), 40000, 0}; }
    const env::UdpOptions& options() const { return options_; }

    std::vector<env::Datagram> inbox;
    std::vector<env::TransmitStamp> stamps;
    std::function<void()> readable;
    std::uint32_t stamp_id = 0;

   private:
    FakeNetwork& network_;
    env::UdpOptions options_;
  };

  explicit FakeNetwork(FakeTimers& its_timers) : timers(its_timers) {}
  Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions& options) override {
    if (unroutable.count(options.remote->address) > 0) return Error{"Network is unreachable"};
    return std::unique_ptr<env::UdpSocket>(std::make_unique<Socket>(*this, options));
  }
  Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions&) override { return Error{"none here"}; }

  RawTime raw() const { return test_time(timers.elapsed); }
  Socket* socket_to(const IpAddress& address) {
    for (Socket* s : open) {
      if (s->options().remote->address == address) return s;
    }
    return nullptr;
  }
  Result<std::unique_ptr<env::StreamSocket>> connect_unix(const std::string&) override { return Error{"none here"}; }
  Result<std::unique_ptr<env::StreamListener>> listen_tcp(const env::ListenOptions&) override {
    return Error{"none here"};
  }
  Result<std::unique_ptr<env::StreamSocket>> connect_tcp(const env::ConnectOptions&) override {
    return Error{"none here"};
  }
  std::unique_ptr<env::StreamSocket> adopt(std::unique_ptr<env::StreamSocket> stream) override { return stream; }
  std::unique_ptr<env::UdpSocket> adopt(std::unique_ptr<env::UdpSocket> socket) override { return socket; }
  // Delivers bytes on the open socket to an address, 10 ms after "now".
  bool deliver(const IpAddress& from, const std::vector<std::byte>& bytes,
               env::StampSource source = env::StampSource::Kernel) {
    Socket* const socket = socket_to(from);
    if (socket == nullptr) return false;
    env::Datagram d{};
    d.peer = *socket->options().remote;
    d.local = IpAddress::v4(0xc0000264);
    d.stamp = {raw(), Duration::zero(), source};
    d.size = bytes.size();
    std::copy_n(bytes.begin(), std::min(bytes.size(), d.data.size()), d.data.begin());
    socket->inbox.push_back(d);
    const auto readable = socket->readable;  // the socket may be gone while it runs
    readable();
    return true;
  }
  // Answers the last request to an address after 10 ms, as a server whose clock is right.
  bool answer(const IpAddress& from) {
    for (auto r = requests.rbegin(); r != requests.rend(); ++r) {
      if (r->to != from) continue;
      const ntp::Header header = server_header(r->header.transmit, test_time(r->at + 0.004), test_time(r->at + 0.006));
      timers.elapsed = r->at + 0.010;
      return deliver(from, bytes_of(header));
    }
    return false;
  }

  FakeTimers& timers;
  std::vector<Socket*> open;
  std::vector<Request> requests;
  std::set<IpAddress> unroutable;
  bool refuse_sends = false;
};

class FakeHost : public env::Host {
 public:
  void random(std::span<std::byte> out) override {
    for (std::byte& b : out) b = static_cast<std::byte>(noise.next());
  }
  void resolve(std::string name, Family family, Resolved done) override {
    lookups.push_back({std::move(name), family, std::move(done)});
  }
  env::Files& files() override { std::abort(); }
  void notify(const std::string&) override {}
  void mail(const std::string&) override {}
  Result<RawTime> read_rtc(const std::string&, bool) override { return Error{"no RTC here"}; }
  std::string machine_name() override { return "fake"; }
  int processors() override { return 1; }
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string&) override { return Error{"no threads here"}; }
  void post(std::function<void()>) override {}

  struct Lookup {
    std::string name;
    Family family;
    Resolved done;
  };
  // Answers the oldest look-up.
  void answer(Result<std::vector<IpAddress>> result) {
    const Lookup lookup = std::move(lookups.front());
    lookups.erase(lookups.begin());
    lookup.done(std::move(result));
  }
  std::vector<Lookup> lookups;
  SeededRandom noise{7};
};

}  // namespace timed::sources

#endif  // TIMED_TESTS_UNIT_SOURCES_FAKE_SEAMS_H_
