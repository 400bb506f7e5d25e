#include "timed/auth/saved_session.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <string_view>
#include <utility>

#include "hex_text.h"
#include "line_reader.h"
#include "timed/auth/nts_client.h"
#include "timed/auth/nts_fields.h"
#include "timed/base/text.h"

namespace timed::auth {
namespace {

constexpr std::string_view kFormat = "NNC0";

template <class T>
std::optional<T> read_number(std::string_view word, std::int64_t most) {
  const auto number = parse_integer(word);
  if (!number || *number < 0 || *number > most) return std::nullopt;
  return static_cast<T>(*number);
}

std::optional<LocalTime> read_time(std::string_view word) {
  constexpr double kLatest_s = 1e9 * 8;  // of what a LocalTime can hold
  const auto value = parse_real_prefix(word);
  const bool whole = value && value->length == word.size() && value->value >= 0 && value->value < kLatest_s;
  return whole ? std::optional(LocalTime::from_seconds(0) + Duration::seconds(value->value)) : std::nullopt;
}

// False where the line is not "<context id> <aead> <S2C> <C2S>".
bool read_keys(const std::vector<Word>& words, NtsSession& into) {
  if (words.size() != 4) return false;
  const auto context = read_number<std::uint32_t>(words[0].text, 0xffffffff);
  const auto number = read_number<std::uint16_t>(words[1].text, 0xffff);
  const auto aead = number ? aead_numbered(*number) : std::nullopt;
  if (!context || !aead) return false;
  // A session that is saved was the first at least.
  into.number = std::max(*context, std::uint32_t{1});
  into.keys.aead = *aead;
  const std::size_t size = key_size_of(*aead);
  const std::span octets(into.keys.octets);
  return decode_hex(words[2].text, octets.subspan(size, size)) && decode_hex(words[3].text, octets.first(size));
}

bool read_cookie(const std::vector<Word>& words, NtsSession& into) {
  if (words.size() != 1 || words[0].text.size() > 2 * NtsClient::kMaxCookie) return false;
  std::vector<std::byte> cookie(words[0].text.size() / 2);
  if (!decode_hex(words[0].text, cookie) || !NtsClient::is_usable(cookie)) return false;
  into.cookies.push_back(std::move(cookie));
  return true;
}

Result<SavedSession> parse(std::string_view text) {
  LineReader reader(text);
  SavedSession saved;
  auto words = reader.next_line();
  if (words.size() != 1 || words[0].text != kFormat) return reader.error("Unknown format");
  words = reader.next_line();
  if (words.size() != 1) return reader.error("Missing name");
  if (words[0].text.find('\0') != std::string_view::npos) return reader.error("Invalid name");
  saved.name = words[0].text;
  words = reader.next_line();
  const auto established = words.size() == 1 ? read_time(words[0].text) : std::nullopt;
  if (!established) return reader.error("Invalid time");
  saved.session.established = *established;
  words = reader.next_line();
  const auto address = words.size() == 2 ? IpAddress::parse(words[0].text) : std::nullopt;
  const auto port = address ? read_number<std::uint16_t>(words[1].text, 0xffff) : std::nullopt;
  if (!port || *port == 0 || address->is_any()) return reader.error("Invalid address");
  saved.ntp = Endpoint{*address, *port, 0};
  if (!read_keys(reader.next_line(), saved.session)) return reader.error("Invalid keys");
  while (reader.has_more()) {
    const bool room = saved.session.cookies.size() < kMaxCookies;
    if (!room || !read_cookie(reader.next_line(), saved.session)) return reader.error("Invalid cookie");
  }
  if (saved.session.cookies.empty()) return reader.error("Missing cookie");
  return saved;
}

}  // namespace

std::string to_text(const SavedSession& saved) {
  const NtsSession& session = saved.session;
  std::string text;
  constexpr std::size_t kHead = 1024;
  // No copy of a key is left behind by growing.
  text.reserve(kHead + saved.name.size() + session.cookies.size() * (2 * NtsClient::kMaxCookie + 1));
  text += format("%s\n%s\n", std::string(kFormat).c_str(), saved.name.c_str());
  text += format("%.1f\n", static_cast<double>(session.established.nanos()) * 1e-9);
  text += format("%s %u\n", saved.ntp.address.to_string().c_str(), static_cast<unsigned>(saved.ntp.port));
  text += format("%u %u ", session.number, static_cast<unsigned>(session.keys.aead));
  append_hex(session.keys.s2c(), text);
  text += ' ';
  append_hex(session.keys.c2s(), text);
  text += '\n';
  for (const auto& cookie : session.cookies) {
    append_hex(cookie, text);
    text += '\n';
  }
  return text;
}

Result<SavedSession> read_saved_session(std::string text) {
  auto saved = parse(text);
  wipe(std::as_writable_bytes(std::span(text)));
  return saved;
}

}  // namespace timed::auth
