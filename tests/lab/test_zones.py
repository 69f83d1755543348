# SPDX-License-Identifier: Apache-2.0
"""The zones of LANs and what is opened in them, as a server beyond the ISP and nmap see them, with both firewall backends."""
import ipaddress
import time

from lab import OTHER_POOL, SERVER, require_tools
from peers import nmap
from scenario import final_checks, online, toml, wait_delegated, wait_online


def zones(lab, backend):
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    house = online(lab, config=toml(each={"lan1": 'zone = "exposed"'}),
                   sixgated={"extra": ["--firewall", backend]},
                   server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120})
    lab.check(house.sixgated.status()["firewall"]["backend"] == backend, house.sixgated.status().get("firewall"))
    for role in ("h1", "h2", "h3"):
        lab.roles[role].serve(tcp=[22, 8080], udp=[8081])
    lab.net.serve(tcp=[8090], udp=[8091])
    look(lab, house.prefix)
    # The doors stay as they are when the prefix changes under them.
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, house.prefix)
    look(lab, house.prefix)
    # After kill -9 the rules stand, and after the restart too: there is no open moment.
    house.sixgated.kill()
    lab.check(lab.net.tcp(lab.h1.address_in(house.prefix), 8080, timeout=1) != "open", "open while the daemon is dead")
    house.sixgated.start()
    lab.until("the prefix is alive again", lambda: house.prefix in house.sixgated.delegations())
    look(lab, house.prefix)
    final_checks(lab)


def look(lab, prefix):
    h1, h2, h3 = (lab.roles[role].address_in(prefix) for role in ("h1", "h2", "h3"))
    for name, target in (("h1", h1), ("h2", h2)):
        lab.check(lab.net.tcp(target, 8080, timeout=1) != "open", "the server opens TCP to protected %s" % name)
        lab.check(lab.net.udp(target, 8081) != "open", "the server reaches UDP of protected %s" % name)
        lab.check(lab.net.ping(target), "the server cannot ping protected %s" % name)
    lab.check(lab.net.tcp(h3, 8080) == "open", "the server cannot open TCP to exposed h3")
    lab.check(lab.net.udp(h3, 8081) == "open", "the server does not reach UDP of exposed h3")
    lab.check(lab.net.ping(h3), "the server cannot ping exposed h3")
    seen = nmap(lab.net, h1, [22, 80, 8080])
    lab.check(seen is None or "open" not in seen.values(), "nmap sees on protected h1: %s" % seen)
    seen = nmap(lab.net, h3, [22, 8080])
    lab.check(seen and seen == {22: "open", 8080: "open"}, "nmap sees on exposed h3: %s" % seen)
    for name in ("h1", "h3"):
        lab.check(lab.roles[name].tcp(SERVER, 8090) == "open", "%s cannot open TCP to the server" % name)
        lab.check(lab.roles[name].udp(SERVER, 8091) == "open", "%s gets no UDP answer" % name)
    lab.check(lab.h1.tcp(h3, 8080) == "open", "protected h1 cannot open exposed h3")
    lab.check(lab.h3.tcp(h1, 8080, timeout=1) != "open", "exposed h3 opens protected h1")


def test_zones_with_nft(lab):
    """nft: protected is closed, exposed is open, through a renumbering and a kill -9."""
    zones(lab, "nft")


def test_zones_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    zones(lab, "ip6tables")


LANS = {"lan0": ["h1"], "lan1": ["h3"], "guest0": ["h5"], "things0": ["h6"]}
ELSEWHERE = "2001:db8:9::/48"
QUERY = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\4home\4arpa\0\0\x1c\0\1"  # home.arpa AAAA


def pinholes(mac):
    def one(**keys):
        return "\n[[pinhole]]\nlan = \"lan0\"\nhost = \"%s\"\n" % mac + "".join(
            "%s = %s\n" % pair for pair in keys.items())
    return one(ports=8080) + one(protocol='"udp"', ports='[8081, "8083-8085"]') + one(
        ports=8082, sources='["%s"]' % ELSEWHERE)


