// Servers that derive the keys of their cookies from one secret: a client may be answered by any of them.
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>

#include "tests/sim/scenario.h"
#include "timed/auth/cookie_keys.h"
#include "timed/auth/cookies.h"
#include "timed/auth/nts_client.h"
#include "timed/base/check.h"

namespace timed::sim {
namespace {

using auth::AeadId;
using auth::NtsReply;

constexpr const char* kSecret = "/etc/secret";
constexpr const char* kDigits = "00112233445566778899aabbccddeeff\n";
constexpr int kPeriod = 600;
const std::string kConfig = "allow\nntskeysecret /etc/secret\nntsrotate " + std::to_string(kPeriod) + "\n";

// A client of a few lines, which has established keys with whoever has the secret.
class Asker : private env::TurnTaker {
 public:
  explicit Asker(Scenario& scenario)
      : scenario_(scenario),
        machine_(scenario.shared(), model()),
        random_([this](std::span<std::byte> out) { machine_.host().random(out); }) {
    machine_.loop().run_daemon(this);
    establish();
  }
  ~Asker() override { machine_.loop().run_daemon(nullptr); }
  // What the server says; empty where it says nothing.
  std::optional<NtsReply> ask(const std::string& server) {
    env::UdpOptions options;
    options.local = {addresses({"10.0.0.9"}).front(), 0, 0};
    auto socket = machine_.sockets().open_udp(options);
    TIMED_ASSERT(socket.ok());
    std::optional<NtsReply> reply;
    env::Datagram datagram;
    (*socket)->on_readable([&] {
      if ((*socket)->receive(std::span(&datagram, 1)) == 0) return;
      reply = client_->check(ntp::PacketView::parse(datagram.bytes()));
    });
    env::Datagram request;
    ntp::Header header;
    header.mode = ntp::Mode::Client;
    header.transmit = {random_.u64()};
    ntp::write_header(header, std::span(request.data).first<ntp::kHeaderSize>());
    request.peer = {addresses({server}).front(), 123, 0};
    request.size = client_->write(request.data, ntp::kHeaderSize, random_);
    TIMED_ASSERT(request.size > 0 && (*socket)->send(std::span(&request, 1)).sent == 1);
    scenario_.run_for(Duration::seconds(1));
    return reply;
  }
  // Cookies of now.
  void establish() {
    auth::SessionKeys keys;
    keys.aead = AeadId::SivCmac256;
    random_.bytes(keys.octets);
    client_.emplace(std::move(*auth::NtsClient::make(keys)));
    auto secret = auth::CookieKeys::read_secret(kDigits);
    const auto period = auth::CookieKeys::period_at(
        LocalTime::from_nanos(scenario_.world().now().nanos()), kPeriod);
    auth::Cookies maker;
    TIMED_ASSERT(maker.use(*auth::CookieKeys::derive(*secret, AeadId::GcmSiv128, period)));
    std::array<std::byte, auth::Cookies::kMaxSize> cookie;
    const std::size_t size = maker.seal(keys, random_, cookie);
    TIMED_ASSERT(client_->add_cookie(std::span(cookie).first(size)));
  }

 private:
  static MachineModel model() {
    MachineModel model;
    model.name = "asker";
    model.sockets.addresses = addresses({"10.0.0.9"});
    return model;
  }
  void begin_turn(Duration) override {}
  void end_turn() override {}
  void on_hangup() override {}
  bool wants_exit() const override { return false; }

