using Cria.Load;
using Cria.Load.Soak;
using Cria.Load.Speed;

// rate URL, constraint URL, prompts URL          rows of a Markdown table: how fast a server is, seen from outside
// overhead URL MODEL                             the same, in turn with the model in this process
// soak URL KEY PID REQUESTS CLIENTS              many clients, some of which leave or misbehave; fails on any error
switch (args)
{
    case ["rate" or "constraint" or "prompts", var url]:
        {
            using var api = new Api(new Uri(url), key: null);
            await (args[0] switch
            {
                "rate" => new RateRun(api).RunAsync(),
                "constraint" => new ConstraintRun(new RateRun(api)).RunAsync(),
                _ => new PromptRun(api).RunAsync(),
            });
            return 0;
        }
    case ["overhead", var url, var model]:
        {
            using var api = new Api(new Uri(url), key: null);
            await new OverheadRun(api, model).RunAsync();
            return 0;
        }
    case ["soak", var url, var key, var process, var requests, var clients]:
        {
            using var api = new Api(new Uri(url), key);
            return await new SoakRun(api, int.Parse(process, null), int.Parse(requests, null), int.Parse(clients, null)).RunAsync();
        }
    default:
        Console.Error.WriteLine("usage: Cria.Load rate|constraint|prompts URL | overhead URL MODEL | soak URL KEY PID REQUESTS CLIENTS");
        return 2;
}
