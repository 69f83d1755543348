# SPDX-License-Identifier: Apache-2.0
"""How fast DHCPv6 is served, and at what cost: sixgated, the servers of Debian and a bare UDP echo under the load
generator of ../shared/perf, in turns of one run. CPU is the server's own (user and kernel); the machine may be shared, so
only the ratios of one run mean something. Needs root (network namespaces).

    python3 tests/bench/dhcp6.py [--seconds N] [--rounds N] [--leases N,N,...] [--peers NAME,...] [--perf DIR] [--bin DIR]
"""
import argparse
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

import uplink

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PEERS = "isc-dhcpd,kea,dnsmasq,wide"  # dibbler takes a second for what the others do in ten milliseconds
KEEPING = ("isc-dhcpd", "kea")  # a lease that they told of is there after kill -9 (../shared/perf/README.md)
TOML = uplink.TOML + """[firewall]
backend = "none"
[lan.lan0]
interface = "@LAN@"
addressing = "slaac+dhcpv6"
delegate_total = 100000
dhcpv6_range = "::1000-::2:ffff"
"""
# (name, IA, messages): a four-way exchange is two packets in and two out.
LOADS = (("IA_NA", "na", "sarr"), ("IA_PD", "pd", "sarr"), ("rapid", "na", "rapid"), ("info", "na", "info"))


