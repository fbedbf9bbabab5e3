#!/usr/bin/env python3
"""Updates per second of OFQL or Diffusion Q-Learning (T = 5): C# (`ofql bench`) against the same update in eager PyTorch, side by side.

First the PyTorch twin has to agree with the golden numbers. Then every contender is a process of its own that stays warm and
measures when asked; each round asks all of them in turn, for the same number of updates, so that whatever else the machine
does hits all alike. Ratios are taken within a round. PyTorch runs with OpenBLAS as it chooses its kernels by itself, and forced
to its AVX-512 kernels (OPENBLAS_CORETYPE=SkylakeX), which it does not choose on processors that are newer than it is.

    compare.py [--agent ofql|dql] [--rounds 5] [--updates 60] [--json FILE]
"""

import argparse
import glob
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
TITLES = {"ofql": "OFQL", "dql": "Diffusion Q-Learning, T = 5"}
PACKAGES = ["python3-torch", "python3-numpy", "libopenblas0-pthread"]
BUILD = ["dotnet", "build", "-c", "Release", "-m:1", "-v", "q", "--nologo", os.path.join(ROOT, "src", "Ofql.Cli")]
SHAPE = ("state", "action", "batch", "hidden", "layers", "embedding")


STEERING = ("OPENBLAS_", "OMP_", "GOTO_", "MKL_")


def clean_environment(**extra):
    """The environment without anything that steers OpenBLAS or OpenMP behind our back."""
    return {**{name: value for name, value in os.environ.items() if not name.startswith(STEERING)}, **extra}


def installed(python):
    """PyTorch is there, and the BLAS it loads is OpenBLAS: with Debian's reference BLAS the comparison would flatter us."""
    check = f"import sys; sys.path.insert(0, {HERE!r}); import twin; sys.exit(0 if twin.openblas() else 1)"
    return subprocess.run([python, "-B", "-c", check], env=clean_environment(), stderr=subprocess.DEVNULL).returncode == 0


def ensure_installed(python):
    if installed(python):
        return
    command = ["apt-get", "install", "-y", "--no-install-recommends", *PACKAGES]
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        sys.exit(f"{python} has no PyTorch on OpenBLAS. Install it as root: {' '.join(command)}")
    print("Installing " + ", ".join(PACKAGES), file=sys.stderr)
    subprocess.run(["apt-get", "update"], check=True, stdout=sys.stderr)
    subprocess.run(command, check=True, stdout=sys.stderr)
    if not installed(python):
        sys.exit(f"{python} still has no PyTorch on OpenBLAS. See: update-alternatives --display libblas.so.3-x86_64-linux-gnu")


def twin_of(python, agent, *words):
    """The command line of an algorithm in PyTorch; -B, so that no compiled files are left in the folder."""
    return [python, "-B", os.path.join(HERE, agent + "_twin.py"), *words]


def find_ofql(given):
    """The command line of the Release build of ofql, built here."""
    if given:
        return given.split()
    subprocess.run(BUILD, check=True, stdout=sys.stderr)
    folder = os.path.join(ROOT, "src", "Ofql.Cli", "bin", "Release", "net10.0")
    configurations = glob.glob(os.path.join(folder, "*.runtimeconfig.json"))
    if len(configurations) != 1:
        sys.exit(f"Expected one program in {folder}, found {len(configurations)}. Name it with --ofql.")
    return ["dotnet", configurations[0].replace(".runtimeconfig.json", ".dll")]


class Contender:
    """A process that measures on request."""

    def __init__(self, name, threads, command, environment, request, reports_facts):
        self.name, self.threads, self.request = name, threads, request
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
        self.facts = self.read() if reports_facts else {}
        self.rates = []

    def read(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"{self.name} on {self.threads} thread(s) ended with code {self.process.wait()}.")
        return json.loads(line)

    def measure(self, updates):
        self.process.stdin.write(self.request.format(updates) + "\n")
        self.process.stdin.flush()
        self.rates.append(updates / self.read()["seconds"])

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


def contenders(ofql, python, options):
    shape = [word for name in SHAPE for word in ("--" + name, str(getattr(options, name)))]
    tangent = ["--tangent", options.tangent] if options.agent == "ofql" else []
    for threads in range(1, options.threads + 1):
        served = ["--threads", str(threads), *shape]
        yield Contender("C#", threads, [*ofql, "bench", "--serve", options.agent, *served], clean_environment(), f"updates {threads} {{}}", False)
        for name, extra in (("PyTorch, OpenBLAS as found", {}), ("PyTorch, OpenBLAS SkylakeX", {"OPENBLAS_CORETYPE": "SkylakeX"})):
            environment = clean_environment(OMP_NUM_THREADS=str(threads), OPENBLAS_NUM_THREADS=str(threads), **extra)
            yield Contender(name, threads, twin_of(python, options.agent, "--serve", *served, *tangent), environment, "updates {}", True)


def processor():
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as lines:
        return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), platform.machine())


