# SPDX-License-Identifier: Apache-2.0
"""The WAN interface goes and another comes by its name, as modems and tunnels do it, while connections are open and somebody
on the Internet tries all the time: the rules are there before the first packet is forwarded, and what was open is again."""
import signal
import socket
import time

from lab import ISP_ADDRESS, SERVER, SLOW, limit, require_tools
from other_firewalls import LEGACY
from peers import RouteSnooper
from scenario import final_checks, online, toml, wait_online
from test_firewall_life import UdpFlow
from test_prober import SynProber
from wire import TCP

SOON = 1.5 * SLOW
OPEN, SHUT, TCP_FLOW, UDP_FLOW, OWN, MANAGEMENT = 8079, 7000, 8095, 8082, 8096, 22
PINHOLES = """
[[pinhole]]
lan = "lan0"
host = "%s"
ports = [8079, 8095]
[[pinhole]]
lan = "lan0"
host = "%s"
protocol = "udp"
ports = 8082
"""


class TcpFlow:
    """A connection whose ends tell each other something now and then."""

    def __init__(self, lab, server, host, target, port):
        def listen():
            return socket.create_server((target, port), family=socket.AF_INET6)
        listener = server.call(listen)
        self.near = host.call(socket.create_connection, (target, port), 5 * SLOW)
        self.far, _ = listener.accept()
        lab.sockets += [listener, self.near, self.far]

    def goes_on(self):
        """Whether what each end tells comes to the other."""
        try:
            for one, other in ((self.near, self.far), (self.far, self.near)):
                one.send(b"something")
                other.settimeout(SLOW)
                other.recv(4096)
            return True
        except OSError:
            return False


class Link:
    """The access link, on which whatever is for the house is sent as soon as there is one, whoever has said what."""

    def __init__(self, lab, house):
        self.lab, self.house, self.mac = lab, house, lab.isp.mac("isp0")

    def take_away(self):
        self.house.snooper.close()
        self.house.radvd.kill()
        self.house.server.stop()
        self.lab.cpe.ip("link", "del", "wan0")

    def bring_back(self):
        """As the lab's connect_isp, to the router that it was; returns since when there is a link."""
        lab, isp, wan = self.lab, self.lab.isp, self.lab.new_mac()
        isp.ip("link", "add", "isp0", "address", self.mac, "type", "veth", "peer", "name", "wan0", "address", wan,
               "netns", lab.cpe.name)
        lab.no_dad(isp, "isp0")
        isp.ip("link", "set", "isp0", "up")
        isp.ip("address", "add", ISP_ADDRESS + "/64", "dev", "isp0", "nodad")
        isp.ip("-6", "neigh", "replace", "fe80::cafe", "lladdr", wan, "dev", "isp0", "nud", "permanent")
        isp.ip("-6", "route", "replace", self.house.prefix, "via", "fe80::cafe", "dev", "isp0", "metric", "1")
        lab.wan = isp.wire("isp0")
        since = time.time()
        lab.cpe.ip("link", "set", "wan0", "up")
        return since

    def serve(self):
        self.house.snooper = RouteSnooper(self.lab, self.lab.isp, "isp0", self.lab.wan)
        self.house.server.start(fresh=False)
        self.house.radvd.start()


