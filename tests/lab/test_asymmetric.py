# SPDX-License-Identifier: Apache-2.0
"""A LAN with another way out: the router sees one half of every flow, and conntrack takes most of it for invalid.

    net --- isp === cpe === lan0 protected: h1, lan1 exposed: h3
              \\--- r1 ----- lan0
              \\--- r3 ----- lan1
"""
import socket

from lab import SERVER, limit
from scenario import final_checks, online, toml


def whole(namespace, destination, port, source=None):
    """'open' when a connection comes about and is closed by the other side."""
    return namespace.reach(socket.SOCK_STREAM, destination, port, 2.0, source, lambda sock: sock.recv(1))


class OtherRouter:
    """A host of a LAN that is a router too, without any firewall."""

    def __init__(self, lab, router, host, own):
        self.lab, self.router, self.host, self.own = lab, lab.roles[router], lab.roles[host], own
        self.link = "isp-%s" % router
        lab.cable(self.router, "up0", lab.isp, self.link)
        self.router.sysctl("net.ipv6.conf.all.forwarding", 1)
        self.router.ip("-6", "route", "replace", own + "/128", "dev", "eth0")
        self.router.ip("-6", "route", "replace", "default", "via", lab.isp.link_local(self.link), "dev", "up0", "metric", "1")

    def way_in(self, there):
        """Whether what is for the host comes through it."""
        self.lab.isp.ip("-6", "route", "replace" if there else "del", self.own + "/128", "via",
                        self.router.link_local("up0"), "dev", self.link)

    def way_out(self, there):
        """Whether what the host sends goes through it."""
        self.host.ip("-6", "route", "replace" if there else "del", "default", "via", self.router.link_local("eth0"),
                     "dev", "eth0", "metric", "1")


def check_asymmetric(lab, backend):
    lab.house({"lan0": ["h1", "r1"], "lan1": ["h3", "r3"]})
    pinhole = '\n[[pinhole]]\nlan = "lan0"\nhost = "%s"\nports = 8081\n' % lab.h1.mac("eth0")
    house = online(lab, config=toml(each={"lan1": 'zone = "exposed"'}) + pinhole, hosts=("h1", "h3"),
                   sixgated={"extra": ["--firewall", backend]})
    # The bridge is a switch here: one that filters (br_netfilter) takes what the other router brings for forged.
    lab.cpe.sysctl("net.bridge.bridge-nf-call-ip6tables", 0)
    h1, h3 = (lab.roles[role].address_in(house.prefix) for role in ("h1", "h3"))
    others = [OtherRouter(lab, "r1", "h1", h1), OtherRouter(lab, "r3", "h3", h3)]
    for role in ("h1", "h3"):
        lab.roles[role].serve(tcp=[8080, 8081], udp=[8080])
    lab.net.serve(tcp=[8090], udp=[8091])
    lab.until("the pinhole is there", lambda: lab.net.tcp(h1, 8081) == "open")
    wrong = []

    def expect(name, found, wanted="open"):
        if (found == "open") != (wanted == "open"):
            wrong.append("%s: %s" % (name, found))

    def look(name, inward):
        """`inward`: what the protected host is to hear of what comes through the router."""
        for role, own, heard in (("h1", h1, inward), ("h3", h3, "open")):
            host = lab.roles[role]
            expect("%s: tcp from %s" % (name, role), whole(host, SERVER, 8090, own), heard)
            expect("%s: udp from %s" % (name, role), host.udp(SERVER, 8091, source=own), heard)
            expect("%s: tcp to %s" % (name, role), whole(lab.net, own, 8080), heard)
            expect("%s: udp to %s" % (name, role), lab.net.udp(own, 8080), heard)
        expect("%s: tcp to the pinhole" % name, whole(lab.net, h1, 8081))
    for other in others:
        other.way_in(True)
    look("only what leaves comes through us", "open")
    for other in others:
        other.way_in(False)
        other.way_out(True)
    look("only what comes in comes through us", "closed")
    lab.check(not wrong, "; ".join(wrong))
    final_checks(lab)


@limit(120)
def test_asymmetric_path_nft(lab):
    """nft: what leaves may always, an exposed host and a pinhole hear every half of a flow, a protected host none that it did not begin here."""
    check_asymmetric(lab, "nft")


@limit(120)
def test_asymmetric_path_ip6tables(lab):
    """ip6tables: the same."""
    check_asymmetric(lab, "ip6tables")
