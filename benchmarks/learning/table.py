#!/usr/bin/env python3
"""A table of complete trainings: rows are datasets, columns are settings, each cell several seeds.

  table.py run PLAN --runs FOLDER [--jobs 2] [--only TEXT ...]   trains what is missing; begun runs go on where they stopped
  table.py show PLAN --runs FOLDER [--speed]                     prints the table of the last checkpoints, as Markdown
  table.py keep PLAN --runs FOLDER                               notes the completed runs in results/PLAN, beside this program
  table.py speed PLAN --runs FOLDER                              measures what the settings cost, one after the other, and notes it in results/speed/PLAN

A plan is a JSON file such as robots.json. Every run has a folder RUNS/ROW.COLUMN.sSEED with its whole configuration, and is resumable.
What is kept counts as done: a table can be made in several sittings, on several machines. `run --again` trains it all the same.
A plan that says `"choose": METRIC` also reports what choosing among a run's evaluations would have: the best, and the one where METRIC is lowest.
Options of `run`: --program (how ofql is started), --data (folder of recorded files), --nice. With --speed the table also gives updates/s and microseconds
per action as `speed` has measured them in one sitting on one thread (`ofql bench agents`, fresh networks of the cell's settings): let nothing else run then.
Of what has no networks it measures the actions of a trained policy, and the table has updates/s of the first seed's training, whatever else the machine did.
"""
import argparse
import csv
import functools
import json
import math
import pathlib
import signal
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMIT = "commit "
PLAIN = ("sample", "policy", "zero_noise", "best_of_50")
# Two-sided 95 % quantiles of Student's t by degrees of freedom.
T95 = {1: 12.706, 2: 4.303, 3: 3.182, 4: 2.776, 5: 2.571, 6: 2.447, 7: 2.365, 8: 2.306, 9: 2.262}


def cells(plan):
    """(name, row, column, seed) of every run, seed by seed, so that an interrupted table is whole in its first seeds."""
    for seed in plan["seeds"]:
        for row in plan["rows"]:
            for column in plan["columns"]:
                yield f"{row}.{column}.s{seed}", row, column, seed


def command(plan, args, name, row, column, seed):
    folder = args.runs / name
    if (folder / "config.yaml").exists():
        return [*args.program, "train", "--resume", str(folder)]
    source = plan["rows"][row]
    words = [*args.program, "train"]
    if "task" in source:
        words += [source["task"]]
    else:
        words += ["--data", str(args.data / source["data"]), "--env", source["env"]]
    settings = {**plan.get("settings", {}), **source.get("settings", {}), **plan["columns"][column], **source.get("columns", {}).get(column, {})}
    words += ["--updates", str(plan["updates"]), "--seed", str(seed), "--threads", "1", "--name", name, "--runs", str(args.runs)]
    if agent := settings.pop("agent", None):
        words += ["--agent", agent]
    for key, value in settings.items():
        # null takes back what the row sets for all: not every algorithm has every option.
        if value is not None:
            words += ["--set", f"{key}={value}"]
    return words


@functools.cache
def notes_in(path):
    return json.loads(path.read_text()) if path.exists() else {}


def kept(args):
    """{run: what was noted of it}, as it was when this program began."""
    return notes_in(args.kept)


def last(args, name):
    """(step, {way: score}) of a run's last evaluation, or of what was kept of it; None before the first."""
    found = trained(args, name)
    note = None if args.again else kept(args).get(name)
    # What was begun here and is noted as complete elsewhere counts as the latter.
    return (note["updates"], note["scores"]) if note and (not found or found[0] < note["updates"]) else found


def trained(args, name):
    """The same of the folder alone."""
    path = args.runs / name / "evaluations.csv"
    if not path.exists():
        return None
    rows = list(csv.DictReader(path.open()))
    if not rows:
        return None
    return int(rows[-1]["step"]), scores(rows[-1])


