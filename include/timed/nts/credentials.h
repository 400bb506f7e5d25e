// What the two sides of a TLS connection know each other by: a server's certificates with their keys, and the
// certificates that a client trusts.  Texts of PEM files come from outside; nothing is read or written here.
#ifndef TIMED_NTS_CREDENTIALS_H_
#define TIMED_NTS_CREDENTIALS_H_

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "timed/base/result.h"

namespace timed::nts {

// A certificate with those between it and its root, and the private key of it: texts of files, and the names of these
// for messages.  The key is wiped at the end.
struct ServerPair {
  ServerPair() = default;
  ServerPair(const ServerPair&) = default;
  ServerPair& operator=(const ServerPair&) = default;
  ~ServerPair();

  std::string certificate_file, key_file;
  std::string certificate, key;
};

// Of a server: which certificate a client is shown.  The first whose name it asks for, or else the first of all; of
// several with the same names the client's signature algorithms decide.  For one thread at a time.
class ServerCredentials {
 public:
  // Names the file that is of no use, and why: not PEM, or a key of another certificate.
  static Result<std::unique_ptr<ServerCredentials>> make(const std::vector<ServerPair>& pairs);
  ~ServerCredentials();
  ServerCredentials(const ServerCredentials&) = delete;
  ServerCredentials& operator=(const ServerCredentials&) = delete;

  struct Contexts;
  const Contexts& contexts() const { return *contexts_; }

 private:
  explicit ServerCredentials(std::unique_ptr<Contexts> contexts);
  std::unique_ptr<Contexts> contexts_;
};

// Of a client: a set of certificates, of authorities or of servers themselves.  Outlives its sessions.
class TrustStore {
 public:
  TrustStore();
  ~TrustStore();
  TrustStore(const TrustStore&) = delete;
  TrustStore& operator=(const TrustStore&) = delete;

  // All certificates of a PEM text, which may have other things between them; how many there were.  Fails where there
  // is none; the message begins with the name.
  Result<std::size_t> add(std::string_view pem, const std::string& file);
  std::size_t size() const { return size_; }

  struct Context;
  const Context& context() const { return *context_; }

 private:
  std::unique_ptr<Context> context_;
  std::size_t size_ = 0;
};

// Where the system's certificates may be; the first place that has some holds.
struct SystemCertificates {
  std::vector<std::string> files;        // with all of them each; before
  std::vector<std::string> directories;  // with a file for each of them
};

// As OpenSSL was built, and where distributions keep them: a library that was built elsewhere, or is installed without
// its directory, names a file that is not there.
SystemCertificates system_certificates();

}  // namespace timed::nts

#endif  // TIMED_NTS_CREDENTIALS_H_
