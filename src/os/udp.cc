// Stamps.  Those of the kernel are accepted only within a second of our own: a clock that was stepped while a datagram
// waited must not give an exchange with stamps of two clocks.
//
// Transmit stamps come back through the error queue with an id.  The kernel counts, per socket and from 0, the
// datagrams for which a stamp was asked, and so do we.  Whether one that could not be sent was counted depends on the
// kernel's version and on where it failed, so after such a failure the kernel's count is restarted and its zero noted;
// stamps that are there already have ids of the old count and are taken out of the queue before.  A stamp whose id was
// not given out, was answered already, or is earlier or more than a second later than its sending is dropped: that also
// catches the rare one that was still under way when the count began again.
//
// Nothing is allocated per datagram.
#include "udp.h"

#include <linux/errqueue.h>
#include <linux/net_tstamp.h>
#include <netinet/in.h>
#include <netinet/ip.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "read_clock.h"
#include "system_error.h"
#include "timed/base/check.h"
#include "udp_options.h"

namespace timed::os {
namespace {

// A stamp that is further away is of a clock that was stepped since, or of a datagram that has waited in the socket.
constexpr std::int64_t kStampTrust_ns = 1'000'000'000;

// The first of three.
inline bool software_stamp(const cmsghdr& item, RawTime& into) {
  static_assert(offsetof(scm_timestamping, ts) == 0);
  timespec stamp;
  if (!read_control(item, stamp) || (stamp.tv_sec == 0 && stamp.tv_nsec == 0)) return false;
  into = RawTime::from_seconds(stamp.tv_sec, stamp.tv_nsec);
  return true;
}

// How much later one is than another, which may be anything.
std::int64_t nanos_between(RawTime later, RawTime earlier) {
  return units_internal::saturated_subtract(later.nanos(), earlier.nanos());
}

bool is_stamp(const cmsghdr& item) {
  return item.cmsg_level == SOL_SOCKET && item.cmsg_type == SO_TIMESTAMPING;
}

// Of a group or a broadcast too, although the kernel refuses to send from it: a request to all must get no answer, or
// one with a forged sender would make all of them answer to that.
void add_source_address(ControlWriter& control, const env::Datagram& datagram) {
  // Elsewhere the routes may know a better way back.
  const std::uint32_t interface_index = datagram.peer.address.is_link_local() ? datagram.interface_index : 0;
  if (datagram.local.is_v4()) {
    in_pktinfo info{};
    info.ipi_ifindex = static_cast<int>(interface_index);
    info.ipi_spec_dst = to_in_addr(datagram.local);
    control.add(IPPROTO_IP, IP_PKTINFO, info);
  } else {
    in6_pktinfo info{};
    info.ipi6_ifindex = interface_index;
    info.ipi6_addr = to_in6_addr(datagram.local);
    control.add(IPPROTO_IPV6, IPV6_PKTINFO, info);
  }
}

void take_destination(const cmsghdr& item, env::Datagram& datagram) {
  if (item.cmsg_level == IPPROTO_IP && item.cmsg_type == IP_PKTINFO) {
    in_pktinfo info;
    if (!read_control(item, info)) return;
    datagram.local.become_v4(ntohl(info.ipi_addr.s_addr));
    datagram.interface_index = static_cast<std::uint32_t>(info.ipi_ifindex);
  } else if (item.cmsg_level == IPPROTO_IPV6 && item.cmsg_type == IPV6_PKTINFO) {
    in6_pktinfo info;
    if (!read_control(item, info)) return;
    datagram.local = to_ip_address(info.ipi6_addr);
    datagram.interface_index = info.ipi6_ifindex;
  }
}

bool is_unsupported(int number) {
  return number == EBADF || number == ENOSYS || number == EOPNOTSUPP;
}

}  // namespace

Result<std::unique_ptr<env::UdpSocket>> LinuxUdpSocket::open(Loop& loop, const env::UdpOptions& options,
                                                             Descriptor inherited) {
  auto opened = open_udp_descriptor(options, std::move(inherited));
  if (!opened) return opened.error();
  const std::uint32_t stamping = enable_stamps(*opened, options.transmit_stamps);
  return std::unique_ptr<env::UdpSocket>(new LinuxUdpSocket(loop, opened.take(), options, stamping));
}

LinuxUdpSocket::LinuxUdpSocket(Loop& loop, Descriptor descriptor, const env::UdpOptions& options,
                               std::uint32_t stamping)
    : loop_(&loop), descriptor_(std::move(descriptor)), options_(options), stamping_(stamping) {}

LinuxUdpSocket::~LinuxUdpSocket() {
  if (watch_ != 0) loop_->unwatch(watch_);
}

void LinuxUdpSocket::on_readable(std::function<void()> fn) {
  if (watch_ != 0) loop_->unwatch(watch_);
  watch_ =
      loop_->watch(descriptor_.get(), options_.priority, [fd = descriptor_.get(), fn = std::move(fn)](short events) {
        if ((events & POLLERR) != 0) {
          // An ICMP error stays pending, and wakes poll again, until somebody asks for it.
          int pending = 0;
          socklen_t size = sizeof pending;
          static_cast<void>(::getsockopt(fd, SOL_SOCKET, SO_ERROR, &pending, &size));
        }
        fn();
      });
}

void LinuxUdpSocket::move_to(Loop& loop) {
  TIMED_ASSERT(watch_ == 0);
  loop_ = &loop;
}

Endpoint LinuxUdpSocket::local_endpoint() const {
  SocketAddress address{};
  socklen_t length = sizeof address;
  if (::getsockname(descriptor_.get(), &address.any, &length) != 0) return options_.local;
  const Endpoint found = to_endpoint(address, length);
  return found.address.is_set() ? found : options_.local;
}

void LinuxUdpSocket::prepare_receive(std::size_t i, std::span<std::byte> data) {
  batch_.vectors[i] = {data.data(), data.size()};
  msghdr& header = batch_.headers[i].msg_hdr;
  header.msg_name = &batch_.addresses[i];
  header.msg_namelen = sizeof batch_.addresses[i];
  header.msg_iov = &batch_.vectors[i];
  header.msg_iovlen = 1;
  header.msg_control = &batch_.controls[i];
  header.msg_controllen = kControlSize;
  header.msg_flags = 0;
}

std::size_t LinuxUdpSocket::receive(std::span<env::Datagram> into) {
  const std::size_t room = std::min(into.size(), env::kBatch);
  int got = -1;
  // A pending ICMP error is answered once, before the datagrams that wait.
  for (int attempt = 0; attempt < 2 && got < 0 && (attempt == 0 || errno != EAGAIN); ++attempt) {
    for (std::size_t i = 0; i < room; ++i) prepare_receive(i, into[i].data);
    got = ::recvmmsg(descriptor_.get(), batch_.headers.data(), static_cast<unsigned>(room), 0, nullptr);
  }
  if (got <= 0) return 0;
  const RawTime when = loop_->receive_time();
  for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) take_received(i, when, into[i]);
  return static_cast<std::size_t>(got);
}

