# SPDX-License-Identifier: Apache-2.0
"""The ISP takes the prefix away and gives another: hosts follow, and nothing of the old one stays preferred."""
import time

from lab import OTHER_POOL, SERVER, AddressWatch, limit, proves
from peers import Dhcpd, Dibbler, Sixgated
from scenario import build, crossed, final_checks, online, slash64, wait_delegated, wait_online
from wire import inside

SHORT = {"renew": 6, "rebind": 9, "preferred": 60, "valid": 120}


def check_deprecated(lab, role, old):
    """The host holds the old address, if at all, as deprecated, and does not choose it (RFC 4862 section 5.5.4)."""
    host = lab.roles[role]
    lab.until("%s no longer prefers its address in %s" % (role, old),
              lambda: host.address_in(old) is None, 15)


@proves("7084-L-13", "4191-05", "9096-L-13d", "4861-R-12", "4862-H-06")
def test_flash_renumbering(lab):
    """Kea comes back with a new pool and no memory: the Rebind's answer reaches every host within seconds."""
    house = online(lab, server_options=SHORT)
    old = house.prefix
    olds = {"h1": slash64(lab.lan0, old), "h3": slash64(lab.lan1, old)}
    watches = {role: AddressWatch(lab.roles[role]) for role in ("h1", "h3")}
    since = time.time()
    house.server.renumber(OTHER_POOL, house.snooper)
    new = wait_delegated(lab, since, timeout=60, within=OTHER_POOL)
    reply = lab.wan.wait_dhcp("Reply", lambda one: any(new == p for p, _, v in one.delegated() if v), since=since)
    for role, wire in (("h1", lab.lan0), ("h3", lab.lan1)):
        ra = wire.wait_ra("the new prefix", lambda one: any(pio.valid for pio in one.inside(OTHER_POOL)), 10,
                          since=reply.time)
        withdrawn = wire.wait_ra("the old prefix withdrawn",
                                 lambda one: any(pio.preferred == 0 for pio in one.inside(old)), 10, since=reply.time)
        lab.row("7084-L-13", max(ra.time, withdrawn.time) - reply.time < 5.0,
                "%s: new after %.2f s, old withdrawn after %.2f s" % (role, ra.time - reply.time,
                                                                     withdrawn.time - reply.time)) \
            if role == "h1" else None
        pio = withdrawn.prefix(olds[role])
        lab.check(pio and pio.flags & 0xc0 == 0xc0 and pio.valid == 0, "old prefix on %s: %s" % (role, withdrawn))
        lab.check(ra.lifetime > 0, "default router given up while renumbering: %s" % ra)
    wait_online(lab, new)
    check_deprecated(lab, "h1", old)
    check_deprecated(lab, "h3", old)
    since_new = time.time()
    for machine in (lab.cpe, lab.h1, lab.h3):
        machine.ping(SERVER, check=True)
    sources = {one.source for one in crossed(lab.beyond, destination=SERVER, since=since_new) if one.icmp == 128}
    lab.row("4862-H-06", len(sources) == 3 and not [one for one in sources if inside(one, old)], sources)
    events = {role: one.first(OTHER_POOL, since) for role, one in watches.items()}
    lab.check(all(events.values()), "no address event")
    print("renumbering: host's new address usable after %s"
          % {role: "%.2f s" % (one["time"] - reply.time) for role, one in events.items()})
    # Kea answers the Rebind with the old prefix at lifetime 0 beside the new one.
    ended = any(prefix == old and not valid for prefix, _, valid in reply.delegated())
    lab.row("9096-L-13d", ended and all(wire.ras(reply.time, match=lambda ra: ra.prefix(olds[role]) is not None and
                                                 ra.prefix(olds[role]).valid == 0 and ra.prefix(olds[role]).preferred == 0)
                                        for role, wire in (("h1", lab.lan0), ("h3", lab.lan1))), reply)
    lab.pause(max(0, reply.time + 14 - time.time()))
    burst = [ra.time for ra in lab.lan0.ras(reply.time) if ra.destination == "ff02::1"]
    gaps = [later - sooner for sooner, later in zip(burst, burst[1:])]
    lab.row("4861-R-12", burst and burst[0] - reply.time < 3.6 and all(gap > 2.75 for gap in gaps) and len(burst) <= 5, gaps)
    withdrawn_route = [ra for ra in lab.lan0.ras(reply.time) if ra.route(old) and ra.route(old).lifetime == 0]
    lab.row("4191-05", withdrawn_route and any(ra.route(new) and ra.route(new).lifetime for ra in lab.lan0.ras(reply.time)),
            "no RIO of %s with lifetime 0 beside that of %s" % (old, new))
    lab.check(not lab.cpe.address_in(old, "lan0"), "the cpe itself still prefers its old address")
    lab.check(house.sixgated.delegations() and old not in house.sixgated.delegations(), "status holds the old for alive")
    lab.check(lab.net.ping(lab.h1.address_in(new)), "the server does not reach h1's new address")
    final_checks(lab)


