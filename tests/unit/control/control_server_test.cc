#include "timed/control/control_server.h"

#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "tests/unit/control/datagrams.h"
#include "timed/base/log.h"
#include "timed/base/random.h"

namespace timed::control {
namespace {

struct Judged {
  Verdict verdict;
  Bytes reply;
};

class AnswerTest : public testing::Test {
 protected:
  Judged judge(const Bytes& datagram, Transport transport = Transport::Udp) {
    std::array<std::byte, kMaxReply> into;
    into.fill(std::byte{0xee});
    const Answer answered = answer(
        datagram, {transport, open_requests(ControlOptions().open_reports)},
        [this](const Request& request) {
          asked.push_back(request);
          return reply;
        },
        into);
    return {answered.verdict, Bytes(into.begin(), into.begin() + static_cast<std::ptrdiff_t>(answered.size))};
  }
  void expect_status(const Bytes& datagram, Verdict verdict, ReplyStatus status, Transport transport = Transport::Udp) {
    const Judged judged = judge(datagram, transport);
    EXPECT_EQ(judged.verdict, verdict);
    ASSERT_EQ(judged.reply.size(), kReplyHeader);
    EXPECT_EQ(judged.reply[0], std::byte{6});
    EXPECT_EQ(judged.reply[1], std::byte{2});
    EXPECT_EQ(load_be<std::uint16_t>(&judged.reply[4]), load_be<std::uint16_t>(&datagram[4]));
    EXPECT_EQ(reply_code_of(judged.reply), 1);
    EXPECT_EQ(status_of(judged.reply), static_cast<std::uint16_t>(status));
    EXPECT_EQ(load_be<std::uint32_t>(&judged.reply[16]), load_be<std::uint32_t>(&datagram[8]));
  }
  void expect_silence(const Bytes& datagram, Verdict verdict, Transport transport = Transport::Udp) {
    const Judged judged = judge(datagram, transport);
    EXPECT_EQ(judged.verdict, verdict);
    EXPECT_TRUE(judged.reply.empty());
    EXPECT_TRUE(asked.empty());
  }

