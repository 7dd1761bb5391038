// SPDX-License-Identifier: MIT
#include "host/json.hpp"

#include <fmt/format.h>

#include <bit>
#include <cmath>

namespace sg {

namespace {

template <class T>
std::string base64_of(std::vector<T> const& values) {
    static_assert(std::endian::native == std::endian::little);
    return '"' +
           base64(
               {reinterpret_cast<unsigned char const*>(values.data()), values.size() * sizeof(T)}) +
           '"';
}

}  // namespace

std::string json_text(std::string_view text) {
    std::string quoted = "\"";
    for (char const letter : text) {
        if (letter == '"' || letter == '\\')
            quoted += {'\\', letter};
        else if (static_cast<unsigned char>(letter) < 0x20)
            quoted += fmt::format("\\u{:04x}", static_cast<int>(letter));
        else
            quoted += letter;
    }
    return quoted + "\"";
}

std::string json_number(double value) {
    return std::isfinite(value) ? fmt::format("{}", value) : "null";
}

std::string json_short(double value) {
    return std::isfinite(value) ? fmt::format("{:.6g}", value) : "null";
}

std::string json_list(std::vector<std::string> const& items) {
    std::string text = "[";
    for (std::string const& item : items) text += (text.size() > 1 ? "," : "") + item;
    return text + "]";
}

std::string json_member(std::string_view name, std::string const& json) {
    return json_text(name) + ":" + json;
}

std::string json_object(std::vector<std::string> const& members) {
    return fmt::format("{{{}}}", fmt::join(members, ","));
}

std::string json_shorts(std::span<double const> values) {
    std::vector<std::string> items;
    for (double const value : values) items.push_back(json_short(value));
    return json_list(items);
}

std::string json_float32(std::span<double const> values) {
    std::vector<float> floats;
    floats.reserve(values.size());
    for (double const value : values) floats.push_back(static_cast<float>(value));
    return base64_of(floats);
}

std::string json_uint8(std::span<std::uint8_t const> values) {
    return base64_of(std::vector<std::uint8_t>(values.begin(), values.end()));
}

std::string json_int32(std::span<std::int32_t const> values) {
    return base64_of(std::vector<std::int32_t>(values.begin(), values.end()));
}

std::string base64(std::span<unsigned char const> bytes) {
    constexpr std::string_view digits =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string text;
    text.reserve((bytes.size() + 2) / 3 * 4);
    for (std::size_t at = 0; at < bytes.size(); at += 3) {
        std::size_t const count = std::min<std::size_t>(3, bytes.size() - at);
        std::uint32_t bits = 0;
        for (std::size_t k = 0; k < 3; ++k) bits = bits << 8 | (k < count ? bytes[at + k] : 0U);
        for (std::size_t k = 0; k < 4; ++k)
            text += k <= count ? digits[bits >> (18 - 6 * k) & 63U] : '=';
    }
    return text;
}

std::string json_in_html(std::string const& json) {
    std::string safe;
    safe.reserve(json.size());
    for (char const letter : json)
        if (letter == '<')
            safe += "\\u003c";
        else
            safe += letter;
    return safe;
}

}  // namespace sg
