using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cria.Cli;

/// <summary>Writes JSON for people and programs: UTF-8 letters stay as they are.</summary>
internal static class JsonLine
{
    /// <summary>Writes what <paramref name="fill"/> writes, on one line or indented, and a line break.</summary>
    public static void Write(TextWriter output, bool indented, Action<Utf8JsonWriter> fill)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, new JsonWriterOptions { Indented = indented, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping })) fill(json);
        output.WriteLine(Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length));
    }
}
