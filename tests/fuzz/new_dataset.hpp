// SPDX-License-Identifier: MIT
// Datasets and attributes of every type, shape and storage that the library makes.
#pragma once

#include <hdf5.h>

#include <string>

#include "tests/fuzz/input.hpp"

namespace sg::fuzz {

hsize_t some_length(Choices& choices);  // small, or too large for anything

// Whether all values of such a dataset, chunks filled up, may be written to a file.
bool is_little(hid_t properties, hid_t type, hid_t space);

void new_dataset(hid_t file, std::string const& name, std::string const& other, Choices& choices);
void new_attribute(hid_t object, std::string const& name, Choices& choices);

}  // namespace sg::fuzz
