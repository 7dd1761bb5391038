// SPDX-License-Identifier: MIT
// Files that are not ours, not whole, or made to hurt.
#include <gtest/gtest.h>

#include <fstream>
#include <functional>
#include <random>

#include "cuda/exec/error.hpp"
#include "host/hdf5.hpp"
#include "host/store.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"

#ifdef __SANITIZE_ADDRESS__
// HDF5 1.10 itself loses some hundred bytes when it opens a damaged object.
extern "C" char const* __lsan_default_suppressions() { return "leak:libhdf5"; }
#endif

namespace sg {
namespace {

class HostileStore : public testing::Test {
protected:
    // The message of the DataError; "" when the file was read.
    std::string refusal(std::string const& path) {
        std::string message;
        try {
            read_store(path);
        } catch (DataError const& error) {
            message = error.what();
            EXPECT_NE(message.find(path), std::string::npos) << message;
        }
        return message;
    }
    void expect_refusal(std::string const& path, std::string const& part) {
        EXPECT_NE(refusal(path).find(part), std::string::npos) << refusal(path);
    }

    std::string good_bytes() {
        {
            OutputLock const lock(folder_.path("good.h5"));
            Store store(lock, test::study(), {});
            store.append(test::point(2, 3, 4, 6), {});
            store.close(StudyState::complete);
        }
        std::ifstream in(folder_.path("good.h5"), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string crafted(std::function<void(h5::Writer&)> const& fill) {
        h5::Session const session;
        h5::Writer file(folder_.path("crafted.h5"));
        fill(file);
        file.finish();
        return folder_.path("crafted.h5");
    }

    test::TemporaryFolder const folder_;
};

TEST_F(HostileStore, RefusesWhatIsNoFileOfOurs) {
    expect_refusal(folder_.path("none.h5"), "no such file");
    expect_refusal(folder_.path(), "not a regular file");
    expect_refusal(folder_.write("empty.h5", ""), "not an HDF5 file");
    expect_refusal(folder_.write("text.h5", "study: quickstart\n"), "not an HDF5 file");
    expect_refusal(crafted([](h5::Writer& file) { file.attribute("title", "foreign"); }),
                   "not written by sharpgrid");
    expect_refusal(crafted([](h5::Writer& file) { file.attribute("schema_version", "one"); }),
                   "not written by sharpgrid");
    expect_refusal(crafted([](h5::Writer& file) { file.attribute("schema_version", 99); }),
                   "schema_version is 99");
}

void begin(h5::Writer& file) {
    file.attribute("schema_version", 1);
    for (char const* name :
         {"title", "history", "source", "study_yaml", "study_resolved_yaml", "study_sha256",
          "model", "data_name", "data_sha256", "loss_normalisation", "device", "libraries",
          "precision", "start_time", "swept_keys"})
        file.attribute(name, "");
}

void record(h5::Writer& file, std::int64_t rows) {
    for (char const* name : {"committed_rows", "audit_measurements", "audit_misses"})
        file.write({name, {}, "", "", "", {}}, std::vector{rows});
    file.write({"audit_worst", {}, "", "", "", {}}, std::vector<double>{0});
    file.write({"commit_checksum", {}, "", "", "", {}}, std::vector<std::uint64_t>{0});
}

TEST_F(HostileStore, RefusesWhatIsNotOfTheSchema) {
    expect_refusal(crafted(begin), "study_state");
    auto const state = [](h5::Writer& file, std::int8_t code) {
        begin(file);
        file.write({"study_state", {}, "", "", "", {}}, std::vector<std::int8_t>{code});
    };
    expect_refusal(crafted([&](h5::Writer& file) { state(file, 3); }), "unknown code 3");
    expect_refusal(crafted([&](h5::Writer& file) { state(file, -1); }), "unknown code -1");
    expect_refusal(crafted([&](h5::Writer& file) { state(file, 0); }), "no variable run");
    expect_refusal(crafted([](h5::Writer& file) {
                       begin(file);
                       file.write({"study_state", {}, "", "", "", {}}, std::vector<double>{0});
                   }),
                   "study_state has the wrong type");
    expect_refusal(crafted([&](h5::Writer& file) {
                       state(file, 0);
                       file.write({"run", {}, "", "", "", {}}, std::vector<std::int64_t>{1});
                   }),
                   "dimension run is malformed");
    expect_refusal(
        crafted([&](h5::Writer& file) {
            state(file, 0);
            file.axis({"run", 2, true});
            file.write({"run", {"run"}, "", "", "", {}}, std::vector<std::int64_t>{0, 1});
            file.write({"depth", {}, "", "", "", {}}, std::vector<std::int32_t>{1});
            record(file, 2);
        }),
        "depth has the wrong shape");
    expect_refusal(
        crafted([&](h5::Writer& file) {
            state(file, 0);
            file.axis({"run", 2, true});
            file.write({"run", {"run"}, "", "", "", {}}, std::vector<std::int64_t>{0, 1});
            record(file, 3);
        }),
        "it holds 2 networks, but its record says 3");
}

TEST_F(HostileStore, RefusesEveryTruncation) {
    std::string const good = good_bytes();
    // The library leaves up to a metadata block of unused bytes at the end.
    for (std::size_t size = 0; size + 2048 < good.size(); size += 1 + good.size() / 100)
        EXPECT_NE(refusal(folder_.write("cut.h5", good.substr(0, size))), "") << size;
    EXPECT_EQ(refusal(folder_.write("whole.h5", good)), "");
}

// Metadata are checksummed by the format and rows by us: what still reads must give the same rows.
TEST_F(HostileStore, SurvivesFlippedBits) {
    std::string const good = good_bytes();
    StoredStudy const wanted = read_store(folder_.write("good.h5", good));
    std::mt19937 random(5);
    int refused = 0;
    for (int trial = 0; trial < 600; ++trial) {
        std::string bytes = good;
        std::size_t const at = random() % good.size();
        bytes[at] = static_cast<char>(bytes[at] ^ (1 << (random() % 8)));
        try {
            StoredStudy const found = read_store(folder_.write("flipped.h5", bytes));
            ASSERT_EQ(found.rows.size(), wanted.rows.size());
            for (std::size_t n = 0; n < found.rows.size(); ++n)
                EXPECT_EQ(found.rows[n].sharpness_products, wanted.rows[n].sharpness_products);
        } catch (DataError const&) {
            ++refused;
        }
    }
    EXPECT_GT(refused, 10);  // the rest hit bytes that hold nothing of the rows
}

TEST_F(HostileStore, SurvivesOverwrittenBlocks) {
    std::string const good = good_bytes();
    std::mt19937 random(6);
    for (int trial = 0; trial < 200; ++trial) {
        std::string bytes = good;
        std::size_t const at = random() % (good.size() - 64);
        for (std::size_t k = 0; k < 64; ++k) bytes[at + k] = static_cast<char>(random());
        refusal(folder_.write("overwritten.h5", bytes));
    }
}

}  // namespace
}  // namespace sg
