#!/usr/bin/env bash
# Measures this machine and writes benchmarks/results/<cpu name in kebab case>/:
#   <model>.md                what `cria bench` prints, for each model file or folder given
#   <Something>Benchmarks.md  the micro-benchmarks' tables
#
#   benchmarks/run.sh                                   micro-benchmarks of the kernels
#   benchmarks/run.sh llama-3.2-1b-q4_k_m.gguf …        the same, and these models
#   QUICK=1 benchmarks/run.sh                           short repetitions in one process: minutes in place of an hour, less exact
#   FILTER='*Unpack*' benchmarks/run.sh                 only some micro-benchmarks; FILTER='' none
#   BENCH_ARGS='-p 512,8192 -n 128' benchmarks/run.sh … arguments for `cria bench`
#
# Nothing else should run meanwhile. CRIA_CPU=avx2 measures models at a lower CPU level; the micro-benchmarks take every level by themselves.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)

. "$root/benchmarks/results-folder.sh"

if [ $# -gt 0 ]; then
    dotnet build -c Release -v quiet "$root/src/Cria.Cli"
    for model in "$@"; do
        table=$results/$(basename "${model%.gguf}" | kebab).md
        # Unquoted on purpose: several arguments.
        dotnet run -c Release --no-build --project "$root/src/Cria.Cli" -- bench -m "$model" ${BENCH_ARGS:-} | tee "$table.part"
        mv "$table.part" "$table"
    done
fi

filter=${FILTER-*Kernels*}
if [ -n "$filter" ]; then
    artifacts=$(mktemp -d)
    trap 'rm -rf "$artifacts"' EXIT
    job='--job default'
    # Fifteen warm-ups of 20 ms: long enough for the JIT's optimized code to take over.
    if [ -n "${QUICK:-}" ]; then job='--job short --inProcess --noOverheadEvaluation --warmupCount 15 --iterationCount 7 --iterationTime 20'; fi
    (cd "$root/benchmarks/Cria.Benchmarks" && dotnet run -c Release -- --filter "$filter" $job --exporters github --artifacts "$artifacts")
    for report in "$artifacts"/results/*-report-github.md; do
        name=$(basename "$report" -report-github.md)
        cp "$report" "$results/${name##*.}.md"
    done
fi
echo "results are in $results"
