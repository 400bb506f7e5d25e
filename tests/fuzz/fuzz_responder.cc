// The serving path.  The first eight octets choose where the request is from and what is said of our clock, the rest
// is the datagram.  Of octet 5 the bits from 0 on: IPv6, a denied host, a log of clients, a rate limit, the same request
// twice, keys of NTS, cookie and authenticator put right, and those with the short keys.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "tests/fuzz/nts_fields_put_right.h"
#include "timed/base/bytes.h"
#include "timed/base/check.h"
#include "timed/server/responder.h"

using namespace timed;
using ntp::Mode;
using server::Verdict;

namespace {

constexpr std::size_t kPrefix = 8;

// 10/8 and 2001:db8::/32 but for one host each.
server::AccessTable make_access() {
  const auto subnet = [](const char* text, int bits) { return *Subnet::make(*IpAddress::parse(text), bits); };
  server::AccessRule allow, deny;
  allow.allow = true;
  allow.subnets = {subnet("10.0.0.0", 8), subnet("2001:db8::", 32)};
  deny.subnets = {subnet("10.0.0.255", 32), subnet("2001:db8::ff", 128)};
  return server::AccessList(std::vector{allow, deny}).compile();
}

// What lives as long as the program: making it anew for each input would be all that is measured.
struct Nts {
  EntropyPool random{[random = SeededRandom(1)](std::span<std::byte> out) mutable {
    for (auto& b : out) b = static_cast<std::byte>(random.next() >> 56);
  }};
  auth::CookieKeys keys = auth::CookieKeys::generate(auth::AeadId::SivCmac256, random);
  auth::Cookies cookies;
  std::optional<auth::NtsServer> made = auth::NtsServer::make();
  std::unique_ptr<server::NtsService> service;
  std::optional<auth::Aead> siv = auth::Aead::make(auth::AeadId::SivCmac256);
  std::optional<auth::Aead> gcm_siv = auth::Aead::make(auth::AeadId::GcmSiv128);