  Reply reply{ReplyStatus::Success, NSourcesReply{5}};
  std::vector<Request> asked;
};

TEST_F(AnswerTest, CarriesARequestOut) {
  const Judged judged = judge(from_hex("06010000 000e0000 03d6e90a", 32));
  EXPECT_EQ(judged.verdict, Verdict::Answered);
  EXPECT_EQ(judged.reply, from_hex("06020000 000e0002 00000000 00000000 03d6e90a 00000000 00000000 00000005"));
  EXPECT_EQ(asked, std::vector<Request>{NSourcesRequest{}});
}

TEST_F(AnswerTest, PassesTheStatusOfAFailure) {
  reply = {ReplyStatus::NoSuchSource, NSourcesReply{5}};
  expect_status(raw_request(15, 76), Verdict::Refused, ReplyStatus::NoSuchSource);
}

TEST_F(AnswerTest, TakesAnIndexWithTheHighBitAsNegative) {
  Bytes datagram = raw_request(15, 76);
  datagram[20] = std::byte{0x80};
  reply = Reply::failure(ReplyStatus::NoSuchSource);
  judge(datagram);
  EXPECT_EQ(std::get<SourceDataRequest>(asked.at(0)).index, std::numeric_limits<std::int32_t>::min());
}

TEST_F(AnswerTest, DropsWrongSizes) {
  for (std::size_t size = 0; size < kReplyHeader; ++size) expect_silence(raw_request(14, size), Verdict::WrongSize);
  for (const std::size_t size : {861u, 1000u, 1140u}) expect_silence(raw_request(14, size), Verdict::WrongSize);
  EXPECT_EQ(judge(raw_request(14, 860)).verdict, Verdict::Answered);
}

TEST_F(AnswerTest, DropsWhatIsNoRequest) {
  for (const std::size_t at : {1u, 2u, 3u}) {
    for (const int value : {0, 2, 3, 255}) {
      Bytes datagram = raw_request(14, 32);
      if (datagram[at] == static_cast<std::byte>(value)) continue;
      datagram[at] = static_cast<std::byte>(value);
      expect_silence(datagram, Verdict::NotARequest);
    }
  }
}

TEST_F(AnswerTest, TellsOnlyNewerVersionsThanFour) {
  for (const std::uint8_t version : Octets{0, 1, 4}) expect_silence(raw_request(14, 32, version), Verdict::OldVersion);
  for (const std::uint8_t version : Octets{5, 7, 255}) {
    expect_status(raw_request(14, 32, version), Verdict::BadVersion, ReplyStatus::BadVersion);
  }
}

TEST_F(AnswerTest, JudgesEveryCodeByItsLengthAndClass) {
  for (const Transport transport : {Transport::Udp, Transport::Unix}) {
    for (std::uint16_t code = 0; code < kRequestCodes; ++code) {
      const RequestRow& row = *request_row(code);
      if (row.access == Access::Retired) {
        expect_status(raw_request(code, kMaxRequest), Verdict::Unknown, ReplyStatus::Invalid, transport);
        continue;
      }
      const std::size_t least = least_request_length(row);
      if (least > kReplyHeader) {
        expect_status(raw_request(code, least - 1), Verdict::BadLength, ReplyStatus::BadLength, transport);
      }
      reply = {ReplyStatus::NotEnabled, {}};
      const Judged judged = judge(raw_request(code, least), transport);
      if (transport == Transport::Udp && row.access != Access::Open) {
        EXPECT_EQ(judged.verdict, Verdict::Unauthorised) << code;
        EXPECT_EQ(status_of(judged.reply), 2) << code;
      } else {
        EXPECT_EQ(judged.verdict, Verdict::Refused) << code;
        EXPECT_EQ(status_of(judged.reply), 6) << code;
      }
    }
    for (const std::uint16_t code : std::initializer_list<std::uint16_t>{75, 79, 255, 65535}) {
      expect_status(raw_request(code, kReplyHeader), Verdict::Unknown, ReplyStatus::Invalid, transport);
    }
  }
}

TEST_F(AnswerTest, LooksNeitherAtPaddingNorAtAttempts) {
  Bytes datagram = raw_request(14, 100);
  datagram[6] = std::byte{9};
  for (std::size_t i = 12; i < datagram.size(); ++i) datagram[i] = std::byte{0xff};
  EXPECT_EQ(judge(datagram).verdict, Verdict::Answered);
}

TEST_F(AnswerTest, CarriesARetransmissionOutAgain) {
  judge(raw_request(14, 32));
  judge(raw_request(14, 32));
  EXPECT_EQ(asked.size(), 2u);
}

// CVE-2010-0292: an answer to a reply, or to a packet that is none, lets two daemons answer each other for ever.
TEST_F(AnswerTest, Cve2010x0292NoAnswerIsAnswered) {
  for (std::uint16_t code = 0; code < kRequestCodes; ++code) {
    for (const std::uint8_t version : Octets{5, 6, 7}) {
      const Judged first = judge(raw_request(code, kMaxRequest, version), Transport::Unix);
      if (first.reply.empty()) continue;
      asked.clear();
      expect_silence(first.reply, Verdict::NotARequest, Transport::Unix);
      Bytes padded = first.reply;
      padded.resize(kMaxRequest);
      expect_silence(padded, Verdict::NotARequest, Transport::Unix);
    }
  }
}

// CVE-2014-0021: replies longer than their requests made the daemon an amplifier.
TEST_F(AnswerTest, Cve2014x0021NoReplyIsLongerThanItsRequest) {
  const ReplyBody bodies[] = {std::monostate{},   NSourcesReply{}, SourceDataReply{},          TrackingReply{},
                              SourcestatsReply{}, ActivityReply{}, NtpSourceNameReply{"name"}, DaemonStatusReply{}};
  std::size_t too_long = 0;
  for (const ReplyBody& body : bodies) {
    reply = {ReplyStatus::Success, body};
    for (std::uint16_t i = 0; i < kRequestCodes + 2 + kOwnCodes + 1; ++i) {
      const auto code = static_cast<std::uint16_t>(i < kRequestCodes + 2 ? i : i - kRequestCodes - 2 + kFirstOwnCode);
      for (std::size_t size = 0; size < 600; size += 16) {
        const Judged judged = judge(raw_request(code, size), Transport::Unix);
        ASSERT_LE(judged.reply.size(), size) << code;
        if (judged.verdict == Verdict::TooLong) ++too_long;
      }
    }
  }
  EXPECT_GT(too_long, 0u);  // the net was there where the handler's reply did not fit the request
}

TEST_F(AnswerTest, SurvivesNoise) {
  const std::uint64_t seed = 97531;
  SeededRandom random(seed);
  for (int i = 0; i < 10000; ++i) {
    Bytes datagram(random.below(900));
    for (std::byte& b : datagram) b = static_cast<std::byte>(random.below(4) == 0 ? random.next() : 0);
    if (datagram.size() > 6 && random.below(2) == 0) {
      datagram[0] = std::byte{6};
      datagram[1] = std::byte{1};
      datagram[2] = datagram[3] = datagram[4] = std::byte{0};
    }
    ASSERT_LE(judge(datagram).reply.size(), datagram.size()) << "seed " << seed;
  }
}

// --- sockets ---

struct FakeUdp;
struct FakeUnix;

struct FakeNetwork : env::Network {
  Result<std::unique_ptr<env::UdpSocket>> open_udp(const env::UdpOptions& options) override;
  Result<std::unique_ptr<env::UnixSocket>> open_unix(const env::UnixOptions& options) override;
  Result<std::unique_ptr<env::StreamSocket>> connect_unix(const std::string&) override { return Error{"none here"}; }
  Result<std::unique_ptr<env::StreamListener>> listen_tcp(const env::ListenOptions&) override {
    return Error{"none here"};
  }
  Result<std::unique_ptr<env::StreamSocket>> connect_tcp(const env::ConnectOptions&) override {
    return Error{"none here"};
  }
  std::unique_ptr<env::StreamSocket> adopt(std::unique_ptr<env::StreamSocket> stream) override { return stream; }
  std::unique_ptr<env::UdpSocket> adopt(std::unique_ptr<env::UdpSocket> socket) override { return socket; }

