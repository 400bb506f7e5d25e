#include "timed/client/names.h"

#include <netdb.h>

#include <algorithm>
#include <array>
#include <utility>

#include "socket_address.h"
#include "timed/base/text.h"

namespace timed::client {

std::string address_text(const control::SourceAddress& address) {
  if (!address.ip.is_set() && address.unresolved_id) return format("ID#%010u", *address.unresolved_id);
  return address.ip.to_string();
}

std::string ref_id_text(ntp::RefId ref_id) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) {
    const auto c = static_cast<unsigned char>(ref_id.value >> shift);
    if (c >= 0x20 && c < 0x7f) text.push_back(static_cast<char>(c));
  }
  return text;
}

// Names are shown on a terminal and come from whoever answers for the address: only plain ones are taken.
std::string reverse_name(const IpAddress& address) {
  std::array<char, NI_MAXHOST> name{};
  const SocketAddress socket_address = to_socket_address({address, 0, 0});
  const int failed =
      ::getnameinfo(socket_address.get(), socket_address.length, name.data(), name.size(), nullptr, 0, NI_NAMEREQD);
  const std::string_view text(name.data());
  return failed != 0 || text.empty() || !all_visible(text) ? address.to_string() : std::string(text);
}

std::string cut_name(std::string name, std::size_t width) {
  if (name.size() <= width) return name;
  name.resize(width - 1);
  return name + '>';
}

Name source_name(Session& session, const control::SourceAddress& address, const NamingOptions& options) {
  Name name = whole_source_name(session, address, options);
  if (!options.original && options.reverse_dns) {
    name.text = cut_name(std::move(name.text), kNameWidth + (options.wide ? kWider : 0));
  }
  return name;
}

Name whole_source_name(Session& session, const control::SourceAddress& address, const NamingOptions& options) {
  if (options.original) {
    auto reply = session.ask_for<control::NtpSourceNameReply>(control::NtpSourceNameRequest{address});
    if (!reply) return {"?", reply.error().message};
    return {reply->name, {}};
  }
  if (options.reverse_dns && address.ip.is_set()) return {reverse_name(address.ip), {}};
  return {address_text(address), {}};
}

}  // namespace timed::client
