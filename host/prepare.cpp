// SPDX-License-Identifier: MIT
#include "host/prepare.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <thread>

#include "host/config.hpp"

namespace sg {

namespace {

Precision choose_precision(std::string const& wanted)
{
    if (wanted == "float") return Precision::single;
    if (wanted == "double") return Precision::dual;
    throw UserError("--precision " + wanted + " is not known (float, double).");
}

// The GPUs that `wanted` names; none: the CPU.
std::vector<int> choose_devices(std::string const& wanted)
{
    if (wanted == "cpu") return {};
    std::string why;
    int const count = cuda_device_count(&why);
    std::vector<int> all;
    for (int d = 0; d < count; ++d) all.push_back(d);
    if (wanted == "auto") {
        if (count == 0) spdlog::info("no GPU ({}): running on the CPU", why);
        return all;
    }
    if (wanted == "cuda") return count > 0 ? all : std::vector<int>{0};  // Exec::cuda says what is missing
    if (wanted.rfind("cuda:", 0) == 0 && wanted.size() > 5 && wanted.size() < 9 &&
        wanted.find_first_not_of("0123456789", 5) == std::string::npos)
        return {std::stoi(wanted.substr(5))};
    throw UserError("--device " + wanted + " is not known (auto, cpu, cuda, cuda:1).");
}

}  // namespace

// What there is to run on, and in words.
Machine find_machine(RunOptions const& options, std::string& description)
{
    Machine m;
    m.devices = choose_devices(options.device);
    m.workers = options.workers > 0 ? options.workers
                                    : static_cast<int>(std::max(1u, std::thread::hardware_concurrency()));
    m.host_memory = Exec::cpu().memory().free;
    if (m.devices.empty()) description = Exec::cpu().describe();
    for (int const d : m.devices) {
        auto const exec = Exec::cuda(d);
        auto const free = exec.memory().free;
        m.device_memory = m.device_memory == 0 ? free : std::min(m.device_memory, free);
        description += (description.empty() ? "" : "; ") + exec.describe();
    }
    return m;
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
    return p;
}

}  // namespace sg
