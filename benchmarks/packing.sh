#!/usr/bin/env bash
# Packs a model and writes benchmarks/results/<cpu name in kebab case>/packing.md: sizes of the releases, how fast they start, time and memory
# of one token from a packed file beside those from the plain file, and for each model the time to the first token with prepared weights and without.
#
#   benchmarks/packing.sh MODEL.gguf [MODEL.gguf…]
#
# Wants releases (deploy/release.sh). Takes a model's size three times in $TMPDIR. Nothing else should run meanwhile.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
model=$(realpath "${1:?a GGUF file}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export XDG_CACHE_HOME=$work/cache
cria=$(ls "$root"/artifacts/release/cria-*-linux-x64)
windows=$(ls "$root"/artifacts/release/cria-*-win-x64.exe 2> /dev/null || true)

# median N COMMAND…: milliseconds.
median() {
    local n=$1 i; shift
    for i in $(seq "$n"); do
        local start; start=$(date +%s%N)
        "$@" > "$work/out.txt" 2> "$work/err.txt" < /dev/null || { cat "$work/err.txt" >&2; exit 1; }
        echo $((($(date +%s%N) - start) / 100000))
    done | sort -n | awk '{ v[NR] = $1 } END { printf "%.1f", v[int((NR + 1) / 2)] / 10 }'
}

# own COMMAND…: MiB of memory of its own, pages of mapped files aside, at most.
own() {
    local most=0 now
    "$@" > /dev/null 2>&1 < /dev/null &
    local process=$!
    while kill -0 $process 2> /dev/null; do
        now=$(awk '/^RssAnon/ { print $2 }' "/proc/$process/status" 2> /dev/null || true)
        [ -n "$now" ] && [ "$now" -gt "$most" ] && most=$now
        sleep 0.02
    done
    wait $process
    echo $((most / 1024))
}

# middle FILE: the median of a file's numbers.
middle() { sort -n "$1" | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# starts MODEL: rows of a table, time to the first token and speed of the fourteen after it; from the sixteenth step on weights are moved. The ways of starting take turns, so that a busy moment meets all of them.
starts() {
    local model=$1 way round start rounds=5; shift
    [ "$(wc -c < "$model")" -lt $((2 << 30)) ] || rounds=3
    rm -rf "$work"/start "$work"/*.times; mkdir "$work/start"
    "$cria" pack -m "$model" -o "$work/start/prepared" --prepared --only-prepared > /dev/null 2> "$work/err.txt" || { echo "| $(basename "$model"): $(sed 's/^cria: //' "$work/err.txt") | | |"; return; }
    local plain=("$cria" run -m "$model") prepared=("$work/start/prepared" run) cold=("$cria" run -m "$model" --cache) warm=("$cria" run -m "$model" --cache)
    for round in $(seq "$rounds"); do
        for way in plain prepared cold warm; do
            [ $way != cold ] || rm -rf "$XDG_CACHE_HOME/cria/prepared"
            local -n command=$way
            start=$(date +%s%N)
            "${command[@]}" --temp 0 -n 1 Hello > /dev/null 2> "$work/err.txt" < /dev/null || { cat "$work/err.txt" >&2; exit 1; }
            echo $((($(date +%s%N) - start) / 1000000)) >> "$work/$way.first.times"
            [ $way != cold ] || rm -rf "$XDG_CACHE_HOME/cria/prepared"
            "${command[@]}" --temp 0 -n 15 --json Hello 2> /dev/null < /dev/null | grep -o '"generatedTokensPerSecond":[0-9.]*' | cut -d: -f2 >> "$work/$way.speed.times"
        done
    done
    local -A says=([plain]="\`run -m\`" [prepared]="packed with \`--prepared --only-prepared\`" [cold]="\`run -m --cache\`, first start" [warm]="\`run -m --cache\`, later starts")
    for way in plain prepared cold warm; do echo "| $(basename "$model"), ${says[$way]} | $(middle "$work/$way.first.times") | $(middle "$work/$way.speed.times") |"; done
    rm -rf "$work/start" "$XDG_CACHE_HOME/cria/prepared"
}

"$cria" pack -m "$model" -o "$work/one" > /dev/null
both=$work/both.exe
if [ -n "$windows" ]; then "$cria" pack -m "$model" -o "$both" --runtime linux-x64 --runtime "win-x64=$windows" > /dev/null; fi
ask=(--temp 0 -n 1 Hello)
table=$work/packing.md
{
    echo "# Packed files"
    echo
    echo "$(cpu_name). \`deploy/release.sh\`, then \`benchmarks/packing.sh $(basename -a "$@" | paste -sd " ")\` ($(basename "$model"): $(du -m --apparent-size "$model" | cut -f1) MiB). Medians; files are in the system's cache."
    echo
    echo "| release | bytes |"
    echo "|---|---:|"
    for file in "$root"/artifacts/release/cria-*; do echo "| $(basename "$file") | $(wc -c < "$file") |"; done
    echo
    echo "| start | ms |"
    echo "|---|---:|"
    echo "| \`cria --version\` | $(median 21 "$cria" --version) |"
    echo "| \`cria run --temp 0 -n 1 Hello\` (cria-tiny, inside) | $(median 21 "$cria" run "${ask[@]}") |"
    if [ -n "$windows" ]; then
        echo "| file for two systems, first start: \`--version\` | $(median 1 sh "$both" --version) |"
        echo "| file for two systems, later starts: \`--version\` | $(median 21 sh "$both" --version) |"
    fi
    echo
    echo "| one token of the model | ms | own memory, MiB |"
    echo "|---|---:|---:|"
    echo "| from the plain file, \`cria run -m\` | $(median 7 "$cria" run -m "$model" "${ask[@]}") | $(own "$cria" run -m "$model" "${ask[@]}") |"
    echo "| from the packed file | $(median 7 "$work/one" run "${ask[@]}") | $(own "$work/one" run "${ask[@]}") |"
    if [ -n "$windows" ]; then echo "| from the file for two systems | $(median 7 sh "$both" run "${ask[@]}") | $(own sh "$both" run "${ask[@]}") |"; fi
    rm -f "$work/one" "$both"
    echo
    echo "| prepared weights (medians of 5; of 3 above 2 GiB) | ms to the first token, start of the program included | tokens/s, the fourteen after it |"
    echo "|---|---:|---:|"
    for each in "$@"; do starts "$(realpath "$each")"; done
} > "$table"
mv "$table" "$results/packing.md"
cat "$results/packing.md"