def wan_anew(lab, backend, no_rules, private=None):
    """`no_rules`: what takes them away."""
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house({"lan0": ["h1"]})
    mac = lab.h1.mac("eth0")
    house = online(lab, config=toml(lans=("lan0",), top='[firewall]\nbackend = "%s"\n' % backend) + PINHOLES % (mac, mac),
                   hosts=("h1",), sixgated={"private": private})
    h1, router = lab.h1.address_in(house.prefix), lab.cpe.wait_address(house.prefix, "lan0")
    lab.h1.serve(udp=[UDP_FLOW])
    lab.cpe.serve(tcp=[MANAGEMENT])
    lab.until("the pinholes are open", lambda: lab.net.tcp(h1, OPEN, timeout=1) == "refused", 20)
    own, inner = TcpFlow(lab, lab.net, lab.h1, SERVER, OWN), TcpFlow(lab, lab.h1, lab.net, h1, TCP_FLOW)
    flow = UdpFlow(lab, lab.net, h1, UDP_FLOW)
    lab.check(own.goes_on() and inner.goes_on() and all(flow.answers() for _ in range(2)), "a flow does not begin")
    door, closed = (h1, OPEN), (h1, SHUT)
    syns = SynProber(lab, [door, closed, (router, MANAGEMENT)])
    link = Link(lab, house)

    def answered(since=0.0):
        """When the router answered those who would manage it from the Internet."""
        return [one.time for one in lab.beyond.packets(since, match=lambda one: (
            one.proto == TCP and one.source == router and one.ports[0] == MANAGEMENT and one.payload[13] & 2))]

    def guarded(what, since):
        """That both were tried from the first on, and none was let in."""
        lab.check([one for one in lab.wan.packets(since, since + SOON, lambda one: one.outgoing and one.ports
                                                  and one.ports[1] in (SHUT, MANAGEMENT))], "%s: nobody tried" % what)
        came = sorted(syns.let_in(lab.lan0, closed).values())
        lab.check(not came and not answered(), "%s: let in %d, answered %d" % (what, len(came), len(answered())))

    def goes_on(what):
        wait_online(lab, house.prefix, ("h1",))
        begun = time.time()
        lab.until("%s: the pinhole is open" % what,
                  lambda: any(one > begun for one in syns.let_in(lab.lan0, door).values()), 20)
        lab.until("%s: the flow through the pinhole goes on" % what, flow.answers, 20)
        # Whoever was not answered sends again after twice the time, each time.
        lab.until("%s: a connection of the inside goes on" % what, own.goes_on, 40)
        lab.until("%s: the one through the pinhole goes on" % what, inner.goes_on, 40)
        lab.check(lab.h1.address_in(house.prefix) == h1, "h1 has another address")

    def at_once():
        link.take_away()
        return link.bring_back()

    def later():
        link.take_away()
        lab.until("sixgated saw it", lambda: not house.sixgated.status()["uplinks"][0]["present"], 10)
        lab.pause(2)
        return link.bring_back()

    def unnoticed():
        house.sixgated.process.send(signal.SIGSTOP)
        since = at_once()
        lab.pause(2)
        house.sixgated.process.send(signal.SIGCONT)
        return since

    def dead():
        house.sixgated.kill()
        since = at_once()
        lab.pause(1)
        house.sixgated.start()
        return since
    for what, happens in (("another at once", at_once), ("another later", later), ("while sixgated is stopped", unnoticed),
                          ("while sixgated is dead", dead)):
        since = happens()
        link.serve()
        goes_on(what)
        guarded(what, since)
        print("%s: online %.1f s later" % (what, time.time() - since))
    # The same without rules: what tries is let in as soon as there is a link.
    house.sixgated.kill()
    no_rules()
    since = at_once()
    lab.until("the prober sees what is open", lambda: syns.let_in(lab.lan0, closed), 10)
    first = min(syns.let_in(lab.lan0, closed).values()) - since
    lab.check(first < SOON, "the first is let in after %.1f s" % first)
    lab.cpe.ip("-6", "route", "replace", "default", "via", lab.isp.link_local("isp0"), "dev", "wan0")
    lab.until("the prober sees the router's answers", lambda: answered(since), 10)
    syns.end()
    final_checks(lab, judge=False)  # the capture of a link is begun anew with it


@limit(100)
def test_wan_interface_anew_nft(lab):
    """nft: at once, after a while, and while sixgated is stopped or dead."""
    wan_anew(lab, "nft", lambda: lab.cpe.run("nft", "delete", "table", "ip6", "sixgate"))


@limit(100)
def test_wan_interface_anew_ip6tables(lab):
    """ip6tables: the same."""
    wan_anew(lab, "ip6tables", lambda: lab.cpe.run("ip6tables", "-F"))


@limit(100)
def test_wan_interface_anew_ip6tables_legacy(lab):
    """Legacy ip6tables: the same."""
    wan_anew(lab, "ip6tables", lambda: lab.cpe.run("ip6tables-legacy", "-F"), LEGACY)
