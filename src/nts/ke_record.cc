#include "timed/nts/ke_record.h"

#include <algorithm>

#include "timed/auth/nts_client.h"
#include "timed/base/bytes.h"
#include "timed/base/text.h"

namespace timed::nts {
namespace {

constexpr std::size_t kRecordHead = 4;
constexpr std::uint16_t kCriticalBit = 0x8000;
constexpr std::uint16_t kNtpv4 = 0;

bool is_critical(RecordType type) {
  return type != RecordType::Cookie && type != RecordType::CompliantExporter;
}

class RecordWriter {
 public:
  explicit RecordWriter(std::span<std::byte> into) : writer_(into) {}

  void add(RecordType type, std::span<const std::byte> body) {
    const auto value = static_cast<std::uint16_t>(type);
    writer_.u16(is_critical(type) ? value | kCriticalBit : value);
    writer_.u16(static_cast<std::uint16_t>(body.size()));
    writer_.bytes(body);
  }
  void add(RecordType type, std::uint16_t value) {
    std::array<std::byte, 2> body;
    store_be(body.data(), value);
    add(type, body);
  }
  void add(RecordType type) { add(type, std::span<const std::byte>()); }
  // Octets of the whole message, or 0 where there was no room.
  std::size_t end() {
    add(RecordType::EndOfMessage);
    return writer_.ok() ? writer_.size() : 0;
  }

 private:
  ByteWriter writer_;
};

// One or more numbers of 16 bits.
bool is_list(std::span<const std::byte> body) {
  return !body.empty() && body.size() % 2 == 0;
}
std::uint16_t number_at(std::span<const std::byte> body, std::size_t index) {
  return load_be<std::uint16_t>(body.data() + 2 * index);
}

std::optional<auth::AeadId> enabled_aead(std::uint16_t number, std::span<const auth::AeadId> enabled) {
  const auto id = auth::aead_numbered(number);
  if (!id || std::find(enabled.begin(), enabled.end(), *id) == enabled.end()) return std::nullopt;
  return id;
}

// ---- server ----

// The records of a request as far as they have been read.
struct Request {
  std::optional<std::span<const std::byte>> protocols, aeads;
  bool compliant_exporter = false;
  bool ended = false;
  std::optional<KeError> error;
};

void read_list(const Record& record, bool must_be_critical, std::optional<std::span<const std::byte>>& into,
               Request& request) {
  if (into || !is_list(record.body) || (must_be_critical && !record.critical)) request.error = KeError::BadRequest;
  into = record.body;
}

void read_record(const Record& record, Request& request) {
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::EndOfMessage:
      if (!record.critical || !record.body.empty()) request.error = KeError::BadRequest;
      request.ended = true;
      return;
    case RecordType::NextProtocol:
      return read_list(record, true, request.protocols, request);
    case RecordType::Aead:
      return read_list(record, false, request.aeads, request);
    case RecordType::Error:
    case RecordType::Warning:
    case RecordType::Cookie:
      request.error = KeError::BadRequest;
      return;
    case RecordType::Server:
    case RecordType::Port:
      return;  // a wish of the client, which we need not fulfil
    case RecordType::CompliantExporter:
      if (!record.body.empty()) request.error = KeError::BadRequest;
      request.compliant_exporter = true;
      return;
  }
  if (record.critical) request.error = KeError::UnrecognizedCriticalRecord;
}

// ---- client ----

// A response as far as it has been read.
struct Reading {
  std::span<const auth::AeadId> offered;
  KeResponse response;
  bool has_protocol = false, has_aead = false, has_port = false, compliant = false, ended = false;
  std::optional<KeRefusal> refusal;

