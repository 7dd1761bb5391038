// SPDX-License-Identifier: MIT
#include "cuda/ops/blas_matmul.hpp"

#include <cblas.h>

#include <algorithm>
#include <cstring>
#include <limits>
#include <map>
#include <mutex>
#include <tuple>
#include <type_traits>
#include <vector>

#include "cuda/exec/error.hpp"

namespace sg {

namespace {

CBLAS_TRANSPOSE cblas(Op op) { return op == Op::none ? CblasNoTrans : CblasTrans; }

int narrow(std::int64_t x)
{
    SG_EXPECT(x >= 0 && x <= std::numeric_limits<int>::max());
    return static_cast<int>(x);
}

template <class T>
std::vector<T> numbers(std::int64_t count)
{
    std::vector<T> out;
    out.reserve(static_cast<std::size_t>(count));
    std::uint32_t state = 1;
    for (std::int64_t i = 0; i < count; ++i) {
        state = state * 1664525U + 1013904223U;
        out.push_back(static_cast<T>(static_cast<double>(state) * 0x1p-31 - 1));
    }
    return out;
}

// Whether C in the parts that `exec` would make of it has the bits of the whole.
template <class T>
bool parts_agree(Exec const& exec, std::int64_t least, ProductShape const& s, Op op_a, Op op_b, T alpha, T beta)
{
    auto const A = numbers<T>(s.m * s.k), B = numbers<T>(s.k * s.n);
    auto const lda = op_a == Op::none ? s.k : s.m, ldb = op_b == Op::none ? s.n : s.k;
    std::vector<T> whole = numbers<T>(s.m * s.n), parts = whole;
    blas_matmul(s, alpha, A.data(), lda, op_a, B.data(), ldb, op_b, beta, whole.data(), s.n);
    exec.share(s.m, least, row_grain, [&](std::int64_t begin, std::int64_t end) {
        blas_matmul({end - begin, s.n, s.k}, alpha, A.data() + begin * (op_a == Op::none ? lda : 1), lda, op_a,
                    B.data(), ldb, op_b, beta, parts.data() + begin * s.n, s.n);
    });
    return std::memcmp(whole.data(), parts.data(), whole.size() * sizeof(T)) == 0;
}

}  // namespace

template <class T>
void blas_matmul(ProductShape const& s, T alpha, T const* A, std::int64_t lda, Op op_a, T const* B, std::int64_t ldb,
                 Op op_b, T beta, T* C, std::int64_t ldc)
{
    SG_EXPECT(lda >= (op_a == Op::none ? s.k : s.m) && ldb >= (op_b == Op::none ? s.n : s.k));
    SG_EXPECT(ldc >= s.n);
    auto const compute = [] {
        if constexpr (std::is_same_v<T, float>)
            return cblas_sgemm;
        else
            return cblas_dgemm;
    }();
    compute(CblasRowMajor, cblas(op_a), cblas(op_b), narrow(s.m), narrow(s.n), narrow(s.k), alpha, A, narrow(lda), B,
            narrow(ldb), beta, C, narrow(ldc));
}

template <class T>
std::int64_t blas_rows(Exec const& exec, ProductShape const& s, Op op_a, Op op_b, T alpha, T beta)
{
    auto const least = least_rows(s.n * s.k);
    if (exec.threads() == 1 || s.m < 2 * std::max(least, row_grain)) return s.m;
    static std::mutex mutex;
    static std::map<std::tuple<ProductShape, Op, Op, T, T, int>, bool> verdicts;
    std::lock_guard const lock(mutex);
    auto const [at, is_new] = verdicts.try_emplace({s, op_a, op_b, alpha, beta, exec.threads()}, false);
    if (is_new) at->second = parts_agree(exec, least, s, op_a, op_b, alpha, beta);
    return at->second ? least : s.m;
}

#define SG_INSTANTIATE(T)                                                                                      \
    template void blas_matmul(ProductShape const&, T, T const*, std::int64_t, Op, T const*, std::int64_t, Op, T, \
                              T*, std::int64_t);                                                               \
    template std::int64_t blas_rows(Exec const&, ProductShape const&, Op, Op, T, T);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
