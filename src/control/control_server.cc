// The order of the checks is part of the protocol: a malformed request that would not be allowed is told that it is
// malformed.  Two rules keep the socket from being a weapon: what is not a request gets no answer, so two daemons
// cannot be made to talk to each other, and no reply is longer than its request.
#include "timed/control/control_server.h"

#include <algorithm>
#include <utility>

#include "timed/base/log.h"

namespace timed::control {
namespace {

// A message that was cut on receiving is longer than every request even so.
static_assert(env::kMaxDatagram > kMaxRequest && env::kMaxControlMessage > kMaxRequest);

struct Judgement {
  Verdict verdict = Verdict::Answered;
  ReplyStatus status = ReplyStatus::Success;
};

// In the order of chronyd: the first thing that is wrong is what is answered.
Judgement judge(const RequestHeader& header, std::size_t size, const Sender& sender) {
  if (header.version < kUnpaddedVersion) return {Verdict::OldVersion, ReplyStatus::BadVersion};
  if (header.version != kVersion) return {Verdict::BadVersion, ReplyStatus::BadVersion};
  const RequestRow* row = request_row(header.command);
  if (row == nullptr || row->access == Access::Retired) return {Verdict::Unknown, ReplyStatus::Invalid};
  if (size < least_request_length(*row)) return {Verdict::BadLength, ReplyStatus::BadLength};
  const bool may_ask = sender.transport == Transport::Unix || is_open(sender.open, header.command);
  if (!may_ask) return {Verdict::Unauthorised, ReplyStatus::Unauthorised};
  return {};
}

Reply carry_out(const RequestHeader& header, std::span<const std::byte> datagram, const Execute& execute) {
  const auto request = read_request(static_cast<RequestCode>(header.command), datagram);
  return request ? execute(*request) : Reply::failure(ReplyStatus::Invalid);
}

}  // namespace

Answer answer(std::span<const std::byte> datagram, const Sender& sender, const Execute& execute,
              std::span<std::byte, kMaxReply> into) {
  if (datagram.size() < kReplyHeader || datagram.size() > kMaxRequest) return {Verdict::WrongSize, 0};
  const auto header = read_request_header(datagram);
  if (!header) return {Verdict::NotARequest, 0};

  Judgement judgement = judge(*header, datagram.size(), sender);
  if (judgement.verdict == Verdict::OldVersion) return {judgement.verdict, 0};
  Reply reply = Reply::failure(judgement.status);
  if (judgement.verdict == Verdict::Answered) {
    reply = carry_out(*header, datagram, execute);
    if (!is_success(reply.status)) judgement.verdict = Verdict::Refused;
  }
  const std::size_t size = write_reply(into, *header, reply);
  if (size > datagram.size()) return {Verdict::TooLong, 0};
  return {judgement.verdict, size};
}

ControlServer::ControlServer(const ControlOptions& options, env::Network& network, Gate gate, Execute execute)
    : options_(options),
      network_(network),
      gate_(std::move(gate)),
      execute_(std::move(execute)),
      open_(open_requests(options.open_reports)),
      lacking_("command socket", options.port) {}

void ControlServer::open_udp() {
  if (options_.port == 0) return;
  batch_.resize(env::kBatch);
  for (const bool is_v4 : {true, false}) {
    if (!(is_v4 ? options_.use_v4 : options_.use_v6)) continue;
    open_udp(is_v4 ? options_.bind_v4 : options_.bind_v6);
  }
}

void ControlServer::retry_addresses() {
  for (const IpAddress& address : lacking_.those_that_may_come()) open_udp(address);
}

void ControlServer::open_udp(const IpAddress& address) {
  env::UdpOptions wanted;
  wanted.local = {address, options_.port, 0};
  wanted.device = options_.device;
  wanted.priority = env::SocketPriority::Control;
  auto opened = network_.open_udp(wanted);
  if (!opened) return lacking_.refused(address, opened.error());
  lacking_.opened(address);
  udp_.push_back(opened.take());
  udp_.back()->on_readable([this, socket = udp_.back().get()] { serve(*socket); });
}

void ControlServer::open_unix() {
  if (options_.unix_path.empty()) return;
  env::UnixOptions wanted;
  wanted.path = options_.unix_path;
  auto opened = network_.open_unix(wanted);
  if (!opened) {
    log::warning("Disabled command socket %s : %s", wanted.path.c_str(), opened.error().reason().c_str());
    return;
  }
  unix_ = opened.take();
  unix_->on_readable([this] { serve_unix(); });
}

void ControlServer::close() {
  udp_.clear();
  lacking_.clear();
  unix_.reset();
}

// One batch a turn: what is left makes the socket readable again, after the other sockets had theirs.
void ControlServer::serve(env::UdpSocket& socket) {
  const std::size_t received = socket.receive(batch_);
  for (env::Datagram& datagram : std::span(batch_).first(received)) {
    if (const auto why = turns_away(datagram)) {
      note(*why);
      continue;
    }
    Answer answered = answer(datagram.bytes(), {Transport::Udp, open_}, execute_, reply_);
    if (answered.size > 0) {
      std::copy_n(reply_.begin(), answered.size, datagram.data.begin());
      datagram.size = answered.size;
      datagram.want_stamp = false;
      if (socket.send(std::span(&datagram, 1)).sent != 1) answered.verdict = Verdict::Unsent;
    }
    note(answered.verdict);
  }
}

// This machine is always let in.  Only what is a request counts against a rate.
std::optional<Verdict> ControlServer::turns_away(const env::Datagram& datagram) {
  const IpAddress& from = datagram.peer.address;
  const bool is_local = from.is_localhost();
  if (!is_local && !gate_.admits(from)) return Verdict::NotAdmitted;
  const auto bytes = datagram.bytes();
  if (bytes.size() > kMaxRequest || !read_request_header(bytes)) return std::nullopt;
  if (gate_.note) gate_.note(from);
  if (is_local) return std::nullopt;
  return gate_.is_not_too_fast(from) ? std::nullopt : std::optional(Verdict::RateLimited);
}

void ControlServer::serve_unix() {
  for (std::size_t i = 0; i < env::kBatch; ++i) {
    const auto message = unix_->receive();
    if (!message) return;
    Answer answered = answer(message->bytes(), {Transport::Unix, {}}, execute_, reply_);
    if (answered.size > 0) {
      const auto reply = std::span<const std::byte>(reply_).first(answered.size);
      if (!unix_->reply(message->reply_path, reply).ok()) answered.verdict = Verdict::Unsent;
    }
    note(answered.verdict);
  }
}

std::uint64_t ControlServer::hits() const {
  std::uint64_t sum = 0;
  for (const std::uint64_t count : counters_) sum += count;
  return sum - count(Verdict::NotAdmitted) - count(Verdict::WrongSize) - count(Verdict::NotARequest);
}

}  // namespace timed::control
