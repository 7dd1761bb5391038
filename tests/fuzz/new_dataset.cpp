// SPDX-License-Identifier: MIT
#include "tests/fuzz/new_dataset.hpp"

#include <array>
#include <cmath>
#include <vector>

namespace sg::fuzz {

namespace {

hid_t derived_type(std::size_t kind) {
    hid_t type = -1;
    switch (kind) {
        case 0:
            type = H5Tcopy(H5T_C_S1);
            H5Tset_size(type, H5T_VARIABLE);
            return type;
        case 1:
            return H5Tvlen_create(H5T_NATIVE_DOUBLE);
        case 2: {
            hsize_t const length = 3;
            return H5Tarray_create2(H5T_NATIVE_INT, 1, &length);
        }
        case 3:
            type = H5Tcreate(H5T_COMPOUND, 8);
            H5Tinsert(type, "x", 0, H5T_NATIVE_DOUBLE);
            return type;
        case 4:
            return H5Tcreate(H5T_OPAQUE, 8);
        case 5:
            return H5Tenum_create(H5T_NATIVE_INT8);
        case 6:  // a number in the middle of its bytes
            type = H5Tcopy(H5T_NATIVE_INT64);
            H5Tset_precision(type, 5);
            H5Tset_offset(type, 40);
            return type;
        default:  // eight bytes, but no double
            type = H5Tcopy(H5T_IEEE_F64LE);
            H5Tset_fields(type, 20, 10, 6, 0, 6);
            H5Tset_precision(type, 21);
            return type;
    }
}

hid_t some_type(Choices& choices) {
    std::array<hid_t, 12> const plain{H5T_NATIVE_INT8,   H5T_NATIVE_INT32,  H5T_NATIVE_INT64,
                                      H5T_NATIVE_UINT64, H5T_NATIVE_DOUBLE, H5T_NATIVE_FLOAT,
                                      H5T_STD_I64BE,     H5T_IEEE_F64BE,    H5T_NATIVE_B64,
                                      H5T_STD_REF_OBJ,   H5T_NATIVE_UINT8,  H5T_STD_REF_DSETREG};
    std::size_t const kind = choices.below(28);
    if (kind < plain.size()) return H5Tcopy(plain[kind]);
    if (kind < plain.size() + 8) return derived_type(kind - plain.size());
    hid_t const text = H5Tcopy(H5T_C_S1);
    H5Tset_size(text, 1 + choices.below(64));
    return text;
}

hid_t some_space(Choices& choices) {
    std::size_t const rank = choices.below(5);
    if (rank == 0) return H5Screate(H5S_SCALAR);
    if (rank == 4) return H5Screate(H5S_NULL);
    std::array<hsize_t, 3> shape{};
    for (hsize_t& length : shape) length = some_length(choices);
    std::array<hsize_t, 3> const unlimited{H5S_UNLIMITED, H5S_UNLIMITED, H5S_UNLIMITED};
    bool const grows = choices.below(2) == 1;
    return H5Screate_simple(static_cast<int>(rank), shape.data(),
                            grows ? unlimited.data() : nullptr);
}

void add_filters(hid_t properties, Choices& choices) {
    std::size_t const filters = choices.byte();
    if (filters & 1U) H5Pset_shuffle(properties);
    if (filters & 2U) H5Pset_deflate(properties, 9);
    if (filters & 4U) H5Pset_fletcher32(properties);
    if (filters & 8U) H5Pset_scaleoffset(properties, H5Z_SO_INT, 0);
    if (filters & 16U) H5Pset_nbit(properties);
}

void set_layout(hid_t properties, hid_t space, std::string const& other, Choices& choices) {
    std::array<hsize_t, H5S_MAX_RANK> shape{}, chunk{};
    int const rank = H5Sget_simple_extent_dims(space, shape.data(), nullptr);
    switch (choices.below(5)) {
        case 0:
            H5Pset_layout(properties, H5D_COMPACT);
            break;
        case 1:
            H5Pset_external(properties, other.c_str(), 0, H5F_UNLIMITED);
            break;
        case 2:
            H5Pset_virtual(properties, space, other.c_str(), "loss", space);
            break;
        case 3:
            for (hsize_t& length : chunk) length = some_length(choices);
            H5Pset_chunk(properties, rank > 0 ? rank : 1, chunk.data());
            add_filters(properties, choices);
            break;
        default:
            break;
    }
}

}  // namespace

bool is_little(hid_t properties, hid_t type, hid_t space) {
    std::array<hsize_t, H5S_MAX_RANK> shape{}, chunk{};
    int const rank = H5Sget_simple_extent_dims(space, shape.data(), nullptr);
    bool const chunked = H5Pget_layout(properties) == H5D_CHUNKED &&
                         H5Pget_chunk(properties, H5S_MAX_RANK, chunk.data()) == rank;
    // In floating point, where nothing overflows: lengths go up to 2^64.
    double bytes = static_cast<double>(H5Tget_size(type));
    for (int k = 0; k < rank; ++k) {
        double const length = static_cast<double>(shape[k]);
        double const part = chunked ? static_cast<double>(chunk[k]) : 1;
        bytes *= std::ceil(length / part) * part;
    }
    return bytes < 16e6;
}

hsize_t some_length(Choices& choices) {
    std::array<hsize_t, 6> const special{1U << 20U,         1U << 30U,         hsize_t{1} << 40U,
                                         hsize_t{1} << 61U, H5S_UNLIMITED - 1, 70'000};
    std::size_t const chosen = choices.byte();
    if (chosen < 200) return chosen % 20;
    return special[chosen % special.size()];
}

void new_dataset(hid_t file, std::string const& name, std::string const& other, Choices& choices) {
    hid_t const type = some_type(choices), space = some_space(choices);
    hid_t const properties = H5Pcreate(H5P_DATASET_CREATE);
    set_layout(properties, space, other, choices);
    // Written at once where that is little: then the file holds what the shape says.
    bool const little = is_little(properties, type, space);
    H5Pset_alloc_time(properties, little ? H5D_ALLOC_TIME_EARLY : H5D_ALLOC_TIME_LATE);
    std::uint64_t const fill = choices.word();
    if (H5Tget_size(type) == 8 && H5Tget_class(type) <= H5T_FLOAT)
        H5Pset_fill_value(properties, type, &fill);
    hid_t const dataset =
        H5Dcreate2(file, name.c_str(), type, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Dclose(dataset);
    H5Pclose(properties);
    H5Sclose(space);
    H5Tclose(type);
}

void new_attribute(hid_t object, std::string const& name, Choices& choices) {
    hid_t const type = some_type(choices), space = some_space(choices);
    hssize_t const count = H5Sget_simple_extent_npoints(space);
    hid_t const attribute = count >= 0 && count < 1000 ? H5Acreate2(object, name.c_str(), type,
                                                                    space, H5P_DEFAULT, H5P_DEFAULT)
                                                       : -1;
    if (attribute >= 0 && H5Tget_class(type) <= H5T_STRING && H5Tis_variable_str(type) == 0) {
        std::vector<std::uint8_t> values(static_cast<std::size_t>(count) * H5Tget_size(type));
        Bytes const given = choices.take(std::min<std::size_t>(values.size(), choices.byte()));
        std::copy(given.begin(), given.end(), values.begin());
        H5Awrite(attribute, type, values.data());
    }
    H5Aclose(attribute);
    H5Sclose(space);
    H5Tclose(type);
}

}  // namespace sg::fuzz
