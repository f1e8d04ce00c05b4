#!/usr/bin/env bash
# Measures training and writes benchmarks/results/<cpu name in kebab case>/training.md: a fresh network of 10 million weights, batches of 4 × 512 tokens,
# float and bfloat16 products, on one and two threads, and what memory they take; with and without recomputing activations.
#
#   benchmarks/train.sh [STEPS, default 40]
#
# Nothing else should run meanwhile. Operations counted: 6 a weight and token and those of attention, as `cria train` shows them.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
steps=${1:-40}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli"
dotnet run -c Release --project "$root/models/cria-tiny/Data" -- "$work/data" 2 > /dev/null
cria=$root/src/Cria.Cli/bin/Release/net10.0/cria
shape=(--hidden 320 --layers 8 --heads 10 --kv-heads 5 --ffn 864 --context 512 --tied --seed 1)
$cria new -o "$work/new.gguf" --tokenizer "$root/models/cria-tiny.gguf" "${shape[@]}" > "$work/new.txt"

{
    echo "# Training"
    echo
    echo "$(cpu_name). A fresh network, \`cria new --tokenizer models/cria-tiny.gguf ${shape[*]}\`; $steps steps of 4 × 512 tokens; \`benchmarks/train.sh $steps\`."
    echo
    echo "| products | threads | options | tokens/s, median | share of the peak | memory, MiB |"
    echo "|---|---:|---|---:|---:|---:|"
} > "$work/training.md"

measure() {
    local name=$1 threads=$2; shift 2
    local folder=$work/$name-$threads-$#
    "$cria" train -m "$work/new.gguf" -d "$work/data/train.jsonl" -o "$folder" --length 512 --batch 4 -t "$threads" --steps "$steps" \
        --learning-rate 1e-3 --schedule constant --warmup 10 --seed 1 --skip-too-long --save-every 100000 "$@" 2> /dev/null > "$folder.txt" &
    local process=$! memory=0 now
    while kill -0 $process 2> /dev/null; do
        now=$(sed -n 's/^VmHWM:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$process/status" 2> /dev/null || true)
        [ -n "$now" ] && memory=$now
        sleep 0.2
    done
    wait $process
    local median share
    # The first steps compile and warm up.
    median=$(tail -n +12 "$folder/log.csv" | cut -d, -f7 | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }')
    # What one percent of the peak is in tokens a second, from the run's own last line.
    share=$(tail -n 1 "$folder.txt" | sed -n 's/.* \([0-9]*\) tokens\/s, \([0-9]*\) *% of the \([a-z0-9]*\) peak.*/\1 \2 \3/p' | awk -v m="$median" '{ printf "%.0f%% of %s", m * $2 / $1, $3 }')
    echo "| $name | $threads | $* | $median | $share | $((memory / 1024)) |" >> "$work/training.md"
}

for threads in 1 2; do
    measure float "$threads"
    measure bfloat16 "$threads" --bf16
done
measure float 2 --recompute

mv "$work/training.md" "$results/training.md"
cat "$results/training.md"
