using System.Text;
using Cria.Tensors;

namespace Cria.Cli.Options;

/// <summary>A text that a person names on the command line.</summary>
internal static class TextFile
{
    private static readonly UTF8Encoding Utf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>The whole text. Throws <see cref="CriaException"/> when it cannot be read or is not UTF-8.</summary>
    public static string Read(string path)
    {
        try
        {
            return File.ReadAllText(path, Utf8);
        }
        catch (DecoderFallbackException failure)
        {
            throw new CriaException($"{path} is not UTF-8 text; convert it first", failure);
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            throw new CriaException($"{path} cannot be read: {failure.Message.ReplaceLineEndings(" ")}; name a text file", failure);
        }
    }
}
