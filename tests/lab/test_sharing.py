# SPDX-License-Identifier: Apache-2.0
"""One /64 for the whole house: what the provider's router advertises when nothing is delegated, and a single /64 that is
(RFC 7278, RFC 4389)."""
import ipaddress
import socket
import struct
import time

from dhcp_clients import Dhclient
from lab import ACCESS, ISP_ADDRESS, SERVER, limit, proves
from peers import Kea, Radvd, Sixgated
from scenario import build, final_checks, toml, wait_online
from test_firewall_life import PINHOLE, UdpFlow
from wire import ICMP6, icmp6, inject, ipv6, multicast_mac, router_advertisement

NOTHING_DELEGATED = 'request_prefix = "none"\nrequest_address = "never"\nroute_check = "off"\n'
NETWORK = ipaddress.IPv6Network(ACCESS)


def at(suffix):
    return str(NETWORK[suffix])


def solicited_node(target):
    return str(ipaddress.IPv6Address(b"\xff\x02" + bytes(9) + b"\x01\xff" + ipaddress.IPv6Address(target).packed[13:]))


def solicitation(source, target, mac=None):
    """A Neighbor Solicitation as a host sends it; from :: it is a DAD."""
    body = bytes(4) + ipaddress.IPv6Address(target).packed
    if mac:
        body += b"\x01\x01" + bytes.fromhex(mac.replace(":", ""))
    group = solicited_node(target)
    return ipv6(source, group, ICMP6, icmp6(source, group, 135, 0, body), 255)


def neighbours(wire, kind, target, since=0.0, sender=None):
    """The solicitations (135) or advertisements (136) of this target, of this link-layer address."""
    wanted = ipaddress.IPv6Address(target).packed
    return wire.packets(since, match=lambda one: one.icmp == kind and one.payload[8:24] == wanted
                        and (sender is None or one.ether_source == sender))


def link_layer(packet, code):
    """The link-layer address option of a message of Neighbor Discovery."""
    at_octet = 24
    while at_octet + 8 <= len(packet.payload):
        kind, length = packet.payload[at_octet], packet.payload[at_octet + 1]
        if kind == code:
            return packet.payload[at_octet + 2:at_octet + 8].hex(":")
        if not length:
            break
        at_octet += 8 * length
    return None


def dad_failed(lab, host, interface, address):
    """Gives the host an address, which its kernel is to find in use."""
    host.ip("address", "add", address + "/64", "dev", interface)
    lab.until("%s finds that %s is in use" % (host, address), lambda: any(
        one["local"] == address and one.get("dadfailed") for one in host.addresses(interface)), 10)
    host.ip("address", "del", address + "/64", "dev", interface)


def sharing(house):
    return house.sixgated.status()["uplinks"][0].get("sharing", {})


def place(house, address):
    return next((one["interface"] for one in sharing(house).get("hosts", []) if one["address"] == address), None)


def host_route(lab, address):
    routes = [one for one in lab.cpe.routes() if one["dst"] == address]
    return routes[0]["dev"] if routes else None


def shared(lab, config=None, **options):
    """The house online in the /64 of its access link."""
    lab.house()
    # What the kernel has made of Router Advertisements before sixgated came would stay to its own end.
    lab.cpe.sysctl("net.ipv6.conf.wan0.accept_ra", 0)
    house = build(lab, start_server=False,
                  ra=dict(dict(autonomous=True, managed=False, other=False, interval=4), **options))
    house.sixgated = Sixgated(lab, config=config or toml(uplink=NOTHING_DELEGATED)).start()
    house.prefix = ACCESS
    wait_online(lab, ACCESS)
    return house


