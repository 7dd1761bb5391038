// SPDX-License-Identifier: MIT
// SHA-256, fed piece by piece.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace sg {

class Sha256 {
public:
    Sha256();
    Sha256& add(void const* bytes, std::size_t count);
    std::string hex();  // 64 digits, lower case; call once, nothing may be added afterwards

private:
    struct Free {
        void operator()(void* context) const;
    };
    std::unique_ptr<void, Free> context_;
};

std::string sha256_hex(std::string_view text);

}  // namespace sg
