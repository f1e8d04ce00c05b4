using System.CommandLine;
using System.Text.Json;
using System.Text.Unicode;
using Cria.Cli.Options;
using Cria.Cli.Pulling;
using Cria.Packing;
using Cria.Tensors.Formats;
using Cria.Tokenization;

namespace Cria.Cli.Commands;

/// <summary><c>cria tokenize</c>: the tokens of a text.</summary>
internal static class TokenizeCommand
{
    /// <summary>The command.</summary>
    public static Command Create(Terminal terminal)
    {
        var text = new Argument<string?>("text") { HelpName = "TEXT", Arity = ArgumentArity.ZeroOrOne, Description = "The text; - or nothing reads standard input, to the last byte." };
        Option<string?> model = ModelOptions.ModelOption();
        var pieces = new Option<bool>("--pieces") { Description = "Show each token's text beside its id; a list of bytes where it ends inside a character." };
        var noBos = new Option<bool>("--no-bos") { Description = "Leave out the token that begins a text." };
        var special = new Option<bool>("--special") { Description = "Read special tokens such as <|eot_id|> in the text as tokens, not as letters." };
        var verb = new Verb("tokenize", "Print the tokens of a text as a JSON array.");
        verb.Arguments.Add(text);
        verb.Add("Options", model, pieces, noBos, special);
        verb.Example("cria tokenize -m llama.gguf 'Hello world'", "[128000,9906,1917]");
        verb.Example("cria tokenize -m llama.gguf - < book.txt | jq length", "Counts the tokens of a file.");
        verb.SetAction((parsed, cancellationToken) =>
        {
            string read = PromptText.Read(parsed.GetValue(text), "TEXT", terminal);
            using ITensorSource source = ModelSource.Open(NamedModel.Locate(parsed.GetValue(model), terminal, cancellationToken));
            Tokenizer tokenizer = Tokenizer.FromMetadata(source.Metadata);
            int[] ids = tokenizer.Encode(read, addBos: tokenizer.AddsBos && !parsed.GetValue(noBos), parseSpecial: parsed.GetValue(special));
            JsonLine.Write(terminal.Out, indented: false, json =>
            {
                json.WriteStartArray();
                foreach (int id in ids)
                {
                    if (parsed.GetValue(pieces)) WritePiece(json, id, tokenizer);
                    else json.WriteNumberValue(id);
                }
                json.WriteEndArray();
            });
            return Task.FromResult(ExitCode.Success);
        });
        return verb;
    }

    private static void WritePiece(Utf8JsonWriter json, int id, Tokenizer tokenizer)
    {
        ReadOnlySpan<byte> bytes = tokenizer.TokenBytes(id);
        json.WriteStartObject();
        json.WriteNumber("id", id);
        if (Utf8.IsValid(bytes))
        {
            json.WriteString("piece", bytes);
        }
        else
        {
            json.WriteStartArray("piece");
            foreach (byte b in bytes) json.WriteNumberValue(b);
            json.WriteEndArray();
        }
        json.WriteEndObject();
    }
}
