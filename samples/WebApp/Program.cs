using Cria.Server;
using Microsoft.Extensions.AI;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddCria();

var app = builder.Build();
app.MapHealthChecks("/healthz");
app.MapGroup("/llm").MapCria();

app.MapGet("/ask", async (string question, IChatClient chat, CancellationToken cancelled) =>
    (await chat.GetResponseAsync(question, cancellationToken: cancelled)).Text);

app.MapGet("/ask/stream", (string question, IChatClient chat, CancellationToken cancelled) =>
    TypedResults.ServerSentEvents(chat.GetStreamingResponseAsync(question, cancellationToken: cancelled).Select(update => update.Text)));

app.Run();
