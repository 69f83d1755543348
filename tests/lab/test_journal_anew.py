# SPDX-License-Identifier: Apache-2.0
"""The journal of leases is written anew in the background: what is remembered when sixgated dies between any two steps of
that, and when there is no room for it."""
import itertools
import os

from lab import limit
from lease_steps import ALL, BIG, RENEW, SOLICIT, Mortal, Scene, Shim, configuration
from scenario import final_checks
from test_durability import crashes
from test_state import OnMedium


WRITES_ANEW = {("open", "new"), ("write", "new"), ("fdatasync", "new"), ("rename", "new"), ("write", "journal"),
               ("fdatasync", "journal"), ("write", "old"), ("fdatasync", "old")}


def grow(scene):
    """Renews until the journal is so long that it is written anew; False when sixgated died over that."""
    for _ in range(200):
        if not scene.talk(*[scene.crowd.message(RENEW, BIG, ALL) for _ in range(8)]):
            return False
        if scene.shim.saw("open new"):
            return True
    scene.lab.fail("the journal is never written anew")


def steps_behind(scene):
    """How many steps were taken since the new journal has the name, -1 before that."""
    steps = [one[0] for one in scene.shim.steps() if one[0] != "send"]
    return len(steps) - steps.index("rename") - 1 if "rename" in steps else -1


def crash_while_written_anew(lab, durability):
    scene = Mortal(lab, durability)

    def written_anew(how, number, step="any"):
        scene.tell_longer()
        scene.shim.arm(how, number, "anew", step)
        alive, traffic = grow(scene), scene.traffic()
        while alive and steps_behind(scene) <= 8:
            alive = scene.talk(next(traffic))
        if alive:
            return False
        scene.died("%s step %d of writing anew" % (how, number))
        return True
    steps = [step for step in WRITES_ANEW if durability == "power" or step[0] != "fdatasync"]
    crashes(written_anew)
    for how, what, name in scene.missed(*steps):  # which step has which number is not the same every time
        written_anew(how, 1, "%s:%s" % (what, name))
    lab.check(not scene.missed(*steps), "it never died %s" % scene.missed(*steps))
    lab.check(scene.longer > 10, "nobody was told for longer before a crash")
    print("%d crashes" % len(scene.deaths))
    final_checks(lab)


@limit(150)
def test_crash_while_written_anew_process(lab):
    """Killed at every step of writing the journal anew in the background, over which clients come and renew."""
    crash_while_written_anew(lab, "process")


@limit(150)
def test_crash_while_written_anew_power(lab):
    """With "power" likewise."""
    crash_while_written_anew(lab, "power")


@limit(90)
def test_no_room_while_written_anew(lab):
    """Each step of writing the journal anew in the background fails for want of room once; clients are served on, and
    nothing is lost but, where the journal itself takes no more, what is told after that is said."""
    scene, failed = Mortal(lab, "power"), set()

    def fails(number, step="any"):
        """False when nothing failed."""
        scene.shim.arm("full", number, "anew", step)
        promised = dict(scene.crowd.told)
        lab.check(grow(scene), "sixgated died")
        traffic = scene.traffic()
        while not scene.shim.saw("full") and steps_behind(scene) <= 8:
            scene.crowd.listen()
            promised = dict(scene.crowd.told)
            scene.tell([next(traffic)])
        if not scene.shim.saw("full"):
            return False
        steps = scene.shim.steps()
        what, name = steps[steps.index(("full", "", "", "")) - 1][:2]
        failed.add((what, name))
        for _ in range(4):
            scene.tell([next(traffic)])
        complaints = ("it goes on growing", "DHCPv6 leases cannot be stored")
        lab.until("%s %s: it is said" % (what, name), lambda: any(scene.said(one) for one in complaints))
        said = [scene.said(one) for one in complaints]
        lab.check(said == ([1, 0] if name == "new" else [0, 1]), "%s %s: said %s" % (what, name, said))
        files = os.listdir(scene.sixgated.state_dir)
        lab.check("leases" in files and ("leases.new" not in files or name != "new"), "%s %s: %s" % (what, name, files))
        scene.sixgated.kill()
        if name != "new":
            scene.crowd.forget_but(promised)
        scene.recover("no room to %s %s, step %d" % (what, name, number))
        return True
    for number in itertools.count(1):
        if not fails(number):
            break
    for what, name in WRITES_ANEW - failed:  # as above
        fails(1, "%s:%s" % (what, name))
    lab.check(WRITES_ANEW <= failed, "never failed: %s" % (WRITES_ANEW - failed))
    print("%d failures" % number)
    final_checks(lab)