  Nts() {
    TIMED_ASSERT(made && siv && gcm_siv && cookies.use(keys));
    service = std::make_unique<server::NtsService>(server::NtsService{std::move(*made)});
    TIMED_ASSERT(service->server.use(keys));
  }
};

// What an answer to NTS is: a refusal with the unique identifier alone, or as long as the request and with a seal.
void check_nts(const ntp::PacketView& asked, const ntp::PacketView& said, const server::Departure& departure,
               Verdict verdict) {
  auth::NtsFields request, answer;
  TIMED_ASSERT(auth::read_nts_fields(asked, request) && auth::read_nts_fields(said, answer));
  TIMED_ASSERT(request.any() == answer.any() && request.unique_id.size() == answer.unique_id.size());
  TIMED_ASSERT(std::equal(request.unique_id.begin(), request.unique_id.end(), answer.unique_id.begin()));
  if (verdict == Verdict::NtsRefusal) {
    TIMED_ASSERT(said.header().stratum == 0 && said.header().ref_id.value == auth::kNtsNak && !departure.transmit);
    TIMED_ASSERT(said.size() == ntp::kHeaderSize + 4 + answer.unique_id.size());
  } else if (request.any()) {
    TIMED_ASSERT(answer.has_authenticator && answer.cookies == 0 && said.size() == asked.size());
  }
}

bool is_request(const ntp::Header& header, std::uint16_t port) {
  return header.mode == Mode::Client || header.mode == Mode::SymmetricActive ||
         (header.mode == Mode::Reserved && header.version == 1 && port != 123);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const server::AccessTable access = make_access();
  if (size < kPrefix) return 0;
  SeededRandom random(data[0]);
  EntropyPool entropy([&random](std::span<std::byte> out) {
    for (auto& b : out) b = static_cast<std::byte>(random.next());
  });
  server::Responder responder(access, entropy);
  // At times with a log of clients, and at times its limit is reached by the first request.
  server::ServiceLimits limits;
  limits.of[0] = {(data[5] & 8) != 0, 12, 1, 1, 1};
  server::ClientLog log{server::ClientTable(8, limits, entropy), server::InterleaveMap(8)};
  if ((data[5] & 4) != 0) responder.use_clients(&log, 12);
  static Nts nts;
  const bool has_nts = (data[5] & 32) != 0;
  if (has_nts) responder.use_nts(nts.service.get());
  server::Departure departure;

  discipline::OwnState state;
  state.stratum = data[1];
  state.precision_log2 = static_cast<std::int8_t>(data[2]);
  state.reference_time = LocalTime::from_seconds(std::int64_t{20'000'000} * data[3]);
  state.local_minus_raw = Duration::seconds((data[4] - 128) * 1e6);

  const auto request = std::make_unique<env::Datagram>();
  const bool v6 = (data[5] & 1) != 0;
  request->peer.port = static_cast<std::uint16_t>(data[6] << 8 | data[7]);
  request->peer.address = v6 ? *IpAddress::parse("2001:db8::") : *IpAddress::parse("10.0.0.0");
  if ((data[5] & 2) != 0) request->peer.address = *IpAddress::parse(v6 ? "2001:db8::ff" : "10.0.0.255");
  request->stamp.time = RawTime::from_seconds(1'800'000'000);
  request->size = size - kPrefix;
  request->data.fill(std::byte{0});
  std::copy_n(reinterpret_cast<const std::byte*>(data + kPrefix), std::min(request->size, request->data.size()),
              request->data.begin());
  if ((data[5] & 64) != 0 && request->size <= request->data.size()) {
    const auto aead = (data[5] & 128) != 0 ? auth::AeadId::GcmSiv128 : auth::AeadId::SivCmac256;
    fuzz::put_right(std::span(request->data).first(request->size), aead, false, nts.cookies,
                    aead == auth::AeadId::GcmSiv128 ? *nts.gcm_siv : *nts.siv, nts.random);
  }

  const auto answer = std::make_unique<env::Datagram>();
  const server::CommonAnswer common(state, request->stamp.time);
  Verdict verdict = responder.prepare(common, *request, *answer, departure);
  if ((data[5] & 16) != 0) verdict = responder.prepare(common, *request, *answer, departure);
  if (!server::is_answered(verdict)) return 0;
  responder.finish(server::Leaving(state, RawTime::from_seconds(1'800'000'000, 1000)), *answer, departure);

  TIMED_ASSERT((data[5] & 2) == 0 && request->peer.port != 0);
  TIMED_ASSERT(answer->size <= request->size && request->size <= env::kMaxDatagram);
  TIMED_ASSERT(answer->peer == request->peer);
  const auto asked = ntp::PacketView::parse(request->bytes());
  const auto said = ntp::PacketView::parse(answer->bytes());
  TIMED_ASSERT(asked.ok() && said.ok() && asked.trailer() == ntp::Trailer::None);
  TIMED_ASSERT(is_request(asked.header(), request->peer.port));
  TIMED_ASSERT(has_nts || verdict != Verdict::NtsRefusal);
  check_nts(asked, said, departure, verdict);
  const ntp::Header& h = said.header();
  TIMED_ASSERT(h.mode == Mode::Server || h.mode == Mode::SymmetricPassive);
  TIMED_ASSERT(h.version == asked.header().version && h.stratum < 16);
  TIMED_ASSERT(h.origin == (departure.transmit ? asked.header().receive : asked.header().transmit));
  TIMED_ASSERT((h.receive.bits & 1) == 1 && (h.transmit.bits & 1) == 0);
  TIMED_ASSERT(h.receive != h.origin && h.transmit != h.origin && !h.transmit.is_zero());

  // What we say is never answered by one of us.
  const auto again = std::make_unique<env::Datagram>();
  TIMED_ASSERT(responder.prepare(common, *answer, *again, departure) == Verdict::BadMode);
  return 0;
}
