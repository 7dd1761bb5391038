// SPDX-License-Identifier: MIT
// As much of SVG as a figure needs. Lengths are in pixels, y points down.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sg {

struct Box {
    double x = 0, y = 0, width = 0, height = 0;
};

class Svg {
public:
    using Points = std::vector<std::pair<double, double>>;

    // `style`: further attributes, as they stand in the file: fill="#eee"
    void rect(double x, double y, double width, double height, std::string_view style);
    void line(double x1, double y1, double x2, double y2, std::string_view style);
    void polyline(Points const& points, std::string_view style);
    void polygon(Points const& points, std::string_view style);
    void circle(double x, double y, double radius, std::string_view style);
    void text(double x, double y, std::string_view words, std::string_view style);
    void raw(std::string_view element) { body_ += element; }

    // The whole file, on a white page.
    std::string page(double width, double height, std::string_view title) const;

private:
    std::string body_;
};

// Text as it may stand in XML: markup escaped, characters that XML forbids left out.
std::string xml_text(std::string_view text);

}  // namespace sg
