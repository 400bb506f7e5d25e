#include "timed/nts/ke_client.h"

#include <array>
#include <utility>

#include "timed/base/text.h"

namespace timed::nts {

KeClient::KeClient(env::Timers& timers, const TrustStore& trusted, KeTarget target, Done done)
    : trusted_(trusted), target_(std::move(target)), done_(std::move(done)), deadline_(timers, [this] {
        const bool established = session_->established();
        fail(established, format("NTS-KE session with %s timed out", label().c_str()));
      }) {}

std::string KeClient::label() const {
  return format("%s (%s)", target_.connection.remote.to_string().c_str(), target_.check.name.c_str());
}

Status KeClient::start(env::Network& network) {
  auto stream = network.connect_tcp(target_.connection);
  if (!stream) {
    return Error{format("Could not connect to %s : %s", label().c_str(), stream.error().reason().c_str()),
                 stream.error().kind};
  }
  session_ = std::make_unique<KeSession>(trusted_, target_.check);
  if (session_->fault() != TlsFault::None) {
    return Error{format("Could not set credentials : %s", session_->reason().c_str())};
  }
  stream_ = stream.take();
  stream_->on_event([this] { on_event(); });
  stream_->want_room(true);
  deadline_.arm_in(kTimeout);
  return {};
}

void KeClient::on_event() {
  take_input();
  advance();
}

// A portion a turn: whoever sends without end must not keep the loop.
void KeClient::take_input() {
  std::array<std::byte, 4096> buffer;
  const env::StreamRead read = stream_->receive(buffer);
  if (read.failure) connection_error_ = read.failure->reason();
  if (read.size > 0) session_->feed(std::span(buffer).first(read.size));
  if (read.ended) session_->feed_end();
}

void KeClient::advance() {
  if (session_->fault() != TlsFault::None) {
    flush();  // tells the other side why
    return fail_session();
  }
  if (session_->established() && !std::exchange(asked_, true) && !send_request()) {
    return fail(true, format("Could not ask %s", label().c_str()));
  }
  const auto state = asked_ ? end_.look(session_->received()) : MessageEnd::State::Partial;
  if (state == MessageEnd::State::Whole) return take_response();
  if (state == MessageEnd::State::Broken) {
    return fail(true, format("Received invalid NTS-KE message from %s", label().c_str()));
  }
  if (session_->ended()) return fail(true, format("NTS-KE session with %s was closed", label().c_str()));
  flush();
}

bool KeClient::send_request() {
  std::array<std::byte, 64> request;
  const std::size_t size = write_request(target_.offered, request);
  return size > 0 && session_->write(std::span(request).first(size));
}

// Room is wanted again while not all of it could be sent.
void KeClient::flush() {
  bool sending = true;
  while (sending && !session_->output().empty()) {
    const auto sent = stream_->send(session_->output());
    sending = sent.ok() && *sent > 0;
    if (sending) session_->take_output(*sent);
    if (!sent && connection_error_.empty()) connection_error_ = sent.error().reason();
  }
  stream_->want_room(!session_->output().empty());
}

void KeClient::fail_session() {
  const std::string who = label();
  switch (session_->fault()) {
    case TlsFault::None:
      return;
    case TlsFault::Ended:
      return fail(false, connection_error_.empty()
                             ? format("Could not connect to %s : %s", who.c_str(), session_->reason().c_str())
                             : format("Could not connect to %s : %s", who.c_str(), connection_error_.c_str()));
    case TlsFault::NoProtocol:
      return fail(true, format("NTS-KE not supported by %s", who.c_str()));
    case TlsFault::TooMuch:
      return fail(true, format("Received invalid NTS-KE message from %s", who.c_str()));
    case TlsFault::Certificate:
    case TlsFault::Handshake:
      return fail(true, format("TLS handshake with %s failed : %s", who.c_str(), session_->reason().c_str()));
  }
}

void KeClient::take_response() {
  const auto response = read_response(session_->received(), target_.offered);
  if (const auto* refusal = std::get_if<KeRefusal>(&response)) {
    return fail(true,
                format("Received invalid NTS-KE response from %s : %s", label().c_str(), describe(*refusal).c_str()));
  }
  KeEstablished result;
  result.response = std::get<KeResponse>(response);
  const auth::AeadId aead = result.response.aead;
  const bool both = aead == auth::AeadId::GcmSiv128 && !result.response.compliant_exporter;
  const auto keys = session_->export_keys(aead, result.response.compliant_exporter);
  const auto dates = session_->dates();
  if (!keys || !dates) return fail(true, format("Could not export keys of %s", label().c_str()));
  result.keys = *keys;
  if (both) result.other_keys = session_->export_keys(aead, true);
  result.dates = *dates;
  session_->close();
  flush();
  finish(std::move(result));
}

void KeClient::fail(bool reached_tls, std::string message) {
  finish(KeFailed{reached_tls, std::move(message)});
}

void KeClient::finish(const Result& result) {
  deadline_.disarm();
  stream_.reset();
  const Done done = std::move(done_);
  done(result);
}

}  // namespace timed::nts
