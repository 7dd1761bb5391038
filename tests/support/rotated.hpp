// SPDX-License-Identifier: MIT
// A cohort whose operator multiplies in the coordinates of nets/rotation.hpp, where the examples are rotated.
#pragma once

#include "cuda/nets/rotation.hpp"
#include "tests/support/cohort.hpp"

namespace sg::test {

// Evaluated and linearised.
template <class T>
struct Rotated {
    Rotated(Exec const& exec, Loss loss, oracle::Examples const& examples, std::vector<oracle::Net> const& nets,
            bool recompute = false, Path path = Path::by_table)
        : cohort(exec, loss, examples, nets, path),
          r(rotated_inputs(examples.count, examples.inputs)),
          L(exec, rotate_examples(converted<T>(examples.x), examples.count, examples.inputs), 1, examples.count, r),
          op(exec, cohort.model, loss, cohort.count, batch(), recompute, path) {
        op->evaluate(cohort.nets(), cohort.theta.read());
        op->linearise(cohort.nets());
    }
    Batch<T> batch() const {
        auto b = cohort.data.batch();
        b.rotated = L.read();
        return b;
    }
    // Of the same directions for each network, wherever it stands.
    std::vector<T> product(Vec const& directions) {
        auto const P = static_cast<std::int64_t>(directions.size()) / cohort.count;
        Array<T, 2> const v(op->exec(), directions, cohort.count, P), Hv(op->exec(), cohort.count, P);
        op->apply(cohort.nets(), v.read(), Hv.view());
        return Hv.host();
    }

    Cohort<T> cohort;
    std::int64_t r;
    Array<T, 3> L;
    Planned<HessianOperator<T>> op;
};

}  // namespace sg::test
