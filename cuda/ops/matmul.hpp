// SPDX-License-Identifier: MIT
// Matrix products batched over networks. N networks; any operand may be shared (network stride 0).
//
// On a GPU the bits of a network do not depend on the networks beside it: cuBLASLt's algorithm is
// chosen for one network of the shape, then tried with 1 to 256 networks (cuda/ops/trial.hpp);
// where the bits of any network differ, team_matmul computes that shape. So the choice follows from
// shape, arithmetic, library and device. The arithmetic is that of the Exec; TF32 has a choice and a trial
// of its own, and where team_matmul takes the shape, it does so in float.
#pragma once

#include <span>

#include "cuda/exec/exec.hpp"
#include "cuda/ops/product.hpp"
#include "cuda/ops/trial.hpp"

namespace sg {

// C = alpha · op(A) · op(B) + beta · C for each network of `nets`.
// op(A): (N, m, k), op(B): (N, k, n), C: (N, m, n); rows dense, network strides free, C not shared.
// With beta = 0, C need not be initialised. On the CPU skipped networks keep every bit of C and
// cost nothing; on the GPU they may be computed with the others, from whatever their operands hold:
// after a call, with beta ≠ 0 too, C of a skipped network is undefined and must not be read before
// it is written again. On the GPU, a shape that is not prepared yet is prepared; InternalError
// where that meets a stream capture.
template <class T>
void matmul(Exec const& exec, Nets nets, double alpha, View<T const, 3> const& A, Op op_a,
            View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C);

// The same with a left factor for each group of networks.   A: (G, m, k) before op_a
// The groups stand in order; of networks beyond nets.count nothing is computed. Each has the bits that it has alone, as if
// this were a matmul for each group; where products of the kind are joined (ops/joined.hpp), a GPU computes all groups in
// three launches.
template <class T>
void grouped_matmul(Exec const& exec, Nets nets, std::span<Group const> groups, double alpha, View<T const, 3> const& A,
                    Op op_a, View<T const, 3> const& B, Op op_b, double beta, View<T, 3> const& C);

// Chooses how products of this kind are computed on this device from now on: nothing is done where
// that is known, or on the CPU. Waits, and takes up to trial_bytes of device memory, which are free
// again when it returns; C is not touched. `trial` takes the place of the trial, for tests.
template <class T>
void prepare_matmul(Exec const& exec, View<T const, 3> const& A, Op op_a, View<T const, 3> const& B,
                    Op op_b, double beta, View<T, 3> const& C,
                    Trial<T> const& trial = same_bits<T>);

}  // namespace sg
