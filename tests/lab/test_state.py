# SPDX-License-Identifier: Apache-2.0
"""A state directory that cannot be written: sixgated says so once and goes on, and this boot remembers all the same."""
import os
import time

from peers import Sixgated
from scenario import build, final_checks, wait_delegated, wait_online

COMPLAINT = "the state cannot be stored"


def once(lab, house):
    house.sixgated.process.wait_log(COMPLAINT)
    text = house.sixgated.process.text()
    lab.check(text.count(COMPLAINT) == 1, "said %d times that %s" % (text.count(COMPLAINT), COMPLAINT))


def live_on(lab, obstacle):
    """The house comes online over the obstacle, and keeps its prefix over kill -9 by what lies in memory."""
    house = build(lab)
    house.sixgated = Sixgated(lab)
    house.sixgated.private = {house.sixgated.state_dir: obstacle}
    house.sixgated.start()
    house.prefix = wait_delegated(lab)
    wait_online(lab, house.prefix)
    once(lab, house)
    duid = lab.wan.dhcp("Request")[0].client
    house.sixgated.kill()
    since = time.time()
    house.sixgated.start()
    lab.until("the prefix is live again", lambda: house.sixgated.delegations() == [house.prefix])
    asked = lab.wan.wait("our first message", lambda one: one.dhcp and not one.outgoing, since=since).dhcp
    lab.check(asked.client == duid and asked.name == "Rebind", "%s, DUID %s then %s" % (asked, duid, asked.client))
    wait_online(lab, house.prefix)
    once(lab, house)  # of what the run before could not write, too
    return house


def test_state_directory_that_is_read_only(lab):
    house = live_on(lab, "ro")
    lab.check(not os.listdir(house.sixgated.state_dir), "something was written")
    lab.check(house.sixgated.terminate() == 0, "no orderly stop")
    final_checks(lab)


def test_state_directory_without_room(lab):
    """And with room again the state is stored."""
    house = live_on(lab, "full")
    inside = "/proc/%d/root%s" % (house.sixgated.process.pid, house.sixgated.state_dir)
    os.unlink(os.path.join(inside, "filler"))
    house.sixgated.process.wait_log("the state can be stored again", 90)
    lab.check([one for one in os.listdir(inside) if os.path.getsize(os.path.join(inside, one))], "nothing was stored")
    final_checks(lab)