  void refuse(KeFault fault, std::uint16_t code = 0) {
    if (!refusal) refusal = {fault, code};
  }
  // Whether a record may be there; it may be once.
  bool once(bool& seen) {
    if (seen) refuse(KeFault::Malformed);
    return !std::exchange(seen, true);
  }
};

void read_protocol(const Record& record, Reading& reading) {
  if (!reading.once(reading.has_protocol)) return;
  if (!record.critical) return reading.refuse(KeFault::Malformed);
  if (record.body.empty()) return reading.refuse(KeFault::NoProtocol);
  if (record.body.size() != 2 || number_at(record.body, 0) != kNtpv4) reading.refuse(KeFault::Malformed);
}

void read_aead(const Record& record, Reading& reading) {
  if (!reading.once(reading.has_aead)) return;
  if (record.body.empty()) return reading.refuse(KeFault::NoAead);
  if (record.body.size() != 2) return reading.refuse(KeFault::Malformed);
  const auto id = enabled_aead(number_at(record.body, 0), reading.offered);
  if (!id) return reading.refuse(KeFault::Malformed);
  reading.response.aead = *id;
}

void read_server(const Record& record, Reading& reading) {
  const std::string_view name(reinterpret_cast<const char*>(record.body.data()), record.body.size());
  const bool good = !name.empty() && name.size() <= kMaxServerName && all_visible(name);
  if (!good || !reading.response.ntp_server.empty()) return reading.refuse(KeFault::Malformed);
  reading.response.ntp_server = name;
}

void read_port(const Record& record, Reading& reading) {
  if (!reading.once(reading.has_port)) return;
  if (record.body.size() != 2 || number_at(record.body, 0) == 0) return reading.refuse(KeFault::Malformed);
  reading.response.ntp_port = number_at(record.body, 0);
}

void read_cookie(const Record& record, Reading& reading) {
  auto& cookies = reading.response.cookies;
  if (!auth::NtsClient::is_usable(record.body) || cookies.size() == auth::kMaxCookies) return;
  cookies.emplace_back(record.body.begin(), record.body.end());
}

std::uint16_t code_of(const Record& record) {
  return record.body.size() == 2 ? number_at(record.body, 0) : 0;
}

void read_record(const Record& record, Reading& reading) {
  switch (static_cast<RecordType>(record.type)) {
    case RecordType::EndOfMessage:
      if (!record.critical || !record.body.empty()) reading.refuse(KeFault::Malformed);
      reading.ended = true;
      return;
    case RecordType::NextProtocol:
      return read_protocol(record, reading);
    case RecordType::Error:
      return reading.refuse(KeFault::ServerError, code_of(record));
    case RecordType::Warning:
      return reading.refuse(KeFault::ServerWarning, code_of(record));
    case RecordType::Aead:
      return read_aead(record, reading);
    case RecordType::Cookie:
      return read_cookie(record, reading);
    case RecordType::Server:
      return read_server(record, reading);
    case RecordType::Port:
      return read_port(record, reading);
    case RecordType::CompliantExporter:
      if (!record.body.empty()) reading.refuse(KeFault::Malformed);
      reading.compliant = true;
      return;
  }
  if (record.critical) reading.refuse(KeFault::UnrecognizedRecord);
}

const char* name_of(std::uint16_t error) {
  switch (static_cast<KeError>(error)) {
    case KeError::UnrecognizedCriticalRecord:
      return " (unrecognized critical record)";
    case KeError::BadRequest:
      return " (bad request)";
    case KeError::InternalServerError:
      return " (internal server error)";
  }
  return "";
}

// Reads each record of a whole message; false where it is cut off or goes on behind its end.
template <class Into>
bool read_records(std::span<const std::byte> message, Into& into) {
  if (MessageEnd().look(message) != MessageEnd::State::Whole) return false;
  RecordWalk walk(message);
  while (const auto record = walk.next()) read_record(*record, into);
  return into.ended;
}

}  // namespace

std::optional<Record> RecordWalk::next() {
  ByteReader reader(rest_);
  const std::uint16_t type = reader.u16();
  const std::size_t size = reader.u16();
  Record record{(type & kCriticalBit) != 0, static_cast<std::uint16_t>(type & ~kCriticalBit), reader.bytes(size)};
  if (!reader.ok()) {
    rest_ = {};
    return std::nullopt;
  }
  rest_ = rest_.subspan(kRecordHead + size);
  return record;
}

MessageEnd::State MessageEnd::look(std::span<const std::byte> received) {
  if (received.size() > kMaxMessage) return State::Broken;
  while (at_ < received.size()) {
    RecordWalk walk(received.subspan(at_));
    const auto record = walk.next();
    if (!record) return State::Partial;
    const std::size_t end = at_ + kRecordHead + record->body.size();
    if (record->type == static_cast<std::uint16_t>(RecordType::EndOfMessage)) {
      return end == received.size() ? State::Whole : State::Broken;
    }
    at_ = end;
  }
  return State::Partial;
}

