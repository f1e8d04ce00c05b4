using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Kernels;

namespace Cria.Packing;

/// <summary>
/// A folder of prepared weights (<see cref="Preparation"/>): the first start of a model writes those of its tensors that are to lie in another layout, later starts use them. Files are named by a hash of the model and the CPU level, appear when they are whole,
/// and leave, the longest unused first, when there are too many bytes of them. Several processes may use the folder at once. Whatever goes wrong, the model runs from its own file.
/// </summary>
public sealed record PreparedCache
{
    /// <summary>Bytes that the folder may hold where the user does not say.</summary>
    public const long DefaultBytes = 32_000_000_000;

    private const string Suffix = ".gguf";

    /// <summary>A writer that lives writes all the time; one that has not for so long is dead.</summary>
    private static readonly TimeSpan Silence = TimeSpan.FromMinutes(10);

    /// <summary>The folder; by default <c>$XDG_CACHE_HOME/cria/prepared</c>, <c>~/.cache/cria/prepared</c>, or on Windows <c>%LOCALAPPDATA%\cria\prepared</c>.</summary>
    public string Folder { get; init; } = DefaultFolder();

    /// <summary>Most bytes of prepared models in the folder.</summary>
    public long LargestBytes { get; init; } = DefaultBytes;

    /// <summary>Hears how far a model is prepared.</summary>
    public IProgress<TensorProgress>? Progress { get; init; }

    /// <summary>Hears, in one line, why the cache could not be used.</summary>
    public Action<string>? Warning { get; init; }

    /// <summary>
    /// The model in the layout that <paramref name="level"/> wants, which comes from the folder and is put there first if need be; it owns <paramref name="source"/>.
    /// The source itself where there is nothing to prepare or the folder cannot take it.
    /// </summary>
    internal ITensorSource Prepare(ITensorSource source, CpuLevel level, CancellationToken cancellationToken = default)
    {
        if (source is not GgufReader { PreparedFor: null } model || !Preparation.Changes(model, level)) return source;
        string path = Path.Combine(Folder, PreparedKey.Of(model, level) + Suffix);
        GgufReader? found = TryOpen(path, model, level);
        if (found is null)
        {
            try
            {
                Make(path, model, level, cancellationToken);
                found = TryOpen(path, model, level) ?? throw new CriaException($"{path} was changed by somebody else");
            }
            catch (Exception failure) when (failure is CriaException or IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
            {
                // On Windows a file that another process has just put there and uses cannot be replaced.
                found = TryOpen(path, model, level);
                if (found is null) Warning?.Invoke($"the cache of prepared models is not used: {failure.Message.ReplaceLineEndings(" ")}");
            }
        }
        return found is null ? source : new PreparedSource(source, found);
    }

    private void Make(string path, GgufReader model, CpuLevel level, CancellationToken cancellationToken)
    {
        long bytes = Preparation.Changed(model, level).Sum(tensor => tensor.ByteCount);
        if (bytes > LargestBytes) throw new CriaException($"the prepared weights of {model.Path} take {bytes} bytes, more than the {LargestBytes} that the cache may hold; allow more (--cache-size)");
        try
        {
            Directory.CreateDirectory(Folder);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{Folder} cannot be made: {failure.Message.ReplaceLineEndings(" ")}; name another folder with XDG_CACHE_HOME", failure);
        }
        MakeRoom(path, bytes);
        // Better no file than a full disk.
        if (FreeBytes() is { } free && free < bytes) throw new CriaException($"{Folder} has room for {free} bytes, and the prepared model takes {bytes}; free space, or name another folder with XDG_CACHE_HOME");
        Preparation.WriteWeights(model, path, level, Progress, cancellationToken);
    }

    /// <summary>Deletes what dead writers left, and the longest unused models until <paramref name="bytes"/> more are no more than may be here.</summary>
    private void MakeRoom(string path, long bytes)
    {
        var folder = new DirectoryInfo(Folder);
        foreach (FileInfo left in folder.EnumerateFiles("*.partial").Where(file => IsOwn(file.Name[..Math.Min(file.Name.Length, PreparedKey.Digits)]) && DateTime.UtcNow - file.LastWriteTimeUtc > Silence)) TryDelete(left);
        FileInfo[] models = [.. folder.EnumerateFiles("*" + Suffix).Where(file => IsOwn(Path.GetFileNameWithoutExtension(file.Name)) && file.FullName != Path.GetFullPath(path)).OrderBy(file => file.LastAccessTimeUtc)];
        long held = models.Sum(file => file.Length);
        foreach (FileInfo model in models)
        {
            if (held + bytes <= LargestBytes) return;
            long length = model.Length;
            if (TryDelete(model)) held -= length;
        }
        if (held + bytes > LargestBytes) throw new CriaException($"{Folder} holds {held} bytes that are in use, and {bytes} more are more than the cache may hold; allow more (--cache-size)");
    }

    /// <summary>Files of other names are none of this cache's.</summary>
    private static bool IsOwn(string name) => name.Length == PreparedKey.Digits && name.All(char.IsAsciiHexDigitLower);

    private static bool TryDelete(FileInfo file)
    {
        try
        {
            // A process that has it mapped keeps its pages, or the system refuses.
            file.Delete();
            return true;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    /// <summary>The weights in a whole file, which is marked as used now; null where there is none or it is damaged.</summary>
    private static GgufReader? TryOpen(string path, GgufReader model, CpuLevel level)
    {
        if (!File.Exists(path)) return null;
        try
        {
            GgufReader reader = GgufReader.Open(path);
            if (!reader.Tensors.Select(Shape).SequenceEqual(Preparation.Changed(model, level).Select(Shape)))
            {
                reader.Dispose();
                return null;
            }
            Touch(path);
            return reader;
        }
        catch (CriaException)
        {
            return null;
        }

        static (string, TensorType, long) Shape(TensorInfo tensor) => (tensor.Name, tensor.Type, tensor.ByteCount);
    }

    private static void Touch(string path)
    {
        try
        {
            File.SetLastAccessTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Somebody else's file in a shared folder: it is used all the same.
        }
    }

    private long? FreeBytes()
    {
        try
        {
            return new DriveInfo(Path.GetFullPath(Folder)).AvailableFreeSpace;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return null;
        }
    }

    private static string DefaultFolder()
    {
        string? named = Environment.GetEnvironmentVariable("XDG_CACHE_HOME");
        string caches = named is { Length: > 0 } ? named
            : OperatingSystem.IsWindows() ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData)
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        return Path.Combine(caches, "cria", "prepared");
    }
}
