#include "timed/client/session.h"

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "timed/base/bytes.h"
#include "timed/client/names.h"

namespace timed::client {
namespace {

using control::NSourcesReply;
using control::NSourcesRequest;
using Bytes = std::vector<std::byte>;

// A daemon that gives each request to a script, on a thread of its own.
class FakeDaemon {
 public:
  // The reply to the n-th request (from 0); empty = none.
  using Script = std::function<Bytes(std::size_t n, const Bytes& request)>;

  explicit FakeDaemon(Script script, const std::string& path = {}) : script_(std::move(script)), path_(path) {
    if (path.empty()) {
      fd_ = ::socket(AF_INET, SOCK_DGRAM, 0);
      sockaddr_in address{};
      address.sin_family = AF_INET;
      address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
      socklen_t length = sizeof address;
      EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), length), 0);
      EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &length), 0);
      port_ = ntohs(address.sin_port);
    } else {
      fd_ = ::socket(AF_UNIX, SOCK_DGRAM, 0);
      sockaddr_un address{};
      address.sun_family = AF_UNIX;
      std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
      EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
    }
    thread_ = std::thread([this] { serve(); });
  }
  ~FakeDaemon() {
    ending_ = true;
    thread_.join();
    ::close(fd_);
    if (!path_.empty()) ::unlink(path_.c_str());
  }

  std::uint16_t port() const { return port_; }
  std::vector<Bytes> requests() const {
    const std::lock_guard guard(lock_);
    return requests_;
  }
  std::string last_sender() const {
    const std::lock_guard guard(lock_);
    return last_sender_;
  }

 private:
  void serve() {
    while (!ending_) {
      pollfd readable{fd_, POLLIN, 0};
      if (::poll(&readable, 1, 20) <= 0) continue;
      Bytes request(2000);
      sockaddr_storage from{};
      socklen_t length = sizeof from;
      const ssize_t size =
          ::recvfrom(fd_, request.data(), request.size(), 0, reinterpret_cast<sockaddr*>(&from), &length);
      if (size < 0) continue;
      request.resize(static_cast<std::size_t>(size));
      std::size_t number = 0;
      {
        const std::lock_guard guard(lock_);
        if (from.ss_family == AF_UNIX) last_sender_ = reinterpret_cast<sockaddr_un*>(&from)->sun_path;
        number = requests_.size();
        requests_.push_back(request);
      }
      const Bytes reply = script_(number, request);
      if (!reply.empty()) {
        static_cast<void>(::sendto(fd_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), length));
      }
    }
  }

  Script script_;
  std::string path_;
  int fd_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> ending_{false};
  mutable std::mutex lock_;
  std::vector<Bytes> requests_;
  std::string last_sender_;
  std::thread thread_;
};

Bytes good_reply(const Bytes& request,
                 const control::Reply& reply = {control::ReplyStatus::Success, NSourcesReply{4}}) {
  control::RequestHeader header;
  header.command = load_be<std::uint16_t>(&request[4]);
  header.sequence = load_be<std::uint32_t>(&request[8]);
  Bytes bytes(control::kMaxReply);
  bytes.resize(write_reply(bytes, header, reply));
  return bytes;
}

SessionOptions to_port(std::uint16_t port) {
  SessionOptions options;
  options.hosts = {"127.0.0.1"};
  options.port = port;
  return options;
}

std::uint32_t sequence_of(const Bytes& request) {
  return load_be<std::uint32_t>(&request[8]);
}
std::uint16_t attempt_of(const Bytes& request) {
  return load_be<std::uint16_t>(&request[6]);
}

TEST(Hosts, AreSplitAtCommas) {
  EXPECT_EQ(split_hosts("/run/x.sock,127.0.0.1,,::1,"), (std::vector<std::string>{"/run/x.sock", "127.0.0.1", "::1"}));
  EXPECT_TRUE(split_hosts("").empty());
  const auto hosts = default_hosts();
  ASSERT_EQ(hosts.size(), 4u);
  EXPECT_TRUE(hosts[0].starts_with("/") && hosts[0].ends_with("/timed.sock"));
  EXPECT_EQ(hosts[1], "/run/chrony/chronyd.sock") << "orders are taken there alone";
  EXPECT_EQ(hosts[2], "127.0.0.1");
  EXPECT_EQ(hosts[3], "::1");
}

