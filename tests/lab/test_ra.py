# SPDX-License-Identifier: Apache-2.0
"""Our Router Advertisements before other people's eyes (rdisc6, radvdump, tshark, the kernel, dhcpcd, systemd-networkd,
NetworkManager) and under other people's attacks; and every failure that other routers are known for."""
import signal
import struct
import subprocess
import time

from lab import OTHER_POOL, POOL, SERVER, limit, proves, require_tools
from network_manager import NetworkManager
from peers import DhcpcdHost, Networkd, rdisc6
from scenario import by_itself, difference, final_checks, objects, online, quiet, slash64, toml, wait_delegated, wait_online
from wire import inject, multicast_mac, router_advertisement, router_solicitation

EVERYTHING = """
ra_preference = "high"
ra_hop_limit = 61
ra_reachable_time = 30000
ra_retrans_timer = 1500
ra_interval_option = true
ra_home_agent = true
ra_mtu = 1400
dhcpv6_pd_preferred = true
ra_prefix = ["ula slaac=no", "all"]
prefix = ["2001:db8:77:1::/64 preferred=600 valid=1200"]
ra_route = ["2001:db8:5::/48 high 1800"]
ra_route_preference = "low"
dns = ["2001:db8::53", "2001:db8::54"]
search = ["lan.example.org", "example.org"]
ra_pref64 = "64:ff9b::/96"
captive_portal_uri = "https://portal.example.org/api"
dnr = ["200 adn.example.org", "100 dns.example.org 2001:db8::853 alpn=dot,h2 port=8853"]
ra_option = ["253:0a0b0c0d0e0f"]
"""


def options(ra, kind):
    return [raw for code, raw in ra.options if code == kind]


def tshark(path, *fields):
    arguments = [word for one in fields for word in ("-e", one)]
    done = subprocess.run(["tshark", "-n", "-r", path, "-Y", "icmpv6.type == 134", "-T", "fields", *arguments],
                          stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True, timeout=60)
    return [line.split("\t") for line in done.stdout.splitlines()]


