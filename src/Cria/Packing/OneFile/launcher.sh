# Cria's launcher: starts the program for this system that the file $o carries. $o and $@ come from the first lines of the file.
fail() { printf 'cria: %s\n' "$1" >&2; exit 1; }
case "$o" in /*) ;; *) o=$PWD/${o#./} ;; esac
system="$(uname -s) $(uname -m)"
case "$system" in
@CASES@
*) fail "$o holds no program for $system, only for @SYSTEMS@; install cria for this system and run 'cria serve $o'" ;;
esac
if [ -n "$XDG_CACHE_HOME" ]; then cache=$XDG_CACHE_HOME; else cache=${HOME:-/nonexistent}/.cache; fi
cache=$cache/cria/programs
program=$cache/$hash

# The first is the fastest: it uses the processor's own instructions for the hash, which coreutils may not.
if command -v openssl >/dev/null 2>&1; then sum() { openssl dgst -sha256 -r; }
elif command -v sha256sum >/dev/null 2>&1; then sum() { sha256sum; }
elif command -v shasum >/dev/null 2>&1; then sum() { shasum -a 256; }
else fail "there is neither openssl nor sha256sum nor shasum to verify the program with; install one"; fi
hash_of() { sum < "$1" 2>/dev/null | { read -r first rest; printf %s "$first"; }; }
whole() { [ -f "$1" ] && [ "$(hash_of "$1")" = "$hash" ]; }

if ! whole "$program"; then
  if [ -e "$program" ]; then printf 'cria: %s was changed; it is replaced\n' "$program" >&2; fi
  (umask 077; mkdir -p "$cache") 2>/dev/null && part=$(mktemp "$cache/.part.XXXXXX" 2>/dev/null) || fail "$cache cannot be written; set XDG_CACHE_HOME to a folder that can"
  trap 'rm -f "$part"' EXIT
  trap 'exit 130' INT TERM HUP
  dd if="$o" bs=65536 skip="$skip" 2>/dev/null | head -c "$bytes" 2>/dev/null > "$part" || fail "$cache cannot take the $bytes bytes of the program; free space, or set XDG_CACHE_HOME to another folder"
  [ "$(wc -c < "$part")" -eq "$bytes" ] && whole "$part" || fail "$o is cut short or damaged: its program for $system is not what it should be; fetch or copy it again"
  chmod 500 "$part" && mv -f "$part" "$program" || fail "$program cannot be written; set XDG_CACHE_HOME to another folder"
  trap - EXIT INT TERM HUP
  # Programs that nothing has read for two months were brought by files that are gone or newer; should one be wanted again it is written again. And what a power cut left.
  find "$cache" -type f ! -name "$hash" \( -atime +60 -o -name '.part.*' -mtime +1 \) -exec rm -f {} + 2>/dev/null
fi
[ -x "$program" ] || fail "$program may not be started there; set XDG_CACHE_HOME to a folder on a disk from which programs may run"
CRIA_PACKED=$o
export CRIA_PACKED
exec "$program" "$@"
