// SPDX-License-Identifier: MIT
//   bench-fused-table > cuda/nets/fused_table.hpp
#include "bench/fused_table.hpp"

#include <iostream>

int main()
{
    std::cout << sg::bench::fused_table();
    return std::cout.flush() ? 0 : 1;
}
