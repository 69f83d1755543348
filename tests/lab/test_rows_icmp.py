# SPDX-License-Identifier: Apache-2.0
"""Rows of the conformance table about the ICMPv6 messages that the router itself makes: errors and Redirects."""
import ipaddress
import time

from lab import SERVER, proves
from scenario import final_checks, online, other_slash64, probe_packet, slash64, toml
from wire import ICMP6, icmp6, inject, ipv6, multicast_mac, udp


@proves("4890-06")
def test_rows_of_errors(lab):
    """Errors are rate limited, and what must not be answered by one is not (RFC 4443 section 2.4 e)."""
    house = online(lab)
    own = [slash64(wire, house.prefix) for wire in (lab.lan0, lab.lan1)]
    nowhere = other_slash64(house.prefix, own)
    source, router, mac = lab.h1.address_in(house.prefix), lab.cpe.wait_address(own[0], "lan0"), lab.cpe.mac("lan0")

    def errors(since, to=source):
        return lab.lan0.packets(since, match=lambda one: one.icmp is not None and one.icmp < 128 and one.destination == to)

    def sent(packet, destination_mac=mac):
        since = time.time()
        inject(lab.h1, "eth0", packet, destination_mac)
        lab.pause(1.2)  # a token of the kernel's limit
        return since
    since = sent(probe_packet(source, nowhere, 1))
    lab.check(errors(since), "no error about %s at all: what follows would show nothing" % nowhere)
    broken = bytes(4) + probe_packet(source, SERVER, 2)
    never = {
        "an error": ipv6(source, nowhere, ICMP6, icmp6(source, nowhere, 1, 3, broken)),
        "an unspecified source": probe_packet("::", nowhere, 3),
        "a multicast source": probe_packet("ff0e::5", nowhere, 4)}
    answered = []
    for what, packet in never.items():
        since = sent(packet)
        answered += [what for one in lab.lan0.packets(since, match=lambda one: one.icmp is not None and one.icmp < 128
                                                      and one.ether_source == mac)]
    since = sent(ipv6(source, "ff02::1", 17, udp(source, "ff02::1", 9, 9, b"hello")), multicast_mac("ff02::1"))
    answered += ["a multicast destination"] * len([one for one in errors(since) if one.source == router or one.source
                                                   == lab.cpe.link_local("lan0")])
    lab.check(not answered, "errors in answer to %s" % answered)

    since = time.time()
    inject(lab.h1, "eth0", probe_packet(source, nowhere, 5), mac, times=10000)
    lab.pause(1)
    count, took = len(errors(since)), time.time() - since
    # The kernel's limit: one a second to a host, and sixteen times that where only a prefix is routed.
    lab.row("4890-06", 1 <= count <= 16 * (took + 6), "%d errors in %.1f s about 10000 packets" % (count, took))
    final_checks(lab)


@proves("4861-R-32")
def test_rows_of_redirects(lab):
    """Two hosts on one LAN that are told nothing of what is on link: the router says it (RFC 4861 section 8.2)."""
    house = online(lab, config=toml(lan="ra_offlink = true"), hosts=("h1", "h2"))
    first, second = (lab.roles[role].address_in(house.prefix) for role in ("h1", "h2"))
    since = time.time()
    for _ in range(3):
        lab.h1.ping(second, check=True)
    found = lab.lan0.packets(since, match=lambda one: one.icmp == 137 and one.destination == first)
    lab.check(found, "no Redirect")
    packet = found[0]
    target, about = packet.payload[8:24].hex(), packet.payload[24:40].hex()
    wanted = {bytes_of(second), bytes_of(lab.h2.link_local("eth0"))}
    lab.row("4861-R-32", packet.source == lab.cpe.link_local("lan0") and packet.hop_limit == 255
            and target in wanted and about == bytes_of(second) and len(found) <= 3,
            "%d: %s, target %s" % (len(found), packet, target))
    final_checks(lab)


def bytes_of(address):
    return ipaddress.IPv6Address(address).packed.hex()
