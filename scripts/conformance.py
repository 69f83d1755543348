# SPDX-License-Identifier: Apache-2.0
"""docs/conformance.md from test results: which requirement is proved by which test.

    conformance.py write RESULTS_DIR OUT.md      makes the table
    conformance.py check RESULTS_DIR COMMITTED.md OUT.json
        fails where a row that the committed table says passes is not passed by any test of this run,
        and where a test names a row that does not exist

Rows are docs/conformance-rows.tsv; why no test proves one is told in docs/conformance-open.tsv. A test belongs to a row when its name has Row_<id>_ (in Python tests
test_row_<id>_), the id written with _ for - and . ; upper and lower case are the same.
"""
import pathlib
import re
import sys

import results

ROOT = pathlib.Path(__file__).resolve().parent.parent
ROWS = ROOT / "docs/conformance-rows.tsv"
OPEN = ROOT / "docs/conformance-open.tsv"


def normalized(row_id):
    return re.sub(r"[-.]", "_", row_id).lower()


def read_rows(path=ROWS):
    lines = pathlib.Path(path).read_text().splitlines()
    keys = lines[0].split("\t")
    return [dict(zip(keys, line.split("\t"))) for line in lines[1:] if line.strip()]


def read_open(path=OPEN):
    """{row id: why nothing proves it}"""
    return dict(line.split("\t", 1) for line in pathlib.Path(path).read_text().splitlines() if line.strip())


def row_of(test_name, rows_by_key):
    """(id or None, names_a_row). The longest id that ends at a _ or at the end of the name wins, so that
    7084_G_11_... is never taken for 7084_G_1."""
    # An id begins with the number of an RFC, or with ROB.
    match = re.search(r"(?:^|[./:])(?:test_)?row_((?:[0-9]|rob_)[0-9a-z_]*)", test_name, re.IGNORECASE)
    if not match:
        return None, False
    parts = match[1].lower().split("_")
    for length in range(len(parts), 0, -1):
        key = "_".join(parts[:length])
        if key in rows_by_key:
            return rows_by_key[key], True
    return None, True


def collect(documents, rows):
    """{row id: [(test name, passed)]}, [names of tests whose row does not exist]"""
    by_key = {normalized(row["id"]): row["id"] for row in rows}
    found, strangers = {row["id"]: [] for row in rows}, []
    for stage, document in documents.items():
        for entry in document["tests"]:
            row, names_one = row_of(entry["name"], by_key)
            if row:
                found[row].append((entry["name"], entry["status"] == "pass"))
            elif names_one:
                strangers.append(f"{stage}: {entry['name']}")
    return found, strangers


def verdict(tests):
    if not tests:
        return "not yet"
    return "passes" if all(passed for _, passed in tests) else "fails"


def cell(text):
    return text.replace("|", "\\|")


def render(rows, found, reasons):
    sides = sorted({row["side"] for row in rows})
    out = ["# Conformance",
           "",
           "Made by `./dev conformance` from test results; not edited by hand. The rows are",
           "[conformance-rows.tsv](conformance-rows.tsv); a test belongs to a row by its name (`Row_<id>_`).",
           "",
           "| side | rows | passes | fails | not yet |",
           "| --- | ---: | ---: | ---: | ---: |"]
    for side in [*sides, None]:
        verdicts = [verdict(found[row["id"]]) for row in rows if side in (None, row["side"])]
        counts = [verdicts.count(kind) for kind in ("passes", "fails", "not yet")]
        out.append(f"| {side or '**all**'} | {len(verdicts)} | {counts[0]} | {counts[1]} | {counts[2]} |")
    out += ["", "| row | level | requirement | tests | |", "| --- | --- | --- | --- | --- |"]
    for row in rows:
        tests = found[row["id"]]
        names = "<br>".join(f"`{cell(name)}`" for name in sorted({name for name, _ in tests}))
        why = f": {cell(reasons[row['id']])}" if not tests and row["id"] in reasons else ""
        out.append(f"| {row['id']} | {cell(row['level'])} | {cell(row['requirement'])} | {names} |"
                   f" {verdict(tests)}{why} |")
    return "\n".join(out) + "\n"


