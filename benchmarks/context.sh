#!/usr/bin/env bash
# Measures long contexts and writes benchmarks/results/<cpu name in kebab case>/context.md: speed of prompts and answers with ever more in the cache, for each type of keys and
# values, and what a prompt loaded from a file saves.
#
#   benchmarks/context.sh MODEL.gguf [LONG]
#
# DEPTHS='0 8192 32768 131072', TYPES='i16 i8 f16 q8_0 q4_0', RUNS=2 (timed runs of each test). LONG, by default 8192, is the length of the prompt that is saved and loaded.
# The model's own context does not matter. Nothing else should run meanwhile.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
model=$1 long=${2:-8192}
depths=${DEPTHS:-0 8192 32768 131072} types=${TYPES:-i16 i8 f16 q8_0 q4_0} runs=${RUNS:-2}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

[ -n "${NO_BUILD:-}" ] || dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli"
cria=$root/src/Cria.Cli/bin/Release/net10.0/cria
table=$work/context.md
{
    echo "# Long contexts"
    echo
    echo "$(cpu_name). $(basename "$model"); \`benchmarks/context.sh\`."
    echo
    echo "Speed with so many tokens in the cache, in tokens a second: the next 512 of a prompt, and the next 16 of an answer with its share of what reading weights, keys and values allows."
    echo
    echo "| keys and values | in the cache | prompt, tokens/s | answer, tokens/s | share of the read speed |"
    echo "|---|---:|---:|---:|---:|"
} > "$table"
for type in $types; do
    for depth in $depths; do
        "$cria" bench -m "$model" -p 512 -n 16 -d "$depth" -r "$runs" -ctk "$type" -ctv "$type" -o json > "$work/$type-$depth.json"
        # The first test is the prompt, the second the answer.
        read -r prompt answer share < <(tr -d ' ",' < "$work/$type-$depth.json" | awk -F: '/^tokensPerSecond/ { s[++n] = $2 } /^shareOfLimit/ { l[n] = $2 } END { printf "%.1f %.2f %.0f%%\n", s[1], s[2], 100 * l[2] }')
        echo "| $type | $depth | $prompt | $answer | $share |" >> "$table"
        echo "$type $depth $prompt" >> "$work/prompts"
    done
done
{
    echo
    echo "A whole prompt, from the times above (they grow evenly with the depth), against one of 512 tokens:"
    echo
    echo "| keys and values | tokens | tokens/s | of that at 512 |"
    echo "|---|---:|---:|---:|"
    awk '{
        if ($1 != type) { type = $1; time = 0; last = 0; first = 1 / $3; before = first; next }
        time += ($2 - last) * (before + 1 / $3) / 2; last = $2; before = 1 / $3
        printf "| %s | %d | %.1f | %.0f%% |\n", type, last, last / time, 100 * first * last / time
    }' "$work/prompts"
} >> "$table"

# A text of about LONG tokens: numbers, which no vocabulary makes short.
seq 100000 $((100000 + long / 4)) | tr '\n' ' ' > "$work/prompt.txt"
for run in computed loaded; do
    "$cria" run -m "$model" -c $((2 * long)) --raw --json -n 1 --prompt-cache "$work/prompt.kv" - < "$work/prompt.txt" > "$work/$run.json"
done
{
    echo
    echo "The same prompt, computed and then from a file (\`cria run --prompt-cache\`); seconds until the first token:"
    echo
    echo '```'
    cat "$work/computed.json" "$work/loaded.json"
    stat -c '%s bytes in the file' "$work/prompt.kv"
    echo '```'
} >> "$table"
mv "$table" "$results/context.md"
cat "$results/context.md"
