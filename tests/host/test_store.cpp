// SPDX-License-Identifier: MIT
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <fstream>
#include <iterator>
#include <random>
#include <thread>

#include "cuda/exec/error.hpp"
#include "host/hdf5.hpp"
#include "host/schema.hpp"
#include "host/store.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

namespace fs = std::filesystem;
using test::TemporaryFolder;

Provenance provenance() {
    return {"sharpgrid 0.1.0", "a CPU", "HDF5", "double", "synthetic", "00", "sharpgrid run"};
}

std::vector<Trajectory> rows_of_two_depths() {
    std::vector<Trajectory> rows;
    for (int const depth : {2, 4})
        for (std::uint64_t const seed : {0UL, ~0UL})
            for (Trajectory const& row : test::point(2, 3, 4, 6, depth, 16, seed))
                rows.push_back(row);
    rows[1].status = RunStatus::collapsed;
    return rows;
}

void write(std::string const& path, std::vector<Trajectory> const& rows,
           Study const& study = test::study()) {
    OutputLock const lock(path);
    Store store(lock, study, provenance());
    for (Trajectory const& row : rows) store.append({row}, {});
    store.append({}, {200, 1, 2e-3});
    store.close(StudyState::complete);
}

std::string contents(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void expect_same_bits(double a, double b) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(a), std::bit_cast<std::uint64_t>(b));
}

void expect_same(Trajectory const& a, Trajectory const& b) {
    EXPECT_EQ(a.status, b.status);
    EXPECT_EQ(a.diverged_step, b.diverged_step);
    EXPECT_EQ(a.swept, b.swept);
    EXPECT_EQ(schema::checksum({a}, {0}), schema::checksum({b}, {0}));
    for (std::size_t t = 0; t < a.loss.size(); ++t) {
        expect_same_bits(a.loss[t], b.loss[t]);
        expect_same_bits(a.sharpness[t], b.sharpness[t]);
        EXPECT_EQ(a.sharpness_products[t], b.sharpness_products[t]);
        EXPECT_EQ(a.sharpness_status[t], b.sharpness_status[t]);
    }
}

TEST(Store, GivesBackWhatWasAppended) {
    TemporaryFolder const folder;
    auto const rows = rows_of_two_depths();
    write(folder.path("run.h5"), rows);
    StoredStudy const stored = read_store(folder.path("run.h5"));
    ASSERT_EQ(stored.rows.size(), rows.size());
    for (std::size_t n = 0; n < rows.size(); ++n) expect_same(stored.rows[n], rows[n]);
    EXPECT_EQ(stored.rows.back().seed, ~0UL);
    EXPECT_EQ(stored.title, "synthetic");
    EXPECT_EQ(stored.model, "fcn");
    EXPECT_EQ(stored.data_name, "synthetic");
    EXPECT_EQ(stored.state, StudyState::complete);
    EXPECT_EQ(stored.audit.measurements, 200);
    EXPECT_EQ(stored.audit.misses, 1);
    EXPECT_EQ(stored.audit.worst, 2e-3);
    EXPECT_EQ(stored.margins, std::vector<double>(rows.size(), 0));
    EXPECT_EQ(stored.digest, std::string(64, 'a'));
    EXPECT_EQ(stored.precision, "double");
    EXPECT_EQ(stored.measured_on, "loss and sharpness: the same 512 examples at every step");
    EXPECT_EQ(stored.yaml_given, test::study().yaml_given);
    EXPECT_EQ(stored.steps, test::steps);
    EXPECT_TRUE(stored.closed);
    EXPECT_FALSE(fs::exists(folder.path("run.h5.tmp")));
    EXPECT_FALSE(fs::exists(folder.path("run.h5.lock")));
}

