# SPDX-License-Identifier: Apache-2.0
"""Links go down, come up, appear late and lose what was theirs; other people's things stay untouched."""
import ipaddress
import time

from lab import SERVER, AddressWatch, limit, proves
from peers import Sixgated
from scenario import (HOSTS, build, final_checks, objects, online, quiet, slash64, toml, wait_delegated,
                      wait_online)
from wire import ICMP6, icmp6, inject, ipv6, multicast_mac


@proves("ROB-04")
def test_uplink_down_and_up(lab):
    """The WAN cable is out for 8 s: hosts keep their addresses, only the default route goes, and it comes back."""
    house = online(lab)
    held = {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}
    own = slash64(lab.lan0, house.prefix)
    watch = AddressWatch(lab.h1)
    quiet(lab, lab.lan0)
    down = time.time()
    lab.isp.ip("link", "set", "isp0", "down")
    gone = lab.lan0.wait_ra("Router Lifetime 0", lambda ra: ra.lifetime == 0, 10, down)
    lab.check(gone.prefix(own) and gone.prefix(own).preferred, "the prefix went with the link: %s" % gone)
    lab.pause(8)
    up = time.time()  # the known router is used again before it has spoken
    lab.isp.ip("link", "set", "isp0", "up")
    for prefix, via in list(house.snooper.routes.items()):  # routes went with the link, the access node's memory did not
        lab.isp.ip("-6", "route", "replace", prefix, "via", via, "dev", "isp0")
    heard = lab.wan.wait_ra("the ISP's RA", lambda ra: ra.lifetime > 0, 30, up)
    back = lab.lan0.wait_ra("Router Lifetime again", lambda ra: ra.lifetime > 0, 20, up)
    wait_online(lab, house.prefix)
    lab.check(held == {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}, "addresses changed")
    lost = [one for one in watch.events if one["address"] == held["h1"] and (not one["new"] or one["deprecated"])]
    lab.check(not lost, "h1 lost its address meanwhile: %s" % lost)
    # MIN_DELAY_BETWEEN_RAS may hold the multicast for 3 s.
    lab.row("ROB-04", back.time - heard.time < 4.5 and not [
        pio for ra in lab.lan0.ras(down) for pio in ra.inside(house.prefix) if not pio.preferred],
        "lifetime back %.1f s after the ISP's RA" % (back.time - heard.time))
    lab.check(not lab.wan.dhcp("Release"), "a Release because of a flap")
    final_checks(lab)


def test_lan_carrier_flap(lab):
    """A LAN cable is out for 3 s: its hosts keep everything, the other LAN sees nothing of it."""
    house = online(lab)
    own = slash64(lab.lan1, house.prefix)
    held = lab.h3.address_in(house.prefix)
    ours = lab.cpe.wait_address(own, "lan1")
    other = len([ra for ra in lab.lan0.ras() if ra.lifetime == 0])
    lab.h3.ip("link", "set", "eth0", "down")
    lab.until("the cpe sees no carrier", lambda: "NO-CARRIER" in lab.cpe.links()["lan1"]["flags"], 5)
    lab.pause(3)
    since = time.time()
    lab.h3.ip("link", "set", "eth0", "up")
    ra = lab.lan1.wait_ra("the LAN's prefix again", lambda ra: ra.prefix(own) and ra.prefix(own).preferred, 20, since)
    lab.check(ra.lifetime > 0, "no default router after the flap: %s" % ra)
    lab.check(lab.h3.wait_address(house.prefix) == held, "h3 has another address")
    lab.check(lab.cpe.wait_address(own, "lan1") == ours, "the cpe has another address on lan1")
    lab.h3.wait_ping(SERVER, source=held)
    lab.check(len([ra for ra in lab.lan0.ras() if ra.lifetime == 0]) == other, "lan0 was disturbed")
    final_checks(lab)


