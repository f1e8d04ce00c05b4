using System.Text.Encodings.Web;
using System.Text.Json;
using Cria.Chat;
using Cria.Tensors;

namespace Cria.Cli.Conversation;

/// <summary>Conversations as files: a JSON object whose <c>messages</c> are roles and contents, as chat services take them.</summary>
internal static class Transcript
{
    /// <summary>Writes the conversation; the file appears under its name only when it is whole.</summary>
    public static void Save(string path, IReadOnlyList<ChatTurn> turns)
    {
        string temporary = path + ".tmp";
        try
        {
            using (FileStream stream = File.Create(temporary))
            using (var json = new Utf8JsonWriter(stream, new JsonWriterOptions { Indented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
            {
                json.WriteStartObject();
                json.WriteStartArray("messages");
                foreach (ChatTurn turn in turns)
                {
                    json.WriteStartObject();
                    json.WriteString("role", turn.Role);
                    json.WriteString("content", turn.Content);
                    json.WriteEndObject();
                }
                json.WriteEndArray();
                json.WriteEndObject();
            }
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            File.Delete(temporary);
            throw new CriaException($"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }

    /// <summary>Reads a conversation, an object with <c>messages</c> or the bare array. Throws <see cref="CriaException"/> when the file is neither.</summary>
    public static List<ChatTurn> Load(string path)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(File.ReadAllBytes(path));
            JsonElement root = document.RootElement;
            JsonElement messages = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("messages", out JsonElement inner) ? inner : root;
            if (messages.ValueKind != JsonValueKind.Array) throw Malformed(path);
            var turns = new List<ChatTurn>();
            foreach (JsonElement message in messages.EnumerateArray()) turns.Add(new ChatTurn(Text(path, message, "role"), Text(path, message, "content")));
            return turns;
        }
        catch (JsonException failure)
        {
            throw new CriaException($"{path} is not JSON; load a file that /save wrote", failure);
        }
        catch (Exception failure) when (failure is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new CriaException($"{path}: there is no such file; check the path", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}", failure);
        }
    }

    private static string Text(string path, JsonElement message, string name) =>
        message.ValueKind == JsonValueKind.Object && message.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.String ? value.GetString()! : throw Malformed(path);

    private static CriaException Malformed(string path) => new($"{path} holds no messages with role and content; load a file that /save wrote");
}
