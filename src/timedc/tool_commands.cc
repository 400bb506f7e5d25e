#include "tool_commands.h"

#include <sys/random.h>

#include <algorithm>
#include <cstddef>
#include <vector>

#include "timed/auth/digest.h"

namespace timed::timedc {
namespace {

constexpr std::int64_t kMinKeyBits = 80;
constexpr std::int64_t kMaxKeyBits = 4096;
constexpr std::int64_t kDefaultKeyBits = 160;

std::vector<std::byte> random_octets(std::size_t size) {
  std::vector<std::byte> octets(size);
  for (std::size_t done = 0; done < size;) {
    const ssize_t got = ::getrandom(octets.data() + done, size - done, 0);
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return octets;
}

std::size_t key_size(auth::KeyType type, std::int64_t bits) {
  if (auth::is_cipher(type)) return auth::secret_size_of(type);
  return static_cast<std::size_t>((std::clamp(bits, kMinKeyBits, kMaxKeyBits) + 7) / 8);
}

}  // namespace

bool dns(Context& context, const Words& words) {
  const std::string_view what = word_at(words, 1);
  if (what == "-n") {
    context.naming.reverse_dns = false;
  } else if (what == "+n") {
    context.naming.reverse_dns = true;
  } else if (what == "-4") {
    context.family = Family::Inet4;
  } else if (what == "-6") {
    context.family = Family::Inet6;
  } else if (what == "-46") {
    context.family = Family::Unspecified;
  } else {
    return Context::complain("Unrecognized dns command");
  }
  return true;
}

bool timeout(Context& context, const Words& words) {
  // No number at all is none, as for chronyc.
  const auto value = words.size() > 1 ? parse_integer(word_at(words, 1)) : 0;
  if (!value) return Context::complain("Invalid timeout value");
  if (*value < client::kMinTimeout_ms) {
    return Context::complain(format("Timeout %lld is too short", static_cast<long long>(*value)));
  }
  context.session.set_timeout(Duration::millis(static_cast<double>(*value)));
  return true;
}

bool retries(Context& context, const Words& words) {
  const auto value = words.size() > 1 ? parse_integer(word_at(words, 1)) : 0;
  if (!value || *value < 0 || *value > client::kMaxRetries) {
    return Context::complain("Invalid maximum number of retries");
  }
  context.session.set_retries(static_cast<int>(*value));
  return true;
}

bool keygen(Context& context, const Words& words) {
  std::int64_t id = 1;
  std::int64_t bits = kDefaultKeyBits;
  const auto number = words.size() > 1 ? parse_saturated_prefix(words[1].text) : ParsedInteger{id, 0};
  const auto length = words.size() > 3 ? parse_saturated_prefix(words[3].text) : ParsedInteger{bits, 0};
  if (!number || !length || words.size() > 4) return Context::complain("Invalid syntax for keygen command");
  id = number->value;
  bits = length->value;

  const std::string_view name = words.size() > 2 ? words[2].text : "SHA1";
  const auto type = auth::key_type_named(name);
  const std::vector<std::byte> secret = random_octets(type ? key_size(*type, bits) : 0);
  // What this libcrypto cannot compute is of no use.
  if (!type || !auth::Digester::make(*type, secret)) {
    return Context::complain("Unknown hash function or cipher " + std::string(name));
  }
  std::string line = format("%u %s HEX:", static_cast<std::uint32_t>(id), auth::name_of(*type));
  for (const std::byte octet : secret) line += format("%02X", std::to_integer<unsigned>(octet));
  context.print(line + "\n");
  return true;
}

bool end(Context& context, const Words&) {
  context.wants_end = true;
  return true;
}

bool obsolete(Context&, const Words&) {
  Context::complain("Authentication is no longer supported");
  return true;
}

}  // namespace timed::timedc
