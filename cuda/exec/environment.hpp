// SPDX-License-Identifier: MIT
// Environment variables by which others change the arithmetic of the libraries behind the program's
// back.
#pragma once

namespace sg {

// DeviceError "the environment sets NAME=VALUE, ..." at the first entry that would, whatever its
// value. entries: as `environ`, "NAME=VALUE" each, ended by a null pointer.
void refuse_environment(char const* const* entries);

}  // namespace sg
