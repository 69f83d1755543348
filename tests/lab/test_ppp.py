# SPDX-License-Identifier: Apache-2.0
"""An uplink over PPPoE, where the kernel has PPP: a link without MAC address, which ends and is dialled again.

    net --- isp --- cpe (ppp0 | lan0: h1)
"""
import time

from firewall_house import icmp, udp_to
from lab import SERVER, check_not_malformed, limit, needs, proves
from pppoe import IPCP, IPV6CP, Pppoe
from peers import RouteSnooper
from scenario import final_checks, online, wait_online
from wire import inject, ipv6

HOSTS = ("h1",)
OURS, THEIRS = "fe80::a:b:c:d", "fe80::1:2:3:4"


class Home:
    """The house behind a session, online."""

    def __init__(self, lab, ours=(), theirs=()):
        self.lab = lab
        lab.house({"lan0": ["h1"]}, wan=False)
        self.pppoe = Pppoe(lab)
        self.pppoe.dial(ours, theirs)
        self.house = online(lab, hosts=HOSTS, sixgated={"wans": ["ppp0"], "lans": ["lan0"]})
        self.address = lab.h1.address_in(self.house.prefix)

    def hang_up(self):
        """The session ends, and with it the ISP's routes; its servers, which remember everything, wait for the next one."""
        since = time.time()
        self.house.snooper.close()
        self.house.radvd.kill()
        self.house.server.stop()
        self.pppoe.hang_up()
        self.no_default_router(since)

    def dial(self, ours=(), theirs=()):
        session = self.pppoe.dial(ours, theirs)
        if session.ours:
            self.house.snooper = RouteSnooper(self.lab, self.lab.isp, "isp0", session.wire)
            self.house.radvd.start()
            self.house.server.start(fresh=False)
        return session

    def no_default_router(self, since):
        """h1 is told that there is no way out, and nothing worse: its prefix is as good as before (RFC 7084 G-5)."""
        said = self.lab.lan0.wait_ra("Router Lifetime 0", lambda ra: ra.lifetime == 0, 15, since)
        self.lab.check(all(one.preferred for one in said.inside(self.house.prefix)), "deprecated: %s" % said)
        self.lab.until("h1 has no default route", lambda: not self.lab.h1.default_routes(), 10)
        self.lab.check(self.lab.h1.address_in(self.house.prefix) == self.address, "h1 has lost its address")

    def online_again(self, since):
        """The prefix that it was is verified on the link, and h1 has its address still, and a way out."""
        def spoken_for(message):
            return any(prefix == self.house.prefix and valid for prefix, _, valid in message.delegated())
        self.lab.wan.wait_dhcp("Reply", spoken_for, 30, since)
        wait_online(self.lab, self.house.prefix, HOSTS)
        self.lab.check(self.lab.h1.address_in(self.house.prefix) == self.address, "h1 was renumbered")

    def finish(self):
        ours = [packet for session in self.pppoe.sessions for packet in self.pppoe.said_by_us(session)]
        self.lab.check(not [one for one in ours if one.ra], "a Router Advertisement on the uplink")
        self.lab.check(not [one for one in ours if one.dhcp and one.dhcp.name == "Release"], "a Release")
        final_checks(self.lab, judge=False)


@needs("ppp")
@proves("7084-WLL-2")
@limit(240)
def test_ppp_uplink_is_dialled_again(lab):
    """The link-local address that IPV6CP negotiated is what Router Solicitations and DHCPv6 come from; DUID and IAID are the
    same in the next session, whose interface has another index and another link-local address, and so is the prefix."""
    home = Home(lab, ["ipv6 ::a:b:c:d"], ["ipv6 ::1:2:3:4"])
    first = home.pppoe.session
    lab.check((first.ours, first.theirs) == (OURS, THEIRS), "IPV6CP negotiated %s, %s" % (first.ours, first.theirs))
    request = first.wire.wait_dhcp("Request")
    home.hang_up()
    since = time.time()
    second = home.dial()
    home.online_again(since)
    verdicts = []
    for session in (first, second):
        said = [one for one in home.pppoe.said_by_us(session) if one.icmp == 133 or one.dhcp]
        sources, names = {one.source for one in said}, {one.dhcp.name if one.dhcp else "RS" for one in said}
        verdicts.append(sources == {session.ours} and "RS" in names and len(names) > 1)
        verdicts.append(not [one for one in said if one.icmp == 133 and len(one.payload) > 8])  # no link-layer address
    verdicts.append(home.pppoe.our_link_locals() == [second.ours])
    verdicts.append(second.ours != first.ours and second.index != first.index)
    asked = [one.dhcp for one in home.pppoe.said_by_us(second) if one.dhcp]
    verdicts.append(all(one.client == request.client for one in asked))
    # What a Solicit names may be made up, to ask which lengths there are; what commits is not.
    committed = [one for one in asked if one.name in ("Request", "Renew", "Rebind")]
    verdicts.append(committed and all(identities(one) == identities(request) for one in committed))
    # The only MAC address that there is to make a DUID of (RFC 9915 section 11.2).
    verdicts.append(request.client.hex(":").endswith(lab.cpe.mac("lan0")))
    lab.row("7084-WLL-2", all(verdicts), "%s: %s, %s, then %s" % (verdicts, request.client.hex(), request, asked))
    home.finish()
    check_not_malformed(lab, [home.pppoe.line])


