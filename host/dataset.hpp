// SPDX-License-Identifier: MIT
// Labelled examples in host memory.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cuda/exec/error.hpp"
#include "host/study.hpp"

namespace sg {

// X examples of D inputs in K classes. Either `pixels` (bytes of images; an input is
// (pixel − mean) · inverse_deviation of its example) or `values` (inputs as they are) is filled.
struct Dataset {
    std::string name;
    std::string sha256;  // of labels and inputs as stored here, 64 hexadecimal digits
    std::int64_t examples = 0;
    int inputs = 0;
    int classes = 0;
    std::vector<std::uint8_t> pixels;       // (X, D)
    std::vector<float> values;              // (X, D)
    std::vector<double> mean;               // (X) of the pixels of an image
    std::vector<double> inverse_deviation;  // (X) 1 / population standard deviation; 0 if constant
    std::vector<std::int32_t> labels;       // (X) −1: no class, the target is 0

    std::size_t bytes() const;  // host memory that it holds
};

// A data set that lies in none of the usual places; says which, and what to install.
class MissingDataset : public DataError {
    using DataError::DataError;
};

// The files of an IDX set. MissingDataset.
struct DatasetFiles {
    std::string images, labels;
};
DatasetFiles find_dataset(DataSpec const& spec);

// Loads the training examples. Throws DataError: MissingDataset, truncated, wrong magic, sizes that do not agree, a label out of range.
Dataset load_dataset(DataSpec const& spec);

// One IDX file of unsigned bytes, plain or gzip (recognised by content).   payload: (dims[0], ...)
struct Idx {
    std::vector<std::int64_t> dims;
    std::vector<std::uint8_t> payload;
};
Idx read_idx(std::string const& path, int expected_rank);

// What load_dataset would give, without reading the payload: for `plan`.
struct DatasetShape {
    std::int64_t examples = 0;
    int inputs = 0;
    int classes = 0;
};
DatasetShape dataset_shape(DataSpec const& spec);

}  // namespace sg
