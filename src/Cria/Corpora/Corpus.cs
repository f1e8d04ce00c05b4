using Cria.Tensors;

namespace Cria.Corpora;

/// <summary>
/// Text and conversations from files. A name ending in <c>.jsonl</c>, <c>.ndjson</c> or <c>.json</c> is read as JSON, see <see cref="DocumentJson"/>;
/// any other file is plain text in UTF-8, a document of its own.
/// </summary>
public sealed class Corpus
{
    private static readonly string[] KnownEndings = [".txt", ".text", ".md", ".jsonl", ".ndjson", ".json"];

    private Corpus(IReadOnlyList<string> files) => Files = files;

    /// <summary>The files, in the order they are read.</summary>
    public IReadOnlyList<string> Files { get; }

    /// <summary>Bytes of all files.</summary>
    public long ByteCount => Files.Sum(file => new FileInfo(file).Length);

    /// <summary>Names the files of a corpus. A folder stands for the files below it that end in .txt, .text, .md, .jsonl, .ndjson or .json, in order of their names.</summary>
    /// <exception cref="CriaException">There is no such file or folder, or a folder has no such file.</exception>
    public static Corpus Open(IEnumerable<string> paths)
    {
        ArgumentNullException.ThrowIfNull(paths);
        var files = new List<string>();
        foreach (string path in paths)
        {
            if (!Directory.Exists(path))
            {
                files.Add(File.Exists(path) ? path : throw new CriaException($"{path}: there is no such file; check the name"));
                continue;
            }
            string[] inside = [.. Directory.EnumerateFiles(path, "*", SearchOption.AllDirectories)
                .Where(file => KnownEndings.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase)).Order(StringComparer.Ordinal)];
            if (inside.Length == 0) throw new CriaException($"{path}: the folder has no file ending in {string.Join(", ", KnownEndings)}; name the files themselves");
            files.AddRange(inside);
        }
        return files.Count > 0 ? new Corpus(files) : throw new CriaException("no corpus is named; name text or JSON lines files");
    }

    /// <summary>Reads the documents one after another; no more than a piece of a file is in memory, except of a <c>.json</c> file that is one array.</summary>
    /// <param name="progress">Hears the bytes of all files that are read.</param>
    /// <exception cref="CriaException">A file cannot be read, is not UTF-8, or a line is not JSON of a known form; the message names file and line.</exception>
    public IEnumerable<Document> Read(IProgress<long>? progress = null)
    {
        long before = 0;
        foreach (string file in Files)
        {
            using CorpusStream stream = new(file);
            foreach (Document document in IsJson(file) ? JsonDocuments.Read(stream) : PlainText.Read(stream))
            {
                yield return document;
                progress?.Report(before + stream.Position);
            }
            before += stream.Position;
            progress?.Report(before);
        }
    }

    private static bool IsJson(string file) => Path.GetExtension(file).ToUpperInvariant() is ".JSONL" or ".NDJSON" or ".JSON";
}
