#include "timed/server/responder.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "timed/base/bytes.h"
#include "timed/ntp/extension.h"
#include "timed/ntp/fuzz.h"

namespace timed::server {
namespace {

constexpr int kInterleavedVersion = 4;
constexpr std::size_t kStratumAt = 1;  // offsets in the header
constexpr std::size_t kPollAt = 2;
constexpr std::size_t kPrecisionAt = 3;
constexpr std::size_t kRefIdAt = 12;
constexpr std::size_t kOriginAt = 24;
constexpr std::size_t kReceiveAt = 32;
constexpr std::size_t kTransmitAt = 40;
constexpr std::uint16_t kNtpPort = 123;
constexpr std::uint32_t kRateKiss = 0x52415445;  // RATE

// The lowest bit tells our receive stamps (1) from our transmit stamps (0), so that a request in interleaved mode,
// whose origin is one of our receive stamps, is known without a look-up (RFC 9769).
constexpr std::uint64_t kReceiveBit = 1;
// Flipped where two stamps must differ: the lowest that is free.
constexpr std::uint64_t kSpareBit = 2;

Verdict verdict_of(ntp::PacketFault fault) {
  switch (fault) {
    case ntp::PacketFault::None:
      return Verdict::Answer;
    case ntp::PacketFault::Length:
      return Verdict::BadLength;
    case ntp::PacketFault::Version:
      return Verdict::BadVersion;
    case ntp::PacketFault::Extensions:
      return Verdict::BadExtensions;
  }
  return Verdict::BadExtensions;
}

// The mode to answer in; empty for what is not a request.  Answers, broadcasts and their like must never be answered,
// or two servers could be made to talk to each other for ever.
std::optional<ntp::Mode> answer_mode(const ntp::Header& request, std::uint16_t port) {
  switch (request.mode) {
    case ntp::Mode::Client:
      return ntp::Mode::Server;
    case ntp::Mode::SymmetricActive:
      return ntp::Mode::SymmetricPassive;
    case ntp::Mode::Reserved:  // a client of version 1; from port 123 it would be a symmetric peer (RFC 1059)
      if (request.version == 1 && port != kNtpPort) return ntp::Mode::Server;
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

// All before the stamps of the exchange, where that is not what all clients are told.
void write_own_head(const discipline::OwnState& state, LocalTime arrived, Duration smoothing, ntp::Mode mode,
                    std::byte* data) {
  ntp::Header header = mode == ntp::Mode::Server ? state.served_header_at(arrived) : state.header_at(arrived);
  header.version = 0;
  header.mode = mode;
  if (abs(smoothing) > ntp::poll_interval(state.precision_log2)) header.ref_id = ntp::kSmoothedRefId;
  if (smoothing != Duration::zero() && state.reference_time != LocalTime()) {
    header.reference = ntp::NtpTimestamp::from(state.reference_time + smoothing);
  }
  ntp::write_header(header, std::span<std::byte, ntp::kHeaderSize>(data, ntp::kHeaderSize));
}

// Nothing of the clock, but what the client is to do.
void say_kiss(std::uint32_t code, std::byte* data) {
  data[0] |= static_cast<std::byte>(static_cast<unsigned>(ntp::Leap::Unsynchronised) << 6);
  data[kStratumAt] = std::byte{0};
  store_be(data + kRefIdAt, code);
}

// A machine of a Windows domain: it names the account whose key is to sign the answer, and leaves the code empty
// (MS-SNTP).
constexpr int kWindowsVersion = 3;
constexpr std::size_t kWindowsMac = 20;
bool wants_code_of_samba(const ntp::PacketView& request) {
  const auto mac = request.mac();
  const bool fits = request.header().version == kWindowsVersion && request.header().mode == ntp::Mode::Client &&
                    mac.size() == kWindowsMac && auth::key_id_of(request) != 0;
  return fits &&
         std::all_of(mac.begin() + sizeof(auth::KeyId), mac.end(), [](std::byte b) { return b == std::byte{0}; });
}

}  // namespace

std::uint64_t VerdictCounts::total() const {
  std::uint64_t sum = 0;
  for (const auto& count : counts_) sum += count.load(std::memory_order_relaxed);
  return sum;
}

ntp::NtpTimestamp Responder::fuzzed(LocalTime t, int precision_log2) {
  return ntp::fuzzed(ntp::NtpTimestamp::from(t), precision_log2, entropy_);
}

// The key that has signed the request; none where that is unknown or did not.
const auth::Key* Responder::key_of(const ntp::PacketView& request) const {
  if (request.trailer() != ntp::Trailer::Mac || keys_ == nullptr) return nullptr;
  const auth::Key* const key = keys_->find(auth::key_id_of(request));
  return key != nullptr && key->verifies(request) ? key : nullptr;
}

// BadAuth, NtsRefusal, or Answer, also where there is nothing of NTS.
Verdict Responder::open_nts(const ntp::PacketView& packet, Departure& departure) {
  // We cannot give what is asked for, and without it the answer is of no use.
  if (nts_ == nullptr) return auth::has_nts_fields(packet) ? Verdict::BadAuth : Verdict::Answer;
  auth::NtsAnswer& room = nts_->answers[nts_->next];
  departure.nts_verdict = nts_->server.open(packet, room);
  switch (departure.nts_verdict) {
    case auth::NtsVerdict::Plain:
      return Verdict::Answer;
    case auth::NtsVerdict::Malformed:
      return Verdict::BadAuth;
    case auth::NtsVerdict::Authentic:
      break;
    default:
      departure.nts = &room;
      return Verdict::NtsRefusal;
  }
  departure.nts = &room;
  nts_->next = (nts_->next + 1) % nts_->answers.size();
  return Verdict::Answer;
}

// By what follows the header.
Verdict Responder::authenticate(const ntp::PacketView& packet, Departure& departure) {
  // Its code covers all that it says, fields of NTS among it, which no client of NTS signs so: nobody looks at them.
  departure.key = key_of(packet);
  if (departure.key != nullptr) return Verdict::Answer;
  if (!packet.extensions().empty()) {
    const Verdict opened = open_nts(packet, departure);
    if (opened != Verdict::Answer) return opened;
  }
  if (packet.trailer() == ntp::Trailer::None) return Verdict::Answer;
  departure.for_samba = has_samba_ && wants_code_of_samba(packet);
  return departure.for_samba ? Verdict::Answer : Verdict::BadAuth;
}

// In chrony's order: who may not ask is not noted, and who asks too often is not authenticated.
Verdict Responder::judge(const env::Datagram& request, const ntp::PacketView& packet, Departure& departure) {
  if (request.peer.port == 0) return Verdict::BadSource;
  if (!access_->allows(request.peer.address)) return Verdict::Denied;
  const auto mode = answer_mode(packet.header(), request.peer.port);
  if (!mode) return Verdict::BadMode;
  departure.mode = *mode;
  Admission admission = Admission::Answer;
  if (log_ != nullptr) {
    const auto client =
        log_->clients.hit(request.peer.address, Service::Ntp, log_->clients.ticks(request.stamp.time.nanos()));
    if (limited_ == nullptr || limited_->allows(request.peer.address)) {
      admission = log_->clients.admit(client, Service::Ntp);
    }
  }
  if (admission == Admission::Drop) return Verdict::RateLimited;
  if (request.waited) return Verdict::TooLate;
  const Verdict verdict = request.size > ntp::kHeaderSize ? authenticate(packet, departure) : Verdict::Answer;
  if (!is_answered(verdict)) return verdict;
  const bool needs_key = needs_key_ != nullptr && needs_key_->allows(request.peer.address);
  if (departure.key == nullptr && departure.nts == nullptr && needs_key) return Verdict::BadAuth;
  if (admission == Admission::Answer) return verdict;
  // Who is to ask less, and to get new keys first, is told neither.
  return verdict == Verdict::NtsRefusal ? Verdict::RateLimited : Verdict::KissOfDeath;
}

// A client in interleaved mode has one of our receive stamps as its origin, and a receive stamp of its own that is not
// its transmit stamp (RFC 9769 section 2).  Answers with the origin stamp for the answer.
ntp::NtpTimestamp Responder::look_up_interleaved(const ntp::Header& request, Departure& departure) {
  const bool asks = (request.origin.bits & kReceiveBit) != 0 && request.receive != request.transmit;
  if (log_ == nullptr || request.version != kInterleavedVersion || !asks) return request.transmit;
  departure.save = true;
  departure.transmit = log_->stamps.take(request.origin);
  return departure.transmit ? request.receive : request.transmit;
}

// chrony's field F323: values of our clock in a finer unit, and the time of a clock that is never moved in phase.
std::size_t Responder::write_mono_root(const discipline::OwnState& state, LocalTime arrived, Duration smoothing,
                                       env::Datagram& answer) {
  ntp::MonoRoot values;
  values.root_delay = state.root_delay;
  values.root_dispersion = state.root_dispersion_at(arrived);
  if (!mono_epoch_) mono_epoch_ = entropy_.u32();
  values.epoch = *mono_epoch_ + state.steps;
  if (smoothing == Duration::zero()) values.receive = fuzzed(arrived - state.moved, state.precision_log2);
  ntp::write_mono_root(values, std::span(answer.data).subspan<ntp::kHeaderSize, ntp::kMonoRootSize>());
  return ntp::kMonoRootSize;
}

Duration Responder::write_head(const CommonAnswer& common, ntp::Mode mode, LocalTime arrived, std::byte* data) {
  // Peers measure each other's clocks; who is served wants time without haste.
  const bool served = mode == ntp::Mode::Server;
  if (served && common.is_plain()) {
    std::memcpy(data, common.head().data(), common.head().size());
    return Duration::zero();
  }
  const Duration smoothing = served ? common.state().smoothing.at(arrived) : Duration::zero();
  write_own_head(common.state(), arrived, smoothing, mode, data);
  return smoothing;
}

Verdict Responder::prepare(const CommonAnswer& common, const env::Datagram& request, env::Datagram& answer,
                           Departure& departure) {
  departure = Departure{};
  if (request.size > request.data.size()) return Verdict::BadLength;  // cut: its end is missing
  const auto packet = ntp::PacketView::parse(request.bytes());
  if (!packet.ok()) return verdict_of(packet.fault());
  const Verdict verdict = judge(request, packet, departure);
  if (!is_answered(verdict)) return verdict;

  const LocalTime arrived = common.to_local(request.stamp.time);
  std::byte* const data = answer.data.data();
  const Duration smoothing = write_head(common, departure.mode, arrived, data);
  data[0] |= static_cast<std::byte>(packet.header().version << 3);
  data[kPollAt] = static_cast<std::byte>(std::max(packet.header().poll, least_poll_));
  ntp::NtpTimestamp origin = packet.header().transmit;
  const LocalTime received = smoothing == Duration::zero() ? arrived : arrived + smoothing;
  departure.receive = fuzzed(received, common.state().precision_log2);
  departure.receive.bits |= kReceiveBit;
  if (departure.receive == origin) departure.receive.bits ^= kSpareBit;
  if (verdict == Verdict::Answer) {
    origin = look_up_interleaved(packet.header(), departure);
  } else {
    say_kiss(verdict == Verdict::KissOfDeath ? kRateKiss : auth::kNtsNak, data);
  }
  store_be(data + kOriginAt, origin.bits);
  store_be(data + kReceiveAt, departure.receive.bits);
  store_be(data + kTransmitAt, std::uint64_t{0});

  answer.peer = request.peer;
  answer.local = request.local;
  answer.interface_index = request.interface_index;
  answer.want_stamp = departure.save;
  answer.size = ntp::kHeaderSize;
  if (request.size == ntp::kHeaderSize) return verdict;
  return write_fields(common, arrived, smoothing, packet, verdict, answer, departure);
}

// What follows the header.  No more than the request had, either way: an answer cannot amplify.
Verdict Responder::write_fields(const CommonAnswer& common, LocalTime arrived, Duration smoothing,
                                const ntp::PacketView& packet, Verdict verdict, env::Datagram& answer,
                                Departure& departure) {
  std::byte* const data = answer.data.data();
  if (verdict == Verdict::NtsRefusal) {
    answer.size = auth::NtsServer::write_refusal(*departure.nts, answer.data);
    departure.nts = nullptr;
    return answer.size <= packet.size() ? verdict : Verdict::BadAuth;
  }
  if (!packet.extensions().empty() && ntp::find_mono_root(packet.extensions())) {
    answer.size += write_mono_root(common.state(), arrived, smoothing, answer);
  }
  if (departure.nts != nullptr) {
    answer.size = nts_->server.prepare(*departure.nts, entropy_, answer.data, answer.size);
    return answer.size > 0 ? verdict : Verdict::BadAuth;
  }
  if (departure.for_samba) {
    std::copy_n(packet.mac().begin(), kWindowsMac, data + answer.size);
    answer.size += kWindowsMac;
  }
  if (departure.key != nullptr) {
    store_be(data + answer.size, departure.key->id());
    answer.size += departure.key->mac_size(packet.header().version);
  }
  return answer.size <= packet.size() ? verdict : Verdict::BadAuth;
}

void Responder::finish(const Leaving& leaving, env::Datagram& answer, const Departure& departure) {
  std::byte* const data = answer.data.data();
  const auto origin = load_be<std::uint64_t>(data + kOriginAt);
  const ntp::NtpTimestamp leaves = leaving.of(departure.mode);
  const int precision = static_cast<std::int8_t>(data[kPrecisionAt]);
  std::uint64_t stamp =
      ntp::fuzzed(departure.transmit ? departure.transmit->transmit : leaves, precision, entropy_).bits & ~kReceiveBit;
  // Zero would mean "unknown"; from the receive stamp it differs in the lowest bit.
  if (stamp == origin || stamp == 0) stamp ^= kSpareBit;
  if (stamp == origin || stamp == 0) stamp ^= kSpareBit << 1;
  store_be(data + kTransmitAt, stamp);
  if (departure.save && log_ != nullptr) {
    log_->stamps.save(departure.receive, leaves);
  }
  if (departure.nts != nullptr) {
    const std::size_t sealed = nts_->server.seal(*departure.nts, answer.data, answer.size);
    // Without a seal, where libcrypto has failed, it tells the client nothing.
    if (sealed > 0) answer.size = sealed;
    return;
  }
  if (departure.key == nullptr) return;
  const std::size_t signed_size = answer.size - departure.key->mac_size(ntp::version_of(data[0]));
  const std::span<std::byte> packet = std::span(answer.data).first(answer.size);
  static_cast<void>(
      departure.key->sign(ntp::version_of(data[0]), packet.first(signed_size), packet.subspan(signed_size)));
}

}  // namespace timed::server