def scores(row):
    """{way: score} of a row of evaluations.csv; returns where the task has no normalised score (the pendulum)."""
    ending = "/score" if any(key.endswith("/score") for key in row) else "/return"
    return {key[: -len(ending)]: float(value) for key, value in row.items() if key.endswith(ending) and value}


def chosen(args, name, metric):
    """What a choice among a run's evaluations would report: the best of each way, and the one where `metric` is lowest, as Diffusion-QL chooses."""
    path = args.runs / name / "evaluations.csv"
    if not metric or not path.exists():
        return None
    rows = list(csv.DictReader(path.open()))
    losses = {int(row["step"]): float(row[metric]) for row in csv.DictReader((args.runs / name / "metrics.csv").open()) if row.get(metric)}
    rows = [row for row in rows if int(row["step"]) in losses]
    if not rows:
        return None
    lowest = min(rows, key=lambda row: losses[int(row["step"])])
    return {"best": {way: max(scores(row)[way] for row in rows) for way in scores(rows[0])}, "lowest": scores(lowest), "evaluations": len(rows)}


def run(plan, args):
    args.runs.mkdir(parents=True, exist_ok=True)
    wanted = [c for c in cells(plan) if not args.only or any(text in c[0] for text in args.only)]
    wanted = [c for c in wanted if not (done := last(args, c[0])) or done[0] < plan["updates"]]
    running, failed = {}, []
    # Of the program that trains, which may be another checkout than this one.
    folder = pathlib.Path(args.program[-1]).resolve().parent
    commit = git(folder, "rev-parse", "--short", "HEAD") + ("+" if git(folder, "status", "--porcelain", "--untracked-files=no") else "")
    # A stop reaches the trainings as a stop too: they save what they have.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    try:
        while wanted or running:
            while wanted and len(running) < args.jobs:
                cell = wanted.pop(0)
                log = (args.runs / f"{cell[0]}.log").open("a")
                print(COMMIT + commit, file=log, flush=True)
                words = ["nice", "-n", str(args.nice), *command(plan, args, *cell)]
                running[subprocess.Popen(words, stdout=log, stderr=log, stdin=subprocess.DEVNULL, cwd=ROOT)] = cell[0]
                print(time.strftime("%H:%M:%S"), "begins", cell[0], flush=True)
            time.sleep(1)
            for process in [p for p in running if p.poll() is not None]:
                name = running.pop(process)
                print(time.strftime("%H:%M:%S"), "ends", name, "with", process.returncode, last(args, name), flush=True)
                if process.returncode:
                    failed.append(name)
    except KeyboardInterrupt:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process in running:
            process.wait()
        sys.exit(130)
    if failed:
        sys.exit(f"table.py: these ended with an error, see their .log in {args.runs}: {', '.join(failed)}")


def keep(plan, args):
    notes = dict(kept(args))
    for name, *_ in cells(plan):
        done = trained(args, name)
        manifest = args.runs / name / "run.json"
        if not done or done[0] < plan["updates"] or not manifest.exists():
            continue
        facts = json.loads(manifest.read_text())
        session = facts["sessions"][-1]
        notes[name] = {
            "updates": done[0],
            "scores": {way: round(score, 2) for way, score in done[1].items()},
            "updates_per_second": updates_per_second(args, name),
            "commit": ", ".join(commits(args, name)),
            "data": facts["data"]["fingerprint"],
            "begun": facts["sessions"][0]["started_utc"][:10],
            "sessions": len(facts["sessions"]),
            "machine": f"{session['processor']}, {session['vector_bits']} bits",
            "simulator": session["simulator"],
        }
        if choice := chosen(args, name, plan.get("choose")):
            notes[name]["chosen"] = choice
    write(args.kept, notes)
    print(f"{len(notes)} runs of {sum(1 for _ in cells(plan))} in {args.kept}")


def write(path, notes):
    path.parent.mkdir(exist_ok=True)
    new = path.with_suffix(".new")
    new.write_text(json.dumps(notes, indent=1, sort_keys=True) + "\n")
    new.replace(path)


