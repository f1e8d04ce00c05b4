using System.Text.Encodings.Web;
using System.Text.Json;

namespace Cria.Cli.Editing;

/// <summary>What was typed before, kept in a file between sessions. A file that cannot be read or written is no history, not a failure.</summary>
internal sealed class LineHistory
{
    private const int MostEntries = 500;

    private readonly string? path;
    private readonly List<string> entries = [];
    private int position;
    private string draft = "";

    /// <summary>Reads the history at <paramref name="path"/>; null keeps it in memory only.</summary>
    public LineHistory(string? path)
    {
        this.path = path;
        if (path is null || !File.Exists(path)) return;
        try
        {
            foreach (string line in File.ReadLines(path).TakeLast(MostEntries)) entries.Add(Decoded(line));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            entries.Clear();
        }
        position = entries.Count;
    }

    /// <summary>The user's history file: in <c>$XDG_STATE_HOME</c> or <c>~/.local/state</c>; on Windows in the local application data. Null where there is no such folder.</summary>
    public static string? DefaultPath()
    {
        string state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") ?? "";
        if (!Path.IsPathFullyQualified(state))
        {
            string home = Environment.GetFolderPath(OperatingSystem.IsWindows() ? Environment.SpecialFolder.LocalApplicationData : Environment.SpecialFolder.UserProfile);
            if (home.Length == 0) return null;
            state = OperatingSystem.IsWindows() ? home : Path.Combine(home, ".local", "state");
        }
        return Path.Combine(state, "cria", "history");
    }

    /// <summary>Adds an entry, unless it repeats the last one.</summary>
    public void Add(string entry)
    {
        if (entry.Trim().Length > 0 && (entries.Count == 0 || entries[^1] != entry))
        {
            entries.Add(entry);
            Append(entry);
        }
        Rewind();
    }

    /// <summary>Goes back to the newest: the next <see cref="Older"/> gives the last entry.</summary>
    public void Rewind() => position = entries.Count;

    /// <summary>The entry before; null at the oldest. What is being typed is kept for the way back.</summary>
    public string? Older(string typed)
    {
        if (position == 0) return null;
        if (position == entries.Count) draft = typed;
        return entries[--position];
    }

    /// <summary>The entry after, and at last what was being typed; null there.</summary>
    public string? Newer()
    {
        if (position == entries.Count) return null;
        return ++position == entries.Count ? draft : entries[position];
    }

    private void Append(string entry)
    {
        if (path is null) return;
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            var options = new FileStreamOptions { Mode = FileMode.Append, Access = FileAccess.Write };
            // Conversations are private.
            if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            using var writer = new StreamWriter(path, options);
            writer.WriteLine(Encoded(entry));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The entry is still there until the program ends.
        }
    }

    /// <summary>One line an entry, whatever it holds: a JSON string.</summary>
    private static string Encoded(string entry) => $"\"{JsonEncodedText.Encode(entry, JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"";

    private static string Decoded(string line)
    {
        using JsonDocument document = JsonDocument.Parse(line);
        return document.RootElement.GetString() ?? "";
    }
}
