// Certificates for tests: a private authority and what it signs, made in memory.
#ifndef TIMED_TESTS_CERTIFICATES_CERTIFICATES_H_
#define TIMED_TESTS_CERTIFICATES_CERTIFICATES_H_

#include <memory>
#include <string>
#include <vector>

#include "timed/base/units.h"
#include "timed/nts/credentials.h"

namespace timed::test {

enum class KeyKind { P256, Rsa2048, Ed25519 };

struct CertificateWish {
  std::vector<std::string> names{};                            // of hosts
  std::vector<std::string> addresses{};                        // of hosts
  LocalTime not_before = LocalTime::from_seconds(1735689600);  // 2025-01-01
  LocalTime not_after = LocalTime::from_seconds(2366841600);   // 2045-01-01
  bool of_all_times = false;                                   // instead of these: from the year 0 to 9999
  KeyKind kind = KeyKind::P256;
  bool authority = false;  // may sign others
};

class Signer;

// A certificate, its key, and the texts of both.
class Identity {
 public:
  // Signed by itself.
  static Identity self_signed(const std::string& common_name, const CertificateWish& wish);
  static Identity authority(const std::string& common_name = "Test authority");
  // Signed by this one, whose certificate and those above it but the root follow in the text.
  Identity sign(const std::string& common_name, const CertificateWish& wish) const;
  Identity(Identity&&) noexcept;
  Identity& operator=(Identity&&) noexcept;
  ~Identity();

  const std::string& certificate() const { return certificate_; }  // PEM, with intermediate ones
  const std::string& key() const { return key_; }                  // PEM
  // As a server reads it from files.
  nts::ServerPair pair(const std::string& name = "server") const;

 private:
  explicit Identity(std::unique_ptr<Signer> signer);

  std::unique_ptr<Signer> signer_;
  std::string certificate_, key_;
};

}  // namespace timed::test

#endif  // TIMED_TESTS_CERTIFICATES_CERTIFICATES_H_