def commits(args, name):
    """The commits that a run's sessions were made with, as `run` noted them in its log."""
    log = args.runs / f"{name}.log"
    lines = log.read_text(errors="replace").splitlines() if log.exists() else []
    return list(dict.fromkeys(line[len(COMMIT):] for line in lines if line.startswith(COMMIT)))


def git(folder, *words):
    return subprocess.run(["git", *words], stdout=subprocess.PIPE, text=True, cwd=folder, check=True).stdout.strip()


def spread(values):
    mean = sum(values) / len(values)
    if len(values) < 2:
        return f"{mean:.1f}"
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
    half = T95.get(len(values) - 1, 1.96) * deviation / math.sqrt(len(values))
    return f"{mean:.1f} ± {half:.0f} ({', '.join(f'{v:.1f}' for v in values)})"


def updates_per_second(args, name):
    path = args.runs / name / "timing.csv"
    if not path.exists():
        return kept(args).get(name, {}).get("updates_per_second", "")
    rates = sorted(float(row["updates_per_second"]) for row in csv.DictReader(path.open()))
    return f"{rates[len(rates) // 2]:.0f}" if rates else ""


def said(args, *words):
    """What the program says in JSON."""
    done = subprocess.run([*args.program, *words, "--json"], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    if done.returncode:
        sys.exit(f"table.py: '{' '.join([*args.program, *words])}' ended with {done.returncode}.")
    return json.loads(done.stdout)


def speed(plan, args):
    """Updates and actions of every setting, one after the other on one thread."""
    sizes = {name: e for e in said(args, "list", "environments")["environments"] for name in [e["name"], *e["aliases"]]}
    folder = pathlib.Path(args.program[-1]).resolve().parent
    notes = dict(notes_in(args.speeds))
    for name, row, column, seed in cells(plan):
        if seed != plan["seeds"][0] or args.only and not any(text in name for text in args.only):
            continue
        # Begun runs are not asked: their folders may be elsewhere.
        words = command(plan, argparse.Namespace(**{**vars(args), "runs": args.runs / "none"}), name, row, column, seed)[len(args.program):]
        settings = said(args, *words, "--dry-run")
        agent = settings["agent.name"]
        if "agent.hidden_width" not in settings:
            if acting := table_actions(plan, args, row, column):
                notes[f"{row}.{column}"] = acting
                write(args.speeds, notes)
            continue
        task = sizes[settings["environment"]]
        given = [w for key, value in settings.items() if key.startswith("agent.") and key != "agent.name" for w in ("--set", f"{key}={value}")]
        found = said(args, "bench", "agents", agent, *given, "--state", str(task["state_size"]), "--action", str(task["action_size"]), "--rounds", "3", "--seconds", "0.3")
        cost = found["agents"][0]
        notes[f"{row}.{column}"] = {
            **{key: cost[key] for key in ("updates_per_second", "share_of_peak", "act_microseconds", "candidates_microseconds")},
            "commit": git(folder, "rev-parse", "--short", "HEAD"),
            "machine": f"{found['machine']['processor']}, {found['machine']['vector_bits']} bits",
            "read": time.strftime("%Y-%m-%d"),
        }
        print(f"{row}.{column}: {cost['updates_per_second']} updates/s, {cost['act_microseconds']} us", flush=True)
        write(args.speeds, notes)


def table_actions(plan, args, row, column):
    """What acting takes of a policy without networks: that of a run, for an empty table would be found at once."""
    names = [f"{row}.{column}.s{seed}" for seed in plan["seeds"]]
    if not (name := next((n for n in names if (args.runs / n / "policy.safetensors").exists()), None)):
        return None
    found = said(args, "bench", "policy", name, "--runs", str(args.runs), "--rounds", "3")
    print(f"{row}.{column}: {found['policies'][0]['act_microseconds']['median']} us", flush=True)
    return {
        "act_microseconds": found["policies"][0]["act_microseconds"]["median"],
        "candidates_microseconds": None,
        "machine": f"{found['machine']['processor']}, {found['machine']['vector_bits']} bits",
        "read": time.strftime("%Y-%m-%d"),
    }


def cost_texts(plan, args, row, column):
    """Updates/s and microseconds per action, of 50, of a setting."""
    if note := notes_in(args.speeds).get(f"{row}.{column}"):
        many = note["candidates_microseconds"]
        rate = f"{note['updates_per_second']:.0f}" if "updates_per_second" in note else updates_per_second(args, f"{row}.{column}.s{plan['seeds'][0]}")
        return [rate, f"{note['act_microseconds']:.1f}" + (f", {many:.0f}" if many else "")]
    return [updates_per_second(args, f"{row}.{column}.s{plan['seeds'][0]}"), ""]


def show(plan, args):
    # A fourth way of acting (evaluation.selection, evaluation.noise_scale) has the name of its settings.
    heads = ["data", "setting", "updates", "one sample", "without noise", "best of 50"]
    every = [e for name, *_ in cells(plan) if (e := last(args, name))]
    heads += ["as the setting acts"] if any(way not in PLAIN for _, scores in every for way in scores) else []
    heads += ["best evaluation", f"evaluation of the lowest {plan['choose']}"] if "choose" in plan else []
    heads += ["updates/s", "µs per action, of 50"] if args.speed else []
    print(plan["about"] + "\n\nMean over seeds ± half the 95 % interval (each seed); normalised scores, or returns where the task has none.\n")
    print(f"| {' | '.join(heads)} |\n{'|---' * len(heads)}|")
    for row in plan["rows"]:
        for column in plan["columns"]:
            found = [e for s in plan["seeds"] if (e := last(args, f"{row}.{column}.s{s}"))]
            if not found:
                continue
            steps = sorted({step for step, _ in found})
            ways = [next((w for w in names if all(w in scores for _, scores in found)), None)
                    for names in (["sample", "policy"], ["zero_noise"], ["best_of_50"])]
            if "as the setting acts" in heads:
                ways.append(next((w for w in found[0][1] if w not in PLAIN and all(w in scores for _, scores in found)), None))
            texts = [spread([scores[way] for _, scores in found]) + (f" {way}" if way not in PLAIN else "") if way else "" for way in ways]
            if "choose" in plan:
                # By the way that the setting acts.
                acts = next(way for way in reversed(ways) if way)
                names = [f"{row}.{column}.s{s}" for s in plan["seeds"]]
                choices = [c for name in names if (c := chosen(args, name, plan["choose"]) or kept(args).get(name, {}).get("chosen"))]
                texts += [spread([c[kind][acts] for c in choices]) if choices else "" for kind in ("best", "lowest")]
            if args.speed:
                texts += cost_texts(plan, args, row, column)
            print(f"| {row} | {column} | {', '.join(f'{s:,}' for s in steps)} | {' | '.join(texts)} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=["run", "show", "keep", "speed"])
    parser.add_argument("plan", type=pathlib.Path)
    parser.add_argument("--runs", type=pathlib.Path, required=True)
    parser.add_argument("--data", type=pathlib.Path, default=ROOT.parent / "shared" / "data")
    parser.add_argument("--program", type=str.split, default=[str(ROOT / "ofql")])
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--nice", type=int, default=5)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--speed", action="store_true")
    parser.add_argument("--again", action="store_true")
    args = parser.parse_args()
    try:
        plan = json.loads(args.plan.read_text())
    except (OSError, ValueError) as error:
        sys.exit(f"table.py: the plan '{args.plan}' cannot be read: {error}. Plans lie beside this program, such as robots.json.")
    args.runs = args.runs.resolve()
    args.data = args.data.resolve()
    args.kept = pathlib.Path(__file__).resolve().parent / "results" / args.plan.name
    args.speeds = args.kept.parent / "speed" / args.plan.name
    {"run": run, "show": show, "keep": keep, "speed": speed}[args.action](plan, args)


main()