class Tight(Scene):
    """On a medium where the journal has room to grow by a little, and none to be written anew; it was to be by now."""

    def __init__(self, lab):
        lab.house({"lan0": ["h1"]})
        self.shim = Shim(lab)
        sixgated = OnMedium(lab, config=configuration("process"), environment=self.shim.environment)
        sixgated.remount("size=512k")
        self.directory = os.path.dirname(sixgated.filler)
        super().__init__(lab, sixgated)
        many = [next(self.numbers) for _ in range(44)]
        for at in range(0, len(many), 4):
            self.tell([self.crowd.message(SOLICIT, number, ALL) for number in many[at:at + 4]])
        self.renew_until("the journal is long", lambda: self.size() > 170 << 10)
        sixgated.fill()
        os.truncate(sixgated.filler, os.path.getsize(sixgated.filler) - (40 << 10))
        self.renew_until("it cannot be written anew", lambda: self.said("it goes on growing"))
        lab.check(self.size() > 170 << 10 and "leases.new" not in os.listdir(self.directory), os.listdir(self.directory))

    def size(self):
        return os.path.getsize(os.path.join(self.directory, "leases"))

    def renew_until(self, what, true):
        for _ in range(1000):
            if true():
                return
            self.lab.check(self.talk(self.crowd.message(RENEW, BIG, ALL)), "sixgated died")
        self.lab.fail("never: %s" % what)

    def serve(self):
        """A newcomer and an old client have their records, and all is known after kill -9."""
        before = self.size()
        self.tell([self.crowd.message(SOLICIT, next(self.numbers))])
        self.tell([self.message(RENEW, BIG + 1)])
        self.lab.check(self.size() > before, "nothing was written")
        self.sixgated.kill()
        self.start()
        self.whole("killed")

    def whole(self, what):
        self.remembered(what)
        files = [one for one in os.listdir(self.directory) if one.startswith("leases")]
        self.lab.check(files == ["leases"], "%s: %s" % (what, files))


@limit(60)
def test_a_medium_too_full_to_write_the_journal_anew(lab):
    """It is said once, what happens is written behind the old journal, which outlives starts without room, and crashes in
    the midst of them; with room the next start writes it anew."""
    scene = Tight(lab)
    scene.serve()
    for how in ("before", "after"):
        scene.sixgated.kill()
        scene.shim.arm(how, 1, step="unlink:new")
        lab.check(not scene.start(), "nothing was to be unlinked")
        lab.check(("leases.new" in os.listdir(scene.directory)) == (how == "before"), os.listdir(scene.directory))
        scene.shim.disarm()
        scene.start()
        scene.whole("killed %s half a new journal is gone" % how)
        lab.check(scene.said("DHCPv6 leases cannot be stored") == 1 and scene.size() > 170 << 10, "there was room after all")
    scene.sixgated.kill()
    scene.sixgated.empty()
    scene.start()
    scene.whole("with room again")
    lab.check(not scene.said("cannot") and scene.size() < 100 << 10, "%d octets" % scene.size())
    scene.serve()
    final_checks(lab)


@limit(150)
def test_a_medium_with_room_again_for_the_journal(lab):
    """What could not be written anew is within a minute of there being room, by a sixgated that runs on."""
    scene = Tight(lab)
    scene.sixgated.empty()
    lab.until("the journal is short again", lambda: scene.size() < 100 << 10, 75)
    lab.check(scene.said("goes on growing") == 1, "said again")
    scene.serve()
    final_checks(lab)
