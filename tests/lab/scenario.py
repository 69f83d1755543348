# SPDX-License-Identifier: Apache-2.0
"""The situations that scenarios begin with, and the questions that many of them ask."""
import ipaddress
import struct
import time

from lab import SERVER, check_not_malformed
from peers import Kea, Radvd, RouteSnooper, Sixgated
from wire import NO_NEXT_HEADER, inject, inside, ipv6

HOSTS = ("h1", "h2", "h3")


def toml(lans=("lan0", "lan1"), wans=("wan0",), top="", uplink="", lan="", each=None):
    """A sixgate.toml; `each` gives further lines for single LANs."""
    parts = [top]
    for wan in wans:
        parts.append('[uplink.%s]\ninterface = "%s"\n%s' % (wan, wan, uplink))
    for one in lans:
        parts.append('[lan.%s]\ninterface = "%s"\n%s\n%s' % (one, one, lan, (each or {}).get(one, "")))
    return "\n".join(parts)


class House:
    """A house with its ISP and sixgated running."""

    def __init__(self, lab):
        self.lab = lab
        self.snooper = self.radvd = self.server = self.sixgated = self.prefix = None


def build(lab, server=Kea, server_options=None, ra=None, start_server=True, start_ra=True, lans=None):
    """The house up to the cpe's door: everything but sixgated. `lans` is lab.house's."""
    house = House(lab)
    if not lab.roles:
        lab.house(lans)
    house.snooper = RouteSnooper(lab, lab.isp, "isp0", lab.wan)
    house.radvd = Radvd(lab, **(ra or {}))
    house.server = server(lab, **(server_options or {}))
    if start_ra:
        house.radvd.start()
    if start_server:
        house.server.start()
    return house


def online(lab, config=None, sixgated=None, hosts=HOSTS, **options):
    """The whole house, waited for until every host reaches the Internet. Returns a House."""
    house = build(lab, **options)
    house.sixgated = Sixgated(lab, config=config, **(sixgated or {})).start()
    house.prefix = wait_delegated(lab)
    wait_online(lab, house.prefix, hosts)
    return house


def wait_delegated(lab, since=0.0, timeout=30.0, within=None):
    """The prefix (text) of the first Reply that delegates one."""
    def good(message):
        return any(valid and (within is None or inside(prefix.split("/")[0], within))
                   for prefix, _, valid in message.delegated())
    reply = lab.wan.wait_dhcp("Reply", good, timeout, since)
    return next(prefix for prefix, _, valid in reply.delegated()
                if valid and (within is None or inside(prefix.split("/")[0], within)))


def wait_online(lab, prefix, hosts=HOSTS, timeout=30.0):
    """Every host has an address in the prefix, a default route, and reaches the server beyond the ISP."""
    for role in hosts:
        host = lab.roles[role]
        host.wait_address(prefix, timeout=timeout)
        host.wait_default_route(timeout)
    for role in hosts:
        host = lab.roles[role]
        host.wait_ping(SERVER, source=host.address_in(prefix))


def hear_routes(lab):
    """Makes the hosts' kernels take Route Information (RFC 4191), which Linux leaves to networkd and others by default."""
    for role in HOSTS:
        lab.roles[role].sysctl("net.ipv6.conf.eth0.accept_ra_rt_info_max_plen", 128)


def by_itself(host, program):
    """A host whose kernel leaves Router Advertisements to the program."""
    host.sysctl("net.ipv6.conf.eth0.accept_ra", 0)
    host.ip("-6", "address", "flush", "dev", "eth0", "scope", "global")
    host.ip("-6", "route", "flush", "default", check=False)
    return program.start()


def slash64(wire, prefix, since=0.0):
    """The /64 inside the prefix that the last Router Advertisement on this wire holds to be alive, or None."""
    for ra in reversed(wire.ras(since)):
        alive = [one.prefix for one in ra.inside(prefix) if one.valid]
        if alive:
            return alive[0]
    return None


def quiet(lab, wire, seconds=3.3, timeout=40.0):
    """Waits until no multicast Router Advertisement was sent for a while: the next one may then go out at once
    (MIN_DELAY_BETWEEN_RAS, RFC 4861 section 6.2.6)."""
    def calm():
        last = max((ra.time for ra in wire.ras() if ra.destination == "ff02::1"), default=0)
        return time.time() - last > seconds
    lab.until("%s is quiet for %.1f s" % (wire, seconds), calm, timeout)


def objects(lab):
    """What the cpe's kernel holds on our account: a comparable value without lifetimes."""
    addresses = {(one["interface"], one["local"], one["prefixlen"]) for one in lab.cpe.addresses()
                 if not one.get("deprecated")}
    routes = set()
    for one in lab.cpe.routes("table", "all"):
        if one.get("protocol") != "kernel" and one.get("table", "main") == "main":
            routes.add((one["dst"], one.get("type", "unicast"), one.get("dev"), one.get("gateway"),
                        str(one.get("protocol")), one.get("metric")))
    return {"addresses": addresses, "routes": routes}


def difference(before, after):
    lines = []
    for kind in before:
        lines += ["%s gone: %s" % (kind, one) for one in sorted(before[kind] - after[kind], key=str)]
        lines += ["%s new: %s" % (kind, one) for one in sorted(after[kind] - before[kind], key=str)]
    return "; ".join(lines)


def probe_packet(source, destination, mark):
    """A packet that is recognised anywhere: no next header, with a mark as its payload."""
    return ipv6(source, destination, NO_NEXT_HEADER, struct.pack("!Q", mark))


def udp_probe(namespace, interface, packet, router_mac):
    inject(namespace, interface, packet, router_mac)


def crossed(wire, source=None, destination=None, since=0.0):
    """The packets on the wire with this source or destination."""
    return wire.packets(since, match=lambda one: (source is None or one.source == source)
                        and (destination is None or one.destination == destination))


def other_slash64(prefix, used):
    """The address ::1 of a /64 inside the delegation that no LAN uses."""
    for one in ipaddress.IPv6Network(prefix).subnets(new_prefix=64):
        if int(one.network_address) >> 64 & 0xff >= 0xa0 and str(one) not in used:
            return str(one[1])
    raise AssertionError("no free /64 in %s" % prefix)


def final_checks(lab, releases=0, judge=True):
    """What holds in every scenario, whatever else it is about; `releases`: how many are asked for; `judge`: by tshark, which
    takes an emulator more time than the scenario."""
    for process in lab.processes:
        if process.name == "sixgated":
            text = process.text()
            for word in ("AddressSanitizer", "runtime error:", "terminate called", "Assertion"):
                lab.check(word not in text, "sixgated says %r (%s)" % (word, process.log))
    if "wan" in lab.__dict__ and "cpe" in lab.roles:
        own = {one.get("address") for one in lab.cpe.json("link", "show") if one["ifname"].startswith("wan")}
        # RFC 4861 section 6.2.1: an uplink is not an advertising interface, ever.
        lab.check(not [ra for ra in lab.wan.ras() if ra.packet.ether_source in own], "a Router Advertisement on the WAN")
        # RFC 9096 section 3.1: no Release that nobody asked for.
        lab.check(len(lab.wan.dhcp("Release")) == releases, "a Release on the WAN that nobody asked for")
    if judge:
        check_not_malformed(lab)
