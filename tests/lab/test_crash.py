# SPDX-License-Identifier: Apache-2.0
"""kill -9 at ten points of the life cycle, and orderly ends: no host loses its address, the prefix stays, nothing
stale is left in the kernel."""
import os
import signal
import time

from lab import ISP_ADDRESS, OTHER_POOL, SERVER, AddressWatch, proves
from peers import Sixgated
from scenario import (HOSTS, build, difference, final_checks, objects, online, slash64, wait_delegated, wait_online)

SHORT = {"renew": 8, "rebind": 30, "preferred": 600, "valid": 1200}


def killed_early(lab, when):
    """Kills the daemon at a moment before hosts are served, starts it again, and lets it come online."""
    house = build(lab)
    house.sixgated = Sixgated(lab).start(wait=False)
    when(house)
    house.sixgated.kill()
    leased = [prefix for reply in lab.wan.dhcp("Reply") for prefix, _, valid in reply.delegated() if valid]
    since = time.time()
    house.sixgated.start()
    house.prefix = wait_delegated(lab, since)
    if leased:
        lab.check(house.prefix == leased[0], "leased %s before, %s after" % (leased[0], house.prefix))
    wait_online(lab, house.prefix)
    clients = {message.client for message in lab.wan.dhcp() if message.client}
    # Once a DUID was on the wire it is the one (RFC 9915 section 11).
    lab.check(len(clients) == 1, "%d different DUIDs" % len(clients))
    final_checks(lab)


def killed_online(lab, when, expect=None, **options):
    """Kills the daemon of a house that is online; hosts keep addresses, the kernel's state ends as it was."""
    house = online(lab, **options)
    lab.until("the kernel's state is quiet", lambda: objects(lab) == (lab.pause(1), objects(lab))[1], 20)
    before, old = objects(lab), {"lan0": slash64(lab.lan0, house.prefix), "lan1": slash64(lab.lan1, house.prefix)}
    held = {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}
    watches = {role: AddressWatch(lab.roles[role]) for role in HOSTS}
    when(house)
    house.sixgated.kill()
    since = time.time()
    house.sixgated.start()
    if expect:
        expect(house)
    else:
        lab.until("the daemon speaks of %s again" % house.prefix,
                  lambda: house.prefix in house.sixgated.delegations())
        for wire, name in ((lab.lan0, "lan0"), (lab.lan1, "lan1")):
            wire.wait_ra("an RA with %s" % old[name], lambda ra: ra.prefix(old[name]) and ra.prefix(old[name]).preferred
                         and ra.lifetime, 20, since)
        for role in HOSTS:
            lost = [one for one in watches[role].events if one["address"] == held[role]
                    and (not one["new"] or one["deprecated"] or one["preferred"] == 0)]
            lab.check(not lost, "%s lost its address: %s" % (role, lost))
            lab.check(lab.roles[role].address_in(house.prefix) == held[role], "%s has another address" % role)
            lab.roles[role].wait_ping(SERVER, source=held[role])
        stale = [pio for wire in (lab.lan0, lab.lan1) for ra in wire.ras(since) for pio in ra.prefixes if not pio.valid]
        lab.check(not stale, "withdrawn after the restart: %s" % stale)
        lab.until("the kernel's state is as before (%s)" % difference(before, objects(lab)),
                  lambda: objects(lab) == before, 15)
    final_checks(lab)
    return house


def test_kill_at_once(lab):
    """kill -9 before the daemon has opened anything."""
    def is_sixgated(house):
        # The process is setpriv and ip first, which become sixgated.
        with open("/proc/%d/comm" % house.sixgated.process.pid) as file:
            return file.read().strip() == "sixgated"
    killed_early(lab, lambda house: lab.until("it runs", lambda: is_sixgated(house), every=0.002))


def test_kill_at_solicit(lab):
    """kill -9 when the first Solicit is on the wire."""
    killed_early(lab, lambda house: lab.wan.wait_dhcp("Solicit"))


def test_kill_at_request(lab):
    """kill -9 when the Request is on the wire: the server holds a lease that the daemon never saw."""
    killed_early(lab, lambda house: lab.wan.wait_dhcp("Request"))


