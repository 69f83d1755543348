#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`sudo ./dev demo`: a home comes online, told step by step. Everything is real except the cables.

Nothing is said that was not seen: each line with a tick comes after an observation on the wire or in a kernel,
the times in the table come from the packet captures, and the exit code is 0 only when every step came true.
"""
import argparse
import ipaddress
import os
import shutil
import signal
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)

import lab as lab_module  # noqa: E402
from lab import OTHER_POOL, SERVER, AddressWatch, Lab, LabFailure, check_not_malformed  # noqa: E402
from peers import Kea, Radvd, RouteSnooper, Sixgated  # noqa: E402
from wire import inside  # noqa: E402

PICTURE = """
   server -------- ISP: Kea + radvd -------- sixgated -+- lan0 --- h1, h2
  (the Internet)   delegates a prefix                  +- lan1 --- h3

  Seven network namespaces of this machine stand for seven machines. Kea is a DHCPv6 server that real providers run,
  the hosts are the Linux kernel as it is. Nothing leaves this machine, nothing of it is changed.
"""


class Teller:
    def __init__(self):
        self.started = time.time()
        color = sys.stdout.isatty() and "NO_COLOR" not in os.environ
        self.green, self.bold, self.red, self.plain = (
            ("\033[32m", "\033[1m", "\033[31m", "\033[0m") if color else ("", "", "", ""))
        self.seen = 0

    def chapter(self, text):
        print("\n%s%5.1f s  %s%s" % (self.bold, time.time() - self.started, text, self.plain), flush=True)

    def tell(self, text):
        print("         %s" % text, flush=True)

    def tick(self, text):
        self.seen += 1
        print("       %s✓%s %s" % (self.green, self.plain, text), flush=True)


def milliseconds(seconds):
    return "%.0f ms" % (seconds * 1000) if seconds < 10 else "%.1f s" % seconds


def alive(ra, prefix):
    return next((pio for pio in ra.inside(prefix) if pio.valid), None)


def dad_probe(wire, prefix, since):
    """The host's first duplicate address detection of an address in the prefix: the moment the host has made it.
    The wire is the host's own, so its packets are the outgoing ones."""
    for one in wire.packets(since, match=lambda one: one.outgoing and one.icmp == 135 and one.source == "::"):
        target = str(ipaddress.IPv6Address(one.payload[8:24]))
        if inside(target, prefix):
            return one.time
    return None


