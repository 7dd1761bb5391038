# SPDX-License-Identifier: MIT
"""The machine that something was measured on."""


def processor():
    names = [line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")]
    return names[0] if names else "unknown"
