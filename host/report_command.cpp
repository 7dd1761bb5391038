// SPDX-License-Identifier: MIT
#include <spdlog/spdlog.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "host/commands.hpp"
#include "host/output_file.hpp"
#include "host/output_lock.hpp"
#include "host/report.hpp"

namespace sg {

namespace {

namespace fs = std::filesystem;

// A typing error must not cost a study.
void refuse_data(std::string const& path) {
    std::array<char, 8> head{};
    std::ifstream in(path, std::ios::binary);
    if (in.read(head.data(), head.size()) && std::string_view(head.data() + 1, 3) == "HDF")
        throw UserError("cannot write " + path +
                        ": it holds data (HDF5). Give another name with -o.");
}

void write_text(std::string const& path, std::string const& text) {
    OutputLock const lock(path);
    OutputFile file(path);
    std::ofstream out(file.temporary(), std::ios::binary);
    out << text;
    out.close();
    if (!out) throw ResourceError("cannot write " + path + ": " + std::strerror(errno));
    file.sync();
    file.publish();
}

void write_figures(std::string const& folder, ReportContent const& content) {
    std::error_code failure;
    if (!fs::is_directory(folder, failure) && !fs::create_directories(folder, failure))
        throw UserError("cannot write to " + folder + ": " + failure.message() +
                        ". Choose another place with --figures.");
    auto const figures = report_figures(content);
    for (Figure const& figure : figures)
        write_text((fs::path(folder) / figure.name).string(), figure.svg);
    spdlog::info("{}: {} figures", folder, figures.size());
}

}  // namespace

ExitCode report_command(ReportOptions const& options) {
    if (options.output.empty() && options.figures.empty())
        throw UserError(
            "nowhere to write to: give -o report.html for the page, --figures DIR for SVG, or "
            "both.");
    if (!options.output.empty()) {
        check_output_path(options.output);
        refuse_data(options.output);
    }
    ReportContent const content(read_store(options.file), options.c_crit);
    if (!options.output.empty()) {
        std::string const page = report_page(content);
        write_text(options.output, page);
        spdlog::info("{}: {:.1f} MB, opens in any browser without a network", options.output,
                     static_cast<double>(page.size()) / 1e6);
    }
    if (!options.figures.empty()) write_figures(options.figures, content);
    return ExitCode::done;
}

}  // namespace sg
