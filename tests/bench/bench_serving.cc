// CPU time per answer: our server on a real socket beside a bare recvmmsg/sendmmsg echo loop, each offered about what
// it can carry and several times more.
//
// Rates mean little on a shared machine, CPU time repeats better; so the four are measured in turn, many times for a
// short while, and ratios are medians of ratios within a round.  A plain sender cannot offer more than a server answers
// on two cores; with UDP_SEGMENT one call sends 32 requests.  The sender reads no answers: both servers' sends cost the
// same then, the dropping included.
//
// Goal: timed's CPU time per answer is no higher when overloaded.  Exit status 1 where it is, beyond the noise and
// beyond what the echo loop shows of the kernel's own part.
#include <arpa/inet.h>
#include <netinet/udp.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include <vector>

#include "timed/ntp/packet.h"
#include "timed/os/linux_env.h"
#include "timed/server/server.h"

namespace {

using namespace timed;
using Clock = std::chrono::steady_clock;

constexpr double kPhase_s = 0.12;
constexpr int kRounds = 13;
constexpr double kOverload = 4.0;
constexpr double kNoise = 1.10;

struct Served {
  double answers = 0;
  double cpu_s = 0;
  double seconds = 0;
  double cpu_us() const { return answers > 0 ? cpu_s / answers * 1e6 : 0; }
  double rate() const { return seconds > 0 ? answers / seconds : 0; }
};

double own_cpu_s() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto s = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) * 1e-6; };
  return s(usage.ru_utime) + s(usage.ru_stime);
}

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int open_socket(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (fd < 0 || bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    std::perror("bench_serving: socket");
    std::exit(2);
  }
  return fd;
}

std::uint16_t free_port() {
  const int fd = open_socket(0);
  sockaddr_in address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  close(fd);
  return ntohs(address.sin_port);
}

// ---- the two servers; each runs in a process of its own ----

class UntilDone : public env::TurnTaker {
 public:
  void begin_turn(Duration) override {}
  void end_turn() override {}
  void on_hangup() override {}
  bool wants_exit() const override { return done; }
  bool done = false;
};

Served serve_timed(std::uint16_t port, int ready) {
  auto machine = os::LinuxEnv::create({});
  if (!machine) std::exit(2);
  const env::Env env = (*machine)->view();
  server::ServerOptions options;
  options.port = port;
  options.bind_addresses = {IpAddress::loopback(Family::Inet4)};
  options.use_v6 = false;
  server::AccessRule rule;
  rule.allow = true;
  rule.subnets = {*Subnet::make(IpAddress::any(Family::Inet4), 0)};
  server::Server server(options, {}, std::vector{rule}, env.network, env.clock, env.host);
  if (!server.open()) std::exit(2);
  UntilDone taker;
  env.timers.call_at(env.timers.now() + Duration::seconds(kPhase_s), [&taker] { taker.done = true; });
  static_cast<void>(write(ready, "r", 1) == 1);
  const double cpu = own_cpu_s();
  const auto start = Clock::now();
  (*machine)->loop().run(taker);
  Served served;
  served.cpu_s = own_cpu_s() - cpu;
  served.seconds = since(start);
  served.answers = static_cast<double>(server.verdicts().of(server::Verdict::Answer) - server.unsent());
  return served;
}

Served serve_echo(std::uint16_t port, int ready) {
  const int fd = open_socket(port);
  std::array<std::array<char, env::kMaxDatagram>, env::kBatch> data{};
  std::array<sockaddr_in, env::kBatch> peers{};
  std::array<iovec, env::kBatch> vectors{};
  std::array<mmsghdr, env::kBatch> messages{};
  static_cast<void>(write(ready, "r", 1) == 1);
  const double cpu = own_cpu_s();
  const auto start = Clock::now();
  Served served;
  while ((served.seconds = since(start)) < kPhase_s) {
    pollfd waiting = {fd, POLLIN, 0};
    if (poll(&waiting, 1, 10) <= 0) continue;
    for (std::size_t i = 0; i < env::kBatch; ++i) {
      vectors[i] = {data[i].data(), data[i].size()};
      messages[i] = {};
      messages[i].msg_hdr = {&peers[i], sizeof peers[i], &vectors[i], 1, nullptr, 0, 0};
    }
    const int n = recvmmsg(fd, messages.data(), env::kBatch, MSG_DONTWAIT, nullptr);
    if (n <= 0) continue;
    for (std::size_t i = 0; i < static_cast<std::size_t>(n); ++i) vectors[i].iov_len = messages[i].msg_len;
    const int sent = sendmmsg(fd, messages.data(), static_cast<unsigned>(n), MSG_DONTWAIT);
    if (sent > 0) served.answers += sent;
  }
  served.cpu_s = own_cpu_s() - cpu;
  close(fd);
  return served;
}

// ---- the sender ----