@limit(120)
@proves("4389-01", "4389-02", "4389-03", "4389-07", "4389-09", "4389-10", "4389-11", "4389-13")
def test_the_64_of_the_access_link(lab):
    """Hosts of both LANs make addresses in the provider's /64, reach the Internet and each other; the provider's router
    gets an answer for a host that is there, and for no other."""
    house = shared(lab)
    h1, h3 = lab.h1.address_in(ACCESS), lab.h3.address_in(ACCESS)
    lab.h1.wait_ping(h3)
    lab.h3.wait_ping(h1)
    lab.h1.wait_ping(ISP_ADDRESS)
    wan_mac, lan_mac, isp_mac = lab.cpe.mac("wan0"), lab.cpe.mac("lan0"), lab.isp.mac("isp0")

    # RFC 7278 section 4.1: the uplink has an address alone, and the LANs have no more time than it.
    own = lab.cpe.addresses("wan0")
    on_link = [one for one in lab.cpe.routes() if one["dst"] == ACCESS]
    theirs = lab.wan.ras(match=lambda ra: ra.packet.outgoing)[-1].prefix(ACCESS)
    ours = [ra.prefix(ACCESS) for wire in (lab.lan0, lab.lan1) for ra in wire.ras() if ra.prefix(ACCESS)]
    lab.row("4389-13", own and all(one["prefixlen"] == 128 for one in own) and [one["dev"] for one in on_link] == ["lan0"]
            and all(one.valid <= theirs.valid and one.preferred <= theirs.preferred for one in ours), (own, on_link, ours))

    lab.until("h3 has a route of its own", lambda: host_route(lab, h3) == "lan1")
    text = house.sixgated.cli_run("hosts").stdout
    lab.check([one for one in text.splitlines() if h3 in one and "proxied" in one], text)
    since = time.time()
    lab.isp.ip("neigh", "flush", "dev", "isp0")
    lab.h1.wait_ping(SERVER, source=h1)
    lab.until("the ISP's router is answered", lambda: neighbours(lab.wan, 136, h1, since, wan_mac))
    answer = neighbours(lab.wan, 136, h1, since, wan_mac)[0]
    asked = [one for one in neighbours(lab.lan0, 135, h1, since, lan_mac)]
    said = [one for one in neighbours(lab.lan0, 136, h1, since) if one.time <= answer.time]
    nobody = at(0xdead)
    lab.isp.ping(nobody, wait=2)
    lab.row("4389-01", asked and said and link_layer(asked[0], 1) == lan_mac
            and neighbours(lab.lan0, 135, nobody, since, lan_mac) and not neighbours(lab.wan, 136, nobody, since),
            (asked, said))
    lab.row("4389-02", link_layer(answer, 2) == wan_mac and place(house, h1) == "lan0", answer)
    lab.row("4389-09", not answer.payload[4] & 0xa0, "flags %#x" % answer.payload[4])

    # What is on the provider's side is not asked for there, nor in the house.
    since = time.time()
    inject(lab.isp, "isp0", solicitation(lab.isp.link_local("isp0"), ISP_ADDRESS, isp_mac),
           multicast_mac(solicited_node(ISP_ADDRESS)))
    lab.pause(1.5)
    lab.row("4389-07", place(house, ISP_ADDRESS) == "wan0" and not neighbours(lab.lan0, 135, ISP_ADDRESS, since, lan_mac)
            and not [one for one in neighbours(lab.wan, 135, ISP_ADDRESS, since, wan_mac)
                     if one.destination.startswith("ff")], "it was asked for")

    # One address twice, on different segments, in each direction.
    dad_failed(lab, lab.h3, "eth0", h1)
    dad_failed(lab, lab.h1, "eth0", ISP_ADDRESS)
    since = time.time()
    inject(lab.isp, "isp0", solicitation("::", h3), multicast_mac(solicited_node(h3)))
    lab.until("the ISP's side hears that h3 has it", lambda: neighbours(lab.wan, 136, h3, since, wan_mac))
    lab.row("4389-10", place(house, h1) == "lan0" and place(house, h3) == "lan1", sharing(house))

    # A host that moves is found where it is, one that leaves is forgotten.
    moved = at(0x4711)
    lab.h1.ip("address", "add", moved + "/64", "dev", "eth0")
    lab.until("it is found on lan0", lambda: host_route(lab, moved) == "lan0")
    lab.h1.ip("address", "del", moved + "/64", "dev", "eth0")
    lab.h3.ip("address", "add", moved + "/64", "dev", "eth0")
    lab.until("it is found on lan1", lambda: host_route(lab, moved) == "lan1")
    lab.h3.ip("address", "del", moved + "/64", "dev", "eth0")
    inject(lab.isp, "isp0", solicitation(lab.isp.link_local("isp0"), moved, isp_mac),
           multicast_mac(solicited_node(moved)))
    lab.until("it is forgotten", lambda: host_route(lab, moved) is None, 15)
    lab.row("4389-11", place(house, moved) is None, sharing(house))

    # RFC 4389 section 4.1.1
    lab.cpe.ip("link", "set", "lan0", "mtu", "1400")
    since = time.time()
    lab.isp.ping(h1, size=1420)
    lab.row("4389-03", lab.wan.packets(since, match=lambda one: one.icmp == 2), "no Packet Too Big")
    final_checks(lab)


