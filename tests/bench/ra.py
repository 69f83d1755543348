# SPDX-License-Identifier: Apache-2.0
"""What an answer to a Router Solicitation costs: sixgated, radvd and dnsmasq beside the least that can answer, the
bare ICMPv6 echo and a bare advertisement that never changes, all in one run and in turns. Rate limits and random
delays are off where a program has them; all answer by unicast. CPU is the server process's own (user and kernel);
figures of a shared machine, so that only those of one run can be compared, as ratios. Needs root (namespaces).

    python3 tests/bench/ra.py [--rounds N] [--seconds S] [--only NAME,...] [--bin DIR]
"""
import argparse
import json
import os
import statistics
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lab"))

import lab as lab_module  # noqa: E402
import uplink  # noqa: E402
from lab import require_tools  # noqa: E402
from peers import Radvd, Sixgated  # noqa: E402

LAN = "lan1"
PREFIX = "2001:db8:1:a::"
SOURCES = 100  # below the 128 neighbours that Linux keeps whatever happens
WINDOW = 64
TOML = uplink.TOML + """[lan.lan1]
interface = "lan1"
ip6hint = "a"
dns = ["2001:db8:1:a::1"]
ra_unicast_rate = 0
ra_solicited_delay = 0
"""


class Bare:
    def __init__(self, kind):
        self.kind = kind

    def start(self, lab, options):
        lab.cpe.sysctl("net.ipv6.icmp.echo_ignore_all", 1)
        return lab.cpe.start("bare", [options.nd_load, "answer", LAN, self.kind, 104])


class Sixgate:
    kind = "ra"

    def start(self, lab, _):
        sixgated = Sixgated(lab, config=TOML)
        # The lab's own choice is debug.
        sixgated.command = lambda: [sixgated.program, "--state-dir", sixgated.state_dir, "--socket", sixgated.socket,
                                    "--config", sixgated.config_path]
        return sixgated.start().process


class RadvdServer:
    kind = "ra"

    def start(self, lab, _):
        require_tools("radvd")
        lab.cpe.ip("address", "replace", PREFIX + "1/64", "dev", LAN, "nodad")
        return Radvd(lab, namespace=lab.cpe, interface=LAN, prefix=PREFIX + "/64", managed=False, other=False,
                     autonomous=True, interval=600, rdnss=PREFIX + "1", mtu=1500).start().process


class Dnsmasq:
    kind = "ra"

    def start(self, lab, _):
        require_tools("dnsmasq")
        lab.cpe.ip("address", "replace", PREFIX + "1/64", "dev", LAN, "nodad")
        return lab.cpe.start("dnsmasq", [
            "dnsmasq", "-k", "-C", "/dev/null", "--port=0", "--user=root", "--pid-file=", "--enable-ra",
            "--interface=" + LAN, "--dhcp-range=%s,ra-only" % PREFIX, "--dhcp-option=option6:dns-server,[%s1]" % PREFIX,
            "--ra-param=%s,mtu:1500,600" % LAN, "--log-facility=" + os.path.join(lab.directory, "dnsmasq.out")])


SERVERS = {"bare echo": Bare("echo"), "bare ra": Bare("ra"), "sixgated": Sixgate(), "radvd": RadvdServer(),
           "dnsmasq": Dnsmasq()}


def cpu(process):
    """Seconds of CPU until now."""
    with open("/proc/%d/schedstat" % process.pid) as file:
        return int(file.read().split()[0]) / 1e9


def ask(lab, options, kind, seconds):
    server = lab.cpe.link_local(LAN)
    done = lab.h1.run(options.nd_load, "ask", "eth0", "echo" if kind == "echo" else "rs", server, SOURCES, WINDOW,
                      seconds, timeout=seconds + 20)
    return json.loads(done.stdout)


def measure(name, options):
    """One server: answers a second, microseconds of its CPU for each, octets of an answer, and what went lost."""
    server = SERVERS[name]
    directory = tempfile.mkdtemp(prefix="sixgate-bench-")
    with lab_module.Lab("bench-ra", directory, options.bin) as lab:
        lab.house({LAN: ["h1"]}, record=False)
        lab.cpe.sysctl("net.ipv6.conf.all.forwarding", 1)
        lab.h1.sysctl("net.ipv6.conf.eth0.accept_ra", 0)
        for number in range(SOURCES):
            lab.h1.ip("address", "add", "fe80::d6:0:%x/64" % number, "dev", "eth0", "nodad")
        lab.cpe.link_local(LAN)
        process = server.start(lab, options)
        lab.until("%s answers" % name, lambda: ask(lab, options, server.kind, 0.2)["answers"] > 0, 20)
        ask(lab, options, server.kind, 1)  # neighbours are known then
        before = cpu(process)
        began = time.monotonic()
        result = ask(lab, options, server.kind, options.seconds)
        spent = cpu(process) - before
        share = spent / (time.monotonic() - began)
        process.stop()
    answers = max(result["answers"], 1)
    return {"rate": answers / result["seconds"], "cpu": spent / answers * 1e6, "octets": result["octets"],
            "lost": result["lost"], "share": share}


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3)
    parser.add_argument("--only", default=",".join(SERVERS))
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"))
    options = parser.parse_args()
    options.nd_load = os.path.join(os.path.dirname(options.bin), "tools", "nd_load")
    names = options.only.split(",")
    rounds = {name: [] for name in names}
    for _ in range(options.rounds):
        for name in names:
            rounds[name].append(measure(name, options))
    figures = {name: {key: statistics.median(one[key] for one in all_of) for key in all_of[0]}
               for name, all_of in rounds.items()}
    base = figures.get("bare echo") or figures[names[0]]
    print("%-12s %10s %8s %12s %8s %7s %6s %8s" % ("", "answers/s", "x echo", "CPU us each", "x echo", "octets", "lost",
                                                   "CPU used"))
    for name, one in figures.items():
        print("%-12s %10.0f %8.2f %12.2f %8.2f %7.0f %6.0f %7.0f%%" % (
            name, one["rate"], one["rate"] / base["rate"], one["cpu"], one["cpu"] / base["cpu"], one["octets"],
            one["lost"], 100 * one["share"]))


if __name__ == "__main__":
    main()