  std::vector<env::UdpOptions> asked_udp;
  std::vector<env::UnixOptions> asked_unix;
  std::map<Endpoint, FakeUdp*> udp;
  FakeUnix* unix_socket = nullptr;
  std::optional<Error> udp_error;
  std::optional<Error> unix_error;
};

struct FakeUdp : env::UdpSocket {
  FakeUdp(FakeNetwork& in, const env::UdpOptions& o) : network(in), options(o) { network.udp[options.local] = this; }
  ~FakeUdp() override { network.udp.erase(options.local); }

  std::size_t receive(std::span<env::Datagram> into) override {
    std::size_t n = 0;
    for (; n < into.size() && !waiting.empty(); ++n) {
      into[n] = waiting.front();
      waiting.pop_front();
    }
    return n;
  }
  env::SendResult send(std::span<env::Datagram> batch) override {
    if (refuses) return {0, Error{"no", ErrorKind::Other}};
    sent.insert(sent.end(), batch.begin(), batch.end());
    return {batch.size(), std::nullopt};
  }
  std::size_t transmit_stamps(std::span<env::TransmitStamp>) override { return 0; }
  void on_readable(std::function<void()> fn) override { readable = std::move(fn); }
  Endpoint local_endpoint() const override { return options.local; }

  void arrive(const char* peer, const Bytes& bytes) {
    env::Datagram datagram{};
    datagram.peer = {*IpAddress::parse(peer), 5000, 0};
    datagram.local = options.local.address;
    datagram.interface_index = 7;
    datagram.size = bytes.size();
    std::copy_n(bytes.begin(), std::min(bytes.size(), datagram.data.size()), datagram.data.begin());
    waiting.push_back(datagram);
  }

  FakeNetwork& network;
  env::UdpOptions options;
  std::deque<env::Datagram> waiting;
  std::vector<env::Datagram> sent;
  std::function<void()> readable;
  bool refuses = false;
};

struct FakeUnix : env::UnixSocket {
  explicit FakeUnix(FakeNetwork& in) : network(in) { network.unix_socket = this; }
  ~FakeUnix() override { network.unix_socket = nullptr; }
  std::optional<env::UnixMessage> receive() override {
    if (waiting.empty()) return std::nullopt;
    const env::UnixMessage message = waiting.front();
    waiting.pop_front();
    return message;
  }
  Status reply(const std::string& path, std::span<const std::byte> bytes) override {
    if (refuses) return Error{"gone", ErrorKind::Other};
    replies.emplace_back(path, Bytes(bytes.begin(), bytes.end()));
    return {};
  }
  void on_readable(std::function<void()> fn) override { readable = std::move(fn); }
  void arrive(const Bytes& bytes) {
    env::UnixMessage message;
    message.reply_path = "/run/x/sock";
    message.size = bytes.size();
    std::copy_n(bytes.begin(), std::min(bytes.size(), message.data.size()), message.data.begin());
    waiting.push_back(message);
  }