void LinuxUdpSocket::take_received(std::size_t i, RawTime when, env::Datagram& datagram) {
  msghdr& header = batch_.headers[i].msg_hdr;
  read_endpoint(batch_.addresses[i], header.msg_namelen, datagram.peer);
  if (!datagram.peer.address.is_set() && options_.remote) datagram.peer = *options_.remote;
  datagram.local = {};
  datagram.interface_index = 0;
  datagram.stamp = {when, Duration::zero(), env::StampSource::Daemon};
  datagram.waited = datagram.want_stamp = false;
  datagram.stamp_id = 0;
  datagram.size = (header.msg_flags & MSG_TRUNC) != 0 ? env::kMaxDatagram + 1 : batch_.headers[i].msg_len;
  for_each_control(header, [&](const cmsghdr& item) {
    if (!is_stamp(item)) return take_destination(item, datagram);
    RawTime stamp;
    if (!software_stamp(item, stamp)) return;
    const std::int64_t later_ns = nanos_between(stamp, when);
    datagram.waited = later_ns < -kStampTrust_ns;
    if (later_ns > kStampTrust_ns || datagram.waited) return;
    datagram.stamp.time = stamp;
    datagram.stamp.source = env::StampSource::Kernel;
  });
}

bool LinuxUdpSocket::wants_stamp(const env::Datagram& datagram) const {
  return (stamping_ & SOF_TIMESTAMPING_OPT_ID) != 0 && (options_.transmit_stamps || datagram.want_stamp);
}

void LinuxUdpSocket::prepare_send(std::size_t i, env::Datagram& datagram, RawTime when) {
  datagram.stamp = {when, Duration::zero(), env::StampSource::Daemon};
  batch_.vectors[i] = {datagram.data.data(), std::min(datagram.size, datagram.data.size())};
  msghdr& header = batch_.headers[i].msg_hdr;
  header.msg_name = options_.remote ? nullptr : &batch_.addresses[i];
  header.msg_namelen = options_.remote ? 0 : to_socket_address(datagram.peer, batch_.addresses[i]);
  header.msg_iov = &batch_.vectors[i];
  header.msg_iovlen = 1;
  header.msg_flags = 0;
  ControlWriter control(header, batch_.controls[i]);
  if (!options_.remote && datagram.local.is_set() && !datagram.local.is_any()) add_source_address(control, datagram);
  if (datagram.want_stamp && wants_stamp(datagram) && !options_.transmit_stamps) {
    // Only what to record may be in here: with OPT_ID the kernel refuses the message.
    control.add(SOL_SOCKET, SO_TIMESTAMPING, std::uint32_t{SOF_TIMESTAMPING_TX_SOFTWARE});
  }
}

