#include "timed/nts/credentials.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "timed/nts/ke_record.h"
#include "tls_contexts.h"

namespace timed::nts {
namespace {

constexpr std::size_t kMostCertificates = 10;  // of a chain

// Those that cost little; others would let a client choose what a handshake costs us.  The second where libssl is
// built or set up without X25519, as for FIPS 140.
constexpr std::array<const char*, 2> kGroups{"X25519:P-256:P-384", "P-256:P-384"};

Tls<BIO> reader_of(std::string_view text) {
  return Tls<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

// Nobody can be asked.
int no_passphrase(char*, int, int, void*) {
  return 0;
}

std::vector<Tls<X509>> read_certificates(std::string_view pem) {
  std::vector<Tls<X509>> all;
  const auto reader = reader_of(pem);
  while (X509* const read = PEM_read_bio_X509(reader.get(), nullptr, no_passphrase, nullptr)) {
    all.emplace_back(read);
  }
  return all;
}

std::vector<std::string> names_of(X509* certificate) {
  std::vector<std::string> names;
  const Tls<GENERAL_NAMES> found(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)));
  for (int i = 0; found && i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(found.get(), i);
    if (name->type != GEN_DNS) continue;
    names.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(name->d.dNSName)),
                       static_cast<std::size_t>(ASN1_STRING_length(name->d.dNSName)));
  }
  std::sort(names.begin(), names.end());
  return names;
}

bool is_protocol(const unsigned char* name, std::size_t size) {
  return std::string_view(reinterpret_cast<const char*>(name), size) == kAlpn;
}

int select_protocol(SSL*, const unsigned char** chosen, unsigned char* chosen_size, const unsigned char* offered,
                    unsigned offered_size, void*) {
  for (unsigned at = 0; at < offered_size; at += 1u + offered[at]) {
    const unsigned size = offered[at];
    if (at + 1 + size > offered_size || !is_protocol(offered + at + 1, size)) continue;
    *chosen = offered + at + 1;
    *chosen_size = static_cast<unsigned char>(size);
    return SSL_TLSEXT_ERR_OK;
  }
  return SSL_TLSEXT_ERR_ALERT_FATAL;
}

// Who names no protocol at all is refused before anything is signed for it.
int look_at_hello(SSL* ssl, int* alert, void*) {
  const unsigned char* body = nullptr;
  std::size_t size = 0;
  if (SSL_client_hello_get0_ext(ssl, TLSEXT_TYPE_application_layer_protocol_negotiation, &body, &size) == 1) {
    return SSL_CLIENT_HELLO_SUCCESS;
  }
  *alert = SSL_AD_NO_APPLICATION_PROTOCOL;
  return SSL_CLIENT_HELLO_ERROR;
}

// Of both sides: TLS 1.3 alone, and nothing that outlives a connection.
Result<Tls<SSL_CTX>> new_context(const SSL_METHOD* method) {
  ERR_clear_error();
  Tls<SSL_CTX> context(SSL_CTX_new(method));
  if (!context) return Error{take_tls_error()};
  SSL_CTX_set_min_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(context.get(), TLS1_3_VERSION);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE);
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  if (const Status limited = limit_groups(context.get(), kGroups); !limited) return limited.error();
  return context;
}

Result<Tls<SSL_CTX>> new_server_context(ServerCredentials::Contexts* contexts) {
  auto made = new_context(TLS_server_method());
  if (!made) return made;
  const Tls<SSL_CTX>& context = *made;
  SSL_CTX_set_num_tickets(context.get(), 0);
  SSL_CTX_set_alpn_select_cb(context.get(), select_protocol, nullptr);
  SSL_CTX_set_client_hello_cb(context.get(), look_at_hello, nullptr);
  SSL_CTX_set_tlsext_servername_callback(context.get(), ServerCredentials::Contexts::choose);
  SSL_CTX_set_tlsext_servername_arg(context.get(), contexts);
  return made;
}

Error unusable(const std::string& file, const std::string& reason) {
  return Error{"Could not use " + file + " : " + reason, ErrorKind::Invalid};
}

// The context that the certificate may go into, beside those that are there; a new one where there is none.
Result<ServerCredentials::Contexts::Named*> place_for(ServerCredentials::Contexts& contexts, X509* certificate,
                                                      int kind) {
  auto names = names_of(certificate);
  for (auto& named : contexts.all) {
    const bool free = std::find(named.kinds.begin(), named.kinds.end(), kind) == named.kinds.end();
    if (free && !names.empty() && named.names == names) return &named;
  }
  auto context = new_server_context(&contexts);
  if (!context) return context.error();
  X509_up_ref(certificate);
  contexts.all.push_back({context.take(), std::move(names), {}, Tls<X509>(certificate)});
  return &contexts.all.back();
}

