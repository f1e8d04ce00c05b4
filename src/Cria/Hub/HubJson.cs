using System.Text.Json;
using System.Text.Json.Serialization;

namespace Cria.Hub;

/// <summary>Answer of <c>/api/models/{repository}/revision/{revision}</c>.</summary>
internal sealed record RevisionReply
{
    public string? Sha { get; init; }

    /// <summary>false, "auto" or "manual".</summary>
    public JsonElement Gated { get; init; }
    public List<string?>? Tags { get; init; }
    public List<SiblingReply?>? Siblings { get; init; }
}

/// <summary>A file in a <see cref="RevisionReply"/>; sizes and hashes are there when asked for with <c>blobs=true</c>.</summary>
internal sealed record SiblingReply
{
    [JsonPropertyName("rfilename")]
    public string? Path { get; init; }
    public long? Size { get; init; }
    public string? BlobId { get; init; }
    public LargeFileReply? Lfs { get; init; }
}

/// <summary>A row of <c>/api/models/{repository}/tree/{revision}</c>.</summary>
internal sealed record TreeReply
{
    public string? Type { get; init; }
    public string? Path { get; init; }
    public long? Size { get; init; }
    public string? Oid { get; init; }
    public LargeFileReply? Lfs { get; init; }
}

/// <summary>Where a file's content lies outside git; the two answers name the hash differently.</summary>
internal sealed record LargeFileReply
{
    public string? Sha256 { get; init; }
    public string? Oid { get; init; }
    public long? Size { get; init; }
}

/// <summary>Readers of the hub's answers, generated when compiling.</summary>
[JsonSourceGenerationOptions(JsonSerializerDefaults.Web)]
[JsonSerializable(typeof(RevisionReply))]
[JsonSerializable(typeof(List<TreeReply>))]
internal sealed partial class HubJson : JsonSerializerContext;
