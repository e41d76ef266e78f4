#!/bin/sh
# The comparison that is run on two cores: sh training/benchmark/run.sh WORK
# WORK is the folder of `make model`, after its step simulate (STEPS="--until simulate"). It goes on
# where it stopped; all that is made lies in build/benchmark.
set -eu
cd "$(dirname "$0")/../.."
work=$(cd "$1" && pwd)
mkdir -p build/benchmark
rm -rf build/benchmark/part
# A copy: the model may be made again meanwhile.
test -f build/benchmark/simulated/dataset.json || {
    rm -rf build/benchmark/simulated
    cp -rp "$work/simulate/training" build/benchmark/part
    mv build/benchmark/part build/benchmark/simulated
}
python -m tools.make_chest_tree training/compact/patients.yaml \
    --sources "$work/sources" --out build/benchmark/chest
for name in simulated chest; do
    python -m distiliqa benchmark "training/benchmark/$name.yaml" --out "build/benchmark/of_$name" \
        2>&1 | tee -a "build/benchmark/$name.log"
done
