// SPDX-License-Identifier: MIT
// sharpgrid-replay: does the engine reproduce the trajectories of a reference file?
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cmath>
#include <cstdio>
#include <string>

#include "cuda/exec/error.hpp"
#include "cuda/exec/exec.hpp"
#include "tests/replay/follow.hpp"
#include "tests/replay/judge.hpp"
#include "tests/replay/recompute.hpp"

namespace {

using namespace sg::replay;

char const* const footer =
    R"(Prints JSON: {"file", "device", "precision", "passes", "quantities": {NAME: {"worst", "at",
"tolerance", "compared", ...}}}. Of each quantity the entry with the largest worst / tolerance is
given. A result that is not finite, or that is finite where the loss of the file is not, has worst
1e308. "compared" counts the entries; with none, worst is 0.

"at" is [c, step], null for what a quantity has not:
  loss, accuracy, sharpness, weight_layer_norm   the row
  train_batch_loss                               the step, before its update
  grad_*, hvp_result                             [null, 0]
  top_eigenvalue*                                step 0 or the last
  interp_loss                                    [c, index of the point], s = index / 100
  final_weight_sample                            the last step
  first_step_*                                   [c, null]
"layer" is added where there is one.

Measures and tolerances in double precision are those of tests/reference/README.md: relative
differences, within 1000 times the largest cross check of that c, at least 1e-12; grad_* and
hvp_result 1e-11, grad_step0 and hvp_result each matrix by itself, largest difference over largest
entry; top_eigenvalue* 1e-9; accuracy and first_step_* equal. Where a reference is not finite, only
the losses are compared, and sharpness only where the loss is at most 1e100.

In single precision the tolerance is 1e-4, or 1e-3 for at most 1 % of the entries of a quantity
("above_1e-4" counts them); that of accuracy is one example. Compared are loss, accuracy and
sharpness where their own cross check is at most 1e-14 (accuracy: that of the loss), what belongs to
step 0 alone where both are at step 0, and everything else where both are at every step of that c.

A relu unit may be active in one precision and not in the other because its input is zero within
rounding; then the trajectories part. So single precision trains in double beside it and compares
the signs of all hidden units at each step, until one differs on a training batch. If all that
differ so far are by rounding (positive activation at most 1e-5 of the largest of its layer), the
entries of that c after that step are "crossed": counted apart, tolerance 1e-2. Where signs differ
by rounding on the measurement examples alone, sharpness and top_eigenvalue* of that step are.
A file in which more than a third of the entries of a quantity are crossed does not agree.

Exit codes: 0 agrees, 1 internal fault, 2 usage, 3 file or images, 4 device, 5 a tolerance exceeded.)";

struct Options {
    std::string file, device = "auto", precision = "double";
};

sg::Exec choose_device(std::string const& wanted) {
    if (wanted == "cpu" || (wanted == "auto" && sg::cuda_device_count() == 0))
        return sg::Exec::cpu();
    if (wanted == "auto" || wanted == "cuda") return sg::Exec::cuda();
    bool const ordinal = wanted.rfind("cuda:", 0) == 0 && wanted.size() > 5 && wanted.size() < 9 &&
                         wanted.find_first_not_of("0123456789", 5) == std::string::npos;
    if (!ordinal)
        throw sg::UserError("--device " + wanted + " (must be cpu, cuda, cuda:N or auto)");
    return sg::Exec::cuda(std::stoi(wanted.substr(5)));
}

sg::oracle::Reference read_file(std::string const& path) {
    try {
        return sg::oracle::read_reference(path);
    } catch (std::runtime_error const& error) {
        throw sg::DataError(error.what());
    }
}

std::string quoted(std::string const& text) {
    std::string out = "\"";
    for (char const ch : text) {
        if (static_cast<unsigned char>(ch) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(ch));
        else
            out += (ch == '"' || ch == '\\' ? std::string("\\") : std::string()) + ch;
    }
    return out + '"';
}

std::string to_json(Quantity const& q, bool single) {
    Comparison const& w = q.worst;
    std::string const c = std::isnan(w.c) ? "null" : fmt::format("{}", w.c);
    std::string const step = w.step < 0 ? "null" : std::to_string(w.step);
    std::string out =
        fmt::format(R"({}: {{"worst": {}, "at": [{}, {}], "tolerance": {})", quoted(q.name),
                    std::fmin(w.difference, 1e308), c, step, w.tolerance);
    if (w.layer >= 0) out += fmt::format(R"(, "layer": {})", w.layer);
    out += fmt::format(R"(, "compared": {})", q.compared);
    if (single)
        out += fmt::format(R"(, "above_1e-4": {}, "crossed": {})", q.above_strict, q.crossed);
    return out + "}";
}

sg::ExitCode replay(Options const& options) {
    sg::prepare_process();
    bool const single = options.precision == "float";
    sg::oracle::Reference const reference = read_file(options.file);
    sg::Exec const exec = choose_device(options.device);
    sg::Dataset const images = sg::load_dataset({});
    auto const result = single ? recompute<float>(exec, reference, images)
                               : recompute<double>(exec, reference, images);
    Crossings const crossings =
        single ? Crossings(follow(exec, reference, images, result)) : Crossings();
    bool passes = true;
    std::string list;
    for (Quantity const& q :
         judge(reference, result, single ? Precision::single : Precision::twofold, crossings)) {
        passes = passes && q.passes();
        list += (list.empty() ? "\n    " : ",\n    ") + to_json(q, single);
    }
    fmt::print(
        "{{\n  \"file\": {},\n  \"device\": {},\n  \"precision\": {},\n  \"passes\": {},\n"
        "  \"quantities\": {{{}\n  }}\n}}\n",
        quoted(options.file), quoted(exec.describe()), quoted(options.precision), passes, list);
    return passes ? sg::ExitCode::done : sg::ExitCode::check;
}

int fail(sg::ExitCode code, char const* message) {
    fmt::print(stderr, "sharpgrid-replay: {}\n", message);
    return static_cast<int>(code);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"Computes a reference file of early-training trajectories again with the engine."};
    Options options;
    app.add_option("FILE", options.file, "HDF5 file, see tests/reference/README.md")->required();
    app.add_option("--device", options.device, "cpu, cuda, cuda:N or auto")->capture_default_str();
    app.add_option("--precision", options.precision, "scalar of the engine")
        ->check(CLI::IsMember({"double", "float"}))
        ->capture_default_str();
    app.footer(footer);
    try {
        app.parse(argc, argv);
        return static_cast<int>(replay(options));
    } catch (CLI::ParseError const& error) {
        return app.exit(error) == 0 ? 0 : static_cast<int>(sg::ExitCode::user);
    } catch (sg::Fault const& fault) {
        return fail(fault.code(), fault.what());
    } catch (std::bad_alloc const&) {
        return fail(sg::ExitCode::resource, "out of memory");
    } catch (std::exception const& error) {
        return fail(sg::ExitCode::internal, error.what());
    }
}
