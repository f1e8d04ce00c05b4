namespace Cria.Hub;

/// <summary>What a pull will fetch.</summary>
/// <param name="Name">The name asked for.</param>
/// <param name="Commit">The commit its revision is at.</param>
/// <param name="Model">The files.</param>
/// <param name="MissingBytes">Bytes that are not on this computer yet.</param>
public sealed record PullPlan(HubName Name, string Commit, ModelVariant Model, long MissingBytes);
