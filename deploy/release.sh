#!/usr/bin/env bash
# Publishes cria as one program a system, with the model that ships inside, into artifacts/release, with checksums:
#
#   deploy/release.sh [SYSTEM...]      linux-x64 win-x64 linux-arm64 win-arm64 osx-x64 osx-arm64; all of them by default
#
# The programs are trimmed and compiled ahead of time, and need no .NET. A system whose runtime pack NuGet does not have is left out, and that is said.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export DOTNET_NOLOGO=1 DOTNET_CLI_TELEMETRY_OPTOUT=1
largest=45000000
release=$root/artifacts/release
publish=$root/artifacts/publish
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
model=$(ls "$root"/models/cria-tiny*.gguf | head -n 1)
systems=("$@")
[ $# -gt 0 ] || systems=(linux-x64 win-x64 linux-arm64 win-arm64 osx-x64 osx-arm64)

case "$(uname -s) $(uname -m)" in
  "Linux x86_64") host=linux-x64 ;;
  "Linux aarch64") host=linux-arm64 ;;
  "Darwin arm64") host=osx-arm64 ;;
  "Darwin x86_64") host=osx-x64 ;;
  *) echo "releases are made on Linux or macOS, not on $(uname -s) $(uname -m)" >&2; exit 1 ;;
esac

name() { case $1 in win-*) echo cria.exe ;; *) echo cria ;; esac; }

# publish_for SYSTEM: false where its runtime pack is not to be had.
publish_for() {
  local log=$publish/$1.log
  mkdir -p "$publish"
  dotnet publish "$root/src/Cria.Cli" -r "$1" -p:PublishProfile=OneFile -o "$publish/$1" -v quiet > "$log" 2>&1 && return 0
  grep -qE 'NU1101|NU1102|NU1103' "$log" && return 1
  cat "$log" >&2
  exit 1
}

# This machine's own program packs the others.
publish_for "$host" || { echo "$host: its runtime pack is not to be had, and without it nothing can be made here" >&2; exit 1; }
rm -rf "$release"
mkdir -p "$release"
for system in "${systems[@]}"; do
  if [ "$system" != "$host" ] && ! publish_for "$system"; then
    echo "$system: left out, its runtime pack (Microsoft.NETCore.App.Runtime.$system) is not to be had from this NuGet source"
    continue
  fi
  file=$release/cria-$version-$system
  case $system in win-*) file=$file.exe ;; esac
  "$publish/$host/cria" pack -m "$model" --runtime "$system=$publish/$system/$(name "$system")" --args help -o "$file" > /dev/null
  bytes=$(wc -c < "$file")
  [ "$bytes" -le "$largest" ] || { echo "$system: $bytes bytes, more than the $largest that a release may have" >&2; exit 1; }
  echo "$system: ${file#"$root/"}, $bytes bytes"
done
cd "$release"
if command -v sha256sum > /dev/null; then sha256sum cria-* > SHA256SUMS; else shasum -a 256 cria-* > SHA256SUMS; fi
