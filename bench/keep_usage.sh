#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Compiler launcher of the engine's CUDA files: keeps what ptxas says of each kernel (-Xptxas=-v: registers,
# shared memory, stack, spills) as OBJECT.usage, for bench/kernels.py, and passes everything else on.
#   keep_usage.sh COMPILER ARGUMENT...
set -u
object=
previous=
for argument in "$@"; do
    if [ "$previous" = -o ]; then object=$argument; fi
    previous=$argument
done
if [ -z "$object" ]; then exec "$@"; fi
code=0
"$@" 2>"$object.usage" || code=$?
grep -vE '^ptxas info|^ +[0-9]+ bytes stack frame' "$object.usage" >&2
exit "$code"
