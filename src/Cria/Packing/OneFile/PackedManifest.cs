using System.Text.Json;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Zip;
using Cria.Tensors.Memory;

namespace Cria.Packing.OneFile;

/// <summary>
/// The member of a packed file that says where its programs lie, since one of them stands before the archive:
/// <code>
/// {"programs":[{"system":"win-x64","offset":0,"bytes":39000000,"sha256":"…","head":"base64 of the first bytes, where others stand in their place"}]}
/// </code>
/// </summary>
internal static class PackedManifest
{
    /// <summary>Its name in the archive.</summary>
    public const string Member = ".cria.json";

    private const int LargestBytes = 64 << 10, LargestHead = 4096, Sha256Digits = 64;

    /// <summary>The content of the member.</summary>
    public static byte[] Write(IReadOnlyList<PackedProgram> programs)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            json.WriteStartArray("programs");
            foreach (PackedProgram program in programs)
            {
                json.WriteStartObject();
                json.WriteString("system", program.System);
                json.WriteNumber("offset", program.Start);
                json.WriteNumber("bytes", program.Length);
                json.WriteString("sha256", program.Sha256);
                if (program.Head.Length > 0) json.WriteBase64String("head", program.Head.Span);
                json.WriteEndObject();
            }
            json.WriteEndArray();
            json.WriteEndObject();
        }
        return bytes.ToArray();
    }

    /// <summary>The programs that the member names. Throws <see cref="CriaException"/> when it is damaged.</summary>
    public static IReadOnlyList<PackedProgram> Read(MappedFile file, ZipMember member)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(ZipContent.Bytes(file, member, LargestBytes));
            var programs = new List<PackedProgram>();
            foreach (JsonElement element in document.RootElement.GetProperty("programs").EnumerateArray())
            {
                byte[] head = element.TryGetProperty("head", out JsonElement text) ? text.GetBytesFromBase64() : [];
                var program = new PackedProgram(element.GetProperty("system").GetString() ?? "", file.Path, element.GetProperty("offset").GetInt64(), element.GetProperty("bytes").GetInt64(), element.GetProperty("sha256").GetString() ?? "") { Head = head };
                bool lies = program.Start >= 0 && program.Length > 0 && program.Start <= file.Length && program.Length <= file.Length - program.Start;
                if (!lies || head.Length > Math.Min(LargestHead, program.Length) || !ProgramFormat.Systems.Contains(program.System) || program.Sha256.Length != Sha256Digits) throw Damaged(file, null);
                programs.Add(program);
            }
            return programs;
        }
        catch (Exception failure) when (failure is JsonException or InvalidOperationException or KeyNotFoundException or FormatException)
        {
            throw Damaged(file, failure);
        }
    }

    private static CriaException Damaged(MappedFile file, Exception? failure) => new($"{file.Path}: its table of programs ({ForeignText.Shown(Member)}) is damaged; fetch the file again", failure);
}
