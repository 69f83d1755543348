# SPDX-License-Identifier: Apache-2.0
"""A scan of a LAN's /64 from the Internet (RFC 6583). The kernel has one table of neighbours for all namespaces: these
tests run when no other does."""
import ipaddress
import random
import socket
import struct
import time

from lab import SERVER, alone, limit, require_tools
from other_firewalls import LEGACY
from scenario import final_checks, online, toml

RATE, TIME = 2000, 5
# What the rules let pass in a second, three seconds of which wait for an answer, and what they let pass at once.
MOST = 100 * 3 + 200 + 50


def scan(lab, prefix, kind):
    """Echo Requests or UDP to addresses where nobody is, as fast as RATE says; how many were sent."""
    base = int(ipaddress.IPv6Network(prefix).network_address)

    def send():
        sent, end = 0, time.time() + TIME
        ping = kind == "ping"
        with socket.socket(socket.AF_INET6, socket.SOCK_RAW if ping else socket.SOCK_DGRAM,
                           socket.IPPROTO_ICMPV6 if ping else socket.IPPROTO_UDP) as sock:
            sock.setblocking(False)
            while time.time() < end:
                for _ in range(RATE // 100):
                    target = str(ipaddress.IPv6Address(base + 0x1000 + random.getrandbits(60)))
                    probe = struct.pack("!BBHHH", 128, 0, 0, random.getrandbits(16), 1) if ping else bytes(8)
                    try:
                        sock.sendto(probe, (target, 0 if ping else 9))
                        sent += 1
                    except OSError:
                        pass
                time.sleep(0.01)
        return sent
    return lab.net.call(send)


def waiting(lab):
    return len([line for line in lab.cpe.run("ip", "-6", "neigh", "show", "nud", "incomplete").stdout.splitlines()])


def scanned(lab, backend, private=None):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(each={"lan1": 'zone = "exposed"'}), sixgated={"extra": ["--firewall", backend], "private": private})
    h1, h3 = (lab.roles[role].address_in(house.prefix) for role in ("h1", "h3"))
    lan0, lan1 = (str(ipaddress.IPv6Network(host + "/64", strict=False)) for host in (h1, h3))
    lab.check(lab.net.ping(h1) and lab.net.ping(h3), "the hosts are not reached before")
    lab.cpe.ip("-6", "neigh", "flush", "dev", "lan0")

    # Protected: the rules let so many questions through that there is always room for who is there.
    asking = ask(lab, "h1", h1)
    watch = lab.cpe.start("table", ["sh", "-c", "while sleep 0.5; do ip -6 neigh show nud incomplete | wc -l; done"])
    sent = scan(lab, lan0, "ping")
    watch.stop()
    most = [int(line) for line in watch.text().split() if line.isdigit()]
    lab.check(sent > RATE * TIME / 2, "only %d probes" % sent)
    lab.check(most and 50 < max(most) < MOST, "%d addresses wait for an answer, of %d asked for" % (max(most), sent))
    # The inside is not limited by it, nor is who is new there: h2 has not been heard for a while.
    lab.check(lab.h2.ping(SERVER, wait=2), "h2 is cut off")
    few_lost(lab, asking)

    # Exposed: whoever is in use stays reachable; the kernel's own limit holds.
    limit_of_kernel = int(open("/proc/sys/net/ipv6/neigh/default/gc_thresh3").read())
    asking = ask(lab, "h3", h3)
    scan(lab, lan1, "udp")
    lab.check(waiting(lab) <= limit_of_kernel, "%d in a table of %d" % (waiting(lab), limit_of_kernel))
    few_lost(lab, asking)
    final_checks(lab)


def ask(lab, name, target):
    """Pings it for as long as a scan takes. Who begins shares the allowance of all who do: it begins before."""
    ping = lab.net.start(name, ["stdbuf", "-oL", "ping", "-6", "-i", "0.2", "-c", str(TIME * 4), "-W", "1", target])
    lab.until("the first answer", lambda: "icmp_seq=1 " in ping.text())
    return ping


def few_lost(lab, ping):
    """At most two were not answered."""
    ping.expected_to_live = False
    ping.popen.wait(10)
    received = [line for line in ping.text().splitlines() if "received" in line]
    lab.check(received and int(received[0].split(",")[1].split()[0]) >= TIME * 4 - 2, ping.text()[-300:])


@limit(120)
@alone
def test_a_scan_before_nft(lab):
    """nft: 2,000 probes a second to a protected LAN leave most of the kernel's table free, and hosts reachable."""
    scanned(lab, "nft")


@limit(120)
@alone
def test_a_scan_before_ip6tables(lab):
    """The same with ip6tables."""
    scanned(lab, "ip6tables")


@limit(120)
@alone
def test_a_scan_before_ip6tables_legacy(lab):
    """ip6tables-legacy-restore: the same."""
    scanned(lab, "ip6tables", LEGACY)
