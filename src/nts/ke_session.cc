// libssl reads and writes memory, so that sessions of simulated machines are those of real ones.  What comes in is
// given to it at once and read to the end; so its buffers never hold more than one call of feed() has brought.
#include "timed/nts/ke_session.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "timed/base/address.h"
#include "timed/nts/ke_record.h"
#include "tls_contexts.h"

namespace timed::nts {
namespace {

// Octets of a whole connection, with what TLS adds: room for the largest message in pieces of a few octets each, and
// on a client for long chains of certificates.
constexpr std::size_t kMostFromClient = 64 * 1024;
constexpr std::size_t kMostFromServer = 256 * 1024;

constexpr std::int64_t kDay_s = 86400;

// What a LocalTime can tell.  "99991231235959Z" is how certificates say that they never expire (RFC 5280 section
// 4.1.2.5), and a server may send any year.
constexpr std::int64_t kMostSeconds = LocalTime::from_nanos(std::numeric_limits<std::int64_t>::max()).whole_seconds();

std::string without_final_dot(const std::string& name) {
  return !name.empty() && name.back() == '.' ? name.substr(0, name.size() - 1) : name;
}

std::optional<LocalTime> time_of(const ASN1_TIME* time) {
  const std::unique_ptr<ASN1_TIME, decltype(&ASN1_TIME_free)> epoch(ASN1_TIME_set(nullptr, 0), ASN1_TIME_free);
  int days = 0, seconds = 0;
  if (!epoch || ASN1_TIME_diff(&days, &seconds, epoch.get(), time) != 1) return std::nullopt;
  return LocalTime::from_seconds(std::clamp(days * kDay_s + seconds, -kMostSeconds, kMostSeconds));
}

bool is_address(const std::string& name) {
  return IpAddress::parse(name).has_value();
}

// What the certificate must be, beside being signed by somebody whom we trust.
bool set_check(SSL* ssl, const CertificateCheck& check) {
  X509_VERIFY_PARAM* const wanted = SSL_get0_param(ssl);
  // A certificate that is trusted itself needs nobody above it.
  X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_PARTIAL_CHAIN);
  if (check.when) {
    X509_VERIFY_PARAM_set_time(wanted, static_cast<time_t>(check.when->nanos() / 1'000'000'000));
  } else {
    X509_VERIFY_PARAM_set_flags(wanted, X509_V_FLAG_NO_CHECK_TIME);
  }
  const std::string name = without_final_dot(check.name);
  if (name.empty()) return false;
  if (is_address(name)) return X509_VERIFY_PARAM_set1_ip_asc(wanted, name.c_str()) == 1;
  X509_VERIFY_PARAM_set_hostflags(wanted, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
  return X509_VERIFY_PARAM_set1_host(wanted, name.c_str(), 0) == 1 && SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
}

bool offer_protocol(SSL* ssl) {
  std::array<unsigned char, 1 + kAlpn.size()> offered{static_cast<unsigned char>(kAlpn.size())};
  std::copy(kAlpn.begin(), kAlpn.end(), offered.begin() + 1);
  return SSL_set_alpn_protos(ssl, offered.data(), static_cast<unsigned>(offered.size())) == 0;
}

bool speaks_protocol(const SSL* ssl) {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl, &name, &size);
  return std::string_view(reinterpret_cast<const char*>(name), size) == kAlpn;
}

}  // namespace

struct KeSession::Connection {
  Tls<SSL> ssl;
  BIO* in = nullptr;   // of ssl
  BIO* out = nullptr;  // of ssl
  bool client = false;
};

KeSession::KeSession(const ServerCredentials& credentials) : connection_(std::make_unique<Connection>()) {
  connection_->ssl.reset(SSL_new(credentials.contexts().all.front().context.get()));
  begin();
  if (fault_ == TlsFault::None) SSL_set_accept_state(connection_->ssl.get());
}

KeSession::KeSession(const TrustStore& trusted, const CertificateCheck& check)
    : connection_(std::make_unique<Connection>()) {
  connection_->client = true;
  if (trusted.context().context) {
    connection_->ssl.reset(SSL_new(trusted.context().context.get()));
    begin();
  } else {
    fail(TlsFault::Handshake, trusted.context().problem);
  }
  if (fault_ != TlsFault::None) return;
  SSL* const ssl = connection_->ssl.get();
  if (set_check(ssl, check) && offer_protocol(ssl)) {
    SSL_set_connect_state(ssl);
    advance();
  } else {
    fail(TlsFault::Handshake, take_tls_error());
  }
}

KeSession::~KeSession() = default;

void KeSession::begin() {
  Tls<BIO> in(BIO_new(BIO_s_mem())), out(BIO_new(BIO_s_mem()));
  if (!connection_->ssl || !in || !out) return fail(TlsFault::Handshake, "No memory");
  // An empty buffer is no end.
  BIO_set_mem_eof_return(in.get(), -1);
  BIO_set_mem_eof_return(out.get(), -1);
  connection_->in = in.release();
  connection_->out = out.release();
  SSL_set_bio(connection_->ssl.get(), connection_->in, connection_->out);
}

void KeSession::fail(TlsFault fault, std::string reason) {
  if (fault_ != TlsFault::None) return;
  fault_ = fault;
  reason_ = std::move(reason);
  established_ = false;
}

void KeSession::feed(std::span<const std::byte> octets) {
  if (fault_ != TlsFault::None || ended_) return;
  fed_ += octets.size();
  if (fed_ > (connection_->client ? kMostFromServer : kMostFromClient)) return fail(TlsFault::TooMuch, "Too much data");
  if (!octets.empty()) BIO_write(connection_->in, octets.data(), static_cast<int>(octets.size()));
  advance();
}

void KeSession::feed_end() {
  if (!established_) fail(TlsFault::Ended, "Connection closed");
  ended_ = true;
}

void KeSession::advance() {
  SSL* const ssl = connection_->ssl.get();
  if (!established_) {
    ERR_clear_error();
    const int done = SSL_do_handshake(ssl);
    if (done != 1) {
      const int why = SSL_get_error(ssl, done);
      if (why != SSL_ERROR_WANT_READ && why != SSL_ERROR_WANT_WRITE) fail_handshake();
      return;
    }
    if (!speaks_protocol(ssl)) return fail(TlsFault::NoProtocol, "NTS-KE not supported");
    established_ = true;
  }
  take_messages();
}

void KeSession::fail_handshake() {
  const auto error = ERR_peek_error();
  const int reason = ERR_GET_REASON(error);
  const bool ours = ERR_GET_LIB(error) == ERR_LIB_SSL;
  if (ours && reason == SSL_R_CERTIFICATE_VERIFY_FAILED) {
    const long result = SSL_get_verify_result(connection_->ssl.get());
    ERR_clear_error();
    return fail(TlsFault::Certificate, X509_verify_cert_error_string(result));
  }
  const bool no_protocol =
      ours && (reason == SSL_R_NO_APPLICATION_PROTOCOL || reason == SSL_R_TLSV1_ALERT_NO_APPLICATION_PROTOCOL ||
               // Of our own look at the client's hello.
               reason == SSL_R_CALLBACK_FAILED);
  if (no_protocol) {
    ERR_clear_error();
    return fail(TlsFault::NoProtocol, "NTS-KE not supported");
  }
  fail(TlsFault::Handshake, take_tls_error());
}

void KeSession::take_messages() {
  SSL* const ssl = connection_->ssl.get();
  std::array<std::byte, 2048> buffer;
  for (;;) {
    ERR_clear_error();
    std::size_t size = 0;
    const int got = SSL_read_ex(ssl, buffer.data(), buffer.size(), &size);
    if (got == 1) {
      const std::size_t room = kMaxMessage + 1 - received_.size();
      received_.insert(received_.end(), buffer.begin(),
                       buffer.begin() + static_cast<std::ptrdiff_t>(std::min(size, room)));
      if (size > room) return fail(TlsFault::TooMuch, "Too much data");
      continue;
    }
    const int why = SSL_get_error(ssl, got);
    if (why == SSL_ERROR_ZERO_RETURN) ended_ = true;
    if (why == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL) fail_handshake();
    return;
  }
}

bool KeSession::write(std::span<const std::byte> message) {
  if (!established_ || closed_) return false;
  ERR_clear_error();
  std::size_t written = 0;
  // Into memory: all or nothing, but for records of at most 16 KiB.
  while (written < message.size()) {
    std::size_t some = 0;
    const auto rest = message.subspan(written);
    if (SSL_write_ex(connection_->ssl.get(), rest.data(), rest.size(), &some) != 1) return false;
    written += some;
  }
  return true;
}

void KeSession::close() {
  if (!established_ || std::exchange(closed_, true)) return;
  ERR_clear_error();
  SSL_shutdown(connection_->ssl.get());
}

std::optional<auth::SessionKeys> KeSession::export_keys(auth::AeadId aead, bool compliant) const {
  if (!established_) return std::nullopt;
  auth::SessionKeys keys;
  keys.aead = aead;
  const std::size_t size = auth::key_size_of(aead);
  for (const Direction direction : {Direction::ClientToServer, Direction::ServerToClient}) {
    const auto context = exporter_context(aead, compliant, direction);
    std::byte* const into = keys.octets.data() + (direction == Direction::ServerToClient ? size : 0);
    if (SSL_export_keying_material(connection_->ssl.get(), reinterpret_cast<unsigned char*>(into), size,
                                   kExporterLabel.data(), kExporterLabel.size(),
                                   reinterpret_cast<const unsigned char*>(context.data()), context.size(), 1) != 1) {
      return std::nullopt;
    }
  }
  return keys;
}

std::optional<CertificateDates> KeSession::dates() const {
  const STACK_OF(X509)* const chain = established_ ? SSL_get0_verified_chain(connection_->ssl.get()) : nullptr;
  std::optional<CertificateDates> dates;
  for (int i = 0; chain != nullptr && i < sk_X509_num(chain); ++i) {
    const X509* const certificate = sk_X509_value(chain, i);
    const auto begin = time_of(X509_get0_notBefore(certificate)), end = time_of(X509_get0_notAfter(certificate));
    if (!begin || !end) return std::nullopt;
    if (!dates) dates = {*begin, *end};
    dates->not_before = std::max(dates->not_before, *begin);
    dates->not_after = std::min(dates->not_after, *end);
  }
  return dates;
}

std::span<const std::byte> KeSession::output() {
  if (connection_->out == nullptr) return {};
  char* data = nullptr;
  const long size = BIO_get_mem_data(connection_->out, &data);
  return {reinterpret_cast<const std::byte*>(data), static_cast<std::size_t>(std::max(size, 0L))};
}

void KeSession::take_output(std::size_t sent) {
  std::array<char, 1024> gone;
  while (sent > 0) {
    const int some = BIO_read(connection_->out, gone.data(), static_cast<int>(std::min(sent, gone.size())));
    if (some <= 0) return;
    sent -= static_cast<std::size_t>(some);
  }
}

}  // namespace timed::nts
