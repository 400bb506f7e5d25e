// TLS of one key establishment, either side (RFC 8915 section 3): octets of the connection in, octets for the
// connection out, and between them the messages of ke_record.  No sockets, no clock: whoever has these feeds it, sends
// what it has to say, and decides how long it may take.
#ifndef TIMED_NTS_KE_SESSION_H_
#define TIMED_NTS_KE_SESSION_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "timed/auth/aead.h"
#include "timed/auth/cookies.h"
#include "timed/base/units.h"
#include "timed/nts/credentials.h"

namespace timed::nts {

// What a client wants of the server's certificate.
struct CertificateCheck {
  std::string name;               // host name, or address, that it must be of
  std::optional<LocalTime> when;  // it must be valid then; empty: its dates are not looked at
};

// During which a certificate and all those above it are valid.
struct CertificateDates {
  LocalTime not_before, not_after;
};

// Why a session is of no use.
enum class TlsFault : std::uint8_t {
  None,
  Certificate,  // the client does not accept the server's
  NoProtocol,   // the other side does not speak NTS-KE
  Handshake,    // anything else that TLS does not like, or that the other side has refused
  Ended,        // the connection has ended before the handshake had
  TooMuch,      // more octets than any message needs
};

class KeSession {
 public:
  // The credentials outlive the session.  A client begins at once.
  explicit KeSession(const ServerCredentials& credentials);
  KeSession(const TrustStore& trusted, const CertificateCheck& check);
  ~KeSession();
  KeSession(const KeSession&) = delete;
  KeSession& operator=(const KeSession&) = delete;

  // Octets that have come in.
  void feed(std::span<const std::byte> octets);
  // None will come any more.
  void feed_end();

  // The handshake is done, and both sides speak NTS-KE.
  bool established() const { return established_; }
  // The other side has said that no more will come, or the connection has ended.
  bool ended() const { return ended_; }
  TlsFault fault() const { return fault_; }
  // For people: why the certificate or the handshake failed.
  const std::string& reason() const { return reason_; }

  // The other side's message so far, at most kMaxMessage + 1 octets.
  std::span<const std::byte> received() const { return received_; }
  // False where the session is not, or no more, established.
  bool write(std::span<const std::byte> message);
  // Says that no more will come from here.
  void close();
  // Of client to server and back (RFC 8915 section 5.1); empty before the end of the handshake.
  std::optional<auth::SessionKeys> export_keys(auth::AeadId aead, bool compliant) const;
  // Of the server's certificate, for a client whose session is established.
  std::optional<CertificateDates> dates() const;

  // Octets for the connection, also after a fault: the other side is told.  To be taken away when they were sent.
  std::span<const std::byte> output();
  void take_output(std::size_t sent);

 private:
  struct Connection;

  void begin();
  void advance();
  void take_messages();
  void fail(TlsFault fault, std::string reason);
  void fail_handshake();

  std::unique_ptr<Connection> connection_;
  bool established_ = false;
  bool ended_ = false;
  bool closed_ = false;
  TlsFault fault_ = TlsFault::None;
  std::string reason_;
  std::size_t fed_ = 0;
  std::vector<std::byte> received_;
};

}  // namespace timed::nts

#endif  // TIMED_NTS_KE_SESSION_H_
