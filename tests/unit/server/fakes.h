// A network, a clock and a host for the server: what a test puts in comes out of receive(), what is sent is kept.
#ifndef TIMED_TESTS_UNIT_SERVER_FAKES_H_
#define TIMED_TESTS_UNIT_SERVER_FAKES_H_

#include <algorithm>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "timed/base/random.h"
#include "timed/env/host.h"
#include "timed/ntp/packet.h"

namespace timed::server {

struct FakeTraffic {
  std::vector<env::Datagram> incoming;  // all of them are there; receive() hands them out in order
  std::size_t next = 0;
  std::vector<env::Datagram> sent;  // only up to its capacity, so that keeping them does not allocate
  std::size_t sent_count = 0;
  std::size_t receive_calls = 0;
  std::size_t send_calls = 0;
  std::function<bool(const env::Datagram&)> refuses;  // empty: everything leaves
  ErrorKind refusal = ErrorKind::Other;
  std::vector<env::TransmitStamp> stamps;  // that wait
  std::uint32_t last_stamp_id = 0;
};

class FakeUdpSocket : public env::UdpSocket {
 public:
  FakeUdpSocket(FakeTraffic& traffic, Endpoint local) : traffic_(traffic), local_(local) {}

  std::size_t receive(std::span<env::Datagram> into) override {
    ++traffic_.receive_calls;
    const std::size_t n = std::min(into.size(), traffic_.incoming.size() - traffic_.next);
    for (std::size_t i = 0; i < n; ++i) copy(traffic_.incoming[traffic_.next++], into[i]);
    return n;
  }
  env::SendResult send(std::span<env::Datagram> batch) override {
    ++traffic_.send_calls;
    for (std::size_t i = 0; i < batch.size(); ++i) {
      if (traffic_.refuses && traffic_.refuses(batch[i])) return {i, Error{"refused", traffic_.refusal}};
      ++traffic_.sent_count;
      if (batch[i].want_stamp) batch[i].stamp_id = ++traffic_.last_stamp_id;
      if (traffic_.sent.size() < traffic_.sent.capacity()) traffic_.sent.push_back(batch[i]);
    }
    return {batch.size(), std::nullopt};
  }
  std::size_t transmit_stamps(std::span<env::TransmitStamp> into) override {
    const std::size_t n = std::min(into.size(), traffic_.stamps.size());
    std::copy_n(traffic_.stamps.begin(), n, into.begin());
    traffic_.stamps.erase(traffic_.stamps.begin(), traffic_.stamps.begin() + static_cast<std::ptrdiff_t>(n));
    return n;
  }
  void on_readable(std::function<void()> fn) override { readable_ = std::move(fn); }
  Endpoint local_endpoint() const override { return local_; }

  void turn() { readable_(); }

 private:
  // Without the unused rest of the buffer, as a kernel would.
  static void copy(const env::Datagram& from, env::Datagram& to) {
    to.peer = from.peer;
    to.local = from.local;
    to.interface_index = from.interface_index;
    to.stamp = from.stamp;
    to.waited = from.waited;
    to.size = from.size;
    std::memcpy(to.data.data(), from.data.data(), from.bytes().size());
  }

  FakeTraffic& traffic_;
  Endpoint local_;
  std::function<void()> readable_;
};

class FakeNetwork : public env::Network {
 public:
  Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions& options) override {
    asked.push_back(options);
    const Family family = options.local.address.family();
    if (const auto& error = family == Family::Inet4 ? error_v4 : error_v6) return *error;
    auto socket = std::make_unique<FakeUdpSocket>(family == Family::Inet4 ? v4 : v6, options.local);
    (family == Family::Inet4 ? socket_v4 : socket_v6) = socket.get();
    return std::unique_ptr<env::UdpSocket>(std::move(socket));
  }
  Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions&) override {
    return Error{"no Unix sockets here"};
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

  std::vector<env::UdpOptions> asked;
  std::optional<Error> error_v4, error_v6;
  FakeTraffic v4, v6;
  FakeUdpSocket* socket_v4 = nullptr;
  FakeUdpSocket* socket_v6 = nullptr;
};

class FakeClock : public env::SystemClock {
 public:
  RawTime now() override {
    ++reads;
    return time;
  }
  Result<env::ClockState> start(bool) override { return env::ClockState{}; }
  Result<Frequency> set_frequency(Frequency wanted) override { return wanted; }
  Status step(Duration) override { return {}; }
  Status set_leap(env::LeapAction, std::optional<int>) override { return {}; }
  Status set_sync_status(const env::SyncStatus&) override { return {}; }
  std::optional<Duration> suspended() override { return std::nullopt; }

  RawTime time = RawTime::from_seconds(1'800'000'000);
  int reads = 0;
};

class FakeHost : public env::Host {
 public:
  void random(std::span<std::byte> out) override {
    for (auto& b : out) b = static_cast<std::byte>(random_.next());
  }
  void resolve(std::string, Family, Resolved) override {}
  env::Files& files() override { std::abort(); }
  void notify(const std::string&) override {}
  void mail(const std::string&) override {}
  Result<RawTime> read_rtc(const std::string&, bool) override { return Error{"no RTC here"}; }
  std::string machine_name() override { return "fake"; }
  int processors() override { return 1; }
  Result<std::unique_ptr<env::Worker>> start_worker(const std::string&) override { return Error{"no threads here"}; }
  void post(std::function<void()>) override {}

 private:
  SeededRandom random_{1};
};

// A request as it would come in from 192.0.2.1:40000 (or 2001:db8::1).
inline env::Datagram make_request(int version, ntp::Mode mode, Family family = Family::Inet4) {
  env::Datagram d;
  d.peer = {*IpAddress::parse(family == Family::Inet4 ? "192.0.2.1" : "2001:db8::1"), 40000, 0};
  d.local = *IpAddress::parse(family == Family::Inet4 ? "198.51.100.7" : "2001:db8::7");
  d.interface_index = 3;
  d.stamp.time = RawTime::from_seconds(1'799'999'999, 500'000'000);
  d.size = ntp::kHeaderSize;
  d.data.fill(std::byte{0});
  ntp::Header h;
  h.version = static_cast<std::uint8_t>(version);
  h.mode = mode;
  h.poll = 6;
  h.precision = 32;
  h.transmit.bits = 0x0123456789abcdefu;
  ntp::write_header(h, std::span(d.data).first<ntp::kHeaderSize>());
  return d;
}

}  // namespace timed::server

#endif  // TIMED_TESTS_UNIT_SERVER_FAKES_H_
