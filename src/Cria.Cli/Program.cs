using Cria.Cli;

using var terminal = Terminal.OfThisProcess();
using var interruption = new Interruption();
return await new Invoker(CommandTree.For(args, terminal, interruption), terminal, interruption).InvokeAsync(args).ConfigureAwait(false);
