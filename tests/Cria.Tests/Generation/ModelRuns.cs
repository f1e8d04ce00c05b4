namespace Cria.Tests.Generation;

/// <summary>Tests that run networks on all cores: one after another, because workers that wait for each other lose much time when the cores are contested.</summary>
[CollectionDefinition(nameof(ModelRuns), DisableParallelization = true)]
public sealed class ModelRuns;