def play(lab, say):
    times = []
    print(PICTURE)
    say.chapter("The house is built, and the ISP starts its servers")
    lab.house()
    watch = {role: AddressWatch(lab.roles[role]) for role in ("h1", "h2", "h3")}
    snooper = RouteSnooper(lab, lab.isp, "isp0", lab.wan)
    Radvd(lab).start()
    kea = Kea(lab, renew=8, rebind=12, preferred=120, valid=240).start()
    say.tick("Kea is ready to delegate a /56 of %s; radvd advertises the ISP's router" % kea.pool)

    say.chapter("sixgated --wan wan0 --lan lan0 --lan lan1")
    sixgated = Sixgated(lab).start()
    say.tick("the daemon runs and answers `sixgate status`")

    say.chapter("The ISP delegates a prefix (DHCPv6, RFC 9915)")
    reply = lab.wan.wait_dhcp("Reply", lambda one: any(valid for _, _, valid in one.delegated()))
    prefix = next(one for one, _, valid in reply.delegated() if valid)
    solicit = lab.wan.dhcp("Solicit")[0]
    own = next((one[0] for ia in reply.addresses for one in ia.addresses), None)
    say.tick("Solicit, Advertise, Request, Reply: %s is ours%s" % (prefix, ", and %s for the router itself" % own
                                                                   if own else ""))
    times.append(("first Solicit to the Reply with the prefix", reply.time - solicit.time))

    say.chapter("sixgated carves it: a /64 for each LAN, said in Router Advertisements")
    first = {}
    for lan, wire in (("lan0", lab.lan0), ("lan1", lab.lan1)):
        ra = wire.wait_ra("a Router Advertisement with the prefix", lambda one: alive(one, prefix), 15, reply.time)
        first[lan] = alive(ra, prefix).prefix
        say.tick("%s has %s (router lifetime %d s, preferred %d s, valid %d s)"
                 % (lan, first[lan], ra.lifetime, alive(ra, prefix).preferred, alive(ra, prefix).valid))
        times.append(("Reply to the Router Advertisement on %s" % lan, ra.time - reply.time))
    lab.check(first["lan0"] != first["lan1"], "both LANs have one /64")

    say.chapter("The hosts configure themselves: that is the Linux kernel, not us (RFC 4862)")
    for role in ("h1", "h2", "h3"):
        address = lab.roles[role].wait_address(prefix)
        lab.roles[role].wait_default_route()
        say.tick("%s is %s" % (role, address))
    probe = dad_probe(lab.lan0, prefix, reply.time)
    if probe:
        times.append(("Reply to h1's new address", probe - reply.time))
    times.append(("Reply to h1's address usable (its kernel probes for duplicates 1..2 s)",
                  watch["h1"].first(prefix, reply.time)["time"] - reply.time))

    say.chapter("The hosts reach the Internet, the Internet does not reach into the house")
    lab.net.serve(tcp=[80])
    lab.h1.serve(tcp=[22])
    for role in ("h1", "h3"):
        lab.roles[role].wait_ping(SERVER)
        say.tick("%s pings the server %s beyond the ISP" % (role, SERVER))
    lab.check(lab.h1.tcp(SERVER, 80) == "open", "h1 cannot open a connection to the server")
    say.tick("h1 opens a TCP connection to the server")
    target = lab.h1.address_in(prefix)
    lab.check(lab.net.ping(target), "the server cannot ping h1")
    say.tick("the server pings h1, as RFC 4890 wants it")
    since = time.time()
    verdict = lab.net.tcp(target, 22, timeout=1.5)
    lab.check(verdict != "open", "the server opened a connection to the protected host")
    lab.check(lab.wan.packets(since, match=lambda one: one.outgoing and one.destination == target and one.ports
                              and one.ports[1] == 22), "the server's connection attempt never reached our door")
    lab.check(not lab.lan0.packets(since, match=lambda one: one.destination == target and one.ports
                                   and one.ports[1] == 22), "the server's packet came through to h1")
    lab.check(lab.h2.tcp(target, 22) == "open", "h2 cannot open a connection to h1: the check above proved nothing")
    say.tick("the server cannot open a connection to h1 (%s), though h1 listens: h2 can" % verdict)

    say.chapter("The ISP renumbers: Kea comes back with another pool and has forgotten every lease")
    since = time.time()
    kea.renumber(OTHER_POOL, snooper)
    say.tell("sixgated will notice when its Renew stays unanswered and it asks everybody (Rebind, 12 s after the lease).")

    def given(message):
        return any(valid and inside(one.split("/")[0], OTHER_POOL) for one, _, valid in message.delegated())
    again = lab.wan.wait_dhcp("Reply", given, 40, since)
    new = next(one for one, _, valid in again.delegated() if valid and inside(one.split("/")[0], OTHER_POOL))
    say.tick("the new prefix is %s" % new)
    for lan, wire in (("lan0", lab.lan0), ("lan1", lab.lan1)):
        ra = wire.wait_ra("the new prefix", lambda one: alive(one, new), 15, again.time)
        old = wire.wait_ra("the old prefix withdrawn", lambda one: one.prefix(first[lan]) is not None
                           and not one.prefix(first[lan]).preferred, 15, again.time)
        say.tick("%s: %s is announced, %s is withdrawn (RFC 9096)" % (lan, alive(ra, new).prefix, first[lan]))
        times.append(("renumbering: Reply to the Router Advertisement on %s" % lan, ra.time - again.time))
        if lan == "lan0":
            times.append(("renumbering: Reply to the old prefix withdrawn on lan0", old.time - again.time))
    for role in ("h1", "h2", "h3"):
        host = lab.roles[role]
        address = host.wait_address(new)
        lab.until("%s no longer prefers its old address" % role, lambda: host.address_in(prefix) is None)
        say.tick("%s is now %s" % (role, address))
    probe = dad_probe(lab.lan0, new, again.time)
    if probe:
        times.append(("renumbering: Reply to h1's new address", probe - again.time))
    times.append(("renumbering: Reply to h1's new address usable",
                  watch["h1"].first(new, again.time)["time"] - again.time))
    for role in ("h1", "h3"):
        lab.roles[role].wait_ping(SERVER, source=lab.roles[role].address_in(new))
    say.tick("the hosts reach the server from their new addresses")
    lab.check(lab.net.tcp(lab.h1.address_in(new), 22, timeout=1.5) != "open", "the new address of h1 is open")
    say.tick("and the server still cannot open a connection to h1")

    say.chapter("sixgate status")
    for line in sixgated.cli_run("status").stdout.rstrip().splitlines():
        say.tell(line)

    say.chapter("Good-bye")
    since = time.time()
    code = sixgated.terminate()
    lab.check(code == 0, "sixgated ended with exit code %s" % code)
    lab.lan0.wait_ra("the last Router Advertisement", lambda one: one.lifetime == 0, 5, since)
    say.tick("sixgated said good-bye to its hosts and ended")
    if shutil.which("tshark"):
        check_not_malformed(lab)
        say.tick("tshark finds nothing malformed in the captures of all links")
    return times


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"), help="directory of the programs")
    parser.add_argument("--directory", default=os.path.join(ROOT, "build", "lab", "demo"), help="captures and logs")
    options = parser.parse_args()
    sys.stdout.reconfigure(errors="replace")
    if os.geteuid():
        print("The demo builds its house in network namespaces and needs root: sudo ./dev demo", file=sys.stderr)
        return 2

    def leave(number, _):
        raise KeyboardInterrupt
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    lab_module.sweep()
    shutil.rmtree(options.directory, ignore_errors=True)
    say = Teller()
    try:
        with Lab("demo", options.directory, options.bin) as lab:
            times = play(lab, say)
    except LabFailure as problem:
        print("\n%sNot seen: %s%s" % (say.red, problem, say.plain))
        print("\nLogs and captures: %s" % options.directory)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; the house is taken down.")
        return 130
    print("\n%sMeasured%s (from the packet captures)" % (say.bold, say.plain))
    width = max(len(name) for name, _ in times)
    for name, seconds in times:
        print("  %-*s  %9s" % (width, name, milliseconds(seconds)))
    print("\n%d steps seen in %.0f s. Captures and logs: %s"
          % (say.seen, time.time() - say.started, os.path.relpath(options.directory)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