void LinuxUdpSocket::note_sent(env::Datagram& datagram) {
  if (!wants_stamp(datagram)) return;
  datagram.stamp_id = next_id_++;
  sent_[datagram.stamp_id % kSentKept] = {datagram.stamp.time, datagram.stamp_id, true};
}

void LinuxUdpSocket::restart_ids() {
  pending_ += read_error_queue(std::span(pending_stamps_).subspan(pending_));
  restart_stamp_ids(descriptor_, stamping_);
  id_base_ = next_id_;
}

env::SendResult LinuxUdpSocket::send(std::span<env::Datagram> batch) {
  env::SendResult result;
  while (result.sent < batch.size() && !result.refused) {
    const std::size_t some = std::min(batch.size() - result.sent, env::kBatch);
    result.sent += send_some(batch.subspan(result.sent, some), result.refused);
  }
  return result;
}

std::size_t LinuxUdpSocket::send_some(std::span<env::Datagram> batch, std::optional<Error>& refused) {
  std::size_t sent = batch.size() > 1 && sends_together_ ? send_together(batch) : 0;
  for (; sent < batch.size(); ++sent) {
    prepare_send(0, batch[sent], read_real_time());
    if (::sendmsg(descriptor_.get(), &batch_.headers[0].msg_hdr, 0) < 0) {
      refused = system_error("Could not send datagram", errno);
      if (wants_stamp(batch[sent])) restart_ids();
      break;
    }
    note_sent(batch[sent]);
  }
  return sent;
}

// How many left.  Why the next one did not is not told; sending it alone will tell.
std::size_t LinuxUdpSocket::send_together(std::span<env::Datagram> batch) {
  const RawTime when = read_real_time();
  for (std::size_t i = 0; i < batch.size(); ++i) prepare_send(i, batch[i], when);
  const int done = ::sendmmsg(descriptor_.get(), batch_.headers.data(), static_cast<unsigned>(batch.size()), 0);
  if (done < 0 && is_unsupported(errno)) sends_together_ = false;
  const std::size_t sent = done < 0 ? 0 : static_cast<std::size_t>(done);
  for (std::size_t i = 0; i < sent; ++i) note_sent(batch[i]);
  if (sent < batch.size() && wants_stamp(batch[sent])) restart_ids();
  return sent;
}

std::size_t LinuxUdpSocket::transmit_stamps(std::span<env::TransmitStamp> into) {
  if ((stamping_ & SOF_TIMESTAMPING_OPT_ID) == 0) return 0;
  const std::size_t taken = std::min(pending_, into.size());
  std::copy_n(pending_stamps_.begin(), taken, into.begin());
  std::copy(pending_stamps_.begin() + taken, pending_stamps_.begin() + pending_, pending_stamps_.begin());
  pending_ -= taken;
  return taken + read_error_queue(into.subspan(taken));
}

std::size_t LinuxUdpSocket::read_error_queue(std::span<env::TransmitStamp> into) {
  std::array<std::byte, env::kBatch> payloads{};
  std::size_t count = 0;
  while (count < into.size()) {
    const std::size_t room = std::min(into.size() - count, env::kBatch);
    for (std::size_t i = 0; i < room; ++i) prepare_receive(i, std::span(payloads).subspan(i, 1));
    const int got =
        ::recvmmsg(descriptor_.get(), batch_.headers.data(), static_cast<unsigned>(room), MSG_ERRQUEUE, nullptr);
    if (got <= 0) break;
    for (std::size_t i = 0; i < static_cast<std::size_t>(got); ++i) {
      if (const auto stamp = take_stamp(i)) into[count++] = *stamp;
    }
    if (static_cast<std::size_t>(got) < room) break;
  }
  return count;
}

std::optional<env::TransmitStamp> LinuxUdpSocket::take_stamp(std::size_t i) {
  std::optional<RawTime> when;
  std::optional<std::uint32_t> kernel_id;
  for_each_control(batch_.headers[i].msg_hdr, [&](const cmsghdr& item) {
    if (is_stamp(item)) {
      RawTime stamp;
      if (software_stamp(item, stamp)) when = stamp;
    } else if ((item.cmsg_level == IPPROTO_IP && item.cmsg_type == IP_RECVERR) ||
               (item.cmsg_level == IPPROTO_IPV6 && item.cmsg_type == IPV6_RECVERR)) {
      sock_extended_err error;
      const bool told = read_control(item, error);
      if (told && error.ee_errno == ENOMSG && error.ee_origin == SO_EE_ORIGIN_TIMESTAMPING) kernel_id = error.ee_data;
    }
  });
  if (!when || !kernel_id) return std::nullopt;
  const std::uint32_t id = id_base_ + *kernel_id;
  Sent& sent = sent_[id % kSentKept];
  if (!sent.waits || sent.id != id || *when < sent.when || nanos_between(*when, sent.when) > kStampTrust_ns) {
    return std::nullopt;
  }
  sent.waits = false;
  return env::TransmitStamp{id, {*when, Duration::zero(), env::StampSource::Kernel}};
}

}  // namespace timed::os
