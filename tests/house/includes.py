# SPDX-License-Identifier: Apache-2.0
"""Reads the includes of the sources and finds those that the house forbids.

    net <- {dhcp6, ra, delegation, firewall, pcp} <- conf <- daemon <- daemon/io <- daemon/main, cli

Protocol rooms never see each other. Sockets, netlink, Boost and the clock live in daemon/io; toml++ lives in
one translation unit; nothing that ships includes stream, locale or regex headers.
"""
import pathlib
import re

PROTOCOLS = ["dhcp6", "ra", "delegation", "firewall", "pcp"]
MAY_INCLUDE = {
    "net": {"net"},
    **{room: {room, "net"} for room in PROTOCOLS},
    "conf": {"conf", *PROTOCOLS, "net"},
    "daemon": {"daemon", "conf", *PROTOCOLS, "net"},
    "daemon/io": {"daemon/io", "daemon", "conf", *PROTOCOLS, "net"},
    "daemon/main": {"daemon/main", "daemon/io", "daemon", "conf", *PROTOCOLS, "net"},
    "cli": {"cli", "daemon/io", "daemon", "conf", *PROTOCOLS, "net"},
}
PURE = {"net", *PROTOCOLS, "conf", "daemon"}  # rooms without a kernel under them
TOML_READER = "conf/toml_reader.cc"

STREAMS = re.compile(r"(iostream|ostream|istream|sstream|fstream|streambuf|strstream|syncstream|iomanip|"
                     r"locale|codecvt|regex|format|print)")
THREADS = re.compile(r"(thread|mutex|shared_mutex|condition_variable|future|semaphore|barrier|latch|"
                     r"stop_token)")
KERNEL = re.compile(r"(boost|netlink|libmnl|libnetfilter.*|linux|sys|asm|net|netinet|netpacket|arpa)/.*|"
                    r"(unistd|poll|fcntl|ifaddrs|netdb|signal|pthread|csignal)(\.h)?")
CLOCK = re.compile(r"(ctime|time\.h|sys/time\.h|random|filesystem)")
CLOCK_CALLS = re.compile(r"\b(steady_clock|system_clock|high_resolution_clock|clock_gettime|gettimeofday|"
                         r"random_device|getrandom|arc4random|std::rand|srand)\b")
INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')


def room_of(path):
    """The room a path from the root belongs to, or None."""
    parts = pathlib.PurePosixPath(path).parts
    if len(parts) > 2 and "/".join(parts[:2]) in MAY_INCLUDE:
        return "/".join(parts[:2])
    return parts[0] if len(parts) > 1 and parts[0] in MAY_INCLUDE else None


def without_comments(text):
    """Comments become blanks; lines keep their numbers. String literals are left as they are."""
    pattern = re.compile(r'"(?:\\.|[^"\\\n])*"|//[^\n]*|/\*.*?\*/', re.DOTALL)
    return pattern.sub(lambda m: m[0] if m[0][0] == '"' else re.sub(r"[^\n]", " ", m[0]), text)


def findings(root):
    """[(path, line, what is wrong)] over every source of every room."""
    root = pathlib.Path(root)
    out = []
    tops = sorted({room.split("/")[0] for room in MAY_INCLUDE})
    for path in sorted(p for top in tops for p in (root / top).rglob("*") if p.suffix in (".cc", ".h")):
        name = path.relative_to(root).as_posix()
        room = room_of(name)
        for number, line in enumerate(without_comments(path.read_text()).splitlines(), 1):
            match = INCLUDE.match(line)
            if not match:
                if room in PURE and (call := CLOCK_CALLS.search(line)):
                    out.append((name, number, f"{call[1]}: clock and randomness live in daemon/io"))
                continue
            for problem in judge(root, name, room, match[1], match[2]):
                out.append((name, number, problem))
    return out


def judge(root, name, room, quoted, angled):
    header = quoted or angled
    if header.startswith("toml++/") or header == "toml.hpp":
        if name != TOML_READER:
            yield f"<{header}>: toml++ is included by {TOML_READER} only"
        return
    if quoted:
        target = room_of(quoted)
        if target is None:
            yield f'"{quoted}": an include is written from the root of the repository'
        elif not (root / quoted).is_file():
            yield f'"{quoted}": there is no such file'
        elif target not in MAY_INCLUDE[room]:
            yield f'"{quoted}": {room} must not include {target}'
        return
    if STREAMS.fullmatch(angled):
        yield f"<{angled}>: no streams, locale or regex in what ships"
    if THREADS.fullmatch(angled):
        yield f"<{angled}>: there is one thread"
    if room in PURE and KERNEL.fullmatch(angled):
        yield f"<{angled}>: kernel, sockets and Boost live in daemon/io"
    if room in PURE and CLOCK.fullmatch(angled):
        yield f"<{angled}>: clock, randomness and files live in daemon/io"
    if room_of(angled) and (root / angled).is_file():
        yield f"<{angled}>: headers of the house are included with quotes"
