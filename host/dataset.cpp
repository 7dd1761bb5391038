// SPDX-License-Identifier: MIT
#include "host/dataset.hpp"

#include <fmt/format.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <limits>

#include "cuda/exec/error.hpp"
#include "host/digest.hpp"
#include "host/idx.hpp"
#include "host/synthetic.hpp"

namespace sg {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view images_name = "train-images-idx3-ubyte";
constexpr std::string_view labels_name = "train-labels-idx1-ubyte";
constexpr int idx_classes = 10;  // of MNIST and of Fashion-MNIST

// The folders where a set may lie, in the order of preference.
std::vector<fs::path> places(DataSpec const& spec) {
    if (!spec.directory.empty()) return {spec.directory};
    std::vector<fs::path> folders;
    if (char const* data = std::getenv("SHARPGRID_DATA"); data && *data)
        folders.push_back(fs::path(data) / spec.set);
    folders.push_back(fs::path("/usr/share/datasets") / spec.set);
    if (char const* home = std::getenv("HOME"); home && *home)
        folders.push_back(fs::path(home) / ".cache/sharpgrid" / spec.set);
    return folders;
}

// The file in the folder, as it is or with .gz; "" when it is neither.
std::string find_in(fs::path const& folder, std::string_view name) {
    std::error_code ignored;
    for (char const* suffix : {"", ".gz"}) {
        fs::path const file = folder / (std::string(name) + suffix);
        if (fs::exists(file, ignored)) return file.string();
    }
    return "";
}

[[noreturn]] void not_found(DataSpec const& spec, std::vector<fs::path> const& folders) {
    std::string searched;
    for (fs::path const& folder : folders) {
        std::string const lacking = find_in(folder, images_name).empty() ? "" : " (labels missing)";
        searched += "\n    " + folder.string() + lacking;
    }
    std::string const install = spec.set == "fashion-mnist"
                                    ? "install it with: apt-get install dataset-fashion-mnist\n"
                                    : "";
    throw MissingDataset(fmt::format(
        "the data set {} was not found: no {}[.gz] with {}[.gz] in{}\n{}"
        "or name the folder that holds the two files: data.directory, or SHARPGRID_DATA for the "
        "folder above it",
        spec.set, images_name, labels_name, searched, install));
}

// images: (X, rows, columns), labels: (X)
DatasetShape checked_shape(DatasetFiles const& files, std::vector<std::int64_t> const& images,
                           std::vector<std::int64_t> const& labels) {
    SG_EXPECT(images.size() == 3 && labels.size() == 1);
    if (images[0] != labels[0])
        throw DataError(fmt::format("{} has {} images, but {} has {} labels", files.images,
                                    images[0], files.labels, labels[0]));
    // dims are below 2^32 and together fit the file, so the product cannot overflow
    std::int64_t const inputs = images[1] * images[2];
    if (inputs > std::numeric_limits<int>::max())
        throw DataError(fmt::format("{}: images of {} x {} pixels are too large", files.images,
                                    images[1], images[2]));
    return {images[0], static_cast<int>(inputs), idx_classes};
}

// Sums of bytes and of their squares are exact in integers, so the result has one rounding at most.
void standardise(Dataset& data) {
    auto const examples = static_cast<std::size_t>(data.examples);
    auto const inputs = static_cast<std::size_t>(data.inputs);
    data.mean.resize(examples);
    data.inverse_deviation.resize(examples);
    for (std::size_t i = 0; i < examples; ++i) {
        std::uint8_t const* const image = data.pixels.data() + i * inputs;
        std::uint64_t sum = 0, squares = 0;
        for (std::size_t j = 0; j < inputs; ++j) {
            unsigned const pixel = image[j];
            sum += pixel;
            squares += pixel * pixel;
        }
        auto const count = static_cast<double>(inputs);
        // D Σp² − (Σp)² = D² · variance
        double const spread = count * static_cast<double>(squares) -
                              static_cast<double>(sum) * static_cast<double>(sum);
        data.mean[i] = static_cast<double>(sum) / count;
        data.inverse_deviation[i] = spread > 0 ? count / std::sqrt(spread) : 0;
    }
}

Dataset load_idx(DataSpec const& spec) {
    DatasetFiles const files = find_dataset(spec);
    Idx const labels = read_idx(files.labels, 1);
    Idx images = read_idx(files.images, 3);
    DatasetShape const shape = checked_shape(files, images.dims, labels.dims);
    Dataset data;
    data.name = spec.set;
    data.examples = shape.examples;
    data.inputs = shape.inputs;
    data.classes = shape.classes;
    data.pixels = std::move(images.payload);
    data.labels.assign(labels.payload.begin(), labels.payload.end());
    for (std::size_t i = 0; i < data.labels.size(); ++i)
        if (data.labels[i] >= shape.classes)
            throw DataError(fmt::format("{}: label {} of example {} (must be from 0 to {})",
                                        files.labels, data.labels[i], i, shape.classes - 1));
    return data;
}

// x = 1, and 0 as the target, which is no class.
Dataset make_uv_example() {
    Dataset data;
    data.name = uv_set;
    data.examples = data.inputs = data.classes = 1;
    data.values = {1};
    data.labels = {-1};
    return data;
}

Dataset make_dataset(DataSpec const& spec) {
    if (spec.set == uv_set) return make_uv_example();
    return spec.set == "synthetic" ? make_synthetic(spec) : load_idx(spec);
}

// Of the bytes as they stand in memory: the digest is that of a little-endian machine.
std::string content_digest(Dataset const& data) {
    static_assert(std::endian::native == std::endian::little);
    return Sha256()
        .add(data.labels.data(), data.labels.size() * sizeof(std::int32_t))
        .add(data.pixels.data(), data.pixels.size())
        .add(data.values.data(), data.values.size() * sizeof(float))
        .hex();
}

}  // namespace

std::size_t Dataset::bytes() const {
    return pixels.capacity() + values.capacity() * sizeof(float) +
           (mean.capacity() + inverse_deviation.capacity()) * sizeof(double) +
           labels.capacity() * sizeof(std::int32_t);
}

DatasetFiles find_dataset(DataSpec const& spec) {
    if (spec.set != "fashion-mnist" && spec.set != "mnist")
        throw UserError("data.set = " + spec.set +
                        " (must be one of fashion-mnist, mnist, synthetic)");
    std::vector<fs::path> const folders = places(spec);
    for (fs::path const& folder : folders) {
        DatasetFiles const files{find_in(folder, images_name), find_in(folder, labels_name)};
        if (!files.images.empty() && !files.labels.empty()) return files;
    }
    not_found(spec, folders);
}

Dataset load_dataset(DataSpec const& spec) {
    Dataset data = make_dataset(spec);
    // On another thread where there is one; it reads nothing that is written meanwhile.
    auto digest =
        std::async(std::launch::async | std::launch::deferred, content_digest, std::cref(data));
    if (!data.pixels.empty()) standardise(data);
    data.sha256 = digest.get();
    return data;
}

DatasetShape dataset_shape(DataSpec const& spec) {
    if (spec.set == uv_set) return {1, 1, 1};
    if (spec.set == "synthetic") return {spec.examples, spec.inputs, spec.classes};
    DatasetFiles const files = find_dataset(spec);
    return checked_shape(files, read_idx_dims(files.images, 3), read_idx_dims(files.labels, 1));
}

}  // namespace sg
