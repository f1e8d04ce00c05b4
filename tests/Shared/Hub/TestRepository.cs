using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Cria.Tests.Hub;

/// <summary>A repository of the test hub: files in one commit, large ones kept on the second host as the real hub does.</summary>
internal sealed class TestRepository(string name)
{
    /// <summary>Organization and name.</summary>
    public string Name => name;

    /// <summary>What main is at.</summary>
    public string Commit { get; set; } = new('a', 40);

    /// <summary>Contents by path.</summary>
    public Dictionary<string, byte[]> Files { get; } = [];

    /// <summary>Paths kept in git itself.</summary>
    public HashSet<string> InGit { get; } = [];

    /// <summary>Sizes told in place of the true ones.</summary>
    public Dictionary<string, long> ClaimedBytes { get; } = [];

    /// <summary>The access told in the API.</summary>
    public string Gated { get; set; } = "false";

    /// <summary>Adds a file kept outside git.</summary>
    public TestRepository Large(string path, byte[] content)
    {
        Files[path] = content;
        return this;
    }

    /// <summary>Adds a file kept outside git, of random bytes.</summary>
    public TestRepository Large(string path, int bytes, int seed = 1)
    {
        byte[] content = new byte[bytes];
        new Random(seed).NextBytes(content);
        return Large(path, content);
    }

    /// <summary>Adds a file kept in git.</summary>
    public TestRepository Small(string path, string content)
    {
        Files[path] = Encoding.UTF8.GetBytes(content);
        InGit.Add(path);
        return this;
    }

    /// <summary>What the hub calls a file's content: SHA-256, or for one in git what git calls it.</summary>
    public string Etag(string path)
    {
        byte[] content = Files[path];
#pragma warning disable CA5350 // Git's choice.
        return InGit.Contains(path) ? Convert.ToHexStringLower(SHA1.HashData([.. Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"blob {content.Length}\0")), .. content]))
            : Convert.ToHexStringLower(SHA256.HashData(content));
#pragma warning restore CA5350
    }

    /// <summary>The size told for a file.</summary>
    public long Bytes(string path) => ClaimedBytes.TryGetValue(path, out long claimed) ? claimed : Files[path].Length;
}
