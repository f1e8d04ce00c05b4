#!/usr/bin/env bash
# Pulls a large file from a hub on this machine as people do it on bad days: two programs at once, one killed midway and begun again. Prints what came and what is left over.
#
#   benchmarks/pull.sh MODEL.gguf
#
# Needs python3 for the hub, and the model's size twice in $TMPDIR.
set -euo pipefail

root=$(cd "$(dirname "$0")/.." && pwd)
model=$(realpath "${1:?a GGUF file}")
work=$(mktemp -d)
trap 'kill $(jobs -p) 2> /dev/null || true; rm -rf "$work"' EXIT
dotnet build -c Release -v quiet --nologo "$root/src/Cria.Cli" > /dev/null
cria=$root/src/Cria.Cli/bin/Release/net10.0/cria

cat > "$work/hub.py" << 'PY'
import hashlib, http.server, json, os, re, sys, time
path, log = sys.argv[1], open(sys.argv[2], 'w')
size, digest = os.path.getsize(path), hashlib.sha256()
with open(path, 'rb') as file:
    while block := file.read(1 << 20): digest.update(block)
oid, commit = digest.hexdigest(), '1' * 40
class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def log_message(self, *_): pass
    def do_HEAD(self): self.answer(False)
    def do_GET(self): self.answer(True)
    def answer(self, body):
        if self.path.startswith('/api/'):
            text = json.dumps({'id': 'org/model', 'sha': commit, 'gated': False, 'siblings': [{'rfilename': 'model.gguf', 'size': size, 'lfs': {'sha256': oid, 'size': size}}]}).encode()
            self.send_response(200); self.send_header('Content-Type', 'application/json'); self.send_header('Content-Length', str(len(text))); self.end_headers()
            if body: self.wfile.write(text)
            return
        first, last = 0, size - 1
        wanted = re.match(r'bytes=(\d+)-(\d*)', self.headers.get('Range', ''))
        if wanted: first, last = int(wanted[1]), min(int(wanted[2] or last), last)
        self.send_response(206 if wanted else 200)
        for name, value in (('ETag', f'"{oid}"'), ('X-Linked-Etag', f'"{oid}"'), ('X-Linked-Size', str(size)), ('X-Repo-Commit', commit), ('Accept-Ranges', 'bytes'), ('Content-Length', str(last + 1 - first))): self.send_header(name, value)
        if wanted: self.send_header('Content-Range', f'bytes {first}-{last}/{size}')
        self.end_headers()
        if not body: return
        sent = 0
        try:
            with open(path, 'rb') as file:
                file.seek(first)
                while sent < last + 1 - first:
                    block = file.read(min(1 << 20, last + 1 - first - sent))
                    self.wfile.write(block); sent += len(block); time.sleep(0.005)
        except OSError: pass
        finally: log.write(f'{sent}\n'); log.flush()
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Hub)
print(server.server_address[1], flush=True)
server.serve_forever()
PY
python3 "$work/hub.py" "$model" "$work/sent" > "$work/port" 2> "$work/hub.log" &
while [ ! -s "$work/port" ]; do sleep 0.2; done
HF_ENDPOINT=http://127.0.0.1:$(cat "$work/port")
export HF_ENDPOINT
size=$(stat -c %s "$model")

# report NAME HOME : whether the file came whole, how often its bytes were sent, and what lies in the cache beside it.
report() {
    local file
    file=$(find "$2" -name model.gguf)
    cmp -s "$file" "$model" && echo "$1: the file came whole; its bytes were sent $(awk -v s="$size" '{ n += $1 } END { printf "%.2f", n / s }' "$work/sent") times; left over: $(find "$2" -type f ! -path '*/blobs/*' ! -path '*/refs/*' ! -name '*.lock' | wc -l) files outside blobs, $(find "$2" -path '*/blobs/*' -type f ! -name '*.lock' | wc -l) blob"
    : > "$work/sent"
}

HF_HOME=$work/two "$cria" pull org/model > "$work/a.txt" 2>&1 & first=$!
HF_HOME=$work/two "$cria" pull org/model > "$work/b.txt" 2>&1 & second=$!
wait $first && wait $second
report "two programs at once" "$work/two"

HF_HOME=$work/cut "$cria" pull org/model > "$work/c.txt" 2>&1 & first=$!
sleep 2
kill -9 $first
wait $first 2> /dev/null || true
find "$work/cut" -path '*/snapshots/*' -name model.gguf | grep -q . && echo "killed: a file stands under its final name before it is whole" && exit 1
HF_HOME=$work/cut "$cria" pull org/model > "$work/d.txt" 2>&1
report "killed after 2 s and begun again" "$work/cut"
