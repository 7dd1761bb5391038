// SPDX-License-Identifier: MIT
// The report's figure of spectral densities, from nodes and weights.
#pragma once

#include <string>
#include <vector>

#include "host/report.hpp"

namespace sg {

// Where λ stands on an axis that is linear below `scale` and logarithmic (base 10) beyond, on both sides of 0.
double signed_log(double lambda, double scale);

// Eigenvalues per unit of the axis at each place, as a share of all: Σ weight · Gaussian of this width about the
// node / Σ weight. Missing nodes do not count; all NaN where there is none.   nodes, weights: on the axis
std::vector<double> smoothed(std::vector<double> const& nodes, std::vector<double> const& weights,
                             std::vector<double> const& places, double width);

// One panel for each shape, one curve for each step: the mean over probes and over the seeds of one c. Empty where no
// density was measured.
std::string spectra_svg(ReportContent const& content);
// The section of the page: the figure, or that there is none.
std::string spectra_html(ReportContent const& content);

}  // namespace sg