def report(field, options, ofql, load):
    by_key = {(one.name, one.threads): one for one in field}
    rows = []
    for one in field:
        base = by_key["C#", one.threads]
        ratios = [ours / theirs for ours, theirs in zip(base.rates, one.rates)]
        rows.append({
            "contender": one.name, "threads": one.threads, "updates_per_second": statistics.median(one.rates), "rounds": one.rates,
            "ofql_is_faster_by": None if one is base else statistics.median(ratios), "facts": one.facts,
        })
    version = subprocess.run([*ofql, "--version"], capture_output=True, text=True, check=True).stdout.strip()
    dotnet = subprocess.run(["dotnet", "--version"], capture_output=True, text=True).stdout.strip() if shutil.which("dotnet") else None
    return {
        "agent": options.agent, "results": rows, "rounds": options.rounds, "updates_per_round": options.updates,
        "shape": {name: getattr(options, name) for name in SHAPE},
        "ignored_environment": {name: value for name, value in sorted(os.environ.items()) if name.startswith(STEERING)},
        "versions": {"ofql": version, "dotnet_sdk": dotnet}, "machine": {"processor": processor(), "cores": len(os.sched_getaffinity(0)), "load_average_before": load},
    }


def as_text(result):
    machine, versions = result["machine"], result["versions"]
    lines = [f"{TITLES[result['agent']]}; {machine['processor']}, {machine['cores']} cores, load average before {machine['load_average_before']:.1f}; "
             f"ofql {versions['ofql']} (.NET SDK {versions['dotnet_sdk']}); median of {result['rounds']} rounds of {result['updates_per_round']} updates",
             "", f"{'updates of ' + result['agent']:32} {'threads':>7} {'updates/s':>10} {'lowest':>8} {'highest':>8} {'C# is faster by':>16}"]
    for row in result["results"]:
        ratio = "" if row["ofql_is_faster_by"] is None else f"{row['ofql_is_faster_by']:.1f} x"
        lines.append(f"{row['contender']:32} {row['threads']:7} {row['updates_per_second']:10.1f} {min(row['rounds']):8.1f} {max(row['rounds']):8.1f} {ratio:>16}")
    lines.append("")
    for row in result["results"]:
        if row["facts"]:
            facts = row["facts"]
            method = ", ".join(f"{name} {facts[name]}" for name in ("tangent", "steps") if name in facts)
            lines.append(f"{row['contender']}, {row['threads']} thread(s): PyTorch {facts['torch']}, Python {facts['python']}, {facts['openblas']['config']} "
                         f"({facts['openblas']['threads']} thread(s)), {method}")
    if machine["load_average_before"] > 0.5:
        lines.append("WARNING: the machine was busy before this began. Rates are too low, and those on two threads mean nothing: threads that wait for a "
                     "descheduled one slow PyTorch down most.")
    for name, value in result["ignored_environment"].items():
        lines.append(f"ignored from the environment: {name}={value}")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--agent", choices=tuple(TITLES), default="ofql", help="the algorithm whose updates are compared")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--updates", type=int, default=60, help="updates per measurement, the same for all")
    parser.add_argument("--threads", type=int, default=min(2, len(os.sched_getaffinity(0))), help="largest number of threads")
    parser.add_argument("--tangent", choices=("auto", "dual", "manual"), default="auto", help="PyTorch's way to du/dt of ofql; auto takes the faster one")
    parser.add_argument("--json", metavar="FILE", help="also write the result as JSON ('-' for the output, the table then goes to stderr)")
    parser.add_argument("--python", default="/usr/bin/python3", help="the Python that has PyTorch")
    parser.add_argument("--ofql", help="command line of ofql (default: build this repository in Release)")
    parser.add_argument("--skip-verification", action="store_true")
    for name, value in zip(SHAPE, (17, 6, 256, 256, 3, 16)):
        parser.add_argument("--" + name, type=int, default=value)
    options = parser.parse_args()
    if min(options.rounds, options.updates, options.threads) < 1:
        parser.error("--rounds, --updates and --threads are 1 or more")
    if options.tangent != "auto" and options.agent != "ofql":
        parser.error(f"--tangent is a choice of ofql: {options.agent} has no du/dt")

    load = os.getloadavg()[0]
    ensure_installed(options.python)
    ofql = find_ofql(options.ofql)
    table = sys.stderr if options.json == "-" else sys.stdout
    if not options.skip_verification:
        print(f"PyTorch twin of {options.agent} against the golden numbers:", file=table, flush=True)
        subprocess.run(twin_of(options.python, options.agent, "--verify"), check=True, env=clean_environment(), stdout=table)
        print(file=table, flush=True)
    field = []
    try:
        field.extend(contenders(ofql, options.python, options))
        # One round for the caches, the thread pools and the compiler.
        for measured in [False] + [True] * options.rounds:
            for one in field:
                # Thread pools spin for a while before they sleep: the previous contender's must not cost this one a core.
                time.sleep(0.2)
                one.measure(options.updates)
                if not measured:
                    one.rates.clear()
    finally:
        for one in field:
            one.stop()
    result = report(field, options, ofql, load)
    print(as_text(result), file=table)
    if options.json == "-":
        print(json.dumps(result, indent=2))
    elif options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(result, file, indent=2)
            file.write("\n")


if __name__ == "__main__":
    main()
