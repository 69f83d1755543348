# SPDX-License-Identifier: Apache-2.0
"""Who else is on a LAN: its hosts, known without being asked; another DHCPv6 server; and ourselves under another
link-local address."""
import socket
import struct
import time

from lab import SERVER, limit, proves
from peers import Kea
from scenario import final_checks, online, quiet, toml
from wire import dhcp_options


def hosts_of(house, lan="lan0"):
    return {one["mac"]: one for one in house.sixgated.lan(lan).get("hosts", []) if "mac" in one}


@limit(120)
def test_lan_hosts_known_without_asking(lab):
    """Hosts are in `sixgate hosts` with MAC, addresses and their origin, and go on being there over a restart."""
    house = online(lab)
    for role, lan in (("h1", "lan0"), ("h2", "lan0"), ("h3", "lan1")):
        host = lab.roles[role]
        mac, address = host.mac("eth0"), host.address_in(house.prefix)
        lab.until("%s is known" % role, lambda: mac in hosts_of(house, lan), 15)
        lab.until("%s has its address" % role, lambda: address in [
            one["address"] for one in hosts_of(house, lan)[mac]["addresses"]], 15)
        origins = {one["address"]: one["origin"] for one in hosts_of(house, lan)[mac]["addresses"]}
        lab.check(origins[address] in ("slaac", "privacy"), origins)
        lab.check(set(origins.values()) <= {"slaac", "privacy", "link-local"}, origins)
    lab.check(lab.cpe.mac("wan0") not in hosts_of(house), "an uplink's neighbour is no host")
    text = house.sixgated.cli_run("hosts").stdout
    lab.check(lab.h1.mac("eth0") in text and lab.h3.mac("eth0") in text and "lan lan1" in text, text)
    lab.check("known" in house.sixgated.cli_run("status").stdout, "not in the status")
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("the table is read anew", lambda: lab.h1.mac("eth0") in hosts_of(house), 15)
    # Nobody was probed: the kernel's own questions are about addresses it had to send to.
    final_checks(lab)


@limit(120)
def test_lan_hosts_under_a_scan(lab):
    """What a scan of the /64 looks for and nobody answers to is no host. (All namespaces share one limit of neighbours.)"""
    house = online(lab, hosts=("h1",))
    before = house.sixgated.process.pid
    prefix = house.sixgated.lan("lan0")["prefixes"][0]["prefix"].split("::")[0]

    def scan():
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            for number in range(200):
                try:
                    sock.sendto(b"x", ("%s:1:2:3:%x" % (prefix, number), 9))
                except OSError:
                    pass  # no room for the moment
    lab.cpe.call(scan)
    lab.check(house.sixgated.process.pid == before and house.sixgated.process.running, "sixgated is gone")
    lab.check(len(hosts_of(house)) <= 3, hosts_of(house))
    lab.h1.wait_ping(SERVER)
    final_checks(lab)


@limit(120)
def test_lan_another_dhcpv6_server(lab):
    """A second DHCPv6 server on a LAN is noticed without a lease of it, reported once, and again when it changes."""
    house = online(lab, config=toml(lan="dhcpv6_watch = 60"))
    lab.check(not house.sixgated.lan("lan0").get("foreign_dhcpv6_servers"), "a stranger in an empty house")
    lab.h2.ip("address", "add", "2001:db8:bad::1/64", "dev", "eth0", "nodad")
    kea = Kea(lab, namespace=lab.h2, interface="eth0", access="2001:db8:bad::/64", prefixes=False,
              dns="2001:db8:bad::53", name="rogue").start()
    # A sixgated that starts, or a link that comes back, asks at once.
    house.sixgated.kill()
    since = time.time()
    house.sixgated.start()
    known = lambda: house.sixgated.lan("lan0").get("foreign_dhcpv6_servers") or []
    lab.until("the other server is known", known, 30)
    server = known()[0]
    lab.check(server["address"] == lab.h2.link_local("eth0") and "2001:db8:bad::53" in server["says"], server)
    lab.check(any("another DHCPv6 server" in one for one in house.sixgated.status()["problems"]), "no problem")
    lab.check("another DHCPv6 server" in house.sixgated.cli_run("status").stdout, "not in the text")
    house.sixgated.process.wait_log("another DHCPv6 server")
    lab.check(house.sixgated.process.text().count("another DHCPv6 server") == 1, "said more than once")
    questions = [one for one in lab.lan0.dhcp("Information-request", since)]
    lab.check(questions and not any(one.option(1) or one.option(3) or one.option(25) for one in questions), questions)
    leases = kea.directory + "/leases6.csv"
    with open(leases) as file:
        lab.check(len(file.read().splitlines()) <= 1, "the other server keeps something of us")
    kea.stop()
    kea.dns = "2001:db8:bad::54"
    kea.start(fresh=False)
    house.sixgated.process.wait_log("answers now", 80)
    lab.check("2001:db8:bad::54" in known()[0]["says"], known())
    final_checks(lab)


@limit(120)
@proves("4861-R-28")
def test_lan_another_link_local_address(lab):
    """Hosts change their default router at once when our link-local address changes, and are never without one."""
    house = online(lab)
    old = lab.cpe.link_local("lan0")
    quiet(lab, lab.lan0)
    since = time.time()
    lab.cpe.ip("address", "add", "fe80::7:7/64", "dev", "lan0", "nodad")
    lab.cpe.ip("address", "del", old + "/64", "dev", "lan0")
    new = lab.lan0.wait_ra("from the new address", lambda ra: ra.source == "fe80::7:7" and ra.lifetime, since=since)
    gone = lab.lan0.wait_ra("from the old one", lambda ra: ra.source == old and not ra.lifetime, since=since)
    lab.row("4861-R-28", gone.time - new.time >= 0 and not [
        ra for ra in lab.lan0.ras(since) if ra.source == old and ra.lifetime] and not gone.inside(house.prefix),
        "%s %s" % (new, gone))
    for role in ("h1", "h2"):
        lab.until("%s has the new router" % role, lambda one=lab.roles[role]: [
            route.get("gateway") for route in one.default_routes()] == ["fe80::7:7"], 10)
        lab.roles[role].wait_ping(SERVER)
    final_checks(lab)


@limit(120)
@proves("8415-S-31")
def test_lan_a_reply_larger_than_a_packet(lab):
    """A Reply beyond the MTU comes whole, in fragments of the IP layer."""
    servers = ["2001:db8:5353::%x" % number for number in range(1, 121)]
    online(lab, hosts=("h1",), config=toml(each={"lan0": "dns = [%s]" % ", ".join('"%s"' % one for one in servers)}))
    link_local = lab.h1.link_local("eth0")

    def ask():
        index = socket.if_nametoindex("eth0")
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind((link_local, 546, 0, index))
            sock.settimeout(3)
            client = struct.pack("!HHHH", 1, 10, 3, 1) + bytes.fromhex("02005e005301")
            sock.sendto(bytes([11, 1, 2, 3]) + client + struct.pack("!HHH", 6, 2, 23), ("ff02::1:2", 547, 0, index))
            return sock.recv(65535)
    since = time.time()
    reply = lab.h1.call(ask)
    told = [raw for code, raw in dhcp_options(reply[4:]) if code == 23]
    pieces = [one for one in lab.lan0.packets(since) if one.destination == link_local and one.fragment]
    wanted = b"".join(socket.inet_pton(socket.AF_INET6, one) for one in servers)
    lab.row("8415-S-31", told == [wanted] and len(reply) > 1500 and len(pieces) >= 2,
            "%d octets, %d fragments" % (len(reply), len(pieces)))
    final_checks(lab)
