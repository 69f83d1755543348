# SPDX-License-Identifier: Apache-2.0
"""A state directory that cannot be written: sixgated says so once and goes on, and this boot remembers all the same."""
import os
import time

from dhcp_clients import Dhclient, perfdhcp
from lab import limit
from peers import Sixgated
from scenario import build, final_checks, toml, wait_delegated, wait_online
from test_dhcp6_server import held, leased, leases

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


class OnMedium(Sixgated):
    """Its state directory is a small file system of its own, which is there before and after it."""

    def __init__(self, lab, **options):
        super().__init__(lab, **options)
        self.medium = lab.cpe.start("medium", ["sleep", "infinity"], private={self.state_dir: "full"})
        lab.until("the medium is there", lambda: open("/proc/%d/comm" % self.medium.pid).read() == "sleep\n")
        self.filler = "/proc/%d/root%s/filler" % (self.medium.pid, self.state_dir)
        self.empty()

    def command(self):
        return ["nsenter", "--mount=/proc/%d/ns/mnt" % self.medium.pid, *super().command()]

    def remount(self, how):
        self.lab.cpe.run("nsenter", "--mount=/proc/%d/ns/mnt" % self.medium.pid, "mount", "-o", "remount," + how, self.state_dir)

    def fill(self):
        with open(self.filler, "wb", buffering=0) as file:
            try:
                while file.write(bytes(1024)):
                    pass
            except OSError:  # no room
                pass

    def empty(self):
        os.unlink(self.filler)


def holding(lab):
    """A house with a client that has an address; returns the house and that address."""
    house = build(lab)
    house.sixgated = OnMedium(lab, config=toml(lan='addressing = "slaac+dhcpv6"\ndhcpv6_lease_time = 120\n')).start()
    house.prefix = wait_delegated(lab)
    for host in (lab.h1, lab.h2):
        host.wait_default_route()
    Dhclient(lab, lab.h1, ask=["-N"]).start()
    lab.until("h1 has an address", lambda: held(house.sixgated, "address", house.prefix), 20)
    return house, next(iter(held(house.sixgated, "address", house.prefix).values()))


def serve_on(lab, house, address, repair):
    """While the medium is bad the holder keeps its address and a newcomer has one; once it is good again, all is on it."""
    complaint = "DHCPv6 leases cannot be stored"
    house.sixgated.process.wait_log(complaint)
    since = time.time()
    Dhclient(lab, lab.h2, ask=["-N"]).start()
    lab.until("h2 is served", lambda: len([one for one in leases(house.sixgated) if one["lan"] == "lan0"]) == 2, 20)
    renew = lab.lan0.wait_dhcp("Renew", lambda one: one.packet.ether_source == lab.h1.mac("eth0"), 45, since)
    answer = lab.lan0.wait_dhcp("Reply", lambda one: one.transaction == renew.transaction, 5, since)
    lab.check(address in leased(answer, 3), "%s was %s" % (answer, address))
    repair()
    house.sixgated.process.wait_log("DHCPv6 leases can be stored again", 75)
    lab.check(house.sixgated.process.text().count(complaint) == 1, "said more than once that " + complaint)
    before = {(one["duid"], one["type"]): one["leases"] for one in leases(house.sixgated)}
    house.sixgated.kill()
    house.sixgated.start()
    after = {(one["duid"], one["type"]): one["leases"] for one in leases(house.sixgated)}
    lab.check(len(after) >= 2 and after == before, "%s was %s" % (after, before))
    final_checks(lab)


@limit(150)
def test_leases_on_a_read_only_medium(lab):
    """Read-only from a restart on, as after an error of the file system: what it has still counts."""
    house, address = holding(lab)
    house.sixgated.kill()
    house.sixgated.remount("ro")
    house.sixgated.start()
    lab.check(list(held(house.sixgated, "address", house.prefix).values()) == [address], leases(house.sixgated))
    serve_on(lab, house, address, lambda: house.sixgated.remount("rw"))


@limit(150)
def test_leases_on_a_medium_that_fills_up(lab):
    """Room for the journal ends while clients come in dozens; they are served all the same."""
    lab.house()
    lab.h3.sysctl("net.ipv6.conf.eth0.accept_ra", 0)  # perfdhcp speaks from the first address that there is
    lab.h3.link_local("eth0")
    house, address = holding(lab)
    house.sixgated.fill()
    seen = perfdhcp(lab.h3, "-r", "50", "-R", "100", "-n", "100", "-W", "5000000", "-d", "5", "-e", "address-only")
    lab.check(all(sent == received == 100 for sent, received in seen.values()), seen)
    serve_on(lab, house, address, house.sixgated.empty)