Status add_pair(ServerCredentials::Contexts& contexts, const ServerPair& pair) {
  ERR_clear_error();
  const auto chain = read_certificates(pair.certificate);
  if (chain.empty()) return unusable(pair.certificate_file, "No certificate in PEM form");
  if (chain.size() > kMostCertificates) return unusable(pair.certificate_file, "Too many certificates");
  ERR_clear_error();
  const auto reader = reader_of(pair.key);
  const Tls<EVP_PKEY> key(PEM_read_bio_PrivateKey(reader.get(), nullptr, no_passphrase, nullptr));
  if (!key) return unusable(pair.key_file, "No private key in PEM form without a passphrase");
  if (X509_check_private_key(chain[0].get(), key.get()) != 1) {
    ERR_clear_error();
    return unusable(pair.key_file, "It is not the key of " + pair.certificate_file);
  }
  const int kind = EVP_PKEY_get_base_id(key.get());
  const auto found = place_for(contexts, chain[0].get(), kind);
  if (!found) return found.error();
  auto& place = **found;
  SSL_CTX* const context = place.context.get();
  bool taken = SSL_CTX_use_certificate(context, chain[0].get()) == 1 && SSL_CTX_use_PrivateKey(context, key.get()) == 1;
  for (std::size_t i = 1; taken && i < chain.size(); ++i) {
    taken = SSL_CTX_add1_chain_cert(context, chain[i].get()) == 1;
  }
  if (!taken) return unusable(pair.certificate_file, take_tls_error());
  place.kinds.push_back(kind);
  return {};
}

}  // namespace

std::string take_tls_error() {
  const unsigned long code = ERR_peek_last_error();
  const char* const reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  ERR_clear_error();
  return reason != nullptr ? reason : "Unknown error";
}

Status limit_groups(SSL_CTX* context, std::span<const char* const> lists) {
  for (const char* const list : lists) {
    const bool taken = SSL_CTX_set1_groups_list(context, list) == 1;
    ERR_clear_error();
    if (taken) return {};
  }
  return Error{std::string("libssl has not all of the groups ") + lists.back()};
}

ServerPair::~ServerPair() {
  OPENSSL_cleanse(key.data(), key.size());
}

// ---- server ----

int ServerCredentials::Contexts::choose(SSL* ssl, int*, void* contexts) {
  const char* const name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  if (name == nullptr) return SSL_TLSEXT_ERR_NOACK;
  for (const Named& named : static_cast<const Contexts*>(contexts)->all) {
    if (X509_check_host(named.certificate.get(), name, 0, 0, nullptr) != 1) continue;
    SSL_set_SSL_CTX(ssl, named.context.get());
    return SSL_TLSEXT_ERR_OK;
  }
  // Who asks for another name gets the first, and says what it thinks of it.
  return SSL_TLSEXT_ERR_NOACK;
}

Result<std::unique_ptr<ServerCredentials>> ServerCredentials::make(const std::vector<ServerPair>& pairs) {
  auto contexts = std::make_unique<Contexts>();
  for (const ServerPair& pair : pairs) {
    if (const Status added = add_pair(*contexts, pair); !added) return added.error();
  }
  if (contexts->all.empty()) return Error{"No certificates", ErrorKind::Invalid};
  return std::unique_ptr<ServerCredentials>(new ServerCredentials(std::move(contexts)));
}

ServerCredentials::ServerCredentials(std::unique_ptr<Contexts> contexts) : contexts_(std::move(contexts)) {}
ServerCredentials::~ServerCredentials() = default;

// ---- client ----

TrustStore::TrustStore() : context_(std::make_unique<Context>()) {
  auto made = new_context(TLS_client_method());
  if (!made) {
    context_->problem = made.error().message;
    return;
  }
  context_->context = made.take();
  SSL_CTX_set_verify(context_->context.get(), SSL_VERIFY_PEER, nullptr);
}
TrustStore::~TrustStore() = default;

Result<std::size_t> TrustStore::add(std::string_view pem, const std::string& file) {
  ERR_clear_error();
  const auto certificates = read_certificates(pem);
  ERR_clear_error();
  if (certificates.empty()) return unusable(file, "No certificate in PEM form");
  // Without a context the sessions fail, and say why; the files are not to blame.
  X509_STORE* const store = context_->context ? SSL_CTX_get_cert_store(context_->context.get()) : nullptr;
  for (const auto& certificate : certificates) {
    if (store != nullptr) X509_STORE_add_cert(store, certificate.get());
  }
  size_ += certificates.size();
  return certificates.size();
}

SystemCertificates system_certificates() {
  SystemCertificates places;
  places.files = {
      X509_get_default_cert_file(),
      "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Alpine
      "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // Fedora, RHEL
      "/etc/pki/tls/certs/ca-bundle.crt",                   // those before
      "/var/lib/ca-certificates/ca-bundle.pem",             // openSUSE, SUSE
      "/etc/ssl/cert.pem",
  };
  places.directories = {X509_get_default_cert_dir(), "/etc/ssl/certs", "/etc/pki/tls/certs"};
  return places;
}

}  // namespace timed::nts
