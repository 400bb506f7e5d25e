#include "timed/client/arguments.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "timed/client/session.h"
#include "timed/sources/options.h"

namespace timed::client {
namespace {

using control::AddSourceRequest;
using control::SourceAddress;
using control::WhichSources;

constexpr double kOrphanWait_s = 300.0;  // of `waitunsynced` where it is not given

Error refusal(std::string_view text) {
  return {std::string(text), ErrorKind::Invalid};
}

std::optional<SourceAddress> first_address(std::string_view host, Family family) {
  const auto found = resolve(std::string(host), 0, family);
  if (found.empty()) return std::nullopt;
  return SourceAddress(found.front().address);
}

// The address whose first bits are set and the others not.
IpAddress mask_of(Family family, std::int64_t bits) {
  const int width = IpAddress::any(family).width();
  if (bits < 0 || bits > width) bits = width;
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < bytes.size() && bits > 0; ++i, bits -= 8) {
    bytes[i] = static_cast<std::uint8_t>(bits >= 8 ? 0xff : 0xff << (8 - bits));
  }
  if (family == Family::Inet6) return IpAddress::v6(bytes);
  return IpAddress::v4(static_cast<std::uint32_t>(bytes[0]) << 24 | static_cast<std::uint32_t>(bytes[1]) << 16 |
                       static_cast<std::uint32_t>(bytes[2]) << 8 | bytes[3]);
}

// What stands around the slash of a mask.
std::optional<WhichSources> parse_masked(std::string_view left, std::string_view right) {
  const auto first = IpAddress::parse(left);
  if (!first) return std::nullopt;
  if (const auto second = IpAddress::parse(right)) {
    if (second->family() != first->family()) return std::nullopt;
    return WhichSources{*first, *second};
  }
  const auto bits = parse_saturated_prefix(right);
  if (!bits) return std::nullopt;
  return WhichSources{mask_of(first->family(), bits->value), *first};
}

std::optional<AddSourceRequest::Type> type_named(std::string_view word) {
  if (equals_ignoring_case(word, "server")) return AddSourceRequest::Type::Server;
  if (equals_ignoring_case(word, "peer")) return AddSourceRequest::Type::Peer;
  if (equals_ignoring_case(word, "pool")) return AddSourceRequest::Type::Pool;
  return std::nullopt;
}

std::uint32_t flags_of(const sources::SourceLine& line) {
  const struct {
    bool is_set;
    std::uint32_t bit;
  } flags[] = {
      {!line.offline, AddSourceRequest::kOnline},
      {line.auto_offline, AddSourceRequest::kAutoOffline},
      {line.poll.iburst, AddSourceRequest::kIburst},
      {line.marks.prefer, AddSourceRequest::kPrefer},
      {line.marks.noselect, AddSourceRequest::kNoselect},
      {line.marks.trust, AddSourceRequest::kTrust},
      {line.marks.require, AddSourceRequest::kRequire},
      {line.xleave, AddSourceRequest::kInterleaved},
      {line.poll.burst, AddSourceRequest::kBurst},
      {line.nts, AddSourceRequest::kNts},
      {line.copy, AddSourceRequest::kCopy},
      {line.mono_root, AddSourceRequest::kMonoRoot},
      {line.net_correction, AddSourceRequest::kNetCorrection},
      {line.family == Family::Inet4, AddSourceRequest::kInet4},
      {line.family == Family::Inet6, AddSourceRequest::kInet6},
  };
  std::uint32_t bits = 0;
  for (const auto& flag : flags) bits |= flag.is_set ? flag.bit : 0;
  return bits;
}

AddSourceRequest request_of(const sources::SourceLine& line, AddSourceRequest::Type type) {
  AddSourceRequest request;
  request.type = type;
  request.name = line.name;
  request.port = line.port;
  request.min_poll = line.poll.min_poll;
  request.max_poll = line.poll.max_poll;
  request.presend = line.poll.presend;
  request.min_stratum = static_cast<std::uint32_t>(line.check.min_stratum);
  request.poll_target = static_cast<std::uint32_t>(line.poll.poll_target);
  request.version = static_cast<std::uint32_t>(line.version.value_or(0));
  request.max_sources = static_cast<std::uint32_t>(line.max_sources);
  request.min_samples = line.min_samples.value_or(-1);
  request.max_samples = line.max_samples.value_or(-1);
  request.key = line.key.value_or(0);
  request.nts_port = line.nts_port;
  request.max_delay = line.check.max_delay.to_seconds();
  request.max_delay_ratio = line.check.max_delay_ratio;
  request.max_delay_dev_ratio = line.check.max_delay_dev_ratio;
  request.min_delay = line.stats.min_delay.to_seconds();
  request.asymmetry = line.stats.asymmetry;
  request.offset = line.check.offset.to_seconds();
  request.flags = flags_of(line);
  request.filter = line.filter;
  request.cert_set = line.cert_set;
  request.max_delay_quantile = line.check.max_delay_quantile;
  request.max_unreach = static_cast<std::int32_t>(std::min(line.max_unreach, 0x7fffffffU));
  return request;
}

Error add_error(sources::LineError::Kind kind) {
  switch (kind) {
    case sources::LineError::Kind::MissingHost:
      return refusal("Invalid syntax for add command");
    case sources::LineError::Kind::UnknownOption:
      return refusal("Invalid option in add command");
    case sources::LineError::Kind::BadValue:
      return refusal("Invalid value in add command");
  }
  return refusal("Invalid syntax for add command");
}

// One option of `local` with its value, from the front of the words; what is glued to a number is the next option.
class LocalOptions {
 public:
  explicit LocalOptions(std::span<const Word> words) : words_(words) { take_word(); }

