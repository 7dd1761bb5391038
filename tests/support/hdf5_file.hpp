// SPDX-License-Identifier: MIT
// Read-only access to an HDF5 file for tests: whole datasets of an expected shape, and the
// attributes of the root. Every failure is a std::runtime_error that names file and item.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace sg::oracle {

class Hdf5File {
public:
    using Shape = std::vector<std::size_t>;

    explicit Hdf5File(std::string const& path);
    Hdf5File(Hdf5File const&) = delete;
    Hdf5File& operator=(Hdf5File const&) = delete;
    ~Hdf5File();

    [[noreturn]] void fail(std::string const& problem) const;  // throws, with the path before it

    // The file must hold floating-point numbers, integers respectively; an empty shape is a scalar.
    std::vector<double> doubles(std::string const& name, Shape const& shape) const;
    std::vector<int> integers(std::string const& name, Shape const& shape) const;
    // The length of a vector whose size nothing else gives.
    std::size_t length(std::string const& name) const;

    std::map<std::string, std::vector<double>> const& numbers() const { return numbers_; }
    std::map<std::string, std::string> const& words() const { return words_; }
    // An attribute that must be there, one number or one text.
    double number(std::string const& name) const;
    std::string const& word(std::string const& name) const;

private:
    void read_attribute(std::string const& name);

    std::string path_;
    std::int64_t file_;  // hid_t; the header of HDF5 stays in the source file
    std::map<std::string, std::vector<double>> numbers_;
    std::map<std::string, std::string> words_;
};

}  // namespace sg::oracle
