using System.IO.Compression;
using Cria.Packing;
using Cria.Packing.OneFile;
using Cria.Tensors;
using Cria.Tensors.Formats;
using Cria.Tensors.Formats.Gguf;
using Cria.Tensors.Formats.Zip;

namespace Cria.Tests.Packing.OneFile;

public sealed class PackerTests : IDisposable
{
    private static readonly string Model = SharedData.ShippedModel;
    private readonly string folder = Directory.CreateTempSubdirectory("cria-pack-").FullName;

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Theory]
    [InlineData("linux-x64")]
    [InlineData("win-x64")]
    [InlineData("osx-arm64")]
    [InlineData("win-x64,linux-x64,linux-arm64,osx-arm64")]
    [InlineData("linux-x64,osx-x64")]
    public void What_was_packed_comes_back_byte_for_byte(string systems)
    {
        string packed = Pack(systems.Split(','), ["--temp", "0"]);
        string parts = Path.Combine(folder, "parts");
        string[] names = [.. Unpacker.Unpack(packed, parts, cancellationToken: TestContext.Current.CancellationToken).Select(path => Path.GetRelativePath(parts, path).Replace('\\', '/'))];
        Assert.Contains("cria-tiny.gguf", names);
        Assert.Equal(File.ReadAllBytes(Model), File.ReadAllBytes(Path.Combine(parts, "cria-tiny.gguf")));
        Assert.Equal("-m\ncria-tiny.gguf\n--temp\n0\n...\n", File.ReadAllText(Path.Combine(parts, ".args")));
        foreach (string system in systems.Split(','))
        {
            string program = Path.Combine(parts, "programs", system, system.StartsWith("win", StringComparison.Ordinal) ? "cria.exe" : "cria");
            Assert.Equal(File.ReadAllBytes(Path.Combine(folder, "cria-" + system)), File.ReadAllBytes(program));
            if (!OperatingSystem.IsWindows()) Assert.True(File.GetUnixFileMode(program).HasFlag(UnixFileMode.UserExecute));
        }
        Assert.Contains("is there already", Assert.Throws<CriaException>(() => Unpacker.Unpack(packed, parts, cancellationToken: TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("linux-x64")]
    [InlineData("win-x64,linux-x64")]
    public void The_model_lies_stored_at_a_multiple_of_64_KiB_and_is_used_there(string systems)
    {
        string packed = Pack(systems.Split(','));
        using GgufReader expected = GgufReader.Open(Model);
        using ITensorSource source = ModelSource.Open(packed);
        (Tensors.Memory.MappedFile file, long start, long length) = Assert.IsType<GgufReader>(source).Whole!.Value;
        Assert.Equal(packed, file.Path);
        Assert.Equal(0, start % 65536);
        Assert.Equal(new FileInfo(Model).Length, length);
        foreach (TensorInfo tensor in expected.Tensors) Assert.True(expected.View(tensor).RowRange(0, tensor.Rows).SequenceEqual(source.View(tensor).RowRange(0, tensor.Rows)), tensor.Name);
    }

    [Fact]
    public void Any_zip_reader_lists_the_members_and_finds_them_whole()
    {
        using ZipArchive archive = ZipFile.OpenRead(Pack(["win-x64", "linux-x64"]));
        Assert.Equal(["programs/linux-x64/cria", ".cria.sh", ".cria.json", ".args", "cria-tiny.gguf"], archive.Entries.Select(entry => entry.FullName));
        foreach (ZipArchiveEntry entry in archive.Entries)
        {
            using Stream content = entry.Open();
            content.CopyTo(Stream.Null);
        }
    }

    [Fact]
    public void A_packed_file_can_be_packed_again_for_each_of_its_systems()
    {
        string both = Pack(["win-x64", "linux-x64"]);
        string again = Path.Combine(folder, "again");
        using (ITensorSource source = ModelSource.Open(both))
            Packer.Pack(source, again, new PackOptions { Programs = [PackedProgram.Open(both, "win-x64"), PackedProgram.Open(both, "linux-x64")] }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(File.ReadAllBytes(both), File.ReadAllBytes(again));
    }

    [Fact]
    public void A_windows_program_keeps_what_windows_reads()
    {
        byte[] program = File.ReadAllBytes(FakePrograms.For(folder, "win-x64")), packed = File.ReadAllBytes(Pack(["win-x64", "linux-x64"]));
        Assert.Equal("MZ"u8.ToArray(), packed[..2]);
        Assert.Equal(program[0x3c..0x40], packed[0x3c..0x40]);
        Assert.Equal(program[0x118..], packed[0x118..program.Length]);
    }

    [Fact]
    public void Models_of_other_forms_are_packed_as_one_gguf_file()
    {
        string packed = Path.Combine(folder, "packed");
        using (ITensorSource source = ModelSource.Open(SharedData.PathOf("goldens/nano/hf")))
            Packer.Pack(source, packed, new PackOptions { Programs = [PackedProgram.Open(FakePrograms.For(folder, "linux-x64"))] }, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal("hf.gguf", PackedFile.TryOpen(packed)!.Model);
        using ITensorSource back = ModelSource.Open(packed);
        Assert.Equal(21, back.Tensors.Count);
    }

    [Fact]
    public void Weights_beside_are_found_by_the_program_and_missed_with_their_name()
    {
        string packed = Path.Combine(Directory.CreateDirectory(Path.Combine(folder, "beside")).FullName, "tiny.exe");
        using (ITensorSource source = ModelSource.Open(Model))
            Assert.Equal(2, Packer.Pack(source, packed, new PackOptions { Programs = [PackedProgram.Open(FakePrograms.For(folder, "win-x64"))], WeightsBeside = true }, cancellationToken: TestContext.Current.CancellationToken).Count);
        string weights = Path.Combine(folder, "beside", "cria-tiny.gguf");
        Assert.Equal(weights, PackedFile.TryOpen(packed)!.ModelPath());
        using (ITensorSource source = ModelSource.Open(packed)) Assert.Equal(weights, source.Path);
        string link = Path.Combine(folder, "link.exe");
        File.CreateSymbolicLink(link, packed);
        Assert.Equal(weights, PackedFile.TryOpen(link)!.ModelPath());
        File.Delete(weights);
        Assert.EndsWith("put its weights, cria-tiny.gguf, beside it", Assert.Throws<CriaException>(() => ModelSource.Open(packed)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void More_than_4_GiB_for_windows_is_refused_with_the_way_out()
    {
        string large = Path.Combine(folder, "large.gguf");
        File.Copy(Model, large);
        // A hole: it takes no room.
        using (FileStream file = File.OpenWrite(large)) file.SetLength(5L << 30);
        using ITensorSource source = ModelSource.Open(large);
        var options = new PackOptions { Programs = [PackedProgram.Open(FakePrograms.For(folder, "win-x64")), PackedProgram.Open(FakePrograms.For(folder, "linux-x64"))] };
        string message = Assert.Throws<CriaException>(() => Packer.Pack(source, Path.Combine(folder, "out.exe"), options, cancellationToken: TestContext.Current.CancellationToken)).Message;
        Assert.Contains("more than 4 GiB", message, StringComparison.Ordinal);
        Assert.Contains("--beside", message, StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(folder).Length);
    }

    [Fact]
    public void Programs_that_do_not_fit_are_refused_with_one_line()
    {
        string linux = FakePrograms.For(folder, "linux-x64"), windows = FakePrograms.For(folder, "win-x64"), arm = FakePrograms.For(folder, "win-arm64");
        Refused("is a program for linux-x64, not for win-x64", () => PackedProgram.Open(linux, "win-x64"));
        Refused("is no program", () => PackedProgram.Open(Model, "linux-x64"));
        Refused("is no cria in one file", () => PackedProgram.Open(FakePrograms.For(folder, "linux-x64", isBundle: false)));
        Refused("there is no system beos-ppc", () => PackedProgram.Open(linux, "beos-ppc"));
        Refused("no such file", () => PackedProgram.Open(linux + ".absent"));
        Refused("two programs for linux-x64", () => Pack(PackedProgram.Open(linux), PackedProgram.Open(linux)));
        Refused("one Windows program only", () => Pack(PackedProgram.Open(windows), PackedProgram.Open(arm)));
        Refused("there is no program", () => Pack());
        PackedProgram changed = PackedProgram.Open(linux);
        File.WriteAllBytes(linux, [.. File.ReadAllBytes(linux)[..^1], 0]);
        Refused("is damaged", () => Pack(changed));
        Assert.False(File.Exists(Path.Combine(folder, "packed")));
    }

    [Fact]
    public void A_file_cut_anywhere_behind_its_program_says_so()
    {
        byte[] whole = File.ReadAllBytes(Pack(["linux-x64"]));
        string cut = Path.Combine(folder, "cut");
        foreach (int length in (int[])[whole.Length - 1, whole.Length - 22, whole.Length / 2, 80_000])
        {
            File.WriteAllBytes(cut, whole[..length]);
            Assert.Contains("is cut short", Assert.Throws<CriaException>(() => ModelSource.Open(cut)).Message, StringComparison.Ordinal);
            Assert.Contains("is cut short", Assert.Throws<CriaException>(() => PackedFile.TryOpen(cut)).Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("../outside.gguf")]
    [InlineData("/etc/outside.gguf")]
    [InlineData("a/../../outside.gguf")]
    [InlineData("C:\\outside.gguf")]
    public void Names_that_leave_the_folder_are_not_followed(string name)
    {
        string zip = Path.Combine(folder, "hostile.llamafile");
        using (ZipArchive archive = ZipFile.Open(zip, ZipArchiveMode.Create)) archive.CreateEntryFromFile(Model, name, CompressionLevel.NoCompression);
        Refused("do not trust this file", () => Unpacker.Unpack(zip, Path.Combine(folder, "a", "b")));
        Assert.Equal([zip], Directory.GetFileSystemEntries(folder));
    }

    [Theory]
    [InlineData("b.gguf", true)]
    [InlineData("/zip/b.gguf", true)]
    [InlineData("c.gguf", false)]
    public void Of_several_models_in_a_llamafile_the_one_its_arguments_name_is_used(string named, bool isFound)
    {
        string zip = Path.Combine(folder, "several.llamafile");
        using (ZipArchive archive = ZipFile.Open(zip, ZipArchiveMode.Create))
        {
            archive.CreateEntryFromFile(Model, "a.gguf", CompressionLevel.NoCompression);
            archive.CreateEntryFromFile(Model, "b.gguf", CompressionLevel.NoCompression);
            using var arguments = new StreamWriter(archive.CreateEntry(".args").Open());
            arguments.Write($"-m\n{named}\n");
        }
        Assert.Equal(isFound ? "b.gguf" : null, PackedFile.TryOpen(zip)!.Model);
        if (isFound) ModelSource.Open(zip).Dispose();
        else Refused("holds 2 .gguf files", () => ModelSource.Open(zip));
    }

    [Fact]
    public void Hundreds_of_damaged_tables_are_read_or_refused_with_one_line()
    {
        byte[] table = PackedManifest.Write([PackedProgram.Open(FakePrograms.For(folder, "linux-x64")), PackedProgram.Open(FakePrograms.For(folder, "win-x64")) with { Head = new byte[280] }]);
        string damaged = Path.Combine(folder, "damaged");
        var random = new Random(1);
        int refused = 0;
        for (int round = 0; round < 500; round++)
        {
            byte[] bytes = [.. table];
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            using (var file = new FileStream(damaged, FileMode.Create))
            {
                // The programs lie where the table says.
                file.Write(new byte[80_000]);
                var archive = new ZipWriter(file);
                archive.Add(PackedManifest.Member, bytes);
                archive.Finish();
            }
            try
            {
                Assert.All(PackedFile.TryOpen(damaged)!.Programs, program => Assert.True(program.Length > 0));
            }
            catch (CriaException failure)
            {
                Assert.DoesNotContain(failure.Message, char.IsControl);
                refused++;
            }
        }
        Assert.InRange(refused, 50, 499);
    }

    private static void Refused(string message, Action action) => Assert.Contains(message, Assert.Throws<CriaException>(action).Message, StringComparison.Ordinal);

    private string Pack(string[] systems, string[]? arguments = null)
    {
        string packed = Path.Combine(folder, "packed");
        using ITensorSource source = ModelSource.Open(Model);
        Packer.Pack(source, packed, new PackOptions { Programs = [.. systems.Select(system => PackedProgram.Open(FakePrograms.For(folder, system), system))], Arguments = arguments ?? [] });
        return packed;
    }

    private string Pack(params PackedProgram[] programs)
    {
        using ITensorSource source = ModelSource.Open(Model);
        Packer.Pack(source, Path.Combine(folder, "packed"), new PackOptions { Programs = programs });
        return Path.Combine(folder, "packed");
    }
}
