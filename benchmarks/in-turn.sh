#!/usr/bin/env bash
# Which of two models takes prompts in faster? Machines have moods, longer than a run, so the two are measured in turn, the first one first in every other pair, and what counts is in how many
# pairs one is ahead. Writes benchmarks/results/<cpu name in kebab case>/in-turn.md.
#
#   benchmarks/in-turn.sh MODEL OTHER [PAIRS, default 20] [TOKENS, default 512]
#
# Nothing else should run meanwhile.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
model=$(realpath "$1") other=$(realpath "$2") pairs=${3:-20} tokens=${4:-512}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli" > /dev/null
cria=$root/src/Cria.Cli/bin/Release/net10.0/cria

rate() { "$cria" bench -m "$1" -p "$tokens" -n 0 -r 2 -o json | tr ',{}' '\n' | sed -n 's/.*"tokensPerSecond"[^0-9]*\([0-9.]*\).*/\1/p' | head -n 1; }
for pair in $(seq "$pairs"); do
    if [ $((pair % 2)) = 1 ]; then first=$(rate "$model"); second=$(rate "$other"); else second=$(rate "$other"); first=$(rate "$model"); fi
    echo "$first $second" | tee -a "$work/pairs" >&2
done
median() { cut -d' ' -f"$1" "$work/pairs" | sort -n | awk '{ a[NR] = $1 } END { printf "%.1f", (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'; }
quotient() { awk '{ print $1 / $2 }' "$work/pairs" | sort -n | awk '{ a[NR] = $1 } END { printf "%.3f", (a[int((NR + 1) / 2)] + a[int(NR / 2) + 1]) / 2 }'; }
{
    echo "# In turn"
    echo
    echo "$(cpu_name), $(nproc) cores. Prompts of $tokens tokens, tokens a second, two a run; \`benchmarks/in-turn.sh $(basename "$model") $(basename "$other") $pairs $tokens\`."
    echo
    echo "| | $(basename "$model") | $(basename "$other") |"
    echo "|---|---:|---:|"
    echo "| median | $(median 1) | $(median 2) |"
    echo
    # The sign test: how often so many or more of the pairs go one way where it is all chance.
    awk -v q="$(quotient)" '{ n++; if ($1 > $2) w++ } END {
        p = 0; for (k = w; k <= n; k++) { c = 1; for (i = 1; i <= k; i++) c = c * (n - k + i) / i; p += c / 2 ^ n }
        printf "The first is ahead in %d of %d pairs (by chance alone in %.2g of all such series), %s times as fast in the middle pair.\n", w, n, p, q }' "$work/pairs"
    echo
    echo "| pair |$(seq -s ' |' "$pairs") |"
    echo "|---|$(seq "$pairs" | sed 's/.*/---:|/' | tr -d '\n')"
    for column in 1 2; do
        echo "| $(basename "$([ $column = 1 ] && echo "$model" || echo "$other")") |$(cut -d' ' -f$column "$work/pairs" | awk '{ printf " %.1f |", $1 }')"
    done
} > "$work/in-turn.md"
mv "$work/in-turn.md" "$results/in-turn.md"
cat "$results/in-turn.md"
