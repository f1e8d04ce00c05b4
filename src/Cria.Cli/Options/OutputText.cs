using System.Text;
using Cria.Tensors.Formats;

namespace Cria.Cli.Options;

/// <summary>A text file that a command writes; it appears under its name when it is whole.</summary>
internal static class OutputText
{
    /// <summary>Writes the file, replacing one that is there. Throws <see cref="Cria.Tensors.CriaException"/> when it cannot be written.</summary>
    public static void Write(string path, string text) => PendingFile.Write(path, stream => stream.Write(Encoding.UTF8.GetBytes(text)));
}
