// Requests and replies as datagrams, and what is read from them.
#ifndef TIMED_TESTS_UNIT_CONTROL_EXCHANGES_H_
#define TIMED_TESTS_UNIT_CONTROL_EXCHANGES_H_

#include <gtest/gtest.h>

#include "tests/unit/control/datagrams.h"
#include "timed/control/protocol.h"

namespace timed::control {

inline Bytes request_bytes(const Request& request, std::uint32_t sequence, std::uint8_t version = kVersion) {
  Bytes bytes(kMaxRequest, std::byte{0xee});
  bytes.resize(write_request(bytes, {version, static_cast<std::uint16_t>(code_of(request)), 0, sequence}, request));
  return bytes;
}

inline RequestHeader header_of(const Request& request, std::uint32_t sequence) {
  return {kVersion, static_cast<std::uint16_t>(code_of(request)), 0, sequence};
}

inline Bytes reply_bytes(const RequestHeader& header, const Reply& reply) {
  Bytes bytes(kMaxReply, std::byte{0xee});
  bytes.resize(write_reply(bytes, header, reply));
  return bytes;
}

template <class Body>
Body body_of(const Received& received) {
  EXPECT_EQ(received.arrival, Arrival::Accept);
  EXPECT_EQ(received.status, ReplyStatus::Success);
  if (!received.body || !std::holds_alternative<Body>(*received.body)) {
    ADD_FAILURE() << "no such body";
    return {};
  }
  return std::get<Body>(*received.body);
}

// Reads a captured exchange as the daemon does and as the client does, and writes both again, byte for byte.
template <class Body>
Body check_exchange(const Bytes& request_datagram, const Bytes& reply_datagram, const Request& request) {
  const auto header = read_request_header(request_datagram);
  if (!header) {
    ADD_FAILURE() << "no request";
    return {};
  }
  EXPECT_EQ(read_request(static_cast<RequestCode>(header->command), request_datagram), request);
  EXPECT_EQ(request_bytes(request, header->sequence), request_datagram);
  const Body body = body_of<Body>(receive_reply(reply_datagram, *header));
  EXPECT_EQ(reply_bytes(*header, {ReplyStatus::Success, body}), reply_datagram);
  return body;
}

}  // namespace timed::control

#endif  // TIMED_TESTS_UNIT_CONTROL_EXCHANGES_H_