  FakeNetwork& network;
  std::deque<env::UnixMessage> waiting;
  std::vector<std::pair<std::string, Bytes>> replies;
  std::function<void()> readable;
  bool refuses = false;
};

Result<std::unique_ptr<env::UdpSocket>> FakeNetwork::open_udp(const env::UdpOptions& options) {
  asked_udp.push_back(options);
  if (udp_error && options.local.address.is_v4()) return *udp_error;
  return std::unique_ptr<env::UdpSocket>(new FakeUdp(*this, options));
}
Result<std::unique_ptr<env::UnixSocket>> FakeNetwork::open_unix(const env::UnixOptions& options) {
  asked_unix.push_back(options);
  if (unix_error) return *unix_error;
  return std::unique_ptr<env::UnixSocket>(new FakeUnix(*this));
}

class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    log::set_sink([this](log::Severity severity, std::string_view text) { logged.emplace_back(severity, text); });
    options.unix_path = "/run/timed/timed.sock";
  }
  ~ServerTest() override { log::set_sink({}); }

  ControlServer& server() {
    if (!server_) {
      const Gate gate{[this](const IpAddress& address) { return admitted.count(address.to_string()) != 0; },
                      [this](const IpAddress&) { return requests_left-- > 0; }};
      server_.emplace(options, network, gate, [](const Request& request) {
        if (std::holds_alternative<NSourcesRequest>(request)) return Reply{ReplyStatus::Success, NSourcesReply{2}};
        return Reply::failure(ReplyStatus::NoSuchSource);
      });
      server_->open_udp();
      server_->open_unix();
    }
    return *server_;
  }
  FakeUdp& v4() { return *network.udp.at({IpAddress::loopback(Family::Inet4), 323, 0}); }

  std::vector<std::pair<log::Severity, std::string>> logged;
  FakeNetwork network;
  int requests_left = 1000;  // until the gate finds that it is too fast
  std::set<std::string> admitted;
  ControlOptions options;
  std::optional<ControlServer> server_;
};

TEST_F(ServerTest, OpensBothFamiliesOnLoopbackAndThePath) {
  server();
  ASSERT_EQ(network.asked_udp.size(), 2u);
  EXPECT_EQ(network.asked_udp[0].local, (Endpoint{IpAddress::loopback(Family::Inet4), 323, 0}));
  EXPECT_EQ(network.asked_udp[1].local, (Endpoint{IpAddress::loopback(Family::Inet6), 323, 0}));
  EXPECT_EQ(network.asked_udp[0].priority, env::SocketPriority::Control);
  ASSERT_EQ(network.asked_unix.size(), 1u);
  EXPECT_EQ(network.asked_unix[0].path, "/run/timed/timed.sock");
  EXPECT_TRUE(logged.empty());
}

TEST_F(ServerTest, OpensWhatTheOptionsSay) {
  options.port = 11323;
  options.bind_v4 = IpAddress::any(Family::Inet4);
  options.use_v6 = false;
  options.device = "eth0";
  options.unix_path.clear();
  server();
  ASSERT_EQ(network.asked_udp.size(), 1u);
  EXPECT_EQ(network.asked_udp[0].local, (Endpoint{IpAddress::any(Family::Inet4), 11323, 0}));
  EXPECT_EQ(network.asked_udp[0].device, "eth0");
  EXPECT_TRUE(network.asked_unix.empty());
}

TEST_F(ServerTest, OpensNoUdpSocketOnPortZero) {
  options.port = 0;
  server();
  EXPECT_TRUE(network.asked_udp.empty());
}

TEST_F(ServerTest, GoesOnWithoutASocketThatCannotBeOpened) {
  network.udp_error = Error{"Address already in use", ErrorKind::AddressInUse};
  network.unix_error = Error{"No such file or directory", ErrorKind::NotFound};
  server();
  ASSERT_EQ(logged.size(), 2u);
  EXPECT_EQ(logged[0].first, log::Severity::Error);
  EXPECT_EQ(logged[0].second, "Could not open command socket on 127.0.0.1:323 : Address already in use");
  EXPECT_EQ(logged[1].first, log::Severity::Warning);
  EXPECT_EQ(logged[1].second, "Disabled command socket /run/timed/timed.sock : No such file or directory");
  EXPECT_EQ(network.udp.size(), 1u);  // ::1 is there
}

