#!/usr/bin/env bash
# Measures rings of processes and writes benchmarks/results/<cpu name in kebab case>/ring.md: one process against two and four that share each sequence, at several lengths;
# wall time, speed, memory of a process, and what `cria train --plan` foretold.
#
#   benchmarks/ring.sh [STEPS, default 6] ["LENGTHS", default "4096 8192 16384"]
#
# Needs mpirun (Debian: openmpi-bin libopenmpi3). Nothing else should run meanwhile. A thread a process; with more processes than cores they take turns.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
steps=${1:-6} lengths=${2:-4096 8192 16384}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -n "${CRIA:-}" ] || dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli"
cria=${CRIA:-$root/src/Cria.Cli/bin/Release/net10.0/cria}
# One long text: rows without a gap, all of one document.
for i in $(seq 1 60000); do echo -n "$((i * 7919 % 10007)) "; done > "$work/text.txt"

{
    echo "# Rings"
    echo
    echo "$(cpu_name), $(nproc) cores. models/cria-tiny.gguf (6 layers of 192), one row a step, $steps steps; \`benchmarks/ring.sh $steps \"$lengths\"\`."
    echo "Speed is the median over steps after the first. Waiting is the share of the time in which the first rank waited for its ring: for messages that computing did not hide, and for the other rank."
    echo
    echo "| length | processes | tokens/s, median | against one | waiting | foretold a step | measured | memory of one, MiB |"
    echo "|---:|---:|---:|---:|---:|---:|---:|---:|"
} > "$work/ring.md"

measure() {
    local length=$1 ranks=$2 folder=$work/$1-$2 launch=()
    [ "$ranks" -gt 1 ] && launch=(mpirun --allow-run-as-root --oversubscribe -np "$ranks")
    "${launch[@]}" "$cria" train -m "$root/models/cria-tiny.gguf" -d "$work/text.txt" -o "$folder" -c "$length" --theta 100000 --batch 1 -t 1 --steps "$steps" \
        --learning-rate 1e-5 --schedule constant --seed 1 --save-every 100000 > "$folder.txt" 2> "$folder.log" &
    local process=$! memory=0 now
    while kill -0 $process 2> /dev/null; do
        for id in $(pgrep -f "cria train .*$folder" || true); do
            now=$(sed -n 's/^VmRSS:[^0-9]*\([0-9]*\).*/\1/p' "/proc/$id/status" 2> /dev/null || true)
            [ -n "$now" ] && [ "$now" -gt "$memory" ] && memory=$now
        done
        sleep 0.3
    done
    wait $process || { cat "$folder.log" >&2; exit 1; }
    local median
    median=$(tail -n +3 "$folder/log.csv" | cut -d, -f7 | sort -n | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }')
    [ "$ranks" = 1 ] && one=$median
    local planned
    planned=$("$cria" train --plan -m "$root/models/cria-tiny.gguf" -c "$length" --batch 1 --ring "$ranks" | tail -n 1 | awk -F '  +' '{ print $(NF - 1) }')
    local waiting
    waiting=$(sed -n 's/.*, \([0-9.]* *%\) of the time waiting.*/\1/p' "$folder.txt" | tr -d ' ')
    echo "| $length | $ranks | $median | $(awk -v a="$median" -v b="$one" 'BEGIN { printf "%.2f", a / b }') | ${waiting:--} | $planned | $(awk -v l="$length" -v m="$median" 'BEGIN { printf "%.2f s", l / m }') | $((memory / 1024)) |" >> "$work/ring.md"
}

for length in $lengths; do
    for ranks in 1 2; do measure "$length" "$ranks"; done
done

mv "$work/ring.md" "$results/ring.md"
cat "$results/ring.md"
