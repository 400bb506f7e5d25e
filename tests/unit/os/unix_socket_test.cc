#include "src/os/unix_socket.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <string>

#include "tests/unit/os/temporary_directory.h"
#include "tests/unit/os/turns.h"

namespace timed::os {
namespace {

// A client as chronyc is one: bound to a path of its own, or not.
class Client {
 public:
  explicit Client(const std::string& path) : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    if (path.empty()) return;
    const sockaddr_un own = address(path);
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&own), sizeof own), 0) << path;
  }
  static sockaddr_un address(const std::string& path) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    std::memcpy(out.sun_path, path.data(), path.size());
    return out;
  }
  void bind_abstract(const std::string& name) {
    const std::string path = std::string(1, '\0') + name;
    const sockaddr_un own = address(path);
    const auto length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size());
    EXPECT_EQ(::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&own), length), 0);
  }
  void send(const std::string& to, const std::string& text) {
    const sockaddr_un other = address(to);
    EXPECT_EQ(
        ::sendto(socket_.get(), text.data(), text.size(), 0, reinterpret_cast<const sockaddr*>(&other), sizeof other),
        static_cast<ssize_t>(text.size()));
  }
  void send_descriptor(const std::string& to, int passed) {
    sockaddr_un other = address(to);
    char text[] = "with a descriptor";
    iovec data{text, sizeof text};
    alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
    msghdr header{};
    header.msg_name = &other;
    header.msg_namelen = sizeof other;
    header.msg_iov = &data;
    header.msg_iovlen = 1;
    header.msg_control = control;
    header.msg_controllen = sizeof control;
    cmsghdr* const item = CMSG_FIRSTHDR(&header);
    item->cmsg_level = SOL_SOCKET;
    item->cmsg_type = SCM_RIGHTS;
    item->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(item), &passed, sizeof passed);
    EXPECT_GT(::sendmsg(socket_.get(), &header, 0), 0);
  }
  std::string receive() {
    char text[64];
    const auto got = ::recv(socket_.get(), text, sizeof text, MSG_DONTWAIT);
    return got < 0 ? "nothing" : std::string(text, static_cast<std::size_t>(got));
  }

 private:
  Descriptor socket_;
};

class Unix : public testing::Test {
 protected:
  std::unique_ptr<env::UnixSocket> open() {
    auto opened = LinuxUnixSocket::open(*loop_, {.path = path_});
    EXPECT_TRUE(opened.ok()) << opened.error().message;
    return opened.take();
  }
  static std::string text_of(const env::UnixMessage& message) {
    return std::string(reinterpret_cast<const char*>(message.bytes().data()), message.bytes().size());
  }
  static std::size_t open_descriptors() {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) count += entry.exists() ? 1 : 0;
    return count;
  }

  std::unique_ptr<Loop> loop_ = make_loop();
  TemporaryDirectory directory_;
  std::string path_ = directory_ / "timed.sock";
};

TEST_F(Unix, AnswersAClient) {
  const auto socket = open();
  Client client(directory_ / "client.sock");
  std::optional<env::UnixMessage> message;
  socket->on_readable([&] { message = socket->receive(); });
  client.send(path_, "request");
  ASSERT_TRUE(run_until(*loop_, [&] { return message.has_value(); }));
  EXPECT_EQ(text_of(*message), "request");
  EXPECT_EQ(message->reply_path, directory_ / "client.sock");
  EXPECT_EQ(message->sender.pid, ::getpid());
  EXPECT_EQ(message->sender.uid, static_cast<std::int64_t>(::getuid()));
  EXPECT_EQ(message->sender.gid, static_cast<std::int64_t>(::getgid()));
  const std::string reply = "reply";
  EXPECT_TRUE(socket->reply(message->reply_path, std::as_bytes(std::span(reply))).ok());
  EXPECT_EQ(client.receive(), "reply");
  EXPECT_FALSE(socket->receive().has_value());
}

