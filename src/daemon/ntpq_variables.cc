#include "timed/daemon/ntpq_variables.h"

#include <algorithm>
#include <vector>

#include "timed/base/bytes.h"
#include "timed/base/text.h"

namespace timed::daemon {
namespace {

using control::Mode6Answer;
using control::Mode6Error;
using control::Mode6Question;
using control::Mode6Variable;
using discipline::SourceState;
using sources::SourceReport;

// How the system is synchronised, bits 8 to 13 of its status.
enum SystemSource : unsigned { kNoSource = 0, kLocalClock = 5, kNtp = 6 };
// Bits of the first octet of a source's status.
constexpr unsigned kConfigured = 0x80, kAuthEnabled = 0x40, kAuthentic = 0x20, kReachable = 0x10;
// Modes of a host as it is for ntpq.
constexpr int kClientMode = 3;
constexpr int kActiveMode = 1;

// ntpq's ' ', x, '.', -, + and *.
unsigned selection_code(SourceState state) {
  switch (state) {
    case SourceState::Selected:
      return 6;
    case SourceState::Combined:
      return 4;
    case SourceState::Distant:
    case SourceState::WaitsUpdate:
    case SourceState::NotPreferred:
    case SourceState::WaitsSources:
      return 3;
    case SourceState::Jittery:
      return 2;
    case SourceState::Falseticker:
      return 1;
    default:
      return 0;
  }
}

std::uint16_t association_of(discipline::SourceId id) {
  return static_cast<std::uint16_t>(id.value);
}

std::string millis(Duration d) {
  return format("%.6f", d.to_seconds() * 1e3);
}

std::string stamp(ntp::NtpTimestamp t) {
  return format("0x%08x.%08x", static_cast<unsigned>(t.bits >> 32), static_cast<unsigned>(t.bits & 0xffffffff));
}

std::string quoted(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (is_visible(c) && c != '"' && c != '\\') result.push_back(c);
    if (c == ' ') result.push_back(c);
  }
  return result + "\"";
}

// An address, but for a primary server, which says four characters.
std::string ref_id_text(ntp::RefId id, ntp::Stratum stratum) {
  if (stratum > 1) return IpAddress::v4(id.value).to_string();
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const char c = static_cast<char>(id.value >> shift & 0xff);
    if (is_visible(c) && c != ',' && c != '"' && c != '=') text.push_back(c);
  }
  return text;
}

Mode6Answer failure(Mode6Error error) {
  Mode6Answer answer;
  answer.error = error;
  return answer;
}

Mode6Answer text_answer(std::uint16_t status, std::span<const Mode6Variable> variables, const Mode6Question& q) {
  Mode6Answer answer;
  answer.status = status;
  answer.data = control::mode6_text(variables, q.names);
  return answer.data.empty() ? failure(Mode6Error::UnknownVariable) : answer;
}

// Of the last response that was one.
void add_response(const sources::NtpDataReport& data, std::vector<Mode6Variable>& into) {
  const auto add = [&](const char* name, std::string value) { into.push_back({name, std::move(value)}); };
  const ntp::Header& header = data.last->header;
  add("dstadr", data.last->local_address.to_string());
  add("leap", format("%d", static_cast<int>(header.leap)));
  add("stratum", format("%d", header.stratum));
  add("precision", format("%d", header.precision));
  add("rootdelay", millis(header.root_delay.to_duration()));
  add("rootdisp", millis(header.root_dispersion.to_duration()));
  add("refid", ref_id_text(header.ref_id, header.stratum));
  add("reftime", stamp(header.reference));
  add("pmode", format("%d", static_cast<int>(header.mode)));
  add("ppoll", format("%d", header.poll));
}

}  // namespace

Mode6Answer NtpqVariables::answer(const Mode6Question& q) const {
  if (!q.well_formed) return failure(Mode6Error::BadFormat);
  switch (static_cast<control::Mode6Operation>(q.operation)) {
    case control::Mode6Operation::ReadStatus:
      return q.association == 0 ? read_status() : read_source(q);
    case control::Mode6Operation::ReadVariables:
      return q.association == 0 ? read_system(q) : read_source(q);
    case control::Mode6Operation::ReadClock:
      return failure(Mode6Error::BadAssociation);  // of a reference clock, and there is none
  }
  return failure(Mode6Error::BadOperation);
}

std::uint16_t NtpqVariables::system_status() const {
  const discipline::OwnState own = parts_.reference.own_state(now_);
  const unsigned source = parts_.selector.selected() ? kNtp : own.local_reference ? kLocalClock : kNoSource;
  return static_cast<std::uint16_t>(static_cast<unsigned>(own.leap) << 14 | source << 8);
}

std::uint16_t NtpqVariables::status_of(const SourceReport& source) const {
  unsigned bits = kConfigured;
  const auto data = parts_.sources.ntp_data(source.address);
  if (data && data->authenticated) bits |= kAuthEnabled | (data->counters.good > 0 ? kAuthentic : 0);
  if (source.reachability.reachable()) bits |= kReachable;
  bits |= selection_code(parts_.selector.state_of(source.id).state);
  return static_cast<std::uint16_t>(bits << 8);
}