@limit(240)
@proves("8781-01", "8910-01", "9463-01", "9463-06", "9762-01", "9762-02", "8028-01")
def test_ra_every_option_to_every_eye(lab):
    """Everything that can be configured, as rdisc6, radvdump, tshark, the kernel, dhcpcd, networkd and NetworkManager
    see it."""
    require_tools("rdisc6", "radvdump", "tshark")
    house = online(lab, hosts=("h1", "h2"), lans={"lan0": ["h1", "h2", "h4"], "lan1": ["h3"]}, config=toml(each={
        "lan0": EVERYTHING, "lan1": 'ra_prefix = ["all onlink=no slaac=no"]'}))
    lab.h1.wait_address("2001:db8:77:1::/64")
    lab.h1.wait_ping(SERVER)
    quiet(lab, lab.lan0)
    since = time.time()
    dump = lab.h2.start("radvdump", ["stdbuf", "-oL", "radvdump", "-d", "1"])
    seen = rdisc6(lab.h1)
    ra = lab.lan0.wait_ra("an answer", lambda one: one.lifetime, 10, since)
    for part in ("61", "High", "30000", "1500", "2001:db8:77:1::/64", "1200", "600",
                 "2001:db8:5::/48", "1800", "2001:db8::53", "lan.example.org", "1400"):
        lab.check(part.lower() in seen.lower(), "rdisc6 did not see %s:\n%s" % (part, seen))
    mine = ra.prefix("2001:db8:77:1::/64")
    lab.check((mine.preferred, mine.valid) == (600, 1200), mine)
    live = [pio for pio in ra.inside(house.prefix) if pio.valid]
    ula = [pio for pio in ra.inside("fd00::/8") if pio.valid]
    lab.row("9762-01", live and all(pio.flags == 0xd0 for pio in live), ra.prefixes)
    lab.row("9762-02", ula and all(pio.flags == 0x90 for pio in ula), ra.prefixes)
    other = lab.lan1.wait_ra("a prefix", lambda one: [pio for pio in one.inside(house.prefix) if pio.valid], 20)
    lab.row("8028-01", all(not pio.flags for pio in other.prefixes if pio.valid), other)
    lab.row("8781-01", [raw[:4].hex() for raw in options(ra, 38)] == ["26020708"], options(ra, 38))  # 225 << 3, PLC 0
    portal = options(ra, 37)
    uri = b"https://portal.example.org/api"
    lab.row("8910-01", len(portal) == 1 and portal[0][2:2 + len(uri)] == uri and not any(portal[0][2 + len(uri):])
            and len(portal[0]) % 8 == 0, portal)
    dnr = options(ra, 144)
    name = b"\x03dns\x07example\x03org\x00"
    expected = (b"\x00\x64" + (5400).to_bytes(4, "big") + len(name).to_bytes(2, "big") + name + b"\x00\x10"
                + bytes.fromhex("20010db8000000000000000000000853") + b"\x00\x11"
                + b"\x00\x01\x00\x07\x03dot\x02h2" + b"\x00\x03\x00\x02\x22\x95")
    lab.row("9463-01", len(dnr) == 2 and dnr[0][2:2 + len(expected)] == expected and not any(dnr[0][2 + len(expected):])
            and len(dnr[0]) % 8 == 0 and b"\x03adn" in dnr[1], dnr)
    lab.row("9463-06", [int.from_bytes(raw[2:4], "big") for raw in dnr] == [100, 200], dnr)
    lab.check(options(ra, 253) == [bytes.fromhex("fd010a0b0c0d0e0f")], options(ra, 253))
    lab.check(options(ra, 7) == [bytes.fromhex("07010000000927c0")], options(ra, 7))
    lab.check(ra.flags & 0x20, "no H flag: %02x" % ra.flags)
    lab.check([one.preference for one in ra.routes if one.prefix == "2001:db8:5::/48"] == [1]
              and ra.route(house.prefix).preference == 3, ra.routes)
    # The kernel took it for what it is.
    lab.until("h1's hop limit, MTU and timers", lambda: (
        lab.h1.sysctl("net.ipv6.conf.eth0.hop_limit"), lab.h1.sysctl("net.ipv6.conf.eth0.mtu"),
        lab.h1.sysctl("net.ipv6.neigh.eth0.base_reachable_time_ms"),
        lab.h1.sysctl("net.ipv6.neigh.eth0.retrans_time_ms")) == ("61", "1400", "30000", "1500"), 10)
    lab.check(not lab.h1.address_in("fd00::/8"), "h1 autoconfigured where A is 0")
    # tshark finds nothing amiss and reads the same.
    rows = tshark(lab.lan0.path, "_ws.malformed", "icmpv6.opt.pref64.scaled_lifetime", "icmpv6.opt.captive_portal",
                  "icmpv6.nd.ra.flag.h")
    lab.check(not [row for row in rows if row[0]], "tshark: malformed")
    lab.check(any(row[1] == "225" and row[2] == uri.decode() for row in rows), rows[-1])
    # Three hosts of other people.
    dhcpcd = DhcpcdHost(lab, lab.h1).start()
    networkd = Networkd(lab, lab.h2).start()
    lab.until("dhcpcd's resolvers in order", lambda: dhcpcd.dns() == ["2001:db8::53", "2001:db8::54"], 20)
    # networkd keeps them in a set, whose order is its own.
    lab.until("networkd's resolvers", lambda: sorted(networkd.dns()) == ["2001:db8::53", "2001:db8::54"], 20)
    manager = by_itself(lab.h4, NetworkManager(lab, lab.h4))
    lab.until("NetworkManager's resolvers in order, and its domains", lambda: (manager.dns(), manager.search()) == (
        ["2001:db8::53", "2001:db8::54"], ["lan.example.org", "example.org"]), 20)
    lab.h4.wait_address("2001:db8:77:1::/64")
    lab.until("h4's route, its preference, hop limit and MTU", lambda: (
        [one["pref"] for one in lab.h4.routes() if one["dst"] == "2001:db8:5::/48"], lab.h4.sysctl(
            "net.ipv6.conf.eth0.hop_limit"), lab.h4.sysctl("net.ipv6.conf.eth0.mtu")) == (["high"], "61", "1400"), 10)
    lab.check(not lab.h4.address_in("fd00::/8"), "h4 autoconfigured where A is 0")
    # Our own eye on the wire, without the daemon.
    monitor = lab.h3.start("monitor", [house.sixgated.cli, "monitor", "ra", "eth0"])

    def shown():
        """It asks nobody itself, and does not say when it listens."""
        inject(lab.h3, "eth0", router_solicitation("::"), multicast_mac("ff02::2"))
        lab.pause(0.7)
        return "prefix " + slash64(lab.lan1, house.prefix) in monitor.text()
    lab.until("the monitor shows the prefix", shown, 30)
    for part in ("2001:db8:77:1::/64", "RDNSS 2001:db8::53", "AdvCurHopLimit 61"):
        dump.wait_log(part, 10)
    final_checks(lab)


