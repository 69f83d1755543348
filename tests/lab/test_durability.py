# SPDX-License-Identifier: Apache-2.0
"""`durability`: what a Reply waits for, and what is remembered when sixgated dies between any two steps of keeping its
leases."""
import itertools
import time

from dhcp_clients import Dhclient
from lab import limit
from lease_steps import ALL, BIG, IA_NA, IA_PD, RELEASE, RENEW, REQUEST, SOLICIT, Crowd, Mortal, Shim, configuration
from peers import Sixgated
from scenario import final_checks
from test_dhcp6_server import leased



def waited_for(steps, reply):
    """The steps since the Replies before, until those that this one is among."""
    steps = [one for one in steps if one[0] != "send" or one[1].startswith("07")]
    at = steps.index(("send", "07" + reply.transaction, "", ""))
    while at > 0 and steps[at - 1][0] == "send":
        at -= 1
    begin = at
    while begin > 0 and steps[begin - 1][0] != "send":
        begin -= 1
    return begin, steps[begin:at]


@limit(60)
def test_what_a_reply_waits_for(lab):
    """The record is written before any Reply leaves, to dhclient, to one of a crowd and to all of it at once; with "power"
    it is on the medium, too, and with "process" nobody waits for that. Reloaded or started so, it is the same."""
    lab.house({"lan0": ["h1", "h2"]})
    wire = lab.cpe.wire("lan0")
    shim = Shim(lab)
    sixgated = Sixgated(lab, config=configuration("process"), environment=shim.environment).start()
    lab.cpe.link_local("lan0")
    crowd = Crowd(lab, lab.h2, wire)
    numbers, synced = itertools.count(1), {"process": 0, "power": 0}

    def serve(durability):
        shim.fresh()
        since = time.time()
        dhclient = Dhclient(lab, lab.h1).start()
        first = wire.wait_dhcp("Reply", lambda one: leased(one, IA_NA) and leased(one, IA_PD), since=since)
        dhclient.process.expected_to_live = False
        dhclient.process.kill()
        some = [next(numbers) for _ in range(20)]
        talks = [[crowd.message(SOLICIT, number) for number in some]]
        crowd.talk(talks[0], sixgated)
        crowd.listen()
        for kind in (RENEW, RELEASE):
            talks.append([crowd.message(kind, some[0])])
            crowd.talk(talks[-1], sixgated)
        steps, together = shim.steps(), {}
        replies = {one.transaction: one for one in wire.dhcp("Reply", since)}
        known = [one[1:4].hex() for talk in talks for one in talk]
        lab.check({first.transaction, *known} <= set(replies), "%s: not on the wire" % durability)
        for transaction, reply in replies.items():
            begin, waited = waited_for(steps, reply)
            what = [one[:2] for one in waited]
            together.setdefault(begin, []).append(transaction)
            lab.check(what[:1] == [("write", "journal")], "%s: %s waited for %s" % (durability, reply, what))
            if transaction in (first.transaction, *known[:-2]):
                record = reply.client.hex()
                lab.check(record in "".join(one[3] for one in waited), "%s: no record of %s" % (durability, reply))
            syncs = [one for one in what if "sync" in one[0]]
            if durability == "power":
                lab.check(what[-1] == ("fdatasync", "journal"), "%s waited for %s" % (reply, what))
            else:
                lab.check(not syncs, "%s waited for %s" % (reply, what))
            synced[durability] += len(syncs)
        lab.check(max(len(one) for one in together.values()) > 4, "never several at once: %s" % together)

    def reload(durability):
        sixgated.write(configuration(durability))
        start = len(sixgated.process.text())
        sixgated.reload()
        sixgated.process.wait_log("configuration changed", start=start)
    serve("process")
    reload("power")
    serve("power")
    sixgated.kill()
    sixgated.start()
    serve("power")
    reload("process")
    serve("process")
    lab.check(synced["power"] and not synced["process"], synced)
    final_checks(lab)


def crashes(start):
    """Runs start(how, number) for each step until it says that nobody died."""
    for how in ("before", "half", "after"):
        for number in itertools.count(1):
            if not start(how, number):
                break


def crash_while_it_starts_and_serves(lab, durability):
    scene = Mortal(lab, durability)

    def starting(how, number):
        scene.sixgated.kill()
        scene.shim.arm(how, number)
        if scene.start():
            return False
        scene.died("%s step %d of a start" % (how, number))
        return True

    def serving(how, number):
        scene.tell_longer()
        scene.shim.arm(how, number)
        crowd, numbers, old = scene.crowd, scene.numbers, list(scene.clients())
        if (scene.talk(crowd.message(SOLICIT, next(numbers), [(IA_NA, 1), (IA_PD, 2)]))
                and scene.talk(crowd.message(REQUEST, next(numbers)))
                and scene.talk(*[crowd.message(SOLICIT, next(numbers)) for _ in range(3)])
                and scene.talk(*[scene.message(RENEW, number) for number in old[-3:]])
                and scene.talk(scene.message(RELEASE, old[0])) and scene.talk(crowd.message(RENEW, BIG, ALL))):
            return False
        scene.died("%s step %d with clients" % (how, number))
        return True
    crashes(starting)
    scene.sixgated.kill()
    scene.recover("killed by hand")
    crashes(serving)
    lab.check(scene.longer > 10, "nobody was told for longer before a crash")
    missed = scene.missed(("open", "journal"), ("open", "new"), ("write", "new"), ("fsync", "new"), ("rename", "new"),
                          ("write", "journal"), *[("fdatasync", "journal")] * (durability == "power"))
    lab.check(not missed, "it never died %s" % missed)
    print("%d crashes" % len(scene.deaths))
    final_checks(lab)


@limit(120)
def test_crash_at_any_step_process(lab):
    """Killed before, in the midst of and after every step of a start and of serving: what a Reply told is remembered."""
    crash_while_it_starts_and_serves(lab, "process")


@limit(120)
def test_crash_at_any_step_power(lab):
    """With "power" likewise."""
    crash_while_it_starts_and_serves(lab, "power")
