// SPDX-License-Identifier: MIT
#include "cuda/sharpness/krylov.hpp"

#include "tests/support/cohort.hpp"
#include "tests/support/spaces.hpp"

namespace sg::test {
namespace {

constexpr int M = 9;

class KrylovTest : public OnEverySpace {
protected:
    FcnSpec spec = fcn(2, 7, 9, 3);
    oracle::Examples examples = random_examples<double>(spec, 20);
    std::vector<oracle::Net> nets = random_nets<double>(spec, 2);
};
SG_SPACES(KrylovTest);

// T_ij = V_i · H V_j by the oracle, the vectors are orthonormal, and H V_j lies in what the band spans.
TEST_P(KrylovTest, TheBandIsTheProjectedHessian) {
    for (int const b : {1, 3})
        for (int const sign : {1, -1}) {
            Cohort<double> cohort(exec(), Loss::mse, examples, nets);
            cohort.linearise();
            Planned<Krylov<double>> krylov(exec(), cohort.model, 2, M);
            krylov->begin(*cohort.op, cohort.nets(), cohort.seed.data(), sign, Purpose::block, 4);
            for (int i = 0; i < b; ++i) krylov->start(i, i);
            for (int j = 0; j < M; ++j) krylov->push(j, b);
            auto const s = krylov->scalars();
            auto const P = static_cast<std::size_t>(cohort.params);
            auto const T = to_host(exec(), s.projected.data, 2 * M * M);
            for (int n = 0; n < 2; ++n) {
                auto const V = to_host(exec(), vectors_of(krylov->V, n));
                for (std::size_t j = 0; j < M; ++j) {
                    Vec const v(V.begin() + static_cast<std::ptrdiff_t>(j * P),
                                V.begin() + static_cast<std::ptrdiff_t>((j + 1) * P));
                    Vec const Hv = oracle::exact_Hv(nets[static_cast<std::size_t>(n)], examples,
                                                    Loss::mse, v);
                    for (std::size_t i = 0; i < M; ++i) {
                        double dot = 0, entry = 0;
                        for (std::size_t p = 0; p < P; ++p) {
                            dot += V[i * P + p] * v[p];
                            entry += V[i * P + p] * Hv[p];
                        }
                        EXPECT_NEAR(dot, i == j ? 1 : 0, 1e-13);
                        double const found = T[static_cast<std::size_t>(n) * M * M + i * M + j];
                        EXPECT_NEAR(found, sign * entry, 1e-12) << i << " " << j;
                    }
                }
                EXPECT_EQ(to_host(exec(), s.result, 2)[static_cast<std::size_t>(n)].products, M);
            }
        }
}

TEST_P(KrylovTest, ANetworkThatIsDeadOrCollapsedIsDoneFromTheStart) {
    auto sick = nets;
    for (std::size_t p = 0; p < 63; ++p) sick[1].theta[p] = 0;
    Cohort<double> cohort(exec(), Loss::mse, examples, sick);
    cohort.kill(0);
    cohort.linearise();
    Planned<Krylov<double>> krylov(exec(), cohort.model, 2, M);
    krylov->begin(*cohort.op, cohort.nets(), cohort.seed.data(), 1, Purpose::block, 0);
    EXPECT_TRUE(krylov->finished());
    auto const results = to_host(exec(), krylov->scalars().result, 2);
    EXPECT_EQ(results[0].status, EigenStatus::skipped);
    EXPECT_EQ(results[1].status, EigenStatus::collapsed);
}

}  // namespace
}  // namespace sg::test
