namespace Cria.Models;

/// <summary>For which tokens of a sequence a step computes logits.</summary>
public enum Logits
{
    /// <summary>None: the tokens only fill the cache.</summary>
    None,
    /// <summary>The last one.</summary>
    Last,
    /// <summary>All.</summary>
    All,
    /// <summary>None, but the features of all: what the output weight would turn to logits.</summary>
    Features,
}