def test_kill_at_reply(lab):
    """kill -9 the moment the Reply is on the wire: stored or not, applied or not, the lease is the same after."""
    killed_early(lab, lambda house: lab.wan.wait_dhcp("Reply"))


def test_kill_at_first_advertisement(lab):
    """kill -9 when the first live prefix is on the LAN: what hosts were told is kept."""
    killed_early(lab, lambda house: lab.lan0.wait_ra("a live prefix", lambda ra: [
        pio for pio in ra.inside("2001:db8::/32") if pio.valid]))


def test_kill_when_settled(lab):
    """kill -9 in the quiet middle of life."""
    killed_online(lab, lambda house: None)


def test_kill_twice(lab):
    """kill -9, and kill -9 again while it recovers."""
    def twice(house):
        house.sixgated.kill()
        house.sixgated.start(wait=False)
        lab.until("it talks again", lambda: house.sixgated.process.text())
    killed_online(lab, twice)


def test_kill_at_renew(lab):
    """kill -9 when a Renew is on the wire and its answer is lost to the daemon."""
    killed_online(lab, lambda house: lab.wan.wait_dhcp("Renew"), server_options=SHORT)


def test_kill_at_reload(lab):
    """kill -9 right after SIGHUP."""
    killed_online(lab, lambda house: house.sixgated.reload())


def test_kill_at_stop(lab):
    """kill -9 right after SIGTERM, in the middle of the good-byes."""
    def stopping(house):
        since = time.time()
        house.sixgated.process.expected_to_live = False
        house.sixgated.process.send(signal.SIGTERM)
        lab.lan0.wait_ra("a good-bye", lambda ra: ra.lifetime == 0, 10, since)
    killed_online(lab, stopping)


def test_kill_at_renumbering(lab):
    """kill -9 when the Reply with another prefix is on the wire: after the restart hosts have the new one only."""
    def renumber(house):
        since = time.time()
        house.old = house.prefix
        house.server.renumber(OTHER_POOL, house.snooper)
        wait_delegated(lab, since, timeout=60, within=OTHER_POOL)

    def expect(house):
        new = wait_delegated(lab, timeout=90, within=OTHER_POOL)
        wait_online(lab, new, timeout=60)
        for role in HOSTS:
            lab.until("%s no longer prefers the old prefix" % role,
                      lambda: lab.roles[role].address_in(house.old) is None, 20)
    killed_online(lab, renumber, expect, server_options={"renew": 6, "rebind": 9, "preferred": 60, "valid": 120})


@proves("4861-R-13", "9096-WPD-9", "4191-04")
def test_orderly_stop(lab):
    """SIGTERM: exit code 0 within seconds, one to three last RAs with lifetime 0 on each LAN, no Release."""
    house = online(lab)
    since = time.time()
    code = house.sixgated.terminate()
    lab.check(code == 0, "exit code %s" % code)
    lab.pause(1)
    counts, routes = [], []
    for wire in (lab.lan0, lab.lan1):
        last = wire.ras(since, match=lambda ra: ra.lifetime == 0)
        counts.append(len(last))
        routes += [route for ra in last for route in ra.routes if route.lifetime]
        lab.check(not [ra for ra in wire.ras(since) if ra.lifetime], "an RA with a lifetime after SIGTERM")
    lab.row("4861-R-13", all(1 <= count <= 3 for count in counts), "%s last RAs" % counts)
    lab.row("9096-WPD-9", not lab.wan.dhcp("Release"), "a Release at the stop")
    lab.row("4191-04", not routes and all(counts), "routes still alive in the last RA: %s" % routes)
    lab.until("hosts have no default route", lambda: not any(lab.roles[role].default_routes() for role in HOSTS), 5)
    # An orderly restart takes up where it was: same prefix, hosts keep their addresses.
    held = {role: lab.roles[role].address_in(house.prefix, preferred=False) for role in HOSTS}
    lab.check(all(held.values()), "a host lost its address by an orderly stop: %s" % held)
    house.sixgated.start()
    wait_online(lab, house.prefix)
    lab.check(held == {role: lab.roles[role].address_in(house.prefix) for role in HOSTS}, "addresses changed")
    final_checks(lab)


