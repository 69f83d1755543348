# SPDX-License-Identifier: Apache-2.0
"""What a DHCPv6 lease costs: sixgated and Kea with their leases on a medium, asked by perfdhcp in one run. CPU is the
server process's own (user and kernel), bytes are all that it hands to write(), lease file rewritten or not; figures
of a shared machine, so that only those of one run can be compared. Needs root (network namespaces).

    python3 tests/bench/leases.py [--clients N] [--rate N] [--kind address-only|prefix-only] [--bin DIR]
"""
import argparse
import os
import resource
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))

import lab as lab_module  # noqa: E402
import uplink  # noqa: E402
from dhcp_clients import perfdhcp  # noqa: E402
from peers import Kea, Sixgated  # noqa: E402

# RFC 9096 section 3.4: valid for 5400 s, preferred for 2700 s, renewed after 1350 s.
PREFERRED, VALID, T1, T2 = 2700, 5400, 1350, 2160
RENEWALS_A_DAY = 86400 / T1
ACCESS = "2001:db8:1::/64"
KINDS = ("address-only", "prefix-only")
# odhcpd writes its whole file anew at every message (../shared/peers.md): a line for each lease, of an address about so
# long ("# lan0 DUID IAID NAME EXPIRY HOSTID LENGTH ADDRESS/128"). Computed, for it is no package of Debian.
ODHCPD_LINE = 110
TOML = uplink.TOML + """[lan.lan0]
interface = "lan0"
addressing = "slaac+dhcpv6"
delegate_total = 100000
"""


class QuietKea(Kea):
    """Kea with a lifetime and a log like ours."""

    def configuration(self):
        made = super().configuration()
        made["Dhcp6"]["loggers"].append({"name": "kea-dhcp6.leases", "severity": "WARN"})
        return made


def start_sixgated(lab, _):
    sixgated = Sixgated(lab, config=TOML)
    # The lab's own choice is debug.
    sixgated.command = lambda: [sixgated.program, "--state-dir", sixgated.state_dir, "--socket", sixgated.socket,
                                "--config", sixgated.config_path]
    return sixgated.start().process


def start_kea(lab, _):
    return QuietKea(lab, namespace=lab.cpe, interface="lan0", access=ACCESS, pool="2001:db8:2::/48", length=64,
                    preferred=PREFERRED, valid=VALID, renew=T1, rebind=T2).start().process


def spent(process):
    """(CPU seconds, bytes written, resident bytes) of a process until now."""
    with open("/proc/%d/stat" % process.pid) as file:
        fields = file.read().rsplit(")", 1)[1].split()
    with open("/proc/%d/io" % process.pid) as file:
        written = next(int(line.split()[1]) for line in file if line.startswith("wchar"))
    with open("/proc/%d/statm" % process.pid) as file:
        resident = int(file.read().split()[1]) * resource.getpagesize()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), written, resident


def measure(name, start, options, kind):
    """One server: {figure: value}."""
    directory = tempfile.mkdtemp(prefix="sixgate-bench-")
    with lab_module.Lab("bench-%s" % name, directory, options.bin) as lab:
        lab.house({"lan0": ["h1"]}, record=False)
        lab.h1.sysctl("net.ipv6.conf.eth0.accept_ra", 0)  # perfdhcp speaks from the first address that there is
        lab.h1.link_local("eth0")
        process = start(lab, options)
        lab.cpe.link_local("lan0")
        perfdhcp(lab.h1, "-r", "10", "-n", "5", "-R", "5", "-W", "1000000", "-e", kind, "-b", "mac=00:0c:02:00:00:00")
        common = ["-R", str(options.clients), "-e", kind, "-s", "7", "-d", "5", "-W", "3000000"]
        before = spent(process)
        began = time.monotonic()
        first = perfdhcp(lab.h1, "-r", str(options.rate), "-n", str(options.clients), *common, timeout=300)
        after = spent(process)
        elapsed = time.monotonic() - began
        done = first["REQUEST-REPLY"][1]
        if done < 0.99 * options.clients:
            print("  %s answered %d of %d at %d/s" % (name, done, options.clients, options.rate))
        # Then the same clients again with as many renewals, for long enough that rewriting the file has its part.
        second = perfdhcp(lab.h1, "-r", str(options.rate), "-f", str(options.rate), "-n", str(3 * options.clients),
                          *common, timeout=600)
        last = spent(process)
        renewed = max(second.get("RENEW-REPLY", (0, 0))[1], 1)
        exchange_cpu, exchange_bytes = (after[0] - before[0]) / done, (after[1] - before[1]) / done
        again = second["REQUEST-REPLY"][1]
        figures = {
            "exchanges per CPU second": 1 / max(exchange_cpu, 1e-9),
            "bytes written for a new lease": exchange_bytes,
            "bytes written in a lease-day": max(last[1] - after[1] - again * exchange_bytes, 0) / renewed * RENEWALS_A_DAY,
            "resident kB": last[2] / 1024,
        }
        print("  %-9s %d exchanges in %.1f s, %d renewals" % (name, done, elapsed, renewed))
        return figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2000)
    parser.add_argument("--rate", type=int, default=200)
    parser.add_argument("--kind", choices=KINDS, help="only these")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"))
    options = parser.parse_args()
    for kind in [options.kind] if options.kind else KINDS:
        print("\n%s, %d clients, %d/s" % (kind, options.clients, options.rate))
        ours = measure("sixgated", start_sixgated, options, kind)
        theirs = measure("kea", start_kea, options, kind)
        print("  %-32s %12s %12s %8s" % ("", "sixgated", "kea", "ratio"))
        for figure, value in ours.items():
            other = theirs[figure]
            print("  %-32s %12.1f %12.1f %8.2f" % (figure, value, other, value / other if other else 0))
        day = ours["bytes written in a lease-day"]
        for held in (10, options.clients):
            wrote = RENEWALS_A_DAY * held * ODHCPD_LINE
            print("  odhcpd with %d leases would write %.0f bytes in a lease-day (computed): ratio %.4f; to reach: 0.1"
                  % (held, wrote, day / wrote))


if __name__ == "__main__":
    main()