  bool at_end() const { return text_.empty(); }
  std::string_view option() {
    const std::string_view word = text_;
    take_word();
    return word;
  }
  std::optional<std::int64_t> integer() { return take(parse_integer_prefix(text_)); }
  std::optional<double> real() { return take(parse_real_prefix(text_)); }

 private:
  template <class Parsed>
  auto take(const std::optional<Parsed>& parsed) -> std::optional<decltype(Parsed::value)> {
    if (!parsed) return std::nullopt;
    text_.remove_prefix(parsed->length);
    if (text_.empty()) take_word();
    return parsed->value;
  }
  void take_word() {
    text_ = next_ < words_.size() ? words_[next_].text : std::string_view();
    ++next_;
  }

  std::span<const Word> words_;
  std::size_t next_ = 0;
  std::string_view text_;
};

bool take_local_option(LocalOptions& options, control::LocalRequest& request, bool& waits) {
  const std::string_view word = options.option();
  if (equals_ignoring_case(word, "orphan")) {
    request.orphan = true;
    return true;
  }
  if (equals_ignoring_case(word, "stratum")) {
    const auto stratum = options.integer();
    if (!stratum || *stratum < 1 || *stratum > 15) return false;
    request.stratum = static_cast<std::int32_t>(*stratum);
    return true;
  }
  Duration* into = nullptr;
  if (equals_ignoring_case(word, "distance")) into = &request.distance;
  if (equals_ignoring_case(word, "activate")) into = &request.activate;
  if (equals_ignoring_case(word, "waitsynced")) into = &request.wait_synced;
  if (equals_ignoring_case(word, "waitunsynced")) into = &request.wait_unsynced;
  if (into == nullptr) return false;
  const auto value = options.real();
  if (!value || std::isnan(*value)) return false;
  *into = Duration::seconds(*value);
  if (into == &request.wait_unsynced) waits = true;
  return true;
}

}  // namespace

std::optional<SourceAddress> parse_address(std::string_view text) {
  constexpr std::string_view kId = "ID#";
  if (!text.starts_with(kId)) {
    const auto address = IpAddress::parse(text);
    if (!address) return std::nullopt;
    return SourceAddress(*address);
  }
  const auto id = parse_integer_prefix(text.substr(kId.size()));
  if (!id || id->value < 0 || id->value > 0xffffffff) return std::nullopt;
  return SourceAddress::unresolved(static_cast<std::uint32_t>(id->value));
}

std::optional<SourceAddress> find_address(std::string_view text, Family family) {
  if (const auto address = parse_address(text)) return address;
  return first_address(text, family);
}

Result<WhichSources> parse_which_sources(std::string_view text, Family family) {
  if (text.empty()) return WhichSources{};
  const std::size_t slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto which = parse_masked(text.substr(0, slash), text.substr(slash + 1));
    if (!which) return refusal("Invalid syntax for mask/address");
    return *which;
  }
  const auto address = find_address(text, family);
  if (!address) return refusal("Could not get address for hostname");
  if (!address->ip.is_set()) return WhichSources{{}, *address};
  return WhichSources{mask_of(address->ip.family(), address->ip.width()), *address};
}

Result<AddSourceRequest> parse_add_source(std::span<const Word> words, Family family) {
  const auto type = words.empty() ? std::nullopt : type_named(words[0].text);
  if (!type) return refusal("Invalid syntax for add command");
  const auto parsed = sources::parse_source_line(words.subspan(1));
  if (const auto* errors = std::get_if<std::vector<sources::LineError>>(&parsed))
    return add_error(errors->front().kind);
  const sources::SourceLine& line = std::get<sources::ParsedLine>(parsed).line;
  if (line.name.size() > 255) return refusal("Invalid syntax for add command");
  if (!find_address(line.name, line.family == Family::Unspecified ? family : line.family)) {
    return refusal("Invalid host/IP address");
  }
  return request_of(line, *type);
}

Result<control::LocalRequest> parse_local(std::span<const Word> words) {
  control::LocalRequest request;
  if (words.size() == 1 && words[0].text == "off") {
    request.stratum = 0;
    return request;
  }
  request.on = true;
  request.distance = Duration::seconds(1);
  bool waits = false;
  for (LocalOptions options(words); !options.at_end();) {
    if (!take_local_option(options, request, waits)) return refusal("Invalid syntax for local command");
  }
  if (request.orphan && !waits) request.wait_unsynced = Duration::seconds(kOrphanWait_s);
  return request;
}

}  // namespace timed::client
