// SPDX-License-Identifier: MIT
#include <algorithm>
#include <limits>
#include <new>
#include <numeric>
#include <utility>

#include "cuda/exec/error.hpp"
#include "cuda/exec/exec.hpp"
#include "host/hdf5_library.hpp"

namespace sg::h5 {

namespace {

std::mutex library_mutex;

// What the library may want while it is used at once. It crashes where it does not get memory.
constexpr std::size_t library_bytes = std::size_t{32} << 20;

// Chunks of about half a MiB, smaller where the array is. Of a file that grows a commit writes its
// last chunks again, so they are smaller.
constexpr std::uint64_t chunk_bytes = 512 * 1024;
constexpr std::uint64_t growing_chunk_bytes = 128 * 1024;

void put_attribute(hid_t object, std::string const& name, hid_t type, hid_t space,
                   void const* value) {
    auto const attribute = own<H5Aclose>(
        H5Acreate2(object, name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT), "create " + name);
    check(H5Awrite(attribute.id(), type, value), "write " + name);
}

void put_text(hid_t object, std::string const& name, std::string const& text) {
    auto const type = own<H5Tclose>(H5Tcopy(H5T_C_S1), "string type");
    // One byte for the terminator: readers take a string of length one for a single character.
    check(H5Tset_size(type.id(), text.size() + 1), "size of " + name);
    check(H5Tset_cset(type.id(), H5T_CSET_UTF8), "character set");
    auto const space = own<H5Sclose>(H5Screate(H5S_SCALAR), "scalar space");
    put_attribute(object, name, type.id(), space.id(), text.c_str());
}

void put_array(hid_t object, std::string const& name, Type type, void const* values,
               std::size_t count) {
    hsize_t const length = count;
    auto const space = own<H5Sclose>(H5Screate_simple(1, &length, nullptr), "space of " + name);
    put_attribute(object, name, memory_type(type), space.id(), values);
}

void put_flags(hid_t object, std::vector<std::string> const& words) {
    std::vector<std::int8_t> codes(words.size());
    std::iota(codes.begin(), codes.end(), std::int8_t{0});
    std::string meanings;
    for (std::string word : words) {
        std::replace(word.begin(), word.end(), ' ', '_');
        meanings += (meanings.empty() ? "" : " ") + word;
    }
    put_array(object, "flag_values", Type::int8, codes.data(), codes.size());
    put_text(object, "flag_meanings", meanings);
}

std::vector<hsize_t> chunk_of(std::vector<hsize_t> const& shape, std::uint64_t items) {
    std::vector<hsize_t> chunk(shape.size());
    std::uint64_t left = items;
    for (std::size_t k = shape.size(); k-- > 0;) {
        chunk[k] = std::clamp<hsize_t>(shape[k], 1, left);
        left = std::max<std::uint64_t>(left / chunk[k], 1);
    }
    return chunk;
}

// Whether the library says that it had no memory.
herr_t find_shortage(unsigned, H5E_error2_t const* entry, void* found) {
    *static_cast<bool*>(found) |= entry->maj_num == H5E_RESOURCE && entry->min_num == H5E_NOSPACE;
    return 0;
}

// The system's own words stand in the library's stack of errors: "... error message = 'No space
// left on device', ...".
herr_t find_reason(unsigned, H5E_error2_t const* entry, void* reason) {
    std::string const text = entry->desc ? entry->desc : "";
    std::string const mark = "error message = '";
    std::size_t const begin = text.find(mark);
    if (begin == std::string::npos) return 0;
    std::size_t const word = begin + mark.size();
    *static_cast<std::string*>(reason) = text.substr(word, text.find('\'', word) - word);
    return 0;
}

}  // namespace

void check(std::int64_t result, std::string const& what) {
    if (result >= 0) return;
    bool shortage = false;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_shortage, &shortage);
    if (shortage) throw std::bad_alloc();
    std::string reason;
    H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, find_reason, &reason);
    throw Error(reason.empty() ? "HDF5 failed: " + what : reason);
}

// Without the library's own exit handler: it writes to every file that is still open, also to one
// that was given up because its disk is full.
Session::Session() : lock_(library_mutex) {
    if (!can_take(library_bytes)) throw std::bad_alloc();
    static bool const no_handler = H5dont_atexit() >= 0;
    SG_EXPECT(no_handler);
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
}

Handle::Handle(std::int64_t id, Close closer, std::string const& what) : id_(id), close_(closer) {
    if (id < 0) throw Error("HDF5 failed: " + what);
}

void Handle::close(std::string const& what) {
    if (id_ >= 0) check(close_(std::exchange(id_, -1)), what);
}

Handle::~Handle() {
    if (id_ >= 0) close_(id_);
}

Writer::Writer(std::string const& path) {
    auto const access = own<H5Pclose>(H5Pcreate(H5P_FILE_ACCESS), "access properties");
    // This format checksums all metadata, and streaming needs it.
    check(H5Pset_libver_bounds(access.id(), H5F_LIBVER_V110, H5F_LIBVER_V110), "file version");
    auto const creation = own<H5Pclose>(H5Pcreate(H5P_FILE_CREATE), "creation properties");
    unsigned const order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    check(H5Pset_link_creation_order(creation.id(), order), "order of links");
    check(H5Pset_attr_creation_order(creation.id(), order), "order of attributes");
    check(H5Pset_obj_track_times(creation.id(), false), "no times");
    file_ = own<H5Fclose>(H5Fcreate(path.c_str(), H5F_ACC_TRUNC, creation.id(), access.id()),
                          "create the file");
}

