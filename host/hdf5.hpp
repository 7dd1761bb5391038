// SPDX-License-Identifier: MIT
// The part of HDF5 that the output file needs, in netCDF-4's dialect: dimension scales, attributes,
// and arrays of numbers with them. The C library stays behind it: hdf5_library.hpp alone includes
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace sg::h5 {

// A call that failed, or a file that does not hold what was asked for. A call that failed for lack of
// memory throws bad_alloc. Never leaves
// host/store*.cpp.
class Error : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

enum class Type : std::uint8_t { int8, int32, int64, uint64, float64 };

template <class T>
consteval Type type_of() {
    if constexpr (std::is_same_v<T, std::int8_t>) return Type::int8;
    if constexpr (std::is_same_v<T, std::int32_t>) return Type::int32;
    if constexpr (std::is_same_v<T, std::int64_t>) return Type::int64;
    if constexpr (std::is_same_v<T, std::uint64_t>) return Type::uint64;
    if constexpr (std::is_same_v<T, double>) return Type::float64;
}

// The library ends the process where these differ, as soon as a file is touched. Asking does not.
struct LibraryVersion {
    std::string header, loaded;  // "1.10.8"
};
LibraryVersion library_version();

// The library has global state and may be built without locks: whoever calls it holds the Session.
// Also keeps the library from printing its own error stack. bad_alloc: too little memory for it.
class Session {
public:
    Session();

private:
    std::scoped_lock<std::mutex> lock_;
};

// Owns one identifier of the library.
class Handle {
public:
    using Close = int (*)(std::int64_t);

    Handle() = default;
    Handle(std::int64_t id, Close closer,
           std::string const& what);  // throws Error for a negative id
    Handle(Handle&& other) noexcept { swap(other); }
    Handle& operator=(Handle&& other) noexcept {
        swap(other);
        return *this;
    }
    ~Handle();

    std::int64_t id() const { return id_; }
    void leak() { id_ = -1; }             // never to be closed
    void close(std::string const& what);  // Error: data that were still in memory were not written

private:
    void swap(Handle& other) noexcept {
        std::swap(id_, other.id_);
        std::swap(close_, other.close_);
    }

    std::int64_t id_ = -1;
    Close close_ = nullptr;
};

struct Axis {
    std::string name;
    std::uint64_t length = 0;
    bool unlimited = false;
    std::uint64_t planned = 0;  // expected length of a file that will grow: it sizes the chunks
};

// One array: what CF wants to know of it. `words` makes it a flag variable (codes 0, 1, ...).
struct Variable {
    std::string name;
    std::vector<std::string> axes;  // empty: a scalar
    std::string long_name;
    std::string units;        // "": none, as for words and names
    std::string coordinates;  // names of its auxiliary coordinates, "" for a coordinate
    std::vector<std::string> words;
};

// Builds a file that nobody reads yet. After an Error it is of no use.
class Writer {
public:
    explicit Writer(std::string const& path);

    void attribute(std::string const& name, std::string const& text);  // global
    void attribute(std::string const& name, std::int32_t number);      // global
    // All axes are declared before the first variable. The variable of the same name, which is
    // written before any other that stands on it, becomes its dimension scale.
    void axis(Axis const& axis);

    // values: row-major, as many as the axes say
    template <class T>
    void write(Variable const& variable, std::vector<T> const& values) {
        write(variable, type_of<T>(), values.data(), values.size());
    }

    void finish();  // closes it

private:
    struct Scale {
        Axis axis;
        std::int32_t number = 0;  // _Netcdf4Dimid
        Handle dataset;
    };

    void write(Variable const& variable, Type type, void const* values, std::size_t count);
    Handle layout(Variable const& variable, Type type, Handle& properties) const;
    void connect(Variable const& variable, Handle&& dataset);

    Handle file_;
    std::map<std::string, Scale> scales_;
};

// What a file says about a writer: one that has it open, or that was killed while it had.
bool is_open_for_writing(std::string const& path);

// Reads a file that may be anything: truncated, foreign or made to hurt. Every size it claims is
// held against the size of the file before memory is taken; whatever does not fit is an Error.
class Reader {
public:
    enum class Mode : std::uint8_t { closed, streamed };
    // streamed: reads beside a writer, or after one that was killed.
    explicit Reader(std::string const& path, Mode mode = Mode::closed);
    // From now on the first axis of an array may be longer than what is read of it.
    void accept_longer() { longer_ = true; }
    // Memory that its content will take: Error when that is out of proportion to the file. The
    // arrays that are read claim theirs.
    void claim(std::uint64_t bytes) const;

    std::string text(std::string const& name) const;     // global attributes
    std::int32_t number(std::string const& name) const;  //
    bool has(std::string const& variable) const;
    bool has_attribute(std::string const& name) const;
    std::vector<std::string> words(std::string const& variable) const;  // empty: not a flag
    std::uint64_t length(std::string const& axis) const;

    // The whole array, which must have this type and shape; an empty shape is a scalar. After
    // accept_longer() its first shape[0] entries.
    template <class T>
    std::vector<T> read(std::string const& variable,
                        std::vector<std::uint64_t> const& shape) const {
        Handle const dataset = open(variable);
        std::vector<T> values(checked_count(dataset, variable, type_of<T>(), shape));
        read(dataset, variable, type_of<T>(), shape, values.data());
        return values;
    }

private:
    Handle open(std::string const& variable) const;
    std::size_t checked_count(Handle const& dataset, std::string const& name, Type type,
                              std::vector<std::uint64_t> const& shape) const;
    void read(Handle const& dataset, std::string const& name, Type type,
              std::vector<std::uint64_t> const& shape, void* values) const;
    std::string text(std::int64_t object, std::string const& name) const;

    bool longer_ = false;
    std::uint64_t file_size_ = 0;
    mutable std::uint64_t claimed_ = 0;
    Handle file_;
};

}  // namespace sg::h5