Mode6Answer NtpqVariables::read_status() const {
  Mode6Answer answer;
  answer.status = system_status();
  constexpr std::size_t kMost = control::kMode6MaxDatagrams * control::kMode6MaxData / 4;
  const std::size_t count = std::min(parts_.sources.size(), kMost);
  answer.data.resize(count * 4);
  ByteWriter out(answer.data);
  for (std::size_t i = 0; i < count; ++i) {
    const auto source = parts_.sources.report(i, now_.free);
    out.u16(association_of(source->id));
    out.u16(status_of(*source));
  }
  return answer;
}

Mode6Answer NtpqVariables::read_system(const Mode6Question& q) const {
  std::vector<Mode6Variable> all;
  const auto add = [&](const char* name, std::string value) { all.push_back({name, std::move(value)}); };
  const discipline::OwnState own = parts_.reference.own_state(now_);
  const discipline::TrackingReport tracking = parts_.reference.tracking(now_);
  const bool synchronised = own.leap != ntp::Leap::Unsynchronised;
  add("version", quoted("timed " TIMED_VERSION));
  add("leap", format("%d", static_cast<int>(own.leap)));
  add("stratum", format("%d", synchronised ? own.stratum : ntp::kUnsynchronisedStratum));
  add("precision", format("%d", own.precision_log2));
  add("rootdelay", millis(own.root_delay));
  add("rootdisp", millis(own.root_dispersion_at(now_.local)));
  add("refid", synchronised ? ref_id_text(own.ref_id, own.stratum) : "INIT");
  add("reftime",
      stamp(own.reference_time == LocalTime() ? ntp::NtpTimestamp() : ntp::NtpTimestamp::from(own.reference_time)));
  add("clock", stamp(ntp::NtpTimestamp::from(now_.local)));
  const auto selected = parts_.selector.selected();
  add("peer", format("%u", selected ? association_of(*selected) : 0u));
  if (selected) {
    for (std::size_t i = 0; i < parts_.sources.size(); ++i) {
      const auto source = parts_.sources.report(i, now_.free);
      if (source->id == *selected) add("tc", format("%d", source->poll));
    }
  }
  add("offset", millis(tracking.last_offset));
  add("frequency", format("%.6f", parts_.clock.frequency().to_ppm()));
  add("sys_jitter", millis(tracking.rms_offset));
  if (parts_.tai_offset != 0) add("tai", format("%d", parts_.tai_offset));
  return text_answer(system_status(), all, q);
}

Mode6Answer NtpqVariables::read_source(const Mode6Question& q) const {
  for (std::size_t i = 0; i < parts_.sources.size(); ++i) {
    const auto source = parts_.sources.report(i, now_.free);
    if (association_of(source->id) == q.association) return text_answer(status_of(*source), variables_of(*source), q);
  }
  return failure(Mode6Error::BadAssociation);
}

std::vector<Mode6Variable> NtpqVariables::variables_of(const SourceReport& source) const {
  std::vector<Mode6Variable> all;
  const auto add = [&](const char* name, std::string value) { all.push_back({name, std::move(value)}); };
  const auto data = parts_.sources.ntp_data(source.address);
  add("srcadr", source.address.is_set() ? source.address.to_string() : "0.0.0.0");
  if (!source.address.is_set() || source.name != source.address.to_string()) add("srchost", quoted(source.name));
  if (data) add("srcport", format("%u", static_cast<unsigned>(data->remote.port)));
  if (data && data->last) {
    add_response(*data, all);
  } else {
    add("stratum", format("%d", ntp::kUnsynchronisedStratum));
    add("refid", "INIT");
    add("ppoll", format("%d", source.poll));  // or ntpq would show a poll of one second
  }
  add("reach", format("0x%x", source.reachability.bits));
  add("hmode", format("%d", source.kind == sources::SourceKind::Peer ? kActiveMode : kClientMode));
  add("hpoll", format("%d", source.poll));
  if (const auto& last = source.last_sample) {
    add("rec", stamp(ntp::NtpTimestamp::from(parts_.clock.timeline().view().to_local(last->when))));
    add("offset", millis(last->adjusted));
  }
  if (data && data->last) {
    add("delay", millis(data->last->peer_delay));
    add("dispersion", millis(data->last->peer_dispersion));
  }
  if (source.stats.samples > 0) add("jitter", millis(source.stats.std_dev));
  const auto auth = parts_.sources.auth_of(source.id);
  if (auth && auth->key) add("keyid", format("%u", static_cast<unsigned>(*auth->key)));
  return all;
}

std::vector<std::vector<std::byte>> answer_ntpq(const env::Datagram& datagram, CommandGate& gate,
                                                const NtpqVariables::Parts& parts) {
  const IpAddress& from = datagram.peer.address;
  const bool local = from.is_localhost();
  if (datagram.peer.port == 0 || (!local && !gate.admits(from))) return {};
  const auto question = control::read_mode6(datagram.bytes());
  if (!question || (!local && !gate.is_not_too_fast(from))) return {};
  const NtpqVariables variables(parts);
  const auto limits = local ? control::Mode6Limits::local() : control::Mode6Limits::remote(datagram.size);
  return control::write_mode6(*question, variables.leap(), variables.answer(*question), limits);
}

}  // namespace timed::daemon
