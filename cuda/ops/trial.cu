// SPDX-License-Identifier: MIT
#include "cuda/ops/trial.hpp"

#include <cstring>
#include <type_traits>

#include "cuda/exec/buffer.hpp"
#include "cuda/exec/each.hpp"
#include "cuda/exec/random.hpp"
#include "cuda/exec/rows.hpp"
#include "cuda/ops/joined.hpp"

namespace sg {

namespace {

// to(2i), to(2i + 1) ∈ (−1, 1], with 53 random bits each.   to: (2n)
template <class T>
struct TrialNumbers {
    T* to;
    std::uint32_t tensor;
    SG_FN void operator()(int, std::int64_t i) const
    {
        auto const bits =
            random_bits({0, Purpose::start, tensor, 0}, static_cast<std::uint64_t>(i));
        for (int half = 0; half < 2; ++half)
            to[2 * i + half] = static_cast<T>(2 * random_uniform(bits, half) - 1);
    }
};

// 1 where the bits of a(n, i) and b(n, i) differ, else 0: summed over i.   a, b: (N, numbers)
template <class T>
struct Differs {
    using Bits = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    View<T const, 2> a;
    View<T const, 2> b;
    SG_FN double operator()(int n, std::int64_t i, int) const
    {
        return bits(a(n, i)) != bits(b(n, i));
    }
    SG_FN static Bits bits(T const& x)
    {
        Bits word;
        memcpy(&word, &x, sizeof word);
        return word;
    }
};

// Numbers from one network's matrix to the next: an odd multiple of the alignment, which is then
// exact.
std::int64_t step_of(Operand const& o, int bytes)
{
    std::int64_t const unit = o.alignment / bytes;
    return (((o.rows - 1) * o.row_stride + o.columns + unit - 1) / unit | 1) * unit;
}

// The matrices of `count` networks, as `o` describes them.
template <class T>
class Stack {
public:
    // `rows` more behind the last one.
    Stack(Exec const& exec, Operand const& o, int count, std::uint32_t tensor, int rows = 0)
        : exec_(exec),
          tensor_(tensor),
          count_(count),
          step_(step_of(o, sizeof(T))),
          offset_(o.alignment / static_cast<std::int64_t>(sizeof(T))),
          memory_(exec, (offset_ + count * step_ + rows * o.row_stride + 1) / 2 * 2)
    {
        view_ = View<T, 3>::dense(memory_.data() + offset_, std::int64_t{count}, o.rows, o.columns);
        view_.stride[0] = count == 1 ? 0 : step_;  // one matrix: for all networks
        view_.stride[1] = o.row_stride;
        randomise();
    }
    void randomise() const
    {
        each(exec_, "trial_numbers", {1}, memory_.size() / 2,
             TrialNumbers<T>{memory_.data(), tensor_});
    }
    void spoil() const  // with NaN
    {
        exec_.fill(memory_.data(), 0xff, static_cast<std::size_t>(memory_.size()) * sizeof(T));
    }
    View<T, 3> const& view() const { return view_; }
    View<T const, 3> read() const { return view_; }
    View<T const, 2> all() const  // (N, step): with the gaps between the rows
    {
        return View<T, 2>::dense(memory_.data() + offset_, std::int64_t{count_}, step_);
    }

private:
    Exec exec_;
    std::uint32_t tensor_;
    int count_;
    std::int64_t step_, offset_;
    Buffer<T> memory_;
    View<T, 3> view_;
};

// In how many groups a trial of this kind has its networks, at most: as many as a study has seeds; 0: in none.
int groups_of(ProductKind const& kind) { return JoinedShape::of(kind) ? 64 : 0; }

}  // namespace

template <class T>
TrialPlan plan_trial(ProductKind const& kind)
{
    std::int64_t const limit = trial_bytes / sizeof(T) - 1024;  // room for the ends of the buffers
    std::int64_t const a = step_of(kind.a, sizeof(T)), b = step_of(kind.b, sizeof(T)),
                       c = 2 * step_of(kind.c, sizeof(T));
    constexpr std::int64_t most = 256;
    std::int64_t const behind = groups_of(kind) * kind.a.row_stride;
    auto const taken = [&](bool own) {
        return behind + (own && !kind.a.shared ? most : 1) * a + (own && !kind.b.shared ? most : 1) * b +
               most * c;
    };
    TrialPlan plan;
    plan.own = taken(true) <= limit;
    auto const fits = std::min(most, std::max<std::int64_t>(0, (limit - behind - a - b) / c));
    for (int const count : {2, 7, 64})
        if (count < fits) plan.counts.push_back(count);
    if (fits >= 2) plan.counts.push_back(static_cast<int>(fits));
    return plan;
}

template <class T>
bool same_bits(Exec const& exec, ProductKind const& kind, ProductRun<T> const& run)
{
    SG_EXPECT(kind.bytes == sizeof(T) && !kind.c.shared);
    for (auto const* o : {&kind.a, &kind.b, &kind.c}) {
        SG_EXPECT(o->alignment >= kind.bytes && o->alignment % kind.bytes == 0);
        SG_EXPECT(o->rows > 0 && o->columns > 0 && o->row_stride >= o->columns);
    }
    auto const plan = plan_trial<T>(kind);
    if (plan.counts.empty()) return true;
    int const most = plan.counts.back();
    Stack<T> const a(exec, kind.a, plan.own && !kind.a.shared ? most : 1, 1, groups_of(kind)),
        b(exec, kind.b, plan.own && !kind.b.shared ? most : 1, 2);
    Stack<T> const alone(exec, kind.c, most, 3), together(exec, kind.c, most, 3);
    Buffer<double> const sums(exec, most);

    // Groups of `size` networks read matrices that begin one row further each: all others, or, with 0, one for all.
    auto const left = [&](int first, int count, int size) {
        auto A = networks(a.read(), first, count);
        if (size == 0) return A;
        A.data += first / size * kind.a.row_stride;
        A.extent[0] = std::max(count / size, 1);
        A.stride[0] = kind.a.row_stride;
        return A;
    };
    auto const agree = [&](std::vector<int> const& counts, int size) {
        auto const compute = [&](Stack<T> const& c, int first, int count) {
            run(count, left(first, count, size), networks(b.read(), first, count), networks(c.view(), first, count));
        };
        kind.keeps ? alone.randomise() : alone.spoil();
        for (int n = 0; n < most; ++n) compute(alone, n, 1);
        for (int const count : counts) {
            kind.keeps ? together.randomise() : together.spoil();
            compute(together, 0, count);
            rows(exec, "differing_bits", {count}, alone.all().extent[1], 1,
                 Differs<T>{alone.all(), together.all()},
                 View<double, 2>::dense(sums.data(), count, 1));
            for (double const sum : to_host(exec, sums.data(), count))
                if (sum != 0) return false;
        }
        return true;
    };
    if (!agree(plan.counts, 0)) return false;
    int const groups = groups_of(kind);
    if (groups == 0) return true;
    int const size = (most + groups - 1) / groups;
    return agree({2 * size, most / size * size}, size);
}

#define SG_INSTANTIATE(T)                                 \
    template TrialPlan plan_trial<T>(ProductKind const&); \
    template bool same_bits(Exec const&, ProductKind const&, ProductRun<T> const&);
SG_INSTANTIATE(float)
SG_INSTANTIATE(double)

}  // namespace sg
