# SPDX-License-Identifier: Apache-2.0
"""The provider's router is another one from one moment to the next, and the one before does not say goodbye."""
from lab import ISP_ADDRESS, SERVER, limit
from peers import RouteSnooper
from scenario import final_checks, online, toml


def default_routes(lab):
    """The next hops, the one that is used first."""
    lines = lab.cpe.ip("-6", "route", "show", "default").splitlines()
    routes = [line.split() for line in lines if " metric " in line]
    return [words[words.index("via") + 1] for words in sorted(routes, key=lambda words: int(words[words.index("metric") + 1]))]


def gone_and_another(lab, replace):
    """After `replace` has put another machine at the other end of the cable, the house is online again by way of it."""
    lab.house({"lan0": ["h1"]})
    house = online(lab, config=toml(lans=("lan0",)), hosts=("h1",))
    before = default_routes(lab)
    lab.check(len(before) == 1, str(before))
    house.snooper.close()
    house.radvd.kill()
    house.server.stop()
    replace()
    house.snooper = RouteSnooper(lab, lab.isp, "isp0", lab.wan)
    house.server.start(fresh=False)
    house.radvd.start()
    lab.until("h1 is online again", lambda: lab.h1.ping(SERVER), 60)
    now = default_routes(lab)
    lab.check(len(now) == 2 and now[1] == before[0], "%s, then %s" % (before, now))
    house.sixgated.process.wait_log("router %s does not answer" % before[0])
    lab.check("does not answer" in house.sixgated.cli_run("status").stdout, house.sixgated.cli_run("status").stdout)
    final_checks(lab)


@limit(150)
def test_another_router_on_a_new_interface(lab):
    """wan0 is made anew as well."""
    def replace():
        lab.cpe.ip("link", "del", "wan0")
        lab.connect_isp(lab.isp, "isp0", lab.cpe, "wan0", ISP_ADDRESS)
        lab.wan = lab.isp.wire("isp0")
    gone_and_another(lab, replace)


@limit(150)
def test_another_router_on_the_same_interface(lab):
    """After a moment without carrier."""
    def replace():
        lab.isp.ip("link", "set", "isp0", "down")
        lab.isp.ip("link", "set", "isp0", "address", lab.new_mac())
        lab.isp.ip("link", "set", "isp0", "up")
    gone_and_another(lab, replace)