  Scenario& scenario_;
  Machine machine_;
  EntropyPool random_;
  std::optional<auth::NtsClient> client_;
};

ClockModel clock_off_by(double seconds) {
  ClockModel model = usual_clock();
  model.start_error = Duration::seconds(seconds);
  return model;
}

TEST(NtsFleet, AnyOfItTakesTheCookiesOfAnyOther) {
  Scenario scenario(20261127);
  for (int i = 1; i <= 3; ++i) {
    Node& node = scenario.add("s" + std::to_string(i), {"10.0.0." + std::to_string(i)}, clock_off_by(20.0 * (i - 2)),
                              kConfig + (i == 3 ? "serverthreads 2\n" : ""));
    node.files().put(kSecret, kDigits);
  }
  scenario.start_all();
  scenario.run_for(Duration::seconds(1));
  Asker asker(scenario);
  // Past the last key that is kept, again and again, through the moments at which some have changed and others not.
  for (int i = 0; i < 400; ++i) {
    const std::string server = "10.0.0." + std::to_string(1 + (i * 7 + i / 5) % 3);
    ASSERT_EQ(asker.ask(server), NtsReply::Authentic) << i << " " << server;
    scenario.run_for(Duration::seconds(i % 2 == 0 ? 9 : 16));
  }
  EXPECT_GT(scenario.world().elapsed(), Duration::seconds(8 * kPeriod));
}

TEST(NtsFleet, TakesNoCookieThatIsTooOldOrOfAnotherSecret) {
  Scenario scenario(20261128);
  Node& own = scenario.add("own", {"10.0.0.1"}, usual_clock(), kConfig);
  Node& other = scenario.add("other", {"10.0.0.2"}, usual_clock(), kConfig);
  own.files().put(kSecret, kDigits);
  other.files().put(kSecret, "ff112233445566778899aabbccddeeff\n");
  scenario.start_all();
  scenario.run_for(Duration::seconds(1));
  Asker asker(scenario);
  EXPECT_EQ(asker.ask("10.0.0.2"), NtsReply::Nak);
  asker.establish();
  scenario.run_for(Duration::seconds(3 * kPeriod));
  EXPECT_EQ(asker.ask("10.0.0.1"), NtsReply::Nak);
  asker.establish();
  EXPECT_EQ(asker.ask("10.0.0.1"), NtsReply::Authentic);
}

TEST(NtsFleet, FollowsAClockThatIsSetRightLate) {
  Scenario scenario(20261129);
  ClockModel lost = usual_clock();
  lost.start_error = Duration::seconds(-1e7);
  Node& node = scenario.add("lost", {"10.0.0.1"}, lost, kConfig + "server 10.0.0.3 iburst\nmakestep 1 3\n");
  scenario.add_server("right", {"10.0.0.3"});
  node.files().put(kSecret, kDigits);
  scenario.start_all();
  Asker asker(scenario);
  scenario.run_for(Duration::seconds(1));
  EXPECT_EQ(asker.ask("10.0.0.1"), NtsReply::Nak);
  scenario.run_for(Duration::seconds(60));
  asker.establish();
  EXPECT_EQ(asker.ask("10.0.0.1"), NtsReply::Authentic) << scenario.report(node);
}

TEST(NtsFleet, KeysInAFileOutliveARestartAndChangeInTime) {
  Scenario scenario(20261130);
  const std::string config = "allow\nntsdumpdir /var/nts\nntsservercert /c\nntsserverkey /k\nntsrotate 600\n";
  Node& node = scenario.add("s", {"10.0.0.1"}, usual_clock(), config);
  node.files().put("/var/nts/other", "");
  scenario.start_all();
  scenario.run_for(Duration::seconds(100));
  const auto kept = [&node] {
    auto text = node.files().read("/var/nts/ntskeys");
    EXPECT_TRUE(text.ok());
    return auth::CookieKeys::read(text.take())->keys.current().id;
  };
  const std::uint32_t first = kept();
  node.stop();
  ASSERT_TRUE(node.start().ok());
  EXPECT_TRUE(node.log().contains("Loaded server NTS keys")) << scenario.report(node);
  scenario.run_for(Duration::seconds(499));
  EXPECT_EQ(kept(), first);
  scenario.run_for(Duration::seconds(2));
  EXPECT_NE(kept(), first);
}

}  // namespace
}  // namespace timed::sim