@limit(240)
@proves("8781-03", "8106-03", "4191-05", "9463-04")
def test_ra_what_is_gone_is_said_to_be(lab):
    """What the configuration no longer has is taken back with lifetime zero, also over kill -9 (odhcpd#397)."""
    house = online(lab, hosts=("h1",), config=toml(each={"lan0": EVERYTHING}))
    lab.lan0.wait_ra("everything", lambda ra: options(ra, 38) and options(ra, 144))
    lab.pause(1)
    house.sixgated.kill()
    house.sixgated.write(toml())
    since = time.time()
    house.sixgated.start()
    ra = lab.lan0.wait_ra("our voice again", lambda one: one.route("2001:db8:5::/48"), 30, since)
    lab.row("4191-05", ra.route("2001:db8:5::/48").lifetime == 0, ra.routes)
    lab.row("8106-03", dict(ra.rdnss).get("2001:db8::53") == 0 and dict(ra.dnssl).get("lan.example.org") == 0,
            "%s %s" % (ra.rdnss, ra.dnssl))
    lab.row("8781-03", [raw[2:4].hex() for raw in options(ra, 38)] == ["0000"], options(ra, 38))
    lab.row("9463-04", len(options(ra, 144)) == 2 and not any(any(raw[4:8]) for raw in options(ra, 144)), options(ra, 144))
    lab.check(b"urn:ietf:params:capport:unrestricted" in options(ra, 37)[0], options(ra, 37))
    gone = ra.prefix("2001:db8:77:1::/64")
    lab.check(gone and gone.valid == 0 and gone.preferred == 0, ra.prefixes)
    lab.until("h1 deprecates", lambda: not lab.h1.address_in("2001:db8:77:1::/64"), 10)
    wait_online(lab, house.prefix, ("h1",))
    final_checks(lab)


def final_words(lab, since):
    return [ra for ra in lab.lan0.ras(since) if ra.lifetime == 0 and ra.destination == "ff02::1"]


def test_ra_stop_and_hand_over(lab):
    """SIGTERM: hosts are told within procd's five seconds. SIGUSR2, for a restart: they hear nothing of it."""
    house = online(lab, hosts=("h1",))
    quiet(lab, lab.lan0)
    before, since = objects(lab), time.time()
    code = house.sixgated.process.stop(signal.SIGUSR2, 15)
    lab.check(code == 0 and time.time() - since < 5, "exit code %s after %.1f s" % (code, time.time() - since))
    lab.check(not lab.lan0.ras(since), "hosts were told of a restart: %s" % lab.lan0.ras(since))
    house.sixgated.start()
    lab.until("the daemon speaks of %s again" % house.prefix, lambda: house.prefix in house.sixgated.delegations())
    lab.pause(1)
    lab.check(not final_words(lab, since), "a restart made us no default router")
    lab.until("the kernel's state is as before", lambda: objects(lab) == before or not print(
        difference(before, objects(lab))), 15, every=1)
    lab.check(lab.h1.default_routes(), "h1 lost its default router")
    since = time.time()
    code = house.sixgated.terminate(15)
    took = time.time() - since
    words = final_words(lab, since)
    lab.check(code == 0 and took < 5 + 3, "exit code %s after %.1f s" % (code, took))
    lab.check(1 <= len(words) <= 2 and not any(ra.prefixes for ra in words), words)
    lab.until("h1 has no default router", lambda: not lab.h1.default_routes(), 5)
    lab.check(lab.h1.address_in(house.prefix), "h1 lost its address to a stop")
    final_checks(lab)


