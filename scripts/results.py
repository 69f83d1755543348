# SPDX-License-Identifier: Apache-2.0
"""What a test run leaves behind, and the totals made of it.

Every stage (house, unit, sim, lab, qemu, fuzz, checks) writes one JSON file of the same shape:
    {"tests": [{"name": ..., "status": "pass" | "fail", "seconds": ..., "message": ...}], "sizes": [...]}
What could not run, and may be so, is told in "notes".
`results.py summary DIR` prints failures, stripped sizes and totals; its last line is `N passed, N failed`.
"""
import concurrent.futures
import json
import os
import pathlib
import sys

ORDER = ["build", "house", "unit", "sim", "sim-many", "lab", "lab-quiet", "qemu", "qemu-quiet", "fuzz", "tidy", "size", "checks",
         "conformance"]


def test(name, passed, seconds=0.0, message=""):
    return {"name": name, "status": "pass" if passed else "fail",
            "seconds": round(seconds, 3), "message": message}


def save(path, tests, **extra):
    path = pathlib.Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"tests": tests, **extra}, indent=1) + "\n")
    os.replace(partial, path)


def finished(futures):
    """as_completed, but an interrupt also withdraws what has not begun."""
    try:
        yield from concurrent.futures.as_completed(futures)
    except BaseException:
        for future in futures:
            future.cancel()
        raise


def load(directory):
    """{stage: document} of every result file; a file that cannot be read is itself a failure."""
    documents = {}
    for path in sorted(pathlib.Path(directory).glob("*.json")):
        try:
            document = json.loads(path.read_text())
            for entry in document["tests"]:
                entry["name"], entry["status"]
        except (ValueError, KeyError, TypeError) as error:
            document = {"tests": [test(f"{path.name}", False, 0, f"unreadable results: {error}")]}
        documents[path.stem] = document
    return documents


def record(arguments):
    """record FILE NAME pass|fail [MESSAGE]: adds one result to a file."""
    path, name, status = arguments[:3]
    message = arguments[3] if len(arguments) > 3 else ""
    document = {"tests": []}
    if os.path.exists(path):
        document = json.loads(pathlib.Path(path).read_text())
    document["tests"] = [t for t in document["tests"] if t["name"] != name]
    document["tests"].append(test(name, status == "pass", 0, message))
    extra = {key: value for key, value in document.items() if key != "tests"}
    save(path, document["tests"], **extra)
    return 0


def summary(arguments):
    documents = load(arguments[0])
    stages = sorted(documents, key=lambda s: (ORDER.index(s) if s in ORDER else len(ORDER), s))
    failures = [(stage, entry) for stage in stages for entry in documents[stage]["tests"]
                if entry["status"] != "pass"]
    if failures:
        print("\nFailures")
        for stage, entry in failures:
            print(f"  {stage}: {entry['name']}")
            for line in str(entry.get("message") or "").strip().splitlines()[:40]:
                print(f"      {line}")
    rows = []
    for stage in stages:
        entries = documents[stage]["tests"]
        if entries:
            good = sum(entry["status"] == "pass" for entry in entries)
            seconds = sum(float(entry.get("seconds") or 0) for entry in entries)
            rows.append((stage, good, len(entries) - good, seconds))
    print("\nTests            passed  failed   seconds (sum over tests)")
    for stage, good, bad, seconds in rows:
        print(f"  {stage:<14} {good:>6}  {bad:>6}  {seconds:>8.1f}")
    sizes = [entry for stage in stages for entry in documents[stage].get("sizes", [])]
    if sizes:
        print("\nStripped size in bytes")
        for entry in sizes:
            print(f"  {entry['profile']:<8} {entry['program']:<10} {entry['bytes']:>9}   {entry['note']}")
    notes = [(stage, note) for stage in stages for note in documents[stage].get("notes", [])]
    if notes:
        print("\nNot run")
        for stage, note in notes:
            print(f"  {stage}: {note}")
    passed = sum(row[1] for row in rows)
    failed = sum(row[2] for row in rows)
    if not rows:
        print("\nnothing ran", flush=True)
        failed = 1
    print(f"\n{passed} passed, {failed} failed", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    verbs = {"summary": summary, "record": record}
    if len(sys.argv) < 3 or sys.argv[1] not in verbs:
        sys.exit("usage: results.py summary DIR | record FILE NAME pass|fail [MESSAGE]")
    sys.exit(verbs[sys.argv[1]](sys.argv[2:]))