def test_lan_that_appears_late(lab):
    """A configured LAN whose interface does not exist at the start is served as soon as it appears."""
    lab.house({"lan0": ["h1", "h2"]})
    house = online(lab, hosts=("h1", "h2"), sixgated={"lans": ["lan0", "lan1"]})
    lab.check(house.sixgated.lan("lan1") is not None, "status does not know lan1")
    since = time.time()
    h3 = lab.add_host("h3", "lan1", bridged=False)
    wire = h3.wire("eth0")
    wire.wait_ra("a prefix on the new LAN", lambda ra: [pio for pio in ra.inside(house.prefix) if pio.valid], 20, since)
    wait_online(lab, house.prefix, ("h3",))
    lab.check(slash64(wire, house.prefix) != slash64(lab.lan0, house.prefix), "both LANs have one /64")
    # And gone again, and back: the same prefix.
    own = slash64(wire, house.prefix)
    lab.cpe.ip("link", "del", "lan1")
    lab.until("status shows lan1 absent", lambda: not house.sixgated.lan("lan1")["present"], 10)
    since = time.time()
    from lab import remove_namespace
    remove_namespace(h3.name)
    del lab.roles["h3"]
    h4 = lab.add_host("h4", "lan1", bridged=False)
    h4.wait_address(house.prefix)
    lab.check(h4.address_in(own), "lan1 came back with another prefix than %s" % own)
    lab.check(lab.h1.ping(SERVER), "lan0 suffered")
    final_checks(lab)


def test_uplink_that_appears_late(lab):
    """The WAN interface does not exist at the start (a modem that boots slowly)."""
    lab.house(wan=False)
    house_lab = lab
    sixgated = Sixgated(lab).start()
    lab.pause(2)
    lab.check(not [ra for wire in (lab.lan0, lab.lan1) for ra in wire.ras() if ra.lifetime], "a default router too early")
    lab.connect_isp(lab.isp, "isp0", lab.cpe, "wan0", "2001:db8:0:1::1")
    lab.wan = lab.isp.wire("isp0")
    house = build(house_lab)
    house.sixgated = sixgated
    house.prefix = wait_delegated(lab, timeout=60)
    wait_online(lab, house.prefix)
    final_checks(lab)


@proves("7084-WPD-5", "7084-WPD-5a")
def test_unassigned_space_does_not_loop(lab):
    """A packet to a /64 of the delegation that no LAN has: dropped, unreachable to its sender, no copy on the WAN."""
    house = online(lab)
    lab.cpe.wait_address(house.prefix)  # what it says an error from
    from scenario import other_slash64
    target = other_slash64(house.prefix, {slash64(lab.lan0, house.prefix), slash64(lab.lan1, house.prefix)})
    for role, sender in (("net", lab.net), ("h1", lab.h1)):
        since = time.time()
        lab.check(not sender.ping(target), "%s answers" % target)
        lab.pause(1)
        own = lab.cpe.mac("wan0")
        back = [one for one in lab.wan.packets(since) if one.destination == target and one.ether_source == own]
        passed = lab.wan.packets(since, match=lambda one: one.destination == target and one.ether_source != own)
        lab.check(role == "h1" or passed, "the probe never reached the cpe")
        lab.row("7084-WPD-5", not back, "%d copies came back on the WAN" % len(back)) if role == "net" or back else None
        wire = lab.beyond if role == "net" else lab.lan0
        errors = wire.packets(since, match=lambda one: one.icmp == 1)
        lab.row("7084-WPD-5a", bool(errors), "no ICMPv6 unreachable reached %s" % role) if role == "net" or not errors \
            else None
    final_checks(lab)


def test_deleted_address_comes_back(lab):
    """Somebody deletes our LAN address and our unreachable route: both are put back at once."""
    house = online(lab)
    own = slash64(lab.lan0, house.prefix)
    address = lab.cpe.wait_address(own, "lan0")
    lab.until("nothing changes any more", lambda: (objects(lab), lab.pause(1))[0] == objects(lab), 20)
    before = objects(lab)
    lab.cpe.ip("-6", "address", "del", address + "/64", "dev", "lan0")
    lab.until("%s is back" % address, lambda: lab.cpe.address_in(own, "lan0") == address, 10)
    for route in lab.cpe.routes():
        if route["dst"] == house.prefix:
            lab.cpe.ip("-6", "route", "del", "unreachable", house.prefix, "metric", str(route.get("metric", 1024)))
    lab.until("the kernel's state is as before", lambda: objects(lab) == before, 10)
    lab.check(lab.h1.ping(SERVER), "h1 is offline")
    final_checks(lab)


