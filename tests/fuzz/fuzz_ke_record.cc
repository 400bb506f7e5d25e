// Messages of key establishment, as a server and as a client read them, whole and in pieces.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <variant>
#include <vector>

#include "timed/auth/nts_client.h"
#include "timed/base/check.h"
#include "timed/base/text.h"
#include "timed/nts/ke_record.h"

using namespace timed;

namespace {

constexpr std::array kBoth = {auth::AeadId::GcmSiv128, auth::AeadId::SivCmac256};

// Pieces of lengths that the message gives itself.
bool is_whole_in_pieces(std::span<const std::byte> message) {
  nts::MessageEnd end;
  auto state = nts::MessageEnd::State::Partial;
  for (std::size_t size = 0; size < message.size() && state == nts::MessageEnd::State::Partial;) {
    size = std::min(message.size(), size + 1 + std::to_integer<std::size_t>(message[size]) % 16);
    state = end.look(message.first(size));
    if (state == nts::MessageEnd::State::Whole && size < message.size()) return false;
  }
  return state == nts::MessageEnd::State::Whole;
}

// What is agreed on with anybody is an answer that our client understands.
void serve(std::span<const std::byte> message) {
  const auto result = nts::negotiate(message, kBoth);
  std::array<std::byte, 1024> into{};
  if (const auto* error = std::get_if<nts::KeError>(&result)) {
    TIMED_ASSERT(nts::write_error(*error, into) == 10);
    return;
  }
  const auto& agreement = std::get<nts::Agreement>(result);
  const std::vector<std::vector<std::byte>> cookies(auth::kMaxCookies, std::vector<std::byte>(100));
  const nts::KeOffer offer{123, "", cookies};
  const std::size_t size = nts::write_response(agreement, offer, into);
  TIMED_ASSERT(size > 0);
  const auto read = nts::read_response(std::span(into).first(size), kBoth);
  const auto* response = std::get_if<nts::KeResponse>(&read);
  TIMED_ASSERT((response != nullptr) == (agreement.ntpv4 && agreement.aead));
  if (response != nullptr) {
    TIMED_ASSERT(response->aead == *agreement.aead && response->cookies == cookies);
    TIMED_ASSERT(response->compliant_exporter == agreement.compliant_exporter);
  }
}

void receive(std::span<const std::byte> message) {
  const auto result = nts::read_response(message, kBoth);
  if (const auto* refusal = std::get_if<nts::KeRefusal>(&result)) {
    TIMED_ASSERT(!nts::describe(*refusal).empty());
    return;
  }
  const auto& response = std::get<nts::KeResponse>(result);
  TIMED_ASSERT(!response.cookies.empty() && response.cookies.size() <= auth::kMaxCookies && response.ntp_port != 0);
  TIMED_ASSERT(response.ntp_server.size() <= nts::kMaxServerName && all_visible(response.ntp_server));
  for (const auto& cookie : response.cookies) TIMED_ASSERT(auth::NtsClient::is_usable(cookie));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto message = std::as_bytes(std::span(data, size));
  const bool whole = nts::MessageEnd().look(message) == nts::MessageEnd::State::Whole;
  TIMED_ASSERT(whole == is_whole_in_pieces(message));
  serve(message);
  receive(message);
  return 0;
}