// Two files that were written within one second differ in their time of the end alone.
TEST(Store, DoesNotDependOnTheOrderOfAppending) {
    TemporaryFolder const folder;
    auto rows = rows_of_two_depths();
    write(folder.path("a.h5"), rows);
    std::shuffle(rows.begin(), rows.end(), std::mt19937(3));
    rows[0].train_loss.back() = -missing;  // another NaN
    write(folder.path("b.h5"), rows);
    StoredStudy const a = read_store(folder.path("a.h5")), b = read_store(folder.path("b.h5"));
    ASSERT_EQ(a.rows.size(), b.rows.size());
    EXPECT_EQ(schema::checksum(a.rows, a.margins), schema::checksum(b.rows, b.margins));
    EXPECT_EQ(contents(folder.path("a.h5")).size(), contents(folder.path("b.h5")).size());
}

TEST(Store, TakesRowsFromManyThreads) {
    TemporaryFolder const folder;
    auto const rows = rows_of_two_depths();
    OutputLock const lock(folder.path("run.h5"));
    Store store(lock, test::study(), provenance(), {}, {3, 0.001});
    std::vector<std::thread> threads;
    for (std::size_t part = 0; part < 4; ++part)
        threads.emplace_back([&, part] {
            for (std::size_t n = part; n < rows.size(); n += 4) store.append({rows[n]}, {1, 0, 0});
        });
    for (std::thread& thread : threads) thread.join();
    store.close(StudyState::stopped);
    EXPECT_EQ(store.audit().measurements, static_cast<std::int64_t>(rows.size()));
    StoredStudy const stored = read_store(folder.path("run.h5"));
    ASSERT_EQ(stored.rows.size(), rows.size());
    for (std::size_t n = 0; n < rows.size(); ++n) expect_same(stored.rows[n], rows[n]);
    EXPECT_EQ(stored.state, StudyState::stopped);
}

Study swept_study() {
    Study study = test::study();
    study.swept = {
        {"loss", {"mse", "cross_entropy"}}, {"last_layer", {"standard", "zero"}}, {"momentum", {}}};
    study.variants.clear();
    for (int const loss : {0, 1})
        for (int const last : {0, 1})
            for (double const momentum : {0.0, 0.9}) {
                Variant variant;
                variant.loss = static_cast<Loss>(loss);
                variant.last_layer = static_cast<LastLayer>(last);
                variant.momentum = momentum;
                variant.swept = {double(loss), double(last), momentum};
                study.variants.push_back(variant);
            }
    return study;
}

TEST(Store, KeepsSweptKeysEvenWhereTheirNameIsTaken) {
    TemporaryFolder const folder;
    Study study = swept_study();
    std::vector<Trajectory> rows;
    for (Variant const& variant : study.variants)
        for (Trajectory row : test::point(2, 3, 4, 6)) {
            row.swept = variant.swept;
            rows.push_back(row);
        }
    write(folder.path("run.h5"), rows, study);
    StoredStudy const stored = read_store(folder.path("run.h5"));
    ASSERT_EQ(stored.swept.size(), 3U);
    for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_EQ(stored.swept[k].name, study.swept[k].name);
        EXPECT_EQ(stored.swept[k].words, study.swept[k].words);
    }
    for (std::size_t n = 0; n < rows.size(); ++n) {
        expect_same(stored.rows[n], rows[n]);
        EXPECT_EQ(stored.margins[n], rows[n].swept[1] == 1 ? 0.05 : 0);  // a zero last layer
    }
    study.sharpness.c_sharp_margin = 0.125;
    write(folder.path("run.h5"), rows, study);  // over the old file
    EXPECT_EQ(read_store(folder.path("run.h5")).margins, std::vector<double>(rows.size(), 0.125));
}

TEST(Store, HoldsAStudyThatHadNoTime) {
    TemporaryFolder const folder;
    write(folder.path("run.h5"), {});
    EXPECT_TRUE(read_store(folder.path("run.h5")).rows.empty());
}

