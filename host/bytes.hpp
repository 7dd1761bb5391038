// SPDX-License-Identifier: MIT
// Values to bytes and back, as this machine lays them out. What is read may come from anywhere: a reader
// never leaves its bytes, and no size is believed that they cannot hold.
#pragma once

#include <cstddef>
#include <cstring>
#include <string>
#include <type_traits>
#include <vector>

#include "cuda/exec/error.hpp"

namespace sg {

class ByteWriter {
public:
    template <class T>
        requires std::is_trivially_copyable_v<T>
    void add(T const& value)
    {
        append(&value, sizeof value);
    }
    template <class T>
    void add(std::vector<T> const& values)
    {
        add(static_cast<std::uint64_t>(values.size()));
        append(values.data(), values.size() * sizeof(T));
    }
    void add(std::string const& text) { add(std::vector<char>(text.begin(), text.end())); }

    std::string const& bytes() const { return bytes_; }

private:
    void append(void const* from, std::size_t count)
    {
        if (count > 0) bytes_.append(static_cast<char const*>(from), count);
    }

    std::string bytes_;
};

class ByteReader {
public:
    ByteReader(char const* bytes, std::size_t count) : at_(bytes), left_(count) {}

    // DataError: the bytes end before the value does.
    template <class T>
        requires std::is_trivially_copyable_v<T>
    void read(T& value)
    {
        take(&value, sizeof value);
    }
    template <class T>
    void read(std::vector<T>& values)
    {
        std::uint64_t count = 0;
        read(count);
        if (count > left_ / sizeof(T)) throw DataError("it is too short");
        values.resize(count);
        take(values.data(), values.size() * sizeof(T));
    }
    void read(std::string& text)
    {
        std::vector<char> letters;
        read(letters);
        text.assign(letters.begin(), letters.end());
    }
    bool at_end() const { return left_ == 0; }

private:
    void take(void* to, std::size_t count)
    {
        if (count > left_) throw DataError("it is too short");
        if (count > 0) std::memcpy(to, at_, count);
        at_ += count;
        left_ -= count;
    }

    char const* at_;
    std::size_t left_;
};

}  // namespace sg
