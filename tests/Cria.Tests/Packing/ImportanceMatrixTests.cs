using Cria.Packing;
using Cria.Tensors;

namespace Cria.Tests.Packing;

public sealed class ImportanceMatrixTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("cria-test-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Both_forms_come_back_as_they_were_written()
    {
        ImportanceMatrix matrix = Sample();
        matrix.WriteGguf(PathOf("new"));
        matrix.WriteLegacy(PathOf("old"));
        foreach (string name in new[] { "new", "old" })
        {
            ImportanceMatrix read = ImportanceMatrix.Read(PathOf(name));
            Assert.Equal(matrix.Datasets, read.Datasets);
            Assert.Equal(matrix.ChunkCount, read.ChunkCount);
            Assert.Equal(matrix.Entries.Keys.Order(), read.Entries.Keys.Order());
            foreach ((string key, ImportanceEntry entry) in matrix.Entries)
                Assert.Equal(entry.Mean, read.Entries[key].Mean, (x, y) => MathF.Abs(x - y) <= 1e-6f * x);
        }
        Assert.Equal(512, ImportanceMatrix.Read(PathOf("new")).ChunkSize);
    }

    [Fact]
    public void The_older_form_has_the_bytes_that_other_tools_write()
    {
        var matrix = new ImportanceMatrix("x", new Dictionary<string, ImportanceEntry> { ["ab"] = new([8f, 2f], 4) }, ["t.txt"], 2, 0);
        matrix.WriteLegacy(PathOf("old"));
        byte[] expected =
        [
            1, 0, 0, 0,
            2, 0, 0, 0, (byte)'a', (byte)'b', 2, 0, 0, 0, 2, 0, 0, 0, .. BitConverter.GetBytes(4f), .. BitConverter.GetBytes(1f),
            2, 0, 0, 0, 5, 0, 0, 0, .. "t.txt"u8,
        ];
        Assert.Equal(expected, File.ReadAllBytes(PathOf("old")));
        // The last two items came later; older files end before them.
        File.WriteAllBytes(PathOf("older"), expected[..26]);
        Assert.Equal([2f, 0.5f], ImportanceMatrix.Read(PathOf("older")).Entries["ab"].Mean);
    }

    [Fact]
    public void Damaged_files_are_refused_with_one_line()
    {
        Sample().WriteLegacy(PathOf("old"));
        Sample().WriteGguf(PathOf("new"));
        foreach (byte[] whole in new[] { File.ReadAllBytes(PathOf("old")), File.ReadAllBytes(PathOf("new")) })
        {
            for (int seed = 0; seed < 1000; seed++)
            {
                var random = new Random(seed);
                var bytes = (byte[])whole.Clone();
                for (int i = random.Next(1, 4); i > 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
                if (seed % 3 == 0) bytes = bytes[..random.Next(1, bytes.Length)];
                File.WriteAllBytes(PathOf("damaged"), bytes);
                try
                {
                    ImportanceMatrix.Read(PathOf("damaged"));
                }
                catch (CriaException failure)
                {
                    Assert.DoesNotContain(failure.Message, char.IsControl);
                }
            }
        }
        Assert.Throws<CriaException>(() => ImportanceMatrix.Read(PathOf("none")));
    }

    private static ImportanceMatrix Sample() => new("sample", new Dictionary<string, ImportanceEntry>
    {
        ["blk.0.attn_q.weight"] = new([1f, 2f, 3f, 0f], 7),
        ["output.weight"] = new([0.25f, 1e6f], 3),
    }, ["calibration.txt"], 9, 512);

    private string PathOf(string name) => Path.Combine(folder, name);
}
