using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Cria.Tensors;

namespace Cria.Evaluation;

/// <summary>
/// Results as they come, one JSON object a line under a line that says what run they belong to. A run that was interrupted goes on from them; a last line that was cut short is dropped.
/// </summary>
public sealed class ResultJournal : IDisposable
{
    private static readonly JsonWriterOptions Options = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private readonly FileStream stream;
    private readonly string path;

    private ResultJournal(string path, FileStream stream)
    {
        this.path = path;
        this.stream = stream;
    }

    /// <summary>Opens the journal of a run, or begins it, and hands what it holds to <paramref name="take"/>.</summary>
    /// <param name="path">The file.</param>
    /// <param name="run">Tells runs apart: model, settings, words.</param>
    /// <param name="take">Takes one result.</param>
    /// <exception cref="CriaException">The file belongs to another run, is no journal, or cannot be written.</exception>
    public static ResultJournal Open(string path, string run, Action<JsonElement> take)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(take);
        FileStream stream;
        try
        {
            stream = new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.Read);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; choose another place", failure);
        }
        var journal = new ResultJournal(path, stream);
        try
        {
            journal.Read(run, take);
            return journal;
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Adds a result; the system has it when this returns.</summary>
    /// <exception cref="CriaException">It cannot be written.</exception>
    public void Add(Action<Utf8JsonWriter> fill)
    {
        ArgumentNullException.ThrowIfNull(fill);
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Options))
        {
            json.WriteStartObject();
            fill(json);
            json.WriteEndObject();
        }
        bytes.WriteByte((byte)'\n');
        try
        {
            stream.Write(bytes.GetBuffer(), 0, (int)bytes.Length);
            stream.Flush();
        }
        catch (IOException failure)
        {
            throw new CriaException($"{path} cannot be written: {failure.Message.ReplaceLineEndings(" ")}; free space and run the same command again to go on", failure);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => stream.Dispose();

    private void Read(string run, Action<JsonElement> take)
    {
        var bytes = new byte[checked((int)stream.Length)];
        stream.ReadExactly(bytes);
        int whole = bytes.AsSpan().LastIndexOf((byte)'\n') + 1;
        if (whole == 0)
        {
            if (bytes.Length > 0 && bytes[0] != (byte)'{') throw new CriaException($"{path} is no record of results; choose another place for them");
            stream.SetLength(0);
            Add(json => json.WriteString("run", run));
            return;
        }
        string[] lines = Encoding.UTF8.GetString(bytes, 0, whole - 1).Split('\n');
        for (int i = 0; i < lines.Length; i++)
        {
            try
            {
                using JsonDocument line = JsonDocument.Parse(lines[i]);
                if (i > 0) take(line.RootElement);
                else if (line.RootElement.GetProperty("run").GetString() != run) throw new CriaException($"{path} holds the results of another model or other settings; choose another folder, or remove that file to begin anew");
            }
            catch (Exception failure) when (failure is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new CriaException(string.Create(CultureInfo.InvariantCulture, $"{path}:{i + 1} cannot be read; remove the file to begin anew"), failure);
            }
        }
        stream.SetLength(whole);
        stream.Position = whole;
    }
}
