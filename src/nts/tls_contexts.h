// OpenSSL's side of credentials.h.
#ifndef TIMED_SRC_NTS_TLS_CONTEXTS_H_
#define TIMED_SRC_NTS_TLS_CONTEXTS_H_

#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "timed/base/result.h"
#include "timed/nts/credentials.h"

namespace timed::nts {

struct FreeTls {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(GENERAL_NAMES* names) const { GENERAL_NAMES_free(names); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <class T>
using Tls = std::unique_ptr<T, FreeTls>;

// What went wrong last in libssl or libcrypto, in their words; the errors are forgotten.
std::string take_tls_error();
// Lets key exchanges use the first of the lists of groups that libssl knows all of; the last is the one that a failure
// names.
Status limit_groups(SSL_CTX* context, std::span<const char* const> lists);

struct ServerCredentials::Contexts {
  // A context has at most one certificate of each kind of key, all with the same names.
  struct Named {
    Tls<SSL_CTX> context;
    std::vector<std::string> names;  // of its certificates, sorted
    std::vector<int> kinds;          // of their keys
    Tls<X509> certificate;           // the first
  };
  std::vector<Named> all;

  static int choose(SSL* ssl, int* alert, void* contexts);
};

struct TrustStore::Context {
  Tls<SSL_CTX> context;  // null where libssl gives none
  std::string problem;   // then: why
};

}  // namespace timed::nts

#endif  // TIMED_SRC_NTS_TLS_CONTEXTS_H_
