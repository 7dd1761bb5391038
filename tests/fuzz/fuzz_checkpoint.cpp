// SPDX-License-Identifier: MIT
#include "cuda/exec/error.hpp"
#include "host/checkpoint.hpp"
#include "host/digest.hpp"
#include "tests/fuzz/input.hpp"

namespace sg::fuzz {

namespace {

// The head is read behind the file's own checksum, which no mutation gets right: here it is made so.
std::string file_bytes(Choices& choices) {
    bool const whole = choices.below(4) == 0;
    std::string const rest = text_of(choices.rest());
    if (whole) return rest;
    std::uint64_t const size = rest.size();
    std::string bytes = "sgckpt02" + std::string(reinterpret_cast<char const*>(&size), sizeof size) + rest;
    return bytes + sha256_hex(bytes);
}

}  // namespace

void checkpoint(Bytes input) {
    static test::TemporaryFolder const folder;
    Choices choices(input);
    std::string const path = folder.write("a.checkpoint", file_bytes(choices));
    try {
        Checkpoint const file(path);
        CheckpointHead const& head = file.head();
        demand(encode(decode_checkpoint_head(encode(head))) == encode(head), "a head reads as itself");
        for (std::size_t k = 0; k < head.living.size(); ++k) {
            std::string state(head.state_bytes(), '\0');
            file.read_state(k, 0, state.data(), state.size());
        }
    } catch (DataError const&) {
    }
}

}  // namespace sg::fuzz