def sweep(lab, count, gap=0.001):
    """The provider's side asks for one unused address after the other."""
    mac, source = lab.isp.mac("isp0"), lab.isp.link_local("isp0")

    def send():
        with socket.socket(socket.AF_PACKET, socket.SOCK_RAW) as sock:
            sock.bind(("isp0", 0))
            for number in range(count):
                target = at(0x5ca0000 + number)
                sock.send(bytes.fromhex((multicast_mac(solicited_node(target)) + ":" + mac).replace(":", ""))
                          + struct.pack("!H", 0x86dd) + solicitation(source, target, mac))
                time.sleep(gap)
    lab.isp.call(send)


@limit(120)
@proves("4389-12")
def test_a_scan_from_outside(lab):
    """A thousand unused addresses a second are asked for: the LANs hear few of these questions, tables stay small, and the
    hosts that are known stay reachable and go on reaching others (RFC 6583)."""
    house = shared(lab)
    h1 = lab.h1.address_in(ACCESS)
    lab.until("h1 is known", lambda: place(house, h1))
    since, lan_mac = time.time(), lab.cpe.mac("lan0")
    sweep(lab, 4000)
    took = time.time() - since
    asked = [one for one in lab.lan0.packets(since, match=lambda one: one.icmp == 135 and one.ether_source == lan_mac)]
    lab.isp.ip("neigh", "flush", "dev", "isp0")
    lost = lab.h1.ping(SERVER, count=3, source=h1)
    lab.isp.ip("neigh", "flush", "dev", "isp0")
    lab.h3.wait_ping(SERVER, timeout=5)
    hosts = len(sharing(house)["hosts"])
    kernel = len(lab.cpe.run("ip", "-6", "neigh", "show").stdout.splitlines())
    lab.row("4389-12", len(asked) < 60 + 25 * took and hosts < 30 and kernel < 100 and lost,
            "%d questions in %.1f s, %d hosts, %d neighbours" % (len(asked), took, hosts, kernel))
    final_checks(lab)


@limit(120)
@proves("4389-05")
def test_another_router_on_a_lan(lab):
    """It may be another way to the provider: that LAN takes no part, its hosts are told, the other goes on."""
    house = shared(lab)
    source, mac, since = "fe80::bad", "02:00:5e:00:53:66", time.time()
    inject(lab.h2, "eth0", router_advertisement(source, 600), multicast_mac("ff02::1"), mac)
    house.sixgated.process.wait_log("lan0 takes no part in the sharing")
    lab.lan0.wait_ra("the prefix is taken back", lambda ra: ra.prefix(ACCESS) and not ra.prefix(ACCESS).preferred,
                     since=since)
    lab.h3.wait_ping(SERVER)
    text = house.sixgated.cli_run("status").stdout
    lab.row("4389-05", "another router" in text and "shared by lan1" in text and "no prefix" in text, text)
    final_checks(lab)


@limit(120)
def test_a_crash_and_the_end_of_the_prefix(lab):
    """kill -9 and a new start: hosts keep their addresses and connections. When the provider takes its prefix back, hosts
    are told at once."""
    house = shared(lab)
    h1, h3, since = lab.h1.address_in(ACCESS), lab.h3.address_in(ACCESS), time.time()
    lab.until("h3 has a route", lambda: host_route(lab, h3) == "lan1")
    house.sixgated.kill()
    house.sixgated.start()
    lab.h1.wait_ping(SERVER, source=h1)
    lab.h3.wait_ping(SERVER, source=h3)
    lab.pause(5)
    lab.check(host_route(lab, h3) == "lan1", "h3 has lost its route")
    gone = [ra for wire in (lab.lan0, lab.lan1) for ra in wire.ras(since)
            if ra.prefix(ACCESS) and not ra.prefix(ACCESS).preferred]
    lab.check(not gone, "hosts were told that their prefix is gone: %s" % gone)
    since = time.time()
    house.radvd.change(preferred=0, valid=0)
    for wire in (lab.lan0, lab.lan1):
        wire.wait_ra("the prefix is taken back", lambda ra: ra.prefix(ACCESS) and not ra.prefix(ACCESS).valid, since=since)
    lab.until("nothing of it is left in the kernel", lambda: not [
        one for one in lab.cpe.routes() if one["dst"].startswith(ACCESS.split("::")[0])], 10)
    final_checks(lab)


