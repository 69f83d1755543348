#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the lab tests side by side: waiting dominates, so several houses stand at the same time.

Each function `test_*` of each tests/lab/test_*.py runs in a process and a house of its own, with a time limit
(the attribute `limit` in seconds where the default is not enough). The rows a test records with
lab.row("7084-G-4", passed, message) are listed as results of their own, test_row_7084_G_4; the attribute `rows`
lists what it is to record, so that a test that breaks off fails every one of them by name.
"""
import argparse
import ast
import importlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path[:0] = [HERE, os.path.join(ROOT, "scripts")]
import results as result_files  # noqa: E402

DEFAULT_LIMIT = 180


def row_name(row):
    return "test_row_" + re.sub(r"[^A-Za-z0-9]", "_", row)


def collect():
    """[(module, function, limit, rows, alone, needs)], read from the source: a broken module is then one failing test, not
    none."""
    found = []
    for file in sorted(os.listdir(HERE)):
        if not re.fullmatch(r"test_\w+\.py", file):
            continue
        with open(os.path.join(HERE, file)) as source:
            text = source.read()
        try:
            tree = ast.parse(text, file)
        except SyntaxError:
            found.append((file[:-3], "test_module_can_be_read", DEFAULT_LIMIT, [], False, ()))
            continue
        names = [node.name for node in tree.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
        try:
            module = importlib.import_module(file[:-3])
            for name, value in vars(module).items():  # tests made by a decorator or a loop count too
                if name.startswith("test_") and callable(value) and name not in names:
                    names.append(name)
            for name in names:
                function = getattr(module, name)
                found.append((file[:-3], name, getattr(function, "limit", DEFAULT_LIMIT),
                              list(getattr(function, "rows", [])), getattr(function, "alone", False),
                              getattr(function, "needs", ())))
        except Exception:  # the child reports it, test by test
            found += [(file[:-3], name, DEFAULT_LIMIT, [], False, ()) for name in names]
    return found


def child(module, name, directory, programs):
    """Runs one test in this process; its verdict goes to result.json."""
    import lab as lab_module

    def leave(number, _):
        raise SystemExit("ended by %s" % signal.Signals(number).name)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, leave)
    lab_module.end_with_parent()
    result = {"status": "fail", "message": "", "rows": []}
    house = None
    try:
        house = lab_module.Lab(name, directory, programs)
        with house:
            try:
                getattr(importlib.import_module(module), name)(house)
                result["status"] = "pass"
            except (KeyboardInterrupt, SystemExit):
                raise
            except lab_module.LabFailure as problem:
                where = traceback.extract_tb(problem.__traceback__)
                frames = [one for one in where if os.path.basename(one.filename).startswith("test_")]
                at = " (%s:%d)" % (os.path.basename(frames[-1].filename), frames[-1].lineno) if frames else ""
                result["message"] = str(problem).replace("\n", at + "\n", 1) if "\n" in str(problem) else str(problem) + at
            except BaseException:
                result["message"] = traceback.format_exc() + house.tails()
    except BaseException as problem:
        result["message"] = result["message"] or "%s\n%s" % (problem, house.tails() if house else "")
        result["status"] = "fail"
    if house:
        result["rows"] = house.rows
    with open(os.path.join(directory, "result.json"), "w") as file:
        json.dump(result, file, indent=1)
    return 0 if result["status"] == "pass" else 1


class Running:
    def __init__(self, test, directory, programs):
        import lab as lab_module
        self.module, self.name, limit, self.rows, self.alone, _ = test
        self.limit, self.grace = max(limit, DEFAULT_LIMIT) * lab_module.SLOW, 15 * lab_module.SLOW
        self.directory, self.started, self.asked, self.timed_out = directory, time.monotonic(), None, False
        shutil.rmtree(directory, ignore_errors=True)
        os.makedirs(directory)
        self.output = open(os.path.join(directory, "output.txt"), "wb")
        self.popen = subprocess.Popen([sys.executable, os.path.abspath(__file__), "--child", self.module, self.name,
                                       directory, "--bin", programs], stdin=subprocess.DEVNULL, stdout=self.output,
                                      stderr=subprocess.STDOUT, start_new_session=True)

    def end(self):
        if self.popen.poll() is None and self.asked is None:
            self.popen.terminate()
            self.asked = time.monotonic()

    def poll(self):
        """None while it runs, else its result."""
        import lab as lab_module
        now = time.monotonic()
        if self.popen.poll() is None:
            if now - self.started > self.limit and self.asked is None:
                self.timed_out = True
                self.end()
            elif self.asked is not None and now - self.asked > self.grace:
                self.popen.kill()
            else:
                return None
            if self.popen.poll() is None:
                return None
        self.output.close()
        lab_module.sweep({self.popen.pid})
        seconds = now - self.started
        try:
            with open(os.path.join(self.directory, "result.json")) as file:
                result = json.load(file)
        except (OSError, ValueError):
            with open(os.path.join(self.directory, "output.txt"), errors="replace") as file:
                result = {"status": "fail", "message": "no result (exit code %s)\n%s"
                                                       % (self.popen.returncode, file.read()[-3000:]), "rows": []}
        if self.timed_out:
            result["status"] = "fail"
            result["message"] = "longer than its limit of %d s; %s" % (self.limit, result["message"])
        return {"name": self.name, "module": self.module, "status": result["status"], "seconds": round(seconds, 2),
                "message": result["message"], "rows": result["rows"]}


def machine():
    """What a program that escapes its private root would write first."""
    found = {}
    for path in ("/etc/resolv.conf", "/etc/hosts"):
        try:
            with open(path, "rb") as file:
                found[path] = file.read()
        except OSError as error:
            found[path] = str(error)
    return found


def main():
    parser = argparse.ArgumentParser(description="Lab tests: real peers in network namespaces.")
    parser.add_argument("--jobs", type=int, default=int(os.environ.get("SIXGATE_LAB_JOBS", "10")))
    parser.add_argument("--filter", default="", help="regular expression on module.test")
    parser.add_argument("--bin", default=os.path.join(ROOT, "build", "release", "bin"), help="directory of the programs")
    parser.add_argument("--json", help="write the results to this file")
    parser.add_argument("--has", default="", help="what this machine has beside the usual, with commas: ah, ppp, flowtable of its kernel; quiet: it does nothing else meanwhile")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--keep", action="store_true", help="keep the directories of passing tests too")
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        return child(*options.child, options.bin)
    found = [one for one in collect() if re.search(options.filter, "%s.%s" % (one[0], one[1]))]
    tests = [one for one in found if set(one[5]) <= set(options.has.split(","))]
    if options.list:
        for module, name, _, rows, *_ in tests:
            print("%s.%s%s" % (module, name, "".join(" " + row for row in rows)))
        return 0
    if os.geteuid():
        print("the lab needs root for its namespaces: sudo ./dev test lab", file=sys.stderr)
        return 2
    for lacking in sorted({one[5] for one in found if one not in tests}):
        print("%d tests are for a machine with %s (--has)" % (sum(one[5] == lacking for one in found), ", ".join(lacking)))
    import lab as lab_module
    lab_module.sweep()
    before = machine()
    stopping = []

    def stop(number, _):
        stopping.append(number)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    base = os.path.join(ROOT, "build", "lab")
    os.makedirs(base, exist_ok=True)
    # The longest first, so that none is left alone at the end; then those that are to be.
    waiting = sorted(tests, key=lambda one: (one[4], -one[2]))
    total, running, results, started = len(waiting), [], [], time.monotonic()
    while (waiting or running) and not (stopping and not running):
        if stopping:
            waiting = []
            for one in running:
                one.end()
        while waiting and len(running) < (1 if waiting[0][4] else max(1, options.jobs)):
            test = waiting.pop(0)
            running.append(Running(test, os.path.join(base, test[1]), os.path.abspath(options.bin)))
        time.sleep(0.05)
        for one in list(running):
            result = one.poll()
            if result is None:
                continue
            running.remove(one)
            results.append(result)
            print("[%d/%d] %-4s %s (%.1f s)" % (len(results), total, result["status"], result["name"],
                                                result["seconds"]), flush=True)
            if result["status"] == "fail":
                print("    " + result["message"].strip().replace("\n", "\n    ")[-6000:], flush=True)
                print("    kept: %s" % one.directory, flush=True)
            elif not options.keep and all(row["passed"] for row in result["rows"]):
                shutil.rmtree(one.directory, ignore_errors=True)
    listed = []
    expected = {name: rows for _, name, _, rows, *_ in tests}
    for result in sorted(results, key=lambda one: (one["module"], one["name"])):
        rows = result.pop("rows")
        result.pop("module")
        listed.append(result)
        recorded = {row["row"] for row in rows}
        missing = [row for row in expected.get(result["name"], []) if row not in recorded]
        rows += [{"row": row, "passed": False, "message": "%s ended before it came to this row" % result["name"]}
                 for row in missing]
        for row in rows:
            listed.append({"name": row_name(row["row"]), "status": "pass" if row["passed"] else "fail",
                           "seconds": 0, "message": row["message"]})
            if not row["passed"]:
                print("fail %s: %s" % (row_name(row["row"]), row["message"]))
    after = machine()
    touched = ["%s is now %r" % (path, after[path]) for path in before if after[path] != before[path]]
    if results:
        listed.append({"name": "lab_leaves_the_machine_alone", "status": "fail" if touched else "pass", "seconds": 0,
                       "message": "; ".join(touched)})
    for one in touched:
        print("fail lab_leaves_the_machine_alone: %s" % one)
    failed = [one for one in listed if one["status"] == "fail"]
    if options.json:
        result_files.save(options.json, listed)
    if failed:
        print("failed: " + " ".join(one["name"] for one in failed))
    print("lab: %.0f s" % (time.monotonic() - started))
    if stopping:
        print("stopped by %s" % signal.Signals(stopping[0]).name)
    print("%d passed, %d failed" % (len(listed) - len(failed), len(failed)))
    if stopping:
        return 130
    return 1 if failed or not listed else 0


if __name__ == "__main__":
    sys.exit(main())
