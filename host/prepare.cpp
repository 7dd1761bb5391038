// SPDX-License-Identifier: MIT
#include "host/prepare.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
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

}  // namespace

int choose_device(std::string const& wanted)
{
    if (wanted == "cpu") return -1;
    if (wanted == "auto") {
        std::string why;
        if (cuda_device_count(&why) > 0) return 0;
        spdlog::info("no GPU ({}): running on the CPU", why);
        return -1;
    }
    if (wanted == "cuda") return 0;
    if (wanted.rfind("cuda:", 0) == 0 && wanted.size() > 5 && wanted.size() < 9 &&
        wanted.find_first_not_of("0123456789", 5) == std::string::npos)
        return std::stoi(wanted.substr(5));
    throw UserError("--device " + wanted + " is not known (auto, cpu, cuda, cuda:1).");
}

int choose_workers(int wanted)
{
    if (wanted > 0) return wanted;
    return std::max(1u, std::thread::hardware_concurrency());
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
    p.output = options.output.empty() ? p.study.output_file : options.output;
    p.study.output_file = p.output;
    p.precision = choose_precision(options.precision);
    return p;
}

}  // namespace sg
