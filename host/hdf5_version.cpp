// SPDX-License-Identifier: MIT
#include <string>

#include "host/hdf5_library.hpp"

namespace sg::h5 {

LibraryVersion library_version() {
    Session const session;
    unsigned major = 0, minor = 0, release = 0;
    check(H5get_libversion(&major, &minor, &release), "H5get_libversion");
    return {std::to_string(H5_VERS_MAJOR) + "." + std::to_string(H5_VERS_MINOR) + "." +
                std::to_string(H5_VERS_RELEASE),
            std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(release)};
}

}  // namespace sg::h5
