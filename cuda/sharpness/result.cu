// SPDX-License-Identifier: MIT
#include "cuda/sharpness/result.hpp"

#include <algorithm>

#include "cuda/exec/each.hpp"

namespace sg {

// done(n) ← skipped or without an active unit
struct BeginMeasurement {
    unsigned char const* skip;
    View<double const, 2> score;
    unsigned char* done;
    EigenResult* result;
    SG_FN void operator()(int n, std::int64_t) const
    {
        bool const skipped = skip && skip[n], collapsed = score(n, 2) == 0;
        result[n] = EigenResult{};
        if (!skipped && collapsed) result[n].status = EigenStatus::collapsed;
        done[n] = skipped || collapsed;
    }
};

void begin_measurement(Exec const& exec, Nets nets, View<double const, 2> const& score,
                       unsigned char* done, EigenResult* result)
{
    each(exec, "begin_measurement", Nets{nets.count}, 1,
         BeginMeasurement{nets.skip, score, done, result});
}

int not_done(Exec const& exec, Pinned<unsigned char>& on_host, unsigned char const* done, int count)
{
    on_host.fetch(done, count);
    exec.wait_for(exec.moment());
    return static_cast<int>(std::count(on_host.data(), on_host.data() + count, 0));
}

}  // namespace sg