def without_its_leases(lab, kind):
    """The server comes back without its leases, with another pool, and however it answers the house follows."""
    house = online(lab, server=kind, server_options=SHORT)
    old, olds = house.prefix, {"h1": slash64(lab.lan0, house.prefix), "h3": slash64(lab.lan1, house.prefix)}
    house.server.stop()
    house.snooper.forget()
    since = time.time()
    house.server = kind(lab, pool=OTHER_POOL, **SHORT).start()
    # dibbler says nothing to a Rebind of what it does not know, so it is asked anew; and all that within the client's
    # limit of 20 messages in 20 s (RFC 9915 section 14.1).
    new = wait_delegated(lab, since, timeout=90, within=OTHER_POOL)
    reply = lab.wan.wait_dhcp("Reply", lambda one: any(new == p for p, _, v in one.delegated() if v), since=since)
    for role, wire in (("h1", lab.lan0), ("h3", lab.lan1)):
        wire.wait_ra("%s withdrawn" % olds[role], lambda one: one.prefix(olds[role]) is not None
                     and one.prefix(olds[role]).preferred == 0, 10, reply.time)
    wait_online(lab, new)
    check_deprecated(lab, "h1", old)
    check_deprecated(lab, "h3", old)
    lab.until("the old prefix is not for use", lambda: old not in house.sixgated.delegations(), 10)
    final_checks(lab)


def test_renumbering_by_dhcpd(lab):
    without_its_leases(lab, Dhcpd)


def test_renumbering_by_dibbler(lab):
    without_its_leases(lab, Dibbler)


@limit(240)
@proves("9096-L-13a", "9096-L-13b")
def test_renumbered_while_dead(lab):
    """Killed, and the ISP renumbers meanwhile: the old prefix, known from the state directory alone, is withdrawn."""
    house = online(lab)
    old = house.prefix
    olds = {"lan0": slash64(lab.lan0, old), "lan1": slash64(lab.lan1, old)}
    house.sixgated.kill()
    # What a reboot does: the kernel forgets everything, only the state directory stays.
    house.sixgated.reboot()
    for interface in ("lan0", "lan1", "wan0"):
        lab.cpe.ip("-6", "address", "flush", "dev", interface, "scope", "global")
    for route in lab.cpe.routes():
        if route.get("protocol") != "kernel":
            lab.cpe.ip("-6", "route", "del", route.get("type", "unicast"), route["dst"], check=False)
    house.server.renumber(OTHER_POOL, house.snooper)
    since = time.time()
    house.sixgated.start()
    new = wait_delegated(lab, since, timeout=90, within=OTHER_POOL)
    lab.row("9096-L-13a", True)
    for lan in ("lan0", "lan1"):
        wire = getattr(lab, lan)
        ra = wire.wait_ra("%s withdrawn" % olds[lan], lambda one: one.prefix(olds[lan]) is not None
                          and one.prefix(olds[lan]).valid == 0, 15, since)
        pio = ra.prefix(olds[lan])
        lab.check(pio.preferred == 0 and pio.flags & 0xc0 == 0xc0, "%s: %s" % (lan, pio))
        wire.wait_ra("the new prefix", lambda one: any(pio.valid for pio in one.inside(new)), 15, since)
    lab.row("9096-L-13b", True)
    wait_online(lab, new)
    check_deprecated(lab, "h1", old)
    check_deprecated(lab, "h3", old)
    final_checks(lab)