std::array<std::byte, 5> exporter_context(auth::AeadId aead, bool compliant, Direction direction) {
  const auto told = compliant ? aead : auth::AeadId::SivCmac256;
  std::array<std::byte, 5> context;
  store_be(context.data(), kNtpv4);
  store_be(context.data() + 2, static_cast<std::uint16_t>(told));
  context[4] = static_cast<std::byte>(direction);
  return context;
}

std::variant<Agreement, KeError> negotiate(std::span<const std::byte> message, std::span<const auth::AeadId> enabled) {
  Request request;
  const bool whole = read_records(message, request);
  if (request.error) return *request.error;
  if (!whole || !request.protocols) return KeError::BadRequest;
  Agreement agreement;
  for (std::size_t i = 0; i < request.protocols->size() / 2; ++i) {
    if (number_at(*request.protocols, i) == kNtpv4) agreement.ntpv4 = true;
  }
  if (!agreement.ntpv4) return agreement;
  if (!request.aeads) return KeError::BadRequest;
  for (std::size_t i = 0; i < request.aeads->size() / 2 && !agreement.aead; ++i) {
    agreement.aead = enabled_aead(number_at(*request.aeads, i), enabled);
  }
  agreement.compliant_exporter = request.compliant_exporter && agreement.aead == auth::AeadId::GcmSiv128;
  return agreement;
}

std::size_t write_response(const Agreement& agreement, const KeOffer& offer, std::span<std::byte> into) {
  RecordWriter writer(into);
  if (!agreement.ntpv4) {
    writer.add(RecordType::NextProtocol);
    return writer.end();
  }
  writer.add(RecordType::NextProtocol, kNtpv4);
  if (!agreement.aead) {
    writer.add(RecordType::Aead);
    return writer.end();
  }
  writer.add(RecordType::Aead, static_cast<std::uint16_t>(*agreement.aead));
  if (agreement.compliant_exporter) writer.add(RecordType::CompliantExporter);
  if (offer.ntp_port != kNtpPort) writer.add(RecordType::Port, offer.ntp_port);
  if (!offer.ntp_server.empty()) writer.add(RecordType::Server, std::as_bytes(std::span(offer.ntp_server)));
  for (const auto& cookie : offer.cookies) writer.add(RecordType::Cookie, cookie);
  return writer.end();
}

std::size_t write_error(KeError error, std::span<std::byte> into) {
  RecordWriter writer(into);
  writer.add(RecordType::Error, static_cast<std::uint16_t>(error));
  return writer.end();
}

std::size_t write_request(std::span<const auth::AeadId> offered, std::span<std::byte> into) {
  std::array<std::byte, 2 * kMaxOffered> list;
  ByteWriter numbers(list);
  bool gcm_siv = false;
  for (const auth::AeadId id : offered.first(std::min(offered.size(), kMaxOffered))) {
    numbers.u16(static_cast<std::uint16_t>(id));
    gcm_siv = gcm_siv || id == auth::AeadId::GcmSiv128;
  }
  RecordWriter writer(into);
  writer.add(RecordType::NextProtocol, kNtpv4);
  writer.add(RecordType::Aead, numbers.written());
  if (gcm_siv) writer.add(RecordType::CompliantExporter);
  return writer.end();
}

std::string describe(KeRefusal refusal) {
  switch (refusal.fault) {
    case KeFault::Malformed:
      return "malformed response";
    case KeFault::UnrecognizedRecord:
      return "unrecognized critical record";
    case KeFault::ServerError:
      return format("server error %u%s", refusal.code, name_of(refusal.code));
    case KeFault::ServerWarning:
      return format("server warning %u", refusal.code);
    case KeFault::NoProtocol:
      return "server does not support NTPv4";
    case KeFault::NoAead:
      return "no common AEAD algorithm";
    case KeFault::NoCookies:
      return "no usable cookies";
  }
  return {};
}

std::variant<KeResponse, KeRefusal> read_response(std::span<const std::byte> message,
                                                  std::span<const auth::AeadId> offered) {
  Reading reading;
  reading.offered = offered;
  const bool whole = read_records(message, reading);
  if (reading.refusal) return *reading.refusal;
  if (!whole || !reading.has_protocol || !reading.has_aead) return KeRefusal{KeFault::Malformed};
  if (reading.response.cookies.empty()) return KeRefusal{KeFault::NoCookies};
  // It says nothing of the other cipher, whose keys have only ever been exported in one way.
  reading.response.compliant_exporter = reading.compliant && reading.response.aead == auth::AeadId::GcmSiv128;
  return std::move(reading.response);
}

}  // namespace timed::nts