def load_perflab(source, work):
    """The generator, built in a directory of ours and with namespaces of this run's name."""
    if not os.path.exists(os.path.join(source, "perflab.py")):
        sys.exit("bench: no load generator in %s (--perf DIR)" % source)
    copy = os.path.join(work, "perf")
    shutil.copytree(source, copy)
    subprocess.run(["chmod", "-R", "u+w", copy], check=True)
    subprocess.run(["make", "-C", copy], check=True, stdout=subprocess.DEVNULL)
    os.environ["PERFLAB_NS"] = "sgb%d" % os.getpid()
    spec = importlib.util.spec_from_file_location("perflab", os.path.join(copy, "perflab.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def server(perflab, work, name, programs):
    if name == "sixgated":
        with open(os.path.join(work, "sixgate.toml"), "w") as file:
            file.write(TOML)
        profile = {"cmd": [os.path.join(programs, "sixgated"), "--config", "@RUN@/sixgate.toml", "--state-dir", "@RUN@/state",
                           "--socket", "@RUN@/control"],
                   "files": {"sixgate.toml": "sixgate.toml"}, "caps": ["na", "pd", "rapid", "info"],
                   "setup": ["ip link add wan0 type veth peer name wan1", "ip link set wan0 up", "ip link set wan1 up"]}
        here = work
    else:
        here = os.path.join(perflab.HERE, "profiles", name)
        with open(os.path.join(here, "profile.json")) as file:
            profile = json.load(file)
    return perflab.Server(name, profile, here, os.path.join(work, "run-" + name), "0")


def one_load(perflab, one, ia, messages, options):
    """CPU milliseconds for 1,000 exchanges, and exchanges a second."""
    one.start()
    try:
        with perflab.Meter(one) as meter:
            result = perflab.d6load("--ops", messages, "--ia", ia, "--clients", 200, "--window", 64, "--seconds", options.seconds,
                                    "--count", 10 ** 9)[0]
    finally:
        one.stop()
    bad = result["bad_status"] + result["no_lease"] + result["zero_life"]
    if bad or not result["done"]:
        print("  %s: %d exchanges, %d of them bad" % (one.name, result["done"], bad))
    return meter.cpu_ms / max(result["done"], 1) * 1000, result["per_s"]


def echo(perflab, work, options):
    """The same of a program that sends back what it gets: for 1,000 packets, and packets a second."""
    one = perflab.Server("echo", {"cmd": [os.path.join(perflab.BIN, "echo"), "serve", "--mode", "mmsg"]}, work,
                         os.path.join(work, "run-echo"), "0")
    one.start(probe="none")
    try:
        with perflab.Meter(one) as meter:
            done = perflab.in_client([os.path.join(perflab.BIN, "echo"), "load", "--to",
                                      "%s%%%s" % (perflab.SERVER_LL, perflab.CIF), "--proto", "udp", "--window", "64",
                                      "--size", "100", "--seconds", str(options.seconds)])
    finally:
        one.stop()
    result = json.loads(done.stdout)
    return meter.cpu_ms / result["done"] * 1000, result["per_s"]


def compare(perflab, work, servers, options):
    """In turns, so that each meets the machine of the same minutes; medians."""
    seen = {}
    for _ in range(options.rounds):
        seen.setdefault(("echo", ""), []).append(echo(perflab, work, options))
        for load, ia, messages in LOADS:
            for one in servers:
                if ia in one.caps and (messages not in ("rapid", "info") or messages in one.caps):
                    seen.setdefault((one.name, load), []).append(one_load(perflab, one, ia, messages, options))
    found = {key: [statistics.median(column) for column in zip(*rows)] for key, rows in seen.items()}
    print("\n64 exchanges at a time, 200 clients; CPU ms for 1,000 (exchanges a second)")
    print("  %-10s" % "" + "".join("%22s" % load for load, _, _ in LOADS))
    for one in servers:
        cells = [found.get((one.name, load)) for load, _, _ in LOADS]
        print("  %-10s" % one.name + "".join("%11.1f (%7.0f)" % tuple(cell) + " " if cell else "%22s" % "none " for cell in cells))
    bare = found["echo", ""]
    print("  %-10s%11.1f (%7.0f packets)" % ("bare echo", *bare))
    print("\nto reach, and reached")
    for load in ("IA_NA", "IA_PD"):
        keeping = [found[name, load][0] for name in KEEPING if (name, load) in found]
        if keeping:
            print("  %s per CPU second, of the fastest that keeps its leases:  3.0  %5.1f"
                  % (load, min(keeping) / found["sixgated", load][0]))
    for load in ("IA_NA", "IA_PD"):
        print("  packets of %s answered a second, of the bare echo's:      0.6  %5.2f"
              % (load, 2 * found["sixgated", load][1] / bare[1]))
    return found["sixgated", "IA_NA"][1]


def half_load(perflab, one, rate, options):
    """New exchanges at a steady rate, half of what it can do."""
    one.start()
    try:
        result = perflab.d6load("--ops", "sarr", "--ia", "na", "--clients", 200, "--rate", rate / 2, "--seconds", options.seconds,
                                "--count", 10 ** 9)[0]
    finally:
        one.stop()
    print("  milliseconds until 99 %% of the Replies, at %.0f/s:          1.0  %5.2f (half of them: %.2f)"
          % (rate / 2, result["p99_us"] / 1000, result["p50_us"] / 1000))


def steady(perflab, servers, options):
    """perfdhcp: new clients at a rate that every server keeps up with."""
    print("\nperfdhcp, %d new leases a second: milliseconds until half and 99 %% of the answers; lost"
          % options.perfdhcp)
    print("  %-10s%22s%22s" % ("", "Solicit to Advertise", "Request to Reply"))
    for one in servers:
        if one.name not in ("sixgated",) + KEEPING:
            continue  # what slows down with every lease would be measured by how long it ran
        one.start()
        try:
            said = perflab.perfdhcp(options.perfdhcp, 10 ** 5, max(int(options.seconds), 1), "na", timers=True)
        finally:
            one.stop()
        cells = [said.get(name, {}) for name in ("SOLICIT-ADVERTISE", "REQUEST-REPLY")]
        print("  %-10s" % one.name + "".join("%13.2f %8.2f" % (cell.get("p50_ms", -1), cell.get("p99_ms", -1)) for cell in cells)
              + "  %.2f %%" % (100 * perflab.drop_ratio(said)))


def grow(perflab, one, options):
    """What a lease costs, the more there are."""
    print("\nleases, all new, 8 at a time: CPU ms for 1,000; resident kB; octets for each further lease")
    one.start()
    have, before = 0, None
    try:
        for wanted in options.leases:
            with perflab.Meter(one) as meter:
                done = perflab.d6load("--ops", "sarr", "--ia", "na", "--clients", wanted - have, "--start", have, "--window", 8,
                                      "--timeout", 3, "--seconds", 120, timeout=200)[0]["done"]
            resident = perflab.memory(one.pids())["rss_kb"]
            each = (resident - before) * 1024 / (wanted - have) if before else 0
            print("  %7d %8.1f %8d %6.0f%s" % (wanted, meter.cpu_ms / max(done, 1) * 1000, resident, each,
                                               "" if done == wanted - have else "  only %d were answered" % done))
            have, before = wanted, resident
    finally:
        one.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--leases", type=lambda text: [int(one) for one in text.split(",")], default=[100, 1000, 10000, 65000])
    parser.add_argument("--peers", default=PEERS)
    parser.add_argument("--perfdhcp", type=int, default=2000, help="new leases a second that perfdhcp asks for")
    parser.add_argument("--perf", default=os.path.join(os.path.dirname(ROOT), "shared", "perf"))
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"))
    options = parser.parse_args()
    work = tempfile.mkdtemp(prefix="sixgate-bench-")
    perflab = load_perflab(options.perf, work)
    servers = [server(perflab, work, name, options.bin) for name in ["sixgated", *filter(None, options.peers.split(","))]]
    try:
        perflab.up()
        rate = compare(perflab, work, servers, options)
        half_load(perflab, servers[0], rate, options)
        steady(perflab, servers, options)
        grow(perflab, servers[0], options)
    finally:
        for one in servers:
            one.stop()
        perflab.down()
        shutil.rmtree(work)


if __name__ == "__main__":
    main()
