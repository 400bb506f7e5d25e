// One call sends many requests of one client (UDP_SEGMENT), because a plain sender cannot offer even twice what one
// server carries on a core like its own; the kernel cuts them apart at the receiving socket.  All addresses of the
// clients are local here (a route of type local), and each call names the one it sends from.
//
// Answers that nobody wants to see find a full receive buffer, which is the cheapest end they can have: it is paid by
// whoever sends them.  With judge_stamps a few are read now and then, in interleaved mode all of them.
#include "tests/bench/load/generator.h"

#include <netinet/udp.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>

#include "tests/bench/load/sockets.h"
#include "timed/base/bytes.h"
#include "timed/base/random.h"

namespace timed::load {
namespace {

constexpr std::size_t kMostSegments = 32;  // of one call
constexpr std::size_t kPacedSegments = 8;  // keeps a paced load even
constexpr double kFast = 400'000;          // beyond this a second small calls cannot follow
constexpr std::size_t kOriginAt = 24, kReceiveAt = 32, kTransmitAt = 40;
constexpr std::uint64_t kSlots = 1u << 10;  // come round several times a second
constexpr std::int64_t kUnixEpoch = 2'208'988'800;
constexpr std::size_t kMostErrors = 200'000;
constexpr std::uint64_t kCallsBetweenLooks = 8;

double ntp_to_seconds_after(std::uint64_t stamp, std::int64_t unix_ns) {
  const auto seconds = static_cast<std::int64_t>(stamp >> 32) - kUnixEpoch - unix_ns / 1'000'000'000;
  const double fraction = static_cast<double>(stamp & 0xffffffffu) * 0x1p-32;
  return static_cast<double>(seconds) + fraction - static_cast<double>(unix_ns % 1'000'000'000) * 1e-9;
}

class Generator {
 public:
  explicit Generator(const OfferOptions& options)
      : options_(options),
        random_(1),
        size_(options.requests.empty() ? kRequestSize : options.requests[0].size()),
        requests_(size_ * kMostSegments),
        seen_(kSlots) {
    fd_ = open_udp(INADDR_ANY, 0, false);
    set(fd_, SOL_UDP, UDP_SEGMENT, static_cast<int>(size_), "UDP_SEGMENT");
    if (reads()) {
      enable_stamps(fd_);
      set(fd_, SOL_SOCKET, SO_RCVBUFFORCE, options.interleaved ? 8 << 20 : 32 << 10, "SO_RCVBUFFORCE");
    } else {
      set(fd_, SOL_SOCKET, SO_RCVBUF, 2048, "SO_RCVBUF");
    }
    for (std::size_t i = 0; i < kMostSegments; ++i) requests_[i * size_] = std::byte{4 << 3 | 3};
    server_.sin_family = AF_INET;
    server_.sin_port = htons(options.port);
    server_.sin_addr.s_addr = htonl(options.server);
  }

  void run() {
    const std::int64_t start = monotonic_ns();
    const std::size_t segments = requests_in_a_call();
    while (!ended()) {
      const double elapsed = static_cast<double>(monotonic_ns() - start) * 1e-9;
      if (elapsed >= options_.seconds || (options_.limit > 0 && offered_ >= options_.limit)) break;
      const double due = options_.per_second * elapsed - static_cast<double>(offered_);
      if (options_.per_second > 0 && due < static_cast<double>(segments)) {
        if (reads()) look(options_.interleaved ? 4 : 1);
        const timespec pause{0, 20'000};
        nanosleep(&pause, nullptr);
        continue;
      }
      offer(segments);
      if (reads() && (options_.interleaved || calls_ % kCallsBetweenLooks == 0)) look(1);
    }
    elapsed_s_ = static_cast<double>(monotonic_ns() - start) * 1e-9;
  }

  void report() {
    std::printf("{\"offered\": %llu, \"refused\": %llu, \"seconds\": %.4f, \"read\": %llu",
                static_cast<unsigned long long>(offered_), static_cast<unsigned long long>(refused_), elapsed_s_,
                static_cast<unsigned long long>(read_));
    if (!errors_s_.empty()) {
      std::sort(errors_s_.begin(), errors_s_.end());
      const auto at = [this](double part) {
        return errors_s_[static_cast<std::size_t>(part * static_cast<double>(errors_s_.size() - 1))] * 1e6;
      };
      for (double& e : errors_s_) e = std::fabs(e);
      std::sort(errors_s_.begin(), errors_s_.end());
      std::printf(", \"stamps\": %zu, \"median_us\": %.3f, \"p99_us\": %.3f", errors_s_.size(), at(0.5), at(0.99));
    }
    std::printf("}\n");
  }

 private:
  bool reads() const { return options_.interleaved || options_.judge_stamps; }

  std::size_t requests_in_a_call() const {
    // Those of one call share a receive stamp, which in interleaved mode names one answer.
    if (options_.interleaved) return 1;
    return options_.per_second > 0 && options_.per_second < kFast ? kPacedSegments : kMostSegments;
  }

  // The slot of a request is in the stamps that its answer brings back as origin, whichever kind of answer it is.
  void fill(std::size_t i) {
    std::byte* const to = requests_.data() + i * size_;
    if (!options_.requests.empty()) {
      std::copy_n(options_.requests[next_slot_++ % options_.requests.size()].begin(), size_, to);
      return;
    }
    const std::uint64_t slot = next_slot_++ % kSlots;
    const std::uint64_t noise = random_.next() & ~(kSlots - 1);
    store_be(to + kTransmitAt, noise | slot);
    if (!options_.interleaved) return;
    store_be(to + kOriginAt, seen_[slot]);
    store_be(to + kReceiveAt, (noise ^ kSlots) | slot);
  }

  void offer(std::size_t segments) {
    for (std::size_t i = 0; i < segments; ++i) fill(i);
    iovec data = {requests_.data(), segments * size_};
    alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(sizeof(in_pktinfo))> control{};
    msghdr message = {&server_, sizeof server_, &data, 1, control.data(), control.size(), 0};
    cmsghdr* const item = CMSG_FIRSTHDR(&message);
    item->cmsg_level = IPPROTO_IP;
    item->cmsg_type = IP_PKTINFO;
    item->cmsg_len = CMSG_LEN(sizeof(in_pktinfo));
    in_pktinfo from{};
    from.ipi_spec_dst.s_addr = htonl(options_.first_client + static_cast<std::uint32_t>(calls_ % options_.clients));
    std::memcpy(CMSG_DATA(item), &from, sizeof from);
    ++calls_;
    if (sendmsg(fd_, &message, MSG_DONTWAIT) < 0) ++refused_;
    offered_ += segments;
  }

  void look(int batches) {
    for (int i = 0; i < batches; ++i) {
      answers_->prepare_receive();
      const int got = recvmmsg(fd_, answers_->headers.data(), kBatch, MSG_DONTWAIT, nullptr);
      for (int k = 0; k < got; ++k) take(static_cast<std::size_t>(k));
      if (got < static_cast<int>(kBatch)) return;
    }
  }

  void take(std::size_t i) {
    ++read_;
    const std::byte* const answer = answers_->data[i].data();
    if (answers_->headers[i].msg_len < kRequestSize) return;
    if (options_.interleaved) {
      seen_[load_be<std::uint64_t>(answer + kOriginAt) % kSlots] = load_be<std::uint64_t>(answer + kReceiveAt);
      return;
    }
    const auto arrived = receive_stamp_ns(answers_->headers[i].msg_hdr);
    if (!arrived || errors_s_.size() >= kMostErrors) return;
    errors_s_.push_back(-ntp_to_seconds_after(load_be<std::uint64_t>(answer + kTransmitAt), *arrived));
  }

  OfferOptions options_;
  SeededRandom random_;
  std::size_t size_;                 // octets of a request
  std::vector<std::byte> requests_;  // of one call
  int fd_ = -1;
  sockaddr_in server_{};
  std::unique_ptr<Messages> answers_ = std::make_unique<Messages>();
  std::vector<std::uint64_t> seen_;  // receive stamps of the server's, by slot
  std::uint64_t next_slot_ = 0, calls_ = 0, offered_ = 0, refused_ = 0, read_ = 0;
  double elapsed_s_ = 0;
  std::vector<double> errors_s_;
};

}  // namespace

int run_offer(const OfferOptions& options) {
  catch_end();
  Generator generator(options);
  generator.run();
  generator.report();
  return 0;
}

}  // namespace timed::load