TEST(Hosts, AreResolvedInTheWantedFamily) {
  ASSERT_EQ(resolve("127.0.0.1", 7, Family::Unspecified).size(), 1u);
  EXPECT_EQ(resolve("127.0.0.1", 7, Family::Unspecified)[0], (Endpoint{IpAddress::loopback(Family::Inet4), 7, 0}));
  EXPECT_TRUE(resolve("127.0.0.1", 7, Family::Inet6).empty());
}

TEST(Session, AsksAndHears) {
  FakeDaemon daemon([](std::size_t, const Bytes& request) { return good_reply(request); });
  Session session(to_port(daemon.port()));
  ASSERT_TRUE(session.open());
  auto reply = session.ask_for<NSourcesReply>(NSourcesRequest{});
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->count, 4u);
  EXPECT_EQ(daemon.requests().at(0).size(), 32u);
}

TEST(Session, ReportsTheStatusOfAFailure) {
  FakeDaemon daemon([](std::size_t, const Bytes& request) {
    return good_reply(request, control::Reply::failure(control::ReplyStatus::Unauthorised));
  });
  Session session(to_port(daemon.port()));
  EXPECT_EQ(session.ask_for<NSourcesReply>(NSourcesRequest{}).error().message, "501 Not authorised");
}

TEST(Session, CallsAWrongReplyBad) {
  FakeDaemon daemon([](std::size_t n, const Bytes& request) {
    return good_reply(request, {control::ReplyStatus::Success,
                                n == 0 ? control::ReplyBody() : control::ReplyBody(control::ActivityReply{})});
  });
  Session session(to_port(daemon.port()));
  EXPECT_EQ(session.ask_for<NSourcesReply>(NSourcesRequest{}).error().message, "508 Bad reply from daemon");
  EXPECT_EQ(session.ask_for<NSourcesReply>(NSourcesRequest{}).error().message, "508 Bad reply from daemon");
}

TEST(Session, AsksAgainWithANewSequence) {
  FakeDaemon daemon([](std::size_t n, const Bytes& request) { return n < 2 ? Bytes() : good_reply(request); });
  Session session(to_port(daemon.port()));
  session.set_timeout(Duration::millis(100));
  ASSERT_TRUE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
  const auto requests = daemon.requests();
  ASSERT_EQ(requests.size(), 3u);
  for (std::uint16_t i = 0; i < 3; ++i) EXPECT_EQ(attempt_of(requests[i]), i);
  EXPECT_NE(sequence_of(requests[0]), sequence_of(requests[1]));
  EXPECT_NE(sequence_of(requests[1]), sequence_of(requests[2]));
}

TEST(Session, IgnoresALateReplyToAnEarlierTransmission) {
  Bytes first;
  FakeDaemon daemon([&first](std::size_t n, const Bytes& request) {
    if (n == 0) first = good_reply(request, {control::ReplyStatus::Success, NSourcesReply{99}});
    if (n == 1) return first;
    return n == 2 ? good_reply(request) : Bytes();
  });
  Session session(to_port(daemon.port()));
  session.set_timeout(Duration::millis(100));
  EXPECT_EQ(session.ask_for<NSourcesReply>(NSourcesRequest{})->count, 4u);
}

TEST(Session, AsksAgainAtOnceAfterAShortReply) {
  FakeDaemon daemon([](std::size_t n, const Bytes& request) {
    Bytes reply = good_reply(request);
    if (n == 0) reply.resize(28);
    return reply;
  });
  Session session(to_port(daemon.port()));
  session.set_timeout(Duration::seconds(200));  // waiting for it would end the test
  EXPECT_TRUE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
  EXPECT_EQ(daemon.requests().size(), 2u);
}

