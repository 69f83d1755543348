# SPDX-License-Identifier: Apache-2.0
"""A long life in a short time: killed over and over, flooded with events, renewed often, left in peace."""
import ipaddress
import os
import random
import struct
import time

from lab import OTHER_POOL, SERVER, AddressWatch, limit, proves
from scenario import HOSTS, difference, final_checks, objects, online, slash64, toml, wait_delegated, wait_online
from wire import inject, multicast_mac, router_advertisement


@limit(240)
def test_killed_again_and_again(lab):
    """kill -9 fifteen times at random moments of the recovery: no host ever loses its address, nothing piles up."""
    house = online(lab)
    lab.pause(2)
    before, held = objects(lab), {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}
    watches = {role: AddressWatch(lab.roles[role]) for role in HOSTS}
    seed = random.randrange(1 << 32)
    print("seed", seed)
    moments = random.Random(seed)
    for _ in range(15):
        house.sixgated.kill()
        house.sixgated.start(wait=False)
        lab.pause(moments.uniform(0.0, 1.6))
    house.sixgated.kill()
    since = time.time()
    house.sixgated.start()
    lab.until("the daemon speaks of %s again (seed %d)" % (house.prefix, seed),
              lambda: house.prefix in house.sixgated.delegations())
    lab.lan0.wait_ra("a live prefix", lambda ra: ra.lifetime and any(pio.valid for pio in ra.inside(house.prefix)), 20, since)
    for role in HOSTS:
        lost = [one for one in watches[role].events if one["address"] == held[role]
                and (not one["new"] or one["deprecated"] or one["preferred"] == 0)]
        lab.check(not lost, "%s lost its address (seed %d): %s" % (role, seed, lost))
        lab.roles[role].wait_ping(SERVER, source=held[role])
    lab.until("the kernel's state is as before", lambda: objects(lab) == before or not print(
        difference(before, objects(lab))), 15, every=1)
    final_checks(lab)


