# SPDX-License-Identifier: Apache-2.0
"""Router Advertisements of the uplink told on to a LAN (RFC 4389): hosts there are on the provider's own link."""
import ipaddress
import struct
import time

from dhcp_clients import Dhclient
from lab import ACCESS, ISP_ADDRESS, SERVER, limit, proves
from peers import Kea, Sixgated
from scenario import build, final_checks, toml
from test_sharing import NOTHING_DELEGATED, two_between_the_same_links
from wire import ICMP6, icmp6, inject, inside, ipv6

TOLD_ON = {"lan0": 'ra_relay = "wan0"\n'}
RESOLVER = "2001:db8:53::1"


def relayed(lab, each=None, uplink=NOTHING_DELEGATED, server=None, **ra):
    """lan0 is told what the provider's router says; lan1 is a LAN of our own."""
    lab.house()
    lab.cpe.sysctl("net.ipv6.conf.wan0.accept_ra", 0)
    options = dict(dict(autonomous=True, managed=False, other=False, interval=4, rdnss=RESOLVER, mtu=1420), **ra)
    house = build(lab, start_server=server is not None, server=server or Kea, ra=options)
    house.sixgated = Sixgated(lab, config=toml(each=each or TOLD_ON, uplink=uplink))
    return house


def told_on(lab, since=0.0):
    """Our own Router Advertisements on lan0."""
    return [ra for ra in lab.lan0.ras(since) if ra.link_layer == lab.cpe.mac("lan0")]


def everywhere(ra):
    return ra.destination == "ff02::1" and bool(ra.flags & 4)


@limit(150)
@proves("4389-04", "4389-06", "4389-08")
def test_a_lan_on_the_providers_link(lab):
    """Prefix, resolver and MTU are the provider's, the link-layer address and the Proxy bit ours; hosts are reached from
    the provider's link and reach it, and when its router goes they have none."""
    house = relayed(lab)
    # The provider's side looks for a host that is not there, all the time.
    nobody = str(ipaddress.IPv6Network(ACCESS)[0xdead])
    lab.isp.start("asking", ["ping", "-6", "-i", "0.2", "-W", "1", nobody])
    house.sixgated.start()
    lab.h1.wait_address(ACCESS)
    h1, mac = lab.h1.address_in(ACCESS), lab.cpe.mac("lan0")
    lab.h1.wait_ping(SERVER, source=h1)
    said = next(ra for ra in told_on(lab) if ra.prefix(ACCESS))
    lab.row("4389-04", said.flags & 4 and said.link_layer == mac and said.source == lab.cpe.link_local("lan0")
            and said.mtu == 1420 and [one for one, _ in said.rdnss] == [RESOLVER], said)
    ours = [ra for ra in lab.lan1.ras() if ra.flags & 4]
    lab.check(not ours, "lan1 was told of a proxy: %s" % ours)

    # Neither a question nor a packet crossed before the second of them.
    lab.until("the question is passed on", lambda: asked(lab, nobody, mac))
    second = [ra for ra in told_on(lab) if everywhere(ra)][1]
    crossed = [one for one in lab.wan.packets(match=lambda one: one.outgoing is False and inside(one.source, ACCESS)
                                              and one.hop_limit == 63)]
    lab.row("4389-06", asked(lab, nobody, mac)[0].time > second.time and crossed and crossed[0].time > second.time,
            (second.time, asked(lab, nobody, mac)[:1], crossed[:1]))

    # It is our link-local address that hosts send to: a Redirect of the provider's router is none of theirs.
    lab.h1.wait_ping(ISP_ADDRESS)
    lab.until("the provider's router reaches h1", lambda: lab.isp.ping(h1, wait=1))
    since, source = time.time(), lab.isp.link_local("isp0")
    body = struct.pack("!I", 0) + ipaddress.IPv6Address(SERVER).packed * 2 + b"\x02\x01" + bytes.fromhex(
        lab.isp.mac("isp0").replace(":", ""))
    inject(lab.isp, "isp0", ipv6(source, h1, ICMP6, icmp6(source, h1, 137, 0, body), 255), lab.cpe.mac("wan0"))
    lab.h1.wait_ping(SERVER)
    lab.row("4389-08", not lab.lan0.packets(since, match=lambda one: one.icmp == 137), "a Redirect crossed")

    text = house.sixgated.cli_run("status").stdout
    lab.check("told on" in text, text)
    since = time.time()
    house.radvd.stop()
    lab.lan0.wait_ra("no default router any more", lambda ra: not ra.lifetime, since=since, timeout=10)
    lab.until("h1 has no way out", lambda: not lab.h1.default_routes(), 10)
    lab.check(lab.h1.address_in(ACCESS) == h1, "the prefix has time left, and h1 its address")
    final_checks(lab)


def asked(lab, target, mac):
    wanted = ipaddress.IPv6Address(target).packed
    return lab.lan0.packets(match=lambda one: one.icmp == 135 and one.payload[8:24] == wanted
                            and one.ether_source == mac)


@limit(150)
def test_addresses_of_the_providers_dhcpv6_server(lab):
    """A link without SLAAC: hosts of the LAN lease addresses from the provider's Kea through our relay agent, in the same
    /64, and are reached."""
    each = {"lan0": TOLD_ON["lan0"] + 'dhcpv6_relay = ["ff02::1:2%wan0"]\n'}
    house = relayed(lab, each=each, server=Kea, autonomous=False, managed=True, other=True)
    house.sixgated.start()
    lab.lan0.wait_ra("the managed flag is told on",
                     lambda ra: ra.managed and ra.prefix(ACCESS) and not ra.prefix(ACCESS).autonomous)
    Dhclient(lab, lab.h1, ask=["-N"]).start()
    lab.h1.wait_address(ACCESS)
    h1 = lab.h1.address_in(ACCESS)
    lab.h1.wait_ping(SERVER, source=h1)
    lab.until("the provider's router reaches it", lambda: lab.isp.ping(h1, wait=1))
    lab.check(not [one for one in lab.h2.addresses() if inside(one["local"], ACCESS)], "h2 made an address by itself")
    final_checks(lab)


@limit(150)
def test_kill_9_and_the_hosts_go_on(lab):
    """A restart tells hosts nothing new, and they need not wait for it."""
    house = relayed(lab)
    house.sixgated.start()
    lab.h1.wait_address(ACCESS)
    h1, since = lab.h1.address_in(ACCESS), time.time()
    lab.h1.wait_ping(SERVER, source=h1)
    house.sixgated.kill()
    house.sixgated.start()
    started = time.time()
    lab.h1.wait_ping(SERVER, source=h1)
    lab.check(time.time() < started + 10, "hosts waited for %.1f s" % (time.time() - started))
    lab.pause(5)
    gone = [ra for ra in told_on(lab, since) if not ra.lifetime or (ra.prefix(ACCESS) and not ra.prefix(ACCESS).preferred)]
    lab.check(not gone, "hosts were told that it is over: %s" % gone)
    final_checks(lab)


@limit(150)
def test_two_that_tell_on_the_same(lab):
    """Two that tell on from the same link to the same LAN: one at least notices, and no question goes round."""
    two_between_the_same_links(lab, toml(each=TOLD_ON, uplink=NOTHING_DELEGATED),
                               toml(lans=("lan0",), each=TOLD_ON, uplink=NOTHING_DELEGATED))
    final_checks(lab)
