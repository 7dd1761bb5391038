// SPDX-License-Identifier: MIT
#include "cuda/nets/tensors.hpp"

#include <cmath>

#include "cuda/exec/random.hpp"

#include "tests/support/arrays.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

TEST(Tensors, TheTableKeepsOffsetsAndDeviations) {
    TensorTable table;
    EXPECT_EQ(table.add("weight", 0, 3, 4, 0.25), 0);
    EXPECT_EQ(table.add("weight", 1, 4, 5, 0), 1);
    EXPECT_EQ(table.add("head", 2, 5, 1, 9), 2);
    EXPECT_EQ(table.size(), 12 + 20 + 5);
    EXPECT_EQ(table[2].offset, 32);
    EXPECT_EQ(table[2].deviation, 3);
    EXPECT_EQ(table[1].size(), 20);
    EXPECT_EQ(table[2].name, "head");
    EXPECT_EQ(table[2].layer, 2);
    EXPECT_THROW(table.add("weight", 3, 0, 1, 1), InternalError);
    EXPECT_THROW(table.add("weight", 3, 1, 1, -1), InternalError);
}

// Tensors of 201 · 199 (odd), 40 (zeros) and 100 · 300 entries.
class TensorsTest : public OnEverySpace {
protected:
    TensorsTest() {
        table.add("weight", 0, 201, 199, 2.0 / 201);
        table.add("weight", 1, 4, 10, 0);
        table.add("weight", 2, 100, 300, 1);
    }
    template <class T>
    std::vector<T> draw(std::vector<int> const& seeds, std::vector<int> skip = {}) const {
        auto const N = static_cast<int>(seeds.size());
        skip.resize(seeds.size());
        Array<std::uint64_t, 1> const seed(exec(), seeds, N);
        Array<unsigned char, 1> const bytes(exec(), skip, N);
        Vec const before(static_cast<std::size_t>(N * table.size()), 44.0);
        Array<T, 2> const theta(exec(), before, N, table.size());
        initialise(exec(), {N, bytes.data()}, table, seed.data(), theta.view());
        return theta.host();
    }
    Vec tensor(Vec const& all, int n, int t) const {
        auto const mine = row(all, n, table.size());
        auto const first = mine.begin() + table[t].offset;
        return {first, first + table[t].size()};
    }
    TensorTable table;
};
SG_SPACES(TensorsTest);

TEST_P(TensorsTest, WeightsAreNormalWithTheVarianceOfTheTable) {
    auto const all = widened(draw<float>({3}));
    for (int const t : {0, 2}) {
        auto const w = tensor(all, 0, t);
        double const count = static_cast<double>(w.size());
        double mean = 0, square = 0, fourth = 0, neighbours = 0;
        for (std::size_t i = 0; i < w.size(); ++i) {
            double const x = w[i] / table[t].deviation;
            mean += x / count;
            square += x * x / count;
            fourth += x * x * x * x / count;
            if (i > 0) neighbours += x * w[i - 1] / table[t].deviation / count;
        }
        EXPECT_NEAR(mean, 0, 5 / std::sqrt(count));
        EXPECT_NEAR(square, 1, 5 * std::sqrt(2 / count));
        EXPECT_NEAR(fourth, 3, 5 * std::sqrt(96 / count));
        EXPECT_NEAR(neighbours, 0, 5 / std::sqrt(count));
    }
    EXPECT_EQ(tensor(all, 0, 1), Vec(40));
}

TEST_P(TensorsTest, ASeedIsTheSameInEverySlotAndScalar) {
    auto const four = draw<float>({3, 4, 3, 5}, {0, 0, 0, 1});
    auto const P = table.size();
    EXPECT_SAME_BITS(row(four, 0, P), row(four, 2, P));
    EXPECT_NE(row(four, 0, P), row(four, 1, P));
    EXPECT_SAME_BITS(draw<float>({4}), row(four, 1, P));
    EXPECT_EQ(row(four, 3, P), std::vector<float>(static_cast<std::size_t>(P), 44));
    EXPECT_SAME_BITS(converted<float>(draw<double>({3})), row(four, 0, P));
}

// Within an ulp of double, which the two spaces may differ by.
TEST_P(TensorsTest, WeightsAreThoseOfTheGenerator) {
    auto const all = draw<double>({3});
    RandomKey const key{3, Purpose::weights, 2, 0};
    auto const pair = random_normals(key, 17);
    auto const w = tensor(all, 0, 2);
    EXPECT_NEAR(w[34], pair.first, 1e-14);
    EXPECT_NEAR(w[35], pair.second, 1e-14);
}

}  // namespace
}  // namespace sg::test
