namespace Cria.Hub;

/// <summary>What the hub tells of a repository at one revision.</summary>
/// <param name="Name">Organization and name.</param>
/// <param name="Commit">The commit that the revision is at.</param>
/// <param name="IsGated">True where the owner must grant access first.</param>
/// <param name="License">The licence's short name; null where none is told.</param>
/// <param name="Files">Every file.</param>
public sealed record HubRepository(string Name, string Commit, bool IsGated, string? License, IReadOnlyList<HubFile> Files)
{
    /// <summary>The models among the files.</summary>
    public IReadOnlyList<ModelVariant> Models { get; } = RepositoryModels.In(Files);
}