@limit(200)
def test_ra_lifetimes_below_the_interval(lab):
    """A lease shorter than ra_min_interval: advertisements go on, three within each lifetime (odhcpd fell silent)."""
    house = online(lab, hosts=("h1",), server_options={"preferred": 40, "valid": 60, "renew": 20, "rebind": 30})
    held = lab.h1.address_in(house.prefix)
    # The burst lasts 32 s.
    lab.pause(70)
    times = [ra.time for ra in lab.lan0.ras() if ra.destination == "ff02::1"]
    gaps = [later - sooner for sooner, later in zip(times, times[1:])]
    lab.check(gaps and max(gaps) <= 23 and time.time() - times[-1] < 23, gaps)
    lab.check(min(gaps) >= 2.75, gaps)
    lab.check(lab.h1.address_in(house.prefix) == held, "h1 lost its address")
    lab.check(lab.h1.ping(SERVER), "h1 is offline")
    final_checks(lab)


@limit(200)
def test_ra_under_floods(lab):
    """Solicitations in their thousands, from ::, from one host and from forged ones: h1 keeps its answers."""
    require_tools("atk6-flood_rs6", "ns6")
    house = online(lab, hosts=("h1", "h2"))
    quiet(lab, lab.lan0)
    since = time.time()
    for _ in range(50):  # odhcpd and dnsmasq answer with fifty multicasts
        inject(lab.h2, "eth0", router_solicitation("::"), multicast_mac("ff02::2"))
    lab.pause(3)
    answers, took = [ra for ra in lab.lan0.ras(since) if ra.destination == "ff02::1"], time.time() - since
    lab.check(1 <= len(answers) <= 1 + took / 2.75, "%d multicasts in %.1f s about 50 solicitations from ::"
              % (len(answers), took))
    # The forged neighbours are few: all namespaces of a machine share one limit of neighbours, and a host of the lab
    # that cannot send any more says nothing about the router.
    target, mac = lab.cpe.link_local("lan0"), lab.cpe.mac("lan0")
    for number in range(200):
        forged = "02:00:5e:00:00:%02x" % (number % 20)
        inject(lab.h2, "eth0", router_solicitation("fe80::5eff:%x" % (number % 20), link_layer=forged),
               multicast_mac("ff02::2"), forged)
    floods = [lab.h2.start("ns6", ["ns6", "-i", "eth0", "-s", "fe80::/64", "-d", target, "-D", mac, "-t", target,
                                   "-F", "20", "-e", "-l", "-z", "1"]),
              lab.h2.start("flood-rs", ["nice", "-n", "19", "atk6-flood_rs6", "eth0"])]
    lab.until("hundreds were heard", lambda: house.sixgated.lan("lan0")["counters"]["rs_received"] > 500, 20)
    served = []
    for _ in range(3):
        start = time.time()
        # As a host asks: three times, 4 s apart (RFC 4861 section 10).
        lab.check("2001:db8" in rdisc6(lab.h1, timeout=4, attempts=3), "h1 is not answered any more")
        served.append(time.time() - start)
        lab.pause(1)
    for flood in floods:
        flood.kill()
    times = [ra.time for ra in lab.lan0.ras(since) if ra.destination == "ff02::1"]
    gaps = [later - sooner for sooner, later in zip(times, times[1:])]
    lab.check(all(gap >= 2.75 for gap in gaps), "multicasts %s apart" % gaps)
    print("answered in %s s, %s" % (["%.2f" % one for one in served], house.sixgated.lan("lan0")["counters"]))
    lab.h1.wait_ping(SERVER)
    final_checks(lab)


