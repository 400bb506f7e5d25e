#include "src/os/stream.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "src/os/unix_address.h"
#include "tests/unit/os/temporary_directory.h"
#include "tests/unit/os/turns.h"

namespace timed::os {
namespace {

class Stream : public testing::Test {
 protected:
  Stream() : listener_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address;
    const socklen_t length = to_unix_address(path_, address);
    EXPECT_EQ(::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), length), 0);
    EXPECT_EQ(::listen(listener_.get(), 1), 0);
  }
  std::unique_ptr<env::StreamSocket> connect() {
    auto connected = LinuxStream::connect_unix(*loop_, path_);
    EXPECT_TRUE(connected.ok()) << connected.error().message;
    other_ = Descriptor(::accept(listener_.get(), nullptr, nullptr));
    return connected.take();
  }
  void say(const std::string& text) const {
    EXPECT_EQ(::write(other_.get(), text.data(), text.size()), static_cast<ssize_t>(text.size()));
  }

  TemporaryDirectory directory_;
  std::string path_ = directory_ / "socket";
  Descriptor listener_;
  Descriptor other_;
  std::unique_ptr<Loop> loop_ = make_loop();
};

TEST_F(Stream, CarriesOctetsBothWays) {
  const auto stream = connect();
  std::string heard;
  stream->on_event([&] {
    std::array<std::byte, 64> into{};
    const auto read = stream->receive(into);
    heard.append(reinterpret_cast<const char*>(into.data()), read.size);
    EXPECT_FALSE(read.ended);
  });
  say("hello ");
  say("there");
  EXPECT_TRUE(run_until(*loop_, [&] { return heard == "hello there"; }));
  const std::array<std::byte, 3> sent{std::byte{'a'}, std::byte{'b'}, std::byte{'c'}};
  EXPECT_EQ(*stream->send(sent), 3u);
  char got[4] = {};
  EXPECT_EQ(::read(other_.get(), got, 3), 3);
  EXPECT_STREQ(got, "abc");
  std::array<std::byte, 8> none{};
  EXPECT_EQ(stream->receive(none).size, 0u);
  EXPECT_FALSE(stream->receive(none).ended) << "nothing there is no end";
}

TEST_F(Stream, TellsThatTheOtherSideHasClosed) {
  auto stream = connect();
  bool ended = false;
  stream->on_event([&] {
    std::array<std::byte, 8> into{};
    ended = stream->receive(into).ended;
    stream.reset();  // allowed from inside
  });
  other_.close();
  EXPECT_TRUE(run_until(*loop_, [&] { return ended; }));
  EXPECT_EQ(stream, nullptr);
}

TEST_F(Stream, WaitsForRoom) {
  const auto stream = connect();
  const std::vector<std::byte> much(1 << 20);
  std::size_t sent = 0;
  std::size_t read = 0;
  while (const std::size_t some = *stream->send(std::span(much).subspan(sent))) sent += some;
  ASSERT_LT(sent, much.size());
  int events = 0;
  stream->on_event([&] {
    ++events;
    while (const std::size_t some = *stream->send(std::span(much).subspan(sent))) sent += some;
    stream->want_room(sent < much.size());
  });
  run_for(*loop_, Duration::millis(2));
  EXPECT_EQ(events, 0) << "not asked for";
  stream->want_room(true);
  std::vector<char> into(1 << 16);
  EXPECT_TRUE(run_until(*loop_, [&] {
    loop_->call_at(loop_->now(), [] {});  // another turn, whatever happens
    const auto got = ::recv(other_.get(), into.data(), into.size(), MSG_DONTWAIT);
    if (got > 0) read += static_cast<std::size_t>(got);
    return read == much.size();
  }));
  const int at_end = events;
  run_for(*loop_, Duration::millis(2));
  EXPECT_EQ(events, at_end) << "no more once all has left";
}

TEST_F(Stream, SendingToWhoHasGoneFailsWithoutASignal) {
  const auto stream = connect();
  other_.close();
  const std::array<std::byte, 3> sent{};
  EXPECT_FALSE(stream->send(sent).ok());
}

TEST(StreamWithoutListener, SaysWhy) {
  const auto loop = make_loop();
  TemporaryDirectory directory;
  const std::string path = directory / "nobody";
  const auto connected = LinuxStream::connect_unix(*loop, path);
  ASSERT_FALSE(connected.ok());
  EXPECT_EQ(connected.error().reason(), "No such file or directory") << connected.error().message;
  EXPECT_FALSE(LinuxStream::connect_unix(*loop, std::string(200, 'x')).ok());
}

}  // namespace
}  // namespace timed::os
