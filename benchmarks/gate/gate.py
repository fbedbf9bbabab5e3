#!/usr/bin/env python3
"""Did a change make the update slower? This working tree against another commit, in turns, by updates at a peak of one GFLOP/s.

Seconds tell nothing on a shared machine: between two hours the same program differs by 10 %. So both programs are built here, measure
one after the other in every round, each beside the peak of that moment, and the ratio of their updates per peak is taken within the
round (not of their shares of the peak: what a commit counts as the work of an update may differ). Fails (exit code 1) where the median ratio of any measurement is below the bound.

    gate.py [--against COMMIT] [--rounds 7] [--seconds 1] [--bound 0.97] [--json FILE]
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MEASURES = ("one_thread", "two_threads")


def build(tree):
    """The Release build of the command line of a tree, and how to call it."""
    project = os.path.join(tree, "src", "Ofql.Cli")
    result = subprocess.run(
        ["dotnet", "build", project, "-c", "Release", "-m:1", "-v", "q", "--nologo"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if result.returncode:
        sys.exit(f"The build of {tree} failed:\n{result.stdout}")
    return ["dotnet", os.path.join(project, "bin", "Release", "net10.0", "Ofql.Cli.dll")]


def rates(program, seconds):
    """Updates per GFLOP of the peak on one and on two threads, None where the machine has one core."""
    command = [*program, "bench", "--json", "--rounds", "1", "--seconds", str(seconds), "--threads", "2" if os.cpu_count() > 1 else "1"]
    result = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if result.returncode:
        sys.exit(f"{' '.join(command)} ended with {result.returncode}:\n{result.stderr}")
    measured = json.loads(result.stdout)
    return {name: measured[name] and measured[name]["updates_per_second"] / measured[name]["peak_gflops"] for name in MEASURES}


def verdict(rounds, bound):
    """Medians per measurement, and whether all ratios reach the bound."""
    lines, passed = {}, True
    for name in MEASURES:
        pairs = [(other[name], here[name]) for other, here in rounds if other[name] and here[name]]
        if not pairs:
            continue
        ratio = statistics.median(here / other for other, here in pairs)
        lines[name] = {
            "other_updates_per_gflop": statistics.median(other for other, _ in pairs),
            "updates_per_gflop": statistics.median(here for _, here in pairs),
            "ratio": ratio,
            "lowest_ratio": min(here / other for other, here in pairs),
            "highest_ratio": max(here / other for other, here in pairs),
        }
        passed = passed and ratio >= bound
    return lines, passed


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--against", default="HEAD", metavar="COMMIT", help="what to compare with (default: HEAD, so that uncommitted changes are judged)")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=1)
    parser.add_argument("--bound", type=float, default=0.97)
    parser.add_argument("--json", metavar="FILE")
    arguments = parser.parse_args()
    if arguments.rounds < 1 or arguments.seconds <= 0:
        parser.error("--rounds has to be 1 or more and --seconds positive")

    scratch = tempfile.mkdtemp(prefix="ofql-gate-")
    other = os.path.join(scratch, "other")
    try:
        added = subprocess.run(["git", "-C", ROOT, "worktree", "add", "--detach", other, arguments.against], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if added.returncode:
            sys.exit(f"'{arguments.against}' cannot be checked out: {added.stderr.strip()}")
        programs = build(other), build(ROOT)
        rounds = []
        for i in range(arguments.rounds):
            # The order changes from round to round, so that a drift hits both alike.
            order = (0, 1) if i % 2 == 0 else (1, 0)
            measured = {which: rates(programs[which], arguments.seconds) for which in order}
            rounds.append((measured[0], measured[1]))
            print(f"round {i + 1} of {arguments.rounds}: other {measured[0]}, here {measured[1]}", file=sys.stderr)
    finally:
        subprocess.run(["git", "-C", ROOT, "worktree", "remove", "--force", other], stderr=subprocess.DEVNULL)
        shutil.rmtree(scratch, ignore_errors=True)

    lines, passed = verdict(rounds, arguments.bound)
    for name, line in lines.items():
        print(f"{name:12} {arguments.against} {line['other_updates_per_gflop']:.4f}  here {line['updates_per_gflop']:.4f}  ratio {line['ratio']:.3f} ({line['lowest_ratio']:.3f} to {line['highest_ratio']:.3f})")
    if arguments.json:
        with open(arguments.json, "w", encoding="utf-8") as file:
            json.dump({"against": arguments.against, "bound": arguments.bound, "passed": passed, **lines}, file, indent=2)
    print("passed" if passed else f"SLOWER: a ratio is below {arguments.bound}")
    sys.exit(0 if passed else 1)


if __name__ == "__main__":
    main()
