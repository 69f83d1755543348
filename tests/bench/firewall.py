# SPDX-License-Identifier: Apache-2.0
"""From a renumbering to its rules in the kernel, in milliseconds: sixgated's applier for 1, 10 and 100 LANs and for a thousand
pinholes, with each backend, beside a plain `nft -f` and `ip6tables-restore` of the same rules, in one run and in turns.
Figures of a shared machine: only those of one run can be compared, as ratios. Needs root (namespaces).

    python3 tests/bench/firewall.py [--rounds N] [--bin DIR]
"""
import argparse
import os
import select
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))

import lab as lab_module  # noqa: E402
from lab import require_tools  # noqa: E402

HOUSES = (("1 LAN", 1, 0), ("10 LANs", 10, 0), ("100 LANs", 100, 0), ("1000 pinholes", 10, 1000))
POOLS = ("2001:db8:1", "2001:db8:2")  # the delegation moves from one to the other and back


def ruleset(pool, lans, pinholes):
    lines = ["uplink wan0", "delegated %s::/48" % pool, "provisioned"]
    for number in range(lans):
        lines += ["lan lan%d protected" % number, "assigned lan%d %s:%x::/64" % (number, pool, number),
                  "local lan%d fd00:6:0:%x::/64" % (number, number)]
    for number in range(pinholes):
        lan = number % lans
        lines.append("pinhole lan%d %s:%x::%x 6 %d %d ::/0" % (lan, pool, lan, 0x1000 + number, 22 + number % 7, 22 + number % 7))
    return "\n".join(lines + ["end", ""])


class Applier:
    """firewall_tool: what sixgated does, without the daemon around it."""

    def __init__(self, space, tool, backend):
        self.process = subprocess.Popen(space.command([tool, "apply", backend], None), stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def apply(self, rules):
        started = time.monotonic()
        self.process.stdin.write(rules.encode())
        self.process.stdin.flush()
        select.select([self.process.stdout], [], [], 120)
        answer = self.process.stdout.readline().decode()
        if not answer.startswith("ok "):
            raise SystemExit("firewall_tool: %s" % answer)
        return 1000 * (time.monotonic() - started)

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)


class Plain:
    """The same rules by the backend's own program, whole each time, as scripts do it."""

    def __init__(self, space, tool, backend):
        self.space, self.tool, self.backend = space, tool, backend

    def apply(self, rules):
        text = self.space.run(self.tool, "print", self.backend, stdin=rules).stdout
        if self.backend == "nft":
            text = "table ip6 sixgate\ndelete table ip6 sixgate\n" + text
        argv = ["nft", "-f", "-"] if self.backend == "nft" else ["ip6tables-restore", "--noflush"]

        def restore():
            started = time.monotonic()
            subprocess.run(argv, input=text, text=True, check=True)
            return 1000 * (time.monotonic() - started)
        return self.space.call(restore)

    def close(self):
        pass


def measure(kind, backend, house, options):
    """The median of one renumbering there and back, after a first load that is not counted."""
    with tempfile.TemporaryDirectory() as directory, lab_module.Lab("bench-firewall", directory, options.bin) as lab:
        applier = kind(lab.namespace("cpe"), options.tool, backend)
        rules = [ruleset(pool, house[1], house[2]) for pool in POOLS]
        applier.apply(rules[0])
        took = [applier.apply(rules[(turn + 1) % 2]) for turn in range(2 * options.rounds)]
        applier.close()
        return statistics.median(took)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"))
    options = parser.parse_args()
    options.tool = os.path.join(os.path.dirname(options.bin), "tools", "firewall_tool")
    require_tools("nft", "ip6tables-restore")
    print("%-14s %9s %9s %7s %14s %14s %7s" % ("", "nft ms", "nft -f", "x", "ip6tables ms", "plain restore", "x"))
    for house in HOUSES:
        ours, plain = ({backend: measure(kind, backend, house, options) for backend in ("nft", "ip6tables")}
                       for kind in (Applier, Plain))
        print("%-14s %9.2f %9.2f %7.2f %14.2f %14.2f %7.2f" % (
            house[0], ours["nft"], plain["nft"], ours["nft"] / plain["nft"], ours["ip6tables"], plain["ip6tables"],
            ours["ip6tables"] / plain["ip6tables"]))


if __name__ == "__main__":
    main()