@limit(150)
def test_one_delegated_64_for_two_lans(lab):
    """A server that has a single /64: the first LAN has it, the other shares it, and both have the Internet."""
    house = build(lab, Kea, {"pool": "2001:db8:3000::/64", "length": 64})
    house.sixgated = Sixgated(lab).start()
    wait_online(lab, "2001:db8:3000::/64", hosts=("h1", "h2"))
    wait_online(lab, "2001:db8:3000::/64", hosts=("h3",), timeout=60)
    lab.h1.wait_ping(lab.h3.address_in("2001:db8:3000::/64"))
    # Who has not been heard of is where our kernel does not find it.
    lab.h3.ip("address", "add", "2001:db8:3000::4712/64", "dev", "eth0", "nodad")
    lab.net.wait_ping("2001:db8:3000::4712")
    lab.check(host_route(lab, "2001:db8:3000::4712") == "lan1", lab.cpe.routes())
    status = house.sixgated.status()
    lab.check(not [one for one in status["problems"] if "gets no prefix" in one], status["problems"])
    lab.check("wan0" not in status["uplinks"][0]["sharing"]["hosts_of"], status["uplinks"][0]["sharing"])
    final_checks(lab)


def two_between_the_same_links(lab, config, second_config):
    """Two sixgates on one access link and one LAN; the first is at work when the second comes."""
    lab.house(wan=False)
    other = lab.namespace("other")
    lab.isp.ip("link", "add", "isp0", "address", lab.new_mac(), "type", "bridge", "forward_delay", "0", "stp_state", "0",
               "mcast_snooping", "0")
    lab.isp.ip("link", "set", "isp0", "up")
    for namespace, port in ((lab.cpe, "port0"), (other, "port1")):
        lab.cable(lab.isp, port, namespace, "wan0")
        lab.isp.ip("link", "set", port, "master", "isp0")
    lab.no_dad(lab.isp, "isp0")
    lab.isp.ip("address", "add", ISP_ADDRESS + "/64", "dev", "isp0", "nodad")
    lab.wan = lab.isp.wire("isp0")
    lab.cable(lab.cpe, "lan0.other", other, "lan0")
    lab.cpe.ip("link", "set", "lan0.other", "master", "lan0")
    Radvd(lab, autonomous=True, managed=False, other=False, interval=4).start()
    first = Sixgated(lab, config=config).start()
    for host in (lab.h1, lab.h3):  # on each of its LANs
        host.wait_address(ACCESS)
        host.wait_ping(SERVER)
    second = Sixgated(lab, namespace=other, arguments=[])
    second.state_dir, second.socket = lab.fresh_directory("state2"), lab.fresh_directory("control2") + "/sixgate.sock"
    second.config_path = lab.file("second.toml", second_config)
    second.start()
    since = time.time()
    lab.until("one of them notices", lambda: "lan0 takes no part" in first.process.text() + second.process.text(), 30)
    lab.until("no question goes round", lambda: not lab.wan.packets(
        time.time() - 3, match=lambda one: one.icmp in (135, 136) and one.time > since + 3), 30)
    return first


@limit(150)
def test_two_between_the_same_links(lab):
    """A second sixgate between the same access link and the same LAN: each notices the other, and neither passes on what
    the other asks."""
    first = two_between_the_same_links(lab, toml(uplink=NOTHING_DELEGATED), toml(lans=("lan0",), uplink=NOTHING_DELEGATED))
    lab.h3.wait_ping(SERVER)  # the LAN that only one has goes on
    lab.check("another router" in first.cli_run("status").stdout, first.cli_run("status").stdout)
    final_checks(lab)


def test_the_lan_where_a_solicitation_comes_back_gives_way(lab):
    """Another proxy between the uplink and lan0 gives back a host's DAD of lan1 that we passed on: lan1 goes on."""
    house = shared(lab)
    h3, again = lab.h3.address_in(ACCESS), at(0x4713)
    lab.h3.ip("address", "add", again + "/64", "dev", "eth0")  # our own proxy asks with the host's nonce (RFC 7527)
    passed_on = lab.until("its DAD is on the uplink", lambda: neighbours(lab.wan, 135, again))[0]
    lab.check(link_layer(passed_on, 14) is not None, "no nonce: %s" % passed_on.payload.hex())
    inject(lab.h2, "eth0", passed_on.raw[14:], multicast_mac(passed_on.destination))
    house.sixgated.process.wait_log("lan0 takes no part in the sharing for an hour: there is another way to lan0")
    lab.until("h3 is where it was", lambda: place(house, h3) == "lan1", 10)
    lab.h3.wait_ping(SERVER, source=h3)
    lab.check("lan1 takes no part" not in house.sixgated.process.text(), "lan1 was blamed")
    final_checks(lab)


