// SPDX-License-Identifier: MIT
#include "cuda/exec/random.hpp"

#include "cuda/exec/each.hpp"
#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

// Numbers 2i and 2i + 1 of a key as they come in a space.   out: (1, 2 count), bits: (1, 4 count)
struct Draw {
    RandomKey key;
    View<double, 2> out;
    View<std::uint32_t, 2> bits;
    SG_FN void operator()(int, std::int64_t i) const {
        auto const pair = random_normals(key, static_cast<std::uint64_t>(i));
        out(0, 2 * i) = pair.first;
        out(0, 2 * i + 1) = pair.second;
        auto const words = random_bits(key, static_cast<std::uint64_t>(i));
        for (int w = 0; w < 4; ++w) bits(0, 4 * i + w) = words.word[w];
    }
};

std::vector<std::uint32_t> words(RandomKey const& key, std::uint64_t index) {
    auto const bits = random_bits(key, index);
    return {bits.word[0], bits.word[1], bits.word[2], bits.word[3]};
}

// The vectors for philox4x32-10 of kat_vectors in Random123; counter words 0 and 1 are the index, 2
// the step, 3 the purpose (8 bits) and the tensor (24 bits); the key is the seed.
TEST(Random, KnownAnswersOfPhilox) {
    EXPECT_EQ(words({0, Purpose{0}, 0, 0}, 0),
              (std::vector<std::uint32_t>{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
    EXPECT_EQ(words({~std::uint64_t{0}, Purpose{0xff}, 0xffffff, 0xffffffff}, ~std::uint64_t{0}),
              (std::vector<std::uint32_t>{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
    EXPECT_EQ(words({0x299f31d0a4093822, Purpose{0x03}, 0x707344, 0x13198a2e}, 0x85a308d3243f6a88),
              (std::vector<std::uint32_t>{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Random, EveryPartOfAKeyMatters) {
    RandomKey const key{5, Purpose::weights, 3, 9};
    auto const first = words(key, 11);
    EXPECT_EQ(first, words(key, 11));
    EXPECT_NE(first, words(key, 12));
    EXPECT_NE(first, words(key, 11 + (std::uint64_t{1} << 32)));
    EXPECT_NE(first, words({6, Purpose::weights, 3, 9}, 11));
    EXPECT_NE(first, words({5 + (std::uint64_t{1} << 32), Purpose::weights, 3, 9}, 11));
    EXPECT_NE(first, words({5, Purpose::start, 3, 9}, 11));
    EXPECT_NE(first, words({5, Purpose::weights, 4, 9}, 11));
    EXPECT_NE(first, words({5, Purpose::weights, 3, 10}, 11));
}

TEST(Random, UniformIsAboveZeroAndAtMostOne) {
    EXPECT_EQ(random_uniform({{0, 0, 1, 1}}, 0), 0x1p-53);
    EXPECT_EQ(random_uniform({{1, 1, ~0u, ~0u}}, 1), 1);
    EXPECT_EQ(random_uniform({{0x80000000, 0, 0, 0}}, 0), 0.5 + 0x1p-53);
}

class RandomTest : public OnEverySpace {};
SG_SPACES(RandomTest);

TEST_P(RandomTest, TheSameInEverySpace) {
    RandomKey const key{42, Purpose::weights, 1, 0};
    int const count = 100;
    Array<double, 2> const out(exec(), 1, 2 * count);
    Array<std::uint32_t, 2> const bits(exec(), 1, 4 * count);
    each(exec(), "draw", {1}, count, Draw{key, out.view(), bits.view()});
    Vec expected;
    std::vector<std::uint32_t> all;
    for (std::uint64_t i = 0; i < count; ++i) {
        auto const pair = random_normals(key, i);
        expected.insert(expected.end(), {pair.first, pair.second});
        for (auto const w : words(key, i)) all.push_back(w);
    }
    EXPECT_EQ(bits.host(), all);
    EXPECT_ARRAY_NEAR(out.host(), expected, 1e-14);
}

TEST(Random, NormalsHaveTheMomentsOfTheNormalDistribution) {
    int const pairs = 200000;
    double moment[5] = {}, mixed = 0;
    for (std::uint64_t i = 0; i < pairs; ++i) {
        auto const [a, b] = random_normals({1, Purpose::weights, 0, 0}, i);
        for (double const x : {a, b}) {
            double power = 1;
            for (double& m : moment) {
                m += power / (2.0 * pairs);
                power *= x;
            }
        }
        mixed += a * b / pairs;
    }
    double const s = 5 / std::sqrt(2.0 * pairs);  // five deviations of a mean
    EXPECT_NEAR(moment[1], 0, s);
    EXPECT_NEAR(moment[2], 1, s * std::sqrt(2));
    EXPECT_NEAR(moment[3], 0, s * std::sqrt(15));
    EXPECT_NEAR(moment[4], 3, s * std::sqrt(96));
    EXPECT_NEAR(mixed, 0, s * std::sqrt(2));
}

}  // namespace
}  // namespace sg::test
