// SPDX-License-Identifier: MIT
#include "cuda/sharpness/ritz.hpp"

#include <cmath>

#include "cuda/exec/team.hpp"

namespace sg {

// Two-sided Jacobi rotations A ← JᵀAJ, Q ← QJ (Golub and Van Loan, section 8.5) on disjoint index pairs, as
// in a round-robin tournament: one round rotates ⌊k/2⌋ pairs at once.   A, Q: (k, k) in scratch
struct SolveProjected {
    View<double const, 3> T;
    int k;
    View<double, 2> theta;
    View<double, 3> y;

    static constexpr int sweeps = 16;

    struct Scratch {
        double *A, *Q, *cosine, *sine;
        int *p, *q, *order;
    };

    SG_FN Scratch split(Team const& team) const
    {
        Scratch s;
        s.A = team.scratch<double>();
        s.Q = s.A + k * k;
        s.cosine = s.Q + k * k;
        s.sine = s.cosine + k;
        s.p = reinterpret_cast<int*>(s.sine + k);
        s.q = s.p + k;
        s.order = s.q + k;
        return s;
    }

    // Pair i of a round: players sit around a table and all but the last move by one seat.
    SG_FN void choose_pair(Scratch const& s, int round, int i) const
    {
        int const even = k + (k & 1), ring = even - 1;
        int const a = i == 0 ? ring : (round + i) % ring;
        int const b = (round + ring - i) % ring;
        int const p = a < b ? a : b, q = a < b ? b : a;
        s.p[i] = p;
        s.q[i] = q < k ? q : -1;  // the empty seat of an odd table
    }

    SG_FN void choose_rotation(Scratch const& s, int i) const
    {
        s.cosine[i] = 1;
        s.sine[i] = 0;
        int const p = s.p[i], q = s.q[i];
        if (q < 0) return;
        double const off = s.A[p * k + q];
        if (off == 0) return;
        double const ratio = (s.A[q * k + q] - s.A[p * k + p]) / (2 * off);
        double const root = sqrt(1 + ratio * ratio);
        double const tangent = ratio >= 0 ? 1 / (ratio + root) : 1 / (ratio - root);
        s.cosine[i] = 1 / sqrt(1 + tangent * tangent);
        s.sine[i] = tangent * s.cosine[i];
    }

    // Rows p and q of A, or columns p and q of A and Q, entry e.
    SG_FN void rotate_rows(Scratch const& s, int i, int e) const
    {
        if (s.q[i] < 0) return;
        double const c = s.cosine[i], t = s.sine[i];
        double& x = s.A[s.p[i] * k + e];
        double& z = s.A[s.q[i] * k + e];
        double const u = c * x - t * z, w = t * x + c * z;
        x = u;
        z = w;
    }
    SG_FN void rotate_columns(Scratch const& s, double* M, int i, int e) const
    {
        if (s.q[i] < 0) return;
        double const c = s.cosine[i], t = s.sine[i];
        double& x = M[e * k + s.p[i]];
        double& z = M[e * k + s.q[i]];
        double const u = c * x - t * z, w = t * x + c * z;
        x = u;
        z = w;
    }

    SG_FN void one_round(Team const& team, Scratch const& s, int round) const
    {
        int const pairs = (k + 1) / 2;
        team.phase(pairs, [&](int i) {
            choose_pair(s, round, i);
            choose_rotation(s, i);
        });
        team.phase(pairs * k, [&](int j) { rotate_rows(s, j / k, j % k); });
        team.phase(2 * pairs * k, [&](int j) {
            int const e = j % (pairs * k);
            rotate_columns(s, j < pairs * k ? s.A : s.Q, e / k, e % k);
        });
    }

    // Whether the sum of squares off the diagonal is nothing beside that of all. A thread sums a column, between
    // rounds, where sine and cosine are free; then every thread sums the columns and finds the same.
    SG_FN bool is_diagonal(Team const& team, Scratch const& s) const
    {
        team.phase(k, [&](int j) {
            double off = 0, all = 0;
            for (int i = 0; i < k; ++i) {
                double const a = s.A[i * k + j] * s.A[i * k + j];
                all += a;
                if (i != j) off += a;
            }
            s.sine[j] = off;
            s.cosine[j] = all;
        });
        double off = 0, all = 0;
        for (int j = 0; j < k; ++j) {
            off += s.sine[j];
            all += s.cosine[j];
        }
        team.phase(0, [](int) {});  // all have read them before they change
        return !(off > 1e-30 * all);  // also for NaN
    }

    // What eigenvalue i is sorted by: a NaN comes first, so that all ranks differ.
    SG_FN double key(Scratch const& s, int i) const
    {
        double const value = s.A[i * k + i];
        return value == value ? value : INFINITY;
    }

    SG_FN void sort_and_store(Team const& team, Scratch const& s, int n) const
    {
        team.phase(k, [&](int i) {
            int rank = 0;
            double const mine = key(s, i);
            for (int j = 0; j < k; ++j) rank += key(s, j) > mine || (key(s, j) == mine && j < i);
            s.order[i] = rank;
        });
        int const m = static_cast<int>(y.extent[2]), pairs = static_cast<int>(y.extent[1]);
        team.phase(pairs * m, [&](int j) { y(n, j / m, j % m) = 0; });
        team.phase(k, [&](int i) {
            int const rank = s.order[i];
            if (rank >= pairs) return;
            theta(n, rank) = s.A[i * k + i];
            for (int e = 0; e < k; ++e) y(n, rank, e) = s.Q[e * k + i];
        });
    }

    SG_FN void operator()(Team const& team, int n, int) const
    {
        auto const s = split(team);
        team.phase(k * k, [&](int j) {
            s.A[j] = T(n, j / k, j % k);
            s.Q[j] = j / k == j % k ? 1 : 0;
        });
        int const rounds = k + (k & 1) - 1;
        for (int sweep = 0; sweep < sweeps; ++sweep) {
            if (is_diagonal(team, s)) break;
            for (int round = 0; round < rounds; ++round) one_round(team, s, round);
        }
        sort_and_store(team, s, n);
    }
};

void solve_projected(Exec const& exec, Nets nets, View<double const, 3> const& T, int k,
                     View<double, 2> const& theta, View<double, 3> const& y)
{
    SG_EXPECT(k >= 1 && k <= ritz_limit && k <= T.extent[1]);
    SG_EXPECT(theta.extent[1] == y.extent[1] && y.extent[2] >= k);
    std::size_t const scratch =
        static_cast<std::size_t>(2 * k * k + 2 * k) * sizeof(double) + 3 * k * sizeof(int);
    team(exec, "solve_projected", nets, 1, scratch, SolveProjected{T, k, theta, y});
}

}  // namespace sg
