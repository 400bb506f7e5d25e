#include "timed/server/signd.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/unit/server/fakes.h"
#include "timed/base/bytes.h"
#include "timed/base/log.h"

namespace timed::server {
namespace {

// Samba's side of the connection.
struct Samba {
  std::vector<std::byte> asked;
  std::vector<std::byte> says;
  bool ended = false;
  std::size_t room = 1'000'000;  // octets that are taken now
  bool room_wanted = false;
  std::function<void()> event;
  int connections = 0;
};

class FakeStream : public env::StreamSocket {
 public:
  explicit FakeStream(Samba& samba) : samba_(samba) {}
  ~FakeStream() override { samba_.event = nullptr; }
  env::StreamRead receive(std::span<std::byte> into) override {
    const std::size_t n = std::min(into.size(), samba_.says.size());
    std::copy_n(samba_.says.begin(), n, into.begin());
    samba_.says.erase(samba_.says.begin(), samba_.says.begin() + static_cast<std::ptrdiff_t>(n));
    return {n, samba_.ended && n == 0};
  }
  Result<std::size_t> send(std::span<const std::byte> bytes) override {
    if (samba_.ended) return Error{"broken pipe"};
    const std::size_t n = std::min(bytes.size(), samba_.room);
    samba_.room -= n;
    samba_.asked.insert(samba_.asked.end(), bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(n));
    return n;
  }
  void on_event(std::function<void()> fn) override { samba_.event = std::move(fn); }
  void want_room(bool wanted) override { samba_.room_wanted = wanted; }

 private:
  Samba& samba_;
};

class SambaNetwork : public FakeNetwork {
 public:
  Result<std::unique_ptr<env::StreamSocket>> connect_unix(const std::string& path) override {
    paths.push_back(path);
    if (!runs) return Error{"Could not connect to " + path + " : No such file or directory"};
    ++samba.connections;
    samba.ended = false;
    return std::unique_ptr<env::StreamSocket>(std::make_unique<FakeStream>(samba));
  }
  Samba samba;
  bool runs = true;
  std::vector<std::string> paths;
};

class SigndTest : public testing::Test {
 protected:
  SigndTest() {
    log::set_sink([this](log::Severity, std::string_view text) { lines.emplace_back(text); });
  }
  ~SigndTest() override { log::set_sink({}); }

  static env::Datagram answer(std::uint32_t key) {
    env::Datagram d = make_request(3, ntp::Mode::Server);
    store_be(d.data.data() + ntp::kHeaderSize, key);
    d.size = Signd::kSignedSize;
    return d;
  }
  // What Samba answers to the latest question.
  void reply(std::uint32_t outcome = 3, std::uint32_t version = 0, std::uint32_t length = 80, int id_off = 0) {
    const std::size_t last = network.samba.asked.size() - 68;
    const auto id = load_be<std::uint16_t>(network.samba.asked.data() + last + 12);
    std::vector<std::byte> bytes(84, std::byte{0x5a});
    store_be(bytes.data(), length);
    store_be(bytes.data() + 4, version);
    store_be(bytes.data() + 8, outcome);
    store_be(bytes.data() + 12, static_cast<std::uint32_t>(id + id_off));
    network.samba.says = bytes;
    network.samba.event();
  }

