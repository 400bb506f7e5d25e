// A server of a few lines: it answers requests with what a test makes of an honest answer.
#ifndef TIMED_TESTS_SIM_FAKE_SERVER_H_
#define TIMED_TESTS_SIM_FAKE_SERVER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/sim/machine.h"
#include "timed/auth/key_store.h"
#include "timed/env/host.h"
#include "timed/env/network.h"
#include "timed/ntp/packet.h"

namespace timed::sim {

// A packet that goes back.
struct FakeAnswer {
  ntp::Header header;
  std::vector<std::byte> trailer{};   // follows the header
  std::optional<std::size_t> size{};  // octets in all: cut, or filled up with zeros
  Duration later = Duration::zero();  // after the request has come
  std::optional<Endpoint> from{};     // another sender than the server
  std::vector<std::byte> bytes() const;
};

class FakeServer : private env::TurnTaker {
 public:
  // All answers to a request; `honest` is that of a stratum 1 whose clock is right.
  using Trick = std::function<std::vector<FakeAnswer>(const ntp::Header& request, const FakeAnswer& honest)>;

  FakeServer(Shared& shared, const std::string& name, const std::string& address);
  ~FakeServer() override;

  void play(Trick trick) { trick_ = std::move(trick); }
  // One answer, changed.
  void change(std::function<void(ntp::Header&)> fn);
  void be_honest() { trick_ = nullptr; }
  // Honest answers are signed from now on; the key outlives the server.
  void sign_with(const auth::Key& key) { key_ = &key; }
  int requests() const { return requests_; }
  Endpoint last_client() const { return last_client_; }
  Machine& machine() { return machine_; }

 private:
  void begin_turn(Duration) override {}
  void end_turn() override {}
  void on_hangup() override {}
  bool wants_exit() const override { return false; }
  void on_readable();
  void answer(const env::Datagram& request);
  FakeAnswer honest_answer(const ntp::Header& request, RawTime received);
  void send(const FakeAnswer& answer, const Endpoint& to);

  Shared& shared_;
  Machine machine_;
  std::unique_ptr<env::UdpSocket> socket_;
  Trick trick_;
  const auth::Key* key_ = nullptr;
  int requests_ = 0;
  Endpoint last_client_;
};

}  // namespace timed::sim

#endif  // TIMED_TESTS_SIM_FAKE_SERVER_H_
