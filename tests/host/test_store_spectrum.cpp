// SPDX-License-Identifier: MIT
// Spectra in the output file: labelled arrays that come back, through a stream and a kill as well.
#include <gtest/gtest.h>

#include <cmath>

#include "cuda/exec/error.hpp"
#include "host/hdf5.hpp"
#include "host/schema.hpp"
#include "host/store.hpp"
#include "host/store_stream.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"
#include "tests/host/trajectory_bits.hpp"

namespace sg::test {
namespace {

SpectrumSpec const whole{{0, 4}, 3, true, 2, 5};

Trajectory with_spectrum(Trajectory row, SpectrumSpec const& spec) {
    double next = row.c;
    for (schema::StepField const& field : schema::spectrum_fields())
        std::visit(
            [&](auto member) {
                auto& values = row.*member;
                using Value = typename std::decay_t<decltype(values)>::value_type;
                for (std::size_t k = 0; k < schema::spectrum_entries(field, spec); ++k)
                    values.push_back(static_cast<Value>(std::fmod(next++, 5)));
            },
            field.member);
    return row;
}

std::vector<Trajectory> rows_with(SpectrumSpec const& spec) {
    std::vector<Trajectory> rows;
    for (Trajectory const& row : point(2, 3, 4, 6)) rows.push_back(with_spectrum(row, spec));
    return rows;
}

void write(std::string const& path, SpectrumSpec const& spec, std::vector<Trajectory> const& rows) {
    Study made = study();
    made.spectrum = spec;
    OutputLock const lock(path);
    Store store(lock, made, {}, {}, {2, 0});  // several commits
    for (Trajectory const& row : rows) store.append({row}, {});
    store.close(StudyState::complete);
}

TEST(StoreSpectrum, ComesBackWithItsAxes) {
    TemporaryFolder const folder;
    std::string const path = folder.path("run.h5");
    for (SpectrumSpec const& spec :
         {whole, SpectrumSpec{{3}, 1, false, 0, 0}, SpectrumSpec{{1, 2, 3}, 0, true, 0, 0},
          SpectrumSpec{{0}, 0, false, 1, 2}, SpectrumSpec{}}) {
        auto rows = rows_with(spec);
        for (double& x : rows[1].density_node) x = -missing;  // another NaN
        write(path, spec, rows);
        StoredStudy const stored = read_store(path);
        EXPECT_EQ(stored.spectrum, spec);
        ASSERT_EQ(stored.rows.size(), rows.size());
        for (std::size_t n = 0; n < rows.size(); ++n) {
            if (n != 1) {
                EXPECT_SAME_BITS(numbers(stored.rows[n]), numbers(rows[n]));
            }
            EXPECT_TRUE(schema::has_spectrum(stored.rows[n], spec));
        }
    }
}

TEST(StoreSpectrum, HasLabelledArraysAndNoneWithoutASpectrum) {
    TemporaryFolder const folder;
    std::string const with = folder.path("with.h5"), without = folder.path("without.h5");
    write(with, whole, rows_with(whole));
    write(without, {}, point(2, 3, 4, 6));
    h5::Session const session;
    h5::Reader const file(with), plain(without);
    EXPECT_EQ(file.read<std::int32_t>("spectrum_step", {2}), (std::vector<std::int32_t>{0, 4}));
    EXPECT_EQ(file.read<std::int32_t>("node", {5}), (std::vector<std::int32_t>{0, 1, 2, 3, 4}));
    EXPECT_EQ(file.read<double>("density_weight", {8, 2, 2, 5}).size(), 160u);
    EXPECT_EQ(file.read<double>("top_eigenvalue", {8, 2, 3})[0], std::fmod(1, 5));
    EXPECT_EQ(file.words("spectrum_status").at(0), "converged");
    for (char const* name : {"spectrum_step", "top", "probe", "node"}) EXPECT_FALSE(plain.has(name));
    for (schema::StepField const& field : schema::spectrum_fields()) {
        EXPECT_TRUE(file.has(field.variable.name)) << field.variable.name;
        EXPECT_FALSE(plain.has(field.variable.name)) << field.variable.name;
    }
}

TEST(StoreSpectrum, CountsForTheChecksum) {
    auto rows = rows_with(whole);
    auto const sum = schema::checksum(rows, no_margin(rows));
    EXPECT_NE(sum, schema::checksum(point(2, 3, 4, 6), no_margin(rows)));
    rows[5].density_weight.back() += 1;
    EXPECT_NE(sum, schema::checksum(rows, no_margin(rows)));
}

TEST(StoreSpectrum, ARowWithoutItIsAFaultOfOurs) {
    TemporaryFolder const folder;
    EXPECT_THROW(write(folder.path("run.h5"), whole, point(2, 3, 4, 6)), InternalError);
    auto rows = rows_with(whole);
    rows[0].density_node.pop_back();
    EXPECT_THROW(write(folder.path("run.h5"), whole, rows), InternalError);
}

// A file whose axes of the spectrum were made to hurt; it is read as far as them.
TEST(StoreSpectrum, MalformedAxesAreRefused) {
    TemporaryFolder const folder;
    auto const refusal = [&](std::vector<std::int32_t> const& steps) {
        std::string const path = folder.path("bad.h5");
        write(path, whole, rows_with(whole));
        {
            h5::Session const session;
            h5::Appender file(path);
            file.write("spectrum_step", 0, steps);
            file.flush();
            file.close();
        }
        try {
            read_store(path, Killed::read);
        } catch (DataError const& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    EXPECT_EQ(refusal({0, 4}), "");
    for (auto const& steps : {std::vector<std::int32_t>{4, 0}, {0, 0}, {-1, 2}})
        EXPECT_NE(refusal(steps).find("spectrum_step does not ascend"), std::string::npos);
}

}  // namespace
}  // namespace sg::test