def identities(message):
    """(type, IAID) of all it asks for."""
    return {(kind, one.iaid) for kind, all_of_them in (("NA", message.addresses), ("PD", message.delegations))
            for one in all_of_them}


@needs("ppp")
@proves("7084-WLL-3")
@limit(240)
def test_ppp_ipv6_does_without_ipv4(lab):
    """IPCP is refused, and in the next session it ends: IPv6 is there and goes on, and nobody in the house hears of it."""
    home = Home(lab, theirs=["noip"])
    home.pppoe.session.process.wait_log("rcvd .*LCP ProtRej")
    without = home.pppoe.our_ipv4(), lab.h1.ping(SERVER, source=home.address)
    home.hang_up()
    since = time.time()
    session = home.dial()
    home.online_again(since)
    lab.until("IPCP gives ppp0 its address", home.pppoe.our_ipv4)
    lab.until("IPv4 works", home.pppoe.has_ipv4)
    since = time.time()
    home.pppoe.terminate(IPCP)
    lab.until("IPCP takes the address away", lambda: not home.pppoe.our_ipv4())
    lab.holds("IPv6 goes on without IPv4", lambda: lab.h1.ping(SERVER, source=home.address, wait=5), 10)
    alone = home.pppoe.has_ipv4()
    home.pppoe.resume(IPCP)
    lab.until("IPv4 works again", home.pppoe.has_ipv4)
    disturbed = [ra for ra in lab.lan0.ras(since) if not ra.lifetime]
    lab.row("7084-WLL-3", without == (None, True) and not alone and not disturbed
            and home.pppoe.our_link_locals() == [session.ours] and home.house.prefix in home.house.sixgated.delegations(),
            "refused: %s; ended: IPv4 %s, %s" % (without, alone, disturbed))
    lab.check(lab.h1.ping(SERVER, source=home.address, wait=5), "IPv6 has ended with the return of IPv4")
    home.finish()


@needs("ppp")
@proves("7084-WLL-3")
@limit(240)
def test_ppp_ipv4_does_without_ipv6(lab):
    """IPV6CP ends, and in the next session it is refused: IPv4 is there and goes on, and the hosts are told that there is no
    way out for IPv6; when it is negotiated again, all is as it was."""
    home = Home(lab, theirs=["ipv6 ::1:2:3:4"])
    lab.until("IPv4 works", home.pppoe.has_ipv4)
    since = time.time()
    home.pppoe.terminate(IPV6CP)
    lab.until("IPV6CP takes the link-local address away", lambda: not home.pppoe.our_link_locals())
    home.no_default_router(since)
    ended = home.pppoe.has_ipv4()
    since = time.time()
    home.pppoe.resume(IPV6CP)
    home.online_again(since)
    back = home.pppoe.has_ipv4()
    home.hang_up()
    home.dial(theirs=["noipv6"])
    lab.until("IPv4 works", home.pppoe.has_ipv4)
    lab.check(not home.pppoe.our_link_locals(), "a link-local address that nobody negotiated")
    lab.check(not lab.h1.default_routes(), "h1 has a default route without IPv6")
    home.hang_up()
    since = time.time()
    home.dial()
    home.online_again(since)
    lab.row("7084-WLL-3", ended and back and home.pppoe.has_ipv4(), "ended: %s, back: %s" % (ended, back))
    home.finish()


@needs("ppp")
@limit(120)
def test_ppp_neighbours_without_a_session(lab):
    """Whoever is on the access network and sends plain Ethernet to where PPPoE comes from meets the rules of the uplink, though
    that device is nobody's uplink and the kernel takes IPv6 there."""
    home = Home(lab)
    lab.cpe.sysctl("net.ipv6.conf.dsl0.disable_ipv6", 0)
    lab.cpe.link_local("dsl0")

    def send(content, payload):
        inject(lab.isp, "dsl0", ipv6(SERVER, home.address, *content(SERVER, home.address, payload)), lab.cpe.mac("dsl0"))

    def came(payload):
        return any(payload in one.raw for one in lab.lan0.packets() if one.destination == home.address)
    send(udp_to(9999), b"a datagram")
    send(icmp(128), b"a ping, which is let in")
    lab.until("the ping is there", lambda: came(b"a ping, which is let in"), 10)
    lab.check(not came(b"a datagram"), "a protected host is open to its neighbours")
    home.finish()
