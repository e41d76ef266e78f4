#!/bin/sh
# The comparison that is run on two cores: sh training/benchmark/run.sh WORK
# WORK is the folder of `make model`, after its step sources (STEPS="--until sources"). It goes on
# where it stopped; all that is made lies in build/benchmark. Tables and logs that are finished are
# copied to training/benchmark/results, from where the documentation takes them.
set -eu
cd "$(dirname "$0")/../.."
work=$(cd "$1" && pwd)
made=build/benchmark
mkdir -p "$made"

# A stop of this script stops what it runs.
child=
trap 'test -z "$child" || { kill "$child"; wait "$child" || true; }; exit 143' INT TERM
logged() {
    "$@" >> "$log" 2>&1 &
    child=$!
    status=0
    wait "$child" || status=$?
    child=
    return "$status"
}

test -d "$work/sources/training" || {
    echo "$work: holds no slices; make them by make model, see this file" >&2
    exit 1
}
log=$made/challenge_images.log
logged python -m distiliqa simulate-dataset training/benchmark/images/challenge.yaml \
    --data "$work/sources/training" --out "$made/challenge"
log=$made/chest.log
logged python -m tools.make_chest_tree training/compact/patients.yaml \
    --sources "$work/sources" --out "$made/chest"

failed=0
for name in challenge chest; do
    log=$made/$name.log
    echo "$name: see $log"
    logged date -u "+began at %FT%TZ"
    logged python -m distiliqa --version
    logged python -m distiliqa benchmark "training/benchmark/$name.yaml" \
        --out "$made/of_$name" || { failed=1; echo "$name: failed, see $log"; }
    logged date -u "+ended at %FT%TZ"
    test -f "$made/of_$name/table.json" || continue
    results=training/benchmark/results/$name
    mkdir -p "$results"
    for file in table.csv table.json table.md table.tex groups.csv groups.md figures.png cost.png; do
        cp "$made/of_$name/$file" "$results/$file"
    done
    cp "$log" "$results/log.txt"
done
exit "$failed"
