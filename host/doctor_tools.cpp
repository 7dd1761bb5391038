// SPDX-License-Identifier: MIT
// What the program was made of, and what it found when it was loaded.
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>

#include <array>
#include <string_view>

#include "cuda/exec/device_fault.hpp"
#include "cuda/exec/environment.hpp"
#include "host/commands.hpp"
#include "host/digest.hpp"
#include "host/doctor.hpp"

namespace sg {

namespace {

// CUDA's counting: 13020 is 13.2.
std::string cuda_version(int number) {
    return fmt::format("{}.{}", number / 1000, number % 1000 / 10);
}

// cuBLASLt counts 130200 for 13.2.0 (major: 10000), cuSOLVER 12004 for 12.0.4 (major: 1000).
std::string three_parts(int number, int major) {
    return fmt::format("{}.{}.{}", number / major, number % major / 100, number % 100);
}

// Of variables that are obeyed and are no fault. A run says nothing of them.
struct Noted {
    std::string_view name, effect;
};
constexpr std::array<Noted, 3> noted{{
    {"OPENBLAS_CORETYPE",
     "the CPU has the kernels that it names, and so other bits than without it"},
    {"HDF5_USE_FILE_LOCKING", "of the library alone: sharpgrid has a lock of its own"},
    {"HDF5_DISABLE_VERSION_CHECK", "a library of another version is not noticed by itself"},
}};

std::string notes(char const* const* entries) {
    std::string text;
    for (; *entries; ++entries) {
        std::string_view const entry = *entries;
        for (auto const& n : noted)
            if (entry.substr(0, entry.find('=')) == n.name)
                text += fmt::format("{}{} is set: {}", text.empty() ? "" : "; ", entry, n.effect);
    }
    return text;
}

}  // namespace

Check check_program() { return passed("program", version_text()); }

Check check_blas() {
    auto const found = cpu_libraries();
    return passed("OpenBLAS", fmt::format("{}, kernels for {}; LAPACK {}",
                                          found.blas.substr(found.blas.find(' ') + 1), found.core,
                                          found.lapack));
}

Check check_hdf5(h5::LibraryVersion const& version) {
    if (version.header == version.loaded) return passed("HDF5", version.loaded);
    return failed("HDF5", ExitCode::internal,
                  fmt::format("{} is loaded, but the program was built with {}", version.loaded,
                              version.header),
                  "build sharpgrid again on this machine, or take the other library from "
                  "LD_LIBRARY_PATH (or unload its "
                  "module)");
}

Check check_openssl() {
    std::string const name = "OpenSSL";
    std::string const text = OpenSSL_version(OPENSSL_VERSION_STRING);
    // It keeps the version of its interface within a major version.
    if (OPENSSL_version_major() != OPENSSL_VERSION_MAJOR)
        return failed(
            name, ExitCode::internal,
            fmt::format("{}, but the program was built with {}", text, OPENSSL_VERSION_STR),
            "build sharpgrid again on this machine");
    // FIPS 180-4, the digest of "abc".
    if (sha256_hex("abc") != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad")
        return failed(name, ExitCode::internal, text + ": SHA-256 of a known text is wrong",
                      "install OpenSSL again, then build sharpgrid again");
    return passed(name, text);
}

Check check_cuda(CudaLibraries const& found, std::string const& device) {
    std::string const name = "CUDA";
    if (found.compiled == 0) {
        std::string const text = "this build has no CUDA";
        std::string const advice =
            "if this machine has an NVIDIA GPU, build again where nvcc is found (-DSG_CUDA=ON)";
        if (device.rfind("cuda", 0) != 0) return skipped(name, text, advice);
        return failed(name, ExitCode::device, text, advice + ", or use --device cpu");
    }
    std::string const text =
        fmt::format("{}, runtime {} (built with {}), cuBLASLt {}, cuSOLVER {}",
                    found.driver ? "driver for CUDA " + cuda_version(found.driver) : "no driver",
                    cuda_version(found.runtime), cuda_version(found.compiled),
                    three_parts(found.blas, 10000), three_parts(found.solver, 1000));
    if (found.runtime / 1000 != found.compiled / 1000)
        return failed(name, ExitCode::device, text + ": runtime and header differ",
                      "load the CUDA module that the program was built with, or build again");
    if (device != "cpu" && found.driver > 0 && found.driver / 1000 < found.runtime / 1000)
        return failed(name, ExitCode::device,
                      text + ": " + driver_fault(found.driver, found.runtime),
                      "until then run with --device cpu");
    return passed(name, text);
}

Check check_environment(char const* const* entries, bool gpu) {
    std::string const name = "environment";
    std::string const also = notes(entries);
    std::string text = "no variable changes the arithmetic";
    try {
        refuse_environment(entries);
    } catch (DeviceError const& error) {
        if (gpu)
            return failed(name, ExitCode::device, error.what(),
                          "unset it, also in ~/.bashrc, the job script and loaded modules: until "
                          "then no GPU is used");
        text = std::string(error.what()) + " The CPU does not use cuBLAS";
    }
    return passed(name, also.empty() ? text : text + "; " + also);
}

}  // namespace sg
