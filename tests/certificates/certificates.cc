#include "tests/certificates/certificates.h"

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <utility>

#include "timed/base/check.h"

namespace timed::test {

class Signer {
 public:
  ~Signer() {
    X509_free(certificate);
    EVP_PKEY_free(key);
  }
  X509* certificate = nullptr;
  EVP_PKEY* key = nullptr;
  std::string chain;  // that follows a certificate which this one has signed
};

namespace {

EVP_PKEY* make_key(KeyKind kind) {
  if (kind == KeyKind::P256) return EVP_EC_gen("P-256");
  if (kind == KeyKind::Rsa2048) return EVP_RSA_gen(2048u);
  return EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
}

void add_extension(X509* certificate, X509* issuer, int what, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* const extension = X509V3_EXT_conf_nid(nullptr, &context, what, value.c_str());
  TIMED_ASSERT(extension != nullptr);
  X509_add_ext(certificate, extension, -1);
  X509_EXTENSION_free(extension);
}

std::string alternative_names(const CertificateWish& wish) {
  std::string text;
  const auto add = [&](const char* what, const std::string& value) {
    if (!text.empty()) text += ",";
    text += what;
    text += value;
  };
  for (const std::string& name : wish.names) add("DNS:", name);
  for (const std::string& address : wish.addresses) add("IP:", address);
  return text;
}

void set_name(X509_NAME* name, const std::string& common_name) {
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>(common_name.c_str()), -1,
                             -1, 0);
}

void set_time(ASN1_TIME* into, LocalTime time) {
  ASN1_TIME_set(into, static_cast<time_t>(time.nanos() / 1'000'000'000));
}

void set_dates(X509* certificate, const CertificateWish& wish) {
  ASN1_TIME *const begin = X509_getm_notBefore(certificate), *const end = X509_getm_notAfter(certificate);
  if (wish.of_all_times) {
    TIMED_ASSERT(ASN1_TIME_set_string(begin, "00000101000000Z") == 1 &&
                 ASN1_TIME_set_string(end, "99991231235959Z") == 1);
  } else {
    set_time(begin, wish.not_before);
    set_time(end, wish.not_after);
  }
}

std::unique_ptr<Signer> make(const std::string& common_name, const CertificateWish& wish, const Signer* issuer) {
  static std::atomic<long> serial{1};
  auto made = std::make_unique<Signer>();
  made->key = make_key(wish.kind);
  X509* const certificate = made->certificate = X509_new();
  TIMED_ASSERT(made->key != nullptr && certificate != nullptr);
  X509_set_version(certificate, 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  set_name(X509_get_subject_name(certificate), common_name);
  X509* const above = issuer != nullptr ? issuer->certificate : certificate;
  X509_set_issuer_name(certificate, X509_get_subject_name(above));
  set_dates(certificate, wish);
  X509_set_pubkey(certificate, made->key);
  add_extension(certificate, above, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "critical,CA:FALSE");
  const std::string names = alternative_names(wish);
  if (!names.empty()) add_extension(certificate, above, NID_subject_alt_name, names);
  EVP_PKEY* const signing = issuer != nullptr ? issuer->key : made->key;
  const bool hashes = EVP_PKEY_get_base_id(signing) != EVP_PKEY_ED25519;
  TIMED_ASSERT(X509_sign(certificate, signing, hashes ? EVP_sha256() : nullptr) > 0);
  return made;
}

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  return text;
}

std::string certificate_text(const Signer& signer) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(bio, signer.certificate);
  return text_of(bio);
}

std::string key_text(const Signer& signer) {
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PrivateKey(bio, signer.key, nullptr, nullptr, 0, nullptr, nullptr);
  return text_of(bio);
}

}  // namespace

Identity::Identity(std::unique_ptr<Signer> signer)
    : signer_(std::move(signer)), certificate_(certificate_text(*signer_)), key_(key_text(*signer_)) {}
Identity::Identity(Identity&&) noexcept = default;
Identity& Identity::operator=(Identity&&) noexcept = default;
Identity::~Identity() = default;

Identity Identity::self_signed(const std::string& common_name, const CertificateWish& wish) {
  return Identity(make(common_name, wish, nullptr));
}

Identity Identity::authority(const std::string& common_name) {
  return self_signed(common_name, {.authority = true});
}

Identity Identity::sign(const std::string& common_name, const CertificateWish& wish) const {
  auto made = make(common_name, wish, signer_.get());
  // The root itself is not sent.
  made->chain = certificate_text(*made) + signer_->chain;
  Identity identity(std::move(made));
  identity.certificate_ += signer_->chain;
  return identity;
}

nts::ServerPair Identity::pair(const std::string& name) const {
  nts::ServerPair pair;
  pair.certificate_file = name + ".crt";
  pair.key_file = name + ".key";
  pair.certificate = certificate_;
  pair.key = key_;
  return pair;
}

}  // namespace timed::test
