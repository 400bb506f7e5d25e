// A file of saved NTS keys of any bytes: what is taken can be used, and is the same after it was written and read again.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "timed/auth/nts_client.h"
#include "timed/auth/nts_fields.h"
#include "timed/auth/saved_session.h"

namespace {

using namespace timed::auth;

void require(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto saved = read_saved_session(std::string(reinterpret_cast<const char*>(data), size));
  if (!saved) {
    require(!saved.error().message.empty());
    return 0;
  }
  require(!saved->name.empty() && saved->ntp.address.is_set() && saved->ntp.port != 0);
  require(!saved->session.cookies.empty() && saved->session.cookies.size() <= kMaxCookies);
  auto client = NtsClient::make(saved->session.keys);
  require(client.has_value());
  for (const auto& cookie : saved->session.cookies) require(client->add_cookie(cookie));
  const std::string written = to_text(*saved);
  const auto again = read_saved_session(written);
  require(again.ok() && to_text(*again) == written);
  return 0;
}