@proves("4861-R-27", "8781-05")
def test_ra_rogue_router_is_named_and_not_believed(lab):
    """Another router on our LAN: decoded, compared, reported once, in status; its prefix is never ours."""
    require_tools("atk6-fake_router26")
    house = online(lab, hosts=("h1",), config=toml(each={"lan0": 'ra_pref64 = "64:ff9b::/96"'}))
    before = objects(lab)
    rogue = lab.h2.start("rogue", ["atk6-fake_router26", "-i", "1", "-A", "2001:db8:bad::/64", "-M", "1400",
                                   "-F", "managed", "-l", "1800", "eth0"])
    lab.until("it is heard eight times", lambda: (house.sixgated.lan("lan0").get("foreign_routers") or [{}])[0].get(
        "advertisements", 0) >= 6, 30)
    seen = house.sixgated.lan("lan0")["foreign_routers"][0]
    lab.check("2001:db8:bad::/64" in seen["says"], seen)
    house.sixgated.process.wait_log("on this link advertises")
    log = house.sixgated.process.text()
    lines = [line for line in log.splitlines() if seen["address"] in line and "another router" in line]
    differing = [line for line in log.splitlines() if "on this link advertises" in line]
    lab.row("4861-R-27", len(lines) == 1 and any("MTU 1400" in line for line in differing) and any(
        "M 1" in line for line in differing) and len(differing) == len(set(differing)), lines + differing)
    lab.check(objects(lab) == before, difference(before, objects(lab)))
    lab.check(not [ra for ra in lab.lan0.ras() if ra.packet.ether_source == lab.cpe.mac("lan0")
                   and ra.inside("2001:db8:bad::/48")], "we advertise the rogue's prefix")
    text = house.sixgated.cli_run("status").stdout
    lab.check("another router" in text and "next advertisement in" in text, text)
    rogue.kill()
    # PREF64 of another NAT64 (RFC 8781 section 5.2).
    other = struct.pack("!BBH", 38, 2, 225 << 3) + bytes.fromhex("20010db8006400000000000000000000")[:12]
    inject(lab.h2, "eth0", router_advertisement(lab.h2.link_local("eth0"), 0, options=other), multicast_mac("ff02::1"))
    house.sixgated.process.wait_log("PREF64 2001:db8:64::/96", 10)
    lab.row("8781-05", True)
    final_checks(lab)


@limit(200)
def test_ra_flap_and_return_of_a_prefix(lab):
    """A cable out for 2 s changes nothing; a prefix that comes back is alive at once and never stale again (odhcpd#387)."""
    house = online(lab, hosts=("h1", "h3"), server_options={"renew": 6, "rebind": 9})
    quiet(lab, lab.lan1, 17, 60)
    own, held, since = slash64(lab.lan1, house.prefix), lab.h3.address_in(house.prefix), time.time()
    lab.h3.ip("link", "set", "eth0", "down")
    lab.until("the cpe sees no carrier", lambda: "NO-CARRIER" in lab.cpe.links()["lan1"]["flags"], 5)
    lab.pause(2)
    lab.h3.ip("link", "set", "eth0", "up")
    lab.check(lab.h3.wait_address(house.prefix) == held, "h3 has another address")
    lab.pause(4)
    said = [ra for ra in lab.lan1.ras(since) if ra.destination == "ff02::1"]
    lab.check(not said, "a flap of 2 s was worth %d multicasts" % len(said))
    lab.check(not [pio for ra in lab.lan1.ras(since) for pio in ra.prefixes if not pio.preferred], "a prefix was withdrawn")
    # Renumbered away and back, over a reboot each time.
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    other = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    lab.lan0.wait_ra("the other prefix", lambda ra: [pio for pio in ra.inside(other) if pio.valid], 20, since)
    first = slash64(lab.lan0, house.prefix)
    house.sixgated.kill()
    house.sixgated.reboot()
    since = time.time()
    house.server.renumber(POOL, house.snooper)
    house.sixgated.start()
    back = wait_delegated(lab, since, timeout=60, within=POOL)
    ra = lab.lan0.wait_ra("the first pool again", lambda one: [pio for pio in one.inside(back) if pio.valid], 20, since)
    lab.pause(4)
    stale = [pio for one in lab.lan0.ras(ra.time) for pio in one.inside(back) if not pio.preferred and pio.prefix == slash64(
        lab.lan0, back)]
    lab.check(not stale, "the live prefix is said to be stale: %s" % stale)
    lab.check(first, "no prefix before")
    wait_online(lab, back, ("h1", "h3"))
    final_checks(lab)
