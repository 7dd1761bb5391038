// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "host/report.hpp"
#include "host/tables.hpp"

namespace sg {

namespace {

SeedSummary const& c_loss_of(Shape const& shape) {
    return shape.constants[static_cast<std::size_t>(Constant::c_loss)];
}

bool known(Shape const& shape) {
    return std::isfinite(c_loss_of(shape).median) && *c_loss_of(shape).bound == '\0';
}

std::string place_of(StoredStudy const& study, Shape const& shape) {
    std::string place = fmt::format("d = {}, w = {}", shape.depth, shape.width);
    for (std::size_t k = 0; k < shape.swept.size(); ++k)
        place +=
            fmt::format(", {} {}", study.swept[k].name, swept_text(study.swept[k], shape.swept[k]));
    return place;
}

template <class Count>
std::string counted(Count count, std::string_view thing) {
    return fmt::format("{} {}{}", count, thing, count == 1 ? "" : "s");
}

// The main result: from the smallest c_loss to the largest.
std::string rise_of_c_loss(ReportContent const& content) {
    std::vector<Shape const*> shapes;
    for (Shape const& shape : content.found.shapes)
        if (known(shape)) shapes.push_back(&shape);
    std::string const bounds =
        fmt::format(" ({} of {} shapes have only a bound)",
                    content.found.shapes.size() - shapes.size(), content.found.shapes.size());
    if (shapes.empty()) return "No shape has a median of c_loss that is more than a bound.";
    auto const less = [](Shape const* a, Shape const* b) {
        return c_loss_of(*a).median < c_loss_of(*b).median;
    };
    auto const least = std::min_element(shapes.begin(), shapes.end(), less);
    auto const most = std::max_element(shapes.begin(), shapes.end(), less);
    std::string const tail = shapes.size() < content.found.shapes.size() ? bounds + "." : ".";
    if (c_loss_of(**least).median == c_loss_of(**most).median)
        return fmt::format("The median of c_loss is {:.3g} at {}{}", c_loss_of(**least).median,
                           place_of(content.study, **least), tail);
    return fmt::format("The median of c_loss rises from {:.3g} at {} to {:.3g} at {}{}",
                       c_loss_of(**least).median, place_of(content.study, **least),
                       c_loss_of(**most).median, place_of(content.study, **most), tail);
}

// Where sharpness falls although c > 2: the phase that opens with depth over width.
std::string open_phase(ReportContent const& content) {
    std::size_t above = 0, below = 0;
    for (Shape const& shape : content.found.shapes) {
        SeedSummary const& c_loss = c_loss_of(shape);
        above += c_loss.median > 2 && *c_loss.bound != '<';
        below += c_loss.median <= 2 && *c_loss.bound != '>';
    }
    std::string text =
        fmt::format("c_loss lies above 2 for {} of {} shapes", above, content.found.shapes.size());
    if (above > 0)
        text += ": up to it the loss does not rise, though the learning rate is above 2/λ₀";
    if (below > 0) text += fmt::format("; it lies at or below 2 for {}", below);
    return text + ".";
}

std::string outcomes(ReportContent const& content) {
    int networks = 0, collapsed = 0, diverged = 0;
    std::set<std::uint64_t> seeds;
    for (Point const& point : content.points) {
        networks += point.networks;
        collapsed += point.collapsed;
        diverged += point.diverged;
        seeds.insert(point.seed);
    }
    std::string text =
        fmt::format("{} ran: {}, {}. {} diverged, {} collapsed.", counted(networks, "network"),
                    counted(content.found.shapes.size(), "shape"), counted(seeds.size(), "seed"),
                    diverged, collapsed);
    std::size_t const rest = content.study.rows.size() - static_cast<std::size_t>(networks);
    if (rest > 0) text += fmt::format(" {} more were stopped or are under way.", rest);
    if (seeds.size() < 3)
        text += " There are not enough seeds for quartiles (three are needed): bars show brackets.";
    return text;
}

std::string audit_text(AuditTally const& audit) {
    if (audit.measurements == 0) return "";
    return fmt::format("Sharpness audit: {} of {} repeated measurements were missed, worst {:.1e}.",
                       audit.misses, audit.measurements, audit.worst);
}

}  // namespace

std::vector<std::string> summary_of(ReportContent const& content) {
    if (content.points.empty()) return {"No network has finished yet: there is nothing to show."};
    std::vector<std::string> sentences{rise_of_c_loss(content), open_phase(content),
                                       outcomes(content)};
    std::string const audit = audit_text(content.study.audit);
    if (!audit.empty()) sentences.push_back(audit);
    if (content.study.state != StudyState::complete)
        sentences.push_back(fmt::format(
            "The study is not complete (state: {}): the numbers are of what was committed.",
            study_state_names[static_cast<std::size_t>(content.study.state)]));
    return sentences;
}

}  // namespace sg
