using System.CommandLine;
using Cria.Cli.Options;
using Cria.Cli.Serving;
using Cria.Server;
using Cria.Tensors;

namespace Cria.Cli.Commands;

/// <summary><c>cria serve</c>: a model for programs and browsers.</summary>
internal static class ServeCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var named = new Argument<string?>("model") { HelpName = "MODEL", Arity = ArgumentArity.ZeroOrOne, Description = "The model, as with -m." };
        var model = new ModelOptions();
        var flags = new ServeFlags();
        var verb = new Verb("serve", "Serve a model to programs, in OpenAI's protocol, and to people, with a chat page.")
        {
            Details = "Prints its address when the model is ready. Ctrl-C and SIGTERM take no new requests and let running answers finish; a second one ends them.",
        };
        verb.Arguments.Add(named);
        flags.AddTo(verb);
        model.AddTo(verb);
        verb.Example("cria serve", "The model that ships, at http://127.0.0.1:8000.");
        verb.Example("cria serve llama.gguf --host 0.0.0.0 --api-key SECRET --parallel 32", "For a network, with a key, 32 answers at once.");
        verb.Example("CRIA_API_KEY=SECRET cria serve meta-llama/Llama-3.2-1B-Instruct --alias llama", "A pulled model under a name of one's own.");
        verb.SetAction(async (parsed, cancellationToken) =>
        {
            string? name = parsed.GetValue(named) ?? flags.HubName(parsed);
            if (name is not null && model.Named(parsed) is not null) throw new UsageException("the model is named twice; leave out MODEL or -m");
            name ??= model.Named(parsed);
            using LanguageModel loaded = model.Load(parsed, terminal, cancellationToken, name, flags.Parallel(parsed), flags.Queue(parsed), flags.Adapters(parsed));
            CriaServerOptions options = flags.Read(parsed, name);
            await loaded.WarmUpAsync(cancellationToken).ConfigureAwait(false);
            ServerHost server = await StartAsync(loaded, flags, parsed, options, cancellationToken).ConfigureAwait(false);
            await using (server.ConfigureAwait(false))
            {
                terminal.Out.WriteLine(server.Address);
                terminal.Out.Flush();
                if (terminal.ErrorIsTerminal) terminal.Error.WriteLine(terminal.OnError($"{options.Alias ?? loaded.Name} is ready. Ctrl-C stops.", Ink.Faint));
                if (flags.Opens(parsed, terminal)) Browser.Open(server.Address);
                await Until(cancellationToken).ConfigureAwait(false);
                await DrainAsync(server, terminal).ConfigureAwait(false);
            }
            return ExitCode.Success;
        });
        return verb;
    }

    private static async Task<ServerHost> StartAsync(LanguageModel model, ServeFlags flags, ParseResult parsed, CriaServerOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await OnAsync(flags.Port(parsed)).ConfigureAwait(false);
        }
        catch (CriaException failure) when (failure.InnerException is IOException && flags.AnyPort(parsed))
        {
            return await OnAsync(0).ConfigureAwait(false);
        }

        Task<ServerHost> OnAsync(int port) => ServerHost.StartAsync(model, flags.Host(parsed), port, options, flags.LogLevel(parsed), flags.LogsJson(parsed), cancellationToken);
    }

    private static Task Until(CancellationToken cancellationToken)
    {
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        cancellationToken.Register(stopped.SetResult);
        return stopped.Task;
    }

    private static async Task DrainAsync(ServerHost server, Terminal terminal)
    {
        if (terminal.ErrorIsTerminal) terminal.Error.WriteLine(terminal.OnError("Running answers finish; Ctrl-C again ends them.", Ink.Faint));
        await server.DrainAsync(CancellationToken.None).ConfigureAwait(false);
    }
}
