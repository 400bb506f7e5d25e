// A block cipher of libcrypto that keeps its place: fetched once, keyed anew as often as wanted.
#ifndef TIMED_AUTH_CIPHER_CONTEXT_H_
#define TIMED_AUTH_CIPHER_CONTEXT_H_

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <array>
#include <cstddef>
#include <memory>
#include <span>

#include "timed/auth/aead_block.h"

namespace timed::auth {

inline unsigned char* octets(std::byte* data) {
  return reinterpret_cast<unsigned char*>(data);
}
inline const unsigned char* octets(const std::byte* data) {
  return reinterpret_cast<const unsigned char*>(data);
}

// Encrypts whole blocks.  Its key is wiped by libcrypto.
class CipherContext {
 public:
  explicit CipherContext(const char* algorithm) {
    const std::unique_ptr<EVP_CIPHER, Free> cipher(EVP_CIPHER_fetch(nullptr, algorithm, nullptr));
    context_.reset(cipher ? EVP_CIPHER_CTX_new() : nullptr);
    if (context_ && EVP_EncryptInit_ex2(context_.get(), cipher.get(), nullptr, nullptr, nullptr) != 1) context_.reset();
    // Not by EVP_CIPHER_CTX_set_padding: then each new key would set it anew, for a fifth of what a key costs.
    unsigned padding = 0;
    const std::array parameters = {OSSL_PARAM_construct_uint(OSSL_CIPHER_PARAM_PADDING, &padding),
                                   OSSL_PARAM_construct_end()};
    if (context_ && EVP_CIPHER_CTX_set_params(context_.get(), parameters.data()) != 1) context_.reset();
  }
  bool usable() const { return context_ != nullptr; }

  // What is null stays as it is.
  bool start(const std::byte* key, const std::byte* iv) {
    return EVP_EncryptInit_ex2(context_.get(), nullptr, octets(key), octets(iv), nullptr) == 1;
  }
  // `into` has the size of `from` and may be the same.
  bool encrypt(std::span<const std::byte> from, std::byte* into) {
    int size = 0;
    return EVP_EncryptUpdate(context_.get(), octets(into), &size, octets(from.data()), static_cast<int>(from.size())) ==
               1 &&
           static_cast<std::size_t>(size) == from.size();
  }

 private:
  struct Free {
    void operator()(EVP_CIPHER* cipher) const { EVP_CIPHER_free(cipher); }
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
};

}  // namespace timed::auth

#endif  // TIMED_AUTH_CIPHER_CONTEXT_H_
