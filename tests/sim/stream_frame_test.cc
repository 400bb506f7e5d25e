// Simulated connections, with programs of a few lines at their ends.
#include <gtest/gtest.h>

#include <array>
#include <string>

#include "tests/sim/idle.h"
#include "tests/sim/machine.h"

namespace timed::sim {
namespace {

std::string take(env::StreamSocket& stream, env::StreamRead& last) {
  std::string text;
  std::array<std::byte, 100> into{};
  do {
    last = stream.receive(into);
    text.append(reinterpret_cast<const char*>(into.data()), last.size);
  } while (last.size > 0);
  return text;
}

class Streams : public testing::Test {
 protected:
  static constexpr std::uint16_t kPort = 4460;

  explicit Streams(StreamModel model = {})
      : server_(shared_, {.name = "server", .sockets = {.addresses = addresses({"192.0.2.1"}), .streams = model}}),
        client_(shared_, {.name = "client", .sockets = {.addresses = addresses({"192.0.2.2"})}}) {
    shared_.network.set_link("client", "server", {.delay = Duration::millis(10)});
  }
  void listen(int backlog = 8) {
    listener_ =
        server_.sockets().listen_tcp({.local = {IpAddress::any(Family::Inet4), kPort, 0}, .backlog = backlog}).take();
    listener_->on_connection([this] {
      accepted_ = listener_->accept();
      accepted_->stream->on_event([this] { heard_ += take(*accepted_->stream, server_read_); });
    });
  }
  void connect() {
    stream_ = client_.sockets().connect_tcp({.remote = {*IpAddress::parse("192.0.2.1"), kPort, 0}}).take();
    stream_->on_event([this] {
      if (room_wanted_) arrived_ = world_.elapsed();
      stream_->want_room(room_wanted_ = false);
      answer_ += take(*stream_, client_read_);
      if (client_read_.failure) failure_ = client_read_.failure->reason();
    });
    stream_->want_room(true);
  }
  void say(const std::string& text) {
    EXPECT_EQ(*stream_->send(std::as_bytes(std::span<const char>(text))), text.size());
  }
  void run(double seconds) { world_.run_for(Duration::seconds(seconds)); }

  World world_{1};
  Shared shared_{world_};
  Machine server_, client_;
  Idle server_program_{server_}, client_program_{client_};
  std::unique_ptr<env::StreamListener> listener_;
  std::optional<env::StreamListener::Accepted> accepted_;
  std::unique_ptr<env::StreamSocket> stream_;
  bool room_wanted_ = true;
  std::optional<Duration> arrived_;
  std::string heard_, answer_, failure_;
  env::StreamRead server_read_, client_read_;
};

TEST_F(Streams, CarryOctetsBothWaysWithTheDelayOfTheLink) {
  listen();
  connect();
  run(1);
  ASSERT_TRUE(accepted_);
  EXPECT_EQ(accepted_->peer.address.to_string(), "192.0.2.2");
  ASSERT_TRUE(arrived_);
  EXPECT_NEAR(arrived_->to_seconds(), 0.020, 0.001);
  say("hello");
  say(" there");
  run(0.009);
  EXPECT_EQ(heard_, "");
  run(0.002);
  EXPECT_EQ(heard_, "hello there");
  EXPECT_EQ(*accepted_->stream->send(std::as_bytes(std::span<const char>("abc", 3))), 3u);
  accepted_->stream.reset();
  run(1);
  EXPECT_EQ(answer_, "abc");
  EXPECT_TRUE(client_read_.ended);
  EXPECT_EQ(failure_, "") << "closed in order";
}

TEST_F(Streams, AreRefusedWhereNobodyListens) {
  connect();
  run(1);
  EXPECT_TRUE(client_read_.ended);
  EXPECT_EQ(failure_, "Connection refused");
}

TEST_F(Streams, HangWhereTheNetworkIsCutAndGoOnAfterwards) {
  listen();
  shared_.network.set_cut_off("server", true);
  connect();
  run(5);
  EXPECT_FALSE(arrived_);
  EXPECT_EQ(*stream_->send(std::array<std::byte, 1>{}), 0u) << "on its way";
  shared_.network.set_cut_off("server", false);
  run(10);
  EXPECT_TRUE(arrived_);
  // Half open: the client has gone without a word.
  shared_.network.set_cut_off("client", true);
  stream_.reset();
  run(100);
  EXPECT_FALSE(server_read_.ended);
}

TEST_F(Streams, LossDelaysAndLosesNothing) {
  shared_.network.set_link("client", "server",
                           {.delay = Duration::millis(1), .jitter = Duration::millis(5), .loss = 0.4});
  listen();
  connect();
  run(30);
  std::string text;
  for (char c = 'a'; c <= 'z'; ++c) {
    say(std::string(1, c));
    text += c;
  }
  run(60);
  EXPECT_EQ(heard_.size(), text.size());
}

TEST_F(Streams, AreResetWithWhatWasNotRead) {
  listen();
  connect();
  run(1);
  accepted_->stream->on_event(nullptr);
  say("unread");
  run(1);
  accepted_.reset();
  run(1);
  EXPECT_EQ(failure_, "Connection reset by peer");
  EXPECT_FALSE(stream_->send(std::array<std::byte, 1>{}).ok());
}

TEST_F(Streams, WaitWhereTheQueueIsFull) {
  listen(1);
  std::vector<env::StreamListener::Accepted> all;
  listener_->on_connection(nullptr);
  connect();
  const auto second = client_.sockets().connect_tcp({.remote = {*IpAddress::parse("192.0.2.1"), kPort, 0}}).take();
  run(1.5);
  ASSERT_TRUE(listener_->accept());
  EXPECT_FALSE(listener_->accept());
  run(2);
  EXPECT_TRUE(listener_->accept());
}

TEST_F(Streams, ANetworkWithoutARouteSaysSo) {
  client_.sockets().set_route(*IpAddress::parse("192.0.2.1"), false);
  const auto connected = client_.sockets().connect_tcp({.remote = {*IpAddress::parse("192.0.2.1"), kPort, 0}});
  ASSERT_FALSE(connected.ok());
  EXPECT_EQ(connected.error().reason(), "Network is unreachable");
}

class NarrowStreams : public Streams {
 protected:
  NarrowStreams() : Streams({.segment = 1, .window = 4}) {}
};

TEST_F(NarrowStreams, CarrySmallSegmentsAndMakeTheSenderWait) {
  listen();
  connect();
  run(1);
  const std::string text = "0123456789";
  std::size_t sent = *stream_->send(std::as_bytes(std::span<const char>(text)));
  EXPECT_EQ(sent, 4u);
  stream_->on_event([&] {
    sent += *stream_->send(std::as_bytes(std::span<const char>(text)).subspan(sent));
    stream_->want_room(sent < text.size());
  });
  stream_->want_room(true);
  run(1);
  EXPECT_EQ(heard_, text);
}

}  // namespace
}  // namespace timed::sim
