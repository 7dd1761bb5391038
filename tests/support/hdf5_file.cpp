// SPDX-License-Identifier: MIT
#include "tests/support/hdf5_file.hpp"

#include <hdf5.h>

#include <stdexcept>

namespace sg::oracle {
namespace {

// Drops an identifier, whatever it names.
struct Handle {
    hid_t id;

    explicit Handle(hid_t opened) : id(opened) {}
    Handle(Handle const&) = delete;
    Handle& operator=(Handle const&) = delete;
    ~Handle() {
        if (id >= 0) H5Idec_ref(id);
    }
};

// HDF5 prints its error stack by default; here every failure becomes an exception instead.
class Quiet {
public:
    Quiet() {
        H5Eget_auto2(H5E_DEFAULT, &print_, &data_);
        H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    }
    Quiet(Quiet const&) = delete;
    Quiet& operator=(Quiet const&) = delete;
    ~Quiet() { H5Eset_auto2(H5E_DEFAULT, print_, data_); }

private:
    H5E_auto2_t print_ = nullptr;
    void* data_ = nullptr;
};

std::string text(Hdf5File::Shape const& shape) {
    std::string out = "(";
    for (std::size_t const n : shape) out += (out.size() > 1 ? ", " : "") + std::to_string(n);
    return out + ")";
}

hid_t open_dataset(Hdf5File const& file, hid_t id, std::string const& name) {
    Quiet const quiet;
    hid_t const set = H5Dopen2(id, name.c_str(), H5P_DEFAULT);
    if (set < 0) file.fail("dataset " + name + " is missing");
    return set;
}

Hdf5File::Shape shape_of(hid_t set) {
    Handle const space(H5Dget_space(set));
    int const rank = H5Sget_simple_extent_ndims(space.id);
    std::vector<hsize_t> shape(rank > 0 ? static_cast<std::size_t>(rank) : 0);
    if (rank > 0) H5Sget_simple_extent_dims(space.id, shape.data(), nullptr);
    return {shape.begin(), shape.end()};
}

template <class T>
std::vector<T> read(Hdf5File const& file, hid_t id, std::string const& name,
                    Hdf5File::Shape const& shape, hid_t memory, H5T_class_t kind) {
    Quiet const quiet;
    Handle const set(open_dataset(file, id, name));
    if (Hdf5File::Shape const found = shape_of(set.id); found != shape)
        file.fail(name + " has shape " + text(found) + ", expected " + text(shape));
    Handle const type(H5Dget_type(set.id));
    if (H5Tget_class(type.id) != kind) file.fail(name + " holds numbers of the wrong kind");
    std::size_t size = 1;
    for (std::size_t const n : shape) size *= n;
    std::vector<T> out(size);
    if (H5Dread(set.id, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, out.data()) < 0)
        file.fail(name + " cannot be read");
    return out;
}

herr_t collect_name(hid_t, char const* name, H5A_info_t const*, void* list) {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
}

hid_t open_file(std::string const& path) {
    Quiet const quiet;
    hid_t const id = H5Fopen(path.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT);
    if (id < 0) throw std::runtime_error(path + ": missing, damaged or not an HDF5 file");
    return id;
}

}  // namespace

Hdf5File::Hdf5File(std::string const& path) : path_(path), file_(open_file(path)) {
    Quiet const quiet;
    Handle guard(file_);  // closes the file if an attribute throws
    std::vector<std::string> names;
    hsize_t index = 0;
    if (H5Aiterate2(file_, H5_INDEX_NAME, H5_ITER_INC, &index, collect_name, &names) < 0)
        fail("the attributes of the root cannot be listed");
    for (std::string const& name : names) read_attribute(name);
    guard.id = H5I_INVALID_HID;
}

Hdf5File::~Hdf5File() { H5Fclose(file_); }

void Hdf5File::fail(std::string const& problem) const {
    throw std::runtime_error(path_ + ": " + problem);
}

std::vector<double> Hdf5File::doubles(std::string const& name, Shape const& shape) const {
    return read<double>(*this, file_, name, shape, H5T_NATIVE_DOUBLE, H5T_FLOAT);
}

std::vector<int> Hdf5File::integers(std::string const& name, Shape const& shape) const {
    return read<int>(*this, file_, name, shape, H5T_NATIVE_INT, H5T_INTEGER);
}

std::size_t Hdf5File::length(std::string const& name) const {
    Handle const set(open_dataset(*this, file_, name));
    Shape const shape = shape_of(set.id);
    if (shape.size() != 1 || shape[0] == 0) fail(name + " is not a vector with entries");
    return shape[0];
}

double Hdf5File::number(std::string const& name) const {
    auto const found = numbers_.find(name);
    if (found == numbers_.end() || found->second.size() != 1)
        fail("attribute " + name + " is missing or not one number");
    return found->second[0];
}

std::string const& Hdf5File::word(std::string const& name) const {
    auto const found = words_.find(name);
    if (found == words_.end()) fail("attribute " + name + " is missing or not a text");
    return found->second;
}

void Hdf5File::read_attribute(std::string const& name) {
    Handle const attribute(H5Aopen(file_, name.c_str(), H5P_DEFAULT));
    Handle const type(H5Aget_type(attribute.id));
    Handle const space(H5Aget_space(attribute.id));
    hssize_t const size = H5Sget_simple_extent_npoints(space.id);
    if (size < 0) fail("attribute " + name + " cannot be opened");
    if (H5Tget_class(type.id) != H5T_STRING) {
        std::vector<double>& values = numbers_[name];
        values.resize(static_cast<std::size_t>(size));
        if (H5Aread(attribute.id, H5T_NATIVE_DOUBLE, values.data()) < 0)
            fail("attribute " + name + " is neither numeric nor text");
        return;
    }
    char* word = nullptr;
    if (size != 1 || H5Tis_variable_str(type.id) <= 0 || H5Aread(attribute.id, type.id, &word) < 0)
        fail("attribute " + name + " is not one text of variable length");
    words_[name] = word ? word : "";
    H5free_memory(word);
}

}  // namespace sg::oracle
