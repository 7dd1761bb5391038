// SPDX-License-Identifier: MIT
// Marks functions that both compilers must see: the host's and, in a CUDA build, the device's.
#pragma once

#ifdef __CUDACC__
#define SG_FN __host__ __device__
#else
#define SG_FN
#endif

// The inner loop of a CPU launch: its iterations are independent (that is what a kernel promises).
#define SG_PRAGMA(text) _Pragma(#text)
#if defined(__GNUC__) && !defined(__clang__)
#define SG_INDEPENDENT SG_PRAGMA(GCC ivdep)
#else
#define SG_INDEPENDENT
#endif
