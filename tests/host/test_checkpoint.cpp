// SPDX-License-Identifier: MIT
// The file of a checkpoint: what goes in comes out, and no byte of it can change unseen.
#include "host/checkpoint.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "cuda/exec/error.hpp"
#include "tests/host/temporary.hpp"
#include "tests/host/trajectories.hpp"
#include "tests/host/trajectory_bits.hpp"

namespace sg::test {
namespace {

namespace fs = std::filesystem;

CheckpointHead head_of_three() {
    CheckpointHead head;
    head.key = "key";
    head.variant = 1;
    head.depth = 2;
    head.width = 16;
    head.step = 3;
    head.state_values = 5;
    head.audit = {7, 1, 2e-3};
    head.rows = {network(1), diverged(network(64)), network(2, 2, 16, 9)};
    for (Trajectory& row : head.rows) row.swept = {0.5, 1};
    head.wanted = {0, 3, 1};
    head.living = {0, 2};
    head.last = {3.5, 1.5, 4.5, 2.5};
    return head;
}

// The same, with a spectrum of two steps.
CheckpointHead head_with_spectra() {
    CheckpointHead head = head_of_three();
    for (Trajectory& row : head.rows) {
        row.top_eigenvalue = row.top_eigenvalue_residual = {3, 2, missing, missing};
        row.density_node = row.density_weight = Vec(12, 0.5);
        row.spectrum_products = {7, 0};
        row.spectrum_status = {SharpnessStatus::converged, SharpnessStatus::not_measured};
    }
    return head;
}

std::vector<float> state_of(std::size_t k) {
    std::vector<float> state(5);
    for (std::size_t i = 0; i < 5; ++i) state[i] = static_cast<float>(10 * k + i) / 3;
    return state;
}

std::string write(std::string const& path, CheckpointHead const& head) {
    CheckpointWriter writer(path, head);
    for (std::size_t k = 0; k < head.living.size(); ++k) {
        auto const state = state_of(k);
        writer.add(state.data(), 2 * sizeof(float));
        writer.add(state.data() + 2, 3 * sizeof(float));
    }
    writer.publish();
    return path;
}

std::string bytes_of(std::string const& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Checkpoint, HoldsSpectra) {
    auto const before = head_with_spectra();
    auto const bytes = encode(before);
    auto const after = decode_checkpoint_head(bytes);
    for (std::size_t k = 0; k < 3; ++k)
        EXPECT_SAME_BITS(numbers(after.rows[k]), numbers(before.rows[k]));
    EXPECT_LT(encode(head_of_three()).size(), bytes.size());
    EXPECT_THROW(decode_checkpoint_head(bytes.substr(0, bytes.size() - 1)), DataError);
    EXPECT_THROW(decode_checkpoint_head(bytes + "x"), DataError);
}

TEST(Checkpoint, HoldsWhatWasWritten) {
    TemporaryFolder const folder;
    auto const before = head_of_three();
    Checkpoint const file(write(folder.path("a.checkpoint"), before));
    auto const& head = file.head();
    EXPECT_EQ(head.key, "key");
    EXPECT_EQ(head.variant, 1);
    EXPECT_EQ(head.step, 3);
    EXPECT_EQ(head.audit.measurements, 7);
    EXPECT_EQ(head.audit.misses, 1);
    EXPECT_EQ(head.audit.worst, 2e-3);
    EXPECT_EQ(head.wanted, before.wanted);
    EXPECT_EQ(head.living, before.living);
    EXPECT_EQ(head.last, before.last);
    ASSERT_EQ(head.rows.size(), 3U);
    for (std::size_t k = 0; k < 3; ++k) {
        EXPECT_SAME_BITS(numbers(head.rows[k]), numbers(before.rows[k]));
        EXPECT_EQ(head.rows[k].seed, before.rows[k].seed);
        EXPECT_EQ(head.rows[k].swept, before.rows[k].swept);
    }
    for (std::size_t k = 0; k < 2; ++k) {
        std::vector<float> state(3);
        file.read_state(k, 2 * sizeof(float), state.data(), 3 * sizeof(float));
        auto const whole = state_of(k);
        EXPECT_EQ(state, std::vector<float>(whole.begin() + 2, whole.end()));
    }
}

TEST(Checkpoint, EveryByteCounts) {
    TemporaryFolder const folder;
    auto const bytes = bytes_of(write(folder.path("a.checkpoint"), head_of_three()));
    for (std::size_t k = 0; k < bytes.size(); k += k < 64 ? 1 : 7) {
        auto damaged = bytes;
        damaged[k] = static_cast<char>(damaged[k] ^ 0x10);
        EXPECT_THROW(Checkpoint(folder.write("b.checkpoint", damaged)), DataError) << "byte " << k;
        EXPECT_THROW(Checkpoint(folder.write("b.checkpoint", bytes.substr(0, k))), DataError) << k;
    }
    EXPECT_THROW(Checkpoint(folder.write("b.checkpoint", bytes + "0")), DataError);
    EXPECT_THROW(Checkpoint(folder.path("none.checkpoint")), DataError);
    EXPECT_THROW(Checkpoint(folder.path()), DataError);
}

TEST(Checkpoint, AHeadThatContradictsItselfIsRefused) {
    auto const expect_refused = [](auto change, char const* why) {
        auto head = head_of_three();
        change(head);
        EXPECT_THROW(decode_checkpoint_head(encode(head)), DataError) << why;
    };
    EXPECT_NO_THROW(decode_checkpoint_head(encode(head_of_three())));
    expect_refused([](auto& h) { h.rows.clear(), h.wanted.clear(), h.living.clear(), h.last.clear(); }, "no rows");
    expect_refused([](auto& h) { h.step = 5; }, "a step behind the last");
    expect_refused([](auto& h) { h.step = -1; }, "a step before the first");
    expect_refused([](auto& h) { h.rows[1].width = 17; }, "another shape");
    expect_refused([](auto& h) { h.rows[1].sharpness.pop_back(); }, "a short row");
    expect_refused([](auto& h) { h.living = {2, 0}; }, "not ascending");
    expect_refused([](auto& h) { h.living = {0, 3}; }, "no such row");
    expect_refused([](auto& h) { h.last.pop_back(); }, "a λ is missing");
    expect_refused([](auto& h) { h.wanted.pop_back(); }, "what one shows is missing");
    expect_refused([](auto& h) { h.value_bytes = 2; }, "no size of a number");
    expect_refused([](auto& h) { h.state_values = ~std::uint64_t{0} / 4; }, "a size that overflows");
}

// A vector that says it has 2^61 entries.
TEST(Checkpoint, HostileSizesAreRefused) {
    auto const bytes = encode(head_of_three());
    for (std::size_t at = 0; at + 8 <= bytes.size(); ++at) {
        auto hostile = bytes;
        hostile.replace(at, 8, std::string("\xff\xff\xff\xff\xff\xff\xff\x1f", 8));
        try {
            decode_checkpoint_head(hostile);  // where the bytes were numbers, they are other ones
        } catch (DataError const&) {
        }
    }
    EXPECT_THROW(decode_checkpoint_head(std::string(8, '\xff')), DataError);
}

TEST(Checkpoint, TheOneBeforeTakesItsPlace) {
    TemporaryFolder const folder;
    auto const path = folder.path("a.checkpoint");
    auto head = head_of_three();
    write(path, head);
    EXPECT_FALSE(fs::exists(previous_checkpoint(path)));
    auto const reader = open_checkpoint(path);
    head.step = 4;
    write(path, head);
    EXPECT_EQ(open_checkpoint(path)->head().step, 4);
    std::vector<float> state(5);
    reader->read_state(1, 0, state.data(), 5 * sizeof(float));  // it has lost its name alone
    EXPECT_EQ(state, state_of(1));
    folder.write("a.checkpoint", "torn");
    EXPECT_EQ(open_checkpoint(path)->head().step, 3);
    fs::remove(path);
    EXPECT_EQ(open_checkpoint(path)->head().step, 3);
    fs::remove(previous_checkpoint(path));
    EXPECT_EQ(open_checkpoint(path), nullptr);
}

TEST(Checkpoint, OneThatIsNotPublishedLeavesTheOldOne) {
    TemporaryFolder const folder;
    auto const path = folder.path("a.checkpoint");
    write(path, head_of_three());
    auto const before = bytes_of(path);
    {
        CheckpointWriter const writer(path, head_of_three());
    }
    EXPECT_EQ(bytes_of(path), before);
    EXPECT_EQ(std::distance(fs::directory_iterator(folder.path()), {}), 1);
}

}  // namespace
}  // namespace sg::test