@proves("7084-W-5", "9096-WPD-10", "7084-ULA-2", "9818-LPD-3")
def test_identity_survives(lab):
    """DUID, IAIDs, the ULA and each LAN's subnet are the same over kill, stop, link flap and a wan0 made anew."""
    house = online(lab)
    marks = [time.time()]
    first = {"lan0": slash64(lab.lan0, house.prefix), "lan1": slash64(lab.lan1, house.prefix),
             "ula0": slash64(lab.lan0, "fd00::/8"), "ula1": slash64(lab.lan1, "fd00::/8")}

    def again(what):
        since = marks[-1]
        lab.wan.wait("a DHCPv6 message after %s" % what, lambda one: one.dhcp and one.dhcp.client and one.time > since
                     and not one.outgoing, 40)
        lab.lan0.wait_ra("a live prefix after %s" % what, lambda ra: any(
            pio.valid for pio in ra.inside(house.prefix)) and ra.lifetime, 40, since)
        marks.append(time.time())
    house.sixgated.kill()
    house.sixgated.start()
    again("kill -9")
    house.sixgated.terminate()
    house.sixgated.start()
    again("stop and start")
    lab.cpe.ip("link", "set", "wan0", "down")
    lab.until("sixgated saw it", lambda: not lab.cpe.default_routes(), 10)
    lab.cpe.ip("link", "set", "wan0", "up")
    again("a link flap")
    # A wan0 made anew, with another MAC: what a ppp0 or a VLAN device goes through.
    messages = lab.wan.dhcp()
    house.radvd.kill()
    house.server.stop()
    lab.cpe.ip("link", "del", "wan0")
    lab.connect_isp(lab.isp, "isp0", lab.cpe, "wan0", ISP_ADDRESS)
    anew = lab.isp.wire("isp0")
    house.server.start(fresh=False)
    house.radvd.start()
    found = anew.wait("a DHCPv6 message on the new link", lambda one: one.dhcp and one.dhcp.client, 40)
    messages += [one for one in anew.dhcp() if one.client] + [found.dhcp]
    clients = {message.client.hex() for message in messages if message.client}
    lab.row("7084-W-5", len(clients) == 1, clients)
    # A survey solicits on scratch IAIDs; what is asked for and held has its own.
    iaids = {(one.code, one.iaid) for message in messages
             if message.packet.outgoing is False and message.name != "Solicit"
             for one in message.addresses + message.delegations}
    codes = [code for code, _ in iaids]
    lab.row("9096-WPD-10", len(codes) == len(set(codes)) and 25 in codes, iaids)
    last = {"lan0": slash64(lab.lan0, house.prefix), "lan1": slash64(lab.lan1, house.prefix),
            "ula0": slash64(lab.lan0, "fd00::/8"), "ula1": slash64(lab.lan1, "fd00::/8")}
    lab.row("7084-ULA-2", first["ula0"] and first["ula0"] == last["ula0"] and first["ula1"] == last["ula1"],
            "%s, then %s" % (first, last))
    lab.row("9818-LPD-3", first["lan0"] == last["lan0"] and first["lan1"] == last["lan1"], "%s, then %s" % (first, last))
    final_checks(lab)


@proves("ROB-03")
def test_broken_state_is_survived(lab):
    """State files truncated, filled with rubbish, or gone: the daemon starts, says so, and the house comes online."""
    house = online(lab)
    verdicts = []
    for kind in ("truncated", "rubbish", "empty"):
        house.sixgated.kill()
        places = (house.sixgated.state_dir, os.path.dirname(house.sixgated.socket))  # flash, and memory of this boot
        for root, _, names in (one for place in places for one in os.walk(place)):
            for name in names:
                path = os.path.join(root, name)
                if not os.path.isfile(path):
                    continue
                size = os.path.getsize(path)
                with open(path, "r+b") as file:
                    if kind == "truncated":
                        file.truncate(size // 2)
                    elif kind == "rubbish":
                        file.write(bytes((index * 37) % 256 for index in range(size)))
                    else:
                        file.truncate(0)
        since = time.time()
        house.sixgated.start()
        house.prefix = wait_delegated(lab, since, timeout=60)
        wait_online(lab, house.prefix, timeout=60)
        lab.check(house.sixgated.process.running, "it ended with %s state" % kind)
        verdicts.append(kind)
    lab.row("ROB-03", len(verdicts) == 3, verdicts)
    final_checks(lab)
