// SPDX-License-Identifier: MIT
// One input of each fuzz target. What the readers promise to throw is caught here; whatever leaves,
// be it an exception or a signal, is a finding. The same functions replay kept inputs in the
// ordinary tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace sg::fuzz {

using Bytes = std::span<std::uint8_t const>;

// A checkpoint: whole, or a head that gets its checksum here.
void checkpoint(Bytes input);
// A study as YAML text; after each zero byte one argument of --set.
void config(Bytes input);
// One byte says how the rest becomes an IDX file (fuzz_idx.cpp).
void idx(Bytes input);
// An output file as edits of a sound one, or byte for byte (fuzz_store.cpp).
void store(Bytes input);

}  // namespace sg::fuzz