TEST(Session, SpeaksVersion5WithAnOldDaemonFromThenOn) {
  FakeDaemon daemon([](std::size_t, const Bytes& request) {
    Bytes reply = good_reply(request);
    if (request[0] == std::byte{6}) {
      reply = good_reply(request, control::Reply::failure(control::ReplyStatus::BadVersion));
    }
    reply[0] = std::byte{5};
    return reply;
  });
  Session session(to_port(daemon.port()));
  session.set_retries(0);
  EXPECT_TRUE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
  EXPECT_TRUE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
  const auto requests = daemon.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[1].size(), 20u);
  EXPECT_EQ(requests[2].size(), 20u);
  EXPECT_EQ(attempt_of(requests[1]), 0);
}

TEST(Session, GivesUpAfterItsRetries) {
  FakeDaemon daemon([](std::size_t, const Bytes&) { return Bytes(); });
  Session session(to_port(daemon.port()));
  session.set_timeout(Duration::millis(100));
  session.set_retries(1);
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_EQ(session.ask_for<NSourcesReply>(NSourcesRequest{}).error().message, "506 Cannot talk to daemon");
  EXPECT_EQ(daemon.requests().size(), 2u);
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(299))
      << "the second waits twice as long";
}

// A port that was just closed refuses; with the usual timeouts waiting for it would take seven seconds.
TEST(Session, DoesNotWaitForARefusedPort) {
  std::uint16_t closed = 0;
  {
    closed = FakeDaemon([](std::size_t, const Bytes&) { return Bytes(); }).port();
  }
  Session session(to_port(closed));
  session.set_timeout(Duration::seconds(200));
  EXPECT_EQ(session.ask_for<NSourcesReply>(NSourcesRequest{}).error().message, "506 Cannot talk to daemon");
}

TEST(Session, TriesTheNextAddressAndLaterTheFirstAgain) {
  std::atomic<bool> silent{true};
  FakeDaemon daemon([&silent](std::size_t, const Bytes& request) { return silent ? Bytes() : good_reply(request); });
  SessionOptions options = to_port(daemon.port());
  options.hosts = {"/nonexistent/timed.sock", "127.0.0.1"};
  Session session(options);
  session.set_timeout(Duration::millis(100));
  session.set_retries(0);
  EXPECT_FALSE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
  silent = false;
  EXPECT_TRUE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
}

TEST(Session, CannotBeOpenedWithoutAnAddress) {
  SessionOptions options;
  options.hosts = {"/nonexistent/timed.sock"};
  EXPECT_FALSE(Session(options).open());
}

TEST(Session, AsksForTheConfiguredName) {
  FakeDaemon daemon([](std::size_t n, const Bytes& request) {
    if (n > 0) return good_reply(request, control::Reply::failure(control::ReplyStatus::Unauthorised));
    return good_reply(request, {control::ReplyStatus::Success, control::NtpSourceNameReply{"ntp.example.com"}});
  });
  Session session(to_port(daemon.port()));
  NamingOptions naming;
  naming.original = true;
  EXPECT_EQ(source_name(session, IpAddress::v4(0x01020304), naming).text, "ntp.example.com");
  const Name unnamed = source_name(session, IpAddress::v4(0x01020304), naming);
  EXPECT_EQ(unnamed.text, "?");
  EXPECT_EQ(unnamed.failure, "501 Not authorised");
}

class UnixSession : public testing::Test {
 protected:
  UnixSession() {
    std::array<char, 32> shape{"/tmp/timed_session_XXXXXX"};
    directory = ::mkdtemp(shape.data());
    options.hosts = {directory + "/timed.sock"};
  }
  ~UnixSession() override { std::filesystem::remove_all(directory); }
  std::size_t entries() const {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(directory), {}));
  }
  std::string outer() const { return directory + "/timedc." + std::to_string(::getpid()); }

  std::string directory;
  SessionOptions options;
};

