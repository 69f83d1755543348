# SPDX-License-Identifier: Apache-2.0
"""The main way: a real DHCPv6 server delegates, real hosts configure themselves and reach the Internet."""
from lab import CORE, POOL, SERVER, proves
from network_manager import NetworkManager
from peers import DhcpcdHost, Dhcpd, Dibbler, Kea, Networkd, rdisc6
from scenario import by_itself, final_checks, online, slash64, toml
from wire import inside


def check_two_lans(lab, prefix):
    first, second = slash64(lab.lan0, prefix), slash64(lab.lan1, prefix)
    lab.check(first and second, "a LAN has no /64 of %s: lan0 %s, lan1 %s" % (prefix, first, second))
    lab.check(first != second, "both LANs have %s" % first)
    lab.check(first.endswith("/64") and second.endswith("/64"), "not /64: %s %s" % (first, second))
    return first, second


def check_from_outside(lab, prefix):
    """The protected hosts answer a ping from the server and no connection (RFC 6092, RFC 4890 section 4.3.1)."""
    for role in ("h1", "h3"):
        host = lab.roles[role]
        host.serve(tcp=[8080], udp=[8081])
        target = host.address_in(prefix)
        lab.check(lab.net.ping(target), "the server cannot ping %s" % role)
        lab.check(lab.net.tcp(target, 8080) != "open", "the server opens TCP to protected %s" % role)
        lab.check(lab.net.udp(target, 8081) != "open", "the server reaches UDP of protected %s" % role)
    lab.net.serve(tcp=[8090], udp=[8091])
    lab.check(lab.h1.tcp(SERVER, 8090) == "open", "h1 cannot open TCP to the server")
    lab.check(lab.h3.udp(SERVER, 8091) == "open", "h3 gets no UDP answer from the server")


def test_online_with_kea(lab):
    """Kea delegates a /56 and an address; two LANs get their /64; kernel hosts configure; pings pass both ways."""
    house = online(lab)
    lab.check(inside(house.prefix.split("/")[0], POOL), "%s is not of the ISP's pool" % house.prefix)
    first, second = check_two_lans(lab, house.prefix)
    check_from_outside(lab, house.prefix)
    request = lab.wan.wait_dhcp("Request")
    lab.check(request.addresses and request.delegations, "the Request lacks IA_NA or IA_PD: %s" % request)
    lab.check(lab.h1.ping(lab.h3.address_in(house.prefix)), "h1 cannot ping h3 on the other LAN")
    status = house.sixgated.status()
    lab.check(status["schema"] == 1, "schema %s" % status.get("schema"))
    lab.check(house.prefix in house.sixgated.delegations(), "status does not show %s: %s" % (house.prefix, status))
    for name, wanted in (("lan0", first), ("lan1", second)):
        shown = house.sixgated.lan(name)
        lab.check(shown and wanted in [one["prefix"] for one in shown["prefixes"]],
                  "status of %s lacks %s: %s" % (name, wanted, shown))
        address = next(one["address"] for one in shown["prefixes"] if one["prefix"] == wanted)
        held = lab.cpe.wait_address(wanted, name)
        lab.check(held == address, "the kernel's address on %s is %s, not %s" % (name, held, address))
    text = house.sixgated.cli_run("status")
    lab.check(text.returncode == 0 and house.prefix in text.stdout, "sixgate status shows no delegation: %s" % text)
    final_checks(lab)


def other_server(lab, server):
    house = online(lab, server=server)
    check_two_lans(lab, house.prefix)
    check_from_outside(lab, house.prefix)
    final_checks(lab)


def test_online_with_dibbler(lab):
    """The same with dibbler-server at the ISP."""
    other_server(lab, Dibbler)


def test_online_with_isc_dhcpd(lab):
    """The same with isc-dhcp-server at the ISP."""
    other_server(lab, Dhcpd)


def test_hosts_of_four_kinds(lab):
    """dhcpcd, systemd-networkd and NetworkManager, beside the kernel, take address, default route and DNS from our RAs on
    both LANs."""
    house = online(lab)
    for role, wire in (("h2", lab.lan0), ("h3", lab.lan1)):
        host = lab.roles[role]
        own = slash64(wire, house.prefix)
        dns = [one for ra in wire.ras() for one, lifetime in ra.rdnss if lifetime]
        lab.check(dns, "no RDNSS on the LAN of %s" % role)
        for kind in (DhcpcdHost, Networkd, NetworkManager):
            # What is there of others is forgotten: what comes now comes from the program.
            program = by_itself(host, kind(lab, host))
            host.wait_address(own)
            host.wait_default_route()
            lab.until("%s on %s knows the DNS server" % (kind.__name__, role), lambda one=program: set(one.dns()) & set(dns))
            host.wait_ping(SERVER, source=host.address_in(own))
            program.stop()
    final_checks(lab)