TEST_F(ServerTest, TriesAgainUntilTheAddressIsFree) {
  network.udp_error = Error{"Address already in use", ErrorKind::AddressInUse};
  EXPECT_TRUE(server().lacking().any());
  logged.clear();
  server().retry_addresses();
  EXPECT_TRUE(server().lacking().any());
  EXPECT_TRUE(logged.empty()) << "it was told";
  network.udp_error.reset();
  server().retry_addresses();
  EXPECT_FALSE(server().lacking().any());
  ASSERT_EQ(logged.size(), 1u);
  EXPECT_EQ(logged[0].second, "Opened command socket on 127.0.0.1:323");
  v4().arrive("127.0.0.1", raw_request(14, 32));
  v4().readable();
  EXPECT_EQ(v4().sent.size(), 1u);
}

TEST_F(ServerTest, DoesNotTryWhatCannotBeHad) {
  network.udp_error = Error{"Address already in use", ErrorKind::AddressInUse};
  server();
  network.udp_error = Error{"Permission denied", ErrorKind::Permission};  // without privileges now
  logged.clear();
  server().retry_addresses();
  EXPECT_TRUE(server().lacking().any());
  EXPECT_FALSE(server().lacking().any_may_come());
  EXPECT_EQ(logged.size(), 1u) << "nobody waits for it any more";
  const std::size_t asked = network.asked_udp.size();
  server().retry_addresses();
  EXPECT_EQ(network.asked_udp.size(), asked);
  server_.reset();
  network.udp_error = Error{"Address family not supported by protocol", ErrorKind::Unsupported};
  EXPECT_FALSE(server().lacking().any());
}

TEST_F(ServerTest, AnswersFromTheAddressThatWasAsked) {
  server();
  v4().arrive("127.0.0.1", raw_request(14, 32));
  v4().readable();
  ASSERT_EQ(v4().sent.size(), 1u);
  const env::Datagram& sent = v4().sent[0];
  EXPECT_EQ(sent.peer, (Endpoint{IpAddress::loopback(Family::Inet4), 5000, 0}));
  EXPECT_EQ(sent.local, IpAddress::loopback(Family::Inet4));
  EXPECT_EQ(sent.interface_index, 7u);
  EXPECT_EQ(sent.size, 32u);
  EXPECT_FALSE(sent.want_stamp);
  EXPECT_EQ(sent.data[31], std::byte{2});
  EXPECT_EQ(server().count(Verdict::Answered), 1u);
}

TEST_F(ServerTest, AdmitsTheTwoLoopbackAddressesOnly) {
  server();
  for (const char* peer :
       {"127.0.0.2", "127.0.0.0", "10.0.0.1", "::2", "::ffff:127.0.0.1", "fe80::1", "0.0.0.0", "::"}) {
    v4().arrive(peer, raw_request(14, 32));
  }
  v4().readable();
  EXPECT_TRUE(v4().sent.empty());
  EXPECT_EQ(server().count(Verdict::NotAdmitted), 8u);
  EXPECT_EQ(server().hits(), 0u);
  v4().arrive("::1", raw_request(14, 32));
  v4().readable();
  EXPECT_EQ(v4().sent.size(), 1u);
}

TEST_F(ServerTest, AdmitsWhomItsOwnerAllows) {
  admitted = {"192.0.2.1"};
  for (const char* peer : {"192.0.2.1", "192.0.2.2"}) {
    server();
    v4().arrive(peer, raw_request(14, 32));
    v4().arrive(peer, raw_request(62, 28));
  }
  v4().readable();
  EXPECT_EQ(server().count(Verdict::Answered), 1u);
  EXPECT_EQ(server().count(Verdict::Unauthorised), 1u);
  EXPECT_EQ(server().count(Verdict::NotAdmitted), 2u);
}

TEST_F(ServerTest, OpensWhatItsOptionsName) {
  options.open_reports = {OpenReport::Serverstats};
  server();
  v4().arrive("127.0.0.1", raw_request(14, 32));
  v4().arrive("127.0.0.1", raw_request(54, 196));
  v4().readable();
  EXPECT_EQ(server().count(Verdict::Unauthorised), 1u);
  EXPECT_EQ(server().count(Verdict::Refused), 1u);
}