def rows_that_pass(table):
    """The ids that a rendered table says pass."""
    passing = set()
    for line in table.splitlines():
        cells = [part.strip() for part in re.split(r"(?<!\\)\|", line)]
        if len(cells) == 7 and cells[5] == "passes":
            passing.add(cells[1])
    return passing


def write(directory, out):
    rows = read_rows()
    found, strangers = collect(results.load(directory), rows)
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    pathlib.Path(out).write_text(render(rows, found, read_open()))
    verdicts = [verdict(tests) for tests in found.values()]
    print(f"  {out}: {len(rows)} rows, {verdicts.count('passes')} pass, {verdicts.count('fails')} fail, "
          f"{verdicts.count('not yet')} not yet")
    for name in strangers:
        print(f"  names a row that does not exist: {name}")
    return 0


def proved_in_a_guest_alone(table):
    """The rows of a rendered table whose tests all ran in qemu."""
    rows = set()
    for line in table.splitlines():
        cells = [part.strip() for part in re.split(r"(?<!\\)\|", line)]
        if len(cells) == 7 and cells[4] and all(name.startswith("`qemu.") for name in cells[4].split("<br>")):
            rows.add(cells[1])
    return rows


def unproved_without_reason(found, claimed, reasons):
    """One line for each row whose reason is missing, or is told though the row is proved."""
    return ([f"{row}: is proved, or no row: its reason is to go" for row in sorted(reasons) if found.get(row, ["none"])]
            + [f"{row}: no test, and no reason in {OPEN.name}" for row in sorted(found)
               if not found[row] and row not in reasons and row not in claimed])


def check(directory, committed, out, reasons=None):
    rows = read_rows()
    reasons = read_open() if reasons is None else reasons
    documents = results.load(directory)
    found, strangers = collect(documents, rows)
    table = pathlib.Path(committed).read_text() if pathlib.Path(committed).exists() else None
    claimed = None if table is None else rows_that_pass(table)
    if claimed and documents.get("qemu", {}).get("notes"):
        claimed -= proved_in_a_guest_alone(table)
        reasons = {**reasons, **{row: "no guest here" for row in proved_in_a_guest_alone(table)}}
    if claimed is None:
        broken, message = [], f"{committed} is missing: ./dev conformance writes it"
    else:
        broken = sorted(row for row in claimed if verdict(found.get(row, [])) != "passes")
        message = "\n".join(f"{row}: {verdict(found.get(row, []))}" for row in broken)
    new = sorted(row for row in found if claimed is not None and row not in claimed
                 and verdict(found[row]) == "passes")
    unexplained = unproved_without_reason(found, claimed or (), reasons)
    results.save(out, [
        results.test("conformance.rows_of_the_committed_table_still_pass",
                     claimed is not None and not broken, 0, message),
        results.test("conformance.every_row_named_by_a_test_exists", not strangers, 0, "\n".join(strangers)),
        results.test("conformance.what_nothing_proves_has_its_reason_and_nothing_else_has", not unexplained, 0,
                     "\n".join(unexplained)),
    ])
    for line in message.splitlines():
        print(f"  no longer passes: {line}" if claimed is not None else f"  {line}")
    if new:
        print(f"  {len(new)} rows pass that the committed table does not show yet; refresh it with"
              " ./dev conformance")
    return 1 if claimed is None or broken or strangers or unexplained else 0


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1] == "write":
        sys.exit(write(*sys.argv[2:]))
    if len(sys.argv) == 5 and sys.argv[1] == "check":
        sys.exit(check(*sys.argv[2:]))
    sys.exit(__doc__)
