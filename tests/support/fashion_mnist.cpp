// SPDX-License-Identifier: MIT
#include "tests/support/fashion_mnist.hpp"

#include <zlib.h>

#include <cmath>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace sg::oracle {
namespace {

constexpr std::size_t image_count = 60000, image_size = 784;
std::filesystem::path const directory = "/usr/share/datasets/fashion-mnist";

using Bytes = std::vector<unsigned char>;

// The bytes after the header, whose fields are not needed: the sizes of this one file are known.
Bytes payload(std::filesystem::path const& path, std::size_t header, std::size_t size) {
    std::unique_ptr<gzFile_s, int (*)(gzFile)> file(gzopen(path.c_str(), "rb"), gzclose);
    Bytes bytes(header + size + 1);  // one more, to see a file that is too long
    int const got =
        file ? gzread(file.get(), bytes.data(), static_cast<unsigned>(bytes.size())) : -1;
    if (got != static_cast<int>(header + size))
        throw std::runtime_error(path.string() + ": not the IDX file of " + std::to_string(size) +
                                 " bytes that was expected");
    return {bytes.begin() + static_cast<std::ptrdiff_t>(header), bytes.end() - 1};
}

void append_standardised(unsigned char const* pixels, std::vector<double>& x) {
    double const size = image_size;
    double mean = 0, square = 0;
    for (std::size_t i = 0; i < image_size; ++i) mean += pixels[i] / size;
    for (std::size_t i = 0; i < image_size; ++i) square += (pixels[i] - mean) * (pixels[i] - mean);
    double const deviation = std::sqrt(square / size);
    for (std::size_t i = 0; i < image_size; ++i) x.push_back((pixels[i] - mean) / deviation);
}

}  // namespace

std::optional<FashionMnist> FashionMnist::open() {
    auto const images = directory / "train-images-idx3-ubyte.gz";
    auto const labels = directory / "train-labels-idx1-ubyte.gz";
    if (!std::filesystem::exists(images) || !std::filesystem::exists(labels)) return std::nullopt;
    FashionMnist out;
    out.pixels_ = payload(images, 16, image_count * image_size);
    out.labels_ = payload(labels, 8, image_count);
    return out;
}

Examples FashionMnist::rows(std::span<int const> indices) const {
    Examples out{static_cast<int>(indices.size()), static_cast<int>(image_size), 10, {}, {}};
    for (int const index : indices) {
        auto const i = static_cast<std::size_t>(index);
        out.label.push_back(labels_.at(i));
        append_standardised(pixels_.data() + i * image_size, out.x);
    }
    return out;
}

}  // namespace sg::oracle