TEST_F(ServerTest, LimitsTheRateOfOtherHosts) {
  admitted = {"192.0.2.1"};
  requests_left = 3;
  server();
  for (int i = 0; i < 5; ++i) {
    for (const char* peer : {"192.0.2.1", "127.0.0.1"}) v4().arrive(peer, raw_request(14, 32));
  }
  v4().arrive("192.0.2.1", raw_request(14, 20));  // no request, so not counted
  v4().readable();
  EXPECT_EQ(server().count(Verdict::RateLimited), 2u);
  EXPECT_EQ(server().count(Verdict::WrongSize), 1u);
  EXPECT_EQ(server().count(Verdict::Answered), 8u);
  EXPECT_EQ(server().hits(), 10u);
}

TEST_F(ServerTest, LetsTheUnixSocketDoWhatUdpMayNot) {
  server();
  FakeUnix& socket = *network.unix_socket;
  socket.arrive(raw_request(62, 28));
  socket.arrive(raw_request(14, 32));
  socket.readable();
  ASSERT_EQ(socket.replies.size(), 2u);
  EXPECT_EQ(socket.replies[0].first, "/run/x/sock");
  EXPECT_EQ(status_of(socket.replies[0].second), 4);  // what the executor says to all but one
  EXPECT_EQ(status_of(socket.replies[1].second), 0);
  v4().arrive("127.0.0.1", raw_request(62, 28));
  v4().readable();
  EXPECT_EQ(server().count(Verdict::Unauthorised), 1u);
}

TEST_F(ServerTest, DropsMessagesThatWereCut) {
  server();
  Bytes cut = raw_request(14, 5000);
  v4().arrive("127.0.0.1", cut);
  v4().readable();
  network.unix_socket->arrive(cut);
  network.unix_socket->readable();
  EXPECT_EQ(server().count(Verdict::WrongSize), 2u);
  EXPECT_TRUE(v4().sent.empty());
  EXPECT_TRUE(network.unix_socket->replies.empty());
}

TEST_F(ServerTest, CountsAnswersThatTheSystemDidNotTake) {
  server();
  v4().refuses = true;
  v4().arrive("127.0.0.1", raw_request(14, 32));
  v4().readable();
  network.unix_socket->refuses = true;
  network.unix_socket->arrive(raw_request(14, 32));
  network.unix_socket->readable();
  EXPECT_EQ(server().count(Verdict::Unsent), 2u);
  EXPECT_EQ(server().hits(), 2u);
}

TEST_F(ServerTest, ServesOneBatchATurn) {
  server();
  for (int i = 0; i < 20; ++i) {
    v4().arrive("127.0.0.1", raw_request(14, 32));
    network.unix_socket->arrive(raw_request(14, 32));
  }
  v4().readable();
  network.unix_socket->readable();
  EXPECT_EQ(v4().sent.size(), env::kBatch);
  EXPECT_EQ(network.unix_socket->replies.size(), env::kBatch);
  v4().readable();
  EXPECT_EQ(v4().sent.size(), 20u);
}

TEST_F(ServerTest, ClosesAllItsSockets) {
  server();
  server().close();
  EXPECT_TRUE(network.udp.empty());
  EXPECT_EQ(network.unix_socket, nullptr);
}

// CVE-2010-0294: a line in the log for each unauthorised packet fills a disk.
TEST_F(ServerTest, Cve2010x0294NothingIsLoggedPerPacket) {
  server();
  logged.clear();
  for (int code = 0; code < 80; ++code) {
    for (const char* peer : {"127.0.0.1", "192.0.2.1"}) {
      v4().arrive(peer, raw_request(static_cast<std::uint16_t>(code), 860));
      v4().arrive(peer, raw_request(static_cast<std::uint16_t>(code), 28, 9));
      v4().arrive(peer, raw_request(static_cast<std::uint16_t>(code), 3));
      v4().arrive(peer, Bytes(200, std::byte{2}));
    }
    v4().readable();
  }
  EXPECT_TRUE(logged.empty());
  EXPECT_EQ(server().hits(), server().count(Verdict::Answered) + server().count(Verdict::Refused) +
                                 server().count(Verdict::BadVersion) + server().count(Verdict::Unknown) +
                                 server().count(Verdict::BadLength) + server().count(Verdict::Unauthorised));
}

}  // namespace
}  // namespace timed::control
