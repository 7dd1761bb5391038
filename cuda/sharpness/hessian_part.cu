// SPDX-License-Identifier: MIT
#include <algorithm>

#include "cuda/ops/row_moves.hpp"
#include "cuda/sharpness/hessian.hpp"

namespace sg {

template <class T>
void HessianOperator<T>::allow_parts(Arena& arena, double least_flops)
{
    if (exec_.on_cpu() || batch_.groups != &group_ || nets_ < 4) return;
    int const most = (nets_ + 1) / 2;
    auto batch = batch_;
    batch.groups = nullptr;
    gathered_.reset(new Part{least_flops, {exec_, arena, model_, loss_, most, batch, recompute_, fused_ ? Path::fused : Path::layers},
                         {}, {}, {}});
    gathered_->theta = arena.take_rows<T, 2>(most, model_.params());
    gathered_->v = arena.take_rows<T, 2>(most, coordinates_.params());
    gathered_->Hv = arena.take_rows<T, 2>(most, coordinates_.params());
    gathered_->op.theta_ = gathered_->theta;
}

template <class T>
int HessianOperator<T>::part_for(int active, int held) const
{
    if (!gathered_ || active <= 0 || held * product_flops(coordinates_, examples()) < gathered_->least_flops) return held;
    int const least = std::max(active, (nets_ + 63) / 64);  // few sizes: each has graphs of its own
    while (held > 1 && (held + 1) / 2 >= least) held = (held + 1) / 2;
    return held;
}

template <class T>
void HessianOperator<T>::gather(int const* list, int count) const
{
    SG_EXPECT(gathered_ && theta_);
    auto const take = [&](View<T, 2> const& some, View<T const, 2> const& all) {
        gather_rows<T>(exec_, list, count, some, all);
    };
    take(gathered_->theta, theta_);
    if (recompute_) return;
    for (std::size_t c = 0; c < chunks_.size(); ++c) {
        auto const &to = gathered_->op.chunks_[c].tape, &from = chunks_[c].tape;
        for (std::size_t l = 0; l < from.a.size(); ++l) {
            take(flat(to.a[l]), flat(from.a[l]));
            take(flat(to.delta[l]), flat(from.delta[l]));
        }
    }
}

template <class T>
void HessianOperator<T>::apply_to_part(int const* list, int count, View<T const, 2> const& v, View<T, 2> const& Hv,
                                       Arithmetic arithmetic) const
{
    gather_rows<T>(exec_, list, count, gathered_->v, v);
    gathered_->op.apply(Nets{count}, gathered_->v, gathered_->Hv, arithmetic);
    scatter_rows<T>(exec_, list, count, Hv, gathered_->Hv);
}

#define SG_INSTANTIATE(T)                                                                                   \
    template void HessianOperator<T>::allow_parts(Arena&, double);                                          \
    template int HessianOperator<T>::part_for(int, int) const;                                              \
    template void HessianOperator<T>::gather(int const*, int) const;                                        \
    template void HessianOperator<T>::apply_to_part(int const*, int, View<T const, 2> const&,               \
                                                    View<T, 2> const&, Arithmetic) const;
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