@proves("9096-L-15a")
def test_short_lease_shows_in_advertisements(lab):
    """Lifetimes of the lease are the ceiling of what hosts are told, at every moment (RFC 9096 section 3.3)."""
    house = online(lab, server_options={"preferred": 200, "valid": 300, "renew": 150, "rebind": 180})
    reply = lab.wan.wait_dhcp("Reply", lambda one: one.delegated())
    quiet_ras = lambda: [ra for ra in lab.lan0.ras(reply.time) if ra.inside(house.prefix)]
    lab.pause(12)
    lab.h1.run("rdisc6", "-1", "-w", "4000", "eth0", check=False)
    wrong = []
    for ra in quiet_ras():
        age = ra.time - reply.time
        for pio in ra.inside(house.prefix):
            if pio.preferred > 200 - age + 4 or pio.valid > 300 - age + 4 or pio.preferred > pio.valid:
                wrong.append("%.1f s after the Reply: %s" % (age, pio))
    spread = {pio.preferred for ra in quiet_ras() for pio in ra.inside(house.prefix)}
    lab.row("9096-L-15a", not wrong and len(spread) > 1, wrong or "never counted down: %s" % spread)
    final_checks(lab)


@limit(200)
@proves("8415-C-48")
def test_lease_runs_out(lab):
    """The server dies and the lease ends: prefix, routes and addresses end with it, and hosts hear of it."""
    house = online(lab, server_options={"preferred": 30, "valid": 45, "renew": 10, "rebind": 20}, hosts=("h1", "h3"))
    own = slash64(lab.lan0, house.prefix)
    house.server.stop()
    last = max(one.time for one in lab.wan.dhcp("Reply"))
    after = lab.lan0.wait_ra("an RA without default router and live prefix", lambda one: one.lifetime == 0 and not [
        pio for pio in one.inside(house.prefix) if pio.valid], 70, since=last)
    lab.check(44 < after.time - last < 50, "said %.1f s after the last Reply" % (after.time - last))
    # Hosts counted down with us: what they hold ends now, whether we say so (lifetime 0) or say nothing of it.
    over = [ra for ra in lab.lan0.ras(since=last) for pio in ra.inside(house.prefix) if ra.time + pio.valid > last + 46]
    lab.check(not over, "advertised beyond the lease: %s" % over)
    lab.until("h1 holds no address of the ended lease", lambda: lab.h1.address_in(
        house.prefix, usable=False, preferred=False) is None, 10)
    lab.until("the cpe gave its address in %s up" % own, lambda: lab.cpe.address_in(own, "lan0") is None, 15)
    lab.until("no route of the delegation is left", lambda: not [
        one for one in lab.cpe.routes() if one["dst"] in (house.prefix, own) and one.get("protocol") != "kernel"], 15)
    lab.row("8415-C-48", True)
    # The server comes back: the house too.
    since = time.time()
    house.server.start(fresh=False)
    prefix = wait_delegated(lab, since, timeout=120)
    wait_online(lab, prefix, ("h1", "h3"))
    final_checks(lab)


@limit(240)
def test_isp_silent_at_boot(lab):
    """Nobody answers for 20 s after the start; when the ISP is there, the house comes online without help."""
    silent(lab, 20)


@limit(420)
def test_isp_silent_at_boot_for_two_minutes(lab):
    """The same with two minutes of silence: the client's retransmission has backed off and still recovers."""
    silent(lab, 120)


def silent(lab, seconds):
    house = build(lab, start_server=False, start_ra=False)
    house.sixgated = Sixgated(lab).start()
    lab.pause(seconds)
    lab.check(lab.wan.packets(match=lambda one: one.icmp == 133), "no Router Solicitation during the silence")
    for wire in (lab.lan0, lab.lan1):
        # RFC 7084 L-4, ULA-5: nobody is told to send packets to a router that has no way out.
        lab.check(not [ra for ra in wire.ras() if ra.lifetime], "a default router without an ISP")
    since = time.time()
    house.radvd.start()
    house.server.start()
    # SOL_MAX_RT is 3600 s, but a Solicit started by an RA or by boot is still within its first minutes:
    # after T seconds of silence the next one comes within about T more (RFC 9915 section 15).
    house.prefix = wait_delegated(lab, since, timeout=2.3 * seconds + 30)
    print("silent for %d s: delegated %.1f s after the ISP came" % (seconds, time.time() - since))
    wait_online(lab, house.prefix)
    final_checks(lab)
