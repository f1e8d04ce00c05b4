#!/usr/bin/env bash
# Times `cria tokenizer train` on 100 MB of text, the documentation of the .NET SDK and of the packages in NuGet's cache, and writes benchmarks/results/<cpu name in kebab case>/vocabulary.md.
#
#   benchmarks/vocabulary.sh [MEGABYTES, default 100]
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
. "$root/benchmarks/results-folder.sh"
megabytes=${1:-100}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli"
cria=$root/src/Cria.Cli/bin/Release/net10.0/cria
sdk=$(dirname "$(readlink -f "$(command -v dotnet)")")
find "$sdk" "${NUGET_PACKAGES:-$HOME/.nuget/packages}" -name '*.xml' -size +20k -print0 2> /dev/null | sort -z > "$work/files"
xargs -0 cat < "$work/files" 2> /dev/null | head -c "${megabytes}000000" > "$work/corpus.txt" || true
size=$(($(wc -c < "$work/corpus.txt") / 1000000))

{
    echo "# A vocabulary from $size MB of text"
    echo
    echo "$(cpu_name). \`benchmarks/vocabulary.sh $megabytes\`: $(grep -cz '' "$work/files") files of documentation in XML, as they come with the .NET SDK and its packages."
    echo
    echo "| tokens asked for | \`cria tokenizer train\` said | seconds in all |"
    echo "|---:|---|---:|"
    for tokens in 4096 32000 128256; do
        start=$EPOCHREALTIME
        said=$("$cria" tokenizer train "$work/corpus.txt" -o "$work/vocabulary.gguf" --vocab "$tokens" 2> /dev/null)
        echo "| $tokens | ${said#*: } | $(echo "$EPOCHREALTIME $start" | awk '{ printf "%.1f", $1 - $2 }') |"
        rm "$work/vocabulary.gguf"
    done
} > "$work/vocabulary.md"
mv "$work/vocabulary.md" "$results/vocabulary.md"
cat "$results/vocabulary.md"
