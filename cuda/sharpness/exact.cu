// SPDX-License-Identifier: MIT
#include "cuda/sharpness/exact.hpp"

#include <lapacke.h>

#include <cmath>

#include "cuda/exec/each.hpp"
#include "cuda/exec/rows.hpp"
#include "cuda/ops/vectors.hpp"

#ifdef SG_WITH_CUDA
#include <cusolverDn.h>

#include "cuda/exec/cuda_state.hpp"
#endif

namespace sg {

// H(n, j, i) = (H e_j)_i, a row of the dense Hessian
template <class T>
struct StoreRow {
    View<T const, 2> Hv;
    View<double, 3> H;
    std::int64_t j;
    SG_FN void operator()(int n, std::int64_t i) const { H(n, j, i) = static_cast<double>(Hv(n, i)); }
};

// H ← (H + Hᵀ) / 2, row by row: entry (j, i), i ≤ j
struct Symmetrise {
    View<double, 3> H;
    SG_FN void operator()(int n, std::int64_t j) const
    {
        for (std::int64_t i = 0; i < j; ++i)
            H(n, j, i) = H(n, i, j) = 0.5 * (H(n, j, i) + H(n, i, j));
    }
};

// Σ |H_ij| of one network, to be asked whether it is finite.   H: (N, P·P)
struct AbsoluteSum {
    View<double const, 2> H;
    SG_FN double operator()(int n, std::int64_t i, int) const { return fabs(H(n, i)); }
};

// v ← the eigenvector of the largest eigenvalue: the last row after syevd
template <class T>
struct TopVector {
    View<double const, 3> vectors;
    View<T, 2> v;
    SG_FN void operator()(int n, std::int64_t i) const
    {
        v(n, i) = static_cast<T>(vectors(n, vectors.extent[1] - 1, i));
    }
};

// Coefficients of r = H v − λ v.   values: (N, P) ascending, one, minus: (N, 1)
struct ExactResidual {
    View<double const, 2> values;
    View<double, 2> one, minus;
    SG_FN void operator()(int n, std::int64_t) const
    {
        one(n, 0) = 1;
        minus(n, 0) = -values(n, values.extent[1] - 1);
    }
};

// λ = the last of values, residual = |r|.   values: (N, P), square: (N, 1)
struct ExactResult {
    View<double const, 2> values, square;
    EigenResult* result;
    SG_FN void operator()(int n, std::int64_t) const
    {
        std::int64_t const last = values.extent[1] - 1;
        double const lambda = values(n, last);
        result[n] = {lambda, sqrt(square(n, 0)), static_cast<std::int32_t>(last + 2),
                     fabs(lambda) < INFINITY ? EigenStatus::converged : EigenStatus::not_converged};
    }
};

template <class T>
ExactSpectrum<T>::ExactSpectrum(Exec const& exec, Arena& arena, Model const& model, int nets)
    : exec_(exec)
{
    std::int64_t const P = model.params();
    if (P > exact_limit) {
        throw UserError("sharpness.method: exact needs at most " + std::to_string(exact_limit) +
                        " parameters, this network has " + std::to_string(P) +
                        ". Use lanczos, or fewer inputs (data.set: synthetic).");
    }
    v_ = arena.take_rows<T, 2>(nets, P);
    Hv_ = arena.take_rows<T, 2>(nets, P);
    hessian_ = arena.take<double, 3>(nets, P, P);
    values_ = arena.take<double, 2>(nets, P);
    square_ = arena.take<double, 2>(nets, 1);
    one_ = arena.take<double, 2>(nets, 1);
    minus_ = arena.take<double, 2>(nets, 1);
    if (exec.on_cpu()) {  // what dsyevd asks for with vectors
        work_ = arena.take<double, 1>(1 + 6 * P + 2 * P * P);
        integer_work_ = arena.take<int, 1>(3 + 5 * P);
    }
    done_ = arena.take<unsigned char, 1>(nets);
    results_ = arena.take<EigenResult, 1>(nets);
    clear(exec, v_);  // a matmul reads the vectors of networks that are skipped, too
    clear(exec, values_);
    clear(exec, square_);
}

// Eigenvalues ascending and eigenvectors as rows (columns of the column-major matrix), in place.
template <class T>
void ExactSpectrum<T>::solve(int n)
{
    int const P = static_cast<int>(v_.extent[1]);
    double* const A = hessian_.data + n * hessian_.stride[0];
    double* const w = values_.data + n * values_.stride[0];
    if (exec_.on_cpu()) {
        int const info = LAPACKE_dsyevd_work(LAPACK_COL_MAJOR, 'V', 'L', P, A, P, w, work_.data,
                                             static_cast<int>(work_.extent[0]), integer_work_.data,
                                             static_cast<int>(integer_work_.extent[0]));
        if (info != 0) throw InternalError("LAPACKE_dsyevd_work: info " + std::to_string(info));
        return;
    }
#ifdef SG_WITH_CUDA
    auto& device = exec_.device();
    cusolverDnHandle_t handle = nullptr;
    auto const check = [](cusolverStatus_t status, char const* call) {
        if (status != CUSOLVER_STATUS_SUCCESS)
            throw DeviceError(std::string(call) + ": status " + std::to_string(status));
    };
    check(cusolverDnCreate(&handle), "cusolverDnCreate");
    check(cusolverDnSetStream(handle, device.stream), "cusolverDnSetStream");
    int size = 0;
    check(cusolverDnDsyevd_bufferSize(handle, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER, P, A,
                                      P, w, &size),
          "cusolverDnDsyevd_bufferSize");
    Buffer<double> const work(exec_, size);
    Buffer<int> const info(exec_, 1);
    check(cusolverDnDsyevd(handle, CUSOLVER_EIG_MODE_VECTOR, CUBLAS_FILL_MODE_LOWER, P, A, P, w,
                           work.data(), size, info.data()),
          "cusolverDnDsyevd");
    int const status = to_host(exec_, info.data(), 1)[0];
    cusolverDnDestroy(handle);
    if (status != 0) throw DeviceError("cusolverDnDsyevd: info " + std::to_string(status));
#endif
}

template <class T>
void ExactSpectrum<T>::run(HessianOperator<T> const& hessian, Nets nets)
{
    begin_measurement(exec_, nets, hessian.score(), done_.data, results_.data);
    Nets const some{nets.count, done_.data};
    std::int64_t const P = v_.extent[1];
    for (std::int64_t j = 0; j < P; ++j) {
        unit_vector<T>(exec_, some, j, v_);
        hessian.apply(some, v_, Hv_);
        each(exec_, "store_row", some, P, StoreRow<T>{Hv_, hessian_, j});
    }
    each(exec_, "symmetrise", some, P, Symmetrise{hessian_});
    auto const done = to_host(exec_, done_.data, nets.count);
    auto const flat_hessian = View<double, 2>::dense(hessian_.data, hessian_.extent[0], P * P);
    rows(exec_, "absolute_sum", some, P * P, 1, AbsoluteSum{flat_hessian}, square_);
    auto const sums = to_host(exec_, square_.data, nets.count);
    for (int n = 0; n < nets.count; ++n) {
        if (done[static_cast<std::size_t>(n)]) continue;
        if (std::isfinite(sums[static_cast<std::size_t>(n)]))
            solve(n);
        else  // LAPACK would refuse it, or never end
            from_host(exec_, std::vector<double>(static_cast<std::size_t>(P), NAN),
                      values_.data + n * values_.stride[0]);
    }
    each(exec_, "top_vector", some, P, TopVector<T>{hessian_, v_});
    hessian.apply(some, v_, Hv_);
    auto const v = as_set<T const>(v_);
    each(exec_, "exact_residual", some, 1, ExactResidual{values_, one_, minus_});
    combine<T>(exec_, some, Hv_, v, {}, {one_, minus_, {}, nullptr}, 1);
    dots<T>(exec_, some, v, 0, Hv_, true, square_);
    each(exec_, "exact_result", some, 1, ExactResult{values_, square_, results_.data});
}

template <class T>
std::vector<double> ExactSpectrum<T>::eigenvalues(int n) const
{
    return to_host(exec_, values_.data + n * values_.stride[0], values_.extent[1]);
}

template class ExactSpectrum<float>;
template class ExactSpectrum<double>;

}  // namespace sg
