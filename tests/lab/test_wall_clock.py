# SPDX-License-Identifier: Apache-2.0
"""The wall clock jumps by years, as that of a router without a battery does when the time server answers at last. The
real one belongs to the whole machine, so sixgated is shown another by a library that is loaded before libc."""
import os
import re
import time

from lab import SERVER, limit, proves, run
from scenario import final_checks, online, toml
from wire import inside

SHIM = r"""
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>
static long long shift(void) {
  long long by = 0;
  FILE* file = fopen(getenv("SIXGATE_LAB_CLOCK"), "re");
  if (file) {
    if (fscanf(file, "%lld", &by) != 1) by = 0;
    fclose(file);
  }
  return by;
}
int clock_gettime(clockid_t clock, struct timespec* t) {
  int (*real)(clockid_t, struct timespec*) = (int (*)(clockid_t, struct timespec*))dlsym(RTLD_NEXT, "clock_gettime");
  const int result = real(clock, t);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) t->tv_sec += shift();
  return result;
}
time_t time(time_t* out) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  if (out) *out = t.tv_sec;
  return t.tv_sec;
}
int gettimeofday(struct timeval* out, void* zone) {
  struct timespec t;
  (void)zone;
  clock_gettime(CLOCK_REALTIME, &t);
  out->tv_sec = t.tv_sec;
  out->tv_usec = t.tv_nsec / 1000;
  return 0;
}
"""
YEARS = 365 * 86400
MARGIN = 5  # seconds: a virtual machine under load


def lifetimes(house):
    """What sixgate says is left of the lease, in seconds."""
    uplink = house.sixgated.status()["uplinks"][0]
    one = uplink["delegations"][0]
    return {"T1": uplink["renew_in"], "T2": uplink["rebind_in"], "preferred": one["preferred"], "valid": one["valid"]}


def kernels(lab, prefix):
    """What the kernel has left of lan0's address in `prefix`."""
    for one in lab.cpe.json("-6", "address", "show", "dev", "lan0")[0]["addr_info"]:
        if inside(one["local"], prefix):
            return one["valid_life_time"]
    lab.fail("lan0 has no address in %s" % prefix)


@limit(150)
@proves("ROB-02")
def test_a_wall_clock_that_jumps_changes_no_lifetime(lab):
    """25 years ahead and 40 back, while it runs and over a kill -9: lease, addresses and RAs count on."""
    library, clock = os.path.join(lab.directory, "clock.so"), os.path.join(lab.directory, "clock")
    run("g++", "-x", "c++", "-D_GNU_SOURCE", "-shared", "-fPIC", "-o", library, "-", "-ldl", stdin=SHIM)

    def jump(by):
        with open(clock + ".new", "w") as file:
            file.write("%d\n" % by)
        os.replace(clock + ".new", clock)

    jump(0)
    house = online(lab, config=toml(), hosts=("h1",), sixgated={"environment": {
        "LD_PRELOAD": library, "SIXGATE_LAB_CLOCK": clock}})
    begun, first = time.monotonic(), lifetimes(house)
    in_kernel = kernels(lab, house.prefix)

    def counts_on(where):
        passed, now = time.monotonic() - begun, lifetimes(house)
        wrong = {key: (first[key], now[key], passed) for key in first if abs(first[key] - passed - now[key]) > MARGIN}
        lab.check(not wrong, "%s: %s" % (where, wrong))
        left = kernels(lab, house.prefix)
        lab.check(abs(in_kernel - passed - left) <= MARGIN, "%s: the kernel has %s, not %s" % (where, left, in_kernel - passed))
        lab.check(lab.h1.ping(SERVER), "%s: the host is cut off" % where)

    counts_on("before any jump")
    jump(25 * YEARS)
    since = time.time()
    house.sixgated.reload()  # everything is looked at anew
    lab.until("sixgated says so with a date far ahead", lambda: any(
        int(year) >= time.gmtime().tm_year + 24 for year in re.findall(r"^(\d{4})-", log_of(house), re.M)))
    counts_on("25 years ahead")
    jump(-40 * YEARS)
    house.sixgated.kill()
    house.sixgated.start()
    lab.wan.wait_dhcp("Reply", timeout=20, since=since)
    lab.check(house.prefix in house.sixgated.delegations(), "the prefix is lost over a restart in 1986")
    jump(0)
    solicits = [one for one in lab.wan.dhcp("Solicit") if one.time > since]
    lab.row("ROB-02", not solicits, "the lease was not remembered: %s" % solicits)
    final_checks(lab)


def log_of(house):
    with open(house.sixgated.process.log, encoding="utf-8", errors="replace") as file:
        return file.read()