void Writer::attribute(std::string const& name, std::string const& text) {
    put_text(file_.id(), name, text);
}

void Writer::attribute(std::string const& name, std::int32_t number) {
    put_array(file_.id(), name, Type::int32, &number, 1);
}

void Writer::axis(Axis const& axis) {
    auto const number = static_cast<std::int32_t>(scales_.size());
    SG_EXPECT(scales_.emplace(axis.name, Scale{axis, number, Handle()}).second);
}

// The dataspace; the creation properties go to `properties`.
Handle Writer::layout(Variable const& variable, Type type, Handle& properties) const {
    properties = own<H5Pclose>(H5Pcreate(H5P_DATASET_CREATE), "dataset properties");
    hid_t const dcpl = properties.id();
    unsigned const order = H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED;
    check(H5Pset_attr_creation_order(dcpl, order), "order of attributes");
    check(H5Pset_obj_track_times(dcpl, false), "no times");
    auto const when = variable.axes.empty() ? H5D_ALLOC_TIME_EARLY : H5D_ALLOC_TIME_INCR;
    check(H5Pset_alloc_time(dcpl, when), "time of allocation");
    if (type == Type::float64) {
        double const fill = std::numeric_limits<double>::quiet_NaN();
        check(H5Pset_fill_value(dcpl, H5T_NATIVE_DOUBLE, &fill), "fill value");
    }
    if (variable.axes.empty()) return own<H5Sclose>(H5Screate(H5S_SCALAR), "scalar space");

    std::vector<hsize_t> shape, most, planned;
    bool grows = false;
    for (std::string const& name : variable.axes) {
        Axis const& axis = scales_.at(name).axis;
        grows = grows || axis.planned > 0;
        shape.push_back(axis.length);
        planned.push_back(std::max(axis.length, axis.planned));
        most.push_back(axis.unlimited ? H5S_UNLIMITED : axis.length);
    }
    auto const chunk = chunk_of(
        planned, (grows ? growing_chunk_bytes : chunk_bytes) / H5Tget_size(memory_type(type)));
    int const rank = static_cast<int>(shape.size());
    check(H5Pset_chunk(dcpl, rank, chunk.data()), "chunks of " + variable.name);
    return own<H5Sclose>(H5Screate_simple(rank, shape.data(), most.data()),
                         "shape of " + variable.name);
}

// Makes the dataset its axis' scale, or attaches the scales of its axes to it.
void Writer::connect(Variable const& variable, Handle&& dataset) {
    if (scales_.contains(variable.name)) {
        Scale& scale = scales_.at(variable.name);
        SG_EXPECT(variable.axes == std::vector<std::string>{variable.name});
        check(H5DSset_scale(dataset.id(), variable.name.c_str()), "scale " + variable.name);
        auto const space = own<H5Sclose>(H5Screate(H5S_SCALAR), "scalar space");
        put_attribute(dataset.id(), "_Netcdf4Dimid", H5T_NATIVE_INT32, space.id(), &scale.number);
        scale.dataset = std::move(dataset);
        return;
    }
    for (unsigned k = 0; k < variable.axes.size(); ++k) {
        Scale const& scale = scales_.at(variable.axes[k]);
        SG_EXPECT(scale.dataset.id() >= 0);
        check(H5DSattach_scale(dataset.id(), scale.dataset.id(), k), "attach " + variable.axes[k]);
    }
    dataset.close("close " + variable.name);  // writes what is still in memory
}

void Writer::write(Variable const& variable, Type type, void const* values, std::size_t count) {
    Handle properties;
    Handle const space = layout(variable, type, properties);
    SG_EXPECT(static_cast<std::size_t>(H5Sget_simple_extent_npoints(space.id())) == count);
    auto dataset = own<H5Dclose>(H5Dcreate2(file_.id(), variable.name.c_str(), memory_type(type),
                                            space.id(), H5P_DEFAULT, properties.id(), H5P_DEFAULT),
                                 "create " + variable.name);
    if (count > 0)
        check(H5Dwrite(dataset.id(), memory_type(type), H5S_ALL, H5S_ALL, H5P_DEFAULT, values),
              "write " + variable.name);
    bool const scale = scales_.contains(variable.name);
    if (type == Type::float64 && !scale) {
        double const fill = std::numeric_limits<double>::quiet_NaN();
        put_array(dataset.id(), "_FillValue", type, &fill, 1);
    }
    put_text(dataset.id(), "long_name", variable.long_name);
    if (!variable.units.empty()) put_text(dataset.id(), "units", variable.units);
    if (!variable.coordinates.empty()) put_text(dataset.id(), "coordinates", variable.coordinates);
    if (!variable.words.empty()) put_flags(dataset.id(), variable.words);
    connect(variable, std::move(dataset));
}

void Writer::finish() {
    for (auto& [name, scale] : scales_) scale.dataset.close("close " + name);
    file_.close("close the file");
}

}  // namespace sg::h5
