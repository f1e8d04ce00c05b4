# Sourced by make.sh and extend.sh in the root of the repository: builds what they call. $work is their folder, $cria the command.
work=${1:-artifacts/cria-tiny}
dotnet build src/Cria.Cli -c Release -v q --nologo
dotnet build models/cria-tiny/Data -c Release -v q --nologo
cria=src/Cria.Cli/bin/Release/net10.0/cria
mkdir -p "$work"

# data NAME MILLIONS-OF-CHARACTERS SEED COURSE|TOKENS, unless it is there
data() {
    [ -e "$work/$1/test.jsonl" ] || dotnet models/cria-tiny/Data/bin/Release/net10.0/Cria.TinyData.dll "$work/$1" "$2" "$3" "$4"
}
