# SPDX-License-Identifier: Apache-2.0
"""A LAN with another way out: the router sees one half of every flow, and conntrack takes most of it for invalid.

    net --- isp === cpe === lan0 protected: h1, lan1 exposed: h3, lan2 isolated: h5
              \\--- r1 ----- lan0
              \\--- r3 ----- lan1
              \\--- r5 ----- lan2
"""
import socket
import threading

from lab import SERVER, limit
from other_firewalls import LEGACY
from scenario import final_checks, online, toml, wait_online

GUARDED, HOSTS = ("h1", "h5"), ("h1", "h3", "h5")
DOOR, MORE = 8081, 8082
TOLD = b"what somebody tells"


def whole(namespace, destination, port, source=None):
    """'open' when a connection comes about, the other side tells something in it and closes it."""
    def hear(sock):
        told = b"".join(iter(lambda: sock.recv(100), b""))
        if told != TOLD:
            raise OSError("ends after %r" % told)
    return namespace.reach(socket.SOCK_STREAM, destination, port, 2.0, source, hear)


def tell(lab, namespace, *ports):
    """As Namespace.serve, and who connects is told something: it is by its data that a middle is taken for a beginning."""
    def listen(port):
        sock = socket.socket(socket.AF_INET6, socket.SOCK_STREAM)
        sock.bind(("::", port))
        sock.listen(16)
        return sock

    def accept(sock):
        while True:
            try:
                with sock.accept()[0] as connection:
                    connection.send(TOLD)
            except OSError:
                return
    for port in ports:
        sock = namespace.call(listen, port)
        lab.sockets.append(sock)
        threading.Thread(target=accept, args=(sock,), daemon=True).start()


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


def start_anew(lab, house, _):
    house.sixgated.terminate()
    house.sixgated.start()
    wait_online(lab, house.prefix, HOSTS)


def shut_something(lab, house, config):
    """A pinhole of h1, of which nobody has made use, is there no more."""
    lab.check(lab.net.tcp(lab.h1.address_in(house.prefix), MORE) == "refused", "it was not open")
    house.sixgated.write(config)
    house.sixgated.reload()
    lab.until("it is shut", lambda: lab.net.tcp(lab.h1.address_in(house.prefix), MORE, 1) == "silent")


def check_asymmetric(lab, backend, later, private=None):
    """`later` is after what a guarded host may not go on with TCP that did not begin here."""
    lab.house({"lan0": ["h1", "r1"], "lan1": ["h3", "r3"], "lan2": ["h5", "r5"]})
    pinhole = '\n[[pinhole]]\nlan = "%s"\nhost = "%s"\nports = %d\n'
    config = toml(lans=("lan0", "lan1", "lan2"), each={"lan1": 'zone = "exposed"', "lan2": 'zone = "isolated"'})
    config += pinhole % ("lan0", lab.h1.mac("eth0"), DOOR) + pinhole % ("lan2", lab.h5.mac("eth0"), DOOR)
    house = online(lab, config=config + pinhole % ("lan0", lab.h1.mac("eth0"), MORE), hosts=HOSTS,
                   sixgated={"extra": ["--firewall", backend], "private": private})
    # The bridge is a switch here: one that filters (br_netfilter) takes what the other router brings for forged.
    lab.cpe.sysctl("net.bridge.bridge-nf-call-ip6tables", 0)
    addresses = {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}
    others = [OtherRouter(lab, "r" + role[1:], role, own) for role, own in addresses.items()]
    for role in HOSTS:
        lab.roles[role].serve(udp=[8080])
        tell(lab, lab.roles[role], 8080, DOOR)
    lab.net.serve(udp=[8091])
    tell(lab, lab.net, 8090)
    for role in GUARDED:
        lab.until("the pinhole is there", lambda own=addresses[role]: lab.net.tcp(own, DOOR) == "open")
    wrong = []

    def expect(name, found, wanted):
        if (found == "open") != (wanted == "open"):
            wrong.append("%s: %s" % (name, found))

    def look(name, inward="open", middle="open", door="open"):
        """What guarded hosts are to come to: `inward` by what comes in alone, `middle` with TCP that began elsewhere, and
        `door` with that through a pinhole."""
        for role, own in addresses.items():
            host, guarded = lab.roles[role], role in GUARDED
            for what, found, wanted in (
                    ("tcp from", whole(host, SERVER, 8090, own), inward), ("tcp to", whole(lab.net, own, 8080), middle),
                    ("udp from", host.udp(SERVER, 8091, source=own), inward), ("udp to", lab.net.udp(own, 8080), inward)):
                expect("%s: %s %s" % (name, what, role), found, wanted if guarded else "open")
            if guarded:
                expect("%s: tcp to the pinhole of %s" % (name, role), whole(lab.net, own, DOOR), door)

    def both(name, middle):
        for other in others:
            other.way_in(True)
        look(name + "only what leaves comes through us", middle=middle, door=middle)
        for other in others:
            other.way_in(False)
            other.way_out(True)
        look(name + "only what comes in comes through us", "closed", "closed")
        for other in others:
            other.way_out(False)
    both("", "open")
    later(lab, house, config)
    both("later, ", "closed")
    lab.check(not wrong, "; ".join(wrong))
    # Whole flows go on as ever.
    for role, own in addresses.items():
        lab.check(whole(lab.roles[role], SERVER, 8090, own) == "open", "%s has no whole flow" % role)
    final_checks(lab)


@limit(150)
def test_asymmetric_path_nft(lab):
    """nft: what leaves may always, an exposed host and a pinhole hear every half of a flow, a guarded host none that it did
    not begin here; after a restart guarded hosts do not go on with TCP that did not begin here."""
    check_asymmetric(lab, "nft", start_anew)


@limit(150)
def test_asymmetric_path_ip6tables(lab):
    """ip6tables: the same."""
    check_asymmetric(lab, "ip6tables", start_anew)


@limit(150)
def test_asymmetric_path_ip6tables_legacy(lab):
    """Legacy ip6tables: the same, where a pinhole was shut instead."""
    check_asymmetric(lab, "ip6tables", shut_something, LEGACY)


@limit(150)
def test_asymmetric_path_after_something_was_shut(lab):
    """nft: the same, where a pinhole was shut instead."""
    check_asymmetric(lab, "nft", shut_something)