def four_zones(lab, backend):
    """Guests have the Internet and no other LAN; things have neither; what is opened to one host follows it."""
    require_tools("nft" if backend == "nft" else "ip6tables-restore")
    lab.house(LANS)
    config = toml(lans=LANS, each={"lan1": 'zone = "exposed"', "guest0": 'zone = "isolated"',
                                   "things0": 'zone = "closed"'}) + pinholes(lab.h1.mac("eth0"))
    house = online(lab, config=config, hosts=("h1", "h3", "h5"), sixgated={"extra": ["--firewall", backend]},
                   server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120})
    lab.h6.wait_address(house.prefix)
    lab.cpe.sysctl("net.ipv6.icmp.ratelimit", 0)  # each attempt is to be told, and there are many
    for role in ("h1", "h3", "h5", "h6"):
        lab.roles[role].serve(tcp=[22, 8080, 8081, 8082], udp=[8081, 8082, 8084])
    lab.cpe.serve(tcp=[22], udp=[53])
    lab.net.serve(tcp=[8090])
    look_at_four(lab, house.prefix)
    # An address that is not made of the MAC address which the pinhole names: heard is enough.
    other = str(ipaddress.IPv6Address(int(ipaddress.IPv6Address(lab.h1.address_in(house.prefix))) >> 64 << 64 | 0xcafe))
    lab.h1.ip("address", "add", other + "/64", "dev", "eth0", "preferred_lft", "0")
    lab.h1.wait_ping(lab.cpe.wait_address(house.prefix, "lan0"), source=other)
    lab.until("the pinhole is where its host is heard", lambda: lab.net.tcp(other, 8080) == "open", 20)
    lab.check(lab.net.tcp(other, 8081, timeout=1) != "open", "another port is open there")
    lab.h1.ip("address", "del", other + "/64", "dev", "eth0")
    old = lab.h1.address_in(house.prefix)
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    house.prefix = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    wait_online(lab, house.prefix, ("h1", "h3", "h5"))
    lab.h6.wait_address(house.prefix)
    look_at_four(lab, house.prefix)
    lab.check(lab.net.tcp(old, 8080, timeout=1) != "open", "the pinhole is still open at the old address")
    rules = house.sixgated.cli_run("firewall", "print")
    lab.check(rules.returncode == 0 and lab.h1.address_in(house.prefix) in rules.stdout, rules.stdout[-2000:] + rules.stderr)
    other = "ip6tables" if backend == "nft" else "nft"
    lab.check(not rules.stdout.startswith("# not in place"), rules.stdout[:200])
    shown = house.sixgated.cli_run("firewall", "print", "--backend", other).stdout
    lab.check(shown.startswith("# not in place: sixgated uses another backend\n"), shown[:200])
    lab.check(lab.h1.address_in(house.prefix) in shown, "the pinhole is not in the other backend's text")
    final_checks(lab)


def look_at_four(lab, prefix):
    # A refusal that comes while connect() still sends is overlooked; the one of the second SYN, after a second, is not.
    h1, h3, h5, h6 = (lab.roles[role].address_in(prefix) for role in ("h1", "h3", "h5", "h6"))
    wrong = []

    def expect(name, found, wanted):
        if found != wanted:
            wrong.append("%s: %s" % (name, found))
    net, guest, things = lab.net, lab.h5, lab.h6
    expect("pinhole tcp", net.tcp(h1, 8080), "open")
    expect("another tcp port", net.tcp(h1, 8081, 1), "silent")
    expect("pinhole udp", net.udp(h1, 8081), "open")
    expect("pinhole udp in a range", net.udp(h1, 8084), "open")
    expect("another udp port", net.udp(h1, 8082), "unreachable")
    expect("a port for others", net.tcp(h1, 8082, 1), "silent")
    expect("no pinhole to the guest", net.tcp(h5, 8080, 1), "silent")
    expect("nothing to things", net.tcp(h6, 8080), "unreachable")
    expect("no ping to things", net.ping(h6), False)
    expect("the guest out", guest.tcp(SERVER, 8090), "open")
    expect("ping of the guest out", guest.ping(SERVER), True)
    for name, host in (("guest", guest), ("things", things)):
        for target, address in (("protected", h1), ("exposed", h3)):
            expect("%s to %s" % (name, target), host.tcp(address, 8080), "unreachable")
            expect("%s pings %s" % (name, target), host.ping(address), False)
        router = lab.cpe.wait_address(prefix, "guest0" if host is guest else "things0")
        expect("%s to the router" % name, host.tcp(router, 22), "unreachable")
        expect("%s asks for names" % name, host.udp(router, 53, payload=QUERY), "open")
    expect("things out", things.tcp(SERVER, 8090), "unreachable")
    expect("ping of things out", things.ping(SERVER), False)
    expect("protected to the guest", lab.h1.tcp(h5, 8080), "open")
    expect("protected to things", lab.h1.tcp(h6, 8080), "open")
    expect("exposed to the guest", lab.h3.tcp(h5, 8080), "unreachable")
    lab.check(not wrong, "\n".join(wrong))


def test_four_zones_with_nft(lab):
    """nft: protected, exposed, isolated and closed, and pinholes, through a renumbering."""
    four_zones(lab, "nft")


def test_four_zones_with_ip6tables(lab):
    """ip6tables-restore: the same."""
    four_zones(lab, "ip6tables")