TEST(Store, HoldsAStudyOfManySteps) {
    TemporaryFolder const folder;
    Study study = test::study();
    study.steps = 200'000;  // one row of an array is larger than a chunk
    study.yaml_given.assign(100'000, 'x');
    Trajectory row = test::network(2);
    auto const entries = static_cast<std::size_t>(study.steps) + 1;
    for (auto* values :
         {&row.loss, &row.train_loss, &row.accuracy, &row.sharpness, &row.sharpness_residual})
        values->assign(entries, 0.5);
    row.loss.back() = 0.25;
    row.sharpness_products.assign(entries, 1);
    row.sharpness_status.assign(entries, SharpnessStatus::converged);
    write(folder.path("run.h5"), {row}, study);
    EXPECT_EQ(read_store(folder.path("run.h5")).rows.at(0).loss, row.loss);
}

TEST(Store, KeepsItsRowsWithoutClose) {
    TemporaryFolder const folder;
    {
        OutputLock const lock(folder.path("run.h5"));
        Store store(lock, test::study(), provenance());
        EXPECT_FALSE(fs::exists(folder.path("run.h5.tmp")));
        store.append({test::network(2)}, {});
    }
    StoredStudy const stored = read_store(folder.path("run.h5"));
    EXPECT_EQ(stored.rows.size(), 1U);
    EXPECT_EQ(stored.state, StudyState::stopped);
}

TEST(Store, TakesOverWhatAKilledRunLeft) {
    TemporaryFolder const folder;
    folder.write("run.h5.tmp", std::string(100'000, 'x'));
    folder.write("run.h5.lock", "process 1 on nowhere\n");
    write(folder.path("run.h5"), {test::network(2)});
    EXPECT_EQ(read_store(folder.path("run.h5")).rows.size(), 1U);
    EXPECT_FALSE(fs::exists(folder.path("run.h5.lock")));
}

std::string refusal(std::string const& path) {
    try {
        OutputLock const lock(path);
        Store const store(lock, test::study(), provenance());
    } catch (UserError const& error) {
        return error.what();
    }
    return "";
}

TEST(Store, SaysAtOnceWhyItCannotWrite) {
    TemporaryFolder const folder;
    folder.write("file", "x");
    fs::create_directory(folder.path("folder"));
    auto const expect = [](std::string const& path, char const* part) {
        std::string const message = refusal(path);
        EXPECT_NE(message.find("cannot write " + path), std::string::npos) << message;
        EXPECT_NE(message.find(part), std::string::npos) << message;
    };
    expect(folder.path("none/run.h5"), "does not exist");
    expect(folder.path("file/run.h5"), "is not a directory");
    expect(folder.path("folder"), "it is a directory");
    expect(folder.path("folder/"), "a file name is required");
    expect("/dev/null", "not a regular file");
    expect("", "a file name is required");
    fs::create_symlink(folder.path("file"), folder.path("run.h5.tmp"));
    expect(folder.path("run.h5"), "run.h5.tmp");
    EXPECT_EQ(contents(folder.path("file")), "x");
}

TEST(Store, IsAloneAndSaysWhoWritesTheFile) {
    TemporaryFolder const folder;
    std::string const path = folder.path("run.h5");
    EXPECT_FALSE(is_locked(path));
    {
        OutputLock const first(path);
        EXPECT_TRUE(is_locked(path));
        std::string const message = refusal(path);
        EXPECT_NE(message.find("another sharpgrid is writing it"), std::string::npos) << message;
        EXPECT_NE(message.find("process " + std::to_string(getpid()) + " on "), std::string::npos)
            << message;
        EXPECT_TRUE(is_locked(path));
    }
    EXPECT_FALSE(is_locked(path));
    EXPECT_EQ(refusal(path), "");
}

TEST(Store, RefusesRowsThatAreNotOfTheStudy) {
    TemporaryFolder const folder;
    OutputLock const lock(folder.path("run.h5"));
    Store store(lock, test::study(), provenance());
    Trajectory row = test::network(2);
    row.loss.pop_back();
    EXPECT_THROW(store.append({row}, {}), InternalError);
    row = test::network(missing);
    EXPECT_THROW(store.append({row}, {}), InternalError);
    row = test::network(2);
    row.swept = {1};
    EXPECT_THROW(store.append({row}, {}), InternalError);
    store.append({test::network(2)}, {});
    store.append({test::network(2)}, {});
    EXPECT_THROW(store.close(StudyState::complete), InternalError);
}

}  // namespace
}  // namespace sg
