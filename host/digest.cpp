// SPDX-License-Identifier: MIT
#include "host/digest.hpp"

#include <openssl/evp.h>

#include <array>

#include "cuda/exec/error.hpp"

namespace sg {
namespace {

EVP_MD_CTX* as_context(void* context) { return static_cast<EVP_MD_CTX*>(context); }

// Without memory libcrypto cannot even find its SHA-256; nothing else makes it fail.
void must(int result) {
    if (result != 1) throw ResourceError("SHA-256: libcrypto failed, for lack of memory");
}

}  // namespace

void Sha256::Free::operator()(void* context) const { EVP_MD_CTX_free(as_context(context)); }

Sha256::Sha256() : context_(EVP_MD_CTX_new()) {
    must(context_ ? EVP_DigestInit_ex(as_context(context_.get()), EVP_sha256(), nullptr) : 0);
}

Sha256& Sha256::add(void const* bytes, std::size_t count) {
    SG_EXPECT(context_ != nullptr);
    must(EVP_DigestUpdate(as_context(context_.get()), bytes, count));
    return *this;
}

std::string Sha256::hex() {
    SG_EXPECT(context_ != nullptr);
    std::array<unsigned char, 32> sum{};
    must(EVP_DigestFinal_ex(as_context(context_.get()), sum.data(), nullptr));
    context_.reset();
    std::string text;
    for (unsigned const byte : sum) {
        text += "0123456789abcdef"[byte >> 4U];
        text += "0123456789abcdef"[byte & 15U];
    }
    return text;
}

std::string sha256_hex(std::string_view text) {
    return Sha256().add(text.data(), text.size()).hex();
}

}  // namespace sg
