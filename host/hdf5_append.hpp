// SPDX-License-Identifier: MIT
// Streams rows into a file that a Writer built. What is built and what is streamed are two classes:
// once streaming has begun there is no call that could add a dataset, an attribute or a scale,
// which the library would take without a word and readers would trip over.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "host/hdf5.hpp"

namespace sg::h5 {

// After an Error nothing may be called but abandon().
class Appender {
public:
    explicit Appender(std::string const& path);  // a closed file
    ~Appender();                                 // abandons
    Appender(Appender const&) = delete;
    Appender& operator=(Appender const&) = delete;

    // Rows `first`, `first` + 1, ... of an array, which grows where it is shorter; or a scalar.
    template <class T>
    void write(std::string const& variable, std::uint64_t first, std::vector<T> const& values) {
        write(variable, first, type_of<T>(), values.data(), values.size());
    }

    void flush();  // everything written so far is on the disk, and readers see it
    void close();  // the only end that writes
    // Ends without a write: what was flushed last stays as it is.
    void abandon() noexcept;

private:
    void write(std::string const& variable, std::uint64_t first, Type type, void const* values,
               std::size_t count);
    Handle const& dataset(std::string const& variable);

    Handle file_;
    std::map<std::string, Handle> datasets_;
};

}  // namespace sg::h5