def test_foreign_objects_stay(lab):
    """Addresses and routes that are not ours, and other people's firewall tables, survive start, reload, kill and stop."""
    lab.house()
    lab.cpe.ip("-6", "address", "add", "2001:db8:77::1/64", "dev", "lan0", "nodad")
    lab.cpe.ip("-6", "address", "add", "fd77::1/64", "dev", "wan0", "nodad")
    lab.cpe.ip("-6", "route", "add", "2001:db8:78::/48", "via", "2001:db8:77::2", "dev", "lan0")
    lab.cpe.ip("-6", "route", "add", "unreachable", "2001:db8:79::/48")
    lab.cpe.run("nft", "-f", "-", stdin="table inet foreign {\n chain c {\n type filter hook input priority 5\n counter\n }\n}\n")

    def there():
        addresses = {one["local"] for one in lab.cpe.addresses()}
        routes = {one["dst"] for one in lab.cpe.routes()}
        return {"2001:db8:77::1", "fd77::1"} <= addresses and {"2001:db8:78::/48", "2001:db8:79::/48"} <= routes \
            and "foreign" in lab.cpe.run("nft", "list", "tables").stdout
    lab.check(there(), "the lab's own set-up")
    house = online(lab)
    lab.check(there(), "gone after the start")
    house.sixgated.reload()
    lab.pause(1)
    lab.check(there(), "gone after the reload")
    house.sixgated.kill()
    house.sixgated.start()
    lab.pause(2)
    lab.check(there(), "gone after kill -9 and start")
    house.sixgated.terminate()
    lab.check(there(), "gone after the stop")
    final_checks(lab)


def test_without_root(lab):
    """`--user`: the daemon runs as an ordinary user with three capabilities, and the whole house works."""
    user = "nobody"
    import pwd
    import os
    account = pwd.getpwnam(user)
    lab.house()
    os.makedirs(os.path.join(lab.short, "state"), exist_ok=True)
    house = online(lab, sixgated={"extra": ["--user", user]})
    with open("/proc/%d/status" % house.sixgated.process.pid) as file:
        status = dict(line.split(":\t", 1) for line in file if ":\t" in line)
    lab.check(status["Uid"].split() == [str(account.pw_uid)] * 4, "uid %s" % status["Uid"])
    # CAP_NET_BIND_SERVICE (10), CAP_NET_ADMIN (12), CAP_NET_RAW (13)
    lab.check(int(status["CapEff"], 16) & ~(1 << 10 | 1 << 12 | 1 << 13) == 0, "capabilities %s" % status["CapEff"])
    house.sixgated.kill()
    house.sixgated.start()
    lab.until("the prefix is alive again", lambda: house.prefix in house.sixgated.delegations())
    wait_online(lab, house.prefix)
    lab.check(house.sixgated.terminate() == 0, "no orderly stop as %s" % user)
    final_checks(lab)


def configured(lab, **options):
    house = online(lab, config=toml(**options))
    return house


def test_reload_with_a_bad_file(lab):
    """SIGHUP with a broken file: the running configuration stays, the log names file, line and column, nobody notices."""
    house = configured(lab)
    held = {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}
    start = len(house.sixgated.process.text())
    since = time.time()
    house.sixgated.write(toml() + '\n[lan.lan0]\ninterfaze = "lan9"\n')
    house.sixgated.reload()
    house.sixgated.process.wait_log(r"sixgate\.toml:\d+:\d+: error", 10, start)
    lab.pause(2)
    lab.check(house.sixgated.process.running and house.sixgated.answers(), "it ended")
    lab.check(held == {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}, "addresses changed")
    lab.check(not [ra for ra in lab.lan0.ras(since) if not ra.lifetime], "hosts were told of it")
    checked = house.sixgated.cli_run("check", house.sixgated.config_path)
    lab.check(checked.returncode == 1 and "error" in checked.stdout + checked.stderr, "sixgate check: %s" % checked)
    house.sixgated.write(toml())
    checked = house.sixgated.cli_run("check", house.sixgated.config_path)
    lab.check(checked.returncode == 0, "sixgate check on a good file: %s" % checked)
    final_checks(lab)


