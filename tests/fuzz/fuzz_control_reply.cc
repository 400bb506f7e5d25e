// A client hears what whoever has the daemon's port or socket says.  The first bytes of the input choose the request
// that was sent (command, version), the rest is the datagram; what was accepted must print, and carry.
#include <array>
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <span>
#include <variant>

#include "timed/base/bytes.h"
#include "timed/base/check.h"
#include "timed/base/text.h"
#include "timed/client/csv.h"
#include "timed/client/json.h"
#include "timed/client/names.h"
#include "timed/client/own_json.h"
#include "timed/client/own_reports.h"
#include "timed/client/text.h"
#include "timed/client/text_tables.h"
#include "timed/control/protocol.h"

namespace {

using namespace timed;
using namespace timed::control;

// Lines of visible characters and blanks: nothing of what the network said may steer a terminal.
void keep(const std::string& text) {
  TIMED_ASSERT(!text.empty() && text.back() == '\n');
  for (const char c : text) TIMED_ASSERT(c == '\n' || c == ' ' || is_visible(c));
}

void keep_json(const std::string& text) {
  keep(text + "\n");
  TIMED_ASSERT(nlohmann::json::accept(text));
}

struct Print {
  void operator()(const std::monostate&) const {}
  void operator()(const NSourcesReply&) const {}
  void operator()(const SourceDataReply& r) const {
    keep(client::text::sources_row(r, client::address_text(r.address), false));
    keep(client::csv::sources_row(r, client::ref_id_text(r.ref_id)));
    keep_json(client::json::sources_row(r, client::ref_id_text(r.ref_id)));
  }
  void operator()(const TrackingReply& r) const {
    keep(client::text::tracking(r, client::address_text(r.address)));
    keep(client::csv::tracking(r, client::ref_id_text(r.ref_id)));
    keep_json(client::json::tracking(r, client::ref_id_text(r.ref_id)));
    keep(client::text::waitsync(1, r));
    keep(client::csv::waitsync(1, r));
    keep_json(client::json::waitsync(1, r));
  }
  void operator()(const SourcestatsReply& r) const {
    keep(client::text::sourcestats_row(r, client::address_text(r.address), true));
    keep(client::csv::sourcestats_row(r, client::ref_id_text(r.ref_id)));
    keep_json(client::json::sourcestats_row(r, client::ref_id_text(r.ref_id)));
  }
  void operator()(const ActivityReply& r) const {
    keep(client::text::activity(r));
    keep(client::csv::activity(r));
    keep_json(client::json::activity(r));
  }
  void operator()(const NtpSourceNameReply& r) const {
    keep(r.name + "\n");
    keep_json(client::json::sourcename({}, r.name));
  }
  void operator()(const ManualTimestampReply& r) const {
    keep(client::text::settime(r));
    keep_json(client::json::settime(r));
  }
  void operator()(const SmoothingReply& r) const {
    keep(client::text::smoothing(r));
    keep(client::csv::smoothing(r));
    keep_json(client::json::smoothing(r));
  }
  void operator()(const ManualListReply& r) const {
    TIMED_ASSERT(r.entries.size() <= ManualListReply::kMaxEntries);
    keep(client::text::manual_list(r));
    if (!r.entries.empty()) keep(client::csv::manual_list(r));
    keep_json(client::json::manual_list(r));
  }
  void operator()(const AuthDataReply& r) const {
    keep(client::text::authdata_row(r, "name", false));
    keep(client::csv::authdata_row(r, "name"));
    keep_json(client::json::authdata_row(r, {}, "name"));
  }
  void operator()(const NtpDataReply& r) const {
    keep(client::text::ntpdata(r));
    keep(client::csv::ntpdata(r));
    keep_json(client::json::ntpdata(r));
  }
  void operator()(const SelectDataReply& r) const {
    keep(client::text::selectdata_row(r, client::address_text(r.address), false));
    keep(client::csv::selectdata_row(r, client::ref_id_text(r.ref_id)));
    keep_json(client::json::selectdata_row(r, client::ref_id_text(r.ref_id)));
  }
  void operator()(const ServerStatsReply& r) const {
    TIMED_ASSERT(r.generation == StatsGeneration::Fourth || (r.ntp_hits >> 32 == 0 && r.ntp_hw_tx == 0));
    keep(client::text::serverstats(r));
    keep(client::csv::serverstats(r));
    keep_json(client::json::serverstats(r));
  }
  void operator()(const ClientAccessesReply& r) const {
    TIMED_ASSERT(r.clients.size() <= ClientAccessesReply::kMaxClients);
    for (const auto& client : r.clients) {
      keep_json(client::json::clients_row(client, client.address.to_string()));
      for (const auto columns : {client::ClientColumns::Commands, client::ClientColumns::KeyEstablishment}) {
        keep(client::text::clients_row(client, client.address.to_string(), columns, true));
        keep(client::csv::clients_row(client, client.address.to_string(), columns));
      }
    }
  }
  void operator()(const DaemonStatusReply& r) const {
    keep(client::text::daemonstatus(r));
    keep(client::csv::daemonstatus(r));
    keep_json(client::json::daemonstatus(r));
  }
  void operator()(const ReloadChangeReply& r) const {
    keep(client::text::reloadstatus_row(r));
    keep(client::csv::reloadstatus_row(r));
    keep_json(client::json::reloadstatus_row(r));
  }
  void operator()(const ServerVerdictsReply& r) const {
    keep(client::text::serververdicts(r));
    keep(client::csv::serververdicts(r));
    keep_json(client::json::serververdicts(r));
  }
  void operator()(const NtsServerReply& r) const {
    keep(client::text::ntsserver(r));
    keep(client::csv::ntsserver(r));
    keep_json(client::json::ntsserver(r));
  }
  void operator()(const SourceVerdictsReply& r) const {
    keep(client::text::sourceverdicts_row(r, client::address_text(r.address), true));
    keep(client::csv::sourceverdicts_row(r, "name"));
    keep_json(client::json::sourceverdicts_row(r, "name"));
  }
  void operator()(const SourceEstimatorReply& r) const {
    keep(client::text::estimators_row(r, client::address_text(r.address), true));
    keep(client::csv::estimators_row(r, "name"));
    keep_json(client::json::estimators_row(r, "name"));
  }
  void operator()(const RtcReply& r) const {
    keep(client::text::rtcdata(r));
    keep(client::csv::rtcdata(r));
    keep_json(client::json::rtcdata(r));
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const auto datagram = std::as_bytes(std::span(data, size)).subspan(2);
  RequestHeader sent;
  sent.command = static_cast<std::uint16_t>(data[0] | ((data[1] & 2) != 0 ? kFirstOwnCode : 0));
  sent.version = (data[1] & 1) != 0 ? kUnpaddedVersion : kVersion;
  // The sequence is a guess that an attacker has to make; here it is known.
  if (datagram.size() >= 20) sent.sequence = load_be<std::uint32_t>(datagram.data() + 16);
  const Received received = receive_reply(datagram, sent);
  if (received.arrival != Arrival::Accept) {
    TIMED_ASSERT(!received.body);
    return 0;
  }
  TIMED_ASSERT(datagram.size() >= kReplyHeader);
  TIMED_ASSERT(!status_line(received.status).empty());
  keep_json(client::json::status(status_line(received.status)));
  if (!received.body) return 0;
  std::visit(Print{}, *received.body);

  std::array<std::byte, kMaxReply> again;
  const std::size_t length = write_reply(again, sent, {ReplyStatus::Success, *received.body});
  const Received twice = receive_reply(std::span(again).first(length), [&] {
    RequestHeader header = sent;
    header.version = kVersion;
    return header;
  }());
  TIMED_ASSERT(twice.arrival == Arrival::Accept && twice.body);
  return 0;
}
