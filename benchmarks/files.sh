#!/usr/bin/env bash
# Takes a model file through every form and writes benchmarks/results/<cpu name in kebab case>/files.md: seconds, file speed and memory of
# convert, quantize, split, join, inspect, importance matrix and perplexity, and whether what must be equal to the last bit is.
#
#   benchmarks/files.sh MODEL-F16.gguf [TEXT]
#
# Takes about four times the model's size in $TMPDIR. Nothing else should run meanwhile.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
model=$(realpath "${1:?a GGUF file in F16}")
text=${2:+$(realpath "$2")}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli" > /dev/null
cria=$root/src/Cria.Cli/bin/Release/net10.0/cria
table=$work/files.md

{
    echo "# Files"
    echo
    echo "$(cpu_name). $(basename "$model"), $(du -m --apparent-size "$model" | cut -f1) MiB; \`benchmarks/files.sh\`. Memory is what the process holds of its own (pages of mapped files that the system may drop are not counted)."
    echo
    echo "| what | seconds | result, MiB | own memory at most, MiB |"
    echo "|---|---:|---:|---:|"
} > "$table"

# row NAME RESULT COMMAND… : times a command, watches its memory.
row() {
    local name=$1 result=$2; shift 2
    local start end most=0 now
    start=$(date +%s.%N)
    "$@" > "$work/out.txt" 2> "$work/err.txt" &
    local process=$!
    while kill -0 $process 2> /dev/null; do
        now=$(awk '/^RssAnon/ { print $2 }' "/proc/$process/status" 2> /dev/null || true)
        [ -n "$now" ] && [ "$now" -gt "$most" ] && most=$now
        sleep 0.05
    done
    wait $process || { cat "$work/err.txt"; exit 1; }
    end=$(date +%s.%N)
    local size=""
    [ -n "$result" ] && size=$(du -cm --apparent-size $result | tail -n 1 | cut -f1)
    echo "| $name | $(awk -v a="$start" -v b="$end" 'BEGIN { printf "%.1f", b - a }') | $size | $((most / 1024)) |" >> "$table"
}

cat "$model" > /dev/null
row "inspect" "" $cria inspect "$model"
row "convert to a Hugging Face folder" "$work/hf" $cria convert "$model" "$work/hf"
row "convert that back to GGUF" "$work/back.gguf" $cria convert "$work/hf" "$work/back.gguf"
$cria inspect "$model" --json > "$work/a.json"; $cria inspect "$work/back.gguf" --json > "$work/b.json"
rm -rf "$work/hf"
row "split into 500 MB" "" $cria split "$model" "$work/part" --size 500M
row "join" "$work/joined.gguf" $cria join "$(ls "$work"/part-00001-*)" "$work/joined.gguf"
equal="differ"; cmp -s "$work/joined.gguf" "$model" && equal="are equal"
rm -f "$work"/part-* "$work/joined.gguf" "$work/back.gguf"
for type in Q8_0 Q4_0 Q4_K_M Q6_K IQ4_XS; do
    row "quantize to $type" "$work/q.gguf" $cria quantize "$model" "$work/q.gguf" $type
    [ $type = Q4_0 ] && mv "$work/q.gguf" "$work/q4.gguf"
    rm -f "$work/q.gguf"
done
row "quantize to W8A8" "$work/w8a8/*.safetensors" $cria quantize "$model" "$work/w8a8" W8A8
rm -rf "$work/w8a8"
if [ -n "$text" ]; then
    head -c 24000 "$text" > "$work/text.txt"
    row "importance matrix, $(wc -c < "$work/text.txt") characters" "" $cria imatrix -m "$work/q4.gguf" -f "$work/text.txt" -o "$work/m.gguf"
    row "perplexity, the same" "" $cria perplexity -m "$work/q4.gguf" -f "$work/text.txt"
    tail -n 12 "$work/out.txt" > "$work/perplexity.txt"
fi
{
    echo
    echo "The split and joined file and the first $equal."
} >> "$table"
mv "$table" "$results/files.md"
cat "$results/files.md"
