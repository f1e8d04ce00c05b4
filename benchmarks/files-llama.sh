#!/usr/bin/env bash
# Compares quantizing and importance matrices with llama.cpp's programs on the same files, and writes benchmarks/results/<cpu name in kebab case>/files-llama.md: whether tensors are equal to
# the last bit with each one's matrix read by the other, and the time both take.
#
#   benchmarks/files-llama.sh LLAMA-BIN-FOLDER SMALL-F32.gguf TEXT LARGE-F16.gguf
#
# SMALL takes every type with both matrices; LARGE is quantized to Q4_K_M for the time. Nothing else should run meanwhile.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
llama=$(realpath "$1") small=$(realpath "$2") text=$(realpath "$3") large=$(realpath "$4")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli" > /dev/null
cria=$root/src/Cria.Cli/bin/Release/net10.0/cria
table=$work/files-llama.md

# data FILE : the hash of what tensors hold: the end of the file, after metadata that may differ.
data() {
    local bytes
    bytes=$("$cria" inspect "$1" --json | tr -d ' ,' | awk -F: '/"weightBytes"/ { print $2; exit }')
    # Two files of which nothing is known must not count as equal.
    if [ "${bytes:-0}" -gt 0 ]; then tail -c "$bytes" "$1" | sha256sum | cut -c1-16; else echo "$1"; fi
}

{
    echo "# Files, beside llama.cpp"
    echo
    echo "$(cpu_name). $(basename "$small") for matrices and types, $(basename "$large") for the time; \`benchmarks/files-llama.sh\`."
    echo
} > "$table"
"$llama/llama-imatrix" -m "$small" -f "$text" -o "$work/llama.dat" -c 512 > "$work/log" 2>&1
"$cria" imatrix -m "$small" -f "$text" -o "$work/cria.dat" > "$work/log" 2>&1
{
    echo "| type | matrix of llama-imatrix | matrix of \`cria imatrix\` |"
    echo "|---|---|---|"
    for type in Q2_K Q3_K_M Q4_0 Q4_K_M Q5_0 Q5_K_S Q6_K IQ4_NL IQ4_XS; do
        echo -n "| $type |"
        for matrix in llama cria; do
            "$cria" quantize "$small" "$work/a.gguf" $type --imatrix "$work/$matrix.dat" > "$work/log" 2>&1
            "$llama/llama-quantize" --imatrix "$work/$matrix.dat" "$small" "$work/b.gguf" $type 2 > "$work/log" 2>&1
            [ "$(data "$work/a.gguf")" = "$(data "$work/b.gguf")" ] && echo -n " equal |" || echo -n " differs |"
            rm -f "$work/a.gguf" "$work/b.gguf"
        done
        echo
    done
    echo
} >> "$table"
# seconds COMMAND… : how long it takes.
seconds() { local start; start=$(date +%s.%N); "$@" > "$work/log" 2>&1; awk -v a="$start" -v b="$(date +%s.%N)" 'BEGIN { printf "%.1f", b - a }'; }
{
    echo "| $(basename "$large") to Q4_K_M | seconds |"
    echo "|---|---:|"
    for run in 1 2; do
        echo "| \`cria quantize\` | $(seconds "$cria" quantize "$large" "$work/a.gguf" Q4_K_M) |"
        echo "| llama-quantize, $(nproc) threads | $(seconds "$llama/llama-quantize" "$large" "$work/b.gguf" Q4_K_M "$(nproc)") |"
        [ "$(data "$work/a.gguf")" = "$(data "$work/b.gguf")" ] && equal=equal || equal=different
        rm -f "$work/a.gguf" "$work/b.gguf"
    done
    echo
    echo "Their tensors are $equal."
} >> "$table"
mv "$table" "$results/files-llama.md"
cat "$results/files-llama.md"