def test_solicited_by_rdisc6(lab):
    """rdisc6, a solicitor nobody here wrote, gets an answer on both LANs and reads in it what the wire carries."""
    house = online(lab)
    for role, wire in (("h1", lab.lan0), ("h3", lab.lan1)):
        own = slash64(wire, house.prefix)
        text = rdisc6(lab.roles[role])
        lab.check(text, "rdisc6 on %s got no answer" % role)
        for wanted in (own.split("/")[0], "Router lifetime", "Recursive DNS server", "MTU", "Source link-layer address",
                       "Route "):
            lab.check(wanted.strip() in text, "rdisc6 on %s does not show %r:\n%s" % (role, wanted, text))
        lab.check("Stateful address conf.    :           No" in text, "the M flag is set:\n%s" % text)
    final_checks(lab)


def test_reached_by_command_line_alone(lab):
    """`sixgated --wan IF --lan IF --lan IF` needs no file, and an ISP that speaks a lot still gets few packets."""
    house = online(lab)
    lab.check("--config" not in house.sixgated.command(), "a file was used")
    solicits, requests = lab.wan.dhcp("Solicit"), lab.wan.dhcp("Request")
    lab.check(len(solicits) <= 3 and len(requests) <= 2, "%d Solicit, %d Request" % (len(solicits), len(requests)))
    for name in ("Renew", "Rebind", "Decline", "Information-request"):
        lab.check(not lab.wan.dhcp(name), "a %s although the lease is fresh" % name)
    final_checks(lab)


def test_isp_gives_only_a_slash64(lab):
    """An ISP that has a single /64 to delegate, which is not to be shared: one LAN (the first) is served, the other named
    loudly, nothing twice."""
    house = online(lab, config=toml(uplink='share_prefix = "off"'), hosts=("h1", "h2"), server_options={"length": 64, "pool": "2001:db8:3000::/64"})
    lab.check(house.prefix.endswith("/64"), "delegated %s" % house.prefix)
    lab.check(slash64(lab.lan0, house.prefix) == house.prefix, "lan0 does not have %s" % house.prefix)
    lab.pause(3)
    lab.check(slash64(lab.lan1, house.prefix) is None, "one /64 on two LANs")
    lab.check(lab.h3.address_in(house.prefix) is None, "h3 has an address in lan0's /64")
    lab.check("lan1" in " ".join(house.sixgated.status().get("problems", [])) or any(
        "lan1" in line and house.prefix.split("::")[0] in line or "lan1" in line and "left" in line
        for line in house.sixgated.process.text().splitlines()), "nobody says that lan1 got nothing")
    # The ULA still serves the LAN that got nothing, without a default route (RFC 7084 ULA-5).
    ras = [ra for ra in lab.lan1.ras() if ra.inside("fc00::/7")]
    lab.check(ras and ras[-1].lifetime == 0, "lan1: %s" % ras)
    final_checks(lab)


@proves("7084-WPD-3a")
def test_every_delegated_length(lab):
    """Any delegated length is used: /48, and lengths that are no nibble such as /59, /61, /63."""
    results = []
    house = None
    for number, length in enumerate((59, 48, 61, 63)):
        options = {"length": length, "pool": "2001:db8:%x000::/44" % (4 + number)}
        if house is None:
            house = online(lab, server_options=options)
        else:
            house.sixgated.terminate()
            house.server.stop()
            house.snooper.forget()
            house.server = Kea(lab, name="kea%d" % length, **options).start()
            house.sixgated.forget()
            house.sixgated.start()
        pool = options["pool"]
        h1 = lab.h1.wait_address(pool)
        h3 = lab.h3.wait_address(pool)
        lab.until("h1 reaches the server from %s" % h1, lambda: lab.h1.ping(SERVER, source=h1))
        shown = house.sixgated.delegations()
        results.append((length, shown, h1.rsplit(":", 4)[0], h3.rsplit(":", 4)[0]))
        lab.check(any(one.endswith("/%d" % length) for one in shown), "not a /%d: %s" % (length, shown))
    lab.row("7084-WPD-3a", len(results) == 4 and all(one[2] != one[3] for one in results), results)
    final_checks(lab)


def test_lab_reaches_what_it_should(lab):
    """Control: with no firewall (backend none) the server does open connections, so a closed door is a closed door."""
    house = online(lab, sixgated={"extra": ["--firewall", "none"]})
    lab.h1.serve(tcp=[8080], udp=[8081])
    target = lab.h1.address_in(house.prefix)
    lab.check(lab.net.tcp(target, 8080) == "open", "TCP does not pass without a firewall")
    lab.check(lab.net.udp(target, 8081) == "open", "UDP does not pass without a firewall")
    lab.check(lab.net.ping(CORE), "the server does not reach its router")
    final_checks(lab)
