// SPDX-License-Identifier: MIT
#include "host/prepare.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <charconv>
#include <cstdlib>

#include "host/config.hpp"
#include "host/cost.hpp"
#include "host/machine.hpp"

namespace sg {

namespace {

Precision choose_precision(std::string const& wanted)
{
    if (wanted == "float") return Precision::single;
    if (wanted == "double") return Precision::dual;
    throw UserError("--precision " + wanted + " is not known (float, double).");
}

// On the CPU TF32 would cost what float costs.
void demand_gpu(Study const& study, Machine const& machine)
{
    if (!study.tf32() || machine.space() == Space::cuda) return;
    throw UserError("sharpness.iterate = tf32 needs a GPU, and here the CPU would run the study. Take --set "
                    "sharpness.iterate=float, or --device cuda; `sharpgrid plan` takes --device h200, h100, a100 or l4 for one that is "
                    "not there.");
}

}  // namespace

Plan plan_of(Prepared const& p, RunOptions const& options)
{
    return plan_for_machine(options.device, options.workers, [&](Machine const& machine) {
        demand_gpu(p.study, machine);
        return make_plan(p.study, dataset_shape(p.study.data), machine, p.precision);
    });
}

Plan plan_on(Prepared const& p, Machine const& machine)
{
    auto plan = make_plan(p.study, dataset_shape(p.study.data), machine, p.precision);
    auto const fault = device_memory_fault(plan);
    if (fault.empty()) return plan;
    throw DeviceError(fmt::format("It does not fit on one {}: {}. Take fewer or narrower networks, or another device.",
                                  machine.model->title, fault));
}

double seconds_of(std::string const& option, std::string const& text)
{
    double number = 0;
    auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    std::string const unit(end, text.data() + text.size());
    double factor = 0;
    if (unit.empty() || unit == "s") factor = 1;
    if (unit == "m") factor = 60;
    if (unit == "h") factor = 3600;
    if (unit == "d") factor = 86400;
    double const seconds = number * factor;
    if (error != std::errc{} || !(seconds > 0 && seconds < 1e9))
        throw UserError(option + " " + text + " is not a time (for example 90, 10m or 2h).");
    return seconds;
}

Prepared prepare(RunOptions const& options)
{
    Prepared p;
    p.study = read_study(options.study, options.set);
    auto const choice = choose_shard(options.shard, [](char const* name) { return std::getenv(name); });
    p.shard = choice.shard;
    if (!p.shard.whole())
        spdlog::info("shard {} of the study, from {} (--shard none: all of it)", p.shard.text(), choice.from);
    p.output = shard_path(options.output.empty() ? p.study.output_file : options.output, p.shard);
    p.study.output_file = p.output;
    p.precision = choose_precision(options.precision);
    if (p.study.tf32() && p.precision != Precision::single)
        throw UserError("--precision double has no products in TF32 (sharpness.iterate = tf32 is for --precision float). "
                        "Take --set sharpness.iterate=float.");
    return p;
}

}  // namespace sg
