// SPDX-License-Identifier: MIT
#include "host/store_merge.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "cuda/exec/error.hpp"
#include "host/config.hpp"
#include "host/schema.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"

namespace sg {
namespace {

Study study(char const* more = "") {
    return parse_study(std::string("study: merge\n"
                                   "data: {set: synthetic}\n"
                                   "model: {kind: fcn, depth: [2, 4], width: 16}\n"
                                   "training: {steps: 4, momentum: [0, 0.9]}\n"
                                   "grid: {c: {log2_min: 0, log2_max: 7, step: 1}, seeds: 2}\n") +
                           more,
                       "test");
}

// The cells of the study, in the order that a run might finish them.
std::vector<std::vector<Trajectory>> cells() {
    std::vector<std::vector<Trajectory>> all;
    for (double const momentum : {0.9, 0.0})
        for (std::uint64_t const seed : {1, 0})
            for (int const depth : {2, 4}) {
                all.push_back(test::point(2, 3, 4, 6, depth, 16, seed));
                for (Trajectory& row : all.back()) row.swept = {momentum};
            }
    return all;
}

class Merge : public testing::Test {
protected:
    // Cells first, first + step, ... as one file.
    std::string write(std::string const& name, std::size_t first, std::size_t step,
                      std::string const& shard, Study const& of = study(),
                      std::size_t leave_out = 0) {
        OutputLock const lock(folder_.path(name));
        Provenance from;
        from.precision = "float";
        from.shard = shard;
        from.command = "run " + shard;
        Store store(lock, of, from);
        auto const all = cells();
        for (std::size_t k = first; k < all.size(); k += step) {
            auto rows = all[k];
            if (k == first) rows.resize(rows.size() - leave_out);
            store.append(rows, {5, 1, 1e-3 * static_cast<double>(k)});
        }
        store.close(StudyState::complete);
        return folder_.path(name);
    }
    std::string contents(std::string const& path) {
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }
    std::string refusal(std::vector<std::string> const& parts) {
        try {
            merged(parts);
        } catch (DataError const& error) {
            return error.what();
        }
        return "";
    }
    void expect_refusal(std::vector<std::string> const& parts, std::string const& part) {
        EXPECT_NE(refusal(parts).find(part), std::string::npos) << refusal(parts);
    }

    test::TemporaryFolder const folder_;
};

TEST_F(Merge, GivesWhatOneRunWrites) {
    std::string const whole = write("whole.h5", 0, 1, "1/1");
    auto const a = write("a.h5", 0, 3, "1/3"), b = write("b.h5", 1, 3, "2/3"),
               c = write("c.h5", 2, 3, "3/3");
    std::string const path = folder_.path("merged.h5");
    OutputLock const lock(path);
    EXPECT_TRUE(merge_stores({b, c, a}, lock, false));
    StoredStudy const wanted = read_store(whole), found = read_store(path);
    EXPECT_EQ(schema::checksum(found.rows, found.margins),
              schema::checksum(wanted.rows, wanted.margins));
    ASSERT_EQ(found.rows.size(), 64U);
    EXPECT_EQ(found.audit.measurements, wanted.audit.measurements);
    EXPECT_EQ(found.audit.misses, wanted.audit.misses);
    EXPECT_EQ(found.audit.worst, wanted.audit.worst);
    EXPECT_EQ(found.state, StudyState::complete);
    EXPECT_EQ(found.shard, "1/1");
    std::string const bytes = contents(path);
    EXPECT_FALSE(merge_stores({a, b, c}, lock, false));  // it is there already
    EXPECT_TRUE(merge_stores({c, a, b}, lock, true));
    EXPECT_EQ(contents(path), bytes);
    EXPECT_THROW(merge_stores({path, a}, lock, true), UserError);
    folder_.write("merged.h5", "Dear reader");
    EXPECT_THROW(merge_stores({a, b, c}, lock, false), UserError);
    EXPECT_EQ(contents(path), "Dear reader");
}

TEST_F(Merge, ListsWhatIsMissing) {
    auto const a = write("a.h5", 0, 3, "1/3", study(), 2), b = write("b.h5", 1, 3, "2/3");
    expect_refusal({a, b}, "\n  depth 2, width 16, seed 1, momentum 0.9: 2 of 8 c");
    expect_refusal({a, b}, "\n  depth 2, width 16, seed 0, momentum 0.9: 8 of 8 c");
    expect_refusal({a, b}, "\n  depth 4, width 16, seed 1, momentum 0: 8 of 8 c");
    std::string const message = refusal({a, b});
    EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 4) << message;
}

TEST_F(Merge, RefusesOverlapAndStrangers) {
    auto const a = write("a.h5", 0, 2, "1/2"), b = write("b.h5", 1, 2, "2/2");
    EXPECT_EQ(refusal({a, b}), "");
    expect_refusal({a, b, a}, "both hold depth 2, width 16, seed 0, momentum 0, c 1");
    auto const other = write("other.h5", 1, 2, "2/2", study("sharpness: {tolerance: 1e-3}\n"));
    expect_refusal({a, other}, "different studies");
    expect_refusal({a, folder_.path("none.h5")}, "no such file");
    OutputLock const writing(b);
    EXPECT_THROW(merged({a, b}), UserError);
}

}  // namespace
}  // namespace sg
