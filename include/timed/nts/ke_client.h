// One key establishment as a client has it: connects, speaks TLS, asks, and says what came of it (RFC 8915 section 4).
// Never blocks, and never takes longer than kTimeout.
#ifndef TIMED_NTS_KE_CLIENT_H_
#define TIMED_NTS_KE_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "timed/auth/aead.h"
#include "timed/auth/cookies.h"
#include "timed/base/address.h"
#include "timed/base/result.h"
#include "timed/env/network.h"
#include "timed/env/timers.h"
#include "timed/nts/credentials.h"
#include "timed/nts/ke_record.h"
#include "timed/nts/ke_session.h"

namespace timed::nts {

struct KeTarget {
  env::ConnectOptions connection;
  CertificateCheck check;
  std::vector<auth::AeadId> offered;  // the preferred one first, at most kMaxOffered
};

struct KeEstablished {
  KeResponse response;
  auth::SessionKeys keys;
  // Where the server does not say how it exports the keys of AES-128-GCM-SIV: those of the other way.
  std::optional<auth::SessionKeys> other_keys;
  CertificateDates dates;
};

struct KeFailed {
  bool reached_tls = false;  // the other side has answered with more than a refusal
  std::string message;       // complete, with the server's address and name
};

class KeClient {
 public:
  static constexpr Duration kTimeout = Duration::seconds(16);
  using Result = std::variant<KeEstablished, KeFailed>;
  // Called once, in a later turn; may destroy the client.
  using Done = std::function<void(const Result&)>;

  // What it refers to outlives the client.
  KeClient(env::Timers& timers, const TrustStore& trusted, KeTarget target, Done done);
  // Fails where nothing can be sent; done() is not called then.
  Status start(env::Network& network);

 private:
  void on_event();
  void take_input();
  void advance();
  void take_response();
  bool send_request();
  void flush();
  void fail(bool reached_tls, std::string message);
  void fail_session();
  void finish(const Result& result);
  std::string label() const;

  const TrustStore& trusted_;
  KeTarget target_;
  Done done_;
  env::Timer deadline_;
  std::unique_ptr<env::StreamSocket> stream_;
  std::unique_ptr<KeSession> session_;
  std::string connection_error_;
  MessageEnd end_;
  bool asked_ = false;
};

}  // namespace timed::nts

#endif  // TIMED_NTS_KE_CLIENT_H_
