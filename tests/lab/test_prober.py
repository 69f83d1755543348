# SPDX-License-Identifier: Apache-2.0
"""Somebody on the Internet tries every 10 ms while the house is renumbered: what is open stays open or moves, and nothing else
is open for a moment."""
import ipaddress
import socket
import threading
import time

from lab import OTHER_POOL, SERVER, limit, require_tools
from scenario import final_checks, online, toml, wait_delegated, wait_online

CLOSED, PINHOLE, FLOW, SERVICE = 7000, 8081, 50000, 8091
SHORT = {"renew": 6, "rebind": 9, "preferred": 60, "valid": 120}


class Prober:
    """From the server beyond the ISP, to ports of addresses, in the order of `targets`."""

    def __init__(self, lab, targets):
        self.lab, self.targets, self._stop = lab, targets, threading.Event()
        self.sock = lab.net.call(self._open)
        lab.sockets.append(self.sock)
        self.thread = threading.Thread(target=self._work, daemon=True)
        self.thread.start()

    @staticmethod
    def _open():
        sock = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        sock.bind((SERVER, SERVICE))
        return sock

    def _work(self):
        while not self._stop.wait(0.01):
            for target in self.targets:
                self.sock.sendto(b"prober", target)

    def end(self):
        self._stop.set()
        self.thread.join()


def check_prober(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house({"lan0": ["h1"], "lan1": ["h3"]})
    pinhole = '\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nprotocol = "udp"\nports = %d\n' % (lab.h1.mac("eth0"), PINHOLE)
    house = online(lab, config=toml() + pinhole, hosts=("h1",), sixgated={"extra": ["--firewall", backend]},
                   server_options=SHORT)
    old = ipaddress.IPv6Address(lab.h1.address_in(house.prefix))
    old_prefix = house.prefix
    # Where Kea begins in its next pool, and h1 with the identifier that it has.
    new = ipaddress.IPv6Address(int(ipaddress.IPv6Network(OTHER_POOL).network_address) | int(old) & (2 ** 64 - 1))
    # The ISP goes on sending what is for the old one: it is the house that must let nothing in.
    lab.isp.ip("-6", "route", "add", str(old) + "/128", "via", lab.cpe.link_local("wan0"), "dev", "isp0")
    before = time.time()
    prober = Prober(lab, [(str(one), port) for one in (old, new) for port in (CLOSED, PINHOLE, FLOW)])
    lab.h1.call(lambda: ask_once(str(old)))

    def arrived(address, port, since=0.0):
        return [one.time for one in lab.lan0.packets(since, match=lambda packet: packet.destination == str(address)
                                                     and not packet.outgoing and packet.ports == (SERVICE, port))]
    lab.until("the pinhole and the flow are open", lambda: len(arrived(old, PINHOLE)) > 20 and len(arrived(old, FLOW)) > 20, 10)
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    told = lab.wan.wait_dhcp("Reply", lambda one: any(house.prefix == p for p, _, v in one.delegated() if v), since=since).time
    wait_online(lab, house.prefix, ("h1",))
    lab.check(lab.h1.address_in(house.prefix) == str(new), "%s is not %s" % (lab.h1.address_in(house.prefix), new))
    lab.until("the pinhole is open at the new address", lambda: len(arrived(new, PINHOLE)) > 100, 20)
    prober.end()
    closed = [arrived(one, CLOSED, before) for one in (old, new)] + [arrived(new, FLOW, before)]
    lab.check(not any(closed), "let in: %s" % [len(one) for one in closed])
    late = arrived(old, PINHOLE, told + 2) + arrived(old, FLOW, told + 2)
    lab.check(not late, "%d packets to the old address, %.1f s after the Reply" % (len(late), late[-1] - told if late else 0))
    for port in (PINHOLE, FLOW):
        times = [one for one in arrived(old, port) if one < told]
        widest = max(later - sooner for sooner, later in zip(times, times[1:]))
        lab.check(widest < 1, "port %d of the old address was shut for %.2f s before the Reply" % (port, widest))
    times = arrived(new, PINHOLE)
    widest = max(later - sooner for sooner, later in zip(times, times[1:]))
    lab.check(widest < 1, "the pinhole at the new address was shut for %.2f s" % widest)
    print("%s: the pinhole had moved %.2f s after the Reply; %s was open until %.2f s after it"
          % (backend, times[0] - told, old_prefix, max(arrived(old, FLOW)) - told))
    final_checks(lab)


def ask_once(source):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
        sock.bind((source, FLOW))
        sock.sendto(b"asked", (SERVER, SERVICE))


@limit(150)
def test_prober_during_a_renumbering_nft(lab):
    """nft: pinhole and flow go with the old prefix, the pinhole comes with the new one."""
    check_prober(lab, "nft")


@limit(150)
def test_prober_during_a_renumbering_ip6tables(lab):
    """ip6tables: the same."""
    check_prober(lab, "ip6tables")
