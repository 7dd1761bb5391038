// SPDX-License-Identifier: MIT
// Edits of a sound output file through the HDF5 library, so that an input reaches our reader and
// not only the library's parser: links, types, shapes, layouts, filters, values and attributes.
#pragma once

#include <string>

#include "tests/fuzz/input.hpp"

namespace sg::fuzz {

// Applies the edits that the choices say (the first byte says how many). One that the library
// refuses is left out. `other` is a file that links and data may point into.
void edit_file(std::string const& path, std::string const& other, Choices& choices);

// The file as a writer that was killed leaves it: flagged as open for streaming.
std::string flagged_bytes(std::string const& path);

}  // namespace sg::fuzz
