# SPDX-License-Identifier: Apache-2.0
"""What the configurations of all benchmarks begin with: an uplink that asks nobody, and nothing but its prefix."""
TOML = """log_level = "warning"
[uplink.wan]
interface = "wan0"
mode = "static"
prefixes = ["2001:db8:1::/48"]
[ula]
prefix = "none"
"""