def test_flood_of_kernel_events(lab):
    """Thousands of foreign addresses and routes come and go, more than a netlink socket holds; ours are put right after."""
    house = online(lab)
    own = slash64(lab.lan0, house.prefix)
    address = lab.cpe.wait_address(own, "lan0")
    lab.cpe.ip("link", "add", "dummy0", "type", "bridge")  # any foreign interface will do
    lab.cpe.ip("link", "set", "dummy0", "up")
    house.sixgated.process.send(19)  # SIGSTOP: it cannot read what comes
    batch = "".join("address add 2001:db8:66:%x::%x/64 dev dummy0 nodad\n" % (one // 4096, one % 4096 + 1) for one in range(3000))
    batch += "".join("route add unreachable 2001:db8:67:%x::/64\n" % one for one in range(1, 2000))
    path = lab.file("flood.batch", batch)
    lab.cpe.run("ip", "-6", "-batch", path, timeout=60)
    lab.cpe.ip("-6", "address", "del", address + "/64", "dev", "lan0")
    lab.cpe.ip("link", "del", "dummy0")
    house.sixgated.process.send(18)  # SIGCONT
    lab.until("%s is back" % address, lambda: lab.cpe.address_in(own, "lan0") == address, 20)
    lab.check(house.sixgated.answers(), "it does not answer")
    lab.h1.wait_ping(SERVER)
    lab.check(len([one for one in lab.cpe.routes() if one["dst"].startswith("2001:db8:67:")]) == 1999, "foreign routes are gone")
    final_checks(lab)


def written(house):
    """Inode and time of every state file: atomic writing changes both."""
    found = {}
    for root, _, names in os.walk(house.sixgated.state_dir):
        for name in names:
            facts = os.stat(os.path.join(root, name))
            found[name] = (facts.st_ino, facts.st_mtime_ns)
    return found


def test_flash_is_spared_and_the_processor_too(lab):
    """Renewals that change no prefix write nothing, and a settled daemon neither spins nor wakes often."""
    house = online(lab, server_options={"renew": 4, "rebind": 60, "preferred": 900, "valid": 1800})
    lab.pause(3)
    before, renewals = written(house), len(lab.wan.dhcp("Renew"))
    lab.check(before, "no state file in %s" % house.sixgated.state_dir)

    def spent():
        with open("/proc/%d/stat" % house.sixgated.process.pid) as file:
            fields = file.read().rpartition(")")[2].split()
        with open("/proc/%d/status" % house.sixgated.process.pid) as file:
            switches = next(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK"), switches
    cpu, switches = spent()
    lab.until("three renewals", lambda: len(lab.wan.dhcp("Renew")) >= renewals + 3, 30)
    later_cpu, later_switches = spent()
    lab.check(later_cpu - cpu < 0.5, "%.2f s of processor time for three renewals" % (later_cpu - cpu))
    lab.check(later_switches - switches < 400, "woke %d times" % (later_switches - switches))
    lab.check(written(house) == before, "the state was written: %s then %s" % (before, written(house)))
    final_checks(lab)


@limit(300)
@proves("9096-L-13c", "7772-03")
def test_rows_of_a_stale_prefix(lab):
    """The withdrawn prefix stays in every advertisement as long as a host may hold it, and then is gone (RFC 9096 3.5)."""
    house = online(lab, hosts=("h1", "h3"), server_options={"renew": 6, "rebind": 9, "preferred": 300, "valid": 600},
                   config=toml(lan="ra_max_interval = 5\nra_min_interval = 3\nra_max_preferred = 30\nra_max_valid = 40"))
    old, own = house.prefix, slash64(lab.lan0, house.prefix)
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    first = lab.lan0.wait_ra("the old prefix withdrawn", lambda ra: ra.prefix(own) and not ra.prefix(own).valid, 20, since)
    held_until = max(ra.time + ra.prefix(own).valid for ra in lab.lan0.ras(until=first.time)
                     if ra.prefix(own) and ra.prefix(own).valid)
    gone = lab.lan0.wait_ra("an RA without the old prefix", lambda ra: ra.prefix(own) is None, 90, first.time)
    kept = lab.lan0.ras(first.time, gone.time - 0.001)
    lab.row("9096-L-13c", gone.time >= held_until - 1 and len(kept) >= 5 and all(
        ra.prefix(own) and not ra.prefix(own).valid and not ra.prefix(own).preferred for ra in kept),
        "held until %.1f s, gone after %.1f s, %d RAs between" % (held_until - first.time, gone.time - first.time, len(kept)))
    # After the burst the interval is the configured one again.
    late = [ra.time for ra in lab.lan0.ras(first.time + 20) if ra.destination == "ff02::1"]
    gaps = [later - sooner for sooner, later in zip(late, late[1:])]
    lab.row("7772-03", gaps and all(gap >= 2.95 for gap in gaps), gaps)
    wait_online(lab, new, ("h1", "h3"))
    final_checks(lab)


@proves("4861-R-31", "4861-H-04", "4861-H-05", "4861-H-03")
def test_rows_of_link_parameters(lab):
    """MTU, preferences, routes and second routers in the ISP's Router Advertisements."""
    house = online(lab, ra={"mtu": 1400})
    wire_ra = lab.lan0.ras()[-1]
    lab.row("4861-R-31", wire_ra.mtu == 1400, wire_ra)
    source = lab.isp.link_local("isp0")

    def say(options=b"", lifetime=1800, flags=0xc0, router=source, mac=None):
        inject(lab.isp, "isp0", router_advertisement(router, lifetime, flags=flags, options=options),
               multicast_mac("ff02::1"), mac)

    def mtu(value):
        return struct.pack("!BBHI", 5, 1, 0, value)
    applied = lab.cpe.sysctl("net.ipv6.conf.wan0.mtu")
    for wrong in (1000, 9000):
        say(mtu(wrong))
    lab.pause(1)
    lab.row("4861-H-04", applied == "1400" and lab.cpe.sysctl("net.ipv6.conf.wan0.mtu") == "1400",
            "%s, then %s" % (applied, lab.cpe.sysctl("net.ipv6.conf.wan0.mtu")))

    def rio(prefix, preference, lifetime=600):
        net = ipaddress.IPv6Network(prefix)
        return struct.pack("!BBBBI", 24, 2, net.prefixlen, preference << 3, lifetime) + net.network_address.packed[:8]
    say(rio("2001:db8:a1::/48", 2) + rio("2001:db8:a2::/48", 1))
    lab.until("the route of high preference", lambda: [one for one in lab.cpe.routes() if one["dst"] == "2001:db8:a2::/48"], 10)
    lab.pause(0.5)
    reserved = [one for one in lab.cpe.routes() if one["dst"] == "2001:db8:a1::/48"]
    # Another router, less preferred (low, 11), then more (high, 01); then the first one leaves.
    other, its_mac = "fe80::a1:b2:e0:1", "02:a1:b2:e0:00:01"
    say(b"\x01\x01" + bytes.fromhex(its_mac.replace(":", "")), flags=0xc0 | 3 << 3, router=other, mac=its_mac)
    lab.until("two default routers", lambda: len(lab.cpe.default_routes()) == 2, 10)

    def best():
        return min(lab.cpe.default_routes(), key=lambda one: one["metric"])["gateway"]
    lab.check(best() == source, "a router of low preference is chosen: %s" % lab.cpe.default_routes())
    say(b"\x01\x01" + bytes.fromhex(its_mac.replace(":", "")), flags=0xc0 | 1 << 3, router=other, mac=its_mac)
    lab.until("the more preferred router is chosen", lambda: best() == other, 10)
    lab.row("4861-H-05", not reserved, "RIO with reserved preference: %s" % reserved)
    say(lifetime=0, router=other, mac=its_mac)
    lab.until("back to the first router", lambda: [one["gateway"] for one in lab.cpe.default_routes()] == [source], 10)
    lab.row("4861-H-03", lab.h1.ping(SERVER), "h1 does not reach the server")
    lab.check(house.sixgated.process.running, "it ended")
    final_checks(lab)