  SambaNetwork network;
  std::vector<std::pair<std::size_t, env::Datagram>> sent;
  Signd signd{"/var/lib/samba/ntp_signd", network,
              [this](std::size_t place, env::Datagram& d) { sent.emplace_back(place, d); }};
  std::vector<std::string> lines;
};

TEST_F(SigndTest, AsksAsSambaExpectsAndSendsWhatItAnswers) {
  signd.sign(3, answer(0x000001f4));
  EXPECT_EQ(network.paths, std::vector<std::string>{"/var/lib/samba/ntp_signd/socket"});
  const auto& asked = network.samba.asked;
  ASSERT_EQ(asked.size(), 68u);
  EXPECT_EQ(load_be<std::uint32_t>(asked.data()), 64u);
  EXPECT_EQ(load_be<std::uint64_t>(asked.data() + 4), 0u) << "version 0, sign to client";
  EXPECT_EQ(load_be<std::uint16_t>(asked.data() + 14), 0u);
  EXPECT_EQ(load_be<std::uint32_t>(asked.data() + 16), 0x1f4u);
  EXPECT_TRUE(std::equal(asked.begin() + 20, asked.end(), answer(0).data.begin()));
  EXPECT_TRUE(sent.empty());
  reply();
  ASSERT_EQ(sent.size(), 1u);
  EXPECT_EQ(sent[0].first, 3u);
  EXPECT_EQ(sent[0].second.size, 68u);
  EXPECT_EQ(sent[0].second.data[0], std::byte{0x5a}) << "the whole packet is Samba's";
  EXPECT_EQ(sent[0].second.peer, answer(0).peer);
  EXPECT_EQ(signd.signed_answers(), 1u);
}

TEST_F(SigndTest, OneAfterTheOther) {
  for (std::uint32_t key = 1; key <= 3; ++key) signd.sign(0, answer(key));
  EXPECT_EQ(network.samba.asked.size(), 68u);
  for (int i = 0; i < 3; ++i) reply();
  EXPECT_EQ(network.samba.asked.size(), 3 * 68u);
  EXPECT_EQ(sent.size(), 3u);
  EXPECT_EQ(network.samba.connections, 1);
}

TEST_F(SigndTest, WhatComesInPiecesIsPutTogether) {
  network.samba.room = 10;
  signd.sign(0, answer(1));
  EXPECT_EQ(network.samba.asked.size(), 10u);
  EXPECT_TRUE(network.samba.room_wanted);
  network.samba.room = 1000;
  network.samba.event();
  EXPECT_EQ(network.samba.asked.size(), 68u);
  EXPECT_FALSE(network.samba.room_wanted);
  std::vector<std::byte> whole;
  reply();
  ASSERT_EQ(sent.size(), 1u);
  signd.sign(0, answer(2));
  const auto id = load_be<std::uint16_t>(network.samba.asked.data() + 68 + 12);
  whole.assign(84, std::byte{1});
  store_be(whole.data(), std::uint32_t{80});
  store_be(whole.data() + 4, std::uint32_t{0});
  store_be(whole.data() + 8, std::uint32_t{3});
  store_be(whole.data() + 12, std::uint32_t{id});
  for (const std::byte octet : whole) {
    network.samba.says = {octet};
    network.samba.event();
  }
  EXPECT_EQ(sent.size(), 2u);
}

TEST_F(SigndTest, WhatIsNoReplyEndsTheConnectionAndWhatWaited) {
  const std::vector<std::function<void()>> wrong = {[this] { reply(4); },
                                                    [this] { reply(3, 1); },
                                                    [this] { reply(3, 0, 81); },
                                                    [this] { reply(3, 0, 12); },
                                                    [this] { reply(3, 0, 80, 1); },
                                                    [this] {
                                                      network.samba.ended = true;
                                                      network.samba.event();
                                                    }};
  for (const auto& say : wrong) {
    const auto lost = signd.lost();
    signd.sign(0, answer(1));
    signd.sign(0, answer(2));
    say();
    EXPECT_EQ(signd.lost(), lost + 2);
    EXPECT_EQ(network.samba.event, nullptr) << "the connection is closed";
  }
  EXPECT_TRUE(sent.empty());
  signd.sign(0, answer(3));
  reply();
  EXPECT_EQ(sent.size(), 1u) << "and made anew for the next";
}

// A refusal is short.
TEST_F(SigndTest, AShortReplyIsNotWaitedFor) {
  signd.sign(0, answer(1));
  std::vector<std::byte> bytes(16, std::byte{0});
  store_be(bytes.data(), std::uint32_t{12});
  network.samba.says = bytes;
  network.samba.event();
  EXPECT_EQ(network.samba.event, nullptr);
  EXPECT_EQ(signd.lost(), 1u);
}

TEST_F(SigndTest, WhatIsSaidUnaskedEndsIt) {
  signd.sign(0, answer(1));
  reply();
  network.samba.says.assign(4, std::byte{0});
  network.samba.event();
  EXPECT_EQ(network.samba.event, nullptr);
}

TEST_F(SigndTest, TheQueueIsBounded) {
  for (std::uint32_t key = 0; key < 100; ++key) signd.sign(0, answer(key));
  EXPECT_EQ(signd.lost(), 100 - Signd::kWaiting);
  for (std::size_t i = 0; i < Signd::kWaiting; ++i) reply();
  EXPECT_EQ(sent.size(), Signd::kWaiting);
}

TEST_F(SigndTest, AMissingSambaIsToldOnce) {
  network.runs = false;
  for (int i = 0; i < 5; ++i) signd.sign(0, answer(1));
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_EQ(lines[0], "Could not connect to signd socket /var/lib/samba/ntp_signd/socket : No such file or directory");
  network.runs = true;
  signd.sign(0, answer(1));
  network.samba.ended = true;
  network.samba.event();
  network.runs = false;
  signd.sign(0, answer(1));
  EXPECT_EQ(lines.size(), 2u);
}

}  // namespace
}  // namespace timed::server
