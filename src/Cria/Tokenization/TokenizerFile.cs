using Cria.Tensors;

namespace Cria.Tokenization;

/// <summary>Reading of vocabulary files, with failures in one line.</summary>
internal static class TokenizerFile
{
    /// <summary>The whole file.</summary>
    /// <exception cref="CriaException">It cannot be read.</exception>
    public static byte[] Read(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path}: the vocabulary cannot be read ({error.Message.ReplaceLineEndings(" ")})", error);
        }
    }
}