// Requests at this rate (0: as fast as it can) until it is killed.
[[noreturn]] void offer(std::uint16_t port, double per_s) {
  constexpr std::size_t kSegments = 32;
  std::array<std::byte, ntp::kHeaderSize * kSegments> requests{};
  for (std::size_t i = 0; i < kSegments; ++i) {
    ntp::Header header;
    header.transmit.bits = 0x1234567890abcdefu + i;
    ntp::write_header(header, std::span(requests).subspan(i * ntp::kHeaderSize).first<ntp::kHeaderSize>());
  }
  std::array<int, 64> sockets{};
  const sockaddr_in server = loopback(port);
  for (int& fd : sockets) {
    fd = open_socket(0);
    const int segment = ntp::kHeaderSize, small = 4096;
    setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof segment);
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    static_cast<void>(connect(fd, reinterpret_cast<const sockaddr*>(&server), sizeof server));
  }
  const auto start = Clock::now();
  double offered = 0;
  for (std::size_t turn = 0;; ++turn) {
    const double due = per_s > 0 ? per_s * since(start) - offered : kSegments;
    // Pieces of 8 keep a paced load even; a flood uses all that one call can send.
    const std::size_t n = per_s > 0 ? 8 : kSegments;
    if (due < static_cast<double>(n)) {
      std::this_thread::sleep_for(std::chrono::microseconds(20));
      continue;
    }
    static_cast<void>(send(sockets[turn % sockets.size()], requests.data(), n * ntp::kHeaderSize, MSG_DONTWAIT));
    offered += static_cast<double>(n);
  }
}

// ---- one measurement ----

pid_t start_child(auto&& run) {
  const pid_t pid = fork();
  if (pid < 0) std::exit(2);
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    run();
    _exit(0);
  }
  return pid;
}

using ServeFn = Served (*)(std::uint16_t, int);

Served measure(ServeFn serve, double per_s) {
  const std::uint16_t port = free_port();
  std::array<int, 2> ready{}, result{};
  if (pipe(ready.data()) != 0 || pipe(result.data()) != 0) std::exit(2);
  const pid_t server = start_child([&] {
    const Served served = serve(port, ready[1]);
    static_cast<void>(write(result[1], &served, sizeof served) == sizeof served);
  });
  close(ready[1]);
  close(result[1]);
  char go = 0;
  Served served;
  if (read(ready[0], &go, 1) == 1) {
    const pid_t sender = start_child([&] { offer(port, per_s); });
    if (read(result[0], &served, sizeof served) != sizeof served) served = {};
    kill(sender, SIGKILL);
    waitpid(sender, nullptr, 0);
  }
  waitpid(server, nullptr, 0);
  close(ready[0]);
  close(result[0]);
  if (served.answers < 100) {
    std::fprintf(stderr, "bench_serving: a server answered %.0f requests only\n", served.answers);
    std::exit(2);
  }
  return served;
}

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

}  // namespace

int main() {
  // What the server carries when flooded is taken for its saturation.
  const double carried = std::max(measure(serve_timed, 0).rate(), measure(serve_timed, 0).rate());
  struct Row {
    const char* name;
    ServeFn serve;
    double per_s;
    std::vector<double> cpu_us, rate;
  };
  std::array<Row, 4> rows = {{{"timed  1x", serve_timed, 0.9 * carried, {}, {}},
                              {"echo   1x", serve_echo, 0.9 * carried, {}, {}},
                              {"timed  over", serve_timed, kOverload * carried, {}, {}},
                              {"echo   over", serve_echo, kOverload * carried, {}, {}}}};
  for (int round = 0; round < kRounds; ++round) {
    for (Row& row : rows) {
      const Served served = measure(row.serve, row.per_s);
      row.cpu_us.push_back(served.cpu_us());
      row.rate.push_back(served.rate());
    }
  }
  std::printf("saturation %.0f answers/s; medians of %d rounds\n", carried, kRounds);
  std::printf("%-12s %12s %12s %16s\n", "", "offered/s", "answers/s", "CPU us/answer");
  for (const Row& row : rows) {
    std::printf("%-12s %12.0f %12.0f %16.2f\n", row.name, row.per_s, median(row.rate), median(row.cpu_us));
  }
  const auto ratio = [&rows](std::size_t a, std::size_t b) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < rows[a].cpu_us.size(); ++i) ratios.push_back(rows[a].cpu_us[i] / rows[b].cpu_us[i]);
    return median(ratios);
  };
  const double timed_overloaded = ratio(2, 0), echo_overloaded = ratio(3, 1);
  std::printf("timed / echo: %.2f at 1x, %.2f overloaded\n", ratio(0, 1), ratio(2, 3));
  std::printf("overloaded / 1x: timed %.2f, echo %.2f\n", timed_overloaded, echo_overloaded);
  return timed_overloaded <= kNoise * std::max(1.0, echo_overloaded) ? 0 : 1;
}
