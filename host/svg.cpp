// SPDX-License-Identifier: MIT
#include "host/svg.hpp"

#include <fmt/format.h>

namespace sg {

namespace {

std::string joined(Svg::Points const& points) {
    std::string text;
    for (auto const& [x, y] : points) text += fmt::format("{:.2f},{:.2f} ", x, y);
    return text;
}

}  // namespace

std::string xml_text(std::string_view text) {
    std::string escaped;
    for (char const letter : text) {
        if (letter == '<')
            escaped += "&lt;";
        else if (letter == '>')
            escaped += "&gt;";
        else if (letter == '&')
            escaped += "&amp;";
        else if (letter == '"')
            escaped += "&quot;";
        else if (static_cast<unsigned char>(letter) >= 0x20)
            escaped += letter;
    }
    return escaped;
}

void Svg::rect(double x, double y, double width, double height, std::string_view style) {
    body_ += fmt::format(R"(<rect x="{:.2f}" y="{:.2f}" width="{:.2f}" height="{:.2f}" {}/>)"
                         "\n",
                         x, y, width, height, style);
}

void Svg::line(double x1, double y1, double x2, double y2, std::string_view style) {
    body_ += fmt::format(R"(<line x1="{:.2f}" y1="{:.2f}" x2="{:.2f}" y2="{:.2f}" {}/>)"
                         "\n",
                         x1, y1, x2, y2, style);
}

void Svg::polyline(Points const& points, std::string_view style) {
    body_ += fmt::format("<polyline points=\"{}\" fill=\"none\" {}/>\n", joined(points), style);
}

void Svg::polygon(Points const& points, std::string_view style) {
    body_ += fmt::format("<polygon points=\"{}\" {}/>\n", joined(points), style);
}

void Svg::circle(double x, double y, double radius, std::string_view style) {
    body_ += fmt::format(R"(<circle cx="{:.2f}" cy="{:.2f}" r="{:.2f}" {}/>)"
                         "\n",
                         x, y, radius, style);
}

void Svg::text(double x, double y, std::string_view words, std::string_view style) {
    body_ +=
        fmt::format("<text x=\"{:.2f}\" y=\"{:.2f}\" {}>{}</text>\n", x, y, style, xml_text(words));
}

std::string Svg::page(double width, double height, std::string_view title) const {
    return fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" "
        "viewBox=\"0 0 {0:.0f} {1:.0f}\" role=\"img\" font-family=\"Helvetica, Arial, 'DejaVu "
        "Sans', sans-serif\" font-size=\"12\" fill=\"#222\">\n<title>{2}</title>\n"
        "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{3}</svg>\n",
        width, height, xml_text(title), body_);
}

}  // namespace sg