TEST_F(Unix, DropsWhatCannotBeAnswered) {
  const auto socket = open();
  Client unbound("");
  Client abstract("");
  abstract.bind_abstract("timed-test-" + std::to_string(::getpid()));
  Client proper(directory_ / "client.sock");
  unbound.send(path_, "unbound");
  abstract.send(path_, "abstract");
  proper.send(path_, std::string(env::kMaxControlMessage + 1, 'x'));
  proper.send(path_, std::string(env::kMaxControlMessage, 'y'));
  const auto message = socket->receive();
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(text_of(*message), std::string(env::kMaxControlMessage, 'y'));
  EXPECT_FALSE(socket->receive().has_value());
}

TEST_F(Unix, DropsASenderWhosePathHasNoEnd) {
  const auto socket = open();
  // As long as the structure: 108 bytes without a final zero.
  ASSERT_LT(directory_.path().size(), 90u);
  const std::string path = directory_ / std::string(sizeof(sockaddr_un::sun_path) - directory_.path().size() - 1, 'p');
  ASSERT_EQ(path.size(), sizeof(sockaddr_un::sun_path));
  Client client(path);
  client.send(path_, "x");
  EXPECT_FALSE(socket->receive().has_value());
}

TEST_F(Unix, ClosesDescriptorsThatWerePassed) {
  const auto socket = open();
  Client client(directory_ / "client.sock");
  const Descriptor passed(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  const std::size_t before = open_descriptors();
  for (int i = 0; i < 5; ++i) client.send_descriptor(path_, passed.get());
  client.send(path_, "after");
  const auto message = socket->receive();
  ASSERT_TRUE(message.has_value());
  EXPECT_EQ(text_of(*message), "after");
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Unix, ALostReplyIsAnErrorAndNothingMore) {
  const auto socket = open();
  const std::string reply = "reply";
  const auto bytes = std::as_bytes(std::span(reply));
  const auto gone = socket->reply(directory_ / "gone", bytes);
  ASSERT_FALSE(gone.ok());
  EXPECT_EQ(gone.error().kind, ErrorKind::NotFound);
  EXPECT_FALSE(socket->reply("", bytes).ok());
  EXPECT_FALSE(socket->reply(std::string(200, 'x'), bytes).ok());
  Client client(directory_ / "client.sock");
  bool full = false;
  for (int i = 0; i < 100000 && !full; ++i) full = !socket->reply(directory_ / "client.sock", bytes).ok();
  EXPECT_TRUE(full) << "a client that does not read must not block the daemon";
}

TEST_F(Unix, ReplacesASocketFileAndRemovesItsOwn) {
  {
    const auto socket = open();
    const auto again = open();
    Client client(directory_ / "client.sock");
    client.send(path_, "x");
    EXPECT_FALSE(socket->receive().has_value());
    EXPECT_TRUE(again->receive().has_value());
  }
  EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(Unix, LeavesTheSocketOfASuccessorInPlace) {
  auto old = open();
  const auto successor = open();
  old.reset();
  EXPECT_TRUE(std::filesystem::exists(path_));
}

TEST_F(Unix, DoesNotReplaceAFileThatIsNoSocket) {
  write_file(path_, "precious");
  const auto opened = LinuxUnixSocket::open(*loop_, {.path = path_});
  EXPECT_FALSE(opened.ok());
  EXPECT_EQ(contents_of(path_), "precious");
}

TEST_F(Unix, RefusesAPathThatDoesNotFit) {
  EXPECT_FALSE(LinuxUnixSocket::open(*loop_, {.path = directory_ / std::string(108, 'x')}).ok());
  EXPECT_FALSE(LinuxUnixSocket::open(*loop_, {.path = ""}).ok());
  EXPECT_FALSE(LinuxUnixSocket::open(*loop_, {.path = directory_ / "missing/timed.sock"}).ok());
}

}  // namespace
}  // namespace timed::os