TEST_F(UnixSession, IsAnsweredAtAPathOfItsOwnAndRemovesIt) {
  std::array<mode_t, 3> modes{};
  FakeDaemon daemon(
      [&](std::size_t, const Bytes& request) {
        struct stat status {};
        const std::filesystem::path socket =
            *std::filesystem::directory_iterator(std::filesystem::directory_iterator(outer())->path());
        if (::stat(outer().c_str(), &status) == 0) modes[0] = status.st_mode & 0777;
        if (::stat(socket.parent_path().c_str(), &status) == 0) modes[1] = status.st_mode & 0777;
        if (::stat(socket.c_str(), &status) == 0) modes[2] = status.st_mode & 0777;
        return good_reply(request);
      },
      directory + "/timed.sock");
  const mode_t mask = ::umask(0077);
  {
    Session session(options);
    EXPECT_TRUE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
    EXPECT_EQ(modes, (std::array<mode_t, 3>{0711, 0711, 0666}));
    EXPECT_EQ(daemon.last_sender().size(), outer().size() + 1 + 16 + 5);
    EXPECT_TRUE(daemon.last_sender().starts_with(outer() + "/"));
    EXPECT_TRUE(daemon.last_sender().ends_with("/sock"));
  }
  ::umask(mask);
  EXPECT_EQ(entries(), 1u);  // the daemon's socket
}

TEST_F(UnixSession, AsksTheNextAddressWhereTheFirstIsSilent) {
  FakeDaemon silent([](std::size_t, const Bytes&) { return Bytes(); }, directory + "/timed.sock");
  FakeDaemon other([](std::size_t, const Bytes& request) { return good_reply(request); });
  options.hosts.emplace_back("127.0.0.1");
  options.port = other.port();
  Session session(options);
  session.set_timeout(Duration::millis(100));
  session.set_retries(0);
  EXPECT_TRUE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
  EXPECT_EQ(silent.requests().size(), 1u);
  EXPECT_TRUE(session.ask_for<NSourcesReply>(NSourcesRequest{}).ok());
  EXPECT_EQ(silent.requests().size(), 1u) << "it stays with whom it has found";
}

TEST_F(UnixSession, MakesNothingWhereNobodyListens) {
  Session session(options);
  EXPECT_FALSE(session.open());
  EXPECT_EQ(entries(), 0u);
}

TEST_F(UnixSession, RefusesADirectoryThatOthersMayChange) {
  FakeDaemon daemon([](std::size_t, const Bytes& request) { return good_reply(request); }, directory + "/timed.sock");
  ASSERT_TRUE(std::filesystem::create_directory(outer()));
  ASSERT_EQ(::chmod(outer().c_str(), 0777), 0);
  EXPECT_FALSE(Session(options).open());
  ASSERT_EQ(::chmod(outer().c_str(), 0700), 0);
  EXPECT_TRUE(Session(options).open());
}

TEST_F(UnixSession, RefusesASymbolicLinkForItsDirectory) {
  FakeDaemon daemon([](std::size_t, const Bytes& request) { return good_reply(request); }, directory + "/timed.sock");
  ASSERT_TRUE(std::filesystem::create_directory(directory + "/elsewhere"));
  std::filesystem::create_directory_symlink(directory + "/elsewhere", outer());
  EXPECT_FALSE(Session(options).open());
  EXPECT_TRUE(std::filesystem::is_empty(directory + "/elsewhere"));
}

TEST_F(UnixSession, RemovesItsPathWhenASignalEndsIt) {
  FakeDaemon daemon([](std::size_t, const Bytes&) { return Bytes(); }, directory + "/timed.sock");
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ReplyPath::remove_on_signals();
    Session session(options);
    if (session.open()) ::raise(SIGTERM);
    ::_exit(0);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status));
  EXPECT_EQ(WTERMSIG(status), SIGTERM);
  EXPECT_EQ(entries(), 1u);
}

}  // namespace
}  // namespace timed::client