@limit(120)
def test_a_provider_that_says_nothing_of_delegation(lab):
    """The defaults: a prefix is asked for and never delegated, and after a while the house has the link's own /64."""
    house = build(lab, start_server=False, ra=dict(autonomous=True, managed=False, other=False, interval=4))
    house.sixgated = Sixgated(lab).start()
    lab.until("it says what it waits for", lambda: "waiting whether a prefix" in house.sixgated.cli_run("status").stdout)
    wait_online(lab, ACCESS, timeout=60)
    text = house.sixgated.cli_run("status").stdout
    lab.check("shared by lan0, lan1: %s" % ACCESS in text and "delegates nothing" in text, text)
    final_checks(lab)


@limit(150)
def test_addresses_by_dhcpv6_in_a_shared_64(lab):
    """Addresses that our DHCPv6 server gives out in the /64 of the access link, on two LANs: different ones, and both
    reach the Internet and are reached."""
    house = shared(lab, config=toml(uplink=NOTHING_DELEGATED, lan='addressing = "slaac+dhcpv6"\n'))
    hosts = {lab.h1: "lan0", lab.h2: "lan0", lab.h3: "lan1"}
    for host in hosts:
        Dhclient(lab, host, ask=["-N"]).start()

    def leased():
        return {one["address"] for lan in house.sixgated.status()["lans"] for host in lan.get("hosts", [])
                for one in host["addresses"]
                if one["origin"] == "dhcpv6" and ipaddress.IPv6Address(one["address"]) in NETWORK}
    lab.until("three addresses are leased", lambda: len(leased()) == 3, 40)

    def taken():
        return {host: next((one["local"] for one in host.addresses() if one["local"] in leased()), None) for host in hosts}
    lab.until("the hosts have them", lambda: all(taken().values()))
    own = taken()
    lab.check(len(set(own.values())) == 3, own)
    for host, address in own.items():
        host.wait_ping(SERVER, source=address)
        lab.check(lab.net.ping(address, wait=2), "the Internet cannot ping %s" % address)
        lab.check(place(house, address) == hosts[host], "%s is on %s, not %s" % (address, place(house, address), hosts[host]))
    lab.h1.wait_ping(own[lab.h3], source=own[lab.h1])
    final_checks(lab)


def doors_in_a_shared_64(lab, backend):
    base = toml(uplink=NOTHING_DELEGATED, each={"lan0": 'zone = "exposed"\n'}) + '\n[firewall]\nbackend = "%s"\n' % backend
    house = shared(lab, base)
    house.sixgated.write(base + (PINHOLE % lab.h3.mac("eth0")).replace("lan0", "lan1"))
    house.sixgated.reload()
    h1, h3 = lab.h1.address_in(ACCESS), lab.h3.address_in(ACCESS)
    lab.until("h3 has a route", lambda: host_route(lab, h3) == "lan1")
    lab.net.serve(udp=[8091])
    for host in (lab.h1, lab.h3):
        host.serve(udp=[8081])
    through, exposed, out = (UdpFlow(lab, lab.net, h3, 8081), UdpFlow(lab, lab.net, h1, 8081),
                             UdpFlow(lab, lab.h3, SERVER, 8091, (h3, 4444)))
    beside = UdpFlow(lab, lab.isp, h3, 8081, (ISP_ADDRESS, 4444))
    for flow in (through, exposed, out, beside):
        lab.until("it begins", flow.answers, 10)
    lab.check(all(flow.answers() for flow in (through, exposed, out, beside)), "a flow does not go on")
    lab.until("the provider's router has a route", lambda: host_route(lab, ISP_ADDRESS) == "wan0", 10)
    house.sixgated.write(base)
    house.sixgated.reload()
    lab.until("the flow through the door is over", lambda: not through.answers(), 20)
    lab.until("and the one of a neighbour on the provider's link", lambda: not beside.answers(), 10)
    lab.check(not through.answers(), "it came back")
    lab.check(exposed.answers() and out.answers(), "another flow ended with it")
    final_checks(lab)


@limit(120)
def test_doors_in_a_shared_64_nft(lab):
    """nft: a LAN that is exposed and one that is not have one /64 with the provider's link: when a door of the guarded one goes,
    what came in by it ends, and nothing else."""
    doors_in_a_shared_64(lab, "nft")


@limit(120)
def test_doors_in_a_shared_64_ip6tables(lab):
    """ip6tables-restore: the same."""
    doors_in_a_shared_64(lab, "ip6tables")
