using System.CommandLine;
using Cria.Cli;
using Cria.Cli.Commands;

using var terminal = Terminal.OfThisProcess();
using var interruption = new Interruption();
var root = new RootCommand("Cria runs Llama 3 models on this computer.")
{
    RunCommand.Create(terminal),
    ChatCommand.Create(terminal, interruption),
    ServeCommand.Create(terminal),
    InspectCommand.Create(terminal),
    TokenizeCommand.Create(terminal),
    NewCommand.Create(terminal),
    TrainCommand.Create(terminal),
    DataCommand.Create(terminal),
    TokenizerCommand.Create(terminal),
    BenchCommand.Create(terminal),
    EvalCommand.Create(terminal),
    PerplexityCommand.Create(terminal),
    ImportanceCommand.Create(terminal),
    PullCommand.Create(terminal),
    ListCommand.Create(terminal),
    ShowCommand.Create(terminal),
    RmCommand.Create(terminal),
    ConvertCommand.Create(terminal),
    LoraCommand.Create(terminal),
    QuantizeCommand.Create(terminal),
    JoinCommand.Create(terminal),
    SplitCommand.Create(terminal),
};
return await new Invoker(root, terminal, interruption).InvokeAsync(args).ConfigureAwait(false);