def test_reload_adds_a_lan(lab):
    """A LAN added by SIGHUP, in front of the others in the file, gets its /64 and renumbers nobody."""
    lab.house({"lan0": ["h1", "h2"], "lan1": ["h3"], "aaa": ["h4"]})
    house = configured(lab)
    held = {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}
    solicits = len(lab.wan.dhcp("Solicit"))
    house.sixgated.write(toml(lans=("aaa", "lan0", "lan1")))
    since = time.time()
    house.sixgated.reload()
    wait_online(lab, house.prefix, ("h4",))
    lab.pause(2)
    lab.check(held == {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}, "a host was renumbered")
    lab.check(not [ra for wire in (lab.lan0, lab.lan1) for ra in wire.ras(since)
                   if not ra.lifetime or [pio for pio in ra.prefixes if not pio.valid]], "hosts were disturbed")
    lab.check(len(lab.wan.dhcp("Solicit")) == solicits, "a reload made the client solicit")
    # And removed again: its hosts are told, the others are not.
    own = slash64(lab.aaa, house.prefix)
    house.sixgated.write(toml())
    since = time.time()
    house.sixgated.reload()
    lab.aaa.wait_ra("the good-bye of a removed LAN", lambda ra: ra.lifetime == 0, 15, since)
    lab.until("the cpe's address on it is gone", lambda: not lab.cpe.address_in(own, "aaa"), 15)
    lab.check(held == {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}, "a host was renumbered")
    final_checks(lab)


@limit(120)
def test_wrong_usage(lab):
    """Exit codes: 2 for a wrong command line, 3 when the daemon does not run, 1 for a configuration with errors."""
    lab.house({}, record=False)
    sixgated = Sixgated(lab)
    lab.check(sixgated.cli_run("status").returncode == 3, "sixgate status without a daemon is not exit code 3")
    lab.check(sixgated.cli_run("stattus").returncode == 2, "a wrong command is not exit code 2")
    done = lab.cpe.run(sixgated.program, "--nonsense", check=False)
    lab.check(done.returncode == 2 and "nonsense" in done.stderr, "sixgated --nonsense: %s" % done)
    bad = lab.file("bad.toml", '[lan.x]\ninterfase = "lan0"\n')
    done = lab.cpe.run(sixgated.program, "--config", bad, "--state-dir", sixgated.state_dir, "--socket", sixgated.socket,
                       check=False)
    lab.check(done.returncode not in (0, 2) and "bad.toml:2:1: error" in done.stderr and "interface" in done.stderr,
              "sixgated with a bad file: %s" % done)


@proves("9131-02")
def test_row_of_a_host_that_announces_itself(lab):
    """An unsolicited Neighbor Advertisement on a LAN makes a STALE entry before the first packet for the host."""
    house = online(lab, hosts=("h1",))
    stranger, mac = lab.h1.address_in(house.prefix).rsplit(":", 1)[0] + ":77", "02:a1:b2:d1:00:02"
    target = ipaddress.IPv6Address(stranger)
    body = b"\x00" * 4 + target.packed + b"\x02\x01" + bytes.fromhex(mac.replace(":", ""))
    inject(lab.h1, "eth0", ipv6(stranger, "ff02::2", ICMP6, icmp6(stranger, "ff02::2", 136, 0, body), 255),
           multicast_mac("ff02::2"), mac)

    def entry():
        return [one for one in lab.cpe.json("-6", "neigh", "show", "dev", "lan0")
                if ipaddress.IPv6Address(one["dst"]) == target]
    lab.until("the router knows the host", entry, 3)
    lab.row("9131-02", entry()[0].get("lladdr") == mac and entry()[0]["state"][0] == "STALE", entry())
    final_checks(lab)
