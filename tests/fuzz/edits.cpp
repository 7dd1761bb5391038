// SPDX-License-Identifier: MIT
#include "tests/fuzz/edits.hpp"

#include <hdf5.h>

#include <array>
#include <vector>

#include "tests/fuzz/new_dataset.hpp"

namespace sg::fuzz {

namespace {

herr_t keep_name(hid_t, char const* name, H5L_info_t const*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

herr_t keep_attribute(hid_t, char const* name, H5A_info_t const*, void* names) {
    static_cast<std::vector<std::string>*>(names)->emplace_back(name);
    return 0;
}

// Whether the dataset may be written in the shape of `space`.
bool may_be_written(hid_t dataset, hid_t space) {
    hid_t const properties = H5Dget_create_plist(dataset), type = H5Dget_type(dataset);
    bool const little = is_little(properties, type, space);
    H5Tclose(type);
    H5Pclose(properties);
    return little;
}

// The library writes all of a dataset that is allocated early when it becomes longer.
bool may_become(hid_t dataset, hid_t space) {
    hid_t const properties = H5Dget_create_plist(dataset);
    H5D_alloc_time_t when = H5D_ALLOC_TIME_ERROR;
    H5Pget_alloc_time(properties, &when);
    H5Pclose(properties);
    return when != H5D_ALLOC_TIME_EARLY || may_be_written(dataset, space);
}

std::string one_of(std::vector<std::string> const& names, Choices& choices) {
    std::size_t const chosen = choices.below(256);
    return names.empty() ? "none" : names[chosen % names.size()];
}

// One open file and what its edits choose from.
class Editor {
public:
    Editor(hid_t file, std::string other, Choices& choices)
        : file_(file), other_(std::move(other)), choices_(choices) {
        H5Literate(file_, H5_INDEX_NAME, H5_ITER_INC, nullptr, keep_name, &names_);
    }

    void edit() {
        std::string const name = one_of(names_, choices_);
        using Edit = void (Editor::*)(std::string const&);
        constexpr std::array<Edit, 9> edits{
            &Editor::write_value,  &Editor::replace_dataset,         &Editor::set_extent,
            &Editor::replace_link, &Editor::replace_attribute,       &Editor::remove,
            &Editor::rename,       &Editor::replace_by_other_object, &Editor::root_attribute};
        (this->*edits[choices_.below(edits.size())])(name);
    }

private:
    void remove(std::string const& name) { H5Ldelete(file_, name.c_str(), H5P_DEFAULT); }
    void rename(std::string const& name) {
        std::string const to = one_of(names_, choices_);
        remove(to);
        H5Lmove(file_, name.c_str(), file_, to.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }

    void replace_link(std::string const& name) {
        std::string const target = one_of(names_, choices_);
        std::size_t const kind = choices_.below(5);
        if (kind == 0 && target == name) return;
        remove(name);
        if (kind == 0)
            H5Lcreate_hard(file_, target.c_str(), file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
        if (kind == 1)
            H5Lcreate_soft(target.c_str(), file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
        if (kind == 2) H5Lcreate_soft("/./..//", file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
        if (kind == 3)
            H5Lcreate_external(other_.c_str(), target.c_str(), file_, name.c_str(), H5P_DEFAULT,
                               H5P_DEFAULT);
        if (kind == 4) H5Lcreate_hard(file_, "/", file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT);
    }

    void replace_by_other_object(std::string const& name) {
        remove(name);
        if (choices_.below(2) == 0) {
            hid_t const group =
                H5Gcreate2(file_, name.c_str(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
            H5Gclose(group);
            return;
        }
        hid_t const type = H5Tcopy(H5T_NATIVE_DOUBLE);
        H5Tcommit2(file_, name.c_str(), type, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
        H5Tclose(type);
    }

    void replace_dataset(std::string const& name) {
        remove(name);
        new_dataset(file_, name, other_, choices_);
    }

    void set_extent(std::string const& name) {
        hsize_t const length = some_length(choices_);
        hid_t const dataset = H5Dopen2(file_, name.c_str(), H5P_DEFAULT);
        if (dataset < 0) return;
        hid_t const space = H5Dget_space(dataset);
        std::array<hsize_t, H5S_MAX_RANK> shape{};
        int const rank = H5Sget_simple_extent_dims(space, shape.data(), nullptr);
        if (rank > 0) {
            shape[0] = length;
            hid_t const longer = H5Screate_simple(rank, shape.data(), nullptr);
            if (may_become(dataset, longer)) H5Dset_extent(dataset, shape.data());
            H5Sclose(longer);
        }
        H5Sclose(space);
        H5Dclose(dataset);
    }

    // Eight bytes of the input over one element.
    void write_value(std::string const& name) {
        std::size_t const at = choices_.byte();
        std::uint64_t const bits = choices_.word();
        hid_t const dataset = H5Dopen2(file_, name.c_str(), H5P_DEFAULT);
        if (dataset < 0) return;
        hid_t const type = H5Dget_type(dataset), space = H5Dget_space(dataset);
        hssize_t const count = H5Sget_simple_extent_npoints(space);
        std::size_t const size = H5Tget_size(type);
        if (count > 0 && count < 100'000 && size <= 8 && H5Tget_class(type) <= H5T_FLOAT &&
            may_be_written(dataset, space)) {
            std::vector<std::uint8_t> values(static_cast<std::size_t>(count) * size);
            if (H5Dread(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0) {
                std::memcpy(&values[at % static_cast<std::size_t>(count) * size], &bits, size);
                H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data());
            }
        }
        H5Sclose(space);
        H5Tclose(type);
        H5Dclose(dataset);
    }

    void replace_attribute_of(hid_t object) {
        std::vector<std::string> names{"flag_meanings"};
        H5Aiterate2(object, H5_INDEX_NAME, H5_ITER_INC, nullptr, keep_attribute, &names);
        std::string const name = one_of(names, choices_);
        H5Adelete(object, name.c_str());
        new_attribute(object, name, choices_);
    }
    void root_attribute(std::string const&) { replace_attribute_of(file_); }
    void replace_attribute(std::string const& name) {
        hid_t const object = H5Oopen(file_, name.c_str(), H5P_DEFAULT);
        if (object < 0) return;
        replace_attribute_of(object);
        H5Oclose(object);
    }

    hid_t file_;
    std::string other_;
    Choices& choices_;
    std::vector<std::string> names_;
};

// Opens for writing, in the format of the output file.
hid_t open_file(std::string const& path, unsigned flags) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    hid_t const access = H5Pcreate(H5P_FILE_ACCESS);
    H5Pset_libver_bounds(access, H5F_LIBVER_V110, H5F_LIBVER_V110);
    H5Pset_fclose_degree(access, H5F_CLOSE_STRONG);
    hid_t const file = H5Fopen(path.c_str(), H5F_ACC_RDWR | flags, access);
    H5Pclose(access);
    return file;
}

}  // namespace

void edit_file(std::string const& path, std::string const& other, Choices& choices) {
    std::size_t const count = choices.below(16);
    if (count == 0) return;
    hid_t const file = open_file(path, 0);
    demand(file >= 0, "the sound file opens");
    Editor editor(file, other, choices);
    for (std::size_t k = 0; k < count; ++k) editor.edit();
    H5Fclose(file);
}

std::string flagged_bytes(std::string const& path) {
    hid_t const file = open_file(path, H5F_ACC_SWMR_WRITE);
    if (file >= 0) H5Fflush(file, H5F_SCOPE_GLOBAL);
    std::ifstream in(path, std::ios::binary);
    std::string const bytes{std::istreambuf_iterator<char>(in), {}};
    if (file >= 0) H5Fclose(file);
    return bytes;
}

}  // namespace sg::fuzz
