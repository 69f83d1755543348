#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs lab tests on another kernel: guest.py --kernel DIR --json FILE [--filter REGEX]

A kernel of Debian boots in qemu with this machine's file system as its root, shared read-only, and runs the lab's runner
(tests/lab/run.py) there; what it writes stays in the guest's memory, but for the results. No network, no disk, no
root; without KVM the processor is emulated, ten to twenty times slower. Results and the directories of tests that
failed come to --out. Exit code 3: no guest came up, for the reason told in the last line.
"""
import argparse
import ctypes
import json
import os
import pathlib
import re
import select
import shlex
import shutil
import signal
import stat
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import results  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
QEMU, BUSYBOX = "qemu-system-x86_64", "busybox"
EARLY = ("virtio_pci", "9p", "9pnet_virtio", "overlay")  # the modules that the root needs
# How qemu may run it, best first, and within how many seconds the guest must have spoken then. Where this machine is a
# guest itself there may be a KVM that does not work.
ACCELERATORS = {"kvm": 60, "tcg,thread=multi": 180}
MEMORY = 2048      # MiB
CANNOT = 3

# What a guest is for by itself: the knock needs AH, packets are judged by the kernel's own table of connections, and flow
# tables take them past all rules. Other tests of the lab by --filter: many_renumberings, for Linux 6.1 shows packets
# what later kernels hide, the moment in which a transaction of nftables is half done. It wants a machine that does nothing
# else, here and there.
TESTS = ("test_knock_ah|test_ppp|test_firewall_renumbering_nft|"
         "test_beside_fw4[.]test_beside_fw4(_offloaded_flows_end_with_their_prefix)?$")


class CannotRun(Exception):
    """No guest here, and why."""


def modules_of(kernel, version, names):
    """The files of these modules and of all they need, in the order of loading."""
    directory = kernel / "lib/modules" / version
    needed = {}
    for line in (directory / "modules.dep").read_text().splitlines():
        file, _, others = line.partition(":")
        needed[file] = others.split()
    by_name = {pathlib.PurePath(file).name.split(".")[0].replace("-", "_"): file for file in needed}
    order = []

    def take(file):
        for one in needed[file]:
            take(one)
        if file not in order:
            order.append(file)
    for name in names:
        if name not in by_name:
            raise CannotRun(f"the kernel {version} has no module {name}")
        take(by_name[name])
    return [directory / file for file in order]


def archive(entries):
    """A cpio archive ("newc", as the kernel's Documentation/driver-api/early-userspace/buffer-format.rst has it) of
    [(name, mode, octets)]."""
    out = bytearray()
    for number, (name, mode, octets) in enumerate([*entries, ("TRAILER!!!", 0, b"")], 1):
        fields = (number, mode, 0, 0, 1, 0, len(octets), 0, 0, 0, 0, len(name) + 1, 0)
        out += b"070701" + b"".join(b"%08x" % one for one in fields) + name.encode() + b"\0"
        out += bytes(-len(out) % 4) + octets
        out += bytes(-len(out) % 4)
    return bytes(out)


def initramfs(kernel, version, settings):
    busybox = shutil.which(BUSYBOX)
    if not busybox:
        raise CannotRun("busybox is not installed (busybox-static)")
    entries = [(name, stat.S_IFDIR | 0o755, b"") for name in ("bin", "dev", "proc", "sys", "modules")]
    entries.append(("bin/busybox", stat.S_IFREG | 0o755, pathlib.Path(busybox).read_bytes()))
    entries.append(("init", stat.S_IFREG | 0o755, (HERE / "init.sh").read_bytes()))
    text = "".join(f"{name}={shlex.quote(str(value))}\n" for name, value in settings.items())
    entries.append(("settings", stat.S_IFREG | 0o644, text.encode()))
    for number, file in enumerate(modules_of(kernel, version, EARLY), 10):
        entries.append((f"modules/{number}-{file.name}", stat.S_IFREG | 0o644, file.read_bytes()))
    return archive(entries)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL, 0, 0, 0)  # PR_SET_PDEATHSIG


class Guest:
    def __init__(self, options, accelerator):
        kernels = sorted(options.kernel.glob("boot/vmlinuz-*")) if options.kernel else []
        if not kernels:
            raise CannotRun("there is no kernel for the guest (./dev setup fetches it)")
        if not shutil.which(QEMU):
            raise CannotRun("qemu is not installed (qemu-system-x86)")
        version = kernels[-1].name.removeprefix("vmlinuz-")
        self.out, self.speech, self.boot = options.out, "", ACCELERATORS[accelerator]
        shutil.rmtree(self.out, ignore_errors=True)
        (self.out / "lab").mkdir(parents=True)
        initrd = self.out / "initramfs"
        initrd.write_bytes(initramfs(options.kernel, version, {
            "TREE": ROOT, "PROGRAMS": options.bin.resolve(), "MODULES": options.kernel.resolve() / "lib/modules" / version,
            "FILTER": options.filter, "JOBS": options.jobs, "SLOW": options.slow,
            "CHANGES": os.environ.get("SIXGATE_LAB_CHANGES", "")}))
        command = [QEMU, "-nodefaults", "-no-user-config", "-display", "none", "-monitor", "none", "-net", "none", "-no-reboot",
                   "-m", str(MEMORY), "-smp", str(min(2, os.cpu_count() or 1)), "-cpu", "max",
                   "-kernel", str(kernels[-1]), "-initrd", str(initrd),
                   "-append", "console=ttyS0 loglevel=5 panic=-1 mitigations=off",
                   "-serial", f"file:{self.out / 'console.log'}", "-serial", "stdio"]
        command += ["-accel", accelerator]
        for tag, path, more in (("root", "/", ",readonly=on,multidevs=remap"), ("results", self.out, "")):
            command += ["-fsdev", f"local,id={tag},path={path},security_model=none{more}",
                        "-device", f"virtio-9p-pci,fsdev={tag},mount_tag={tag}"]
        self.log = open(self.out / "qemu.log", "wb")
        self.popen = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log,
                                      start_new_session=True, preexec_fn=die_with_parent)

    def listen(self, limit):
        """Repeats what the guest says until it is over; the reason when it did not come to its end."""
        started, line = time.monotonic(), b""
        while True:
            allowed = limit if self.is_up() else min(limit, self.boot)
            left = started + allowed - time.monotonic()
            if left <= 0:
                return f"not over within {allowed} s" if self.is_up() else f"it did not come up within {allowed} s"
            if not select.select([self.popen.stdout], [], [], min(left, 1))[0]:
                continue
            octets = os.read(self.popen.stdout.fileno(), 65536)
            if not octets:
                break
            *whole, line = (line + octets).split(b"\n")
            for one in whole:
                text = one.decode(errors="replace").rstrip("\r")
                self.speech += text + "\n"
                print("  " + text, flush=True)
        if "\nguest: over\n" in self.speech:
            return None
        return f"qemu ended with {self.popen.wait()}: {self.tail('qemu.log') or self.tail('console.log')}"

    def is_up(self):
        return re.search(r"^guest: Linux .* is up$", self.speech, re.M) is not None

    def tail(self, name):
        text = (self.out / name).read_text(errors="replace") if (self.out / name).exists() else ""
        return "\n".join(text.strip().splitlines()[-8:])

    def close(self):
        if self.popen.poll() is None:
            self.popen.kill()
        self.popen.wait()
        self.log.close()


def judge(guest, trouble):
    """The results of a guest that was up: those of its runner, and whether it came to its end."""
    try:
        tests = json.loads((guest.out / "lab.json").read_text())["tests"]
    except (OSError, ValueError):
        tests, trouble = [], trouble or "the runner in the guest wrote no results"
    message = "" if trouble is None else f"{trouble}\n{guest.speech[-2000:]}"
    for one in tests:
        one["name"] = f"qemu.{one['name']}"  # where there can be no guest, nobody is to miss it
    return [*tests, results.test("qemu.the_guest_came_to_its_end", trouble is None, 0, message)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kernel", type=pathlib.Path, help="an unpacked linux-image: boot/, lib/modules/ with modules.dep")
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build/release/bin")
    parser.add_argument("--out", type=pathlib.Path, default=ROOT / "build/qemu")
    parser.add_argument("--json", type=pathlib.Path, required=True)
    parser.add_argument("--filter", default=TESTS, help="regular expression on module.test")
    parser.add_argument("--jobs", type=int, default=3)
    parser.add_argument("--slow", type=float, default=4, help="the factor by which the tests' limits are longer")
    parser.add_argument("--must", action="store_true", help="it is a failure when there can be no guest")
    parser.add_argument("--limit", type=int, default=1200, help="seconds after which the guest is killed")
    options = parser.parse_args()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(130))
    guest, started = None, time.monotonic()
    try:
        for accelerator in ACCELERATORS:
            if accelerator == "kvm" and not os.access("/dev/kvm", os.R_OK | os.W_OK):
                continue
            guest = Guest(options, accelerator)
            trouble = guest.listen(options.limit)
            if guest.is_up():
                break
            trouble = trouble or "the guest said nothing of itself"
            print(f"not with {accelerator}: {trouble}")
            guest.close()
        if not guest.is_up():
            raise CannotRun(trouble)
    except CannotRun as reason:
        print(f"no guest: {reason}")
        if options.must:
            results.save(options.json, [results.test("qemu.a_guest_comes_up", False, 0, str(reason))])
        else:
            results.save(options.json, [], notes=[f"no guest: {reason}"])
        return CANNOT
    finally:
        if guest:
            guest.close()
    tests = judge(guest, trouble)
    results.save(options.json, tests)
    used = os.times()
    print(f"qemu: {time.monotonic() - started:.0f} s, {used.children_user + used.children_system:.0f} s of processor time")
    return 1 if any(one["status"] != "pass" for one in tests) else 0


if __name__ == "__main__":
    sys.exit(main())
