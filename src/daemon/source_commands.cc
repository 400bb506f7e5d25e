#include "timed/daemon/source_commands.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "timed/base/log.h"
#include "timed/base/text.h"

namespace timed::daemon {
namespace {

using control::AddSourceRequest;
using control::Reply;
using control::ReplyStatus;
using discipline::SourceId;

struct Context {
  sources::SourceSet& sources;
  sources::SourceFiles* files;
  std::optional<SourceId> selected;
};

Reply success() {
  return {ReplyStatus::Success, {}};
}

// As chronyd takes them: the upper half of the range is below zero.
int to_int(std::uint32_t value) {
  return static_cast<int>(value);
}

// A number for an option's text: what the wire carries has seven digits at most.
std::string real(double value) {
  return format("%.9g", value);
}

std::vector<SourceId> meant_by(const control::WhichSources& which, const Context& c) {
  sources::SourceMask mask;
  mask.mask = which.mask.ip;
  mask.address = which.address.ip;
  mask.unresolved_id = which.address.unresolved_id;
  std::vector<SourceId> ids = c.sources.matching(mask);
  std::stable_partition(ids.begin(), ids.end(), [&](SourceId id) { return id != c.selected; });
  return ids;
}

Reply set_online(const control::WhichSources& which, bool online, const Context& c) {
  const std::vector<SourceId> ids = meant_by(which, c);
  for (const SourceId id : ids) c.sources.set_online(id, online);
  if (online) c.sources.hurry_names();
  return ids.empty() ? Reply::failure(ReplyStatus::NoSuchSource) : success();
}

std::optional<Reply> answer(const control::OnlineRequest& request, const Context& c) {
  return set_online(request.which, true, c);
}

std::optional<Reply> answer(const control::OfflineRequest& request, const Context& c) {
  return set_online(request.which, false, c);
}

std::optional<Reply> answer(const control::BurstRequest& request, const Context& c) {
  const std::vector<SourceId> ids = meant_by(request.which, c);
  bool any = false;
  for (const SourceId id : ids) any = c.sources.start_burst(id, request.good, request.total) || any;
  return any ? success() : Reply::failure(ReplyStatus::NoSuchSource);
}

std::optional<Reply> answer(const control::OnofflineRequest&, const Context& c) {
  for (const SourceId id : meant_by({}, c)) {
    if (c.sources.address_of(id)->is_set()) c.sources.set_online(id, c.sources.is_connectable(id));
  }
  c.sources.hurry_names();
  return success();
}

std::optional<Reply> answer(const control::RefreshRequest&, const Context& c) {
  c.sources.refresh();
  return success();
}

std::optional<Reply> answer(const control::ReloadSourcesRequest&, const Context& c) {
  if (c.files != nullptr) c.files->reload();
  return success();
}

std::optional<Reply> answer(const control::DelSourceRequest& request, const Context& c) {
  const auto id = find_source(c.sources, request.address);
  if (!id) return Reply::failure(ReplyStatus::NoSuchSource);
  c.sources.remove(*id, log::Severity::Info);
  return success();
}

std::optional<Reply> answer(const AddSourceRequest& request, const Context& c) {
  const auto line = line_of(request);
  if (const auto* problem = std::get_if<ReplyStatus>(&line)) return Reply::failure(*problem);
  const ReplyStatus status = status_of(c.sources.add(std::get<sources::SourceLine>(line), log::Severity::Info).status);
  if (status != ReplyStatus::Success) return Reply::failure(status);
  c.sources.hurry_names();
  return success();
}

template <class Other>
std::optional<Reply> answer(const Other&, const Context&) {
  return std::nullopt;
}

// The request in the words of the configuration, so that there is one place that knows their limits.
std::string words_of(const AddSourceRequest& q) {
  std::string text = q.name;
  // What does not fit into a port is cut, as chronyd cuts it; beyond the range of polls all are alike.
  text += format(" port %u minpoll %d maxpoll %d minstratum %d polltarget %d", q.port & 0xffff, q.min_poll,
                 std::clamp(q.max_poll, -32, 32), std::clamp(to_int(q.min_stratum), 0, 16),
                 std::max(to_int(q.poll_target), 1));
  text += format(" presend %d maxsources %d", std::clamp(q.presend, -32, 32), std::max(to_int(q.max_sources), 1));
  if (q.presend > 32) text.erase(text.rfind(" presend"), std::string(" presend 32").size());
  if (q.version != 0) text += format(" version %d", std::clamp(to_int(q.version), 1, 4));
  if (q.min_samples >= 0) text += format(" minsamples %d", q.min_samples);
  if (q.max_samples >= 0) text += format(" maxsamples %d", q.max_samples);
  text += " maxdelay " + real(q.max_delay) + " maxdelayratio " + real(q.max_delay_ratio);
  text += " maxdelaydevratio " + real(q.max_delay_dev_ratio) + " mindelay " + real(q.min_delay);
  text += " asymmetry " + real(q.asymmetry) + " offset " + real(q.offset);
  text += " maxdelayquant " + real(q.max_delay_quantile);
  text += format(" filter %d", std::max(q.filter, 0));
  // Clients up to 4.7 send zero, and do not mean a source that is given up with its first lost answer.
  if (q.max_unreach > 0) text += format(" maxunreach %d", q.max_unreach);
  if (q.key != 0) text += format(" key %u", q.key);
  text += format(" ntsport %u certset %u", q.nts_port & 0xffff, q.cert_set);
  struct Flag {
    std::uint32_t bit;
    const char* word;
  };
  constexpr Flag kFlags[] = {{AddSourceRequest::kAutoOffline, "auto_offline"},
                             {AddSourceRequest::kIburst, "iburst"},
                             {AddSourceRequest::kPrefer, "prefer"},
                             {AddSourceRequest::kNoselect, "noselect"},
                             {AddSourceRequest::kTrust, "trust"},
                             {AddSourceRequest::kRequire, "require"},
                             {AddSourceRequest::kInterleaved, "xleave"},
                             {AddSourceRequest::kBurst, "burst"},
                             {AddSourceRequest::kNts, "nts"},
                             {AddSourceRequest::kCopy, "copy"},
                             {AddSourceRequest::kMonoRoot, "extfield F323"},
                             {AddSourceRequest::kNetCorrection, "extfield 10A"},
                             {AddSourceRequest::kInet6, "ipv6"},
                             {AddSourceRequest::kInet4, "ipv4"}};
  for (const Flag& flag : kFlags) {
    if ((q.flags & flag.bit) != 0) text += std::string(" ") + flag.word;
  }
  if ((q.flags & AddSourceRequest::kOnline) == 0) text += " offline";
  return text;
}

std::optional<sources::SourceKind> kind_of(AddSourceRequest::Type type) {
  switch (type) {
    case AddSourceRequest::Type::Server:
      return sources::SourceKind::Server;
    case AddSourceRequest::Type::Peer:
      return sources::SourceKind::Peer;
    case AddSourceRequest::Type::Pool:
      return sources::SourceKind::Pool;
  }
  return std::nullopt;
}

}  // namespace

control::SourceAddress address_of(const sources::SourceReport& source) {
  if (source.address.is_set()) return source.address;
  return control::SourceAddress::unresolved(source.unresolved_id);
}

ReplyStatus status_of(sources::AddStatus status) {
  switch (status) {
    case sources::AddStatus::Added:
      break;
    case sources::AddStatus::AlreadyInUse:
      return ReplyStatus::SourceAlreadyKnown;
    case sources::AddStatus::TooManySources:
      return ReplyStatus::TooManySources;
    case sources::AddStatus::InvalidAddress:
      return ReplyStatus::InvalidFamily;
    case sources::AddStatus::InvalidName:
      return ReplyStatus::InvalidName;
  }
  return ReplyStatus::Success;
}

std::optional<SourceId> find_source(const sources::SourceSet& sources, const control::SourceAddress& address) {
  return address.unresolved_id ? sources.find_unresolved(*address.unresolved_id) : sources.find(address.ip);
}

std::variant<sources::SourceLine, ReplyStatus> line_of(const AddSourceRequest& request) {
  const auto kind = kind_of(request.type);
  if (!kind) return ReplyStatus::Invalid;
  if (!request.name_complete || request.name.empty() || !all_visible(request.name)) return ReplyStatus::InvalidName;
  const std::string text = words_of(request);
  const auto words = split_words(text);
  auto parsed = sources::parse_source_line(words, *kind);
  auto* const line = std::get_if<sources::ParsedLine>(&parsed);
  if (line == nullptr) return ReplyStatus::Invalid;
  return std::move(line->line);
}

std::optional<Reply> change_sources(const control::Request& request, sources::SourceSet& sources,
                                    sources::SourceFiles* files, std::optional<SourceId> selected) {
  const Context context{sources, files, selected};
  return std::visit([&](const auto& r) { return answer(r, context); }, request);
}

}  // namespace timed::daemon
