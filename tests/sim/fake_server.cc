#include "tests/sim/fake_server.h"

#include <algorithm>
#include <array>

#include "timed/base/check.h"

namespace timed::sim {
namespace {

constexpr std::uint16_t kNtpPort = 123;

MachineModel model_of(const std::string& name, const std::string& address) {
  MachineModel model;
  model.name = name;
  model.sockets.addresses = addresses({address});
  return model;
}

}  // namespace

std::vector<std::byte> FakeAnswer::bytes() const {
  std::vector<std::byte> all(ntp::kHeaderSize);
  ntp::write_header(header, std::span(all).first<ntp::kHeaderSize>());
  all.insert(all.end(), trailer.begin(), trailer.end());
  if (size) all.resize(*size);
  return all;
}

FakeServer::FakeServer(Shared& shared, const std::string& name, const std::string& address)
    : shared_(shared), machine_(shared, model_of(name, address)) {
  machine_.loop().run_daemon(this);
  env::UdpOptions options;
  options.local = {addresses({address}).front(), kNtpPort, 0};
  auto socket = machine_.sockets().open_udp(options);
  TIMED_ASSERT(socket.ok());
  socket_ = socket.take();
  socket_->on_readable([this] { on_readable(); });
}

FakeServer::~FakeServer() {
  machine_.loop().run_daemon(nullptr);
}

void FakeServer::change(std::function<void(ntp::Header&)> fn) {
  play([fn = std::move(fn)](const ntp::Header&, const FakeAnswer& honest) {
    FakeAnswer changed = honest;
    fn(changed.header);
    return std::vector{changed};
  });
}

void FakeServer::on_readable() {
  std::array<env::Datagram, 4> batch;
  const std::size_t count = socket_->receive(batch);
  for (std::size_t i = 0; i < count; ++i) answer(batch[i]);
}

void FakeServer::answer(const env::Datagram& request) {
  const auto view = ntp::PacketView::parse(request.bytes());
  if (!view.ok() || view.header().mode != ntp::Mode::Client) return;
  ++requests_;
  last_client_ = request.peer;
  const FakeAnswer honest = honest_answer(view.header(), request.stamp.time);
  for (const FakeAnswer& answer : trick_ ? trick_(view.header(), honest) : std::vector{honest}) {
    machine_.world().after(answer.later, [this, answer, to = request.peer] { send(answer, to); });
  }
}

FakeAnswer FakeServer::honest_answer(const ntp::Header& request, RawTime received) {
  ntp::Header header;
  header.version = request.version;
  header.mode = ntp::Mode::Server;
  header.stratum = 1;
  header.poll = request.poll;
  header.precision = -23;
  header.root_dispersion = ntp::NtpShort::from(Duration::micros(20));
  header.ref_id = ntp::RefId::text("FAKE");
  header.reference = ntp::NtpTimestamp::from(received - Duration::seconds(1));
  header.origin = request.transmit;
  header.receive = ntp::NtpTimestamp::from(received);
  header.transmit = ntp::NtpTimestamp::from(machine_.clock().exact_now());
  FakeAnswer answer{.header = header};
  if (key_ != nullptr) {
    std::vector<std::byte> mac(ntp::kMaxMac);
    mac.resize(key_->sign(header.version, answer.bytes(), mac));
    answer.trailer = mac;
  }
  return answer;
}

// Past the socket, so that any sender and any size can be sent.
void FakeServer::send(const FakeAnswer& answer, const Endpoint& to) {
  const Endpoint from = answer.from.value_or(socket_->local_endpoint());
  shared_.network.send(machine_.sockets(), {from, to, answer.bytes()});
}

}  // namespace timed::sim
